//! Finding things by name: what of everything fits what was typed, best first.

use std::borrow::Cow;
use std::cmp::Reverse;

use nucleo_matcher::{Config, Matcher, Utf32Str, Utf32String};

use crate::app::App;
use crate::domain::{Alert, Ref};
use crate::state::View;

/// Things that are kept; what fits worse is not listed.
pub const MOST: usize = 50;
/// Things that are gathered before the worst of them are let go.
const GATHERED: usize = 1024;
/// Objects are looked through from so many letters on: one fits nearly all of them.
const LETTERS: usize = 2;
/// Letters may stand apart from so many on: two of them are in nearly every name.
const APART: usize = 3;

/// How something fits, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It is the name of a command or a list.
    Name,
    /// It is the name of an object.
    Object,
    /// A name begins so.
    Beginning,
    /// It is part of the name of a command or a list.
    Part,
    /// It is part of an object's name with its place.
    PartOfObject,
    /// Its letters are there, in this order.
    Letters,
}

/// What stands above what where both fit alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Commands.
    Command,
    /// Lists of every object of a kind.
    Noun,
    /// Targets as a whole.
    Cluster,
    /// What outlives its instances.
    Object,
    /// What other systems say.
    Alert,
    /// What comes and goes.
    Instance,
}

/// What goes first: the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank<'a> {
    /// How it fits.
    pub fit: Fit,
    /// What it is.
    pub group: Group,
    /// How near together its letters are, and whether they begin words.
    pub score: Reverse<u16>,
    /// Of two that fit alike the shorter is meant.
    pub length: usize,
    /// Which it is, where neither tells.
    pub key: Option<&'a Ref>,
}

/// An object that fits.
#[derive(Debug, Clone, Copy)]
pub enum Object<'a> {
    /// One with a case file.
    Any(&'a Ref),
    /// A target as a whole.
    Cluster(&'a Ref),
    /// An alert.
    Alert(&'a Alert),
}

/// What was typed, ready to be compared.
pub struct Finder {
    word: String,
    /// Something was typed after it: then only a whole name fits.
    whole: bool,
    reaches_objects: bool,
    letters: Option<Utf32String>,
    matcher: Matcher,
    characters: Vec<char>,
    path: String,
}

impl Finder {
    /// For a word in lower case.
    pub fn new(word: &str, whole: bool) -> Self {
        let typed = if whole { 0 } else { word.chars().count() };
        Self {
            word: word.to_owned(),
            whole,
            reaches_objects: typed >= LETTERS,
            letters: (typed >= APART).then(|| Utf32String::from(word)),
            matcher: Matcher::new(Config::DEFAULT),
            characters: Vec::new(),
            path: String::new(),
        }
    }

    /// Whether enough was typed to look through objects.
    pub const fn reaches_objects(&self) -> bool {
        self.reaches_objects
    }

    /// How the best of a thing's names fits, and how long that one is.
    pub fn names<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Option<(Fit, Reverse<u16>, usize)> {
        names.filter_map(|name| self.name(name).map(|(fit, score)| (fit, score, name.len()))).min()
    }

    fn name(&mut self, name: &str) -> Option<(Fit, Reverse<u16>)> {
        if name == self.word {
            return Some((Fit::Name, Reverse(0)));
        }
        if self.whole {
            return None;
        }
        if name.starts_with(&self.word) {
            return Some((Fit::Beginning, Reverse(0)));
        }
        if self.reaches_objects && name.contains(&self.word) {
            return Some((Fit::Part, Reverse(0)));
        }
        self.score(name).map(|score| (Fit::Letters, Reverse(score)))
    }

    /// How well the letters fit; none where they do not, or are too few to tell.
    fn score(&mut self, text: &str) -> Option<u16> {
        let letters = self.letters.as_ref()?;
        // Not the best of all ways to find the letters, but as fast as looking at each once: there may be 50,000 texts.
        self.matcher.fuzzy_match_greedy(Utf32Str::new(text, &mut self.characters), letters.slice(..))
    }

    /// How an object fits, by its name alone or with its place before it: `prod/shop/api`.
    fn object(&mut self, key: &Ref, name: &str, placed: bool, letters: bool) -> Option<(Fit, Reverse<u16>)> {
        let name = lowered(name);
        if *name == self.word {
            return Some((Fit::Object, Reverse(0)));
        }
        if name.starts_with(&self.word) {
            return Some((Fit::Beginning, Reverse(0)));
        }
        if !placed {
            if name.contains(&self.word) {
                return Some((Fit::PartOfObject, Reverse(0)));
            }
            return letters.then(|| self.score(&name)).flatten().map(|score| (Fit::Letters, Reverse(score)));
        }
        let mut path = std::mem::take(&mut self.path);
        write_path(&mut path, key, &name);
        let fit = match path.as_str() {
            path if path == self.word => Some((Fit::Object, Reverse(0))),
            path if path.contains(&self.word) => Some((Fit::PartOfObject, Reverse(0))),
            path if letters => self.score(path).map(|score| (Fit::Letters, Reverse(score))),
            _ => None,
        };
        self.path = path;
        fit
    }
}

/// What has been found so far.
struct Found<'a> {
    hits: Vec<(Rank<'a>, Object<'a>)>,
    /// What fits worse than this is not among the best any more.
    bar: Option<Rank<'a>>,
}

impl<'a> Found<'a> {
    /// Whether one that fits so could still be among the best.
    fn wants(&self, fit: Fit, group: Group) -> bool {
        self.bar.is_none_or(|bar| (fit, group) <= (bar.fit, bar.group))
    }

    fn take(&mut self, rank: Rank<'a>, object: Object<'a>) {
        if self.bar.is_some_and(|bar| rank >= bar) {
            return;
        }
        self.hits.push((rank, object));
        if self.hits.len() >= GATHERED {
            self.keep_best();
        }
    }

    fn keep_best(&mut self) {
        self.hits.sort_unstable_by_key(|(rank, _)| *rank);
        self.hits.truncate(MOST);
        self.bar = self.hits.get(MOST - 1).map(|(rank, _)| *rank);
    }
}

impl App {
    /// Objects that fit, best first.
    pub(super) fn find_objects(&self, finder: &mut Finder) -> Vec<(Rank<'_>, Object<'_>)> {
        if !finder.reaches_objects() {
            return Vec::new();
        }
        // The view lives as long as the core, whatever the moment.
        let view = self.core.view(crate::domain::Timestamp::UNIX_EPOCH);
        let mut found = Found { hits: Vec::new(), bar: None };
        for (group, name, object) in standing(view) {
            compare(finder, &mut found, group, name, object);
        }
        found.keep_best();
        for it in view.instances() {
            compare(finder, &mut found, Group::Instance, &it.key.name, Object::Any(&it.key));
        }
        found.keep_best();
        // A container that is the body of a pod is listed as that pod.
        found.hits.retain(|(rank, _)| {
            let body = rank.key.and_then(|key| view.instance(key)).is_some_and(|it| view.is_body(it));
            !body
        });
        found.hits
    }
}

/// What has a name and is no instance.
fn standing<'a>(view: View<'a>) -> impl Iterator<Item = (Group, &'a str, Object<'a>)> {
    let workloads = view.workloads().map(|it| &it.key).filter(move |key| !view.is_counted_elsewhere(key));
    let nodes = view.nodes().map(|it| &it.key);
    let objects = workloads.chain(nodes).chain(view.queues().map(|it| &it.key));
    let objects = objects.map(|key| (Group::Object, key.name.as_str(), Object::Any(key)));
    let clusters = view.cluster_infos().map(|it| (Group::Cluster, it.key.name.as_str(), Object::Cluster(&it.key)));
    clusters.chain(objects).chain(view.alerts().map(|it| (Group::Alert, it.title.as_str(), Object::Alert(it))))
}

fn compare<'a>(finder: &mut Finder, found: &mut Found<'a>, group: Group, name: &str, object: Object<'a>) {
    let key = object.key();
    // Of instances there are so many that their place is looked at only where one is typed.
    let placed = match group {
        Group::Cluster => false,
        Group::Instance => finder.word.contains('/'),
        _ => true,
    };
    let letters = found.wants(Fit::Letters, group);
    if let Some((fit, score)) = finder.object(key, name, placed, letters) {
        let namespace = key.namespace.as_ref().map_or(0, |it| it.len() + 1);
        let length = key.cluster.as_str().len() + namespace + name.len();
        found.take(Rank { fit, group, score, length, key: Some(key) }, object);
    }
}

impl<'a> Object<'a> {
    /// Its key.
    pub const fn key(self) -> &'a Ref {
        match self {
            Object::Any(key) | Object::Cluster(key) => key,
            Object::Alert(alert) => &alert.key,
        }
    }

    /// What is shown of it, and what finds it again.
    pub fn label(self) -> String {
        match self {
            Object::Cluster(key) => key.name.to_string(),
            Object::Any(key) => format!("{}/{}", key.cluster, key.local()),
            Object::Alert(alert) => format!("{}/{}", alert.key.cluster, alert.title),
        }
    }
}

/// `cluster/namespace/name`, in lower case.
fn write_path(path: &mut String, key: &Ref, name: &str) {
    path.clear();
    path.push_str(&lowered(key.cluster.as_str()));
    path.push('/');
    // The name of an alert is a fingerprint: its title stands without a place.
    if let Some(namespace) = key.namespace.as_ref().filter(|_| key.kind != crate::domain::Kind::Alert) {
        path.push_str(&lowered(namespace));
        path.push('/');
    }
    path.push_str(name);
}

fn lowered(name: &str) -> Cow<'_, str> {
    let upper = if name.is_ascii() { name.bytes().any(|c| c.is_ascii_uppercase()) } else { true };
    if upper { Cow::Owned(name.to_lowercase()) } else { Cow::Borrowed(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(word: &str, name: &str) -> Option<Fit> {
        Finder::new(word, false).names([name].into_iter()).map(|(fit, ..)| fit)
    }

    #[test]
    fn whole_names_go_before_beginnings_parts_and_letters() {
        assert_eq!(fit("nodes", "nodes"), Some(Fit::Name));
        assert_eq!(fit("no", "nodes"), Some(Fit::Beginning));
        assert_eq!(fit("od", "nodes"), Some(Fit::Part));
        assert_eq!(fit("nds", "nodes"), Some(Fit::Letters));
        assert_eq!(fit("sdn", "nodes"), None, "their order counts");
        assert!(Fit::Name < Fit::Object && Fit::Object < Fit::Beginning && Fit::PartOfObject < Fit::Letters);
    }

    #[test]
    fn one_letter_fits_beginnings_alone_and_an_argument_whole_names() {
        assert_eq!(fit("n", "nodes"), Some(Fit::Beginning));
        assert_eq!(fit("o", "nodes"), None);
        let mut finder = Finder::new("scal", true);
        assert_eq!(finder.names(["scale"].into_iter()), None);
        assert!(!finder.reaches_objects());
    }

    #[test]
    fn letters_that_stand_together_fit_better() {
        let mut finder = Finder::new("shopapi", false);
        let (near, far) = (finder.score("prod/shop/api"), finder.score("prod/s-h-o-p-a-p-i"));
        assert!(near > far && far.is_some(), "{near:?} {far:?}");
    }
}

//! What differs between two templates of pods, in words. Everything in them is compared; what is secret is compared and
//! never told: values of environments and of annotations, and what [`conceal`] masks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::backend::mask;
use crate::domain::{Difference, How, Text};

use super::super::book::check_words;
use super::super::conceal::conceal;
use super::super::wire::pod::{Container, Probe};

/// Differences that are told at most; of the others, how many there are.
const MOST: usize = 40;
/// Length of a value at most, characters.
const LENGTH: usize = 120;
/// Labels that controllers give to each revision.
const GIVEN: &[&str] = &["pod-template-hash", "rollouts-pod-template-hash", "controller-revision-hash"];
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

/// What differs between a template and the one after it, the most telling first.
pub(super) fn differ(before: &Value, after: &Value) -> Vec<Difference> {
    let shown = |raw: &Value| {
        let mut shown = raw.clone();
        conceal(&mut shown);
        shown
    };
    let (shown_before, shown_after) = (shown(before), shown(after));
    let template =
        Pair { was: Some(before), now: Some(after), shown_was: Some(&shown_before), shown_now: Some(&shown_after) };
    let mut found = Found::default();
    let (meta, spec) = (template.at("metadata"), template.at("spec"));
    for (list, noun) in [("containers", ""), ("initContainers", "init container ")] {
        for (name, of) in spec.at(list).by("name") {
            found.container(&format!("{noun}{name}"), noun, of);
        }
    }
    for (name, of) in spec.at("volumes").by("name") {
        found.volume(&name, of);
    }
    for (name, of) in spec.at("nodeSelector").fields(&[]) {
        found.value(&format!("nodeSelector {name}"), of);
    }
    for (name, of) in spec.fields(&["containers", "initContainers", "volumes", "nodeSelector"]) {
        found.value(&name, of);
    }
    for (name, of) in meta.at("labels").fields(GIVEN) {
        found.value(&format!("label {name}"), of);
    }
    for (name, of) in meta.at("annotations").fields(&[RESTARTED]) {
        found.hidden(&format!("annotation {name}"), of);
    }
    if meta.at("annotations").at(RESTARTED).differs() {
        found.0.push(Difference { what: Text::new("when it was restarted by hand"), how: How::Changed(None) });
    }
    found.told()
}

/// The same place in both templates, as it is and as it may be shown.
#[derive(Debug, Clone, Copy)]
struct Pair<'a> {
    was: Option<&'a Value>,
    now: Option<&'a Value>,
    shown_was: Option<&'a Value>,
    shown_now: Option<&'a Value>,
}

impl<'a> Pair<'a> {
    fn map(self, of: impl Fn(&'a Value) -> Option<&'a Value>) -> Self {
        let of = |it: Option<&'a Value>| it.and_then(&of).filter(|it| !it.is_null());
        Self { was: of(self.was), now: of(self.now), shown_was: of(self.shown_was), shown_now: of(self.shown_now) }
    }

    fn at(self, field: &str) -> Self {
        self.map(|it| it.get(field))
    }

    /// Empty and absent are the same.
    fn differs(self) -> bool {
        let some = |it: Option<&'a Value>| it.filter(|it| !is_empty(it));
        some(self.was) != some(self.now)
    }

    fn both(self) -> impl Iterator<Item = &'a Value> {
        self.was.into_iter().chain(self.now)
    }

    /// Its fields but for these, by name.
    fn fields(self, but: &[&str]) -> Vec<(String, Self)> {
        let names: BTreeSet<&String> = self.both().filter_map(Value::as_object).flat_map(|it| it.keys()).collect();
        let names = names.into_iter().filter(|name| !but.contains(&name.as_str()));
        names.map(|name| (name.clone(), self.at(name))).collect()
    }

    /// Entries of a list by one of their fields, in the order of the newer list. Of two of one name the last counts, as it
    /// does for an environment.
    fn by(self, key: &str) -> Vec<(String, Self)> {
        let name = |it: &Value| it.get(key).and_then(Value::as_str).map(str::to_owned);
        let names = |it: Option<&'a Value>| it.and_then(Value::as_array).into_iter().flatten().filter_map(name);
        let mut seen = BTreeSet::new();
        let all = names(self.now).chain(names(self.was)).filter(|name| seen.insert(name.clone()));
        let entry = |of: &str| {
            let of = of.to_owned();
            self.map(move |it| it.as_array()?.iter().rfind(|it| it.get(key).and_then(Value::as_str) == Some(&of)))
        };
        all.collect::<Vec<_>>().into_iter().map(|of| (of.clone(), entry(&of))).collect()
    }

    /// Its words before and now.
    fn words(self, words: impl Fn(&Value) -> Option<String>) -> (Option<String>, Option<String>) {
        (self.shown_was.and_then(&words), self.shown_now.and_then(&words))
    }
}

fn is_empty(it: &Value) -> bool {
    match it {
        Value::Null => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.values().all(is_empty),
        _ => false,
    }
}

/// What was found so far.
#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn told(mut self) -> Vec<Difference> {
        let more = self.0.len().saturating_sub(MOST);
        if more > 0 {
            self.0.truncate(MOST);
            self.0.push(Difference { what: Text::from(format!("{more} more fields")), how: How::Changed(None) });
        }
        self.0
    }

    /// Says that a place differs, with what it is where that is shown and differs too.
    fn say(&mut self, what: &str, of: Pair<'_>, (was, now): (Option<String>, Option<String>)) {
        if !of.differs() {
            return;
        }
        let text = |words: String| Text::from(short(&words));
        let how = match (of.was.filter(|it| !is_empty(it)), of.now.filter(|it| !is_empty(it))) {
            (None, _) => How::Added(now.map(text)),
            (_, None) => How::Removed(was.map(text)),
            _ => How::Changed(was.zip(now).filter(|(was, now)| was != now).map(|(was, now)| (text(was), text(now)))),
        };
        self.0.push(Difference { what: Text::new(what), how });
    }

    /// Names it alone.
    fn hidden(&mut self, what: &str, of: Pair<'_>) {
        self.say(what, of, (None, None));
    }

    /// A value of any shape: what differs within it, each by its path.
    fn value(&mut self, what: &str, of: Pair<'_>) {
        let last = what.rsplit([' ', '.']).next().unwrap_or(what);
        let maps = of.was.is_none_or(Value::is_object) && of.now.is_none_or(Value::is_object);
        if mask::denied(last) && !maps {
            self.hidden(what, of);
        } else if of.both().any(|it| !it.is_object()) {
            self.say(what, of, of.words(scalar));
        } else if of.was.is_some() && of.now.is_some() {
            of.fields(&[]).into_iter().for_each(|(name, of)| self.value(&format!("{what}.{name}"), of));
        } else {
            self.hidden(what, of);
        }
    }

    /// Lists whose entries count, in whatever order they stand.
    fn set(&mut self, what: &str, of: Pair<'_>, words: impl Fn(&Value) -> Option<String>) {
        let all = |it: Option<&Value>| -> BTreeSet<String> {
            it.and_then(Value::as_array).into_iter().flatten().filter_map(&words).collect()
        };
        let (was, now) = (all(of.shown_was), all(of.shown_now));
        if of.differs() && was == now {
            return self.hidden(what, of);
        }
        let joined = |all: Vec<&String>| all.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let (gone, new) = (joined(was.difference(&now).collect()), joined(now.difference(&was).collect()));
        let how = match (gone.is_empty(), new.is_empty()) {
            (true, true) => return,
            (true, false) => How::Added(Some(Text::from(short(&new)))),
            (false, true) => How::Removed(Some(Text::from(short(&gone)))),
            (false, false) => How::Changed(Some((Text::from(short(&gone)), Text::from(short(&new))))),
        };
        self.0.push(Difference { what: Text::new(what), how });
    }

    fn container(&mut self, name: &str, noun: &str, of: Pair<'_>) {
        if of.was.is_none() || of.now.is_none() {
            let image = |it: &Value| Some(it.get("image")?.as_str()?.to_owned());
            let what = if noun.is_empty() { format!("container {name}") } else { name.to_owned() };
            return self.say(&what, of, of.words(image));
        }
        self.say(&format!("{name} image"), of.at("image"), images(of.at("image")));
        for field in ["command", "args"] {
            self.say(&format!("{name} {field}"), of.at(field), of.at(field).words(line));
        }
        for (of_env, entry) in of.at("env").by("name") {
            let stayed = entry.was.is_some() && entry.now.is_some();
            let words = entry.words(|it| origin(it).or_else(|| stayed.then(|| "a value".to_owned())));
            self.say(&format!("{name} env {of_env}"), entry, words);
        }
        self.set(&format!("{name} envFrom"), of.at("envFrom"), source);
        for (word, part) in [("limit", "limits"), ("request", "requests")] {
            for (resource, amount) in of.at("resources").at(part).fields(&[]) {
                self.say(&format!("{name} {resource} {word}"), amount, amount.words(scalar));
            }
        }
        for (field, word) in
            [("livenessProbe", "liveness"), ("readinessProbe", "readiness"), ("startupProbe", "startup")]
        {
            self.probe(&format!("{name} {word} probe"), of, field);
        }
        for (path, mount) in of.at("volumeMounts").by("mountPath") {
            self.say(&format!("{name} mount {path}"), mount, mount.words(mounted));
        }
        self.set(&format!("{name} ports"), of.at("ports"), port);
        let told = [
            "name",
            "image",
            "command",
            "args",
            "env",
            "envFrom",
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
            "volumeMounts",
            "ports",
        ];
        for (field, of) in of.fields(&told) {
            if field == "resources" {
                self.value(&format!("{name} resources.claims"), of.at("claims"));
            } else {
                self.value(&format!("{name} {field}"), of);
            }
        }
    }

    /// What a probe asks and how often: of two, what is different.
    fn probe(&mut self, what: &str, container: Pair<'_>, field: &str) {
        let of = container.at(field);
        let settings = |container: Option<&Value>| -> Option<BTreeMap<u8, String>> {
            let probe = container?.get(field).filter(|it| !is_empty(it))?;
            let probe: Probe = serde_json::from_value(probe.clone()).ok()?;
            let container: Container = serde_json::from_value(container?.clone()).ok()?;
            let (every, within) = (probe.period_seconds.0, probe.timeout_seconds.0);
            let said = [
                (check_words(&probe, &container), true),
                (format!("first after {} s", probe.initial_delay_seconds.0), probe.initial_delay_seconds.0 > 0),
                (format!("every {every} s"), every > 0),
                (format!("within {within} s"), within > 0),
                (format!("{} failures", probe.failure_threshold.0), probe.failure_threshold.0 > 0),
            ];
            Some((0..).zip(said).filter(|(_, (_, said))| *said).map(|(place, (words, _))| (place, words)).collect())
        };
        let (was, now) = (settings(container.shown_was), settings(container.shown_now));
        let (was, now) = match (was, now) {
            (Some(was), Some(now)) => {
                let unlike = |one: &BTreeMap<u8, String>, other: &BTreeMap<u8, String>| {
                    let unlike = one.iter().filter(|(place, words)| other.get(place) != Some(*words));
                    Some(unlike.map(|(_, words)| words.as_str()).collect::<Vec<_>>().join(", "))
                };
                let (before, after) = (unlike(&was, &now), unlike(&now, &was));
                (before.map(or_nothing), after.map(or_nothing))
            }
            (was, now) => {
                let all = |it: BTreeMap<u8, String>| it.into_values().collect::<Vec<_>>().join(", ");
                (was.map(all), now.map(all))
            }
        };
        self.say(what, of, (was, now));
    }

    fn volume(&mut self, name: &str, of: Pair<'_>) {
        self.say(&format!("volume {name}"), of, of.words(held));
    }
}

fn or_nothing(words: String) -> String {
    if words.is_empty() { "nothing".to_owned() } else { words }
}

/// Of two images of one repository the newer by its tag alone.
fn images(of: Pair<'_>) -> (Option<String>, Option<String>) {
    let (was, now) = of.words(scalar);
    let tag = |image: &str| image.rsplit_once(['@', ':']).map(|(of, tag)| (of.to_owned(), tag.to_owned()));
    match (was.as_deref().and_then(tag), now.as_deref().and_then(tag)) {
        (Some((one, _)), Some((other, newer))) if one == other => (was, Some(newer)),
        _ => (was, now),
    }
}

fn scalar(it: &Value) -> Option<String> {
    match it {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(it.to_string()),
        _ => None,
    }
}

/// A command line; masked as it is anywhere else.
fn line(it: &Value) -> Option<String> {
    let words: Vec<&str> = it.as_array()?.iter().filter_map(Value::as_str).collect();
    mask::command(&words)
}

fn text<'a>(it: &'a Value, at: &str) -> Option<&'a str> {
    it.pointer(at).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Where a variable has its value from; none where that is written in the template, for it is nobody's business.
fn origin(it: &Value) -> Option<String> {
    let from = it.get("valueFrom").filter(|it| !is_empty(it))?;
    for (field, noun) in [("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")] {
        if let Some(of) = from.get(field) {
            return Some(format!(
                "{noun} {} key {}",
                text(of, "/name").unwrap_or("?"),
                text(of, "/key").unwrap_or("?")
            ));
        }
    }
    let field = text(from, "/fieldRef/fieldPath").or_else(|| text(from, "/resourceFieldRef/resource"));
    field.map(|field| format!("field {field}"))
}

/// `Secret db`, of `envFrom` and of a projected volume.
fn source(it: &Value) -> Option<String> {
    let named =
        [("secretRef", "Secret"), ("configMapRef", "ConfigMap"), ("secret", "Secret"), ("configMap", "ConfigMap")];
    let named = named.iter().find_map(|(field, noun)| Some(format!("{noun} {}", text(it.get(field)?, "/name")?)));
    named.or_else(|| it.as_object()?.keys().next().cloned())
}

/// What a volume is.
fn held(it: &Value) -> Option<String> {
    let named = [
        ("configMap", "/name", "ConfigMap"),
        ("secret", "/secretName", "Secret"),
        ("persistentVolumeClaim", "/claimName", "claim"),
        ("hostPath", "/path", "host path"),
        ("csi", "/driver", "csi"),
    ];
    let named = named.iter().find_map(|(field, at, noun)| Some(format!("{noun} {}", text(it.get(field)?, at)?)));
    let projected = || {
        let sources = it.pointer("/projected/sources")?.as_array()?;
        Some(sources.iter().filter_map(source).collect::<Vec<_>>().join(" + "))
    };
    named.or_else(projected).or_else(|| it.as_object()?.keys().find(|field| *field != "name").cloned())
}

fn mounted(it: &Value) -> Option<String> {
    let path = text(it, "/subPath").map_or_else(String::new, |path| format!("/{path}"));
    let only = if it.get("readOnly").and_then(Value::as_bool) == Some(true) { ", read only" } else { "" };
    Some(format!("{}{path}{only}", text(it, "/name")?))
}

fn port(it: &Value) -> Option<String> {
    let number = it.get("containerPort").and_then(scalar)?;
    Some(format!("{number}/{}", text(it, "/protocol").unwrap_or("TCP")))
}

fn short(words: &str) -> String {
    crate::domain::words::shorten(words, LENGTH)
}

#[cfg(test)]
mod tests;

//! Which clusters there are: contexts given on the command line, those of the configuration, else the current context of
//! the kubeconfig, else the cluster that we run in. Nothing is run, and nobody is asked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::backend::Looked;
use crate::domain::{ClusterId, DEBUG_IMAGE, Name, Text};

use super::alias::{self, Given};
use super::kubeconfig::{BadKubeconfig, Context, Kubeconfigs, usual_files};
use super::proxy::Proxies;
use super::target::{Target, Way};

/// What discovery may look at. Nothing is read from the environment of the process itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Contexts given on the command line; where there is one, nothing else is looked at.
    pub flags: Vec<String>,
    /// The kubeconfig given on the command line, in the place of the usual ones.
    pub kubeconfig: Option<PathBuf>,
    /// Clusters of the configuration; where there is one, nothing below it is looked at.
    pub configured: Vec<Wanted>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// The directory that takes the place of `/`, for tests.
    pub root: PathBuf,
    /// Nothing may be changed, anywhere.
    pub read_only: bool,
    /// The image of debug containers.
    pub debug_image: Option<Name>,
    /// Names that other targets have already.
    pub taken: Vec<ClusterId>,
}

/// A cluster of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its alias.
    pub name: String,
    /// Its context; the kubeconfig's current one where none is named.
    pub context: Option<String>,
    /// Its kubeconfig; the usual ones where none is named.
    pub kubeconfig: Option<PathBuf>,
    /// It is the cluster that we run in.
    pub in_cluster: bool,
    /// Only these namespaces are watched; none: all that may be read.
    pub namespaces: Vec<String>,
    /// Nothing may be changed there.
    pub read_only: bool,
}

/// What was found, and every place that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Clusters to watch.
    pub targets: Vec<Target>,
    /// Places looked at, in order.
    pub looked: Vec<Looked>,
    /// Contexts that are there and are not watched. Nothing is said of them where the command line names what to watch.
    pub unwatched: Vec<Text>,
    /// Every context of the kubeconfig.
    pub contexts: Vec<Context>,
}

/// Looks for clusters.
pub fn discover(options: &Options) -> Discovery {
    let mut search = Search { options, targets: Vec::new(), found: Discovery::default() };
    search.run();
    let Search { mut targets, mut found, .. } = search;
    alias::make_unique(&mut targets, &options.taken);
    found.targets = targets.into_iter().map(|(target, _)| target).collect();
    found.targets.iter_mut().for_each(|target| target.read_only |= options.read_only);
    found
}

struct Search<'a> {
    options: &'a Options,
    targets: Vec<(Target, Given)>,
    found: Discovery,
}

impl<'a> Search<'a> {
    fn run(&mut self) {
        let by_flag = !self.options.flags.is_empty() || self.options.kubeconfig.is_some();
        if by_flag {
            match self.options.flags.as_slice() {
                [] => {
                    self.current();
                }
                flags => flags.iter().for_each(|context| self.flagged(context)),
            }
            return;
        }
        if self.options.configured.is_empty() {
            if self.current() {
                self.leave_inside();
            } else {
                self.inside(None);
            }
        } else {
            for wanted in &self.options.configured {
                self.configured(wanted);
            }
        }
        self.unwatched();
    }

    /// The context that kubectl would use.
    fn current(&mut self) -> bool {
        let files = self.files();
        let all = match Kubeconfigs::read(&files) {
            Ok(all) => all,
            Err(bad) => return self.broken(&bad),
        };
        self.missing(&all);
        self.found.contexts = all.contexts();
        match all.current() {
            Ok(name) if self.knows(name) => {
                self.take_context(&files, &Ok(&all), name, self.said_of(name), "current context");
                true
            }
            Ok(name) => self.broken(&all.no_context(name)),
            Err(_) if all.read.is_empty() => false,
            // One that was never filled is as good as none, unless it was asked for.
            Err(_) if self.found.contexts.is_empty() && self.options.kubeconfig.is_none() => {
                self.note(self.place(), "it has no context", None);
                false
            }
            Err(bad) => {
                self.note(self.place(), bad.to_string(), Some(bad.mend()));
                false
            }
        }
    }

    /// A kubeconfig that is there and of no use: cockpit goes on without, and says so.
    fn broken(&mut self, bad: &BadKubeconfig) -> bool {
        self.note(self.place(), bad.to_string(), Some(bad.mend()));
        self.found.unwatched.push(Text::from(format!("Kubernetes ({bad})")));
        false
    }

    /// A context of the command line. What is wrong with it is the command line's mistake.
    fn flagged(&mut self, context: &str) {
        if self.watches(context) {
            return;
        }
        let files = self.files();
        let place = format!("context {context} (--context)");
        let all = match Kubeconfigs::read(&files).and_then(Kubeconfigs::some) {
            Ok(all) => all,
            Err(bad) => return self.note(place, bad.to_string(), Some(bad.mend())),
        };
        self.found.contexts = all.contexts();
        if self.knows(context) {
            self.take_context(&files, &Ok(&all), context, self.said_of(context), "--context");
        } else {
            let bad = all.no_context(context);
            self.note(place, bad.to_string(), Some(bad.mend()));
        }
    }

    /// A cluster of the configuration is watched even where its context is not there: it may come.
    fn configured(&mut self, wanted: &Wanted) {
        if wanted.in_cluster {
            return self.inside(Some(wanted));
        }
        let files = wanted.kubeconfig.clone().map_or_else(|| self.files(), |file| vec![file]);
        let all = Kubeconfigs::read(&files).and_then(Kubeconfigs::some);
        let all = all.as_ref();
        if let (None, Ok(all)) = (&wanted.kubeconfig, all) {
            self.found.contexts = all.contexts();
        }
        let context = match &wanted.context {
            Some(context) => Ok(context.as_str()),
            None => all.map_err(Clone::clone).and_then(Kubeconfigs::current),
        };
        match context {
            Ok(context) => self.take_context(&files, &all, context, Some(wanted), "configuration"),
            Err(bad) => {
                self.note(format!("{} (configuration)", wanted.name), bad.to_string(), Some(bad.mend()));
                self.found.unwatched.push(Text::new(&wanted.name));
            }
        }
    }

    /// The cluster that we run in.
    fn inside(&mut self, wanted: Option<&Wanted>) {
        const PLACE: &str = "in-cluster";
        let token = self.token_is_there();
        let found = match (self.env("KUBERNETES_SERVICE_HOST"), token) {
            (None, _) => Err("KUBERNETES_SERVICE_HOST is not set"),
            (Some(_), false) => Err("no service account's token is mounted"),
            (Some(host), true) => Ok(host.to_owned()),
        };
        match (found, wanted) {
            (Ok(host), wanted) => {
                self.note(PLACE, host, None);
                self.take(Way::InCluster, PLACE, wanted, ClusterId::new(PLACE));
            }
            (Err(why), Some(wanted)) => {
                let mend = "this is for a pod with a service account; elsewhere name a `context`";
                self.note(PLACE, why, Some(mend.to_owned()));
                self.take(Way::InCluster, PLACE, Some(wanted), ClusterId::new(PLACE));
            }
            (Err(why), None) => self.note(PLACE, why, None),
        }
    }

    /// The kubeconfig goes before the cluster that we run in.
    fn leave_inside(&mut self) {
        if self.env("KUBERNETES_SERVICE_HOST").is_some() && self.token_is_there() {
            self.note("in-cluster", "there, and not used", None);
            self.found.unwatched.push(Text::new("in-cluster"));
        }
    }

    fn take_context(
        &mut self,
        files: &[PathBuf],
        all: &Result<&Kubeconfigs, &BadKubeconfig>,
        context: &str,
        wanted: Option<&Wanted>,
        how: &str,
    ) {
        let (found, mend) = match all.map_err(Clone::clone).and_then(|all| all.resolve(context).and(Ok(all))) {
            Ok(all) => (all.contexts().iter().find(|it| it.name == context).map_or_else(String::new, described), None),
            Err(bad) => (bad.to_string(), Some(bad.mend())),
        };
        self.note(format!("context {context} ({how})"), found, mend);
        let way = Way::Context { files: files.to_vec(), context: context.to_owned() };
        self.take(way, how, wanted, alias::of_context(context));
    }

    fn take(&mut self, way: Way, how: &str, wanted: Option<&Wanted>, alias: ClusterId) {
        if let Some(looked) = self.found.looked.last_mut() {
            looked.used = true;
        }
        let target = Target {
            name: wanted.map_or(alias, |wanted| ClusterId::new(&wanted.name)),
            way,
            namespaces: wanted.iter().flat_map(|it| &it.namespaces).map(|name| Name::new(name)).collect(),
            how: Text::new(how),
            read_only: wanted.is_some_and(|wanted| wanted.read_only),
            debug_image: self.options.debug_image.clone().unwrap_or_else(|| Name::new(DEBUG_IMAGE)),
            proxies: Proxies::from_env(&self.options.env),
        };
        self.targets.push((target, if wanted.is_some() { Given::ByPerson } else { Given::ByUs }));
    }

    /// What the configuration says of a context that the command line asks for: its name may protect it.
    fn said_of(&self, context: &str) -> Option<&'a Wanted> {
        let of = |wanted: &&Wanted| {
            wanted.context.as_deref() == Some(context) && wanted.kubeconfig == self.options.kubeconfig
        };
        self.options.configured.iter().find(of)
    }

    /// Contexts that are there and not watched.
    fn unwatched(&mut self) {
        let left = self.found.contexts.iter().filter(|context| !self.watches(&context.name));
        let left: Vec<Text> = left.map(|context| Text::new(&context.name)).collect();
        self.found.unwatched.extend(left);
    }

    fn watches(&self, name: &str) -> bool {
        self.targets.iter().any(|(target, _)| matches!(&target.way, Way::Context { context, .. } if context == name))
    }

    /// Says which files are not there; that is no mistake where nobody asked for them.
    fn missing(&mut self, all: &Kubeconfigs) {
        let named = self.options.kubeconfig.is_some() || self.env("KUBECONFIG").is_some();
        for file in &all.missing {
            let mend = (named && all.read.is_empty()).then(|| "correct the path, or log in to the cluster".to_owned());
            let file = file.display().to_string();
            let place = if named { format!("{file} ({})", self.place()) } else { file };
            self.note(place, "not there", mend);
        }
    }

    fn knows(&self, name: &str) -> bool {
        self.found.contexts.iter().any(|context| context.name == name)
    }

    fn files(&self) -> Vec<PathBuf> {
        match &self.options.kubeconfig {
            Some(file) => vec![file.clone()],
            None => usual_files(&self.options.env, self.options.home.as_deref()),
        }
    }

    /// Where the files were named.
    fn place(&self) -> String {
        match (&self.options.kubeconfig, self.files().first()) {
            (Some(_), _) => "--kubeconfig".to_owned(),
            (None, Some(file)) if self.env("KUBECONFIG").is_none() => file.display().to_string(),
            (None, _) => "KUBECONFIG".to_owned(),
        }
    }

    fn token_is_there(&self) -> bool {
        const TOKEN: &str = "var/run/secrets/kubernetes.io/serviceaccount/token";
        let root = &self.options.root;
        let root = if root.as_os_str().is_empty() { std::path::Path::new("/") } else { root };
        root.join(TOKEN).is_file()
    }

    fn env(&self, name: &str) -> Option<&str> {
        self.options.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn note(&mut self, place: impl Into<String>, found: impl Into<String>, mend: Option<String>) {
        self.found.looked.push(Looked {
            place: Text::from(place.into()),
            found: Text::from(found.into()),
            mend: mend.map(Text::from),
            used: false,
        });
    }
}

/// A context in a line.
fn described(context: &Context) -> String {
    let server = context.server.as_ref().map_or("no server", |server| server.as_str());
    let user = context.user.as_ref().map_or_else(|| "nobody".to_owned(), |user| format!("user {user}"));
    match &context.namespace {
        Some(namespace) => format!("{server}, {user}, namespace {namespace}"),
        None => format!("{server}, {user}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine of its own: an empty root and home.
    struct Machine {
        dir: tempfile::TempDir,
        options: Options,
    }

    impl Machine {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a directory");
            let home = Some(dir.path().join("home"));
            let options = Options { home, root: dir.path().to_path_buf(), ..Options::default() };
            Self { dir, options }
        }

        fn file(&self, path: &str, content: &str) -> PathBuf {
            let path = self.dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
            std::fs::write(&path, content).expect("written");
            path
        }

        fn env(&mut self, name: &str, value: &str) {
            self.options.env.insert(name.to_owned(), value.to_owned());
        }

        fn inside(&mut self) {
            self.env("KUBERNETES_SERVICE_HOST", "10.0.0.1");
            self.file("var/run/secrets/kubernetes.io/serviceaccount/token", "t");
        }

        fn find(&self) -> Discovery {
            discover(&self.options)
        }

        fn names(&self) -> Vec<String> {
            self.find().targets.iter().map(|target| target.name.to_string()).collect()
        }
    }

    /// A kubeconfig with these contexts, of which the first is the current one.
    fn kubeconfig(contexts: &[&str]) -> String {
        let mut out = format!("current-context: {}\ncontexts:\n", contexts[0]);
        for context in contexts {
            out.push_str(&format!("- {{name: {context}, context: {{cluster: c, user: u, namespace: shop}}}}\n"));
        }
        out + "clusters: [{name: c, cluster: {server: 'https://10.0.0.1:6443'}}]\n"
    }

    fn wanted(name: &str) -> Wanted {
        Wanted { name: name.to_owned(), ..Wanted::default() }
    }

    #[test]
    fn with_nothing_there_every_place_is_named_and_nothing_is_wrong() {
        let found = Machine::new().find();
        assert!(found.targets.is_empty() && found.unwatched.is_empty());
        let places: Vec<&str> = found.looked.iter().map(|looked| looked.place.as_str()).collect();
        assert!(places[0].ends_with("home/.kube/config") && places[1] == "in-cluster", "{places:?}");
        assert!(found.looked.iter().all(|looked| looked.mend.is_none() && !looked.used));
    }

    #[test]
    fn only_the_current_context_is_watched_and_the_others_are_named() {
        let machine = Machine::new();
        machine.file("home/.kube/config", &kubeconfig(&["ops@prod", "ops@stage"]));
        let found = machine.find();
        assert_eq!(machine.names(), ["prod"]);
        assert_eq!(found.unwatched, ["ops@stage"]);
        assert_eq!(found.looked[0].place, "context ops@prod (current context)");
        assert_eq!(found.looked[0].found, "https://10.0.0.1:6443, user u, namespace shop");
        assert_eq!(found.targets[0].how, "current context");
    }

    #[test]
    fn the_cluster_around_us_comes_after_the_kubeconfig() {
        let mut machine = Machine::new();
        machine.inside();
        assert_eq!(machine.names(), ["in-cluster"]);
        machine.file("home/.kube/config", "{}");
        assert_eq!(machine.names(), ["in-cluster"], "an empty kubeconfig is none");
        machine.file("home/.kube/config", &kubeconfig(&["prod"]));
        assert_eq!(machine.names(), ["prod"]);
        assert_eq!(machine.find().unwatched, ["in-cluster"]);
    }

    #[test]
    fn a_broken_kubeconfig_is_said_and_not_passed_over() {
        let machine = Machine::new();
        machine.file("home/.kube/config", "{");
        let found = machine.find();
        assert!(found.targets.is_empty() && found.looked[0].mend.is_some());
        assert!(found.unwatched[0].starts_with("Kubernetes (") && found.unwatched[0].contains(".kube/config"));
    }

    #[test]
    fn files_of_kubeconfig_that_are_not_there_are_named() {
        let mut machine = Machine::new();
        let there = machine.file("there", &kubeconfig(&["prod"]));
        machine.env("KUBECONFIG", &format!("/no/a:{}", there.display()));
        let found = machine.find();
        assert_eq!(
            (found.looked[0].place.as_str(), found.looked[0].found.as_str()),
            ("/no/a (KUBECONFIG)", "not there")
        );
        assert!(found.looked[0].mend.is_none() && machine.names() == ["prod"]);
        machine.env("KUBECONFIG", "/no/a:/no/b");
        assert!(machine.find().looked[..2].iter().all(|looked| looked.mend.is_some()));
    }

    #[test]
    fn several_contexts_are_several_clusters() {
        let mut machine = Machine::new();
        machine.file("home/.kube/config", &kubeconfig(&["a@prod", "b@prod", "c"]));
        machine.options.flags = ["b@prod", "a@prod", "b@prod", "nope"].map(String::from).to_vec();
        let found = machine.find();
        assert_eq!(machine.names(), ["b-prod", "a-prod"]);
        assert!(found.unwatched.is_empty());
        assert_eq!(found.looked[2].found, "no context is called `nope`");
        assert_eq!(found.contexts.len(), 3);
        let other = machine.file("other", &kubeconfig(&["x"]));
        machine.options.kubeconfig = Some(other);
        machine.options.flags = Vec::new();
        assert_eq!(machine.names(), ["x"]);
    }

    #[test]
    fn a_name_of_another_target_is_not_taken_again() {
        let mut machine = Machine::new();
        machine.file("home/.kube/config", &kubeconfig(&["prod"]));
        machine.options.taken = vec![ClusterId::new("prod")];
        assert_eq!(machine.names(), ["prod-2"]);
    }

    #[test]
    fn a_configured_cluster_is_watched_though_its_context_is_not_there() {
        let mut machine = Machine::new();
        machine.file("home/.kube/config", &kubeconfig(&["prod", "stage"]));
        let own = machine.file("own", &kubeconfig(&["edge"]));
        machine.options.configured = vec![
            Wanted { context: Some("prod".into()), read_only: true, namespaces: vec!["shop".into()], ..wanted("p") },
            Wanted { context: Some("later".into()), ..wanted("later") },
            Wanted { kubeconfig: Some(own), ..wanted("edge") },
            Wanted { in_cluster: true, ..wanted("here") },
            Wanted { kubeconfig: Some("/no/file".into()), ..wanted("gone") },
        ];
        let found = machine.find();
        assert_eq!(machine.names(), ["p", "later", "edge", "here"]);
        assert_eq!(found.unwatched, ["gone", "stage"]);
        let mends: Vec<bool> = found.looked.iter().map(|looked| looked.mend.is_some()).collect();
        assert_eq!(mends, [false, true, false, true, true]);
        assert!(found.targets[0].read_only && found.targets[0].namespaces == ["shop"]);
        assert_eq!(found.looked[2].found, "https://10.0.0.1:6443, user u, namespace shop");
    }

    #[test]
    fn what_the_configuration_says_of_a_context_holds_on_the_command_line_too() {
        let mut machine = Machine::new();
        machine.file("home/.kube/config", &kubeconfig(&["prod"]));
        machine.options.configured = vec![Wanted { context: Some("prod".into()), read_only: true, ..wanted("live") }];
        machine.options.flags = vec!["prod".into()];
        let found = machine.find();
        assert_eq!((found.targets[0].name.as_str(), found.targets[0].read_only), ("live", true));
    }
}

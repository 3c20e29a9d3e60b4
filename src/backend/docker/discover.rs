//! Which engines there are: the flag, the configuration, the environment, contexts, and the usual sockets, in this order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::backend::Looked;
use crate::domain::{ClusterId, Text};

use super::contexts::{self, Contexts};
use super::target::{Certificates, Endpoint, Surroundings, Target};

/// What discovery may look at. Nothing is read from the environment of the process itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Engines given on the command line; where there is one, nothing else is looked at.
    pub flags: Vec<Wanted>,
    /// Engines of the configuration; where there is one, nothing below it is looked at.
    pub configured: Vec<Wanted>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// The home directory.
    pub home: Option<PathBuf>,
    /// Where this user's sockets are (`$XDG_RUNTIME_DIR`, else `/run/user/UID`).
    pub runtime_dir: Option<PathBuf>,
    /// The directory that takes the place of `/`, for tests.
    pub root: PathBuf,
    /// Nothing may be changed, anywhere.
    pub read_only: bool,
}

/// An engine that a person asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The alias, where one is given.
    pub name: Option<String>,
    /// Its address; else its context.
    pub host: Option<String>,
    /// A context of the docker command.
    pub context: Option<String>,
    /// Where `ca.pem`, `cert.pem` and `key.pem` are, for TLS.
    pub certificates: Option<PathBuf>,
    /// Nothing may be changed there.
    pub read_only: bool,
}

/// What was found, and every place that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Engines to watch.
    pub targets: Vec<Target>,
    /// Places looked at, in order.
    pub looked: Vec<Looked>,
    /// Engines that are there, or are known to the docker command, and are not watched. Nothing is said of them where the
    /// command line names what to watch.
    pub unwatched: Vec<Text>,
}

/// Looks for engines.
pub fn discover(options: &Options) -> Discovery {
    let mut search = Search { options, found: Discovery::default() };
    search.run();
    search.unwatched();
    search.found.targets.iter_mut().for_each(|target| target.read_only |= options.read_only);
    make_unique(&mut search.found.targets);
    search.found
}

/// Addresses of the docker command's contexts.
pub fn addresses(options: &Options) -> Vec<String> {
    let contexts = Contexts::new(contexts::config_dir(options));
    let addresses = contexts.names().into_iter().filter_map(|name| contexts.endpoint(&name).ok());
    addresses.map(|endpoint| endpoint.to_string()).collect()
}

struct Search<'a> {
    options: &'a Options,
    found: Discovery,
}

impl Search<'_> {
    fn run(&mut self) {
        for (wanted, from) in [(&self.options.flags, "command line"), (&self.options.configured, "configuration")] {
            for wanted in wanted {
                self.wanted(wanted, from);
            }
            if !wanted.is_empty() {
                return;
            }
        }
        if !(self.docker_host() || self.context()) {
            self.sockets();
        }
    }

    /// Contexts that lead elsewhere than what is watched.
    fn unwatched(&mut self) {
        if !self.options.flags.is_empty() {
            return;
        }
        let contexts = self.contexts();
        for name in contexts.names() {
            let endpoint = contexts.endpoint(&name).ok();
            if !self.found.targets.iter().any(|target| Some(&target.endpoint) == endpoint.as_ref()) {
                self.found.unwatched.push(Text::new(&name));
            }
        }
    }

    fn wanted(&mut self, wanted: &Wanted, from: &str) {
        let tls = wanted.certificates.as_deref().map(Certificates::in_dir);
        let found = match (&wanted.host, &wanted.context) {
            (Some(host), _) => Endpoint::parse(host, tls).map_err(|bad| bad.to_string()),
            (None, Some(context)) => self.contexts().endpoint(context),
            (None, None) => Ok(Endpoint::Unix(self.rooted(DEFAULT_SOCKET))),
        };
        let place = wanted.name.as_deref().or(wanted.context.as_deref()).or(wanted.host.as_deref()).unwrap_or("docker");
        let place = format!("{place} ({from})");
        match found {
            Ok(endpoint) => {
                let name = wanted.name.as_deref().or(wanted.context.as_deref());
                self.take(place.clone(), name, endpoint, &place, wanted.read_only);
            }
            Err(why) => self.note(place, why, Some(format!("correct it in the {from}"))),
        }
    }

    fn docker_host(&mut self) -> bool {
        let Some(host) = self.env("DOCKER_HOST") else {
            self.note("DOCKER_HOST", "not set", None);
            return false;
        };
        match Endpoint::parse(host, self.env_certificates()) {
            Ok(endpoint) => self.take("DOCKER_HOST", None, endpoint, "DOCKER_HOST", false),
            Err(bad) => {
                self.note("DOCKER_HOST", bad.to_string(), Some("set it to an address such as ssh://user@host".into()))
            }
        }
        // A wish that cannot be met is not replaced by another engine.
        true
    }

    /// TLS is on when DOCKER_TLS_VERIFY is set to anything, as the docker command has it.
    fn env_certificates(&self) -> Option<Certificates> {
        self.env("DOCKER_TLS_VERIFY")?;
        let dir = self.env("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| contexts::config_dir(self.options));
        Some(dir.as_deref().map(Certificates::in_dir).unwrap_or_default())
    }

    fn context(&mut self) -> bool {
        let (name, how) = match self.env("DOCKER_CONTEXT") {
            Some(name) => (Some(name.to_owned()), "DOCKER_CONTEXT"),
            None => match self.contexts().current() {
                Ok(name) => (name, "current context"),
                Err(why) => {
                    self.note("current context", why, Some("correct or remove the file".into()));
                    (None, "current context")
                }
            },
        };
        let Some(name) = name.filter(|name| name != "default") else {
            self.note("docker context", "none is selected", None);
            return false;
        };
        match self.contexts().endpoint(&name) {
            Ok(endpoint) => {
                self.take(format!("context {name}"), Some(&name), endpoint, &format!("context {name} ({how})"), false)
            }
            Err(why) => self.note(format!("context {name}"), why, Some("choose one of `docker context ls`".into())),
        }
        true
    }

    fn sockets(&mut self) {
        let mut places = vec![(self.rooted(DEFAULT_SOCKET), "default socket", "local")];
        if let Some(dir) = &self.options.runtime_dir {
            places.push((dir.join("docker.sock"), "rootless socket", "local"));
            places.push((dir.join("podman/podman.sock"), "Podman's socket", "podman"));
        }
        places.push((self.rooted("/run/podman/podman.sock"), "Podman's socket", "podman"));
        let looks: Vec<SocketLook> = places.iter().map(|(path, ..)| look_at(path)).collect();
        // The first that may be used; else the first that is there, so that what is wrong with it is shown.
        let best = looks.iter().position(|look| *look == SocketLook::Usable);
        let best = best.or_else(|| looks.iter().position(|look| *look == SocketLook::Refused));
        for (ix, ((path, how, name), look)) in places.into_iter().zip(looks).enumerate() {
            if best == Some(ix) {
                self.take(path.display().to_string(), Some(name), Endpoint::Unix(path.clone()), how, false);
            } else {
                let found = if look == SocketLook::Usable { "there, and not used" } else { look.as_str() };
                self.note(path.display().to_string(), found, None);
                if look == SocketLook::Usable {
                    self.found.unwatched.push(Text::from(path.display().to_string()));
                }
            }
            if best == Some(ix)
                && look == SocketLook::Refused
                && let Some(looked) = self.found.looked.last_mut()
            {
                looked.found = Text::new(look.as_str());
                looked.mend = Some(Text::new("add your user to the group `docker` and log in again, or use sudo"));
            }
        }
    }

    fn take(&mut self, place: impl Into<String>, name: Option<&str>, endpoint: Endpoint, how: &str, read_only: bool) {
        let name = name.or(endpoint.host()).unwrap_or("local");
        let surroundings = Surroundings(self.options.env.clone());
        let target = Target { name: ClusterId::new(name), endpoint, how: Text::new(how), read_only, surroundings };
        self.found.looked.push(Looked {
            place: Text::from(place.into()),
            found: Text::from(target.endpoint.to_string()),
            mend: None,
            used: true,
        });
        self.found.targets.push(target);
    }

    fn note(&mut self, place: impl Into<String>, found: impl Into<String>, mend: Option<String>) {
        self.found.looked.push(Looked {
            place: Text::from(place.into()),
            found: Text::from(found.into()),
            mend: mend.map(Text::from),
            used: false,
        });
    }

    fn env(&self, name: &str) -> Option<&str> {
        self.options.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn contexts(&self) -> Contexts {
        Contexts::new(contexts::config_dir(self.options))
    }

    fn rooted(&self, path: &str) -> PathBuf {
        let root = &self.options.root;
        if root.as_os_str().is_empty() { PathBuf::from(path) } else { root.join(path.trim_start_matches('/')) }
    }
}

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SocketLook {
    Usable,
    Refused,
    NotASocket,
    Absent,
}

impl SocketLook {
    const fn as_str(self) -> &'static str {
        match self {
            SocketLook::Usable => "there",
            SocketLook::Refused => "there, and this user may not use it",
            SocketLook::NotASocket => "there, and not a socket",
            SocketLook::Absent => "not there",
        }
    }
}

fn look_at(path: &Path) -> SocketLook {
    use std::os::unix::fs::FileTypeExt;
    match std::fs::metadata(path) {
        Ok(meta) if !meta.file_type().is_socket() => SocketLook::NotASocket,
        Ok(_) => match rustix::fs::access(path, rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK) {
            Ok(()) => SocketLook::Usable,
            Err(_) => SocketLook::Refused,
        },
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => SocketLook::Refused,
        Err(_) => SocketLook::Absent,
    }
}

/// Aliases are unique: the second `local` is `local-2`.
fn make_unique(targets: &mut [Target]) {
    for ix in 1..targets.len() {
        let (before, rest) = targets.split_at_mut(ix);
        let wanted = rest[0].name.clone();
        let mut number = 2;
        while before.iter().any(|target| target.name == rest[0].name) {
            rest[0].name = ClusterId::new(&format!("{wanted}-{number}"));
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A machine of its own: an empty root and home.
    struct Machine {
        dir: tempfile::TempDir,
        options: Options,
    }

    impl Machine {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a directory");
            let options = Options {
                home: Some(dir.path().join("home")),
                runtime_dir: Some(dir.path().join("run/user/1000")),
                root: dir.path().to_path_buf(),
                ..Options::default()
            };
            Self { dir, options }
        }

        fn socket(&self, path: &str) {
            let path = self.dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
            UnixListener::bind(path).expect("a socket");
        }

        fn file(&self, path: &str, content: &str) {
            let path = self.dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
            std::fs::write(path, content).expect("written");
        }

        fn env(mut self, name: &str, value: &str) -> Self {
            self.options.env.insert(name.to_owned(), value.to_owned());
            self
        }

        fn only(&self) -> Target {
            let found = discover(&self.options);
            assert_eq!(found.targets.len(), 1, "{found:#?}");
            found.targets[0].clone()
        }
    }

    fn context(machine: &Machine, name: &str, host: &str) {
        let meta = format!(r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
        machine.file(&format!("home/.docker/contexts/meta/0{name}/meta.json"), &meta);
    }

    #[test]
    fn what_is_there_and_not_watched_is_named() {
        let mut machine = Machine::new();
        context(&machine, "edge", "ssh://edge");
        context(&machine, "prod", "ssh://prod");
        machine.file("home/.docker/config.json", r#"{"currentContext":"prod"}"#);
        assert_eq!(discover(&machine.options).unwatched, ["edge"]);
        machine.options.flags = vec![Wanted { host: Some("ssh://db".to_owned()), ..Wanted::default() }];
        assert!(discover(&machine.options).unwatched.is_empty());
    }

    #[test]
    fn with_nothing_there_every_place_is_named() {
        let found = discover(&Machine::new().options);
        assert!(found.targets.is_empty());
        let places: Vec<&str> = found.looked.iter().map(|looked| looked.place.as_str()).collect();
        assert_eq!(places[..2], ["DOCKER_HOST", "docker context"]);
        assert!(places.iter().any(|place| place.ends_with("/var/run/docker.sock")));
        assert!(places.iter().any(|place| place.ends_with("/run/user/1000/podman/podman.sock")));
        assert!(found.looked.iter().all(|looked| !looked.used));
    }

    #[test]
    fn each_place_comes_before_the_next() {
        let machine = Machine::new();
        machine.socket("run/podman/podman.sock");
        assert_eq!(machine.only().name.as_str(), "podman");
        machine.socket("run/user/1000/docker.sock");
        assert_eq!(machine.only().how, "rootless socket");
        machine.socket("var/run/docker.sock");
        assert_eq!((machine.only().how.as_str(), machine.only().name.as_str()), ("default socket", "local"));
        context(&machine, "prod", "ssh://ops@prod.example");
        machine.file("home/.docker/config.json", r#"{"auths":{},"currentContext":"prod"}"#);
        assert_eq!(machine.only().endpoint.to_string(), "ssh://ops@prod.example");
        assert_eq!(machine.only().name.as_str(), "prod");
        context(&machine, "stage", "tcp://stage:2375");
        let machine = machine.env("DOCKER_CONTEXT", "stage");
        assert_eq!(machine.only().endpoint.to_string(), "tcp://stage:2375");
        let machine = machine.env("DOCKER_HOST", "unix:///run/other.sock");
        assert_eq!(machine.only().how, "DOCKER_HOST");
        let mut machine = machine;
        let wanted =
            |name: &str, host: &str| Wanted { name: Some(name.into()), host: Some(host.into()), ..Wanted::default() };
        machine.options.configured = vec![wanted("db", "tcp://a:1"), wanted("db", "tcp://b:1")];
        let found = discover(&machine.options);
        let names: Vec<&str> = found.targets.iter().map(|target| target.name.as_str()).collect();
        assert_eq!(names, ["db", "db-2"]);
        machine.options.flags = vec![wanted("only", "tcp://c:1")];
        assert_eq!(machine.only().name.as_str(), "only");
    }

    #[test]
    fn a_wish_that_cannot_be_met_is_said_and_no_other_engine_taken() {
        for (name, value) in [("DOCKER_HOST", "gopher://x"), ("DOCKER_CONTEXT", "nowhere")] {
            let machine = Machine::new().env(name, value);
            machine.socket("var/run/docker.sock");
            let found = discover(&machine.options);
            assert!(found.targets.is_empty(), "{name}");
            assert!(found.looked.iter().any(|looked| looked.mend.is_some()));
        }
    }

    #[test]
    fn the_default_context_is_the_default_socket() {
        let machine = Machine::new().env("DOCKER_CONTEXT", "default");
        machine.socket("var/run/docker.sock");
        assert_eq!(machine.only().how, "default socket");
    }

    #[test]
    fn tls_is_what_the_environment_or_the_context_say() {
        let machine = Machine::new().env("DOCKER_HOST", "tcp://db.example").env("DOCKER_TLS_VERIFY", "1");
        machine.file("home/.docker/ca.pem", "x");
        let Endpoint::Tls { port, certificates, .. } = machine.only().endpoint else { panic!("TLS") };
        assert_eq!(port, 2376);
        assert!(certificates.ca.is_some() && certificates.key.is_none());
        let machine = Machine::new();
        context(&machine, "prod", "tcp://prod:2376");
        machine.file("home/.docker/contexts/tls/0prod/docker/key.pem", "x");
        machine.file("home/.docker/config.json", r#"{"currentContext":"prod"}"#);
        let Endpoint::Tls { certificates, .. } = machine.only().endpoint else { panic!("TLS") };
        assert!(certificates.key.is_some());
    }

    #[test]
    fn a_broken_configuration_of_docker_is_said_and_its_socket_used() {
        let machine = Machine::new();
        machine.file("home/.docker/config.json", "{");
        machine.socket("var/run/docker.sock");
        assert_eq!(machine.only().how, "default socket");
        assert!(discover(&machine.options).looked.iter().any(|looked| looked.mend.is_some()));
    }

    #[test]
    fn read_only_is_for_all() {
        let mut machine = Machine::new();
        machine.options.read_only = true;
        machine.socket("var/run/docker.sock");
        assert!(machine.only().read_only);
    }
}

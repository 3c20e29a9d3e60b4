//! Which engines there are: the flag, the configuration, the environment, contexts, and the usual sockets, in this order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::domain::{ClusterId, Text};

use super::contexts::{self, Contexts};
use super::target::{Certificates, Endpoint, Target};

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
}

/// One place that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// Which place: `DOCKER_HOST`, `context prod`, `/var/run/docker.sock`.
    pub place: Text,
    /// What was found there.
    pub found: Text,
    /// What to do about it, where something is wrong.
    pub mend: Option<Text>,
    /// Whether it is used.
    pub used: bool,
}

/// Looks for engines.
pub fn discover(options: &Options) -> Discovery {
    let mut search = Search { options, found: Discovery::default() };
    search.run();
    search.found.targets.iter_mut().for_each(|target| target.read_only |= options.read_only);
    make_unique(&mut search.found.targets);
    search.found
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
        let target = Target { name: ClusterId::new(name), endpoint, how: Text::new(how), read_only };
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

//! An engine that is to be watched, and the way to it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::domain::{ClusterId, Text};

/// One engine: its alias, its address, and how that was come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its alias.
    pub name: ClusterId,
    /// Where it is.
    pub endpoint: Endpoint,
    /// By what it was found: `DOCKER_HOST`, `context prod`, `default socket`.
    pub how: Text,
    /// Nothing may be changed there.
    pub read_only: bool,
    /// In what the compose command line is run.
    pub surroundings: Surroundings,
}

/// The environment that cockpit was started in, for programs that it starts: where they are (`PATH`), and what a project's
/// files are filled in with. What it holds is nobody's business: it prints as a number.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Surroundings(pub BTreeMap<String, String>);

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} variables", self.0.len())
    }
}

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket of this machine.
    Unix(PathBuf),
    /// Plain HTTP.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// HTTP over TLS.
    Tls {
        /// Name or address; the certificate has to be for it.
        host: String,
        /// Port.
        port: u16,
        /// What both sides show each other.
        certificates: Certificates,
    },
    /// `docker system dial-stdio` on another machine, through ssh.
    Ssh {
        /// `user@host` or `host`, as ssh takes it.
        destination: String,
        /// Port, where it is not ssh's own choice.
        port: Option<u16>,
        /// Socket on the other machine, where it is not the default one.
        socket: Option<String>,
    },
}

/// PEM files for TLS. Each is optional: without `ca` the system's authorities count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Certificates {
    /// Who may vouch for the engine.
    pub ca: Option<PathBuf>,
    /// What we show.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
}

impl Certificates {
    /// The usual file names (`ca.pem`, `cert.pem`, `key.pem`) in a directory; those that are there.
    pub fn in_dir(dir: &std::path::Path) -> Self {
        let file = |name: &str| Some(dir.join(name)).filter(|path| path.is_file());
        Self { ca: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem") }
    }
}

/// Why an address cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{address}`: {why}")]
pub struct BadAddress {
    /// The address as it was given.
    pub address: Text,
    /// What is wrong with it.
    pub why: Text,
}

impl Endpoint {
    /// Reads an address as DOCKER_HOST has it: `unix:///path`, `tcp://host[:port]`, `ssh://[user@]host[:port][/socket]`,
    /// `http://`, `https://`. With `tls`, `tcp` means HTTP over TLS.
    pub fn parse(address: &str, tls: Option<Certificates>) -> Result<Self, BadAddress> {
        let bad = |why: &str| BadAddress { address: Text::new(address), why: Text::new(why) };
        let (scheme, rest) = match address.trim().split_once("://") {
            Some(parts) => parts,
            None if address.trim().starts_with('/') => ("unix", address.trim()),
            None => ("tcp", address.trim()),
        };
        match scheme {
            "unix" if rest.is_empty() => Err(bad("a socket's path is missing; write unix:///var/run/docker.sock")),
            "unix" => Ok(Endpoint::Unix(PathBuf::from(rest))),
            "tcp" | "http" | "https" => {
                let tls = tls.or_else(|| (scheme == "https").then(Certificates::default));
                let default = if tls.is_some() { 2376 } else { 2375 };
                let (host, port) = host_and_port(rest.trim_end_matches('/')).map_err(bad)?;
                let port = port.unwrap_or(default);
                Ok(match tls {
                    Some(certificates) => Endpoint::Tls { host, port, certificates },
                    None => Endpoint::Tcp { host, port },
                })
            }
            "ssh" => parse_ssh(rest).map_err(bad),
            "npipe" => Err(bad("named pipes are for Windows")),
            _ => Err(bad("unknown kind of address; write unix://, tcp:// or ssh://")),
        }
    }

    /// The path, for a socket of this machine: then its disk can be looked at too.
    pub fn local_socket(&self) -> Option<&std::path::Path> {
        match self {
            Endpoint::Unix(path) => Some(path),
            Endpoint::Tcp { .. } | Endpoint::Tls { .. } | Endpoint::Ssh { .. } => None,
        }
    }

    /// The host's name, for a machine that is reached over a network.
    pub fn host(&self) -> Option<&str> {
        match self {
            Endpoint::Unix(_) => None,
            Endpoint::Tcp { host, .. } | Endpoint::Tls { host, .. } => Some(host),
            Endpoint::Ssh { destination, .. } => Some(destination.rsplit('@').next().unwrap_or(destination)),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Unix(path) => write!(f, "unix://{}", path.display()),
            Endpoint::Tcp { host, port } => write!(f, "tcp://{}:{port}", bracketed(host)),
            Endpoint::Tls { host, port, .. } => write!(f, "https://{}:{port}", bracketed(host)),
            Endpoint::Ssh { destination, port, socket } => {
                write!(f, "ssh://{destination}")?;
                port.map_or(Ok(()), |port| write!(f, ":{port}"))?;
                write!(f, "{}", socket.as_deref().unwrap_or_default())
            }
        }
    }
}

/// A host as it stands in an address: IPv6 in brackets.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn parse_ssh(rest: &str) -> Result<Endpoint, &'static str> {
    let (authority, path) = match rest.find('/') {
        Some(place) => (&rest[..place], &rest[place..]),
        None => (rest, ""),
    };
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return Err("a password cannot be given in the address; use a key or an agent");
    }
    let (host, port) = host_and_port(host)?;
    // ssh would read a name that begins with a dash as an option.
    if host.starts_with('-') || user.is_some_and(|user| user.starts_with('-') || user.is_empty()) {
        return Err("the host or user name is not one");
    }
    let destination = user.map_or_else(|| host.clone(), |user| format!("{user}@{host}"));
    let socket = (!path.trim_matches('/').is_empty()).then(|| path.to_owned());
    Ok(Endpoint::Ssh { destination, port, socket })
}

fn host_and_port(raw: &str) -> Result<(String, Option<u16>), &'static str> {
    let (host, port) = match raw.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match raw.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (raw, None),
        },
    };
    if host.is_empty() || host.contains(['/', ' ', '?', '#']) {
        return Err("a host is missing; write tcp://host:2375");
    }
    let port = match port {
        Some(port) => Some(port.parse().map_err(|_| "the port is not a number from 1 to 65535")?),
        None => None,
    };
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(address: &str) -> Result<Endpoint, BadAddress> {
        Endpoint::parse(address, None)
    }

    #[test]
    fn addresses_are_read_as_docker_reads_them() {
        assert_eq!(parse("unix:///run/d.sock"), Ok(Endpoint::Unix("/run/d.sock".into())));
        assert_eq!(parse("/run/d.sock"), Ok(Endpoint::Unix("/run/d.sock".into())));
        assert_eq!(parse("tcp://10.0.0.1"), Ok(Endpoint::Tcp { host: "10.0.0.1".into(), port: 2375 }));
        assert_eq!(parse("tcp://[::1]:99"), Ok(Endpoint::Tcp { host: "::1".into(), port: 99 }));
        let tls = Endpoint::parse("tcp://db.example", Some(Certificates::default()));
        assert!(matches!(tls, Ok(Endpoint::Tls { port: 2376, .. })));
        let ssh = Endpoint::Ssh { destination: "ops@db.example".into(), port: Some(2222), socket: None };
        assert_eq!(parse("ssh://ops@db.example:2222"), Ok(ssh));
        let socket = Endpoint::Ssh { destination: "db".into(), port: None, socket: Some("/run/d.sock".into()) };
        assert_eq!(parse("ssh://db/run/d.sock"), Ok(socket));
    }

    #[test]
    fn an_address_prints_as_it_reads() {
        for address in ["unix:///run/d.sock", "tcp://h:2375", "ssh://a@b:22/run/x.sock", "tcp://[::1]:2375"] {
            assert_eq!(parse(address).expect("an address").to_string(), address);
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_reason() {
        for address in ["unix://", "tcp://", "tcp://h:port", "ssh://-oProxyCommand=x", "npipe:////./pipe/d", "ftp://x"]
        {
            assert!(parse(address).is_err(), "{address}");
        }
        assert!(parse("ssh://me:secret@h").is_err());
    }
}

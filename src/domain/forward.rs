//! A port of an instance, to be reached at a port of this machine.

use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::identity::Ref;
use super::plan::Refusal;
use super::spec::Port;
use super::text::Text;

/// Ports below this one are for root alone on most machines.
pub const FIRST_FREE: u16 = 1024;

/// Where it is listened on this machine: always on its loopback alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listen {
    /// At the same port as there, where that is free and not for root alone; else at any free one.
    Like,
    /// At any free port.
    Any,
    /// At this port, or not at all.
    At(u16),
}

/// A forward that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ForwardRequest {
    /// An instance; or what has instances: then one that is ready is chosen, and another one when that goes.
    pub target: Ref,
    /// Where it is listened here.
    pub listen: Listen,
    /// The port there: of the instance; of a Service, the Service's own.
    pub port: u16,
}

impl ForwardRequest {
    /// What is meant by `8080`, `8080:80` or `:80`. In the place of the port there may stand the name of one of these.
    ///
    /// # Errors
    /// It is nothing of that kind: what is wrong, in words.
    pub fn parse(target: Ref, typed: &str, ports: &[Port]) -> Result<Self, String> {
        let (listen, there) = match typed.trim().split_once(':') {
            None => (Listen::Like, typed.trim()),
            Some(("", there)) => (Listen::Any, there.trim()),
            Some((here, there)) => (Listen::At(number(here.trim())?), there.trim()),
        };
        let named = ports.iter().find(|port| port.name.as_deref() == Some(there));
        let port = match named {
            Some(port) => port.number,
            None => number(there)?,
        };
        Ok(Self { target, listen, port })
    }

    /// Why it is not done, and what to do instead.
    pub fn refused(&self, why: impl Into<Text>, mend: impl Into<Text>) -> Refusal {
        Refusal { what: self.words(), why: why.into(), mend: mend.into() }
    }

    /// `forward port 80 of shop/web`
    pub fn words(&self) -> Text {
        Text::from(format!("forward port {} of {}", self.port, self.target.local()))
    }
}

/// Whether a Kubernetes server of this version (`v1.34.4`) wants the right to `create` a port forward that a GET opens. Those before
/// 1.35 judge it as `get` alone (kubernetes/kubernetes#134577); of what is not known the newest is thought.
pub fn wants_create(version: Option<&str>) -> bool {
    let minor = |version: &str| {
        let rest = version.trim_start_matches('v').strip_prefix("1.")?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()
    };
    version.and_then(minor).is_none_or(|minor| minor >= 35)
}

fn number(raw: &str) -> Result<u16, String> {
    match raw.parse() {
        Ok(0) | Err(_) if raw.is_empty() => Err("a port is needed: 8080, 8080:80 or :80".to_owned()),
        Ok(0) | Err(_) => Err(format!("`{raw}` is no port: expected 1 to 65535, as 8080, 8080:80 or :80")),
        Ok(port) => Ok(port),
    }
}

/// How a forward stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardState {
    /// The port of this machine at which it is listened.
    pub local: u16,
    /// The instance to which new connections lead, and its port; none while there is none that is ready.
    pub to: Option<(Ref, u16)>,
    /// Connections that are open.
    pub open: u32,
    /// Connections that came.
    pub came: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// What went wrong last, or has to be known of it.
    pub said: Option<Text>,
    /// It has ended, and why.
    pub ended: Option<Text>,
}

impl ForwardState {
    /// `127.0.0.1:8080 -> web-abc:80`
    pub fn words(&self) -> String {
        match &self.to {
            Some((instance, port)) => format!("127.0.0.1:{} -> {}:{port}", self.local, instance.name),
            None => format!("127.0.0.1:{} -> nothing that is ready", self.local),
        }
    }
}

/// How a forward stands, each time that this has changed; the first when it is listened. It ends with the forward, and the forward
/// ends when it is dropped.
pub type ForwardStream = BoxStream<'static, ForwardState>;

/// A forward of this session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// Its number in this session.
    pub id: u64,
    /// What was asked for.
    pub request: ForwardRequest,
    /// When.
    pub began: Timestamp,
    /// How it stands; none until it is listened.
    pub state: Option<ForwardState>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_rights_a_server_wants_goes_by_its_version() {
        for (version, wants) in [
            ("v1.34.4", false),
            ("v1.35.0", true),
            ("v1.9.1+k3s1", false),
            ("v1.36-eks", true),
            ("odd", true),
            ("", true),
        ] {
            assert_eq!(wants_create(Some(version)), wants, "{version}");
        }
        assert!(wants_create(None));
    }

    #[test]
    fn a_port_is_typed_as_with_kubectl_or_by_its_name() {
        let target: Ref = "prod/shop/Pod/web-1".parse().expect("a ref");
        let http = Port { number: 8080, protocol: "tcp".into(), name: Some("http".into()), published: None };
        let read = |typed: &str| {
            ForwardRequest::parse(target.clone(), typed, std::slice::from_ref(&http)).map(|it| (it.listen, it.port))
        };
        assert_eq!(read("8080"), Ok((Listen::Like, 8080)));
        assert_eq!(read(" 9000:80 "), Ok((Listen::At(9000), 80)));
        assert_eq!(read(":80"), Ok((Listen::Any, 80)));
        assert_eq!(read("9000:http"), Ok((Listen::At(9000), 8080)));
        assert_eq!(read("http"), Ok((Listen::Like, 8080)));
        for wrong in ["", ":", "x", "80:", "0", "70000", "1:2:3", "a:80", "-1"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert!(read("").is_err_and(|why| why.contains("a port is needed")));
    }
}

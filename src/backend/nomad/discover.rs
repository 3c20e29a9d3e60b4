//! Which regions there are: the flag, the configuration, the environment as the nomad command reads it, and the usual address
//! where something listens.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use crate::backend::Looked;
use crate::domain::{ClusterId, Name, Text};
use crate::reach::Tls;

use super::consul_way;
use super::parts::MOST;
use super::target::{HttpAuth, Target, Token};

/// Where an agent listens unless it is told otherwise (nomad: command/agent/config.go).
const USUAL: &str = "127.0.0.1:4646";
/// Whether something listens there is told at once, or nothing does.
const LISTENS: Duration = Duration::from_millis(80);

/// What discovery may look at. Nothing is read from the environment of the process itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// An address given on the command line; then nothing else is looked at.
    pub flag: Option<String>,
    /// Regions of the configuration; where there is one, nothing below it is looked at.
    pub configured: Vec<Wanted>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Nothing may be changed, anywhere.
    pub read_only: bool,
    /// Aliases that others have.
    pub taken: Vec<ClusterId>,
}

/// A region that a person asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The alias.
    pub name: String,
    /// Its address; else that of the environment.
    pub address: Option<String>,
    /// Other servers of the same region, asked in turn where one does not answer.
    pub others: Vec<String>,
    /// Which region, where it is not the server's own.
    pub region: Option<String>,
    /// Namespaces; none: all.
    pub namespaces: Vec<Name>,
    /// A file that holds its token.
    pub token_file: Option<PathBuf>,
    /// TLS.
    pub tls: Tls,
    /// The Consul whose checks are those of what runs there.
    pub consul: Option<WantedConsul>,
    /// Nothing may be changed there.
    pub read_only: bool,
}

/// An agent of Consul that a person asked for. What is not said is as the environment has it for the consul command.
#[derive(Debug, Clone, Default)]
pub struct WantedConsul {
    /// `https://consul.example:8501`; without a scheme it is `http`.
    pub address: Option<String>,
    /// A file that holds its token.
    pub token_file: Option<PathBuf>,
    /// TLS.
    pub tls: Tls,
}

/// What was found, and every place that was looked at.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    /// Regions to watch.
    pub targets: Vec<Target>,
    /// Places looked at, in order.
    pub looked: Vec<Looked>,
}

/// Looks for regions.
pub fn discover(options: &Options) -> Discovery {
    let search = Search { options };
    let mut found = search.run();
    found.targets.iter_mut().for_each(|target| target.read_only |= options.read_only);
    if !found.targets.is_empty() && search.consul_counts() {
        found.looked.extend(consul_way::looked(&options.env));
    }
    found
}

struct Search<'a> {
    options: &'a Options,
}

impl Search<'_> {
    fn env(&self, name: &str) -> Option<&str> {
        self.options.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn run(&self) -> Discovery {
        if let Some(address) = &self.options.flag {
            return self.one(address, "--nomad", "command line");
        }
        if !self.options.configured.is_empty() {
            return self.configured();
        }
        match self.env("NOMAD_ADDR") {
            Some(address) => self.one(address, "NOMAD_ADDR", "NOMAD_ADDR"),
            None => self.usual(),
        }
    }

    fn configured(&self) -> Discovery {
        let mut found = Discovery::default();
        for wanted in &self.options.configured {
            let place = format!("{} (configuration)", wanted.name);
            let address =
                wanted.address.as_deref().or_else(|| self.env("NOMAD_ADDR")).map_or_else(usual, str::to_owned);
            let others: Result<Vec<String>, String> = wanted.others.iter().map(|other| check(other)).collect();
            match check(&address).and_then(|address| Ok((address, others?))) {
                Ok((address, others)) => {
                    found.looked.push(used(&place, &address));
                    found.looked.extend(too_many(&place, &wanted.namespaces));
                    found.targets.push(Target { others, ..self.target(wanted, address, "configuration") });
                }
                Err(why) => found.looked.push(bad(&place, &why)),
            }
        }
        found
    }

    fn one(&self, address: &str, place: &str, how: &str) -> Discovery {
        let address = match check(address) {
            Ok(address) => address,
            Err(why) => return Discovery { looked: vec![bad(place, &why)], ..Discovery::default() },
        };
        let wanted = Wanted { name: self.free_name(), namespaces: self.namespaces(), ..Wanted::default() };
        let looked = vec![used(place, &address)];
        Discovery { targets: vec![self.target(&wanted, address, how)], looked }
    }

    fn usual(&self) -> Discovery {
        let listens = USUAL.parse::<SocketAddr>().is_ok_and(|at| TcpStream::connect_timeout(&at, LISTENS).is_ok());
        if listens {
            return self.one(&usual(), USUAL, "usual address");
        }
        let looked = Looked { place: USUAL.into(), found: "nothing listens".into(), mend: None, used: false };
        let unset = Looked { place: "NOMAD_ADDR".into(), found: "not set".into(), mend: None, used: false };
        Discovery { looked: vec![unset, looked], ..Discovery::default() }
    }

    fn free_name(&self) -> String {
        let region = self.env("NOMAD_REGION");
        let wanted = region.map_or_else(|| "nomad".to_owned(), |region| format!("nomad-{region}"));
        let is_taken = |name: &str| self.options.taken.contains(&ClusterId::new(name));
        let mut names = std::iter::once(wanted.clone()).chain((2..).map(|n| format!("{wanted}-{n}")));
        names.find(|name| !is_taken(name)).unwrap_or(wanted)
    }

    /// The nomad command means all by `*`; nothing said is `default` there, and all here: a cockpit is to see what is wrong.
    fn namespaces(&self) -> Vec<Name> {
        self.env("NOMAD_NAMESPACE").filter(|name| *name != "*").map(Name::new).into_iter().collect()
    }

    /// Of several regions it cannot be told which one the environment's Consul is that of.
    fn consul_counts(&self) -> bool {
        self.options.flag.is_some() || self.options.configured.len() <= 1
    }

    fn target(&self, wanted: &Wanted, address: String, how: &str) -> Target {
        let file = |name: &str| self.env(name).map(PathBuf::from);
        let secret = || self.env("NOMAD_TOKEN").map_or(Token::None, |token| Token::Secret(token.to_owned().into()));
        let ours = &wanted.tls;
        Target {
            name: ClusterId::new(&wanted.name),
            address,
            others: Vec::new(),
            region: wanted.region.as_deref().or_else(|| self.env("NOMAD_REGION")).map(Name::new),
            namespaces: wanted.namespaces.clone(),
            how: Text::new(how),
            auth: self.env("NOMAD_HTTP_AUTH").map(HttpAuth::read),
            token: wanted.token_file.clone().map_or_else(secret, Token::File),
            tls: Tls {
                ca: ours.ca.clone().or_else(|| file("NOMAD_CACERT")),
                ca_dir: ours.ca_dir.clone().or_else(|| file("NOMAD_CAPATH")),
                cert: ours.cert.clone().or_else(|| file("NOMAD_CLIENT_CERT")),
                key: ours.key.clone().or_else(|| file("NOMAD_CLIENT_KEY")),
                server_name: ours.server_name.clone().or_else(|| self.env("NOMAD_TLS_SERVER_NAME").map(str::to_owned)),
                skip_verify: ours.skip_verify || self.env("NOMAD_SKIP_VERIFY").is_some_and(is_true),
            },
            // One that is no address is said among the places that were looked at.
            consul: consul_way::of_region(wanted.consul.as_ref(), &self.options.env, self.consul_counts())
                .and_then(Result::ok),
            read_only: wanted.read_only,
        }
    }
}

/// As Go's `strconv.ParseBool` reads it.
pub(super) fn is_true(raw: &str) -> bool {
    matches!(raw, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

fn usual() -> String {
    format!("http://{USUAL}")
}

fn used(place: &str, address: &str) -> Looked {
    Looked { place: Text::new(place), found: Text::new(address), mend: None, used: true }
}

fn bad(place: &str, why: &str) -> Looked {
    let mend = Some(Text::new("write http://HOST:4646, https://HOST:4646 or unix:///PATH"));
    Looked { place: Text::new(place), found: Text::new(why), mend, used: false }
}

/// Of more namespaces than are asked one by one, the last are not watched.
fn too_many(place: &str, namespaces: &[Name]) -> Option<Looked> {
    let left: Vec<&str> = namespaces.iter().skip(MOST).map(Name::as_str).collect();
    (!left.is_empty()).then(|| Looked {
        place: Text::new(place),
        found: Text::from(format!("namespaces {}: {MOST} are watched at most", left.join(", "))),
        mend: Some(Text::from(format!("name at most {MOST}, or none: then all is watched that the token sees"))),
        used: false,
    })
}

/// An address without what does not belong there.
fn check(address: &str) -> Result<String, String> {
    let written = address.trim();
    let (scheme, rest) =
        written.split_once("://").ok_or_else(|| format!("`{written}` does not say how: http or https"))?;
    let (address, rest) = (written.trim_end_matches('/'), rest.trim_end_matches('/'));
    match scheme {
        "http" | "https" | "unix" if rest.is_empty() => Err(format!("`{written}` names no host")),
        "http" | "https" if rest.contains('@') => Err("a password has no place in an address; use a token".to_owned()),
        "http" | "https" | "unix" => Ok(address.to_owned()),
        other => Err(format!("`{other}` is no way to an agent")),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn found(env: &[(&str, &str)]) -> Discovery {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        discover(&Options { env, ..Options::default() })
    }

    #[test]
    fn the_environment_is_read_as_the_nomad_command_reads_it() {
        let found = found(&[
            ("NOMAD_ADDR", "https://nomad.example:4646/"),
            ("NOMAD_TOKEN", "b6d1"),
            ("NOMAD_NAMESPACE", "shop"),
            ("NOMAD_REGION", "eu"),
            ("NOMAD_CACERT", "/etc/nomad/ca.pem"),
            ("NOMAD_CAPATH", "/etc/nomad/authorities"),
            ("NOMAD_TLS_SERVER_NAME", "server.eu.nomad"),
            ("NOMAD_HTTP_AUTH", "ops:hunter:2"),
            ("NOMAD_SKIP_VERIFY", "true"),
        ]);
        let [target] = found.targets.as_slice() else { panic!("one target: {found:?}") };
        assert_eq!((target.name.as_str(), target.address.as_str()), ("nomad-eu", "https://nomad.example:4646"));
        assert_eq!((target.region.as_deref(), &target.namespaces[..]), (Some("eu"), &["shop".into()][..]));
        assert!(matches!(target.token, Token::Secret(_)) && target.tls.skip_verify);
        assert_eq!(target.tls.ca.as_deref(), Some("/etc/nomad/ca.pem".as_ref()));
        assert_eq!(target.tls.ca_dir.as_deref(), Some("/etc/nomad/authorities".as_ref()));
        assert_eq!(target.tls.server_name.as_deref(), Some("server.eu.nomad"));
        let auth = target.auth.as_ref().expect("who asks");
        assert_eq!((auth.user.as_str(), auth.password.expose_secret()), ("ops", "hunter:2"));
        assert!(!format!("{target:?}").contains("b6d1"), "a secret is not printed");
    }

    #[test]
    fn several_servers_are_one_region_and_several_regions_are_several() {
        let wanted = |name: &str, region: &str, others: &[&str]| Wanted {
            name: name.to_owned(),
            address: Some("https://a:4646".to_owned()),
            others: others.iter().map(|it| (*it).to_owned()).collect(),
            region: Some(region.to_owned()),
            ..Wanted::default()
        };
        let configured = vec![wanted("eu", "eu", &["https://b:4646/", "https://c:4646"]), wanted("us", "us", &[])];
        let found = discover(&Options { configured, ..Options::default() });
        let said: Vec<_> =
            found.targets.iter().map(|it| (it.name.as_str(), it.region.as_deref(), it.others.len())).collect();
        assert_eq!(said, [("eu", Some("eu"), 2), ("us", Some("us"), 0)]);
        assert_eq!(found.targets[0].others, ["https://b:4646", "https://c:4646"]);
    }

    #[test]
    fn what_is_no_address_is_said_with_what_is() {
        for address in ["nomad.example:4646", "ftp://x", "http://", "http://me:secret@nomad.example"] {
            let found = found(&[("NOMAD_ADDR", address)]);
            assert!(found.targets.is_empty() && found.looked[0].mend.is_some(), "{address}: {found:?}");
        }
    }
}

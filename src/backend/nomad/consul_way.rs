//! The way to Consul, as the settings name it and as the consul command reads the environment (consul: api/api.go,
//! `defaultConfig`, `NewClient`).

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::backend::Looked;
use crate::domain::Text;
use crate::reach::Tls;

use super::discover::{WantedConsul, is_true};
use super::target::{Consul, Token};

/// Where an agent listens unless it is told otherwise.
const USUAL: &str = "127.0.0.1:8500";
const ADDRESS: &str = "CONSUL_HTTP_ADDR";

/// The Consul of a region: none where neither the settings nor, where that counts, the environment name one.
pub(super) fn of_region(
    wanted: Option<&WantedConsul>,
    env: &BTreeMap<String, String>,
    env_counts: bool,
) -> Option<Result<Consul, String>> {
    let nothing = BTreeMap::new();
    let env = Env(if env_counts { env } else { &nothing });
    if wanted.is_none() && env.get(ADDRESS).is_none() {
        return None;
    }
    let usual = WantedConsul::default();
    let wanted = wanted.unwrap_or(&usual);
    let address = wanted.address.as_deref().or_else(|| env.get(ADDRESS)).unwrap_or(USUAL);
    let with_tls = env.get("CONSUL_HTTP_SSL").is_some_and(is_true);
    Some(check(address, with_tls).map(|address| Consul {
        address,
        token: env.token(wanted),
        tls: env.tls(&wanted.tls),
    }))
}

/// What came of looking at the environment, where it names one.
pub(super) fn looked(env: &BTreeMap<String, String>) -> Option<Looked> {
    let place = Text::new(ADDRESS);
    Some(match of_region(None, env, true)? {
        Ok(consul) => Looked { place, found: Text::from(consul.address), mend: None, used: true },
        Err(why) => {
            let mend = Some(Text::new("write HOST:8500, https://HOST:8501 or unix:///PATH"));
            Looked { place, found: Text::from(why), mend, used: false }
        }
    })
}

struct Env<'a>(&'a BTreeMap<String, String>);

impl Env<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A file goes before a secret.
    fn token(&self, wanted: &WantedConsul) -> Token {
        let file = wanted.token_file.clone().or_else(|| self.get("CONSUL_HTTP_TOKEN_FILE").map(PathBuf::from));
        let secret = || self.get("CONSUL_HTTP_TOKEN").map(|token| Token::Secret(token.to_owned().into()));
        file.map(Token::File).or_else(secret).unwrap_or_default()
    }

    fn tls(&self, ours: &Tls) -> Tls {
        let file = |name: &str| self.get(name).map(PathBuf::from);
        let unverified = |raw: &str| matches!(raw, "0" | "f" | "F" | "false" | "FALSE" | "False");
        Tls {
            ca: ours.ca.clone().or_else(|| file("CONSUL_CACERT")),
            ca_dir: ours.ca_dir.clone().or_else(|| file("CONSUL_CAPATH")),
            cert: ours.cert.clone().or_else(|| file("CONSUL_CLIENT_CERT")),
            key: ours.key.clone().or_else(|| file("CONSUL_CLIENT_KEY")),
            server_name: ours.server_name.clone().or_else(|| self.get("CONSUL_TLS_SERVER_NAME").map(str::to_owned)),
            skip_verify: ours.skip_verify || self.get("CONSUL_HTTP_SSL_VERIFY").is_some_and(unverified),
        }
    }
}

/// An address with its scheme: without one it is HTTP, and where TLS is asked for it stays TLS.
fn check(address: &str, with_tls: bool) -> Result<String, String> {
    let (scheme, rest) = address.trim().split_once("://").unwrap_or(("http", address.trim()));
    let rest = rest.trim_end_matches('/');
    match scheme {
        _ if rest.is_empty() => Err(format!("`{address}` names no host")),
        "http" | "https" if rest.contains('@') => Err("a password has no place in an address; use a token".to_owned()),
        "http" if with_tls => Ok(format!("https://{rest}")),
        "http" | "https" | "unix" => Ok(format!("{scheme}://{rest}")),
        other => Err(format!("`{other}` is no way to an agent of Consul")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(env: &[(&str, &str)]) -> Option<Result<Consul, String>> {
        of_region(None, &environment(env), true)
    }

    fn environment(env: &[(&str, &str)]) -> BTreeMap<String, String> {
        env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn address(env: &[(&str, &str)]) -> String {
        found(env).expect("one is named").expect("it is one").address
    }

    #[test]
    fn the_environment_is_read_as_the_consul_command_reads_it() {
        assert!(found(&[("CONSUL_HTTP_TOKEN", "x")]).is_none(), "nobody named one");
        assert_eq!(address(&[("CONSUL_HTTP_ADDR", "10.0.0.5:8500")]), "http://10.0.0.5:8500");
        assert_eq!(address(&[("CONSUL_HTTP_ADDR", "https://consul.example/")]), "https://consul.example");
        assert_eq!(address(&[("CONSUL_HTTP_ADDR", "unix:///run/consul.sock")]), "unix:///run/consul.sock");
        for plain in ["10.0.0.5:8501", "http://10.0.0.5:8501"] {
            let env = [("CONSUL_HTTP_ADDR", plain), ("CONSUL_HTTP_SSL", "true")];
            assert_eq!(address(&env), "https://10.0.0.5:8501", "TLS was asked for");
        }
        for odd in ["ftp://x", "http://me:secret@x", "https://"] {
            assert!(found(&[("CONSUL_HTTP_ADDR", odd)]).is_some_and(|it| it.is_err()), "{odd}");
            assert!(looked(&environment(&[("CONSUL_HTTP_ADDR", odd)])).is_some_and(|it| it.mend.is_some()));
        }
    }

    #[test]
    fn a_token_in_a_file_goes_before_one_in_the_environment_and_none_is_printed() {
        let env = [("CONSUL_HTTP_ADDR", "x:1"), ("CONSUL_HTTP_TOKEN", "s3cret"), ("CONSUL_CACERT", "/etc/ca.pem")];
        let consul = found(&env).expect("one is named").expect("it is one");
        assert!(matches!(consul.token, Token::Secret(_)) && !format!("{consul:?}").contains("s3cret"));
        assert_eq!(consul.tls.ca.as_deref(), Some("/etc/ca.pem".as_ref()));
        let with_file = [env[0], env[1], ("CONSUL_HTTP_TOKEN_FILE", "/run/token")];
        let consul = found(&with_file).expect("one is named").expect("it is one");
        assert!(matches!(consul.token, Token::File(_)));
    }

    #[test]
    fn settings_of_one_region_go_before_the_environment_and_that_of_several_says_nothing() {
        let env = environment(&[("CONSUL_HTTP_ADDR", "env:8500"), ("CONSUL_HTTP_TOKEN", "x")]);
        let wanted = WantedConsul { address: Some("https://eu.example".into()), ..WantedConsul::default() };
        let of = |wanted, counts| of_region(wanted, &env, counts).map(|it| it.expect("it is one").address);
        assert_eq!(of(Some(&wanted), true).as_deref(), Some("https://eu.example"));
        assert_eq!(of(None, false), None, "whose it is cannot be told");
        let alone = of_region(Some(&wanted), &env, false).expect("one is named").expect("it is one");
        assert!(matches!(alone.token, Token::None), "a token of another is not sent there");
    }
}

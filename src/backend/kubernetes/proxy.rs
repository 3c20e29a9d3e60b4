//! Which proxy leads to a server, by the environment. kube matches `NO_PROXY` against the proxy's own address and
//! refuses all of it for one odd entry; here it is read as kubectl reads it (golang.org/x/net/http/httpproxy).

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use http::Uri;

/// What the environment says of proxies.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Proxies {
    https: Option<String>,
    http: Option<String>,
    none_for: String,
}

/// An address of a proxy may hold a password.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = [("https", &self.https), ("http", &self.http)];
        let set: Vec<&str> = set.iter().filter(|(_, proxy)| proxy.is_some()).map(|(name, _)| *name).collect();
        f.debug_struct("Proxies").field("set", &set).field("none_for", &self.none_for).finish()
    }
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, else their names in small letters.
    pub fn from_env(env: &BTreeMap<String, String>) -> Self {
        let set = |name: &str| {
            let found = env.get(name).filter(|value| !value.is_empty());
            found.or_else(|| env.get(&name.to_lowercase())).filter(|value| !value.is_empty()).cloned()
        };
        Self { https: set("HTTPS_PROXY"), http: set("HTTP_PROXY"), none_for: set("NO_PROXY").unwrap_or_default() }
    }

    /// The proxy that leads to `server`, as the environment has it.
    pub(super) fn towards(&self, server: &Uri) -> Option<&str> {
        let plain = server.scheme_str() == Some("http");
        let proxy = if plain { &self.http } else { &self.https };
        let host = server.host()?;
        let port = server.port_u16().unwrap_or(if plain { 80 } else { 443 });
        proxy.as_deref().filter(|_| !is_here(host) && !is_spared(&self.none_for, host, port))
    }
}

/// Reads a proxy's address; without a scheme it is HTTP. kube knows `socks5`, which asks the proxy for names, as
/// `socks5h` does.
pub(super) fn parse(address: &str) -> Result<Uri, &'static str> {
    let address = address.trim();
    let address = match address.split_once("://") {
        None => format!("http://{address}"),
        Some(("socks5h", rest)) => format!("socks5://{rest}"),
        Some(("http" | "https" | "socks5", _)) => address.to_owned(),
        Some(_) => return Err("its address has to begin with http://, https:// or socks5://"),
    };
    let uri: Uri = address.parse().map_err(|_| "its address cannot be read")?;
    if uri.host().is_none_or(str::is_empty) { Err("its address has no host") } else { Ok(uri) }
}

/// What is on this machine is reached without a proxy.
fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || address(host).is_some_and(|ip| ip.is_loopback())
}

fn is_spared(entries: &str, host: &str, port: u16) -> bool {
    let host = host.trim_end_matches('.').to_lowercase();
    entries.split(',').map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| fits(entry, &host, port))
}

/// Whether an entry of `NO_PROXY` is for this host: `*`, an address, a range, a domain (with what is below it), or only
/// what is below it (`.corp`, `*.corp`); each with a port or without.
fn fits(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some((network, bits)) = entry.split_once('/') {
        return address(host).is_some_and(|ip| is_within(ip, network, bits));
    }
    let (name, at) = split_port(entry);
    if at.is_some_and(|at| at != port) {
        return false;
    }
    if let Some(ip) = address(name) {
        return address(host) == Some(ip);
    }
    let name = name.trim_end_matches('.').to_lowercase();
    let name = name.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(&name);
    match name.strip_prefix('.') {
        Some(domain) => is_below(host, domain),
        None => host == name || is_below(host, name),
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

/// A bare IPv6 address holds colons and no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((name, port)) if address(entry).is_none() => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_within(ip: IpAddr, network: &str, bits: &str) -> bool {
    let (Some(network), Ok(bits)) = (address(network), bits.parse::<u32>()) else { return false };
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => {
            let differ = u32::from(ip) ^ u32::from(network);
            bits <= 32 && differ.checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(network)) => {
            let differ = u128::from(ip) ^ u128::from(network);
            bits <= 128 && differ.checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(set: &[(&str, &str)]) -> Proxies {
        Proxies::from_env(&set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    fn spared(none_for: &str, server: &str) -> bool {
        let proxies = proxies(&[("HTTPS_PROXY", "proxy:3128"), ("NO_PROXY", none_for)]);
        proxies.towards(&server.parse().expect("an address")).is_none()
    }

    #[test]
    fn a_server_is_spared_by_name_domain_address_and_range() {
        for (none_for, server) in [
            ("*", "https://a.corp"),
            ("other, a.corp ", "https://a.corp:6443"),
            ("corp", "https://a.corp"),
            (".corp", "https://a.corp"),
            ("*.corp", "https://A.Corp"),
            ("10.0.0.0/8", "https://10.1.2.3:6443"),
            ("10.1.2.3", "https://10.1.2.3:6443"),
            ("0.0.0.0/0", "https://10.1.2.3"),
            ("a.corp:6443", "https://a.corp:6443"),
            ("fd00::/8", "https://[fd00::1]:6443"),
            ("fd00::1", "https://[fd00::1]:6443"),
            ("", "https://localhost:6443"),
            ("", "https://127.0.0.1:6443"),
            ("", "https://[::1]:6443"),
        ] {
            assert!(spared(none_for, server), "{none_for} {server}");
        }
    }

    #[test]
    fn another_server_and_an_odd_entry_are_not() {
        for (none_for, server) in [
            ("", "https://a.corp"),
            (".corp", "https://corp"),
            ("corp", "https://acorp"),
            ("a.corp:443", "https://a.corp:6443"),
            ("10.0.0.0/8", "https://11.1.2.3"),
            ("10.0.0.0/33,10.0.0.0/x,/,::,[,http://x y", "https://10.1.2.3"),
            ("fd00::/8", "https://10.1.2.3"),
        ] {
            assert!(!spared(none_for, server), "{none_for} {server}");
        }
    }

    #[test]
    fn the_scheme_of_the_server_says_which_proxy() {
        let both = proxies(&[("https_proxy", "http://a:1"), ("HTTP_PROXY", "http://b:2")]);
        assert_eq!(both.towards(&Uri::from_static("https://x")), Some("http://a:1"));
        assert_eq!(both.towards(&Uri::from_static("http://x")), Some("http://b:2"));
        assert_eq!(proxies(&[("HTTPS_PROXY", "")]).towards(&Uri::from_static("https://x")), None);
    }

    #[test]
    fn an_address_of_a_proxy_is_read_as_kubectl_reads_it() {
        assert_eq!(parse("proxy:3128").map(|uri| uri.to_string()), Ok("http://proxy:3128/".to_owned()));
        assert_eq!(parse("socks5h://p:1080").map(|uri| uri.to_string()), Ok("socks5://p:1080/".to_owned()));
        assert!(parse("ftp://p").is_err() && parse("http://").is_err());
    }

    #[test]
    fn a_password_is_not_printed() {
        let proxies = proxies(&[("HTTPS_PROXY", "http://me:secret@proxy:3128")]);
        assert!(!format!("{proxies:?}").contains("secret"));
    }
}

//! A server that shows another name than the one it is reached by (NOMAD_TLS_SERVER_NAME): those of Nomad show `server.REGION.nomad`,
//! wherever they are. It is asked for by that name, which stands for the host of the address.

use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::Text;

use super::failure::Failure;

/// How such a server is asked.
pub(super) struct Named {
    /// The address, with the name in it.
    pub(super) base: String,
    /// What is said to be its host all the same: a proxy in front of it knows that one.
    pub(super) host: String,
    pub(super) resolver: Arc<Instead>,
}

/// Finds one host, whatever name is asked for.
pub(super) struct Instead {
    host: String,
}

impl Named {
    pub(super) fn of(address: &str, name: &str) -> Result<Self, Failure> {
        let odd = |what: &str| Failure::Unable(Text::from(format!("`{name}` is no name of a server ({what})")));
        let mut url =
            Url::parse(address).map_err(|error| Failure::Unable(Text::from(format!("{address}: {error}"))))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let said = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        // One that is an address would not be looked up.
        if name.parse::<std::net::IpAddr>().is_ok() {
            return Err(odd("an address"));
        }
        url.set_host(Some(name)).map_err(|error| odd(&error.to_string()))?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { base, host: said, resolver: Arc::new(Instead { host }) })
    }
}

impl Resolve for Instead {
    fn resolve(&self, _: Name) -> Resolving {
        let host = self.host.clone();
        Box::pin(async move {
            // The port of the address counts.
            let found: Vec<_> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_stands_for_the_host_and_the_port_stays() {
        let named = Named::of("https://10.0.0.5:4646", "server.eu.nomad").expect("a name");
        assert_eq!((named.base.as_str(), named.host.as_str()), ("https://server.eu.nomad:4646", "10.0.0.5:4646"));
        assert_eq!(named.resolver.host, "10.0.0.5");
        let named = Named::of("https://[::1]:4646/prefix", "server.eu.nomad").expect("a name");
        assert_eq!((named.base.as_str(), named.resolver.host.as_str()), ("https://server.eu.nomad:4646/prefix", "::1"));
        assert!(Named::of("https://10.0.0.5", "not a name").is_err());
    }
}

//! The certificate that a server shows, as far as a person is told of it.

use std::sync::Arc;
use std::time::Duration;

use kube::client::ConfigExt;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::super::target::Target;
use super::{Plan, blocking};
use crate::domain::Timestamp;
use crate::reach::expiry;

/// From when until when the certificate is good that a target's server shows: a connection is made for it and closed, for
/// kube tells nobody. None where it cannot be seen, or is not asked for: through a proxy, or without TLS.
pub(in super::super) async fn certificate(target: &Target, within: Duration) -> Option<(Timestamp, Timestamp)> {
    let wanted = target.clone();
    let config = blocking(within, move || Plan::of(&wanted).map(|plan| plan.config)).await.ok()?;
    if config.proxy_url.is_some() || config.cluster_url.scheme_str() != Some("https") {
        return None;
    }
    tokio::time::timeout(within, shown(&config)).await.ok()?
}

async fn shown(config: &kube::Config) -> Option<(Timestamp, Timestamp)> {
    let host = config.cluster_url.host()?.trim_matches(['[', ']']);
    let port = config.cluster_url.port_u16().unwrap_or(443);
    let name = ServerName::try_from(config.tls_server_name.clone().unwrap_or_else(|| host.to_owned())).ok()?;
    let tls = TlsConnector::from(Arc::new(config.rustls_client_config().ok()?));
    let stream = tls.connect(name, TcpStream::connect((host, port)).await.ok()?).await.ok()?;
    expiry::validity(stream.get_ref().1.peer_certificates()?.first()?)
}

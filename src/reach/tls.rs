//! Who vouches for a server that speaks HTTP, and what is shown to it.

use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder, Identity};

use crate::domain::Text;

/// TLS towards a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Who may vouch for it; else the system's authorities.
    pub ca: Option<PathBuf>,
    /// A directory of such files.
    pub ca_dir: Option<PathBuf>,
    /// What we show.
    pub cert: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// The name that it is to show, where that is not the one in its address: `server.eu.nomad`.
    pub server_name: Option<String>,
    /// Whatever it shows is believed.
    pub skip_verify: bool,
}

/// A client of a server, which speaks TLS where the address says so.
///
/// # Errors
/// In words: a file of a certificate cannot be read, or a certificate and its key do not come together.
pub fn client(address: &str, tls: &Tls) -> Result<ClientBuilder, Text> {
    // Where another has set one, that one counts.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder();
    match address.starts_with("https://") {
        true => with_tls(builder, tls),
        // The system's certificates take longer to read than all that is asked without them.
        false => Ok(builder.tls_certs_only([])),
    }
}

/// What cannot be read, and why.
pub fn unread(file: &Path, error: &dyn std::fmt::Display) -> Text {
    Text::from(format!("{}: {error}", file.display()))
}

fn with_tls(builder: ClientBuilder, tls: &Tls) -> Result<ClientBuilder, Text> {
    let mut authorities = Vec::new();
    let in_dir = tls.ca_dir.iter().filter_map(|dir| std::fs::read_dir(dir).ok()).flatten();
    let in_dir = in_dir.filter_map(|entry| entry.ok().map(|entry| entry.path())).filter(|path| path.is_file());
    for file in tls.ca.iter().cloned().chain(in_dir) {
        let pem = std::fs::read(&file).map_err(|error| unread(&file, &error))?;
        authorities.extend(Certificate::from_pem_bundle(&pem).map_err(|error| unread(&file, &error))?);
    }
    if authorities.is_empty() {
        let native = rustls_native_certs::load_native_certs().certs;
        authorities = native.iter().filter_map(|it| Certificate::from_der(it).ok()).collect();
    }
    let mut builder = builder.tls_certs_only(authorities).tls_danger_accept_invalid_certs(tls.skip_verify);
    match (&tls.cert, &tls.key) {
        (None, None) => {}
        (Some(cert), Some(key)) => {
            let mut pem = std::fs::read(cert).map_err(|error| unread(cert, &error))?;
            pem.extend(std::fs::read(key).map_err(|error| unread(key, &error))?);
            builder = builder.identity(Identity::from_pem(&pem).map_err(|error| unread(cert, &error))?);
        }
        _ => return Err(Text::new("of a certificate and its key only one is named, and they go together")),
    }
    Ok(builder)
}

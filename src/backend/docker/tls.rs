//! TLS towards an engine: who may vouch for it, and what we show.

use std::path::Path;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::domain::Text;

use super::target::Certificates;

/// A configuration from PEM files. Errors name the file.
pub(super) fn config(files: &Certificates) -> Result<ClientConfig, Text> {
    let mut roots = RootCertStore::empty();
    match &files.ca {
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| said(path, error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Text::from(format!("TLS: {error}")))?
        .with_root_certificates(roots);
    match (&files.cert, &files.key) {
        (Some(cert), Some(key)) => {
            let ours = certificates(cert)?;
            let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| said(key, error))?;
            builder.with_client_auth_cert(ours, secret).map_err(|error| said(cert, error))
        }
        (Some(cert), None) => Err(Text::from(format!("{}: its key.pem is missing", cert.display()))),
        (None, Some(key)) => Err(Text::from(format!("{}: its cert.pem is missing", key.display()))),
        (None, None) => Ok(builder.with_no_client_auth()),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Text> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(|error| said(path, error))?.collect();
    let found = found.map_err(|error| said(path, error))?;
    if found.is_empty() { Err(said(path, "no certificate in it")) } else { Ok(found) }
}

fn said(path: &Path, error: impl std::fmt::Display) -> Text {
    Text::from(format!("{}: {error}", path.display()))
}

//! Ways to an engine other than a socket of this machine: TCP, TLS, ssh.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use cockpit::backend::docker::{Certificates, Docker, Endpoint, Target};
use cockpit::domain::{ClusterId, Freshness};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::engine::Engine;
use crate::watcher::{Watcher, pace};

fn tls_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/tls")
}

/// An engine that shows its certificate and wants to see one.
fn acceptor() -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let authority = CertificateDer::from_pem_file(tls_dir().join("ca.pem")).expect("a certificate");
    let mut roots = RootCertStore::empty();
    roots.add(authority).expect("an authority");
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let certificate = CertificateDer::from_pem_file(tls_dir().join("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(tls_dir().join("server-key.pem")).expect("a key");
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(clients.expect("a verifier"))
        .with_single_cert(vec![certificate], key)
        .expect("a configuration");
    TlsAcceptor::from(Arc::new(config))
}

async fn trouble_of(endpoint: Endpoint) -> String {
    let mut watcher = Watcher::through(endpoint, pace());
    watcher.until("a trouble", |view| view.freshness(&ClusterId::new("local")) == Freshness::Unreachable).await;
    watcher.trouble("containers").expect("one").what.to_string()
}

#[tokio::test]
async fn an_engine_is_watched_over_tcp() {
    let mut engine = Engine::recorded("1.41");
    let port = engine.start_tcp(None).await;
    let mut watcher = Watcher::through(Endpoint::Tcp { host: "127.0.0.1".into(), port }, pace());
    watcher.until_live().await;
    assert!(watcher.view().instances().count() > 10);
}

#[tokio::test]
async fn with_the_right_certificates_an_engine_is_watched_over_tls() {
    let mut engine = Engine::recorded("1.52");
    let port = engine.start_tcp(Some(acceptor())).await;
    let certificates = Certificates::in_dir(&tls_dir().join("client"));
    for host in ["localhost", "127.0.0.1"] {
        let endpoint = Endpoint::Tls { host: host.into(), port, certificates: certificates.clone() };
        let mut watcher = Watcher::through(endpoint, pace());
        watcher.until_live().await;
        assert!(watcher.view().instances().count() > 10);
    }
}

#[tokio::test]
async fn without_them_it_is_said_what_is_wrong() {
    let mut engine = Engine::recorded("1.52");
    let port = engine.start_tcp(Some(acceptor())).await;
    let right = Certificates::in_dir(&tls_dir().join("client"));
    let at = |certificates: Certificates| Endpoint::Tls { host: "127.0.0.1".into(), port, certificates };
    let ours = trouble_of(at(Certificates { cert: None, key: None, ..right.clone() })).await;
    assert!(ours.to_lowercase().contains("certificate"), "{ours}");
    let theirs = trouble_of(at(Certificates { ca: None, ..right.clone() })).await;
    assert!(theirs.contains("UnknownIssuer"), "{theirs}");
    let plain = trouble_of(Endpoint::Tcp { host: "127.0.0.1".into(), port }).await;
    assert!(!plain.is_empty());
    let target = Target {
        name: ClusterId::new("local"),
        endpoint: at(Certificates { key: None, ..right }),
        how: "a test".into(),
        read_only: false,
        surroundings: Default::default(),
    };
    assert!(Docker::new(target).is_err_and(|why| why.contains("key.pem")));
}

/// Runs cockpit against an engine behind ssh, with a script in the place of ssh.
fn triage_through(script: &str) -> Output {
    let dir = tempfile::tempdir().expect("a directory");
    let ssh = dir.path().join("ssh");
    std::fs::write(&ssh, script).expect("a script");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&ssh, executable).expect("executable");
    Command::new(env!("CARGO_BIN_EXE_cockpit"))
        .args(["triage", "--json", "--wait", "10s"])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", dir.path().display()))
        .env("HOME", dir.path())
        .env("DOCKER_HOST", "ssh://ops@far.example:2222")
        .output()
        .expect("cockpit runs")
}

#[test]
fn an_engine_is_watched_through_ssh() {
    let script = r#"#!/bin/sh
case "$*" in *"-o BatchMode=yes"*"-p 2222 -- ops@far.example docker system dial-stdio") ;; *) exit 2 ;; esac
cr=$(printf '\r')
while read -r method path rest; do
  while read -r line; do [ "$line" = "$cr" ] && break; done
  case "$path" in
    */_ping) body=OK ;;
    */info) body='{"ID":"FAR","Name":"far","ServerVersion":"28.0"}' ;;
    */containers/json*) body='[]' ;;
    *until=*) body= ;;
    */events*) printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'; read -r never; exit ;;
    *) body='{}' ;;
  esac
  printf 'HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: %s\r\n\r\n%s' "${#body}" "$body"
done
"#;
    let output = triage_through(script);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("\"complete\":true") || said.contains("\"complete\": true"), "{said}");
}

#[test]
fn what_ssh_complains_of_is_the_trouble() {
    let script = "#!/bin/sh\necho 'ops@far.example: Permission denied (publickey).' >&2\nexit 255\n";
    let output = triage_through(script);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("Permission denied (publickey)"), "{said}");
}

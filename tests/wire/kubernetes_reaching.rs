//! Ways to a server that do not lead there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cockpit::domain::{ClusterInfo, Freshness, TroubleKind};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::plane::Plane;
use crate::watcher::{Watcher, cluster};

fn tls_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/tls")
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(tls_dir().join("server.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(tls_dir().join("server-key.pem")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a configuration");
    TlsAcceptor::from(Arc::new(config))
}

fn authority(file: &str) -> String {
    format!("    certificate-authority: {}\n", tls_dir().join(file).display())
}

async fn secure() -> Plane {
    let mut plane = Plane::new();
    plane.listen(Some(acceptor())).await;
    plane
}

#[tokio::test]
async fn a_cluster_is_watched_over_tls() {
    let plane = secure().await;
    plane.kubeconfig("https", &authority("ca.pem"));
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    assert_eq!(watcher.held("namespaces"), 3);
    // Nobody renews by itself what was made for a hundred years.
    let ends = "2126-10-31T01:02:01Z".parse().ok();
    watcher
        .until("the end of the server's certificate is known", |view| {
            view.cluster_info(&ClusterInfo::key_of(&cluster())).is_some_and(|it| it.certificate_ends == ends)
        })
        .await;
}

#[tokio::test]
async fn certificates_that_are_not_trusted_are_told_apart() {
    let plane = secure().await;
    let said = async |cluster: &str| {
        plane.kubeconfig("https", cluster);
        let mut watcher = Watcher::of(&plane);
        watcher.until_source("pods", Freshness::Unreachable).await;
        watcher.trouble("pods").expect("one").what.to_string()
    };
    let authority_unknown = said(&authority("server.pem")).await;
    assert!(authority_unknown.contains("signed by an authority"), "{authority_unknown}");
    let name = said(&format!("{}    tls-server-name: elsewhere.example\n", authority("ca.pem"))).await;
    assert!(name.contains("made out to other names"), "{name}");
    plane.kubeconfig("http", "");
    let mut watcher = Watcher::of(&plane);
    watcher.until_source("pods", Freshness::Unreachable).await;
}

#[tokio::test]
async fn a_name_without_an_address_is_said() {
    let plane = Plane::start().await;
    let config = std::fs::read_to_string(plane.kubeconfig_path()).expect("a kubeconfig");
    let elsewhere = config.replace("127.0.0.1", "plane.invalid");
    std::fs::write(plane.kubeconfig_path(), elsewhere).expect("a kubeconfig");
    let mut watcher = Watcher::of(&plane);
    watcher.until_source("pods", Freshness::Unreachable).await;
    let what = watcher.trouble("pods").expect("one").what;
    assert!(what.contains("the name in http://plane.invalid:") && what.contains("has no address"), "{what}");
}

#[tokio::test]
async fn without_a_kubeconfig_there_is_no_login() {
    let plane = Plane::start().await;
    std::fs::remove_file(plane.kubeconfig_path()).expect("it was there");
    let mut watcher = Watcher::of(&plane);
    watcher.until_source("pods", Freshness::Forbidden).await;
    let trouble = watcher.trouble("pods").expect("one");
    assert_eq!(trouble.kind, TroubleKind::Unauthorized);
    assert!(trouble.what.contains("the context `test`"), "{}", trouble.what);
    plane.kubeconfig("http", "");
    watcher.until_live().await;
}

#[tokio::test]
async fn another_cluster_at_the_same_address_is_read_afresh() {
    let mut plane = Plane::start().await;
    plane.pod("shop", "before");
    let mut watcher = Watcher::of(&plane);
    watcher.until_live().await;
    plane.crash().await;
    watcher.until_source("cluster", Freshness::Unreachable).await;
    let mut other = Plane::new();
    other.pod("shop", "after");
    other.namespace("more");
    other.rename("kube-system", "uid-of-another");
    other.listen(None).await;
    // The context points elsewhere now.
    other.kubeconfig("http", "");
    std::fs::copy(other.kubeconfig_path(), plane.kubeconfig_path()).expect("a copy");
    watcher.until_live().await;
    assert_eq!((watcher.held("namespaces"), watcher.held("pods") >= 1), (4, true));
    assert_eq!(other.asked("list", "/api/v1/pods").len(), 1);
    let held = watcher.view().instances().map(|pod| pod.key.name.to_string()).collect::<Vec<_>>();
    assert_eq!(held, ["after"]);
}

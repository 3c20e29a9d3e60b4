use std::fmt::Write as _;
use std::path::PathBuf;

use super::*;
use crate::backend::kubernetes::{Discovery, Options, discover};
use crate::domain::ClusterId;

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire/kubernetes/kubeconfigs")
}

fn pace() -> Pace {
    Pace { login_within: Duration::from_secs(2), ..Pace::default() }
}

fn found(file: &Path) -> Discovery {
    discover(&Options { kubeconfig: Some(file.to_owned()), root: corpus(), ..Options::default() })
}

/// What is said of a kubeconfig: by discovery, and when it is logged in with.
async fn said(file: &Path) -> String {
    let mut out = String::new();
    let found = found(file);
    for looked in &found.looked {
        let _ = writeln!(out, "looked at {}: {}", looked.place, looked.found);
        looked.mend.iter().for_each(|mend| writeln!(out, "  to mend it: {mend}").expect("written"));
    }
    found.unwatched.iter().for_each(|it| writeln!(out, "not watched: {it}").expect("written"));
    for target in &found.targets {
        match open(target, &pace()).await {
            Ok(it) => writeln!(out, "{}: {}, namespace {}", target.name, it.address, Text::new(&it.namespace)),
            Err(Failure::Login { what, mend }) => writeln!(out, "{}: {what}\n  to mend it: {mend}", target.name),
            Err(failure) => panic!("{failure:?}"),
        }
        .expect("written");
    }
    out.replace(&corpus().display().to_string(), "DIR")
}

#[tokio::test]
async fn every_odd_kubeconfig_says_what_is_wrong_and_its_mend() {
    let mut seen = 0;
    for entry in std::fs::read_dir(corpus()).expect("the corpus") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let said = said(&path).await;
        assert!(!said.contains('\u{1b}') && !said.contains("secret-token") && !said.contains("me:secret"), "{said}");
        let expected = path.with_extension("txt");
        if std::env::var_os("COCKPIT_WRITE_EXPECTED").is_some() {
            std::fs::write(&expected, &said).expect("written");
        }
        assert_eq!(said, std::fs::read_to_string(&expected).unwrap_or_default(), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 30, "the corpus is there");
}

/// A target of its own kubeconfig, with this cluster and user.
fn target(dir: &Path, cluster: &str, user: &str) -> Target {
    let file = dir.join("config");
    let content = format!(
        "contexts: [{{name: x, context: {{cluster: c, user: ops, namespace: shop}}}}]\n\
         clusters: [{{name: c, cluster: {cluster}}}]\n\
         users: [{{name: ops, user: {user}}}]\n"
    );
    std::fs::write(&file, content).expect("written");
    Target {
        name: ClusterId::new("x"),
        way: Way::Context { files: vec![file], context: "x".to_owned() },
        namespaces: Vec::new(),
        how: Text::new("test"),
        read_only: false,
        debug_image: "busybox:1.37".into(),
        proxies: Proxies::default(),
    }
}

const PLAIN: &str = "{server: 'http://10.0.0.1'}";

fn tls(name: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire/tls/client").join(name))
        .expect("a file")
}

#[tokio::test]
async fn a_command_runs_once_and_what_it_gives_is_shown_and_has_an_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let answer = serde_json::json!({"status": {
        "expirationTimestamp": "2126-01-01T00:00:00Z",
        "clientCertificateData": tls("cert.pem"),
        "clientKeyData": tls("key.pem"),
    }});
    std::fs::write(dir.path().join("answer"), answer.to_string()).expect("written");
    let login = "echo \"$KUBERNETES_EXEC_INFO $GIVEN\" >> asked; cat answer";
    let user = format!(
        "{{exec: {{apiVersion: v1, command: sh, args: [-c, 'cd {} && {login}'], provideClusterInfo: true, \
         interactiveMode: Always, env: [{{name: GIVEN, value: yes}}]}}}}",
        dir.path().display()
    );
    let connection = open(&target(dir.path(), PLAIN, &user), &pace()).await.expect("a connection");
    assert_eq!(connection.valid_until, "2125-12-31T23:59:00Z".parse().ok(), "a minute before the end");
    assert_eq!(connection.expires, "2126-10-31T01:02:01Z".parse().ok());
    assert_eq!((connection.address.as_str(), connection.namespace.as_str()), ("http://10.0.0.1", "shop"));
    assert_eq!(
        std::fs::read_to_string(dir.path().join("asked")).expect("it ran"),
        "{\"kind\":\"ExecCredential\",\"apiVersion\":\"v1\",\"spec\":{\"cluster\":{\"server\":\"http://10.0.0.1\"},\
         \"interactive\":false}} yes\n"
    );
}

#[tokio::test]
async fn what_is_wrong_is_mended_by_renewing_the_login_elsewhere() {
    let dir = tempfile::tempdir().expect("a directory");
    let target = target(dir.path(), PLAIN, "{tokenFile: token}");
    assert!(open(&target, &pace()).await.is_err());
    std::fs::write(dir.path().join("token"), "t").expect("written");
    assert_eq!(open(&target, &pace()).await.expect("a connection").valid_until, None, "kube reads it again itself");
    std::fs::write(dir.path().join("token"), "t\n").expect("written");
    let connection = open(&target, &pace()).await.expect("a connection");
    assert!(connection.valid_until > Some(Timestamp::now()), "a line break would be sent along");
}

#[tokio::test]
async fn a_server_that_does_not_accept_us_refuses_somebody() {
    let dir = tempfile::tempdir().expect("a directory");
    let certificate = "{client-certificate-data: CERT, client-key-data: KEY}"
        .replace("CERT", &BASE64_STANDARD.encode(tls("cert.pem")))
        .replace("KEY", &BASE64_STANDARD.encode(tls("key.pem")));
    for (user, who) in [
        ("{token: t}", "the token of the user `ops` is not accepted (Unauthorized)"),
        ("{username: u, password: p}", "the password of the user `ops` is not accepted (Unauthorized)"),
        ("{}", "nobody is not accepted: the context shows no login (Unauthorized)"),
        (&certificate, "the client certificate of the user `ops` is not accepted (Unauthorized)"),
        (
            "{exec: {command: echo, args: ['{\"status\":{\"token\":\"t\"}}']}}",
            "what `echo` gave is not accepted (Unauthorized)",
        ),
    ] {
        let connection = open(&target(dir.path(), PLAIN, user), &pace()).await.expect("a connection");
        let refused = |status| Failure::refused(status, b"Unauthorized", None);
        assert_eq!(connection.explain(refused(401), Timestamp::now()).to_string(), who);
        assert_eq!(connection.explain(refused(503), Timestamp::now()), refused(503));
        if let Some(ends) = connection.expires {
            let later = ends.checked_add(SignedDuration::from_hours(72)).expect("a time");
            let said = "the client certificate of the user `ops` expired 3 d ago";
            assert_eq!(connection.explain(refused(401), later).to_string(), said);
        }
    }
}

#[tokio::test]
async fn the_proxy_of_the_kubeconfig_goes_before_that_of_the_environment() {
    let dir = tempfile::tempdir().expect("a directory");
    let env = [("HTTPS_PROXY", "http://me:pw@env:3128"), ("NO_PROXY", "10.0.0.0/8, bad entry")];
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    for (cluster, address) in [
        (
            "{server: 'https://a.corp', proxy-url: 'socks5://own:1080'}",
            "https://a.corp (through the proxy socks5://own:1080)",
        ),
        ("{server: 'https://a.corp'}", "https://a.corp (through the proxy http://env:3128)"),
        ("{server: 'https://10.0.0.1'}", "https://10.0.0.1"),
    ] {
        let cluster = cluster.replace('}', ", insecure-skip-tls-verify: true}");
        let target = Target { proxies: Proxies::from_env(&env), ..target(dir.path(), &cluster, "{}") };
        assert_eq!(open(&target, &pace()).await.expect("a connection").address, address);
    }
}

#[test]
fn until_when_a_certificate_is_good_is_known_without_a_login() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("cert.pem"), tls("cert.pem")).expect("written");
    let target = target(dir.path(), PLAIN, "{client-certificate: cert.pem, client-key: gone.pem}");
    assert_eq!(certificate_expires(&target), "2126-10-31T01:02:01Z".parse().ok());
    assert_eq!(certificate_to_renew(&target), certificate_expires(&target), "it was made for a hundred years");
}

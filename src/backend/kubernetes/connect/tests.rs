use std::fmt::Write as _;
use std::path::PathBuf;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::backend::kubernetes::{Options, discover};
use crate::domain::{ClusterId, TroubleKind};

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire/kubernetes/kubeconfigs")
}

fn pace() -> Pace {
    Pace { login_within: Duration::from_secs(2), answer_within: Duration::from_secs(5), ..Pace::default() }
}

fn found(file: &Path) -> crate::backend::kubernetes::Discovery {
    let options = Options { kubeconfig: Some(file.to_owned()), root: corpus(), ..Options::default() };
    discover(&options)
}

async fn failure(target: &Target) -> LoginFailure {
    connect(target, &pace()).await.err().expect("no connection")
}

/// What is said of a kubeconfig: by discovery, and when it is connected to.
async fn said(file: &Path) -> String {
    let mut out = String::new();
    let found = found(file);
    for looked in &found.looked {
        let _ = writeln!(out, "looked at {}: {}", looked.place, looked.found);
        looked.mend.iter().for_each(|mend| writeln!(out, "  to mend it: {mend}").expect("written"));
    }
    found.unwatched.iter().for_each(|it| writeln!(out, "not watched: {it}").expect("written"));
    for target in &found.targets {
        let failure = failure(target).await;
        let _ = writeln!(out, "{}: {:?}: {}", target.name, failure.kind, failure.what);
        let _ = writeln!(out, "  to mend it: {}", failure.mend);
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

/// A server that answers every request with this.
async fn server(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}")
}

/// A target of its own kubeconfig, with this user.
fn target(dir: &Path, server: &str, user: &str) -> Target {
    let file = dir.join("config");
    let content = format!(
        "contexts: [{{name: x, context: {{cluster: c, user: ops, namespace: shop}}}}]\n\
         clusters: [{{name: c, cluster: {{server: \"{server}\"}}}}]\n\
         users: [{{name: ops, user: {user}}}]\n"
    );
    std::fs::write(&file, content).expect("written");
    Target {
        name: ClusterId::new("x"),
        way: Way::Context { files: vec![file], context: "x".to_owned() },
        namespaces: Vec::new(),
        how: Text::new("test"),
        read_only: false,
        proxies: Proxies::default(),
    }
}

const VERSION: &str = r#"{"major":"1","minor":"34","gitVersion":"v1.34.4","gitCommit":"","gitTreeState":"","buildDate":"",
"goVersion":"","compiler":"","platform":""}"#;

#[tokio::test]
async fn a_server_that_answers_is_connected_to() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = server("200 OK", VERSION).await;
    let connection = connect(&target(dir.path(), &server, "{token: t}"), &pace()).await.expect("a connection");
    assert_eq!(connection.server_version.as_deref(), Some("v1.34.4"));
    assert_eq!((connection.address.as_str(), connection.namespace.as_str()), (server.as_str(), "shop"));
    assert_eq!((connection.valid_until, connection.expires), (None, None));
}

#[tokio::test]
async fn what_a_command_gives_is_shown_to_the_server_and_has_an_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = server("200 OK", VERSION).await;
    let cert = std::fs::read_to_string("tests/wire/tls/client/cert.pem").expect("a certificate");
    let key = std::fs::read_to_string("tests/wire/tls/client/key.pem").expect("a key");
    let answer = serde_json::json!({"status": {
        "expirationTimestamp": "2126-01-01T00:00:00Z", "clientCertificateData": cert, "clientKeyData": key,
    }});
    std::fs::write(dir.path().join("answer"), answer.to_string()).expect("written");
    let login = "echo once >> runs; test -n \"$KUBERNETES_EXEC_INFO\" && cat answer";
    let user = format!("{{exec: {{command: sh, args: [-c, 'cd {} && {login}']}}}}", dir.path().display());
    let connection = connect(&target(dir.path(), &server, &user), &pace()).await.expect("a connection");
    assert_eq!(connection.valid_until, "2125-12-31T23:59:00Z".parse().ok());
    assert_eq!(connection.expires, "2126-10-31T01:02:01Z".parse().ok());
    assert_eq!(std::fs::read_to_string(dir.path().join("runs")).expect("it ran"), "once\n");
}

#[tokio::test]
async fn a_server_that_refuses_us_says_whom_it_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let server = server("401 Unauthorized", r#"{"kind":"Status","message":"Unauthorized","code":401}"#).await;
    for (user, words) in [
        ("{token: t}", "the token of the user `ops`"),
        ("{username: u, password: p}", "the password of the user `ops`"),
        ("{}", "nobody: the context names no user"),
        ("{exec: {command: echo, args: ['{\"status\":{\"token\":\"t\"}}']}}", "what `echo` gave"),
    ] {
        let failure = failure(&target(dir.path(), &server, user)).await;
        assert_eq!(failure.kind, TroubleKind::Unauthorized, "{failure}");
        assert!(failure.what.contains(words) && failure.what.contains(&server), "{failure}");
    }
    std::fs::write(dir.path().join("token"), "t\n").expect("written");
    let failure = failure(&target(dir.path(), &server, "{tokenFile: token}")).await;
    assert!(failure.what.contains("the token in ") && failure.what.contains("/token"), "{failure}");
}

#[tokio::test]
async fn who_may_not_read_the_version_is_connected_and_what_is_no_api_server_is_not() {
    let dir = tempfile::tempdir().expect("a directory");
    let forbidden = server("403 Forbidden", r#"{"kind":"Status","message":"no","code":403}"#).await;
    let connection = connect(&target(dir.path(), &forbidden, "{token: t}"), &pace()).await.expect("a connection");
    assert_eq!(connection.server_version, None);
    for (status, body, kind) in [
        ("200 OK", "<html>log in</html>", TroubleKind::Malformed),
        ("302 Found", "", TroubleKind::Malformed),
        ("404 Not Found", "<html>no</html>", TroubleKind::Malformed),
        ("503 Service Unavailable", "down", TroubleKind::Unreachable),
    ] {
        let server = server(status, body).await;
        let failure = failure(&target(dir.path(), &server, "{token: t}")).await;
        assert_eq!(failure.kind, kind, "{status}: {failure}");
        let https = server.replace("http://", "https://");
        let mut target = target(dir.path(), &https, "{token: t}");
        let Way::Context { files, .. } = &mut target.way else { panic!("a context") };
        let insecure = std::fs::read_to_string(&files[0])
            .expect("read")
            .replace("{server", "{insecure-skip-tls-verify: true, server");
        std::fs::write(&files[0], insecure).expect("written");
        let failure = super::connect(&target, &pace()).await.err().expect("no connection");
        assert!(failure.what.contains("does not speak TLS"), "{failure}");
    }
}

#[test]
fn an_expired_certificate_says_since_when() {
    let now: Timestamp = "2027-01-04T00:00:00Z".parse().expect("a time");
    let ended: Timestamp = "2027-01-01T00:00:00Z".parse().expect("a time");
    let failure = LoginFailure::expired("https://a", "ops", ended, now);
    assert_eq!(failure.what, "https://a does not accept user `ops`: the client certificate expired 3 d ago");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_silent() {
    let dir = tempfile::tempdir().expect("a directory");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = format!("http://{}", listener.local_addr().expect("an address"));
    let pace = Pace { answer_within: Duration::from_millis(50), ..pace() };
    let failure = connect(&target(dir.path(), &server, "{token: t}"), &pace).await.err().expect("a failure");
    assert!(failure.what.contains("does not answer"), "{failure}");
}

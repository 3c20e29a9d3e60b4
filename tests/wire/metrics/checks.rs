//! Endpoints that are asked from here, against servers that answer, answer otherwise, or do not.

use std::sync::Arc;
use std::time::Duration;

use cockpit::domain::{Check, ClusterId, Freshness};
use cockpit::metrics::Checks;
use cockpit::metrics::check::{Pace, Wanted};
use cockpit::reach::Tls;
use cockpit::state::View;
use tokio::net::TcpListener;

use super::{Server, Watcher};

const PACE: Pace =
    Pace { every: Duration::from_millis(20), again: Duration::from_millis(10), within: Duration::from_millis(300) };

fn wanted(name: &str, address: &str) -> Wanted {
    let (status, text, target) = (None, None, None);
    Wanted { name: name.into(), address: address.to_owned(), status, text, target, tls: Tls::default() }
}

fn watch(wanted: Vec<Wanted>) -> Watcher {
    Watcher::hearing(Checks::paced(ClusterId::new("prod"), wanted, PACE))
}

fn check(view: &View<'_>, name: &str) -> Option<Check> {
    let found = view.endpoints().find(|it| it.key.name == name)?;
    found.check.as_deref().cloned()
}

fn why(view: &View<'_>, name: &str) -> String {
    let failing = check(view, name).and_then(|it| it.failing).filter(|it| it.times >= 2);
    failing.map(|it| it.why.to_string()).unwrap_or_default()
}

fn is_live(view: &View<'_>) -> bool {
    view.source_freshness(&ClusterId::new("prod"), "endpoint-checks") == Some(Freshness::Live)
}

#[tokio::test]
async fn an_answer_is_judged_by_its_status_and_its_text() {
    let server = Server::start(&[("/health", 200, "all is ok"), ("/sad", 503, ""), ("/moved", 304, "")]).await;
    let at = |path: &str| format!("{}{path}", server.address);
    let all = vec![
        wanted("plain", &at("/health")),
        Wanted { text: Some("is ok".to_owned()), ..wanted("text", &at("/health")) },
        Wanted { text: Some("is well".to_owned()), ..wanted("other text", &at("/health")) },
        wanted("sad", &at("/sad")),
        Wanted { status: Some(503), ..wanted("meant", &at("/sad")) },
        Wanted { status: Some(200), ..wanted("moved", &at("/moved")) },
    ];
    let mut watcher = watch(all);
    watcher.until("every verdict", is_live).await;
    let view = watcher.view();
    for name in ["plain", "text", "meant"] {
        assert_eq!(check(&view, name).map(|it| it.failing), Some(None), "{name}");
    }
    assert_eq!(why(&view, "other text"), "200 OK, without the text \"is well\"");
    assert_eq!(why(&view, "sad"), "503 Service Unavailable");
    assert_eq!(why(&view, "moved"), "304 Not Modified, expected 200");
    assert_eq!(check(&view, "sad").map(|it| it.asks.to_string()), Some(format!("GET {}", at("/sad"))));
}

#[tokio::test]
async fn who_does_not_answer_fails_and_recovers() {
    let server = Server::start(&[]).await;
    let mut watcher = watch(vec![wanted("web", &server.address)]);
    watcher.until("silence", |view| why(view, "web").contains("no answer within")).await;
    server.answer("/", 200, "");
    watcher.until("its recovery", |view| check(view, "web").is_some_and(|it| it.failing.is_none())).await;
    server.answer("/", 500, "");
    watcher.until("its failure", |view| why(view, "web").contains("500 Internal Server Error")).await;
}

#[tokio::test]
async fn a_port_is_connected_to_and_no_more() {
    let open = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let at = open.local_addr().expect("an address");
    let mut watcher = watch(vec![wanted("db", &format!("tcp://{at}")), wanted("gone", &format!("tcp://{closed}"))]);
    watcher.until("every verdict", is_live).await;
    assert_eq!(check(&watcher.view(), "db").map(|it| it.failing), Some(None));
    assert!(why(&watcher.view(), "gone").contains("refused"), "{}", why(&watcher.view(), "gone"));
    assert_eq!(check(&watcher.view(), "db").map(|it| it.asks.to_string()), Some(format!("TCP {at}")));
}

#[tokio::test]
async fn every_try_makes_a_connection_of_its_own() {
    let listener = Arc::new(TcpListener::bind("127.0.0.1:0").await.expect("a port"));
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let mut watcher = watch(vec![wanted("web", &address)]);
    let counting = async {
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(async move {
                use tokio::io::{AsyncReadExt, AsyncWriteExt};
                let mut asked = [0; 1024];
                // Kept open: who wants to may ask again over it.
                while stream.read(&mut asked).await.is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
                }
            });
        }
    };
    let hearing = watcher.until("nothing more", |_| false);
    tokio::select! {
        () = counting => {}
        () = hearing => unreachable!("it waits for ever"),
    }
}

#[tokio::test(start_paused = true)]
async fn who_looks_once_hears_of_one_that_hangs_within_ten_seconds() {
    // It takes connections and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let wanted = vec![wanted("web", &format!("http://{}", listener.local_addr().expect("an address")))];
    let begun = tokio::time::Instant::now();
    let mut watcher = Watcher::looking_once(Checks::new(ClusterId::new("prod"), wanted));
    watcher.until("silence", |view| why(view, "web") == "no answer within 4 s" && is_live(view)).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

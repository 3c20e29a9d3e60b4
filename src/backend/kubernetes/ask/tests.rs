//! An API server that says what it is told to say, and keeps what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;

/// One answer of a script.
#[derive(Debug, Clone)]
pub(in crate::backend::kubernetes) enum Says {
    /// An object or a list.
    Json(Value),
    /// Output that ends as it should.
    Log(String),
    /// Output that breaks off.
    Broken(String),
    /// Output that goes on, and nothing more comes.
    Hangs(String),
    /// An error.
    No(u16, String),
}

/// Answers by path, without the query. The last answer of a path is given for ever.
#[derive(Debug, Default)]
pub(in crate::backend::kubernetes) struct Script {
    says: Mutex<BTreeMap<String, VecDeque<Says>>>,
    asked: Mutex<Vec<String>>,
}

/// What was sent is answered by what is said of `PATCH /its/path`.
fn sent_to(sent: &Sent) -> String {
    format!("{} {}", sent.method, sent.path)
}

impl Script {
    /// Adds an answer.
    pub(in crate::backend::kubernetes) fn on(&self, path: &str, says: Says) -> &Self {
        self.says.lock().expect("no panic").entry(path.to_owned()).or_default().push_back(says);
        self
    }

    /// What was asked under a path, each with its query.
    pub(in crate::backend::kubernetes) fn asked(&self, path: &str) -> Vec<String> {
        let asked = self.asked.lock().expect("no panic");
        asked.iter().filter(|it| it.split('?').next() == Some(path)).cloned().collect()
    }

    fn next(&self, path: &str) -> Result<Says, Failed> {
        self.asked.lock().expect("no panic").push(path.to_owned());
        let bare = path.split('?').next().unwrap_or_default();
        let mut says = self.says.lock().expect("no panic");
        let left = says.get_mut(bare);
        let next = left.and_then(|left| if left.len() > 1 { left.pop_front() } else { left.front().cloned() });
        match next {
            Some(Says::No(status, words)) => Err(Failed { status: Some(status), words: Text::from(words) }),
            Some(says) => Ok(says),
            None => Err(Failed { status: Some(404), words: Text::from(format!("{bare} not found")) }),
        }
    }
}

#[async_trait]
impl Ask for Script {
    async fn get(&self, path: &str, part: Part) -> Result<Bytes, Failed> {
        let Says::Json(mut answer) = self.next(path)? else { panic!("{path} is a log") };
        match part {
            Part::Whole => {}
            Part::Metadata => answer = json!({ "kind": "PartialObjectMetadata", "metadata": answer["metadata"] }),
            Part::MetadataOfEach => {
                for item in answer["items"].as_array_mut().expect("a list") {
                    *item = json!({ "metadata": item["metadata"] });
                }
            }
        }
        Ok(Bytes::from(answer.to_string()))
    }

    async fn stream(&self, path: &str) -> Result<Pieces, Failed> {
        let broken = || Err(Failed { status: None, words: Text::new("connection reset by peer") });
        let (said, end) = match self.next(path)? {
            Says::Log(said) => (said, None),
            Says::Broken(said) => (said, Some(futures::stream::iter([broken()]).boxed())),
            Says::Hangs(said) => (said, Some(futures::stream::pending().boxed())),
            Says::Json(_) | Says::No(..) => panic!("{path} is no log"),
        };
        // In small pieces: lines are cut anywhere on their way.
        let pieces: Vec<_> = said.as_bytes().chunks(11).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Ok(futures::stream::iter(pieces).chain(end.unwrap_or_else(|| futures::stream::empty().boxed())).boxed())
    }

    async fn send(&self, sent: &Sent) -> Result<Bytes, Unsent> {
        match self.next(&sent_to(sent)) {
            Ok(Says::Json(answer)) => Ok(Bytes::from(answer.to_string())),
            Ok(_) => panic!("{} is a log", sent.path),
            Err(Failed { status, words }) => Err(Unsent::Refused(Refused {
                status: status.unwrap_or(500),
                message: words,
                causes: Vec::new(),
                wait: None,
            })),
        }
    }

    async fn tunnel(&self, namespace: &str, pod: &str, port: u16) -> Result<Tunnel, Failed> {
        let Says::Log(said) = self.next(&format!("{namespace}/{pod}:{port}"))? else { panic!("{pod} says a line") };
        let (near, mut far) = tokio::io::duplex(1024);
        tokio::spawn(async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            // One question, one answer, and the end.
            let mut asked = [0; 64];
            let _ = far.read(&mut asked).await;
            let _ = far.write_all(said.as_bytes()).await;
        });
        Ok(Tunnel { stream: Box::new(near), complaint: Box::pin(std::future::pending()), keeper: Box::new(()) })
    }

    async fn census(&self, _: &str) -> Option<Census> {
        None
    }
}

/// Something that a real server said.
pub(in crate::backend::kubernetes) fn recorded(file: &str) -> Value {
    let path = format!("{}/tests/wire/kubernetes/v1.34/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("a recording")).expect("json")
}

/// An object of a recorded list: of a scene, the first whose name begins so.
pub(in crate::backend::kubernetes) fn object(kind: &str, scene: &str, name: &str) -> Value {
    let list = recorded(&format!("lists/{kind}.json"));
    let of = |it: &&Value| {
        let text = |at: &str| it.pointer(at).and_then(Value::as_str).unwrap_or_default();
        (scene.is_empty() || text("/metadata/namespace") == scene) && text("/metadata/name").starts_with(name)
    };
    list["items"].as_array().expect("a list").iter().find(of).expect("an object").clone()
}

/// Those of a recorded list that lie in a namespace.
pub(in crate::backend::kubernetes) fn all(kind: &str, scene: &str) -> Value {
    let mut list = recorded(&format!("lists/{kind}.json"));
    list["items"].as_array_mut().expect("a list").retain(|it| it["metadata"]["namespace"] == scene);
    list
}

#[test]
fn what_was_surely_not_done_is_told_from_what_may_have_been() {
    let refused = |status: u16, message: &str| Unsent::from(Failure::refused(status, message.as_bytes(), None));
    let broken = |kind| Unsent::from(Failure::Broken { kind, what: Text::new("x") });
    let lost = |it: &Unsent| matches!(it, Unsent::Lost(_));
    let no = |it: &Unsent| matches!(it, Unsent::Refused(_));
    assert!([409, 403, 422, 429, 500].iter().all(|status| no(&refused(*status, "no"))));
    assert!([502, 504].iter().all(|status| lost(&refused(*status, "gateway"))));
    assert!(lost(&refused(500, "etcdserver: request timed out")));
    assert!(lost(&broken(ErrorKind::ConnectionReset)) && lost(&Unsent::from(Failure::Silent(Duration::from_secs(1)))));
    assert_eq!(broken(ErrorKind::ConnectionRefused), Unsent::Never("x".into()));
}

//! What an answer needs of an API server, and no more: so that logs and descriptions can be tried against a script.

use std::future::Future;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc, oneshot, watch as channel};

use crate::domain::{Name, Text, Timestamp};

use super::api::Api;
pub(super) use super::api::escaped;
use super::book::Census;
use super::connect;
use super::failure::Failure;
use super::pace::Pace;
use super::target::Target;

/// Bytes of one answer, as they come.
pub(super) type Pieces = BoxStream<'static, Result<Bytes, Failed>>;

/// How much of an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Of one object, its metadata. Nothing else is accepted in its place: what a Secret holds does not leave the server.
    Metadata,
    /// Of a list, the metadata of each object.
    MetadataOfEach,
}

impl Part {
    const fn media_type(self) -> &'static str {
        match self {
            Part::Whole => "application/json",
            Part::Metadata => "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
            Part::MetadataOfEach => "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
        }
    }
}

/// Something that answers as an API server does.
#[async_trait]
pub(super) trait Ask: Send + Sync {
    /// One answer, whole.
    async fn get(&self, path: &str, part: Part) -> Result<Bytes, Failed>;

    /// One answer as it comes; it ends when the server ends it.
    async fn stream(&self, path: &str) -> Result<Pieces, Failed>;

    /// Sends something once: what becomes of a request whose answer is lost is for its sender to read.
    async fn send(&self, sent: &Sent) -> Result<Bytes, Unsent>;

    /// What is known of all pods, where they are watched: with an eye on a node.
    async fn census(&self, node: &str) -> Option<Census>;
}

/// Somebody wants to know of all pods.
pub(super) struct Question {
    pub(super) node: Name,
    pub(super) answer: oneshot::Sender<Option<Census>>,
}

/// The watches answer within this, or are busy with a first listing.
const CENSUS_WITHIN: Duration = Duration::from_secs(3);

/// Something that is sent to a server: a change, or a question that has a body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sent {
    pub(super) method: Method,
    /// With its query.
    pub(super) path: String,
    /// What the body is: a patch of which kind, or an object.
    pub(super) media: &'static str,
    pub(super) body: Value,
}

/// Why something that was sent is not known to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unsent {
    /// The server said no: it was not done.
    Refused(Refused),
    /// It did not even leave: it was not done.
    Never(Text),
    /// It left, and no answer that counts came: it may have been done.
    Lost(Text),
}

/// A server's no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// The HTTP status.
    pub(super) status: u16,
    /// The server's sentence.
    pub(super) message: Text,
    /// What it gives for causes: a budget that blocks, a field that does not fit.
    pub(super) causes: Vec<Text>,
    /// How long it asks to wait.
    pub(super) wait: Option<Duration>,
}

impl From<Failure> for Unsent {
    fn from(failure: Failure) -> Self {
        let words = Text::from(failure.to_string());
        match failure {
            Failure::Refused { status, message, .. } if is_undecided(status, &message) => Unsent::Lost(message),
            Failure::Refused { status, message, causes, retry_after, .. } => {
                Unsent::Refused(Refused { status, message, causes, wait: retry_after })
            }
            Failure::Broken { kind: ErrorKind::ConnectionRefused, .. } => Unsent::Never(words),
            Failure::Broken { .. } | Failure::Silent(_) | Failure::Malformed(_) => Unsent::Lost(words),
            _ => Unsent::Never(words),
        }
    }
}

/// Whether an error leaves open what became of a change: something between us and what would have done it gave up waiting.
fn is_undecided(status: u16, message: &str) -> bool {
    match status {
        502 | 504 => true,
        500 | 503 => ["timed out", "etcdserver: ", "deadline exceeded"].iter().any(|word| message.contains(word)),
        _ => false,
    }
}

/// One answer, decoded.
pub(super) async fn read<T: DeserializeOwned>(server: &dyn Ask, path: &str, part: Part) -> Result<T, Failed> {
    let body = server.get(path, part).await?;
    serde_json::from_slice(&body).map_err(|error| {
        let words = Text::from(format!("the server's answer cannot be read: {error}"));
        Failed { status: None, words }
    })
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub(super) struct Failed {
    /// The HTTP status, where the server answered at all.
    pub(super) status: Option<u16>,
    /// For a person.
    pub(super) words: Text,
}

impl Failed {
    /// Whether what was asked for is not there.
    pub(super) const fn is_gone(&self) -> bool {
        matches!(self.status, Some(404))
    }

    /// Whether it may not be asked for: asking again does not help.
    pub(super) const fn is_denied(&self) -> bool {
        matches!(self.status, Some(401 | 403))
    }
}

/// The one place that looks into what went wrong.
impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        let status = match &failure {
            Failure::Refused { status, .. } => Some(*status),
            // A login that could not be had was not accepted either.
            failure if failure.is_unauthorized() => Some(401),
            _ => None,
        };
        Self { status, words: Text::from(failure.to_string()) }
    }
}

/// The way to one cluster, opened when something is first asked and kept: a login may take seconds.
pub(super) struct Link {
    target: Target,
    pace: Pace,
    open: channel::Sender<Option<Arc<Open>>>,
    /// Two who ask at once log in once.
    opening: Semaphore,
    /// Who watches, once somebody does.
    watching: channel::Sender<Option<mpsc::Sender<Question>>>,
}

struct Open {
    api: Api,
    /// When its login runs out, where nobody renews it.
    until: Option<Timestamp>,
}

impl Open {
    /// Its login is about to run out.
    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Timestamp::now())
    }
}

impl Link {
    /// A way that nobody has gone yet.
    pub(super) fn new(target: Target, pace: Pace) -> Self {
        let (open, watching) = (channel::Sender::new(None), channel::Sender::new(None));
        Self { target, pace, open, opening: Semaphore::new(1), watching }
    }

    /// Questions about what is watched go there from now on.
    pub(super) fn answered_by(&self, watching: mpsc::Sender<Question>) {
        self.watching.send_replace(Some(watching));
    }

    /// From now on questions go by the watches' own connection, whose login they keep fresh.
    pub(super) fn take_over(&self, api: Api) {
        self.open.send_replace(Some(Arc::new(Open { api, until: None })));
    }

    async fn open(&self) -> Result<Arc<Open>, Failure> {
        // It is never closed; and if it were, one login more does no harm.
        let _turn = self.opening.acquire().await;
        if let Some(open) = self.open.borrow().as_ref().filter(|open| !open.is_over()) {
            return Ok(open.clone());
        }
        let connection = connect::open(&self.target, &self.pace).await?;
        let until = connection.valid_until;
        let open = Arc::new(Open { api: Api::new(connection, self.pace), until });
        self.open.send_replace(Some(open.clone()));
        Ok(open)
    }

    /// Forgets a way on which the login counts no more.
    fn forget(&self, used: &Arc<Open>) {
        self.open.send_if_modified(|open| {
            let same = open.as_ref().is_some_and(|it| Arc::ptr_eq(it, used));
            same.then(|| *open = None).is_some()
        });
    }

    /// Asks; once more with a new login, where the old one is not accepted any more.
    async fn ask<T, F: Future<Output = Result<T, Failure>> + Send>(
        &self,
        ask: impl Fn(Arc<Open>) -> F + Send + Sync,
    ) -> Result<T, Failed> {
        let open = self.open().await?;
        match ask(open.clone()).await {
            Err(failure) if failure.is_unauthorized() => self.forget(&open),
            answer => return answer.map_err(Failed::from),
        }
        let open = self.open().await?;
        ask(open).await.map_err(Failed::from)
    }

    /// What requests go by now, for those who make their own; and how to say that its login counts no more.
    pub(super) async fn client(&self) -> Result<(kube::Client, Renew<'_>), Failed> {
        let open = self.open().await?;
        Ok((open.api.client(), Renew { link: self, open }))
    }

    /// How long an answer is waited for.
    pub(super) const fn patience(&self) -> Duration {
        self.pace.answer_within
    }

    /// The status and the words of a server that refuses what stands at a path; none where it does not.
    pub(super) async fn refusal(&self, path: &str) -> Option<(u16, Text)> {
        match self.open().await.ok()?.api.get(path).await {
            Err(Failure::Refused { status, message, .. }) => Some((status, message)),
            _ => None,
        }
    }

    /// The way as it is opened now, for something that is sent: what goes wrong here goes wrong before it leaves.
    async fn ready(&self) -> Result<Arc<Open>, Unsent> {
        self.open().await.map_err(|failure| Unsent::Never(Text::from(failure.to_string())))
    }
}

/// A way whose login may turn out to count no more.
pub(super) struct Renew<'a> {
    link: &'a Link,
    open: Arc<Open>,
}

impl Renew<'_> {
    /// It counts no more: the next who asks logs in anew.
    pub(super) fn forget(self) {
        self.link.forget(&self.open);
    }
}

#[async_trait]
impl Ask for Link {
    async fn get(&self, path: &str, part: Part) -> Result<Bytes, Failed> {
        let path: Arc<str> = Arc::from(path);
        self.ask(|open| {
            let path = path.clone();
            async move { open.api.get_as(&path, part.media_type()).await }
        })
        .await
    }

    async fn stream(&self, path: &str) -> Result<Pieces, Failed> {
        let path: Arc<str> = Arc::from(path);
        let pieces = self.ask(|open| {
            let path = path.clone();
            async move { Ok(open.api.stream(&path).await?.map(|piece| piece.map_err(Failed::from)).boxed()) }
        });
        pieces.await
    }

    async fn send(&self, sent: &Sent) -> Result<Bytes, Unsent> {
        let open = self.ready().await?;
        match open.api.send_body(sent).await {
            // A login that is not accepted has done nothing: once more with a new one.
            Err(failure) if failure.is_unauthorized() => self.forget(&open),
            answer => return answer.map_err(Unsent::from),
        }
        let open = self.ready().await?;
        open.api.send_body(sent).await.map_err(Unsent::from)
    }

    async fn census(&self, node: &str) -> Option<Census> {
        let watching = self.watching.borrow().clone()?;
        let (answer, answered) = oneshot::channel();
        let asked = async {
            watching.send(Question { node: Name::new(node), answer }).await.ok()?;
            answered.await.ok()?
        };
        tokio::time::timeout(CENSUS_WITHIN, asked).await.ok()?
    }
}

#[cfg(test)]
pub(super) mod tests;

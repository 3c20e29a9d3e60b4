//! Requests to an API server, each with a deadline.
//!
//! They go over `kube::Client::send` alone: it brings TLS, proxies and logins, and none of kube's own calls has a deadline
//! or tells of bookmarks. It speaks HTTP/1.1, so a watch is a connection; there are about twenty, which is fine.

mod lines;
mod packed;
mod served;
mod tunnel;

use std::fmt::{Display, Write as _};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{Stream, TryStreamExt};
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, DATE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::BodyExt;
use jiff::SignedDuration;
use kube::client::Body;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch as channel;
use tokio::time::Instant;

pub(super) use crate::backend::escape::escaped;
use crate::backend::forward::Tunnel;
use crate::backend::line::Line;
use crate::domain::{Text, Timestamp};

use super::ask::Sent;
use super::connect::Connection;
use super::failure::Failure;
use super::kinds::{ApiKind, Depth};
use super::pace::Pace;

pub(super) use lines::Lines;
pub(super) use served::Served;

/// How a long answer is compressed, where it is.
const GZIP: &str = "gzip";
/// Plain objects.
pub(super) const JSON: &str = "application/json";
/// Metadata of a list's objects. Nothing else is accepted in its place: what a Secret holds must not leave the server.
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// Metadata of an object.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// Rows, as kubectl prints them.
const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";
/// No answer that we ask for is longer, bytes.
const LONGEST_ANSWER: usize = 256 << 20;
/// No error that is worth reading is longer, bytes.
const LONGEST_ERROR: usize = 1 << 16;
/// Who asks.
const AGENT: &str = concat!("cockpit/", env!("CARGO_PKG_VERSION"));

/// An API server. Cheap to clone; clones share their connections, and all are renewed at once.
#[derive(Clone)]
pub(super) struct Api {
    shared: Arc<Shared>,
    pace: Pace,
}

struct Shared {
    link: channel::Sender<Connection>,
    used: Arc<Used>,
    line: Line,
    /// The server's clock less ours, milliseconds.
    ahead: AtomicI64,
}

impl Drop for Shared {
    fn drop(&mut self) {
        let (requests, bytes) = (self.used.requests.load(Ordering::Relaxed), self.used.bytes.load(Ordering::Relaxed));
        tracing::debug!(requests, bytes, "asked in all");
    }
}

/// Not known yet.
const NO_CLOCK: i64 = i64::MIN;

/// What was asked for so far.
#[derive(Debug, Default)]
pub(super) struct Used {
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Used {
    fn received(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// The path of a request with its query.
#[derive(Debug, Clone)]
pub(super) struct Url(String);

impl Url {
    /// The collection of a kind: everywhere, or in one namespace.
    pub(super) fn of(kind: ApiKind, namespace: Option<&str>) -> Self {
        Self(kind.path(namespace))
    }

    /// One object of it.
    pub(super) fn object(kind: ApiKind, namespace: Option<&str>, name: &str) -> Self {
        Self(format!("{}/{}", kind.path(namespace), escaped(name)))
    }

    /// The same, with a parameter.
    pub(super) fn with(mut self, name: &str, value: impl Display) -> Self {
        let mark = if self.0.contains('?') { '&' } else { '?' };
        // Writing to a string does not fail.
        let _ = write!(self.0, "{mark}{name}={}", escaped(&value.to_string()));
        self
    }
}

impl Api {
    /// The server at the end of a connection.
    pub(super) fn new(connection: Connection, pace: Pace) -> Self {
        let (link, ahead) = (channel::Sender::new(connection), AtomicI64::new(NO_CLOCK));
        let shared = Shared { link, used: Arc::default(), line: Line::default(), ahead };
        Self { shared: Arc::new(shared), pace }
    }

    /// From now on requests go by this connection. What is under way goes on by the old one.
    pub(super) fn renew(&self, connection: Connection) {
        self.shared.line.forget();
        self.shared.link.send_replace(connection);
    }

    /// The server's address.
    pub(super) fn address(&self) -> Text {
        self.shared.link.borrow().address.clone()
    }

    /// What requests go by now, for those who make their own.
    pub(super) fn client(&self) -> kube::Client {
        self.shared.link.borrow().client.clone()
    }

    /// Requests that were sent, and bytes that came back.
    pub(super) fn used(&self) -> (u64, u64) {
        (self.shared.used.requests.load(Ordering::Relaxed), self.shared.used.bytes.load(Ordering::Relaxed))
    }

    /// The server's clock less ours, to the second, once it has answered.
    pub(super) fn clock_ahead(&self) -> Option<SignedDuration> {
        let ahead = self.shared.ahead.load(Ordering::Relaxed);
        (ahead != NO_CLOCK).then(|| SignedDuration::from_millis(ahead))
    }

    /// One answer, as it is.
    pub(super) async fn get(&self, path: &str) -> Result<Bytes, Failure> {
        self.get_as(path, JSON).await
    }

    /// One answer in another form.
    pub(super) async fn get_as(&self, path: &str, accept: &str) -> Result<Bytes, Failure> {
        self.ask(Method::GET, path, accept, Bytes::new()).await
    }

    /// One answer, read.
    pub(super) async fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        decode(&self.get(path).await?)
    }

    /// Sends an object, and reads the answer.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::Malformed(Text::from(error.to_string())))?;
        decode(&self.ask(Method::POST, path, JSON, body.into()).await?)
    }

    /// Sends a change; its answer is the object as it is then.
    pub(super) async fn send_body(&self, sent: &Sent) -> Result<Bytes, Failure> {
        let body = sent.body.to_string().into();
        let asked = Asked { method: sent.method.clone(), media: sent.media, body, ..Asked::of(&sent.path) };
        let answer = self.send(asked).await?;
        self.collect(answer, LONGEST_ANSWER).await
    }

    /// A list of a kind's objects, as much of them as the kind is read; what else is asked for stands in `url`.
    pub(super) async fn list(&self, kind: ApiKind, url: &Url) -> Result<Bytes, Failure> {
        let accept = match kind.depth() {
            Depth::Whole => JSON,
            Depth::Metadata => METADATA_LIST,
        };
        self.get_as(&url.0, accept).await
    }

    /// Follows a kind from a version on. The answer has begun: the server watches.
    pub(super) async fn watch(&self, kind: ApiKind, namespace: Option<&str>, version: &str) -> Result<Lines, Failure> {
        // Not all at once: what begins together is not to end together.
        let watch_for = self.pace.watch_for.mul_f64(0.9 + 0.1 * fastrand::f64());
        let url = Url::of(kind, namespace)
            .with("watch", 1)
            .with("allowWatchBookmarks", true)
            .with("timeoutSeconds", watch_for.as_secs().max(1))
            .with("resourceVersion", version);
        let accept = match kind.depth() {
            Depth::Whole => JSON,
            Depth::Metadata => METADATA,
        };
        self.lines(&url.0, accept).await
    }

    /// An answer that goes on, line by line.
    pub(super) async fn lines(&self, path: &str, accept: &str) -> Result<Lines, Failure> {
        let answer = self.send(Asked { accept, ..Asked::of(path) }).await?;
        Ok(Lines::of(answer.into_body(), Arc::clone(&self.shared.used)))
    }

    /// Rows of a kind's objects without the objects: for choosing what to look at, not for judging it.
    pub(super) async fn table<T: DeserializeOwned>(&self, url: &Url) -> Result<T, Failure> {
        let url = url.clone().with("includeObject", "None");
        decode(&self.get_as(&url.0, TABLE).await?)
    }

    /// Names of a kind's objects, from the server's cache.
    pub(super) async fn names(&self, kind: ApiKind) -> Result<Vec<String>, Failure> {
        #[derive(serde::Deserialize)]
        struct List {
            #[serde(default, deserialize_with = "or_none")]
            items: Vec<Object>,
        }
        let url = Url::of(kind, None).with("resourceVersion", 0);
        let list: List = decode(&self.get_as(&url.0, METADATA_LIST).await?)?;
        Ok(list.items.into_iter().map(|item| item.metadata.name).collect())
    }

    /// The uid of one object.
    pub(super) async fn uid(&self, kind: ApiKind, name: &str) -> Result<String, Failure> {
        let url = Url::object(kind, None, name);
        let object: Object = decode(&self.get_as(&url.0, METADATA).await?)?;
        Ok(object.metadata.uid)
    }

    /// The server's version: `v1.34.4`.
    pub(super) async fn version(&self) -> Result<Text, Failure> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            git_version: String,
        }
        let version: Version = self.json("/version").await?;
        Ok(Text::new(&version.git_version))
    }

    /// What need not be served, and is.
    pub(super) async fn served(&self) -> Result<Served, Failure> {
        served::served(self).await
    }

    /// An answer that goes on, piece by piece; it ends when the server ends it.
    pub(super) async fn stream(
        &self,
        path: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, Failure>> + Send + use<>, Failure> {
        let body = self.send(Asked { accept: "*/*", ..Asked::of(path) }).await?.into_body();
        let used = Arc::clone(&self.shared.used);
        let pieces = body.into_data_stream().map_err(|error| Failure::from_chain(&error));
        Ok(pieces.inspect_ok(move |data| used.received(data.len())))
    }

    /// A connection to a port of a pod: over a websocket of its own, as `kubectl port-forward` has it.
    pub(super) async fn tunnel(&self, namespace: &str, pod: &str, port: u16) -> Result<Tunnel, Failure> {
        self.shared.used.requests.fetch_add(1, Ordering::Relaxed);
        let opened = tunnel::open(self.client(), namespace, pod, port);
        let opened = within(self.pace.answer_within, opened).await;
        opened.map_err(|failure| self.shared.link.borrow().explain(failure, Timestamp::now()))
    }

    /// Any request with a whole answer; a body is JSON.
    pub(super) async fn ask(&self, method: Method, path: &str, accept: &str, body: Bytes) -> Result<Bytes, Failure> {
        let packed = self.shared.line.is_slow() && self.shared.link.borrow().compresses;
        let answer = self.send(Asked { method, path, accept, media: JSON, body, packed }).await?;
        self.collect(answer, LONGEST_ANSWER).await
    }

    async fn send(&self, asked: Asked<'_>) -> Result<Response<Body>, Failure> {
        let sent = self.try_to_send(asked).await;
        sent.map_err(|failure| self.shared.link.borrow().explain(failure, Timestamp::now()))
    }

    async fn try_to_send(&self, asked: Asked<'_>) -> Result<Response<Body>, Failure> {
        let request = asked.request()?;
        self.shared.used.requests.fetch_add(1, Ordering::Relaxed);
        let client = self.client();
        let sent = async { client.send(request).await.map_err(Failure::from) };
        let answer = within(self.pace.answer_within, sent).await?;
        self.look_at_clock(answer.headers());
        if answer.status().is_success() {
            return Ok(answer);
        }
        let (status, wait) = (answer.status().as_u16(), retry_after(answer.headers()));
        // Without its words it is still that status.
        let body = self.collect(answer, LONGEST_ERROR).await.unwrap_or_default();
        Err(Failure::refused(status, &body, wait))
    }

    /// A whole body. It may take long over a slow line; it may not stand still.
    async fn collect(&self, answer: Response<Body>, longest: usize) -> Result<Bytes, Failure> {
        let packed = answer.headers().get(CONTENT_ENCODING).is_some_and(|it| it.as_bytes() == GZIP.as_bytes());
        let mut body = answer.into_body();
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        let mut begun = None;
        while let Some(frame) = within(self.pace.answer_within, async { Ok(body.frame().await) }).await? {
            let Ok(data) = frame.map_err(|error| Failure::from_chain(&error))?.into_data() else { continue };
            self.shared.used.received(data.len());
            begun.get_or_insert_with(Instant::now);
            if first.is_empty() && all.is_empty() {
                first = data;
                continue;
            }
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
            if all.len() > longest {
                return Err(Failure::Malformed(Text::new("the answer has no end")));
            }
        }
        let all = if all.is_empty() { first } else { all.freeze() };
        self.shared.line.carried(all.len(), begun.map_or(Duration::ZERO, |begun| begun.elapsed()));
        if packed { packed::unpacked(&all, longest) } else { Ok(all) }
    }

    fn look_at_clock(&self, headers: &HeaderMap) {
        let said = headers.get(DATE).and_then(|value| value.to_str().ok()).and_then(http_date);
        if let Some(said) = said {
            // The header leaves out the fraction of a second: half of one is the likeliest.
            let ahead = said.as_millisecond() + 500 - Timestamp::now().as_millisecond();
            self.shared.ahead.store(ahead, Ordering::Relaxed);
        }
    }
}

/// What is asked for.
struct Asked<'a> {
    method: Method,
    path: &'a str,
    accept: &'a str,
    /// What the body is.
    media: &'a str,
    /// Empty is none.
    body: Bytes,
    /// The answer may come compressed.
    packed: bool,
}

impl<'a> Asked<'a> {
    /// What stands at a path, as JSON.
    const fn of(path: &'a str) -> Self {
        Self { method: Method::GET, path, accept: JSON, media: JSON, body: Bytes::new(), packed: false }
    }

    fn request(self) -> Result<Request<Body>, Failure> {
        let mut request =
            Request::builder().method(self.method).uri(self.path).header(ACCEPT, self.accept).header(USER_AGENT, AGENT);
        if !self.body.is_empty() {
            request = request.header(CONTENT_TYPE, self.media);
        }
        if self.packed {
            request = request.header(ACCEPT_ENCODING, GZIP);
        }
        request.body(Body::from(self.body)).map_err(|error| Failure::from_chain(&error))
    }
}

/// An object of which only names are read.
#[derive(serde::Deserialize)]
struct Object {
    metadata: Meta,
}

#[derive(serde::Deserialize)]
struct Meta {
    #[serde(default)]
    name: String,
    #[serde(default)]
    uid: String,
}

/// Reads a list that is written as `null` where it is empty, as Go does: of metadata, seen of 1.34.
pub(super) fn or_none<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de> + Default,
{
    serde::Deserialize::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads an answer.
pub(super) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::Malformed(Text::from(error.to_string())))
}

/// Gives up after `limit`.
pub(super) async fn within<T>(limit: Duration, asked: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(limit, asked).await.unwrap_or(Err(Failure::Silent(limit)))
}

/// How long a server asks to wait: in seconds, or until a time.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let said = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = said.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = http_date(said)?.duration_since(Timestamp::now());
    u64::try_from(until.as_secs()).ok().map(Duration::from_secs)
}

fn http_date(raw: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(raw).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_escaped() {
        let url =
            Url::of(ApiKind::Pods, Some("shop")).with("limit", 500).with("fieldSelector", "status.phase!=Running");
        assert_eq!(url.0, "/api/v1/namespaces/shop/pods?limit=500&fieldSelector=status.phase%21%3DRunning");
    }

    #[test]
    fn how_long_to_wait_is_read_in_both_its_forms() {
        let said = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().expect("a header"));
            retry_after(&headers)
        };
        assert_eq!(said("10"), Some(Duration::from_secs(10)));
        assert_eq!(said("Mon, 23 Nov 2026 23:40:00 GMT").is_none(), Timestamp::now().as_second() > 1_795_477_200);
        assert_eq!(said("soon"), None);
    }
}

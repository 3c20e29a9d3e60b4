//! Requests to an engine, each with a deadline.
//!
//! Swarm, statistics and logs go by bollard's calls and models. Containers and events are read into slim types of our own
//! (`wire.rs`): bollard's refuse a whole list for one word that they do not know, and keep all of what they read.

use std::future::Future;
use std::time::Duration;

use bollard::{BollardRequest, ClientVersion, Docker as Bollard};
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use http_body_util::{BodyExt, Limited};
use hyper::Response;
use hyper::body::Incoming;
use hyper::upgrade::Upgraded;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::backend::draft;
pub(super) use crate::backend::escape::escaped;
use crate::domain::{Text, Timestamp};

use super::failure::Failure;
use super::pace::Pace;
use super::transport::Transport;

/// No answer that we ask for is longer, bytes.
const LONGEST_ANSWER: usize = 256 << 20;
/// No line of a stream is longer, bytes.
const LONGEST_LINE: usize = 8 << 20;
/// The least API version: that of Docker 20.10.
const LEAST: (u32, u32) = (1, 41);
/// The newest that bollard's models know (`bollard::API_DEFAULT_VERSION`).
const NEWEST: (u32, u32) = (1, 53);

/// An engine that answered.
#[derive(Clone)]
pub(super) struct Api {
    transport: Transport,
    pace: Pace,
    /// bollard's calls over the same connections.
    pub(super) bollard: Bollard,
    /// The version that is spoken (`1.41`).
    pub(super) version: String,
    /// It is Podman, which does not say that it was asked to stop a container, nor that memory ran out.
    pub(super) podman: bool,
    /// What the engine's clock said, when it was first asked.
    pub(super) engine_time: Option<Timestamp>,
}

impl Api {
    /// Says hello, and agrees on a version: the engine's, or the newest that we know.
    pub(super) async fn connect(transport: &Transport, pace: Pace) -> Result<Self, Failure> {
        let answer = within(pace.ping_within, send(transport, "/_ping")).await?;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let engine_time = header("date").and_then(http_date);
        let podman = header("server").is_some_and(|server| server.starts_with("Libpod"));
        let offered = header("api-version").and_then(parse_version);
        drop(answer.into_body());
        let offered = offered.ok_or_else(|| Failure::Malformed(Text::new("it names no API version")))?;
        if offered < LEAST {
            return Err(Failure::TooOld(Text::from(format!("{}.{}", offered.0, offered.1))));
        }
        let mut spoken = offered.min(NEWEST);
        let mut transport_at = transport.speaking(&text_of(spoken));
        // An engine that has dropped the versions that we know is asked in its own.
        if let Err(Failure::Refused { status: 400, .. }) = within(pace.ping_within, send(&transport_at, "/_ping")).await
        {
            spoken = offered;
            transport_at = transport.speaking(&text_of(spoken));
        }
        let version = ClientVersion { major_version: spoken.0 as usize, minor_version: spoken.1 as usize };
        let shared = transport_at.clone();
        let bollard = Bollard::connect_with_custom_transport(
            move |request| shared.send(request),
            Some("http://engine"),
            pace.answer_within.as_secs().max(1),
            &version,
        )?;
        Ok(Self { transport: transport_at, pace, bollard, version: text_of(spoken), podman, engine_time })
    }

    /// Whether the engine answers.
    pub(super) async fn ping(&self) -> Result<(), Failure> {
        within(self.pace.ping_within, send(&self.transport, "/_ping")).await.map(drop)
    }

    /// One answer in JSON.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.get_dated(path).await.map(|(answer, _)| answer)
    }

    /// One answer in JSON, and what the engine's clock said then (whole seconds).
    pub(super) async fn get_dated<T: DeserializeOwned>(&self, path: &str) -> Result<(T, Option<Timestamp>), Failure> {
        let asked = async {
            let answer = send(&self.transport, path).await?;
            let date = answer.headers().get("date").and_then(|value| value.to_str().ok()).and_then(http_date);
            let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await;
            let body = body.map(http_body_util::Collected::to_bytes).map_err(|error| Failure::from_chain(&*error))?;
            Ok((body, date))
        };
        let (body, date): (Bytes, _) = self.within(asked).await?;
        let answer =
            serde_json::from_slice(&body).map_err(|error| Failure::Malformed(Text::from(error.to_string())))?;
        Ok((answer, date))
    }

    /// Sends something that changes the engine, once: what is lost on the way is never sent again. Waits `longer` than
    /// for an ordinary answer, where the engine answers only when it is done.
    pub(super) async fn post(&self, path: &str, body: Option<&Value>, longer: Duration) -> Result<Bytes, Unwritten> {
        let mut request = http::Request::post(path);
        let raw = match body {
            None => Bytes::new(),
            Some(body) => {
                request = request.header(http::header::CONTENT_TYPE, "application/json");
                Bytes::from(body.to_string())
            }
        };
        let request: Result<BollardRequest, http::Error> = request.body(bollard::body_full(raw));
        let request = request.map_err(|error| Unwritten::NotSent(Failure::from_chain(&error)))?;
        let written = async {
            let answer = match self.transport.send(request).await {
                Ok(answer) => answer,
                Err(error) if never_left(&error) => return Err(Unwritten::NotSent(Failure::from(error))),
                Err(_) => return Err(Unwritten::Lost),
            };
            let status = answer.status();
            let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await;
            let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            // 304: it stops or runs already.
            match status.is_success() || status == http::StatusCode::NOT_MODIFIED {
                true => Ok(body),
                false => Err(Unwritten::Refused { status: status.as_u16(), message: message_in(&body) }),
            }
        };
        tokio::time::timeout(self.pace.answer_within + longer, written).await.unwrap_or(Err(Unwritten::Lost))
    }

    /// Whether this version of the API, or a newer one, is spoken.
    pub(super) fn speaks(&self, version: (u32, u32)) -> bool {
        parse_version(&self.version).is_some_and(|spoken| spoken >= version)
    }

    /// Sends something after which the connection is no longer HTTP's: it carries bytes both ways.
    pub(super) async fn upgrade(&self, path: &str, body: &Value) -> Result<Upgraded, Unwritten> {
        let request: Result<BollardRequest, http::Error> = http::Request::post(path)
            .header(http::header::CONTENT_TYPE, "application/json")
            .header(http::header::CONNECTION, "Upgrade")
            .header(http::header::UPGRADE, "tcp")
            .body(bollard::body_full(Bytes::from(body.to_string())));
        let request = request.map_err(|error| Unwritten::NotSent(Failure::from_chain(&error)))?;
        let begun = async {
            let answer = match self.transport.send(request).await {
                Ok(answer) => answer,
                Err(error) if never_left(&error) => return Err(Unwritten::NotSent(Failure::from(error))),
                Err(_) => return Err(Unwritten::Lost),
            };
            let status = answer.status();
            if status == http::StatusCode::SWITCHING_PROTOCOLS {
                return hyper::upgrade::on(answer).await.map_err(|_| Unwritten::Lost);
            }
            let body = Limited::new(answer.into_body(), 1 << 16).collect().await;
            let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            let message = match status.is_success() {
                true => Text::new("the engine, or a proxy before it, does not hand the connection over"),
                false => message_in(&body),
            };
            Err(Unwritten::Refused { status: status.as_u16(), message })
        };
        tokio::time::timeout(self.pace.answer_within, begun).await.unwrap_or(Err(Unwritten::Lost))
    }

    /// A stream of bytes, as they come. Ends when the engine ends it.
    pub(super) async fn bytes(
        &self,
        path: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, Failure>> + Send + use<>, Failure> {
        let answer = self.within(send(&self.transport, path)).await?;
        Ok(futures::stream::try_unfold(answer.into_body(), |mut body| async move {
            loop {
                match body.frame().await {
                    Some(Ok(frame)) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some((data, body)));
                        }
                    }
                    Some(Err(error)) => return Err(Failure::from_chain(&error)),
                    None => return Ok(None),
                }
            }
        }))
    }

    /// A stream of lines, each without its end.
    pub(super) async fn lines(
        &self,
        path: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, Failure>> + Send + use<>, Failure> {
        let bytes = Box::pin(self.bytes(path).await?);
        Ok(futures::stream::try_unfold((bytes, BytesMut::new()), |(mut bytes, mut held)| async move {
            loop {
                if let Some(end) = held.iter().position(|byte| *byte == b'\n') {
                    let line = held.split_to(end + 1).freeze();
                    return Ok(Some((line.slice(..end), (bytes, held))));
                }
                if held.len() > LONGEST_LINE {
                    return Err(Failure::Malformed(Text::new("a line has no end")));
                }
                match bytes.next().await {
                    Some(data) => held.extend_from_slice(&data?),
                    None => return Ok(None),
                }
            }
        }))
    }

    /// Gives up when the answer is too late.
    pub(super) async fn within<T>(&self, asked: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        within(self.pace.answer_within, asked).await
    }
}

/// Why something that changes an engine is not known to be done.
pub(super) type Unwritten = draft::Unwritten<Failure>;

/// Whether a request failed before anything of it was sent.
fn never_left(error: &bollard::errors::Error) -> bool {
    matches!(error, bollard::errors::Error::HyperLegacyError { err } if err.is_connect())
}

/// Gives up after `limit`.
async fn within<T>(limit: Duration, asked: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(limit, asked).await.unwrap_or(Err(Failure::Silent(limit)))
}

async fn send(transport: &Transport, path: &str) -> Result<Response<Incoming>, Failure> {
    let request: Result<BollardRequest, http::Error> = http::Request::get(path).body(bollard::body_full(Bytes::new()));
    let request = request.map_err(|error| Failure::from_chain(&error))?;
    let answer = match transport.send(request).await {
        Ok(answer) => answer,
        Err(error) => return Err(Failure::from(error).in_words_of(transport.last_words().await)),
    };
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status().as_u16();
    let body = Limited::new(answer.into_body(), 1 << 16).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Err(Failure::Refused { status, message: message_in(&body) })
}

/// The engine's error is `{"message": "…"}`; a proxy's may be anything.
fn message_in(body: &[u8]) -> Text {
    #[derive(serde::Deserialize)]
    struct Said {
        message: String,
    }
    match serde_json::from_slice::<Said>(body) {
        Ok(said) => Text::new(said.message.trim()),
        Err(_) => Text::new(String::from_utf8_lossy(body).trim()),
    }
}

fn parse_version(raw: &str) -> Option<(u32, u32)> {
    let (major, minor) = raw.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn text_of((major, minor): (u32, u32)) -> String {
    format!("{major}.{minor}")
}

fn http_date(raw: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(raw).ok()
}

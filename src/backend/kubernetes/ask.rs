//! What an answer needs of an API server, and no more: so that logs and descriptions can be tried against a script.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, watch as channel};

use crate::domain::Text;

use super::api::Api;
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
            _ => None,
        };
        Self { status, words: Text::from(failure.to_string()) }
    }
}

/// The way to one cluster, opened when something is first asked and kept: a login may take seconds.
pub(super) struct Link {
    target: Target,
    pace: Pace,
    open: channel::Sender<Option<Arc<Api>>>,
    /// Two who ask at once log in once.
    opening: Semaphore,
}

impl Link {
    /// A way that nobody has gone yet.
    pub(super) fn new(target: Target, pace: Pace) -> Self {
        Self { target, pace, open: channel::Sender::new(None), opening: Semaphore::new(1) }
    }

    /// From now on questions go by the watches' own connection, whose login they keep fresh.
    pub(super) fn take_over(&self, api: Api) {
        self.open.send_replace(Some(Arc::new(api)));
    }

    async fn api(&self) -> Result<Arc<Api>, Failed> {
        // It is never closed; and if it were, one login more does no harm.
        let _turn = self.opening.acquire().await;
        if let Some(api) = &*self.open.borrow() {
            return Ok(api.clone());
        }
        let connection = connect::open(&self.target, &self.pace).await?;
        let api = Arc::new(Api::new(connection, self.pace));
        self.open.send_replace(Some(api.clone()));
        Ok(api)
    }

    /// Forgets a way on which the login counts no more.
    fn forget(&self, used: &Arc<Api>) {
        self.open.send_if_modified(|open| {
            let same = open.as_ref().is_some_and(|it| Arc::ptr_eq(it, used));
            same.then(|| *open = None).is_some()
        });
    }
}

#[async_trait]
impl Ask for Link {
    async fn get(&self, path: &str, part: Part) -> Result<Bytes, Failed> {
        // A login that has run out is renewed once.
        let mut renewed = false;
        loop {
            let api = self.api().await?;
            match api.get_as(path, part.media_type()).await.map_err(Failed::from) {
                Err(Failed { status: Some(401), .. }) if !renewed => {
                    self.forget(&api);
                    renewed = true;
                }
                answer => return answer,
            }
        }
    }

    async fn stream(&self, path: &str) -> Result<Pieces, Failed> {
        let mut renewed = false;
        loop {
            let api = self.api().await?;
            match api.stream(path).await.map_err(Failed::from) {
                Err(Failed { status: Some(401), .. }) if !renewed => {
                    self.forget(&api);
                    renewed = true;
                }
                answer => return answer.map(|bytes| bytes.map(|piece| piece.map_err(Failed::from)).boxed()),
            }
        }
    }
}

/// A value as it may stand in a path or a query.
pub(super) fn escaped(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for byte in raw.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
pub(super) mod tests;

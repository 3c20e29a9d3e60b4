//! What an answer needs of an API server, and no more: so that logs and descriptions can be tried against a script.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use serde::de::DeserializeOwned;
use tokio::sync::{Semaphore, watch as channel};

use crate::domain::{Text, Timestamp};

use super::api::Api;
pub(super) use super::api::escaped;
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
        Self { target, pace, open: channel::Sender::new(None), opening: Semaphore::new(1) }
    }

    /// From now on questions go by the watches' own connection, whose login they keep fresh.
    pub(super) fn take_over(&self, api: Api) {
        self.open.send_replace(Some(Arc::new(Open { api, until: None })));
    }

    async fn open(&self) -> Result<Arc<Open>, Failed> {
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
}

#[cfg(test)]
pub(super) mod tests;

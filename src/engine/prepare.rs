//! How an intent would be done, asked of whoever can do each part of it.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use tokio::time::timeout;

use crate::action::merge;
use crate::domain::{Backend, Draft, Intent, Refusal};

use super::feeds::Feeds;

/// A draft that takes longer is given up.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Parts that are asked for at once.
const AT_ONCE: usize = 8;

/// An intent, and who can be asked about each part of it: taken before the asking, so that it may go on beside the loop.
pub struct Asking {
    intent: Intent,
    parts: Vec<(Intent, Option<Arc<dyn Backend>>)>,
}

impl Asking {
    /// Who can be asked about an intent.
    pub fn of(feeds: &Feeds, intent: Intent) -> Self {
        let backend = |part: &Intent| feeds.backend(&part.target().cluster).cloned();
        let parts = intent.parts().iter().map(|part| (part.clone(), backend(part))).collect();
        Self { intent, parts }
    }

    /// Asks, each part of its own backend, and makes one draft of the answers. Nothing is changed.
    ///
    /// # Errors
    /// A part was refused, or its backend did not answer in time.
    pub async fn draft(self) -> Result<Draft, Refusal> {
        // Made before they are asked: a closure over a backend cannot go along to another thread.
        let asked: Vec<_> = self.parts.into_iter().map(|(part, backend)| ask(part, backend)).collect();
        let mut drafts: Vec<Result<Draft, Refusal>> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        // Of one thing its own draft stands: variants and all.
        match (&self.intent, drafts.pop()) {
            (Intent::Several(_), last) => {
                drafts.extend(last);
                merge(&self.intent, drafts)
            }
            (_, Some(only)) => only,
            (intent, None) => Err(Refusal::of(intent, "there is nothing to do", "choose something first")),
        }
    }
}

async fn ask(part: Intent, backend: Option<Arc<dyn Backend>>) -> Result<Draft, Refusal> {
    let Some(backend) = backend else {
        let why = format!("{} is not watched: nothing can be asked of it", part.target().cluster);
        return Err(Refusal::of(&part, why, "watch it first"));
    };
    timeout(PATIENCE, backend.prepare(part.clone()))
        .await
        .unwrap_or_else(|_| Err(Refusal::of(&part, format!("no answer within {} s", PATIENCE.as_secs()), "try again")))
}

//! The engine without a screen: learn until everything has listed or is in trouble.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::domain::{Batch, Timestamp};

use super::core::Core;
use super::feeds::Feeds;

/// Why the waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// Every source has listed or is in trouble, and what the findings asked for has come.
    Settled,
    /// The time was over before.
    TimedOut,
    /// Every feed has said all that it ever will.
    Ended,
}

/// How long answers to the findings' wants are waited for once everything has listed.
const GRACE: Duration = Duration::from_millis(1500);

/// Folds and diagnoses until every source has settled, at most for `wait`; `each` sees every batch before it is folded
/// (a recorder), `clock` says what time it is (a recording's own, or the wall's). Returns why it ended and the last `now`.
pub async fn wait_until_settled(
    core: &mut Core,
    feeds: &mut Feeds,
    wait: Duration,
    mut clock: impl FnMut(Option<&Batch>) -> Timestamp,
    mut each: impl FnMut(&Batch),
) -> (Waited, Timestamp) {
    let end = Instant::now() + wait;
    let mut grace: Option<Instant> = None;
    let mut now = clock(None);
    let waited = loop {
        let until = grace.map_or(end, |grace| grace.min(end));
        match timeout_at(until, feeds.next()).await {
            Ok(Some(batch)) => {
                now = clock(Some(&batch));
                each(&batch);
                core.fold(batch);
                while let Some(batch) = feeds.try_next() {
                    now = clock(Some(&batch));
                    each(&batch);
                    core.fold(batch);
                }
            }
            Ok(None) => break Waited::Ended,
            Err(_) => break if grace.is_some() { Waited::Settled } else { Waited::TimedOut },
        }
        core.turn(now, &mut || true);
        feeds.demand(core.demand(Vec::new(), &BTreeSet::new()));
        if core.is_settled() {
            let view = core.view(now);
            if core.diagnosis().wants().iter().all(|want| view.answer(want).is_some()) {
                break Waited::Settled;
            }
            grace.get_or_insert_with(|| Instant::now() + GRACE);
        }
    };
    // What is held back while listings come is looked at now, whatever the pace.
    let last = now.checked_add(jiff::SignedDuration::from_millis(1)).unwrap_or(now);
    core.settle_now(last);
    (waited, last)
}

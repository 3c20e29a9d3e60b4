//! Blocking queries: a list is asked for with the index that it was of, and answered when it has another, or after a while
//! as it was (nomad: command/agent/http.go, `parseWait`). They stand for the stream where that is refused.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use reqwest::Response;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::backend::escape::escaped;

use super::api::{Answer, Api};
use super::failure::Failure;
use super::pace::Pace;
use super::parts::Part;
use super::strand::Said;
use super::wire::{Allocation, Deployment, Evaluation, JobStub, Node};

/// Lists of what belongs to jobs, of one namespace or all.
pub(super) const OF_JOBS: [&str; 4] = ["jobs", "allocations", "deployments", "evaluations"];
/// After a list of which the reading took so long, so many times that is waited before it is asked for again.
const REST: u32 = 4;
/// The server waits a sixteenth longer than it is told to at most (nomad: nomad/rpc.go, `blockingOptions`).
const JITTER: u32 = 16;

/// A list, as it is now.
pub(super) enum Listed {
    Nodes(Vec<Node>),
    Jobs(Vec<JobStub>),
    Allocations(Vec<Allocation>),
    Deployments(Vec<Deployment>),
    /// Evaluations that wait for room, or for their time.
    Waiting(Vec<Evaluation>),
}

/// What is asked for of a kind: the path, and what goes with the namespace.
pub(super) fn question(kind: &str) -> (&'static str, &'static [(&'static str, &'static str)]) {
    match kind {
        "nodes" => ("/v1/nodes", &[("resources", "true")]),
        "jobs" => ("/v1/jobs", &[]),
        "deployments" => ("/v1/deployments", &[]),
        "evaluations" => ("/v1/evaluations", &[("filter", "Status == \"blocked\" or Status == \"pending\"")]),
        _ => ("/v1/allocations", &[("resources", "true"), ("task_states", "true")]),
    }
}

/// Reads a list as it is now, of whichever server answers: followers may (`stale`).
pub(super) async fn list<T: DeserializeOwned>(api: &Api, kind: &str, part: &Part) -> Result<Answer<Vec<T>>, Failure> {
    let (path, with) = question(kind);
    let mut query = vec![("namespace", if kind == "nodes" { "" } else { part.namespace() }), ("stale", "true")];
    query.extend(with);
    api.indexed(path, &query, api.pace().answer_within).await
}

/// Reads the list of clients as it is now.
pub(super) async fn clients(api: &Api) -> Result<Answer<Vec<Node>>, Failure> {
    let mut read = list::<Node>(api, "nodes", &Part::ALL).await?;
    tell_since(api, &mut read.value, |_| true).await;
    Ok(read)
}

/// Clients that are asked for by themselves, at once and at most.
const CLOSER: (usize, usize) = (8, 64);

/// A list does not tell since when a client is closed or away: of the few that are, and of which anything is new, each says it itself.
/// Where one cannot be asked, it stays unknown.
pub(super) async fn tell_since(api: &Api, clients: &mut [Node], is_new: impl Fn(&Node) -> bool) {
    let odd = |it: &Node| it.status != "ready" || it.scheduling_eligibility == "ineligible" && !it.drain;
    let odd = clients.iter_mut().filter(|it| odd(it) && is_new(it)).take(CLOSER.1);
    let asking: Vec<_> = odd
        .map(|it| {
            let (api, path) = (api.clone(), format!("/v1/node/{}", escaped(&it.id)));
            async move { (it, api.get::<Node>(&path, &[("stale", "true")]).await) }
        })
        .collect();
    let mut told = futures::stream::iter(asking).buffer_unordered(CLOSER.0);
    while let Some((it, asked)) = told.next().await {
        match asked {
            Ok(whole) => (it.events, it.status_updated_at) = (whole.events, whole.status_updated_at),
            Err(failure) => tracing::debug!(node = %it.name, %failure, "not told since when it is so"),
        }
    }
}

/// Allocations of a page: what is held of a list at once stays small, and one page is read while the server writes the next.
const PAGE: &str = "250";
/// Pages that wait to be taken in.
const PAGES: usize = 1;

/// Allocations, page by page.
pub(super) struct Pages {
    raw: mpsc::Receiver<Result<Answer<Bytes>, Failure>>,
    _asking: JoinSet<()>,
}

impl Pages {
    /// Asks for the first page, and for each that follows as soon as it is known where that begins: the head of the page before it
    /// tells, so its server writes one while the other is on its way.
    pub(super) fn of(api: &Api, part: &Part) -> Self {
        let (out, raw) = mpsc::channel(PAGES);
        let (api, part, mut asking) = (api.clone(), part.clone(), JoinSet::new());
        asking.spawn(async move {
            let mut head = page(&api, &part, "").await;
            loop {
                let from = head.as_ref().ok().and_then(|head| head.next.clone());
                let next = async {
                    match &from {
                        Some(from) => Some(page(&api, &part, from).await),
                        None => None,
                    }
                };
                let whole = async {
                    let within = api.pace().answer_within;
                    let read = async { api.whole(head?).await };
                    let read = timeout(within, read).await.unwrap_or(Err(Failure::Silent(within)));
                    out.send(read).await.is_ok()
                };
                let (next, heard) = futures::join!(next, whole);
                match next {
                    Some(next) if heard => head = next,
                    _ => return,
                }
            }
        });
        Self { raw, _asking: asking }
    }

    /// The next one; none after the last.
    pub(super) async fn next(&mut self) -> Option<Result<Answer<Vec<Allocation>>, Failure>> {
        Some(self.raw.recv().await?.and_then(|page| page.read(question("allocations").0)))
    }
}

/// The head of a page.
async fn page(api: &Api, part: &Part, from: &str) -> Result<Answer<Response>, Failure> {
    let (path, with) = question("allocations");
    let mut query = vec![("namespace", part.namespace()), ("stale", "true"), ("per_page", PAGE), ("next_token", from)];
    query.extend(with);
    let within = api.pace().answer_within;
    timeout(within, api.head(path, &query)).await.unwrap_or(Err(Failure::Silent(within)))
}

/// Asks for a list whenever it has changed, until nobody reads any more or it cannot be read.
pub(super) async fn follow(
    api: &Api,
    kind: &'static str,
    part: &Part,
    index: u64,
    pace: Pace,
    out: &mpsc::Sender<Said>,
) {
    let mut index = index.max(1);
    loop {
        let begun = Instant::now();
        let answer = ask(api, kind, part, index, pace.blocks_for).await;
        let waited = begun.elapsed();
        let took = answer.as_ref().map_or(Duration::ZERO, |answer| answer.took);
        // A list that never held anything is of index 0, and nobody is made to wait for more than that.
        let (said, next) = match answer.map(|answer| (answer.value, answer.index.max(1))) {
            Ok((_, now)) if now == index => (Said::Same(kind, part.clone()), now),
            // Counted anew: a server was restored, or another answers. What it has is asked for at once.
            Ok((listed, now)) if now < index => (Said::Listed(part.clone(), listed), 0),
            Ok((listed, now)) => (Said::Listed(part.clone(), listed), now),
            Err(failure) if failure.is_denied() => {
                let _ = out.send(Said::Denied(kind, part.clone(), failure)).await;
                return;
            }
            Err(failure) => {
                let _ = out.send(Said::Ended(failure)).await;
                return;
            }
        };
        let changed = matches!(said, Said::Listed(..));
        index = next;
        if out.send(said).await.is_err() {
            return;
        }
        // Where something changes all the time, or a server does not wait, the list is not asked for all the time.
        if changed || waited < pace.asks_again {
            sleep(rest(&pace, took)).await;
        }
    }
}

/// So long a list is left alone that took so long to come. How long a change of it was waited for does not count.
fn rest(pace: &Pace, took: Duration) -> Duration {
    pace.asks_again.max((took * REST).min(pace.blocks_for / 2))
}

async fn ask(api: &Api, kind: &str, part: &Part, index: u64, wait: Duration) -> Result<Answer<Listed>, Failure> {
    let (path, with) = question(kind);
    let (index, wait_for) = (index.to_string(), format!("{}ms", wait.as_millis()));
    let namespace = if kind == "nodes" { "" } else { part.namespace() };
    let mut query =
        vec![("namespace", namespace), ("index", index.as_str()), ("wait", wait_for.as_str()), ("stale", "true")];
    query.extend(with);
    let within = wait + wait / JITTER + api.pace().answer_within;
    Ok(match kind {
        "nodes" => api.indexed(path, &query, within).await?.with(Listed::Nodes),
        "jobs" => api.indexed(path, &query, within).await?.with(Listed::Jobs),
        "deployments" => api.indexed(path, &query, within).await?.with(Listed::Deployments),
        "evaluations" => api.indexed(path, &query, within).await?.with(Listed::Waiting),
        _ => api.indexed(path, &query, within).await?.with(Listed::Allocations),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_left_alone_by_what_it_took_to_come() {
        let pace = Pace { asks_again: Duration::from_secs(1), blocks_for: Duration::from_secs(55), ..Pace::default() };
        assert_eq!(rest(&pace, Duration::ZERO), Duration::from_secs(1));
        assert_eq!(rest(&pace, Duration::from_secs(2)), Duration::from_secs(8));
        assert_eq!(rest(&pace, Duration::from_secs(60)), Duration::from_millis(27_500), "and not for ever");
    }
}

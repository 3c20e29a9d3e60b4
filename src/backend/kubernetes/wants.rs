//! What is fetched only because somebody wants it: the last lines of a pod's output, how a revision differs, what may be done in a
//! namespace.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;

use crate::domain::{Answer, ClusterId, Demand, Kind, Ref, Text, Want};

use super::ask::{Ask, Failed, Part, escaped, read as read_json};
use super::changes;
use super::lines::Lines;
use super::peek::{Newest, Pod};
use super::rights;
use super::thread::Opening;

/// Lines that a finding needs, at most.
const LINES: u32 = 20;
/// A line is cut after so many bytes.
const LINE: usize = 512;
/// Outputs that are read at once.
const AT_ONCE: usize = 4;
/// So few lines are there within this time, or the kubelet hangs.
const WITHIN: Duration = Duration::from_secs(15);

/// What was wanted and answered, or is being read.
#[derive(Debug, Default)]
pub(super) struct Wants {
    answered: BTreeSet<Want>,
    /// Of those, which the server did not answer: it was away, or did not take our login.
    missed: BTreeSet<Want>,
    reading: BTreeSet<Want>,
}

/// What came of a want.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) want: Want,
    pub(super) answer: Answer,
    /// The server was away: it may be asked again.
    missed: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Why {
    pub(super) words: Text,
    /// It says nothing of what was wanted: the server was away, or did not take our login.
    pub(super) away: bool,
}

impl From<Failed> for Why {
    fn from(failed: Failed) -> Self {
        let away = matches!(failed.status, None | Some(401 | 429 | 503));
        let words = if failed.is_gone() { Text::new("it is not there any more") } else { failed.words };
        Self { words, away }
    }
}

impl From<Text> for Why {
    fn from(words: Text) -> Self {
        Self { words, away: false }
    }
}

impl From<&str> for Why {
    fn from(words: &str) -> Self {
        Text::new(words).into()
    }
}

impl From<String> for Why {
    fn from(words: String) -> Self {
        Text::from(words).into()
    }
}

impl Wants {
    /// What is wanted of this cluster and is not yet being read; as much as may be read at once. Each of them is to be
    /// [`read`], and then to be told [`Wants::done`].
    pub(super) fn next(&mut self, demand: &Demand, cluster: &ClusterId) -> Vec<Want> {
        self.answered.retain(|want| demand.wants.contains(want));
        self.missed.retain(|want| demand.wants.contains(want));
        let room = AT_ONCE.saturating_sub(self.reading.len());
        let ours = |want: &&Want| match want {
            Want::LogTail { instance, .. } => instance.cluster == *cluster && is_pod(instance),
            Want::Change { workload: key, .. } | Want::Allowed(key) => key.cluster == *cluster,
            _ => false,
        };
        let new = |want: &&Want| !self.answered.contains(*want) && !self.reading.contains(*want);
        let next: Vec<Want> = demand.wants.iter().filter(ours).filter(new).take(room).cloned().collect();
        self.reading.extend(next.iter().cloned());
        next
    }

    /// It was answered, whatever the answer: it is not asked again, unless nobody was there to answer.
    pub(super) fn done(&mut self, told: &Told) {
        self.reading.remove(&told.want);
        self.answered.insert(told.want.clone());
        if told.missed {
            self.missed.insert(told.want.clone());
        }
    }

    /// Rights may be others by now.
    pub(super) fn review_again(&mut self) {
        self.answered.retain(|want| !matches!(want, Want::Allowed(_)));
    }

    /// The server is there: what it missed is asked again.
    pub(super) fn again(&mut self) {
        for want in std::mem::take(&mut self.missed) {
            self.answered.remove(&want);
        }
    }
}

const fn is_pod(instance: &Ref) -> bool {
    matches!(instance.kind, Kind::Pod | Kind::BarePod)
}

/// Reads what is wanted.
pub(super) async fn read(server: &dyn Ask, want: Want) -> Told {
    let outcome = match &want {
        Want::Change { workload, revision } => {
            changes::change(server, workload, revision).await.map(|it| Answer::Changed(Box::new(it)))
        }
        Want::Allowed(namespace) => {
            let denied = rights::denied_in(server, &namespace.name).await;
            denied.map(Answer::Denied).ok_or_else(|| Why { words: Text::new("the server does not say"), away: true })
        }
        want => tail(server, want).await.map(Answer::Lines),
    };
    let missed = outcome.as_ref().is_err_and(|why| why.away);
    Told { want, answer: outcome.unwrap_or_else(|why| Answer::Failed(why.words)), missed }
}

async fn tail(server: &dyn Ask, want: &Want) -> Result<Vec<Text>, Why> {
    let Want::LogTail { instance, container, previous, run } = want else {
        return Err("a Kubernetes cluster is not asked for that".into());
    };
    let namespace = instance.namespace.as_deref().unwrap_or_default();
    let path = format!("/api/v1/namespaces/{}/pods/{}", escaped(namespace), escaped(&instance.name));
    let pod: Pod = read_json(server, &path, Part::Whole).await?;
    let container = pod.choose(container.as_deref())?.name;
    let previous = match RunId::of(run, &container) {
        Some(run) if run.uid != pod.metadata.uid => {
            return Err("another pod has its name by now".into());
        }
        Some(run) => run.is_previous(*previous, pod.newest(&container))?,
        None => *previous,
    };
    let opening = Opening { container, previous, since: None, tail: Some(LINES), follow: false };
    let path = opening.path(namespace, &instance.name);
    let read = tokio::time::timeout(WITHIN, lines(server, &path)).await;
    let read = read.map_err(|_| Why::from(format!("no end of the output within {} s", WITHIN.as_secs())))?;
    // Of the output it is not the pod that is gone.
    read.map_err(|failed| Why { words: failed.words.clone(), ..failed.into() })
}

async fn lines(server: &dyn Ask, path: &str) -> Result<Vec<Text>, Failed> {
    let mut pieces = server.stream(path).await?;
    let (mut lines, mut read) = (Lines::default(), Vec::new());
    while let Some(piece) = pieces.next().await {
        read.extend(lines.take(&piece?));
        let skipped = read.len().saturating_sub(LINES as usize);
        read.drain(..skipped);
    }
    read.extend(lines.finish());
    let skipped = read.len().saturating_sub(LINES as usize);
    Ok(read[skipped..].iter().map(|line| Text::new(cut(&line.text))).collect())
}

fn cut(text: &str) -> &str {
    let end = (0..=LINE.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or_default()]
}

/// Which run is wanted, as findings name it: `uid:container:restarts`, where the restarts are those that were counted
/// when it was wanted.
struct RunId<'a> {
    uid: &'a str,
    restarts: u32,
}

impl<'a> RunId<'a> {
    fn of(run: &'a str, container: &str) -> Option<Self> {
        let (rest, restarts) = run.rsplit_once(':')?;
        let uid = rest.strip_suffix(container)?.strip_suffix(':')?;
        Some(Self { uid, restarts: restarts.parse().ok()? })
    }

    /// Where that run's output is now: the container may have been started again since it was wanted, and the lines of
    /// another run would be put down to this one. The kubelet keeps the newest run and the one before.
    fn is_previous(&self, previous: bool, newest: Option<Newest>) -> Result<bool, Text> {
        // The kubelet's own words say best why there is none.
        let Some(newest) = newest else { return Ok(previous) };
        let Some(wanted) = self.restarts.checked_sub(u32::from(previous)) else { return Ok(previous) };
        match newest.restarts.checked_sub(wanted) {
            Some(0) => Ok(false),
            Some(1) if newest.runs || newest.before => Ok(true),
            Some(_) => Err(Text::new("it was started again since; the output of that run is not kept")),
            // It counts anew: what was asked for is the best guess there is.
            None => Ok(previous),
        }
    }
}

#[cfg(test)]
mod tests;

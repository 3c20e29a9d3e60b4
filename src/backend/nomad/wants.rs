//! What is fetched only because somebody wants it: the last lines that a task wrote, and how a version of a job differs from the
//! one before.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt;
use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinSet;

use crate::backend::escape::escaped;
use crate::domain::{Answer, Batch, Demand, Fact, Kind, LogLine, Ref, Text, Timestamp, Want};

use super::Nomad;
use super::api::Api;
use super::change::Versions;
use super::failure::Failure;
use super::find;

/// Lines that a finding needs, at most.
const LINES: usize = 20;
/// A line is cut after so many characters.
const LINE: usize = 512;
/// Of each output so much is read, from its end, bytes.
const READ: usize = 4 << 10;
/// Outputs that are read at once.
const AT_ONCE: usize = 4;

/// Answers what is wanted of a region, until nobody listens any more.
pub(super) async fn answer(nomad: Arc<Nomad>, mut demand: channel::Receiver<Demand>, out: mpsc::Sender<Batch>) {
    let (cluster, pace) = (nomad.target().name.clone(), nomad.pace);
    let mut asked: BTreeSet<Want> = BTreeSet::new();
    let mut reading: JoinSet<(Want, Answer)> = JoinSet::new();
    let mut api: Option<Api> = None;
    loop {
        let wanted = demand.borrow_and_update().wants.clone();
        asked.retain(|want| wanted.contains(want));
        let ours = |want: &Want| match want {
            Want::LogTail { instance: key, .. } | Want::Change { workload: key, .. } => key.cluster == cluster,
            _ => false,
        };
        let new: Vec<Want> = wanted.into_iter().filter(|want| ours(want) && !asked.contains(want)).collect();
        for want in new.into_iter().take(AT_ONCE.saturating_sub(reading.len())) {
            asked.insert(want.clone());
            let way = match &api {
                Some(api) => Ok(api.clone()),
                None => nomad.api().inspect(|made| api = Some(made.clone())),
            };
            reading.spawn(async move {
                let read = async { read(&way?, &want).await };
                let answer = match tokio::time::timeout(pace.answer_within, read).await {
                    Ok(Ok(answer)) => answer,
                    Ok(Err(failure)) => Answer::Failed(Text::from(failure.to_string())),
                    Err(_) => Answer::Failed(Text::from(Failure::Silent(pace.answer_within).to_string())),
                };
                (want, answer)
            });
        }
        tokio::select! {
            () = out.closed() => return,
            Some(Ok((want, answer))) = reading.join_next() => {
                // What failed may go better by another way: tokens and certificates are read afresh.
                api = api.filter(|_| !matches!(answer, Answer::Failed(_)));
                let facts = vec![Fact::Answered(want, answer)];
                let _ = out.send(Batch { cluster: cluster.clone(), at: Timestamp::now(), facts }).await;
            }
            Ok(()) = demand.changed() => {}
        }
    }
}

async fn read(api: &Api, want: &Want) -> Result<Answer, Failure> {
    match want {
        Want::Change { workload, revision } => change(api, workload, revision).await,
        want => tail(api, want).await,
    }
}

/// How a version of a job differs, of a group of it.
async fn change(api: &Api, workload: &Ref, revision: &str) -> Result<Answer, Failure> {
    let Some(found) = find::job(api, workload).await? else {
        return Ok(Answer::Failed(Text::new("it is not there any more")));
    };
    let query = [("namespace", find::namespace(workload)), ("diffs", "true")];
    let versions: Versions = api.get(&format!("{}/versions", find::job_path(&found.job.id)), &query).await?;
    let change = versions.change(revision, &found.group.name);
    Ok(change.map_or_else(Answer::Failed, |change| Answer::Changed(Box::new(change))))
}

/// The last lines of a task. All its runs write one log without times: those of the run before cannot be told from those of one
/// that goes on.
async fn tail(api: &Api, want: &Want) -> Result<Answer, Failure> {
    let Want::LogTail { instance, container: Some(task), previous: false, run } = want else {
        return Ok(Answer::Failed(Text::new("Nomad keeps the output of all runs of a task in one")));
    };
    // `{uid}:{task}:{restarts}`
    let id = run.split(':').next().filter(|_| instance.kind == Kind::Allocation).unwrap_or_default();
    let namespace = instance.namespace.as_deref().unwrap_or("default");
    let (said, complained) = futures::try_join!(
        last_lines(api, id, namespace, task, "stdout"),
        last_lines(api, id, namespace, task, "stderr"),
    )?;
    // Which of the two came first is not told: what is wrong is said on the second, as a rule.
    let mut lines: Vec<Text> = said.into_iter().chain(complained).collect();
    lines.drain(..lines.len().saturating_sub(LINES));
    Ok(Answer::Lines(lines))
}

async fn last_lines(api: &Api, id: &str, namespace: &str, task: &str, kind: &str) -> Result<Vec<Text>, Failure> {
    let offset = READ.to_string();
    let query = [
        ("task", task),
        ("type", kind),
        ("origin", "end"),
        ("offset", offset.as_str()),
        ("plain", "true"),
        ("namespace", namespace),
    ];
    let mut pieces = match api.stream(&format!("/v1/client/fs/logs/{}", escaped(id)), &query).await {
        Ok(pieces) => pieces,
        // A task that never ran has no file yet.
        Err(failure) if failure.is_gone() => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    let mut raw = Vec::new();
    while let Some(piece) = pieces.next().await {
        raw.extend_from_slice(&piece?);
        if raw.len() > 2 * READ {
            break;
        }
    }
    let text = String::from_utf8_lossy(&raw);
    // Where the file is longer, its first line here is the end of one.
    let whole = text.lines().skip(usize::from(raw.len() >= READ));
    Ok(whole.map(cut).filter(|line| !line.is_empty()).collect())
}

fn cut(line: &str) -> Text {
    let short: String = line.chars().take(LINE).collect();
    LogLine::output(None, false, short).text
}

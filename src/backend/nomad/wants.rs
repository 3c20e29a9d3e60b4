//! What findings and open panes want to know beside what is watched: how a version of a job differs from the one before, and the
//! last lines that a task wrote. Read when it is wanted, for what is wanted.

use std::collections::BTreeSet;

use tokio::sync::watch as channel;
use tokio::task::JoinSet;

use crate::backend::escape::escaped;
use crate::domain::{Answer, Change, ClusterId, Demand, Fact, Kind, Ref, Text, Want};

use super::api::Api;
use super::book::Book;
use super::change::Versions;
use super::failure::Failure;
use super::scribe::JobKey;
use super::watch::Watch;

/// Answers that are read at once.
const AT_ONCE: usize = 4;
/// Lines of a tail.
const LINES: usize = 40;
/// Bytes of each output that are read for it.
const BYTES: &str = "8192";
/// Length of a line, characters.
const LONGEST: usize = 400;

/// What is wanted, and what of it was answered.
pub(super) struct Wants {
    demand: channel::Receiver<Demand>,
    /// Nobody wants anything else any more.
    closed: bool,
    answered: BTreeSet<Want>,
    asked: BTreeSet<Want>,
    reading: JoinSet<(Want, Result<Answer, Failure>)>,
}

/// What comes next.
pub(super) enum Next {
    /// Something else is wanted.
    Wanted,
    /// Something was read.
    Read(Want, Result<Answer, Failure>),
}

/// What is to be read for a want.
enum Question {
    /// Of a group of a job.
    Versions(JobKey, String, String),
    /// Of a task of an allocation.
    Tail { namespace: String, allocation: String, task: String },
}

impl Wants {
    pub(super) fn new(demand: channel::Receiver<Demand>) -> Self {
        let (closed, answered, asked) = Default::default();
        Self { demand, closed, answered, asked, reading: JoinSet::new() }
    }

    /// The connection broke: what was being read is wanted still.
    pub(super) fn interrupted(&mut self) {
        self.asked.clear();
        self.reading = JoinSet::new();
    }

    /// Waits for the next. Nothing is lost where that is given up.
    pub(super) async fn next(&mut self) -> Next {
        loop {
            tokio::select! {
                changed = self.demand.changed(), if !self.closed => match changed {
                    Ok(()) => return Next::Wanted,
                    Err(_) => self.closed = true,
                },
                Some(read) = self.reading.join_next() => {
                    if let Ok((want, answer)) = read {
                        return Next::Read(want, answer);
                    }
                }
                else => std::future::pending().await,
            }
        }
    }

    /// What is wanted of this cluster and neither answered nor being read.
    fn open(&mut self, cluster: &ClusterId) -> Vec<Want> {
        let demand = self.demand.borrow_and_update();
        self.answered.retain(|want| demand.wants.contains(want));
        let ours = |want: &&Want| match want {
            Want::Change { workload: key, .. } | Want::LogTail { instance: key, .. } => key.cluster == *cluster,
            _ => false,
        };
        let new = |want: &&Want| !self.answered.contains(*want) && !self.asked.contains(*want);
        demand.wants.iter().filter(ours).filter(new).cloned().collect()
    }
}

impl Watch {
    /// Takes in what came of a want, and asks for what else is wanted.
    pub(super) fn wanted(&mut self, api: &Api, next: Next) {
        if let Next::Read(want, read) = next {
            self.wants.asked.remove(&want);
            match read {
                Ok(answer) => self.answer(want, answer),
                Err(failure) if failure.answered() => {
                    self.answer(want, Answer::Failed(Text::from(failure.to_string())))
                }
                // The server is away: it is asked again when it is there.
                Err(_) => {}
            }
        }
        self.ask_wanted(api);
    }

    /// Asks for what is wanted, as much as may be asked at once.
    pub(super) fn ask_wanted(&mut self, api: &Api) {
        for want in self.wants.open(&self.target.name) {
            if self.wants.reading.len() >= AT_ONCE {
                break;
            }
            match question(&self.book, &want) {
                Ok(question) => {
                    self.wants.asked.insert(want.clone());
                    let api = api.clone();
                    self.wants.reading.spawn(async move {
                        let answer = read(&api, question).await;
                        (want, answer)
                    });
                }
                Err(why) => self.answer(want, Answer::Failed(why)),
            }
        }
    }

    fn answer(&mut self, want: Want, answer: Answer) {
        self.wants.answered.insert(want.clone());
        self.book.tell(Fact::Answered(want, answer));
    }
}

fn question(book: &Book, want: &Want) -> Result<Question, Text> {
    let gone = || Text::new("it is not there any more");
    match want {
        Want::Change { workload, revision } => {
            let (job, group) = book.group_of(workload).ok_or_else(gone)?;
            Ok(Question::Versions(job, group, revision.to_string()))
        }
        Want::LogTail { previous: true, .. } => Err(Text::new(
            "Nomad keeps the output of all runs of a task in one: that of one before it is not told apart",
        )),
        Want::LogTail { instance, container: Some(task), .. } if instance.kind == Kind::Allocation => {
            let allocation = book.id_of(instance).ok_or_else(gone)?;
            let namespace = instance.namespace.as_deref().unwrap_or("default").to_owned();
            Ok(Question::Tail { namespace, allocation, task: task.to_string() })
        }
        _ => Err(Text::new("a Nomad region is not asked for that")),
    }
}

async fn read(api: &Api, question: Question) -> Result<Answer, Failure> {
    match question {
        Question::Versions(job, group, revision) => {
            let path = format!("/v1/job/{}/versions", escaped(&job.id));
            let query = [("namespace", job.namespace.as_str()), ("diffs", "true"), ("stale", "true")];
            let versions: Versions = api.get(&path, &query).await?;
            let change: Result<Change, Text> = versions.change(&revision, &group);
            Ok(change.map_or_else(Answer::Failed, |change| Answer::Changed(Box::new(change))))
        }
        Question::Tail { namespace, allocation, task } => {
            // Why something ended stands there more often.
            let said = tail(api, &namespace, &allocation, &task, "stderr").await?;
            let said = if said.is_empty() { tail(api, &namespace, &allocation, &task, "stdout").await? } else { said };
            Ok(Answer::Lines(said))
        }
    }
}

async fn tail(api: &Api, namespace: &str, allocation: &str, task: &str, output: &str) -> Result<Vec<Text>, Failure> {
    let query = [
        ("namespace", namespace),
        ("task", task),
        ("type", output),
        ("origin", "end"),
        ("offset", BYTES),
        ("plain", "true"),
        ("follow", "false"),
    ];
    let raw = match api.bytes(&format!("/v1/client/fs/logs/{}", escaped(allocation)), &query).await {
        Ok(raw) => raw,
        // What never ran has written nothing.
        Err(failure) if failure.is_gone() => return Ok(Vec::new()),
        Err(failure) => return Err(failure),
    };
    let text = String::from_utf8_lossy(&raw);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let skipped = lines.len().saturating_sub(LINES);
    Ok(lines[skipped..].iter().map(|line| Text::from(line.chars().take(LONGEST).collect::<String>())).collect())
}

impl Book {
    /// The job and the group that a workload is.
    fn group_of(&self, key: &Ref) -> Option<(JobKey, String)> {
        let namespace = key.namespace.clone()?;
        // A group of the name of its job goes by that alone.
        let (job, group) = (&key.name, key.name.as_str());
        let alone = JobKey { namespace: namespace.clone(), id: job.clone() };
        let found = |job: &JobKey, group: &str| {
            let known = self.jobs.get(job).and_then(|entry| entry.job.as_ref());
            known.is_some_and(|known| known.task_groups.iter().any(|it| it.name == group))
        };
        if found(&alone, group) {
            return Some((alone, group.to_owned()));
        }
        let (job, group) = key.name.rsplit_once('/')?;
        let job = JobKey { namespace, id: job.into() };
        found(&job, group).then(|| (job, group.to_owned()))
    }

    /// The id of an allocation.
    fn id_of(&self, key: &Ref) -> Option<String> {
        self.allocations.iter().find(|(_, kept)| kept.key == *key).map(|(id, _)| id.clone())
    }
}

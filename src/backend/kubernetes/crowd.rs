//! The output of all pods of a workload at once, each line under its pod's name.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::backend::output::Out;
use crate::domain::{Kind, LogLine, LogRequest, Name, Ref, Role, Text};

use crate::backend::newest;

use super::ask::{Ask, Failed, Part, escaped, read};
use super::kinds::ApiKind;
use super::logs::Follower;
use super::pace::Pace;
use super::peek::Meta;
use super::place;
use super::selector;

/// Pods that are followed at once: each takes a connection.
const MOST: usize = 20;
/// Pods whose past is read at once.
const AT_ONCE: usize = 4;
/// How often it is looked for new pods.
const LOOK: Duration = Duration::from_secs(5);
/// Runs of a CronJob whose pods count as its pods.
const RUNS: usize = 3;

/// Those whose output is followed.
pub(super) struct Crowd {
    server: Arc<dyn Ask>,
    pace: Pace,
    request: LogRequest,
    out: Out,
    members: Members,
    /// The pods there are, newest first.
    pods: Vec<Meta>,
    /// Uids of those whose followers were started.
    followed: HashSet<String>,
    /// What could not be read was said.
    said: bool,
}

/// By what the pods of a workload are told.
enum Members {
    /// Their labels.
    Labels(String),
    /// The jobs of this CronJob have them.
    OfCronJob(String),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct List {
    items: Vec<Item>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    metadata: Meta,
}

impl Crowd {
    /// Finds out which pods there are. Fails where there can be none, or where they may not be read.
    pub(super) async fn gather(server: Arc<dyn Ask>, pace: Pace, request: LogRequest, out: Out) -> Result<Self, Text> {
        let key = request.instance.clone();
        let members = members(&*server, &key).await?;
        let (pods, followed) = (Vec::new(), HashSet::new());
        let mut crowd = Self { server, pace, request, out, members, pods, followed, said: false };
        let fails = |failed: Failed| Text::from(format!("the pods of {} cannot be read: {failed}", key.local()));
        crowd.pods = crowd.list().await.map_err(fails)?;
        if crowd.pods.is_empty() && !crowd.request.follow {
            return Err(Text::from(format!("no pod of {} is there to read from", key.local())));
        }
        Ok(crowd)
    }

    /// Gives lines until nobody reads them any more: first what there is, by time, then what comes.
    pub(super) async fn run(mut self) {
        let mut followers = JoinSet::new();
        for follower in self.past().await {
            if self.request.follow && !self.request.previous {
                followers.spawn(follower.run(None));
            }
        }
        if !self.request.follow || self.request.previous {
            return;
        }
        while self.out.pause(LOOK.min(self.pace.list_every)).await {
            while followers.try_join_next().is_some() {}
            match self.list().await {
                Ok(pods) => (self.pods, self.said) = (pods, false),
                Err(failed) if !self.said => {
                    self.said = true;
                    let words = format!("new pods are not seen: they cannot be listed: {failed}");
                    self.out.give(LogLine::note(None, words)).await;
                }
                Err(_) => {}
            }
            self.followed.retain(|uid| self.pods.iter().any(|pod| pod.uid == *uid));
            for pod in self.new_pods(MOST.saturating_sub(followers.len())) {
                let follower = self.follower(&pod);
                self.out_of(&pod).give(LogLine::note(pod.creation_timestamp, "this pod has joined")).await;
                followers.spawn(follower.run(None));
            }
        }
    }

    /// Reads what there is, merges it by time, and gives it. Hands back who follows each pod from there on.
    async fn past(&mut self) -> Vec<Follower> {
        let pods = self.new_pods(MOST);
        if pods.is_empty() {
            self.out.give(LogLine::note(None, "no pod is there yet")).await;
        }
        let left_out = self.pods.len() - pods.len();
        if left_out > 0 {
            let words = format!("{left_out} older pods are left out: at most {MOST} are followed at once");
            self.out.give(LogLine::note(None, words)).await;
        }
        let asked = pods.iter().map(|pod| {
            let (mut follower, out) = (self.follower(pod), self.out_of(pod));
            async move {
                let mut lines = follower.past().await;
                lines.iter_mut().for_each(|line| out.sign(line));
                (follower, lines)
            }
        });
        let asked: Vec<_> = asked.collect();
        let mut answers = futures::stream::iter(asked).buffer_unordered(AT_ONCE);
        let (mut followers, mut lines) = (Vec::new(), Vec::new());
        while let Some((follower, more)) = answers.next().await {
            followers.push(follower);
            lines.extend(more);
            newest::keep(&mut lines, self.request.tail as usize);
        }
        for line in lines {
            if !self.out.pass(line).await {
                break;
            }
        }
        followers
    }

    /// At most so many of those that are not followed yet, newest first.
    fn new_pods(&mut self, most: usize) -> Vec<Meta> {
        let new = self.pods.iter().filter(|pod| !self.followed.contains(&pod.uid));
        let new: Vec<Meta> = new.take(most).cloned().collect();
        self.followed.extend(new.iter().map(|pod| pod.uid.clone()));
        new
    }

    fn follower(&self, pod: &Meta) -> Follower {
        let key = &self.request.instance;
        let instance = Ref::new(&key.cluster, Kind::Pod, key.namespace.clone(), pod.name.as_str());
        let request = LogRequest { instance, ..self.request.clone() };
        Follower::new(self.server.clone(), self.pace, request, self.out_of(pod))
    }

    fn out_of(&self, pod: &Meta) -> Out {
        self.out.named(Name::new(&pod.name))
    }

    /// Its pods, newest first. Those of a workload that keeps running are left out when they have ended.
    async fn list(&self) -> Result<Vec<Meta>, Failed> {
        let key = &self.request.instance;
        let namespace = key.namespace.as_deref();
        let labels = match &self.members {
            Members::Labels(labels) => labels.clone(),
            Members::OfCronJob(uid) => {
                let jobs: List = read(&*self.server, &ApiKind::Jobs.path(namespace), Part::MetadataOfEach).await?;
                match newest_runs(jobs, uid) {
                    Some(labels) => labels,
                    None => return Ok(Vec::new()),
                }
            }
        };
        let mut path = format!("{}?labelSelector={}", ApiKind::Pods.path(namespace), escaped(&labels));
        if !matches!(key.kind, Kind::Job | Kind::CronJob) {
            path.push_str(&format!("&fieldSelector={}", escaped("status.phase!=Succeeded,status.phase!=Failed")));
        }
        let list: List = read(&*self.server, &path, Part::MetadataOfEach).await?;
        let mut pods: Vec<Meta> = list.items.into_iter().map(|item| item.metadata).collect();
        pods.sort_by(|a, b| (b.creation_timestamp, &b.name).cmp(&(a.creation_timestamp, &a.name)));
        Ok(pods)
    }
}

async fn members(server: &dyn Ask, key: &Ref) -> Result<Members, Text> {
    let no_output = || {
        let noun = key.kind.noun();
        Text::from(format!("a {noun} has no output of its own; choose a pod or what makes pods"))
    };
    let has_pods = key.kind.role() == Role::Workload || key.kind == Kind::Endpoint;
    let path = place::path(key).filter(|_| has_pods).ok_or_else(no_output)?;
    let workload: Value = read(server, &path, Part::Whole).await.map_err(|failed| match failed.is_gone() {
        true => Text::from(format!("{} is not there any more", key.local())),
        false => Text::from(format!("{} cannot be read: {failed}", key.local())),
    })?;
    if key.kind == Kind::CronJob {
        let uid = workload.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
        return Ok(Members::OfCronJob(uid.to_owned()));
    }
    let labels = workload.pointer("/spec/selector").and_then(selector::query);
    labels.map(Members::Labels).ok_or_else(|| Text::from(format!("{} selects no pods", key.local())))
}

/// The pods of the newest jobs that a CronJob made; none where it made none.
fn newest_runs(jobs: List, cron_job: &str) -> Option<String> {
    let of_it = |job: &Meta| job.owner_references.iter().any(|owner| owner.uid == cron_job);
    let mut jobs: Vec<Meta> = jobs.items.into_iter().map(|job| job.metadata).filter(of_it).collect();
    jobs.sort_by_key(|job| std::cmp::Reverse(job.creation_timestamp));
    let names: Vec<&str> = jobs.iter().take(RUNS).map(|job| job.name.as_str()).collect();
    // Every server sets this label; those before 1.27 know no other.
    (!names.is_empty()).then(|| format!("job-name in ({})", names.join(",")))
}

//! The output of all that a service runs at once, each line under the name of its container or task: those of a Compose service by
//! its labels, those of a Swarm's service wherever they run. The manager hands the output of tasks on other nodes through.

use std::collections::HashMap;

use futures::StreamExt;
use tokio::task::JoinSet;

use crate::backend::output::Out;
use crate::domain::{Kind, LogLine, LogRequest, LogStream, Name, Ref, Text};

use super::api::{Api, escaped};
use super::belongs::Belongs;
use super::failure::Failure;
use super::follower::{Follower, Place};
use super::logs::{self, Part, Speaker};
use super::pace::Pace;
use super::swarm;
use super::transport::Transport;
use super::wire::Summary;

/// Followed at once: each takes a connection.
const MOST: usize = 20;
/// Whose past is read at once.
const AT_ONCE: usize = 4;
/// How often it is looked for new ones.
const LOOK: std::time::Duration = std::time::Duration::from_secs(5);

/// One of those whose output is told together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) speaker: Speaker,
    pub(super) name: Name,
    /// It may write yet.
    pub(super) runs: bool,
}

/// Those whose output is followed.
struct Crowd {
    transport: Transport,
    pace: Pace,
    request: LogRequest,
    out: Out,
    /// How far those were given that are not followed just now; none while one is.
    known: HashMap<Speaker, Option<Place>>,
    /// What could not be read was said.
    said: bool,
}

/// Follows all that a service runs. Fails where that cannot be told, or where nothing is there and nothing is waited for.
pub(super) async fn follow(
    transport: Transport,
    pace: Pace,
    api: Api,
    request: LogRequest,
) -> Result<LogStream, Failure> {
    let members = members(&api, &request.instance).await?;
    let (out, lines) = Out::new();
    let crowd = Crowd { transport, pace, request, out, known: HashMap::new(), said: false };
    let mut tasks = JoinSet::new();
    tasks.spawn(crowd.run(api, members));
    Ok(lines.with(tasks))
}

impl Crowd {
    /// Gives lines until nobody reads them any more: first what there is, by time, then what comes.
    async fn run(mut self, api: Api, members: Vec<Member>) {
        let places = self.past(&api, members).await;
        if !self.request.follow {
            return;
        }
        let mut followers: JoinSet<(Speaker, Place)> = JoinSet::new();
        for (member, place) in places {
            self.known.insert(member.speaker.clone(), Some(place));
            if member.runs {
                self.start(&mut followers, &api, &member, place);
            }
        }
        let mut api = Some(api);
        while self.out.pause(LOOK.min(self.pace.swarm_every)).await {
            while let Some(ended) = followers.try_join_next() {
                if let Ok((speaker, place)) = ended {
                    self.known.insert(speaker, Some(place));
                }
            }
            match self.look(&mut api).await {
                Ok((at, members)) => {
                    self.said = false;
                    self.join(&mut followers, &at, &members).await;
                    api = Some(at);
                }
                Err(failure) if !self.said => {
                    self.said = true;
                    let words = format!("new ones are not seen: they cannot be listed: {failure}");
                    self.out.give(LogLine::note(None, words)).await;
                }
                Err(_) => {}
            }
        }
    }

    async fn look(&self, api: &mut Option<Api>) -> Result<(Api, Vec<Member>), Failure> {
        let api = match api.take() {
            Some(api) => api,
            None => Api::connect(&self.transport, self.pace).await?,
        };
        let members = members(&api, &self.request.instance).await?;
        Ok((api, members))
    }

    /// Follows those that are new, and those that were started again.
    async fn join(&mut self, followers: &mut JoinSet<(Speaker, Place)>, api: &Api, members: &[Member]) {
        self.known.retain(|speaker, _| members.iter().any(|it| it.speaker == *speaker));
        for member in members {
            if followers.len() >= MOST {
                return;
            }
            match self.known.get(&member.speaker).copied() {
                None => {
                    let noun = noun(&self.request.instance);
                    self.out_of(member).give(LogLine::note(None, format!("this {noun} has joined"))).await;
                    self.start(followers, api, member, Place::default());
                }
                Some(Some(place)) if member.runs => self.start(followers, api, member, place),
                Some(_) => {}
            }
        }
    }

    fn start(&mut self, followers: &mut JoinSet<(Speaker, Place)>, api: &Api, member: &Member, place: Place) {
        self.known.insert(member.speaker.clone(), None);
        let part = Part { tail: Some(self.request.tail), since: self.request.since, until: None, follow: true };
        let (transport, speaker) = (self.transport.clone(), member.speaker.clone());
        let follower = Follower::new(transport, self.pace, speaker.clone(), part, self.out_of(member)).from(place);
        let api = api.clone();
        followers.spawn(async move { (speaker, follower.run(api, None).await) });
    }

    /// Reads what there is, merges it by time, and gives it. Says how far each was given.
    async fn past(&mut self, api: &Api, members: Vec<Member>) -> Vec<(Member, Place)> {
        let noun = noun(&self.request.instance);
        if members.is_empty() {
            self.out.give(LogLine::note(None, format!("no {noun} is there yet"))).await;
        }
        let left_out = members.len().saturating_sub(MOST);
        if left_out > 0 {
            let words = format!("{left_out} older ones are left out: at most {MOST} are followed at once");
            self.out.give(LogLine::note(None, words)).await;
        }
        for member in members.iter().skip(MOST) {
            self.known.insert(member.speaker.clone(), Some(Place::default()));
        }
        let tail = self.request.tail;
        let part = Part { tail: Some(tail), since: self.request.since, until: None, follow: false };
        let asked = members.into_iter().take(MOST).map(|member| async move {
            let lines = logs::tail(api, &member.speaker, part).await;
            (member, lines)
        });
        let asked: Vec<_> = asked.collect();
        let mut answers = futures::stream::iter(asked).buffer_unordered(AT_ONCE);
        let (mut places, mut all) = (Vec::new(), Vec::new());
        while let Some((member, lines)) = answers.next().await {
            let named = |line: LogLine| LogLine { from: Some(member.name.clone()), ..line };
            match lines {
                Ok(lines) => {
                    let mut place = Place::default();
                    lines.iter().for_each(|line| place.gave(line));
                    all.extend(lines.into_iter().map(named));
                    places.push((member, place));
                }
                Err(failure) => {
                    all.push(named(LogLine::note(None, format!("the output cannot be read: {failure}"))));
                    // What was refused will be; what only failed is tried again.
                    match failure.answered() {
                        true => drop(self.known.insert(member.speaker, None)),
                        false => places.push((member, Place::default())),
                    }
                }
            }
            crate::backend::newest::keep(&mut all, tail as usize);
        }
        for line in all {
            if !self.out.pass(line).await {
                break;
            }
        }
        places
    }

    fn out_of(&self, member: &Member) -> Out {
        self.out.named(member.name.clone())
    }
}

fn noun(key: &Ref) -> &'static str {
    if key.kind == Kind::Service { "task" } else { "container" }
}

/// What a service runs and ran, newest first.
async fn members(api: &Api, key: &Ref) -> Result<Vec<Member>, Failure> {
    if key.kind == Kind::Service {
        return swarm::members(api, key).await;
    }
    let project = key.namespace.as_deref().unwrap_or_default();
    let labels = [format!("com.docker.compose.project={project}"), format!("com.docker.compose.service={}", key.name)];
    let filters = serde_json::json!({ "label": labels }).to_string();
    let listed: Vec<Summary> = api.get(&format!("/containers/json?all=1&filters={}", escaped(&filters))).await?;
    // A Podman of before may not filter by two labels.
    let of_it = |it: &Summary| match Belongs::of(|name| it.labels.get(name).map(String::as_str)) {
        Belongs::Compose { project, service, one_off } => {
            !one_off && Some(&project) == key.namespace.as_ref() && service == key.name
        }
        _ => false,
    };
    let named = listed.into_iter().filter(of_it).map(|it| {
        let name = it.names.first().map_or(it.id.as_str(), |name| name.trim_start_matches('/'));
        let runs = matches!(it.state.as_str(), "running" | "restarting" | "paused");
        Member { name: Name::new(name), speaker: Speaker::Container(it.id), runs }
    });
    Ok(named.collect())
}

/// Whether the output of all that it runs is told together.
pub(super) fn tells(kind: Kind) -> bool {
    matches!(kind, Kind::ComposeService | Kind::Service)
}

/// Why nothing is said of a thing.
pub(super) fn no_output(key: &Ref) -> Text {
    Text::from(format!("a {} has no output of its own; choose a service or a container", key.kind.noun()))
}

//! Output of containers and tasks: its last lines, and following it.

use std::collections::VecDeque;

use futures::StreamExt;
use tokio::task::JoinSet;

use crate::backend::output::Out;
use crate::domain::{LogLine, LogRequest, LogStream, Timestamp};

use super::api::{Api, escaped};
use super::failure::Failure;
use super::follower::Follower;
use super::frames::Frames;
use super::pace::Pace;
use super::transport::Transport;
use super::wire::Inspect;

/// What can be asked for its output.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Speaker {
    /// A container of this engine, by id or name.
    Container(String),
    /// A Swarm's task, wherever it runs, by id.
    Task(String),
}

/// Which part of the output.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    /// So many lines of the past at most; all where none is said.
    pub tail: Option<u32>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub follow: bool,
}

impl Speaker {
    pub(super) fn path(&self, part: &Part) -> String {
        let at = match self {
            Speaker::Container(id) => format!("/containers/{}", escaped(id)),
            Speaker::Task(id) => format!("/tasks/{}", escaped(id)),
        };
        let stamp = |name: &str, at: Option<Timestamp>| match at {
            Some(at) => format!("&{name}={}.{:09}", at.as_second(), at.subsec_nanosecond()),
            None => String::new(),
        };
        let (since, until) = (stamp("since", part.since), stamp("until", part.until));
        let follow = u8::from(part.follow);
        let tail = part.tail.map_or("all".to_owned(), |lines| lines.to_string());
        format!("{at}/logs?stdout=1&stderr=1&timestamps=1&follow={follow}&tail={tail}{since}{until}")
    }

    /// Whether it has a terminal, and whether it may still write.
    pub(super) async fn state(&self, api: &Api) -> Result<(bool, bool), Failure> {
        match self {
            Speaker::Container(id) => {
                let it: Inspect = super::listing::inspect(api, id).await?;
                Ok((it.config.tty, matches!(it.state.status.as_str(), "running" | "restarting" | "paused")))
            }
            Speaker::Task(id) => super::swarm::task_state(api, id).await,
        }
    }
}

/// The last lines, oldest first.
pub(super) async fn tail(api: &Api, speaker: &Speaker, part: Part) -> Result<Vec<LogLine>, Failure> {
    let read = async {
        let (tty, _) = speaker.state(api).await?;
        let mut bytes = Box::pin(api.bytes(&speaker.path(&part)).await?);
        let (mut frames, mut lines) = (Frames::new(tty), VecDeque::new());
        while let Some(piece) = bytes.next().await {
            lines.extend(frames.take(&piece?));
            while part.tail.is_some_and(|most| lines.len() > most as usize) {
                lines.pop_front();
            }
        }
        lines.extend(frames.finish());
        Ok(lines.into())
    };
    api.within(read).await
}

/// Follows the output until nobody reads it any more, over restarts of the container and of the engine. Fails where there
/// is nothing to follow. What was written after `until` is left out.
pub(super) async fn follow(
    transport: Transport,
    pace: Pace,
    api: Api,
    speaker: Speaker,
    request: LogRequest,
    until: Option<Timestamp>,
) -> Result<LogStream, Failure> {
    let follow = request.follow && until.is_none();
    let part = Part { tail: Some(request.tail), since: request.since, until, follow };
    let (tty, _) = speaker.state(&api).await?;
    let first = api.bytes(&speaker.path(&part)).await?.boxed();
    let (out, lines) = Out::new();
    let follower = Follower::new(transport, pace, speaker, part, out);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        follower.run(api, Some((tty, first))).await;
    });
    Ok(lines.with(tasks))
}

/// Until when the run of a container before this one wrote: all its runs write one log. None in its first run.
pub(super) async fn before(api: &Api, id: &str) -> Result<Option<Timestamp>, Failure> {
    let it: Inspect = super::listing::inspect(api, id).await?;
    Ok(it.state.finished_at.and_then(end_of_run))
}

/// What a run wrote is stamped until shortly after its end.
pub(super) fn end_of_run(ended: Timestamp) -> Option<Timestamp> {
    ended.checked_add(jiff::SignedDuration::from_millis(500)).ok()
}

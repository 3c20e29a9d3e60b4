//! The engine's event stream: read without ever being held up, and resumed where it broke off.

use std::pin::pin;

use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

use crate::domain::Text;

use super::api::{Api, escaped};
use super::belongs::Belongs;
use super::failure::Failure;
use super::wire::Message;

/// Events that wait for us at most; beyond that they are dropped, which is said as a gap.
const WAITING_AT_MOST: usize = 8192;

/// Events that an engine remembers (moby `daemon/events`). Those of the running second are not asked for, so far fewer have
/// to come before that is known to be all.
const REMEMBERED: usize = 256;

/// What is asked for. Health checks make three exec events each, and would fill the wire.
const FILTER: &str = r#"{"type":["container","service","node"],"event":["create","start","restart","die","died","oom","kill","stop","pause","unpause","health_status","rename","update","destroy","remove"]}"#;

/// Something that an engine said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// When, nanoseconds since 1970. Kept whole: it is the event's identity.
    pub nanos: i64,
    /// What it is about.
    pub about: About,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    /// A container.
    Container {
        /// Its id.
        id: Text,
        /// Its name, without the slash.
        name: Text,
        /// Its image.
        image: Text,
        /// Whose it is, by its labels.
        belongs: Belongs,
        /// What happened to it.
        act: Act,
    },
    /// A Swarm service.
    Service {
        /// Its name.
        name: Text,
        /// `create`, `update`, `remove`.
        act: Text,
        /// The state of its update, where that changed.
        state: Option<Text>,
    },
    /// A Swarm node.
    Node,
}

/// What happened to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// It was started.
    Start,
    /// Memory ran out, and a process in it was killed.
    Oom,
    /// It ended.
    Die(i32),
    /// The engine was asked to send it this signal.
    Kill(u8),
    /// Its health check turned to this verdict.
    Healthy(bool),
    /// It is gone.
    Destroy,
    /// Something else, to be looked at.
    Other,
}

impl Event {
    /// Reads one line; none for an event that means nothing here.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let message: Message = serde_json::from_slice(line).ok()?;
        let nanos = match message.time_nano {
            0 => message.time.checked_mul(1_000_000_000)?,
            nanos => nanos,
        };
        let attribute = |name: &str| message.actor.attributes.get(name).map(String::as_str);
        let about = match message.kind.as_str() {
            "container" => About::Container {
                id: Text::new(&message.actor.id),
                name: Text::new(attribute("name").unwrap_or_default().trim_start_matches('/')),
                image: Text::new(attribute("image").unwrap_or_default()),
                belongs: Belongs::of(attribute),
                act: act(&message.action, &attribute)?,
            },
            "service" => About::Service {
                name: Text::new(attribute("name").unwrap_or_default()),
                act: Text::new(&message.action),
                state: attribute("updatestate.new").map(Text::new),
            },
            "node" => About::Node,
            _ => return None,
        };
        Some(Self { nanos, about })
    }
}

fn act<'a>(action: &str, attribute: &impl Fn(&str) -> Option<&'a str>) -> Option<Act> {
    let (word, detail) = action.split_once(": ").unwrap_or((action, ""));
    Some(match word {
        "start" => Act::Start,
        "oom" => Act::Oom,
        // Podman: `died`, and the code under another name.
        "die" | "died" => {
            let code = attribute("exitCode").or_else(|| attribute("containerExitCode"));
            Act::Die(code.and_then(|code| code.parse().ok()).unwrap_or(-1))
        }
        "kill" => Act::Kill(attribute("signal").map_or(9, signal_number)),
        "health_status" => {
            // Podman: the bare word, with the verdict beside it, after every check.
            let verdict = if detail.is_empty() { attribute("health_status").unwrap_or_default() } else { detail };
            match verdict {
                "unhealthy" => Act::Healthy(false),
                "healthy" => Act::Healthy(true),
                _ => Act::Other,
            }
        }
        "destroy" | "remove" => Act::Destroy,
        "exec_create" | "exec_start" | "exec_die" | "exec_detach" | "top" | "attach" | "resize" => return None,
        _ => Act::Other,
    })
}

/// The number of a signal that is written as a number or a name, with or without `SIG`. 0 where it is unknown.
pub(super) fn signal_number(raw: &str) -> u8 {
    let raw = raw.trim();
    if let Ok(number) = raw.parse() {
        return number;
    }
    match raw.strip_prefix("SIG").unwrap_or(raw) {
        "HUP" => 1,
        "INT" => 2,
        "QUIT" => 3,
        "ABRT" => 6,
        "KILL" => 9,
        "USR1" => 10,
        "USR2" => 12,
        "TERM" => 15,
        "WINCH" => 28,
        "RTMIN+3" => 37,
        _ => 0,
    }
}

fn stamp(nanos: i64) -> String {
    match nanos {
        0 => "0".to_owned(),
        nanos => format!("{}.{:09}", nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000)),
    }
}

/// The path of the stream, from `since` on.
fn path(since: i64) -> String {
    format!("/events?since={}&filters={}", stamp(since), escaped(FILTER))
}

/// What an engine remembers.
pub(super) struct Memory {
    /// Oldest first.
    pub events: Vec<Event>,
    /// Whether that is all since the engine came up: it remembers no more than a fixed number.
    pub whole: bool,
}

/// What the engine remembers from `since` until `until`, which must be past by its clock. Nothing is filtered, so that it
/// can be told whether it is all.
pub(super) async fn remembered(api: &Api, since: i64, until: i64) -> Result<Memory, Failure> {
    let read = async {
        let mut lines = pin!(api.lines(&format!("/events?since={}&until={}", stamp(since), stamp(until))).await?);
        let (mut events, mut count) = (Vec::new(), 0);
        while let Some(line) = lines.next().await {
            events.extend(Event::read(&line?));
            count += 1;
        }
        Ok(Memory { events, whole: since == 0 && count < REMEMBERED / 2 })
    };
    api.within(read).await
}

/// What comes of the stream, in order.
#[derive(Debug)]
pub(super) enum Heard {
    /// Events since the last time, and how many were dropped because there were too many.
    Events(Vec<Event>, usize),
    /// The stream broke off, or ended.
    Ended(Failure),
}

/// Opens the stream and reads it in a task of its own, which ends when the receiver is dropped. However slowly the
/// receiver takes them, the engine is never made to wait: it forgets a listener that does.
pub(super) async fn follow(
    api: &Api,
    since: i64,
    tasks: &mut tokio::task::JoinSet<()>,
) -> Result<mpsc::Receiver<Heard>, Failure> {
    let lines = api.lines(&path(since)).await?;
    let (tell, heard) = mpsc::channel(1);
    tasks.spawn(drain(lines, tell));
    Ok(heard)
}

async fn drain(lines: impl Stream<Item = Result<bytes::Bytes, Failure>>, tell: mpsc::Sender<Heard>) {
    let mut lines = pin!(lines);
    let mut waiting = Vec::new();
    let mut dropped = 0;
    let end = loop {
        tokio::select! {
            biased;
            line = lines.next() => match line {
                Some(Ok(line)) => match Event::read(&line) {
                    Some(_) if waiting.len() >= WAITING_AT_MOST => dropped += 1,
                    Some(event) => waiting.push(event),
                    None => {}
                },
                Some(Err(failure)) => break failure,
                None => break Failure::Broken {
                    what: Text::new("the engine closed the event stream"),
                    kind: std::io::ErrorKind::UnexpectedEof,
                },
            },
            room = tell.reserve(), if !waiting.is_empty() => match room {
                Ok(room) => room.send(Heard::Events(std::mem::take(&mut waiting), std::mem::take(&mut dropped))),
                Err(_) => return,
            },
            () = tell.closed() => return,
        }
    };
    if !waiting.is_empty() && tell.send(Heard::Events(waiting, dropped)).await.is_err() {
        return;
    }
    // The receiver may be gone; then nobody needs to know.
    let _ = tell.send(Heard::Ended(end)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Event> {
        Event::read(line.as_bytes())
    }

    fn act_of(line: &str) -> Option<Act> {
        match read(line)?.about {
            About::Container { act, .. } => Some(act),
            About::Service { .. } | About::Node => None,
        }
    }

    #[test]
    fn both_engines_and_podman_are_understood() {
        let old = r#"{"status":"die","id":"a","from":"i","Type":"container","Action":"die","Actor":{"ID":"a","Attributes":{"exitCode":"137","name":"web","image":"i"}},"scope":"local","time":1,"timeNano":1000000007}"#;
        assert_eq!(act_of(old), Some(Act::Die(137)));
        assert_eq!(read(old).map(|event| event.nanos), Some(1_000_000_007));
        let podman = r#"{"Type":"container","Action":"died","Actor":{"ID":"a","Attributes":{"containerExitCode":"3"}},"time":1}"#;
        assert_eq!(act_of(podman), Some(Act::Die(3)));
        let health = r#"{"Type":"container","Action":"health_status: unhealthy","Actor":{"ID":"a"}}"#;
        assert_eq!(act_of(health), Some(Act::Healthy(false)));
        let bare = r#"{"Type":"container","Action":"health_status","Actor":{"ID":"a","Attributes":{"health_status":"healthy"}}}"#;
        assert_eq!(act_of(bare), Some(Act::Healthy(true)));
        let kill = r#"{"Type":"container","Action":"kill","Actor":{"ID":"a","Attributes":{"signal":"SIGTERM"}}}"#;
        assert_eq!(act_of(kill), Some(Act::Kill(15)));
    }

    #[test]
    fn what_is_not_known_breaks_nothing() {
        assert_eq!(read(r#"{"Type":"pod","Action":"create","Actor":{}}"#), None);
        assert_eq!(read(r#"{"Type":"container","Action":"exec_start: sh","Actor":{"ID":"a"}}"#), None);
        assert_eq!(read("not json"), None);
        assert_eq!(act_of(r#"{"Type":"container","Action":"frobnicate","Actor":null}"#), Some(Act::Other));
    }

    #[test]
    fn the_stream_is_asked_for_to_the_nanosecond() {
        assert!(path(1_795_476_971_027_491_800).starts_with("/events?since=1795476971.027491800&filters=%7B"));
        assert!(path(0).starts_with("/events?since=0&filters="));
    }
}

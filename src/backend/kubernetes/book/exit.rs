//! How a container ended, whether it was meant to, and how sure that is (the grades: docs of the kernel's `oom_kill` counter;
//! kubernetes#140716, #131530; containerd#8180).

use crate::domain::{Certainty, ContainerRole, Exit, ExitReason, Name, OccurrenceKind, Text};

use super::super::wire::pod::Terminated;
use super::pods::{Part, Pod};
use super::recall::Recalled;
use super::scribe::{Second, text};

/// An end, as the server says it.
#[derive(Debug, PartialEq)]
pub(super) struct End {
    pub(super) code: i32,
    why: Why,
    pub(super) message: Option<Text>,
    pub(super) started: Second,
    pub(super) ended: Second,
    /// Which run: the container's id, or when it ended.
    pub(super) id: Name,
    /// It was told as something that happened.
    pub(super) told: bool,
}

/// The server's word, as far as it says more than the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Plain,
    Oom,
    CannotRun,
    /// Nobody saw it end: the node was away.
    Unseen,
}

/// Digits of a container's id that tell it from any other.
const ID_LENGTH: usize = 12;
/// An end so soon before it was asked for is that which was asked for: clocks differ, seconds.
const SLACK: i64 = 2;
/// A kubelet says last, once all have ended, that no more grace is needed: then when it was asked first is not told any more.
const LAST_STEP: i64 = 60;

impl End {
    pub(super) fn read(it: &Terminated) -> Self {
        let why = match &*it.reason {
            "OOMKilled" => Why::Oom,
            "ContainerCannotRun" | "StartError" => Why::CannotRun,
            "ContainerStatusUnknown" => Why::Unseen,
            _ => Why::Plain,
        };
        let id = it.container_id.rsplit('/').next().filter(|id| !id.is_empty());
        let id = id.map(|id| super::scribe::cut(id, ID_LENGTH).to_owned());
        let when = || it.finished_at.0.map_or_else(String::new, |at| at.as_second().to_string());
        Self {
            code: i32::try_from(it.exit_code.0).unwrap_or(-1),
            why,
            message: text(&it.message),
            started: it.started_at.0.into(),
            ended: it.finished_at.0.into(),
            id: Name::from(id.unwrap_or_else(when)),
            told: false,
        }
    }
}

/// What an end means.
#[derive(Debug, PartialEq)]
pub(super) struct Ending {
    pub(super) reason: ExitReason,
    /// What happened, where it is worth telling: an end that was asked for and came in time is not.
    pub(super) kind: Option<OccurrenceKind>,
    pub(super) certainty: Certainty,
    /// What is said of it beside the code.
    pub(super) text: Option<Text>,
}

impl Ending {
    fn new(reason: ExitReason, kind: Option<OccurrenceKind>, certainty: Certainty) -> Self {
        Self { reason, kind, certainty, text: None }
    }

    fn saying(mut self, text: Option<Text>) -> Self {
        self.text = text;
        self
    }

    /// What the end of a container of a pod means.
    pub(super) fn of(pod: &Pod, part: &Part, end: &End, recalled: Recalled<'_>) -> Self {
        use Certainty::{Confirmed, Likely, Suspected};
        use OccurrenceKind::{Crash, OomKill};
        let said = || end.message.clone();
        let asked = asked(pod, part, end);
        match (end.why, end.code) {
            // The server goes by a counter of the container's whole life.
            (Why::Oom, 137) if asked.is_some() => Self::new(ExitReason::OomKilled, Some(OomKill), Likely),
            (Why::Oom, 137) => Self::new(ExitReason::OomKilled, Some(OomKill), Confirmed),
            (Why::Oom, code) => {
                let reason = match code {
                    0 => ExitReason::Completed,
                    _ if asked.is_some() => ExitReason::Stopped,
                    _ => ExitReason::OomKilled,
                };
                let words =
                    format!("memory ran out during its life, and something in it was killed; it ended with {code}");
                Self::new(reason, Some(OomKill), Likely).saying(Some(Text::from(words)))
            }
            (Why::CannotRun, _) => Self::new(ExitReason::CannotRun, Some(Crash), Confirmed).saying(said()),
            (Why::Unseen, _) => Self::new(ExitReason::Error, Some(Crash), Suspected).saying(said()),
            (Why::Plain, code) => {
                if let Some(killed) = recalled.killed(&part.name, end) {
                    return by_kubelet(code, killed);
                }
                match (asked, code) {
                    (Some(asked), _) => stopped(asked, code),
                    (None, 0) => Self::new(ExitReason::Completed, None, Confirmed),
                    (None, 126 | 127) => Self::new(ExitReason::CannotRun, Some(Crash), Confirmed).saying(said()),
                    // From outside, and by whom is not said: 137 alone is never taken for a lack of memory.
                    (None, 137) => Self::new(ExitReason::Error, Some(Crash), Suspected).saying(said()),
                    (None, 143) => Self::new(ExitReason::Error, Some(Crash), Likely).saying(said()),
                    (None, _) => Self::new(ExitReason::Error, Some(Crash), Confirmed).saying(said()),
                }
            }
        }
    }

    /// The end with its meaning.
    pub(super) fn exit(self, end: &End) -> Exit {
        Exit {
            code: end.code,
            reason: self.reason,
            message: self.text.or_else(|| end.message.clone()),
            started: end.started.at(),
            ended: end.ended.at(),
        }
    }
}

/// How an end was asked for.
#[derive(Debug, Clone, Copy)]
enum Wish {
    InTime,
    /// It took all the time that it was given.
    TooLate,
}

/// Whether the end of a container was asked for, with its pod's.
fn asked(pod: &Pod, part: &Part, end: &End) -> Option<Wish> {
    if let (Some(leaving), Some(ended)) = (&pod.leaving, end.ended.seconds())
        && ended + if leaving.grace == 0 { LAST_STEP } else { SLACK } >= leaving.asked
    {
        if leaving.grace == 0 {
            return Some(Wish::InTime);
        }
        let used_up = ended + SLACK >= leaving.asked + leaving.grace;
        return Some(if used_up { Wish::TooLate } else { Wish::InTime });
    }
    // Sidecars are ended when the others have done their work.
    if part.role == ContainerRole::Sidecar && pod.phase.ended() {
        return Some(Wish::InTime);
    }
    // A deadline, an eviction, a node that shuts down: the pod says why, and its containers were stopped.
    (pod.stopped && matches!(end.code, 137 | 143)).then_some(Wish::InTime)
}

fn stopped(wish: Wish, code: i32) -> Ending {
    match (wish, code) {
        (Wish::TooLate, 137) => {
            Ending::new(ExitReason::StopTimedOut, Some(OccurrenceKind::StopTimeout), Certainty::Confirmed)
        }
        _ => Ending::new(ExitReason::Stopped, None, Certainty::Confirmed),
    }
}

/// Its node ended it, because a check failed.
fn by_kubelet(code: i32, said: &Text) -> Ending {
    let reason = if code == 137 { ExitReason::StopTimedOut } else { ExitReason::Stopped };
    Ending::new(reason, Some(OccurrenceKind::Killed), Certainty::Confirmed).saying(Some(said.clone()))
}

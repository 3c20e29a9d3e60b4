//! Occurrences: what happened to containers, in the words of the domain.
//!
//! The identity of one is the container's id and the engine's time of the event, so that an event that is read back from
//! the engine's memory is the one that was seen live.

use crate::domain::{Certainty, Name, Occurrence, OccurrenceKind, OomScope, Origin, Ref, Text, Timestamp};

use super::convert::short;
use super::history::{Cause, Death, Happening};
use super::record::Record;

/// A container that something happened to.
pub(super) struct Whom<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its key.
    pub key: Ref,
    /// The workload that it counted for.
    pub workload: Ref,
    /// The node.
    pub node: Option<Ref>,
    /// Its image.
    pub image: Name,
    /// As it is now, if it is still there.
    pub record: Option<&'a Record>,
}

/// Writes down what happened, if it is worth it: an end that was asked for and came in time is not.
pub(super) fn occurrence(whom: &Whom<'_>, it: Happening, origin: Origin) -> Option<Occurrence> {
    let mut told = match it {
        Happening::Oom { nanos, died } => oom(whom, nanos, died),
        Happening::Died(death) => died(whom, death)?,
        Happening::Started { nanos } => whom.told("start", nanos, OccurrenceKind::Started),
        Happening::Unhealthy { nanos } => {
            let mut told = whom.told("unhealthy", nanos, OccurrenceKind::ProbeFailure);
            let health = whom.record.and_then(|record| record.instance.containers.first()?.health.as_ref());
            told.text = health.and_then(|health| health.output.clone());
            told.code = health.and_then(|health| health.code);
            told
        }
    };
    told.origin = origin;
    Some(told)
}

impl Whom<'_> {
    fn told(&self, word: &str, nanos: i64, kind: OccurrenceKind) -> Occurrence {
        let id = format!("{word}:{}:{nanos}", short(self.id));
        let mut told = Occurrence::once(Text::from(id), kind, self.key.clone(), at(nanos));
        told.workload = Some(self.workload.clone());
        told.node = self.node.clone();
        told.container = Some(self.key.name.clone());
        told.image = Some(self.image.clone());
        told
    }

    fn limit(&self) -> Option<u64> {
        self.record.and_then(|record| record.limit_bytes)
    }
}

fn oom(whom: &Whom<'_>, nanos: i64, died: Option<(i64, i32)>) -> Occurrence {
    let mut told = whom.told("oom", nanos, OccurrenceKind::OomKill);
    told.limit_bytes = whom.limit();
    // The engine's event says that memory ran out in this container's group. With a limit of its own it is that limit's;
    // without one, the only wall left is the host's (or that of a group above it).
    (told.scope, told.certainty) = match whom.record {
        Some(record) if record.limit_bytes.is_some() => (Some(OomScope::Limit), Certainty::Confirmed),
        Some(_) => (Some(OomScope::Host), Certainty::Likely),
        None => (Some(OomScope::Unknown), Certainty::Confirmed),
    };
    if let Some((end, code)) = died {
        told.last = at(end);
        told.code = Some(code);
    }
    told
}

fn died(whom: &Whom<'_>, death: Death) -> Option<Occurrence> {
    // Whoever asks a container to end sends one of these; where it is not known whether somebody did, it is no crash.
    if !death.certain && death.cause == Cause::Own && matches!(death.code, 137 | 143) {
        return None;
    }
    let (word, kind, text) = match death.cause {
        Cause::StopTimeout => ("die", OccurrenceKind::StopTimeout, None),
        Cause::Killed => ("die", OccurrenceKind::Killed, Some("the engine was asked to kill it")),
        Cause::Leftover => ("die", OccurrenceKind::Killed, Some("ended by the engine, which was starting again")),
        Cause::Own if death.code == 137 => (
            "die",
            OccurrenceKind::Crash,
            Some("killed from outside the engine: it was not asked to, and saw no lack of memory"),
        ),
        Cause::Own if death.code != 0 => ("die", OccurrenceKind::Crash, None),
        Cause::Own | Cause::Stopped | Cause::Oom => return None,
    };
    let mut told = whom.told(word, death.nanos, kind);
    told.code = Some(death.code);
    told.text = text.map(Text::new);
    // What came before it was no longer remembered by the engine: it may have been asked for.
    if !death.certain && death.cause == Cause::Own {
        told.certainty = Certainty::Suspected;
    }
    if death.cause == Cause::StopTimeout && death.code != 137 {
        told.certainty = Certainty::Likely;
    }
    Some(told)
}

/// What the present state tells of the last end, where no event of it was heard: an engine remembers few.
pub(super) fn from_state(whom: &Whom<'_>) -> Option<Occurrence> {
    use crate::domain::ExitReason;
    let record = whom.record?;
    let container = record.instance.containers.first()?;
    let exit = container.exit()?;
    let ended = exit.ended?;
    let nanos = i64::try_from(ended.as_nanosecond()).ok()?;
    let mut told = match exit.reason {
        ExitReason::OomKilled => {
            let mut told = whom.told("oom", nanos, OccurrenceKind::OomKill);
            told.limit_bytes = record.limit_bytes;
            let own = record.limit_bytes.is_some();
            told.scope = Some(if own { OomScope::Limit } else { OomScope::Host });
            told.certainty = if own { Certainty::Confirmed } else { Certainty::Likely };
            told
        }
        // An end of a container that is started again was not asked for.
        ExitReason::Error | ExitReason::CannotRun if record.running && exit.code != 0 => {
            whom.told("die", nanos, OccurrenceKind::Crash)
        }
        _ => return None,
    };
    told.origin = Origin::Backfilled;
    told.code = Some(exit.code);
    told.text = exit.message.clone();
    Some(told)
}

fn at(nanos: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(Timestamp::UNIX_EPOCH)
}

//! What events tell of a container that its present state does not: who ended it, and why.
//!
//! Orders seen on real engines (20.10 and 28): `oom`, then `die` 137 within 60 ms; a stop in time is `kill` 15, `die`,
//! `stop`; a stop that took too long has a `kill` 9 before its `die`; a plain kill is `kill` 9, `die`. A death without `oom`
//! and without `kill` came from inside, or from outside the engine.

use std::collections::BTreeMap;

use crate::domain::{Text, Timestamp};

use super::events::Act;

const SECOND: i64 = 1_000_000_000;
/// An `oom` belongs to a `die` that follows it within this time; else a child was killed and the container lives.
const OOM_TO_DIE: i64 = 5 * SECOND;
/// A deadly signal this long after the first, or longer, is the stop's patience having run out.
const LEAST_PATIENCE: i64 = SECOND / 2;
/// What led to an end happens within this time before it: a stop and its patience.
const LEADS_TO: i64 = 15 * SECOND;
/// An engine that goes down ends its containers within this time.
const GOES_DOWN_WITHIN: i64 = 15 * SECOND;
/// Containers of which something is remembered, at most.
const REMEMBERED: usize = 8192;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// Nobody asked for it.
    Own,
    /// Memory ran out.
    Oom,
    /// The engine was asked to stop it, and it ended.
    Stopped,
    /// It was asked to stop, did not in time, and was killed.
    StopTimeout,
    /// The engine was asked to kill it.
    Killed,
    /// The engine, coming up after a crash, ended what was left over.
    Leftover,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Death {
    /// When, nanoseconds.
    pub nanos: i64,
    /// With which code.
    pub code: i32,
    /// Why.
    pub cause: Cause,
    /// Whether what came before it was seen too: else the cause is a guess.
    pub certain: bool,
}

impl Death {
    /// When.
    pub(super) fn at(&self) -> Timestamp {
        Timestamp::from_nanosecond(i128::from(self.nanos)).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// What happened to a container, to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Happening {
    /// A process in it was killed for want of memory; whether the container died of it is known by the second telling.
    Oom { nanos: i64, died: Option<(i64, i32)> },
    /// It ended, for another reason than memory.
    Died(Death),
    /// It was started.
    Started { nanos: i64 },
    /// Its health check began to fail.
    Unhealthy { nanos: i64 },
}

/// What is remembered of one container.
#[derive(Debug, Clone, Copy, Default)]
struct Past {
    started: Option<i64>,
    asked: Option<i64>,
    killed: Option<i64>,
    oom: Option<i64>,
    death: Option<Death>,
    unhealthy: bool,
}

/// What is remembered of all of them.
#[derive(Debug, Default)]
pub(super) struct History {
    pasts: BTreeMap<Text, Past>,
    /// When what was heard begins.
    begins: Option<i64>,
    /// Everything since the engine came up was heard: what it ends without having started it is left over from before.
    whole: bool,
    /// The engine does not say that it was asked to stop a container (Podman).
    mute: bool,
}

impl History {
    /// The engine does not say that it was asked to stop a container: an end by a signal may have been asked for.
    pub(super) const fn mute(&mut self, mute: bool) {
        self.mute = mute;
    }

    /// What is heard from now on is all since the engine came up.
    pub(super) const fn whole(&mut self) {
        self.whole = true;
    }

    /// The engine was down, and is up again since; `lost` is the last that was heard before. What it ended just before it
    /// went down it ended because it went down.
    pub(super) fn reborn(&mut self, lost: i64) {
        self.whole = true;
        for past in self.pasts.values_mut() {
            let mut death = past.death;
            if let Some(death) = &mut death
                && matches!(death.cause, Cause::Stopped | Cause::StopTimeout | Cause::Killed)
                && lost - death.nanos < GOES_DOWN_WITHIN
            {
                death.cause = Cause::Leftover;
            }
            *past = Past { death, ..Past::default() };
        }
    }

    /// Takes in an event of a container. `stop_signal` is the signal by which it is asked to stop.
    pub(super) fn saw(&mut self, id: &Text, nanos: i64, act: Act, stop_signal: u8) -> Option<Happening> {
        let (begins, whole) = (*self.begins.get_or_insert(nanos), self.whole);
        if act == Act::Destroy {
            self.pasts.remove(id);
            return None;
        }
        if self.pasts.len() >= REMEMBERED && !self.pasts.contains_key(id) {
            self.pasts.pop_first();
        }
        let past = self.pasts.entry(id.clone()).or_default();
        match act {
            Act::Start => {
                *past = Past { started: Some(nanos), death: past.death, ..Past::default() };
                Some(Happening::Started { nanos })
            }
            Act::Oom => {
                past.oom = Some(nanos);
                Some(Happening::Oom { nanos, died: None })
            }
            Act::Kill(signal) => {
                if signal == 9 {
                    past.killed.get_or_insert(nanos);
                } else if signal == stop_signal || matches!(signal, 2 | 3 | 6 | 15) {
                    past.asked.get_or_insert(nanos);
                }
                None
            }
            Act::Die(code) => {
                let certain = past.started.is_some() || past.asked.is_some() || whole || nanos - begins > LEADS_TO;
                let cause = past.cause(nanos, code, whole);
                let certain = certain && !(self.mute && cause == Cause::Own && matches!(code, 0 | 137 | 143));
                let death = Death { nanos, code, cause, certain };
                let oom = past.oom;
                *past = Past { death: Some(death), ..Past::default() };
                match oom {
                    Some(oom) if cause == Cause::Oom => Some(Happening::Oom { nanos: oom, died: Some((nanos, code)) }),
                    _ => Some(Happening::Died(death)),
                }
            }
            Act::Healthy(healthy) => {
                let news = !healthy && !past.unhealthy;
                past.unhealthy = !healthy;
                news.then_some(Happening::Unhealthy { nanos })
            }
            Act::Destroy | Act::Other => None,
        }
    }

    /// How its last run ended, if that was seen. A start since then does not take it away.
    pub(super) fn last_death(&self, id: &str) -> Option<Death> {
        self.pasts.get(id)?.death
    }
}

impl Past {
    fn cause(&self, nanos: i64, code: i32, whole: bool) -> Cause {
        if code == 137 && self.oom.is_some_and(|oom| nanos - oom < OOM_TO_DIE) && self.killed.is_none() {
            return Cause::Oom;
        }
        if whole && self.started.is_none() && (self.asked.is_some() || self.killed.is_some()) {
            return Cause::Leftover;
        }
        match (self.asked, self.killed) {
            (Some(asked), Some(killed)) if killed - asked >= LEAST_PATIENCE => Cause::StopTimeout,
            (_, Some(_)) => Cause::Killed,
            (Some(_), None) => Cause::Stopped,
            (None, None) => Cause::Own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(acts: &[(i64, Act)]) -> (History, Vec<Happening>) {
        let mut history = History::default();
        let id = Text::new("a");
        let told = acts.iter().filter_map(|(ms, act)| history.saw(&id, ms * 1_000_000, *act, 15)).collect();
        (history, told)
    }

    fn cause(acts: &[(i64, Act)]) -> Option<Cause> {
        told(acts).0.last_death("a").map(|death| death.cause)
    }

    #[test]
    fn memory_that_ran_out_is_told_once_and_then_with_its_end() {
        let (_, told) = told(&[(0, Act::Start), (30, Act::Oom), (70, Act::Die(137))]);
        assert_eq!(
            told[1..],
            [
                Happening::Oom { nanos: 30_000_000, died: None },
                Happening::Oom { nanos: 30_000_000, died: Some((70_000_000, 137)) }
            ]
        );
    }

    #[test]
    fn a_killed_child_is_no_death_of_the_container() {
        let (history, _) = told(&[(0, Act::Start), (30, Act::Oom)]);
        assert_eq!(history.last_death("a"), None);
        assert_eq!(cause(&[(0, Act::Start), (30, Act::Oom), (60_000, Act::Die(137))]), Some(Cause::Own));
    }

    #[test]
    fn a_stop_in_time_a_stop_too_late_and_a_kill_differ() {
        assert_eq!(cause(&[(0, Act::Start), (10, Act::Kill(15)), (20, Act::Die(143))]), Some(Cause::Stopped));
        let late = [(0, Act::Start), (10, Act::Kill(15)), (2010, Act::Kill(9)), (2020, Act::Die(137))];
        assert_eq!(cause(&late), Some(Cause::StopTimeout));
        assert_eq!(cause(&[(0, Act::Start), (10, Act::Kill(9)), (20, Act::Die(137))]), Some(Cause::Killed));
        assert_eq!(cause(&[(0, Act::Start), (20, Act::Die(137))]), Some(Cause::Own));
    }

    #[test]
    fn a_reload_signal_asks_for_no_end() {
        assert_eq!(cause(&[(0, Act::Start), (10, Act::Kill(1)), (900, Act::Die(1))]), Some(Cause::Own));
    }

    fn leftover(history: &mut History, at: i64) -> Option<Cause> {
        let id = Text::new("a");
        history.saw(&id, at, Act::Kill(15), 15);
        history.saw(&id, at + 10 * SECOND, Act::Kill(9), 15);
        history.saw(&id, at + 10 * SECOND + 1, Act::Die(137), 15);
        history.last_death("a").map(|death| death.cause)
    }

    #[test]
    fn what_an_engine_ends_while_it_comes_up_is_nobodys_wish() {
        let mut history = History::default();
        history.saw(&Text::new("a"), 0, Act::Start, 15);
        history.reborn(SECOND);
        assert_eq!(leftover(&mut history, 2 * SECOND), Some(Cause::Leftover));
        let mut first = History::default();
        first.whole();
        assert_eq!(leftover(&mut first, SECOND), Some(Cause::Leftover));
        assert_eq!(leftover(&mut History::default(), SECOND), Some(Cause::StopTimeout));
    }

    #[test]
    fn what_an_engine_ends_while_it_goes_down_is_nobodys_wish_either() {
        let (mut history, _) = told(&[(0, Act::Start), (20_000, Act::Kill(15)), (20_100, Act::Die(0))]);
        history.reborn(21 * SECOND);
        assert_eq!(history.last_death("a").map(|death| death.cause), Some(Cause::Leftover));
        let (mut earlier, _) = told(&[(0, Act::Start), (20_000, Act::Kill(15)), (20_100, Act::Die(0))]);
        earlier.reborn(3600 * SECOND);
        assert_eq!(earlier.last_death("a").map(|death| death.cause), Some(Cause::Stopped));
    }

    /// A started container that is stopped later was started in this life.
    #[test]
    fn a_stop_in_a_life_that_was_heard_whole_is_a_stop() {
        let mut history = History::default();
        history.whole();
        history.saw(&Text::new("a"), 0, Act::Start, 15);
        assert_eq!(leftover(&mut history, SECOND), Some(Cause::StopTimeout));
    }
}

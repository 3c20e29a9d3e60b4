//! What time it is: for the world, and for the person.

use std::time::{Duration, Instant};

use crate::domain::Timestamp;

use super::Moment;

/// The clock of a recording that is played, or of a simulation.
#[derive(Debug, Clone, Copy)]
pub struct ReplayClock {
    /// Where it begins.
    pub start: Timestamp,
    /// So much faster than the wall's it runs between two batches; each batch sets it to its own stamp.
    pub speed: f64,
}

/// Both times.
#[derive(Debug)]
pub struct Clock {
    began: Instant,
    began_at: Timestamp,
    replay: Option<Replay>,
}

#[derive(Debug)]
struct Replay {
    anchor: Timestamp,
    since: Instant,
    speed: f64,
}

impl Clock {
    /// Starts it: the wall's, unless another is given.
    pub fn start(replay: Option<ReplayClock>) -> Self {
        let began = Instant::now();
        let replay = replay.map(|it| Replay { anchor: it.start, since: began, speed: it.speed.max(0.0) });
        Self { began, began_at: Timestamp::now(), replay }
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        match &self.replay {
            None => Timestamp::now(),
            Some(replay) => plus(replay.anchor, replay.since.elapsed().mul_f64(replay.speed)),
        }
    }

    /// The person's time: even, whatever becomes of the wall's clock.
    pub fn felt(&self) -> Timestamp {
        plus(self.began_at, self.began.elapsed())
    }

    /// Both.
    pub fn moment(&self) -> Moment {
        Moment { now: self.now(), felt: self.felt() }
    }

    /// A batch was learnt at `at`. A recording's clock goes by that, and never back.
    pub fn heard(&mut self, at: Timestamp) {
        let now = self.now();
        if let Some(replay) = &mut self.replay
            && at > now
        {
            replay.anchor = at;
            replay.since = Instant::now();
        }
    }

    /// Nothing more will come: a recording's time stands still, so that its last sight does not grow stale.
    pub fn stop(&mut self) {
        let now = self.now();
        if let Some(replay) = &mut self.replay {
            *replay = Replay { anchor: now, since: Instant::now(), speed: 0.0 };
        }
    }

    /// How long until the world's time is `at`.
    pub fn until(&self, at: Timestamp) -> Duration {
        let wait = between(self.now(), at);
        match &self.replay {
            None => wait,
            Some(replay) if replay.speed > 0.0 => wait.div_f64(replay.speed).max(Duration::from_millis(1)),
            Some(_) => FAR,
        }
    }

    /// How long until the person's time is `at`.
    pub fn until_felt(&self, at: Timestamp) -> Duration {
        between(self.felt(), at)
    }
}

/// For a clock that stands still.
const FAR: Duration = Duration::from_secs(3600);

fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

fn plus(at: Timestamp, by: Duration) -> Timestamp {
    jiff::SignedDuration::try_from(by).ok().and_then(|by| at.checked_add(by).ok()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).expect("in range")
    }

    #[test]
    fn a_recording_sets_the_time_and_it_never_goes_back() {
        let mut clock = Clock::start(Some(ReplayClock { start: at(0), speed: 0.0 }));
        assert_eq!(clock.now(), at(0));
        clock.heard(at(90));
        assert_eq!(clock.now(), at(90));
        clock.heard(at(30));
        assert_eq!(clock.now(), at(90));
        clock.stop();
        assert_eq!(clock.now(), at(90));
        assert_eq!(clock.until(at(91)), FAR);
    }
}

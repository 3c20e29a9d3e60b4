//! The simulated company as it is diagnosed: what goes wrong in it is found, and when nothing does, nothing is.

use std::collections::BTreeSet;

use cockpit::action::Guard;
use cockpit::backend::demo::{self, Options, Sim};
use cockpit::diagnose::{Incident, Settings};
use cockpit::domain::words::after;
use cockpit::domain::{Batch, Text, Timestamp};
use cockpit::engine::Core;

fn night() -> Timestamp {
    "2026-11-22T02:10:00Z".parse().expect("a time")
}

/// A company, and what is known of it.
struct Watched {
    sims: Vec<Sim>,
    core: Core,
    now: Timestamp,
}

impl Watched {
    fn of(name: &str) -> Self {
        let options = Options { name: Text::new(name), ..Options::at(night()) };
        let sims: Vec<Sim> = demo::sims(&options).expect("a scenario").into_iter().map(|(_, sim)| sim).collect();
        let clusters: Vec<_> = sims.iter().map(|sim| sim.cluster().clone()).collect();
        let core = Core::new(Settings::default(), Guard::default(), &clusters, night());
        let mut watched = Self { sims, core, now: night() };
        watched.until(0);
        watched
    }

    /// Moves on to so many seconds after the beginning, second by second.
    fn until(&mut self, seconds: i64) {
        while self.now <= after(night(), seconds) {
            let now = self.now;
            let batches: Vec<Batch> = self.sims.iter_mut().flat_map(|sim| sim.advance(now)).collect();
            batches.into_iter().for_each(|batch| self.core.fold(batch));
            self.core.settle_now(now);
            self.now = after(now, 1);
        }
    }

    fn incidents(&self) -> &[Incident] {
        self.core.diagnosis().incidents()
    }
}

/// Rule and subject of what is listed at the beginning of a bad night.
const NIGHT: &[(&str, &str)] = &[
    ("crash-loop", "prod/data/StatefulSet/accounts-db"),
    ("oom-killed", "prod/shop/Deployment/worker"),
    ("image-pull", "prod/shop/Deployment/api"),
    ("job-overdue", "prod/ops/CronJob/backup"),
    ("node-down", "prod/-/Node/node-7"),
    ("database-without-volume", "prod/data/Deployment/reports-db"),
    ("cannot-be-placed", "nomad-eu/billing/TaskGroup/charge"),
    ("probe-lies", "nomad-eu/web/TaskGroup/portal"),
    ("pool-full", "nomad-eu/-/Endpoint/erp-mysql"),
    ("quorum", "swarm/-/Cluster/swarm"),
];

#[test]
fn what_goes_wrong_in_a_night_is_on_the_first_screen() {
    let watched = Watched::of("");
    for (rule, subject) in NIGHT {
        let found = watched.incidents().iter().any(|it| it.rule == *rule && it.subject.to_string() == *subject);
        assert!(found, "{rule} of {subject} is not listed");
    }
}

#[test]
fn a_database_takes_twelve_others_down_and_is_one_line() {
    let watched = Watched::of("");
    let database = watched.incidents().iter().find(|it| it.subject.name == *"accounts-db").expect("it is listed");
    let dragged: BTreeSet<_> =
        database.symptoms.iter().map(|it| &it.about).filter(|it| **it != database.subject).collect();
    assert_eq!(dragged.len(), 12, "{dragged:?}");
    let alone: Vec<_> = watched.incidents().iter().filter(|it| dragged.contains(&it.subject)).collect();
    assert!(alone.is_empty(), "{alone:?}");
}

#[test]
fn a_calm_day_is_quiet_for_an_hour() {
    let mut watched = Watched::of("calm");
    for minute in 0..60 {
        watched.until(minute * 60);
        assert!(watched.incidents().is_empty(), "minute {minute}: {:?}", watched.incidents());
    }
}

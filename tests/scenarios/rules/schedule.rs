//! What runs at set times.

use super::make::*;
use super::*;

cases! {
    "job-overdue", "two weeks", Some("no success for 13 d 4 h (schedule: every night at 02:00); it runs and fails"), |place| {
        cron(place, "0 2 * * *", 86_400, Some(86_400 * 13 + 4 * 3600));
    }
    "job-overdue", "last night", None, |place| { cron(place, "0 2 * * *", 86_400, Some(80_000)); }
    "job-failed", "tried twice", Some("job failed, 2 tries: exit 2"), |place| {
        let mut workload = place.workload(Kind::Job, "migrate", 1);
        workload.desired = Desired::Completions(1);
        place.put(Object::Workload(Box::new(workload.clone())));
        for n in 0..2 {
            let mut it = place.instance(&workload, n);
            (it.phase, it.ready, it.since) = (Phase::Failed, false, Some(at(-600)));
            it.containers[0].state = ContainerState::Ended(exit(2, ExitReason::Error, 600, 20));
            put(place, it);
        }
    }
    "job-failed", "succeeded at the second try", None, |place| {
        let mut workload = place.workload(Kind::Job, "migrate", 1);
        workload.desired = Desired::Completions(1);
        place.put(Object::Workload(Box::new(workload.clone())));
        for (n, phase) in [Phase::Failed, Phase::Succeeded].into_iter().enumerate() {
            let mut it = place.instance(&workload, n as u32);
            (it.phase, it.ready, it.since) = (phase, false, Some(at(-600 + n as i64 * 60)));
            put(place, it);
        }
    }
    "job-failed", "last night", Some("its last run failed (schedule: every night at 02:00): exit 1"), |place| {
        run_failed(place, 80_000, 600);
    }
    "job-failed", "the night before, and well since", None, |place| { run_failed(place, 600, 80_000); }

    "job-suspended", "forgotten", Some("suspended: last run 41 d ago (schedule: every night at 02:00)"), |place| { suspended(place, 41); }
    "job-suspended", "since yesterday", None, |place| { suspended(place, 1); }
}

/// A nightly job that last succeeded so many seconds ago, with a run that failed so many ago.
fn run_failed(place: &mut Place, success_ago: i64, failed_ago: i64) {
    cron(place, "0 2 * * *", 86_400, Some(success_ago));
    let workload = place.workload(Kind::CronJob, "backup", 1);
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.since) = (Phase::Failed, false, Some(at(-failed_ago)));
    it.containers[0].state = ContainerState::Ended(exit(1, ExitReason::Error, failed_ago, 20));
    put(place, it);
}

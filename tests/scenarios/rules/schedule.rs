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
    "job-failed", "it ran for too long, and its pods are gone",
    Some("job failed: it took longer than it may (activeDeadlineSeconds 600)"), |place| {
        gave_up(place, "DeadlineExceeded", Some("activeDeadlineSeconds 600"), "Job was active longer than specified deadline");
    }
    "job-failed", "its pods are gone", Some("job failed: its pods failed too often (backoffLimit 6)"), |place| {
        gave_up(place, "BackoffLimitExceeded", Some("backoffLimit 6"), "Job has reached the specified backoff limit");
    }
    "job-failed", "a policy ended it", Some("job failed: its pod failure policy ended it: exit code 42 matching FailJob rule at index 0"), |place| {
        gave_up(place, "PodFailurePolicy", None, "exit code 42 matching FailJob rule at index 0");
    }
    "job-failed", "too many indexes", Some("job failed: more of its indexes failed than may (maxFailedIndexes 2): indexes 1,3-5"), |place| {
        gave_up(place, "MaxFailedIndexesExceeded", Some("maxFailedIndexes 2"), "indexes 1,3-5");
    }
    "job-failed", "some indexes", Some("job failed: some of its indexes failed (backoffLimitPerIndex 1): indexes 3"), |place| {
        gave_up(place, "FailedIndexes", Some("backoffLimitPerIndex 1"), "indexes 3");
    }
    "job-failed", "its pods say how it failed", Some("job failed: exit 2 (backoffLimit 0)"), |place| {
        failed_once(place, |job| job.gave_up = Some(given_up("BackoffLimitExceeded", Some("backoffLimit 0"), "limit")));
    }
    "job-failed", "it is tried again", None, |place| { failed_once(place, |_| {}); }
    "job-failed", "somebody suspended it", None, |place| { failed_once(place, |job| job.suspended = true); }
    "job-failed", "the last of a scheduled one ran for too long",
    Some("its last run failed (schedule: every night at 02:00): it took longer than it may (activeDeadlineSeconds 600)"), |place| {
        cron(place, "0 2 * * *", 86_400, Some(80_000));
        let mut workload = place.world.view(place.now).workload(&place.key(Kind::CronJob, "backup")).cloned().expect("it");
        let gave_up = given_up("DeadlineExceeded", Some("activeDeadlineSeconds 600"), "too long");
        workload.job = Some(Box::new(JobState { suspended: false, gave_up: Some(gave_up) }));
        place.put(Object::Workload(Box::new(workload)));
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

fn given_up(reason: &str, limit: Option<&str>, message: &str) -> GaveUp {
    GaveUp { reason: Name::new(reason), message: Some(message.into()), limit: limit.map(Name::new), at: at(-300) }
}

/// A Job that its server gave up, and of which no pod is left.
fn gave_up(place: &mut Place, reason: &str, limit: Option<&str>, message: &str) {
    let mut workload = place.workload(Kind::Job, "migrate", 1);
    workload.desired = Desired::Completions(1);
    workload.job = Some(Box::new(JobState { suspended: false, gave_up: Some(given_up(reason, limit, message)) }));
    place.put(Object::Workload(Box::new(workload)));
}

/// A Job with one pod, which failed five minutes ago.
fn failed_once(place: &mut Place, change: impl FnOnce(&mut JobState)) {
    let mut workload = place.workload(Kind::Job, "migrate", 1);
    workload.desired = Desired::Completions(1);
    let mut job = JobState::default();
    change(&mut job);
    workload.job = Some(Box::new(job));
    place.put(Object::Workload(Box::new(workload.clone())));
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.since) = (Phase::Failed, false, Some(at(-300)));
    it.containers[0].state = ContainerState::Ended(exit(2, ExitReason::Error, 300, 20));
    put(place, it);
}

//! Jobs, and CronJobs with the Jobs that they make.

use std::sync::Arc;

use crate::domain::{Desired, GaveUp, JobState, RestartPolicy, Schedule, Text, Timestamp};

use super::super::wire::Both;
use super::super::wire::pod::{Condition, condition};
use super::super::wire::work::{CronJobSpec, CronJobStatus, JobSpec, JobStatus};
use super::owner::Controller;
use super::scribe::{Scribe, text};
use super::work::{Detail, Run, Who, Work};
use crate::backend::cron;

/// Pods of a Job that may fail, where it does not say (kubernetes: pkg/apis/batch/v1/defaults.go).
const BACKOFF_LIMIT: u32 = 6;

/// A Job.
pub(super) fn job(
    scribe: &mut Scribe,
    who: Who<'_>,
    it: &Both<JobSpec, JobStatus>,
    owner: Option<Arc<Controller>>,
    before: Option<&Run>,
) -> Run {
    let Both { spec, status } = it;
    let at_once = spec.parallelism.map_or(1, |it| it.count());
    let wanted = spec.completions.map_or(at_once.max(1), |it| it.count());
    let mut work =
        Work::new(scribe, who, Desired::Completions(wanted), &spec.template.metadata.labels, &spec.template.spec, &[]);
    tries(&mut work, spec);
    let complete = condition(&status.conditions, "Complete").filter(|it| it.holds());
    let failure = condition(&status.conditions, "Failed").filter(|it| it.holds());
    // Of pods that failed too often, these tell it themselves.
    let untold = failure.filter(|it| &*it.reason != "BackoffLimitExceeded");
    let failed = untold.and_then(|it| Some((Text::from(format!("{}: {}", &*it.reason, &*it.message)), it.changed.0?)));
    let gave_up = failure.and_then(|it| gave_up(scribe, it, spec, status));
    work.base.job = Some(Box::new(JobState { suspended: spec.suspend.0, gave_up }));
    let left = wanted.saturating_sub(status.succeeded.count()).min(at_once);
    let over = complete.is_some() || failure.is_some() || spec.suspend.0;
    Run {
        owner,
        succeeded: complete.and_then(|it| status.completion_time.0.or(it.changed.0)),
        told: before.is_some_and(|before| before.told && before.failed == failed),
        failed,
        short: !over && status.active.count() < left,
        work,
    }
}

/// A pod that failed is started again, or another is made in its place.
fn tries(work: &mut Work, spec: &JobSpec) {
    let tries = spec.backoff_limit.map_or(BACKOFF_LIMIT, |it| it.count());
    if tries > 0 {
        work.base.restart_policy = RestartPolicy::OnFailure(tries);
    }
}

/// Why a Job is not tried again, with the setting that it came up against (k8s.io/api/batch/v1 `JobReason*`).
fn gave_up(scribe: &mut Scribe, it: &Condition, spec: &JobSpec, status: &JobStatus) -> Option<GaveUp> {
    let limit = match &*it.reason {
        "BackoffLimitExceeded" => Some(("backoffLimit", spec.backoff_limit.map_or(BACKOFF_LIMIT, |it| it.count()))),
        "DeadlineExceeded" => spec.active_deadline_seconds.map(|it| ("activeDeadlineSeconds", it.count())),
        "MaxFailedIndexesExceeded" => spec.max_failed_indexes.map(|it| ("maxFailedIndexes", it.count())),
        "FailedIndexes" => spec.backoff_limit_per_index.map(|it| ("backoffLimitPerIndex", it.count())),
        _ => None,
    };
    let indexes = status.failed_indexes.some().map(|which| Text::from(format!("indexes {which}")));
    Some(GaveUp {
        reason: scribe.name(&it.reason),
        message: indexes.or_else(|| text(&it.message)),
        limit: limit.map(|(name, n)| scribe.name(&format!("{name} {n}"))),
        at: it.changed.0?,
    })
}

/// How the last of a CronJob's Jobs stands, where it failed since one ended well.
pub(super) fn last_failure<'a>(
    runs: impl Iterator<Item = &'a Run>,
    succeeded: Option<Timestamp>,
) -> Option<Box<JobState>> {
    let failures = runs.filter_map(|run| run.work.base.job.as_ref()?.gave_up.as_ref());
    let last = failures.max_by_key(|it| it.at).filter(|it| succeeded.is_none_or(|well| well < it.at))?;
    Some(Box::new(JobState { suspended: false, gave_up: Some(last.clone()) }))
}

/// A CronJob.
pub(super) fn cron_job(scribe: &mut Scribe, who: Who<'_>, it: &Both<CronJobSpec, CronJobStatus>) -> Work {
    let Both { spec, status } = it;
    let job = &spec.job_template.spec;
    let mut work = Work::new(scribe, who, Desired::Scheduled, &job.template.metadata.labels, &job.template.spec, &[]);
    tries(&mut work, job);
    let (last_run, last_success) = (status.last_schedule_time.0, status.last_successful_time.0);
    work.base.schedule = Some(Schedule {
        cron: Text::new(&spec.schedule),
        // Hangs on when it last ran well, which its Jobs may know better.
        period_seconds: 0,
        suspended: spec.suspend.0,
        last_run,
        last_success,
    });
    work.detail = Detail::Timed(scribe.name(&spec.time_zone));
    work
}

/// A day, where the schedule cannot be read.
const DAY: u64 = 24 * 3600;

/// A schedule with what its Jobs know of it. Its period is that from the run at or before the last one that is known to the
/// next: what is daily but for weekends has a long gap then, and only then.
pub(super) fn timed(
    mut it: Schedule,
    zone: &str,
    succeeded: Option<Timestamp>,
    created: Option<Timestamp>,
) -> Schedule {
    it.last_success = it.last_success.max(succeeded);
    let around = it.last_success.or(it.last_run).or(created).unwrap_or(Timestamp::UNIX_EPOCH);
    it.period_seconds = cron::gap(&it.cron, zone, around).unwrap_or(DAY);
    it
}

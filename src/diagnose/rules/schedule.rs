//! What runs at set times, or to its end.

use crate::diagnose::exit::exit_words;
use crate::diagnose::logs;
use crate::diagnose::rule::{Cause, Edge, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, seconds_between, span, span_changes_at};
use crate::domain::{Desired, ExitReason, GaveUp, Instance, Phase, Schedule, Severity, Tier, Timestamp};

use super::evidence::last_exit;

/// A scheduled job has not succeeded for longer than its schedule explains.
pub const JOB_OVERDUE: Rule = Rule {
    id: "job-overdue",
    family: "job-overdue",
    summary: "a scheduled job has not succeeded for longer than its schedule explains",
    looks_at: "its last success against its schedule: one missed time and half a period of patience more, ten minutes at least; \
               not what is suspended",
    mend: "read the log of its last run; run it by hand once the cause is mended, and check what depends on it",
    subject: Subject::Workload,
    cause: Cause::Schedule,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: job_overdue,
};

/// A scheduled job is switched off, and has been for long.
pub const JOB_SUSPENDED: Rule = Rule {
    id: "job-suspended",
    family: "job-suspended",
    summary: "a scheduled job has been suspended for so long that it may have been forgotten",
    looks_at: "suspended jobs whose last run is three periods and a week ago, at least",
    mend: "switch it on again, or remove it",
    subject: Subject::Workload,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 10,
    check: job_suspended,
};

/// A job failed.
pub const JOB_FAILED: Rule = Rule {
    id: "job-failed",
    family: "job-failed",
    summary: "a job that runs to its end failed and is not tried again, or the last run of a scheduled one did",
    looks_at: "jobs that their server gave up, and why (backoffLimit, activeDeadlineSeconds, a pod failure policy, failed indexes); \
               where no server says so, failed instances and none that runs or succeeded later; for a day. Of a scheduled one what \
               failed since it last succeeded, until it is overdue. Suspended jobs, and what will be tried again, are left alone",
    mend: "read its log, mend the cause, run it again",
    subject: Subject::Workload,
    cause: Cause::Schedule,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: job_failed,
};

/// The least patience with a late job, seconds.
const PATIENCE: i64 = 600;
/// After a failure another try begins within so long, if there is one, seconds (kubernetes: pkg/controller/job
/// `MaxJobPodFailureBackOff` is ten minutes).
const TRIED_AGAIN: i64 = 660;
/// What is suspended for so long may be forgotten, seconds: a week.
const FORGOTTEN: i64 = 7 * 86_400;

fn job_overdue(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload() else { return };
    let Some(schedule) = workload.schedule.as_ref().filter(|it| !it.suspended) else { return };
    let period = i64::try_from(schedule.period_seconds).unwrap_or(i64::MAX / 4).clamp(60, i64::MAX / 4);
    let Some(from) = schedule.last_success.or(workload.created) else { return };
    let overdue_at = overdue_at(from, period);
    if overdue_at > scene.now() {
        return out.recheck_at(overdue_at);
    }
    out.recheck_at(span_changes_at(from, scene.now()));
    let long = span(seconds_between(from, scene.now()));
    let when = cron_words(&schedule.cron);
    let (summary, since) = match schedule.last_success {
        Some(_) => (format!("no success for {long} (schedule: {when})"), after(from, period)),
        None => (format!("has never succeeded since it was made {long} ago (schedule: {when})"), from),
    };
    let finding = Finding::new(Severity::Warning, format!("{summary}{}", last_try(scene, schedule, out)))
        .tier(Tier::Stuck)
        .since(Some(since.min(scene.now())));
    let finding = match schedule.last_success {
        Some(at) => finding.evidence(Some(at), "schedule", "last success"),
        None => finding.evidence(workload.created, "schedule", "made then; no success is known"),
    };
    let finding = match schedule.last_run {
        Some(at) => finding.evidence(Some(at), "schedule", "last run"),
        None => finding.evidence(None, "schedule", "no run is known"),
    };
    out.say(with_tail(scene, finding));
}

fn job_suspended(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload() else { return };
    let Some(schedule) = workload.schedule.as_ref().filter(|it| it.suspended) else { return };
    let Some(from) = schedule.last_run.or(workload.created) else { return };
    let period = i64::try_from(schedule.period_seconds).unwrap_or(i64::MAX / 4).clamp(60, i64::MAX / 8);
    let due = after(from, (3 * period).max(FORGOTTEN));
    if due > scene.now() {
        return out.recheck_at(due);
    }
    out.recheck_at(span_changes_at(from, scene.now()));
    let long = span(seconds_between(from, scene.now()));
    let ran = if schedule.last_run.is_some() { "last run" } else { "never ran, made" };
    let summary = format!("suspended: {ran} {long} ago (schedule: {})", cron_words(&schedule.cron));
    let finding = Finding::new(Severity::Risk, summary).tier(Tier::Risk).since(Some(from)).since_exact(false);
    out.say(finding.evidence(Some(from), "schedule", "suspended; nothing ran after this"));
}

/// What is known of the last run: it failed, or it did not even start.
fn last_try(scene: &Scene<'_>, schedule: &Schedule, _out: &mut Out) -> String {
    let run = newest_failed(scene);
    match (run, schedule.last_run) {
        (Some((_, line)), _) if !line.is_empty() => format!("; last run: {line}"),
        (_, Some(ran)) if schedule.last_success.is_none_or(|at| at < ran) => "; it runs and fails".to_owned(),
        (_, Some(_)) => "; it was not started since".to_owned(),
        (_, None) => String::new(),
    }
}

fn newest_failed<'a>(scene: &Scene<'a>) -> Option<(&'a Instance, String)> {
    let failed = scene.instances().iter().copied().filter(|it| it.phase == Phase::Failed);
    let newest = failed.max_by_key(|it| it.since.or(it.created))?;
    let Some((container, exit)) = last_exit(scene, newest) else { return Some((newest, String::new())) };
    let line = logs::answered(scene, newest, container).and_then(logs::telling);
    let words = match (exit.reason, line) {
        (ExitReason::OomKilled, _) => "OOM-killed".to_owned(),
        (_, Some(line)) => format!("{}: {}", exit_words(exit.code), logs::quote(line)),
        (_, None) => exit_words(exit.code),
    };
    Some((newest, words))
}

fn with_tail(scene: &Scene<'_>, mut finding: Finding) -> Finding {
    let Some((newest, words)) = newest_failed(scene) else { return finding };
    if let Some((container, exit)) = last_exit(scene, newest) {
        finding.wants.push(logs::tail_of(newest, container));
        finding = finding.evidence(exit.ended, "state", format!("{}: {words}", newest.key.name));
    }
    finding
}

/// When a job that last succeeded then counts as overdue, its period in seconds.
fn overdue_at(from: Timestamp, period: i64) -> Timestamp {
    after(from, period + (period / 2).max(PATIENCE))
}

/// The last run of a scheduled job failed: long before it is overdue, a night's backup is missing.
fn run_failed(scene: &Scene<'_>, schedule: &Schedule, out: &mut Out) {
    let at = |it: &Instance| it.since.or(it.created);
    let well = scene.instances().iter().filter(|it| it.phase == Phase::Succeeded).filter_map(|it| at(it)).max();
    let well = well.max(schedule.last_success);
    let period = i64::try_from(schedule.period_seconds).unwrap_or(i64::MAX / 4).clamp(60, i64::MAX / 4);
    let from = schedule.last_success.or(scene.workload().and_then(|it| it.created));
    // Then that is said, with how this run failed.
    if schedule.suspended || from.is_some_and(|from| overdue_at(from, period) <= scene.now()) {
        return;
    }
    let failed = scene.instances().iter().filter(|it| it.phase == Phase::Failed && at(it) > well);
    let (count, first) = failed.fold((0, None), |(count, first): (u64, Option<Timestamp>), it| {
        (count + 1, [first, at(it)].into_iter().flatten().min())
    });
    from.into_iter().for_each(|from| out.recheck_at(overdue_at(from, period)));
    let gave_up = gave_up(scene).filter(|it| Some(it.at) > well);
    let run = newest_failed(scene).filter(|(it, _)| at(it) > well && count > 0);
    let (words, first) = match (run, gave_up) {
        (Some((newest, words)), gave_up) => (how(newest, &words, gave_up), first),
        (None, Some(gave_up)) => (why(gave_up), Some(gave_up.at)),
        (None, None) => return,
    };
    let runs = if count > 1 { format!("its last {count} runs failed") } else { "its last run failed".to_owned() };
    let when = cron_words(&schedule.cron);
    let finding = Finding::new(Severity::Warning, format!("{runs} (schedule: {when}): {words}"))
        .tier(Tier::Stuck)
        .since(first)
        .since_exact(count <= 1);
    let finding = said_so(finding, gave_up);
    out.say(with_tail(scene, finding));
}

fn job_failed(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload().filter(|it| !it.one_off) else { return };
    if let Some(schedule) = &workload.schedule {
        return run_failed(scene, schedule, out);
    }
    if !matches!(workload.desired, Desired::Completions(_)) {
        return;
    }
    let at = |it: &Instance| it.since.or(it.created);
    let ended_well = scene.instances().iter().filter(|it| it.phase == Phase::Succeeded).filter_map(|it| at(it)).max();
    let goes_on = scene.instances().iter().any(|it| !it.phase.ended() && it.phase != Phase::Created);
    let gave_up = gave_up(scene);
    let newest = newest_failed(scene).filter(|(it, _)| at(it) > ended_well);
    let failed_at = gave_up.map(|it| it.at).or_else(|| newest.as_ref().and_then(|(it, _)| at(it)));
    let Some(failed_at) = failed_at.filter(|_| gave_up.is_some() || !goes_on) else { return };
    if let Some(job) = workload.job.as_ref().filter(|_| gave_up.is_none()) {
        let again_by = after(failed_at, TRIED_AGAIN);
        if job.suspended || again_by > scene.now() {
            return out.recheck_at(again_by);
        }
    }
    let quiet_at = after(failed_at, super::crash::OLD_EXIT);
    if quiet_at <= scene.now() {
        return;
    }
    out.recheck_at(quiet_at);
    let tries = scene.instances().iter().filter(|it| it.phase == Phase::Failed).count();
    // What is handed its work one by one is not tried again by a next one.
    let handed = workload.desired == Desired::Completions(0);
    let tries = if tries > 1 && !handed { format!(", {tries} tries") } else { String::new() };
    let words = match (&newest, gave_up) {
        (Some((newest, words)), gave_up) => how(newest, words, gave_up),
        (None, Some(gave_up)) => why(gave_up),
        (None, None) => return,
    };
    let what = if handed { "its last run failed" } else { "job failed" };
    let finding = Finding::new(Severity::Warning, format!("{what}{tries}: {words}"))
        .tier(Tier::Stuck)
        .since(first_failure(scene).or(gave_up.map(|it| it.at)).or(workload.created));
    out.say(with_tail(scene, said_so(finding, gave_up)));
}

/// Why its server tries it no more.
fn gave_up<'a>(scene: &Scene<'a>) -> Option<&'a GaveUp> {
    scene.workload()?.job.as_ref()?.gave_up.as_ref()
}

/// How a run failed: that its pods failed too often is no more than they say themselves.
fn how(newest: &Instance, words: &str, gave_up: Option<&GaveUp>) -> String {
    let said = newest.message.as_deref().map_or(String::new(), logs::quote);
    let words = if words.is_empty() { said } else { words.to_owned() };
    match gave_up {
        Some(it) if words.is_empty() || !matches!(&*it.reason, "BackoffLimitExceeded" | "AttemptsUsedUp") => why(it),
        Some(GaveUp { limit: Some(limit), .. }) => format!("{words} ({limit})"),
        _ => words,
    }
}

/// Why a Job gave up, in words.
fn why(it: &GaveUp) -> String {
    let limit = it.limit.as_ref().map_or_else(String::new, |limit| format!(" ({limit})"));
    let said = it.message.as_deref().map_or_else(String::new, |said| format!(": {}", logs::quote(said)));
    match it.reason.as_str() {
        "BackoffLimitExceeded" => format!("its pods failed too often{limit}"),
        "AttemptsUsedUp" => format!("it failed and is not placed again{limit}"),
        "DeadlineExceeded" => format!("it took longer than it may{limit}"),
        "PodFailurePolicy" => format!("its pod failure policy ended it{said}"),
        "MaxFailedIndexesExceeded" => format!("more of its indexes failed than may{limit}{said}"),
        "FailedIndexes" => format!("some of its indexes failed{limit}{said}"),
        reason => format!("{reason}{said}"),
    }
}

fn said_so(finding: Finding, gave_up: Option<&GaveUp>) -> Finding {
    let Some(it) = gave_up else { return finding };
    let limit = it.limit.as_ref().map_or_else(String::new, |limit| format!(", {limit}"));
    let said = it.message.as_deref().map_or_else(String::new, |said| format!(": {}", logs::quote(said)));
    finding.evidence(Some(it.at), "condition", format!("Failed, {}{limit}{said}", it.reason))
}

fn first_failure(scene: &Scene<'_>) -> Option<Timestamp> {
    scene.instances().iter().filter(|it| it.phase == Phase::Failed).filter_map(|it| it.since.or(it.created)).min()
}

/// A cron expression in words, where it is one of the usual; else as it is.
pub fn cron_words(cron: &str) -> String {
    let parts: Vec<&str> = cron.split_whitespace().collect();
    let number = |part: &str| part.parse::<u8>().ok();
    let [minute, hour, day, month, weekday] = parts[..] else {
        return match cron {
            "@hourly" => "every hour".to_owned(),
            "@daily" | "@midnight" => "every night at 00:00".to_owned(),
            "@weekly" => "every Sunday at 00:00".to_owned(),
            cron => cron.to_owned(),
        };
    };
    let every = |part: &str| part.strip_prefix("*/").and_then(number).filter(|n| *n > 0);
    match (number(minute), number(hour), (day, month, weekday)) {
        (Some(m), Some(h), ("*", "*", "*")) => {
            let part = if (6..18).contains(&h) { "day" } else { "night" };
            format!("every {part} at {h:02}:{m:02}")
        }
        (Some(m), Some(h), ("*", "*", weekday)) => match weekday_name(weekday) {
            Some(name) => format!("every {name} at {h:02}:{m:02}"),
            None => cron.to_owned(),
        },
        (Some(m), None, ("*", "*", "*")) if hour == "*" => format!("every hour at :{m:02}"),
        (Some(_), None, ("*", "*", "*")) => every(hour).map_or_else(|| cron.to_owned(), |n| format!("every {n} h")),
        (None, None, ("*", "*", "*")) if hour == "*" => match every(minute) {
            Some(n) => format!("every {n} min"),
            None if minute == "*" => "every minute".to_owned(),
            None => cron.to_owned(),
        },
        _ => cron.to_owned(),
    }
}

fn weekday_name(weekday: &str) -> Option<&'static str> {
    Some(match weekday.to_ascii_lowercase().as_str() {
        "0" | "7" | "sun" => "Sunday",
        "1" | "mon" => "Monday",
        "2" | "tue" => "Tuesday",
        "3" | "wed" => "Wednesday",
        "4" | "thu" => "Thursday",
        "5" | "fri" => "Friday",
        "6" | "sat" => "Saturday",
        "1-5" | "mon-fri" => "weekday",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::cron_words;

    #[test]
    fn usual_schedules_are_said_in_words() {
        for (cron, words) in [
            ("0 2 * * *", "every night at 02:00"),
            ("30 12 * * *", "every day at 12:30"),
            ("*/5 * * * *", "every 5 min"),
            ("15 * * * *", "every hour at :15"),
            ("0 */6 * * *", "every 6 h"),
            ("0 3 * * 1-5", "every weekday at 03:00"),
            ("0 3 1 * *", "0 3 1 * *"),
            ("@daily", "every night at 00:00"),
        ] {
            assert_eq!(cron_words(cron), words);
        }
    }
}

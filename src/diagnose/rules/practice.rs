//! Good practice: one line a rule and project, never in triage.

use crate::diagnose::rule::{Cause, Edge, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::after;
use crate::domain::{ContainerSpec, Desired, Kind, Phase, RestartPolicy, Severity, Workload};

use super::evidence::last_exit;

macro_rules! advice {
    ($name:ident, $id:literal, $summary:literal, $looks_at:literal, $mend:literal, $check:ident) => {
        #[doc = $summary]
        pub const $name: Rule = Rule {
            id: $id,
            family: $id,
            summary: $summary,
            looks_at: $looks_at,
            mend: $mend,
            subject: Subject::Workload,
            cause: Cause::Advice,
            reads: &[Edge::Instances],
            hold_seconds: 0,
            clear_after_seconds: 0,
            check: $check,
        };
    };
}

advice!(
    NO_HEALTH_CHECK,
    "no-health-check",
    "nothing tells whether it works: it has no health check",
    "services that are meant to run and configure no check",
    "add a check of what the work needs; without one a process that hangs counts as well",
    no_health_check
);
advice!(
    NO_MEMORY_LIMIT,
    "no-memory-limit",
    "it may take all the memory of its host: it has no memory limit",
    "services that are meant to run and set no limit",
    "set a limit above what it needs at its peak: then only it dies of its leak, and it is known why",
    no_memory_limit
);
advice!(
    NO_RESTART_POLICY,
    "no-restart-policy",
    "nothing starts it again when it ends: it has no restart policy",
    "running Compose services and lone containers with policy `no`; not runs by hand",
    "set `restart: unless-stopped`, where it is meant to run for good",
    no_restart_policy
);
advice!(
    UNBOUNDED_LOG,
    "unbounded-log",
    "its log grows until the disk is full: json-file without a size",
    "containers with the json-file driver and no `max-size`",
    "set `max-size` and `max-file`, or the `local` driver, in the engine's configuration for all",
    unbounded_log
);
advice!(
    LEFT_OVER,
    "left-over",
    "it failed once and was left there",
    "ended containers that nobody restarts and that are no incident: older than a day, or runs by hand",
    "read what it says if it matters, then remove it (`docker container prune`)",
    left_over
);

/// What is meant to run for good, and does.
fn runs<'a>(scene: &Scene<'a>) -> Option<&'a Workload> {
    let workload = scene.workload().filter(|it| !it.one_off)?;
    let for_good = !matches!(workload.desired, Desired::Completions(_) | Desired::Scheduled | Desired::Replicas(0));
    let there = scene.instances().iter().any(|it| !it.phase.ended() && it.phase != Phase::Created);
    (for_good && there).then_some(workload)
}

fn advise(scene: &Scene<'_>, what: &str, lacks: impl Fn(&ContainerSpec) -> bool, out: &mut Out) {
    if runs(scene).is_some_and(|it| !it.containers.is_empty() && it.containers.iter().all(lacks)) {
        out.say(Finding::new(Severity::Advice, what));
    }
}

fn no_health_check(scene: &Scene<'_>, out: &mut Out) {
    advise(scene, "no health check", |spec| spec.probes.is_empty(), out);
}

fn no_memory_limit(scene: &Scene<'_>, out: &mut Out) {
    advise(scene, "no memory limit", |spec| spec.memory_limit_bytes.is_none(), out);
}

fn no_restart_policy(scene: &Scene<'_>, out: &mut Out) {
    let engine = matches!(scene.key.kind, Kind::Container | Kind::ComposeService);
    if engine && runs(scene).is_some_and(|it| it.restart_policy == RestartPolicy::No) {
        out.say(Finding::new(Severity::Advice, "no restart policy"));
    }
}

fn unbounded_log(scene: &Scene<'_>, out: &mut Out) {
    let unbounded =
        |spec: &ContainerSpec| spec.log.as_ref().is_some_and(|log| log.driver == "json-file" && !log.bounded);
    advise(scene, "json-file log without a size", unbounded, out);
}

fn left_over(scene: &Scene<'_>, out: &mut Out) {
    let engine = matches!(scene.key.kind, Kind::Container | Kind::ComposeService);
    let failed = scene.instances().iter().filter(|it| it.phase == Phase::Failed);
    let newest = failed.filter_map(|it| last_exit(scene, it)).map(|(_, exit)| exit.ended).max();
    let Some(newest) = newest.filter(|_| engine && scene.instances().iter().all(|it| it.phase.ended())) else { return };
    let mut recent = Out::default();
    for rule in [super::crash::EXITED, super::placement::CANNOT_START] {
        (rule.check)(scene, &mut recent);
    }
    if recent.finding.is_none() {
        out.say(Finding::new(Severity::Advice, "failed and left there"));
    } else if let Some(at) = newest {
        out.recheck_at(after(at, super::crash::OLD_EXIT));
    }
}

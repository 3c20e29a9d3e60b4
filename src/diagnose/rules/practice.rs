//! Good practice: one line a rule and project, never in triage.

use crate::diagnose::rule::{Cause, Edge, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::after;
use crate::domain::{
    ContainerSpec, Desired, Exposure, Kind, Phase, Probe, ProbeKind, RestartPolicy, Severity, Workload,
};

use super::evidence::last_exit;
use super::shared::is_platform;

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

advice!(
    NO_REQUESTS,
    "no-requests",
    "nothing is set aside for it: it asks for no memory",
    "workloads that run as pods and request no memory; not those of the platform's own namespaces",
    "request what it needs as a rule: the scheduler packs by that, and what asks for nothing is driven off first",
    no_requests
);
advice!(
    NO_READINESS_PROBE,
    "no-readiness-probe",
    "users reach it before it is ready: it is behind a Service and has no readiness probe",
    "workloads behind a Service that have other probes, and none for readiness; not those of the platform's own namespaces",
    "add a readiness probe that asks for what the work needs; each rollout loses requests without one",
    no_readiness_probe
);
advice!(
    SAME_PROBES,
    "same-probes",
    "it is restarted where it would be enough to take it out: readiness and liveness ask the same",
    "readiness and liveness probes of one container that ask the same, with no more patience for liveness",
    "let liveness ask less, or wait longer: what is slow for a moment is taken out then, and not restarted",
    same_probes
);
advice!(
    ONE_REPLICA,
    "one-replica",
    "there is only one of it, and users reach it",
    "Deployments and StatefulSets that users reach, with one instance and nothing that scales them",
    "run two or more, and give them a disruption budget that lets one go",
    one_replica
);
advice!(
    NO_BUDGET,
    "no-budget",
    "a drain may take all of it at once: it has no disruption budget",
    "Deployments and StatefulSets that users reach, with two instances or more and no disruption budget",
    "add one with `maxUnavailable: 1`",
    no_budget
);

/// What is meant to run for good, and does. The platform's own is for whoever makes the platform.
fn runs<'a>(scene: &Scene<'a>) -> Option<&'a Workload> {
    let workload = scene.workload().filter(|it| !it.one_off)?;
    if workload.key.kind.runs_pods() && is_platform(workload.key.namespace.as_ref()) {
        return None;
    }
    let for_good = !matches!(workload.desired, Desired::Completions(_) | Desired::Scheduled | Desired::Replicas(0));
    // Of what is known by its pods alone nobody knows what it asks for.
    if workload.key.kind.runs_pods() && workload.desired == Desired::Unknown {
        return None;
    }
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
    for rule in [super::crash::EXITED, super::start::CANNOT_START] {
        (rule.check)(scene, &mut recent);
    }
    if recent.finding.is_none() {
        out.say(Finding::new(Severity::Advice, "failed and left there"));
    } else if let Some(at) = newest {
        out.recheck_at(after(at, super::crash::OLD_EXIT));
    }
}

/// As [`runs`], of what runs as pods.
fn pods<'a>(scene: &Scene<'a>) -> Option<&'a Workload> {
    runs(scene).filter(|it| it.key.kind.runs_pods() && !it.containers.is_empty())
}

fn no_requests(scene: &Scene<'_>, out: &mut Out) {
    // A limit alone is a request too.
    let lacks = |spec: &ContainerSpec| spec.memory_request_bytes.or(spec.memory_limit_bytes).is_none();
    if pods(scene).is_some_and(|it| it.containers.iter().all(lacks)) {
        out.say(Finding::new(Severity::Advice, "no memory request"));
    }
}

fn no_readiness_probe(scene: &Scene<'_>, out: &mut Out) {
    let served = || scene.view.dependents_of(scene.key).any(|key| key.kind == Kind::Endpoint);
    let lacks = |it: &Workload| {
        let mut probes = it.containers.iter().flat_map(|spec| &spec.probes).peekable();
        probes.peek().is_some() && probes.all(|it| it.kind != ProbeKind::Readiness)
    };
    if pods(scene).is_some_and(|it| lacks(it) && served()) {
        out.say(Finding::new(Severity::Advice, "no readiness probe behind a Service"));
    }
}

fn same_probes(scene: &Scene<'_>, out: &mut Out) {
    let same = |spec: &ContainerSpec| {
        let of = |kind: ProbeKind| spec.probes.iter().find(|it| it.kind == kind);
        let pair = of(ProbeKind::Liveness).zip(of(ProbeKind::Readiness));
        let patience = |it: &Probe| u64::from(it.period_seconds) * u64::from(it.threshold);
        pair.is_some_and(|(live, ready)| live.what == ready.what && patience(live) <= patience(ready))
    };
    if pods(scene).is_some_and(|it| it.containers.iter().any(same)) {
        out.say(Finding::new(Severity::Advice, "readiness and liveness ask the same"));
    }
}

/// What users reach and somebody gave a number.
fn reached<'a>(scene: &Scene<'a>) -> Option<(&'a Workload, u32)> {
    let workload = pods(scene).filter(|it| it.exposure == Exposure::Yes)?;
    let numbered = matches!(workload.key.kind, Kind::Deployment | Kind::StatefulSet | Kind::ArgoRollout);
    Some((workload, workload.desired.running().filter(|_| numbered)?))
}

fn one_replica(scene: &Scene<'_>, out: &mut Out) {
    let scaled = scene.view.autoscalers_of(scene.key).next().is_some();
    if reached(scene).is_some_and(|(_, wanted)| wanted == 1) && !scaled {
        out.say(Finding::new(Severity::Advice, "one replica"));
    }
}

fn no_budget(scene: &Scene<'_>, out: &mut Out) {
    // Where budgets cannot be read, none is known.
    let known = scene.lists(&["poddisruptionbudgets"], scene.key.namespace.as_ref());
    let covered = scene.view.budgets_of(scene.key).next().is_some();
    if known && !covered && reached(scene).is_some_and(|(_, wanted)| wanted > 1) {
        out.say(Finding::new(Severity::Advice, "no disruption budget"));
    }
}

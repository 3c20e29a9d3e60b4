//! How far a pod is, in one word, since when and why. What the API server calls a phase is coarser than what a person asks
//! (kubernetes: pkg/kubelet/kubelet_pods.go `getPhase`, pkg/printers/internalversion/printers.go `printPod`).

use crate::domain::words::after;
use crate::domain::{Phase, Timestamp};

use super::super::wire::meta::Meta;
use super::super::wire::pod::{Condition, ContainerStatus, PodSpec, PodStatus, State, Terminated, condition};

/// How far, since when and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stand<'a> {
    pub(super) phase: Phase,
    pub(super) since: Option<Timestamp>,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

/// A pod that is not restarted and never ran was refused by its node, unless it ended for one of these reasons, which come
/// to pods that were there (kubernetes: pkg/kubelet/{eviction,preemption,nodeshutdown}, pkg/kubelet/active_deadline.go).
const CAME_LATER: &[&str] =
    &["Evicted", "Preempting", "DeadlineExceeded", "Terminated", "Shutdown", "NodeLost", "NodeShutdown"];

impl<'a> Stand<'a> {
    /// How a pod stands.
    pub(super) fn of(meta: &'a Meta, spec: &'a PodSpec, status: &'a PodStatus) -> Self {
        let ready = condition(&status.conditions, "Ready");
        if let Some(lost) = lost(status, ready) {
            return lost;
        }
        let asked = asked(meta);
        if asked.is_some() && (!meta.finalizers.is_empty() || !matches!(&*status.phase, "Succeeded" | "Failed")) {
            return Self::plain(Phase::Stopping, asked, &status.reason, &status.message);
        }
        match &*status.phase {
            "Succeeded" => Self::plain(Phase::Succeeded, last_end(status), &status.reason, &status.message),
            "Failed" => failed(meta, status),
            "Pending" | "" if spec.node_name.is_empty() => pending(meta, status),
            "Pending" => starting(meta, spec, status),
            "Running" => running(spec, status, ready),
            _ => Self::plain(Phase::Unknown, None, &status.reason, &status.message),
        }
    }

    fn plain(phase: Phase, since: Option<Timestamp>, reason: &'a str, message: &'a str) -> Self {
        Self { phase, since, reason, message }
    }
}

/// When it was asked to end: its deadline, less the time that it was given.
pub(super) fn asked(meta: &Meta) -> Option<Timestamp> {
    let grace = meta.grace.map_or(0, |grace| grace.0.max(0));
    meta.deleted.0.map(|at| after(at, -grace))
}

/// A node that falls silent has its pods marked as not ready, by nothing but that: their containers are still called ready
/// (kubernetes: pkg/controller/util/node/controller_utils.go `MarkPodsNotReady`).
fn lost<'a>(status: &'a PodStatus, ready: Option<&'a Condition>) -> Option<Stand<'a>> {
    let said = &*status.phase == "Unknown" || &*status.reason == "NodeLost";
    let contained = condition(&status.conditions, "ContainersReady").is_some_and(Condition::holds);
    let marked = ready.is_some_and(|it| it.fails() && it.reason.is_empty()) && contained;
    let since = ready.and_then(|it| it.changed.0);
    match (said, &*status.phase) {
        (true, _) => Some(Stand::plain(Phase::Lost, since, "NodeLost", &status.message)),
        (false, "Running") if marked => Some(Stand::plain(Phase::Lost, since, "NodeLost", "its node is silent")),
        (false, _) => None,
    }
}

fn failed<'a>(meta: &'a Meta, status: &'a PodStatus) -> Stand<'a> {
    let driven = condition(&status.conditions, "DisruptionTarget").and_then(|it| it.changed.0);
    let since = last_end(status).or(driven).or(status.start_time.0).or(meta.created.0);
    let ran = every(status).any(|it| ends(it).next().is_some() || it.state.running.is_some());
    let later = status.reason.is_empty() || CAME_LATER.contains(&&*status.reason);
    let phase = if ran || later { Phase::Failed } else { Phase::Rejected };
    Stand::plain(phase, since, &status.reason, status.message.trim_start_matches("Pod was rejected: "))
}

fn pending<'a>(meta: &'a Meta, status: &'a PodStatus) -> Stand<'a> {
    let scheduled = condition(&status.conditions, "PodScheduled").filter(|it| !it.holds());
    let since = scheduled.and_then(|it| it.changed.0).or(meta.created.0);
    let (reason, message) = scheduled.map_or(("", ""), |it| (&*it.reason, &*it.message));
    Stand::plain(Phase::Pending, since, reason, message)
}

fn starting<'a>(meta: &'a Meta, spec: &'a PodSpec, status: &'a PodStatus) -> Stand<'a> {
    let scheduled = condition(&status.conditions, "PodScheduled").and_then(|it| it.changed.0);
    let since = scheduled.or(status.start_time.0).or(meta.created.0);
    let (reason, message) = waits(spec, status).unwrap_or(("", ""));
    let again = reason == "CrashLoopBackOff" || between(spec, status.init.iter());
    if again && last_end(status).is_some() {
        return Stand::plain(Phase::Restarting, last_end(status), reason, message);
    }
    Stand::plain(Phase::Starting, since, reason, message)
}

fn running<'a>(spec: &'a PodSpec, status: &'a PodStatus, ready: Option<&'a Condition>) -> Stand<'a> {
    let sidecars = status.init.iter().filter(|it| is_sidecar(spec, &it.name));
    if between(spec, status.containers.iter().chain(sidecars)) {
        let (reason, message) = waits(spec, status).unwrap_or(("", ""));
        return Stand::plain(Phase::Restarting, last_end(status), reason, message);
    }
    let since = status.containers.iter().filter_map(|it| it.state.running.as_ref()?.started_at.0).max();
    let unready = ready.filter(|it| !it.holds());
    let (reason, message) = unready.map_or(("", ""), |it| (&*it.reason, &*it.message));
    Stand::plain(Phase::Running, since.or(status.start_time.0), reason, message)
}

/// Whether one of these is between two runs.
fn between<'a>(spec: &PodSpec, mut of: impl Iterator<Item = &'a ContainerStatus>) -> bool {
    of.any(|it| match &it.state.0 {
        State { running: Some(_), .. } => false,
        State { terminated: Some(end), .. } => starts_again(spec, &it.name, end),
        State { terminated: None, .. } => it.last_state.terminated.is_some() || it.restart_count.0 > 0,
    })
}

fn starts_again(spec: &PodSpec, name: &str, end: &Terminated) -> bool {
    match &*spec.restart_policy {
        "Never" => is_sidecar(spec, name),
        "OnFailure" => end.exit_code.0 != 0 || is_sidecar(spec, name),
        // An init container that ended well has done its work.
        _ => end.exit_code.0 != 0 || !spec.init_containers.iter().any(|it| *it.name == *name) || is_sidecar(spec, name),
    }
}

/// Whether it is an init container that runs beside the others.
pub(super) fn is_sidecar(spec: &PodSpec, name: &str) -> bool {
    spec.init_containers.iter().any(|it| *it.name == *name && &*it.restart_policy == "Always")
}

/// What the first container that waits for something says; one that says more than that it is being made comes first.
fn waits<'a>(spec: &PodSpec, status: &'a PodStatus) -> Option<(&'a str, &'a str)> {
    let all = || every(status).filter_map(|it| Some((it, it.state.waiting.as_ref()?)));
    let tells = |reason: &str| !matches!(reason, "" | "ContainerCreating" | "PodInitializing");
    let ended = status.init.iter().chain(status.containers.iter()).find_map(|it| {
        let end = it.state.terminated.as_ref().filter(|end| starts_again(spec, &it.name, end))?;
        Some((&*end.reason, &*end.message))
    });
    let telling = all().find(|(_, it)| tells(&it.reason)).map(|(_, it)| (&*it.reason, &*it.message));
    telling.or(ended).or_else(|| all().next().map(|(_, it)| (&*it.reason, &*it.message)))
}

fn every(status: &PodStatus) -> impl Iterator<Item = &ContainerStatus> {
    status.init.iter().chain(status.containers.iter())
}

fn ends(it: &ContainerStatus) -> impl Iterator<Item = &Terminated> {
    [&it.state.terminated, &it.last_state.terminated].into_iter().flatten().map(|end| &**end)
}

fn last_end(status: &PodStatus) -> Option<Timestamp> {
    every(status).flat_map(ends).filter_map(|end| end.finished_at.0).max()
}

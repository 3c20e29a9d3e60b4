//! Pods whose containers are ready and that are held back all the same: somebody outside has to say that they may serve.

use crate::diagnose::logs::quote;
use crate::diagnose::rule::{Cause, Edge, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::after;
use crate::domain::{Instance, Phase, Severity, Timestamp};

use super::evidence::{old_serve, recheck_countdown, rollout_frame, runs_since, start_allowance};

/// Somebody outside does not say that they may serve.
pub const READINESS_GATE: Rule = Rule {
    id: "readiness-gate",
    family: "probe",
    summary: "its containers are ready, and a readiness gate, which somebody outside the pod opens, is closed",
    looks_at: "pods that run and whose server says that a condition named in readinessGates is not true, three minutes after their \
               containers had the time to start. What waits out minReadySeconds is ready already and is left alone",
    mend: "look at whoever sets that condition (a load balancer's controller, a service mesh): whether it runs, and what it \
           says of this pod; a probe has nothing to do with it",
    subject: Subject::Workload,
    cause: Cause::Probe,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: readiness_gate,
};

/// Kubelet's word for it (kubernetes: pkg/kubelet/status/generate.go).
const CLOSED: &str = "ReadinessGatesNotReady";
/// Who opens a gate is given so long: a load balancer asks a target some times before it sends users there, seconds.
const OPENS_WITHIN: i64 = 180;

/// Whether it is a gate that keeps an instance from being ready, and nothing of its own.
pub fn is_gated(it: &Instance) -> bool {
    it.phase == Phase::Running && !it.ready && it.reason.as_deref() == Some(CLOSED)
}

fn readiness_gate(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload() else { return };
    let allowance = start_allowance(workload) + OPENS_WITHIN;
    let due = |it: &Instance| Some(after(runs_since(it).or(it.since)?, allowance));
    let gated: Vec<&Instance> = scene.wanted_instances().filter(|it| is_gated(it)).collect();
    let coming = gated.iter().filter_map(|it| due(it)).filter(|at| *at > scene.now());
    coming.min().into_iter().for_each(|at| out.recheck_at(at));
    let late = |it: &&&Instance| due(it).is_none_or(|at| at <= scene.now());
    let held: Vec<&Instance> = gated.iter().filter(late).copied().collect();
    let Some(first) = held.iter().min_by_key(|it| (runs_since(it), &it.key)) else { return };
    recheck_countdown(scene, out);
    let said = first.message.as_deref().unwrap_or("its server does not say which");
    let (stuck, gives_up) = rollout_frame(scene);
    let of = scene.counts().wanted.unwrap_or(0) as usize;
    let some = if of > 1 && held.len() < of { format!("{} of {of}: ", held.len()) } else { String::new() };
    let old = old_serve(scene);
    let summary = format!("{stuck}{some}containers are ready, a readiness gate is not: {}{old}{gives_up}", quote(said));
    let since: Option<Timestamp> = held.iter().filter_map(|it| runs_since(it)).min();
    let mut finding =
        Finding::new(Severity::Critical, summary).since(since).since_exact(false).helps(scene.undo(since));
    finding.affected = if old.is_empty() { u32::try_from(held.len().min(of)).unwrap_or(u32::MAX) } else { 0 };
    for it in held.iter().take(3) {
        let said = it.message.as_deref().unwrap_or(CLOSED);
        finding = finding.evidence(it.since, "status", format!("{}: {}", it.key.name, quote(said)));
    }
    out.say(finding);
}

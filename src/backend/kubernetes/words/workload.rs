//! What wants pods, in words: how many, how far its rollout is, what one pod is made of.

use serde_json::Value;

use crate::domain::words::span;
use crate::domain::{Kind, Timestamp};

use super::dig::{list, number, pairs, scalar, text, time, when, yes};
use super::page::Page;
use super::{Beside, age, conditions, flag, missing, pod, pods, selector};

/// The revision of a Deployment's ReplicaSet.
const REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";

/// Writes a Deployment, StatefulSet, DaemonSet, ReplicaSet or Argo Rollout.
pub(super) fn body(page: &mut Page, kind: Kind, object: &Value, beside: &Beside, now: Timestamp) {
    page.say("Selects", selector(object, "/spec/selector"));
    page.say("Pods", counts(kind, object));
    flag(page, "Paused", object, "/spec/paused", "yes: changes are not rolled out");
    page.say("Rollout", rollout(kind, object));
    page.say("Strategy", strategy(kind, object));
    page.say("Ready after", seconds(object, "/spec/minReadySeconds"));
    page.say("Gives up after", seconds(object, "/spec/progressDeadlineSeconds"));
    page.say("Revision", text(object, REVISION));
    page.say("Service", text(object, "/spec/serviceName"));
    page.each("Claims", list(object, "/spec/volumeClaimTemplates").iter().map(claim));
    template(page, object.pointer("/spec/template").unwrap_or(&Value::Null), now);
    replica_sets(page, beside, now);
    pods(page, "Pods", beside.pods.as_ref(), now);
    conditions(page, object, now);
}

fn counts(kind: Kind, object: &Value) -> String {
    let of = |path: &str| number(object, path).unwrap_or_default();
    if kind == Kind::DaemonSet {
        return format!(
            "{} wanted, {} there, {} of the newest revision, {} ready, {} available, {} where none should be",
            of("/status/desiredNumberScheduled"),
            of("/status/currentNumberScheduled"),
            of("/status/updatedNumberScheduled"),
            of("/status/numberReady"),
            of("/status/numberAvailable"),
            of("/status/numberMisscheduled")
        );
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let newest = if kind == Kind::ReplicaSet {
        String::new()
    } else {
        format!(", {} of the newest revision", of("/status/updatedReplicas"))
    };
    let (there, ready, available) =
        (of("/status/replicas"), of("/status/readyReplicas"), of("/status/availableReplicas"));
    format!("{wanted} wanted, {there} there{newest}, {ready} ready, {available} available")
}

/// How far a rollout is, as `kubectl rollout status` judges it (kubectl: pkg/polymorphichelpers/rollout_status.go).
fn rollout(kind: Kind, object: &Value) -> String {
    let of = |path: &str| number(object, path).unwrap_or_default();
    if kind == Kind::ReplicaSet || kind == Kind::ArgoRollout {
        return text(object, "/status/phase").to_owned();
    }
    if of("/metadata/generation") > of("/status/observedGeneration") {
        return "the newest change has not been looked at yet".to_owned();
    }
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let updated = of("/status/updatedReplicas");
    match kind {
        Kind::Deployment => {
            let given_up = list(object, "/status/conditions")
                .iter()
                .any(|it| text(it, "/type") == "Progressing" && text(it, "/reason") == "ProgressDeadlineExceeded");
            let (there, available) = (of("/status/replicas"), of("/status/availableReplicas"));
            match () {
                () if given_up => "failed: it did not get on within its deadline".to_owned(),
                () if updated < wanted => format!("under way: {updated} of {wanted} are of the newest revision"),
                () if there > updated => format!("under way: {} of the old revision are still there", there - updated),
                () if available < updated => format!("under way: {available} of {updated} new ones are available"),
                () => "done".to_owned(),
            }
        }
        Kind::StatefulSet if text(object, "/spec/updateStrategy/type") == "OnDelete" => on_delete(),
        Kind::StatefulSet => {
            let (ready, from) = (of("/status/readyReplicas"), of("/spec/updateStrategy/rollingUpdate/partition"));
            let same = text(object, "/status/updateRevision") == text(object, "/status/currentRevision");
            match () {
                () if ready < wanted => format!("under way: {ready} of {wanted} are ready"),
                () if from > 0 && updated < wanted - from => {
                    format!("under way: {updated} of {} are of the newest revision", wanted - from)
                }
                () if from > 0 => format!("done from number {from} on; those before keep their revision"),
                () if !same => format!("under way: {updated} of {wanted} are of the newest revision"),
                () => "done".to_owned(),
            }
        }
        _ if text(object, "/spec/updateStrategy/type") == "OnDelete" => on_delete(),
        _ => {
            let wanted = of("/status/desiredNumberScheduled");
            let (updated, available) = (of("/status/updatedNumberScheduled"), of("/status/numberAvailable"));
            match () {
                () if updated < wanted => format!("under way: {updated} of {wanted} are of the newest revision"),
                () if available < wanted => format!("under way: {available} of {wanted} are available"),
                () => "done".to_owned(),
            }
        }
    }
}

fn on_delete() -> String {
    "a new revision takes effect where a pod is deleted by hand".to_owned()
}

fn strategy(kind: Kind, object: &Value) -> String {
    let (at, name) = match kind {
        Kind::Deployment => ("/spec/strategy", text(object, "/spec/strategy/type")),
        _ => ("/spec/updateStrategy", text(object, "/spec/updateStrategy/type")),
    };
    let rolling = super::amounts(object, &format!("{at}/rollingUpdate"));
    let order = text(object, "/spec/podManagementPolicy");
    let order = if order.is_empty() { String::new() } else { format!("; {order}") };
    match rolling.is_empty() {
        true => format!("{name}{order}"),
        false => format!("{name} ({rolling}){order}"),
    }
}

fn claim(it: &Value) -> String {
    let of = |path: &str| scalar(it, path);
    let class = of("/spec/storageClassName");
    let class = if class.is_empty() { "the default class".to_owned() } else { format!("class {class}") };
    format!("{}: {} of {class}", text(it, "/metadata/name"), of("/spec/resources/requests/storage"))
}

fn template(page: &mut Page, template: &Value, now: Timestamp) {
    page.title("Each pod");
    page.inside(|page| {
        page.each("Labels", pairs(template, "/metadata/labels"));
        page.say("Service account", text(template, "/spec/serviceAccountName"));
        page.say("Priority", text(template, "/spec/priorityClassName"));
        page.each("Node selector", pairs(template, "/spec/nodeSelector"));
        pod::containers(page, "Init containers", list(template, "/spec/initContainers"), &[], now);
        pod::containers(page, "Containers", list(template, "/spec/containers"), &[], now);
        pod::volumes(page, template);
    });
}

fn replica_sets(page: &mut Page, beside: &Beside, now: Timestamp) {
    missing(page, "ReplicaSets", beside.parts.as_ref());
    let Some(Ok(sets)) = &beside.parts else { return };
    let revision = |set: &Value| text(set, REVISION).parse::<u64>().unwrap_or_default();
    let mut sets: Vec<&Value> = sets.iter().collect();
    sets.sort_by_key(|set| std::cmp::Reverse(revision(set)));
    page.title("ReplicaSets, the newest first");
    page.inside(|page| {
        let rows = sets.iter().map(|set| {
            let images = list(set, "/spec/template/spec/containers").iter().map(|it| text(it, "/image"));
            vec![
                text(set, REVISION).to_owned(),
                text(set, "/metadata/name").to_owned(),
                number(set, "/spec/replicas").unwrap_or_default().to_string(),
                number(set, "/status/readyReplicas").unwrap_or_default().to_string(),
                age(set, now),
                images.collect::<Vec<_>>().join(", "),
            ]
        });
        page.table(&["REVISION", "NAME", "WANTED", "READY", "AGE", "IMAGES"], &rows.collect::<Vec<_>>());
    });
}

/// Writes a Job or a CronJob.
pub(super) fn job(page: &mut Page, kind: Kind, object: &Value, beside: &Beside, now: Timestamp) {
    flag(page, "Suspended", object, "/spec/suspend", "yes: nothing is started");
    let at = if kind == Kind::CronJob {
        schedule(page, object, now);
        "/spec/jobTemplate/spec"
    } else {
        progress(page, object, now);
        "/spec"
    };
    let spec = object.pointer(at).unwrap_or(&Value::Null);
    page.say("Completions", scalar(spec, "/completions"));
    page.say("At once", scalar(spec, "/parallelism"));
    page.say("Tries again", number(spec, "/backoffLimit").map(|n| format!("{n} times at most")).unwrap_or_default());
    page.say("May take", seconds(spec, "/activeDeadlineSeconds"));
    page.say("Kept for", seconds(spec, "/ttlSecondsAfterFinished"));
    template(page, spec.pointer("/template").unwrap_or(&Value::Null), now);
    pods(page, "Pods", beside.pods.as_ref(), now);
    conditions(page, object, now);
}

fn schedule(page: &mut Page, object: &Value, now: Timestamp) {
    page.say("Schedule", text(object, "/spec/schedule"));
    page.say("Time zone", text(object, "/spec/timeZone"));
    page.say("Overlapping runs", text(object, "/spec/concurrencyPolicy"));
    page.say("Late by at most", seconds(object, "/spec/startingDeadlineSeconds"));
    let last = |path: &str| match time(object, path) {
        Some(at) => when(Some(at), now),
        None => "never".to_owned(),
    };
    page.say("Last started", last("/status/lastScheduleTime"));
    page.say("Last success", last("/status/lastSuccessfulTime"));
    page.each("Running", list(object, "/status/active").iter().map(|job| format!("Job {}", text(job, "/name"))));
    let kept = |path: &str, default: i64| number(object, path).unwrap_or(default);
    let (good, bad) = (kept("/spec/successfulJobsHistoryLimit", 3), kept("/spec/failedJobsHistoryLimit", 1));
    page.say("Keeps", format!("{good} that succeeded, {bad} that failed"));
}

fn progress(page: &mut Page, object: &Value, now: Timestamp) {
    let of = |path: &str| number(object, path).unwrap_or_default();
    let (active, good, bad) = (of("/status/active"), of("/status/succeeded"), of("/status/failed"));
    page.say("Pods", format!("{active} at work, {good} succeeded, {bad} failed"));
    page.say("Ready", number(object, "/status/ready").map(|n| n.to_string()).unwrap_or_default());
    page.say("Started", when(time(object, "/status/startTime"), now));
    page.say("Completed", when(time(object, "/status/completionTime"), now));
    if let Some(by_hand) = object.pointer("/spec/manualSelector").and_then(Value::as_bool).filter(|it| *it) {
        page.say("Selected by hand", yes(by_hand));
    }
}

fn seconds(object: &Value, path: &str) -> String {
    number(object, path).filter(|seconds| *seconds > 0).map(span).unwrap_or_default()
}

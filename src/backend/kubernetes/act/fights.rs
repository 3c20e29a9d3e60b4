//! Who else sets a workload's number.

use serde_json::Value;

use crate::domain::{Kind, Line, Ref};

use super::super::kinds::ApiKind;
use super::super::words::dig::{is_true, number, text};
use super::desk::{Desk, Only};
use super::draft::{hurts, note};

/// Autoscalers that would take a number back.
pub(super) async fn of(desk: Desk<'_>, key: &Ref, to: u32) -> Vec<Line> {
    let namespace = key.namespace.as_deref();
    let (autoscalers, scaled) = futures::join!(
        desk.list(ApiKind::HorizontalPodAutoscalers, namespace, Only::All),
        desk.list(ApiKind::ScaledObjects, namespace, Only::All)
    );
    let mut lines = Vec::new();
    match autoscalers {
        Ok(all) => {
            lines.extend(all.iter().filter(|it| scales(it, key)).filter(|it| !by_keda(it)).map(|it| hpa(it, to)))
        }
        Err(failed) => lines.push(note(format!("whether an autoscaler takes it back is not known: {failed}"))),
    }
    // Where KEDA is not served nobody of it is there.
    let scaled = scaled.unwrap_or_default();
    lines.extend(scaled.iter().filter(|it| scales(it, key)).filter_map(keda));
    lines
}

fn scales(it: &Value, key: &Ref) -> bool {
    let kind = match text(it, "/spec/scaleTargetRef/kind") {
        // KEDA's word for nothing said.
        "" => "Deployment",
        kind => kind,
    };
    let ours = if key.kind == Kind::ArgoRollout { "Rollout" } else { key.kind.as_str() };
    kind == ours && text(it, "/spec/scaleTargetRef/name") == &*key.name
}

/// KEDA keeps an autoscaler of its own, and is named in its place.
fn by_keda(it: &Value) -> bool {
    super::instance::controller(it).is_some_and(|owner| text(owner, "/kind") == "ScaledObject")
}

fn hpa(it: &Value, to: u32) -> Line {
    let least = number(it, "/spec/minReplicas").unwrap_or(1);
    let most = number(it, "/spec/maxReplicas").unwrap_or(1);
    let name = text(it, "/metadata/name");
    match to {
        0 => note(format!("autoscaler {name} rests while it is at 0")),
        _ => hurts(format!("autoscaler {name} sets it again, between {least} and {most}, as it measures")),
    }
}

fn keda(it: &Value) -> Option<Line> {
    let notes = it.pointer("/metadata/annotations");
    let paused = |name: &str| notes.and_then(|notes| notes.get(name)).is_some_and(|it| it.as_str() != Some("false"));
    if paused("autoscaling.keda.sh/paused") || paused("autoscaling.keda.sh/paused-replicas") {
        return None;
    }
    let active = if is_true(it, "/status/paused") { return None } else { text(it, "/metadata/name") };
    Some(hurts(format!("KEDA's ScaledObject {active} sets it again as it measures")))
}

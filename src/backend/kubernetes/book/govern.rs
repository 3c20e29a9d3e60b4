//! What governs workloads from outside: budgets, autoscalers, quotas, namespaces; and what they are given: claims, configuration.

use crate::domain::{Autoscaler, Budget, Config, Kind, Name, Namespace, Quota, Ref, Text, Volume};

use super::super::wire::Both;
use super::super::wire::meta::Meta;
use super::super::wire::pod::condition;
use super::super::wire::quantity::Quantity;
use super::super::wire::rest::{
    AutoscalerSpec, AutoscalerStatus, BudgetSpec, BudgetStatus, ClaimSpec, ClaimStatus, Measure, Metric, Nothing,
    Phased, QuotaSpec, QuotaStatus, ScaledSpec, ScaledStatus, TargetRef, Value,
};
use super::scribe::{Scribe, text};
use super::select::Picker;

/// A PodDisruptionBudget.
#[derive(Debug, PartialEq)]
pub(super) struct Bounds {
    /// Without what it covers.
    pub(super) base: Budget,
    pub(super) picker: Option<Picker>,
}

impl Bounds {
    pub(super) fn read(scribe: &mut Scribe, key: Ref, it: &Both<BudgetSpec, BudgetStatus>) -> Self {
        let Both { spec, status } = it;
        let spaced = |amount: &str| amount.replace('%', " %");
        let least = spec.min_available.some().map(|it| format!("at least {}", spaced(it)));
        let most = spec.max_unavailable.some().map(|it| format!("at most {} away", spaced(it)));
        let base = Budget {
            key,
            covers: Vec::new(),
            allowed: status.allowed.count(),
            healthy: status.healthy.count(),
            wanted: status.wanted.count(),
            expected: status.expected.count(),
            says: least.or(most).map(Text::from),
        };
        // None picks nothing, an empty one everything (k8s.io/api/policy/v1).
        Self { base, picker: spec.selector.as_ref().map(|it| Picker::new(scribe, it)) }
    }
}

/// A HorizontalPodAutoscaler.
#[derive(Debug, PartialEq)]
pub(super) struct Scaling {
    pub(super) base: Autoscaler,
    /// The ScaledObject that keeps it, and is shown in its place.
    pub(super) keda: Option<Name>,
}

/// The workload that is scaled.
fn target(scribe: &mut Scribe, namespace: &Name, it: &TargetRef) -> Option<Ref> {
    let kind = match &*it.kind {
        // KEDA's word for nothing said.
        "Deployment" | "" => Kind::Deployment,
        "StatefulSet" => Kind::StatefulSet,
        "ReplicaSet" => Kind::ReplicaSet,
        "Rollout" => Kind::ArgoRollout,
        _ => return None,
    };
    let name = scribe.name(&it.name);
    Some(scribe.key(kind, namespace, &name))
}

impl Scaling {
    /// None where it scales something that is not watched.
    pub(super) fn read(
        scribe: &mut Scribe,
        namespace: &Name,
        key: Ref,
        meta: &Meta,
        it: &Both<AutoscalerSpec, AutoscalerStatus>,
    ) -> Option<Self> {
        let Both { spec, status } = it;
        let target = target(scribe, namespace, &spec.target)?;
        let active = condition(&status.conditions, "ScalingActive");
        let able = condition(&status.conditions, "AbleToScale");
        let limited = condition(&status.conditions, "ScalingLimited").filter(|it| it.holds());
        let hindered = [active, able].into_iter().flatten().find(|it| it.fails());
        let base = Autoscaler {
            key,
            target,
            least: spec.least.map_or(1, |it| it.count()),
            most: spec.most.count(),
            current: status.current.count(),
            desired: status.desired.count(),
            active: active.map(|it| it.holds()),
            message: hindered.and_then(|it| text(&it.message)),
            limited: limited.map(|it| scribe.name(&it.reason)),
            fallback: false,
            scaled_at: status.scaled.0,
            measures: measures(spec, status),
        };
        let keda = meta.controller().filter(|owner| &*owner.kind == "ScaledObject").map(|it| scribe.name(&it.name));
        Some(Self { base, keda })
    }
}

/// Each `cpu 93 % of 80 %`, in the order in which they are asked for.
fn measures(spec: &AutoscalerSpec, status: &AutoscalerStatus) -> Vec<Text> {
    let each = spec.metrics.iter().filter_map(|metric| {
        let (name, wanted) = measure(metric)?;
        let now = status.metrics.iter().filter_map(measure).find(|(known, _)| *known == name);
        let now = now.and_then(|(_, now)| amount(now)).unwrap_or_else(|| "unknown".to_owned());
        Some(Text::from(format!("{name} {now} of {}", amount(wanted)?)))
    });
    each.collect()
}

fn measure(it: &Metric) -> Option<(&str, &Value)> {
    let of: &Measure = match &*it.kind {
        "Resource" => &it.resource,
        "ContainerResource" => &it.container_resource,
        "Pods" => &it.pods,
        "Object" => &it.object,
        "External" => &it.external,
        _ => return None,
    };
    let name = of.name.some().or_else(|| of.metric.name.some())?;
    Some((name, &of.target))
}

fn amount(it: &Value) -> Option<String> {
    let percent = it.average_utilization.map(|percent| format!("{} %", percent.0));
    let each = it.average_value.some().map(|value| format!("{value} each"));
    percent.or(each).or_else(|| it.value.some().map(str::to_owned))
}

/// A KEDA ScaledObject; its numbers come from the autoscaler that it keeps.
pub(super) fn scaled(
    scribe: &mut Scribe,
    namespace: &Name,
    key: Ref,
    meta: &Meta,
    it: &Both<ScaledSpec, ScaledStatus>,
) -> Option<Autoscaler> {
    let Both { spec, status } = it;
    let target = target(scribe, namespace, &spec.target)?;
    let holds = |kind| condition(&status.conditions, kind).is_some_and(|it| it.holds());
    let failing = condition(&status.conditions, "Ready").filter(|it| it.fails());
    let paused = meta.notes.keda_paused || holds("Paused");
    let message = match paused {
        true => Some(Text::new("paused")),
        false => failing.and_then(|it| text(&it.message)),
    };
    Some(Autoscaler {
        key,
        target,
        least: spec.least.count(),
        most: spec.most.map_or(100, |it| it.count()),
        current: 0,
        desired: 0,
        active: condition(&status.conditions, "Ready").map(|it| it.holds()),
        message,
        limited: None,
        fallback: holds("Fallback"),
        scaled_at: None,
        measures: Vec::new(),
    })
}

/// A ScaledObject with the numbers of its autoscaler.
pub(super) fn with_numbers(mut it: Autoscaler, numbers: Option<&Autoscaler>) -> Autoscaler {
    if let Some(of) = numbers {
        (it.current, it.desired, it.scaled_at) = (of.current, of.desired, of.scaled_at);
        it.limited = of.limited.clone();
        it.measures = of.measures.clone();
        it.message = it.message.or_else(|| of.message.clone());
        it.active = if it.active == Some(false) { it.active } else { of.active };
    }
    it
}

/// What a ResourceQuota bounds.
pub(super) fn quotas(scribe: &mut Scribe, name: &Name, it: &Both<QuotaSpec, QuotaStatus>) -> Vec<Quota> {
    let hard = if it.status.hard.0.is_empty() { &it.spec.hard } else { &it.status.hard };
    let each = hard.0.iter().map(|(resource, hard)| {
        let used = it.status.used.get(resource).unwrap_or_default();
        let millis = resource.ends_with("cpu");
        let unit =
            |amount: super::super::wire::quantity::Quantity| if millis { amount.millis() } else { amount.whole() };
        Quota { name: name.clone(), resource: scribe.name(resource), used: unit(used), hard: unit(*hard) }
    });
    each.collect()
}

/// A namespace, without its quotas. While it is being deleted its conditions tell what holds it (kubernetes:
/// pkg/controller/namespace/deletion/status_condition_utils.go).
pub(super) fn namespace(key: Ref, meta: &Meta, it: &Both<Nothing, Phased>) -> Namespace {
    let telling = ["NamespaceFinalizersRemaining", "NamespaceContentRemaining", "NamespaceDeletionContentFailure"];
    let held = telling.iter().filter_map(|kind| condition(&it.status.conditions, kind).filter(|it| it.holds()));
    let held: Vec<&str> = held.map(|it| &*it.message).collect();
    let held_by = text(&held.join("; ")).filter(|_| meta.deleted.0.is_some());
    Namespace { key, deleting: super::phase::asked(meta), held_by, quotas: Vec::new() }
}

/// A claim, without what events say of it.
pub(super) fn claim(scribe: &mut Scribe, key: Ref, it: &Both<ClaimSpec, ClaimStatus>) -> Volume {
    let state = it.status.phase.to_ascii_lowercase();
    // What it has, once it is bound; before that what it asks for.
    let size = it.status.capacity.get("storage").or_else(|| it.spec.resources.requests.get("storage"));
    Volume {
        key,
        driver: scribe.some(&it.spec.storage_class_name),
        state: (!state.is_empty()).then(|| scribe.name(&state)),
        message: None,
        size_bytes: size.map(Quantity::whole),
    }
}

/// A ConfigMap or a Secret: that it is there, and by whom and when it was changed.
pub(super) fn config(key: Ref, meta: &Meta) -> Config {
    let by = text(&meta.managed.by);
    Config { key, created: meta.created.0, changed: meta.managed.at.0.or(meta.created.0), by }
}

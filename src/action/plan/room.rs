//! Whether more of something fits: on the nodes, in what its namespace may use, and in the connections of what it needs.

use crate::domain::{Endpoint, Intent, Kind, Line, LineKind, Metric, Namespace, Node, NodeState, Quota, Ref, Workload};
use crate::state::View;

use super::{instances, wanted};

/// What stands in the way of more instances.
pub(super) fn lines(intent: &Intent, view: &View<'_>) -> Vec<Line> {
    let Intent::Scale(key, to) = intent else { return Vec::new() };
    let Some(workload) = view.workload(key) else { return Vec::new() };
    let Some(more) = wanted(view, key).and_then(|from| to.checked_sub(from)).filter(|more| *more > 0) else {
        return Vec::new();
    };
    let need = need(key, view);
    let mut lines: Vec<Line> = quotas(key, view, need, more).collect();
    lines.extend(on_nodes(workload, view, need, more));
    lines.extend(view.endpoints().filter_map(|pool| connections(workload, pool, view, more)));
    lines
}

/// Connections that more of it would open to what it needs, by what each of those that need it holds now.
fn connections(workload: &Workload, pool: &Endpoint, view: &View<'_>, more: u32) -> Option<Line> {
    let needed = pool.serves.iter().find(|it| workload.depends_on.iter().any(|need| need.on == **it))?;
    let whole = |metric| view.latest(&pool.key, metric).map(|it| it.max(0.0).round() as u64);
    let (used, most) = (whole(Metric::ConnectionsUsed)?, whole(Metric::ConnectionsMax).filter(|most| *most > 0)?);
    let clients = view.dependents_of(needed).flat_map(|it| view.instances_of(it)).filter(|it| !it.phase.ended());
    let each = used.div_ceil(u64::try_from(clients.count()).unwrap_or(u64::MAX).max(1));
    let (name, left, wanted) = (&pool.key.name, most.saturating_sub(used), each.saturating_mul(u64::from(more)));
    let now = format!("{name} has {used} of {most} connections in use");
    Some(match wanted > left {
        true => Line::new(
            LineKind::Hurts,
            format!("{now}: {} would want about {wanted} more, and newcomers fail", instances(more)),
        ),
        false => Line::new(LineKind::Note, format!("{now}, and would have about {}", used.saturating_add(wanted))),
    })
}

/// What one instance asks for: bytes, thousandths of a core.
fn need(key: &Ref, view: &View<'_>) -> (u64, u64) {
    let each = view.instances_of(key).map(|it| (it.memory_request_bytes, it.cpu_request_millis));
    each.max().unwrap_or((0, 0))
}

fn quotas<'a>(key: &Ref, view: &View<'a>, need: (u64, u64), more: u32) -> impl Iterator<Item = Line> + use<'a> {
    let place = key.namespace.clone().map(|name| Ref::new(&key.cluster, Kind::Namespace, None, name));
    let quotas = place.and_then(|place| view.namespace(&place)).map(|it: &Namespace| it.quotas.iter());
    quotas.into_iter().flatten().filter_map(move |quota: &Quota| {
        let each = match quota.resource.as_str() {
            "pods" | "count/pods" => 1,
            "requests.memory" | "memory" => need.0,
            "requests.cpu" | "cpu" => need.1,
            _ => 0,
        };
        let fit = quota.hard.saturating_sub(quota.used).checked_div(each)?;
        let missing = u64::from(more).checked_sub(fit).filter(|missing| *missing > 0)?;
        let words = format!(
            "quota {} leaves room for {fit} more by {}: {missing} of {more} would not be made",
            quota.name, quota.resource
        );
        Some(Line::new(LineKind::Hurts, words))
    })
}

fn on_nodes(workload: &Workload, view: &View<'_>, need: (u64, u64), more: u32) -> Option<Line> {
    // What asks for nothing is placed anywhere; whether it fits shows only when it runs.
    if need == (0, 0) {
        return None;
    }
    let note = |words: String| Some(Line::new(LineKind::Note, words));
    if workload.placed {
        return note(format!("it says itself where it may run: whether {more} more fit is not known"));
    }
    let open = view.nodes().filter(|node| node.key.cluster == workload.key.cluster && is_open(node));
    let fit: u64 = open.map(|node| fits_on(node, view, need)).sum();
    match u64::from(more).checked_sub(fit).filter(|missing| *missing > 0) {
        None => note(format!("{} more {} on the nodes", more, if more == 1 { "fits" } else { "fit" })),
        Some(missing) => {
            let missing = u32::try_from(missing).unwrap_or(u32::MAX);
            let words = format!("the nodes have room for {fit} more: {} would stay pending", instances(missing));
            Some(Line::new(LineKind::Hurts, words))
        }
    }
}

fn is_open(node: &Node) -> bool {
    let keeps_away = node.taints.iter().any(|it| it.effect == "NoSchedule" || it.effect == "NoExecute");
    node.state == NodeState::Ready && !node.cordoned && !node.draining && !keeps_away
}

/// How many more of them a node takes, by what is set aside on it. One that does not say what it has takes none for sure.
fn fits_on(node: &Node, view: &View<'_>, need: (u64, u64)) -> u64 {
    let (mut memory, mut cpu, mut count) = (0u64, 0u64, 0u64);
    for it in view.hosted_on(&node.key).filter(|it| !it.phase.ended()) {
        memory += it.memory_request_bytes;
        cpu += it.cpu_request_millis;
        count += 1;
    }
    let by = |all: Option<u64>, used: u64, each: u64| match each {
        0 => u64::MAX,
        each => all.map_or(0, |all| all.saturating_sub(used) / each),
    };
    let by_count = node.max_instances.map_or(u64::MAX, |most| u64::from(most).saturating_sub(count));
    by(node.memory_bytes, memory, need.0).min(by(node.cpu_millis, cpu, need.1)).min(by_count)
}

//! Emptying a node, honestly: each pod is looked at before, what would be lost is left, and what is blocked is waited for while
//! the rest goes on.

mod fates;
mod room;
mod volumes;

use std::collections::BTreeMap;

use std::slice::from_ref;

use serde_json::Value;

use crate::domain::words::{bytes, many};
use crate::domain::{
    Draft, Including, Intent, Kind, Line, LineKind, Name, Ref, Refusal, Step, StepAction, Text, Until, Variant,
};

use super::super::book::{Census, Ready};
use super::super::kinds::ApiKind;
use super::super::words::dig::{is_true, list, text};
use super::change::Change;
use super::desk::{Desk, Only, not_read};
use super::{carry_out, cordon, draft, instance};
use fates::{Fate, Going, Leaving};
use room::{Fit, Room};
use volumes::Tied;

/// Pods that are named one by one in a preview, of each sort.
const NAMED: usize = 6;

/// How a node would be emptied.
pub(super) async fn prepare(
    desk: Desk<'_>,
    intent: &Intent,
    key: &Ref,
    including: Including,
) -> Result<Draft, Refusal> {
    cordon::only_nodes(intent, key)?;
    let here = Only::Fields(format!("spec.nodeName={}", key.name));
    let (node, pods, budgets, nodes, census) = futures::join!(
        desk.object(key),
        desk.list(ApiKind::Pods, None, here),
        desk.list(ApiKind::PodDisruptionBudgets, None, Only::All),
        desk.list(ApiKind::Nodes, None, Only::All),
        desk.server.census(&key.name)
    );
    let node = node.map_err(|failed| not_read(intent, key, &failed))?;
    let pods = pods.map_err(|failed| {
        Refusal::of(intent, format!("its pods cannot be read: {failed}"), "ask for the right to list pods everywhere")
    })?;
    let unread_budgets = budgets.as_ref().err().map(ToString::to_string);
    let leaving = fates::sort(&pods, &budgets.unwrap_or_default(), including);
    let steps = steps(desk, intent, key, &node, &leaving).await?;
    let nodes = nodes.unwrap_or_default();
    let going: Vec<&Leaving<'_>> = leaving.iter().filter(|it| moves(it).is_some()).collect();
    let tied = volumes::tied(desk, &going, &nodes, &key.name).await;
    let mut draft = Draft::new(intent, steps);
    // Putting it back is of use only where this cordons it; one that was cordoned before stays so.
    draft.inverse = (!is_true(&node, "/spec/unschedulable")).then(|| Intent::Uncordon(key.clone()));
    let room = (!nodes.is_empty()).then(|| Room::beside(&nodes, &key.name, census.as_ref()));
    draft.notes = lines(&leaving, room, &tied, census.as_ref());
    if let Some(why) = unread_budgets {
        draft.notes.push(draft::note(format!("which budgets guard its pods is not known: {why}")));
    }
    draft.notes.extend(arrivals(&node));
    draft.variants = variants(key, &leaving, including);
    Ok(draft)
}

/// How a pod moves, where it does.
fn moves<'a>(it: &'a Leaving<'_>) -> Option<&'a Going> {
    match &it.fate {
        Fate::Goes(going) if !going.finished => Some(going),
        _ => None,
    }
}

/// First nothing new, then each pod that goes, side by side. The server is asked before whether it would allow it.
async fn steps(
    desk: Desk<'_>,
    intent: &Intent,
    key: &Ref,
    node: &Value,
    leaving: &[Leaving<'_>],
) -> Result<Vec<Step>, Refusal> {
    let mut steps = Vec::new();
    let refused = |why: Text| Refusal::of(intent, why, "look at the list again");
    if !is_true(node, "/spec/unschedulable") {
        let action = StepAction::SetCordon(key.clone(), true);
        let change = carry_out::change(desk, &action, node).await.map_err(refused)?;
        desk.try_out(intent, from_ref(&change)).await?;
        steps.push(draft::step(action, node, Until::Cordoned(key.clone(), true), draft::SOON));
    }
    let mut evictions: Vec<Change> = Vec::new();
    for it in leaving.iter().filter(|it| matches!(it.fate, Fate::Goes(_))) {
        let pod = Ref {
            cluster: key.cluster.clone(),
            kind: Kind::Pod,
            namespace: Some(it.namespace.clone()),
            name: it.name.clone(),
        };
        evictions.push(instance::evict(&pod, it.pod).map_err(refused)?);
        let until = Until::GoneOrReborn(pod.clone(), text(it.pod, "/metadata/uid").into());
        let step = draft::step(StepAction::Evict(pod), it.pod, until, instance::ends_within(it.pod));
        steps.push(Step { group: 1, ..step });
    }
    may_evict(desk, intent, evictions).await?;
    Ok(steps)
}

/// The right to evict: asked for everywhere at once, and only where that is denied for each namespace.
async fn may_evict(desk: Desk<'_>, intent: &Intent, evictions: Vec<Change>) -> Result<(), Refusal> {
    let mut each: BTreeMap<Option<Name>, Change> = BTreeMap::new();
    for eviction in evictions {
        let eviction = Change { name: None, ..eviction };
        each.entry(eviction.namespace.clone()).or_insert(eviction);
    }
    let Some(first) = each.values().next() else { return Ok(()) };
    let everywhere = Change { namespace: None, ..first.clone() };
    if each.len() > 1 && !desk.is_denied(&everywhere).await {
        return Ok(());
    }
    desk.may(intent, &each.into_values().collect::<Vec<_>>()).await
}

/// What is kept away by nothing comes although the node is cordoned.
fn arrivals(node: &Value) -> Vec<Line> {
    let taken_away = list(node, "/spec/taints")
        .iter()
        .any(|taint| ["ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted"].contains(&text(taint, "/key")));
    let mut lines = Vec::new();
    if taken_away {
        lines.push(draft::note("an autoscaler is about to take it away, and empties it as well"));
    }
    lines
}

fn lines(leaving: &[Leaving<'_>], room: Option<Room<'_>>, tied: &Tied, census: Option<&Census>) -> Vec<Line> {
    let mut lines = Vec::new();
    let of = |fits: fn(&Fate) -> bool| leaving.iter().filter(|it| fits(&it.fate)).count();
    let goes = of(|fate| matches!(fate, Fate::Goes(_)));
    lines.push(Line::new(LineKind::Does, format!("evict {goes} of its {}", many(leaving.len() as u64, "pod"))));
    lines.extend(fit(leaving, room, tied));
    lines.extend(guarded(leaving));
    lines.extend(last_ones(leaving, census));
    lines.extend(lost(leaving));
    lines.extend(left(leaving));
    lines.extend(stays(leaving));
    lines
}

/// Whether what moves fits elsewhere.
fn fit(leaving: &[Leaving<'_>], room: Option<Room<'_>>, tied: &Tied) -> Vec<Line> {
    let mut lines = Vec::new();
    for (namespace, name, claim) in &tied.pods {
        let words =
            format!("{namespace}/{name} cannot move: the volume of {claim} is on this node; it will stay pending");
        lines.push(draft::hurts(words));
    }
    if tied.unknown > 0 {
        let words =
            format!("whether {} can move is not known: it may not be read", many(tied.unknown as u64, "volume"));
        lines.push(draft::note(words));
    }
    let Some(mut room) = room else {
        lines.push(draft::note("whether they fit elsewhere is not known: nodes may not be listed"));
        return lines;
    };
    // Those that nothing makes again go nowhere.
    let is_tied =
        |it: &Leaving<'_>| tied.pods.iter().any(|(namespace, name, _)| (namespace, name) == (&it.namespace, &it.name));
    let remade = |it: &&Leaving<'_>| instance::controller(it.pod).is_some() && !is_tied(it);
    let moving: Vec<&Leaving<'_>> = leaving.iter().filter(|it| moves(it).is_some()).filter(remade).collect();
    if moving.is_empty() {
        return lines;
    }
    if room.is_none() {
        lines.push(draft::hurts("no other node takes pods: what moves will stay pending"));
        return lines;
    }
    let fits: Vec<Fit> = moving.iter().map(|it| room.take(it.pod)).collect();
    let mut unfit = Vec::new();
    for (it, fit) in moving.iter().zip(&fits) {
        let called = called(it);
        match fit {
            Fit::NoSuchNode(why) => {
                unfit.push(format!("{called} fits on no other node ({why}): it will stay pending"));
            }
            Fit::Full(asked) => {
                let asks = format!("{}, {}m CPU", bytes(asked.memory), asked.cpu);
                unfit.push(format!("{called} fits nowhere now by requests ({asks}): it will stay pending"));
            }
            Fit::On(_) | Fit::Perhaps => {}
        }
    }
    let fitting = moving.len() - unfit.len();
    lines.extend(shortened(unfit, LineKind::Hurts));
    if let Some(free) = room.free_percent().filter(|_| fitting > 0) {
        let onto = room::spread(&fits).len() as u64;
        lines.push(draft::note(format!(
            "{} fit on {} by requests: the other nodes keep {free} % of their memory free",
            many(fitting as u64, "pod"),
            many(onto, "other node")
        )));
    }
    lines
}

/// Whose say it is whether a pod goes.
fn guarded(leaving: &[Leaving<'_>]) -> Vec<Line> {
    let mut of: BTreeMap<(&Name, &Text), (usize, &super::budgets::Guarding)> = BTreeMap::new();
    for it in leaving {
        if let Some(budget) = moves(it).and_then(|going| going.budget.as_ref()) {
            of.entry((&it.namespace, &budget.name)).or_insert((0, budget)).0 += 1;
        }
    }
    let lines = of.into_iter().map(|((namespace, name), (pods, budget))| {
        let pods = pods as u64;
        let it = format!("{namespace}: budget {name} of {}", many(pods, "pod"));
        match u64::from(budget.allows) {
            0 => Line::new(
                LineKind::Skips,
                format!(
                    "{it} lets none go: {} healthy, {} wanted. They wait until it does",
                    budget.healthy, budget.wanted
                ),
            ),
            allows if allows < pods => Line::new(LineKind::Note, format!("{it} lets {allows} go at a time")),
            allows => Line::new(LineKind::Note, format!("{it} lets {allows} go")),
        }
    });
    lines.collect()
}

/// Workloads whose every ready pod is here.
fn last_ones(leaving: &[Leaving<'_>], census: Option<&Census>) -> Vec<Line> {
    let Some(census) = census else { return Vec::new() };
    let goes = |namespace: &Name, name: &Name| {
        leaving.iter().any(|it| it.namespace == *namespace && it.name == *name && moves(it).is_some())
    };
    let each = census.ready.iter().filter_map(|Ready { workload, here, all }| {
        let going = here.iter().filter(|(namespace, name)| goes(namespace, name)).count();
        let every = u32::try_from(going).ok() == Some(*all) && workload.kind != Kind::BarePod;
        every.then(|| match all {
            1 => format!("{}: its only ready pod is here", workload.local()),
            all => format!("{}: all {all} of its ready pods are here", workload.local()),
        })
    });
    shortened(each.collect(), LineKind::Hurts)
}

/// What is lost, because it was asked for.
fn lost(leaving: &[Leaving<'_>]) -> Vec<Line> {
    let each = leaving.iter().filter_map(|it| {
        let loses = moves(it)?.loses.as_ref()?;
        Some(format!("{}: {loses}", called(it)))
    });
    shortened(each.collect(), LineKind::Hurts)
}

/// What is left because it would be lost, or because the server would not do it.
fn left(leaving: &[Leaving<'_>]) -> Vec<Line> {
    let each = leaving.iter().filter_map(|it| match &it.fate {
        Fate::Unmanaged => Some(format!("{} has no controller and would be gone for good: skipped", called(it))),
        Fate::LocalData(data) => Some(format!("{}: {data} would be lost: skipped", called(it))),
        Fate::Guarded(budgets) => {
            let names: Vec<&str> = budgets.iter().map(Text::as_str).collect();
            Some(format!(
                "{}: the server evicts nothing that {} budgets guard ({}): skipped",
                called(it),
                names.len(),
                names.join(", ")
            ))
        }
        _ => None,
    });
    let each: Vec<String> = each.collect();
    let count = each.len() as u64;
    let mut lines = shortened(each, LineKind::Skips);
    if count > 0 {
        lines.push(draft::note(format!(
            "it ends as: partly drained, {count} left; kubectl would stop there and evict none"
        )));
    }
    lines
}

/// What belongs there.
fn stays(leaving: &[Leaving<'_>]) -> Option<Line> {
    let of = |wanted: &Fate| leaving.iter().filter(|it| it.fate == *wanted).count() as u64;
    let (each, mirror, ending) = (of(&Fate::OnEachNode), of(&Fate::Mirror), of(&Fate::Ending));
    let mut parts = Vec::new();
    if each > 0 {
        parts.push(format!("{each} of DaemonSets stay, and their like come although it is cordoned"));
    }
    if mirror > 0 {
        parts.push(format!("{mirror} that the kubelet runs by itself stay"));
    }
    if ending > 0 {
        parts.push(format!("{ending} already ending"));
    }
    (!parts.is_empty()).then(|| draft::note(parts.join("; ")))
}

fn called(it: &Leaving<'_>) -> String {
    format!("{}/{}", it.namespace, it.name)
}

/// The first of some lines, and how many more there are.
fn shortened(all: Vec<String>, kind: LineKind) -> Vec<Line> {
    let more = all.len().saturating_sub(NAMED);
    let mut lines: Vec<Line> = all.into_iter().take(NAMED).map(|words| Line::new(kind, words)).collect();
    if more > 0 {
        lines.push(Line::new(kind, format!("and {more} more like these")));
    }
    lines
}

/// Other drains, one key away: with what this one leaves.
fn variants(key: &Ref, leaving: &[Leaving<'_>], including: Including) -> Vec<Variant> {
    let any = |fits: fn(&Fate) -> bool| leaving.iter().any(|it| fits(&it.fate));
    let mut variants = Vec::new();
    if any(|fate| *fate == Fate::Unmanaged) {
        variants.push(Variant {
            key: 'f',
            text: Text::new("include pods that nothing makes again"),
            intent: Intent::Drain(key.clone(), Including { unmanaged: true, ..including }),
        });
    }
    if any(|fate| matches!(fate, Fate::LocalData(_))) {
        variants.push(Variant {
            key: 'e',
            text: Text::new("include pods whose emptyDir would be lost"),
            intent: Intent::Drain(key.clone(), Including { local_data: true, ..including }),
        });
    }
    variants
}

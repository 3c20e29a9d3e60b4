//! What a drain would move, what holds it up, and what it would lose.

use std::collections::BTreeMap;

use crate::domain::words::{bytes, many};
use crate::domain::{
    DesiredState, Draft, Including, Intent, Kind, Line, LineKind, MountKind, Pin, Ref, Refusal, Seen, Step, StepAction,
    Text, Until, Variant,
};

use super::act::draft;
use super::company::Orchestrator;
use super::model::{Live, Machine};
use super::place::take_room;
use super::sim::Sim;

/// How long one eviction may take, seconds.
const EVICTION: u32 = 300;

/// What becomes of the instances of a node.
#[derive(Default)]
struct Fates<'a> {
    move_freely: Vec<&'a Live>,
    guarded: BTreeMap<&'a Ref, Vec<&'a Live>>,
    homeless: Vec<&'a Live>,
    lose_data: Vec<&'a Live>,
    unowned: Vec<&'a Live>,
    stay: usize,
}

/// What a drain could take along, or leave after all.
fn variants(node: &Ref, including: Including, (unowned, data): (bool, bool)) -> Vec<Variant> {
    let other = |key, there: bool, is: bool, what: &str, including| {
        let text = Text::from(format!("{} {what}", if is { "skip" } else { "include" }));
        there.then(|| Variant { key, text, intent: Intent::Drain(node.clone(), including) })
    };
    let unmanaged = Including { unmanaged: !including.unmanaged, ..including };
    let local_data = Including { local_data: !including.local_data, ..including };
    let unowned = other('f', unowned, including.unmanaged, "what has no controller", unmanaged);
    unowned
        .into_iter()
        .chain(other('e', data, including.local_data, "what keeps data on the node", local_data))
        .collect()
}

impl Sim {
    pub(super) fn draft_drain(&self, intent: &Intent, key: &Ref, including: Including) -> Result<Draft, Refusal> {
        let cordon = self.cordon_step(intent, key, true)?;
        let (fates, free) = self.fates(key);
        let guarded = fates.guarded.values().flatten();
        let lost = including.unmanaged.then_some(&fates.unowned).into_iter();
        let lost = lost.chain(including.local_data.then_some(&fates.lose_data)).flatten();
        let moving = fates.move_freely.iter().chain(guarded).chain(&fates.homeless).chain(lost).copied();
        let evictions = moving.map(|it| Step {
            action: StepAction::Evict(it.object.key.clone()),
            pin: Pin { key: it.object.key.clone(), uid: it.object.uid.clone(), seen: Seen::Uid },
            until: Until::GoneOrReborn(it.object.key.clone(), it.object.uid.clone()),
            timeout_seconds: EVICTION,
            group: 1,
        });
        let steps: Vec<Step> = cordon.into_iter().chain(evictions).collect();
        let notes = self.drain_notes(key, &fates, free, including);
        let name = &key.name;
        let equivalent = match self.orchestrator {
            Orchestrator::Kubernetes => format!("kubectl drain {name} --ignore-daemonsets"),
            Orchestrator::Nomad => format!("nomad node drain -enable {name}"),
            Orchestrator::Swarm => format!("docker node update --availability drain {name}"),
        };
        let variants = variants(key, including, (!fates.unowned.is_empty(), !fates.lose_data.is_empty()));
        Ok(Draft { variants, ..draft(intent, steps, Some(equivalent), Some(Intent::Uncordon(key.clone())), notes) })
    }

    /// Sorts what runs on a node; and how much of the rest's memory is free afterwards, percent.
    fn fates(&self, node: &Ref) -> (Fates<'_>, u64) {
        let mut rest: Vec<Machine> = self.nodes.values().filter(|it| it.object.key != *node).cloned().collect();
        let mut fates = Fates::default();
        let on = self.instances.values().filter(|it| it.object.node.as_ref() == Some(node));
        for live in on.filter(|it| it.object.desired == DesiredState::Run && !it.object.phase.ended()) {
            let Some(managed) = self.workloads.get(&live.home) else { continue };
            let scratch = managed.object.containers.iter().flat_map(|it| &it.mounts);
            let need = (live.object.memory_request_bytes, live.object.cpu_request_millis);
            if live.home.kind == Kind::DaemonSet {
                fates.stay += 1;
            } else if managed.spec.bare {
                fates.unowned.push(live);
            } else if scratch.into_iter().any(|it| it.kind == MountKind::Temporary) {
                fates.lose_data.push(live);
            } else if take_room(&mut rest, need, &managed.spec.selector).is_none() {
                fates.homeless.push(live);
            } else if managed.spec.budget.is_some() {
                fates.guarded.entry(&live.home).or_default().push(live);
            } else {
                fates.move_freely.push(live);
            }
        }
        let total: u64 = rest.iter().filter_map(|it| it.object.memory_bytes).sum();
        let used: u64 = rest.iter().map(|it| it.memory).sum();
        (fates, total.saturating_sub(used) * 100 / total.max(1))
    }

    fn drain_notes(&self, node: &Ref, fates: &Fates<'_>, free: u64, including: Including) -> Vec<Line> {
        let noun = if matches!(self.orchestrator, Orchestrator::Kubernetes) { "pod" } else { "instance" };
        let mut notes = Vec::new();
        let freely = fates.move_freely.len() as u64;
        if freely > 0 {
            let (verb, fit) = if freely == 1 { ("moves", "fits") } else { ("move", "fit") };
            let words = format!(
                "{} {verb} freely, and {fit}: the rest of the fleet keeps {free} % of its memory free",
                many(freely, noun)
            );
            notes.push(Line::new(LineKind::Does, words));
        }
        for (home, lives) in &fates.guarded {
            notes.extend(self.budget_note(home, lives));
        }
        for live in &fates.homeless {
            let wants = self.workloads.get(&live.home).map(|it| &it.spec.selector);
            let wants: Vec<String> =
                wants.into_iter().flatten().map(|(name, value)| format!("{name}={value}")).collect();
            let needs = if wants.is_empty() {
                "too little memory is free".to_owned()
            } else {
                format!("needs {}", wants.join(", "))
            };
            let words = format!("{} fits on no other node ({needs}): it will stay pending", live.object.key.local());
            notes.push(Line::new(LineKind::Hurts, words));
        }
        for live in &fates.unowned {
            let name = live.object.key.local();
            notes.push(if including.unmanaged {
                Line::new(LineKind::Hurts, format!("{name} has no controller: it is gone for good"))
            } else {
                Line::new(LineKind::Skips, format!("{name} has no controller: it would be gone for good; skipped"))
            });
        }
        for live in &fates.lose_data {
            let (name, data) = (live.object.key.local(), bytes(live.object.memory_request_bytes));
            notes.push(if including.local_data {
                Line::new(LineKind::Hurts, format!("{name} loses {data} that it keeps on the node"))
            } else {
                Line::new(LineKind::Skips, format!("{name} keeps {data} on the node that would be lost; skipped"))
            });
        }
        if fates.stay > 0 {
            notes.push(Line::new(LineKind::Note, format!("{} of DaemonSets stay", many(fates.stay as u64, noun))));
        }
        if self.nodes.get(node).is_some_and(|it| it.object.state != crate::domain::NodeState::Ready) {
            let words = "the node is silent: what is evicted is only known to be gone once it is heard again";
            notes.push(Line::new(LineKind::Hurts, words));
        }
        notes
    }

    fn budget_note(&self, home: &Ref, lives: &[&Live]) -> Option<Line> {
        let managed = self.workloads.get(home)?;
        let budget = managed.spec.budget.as_ref()?;
        let allowed = managed.ready.saturating_sub(budget.keep);
        let names =
            if lives.len() == 1 { lives[0].object.key.local() } else { format!("{} {}", lives.len(), home.local()) };
        Some(if allowed == 0 {
            let words = format!(
                "{names}: budget {} lets none go: {} healthy, {} needed. It will wait",
                budget.name, managed.ready, budget.keep
            );
            Line::new(LineKind::Skips, words)
        } else {
            Line::new(LineKind::Does, format!("{names}: budget {} lets {allowed} go at a time", budget.name))
        })
    }
}

//! The incidents of a scenario, as they happen.

use crate::domain::{Kind, Name, Occurrence, OccurrenceKind, Phase, Ref, RolloutPhase, Text};

use super::company::{Incident, Span};
use super::model::{Event, Template};
use super::sim::Sim;

/// So many instances a node under pressure drives off.
const DRIVEN_OFF: usize = 2;

impl Sim {
    /// An incident begins, or what began ends by itself.
    pub(super) fn befall(&mut self, ix: usize, over: bool) {
        let Some(incident) = self.incidents.get(ix).cloned() else { return };
        let Some(target) = self.target(incident.target()) else { return };
        match incident {
            Incident::Deploy { image, by, behaves, request, startup, .. } => {
                let Some(old) = self.workloads.get(&target).and_then(|it| it.template()).cloned() else { return };
                let what = format!("image {} to {}", tag(&old.image), tag(&image));
                let template = Template {
                    image: Name::new(&image),
                    behaves,
                    request: request.map_or(old.request, |it| it.0),
                    startup: startup.map_or(old.startup, |it| it.0),
                    ..old
                };
                self.roll_out(&target, template, &by, &what);
            }
            Incident::Falls { .. } if over => self.fall(&target, None),
            Incident::Falls { behaves, until, .. } => {
                self.plan_end(ix, until);
                self.fall(&target, Some(behaves));
            }
            Incident::Silent { .. } if over => self.hear(&target),
            Incident::Silent { until, .. } => {
                self.plan_end(ix, until);
                // The node controller notices after 40 s without a heartbeat.
                self.silence(&target, 0);
            }
            Incident::Pressure { until, evicts, .. } => {
                if !over {
                    self.plan_end(ix, until);
                }
                self.press(&target, &evicts, over);
            }
            Incident::Leak { per_minute, .. } => {
                if let Some(pool) = self.pools.iter_mut().find(|it| it.object.key == target) {
                    pool.per_minute = per_minute;
                }
            }
            Incident::Scale { to, by, .. } => self.set_replicas(&target, to, &by),
            Incident::Missed { .. } | Incident::Manager { .. } => {}
        }
    }

    fn plan_end(&mut self, ix: usize, until: Option<Span>) {
        let Some(until) = until else { return };
        let at = crate::domain::words::after(self.start, until.0).max(self.now);
        self.plan_at(at, Event::Befalls(ix, true));
    }

    /// The object that `cluster/...` names here.
    pub(super) fn target(&self, raw: &str) -> Option<Ref> {
        let (cluster, rest) = raw.split_once('/')?;
        if cluster != self.cluster.as_str() {
            return None;
        }
        let node = Ref::new(&self.cluster, Kind::Node, None, rest);
        let pool = self.pools.iter().map(|it| &it.object.key).find(|it| it.name == *rest);
        self.workload_named(rest).or_else(|| pool.cloned()).or_else(|| self.nodes.contains_key(&node).then_some(node))
    }

    /// The workload that `namespace/name` names here.
    pub(super) fn workload_named(&self, raw: &str) -> Option<Ref> {
        self.workloads.values().find(|it| it.spec.name == raw).map(|it| it.object.key.clone())
    }

    /// Where what brought the pressure is over, the pressure is.
    pub(super) fn relieve(&mut self) {
        let pressed = |it: &Ref| self.nodes.get(it).is_some_and(|it| !it.object.pressure.is_empty());
        let over = |home: &str| {
            let managed = self.workload_named(home).and_then(|key| self.workloads.get(&key));
            managed.and_then(|it| it.object.rollout.as_ref()).is_some_and(|it| it.phase == RolloutPhase::Complete)
        };
        let relieved = self.incidents.iter().filter_map(|it| match it {
            Incident::Pressure { node, evicts, .. } => Some((self.target(node)?, evicts)),
            _ => None,
        });
        let relieved: Vec<(Ref, String)> = relieved
            .filter(|(node, home)| pressed(node) && over(home))
            .map(|(node, home)| (node, home.clone()))
            .collect();
        for (node, home) in relieved {
            self.press(&node, &home, true);
        }
    }

    /// A node runs short of memory: it says so, and drives off what asks for most.
    fn press(&mut self, node: &Ref, evicts: &str, over: bool) {
        let now = self.now;
        let Some(machine) = self.nodes.get_mut(node) else { return };
        machine.object.since = Some(now);
        machine.object.pressure = if over { Vec::new() } else { vec![Name::new("memory")] };
        self.touch(node);
        if over {
            return;
        }
        let Some(home) = self.workload_named(evicts) else { return };
        let mine = |key: &Ref| self.instances.get(key).filter(|it| it.home == home && it.object.ready);
        let mut victims: Vec<Ref> = self.on_node(node).into_iter().filter(|key| mine(key).is_some()).collect();
        victims.sort_by_key(|key| mine(key).and_then(|it| it.object.created));
        for key in victims.into_iter().take(DRIVEN_OFF) {
            let Some(live) = self.instances.get_mut(&key).filter(|it| it.home == home && !it.lost) else { continue };
            let said = Text::new("The node was low on resource: memory. Threshold quantity: 100Mi, available: 61Mi.");
            live.object.phase = Phase::Failed;
            live.object.ready = false;
            live.object.since = Some(now);
            (live.object.reason, live.object.message) = (Some(Name::new("Evicted")), Some(said.clone()));
            live.object.containers.clear();
            let id = format!("{}:evicted", live.object.uid);
            self.unbind(&key);
            self.touch(&key);
            self.unsettle(&home);
            let mut it = Occurrence::once(id, OccurrenceKind::Eviction, key.clone(), now);
            (it.workload, it.node, it.text) = (Some(home.clone()), Some(node.clone()), Some(said));
            self.happened(it);
        }
    }
}

/// The tag of an image.
pub fn tag(image: &str) -> &str {
    image.rsplit_once(':').map_or(image, |(_, tag)| tag)
}

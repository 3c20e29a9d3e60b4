//! What a node's silence and return do to what runs on it.

use crate::domain::words::after;
use crate::domain::{ContainerState, DesiredState, Kind, Name, NodeState, Phase, Ref, Text};

use super::model::{End, Event};
use super::sim::Sim;

impl Sim {
    /// A node falls silent: nothing is known of what runs on it.
    pub(super) fn silence(&mut self, node: &Ref, since_heard: i64) {
        let now = self.now;
        let Some(machine) = self.nodes.get_mut(node) else { return };
        machine.object.state = NodeState::Unreachable;
        machine.object.since = Some(now);
        machine.object.message = Some(Text::new("Kubelet stopped posting node status."));
        self.touch(node);
        for key in self.on_node(node) {
            let Some(live) = self.instances.get_mut(&key).filter(|it| !it.object.phase.ended()) else { continue };
            live.lost = true;
            live.object.phase = Phase::Lost;
            live.object.ready = false;
            live.object.since = Some(now);
            live.object.reason = Some(Name::new("NodeLost"));
            let home = live.home.clone();
            self.touch(&key);
            self.unsettle(&home);
        }
        // Pods tolerate an unreachable node for 300 s (kubernetes: DefaultTolerationSeconds).
        self.plan_at(after(now, 300 - since_heard), Event::GiveUp(node.clone()));
    }

    /// Pods of a node that stays silent are to be replaced; those that others name by number wait for it.
    pub(super) fn drive_off(&mut self, node: &Ref) {
        if self.nodes.get(node).is_none_or(|it| it.object.state != NodeState::Unreachable) {
            return;
        }
        for key in self.on_node(node) {
            let fixed =
                self.instances.get(&key).is_some_and(|it| matches!(it.home.kind, Kind::DaemonSet | Kind::StatefulSet));
            if !fixed {
                self.leave(&key);
            }
        }
    }

    /// A node is heard again: what was asked to end has ended, the rest ran on.
    pub(super) fn hear(&mut self, node: &Ref) {
        let now = self.now;
        let Some(machine) = self.nodes.get_mut(node).filter(|it| it.object.state == NodeState::Unreachable) else {
            return;
        };
        machine.object.state = NodeState::Ready;
        machine.object.since = Some(now);
        machine.object.message = None;
        self.touch(node);
        for key in self.on_node(node) {
            let Some(live) = self.instances.get_mut(&key).filter(|it| it.lost) else { continue };
            live.lost = false;
            live.object.reason = None;
            let (token, run, leaving) = (live.token, live.run, live.object.desired == DesiredState::Stop);
            if leaving {
                self.plan_ms(1200, Event::Removed(key, token));
                continue;
            }
            let runs =
                live.object.containers.first().is_some_and(|it| matches!(it.state, ContainerState::Running { .. }));
            live.object.phase = if runs { Phase::Running } else { Phase::Restarting };
            live.object.since = live.started.or(Some(now));
            let home = live.home.clone();
            if !runs {
                self.touch(&key);
                self.plan_ms(1000, Event::Start(key, token));
                continue;
            }
            self.touch(&key);
            let ms = 1000 + self.below(4000);
            self.plan_ms(ms, Event::Serve(key.clone(), token, run));
            if let Some(dead) = self.dead_need(&home) {
                self.plan_ms(ms + 3000, Event::Ends(key, token, run, End::Refused(dead)));
            }
        }
        self.plan_retry(true);
    }

    /// Keys of what is bound to a node.
    pub(super) fn on_node(&self, node: &Ref) -> Vec<Ref> {
        self.instances
            .values()
            .filter(|it| it.object.node.as_ref() == Some(node))
            .map(|it| it.object.key.clone())
            .collect()
    }
}

//! Which intents make sense for what kind of thing, and which can be had as it stands now: told from the view alone, so that a
//! key, the palette, a menu and the command line agree before a server is asked.

use crate::domain::journal::Hold;
use crate::domain::{
    Alert, AlertState, BackendKind, ClusterInfo, Desired, Enter, Instance, Intent, Kind, Phase, Ref, Role,
    RolloutPhase, Setting, Text, Workload,
};
use crate::state::View;

use super::enter::can_be_entered;

/// None: it makes no sense for that kind of thing. Else whether it can be had now, and why not.
pub type Fit = Option<Result<(), Text>>;

/// Whether an intent fits what it is meant for. Of several, each has to.
pub fn fits(intent: &Intent, view: &View<'_>) -> Fit {
    match intent {
        Intent::Several(all) => all.iter().map(|part| fits(part, view)).reduce(|a, b| match (a?, b?) {
            (Ok(()), b) => Some(b),
            (a, _) => Some(a),
        })?,
        Intent::Restart(key) => restart(key, view),
        Intent::Scale(key, _) => scale(key, view),
        Intent::Undo(key, _) if matches!(key.kind, Kind::ComposeService | Kind::Container) => {
            Some(no("an engine keeps no revision before this one: deploy the version that is wanted"))
        }
        Intent::Undo(key, _) => revisions(key.kind).then_some(Ok(())),
        Intent::Set(key, setting) => set(key, setting),
        Intent::Cordon(key) => node(key, view, |node| if node.0 { no("it takes nothing new already") } else { Ok(()) }),
        Intent::Uncordon(key) => {
            node(
                key,
                view,
                |(cordoned, draining)| if cordoned || draining { Ok(()) } else { no("it takes new instances") },
            )
        }
        Intent::Drain(key, _) => node(key, view, |_| Ok(())),
        Intent::Pause(key) => held(key, view).map(|held| if held { no("it is held already") } else { Ok(()) }),
        Intent::Resume(key) if view.held(key) == Some(Hold::Canary) => {
            Some(no("its canary waits: promote it, or abort"))
        }
        Intent::Resume(key) => held(key, view).map(|held| if held { Ok(()) } else { no("it is not held") }),
        Intent::Promote(key) | Intent::Abort(key) => canary(key, view),
        Intent::Stop(key) | Intent::Kill(key) => {
            let mut all = ended_by_hand(key, view)?;
            Some(if all.any(|it| !is_over(it)) { Ok(()) } else { no("it does not run") })
        }
        Intent::Start(key) => {
            let engine = matches!(key.kind, Kind::Container | Kind::ContainerInstance | Kind::ComposeService);
            let mut all = ended_by_hand(key, view).filter(|_| engine)?;
            Some(if all.any(is_over) { Ok(()) } else { no("it runs") })
        }
        Intent::Recreate(key) => (key.kind == Kind::ComposeService).then_some(Ok(())),
        Intent::Trigger(key) => {
            let scheduled = key.kind == Kind::CronJob
                || view.workload(key).is_some_and(|it| it.desired == Desired::Scheduled && it.schedule.is_some());
            scheduled.then_some(Ok(()))
        }
        Intent::Unblock(key) => unblock(key, view),
        Intent::Prune(key) => prunes(key, view).then_some(Ok(())),
        Intent::Silence(key, _) => alert(key, view, |it| match it.state {
            AlertState::Firing | AlertState::Inhibited => Ok(()),
            AlertState::Silenced => no("it is silenced already"),
            AlertState::Pending => no("it does not fire yet, so nobody is told of it"),
        }),
        Intent::Unsilence(key) => alert(key, view, |it| match (it.state, it.silenced_by_hand()) {
            (_, Some(_)) => Ok(()),
            (AlertState::Silenced, None) => no("a time interval of Alertmanager's configuration keeps it quiet"),
            _ => no("it is not silenced"),
        }),
        Intent::Shell(key, enter) => shell(key, enter, view),
    }
}

/// Beside a pod a container can be added; everywhere else a process is begun in what runs.
fn shell(key: &Ref, enter: &Enter, view: &View<'_>) -> Fit {
    let instance = view.instance(key)?;
    if enter.debug.is_some() && key.kind != Kind::Pod {
        return None;
    }
    Some(if can_be_entered(instance) || (enter.debug.is_some() && !instance.phase.ended()) {
        Ok(())
    } else {
        no("it does not run")
    })
}

fn no(why: &str) -> Result<(), Text> {
    Err(Text::new(why))
}

/// Why what ends by itself has neither a number nor a rollout.
fn ends_by_itself(workload: &Workload) -> Option<Text> {
    match workload.desired {
        Desired::Completions(_) => Some(Text::new("it runs to its end")),
        Desired::Scheduled => Some(Text::new("it runs on a schedule")),
        _ => None,
    }
}

fn restart(key: &Ref, view: &View<'_>) -> Fit {
    if key.kind.role() == Role::Instance {
        return view.instance(key).map(|_| Ok(()));
    }
    let workload = view.workload(key)?;
    Some(match workload.desired {
        _ if key.kind == Kind::BarePod => Ok(()),
        _ if key.kind == Kind::ReplicaSet => no("nothing rolls a ReplicaSet out: stop its pods one by one"),
        _ if key.kind == Kind::Custom => no("how what owns it restarts it is not known: restart its pods one by one"),
        _ if is_paused(workload) && key.kind == Kind::Deployment => no("its rollout is paused: resume it first"),
        _ => ends_by_itself(workload).map_or(Ok(()), Err),
    })
}

fn scale(key: &Ref, view: &View<'_>) -> Fit {
    let workload = view.workload(key)?;
    Some(match (key.kind, workload.desired) {
        (Kind::Container, _) => no("it is one container by itself: it has no number to set"),
        (Kind::BarePod, _) => no("it is one pod by itself: it has no number to set"),
        (Kind::Custom, _) => no("what owns it sets its number"),
        (_, Desired::EachNode(_)) => no("it runs once on each node: its number is theirs"),
        _ => ends_by_itself(workload).map_or(Ok(()), Err),
    })
}

const fn revisions(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ArgoRollout | Kind::TaskGroup | Kind::Service
    )
}

fn set(key: &Ref, setting: &Setting) -> Fit {
    match (key.kind, setting) {
        (Kind::Container, Setting::Image(..)) => Some(no("a container keeps its image for life: make another from it")),
        (Kind::Container | Kind::ComposeService, _) => Some(Ok(())),
        (Kind::CronJob, _) => Some(Ok(())),
        (kind, _) => revisions(kind).then_some(Ok(())),
    }
}

fn alert(key: &Ref, view: &View<'_>, now: impl Fn(&Alert) -> Result<(), Text>) -> Fit {
    view.alert(key).map(now)
}

/// What nodes can have done to them; one that is only on its way cannot.
fn node(key: &Ref, view: &View<'_>, now: impl Fn((bool, bool)) -> Result<(), Text>) -> Fit {
    let node = view.node(key).filter(|it| it.key.kind == Kind::Node)?;
    Some(now((node.cordoned, node.draining)))
}

/// Whether it is paused, suspended, or its automatic sync is off; none where it has no such thing.
pub(super) fn held(key: &Ref, view: &View<'_>) -> Option<bool> {
    if let Some(application) = view.application(key) {
        return Some(!application.automated);
    }
    let workload = view.workload(key)?;
    match key.kind {
        Kind::CronJob => Some(workload.schedule.as_ref().is_some_and(|schedule| schedule.suspended)),
        Kind::Job => Some(workload.job.as_ref().is_some_and(|job| job.suspended)),
        Kind::TaskGroup if workload.schedule.is_some() => {
            Some(workload.schedule.as_ref().is_some_and(|schedule| schedule.suspended))
        }
        Kind::Deployment | Kind::ArgoRollout | Kind::TaskGroup | Kind::Service => {
            Some(is_paused(workload) && view.held(key) != Some(Hold::Canary))
        }
        _ => None,
    }
}

fn is_paused(workload: &Workload) -> bool {
    let phase = workload.rollout.as_ref().map(|rollout| rollout.phase);
    matches!(phase, Some(RolloutPhase::Paused | RolloutPhase::RollbackPaused))
}

fn canary(key: &Ref, view: &View<'_>) -> Fit {
    let workload = view.workload(key).filter(|_| matches!(key.kind, Kind::ArgoRollout | Kind::TaskGroup))?;
    let phase = workload.rollout.as_ref().map(|rollout| rollout.phase);
    let over = matches!(phase, None | Some(RolloutPhase::Complete | RolloutPhase::RolledBack));
    Some(if over { no("no rollout of it is under way") } else { Ok(()) })
}

/// What can be ended and started by hand: an instance, or all that an engine or nothing at all keeps under one name.
fn ended_by_hand<'a>(key: &Ref, view: &View<'a>) -> Option<Box<dyn Iterator<Item = &'a Instance> + 'a>> {
    match key.kind {
        Kind::Container | Kind::ComposeService | Kind::BarePod => Some(Box::new(view.instances_of(key))),
        _ => Some(Box::new(std::iter::once(view.instance(key)?))),
    }
}

/// Whether it does not run: it has ended, or never began.
fn is_over(it: &Instance) -> bool {
    it.phase.ended() || it.phase == Phase::Created
}

fn unblock(key: &Ref, view: &View<'_>) -> Fit {
    let workload = view.workload(key)?;
    match key.kind {
        Kind::StatefulSet => {
            let broken = view.instances_of(key).any(|it| !it.ready);
            Some(if broken { Ok(()) } else { no("all of its pods are ready: nothing holds it up") })
        }
        Kind::Job => {
            let gave_up = workload.job.as_ref().is_some_and(|job| job.gave_up.is_some());
            Some(if gave_up { Ok(()) } else { no("it has not given up") })
        }
        _ => None,
    }
}

/// Engines and Nomad keep what nobody uses until they are told; a kubelet clears it away by itself.
fn prunes(key: &Ref, view: &View<'_>) -> bool {
    let of = |kind: &ClusterInfo| kind.backend != BackendKind::Kubernetes;
    let known = view.cluster_info(&ClusterInfo::key_of(&key.cluster)).is_some_and(of);
    known && key.kind == Kind::Cluster
}

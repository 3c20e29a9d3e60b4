//! Pods: what is remembered of one, and how it is shown.

use std::sync::Arc;

use crate::domain::{Container, ContainerRole, ContainerState, DesiredState, Instance, Kind, Name, Phase, Ref, Text};

use super::super::wire::Both;
use super::super::wire::meta::Meta;
use super::super::wire::pod::{self, ContainerStatus, PodSpec, PodStatus, condition};
use super::exit::{End, Ending};
use super::health::{self, Checks};
use super::owner::{Controller, Owned};
use super::phase::{self, Stand, is_sidecar};
use super::recall::Recalled;
use super::requests;
use super::scribe::{Scribe, Second, text};
use super::work::Work;

/// A pod, as much of it as it takes to show it again when something else changes. There are many: it is kept small.
#[derive(Debug, PartialEq)]
pub(super) struct Pod {
    pub(super) owner: Option<Arc<Controller>>,
    /// The hash of its template, as its controller labels it.
    pub(super) hash: Option<Name>,
    /// Its hash is of an Argo Rollout.
    pub(super) argo: bool,
    /// The generation of the template that a DaemonSet made it from.
    pub(super) generation: u32,
    pub(super) node: Option<Name>,
    pub(super) phase: Phase,
    pub(super) ready: bool,
    pub(super) since: Second,
    /// When it last became ready, or ceased to be.
    pub(super) turned: Second,
    pub(super) created: Second,
    reason: Option<Name>,
    message: Option<Text>,
    /// Its containers were ended from outside, all of them.
    pub(super) stopped: bool,
    pub(super) leaving: Option<Box<Leaving>>,
    asked: requests::Asked,
    pub(super) parts: Box<[Part]>,
    /// What is shown as its workload, where nothing else wants it.
    pub(super) alone: Option<Box<Work>>,
    pub(super) driven: Option<Box<Driven>>,
    /// What happened to the pod as a whole was told.
    pub(super) told: bool,
}

/// It was asked to end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaving {
    /// When, seconds.
    pub(super) asked: i64,
    /// How long it was given, seconds.
    pub(super) grace: i64,
    /// What keeps it, once nothing runs in it any more: its finalizers.
    held_by: Option<Text>,
}

/// It is driven off its node, or was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Driven {
    pub(super) message: Option<Text>,
    pub(super) at: Second,
}

/// One container.
#[derive(Debug, PartialEq)]
pub(super) struct Part {
    pub(super) name: Name,
    pub(super) image: Name,
    pub(super) role: ContainerRole,
    pub(super) doing: Doing,
    /// How its run before this one ended.
    pub(super) last: Option<Box<End>>,
    restarts: u32,
    /// At this many bytes it is killed; 0: it has no limit.
    pub(super) limit: u64,
    pub(super) checks: Checks,
}

/// What it does now.
#[derive(Debug, PartialEq)]
pub(super) enum Doing {
    Waiting(Box<(Name, Option<Text>)>),
    Running(Second),
    Ended(Box<End>),
}

impl Part {
    /// Its ends that are remembered, older first.
    pub(super) fn ends(&self) -> impl Iterator<Item = &End> {
        let now = match &self.doing {
            Doing::Ended(end) => Some(&**end),
            Doing::Waiting(_) | Doing::Running(_) => None,
        };
        self.last.as_deref().into_iter().chain(now)
    }

    /// The same, to be marked.
    pub(super) fn ends_mut(&mut self) -> impl Iterator<Item = &mut End> {
        let now = match &mut self.doing {
            Doing::Ended(end) => Some(&mut **end),
            Doing::Waiting(_) | Doing::Running(_) => None,
        };
        self.last.as_deref_mut().into_iter().chain(now)
    }

    /// Its limit, where it has one.
    pub(super) fn limit(&self) -> Option<u64> {
        Some(self.limit).filter(|bytes| *bytes > 0)
    }
}

impl Pod {
    /// What it asks for.
    pub(super) const fn asked(&self) -> requests::Asked {
        self.asked
    }

    /// A pod as the server shows it. What was told of the same pod before is not told again.
    pub(super) fn read(
        scribe: &mut Scribe,
        meta: &Meta,
        it: &Both<PodSpec, PodStatus>,
        owner: Option<Arc<Controller>>,
        before: Option<&Pod>,
    ) -> Self {
        let Both { spec, status } = it;
        let stand = Stand::of(meta, spec, status);
        let ready = condition(&status.conditions, "Ready");
        let label = |name: &str| meta.labels.get(name);
        let argo = label("rollouts-pod-template-hash");
        let hash = argo.or_else(|| label("controller-revision-hash")).or_else(|| label("pod-template-hash"));
        let generation = label("pod-template-generation").and_then(|it| it.parse().ok()).unwrap_or(0);
        let mut pod = Self {
            owner,
            hash: hash.map(|hash| scribe.name(hash)),
            argo: argo.is_some(),
            generation,
            node: scribe.some(&spec.node_name),
            phase: stand.phase,
            ready: ready.is_some_and(pod::Condition::holds),
            since: stand.since.into(),
            turned: ready.and_then(|it| it.changed.0).into(),
            created: meta.created.0.into(),
            reason: Some(stand.reason).filter(|it| !it.is_empty()).map(|it| scribe.name(it)),
            message: closed_gates(spec, status, stand.reason).or_else(|| text(stand.message)),
            stopped: !status.reason.is_empty() && matches!(&*status.phase, "Failed" | "Unknown"),
            leaving: leaving(meta, status),
            asked: requests::asked(spec, status),
            parts: parts(scribe, spec, status),
            alone: None,
            driven: driven(status),
            told: before.is_some_and(|before| before.told),
        };
        let fresh = (pod.driven.is_some() || pod.phase == Phase::Rejected)
            && before.is_none_or(|before| before.driven.is_none() && before.phase != Phase::Rejected);
        pod.told &= !fresh;
        if let Some(before) = before {
            pod.remember(before);
        }
        pod
    }

    fn remember(&mut self, before: &Pod) {
        // The last step of an end is an end without grace: what was asked first counts.
        if let (Some(now), Some(first)) = (&mut self.leaving, &before.leaving)
            && now.asked > first.asked
            && now.grace == 0
        {
            (now.asked, now.grace) = (first.asked, first.grace);
            if self.phase == Phase::Stopping {
                self.since = Second::from_seconds(now.asked);
            }
        }
        for part in &mut self.parts {
            let Some(known) = before.parts.iter().find(|known| known.name == part.name) else { continue };
            for end in part.ends_mut() {
                end.told = known.ends().any(|known| known.id == end.id && known.told);
            }
        }
    }

    /// What the server says of how it stands.
    pub(super) fn words(&self) -> Option<Text> {
        self.message.clone().or_else(|| self.reason.clone())
    }

    /// All of what happened to it is told from now on.
    pub(super) fn tell(&mut self) {
        self.told = true;
        self.parts.iter_mut().flat_map(Part::ends_mut).for_each(|end| end.told = true);
    }

    /// Its ends are told again, because they may mean something else than was told.
    pub(super) fn untell(&mut self) {
        self.parts.iter_mut().flat_map(Part::ends_mut).for_each(|end| end.told = false);
    }

    /// Whether something happened to it that was not told.
    pub(super) fn has_news(&self) -> bool {
        let happened = self.driven.is_some() || self.phase == Phase::Rejected;
        (happened && !self.told) || self.parts.iter().flat_map(Part::ends).any(|end| !end.told)
    }

    /// It as an instance, with what was heard of it elsewhere; and when it is to be shown again without a cause.
    pub(super) fn show(&self, key: Ref, uid: Name, owned: Owned, recalled: Recalled<'_>) -> (Instance, Second) {
        let node = self.node.as_ref().map(|node| Ref::new(&key.cluster, Kind::Node, None, node.clone()));
        let mut it = Instance::new(key, uid, Some(owned.workload), self.phase);
        it.node = node;
        it.ready = self.ready;
        it.desired = if self.leaving.is_some() { DesiredState::Stop } else { DesiredState::Run };
        it.since = self.since.at();
        (it.reason, it.message) = (self.reason.clone(), self.message.clone());
        if let Some((reason, message)) = recalled.stuck(self.phase).filter(|_| it.message.is_none()) {
            it.reason = reason.map(Name::new).or(it.reason);
            it.message = Some(message);
        }
        it.held_by = self.leaving.as_ref().and_then(|it| it.held_by.clone()).map(Box::new);
        it.created = self.created.at();
        it.revision = owned.revision;
        it.memory_request_bytes = self.asked.memory;
        it.cpu_request_millis = self.asked.cpu;
        let mut again = Second::default();
        it.containers = self.parts.iter().map(|part| self.container(part, recalled, &mut again)).collect();
        (it, again)
    }

    fn container(&self, part: &Part, recalled: Recalled<'_>, again: &mut Second) -> Container {
        let exit = |end: &End| Box::new(Ending::of(self, part, end, recalled).exit(end));
        let state = match &part.doing {
            Doing::Waiting(why) => {
                let message = why.1.clone().or_else(|| recalled.pulls(&part.name, &why.0));
                ContainerState::Waiting { reason: why.0.clone(), message }
            }
            Doing::Running(since) => ContainerState::Running { since: since.at() },
            Doing::Ended(end) => ContainerState::Ended(exit(end)),
        };
        let mut it = Container::new(part.name.clone(), part.image.clone(), state);
        it.role = part.role;
        it.last_exit = part.last.as_deref().map(exit);
        it.restarts = part.restarts;
        it.memory_limit_bytes = part.limit();
        if let Doing::Running(since) = part.doing
            && let Some((health, due)) = health::of(self, part, since, recalled)
        {
            it.health = Some(Box::new(health));
            *again = again.or_sooner(due);
        }
        it
    }
}

/// Which readiness gates are closed, with what is said of each by whoever is to open it (kubernetes: pkg/kubelet/status/
/// generate.go names them alone).
fn closed_gates(spec: &PodSpec, status: &PodStatus, reason: &str) -> Option<Text> {
    if reason != "ReadinessGatesNotReady" {
        return None;
    }
    let closed = spec.readiness_gates.iter().filter_map(|gate| {
        let kind = &*gate.condition_type;
        let Some(it) = condition(&status.conditions, kind) else { return Some(format!("{kind} is not set")) };
        let said = it.message.some().or(it.reason.some()).map_or_else(String::new, |said| format!(" ({said})"));
        (!it.holds()).then(|| format!("{kind} is {}{said}", &*it.status))
    });
    text(&closed.collect::<Vec<_>>().join("; "))
}

fn leaving(meta: &Meta, status: &PodStatus) -> Option<Box<Leaving>> {
    let asked = phase::asked(meta)?.as_second();
    let grace = meta.grace.map_or(0, |grace| grace.0.max(0));
    let runs = status.containers.iter().chain(status.init.iter()).any(|it| it.state.running.is_some());
    let finalizers: Vec<&str> = meta.finalizers.iter().map(|it| &**it).collect();
    let held_by = text(&finalizers.join(", ")).filter(|_| !runs);
    Some(Box::new(Leaving { asked, grace, held_by }))
}

/// The server says whom it drives off, and why, before it does (k8s.io/api/core/v1: `DisruptionTarget`); before it did,
/// kubelets called the pod evicted.
fn driven(status: &PodStatus) -> Option<Box<Driven>> {
    let target = condition(&status.conditions, "DisruptionTarget").filter(|it| it.holds());
    let evicted = &*status.reason == "Evicted";
    let message = text(&status.message).filter(|_| evicted).or_else(|| target.and_then(|it| text(&it.message)));
    let at = target.and_then(|it| it.changed.0).into();
    (target.is_some() || evicted).then(|| Box::new(Driven { message, at }))
}

/// Its containers: those that do the work first.
fn parts(scribe: &mut Scribe, spec: &PodSpec, status: &PodStatus) -> Box<[Part]> {
    let placed = !spec.node_name.is_empty();
    let pod_limit = spec.resources.limits.memory_bytes().unwrap_or(0);
    let mut parts = Vec::with_capacity(spec.containers.len() + spec.init_containers.len() + status.ephemeral.len());
    for container in spec.containers.iter() {
        let known = status.containers.iter().find(|it| it.name == container.name);
        parts.push(part(scribe, ContainerRole::Main, container, known, placed));
    }
    for container in spec.init_containers.iter() {
        let known = status.init.iter().find(|it| it.name == container.name);
        let role = if is_sidecar(spec, &container.name) { ContainerRole::Sidecar } else { ContainerRole::Init };
        parts.push(part(scribe, role, container, known, placed));
    }
    for known in status.ephemeral.iter() {
        let container = pod::Container { name: known.name.clone(), image: known.image.clone(), ..Default::default() };
        parts.push(part(scribe, ContainerRole::Ephemeral, &container, Some(known), placed));
    }
    for part in parts.iter_mut().filter(|part| part.limit == 0) {
        part.limit = pod_limit;
    }
    parts.into_boxed_slice()
}

fn part(
    scribe: &mut Scribe,
    role: ContainerRole,
    container: &pod::Container,
    known: Option<&ContainerStatus>,
    placed: bool,
) -> Part {
    let limits = known.and_then(|it| it.resources.as_ref()).map_or(&container.resources.limits, |it| &it.limits);
    Part {
        name: scribe.name(&container.name),
        image: scribe.name(&container.image),
        role,
        doing: doing(scribe, known, placed),
        last: known.and_then(|it| it.last_state.terminated.as_deref()).map(|end| Box::new(End::read(end))),
        restarts: known.map_or(0, |it| it.restart_count.count()),
        limit: limits.memory_bytes().unwrap_or(0),
        checks: Checks::read(container, known),
    }
}

fn doing(scribe: &mut Scribe, known: Option<&ContainerStatus>, placed: bool) -> Doing {
    let unsaid = if placed { "ContainerCreating" } else { "Pending" };
    let Some(state) = known.map(|it| &it.state) else { return Doing::Waiting(Box::new((scribe.name(unsaid), None))) };
    if let Some(running) = &state.running {
        return Doing::Running(running.started_at.0.into());
    }
    if let Some(end) = &state.terminated {
        return Doing::Ended(Box::new(End::read(end)));
    }
    let waiting = state.waiting.as_ref();
    let reason = waiting.and_then(|it| it.reason.some()).unwrap_or(unsaid);
    Doing::Waiting(Box::new((scribe.name(reason), waiting.and_then(|it| text(&it.message)))))
}

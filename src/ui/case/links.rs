//! What a thing hangs together with: who owns it, where it runs, who leads to it, what it mounts and is configured by, and
//! places to read about it.

use super::super::about;
use super::super::panes::Ctx;
use super::super::say;
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::super::why::Section;
use super::container;
use crate::domain::{ContainerSpec, Dependency, Instance, Kind, Mount, MountKind, Ref, Role, Workload};
use crate::state::View;

/// Names in one line, at most; of the rest how many there are.
const NAMED: usize = 12;

/// The parts of it.
pub(super) fn sections(ctx: &Ctx<'_>, target: &Ref) -> Vec<Section> {
    let view = &ctx.model.view;
    if let Some(instance) = view.instance(target) {
        return of_instance(ctx, instance);
    }
    let Some(workload) = view.workload(target) else { return Vec::new() };
    // What is wrong stands in the place of what it is.
    let told = ctx.incident_on(target).is_some_and(|incident| incident.subject == *target);
    vec![
        Section::new("runs", if told { about::runs(workload) } else { Vec::new() }),
        Section::new("owner", owners(view, target)),
        Section::new("served", served(view, target)),
        Section::new("volumes", volumes(workload)),
        Section::new("config", config(ctx, workload)),
        Section::new("read", read(view, target)),
    ]
}

fn of_instance(ctx: &Ctx<'_>, instance: &Instance) -> Vec<Section> {
    let view = &ctx.model.view;
    let owner = instance.owner.as_ref();
    let workload = owner.and_then(|key| view.workload(key));
    let mut parts = Vec::new();
    // One that is its container says all of that itself.
    if instance.key.kind != Kind::ContainerInstance {
        let lines = instance.containers.iter().map(|part| {
            let name = Phrase::of(Ink::Strong, part.name.as_str()).and(Ink::Dim, format!(" {} ", part.image));
            name.and(Ink::Text, container::state_word(part))
        });
        parts.push(Section::new("runs", lines.collect()));
        parts.push(Section::new("on", host(ctx, instance)));
    }
    parts.push(Section::new("owner", owners(view, &instance.key)));
    if let Some(workload) = workload {
        parts.push(Section::new("served", served(view, &workload.key)));
        parts.push(Section::new("volumes", volumes(workload)));
        parts.push(Section::new("config", config(ctx, workload)));
        parts.push(Section::new("read", read(view, &workload.key)));
    }
    parts
}

/// `pod web-1 → Deployment shop/web → application shop`, from what it is upwards.
fn owners(view: &View<'_>, key: &Ref) -> Vec<Phrase> {
    let name = |key: &Ref| format!("{} {}", key.kind.noun(), key.local());
    let mut chain = Vec::new();
    let mut at = key.clone();
    if let Some(instance) = view.instance(key) {
        let Some(owner) = instance.realizes.as_deref().or(instance.owner.as_ref()) else {
            return vec![Phrase::dim("nothing owns it")];
        };
        chain.push(name(owner));
        at = owner.clone();
    }
    let application = view.applications().find(|it| it.keeps.contains(&at));
    chain.extend(application.map(|it| name(&it.key)));
    let managed = view.workload(&at).and_then(|it| it.managed_by.as_ref()).filter(|_| application.is_none());
    chain.extend(managed.map(|by| format!("kept by {by}")));
    if chain.is_empty() { Vec::new() } else { vec![Phrase::text(chain.join(" → "))] }
}

/// The node that an instance is on, and how that is.
pub(super) fn host(ctx: &Ctx<'_>, instance: &Instance) -> Vec<Phrase> {
    let Some(key) = &instance.node else { return vec![Phrase::dim("no node has it")] };
    let node = Phrase::of(Ink::Strong, key.name.as_str());
    vec![match ctx.model.view.node(key) {
        Some(it) => node.and(Ink::Text, format!(", {}", say::node_state(it))),
        None => node.and(Ink::Dim, ", of which nothing is held"),
    }]
}

/// Endpoints that lead to it, with how many are ready behind them.
fn served(view: &View<'_>, workload: &Ref) -> Vec<Phrase> {
    let leading = view.dependents_of(workload).filter(|key| key.kind.role() == Role::Endpoint);
    let each = leading.take(NAMED).map(|key| {
        let name = Phrase::text(format!("{} {}", key.kind.noun(), key.local()));
        let ready = view.endpoint(key).map(|it| format!(", {} ready, {} not ready behind it", it.ready, it.not_ready));
        let beyond: Vec<String> = view
            .dependents_of(key)
            .filter(|key| key.kind.role() == Role::Endpoint)
            .take(NAMED)
            .map(Ref::local)
            .collect();
        let from = if beyond.is_empty() { String::new() } else { format!(", from {}", beyond.join(", ")) };
        name.and(Ink::Dim, format!("{}{from}", ready.unwrap_or_default()))
    });
    each.collect()
}

/// What it stores data in.
fn volumes(it: &Workload) -> Vec<Phrase> {
    let mut lines: Vec<Phrase> = Vec::new();
    for spec in &it.containers {
        lines.extend(mounts_of(spec, |mount| !matches!(mount.kind, MountKind::Config | MountKind::Temporary)));
    }
    let claimed =
        of_kind(it, Kind::Volume).filter(|need| !lines.iter().any(|line| line.plain().contains(&*need.on.name)));
    let claimed: Vec<Phrase> = claimed.map(named).collect();
    lines.extend(claimed);
    bounded(lines)
}

/// ConfigMaps and Secrets by name, with when they last changed where that is held.
fn config(ctx: &Ctx<'_>, it: &Workload) -> Vec<Phrase> {
    let each = of_kind(it, Kind::ConfigMap).chain(of_kind(it, Kind::Secret)).map(|need| {
        let changed = ctx.model.view.config(&need.on).and_then(|held| held.changed);
        let at = changed.map(|at| format!(", changed {}", ctx.clock.moment(at))).unwrap_or_default();
        named(need).and(Ink::Dim, at)
    });
    bounded(each.collect())
}

fn of_kind(it: &Workload, kind: Kind) -> impl Iterator<Item = &Dependency> {
    it.depends_on.iter().filter(move |need| need.on.kind == kind)
}

fn named(need: &Dependency) -> Phrase {
    Phrase::text(format!("{} {}", need.on.kind.noun(), need.on.name)).and(Ink::Dim, format!(" ({})", need.via))
}

/// What is mounted into one container.
pub(super) fn mounts(spec: &ContainerSpec) -> Vec<Phrase> {
    mounts_of(spec, |_| true).collect()
}

fn mounts_of(spec: &ContainerSpec, keep: impl Fn(&Mount) -> bool) -> impl Iterator<Item = Phrase> {
    spec.mounts.iter().filter(move |mount| keep(mount)).map(|mount| {
        let kind = match mount.kind {
            MountKind::Bind => "host path",
            MountKind::NamedVolume => "volume",
            MountKind::AnonymousVolume => "volume without a name",
            MountKind::Temporary => "scratch space",
            MountKind::Claim => "claim",
            MountKind::Config => "configuration",
        };
        let source = mount.source.as_ref().filter(|_| mount.kind != MountKind::AnonymousVolume);
        let source = source.map(|source| format!(" {source}")).unwrap_or_default();
        let driver = mount.driver.as_ref().map(|driver| format!(", driver {driver}")).unwrap_or_default();
        Phrase::text(format!("{}: {kind}{source}", mount.target)).and(Ink::Dim, driver)
    })
}

fn bounded(mut lines: Vec<Phrase>) -> Vec<Phrase> {
    let more = lines.len().saturating_sub(NAMED);
    lines.truncate(NAMED);
    lines.extend((more > 0).then(|| Phrase::dim(format!("and {more} more"))));
    lines
}

fn read(view: &View<'_>, target: &Ref) -> Vec<Phrase> {
    let lines = links(view, target).map(|(name, at)| Phrase::dim(format!("{name} ")).and(Ink::Text, at));
    lines.collect()
}

/// Places to read about it: `runbook_url: https://…`.
pub(in crate::ui) fn addresses(view: &View<'_>, target: &Ref) -> Vec<String> {
    let workload = view.instance(target).and_then(|it| it.owner.clone());
    links(view, workload.as_ref().unwrap_or(target)).map(|(name, at)| format!("{name}: {at}")).collect()
}

/// By its annotations and labels, and by alerts that are about it.
fn links<'a>(view: &View<'a>, target: &'a Ref) -> impl Iterator<Item = (String, String)> + use<'a> {
    let own = view.workload(target).map(|it| &it.links[..]).unwrap_or_default();
    let own = own.iter().map(|(name, at)| (name.to_string(), at.to_string()));
    let alerts = view.alerts().filter(move |it| it.about.as_ref() == Some(target));
    let read = alerts.flat_map(|it| {
        let of = move |what: &str, at: &crate::domain::Text| (format!("{what} of {}", it.title), at.to_string());
        let dashboard = it.dashboard.as_ref().map(|at| of("dashboard", at));
        it.runbook.as_ref().map(|at| of("runbook", at)).into_iter().chain(dashboard)
    });
    own.chain(read)
}

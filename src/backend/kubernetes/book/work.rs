//! Workloads: what is remembered of one, and what all of them have in common when they are shown.

use std::sync::Arc;

use crate::backend::link;
use crate::domain::{Desired, Kind, Name, Ref, Text, Timestamp, Workload};

use super::super::wire::meta::Meta;
use super::super::wire::pod::PodSpec;
use super::super::wire::read::Pairs;
use super::deploy::Deploying;
use super::owner::Controller;
use super::rolling::Rolling;
use super::scribe::{Scribe, text};
use super::template;

/// A workload, as far as it is known from itself.
#[derive(Debug, PartialEq)]
pub(super) struct Work {
    /// What is shown, without what others say of it.
    pub(super) base: Workload,
    /// The labels that its pods have.
    pub(super) labels: Vec<(Name, Name)>,
    /// Its Argo CD application.
    pub(super) app: Option<Name>,
    /// Who changed it last, and when.
    pub(super) by: Option<Text>,
    pub(super) changed: Option<Timestamp>,
    /// The revision that was last told as rolled out.
    pub(super) told: Option<Name>,
    pub(super) detail: Detail,
}

/// What only workloads of a kind have.
#[derive(Debug, PartialEq)]
pub(super) enum Detail {
    /// Nothing else.
    Plain,
    /// A Deployment or an Argo Rollout.
    Deploying(Box<Deploying>),
    /// A StatefulSet or a DaemonSet.
    Rolling(Box<Rolling>),
    /// A CronJob: the time zone of its schedule.
    Timed(Name),
}

/// A Job. One that a CronJob made is shown as that.
#[derive(Debug, PartialEq)]
pub(super) struct Run {
    pub(super) owner: Option<Arc<Controller>>,
    /// When it ended well.
    pub(super) succeeded: Option<Timestamp>,
    /// Why it failed, where its pods do not tell that.
    pub(super) failed: Option<(Text, Timestamp)>,
    pub(super) told: bool,
    /// More pods of it could be at work than are.
    pub(super) short: bool,
    pub(super) work: Work,
}

impl Run {
    /// Its CronJob, if one made it.
    pub(super) fn cron(&self) -> Option<&Name> {
        self.owner.as_deref().filter(|owner| owner.kind == "CronJob").map(|owner| &owner.name)
    }

    /// What it is shown as.
    pub(super) fn workload(&self, scribe: &Scribe, namespace: &Name, name: &Name) -> Ref {
        match self.cron() {
            Some(cron) => scribe.key(Kind::CronJob, namespace, cron),
            None => scribe.key(Kind::Job, namespace, name),
        }
    }
}

/// Namespace and name of an object that is being read, with who it is.
pub(super) struct Who<'a> {
    pub(super) key: Ref,
    pub(super) uid: &'a Name,
    pub(super) meta: &'a Meta,
}

impl Work {
    /// A workload whose pods have these labels and are made of this.
    pub(super) fn new(
        scribe: &mut Scribe,
        who: Who<'_>,
        desired: Desired,
        labels: &Pairs,
        spec: &PodSpec,
        claims: &[&str],
    ) -> Self {
        let meta = who.meta;
        let mut base = Workload::new(who.key, who.uid.clone(), desired);
        base.created = meta.created.0;
        base.labels = scribe.labels(&meta.labels);
        // Its pods' labels besides its own: who asks for pods by a label finds them by their workload.
        for (name, value) in scribe.labels(labels) {
            if base.label(&name).is_none() {
                base.labels.push((name, value));
            }
        }
        base.labels.sort_unstable();
        template::describe(scribe, &mut base, spec, claims);
        let owner = Ownership::of(meta);
        base.managed_by = owner.by;
        base.defined_in = owner.place;
        base.links = link::links(meta.notes.links.iter().map(|(name, at)| (&**name, &**at)));
        Self {
            base,
            labels: scribe.pairs(labels),
            app: owner.app.map(|app| scribe.name(&app)),
            by: text(&meta.managed.by),
            changed: meta.managed.at.0,
            told: None,
            detail: Detail::Plain,
        }
    }

    /// Who is said to have made its newest revision.
    pub(super) fn author(&self) -> Option<Text> {
        authored(self.base.managed_by.as_ref(), self.base.defined_in.as_ref()).or_else(|| self.by.clone())
    }
}

fn authored(by: Option<&Text>, place: Option<&Text>) -> Option<Text> {
    match (by, place) {
        (Some(by), Some(place)) => Some(Text::from(format!("{by} {place}"))),
        (by, _) => by.cloned(),
    }
}

/// The tool that an object is managed by, and where that has its definition: `helm release shop, chart web-1.2`.
pub(in super::super) fn author(meta: &Meta) -> Option<Text> {
    let owner = Ownership::of(meta);
    authored(owner.by.as_ref(), owner.place.as_ref())
}

/// Who owns a definition.
struct Ownership {
    by: Option<Text>,
    place: Option<Text>,
    app: Option<String>,
}

impl Ownership {
    /// As the tools themselves mark what is theirs. The one that sees last what another renders comes first.
    fn of(meta: &Meta) -> Self {
        let label = |name: &str| meta.labels.get(name).filter(|value| !value.is_empty());
        let own = |by: &str, place: Option<String>| Self {
            by: Some(Text::new(by)),
            place: place.as_deref().and_then(text),
            app: None,
        };
        let tracked = meta.notes.argocd.some().map(|it| it.split(':').next().unwrap_or(it));
        if let Some(app) = tracked.or_else(|| label("argocd.argoproj.io/instance")) {
            return Self { app: Some(app.to_owned()), ..own("argocd", Some(format!("application {app}"))) };
        }
        for kind in ["kustomize", "helm"] {
            let name = label(&format!("{kind}.toolkit.fluxcd.io/name")).map(str::to_owned);
            let Some(name) = name else { continue };
            let space = label(&format!("{kind}.toolkit.fluxcd.io/namespace")).unwrap_or("");
            let noun = if kind == "helm" { "HelmRelease" } else { "Kustomization" };
            return own("flux", Some(format!("{noun} {space}/{name}")));
        }
        let by = label("app.kubernetes.io/managed-by");
        let release = meta.notes.helm_release.some();
        if release.is_some() || by.is_some_and(|by| by.eq_ignore_ascii_case("helm")) {
            let chart = label("helm.sh/chart").map(|chart| format!("chart {chart}"));
            let release = release.or_else(|| label("app.kubernetes.io/instance")).map(|it| format!("release {it}"));
            let parts: Vec<String> = release.into_iter().chain(chart).collect();
            return own("helm", Some(parts.join(", ")));
        }
        if let Some(owner) = meta.controller() {
            return own(&owner.kind, Some((*owner.name).to_owned()));
        }
        Self { by: by.map(Text::new), place: None, app: None }
    }
}

//! What every object has: whose it is, which incarnation, who owns it. Of its annotations and of who changed it only what is
//! used is kept; the rest, which is most of an object, is skipped as it is read.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::backend::link;

use super::read::{Flag, Int, Key, List, Pairs, Str, Time, elements};

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    pub name: Str,
    pub namespace: Str,
    pub uid: Str,
    pub resource_version: Str,
    pub generation: Int,
    #[serde(rename = "creationTimestamp")]
    pub created: Time,
    /// Until then it has time to end: when it was asked to, and its grace.
    #[serde(rename = "deletionTimestamp")]
    pub deleted: Time,
    #[serde(rename = "deletionGracePeriodSeconds")]
    pub grace: Option<Int>,
    pub labels: Pairs,
    #[serde(rename = "annotations")]
    pub notes: Notes,
    #[serde(rename = "ownerReferences")]
    pub owners: List<Owner>,
    pub finalizers: List<Str>,
    #[serde(rename = "managedFields")]
    pub managed: Managed,
}

impl Meta {
    /// Who keeps it as it is.
    pub fn controller(&self) -> Option<&Owner> {
        self.owners.iter().find(|owner| owner.controller.0)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Owner {
    pub api_version: Str,
    pub kind: Str,
    pub name: Str,
    pub uid: Str,
    pub controller: Flag,
}

/// The annotations that are used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// `kubernetes.io/change-cause`.
    pub cause: Str,
    /// The number of a revision: of a Deployment, of a ReplicaSet, of an Argo Rollout.
    pub revision: Str,
    /// The numbers that a ReplicaSet had before: it was gone back to.
    pub revised: bool,
    /// When somebody said `kubectl rollout restart`.
    pub restarted: Time,
    /// Counts up with each change of a DaemonSet's template.
    pub template_generation: Int,
    /// The Helm release that it belongs to.
    pub helm_release: Str,
    /// `APP:GROUP/KIND:NAMESPACE/NAME`, or the application's name alone.
    pub argocd: Str,
    /// Written by a kubelet for a pod that no server asked it for.
    pub mirror: bool,
    /// KEDA was told to rest.
    pub keda_paused: bool,
    /// Those that name a place to read, in the order in which they stand.
    pub links: List<(Str, Str)>,
}

impl<'de> Deserialize<'de> for Notes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NotesVisitor)
    }
}

struct NotesVisitor;

impl<'de> Visitor<'de> for NotesVisitor {
    type Value = Notes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("annotations")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Notes, A::Error> {
        let mut notes = Notes::default();
        while let Some(Key(name)) = all.next_key()? {
            // What is not used (`last-applied-configuration` above all) is not even copied.
            if USED.contains(&&*name) {
                notes.take(&name, all.next_value()?);
            } else if link::is_named(&name) {
                notes.links.0.push(((&*name).into(), all.next_value()?));
            } else {
                all.next_value::<IgnoredAny>()?;
            }
        }
        Ok(notes)
    }

    fn visit_unit<E>(self) -> Result<Notes, E> {
        Ok(Notes::default())
    }
}

const USED: &[&str] = &[
    "kubernetes.io/change-cause",
    "deployment.kubernetes.io/revision",
    "rollout.argoproj.io/revision",
    "deployment.kubernetes.io/revision-history",
    "kubectl.kubernetes.io/restartedAt",
    "deprecated.daemonset.template.generation",
    "meta.helm.sh/release-name",
    "argocd.argoproj.io/tracking-id",
    "kubernetes.io/config.mirror",
    "autoscaling.keda.sh/paused",
    "autoscaling.keda.sh/paused-replicas",
];

impl Notes {
    fn take(&mut self, name: &str, value: Str) {
        match name {
            "kubernetes.io/change-cause" => self.cause = value,
            "deployment.kubernetes.io/revision" | "rollout.argoproj.io/revision" => self.revision = value,
            "deployment.kubernetes.io/revision-history" => self.revised = !value.is_empty(),
            "kubectl.kubernetes.io/restartedAt" => self.restarted = Time(value.parse().ok()),
            "deprecated.daemonset.template.generation" => {
                self.template_generation = Int(value.parse().unwrap_or(0));
            }
            "meta.helm.sh/release-name" => self.helm_release = value,
            "argocd.argoproj.io/tracking-id" => self.argocd = value,
            "kubernetes.io/config.mirror" => self.mirror = true,
            "autoscaling.keda.sh/paused" => self.keda_paused = &*value != "false",
            "autoscaling.keda.sh/paused-replicas" => self.keda_paused = true,
            _ => {}
        }
    }
}

/// Who changed an object last, of those that do not do so all the time, and when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Managed {
    pub by: Str,
    pub at: Time,
}

/// What changes objects because others changed: not who made a change.
pub const CONTROLLERS: &[&str] = &[
    "kube-controller-manager",
    "kubelet",
    "kube-scheduler",
    "kube-apiserver",
    "cloud-controller-manager",
    "cluster-autoscaler",
    "rollouts-controller",
    "keda",
    "keda-operator",
    "vpa-updater",
    "before-first-apply",
];

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    manager: Cow<'a, str>,
    #[serde(borrow, default)]
    subresource: Cow<'a, str>,
    #[serde(default)]
    time: Time,
}

impl<'de> Deserialize<'de> for Managed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut newest = Managed::default();
        elements(from, |it: Entry<'de>| {
            let ours = it.subresource.is_empty() && !CONTROLLERS.contains(&&*it.manager);
            if ours && it.time.0 >= newest.at.0 {
                newest = Managed { by: (&*it.manager).into(), at: it.time };
            }
        })?;
        Ok(newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_annotations_and_managers_only_what_is_used_is_kept() {
        let meta: Meta = serde_json::from_str(
            r#"{"name":"web","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"a\":\"\\u001b\"}",
                "kubernetes.io/change-cause":"image 1.5.0","deployment.kubernetes.io/revision":"7",
                "runbook_url":"https://wiki.example/web","a8r.io/description":"a shop"},
              "managedFields":[
                {"manager":"kubectl-edit","operation":"Update","time":"2026-11-24T02:00:00Z","fieldsV1":{"f:spec":{}}},
                {"manager":"helm","operation":"Update","time":"2026-11-23T02:00:00Z","fieldsV1":{"f:spec":{}}},
                {"manager":"kube-controller-manager","time":"2026-11-24T03:00:00Z"},
                {"manager":"someone","subresource":"status","time":"2026-11-24T04:00:00Z"}],
              "ownerReferences":[{"kind":"A","name":"a"},{"kind":"B","name":"b","controller":true}]}"#,
        )
        .expect("readable");
        assert_eq!((&*meta.notes.cause, &*meta.notes.revision), ("image 1.5.0", "7"));
        let links: Vec<&str> = meta.notes.links.iter().map(|(name, _)| &**name).collect();
        assert_eq!(links, ["runbook_url", "a8r.io/description"], "which of them are links is told later");
        assert_eq!(&*meta.managed.by, "kubectl-edit");
        assert_eq!(meta.controller().map(|owner| &*owner.name), Some("b"));
    }
}

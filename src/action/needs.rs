//! Which rights of a server an intent needs: so that what is known to be denied is refused before the server is.

use crate::domain::{Answer, ClusterInfo, Enter, Intent, Kind, Ref, Want, wants_create};
use crate::state::View;

/// Rights of which one is enough, in the words of [`Rights::denied`]: `patch deployments`.
type Need = &'static [&'static str];

/// What an intent needs of a Kubernetes cluster (the verbs and resources of its requests: kubectl's `rollout`, `scale`,
/// `cordon`, `drain`); of the other orchestrators none is asked for beforehand.
fn needs_of(intent: &Intent) -> &'static [Need] {
    let kind = intent.target().kind;
    match (intent, kind) {
        (Intent::Restart(_) | Intent::Stop(_), Kind::Pod | Kind::BarePod) => {
            &[&["create pods/eviction", "delete pods"]]
        }
        (Intent::Kill(_), Kind::Pod | Kind::BarePod) | (Intent::Unblock(_), Kind::StatefulSet) => &[&["delete pods"]],
        (Intent::Scale(..), Kind::Deployment) => &[&["update deployments/scale"]],
        (Intent::Scale(..), Kind::StatefulSet) => &[&["update statefulsets/scale"]],
        (Intent::Scale(..), Kind::ReplicaSet) => &[&["update replicasets/scale"]],
        (Intent::Scale(..), Kind::ArgoRollout) => &[&["update rollouts/scale"]],
        (Intent::Promote(_) | Intent::Abort(_), Kind::ArgoRollout) => &[&["patch rollouts/status", "patch rollouts"]],
        (Intent::Cordon(_) | Intent::Uncordon(_), Kind::Node) => &[&["patch nodes"]],
        (Intent::Drain(..), Kind::Node) => &[&["patch nodes"], &["create pods/eviction"]],
        (Intent::Shell(_, Enter { debug: Some(_), .. }), Kind::Pod | Kind::BarePod) => {
            &[&["patch pods/ephemeralcontainers"], &["create pods/attach"]]
        }
        (Intent::Shell(..), Kind::Pod | Kind::BarePod) => &[&["create pods/exec"]],
        (Intent::Trigger(_), Kind::CronJob) | (Intent::Unblock(_), Kind::Job) => &[&["create jobs"]],
        (Intent::Restart(_) | Intent::Undo(..) | Intent::Set(..) | Intent::Pause(_) | Intent::Resume(_), kind) => {
            patch(kind)
        }
        _ => &[],
    }
}

const fn patch(kind: Kind) -> &'static [Need] {
    match kind {
        Kind::Deployment => &[&["patch deployments"]],
        Kind::StatefulSet => &[&["patch statefulsets"]],
        Kind::DaemonSet => &[&["patch daemonsets"]],
        Kind::ArgoRollout => &[&["patch rollouts"]],
        Kind::CronJob => &[&["patch cronjobs"]],
        Kind::Job => &[&["patch jobs"]],
        Kind::Application => &[&["patch applications"]],
        _ => &[],
    }
}

/// What an intent needs and is known to be denied: none where it may be allowed. What is denied everywhere at once may be allowed
/// in one namespace: there it counts what was asked of that one, once it was.
pub fn denied<'a>(intent: &Intent, view: &View<'a>) -> Option<&'a str> {
    intent.parts().iter().find_map(|part| missing(needs_of(part), part.target(), view))
}

/// What a port forward needs: a GET opens it. See [`wants_create`] for the second.
const FORWARD: [&[Need]; 2] = [&[&["get pods/portforward"]], &[&["create pods/portforward"]]];

/// What a port forward needs and is known to be denied.
pub(super) fn denied_forward<'a>(key: &Ref, view: &View<'a>) -> Option<&'a str> {
    let version = view.cluster_info(&ClusterInfo::key_of(&key.cluster)).and_then(|info| info.version.as_deref());
    let [get, create] = FORWARD;
    missing(get, key, view).or_else(|| missing(create, key, view).filter(|_| wants_create(version)))
}

/// The first of some needs that is known to be denied for an object.
fn missing<'a>(needs: &[Need], key: &Ref, view: &View<'a>) -> Option<&'a str> {
    let rights = view.rights(&key.cluster)?;
    let is_asked = key.namespace.as_ref().is_some_and(|namespace| rights.within.contains(namespace));
    let here = match Want::allowed_at(key).as_ref().and_then(|want| view.answer(want)) {
        Some(Answer::Denied(denied)) if !is_asked => &denied[..],
        _ => &[],
    };
    let everywhere = rights.denied.iter().filter(|right| is_asked || right.ends_with(" nodes"));
    let denied: Vec<&'a str> = everywhere.chain(here).map(|right| right.as_str()).collect();
    let find = |right: &str| denied.iter().find(|it| **it == right).copied();
    let need = needs.iter().find(|need| need.iter().all(|right| find(right).is_some()))?;
    need.first().and_then(|right| find(right))
}

/// What has to be asked of an object's namespace to know what may be done there: nothing where nothing is denied, or where that
/// was asked already.
pub fn unasked(key: &Ref, view: &View<'_>) -> Option<Want> {
    let rights = view.rights(&key.cluster).filter(|rights| !rights.denied.is_empty() && rights.read_only.is_none())?;
    let want = Want::allowed_at(key)?;
    key.namespace.as_ref().is_none_or(|namespace| !rights.within.contains(namespace)).then_some(want)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Batch, ClusterId, Fact, Name, Rights, Timestamp};
    use crate::state::World;

    fn key(kind: &str) -> Ref {
        format!("prod/shop/{kind}/web").parse().expect("a ref")
    }

    /// What a cluster says of rights: denied at once, asked of these namespaces; and what is denied in `shop`, where that was asked.
    fn world(denied: &[&str], within: &[&str], in_shop: Option<&[&str]>) -> World {
        let names = |all: &[&str]| all.iter().map(|it| (*it).into()).collect::<Vec<Name>>();
        let mut facts = vec![Fact::Allowed(Rights { read_only: None, denied: names(denied), within: names(within) })];
        let want = Want::allowed_at(&key("Pod")).expect("it lies in a namespace");
        facts.extend(in_shop.map(|denied| Fact::Answered(want, Answer::Denied(names(denied)))));
        let mut world = World::default();
        world.fold(Batch { cluster: ClusterId::new("prod"), at: Timestamp::UNIX_EPOCH, facts });
        world
    }

    fn missing(intent: &Intent, world: &World) -> Option<String> {
        denied(intent, &world.view(Timestamp::UNIX_EPOCH)).map(str::to_owned)
    }

    #[test]
    fn what_is_denied_is_named_and_one_way_of_two_is_enough() {
        let rights = |denied: &[&str]| world(denied, &["shop"], None);
        let drain = Intent::drain("prod/-/Node/n1".parse().expect("a ref"));
        assert_eq!(missing(&drain, &rights(&["patch nodes"])).as_deref(), Some("patch nodes"));
        assert_eq!(missing(&drain, &rights(&["create pods/eviction"])), None, "its pods may be elsewhere");
        assert_eq!(missing(&drain, &rights(&["delete pods"])), None);
        let restart = Intent::Restart(key("Pod"));
        assert_eq!(missing(&restart, &rights(&["create pods/eviction"])), None, "it can be deleted");
        assert!(missing(&restart, &rights(&["create pods/eviction", "delete pods"])).is_some());
        let both = Intent::Several(vec![Intent::Restart(key("Deployment")), Intent::Scale(key("StatefulSet"), 3)]);
        let scale = missing(&both, &rights(&["update statefulsets/scale"]));
        assert_eq!(scale.as_deref(), Some("update statefulsets/scale"));
        let other = Intent::Restart(key("Service"));
        assert_eq!(missing(&other, &rights(&["patch deployments"])), None, "another orchestrator");
    }

    #[test]
    fn what_is_denied_everywhere_at_once_may_be_allowed_in_one_namespace() {
        let rights = |within: &[&str]| world(&["patch deployments", "patch nodes"], within, None);
        let restart = Intent::Restart(key("Deployment"));
        assert_eq!(missing(&restart, &rights(&[])), None);
        assert_eq!(missing(&restart, &rights(&["other"])), None);
        assert_eq!(missing(&restart, &rights(&["shop"])).as_deref(), Some("patch deployments"));
        let cordon = Intent::Cordon("prod/-/Node/n1".parse().expect("a ref"));
        assert_eq!(missing(&cordon, &rights(&[])).as_deref(), Some("patch nodes"), "a node is in no namespace");
    }

    #[test]
    fn what_was_asked_of_one_namespace_counts_there() {
        let restart = Intent::Restart(key("Deployment"));
        let denied = ["patch deployments", "patch nodes"];
        let asked = |in_shop: &[&str]| world(&denied, &[], Some(in_shop));
        assert_eq!(missing(&restart, &asked(&["patch deployments"])).as_deref(), Some("patch deployments"));
        assert_eq!(missing(&restart, &asked(&[])), None, "a role in this namespace allows it");
        let elsewhere = Intent::Restart("prod/other/Deployment/web".parse().expect("a ref"));
        assert_eq!(missing(&elsewhere, &asked(&["patch deployments"])), None, "there it is not known");
    }

    #[test]
    fn a_namespace_is_asked_for_only_where_that_says_more() {
        let want = |world: &World, key: &Ref| unasked(key, &world.view(Timestamp::UNIX_EPOCH));
        let web = key("Deployment");
        assert_eq!(want(&world(&["patch deployments"], &[], None), &web), Want::allowed_at(&web));
        assert_eq!(want(&world(&[], &[], None), &web), None, "all is allowed everywhere");
        assert_eq!(want(&world(&["patch deployments"], &["shop"], None), &web), None, "that is what was asked");
        let node: Ref = "prod/-/Node/n1".parse().expect("a ref");
        assert_eq!(want(&world(&["patch nodes"], &[], None), &node), None);
    }
}

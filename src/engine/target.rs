//! What a person means by a name on the command line.

use crate::domain::{Kind, Ref, Role};
use crate::state::View;

/// A name that is no object's, or that of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// Nothing is called that.
    None,
    /// All of these are, in order.
    Many(Vec<Ref>),
}

/// Kinds by the words that kubectl, k9s and Docker users type for them, besides their own.
const SHORT: &[(&str, &[Kind])] = &[
    ("deploy", &[Kind::Deployment]),
    ("dp", &[Kind::Deployment]),
    ("deployments", &[Kind::Deployment]),
    ("sts", &[Kind::StatefulSet]),
    ("statefulsets", &[Kind::StatefulSet]),
    ("ds", &[Kind::DaemonSet]),
    ("daemonsets", &[Kind::DaemonSet]),
    ("rs", &[Kind::ReplicaSet]),
    ("cj", &[Kind::CronJob]),
    ("ro", &[Kind::ArgoRollout]),
    ("po", &[Kind::Pod, Kind::BarePod]),
    ("pod", &[Kind::Pod, Kind::BarePod]),
    ("pods", &[Kind::Pod, Kind::BarePod]),
    ("no", &[Kind::Node]),
    ("nodes", &[Kind::Node]),
    ("svc", &[Kind::Service, Kind::ComposeService, Kind::Endpoint]),
    ("service", &[Kind::Service, Kind::ComposeService, Kind::Endpoint]),
    ("services", &[Kind::Service, Kind::ComposeService, Kind::Endpoint]),
    ("container", &[Kind::Container, Kind::ContainerInstance]),
    ("tg", &[Kind::TaskGroup]),
    ("alloc", &[Kind::Allocation]),
    ("app", &[Kind::Application]),
];

/// What may be meant, the likeliest first: who names a container means the workload that it is.
const ROLES: [Role; 7] =
    [Role::Workload, Role::Node, Role::Application, Role::Cluster, Role::Instance, Role::Endpoint, Role::Alert];

/// The one object that `text` names: `cluster/namespace/kind/name`, or any of these left out but the name, in that order
/// (`prod/shop/worker`, `deploy/worker`, `worker`). The namespace of what has none is `-`, or left out.
///
/// # Errors
/// There is no such object, or there are several, of which none is meant before the others.
pub fn resolve(text: &str, view: &View<'_>) -> Result<Ref, Unresolved> {
    for role in ROLES {
        let mut found: Vec<&Ref> = keys(role, view).filter(|key| names(text, key)).collect();
        found.sort_unstable();
        match found[..] {
            [] => {}
            [one] => return Ok(one.clone()),
            _ => return Err(Unresolved::Many(found.into_iter().cloned().collect())),
        }
    }
    Err(Unresolved::None)
}

/// Everything that can be named, in its full form.
pub fn all<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Ref> + use<'a> {
    let view = *view;
    ROLES.into_iter().flat_map(move |role| keys(role, &view))
}

fn keys<'a>(role: Role, view: &View<'a>) -> Box<dyn Iterator<Item = &'a Ref> + 'a> {
    match role {
        Role::Workload => Box::new(view.workloads().map(|it| &it.key)),
        Role::Node => Box::new(view.nodes().filter(|it| it.key.kind == Kind::Node).map(|it| &it.key)),
        Role::Application => Box::new(view.applications().map(|it| &it.key)),
        Role::Endpoint => Box::new(view.endpoints().map(|it| &it.key)),
        Role::Alert => Box::new(view.alerts().map(|it| &it.key)),
        Role::Cluster => Box::new(view.cluster_infos().map(|it| &it.key)),
        _ => Box::new(view.instances().map(|it| &it.key)),
    }
}

/// Whether `text` names this object: an alert by its title, too.
fn names(text: &str, key: &Ref) -> bool {
    let title = || text.strip_suffix(&*key.local()).filter(|_| key.kind == Kind::Alert);
    let Some(before) = text.strip_suffix(key.name.as_str()).or_else(title) else { return false };
    let Some(before) = before.strip_suffix('/') else { return before.is_empty() };
    let cluster = |word: &str| word == key.cluster.as_str();
    let namespace = |word: &str| word == key.namespace.as_deref().unwrap_or("-");
    let kind = |word: &str| is_kind(word, key.kind);
    match before.split('/').collect::<Vec<_>>()[..] {
        [one] => cluster(one) || (namespace(one) && one != "-") || kind(one),
        [one, two] => (cluster(one) && (namespace(two) || kind(two))) || (namespace(one) && kind(two)),
        [one, two, three] => cluster(one) && namespace(two) && kind(three),
        _ => false,
    }
}

fn is_kind(word: &str, kind: Kind) -> bool {
    let short = SHORT.iter().any(|(short, kinds)| short.eq_ignore_ascii_case(word) && kinds.contains(&kind));
    short || kind.as_str().eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Batch, ClusterId, Desired, Fact, Instance, Node, NodeState, Object, Phase, Source, Timestamp, Workload,
    };
    use crate::state::World;

    fn key(raw: &str) -> Ref {
        raw.parse().expect("a ref")
    }

    fn world() -> World {
        let work = |raw| Object::Workload(Box::new(Workload::new(key(raw), "w", Desired::Replicas(1))));
        let runs =
            |raw, of: &str| Object::Instance(Box::new(Instance::new(key(raw), "i", Some(key(of)), Phase::Running)));
        let objects = [
            ("prod", work("prod/shop/Deployment/web")),
            ("prod", runs("prod/shop/Pod/web-1", "prod/shop/Deployment/web")),
            ("prod", work("prod/shop/CronJob/backup")),
            ("prod", Object::Node(Box::new(Node::new(key("prod/-/Node/node-1"), "n", NodeState::Ready)))),
            ("stage", work("stage/shop/Deployment/web")),
            ("local", work("local/-/Container/db")),
            ("local", runs("local/-/ContainerInstance/db", "local/-/Container/db")),
            ("nomad", work("nomad/default/TaskGroup/job/web")),
        ];
        let mut world = World::default();
        for (cluster, object) in objects {
            let facts = vec![Fact::Put(Source::of("things"), object)];
            world.fold(Batch { cluster: ClusterId::new(cluster), at: Timestamp::UNIX_EPOCH, facts });
        }
        world
    }

    #[test]
    fn a_name_may_leave_out_what_is_clear_without_it() {
        let world = world();
        let of = |text: &str| resolve(text, &world.view(Timestamp::UNIX_EPOCH)).map(|key| key.to_string());
        for (text, is) in [
            ("prod/shop/Deployment/web", "prod/shop/Deployment/web"),
            ("prod/shop/web", "prod/shop/Deployment/web"),
            ("prod/web", "prod/shop/Deployment/web"),
            ("stage/deploy/web", "stage/shop/Deployment/web"),
            ("backup", "prod/shop/CronJob/backup"),
            ("cj/backup", "prod/shop/CronJob/backup"),
            ("shop/cj/backup", "prod/shop/CronJob/backup"),
            ("web-1", "prod/shop/Pod/web-1"),
            ("no/node-1", "prod/-/Node/node-1"),
            ("prod/-/node/node-1", "prod/-/Node/node-1"),
            ("db", "local/-/Container/db"),
            ("default/job/web", "nomad/default/TaskGroup/job/web"),
            ("local/containerinstance/db", "local/-/ContainerInstance/db"),
        ] {
            assert_eq!(of(text).as_deref(), Ok(is), "{text}");
        }
    }

    #[test]
    fn what_is_not_there_and_what_is_not_clear_are_told_apart() {
        let world = world();
        let of = |text: &str| resolve(text, &world.view(Timestamp::UNIX_EPOCH));
        let webs = vec![key("prod/shop/Deployment/web"), key("stage/shop/Deployment/web")];
        assert_eq!(of("shop/web"), Err(Unresolved::Many(webs)));
        for text in ["nothing", "", "/", "-/node-1", "x/prod/shop/Deployment/web", "sts/web", "eb"] {
            assert_eq!(of(text), Err(Unresolved::None), "{text}");
        }
    }
}

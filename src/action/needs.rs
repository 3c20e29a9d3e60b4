//! Which rights of a server an intent needs: so that what is known to be denied is refused before the server is.

use crate::domain::{Enter, Intent, Kind, Rights};

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
/// in one namespace: there the server is asked.
pub fn denied<'a>(intent: &Intent, rights: &'a Rights) -> Option<&'a str> {
    intent.parts().iter().find_map(|part| denied_one(part, rights))
}

fn denied_one<'a>(intent: &Intent, rights: &'a Rights) -> Option<&'a str> {
    let namespace = intent.target().namespace.as_ref();
    let is_asked = |right: &str| match right.ends_with(" nodes") {
        true => true,
        false => namespace.is_some_and(|namespace| rights.within.contains(namespace)),
    };
    let find = |right: &str| rights.denied.iter().filter(|_| is_asked(right)).find(|it| it.as_str() == right);
    let missing = |need: &&Need| need.iter().all(|right| find(right).is_some());
    let need = needs_of(intent).iter().find(missing)?;
    need.first().and_then(|right| find(right)).map(|right| right.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Ref;

    fn key(kind: &str) -> Ref {
        format!("prod/shop/{kind}/web").parse().expect("a ref")
    }

    #[test]
    fn what_is_denied_is_named_and_one_way_of_two_is_enough() {
        let rights = |denied: &[&str]| Rights {
            read_only: None,
            denied: denied.iter().map(|it| (*it).into()).collect(),
            within: vec!["shop".into()],
        };
        let drain = Intent::drain("prod/-/Node/n1".parse().expect("a ref"));
        assert_eq!(denied(&drain, &rights(&["patch nodes"])), Some("patch nodes"));
        assert_eq!(denied(&drain, &rights(&["create pods/eviction"])), None, "its pods may be elsewhere");
        assert_eq!(denied(&drain, &rights(&["delete pods"])), None);
        let restart = Intent::Restart(key("Pod"));
        assert_eq!(denied(&restart, &rights(&["create pods/eviction"])), None, "it can be deleted");
        assert!(denied(&restart, &rights(&["create pods/eviction", "delete pods"])).is_some());
        let both = Intent::Several(vec![Intent::Restart(key("Deployment")), Intent::Scale(key("StatefulSet"), 3)]);
        assert_eq!(denied(&both, &rights(&["update statefulsets/scale"])), Some("update statefulsets/scale"));
        assert_eq!(
            denied(&Intent::Restart(key("Service")), &rights(&["patch deployments"])),
            None,
            "another orchestrator"
        );
    }

    #[test]
    fn what_is_denied_everywhere_at_once_may_be_allowed_in_one_namespace() {
        let denied_at_once = ["patch deployments".into(), "patch nodes".into()].to_vec();
        let rights = |within: &[&str]| Rights {
            read_only: None,
            denied: denied_at_once.clone(),
            within: within.iter().map(|it| (*it).into()).collect(),
        };
        let restart = Intent::Restart(key("Deployment"));
        assert_eq!(denied(&restart, &rights(&[])), None);
        assert_eq!(denied(&restart, &rights(&["other"])), None);
        assert_eq!(denied(&restart, &rights(&["shop"])), Some("patch deployments"));
        let cordon = Intent::Cordon("prod/-/Node/n1".parse().expect("a ref"));
        assert_eq!(denied(&cordon, &rights(&[])), Some("patch nodes"), "a node is in no namespace");
    }
}

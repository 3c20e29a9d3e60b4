//! Which rights of a server an intent needs: so that what is known to be denied is refused before the server is.

use crate::domain::{Intent, Kind, Rights};

/// Rights of which one is enough, in the words of [`Rights::denied`]: `patch deployments`.
pub type Need = &'static [&'static str];

/// What an intent needs of a Kubernetes cluster (the verbs and resources of its requests: kubectl's `rollout`, `scale`,
/// `cordon`, `drain`); of the other orchestrators none is asked for beforehand.
pub fn needs(intent: &Intent) -> Vec<Need> {
    let mut all: Vec<Need> = Vec::new();
    for part in intent.parts() {
        for need in needs_of(part) {
            if !all.contains(need) {
                all.push(need);
            }
        }
    }
    all
}

fn needs_of(intent: &Intent) -> &'static [Need] {
    let kind = intent.target().kind;
    match (intent, kind) {
        (Intent::Restart(_) | Intent::Stop(_), Kind::Pod | Kind::BarePod) => {
            &[&["create pods/eviction", "delete pods"]]
        }
        (Intent::Kill(_), Kind::Pod | Kind::BarePod) | (Intent::Unblock(_), Kind::StatefulSet) => &[&["delete pods"]],
        (Intent::Scale(..), Kind::Deployment) => &[&["patch deployments/scale"]],
        (Intent::Scale(..), Kind::StatefulSet) => &[&["patch statefulsets/scale"]],
        (Intent::Scale(..), Kind::ReplicaSet) => &[&["patch replicasets/scale"]],
        (Intent::Scale(..), Kind::ArgoRollout) => &[&["patch rollouts/scale", "patch rollouts"]],
        (Intent::Promote(_) | Intent::Abort(_), Kind::ArgoRollout) => &[&["patch rollouts/status", "patch rollouts"]],
        (Intent::Cordon(_) | Intent::Uncordon(_), Kind::Node) => &[&["patch nodes"]],
        (Intent::Drain(..), Kind::Node) => &[&["patch nodes"], &["create pods/eviction"]],
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

/// What an intent needs and is known to be denied: none where it may be allowed.
pub fn denied<'a>(intent: &Intent, rights: &'a Rights) -> Option<&'a str> {
    let find = |right: &str| rights.denied.iter().find(|it| it.as_str() == right);
    let missing = |need: &Need| need.iter().all(|right| find(right).is_some());
    let need = needs(intent).into_iter().find(|need| missing(need))?;
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
        let rights =
            |denied: &[&str]| Rights { read_only: None, denied: denied.iter().map(|it| (*it).into()).collect() };
        let drain = Intent::drain(key("Node"));
        assert_eq!(denied(&drain, &rights(&["patch nodes"])), Some("patch nodes"));
        assert_eq!(denied(&drain, &rights(&["create pods/eviction"])), Some("create pods/eviction"));
        assert_eq!(denied(&drain, &rights(&["delete pods"])), None);
        let restart = Intent::Restart(key("Pod"));
        assert_eq!(denied(&restart, &rights(&["create pods/eviction"])), None, "it can be deleted");
        assert!(denied(&restart, &rights(&["create pods/eviction", "delete pods"])).is_some());
        let both = Intent::Several(vec![Intent::Restart(key("Deployment")), Intent::Scale(key("StatefulSet"), 3)]);
        assert_eq!(denied(&both, &rights(&["patch statefulsets/scale"])), Some("patch statefulsets/scale"));
        assert_eq!(
            denied(&Intent::Restart(key("Service")), &rights(&["patch deployments"])),
            None,
            "another orchestrator"
        );
    }
}

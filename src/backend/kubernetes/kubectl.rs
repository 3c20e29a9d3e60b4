//! What an engineer types to the same end.

use crate::backend::shell::shell;
use crate::domain::{Intent, Kind, Ref};

use super::target::{Target, Way};

/// The command, or the commands with what has to be known between them; none where there is no such thing.
pub(super) fn instead(target: &Target, intent: &Intent) -> Option<String> {
    let key = intent.target();
    let typed = |words: &str| format!("type `{}`", command(target, key, words));
    Some(match (intent, key.kind) {
        (Intent::Restart(_), Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) => {
            typed(&format!("rollout restart {}", slashed(key)))
        }
        (Intent::Restart(_), Kind::ArgoRollout) => typed(&format!("argo rollouts restart {}", shell(&key.name))),
        (Intent::Restart(_), Kind::Pod) => {
            format!("{}: what made it makes another", typed(&format!("delete pod {}", shell(&key.name))))
        }
        (Intent::Scale(_, count), Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet | Kind::ArgoRollout) => {
            typed(&format!("scale {} --replicas={count}", slashed(key)))
        }
        (Intent::Undo(_, to), Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) => {
            return Some(undo(target, key, to.as_deref()));
        }
        (Intent::Undo(_, to), Kind::ArgoRollout) => {
            let to = to.as_deref().filter(|to| is_number(to)).map(|to| format!(" --to-revision={to}"));
            typed(&format!("argo rollouts undo {}{}", shell(&key.name), to.unwrap_or_default()))
        }
        (Intent::Cordon(_), Kind::Node) => typed(&format!("cordon {}", shell(&key.name))),
        (Intent::Uncordon(_), Kind::Node) => typed(&format!("uncordon {}", shell(&key.name))),
        (Intent::Drain(..), Kind::Node) => format!(
            "{}; with --delete-emptydir-data where its pods may lose what is in their emptyDir volumes",
            typed(&format!("drain {} --ignore-daemonsets", shell(&key.name)))
        ),
        (Intent::Pause(_), Kind::Deployment) => typed(&format!("rollout pause {}", slashed(key))),
        (Intent::Resume(_), Kind::Deployment) => typed(&format!("rollout resume {}", slashed(key))),
        (Intent::Pause(_), Kind::ArgoRollout) => typed(&format!("argo rollouts pause {}", shell(&key.name))),
        (Intent::Resume(_), Kind::ArgoRollout) => typed(&format!("argo rollouts promote {}", shell(&key.name))),
        (Intent::Pause(_) | Intent::Resume(_), Kind::CronJob | Kind::Job) => {
            let suspend = matches!(intent, Intent::Pause(_));
            let patch = shell(&format!(r#"{{"spec":{{"suspend":{suspend}}}}}"#));
            typed(&format!("patch {} -p {patch}", slashed(key)))
        }
        _ => return None,
    })
}

/// A revision that kubectl takes is a number; of StatefulSets and DaemonSets a name is shown as often.
fn undo(target: &Target, key: &Ref, to: Option<&str>) -> String {
    let undo = |to: &str| command(target, key, &format!("rollout undo {}{to}", slashed(key)));
    match to {
        None => format!("type `{}`", undo("")),
        Some(to) if is_number(to) => format!("type `{}`", undo(&format!(" --to-revision={to}"))),
        Some(to) => {
            let history = command(target, key, &format!("rollout history {}", slashed(key)));
            format!("find the number of {to} with `{history}`, then type `{}`", undo(" --to-revision=NUMBER"))
        }
    }
}

fn is_number(raw: &str) -> bool {
    !raw.is_empty() && raw.bytes().all(|byte| byte.is_ascii_digit())
}

fn command(target: &Target, key: &Ref, words: &str) -> String {
    let mut command = "kubectl".to_owned();
    // A plugin is named before the flags that are meant for it.
    let (plugin, words) = match words.strip_prefix("argo rollouts ") {
        Some(rest) => (" argo rollouts", rest),
        None => ("", words),
    };
    command.push_str(plugin);
    if let Way::Context { context, .. } = &target.way {
        command.push_str(&format!(" --context {}", shell(context)));
    }
    if let Some(namespace) = &key.namespace {
        command.push_str(&format!(" -n {}", shell(namespace)));
    }
    format!("{command} {words}")
}

/// `deployment/web`
fn slashed(key: &Ref) -> String {
    let kind = match key.kind {
        Kind::ArgoRollout => "rollouts.argoproj.io".to_owned(),
        kind => kind.as_str().to_ascii_lowercase(),
    };
    shell(&format!("{kind}/{}", key.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::kubernetes::Proxies;
    use crate::domain::{ClusterId, Name, Text};

    fn target(context: &str) -> Target {
        Target {
            name: ClusterId::new("prod"),
            way: Way::Context { files: Vec::new(), context: context.to_owned() },
            namespaces: Vec::new(),
            how: Text::new("current context"),
            read_only: false,
            proxies: Proxies::default(),
        }
    }

    fn said(intent: Intent) -> String {
        instead(&target("prod"), &intent).expect("a command")
    }

    fn key(raw: &str) -> Ref {
        raw.parse().expect("a ref")
    }

    #[test]
    fn every_action_has_its_command() {
        let web = || key("prod/shop/Deployment/web");
        let node = || key("prod/-/Node/n1");
        let at = |words: &str| format!("type `kubectl --context prod {words}`");
        assert_eq!(said(Intent::Restart(web())), at("-n shop rollout restart deployment/web"));
        assert_eq!(said(Intent::Scale(web(), 3)), at("-n shop scale deployment/web --replicas=3"));
        assert_eq!(said(Intent::Undo(web(), None)), at("-n shop rollout undo deployment/web"));
        let to = Some(Name::new("4"));
        assert_eq!(said(Intent::Undo(web(), to)), at("-n shop rollout undo deployment/web --to-revision=4"));
        assert_eq!(said(Intent::Pause(web())), at("-n shop rollout pause deployment/web"));
        assert_eq!(said(Intent::Resume(web())), at("-n shop rollout resume deployment/web"));
        assert_eq!(said(Intent::Cordon(node())), at("cordon n1"));
        assert_eq!(said(Intent::Uncordon(node())), at("uncordon n1"));
        assert!(said(Intent::drain(node())).starts_with(&at("drain n1 --ignore-daemonsets")));
        let job = key("prod/shop/CronJob/backup");
        assert_eq!(said(Intent::Pause(job)), at(r#"-n shop patch cronjob/backup -p '{"spec":{"suspend":true}}'"#));
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        let odd = Intent::Restart(key("prod/a;b/StatefulSet/$(x)"));
        let command = instead(&target("it's prod"), &odd).expect("a command");
        assert_eq!(command, r"type `kubectl --context 'it'\''s prod' -n 'a;b' rollout restart 'statefulset/$(x)'`");
    }

    #[test]
    fn a_revision_that_is_no_number_is_looked_up_first() {
        let undo = said(Intent::Undo(key("prod/shop/StatefulSet/db"), Some(Name::new("db-6f9"))));
        assert!(undo.contains("rollout history statefulset/db") && undo.contains("--to-revision=NUMBER"), "{undo}");
    }

    #[test]
    fn in_a_cluster_there_is_no_context_and_some_things_there_are_not() {
        let mut inside = target("x");
        inside.way = Way::InCluster;
        let command = instead(&inside, &Intent::Cordon(key("prod/-/Node/n1")));
        assert_eq!(command.as_deref(), Some("type `kubectl cordon n1`"));
        assert_eq!(instead(&inside, &Intent::Scale(key("prod/shop/DaemonSet/agent"), 2)), None);
        let rollout = instead(&inside, &Intent::Undo(key("prod/shop/Rollout/web"), None));
        assert_eq!(rollout.as_deref(), Some("type `kubectl argo rollouts -n shop undo web`"));
    }
}

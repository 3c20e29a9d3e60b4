//! What an engineer types to the same end.

use crate::backend::shell::shell;
use crate::domain::{Enter, Including, Intent, Kind, Ref, Setting};

use super::super::target::{Target, Way};

/// The command; none where kubectl has none, or none that does the same.
pub(super) fn command(target: &Target, intent: &Intent) -> Option<String> {
    let key = intent.target();
    let words = match (intent, key.kind) {
        (Intent::Restart(_), Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) => {
            format!("rollout restart {}", slashed(key))
        }
        (Intent::Restart(_), Kind::ArgoRollout) => format!("argo rollouts restart {}", shell(&key.name)),
        (Intent::Restart(_) | Intent::Stop(_), Kind::Pod | Kind::BarePod) => format!("delete pod {}", shell(&key.name)),
        (Intent::Kill(_), Kind::Pod | Kind::BarePod) => {
            format!("delete pod {} --grace-period=0 --force", shell(&key.name))
        }
        (Intent::Scale(_, count), Kind::Deployment | Kind::StatefulSet | Kind::ReplicaSet | Kind::ArgoRollout) => {
            format!("scale {} --replicas={count}", slashed(key))
        }
        (Intent::Undo(_, to), Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet) => {
            format!("rollout undo {}{}", slashed(key), revision(to.as_deref())?)
        }
        (Intent::Undo(_, to), Kind::ArgoRollout) => {
            format!("argo rollouts undo {}{}", shell(&key.name), revision(to.as_deref())?)
        }
        (Intent::Set(_, setting), _) => set(key, setting),
        (Intent::Cordon(_), Kind::Node) => format!("cordon {}", shell(&key.name)),
        (Intent::Uncordon(_), Kind::Node) => format!("uncordon {}", shell(&key.name)),
        (Intent::Drain(_, including), Kind::Node) => drain(key, *including),
        (Intent::Pause(_), Kind::Deployment) => format!("rollout pause {}", slashed(key)),
        (Intent::Resume(_), Kind::Deployment) => format!("rollout resume {}", slashed(key)),
        (Intent::Pause(_), Kind::ArgoRollout) => format!("argo rollouts pause {}", shell(&key.name)),
        (Intent::Resume(_), Kind::ArgoRollout) => format!("argo rollouts promote {}", shell(&key.name)),
        (Intent::Pause(_) | Intent::Resume(_), Kind::CronJob | Kind::Job) => {
            let suspend = matches!(intent, Intent::Pause(_));
            let patch = shell(&format!(r#"{{"spec":{{"suspend":{suspend}}}}}"#));
            format!("patch {} -p {patch}", slashed(key))
        }
        (Intent::Pause(_), Kind::Application) => {
            let patch = shell(r#"{"spec":{"syncPolicy":{"automated":null}}}"#);
            format!("patch applications.argoproj.io {} --type=merge -p {patch}", shell(&key.name))
        }
        (Intent::Promote(_), Kind::ArgoRollout) => format!("argo rollouts promote --full {}", shell(&key.name)),
        (Intent::Abort(_), Kind::ArgoRollout) => format!("argo rollouts abort {}", shell(&key.name)),
        (Intent::Trigger(_), Kind::CronJob) => {
            format!("create job --from={} {}", slashed(key), shell(&format!("{}-manual", key.name)))
        }
        (Intent::Shell(key, enter), Kind::Pod) => enters(key, enter),
        _ => return None,
    };
    Some(with_target(target, key, &words))
}

/// A revision that kubectl takes is a number; of StatefulSets and DaemonSets a name is shown as often, and it takes none.
fn revision(to: Option<&str>) -> Option<String> {
    match to {
        None => Some(String::new()),
        Some(to) if is_number(to) => Some(format!(" --to-revision={to}")),
        Some(_) => None,
    }
}

fn is_number(raw: &str) -> bool {
    !raw.is_empty() && raw.bytes().all(|byte| byte.is_ascii_digit())
}

fn set(key: &Ref, setting: &Setting) -> String {
    let limit = |name: &Option<crate::domain::Name>, what: &str, amount: String| {
        let containers = name.as_deref().map(|name| format!(" -c {}", shell(name))).unwrap_or_default();
        format!("set resources {}{containers} --limits={what}={amount}", slashed(key))
    };
    match setting {
        Setting::Image(name, image) => {
            let pair = format!("{}={image}", name.as_deref().unwrap_or("*"));
            format!("set image {} {}", slashed(key), shell(&pair))
        }
        // kubectl takes a limit away that is set to nothing.
        Setting::Memory(name, bytes) => limit(name, "memory", bytes.unwrap_or(0).to_string()),
        Setting::Cpu(name, millis) => limit(name, "cpu", millis.map_or_else(|| "0".to_owned(), |it| format!("{it}m"))),
    }
}

fn drain(key: &Ref, including: Including) -> String {
    let mut words = format!("drain {} --ignore-daemonsets", shell(&key.name));
    if including.unmanaged {
        words.push_str(" --force");
    }
    if including.local_data {
        words.push_str(" --delete-emptydir-data");
    }
    words
}

fn enters(key: &Ref, enter: &Enter) -> String {
    let words: Vec<String> = enter.command.iter().map(|word| shell(word)).collect();
    let name = shell(&key.name);
    let Some(debugger) = &enter.debug else {
        let container = enter.container.as_deref().map(|it| format!(" -c {}", shell(it))).unwrap_or_default();
        let words = if words.is_empty() { "sh".to_owned() } else { words.join(" ") };
        return format!("exec -it {name}{container} -- {words}");
    };
    let image = debugger.image.as_deref().map(|it| format!(" --image={}", shell(it))).unwrap_or_default();
    let beside = enter.container.as_deref().map(|it| format!(" --target={}", shell(it))).unwrap_or_default();
    let words = if words.is_empty() { String::new() } else { format!(" -- {}", words.join(" ")) };
    format!("debug -it {name}{image}{beside}{words}")
}

fn with_target(target: &Target, key: &Ref, words: &str) -> String {
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
    use crate::domain::{ClusterId, Debugger, Name, Text};

    fn target(context: &str) -> Target {
        Target {
            name: ClusterId::new("prod"),
            way: Way::Context { files: Vec::new(), context: context.to_owned() },
            namespaces: Vec::new(),
            how: Text::new("current context"),
            read_only: false,
            debug_image: Name::new("busybox"),
            proxies: Proxies::default(),
        }
    }

    fn said(intent: Intent) -> String {
        command(&target("prod"), &intent).expect("a command")
    }

    fn key(raw: &str) -> Ref {
        raw.parse().expect("a ref")
    }

    #[test]
    fn every_action_has_its_command() {
        let web = || key("prod/shop/Deployment/web");
        let node = || key("prod/-/Node/n1");
        let at = |words: &str| format!("kubectl --context prod {words}");
        assert_eq!(said(Intent::Restart(web())), at("-n shop rollout restart deployment/web"));
        assert_eq!(said(Intent::Scale(web(), 3)), at("-n shop scale deployment/web --replicas=3"));
        assert_eq!(said(Intent::Undo(web(), None)), at("-n shop rollout undo deployment/web"));
        let to = Some(Name::new("4"));
        assert_eq!(said(Intent::Undo(web(), to)), at("-n shop rollout undo deployment/web --to-revision=4"));
        assert_eq!(said(Intent::Pause(web())), at("-n shop rollout pause deployment/web"));
        assert_eq!(said(Intent::Resume(web())), at("-n shop rollout resume deployment/web"));
        assert_eq!(said(Intent::Cordon(node())), at("cordon n1"));
        assert_eq!(said(Intent::Uncordon(node())), at("uncordon n1"));
        assert_eq!(said(Intent::drain(node())), at("drain n1 --ignore-daemonsets"));
        let all = Including { unmanaged: true, local_data: true };
        let everything = at("drain n1 --ignore-daemonsets --force --delete-emptydir-data");
        assert_eq!(said(Intent::Drain(node(), all)), everything);
        let job = || key("prod/shop/CronJob/backup");
        assert_eq!(said(Intent::Pause(job())), at(r#"-n shop patch cronjob/backup -p '{"spec":{"suspend":true}}'"#));
        assert_eq!(said(Intent::Trigger(job())), at("-n shop create job --from=cronjob/backup backup-manual"));
        let image = Intent::Set(web(), Setting::Image(Some(Name::new("app")), Name::new("app:2")));
        assert_eq!(said(image), at("-n shop set image deployment/web app=app:2"));
        let pod = || key("prod/shop/Pod/web-0");
        let enter = Enter { container: Some("app".into()), ..Enter::default() };
        assert_eq!(said(Intent::Shell(pod(), enter.clone())), at("-n shop exec -it web-0 -c app -- sh"));
        let command = Enter { command: vec!["cat".into(), "a b".into()], ..Enter::default() };
        assert_eq!(said(Intent::Shell(pod(), command)), at("-n shop exec -it web-0 -- cat 'a b'"));
        let debug = Enter { debug: Some(Debugger { image: Some("busybox:1.37".into()), name: None }), ..enter };
        assert_eq!(said(Intent::Shell(pod(), debug)), at("-n shop debug -it web-0 --image=busybox:1.37 --target=app"));
        let memory = Intent::Set(web(), Setting::Memory(None, Some(1024)));
        assert_eq!(said(memory), at("-n shop set resources deployment/web --limits=memory=1024"));
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        let odd = Intent::Restart(key("prod/a;b/StatefulSet/$(x)"));
        let command = command(&target("it's prod"), &odd).expect("a command");
        assert_eq!(command, r"kubectl --context 'it'\''s prod' -n 'a;b' rollout restart 'statefulset/$(x)'");
    }

    #[test]
    fn in_a_cluster_there_is_no_context_and_some_things_there_are_not() {
        let mut inside = target("x");
        inside.way = Way::InCluster;
        let command = |intent| super::command(&inside, &intent);
        assert_eq!(command(Intent::Cordon(key("prod/-/Node/n1"))).as_deref(), Some("kubectl cordon n1"));
        assert_eq!(command(Intent::Scale(key("prod/shop/DaemonSet/agent"), 2)), None);
        let by_name = Intent::Undo(key("prod/shop/StatefulSet/db"), Some(Name::new("db-6f9")));
        assert_eq!(command(by_name), None, "kubectl takes numbers alone");
        let rollout = command(Intent::Undo(key("prod/shop/Rollout/web"), None));
        assert_eq!(rollout.as_deref(), Some("kubectl argo rollouts -n shop undo web"));
    }
}

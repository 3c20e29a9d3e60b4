//! What an engineer would type to the same end, and what there is not, with what to do in its place.

use serde_json::Value;

use crate::backend::shell::shell;
use crate::domain::{Intent, Kind, Ref, Refusal, Setting};

use super::super::belongs::full_name;

/// Refuses what a kind has not, without asking the engine.
pub(super) fn admit(intent: &Intent) -> Result<(), Refusal> {
    let key = intent.target();
    let has = match intent {
        Intent::Restart(_) => [&[Kind::Service, Kind::Task][..], CONTAINERS].concat(),
        Intent::Set(..) => [&[Kind::Service][..], CONTAINERS].concat(),
        Intent::Stop(_) | Intent::Kill(_) => [&[Kind::Task][..], CONTAINERS].concat(),
        Intent::Start(_) => CONTAINERS.to_vec(),
        Intent::Scale(..) => vec![Kind::Service, Kind::ComposeService],
        Intent::Undo(..) | Intent::Resume(_) => vec![Kind::Service],
        Intent::Cordon(_) | Intent::Uncordon(_) | Intent::Drain(..) => vec![Kind::Node],
        Intent::Recreate(_) => vec![Kind::ComposeService],
        Intent::Prune(_) => vec![Kind::Cluster],
        Intent::Shell(..) => vec![Kind::Container, Kind::ContainerInstance, Kind::Task],
        _ => Vec::new(),
    };
    if has.contains(&key.kind) { Ok(()) } else { Err(no_such(intent)) }
}

const CONTAINERS: &[Kind] = &[Kind::Container, Kind::ContainerInstance, Kind::ComposeService];

/// A kind has no such thing: why, and what to do in its place.
pub(super) fn no_such(intent: &Intent) -> Refusal {
    let key = intent.target();
    let name = shell(&key.name);
    let (why, mend) = match (intent, key.kind) {
        (Intent::Pause(_), Kind::Service) => (
            "a Swarm has no request that holds an update: it pauses one by itself when it fails".to_owned(),
            "roll back, or deploy again with `docker service update --update-failure-action pause`".to_owned(),
        ),
        (Intent::Stop(_), Kind::Service) => (
            "a Swarm's service is not stopped, it is scaled".to_owned(),
            "scale it to 0 (and back, to start it)".to_owned(),
        ),
        (Intent::Kill(_), Kind::Service) => {
            ("it would be made again at once".to_owned(), "kill one of its tasks, or scale it to 0".to_owned())
        }
        (Intent::Start(_), Kind::Service) => {
            ("a Swarm starts its tasks by itself".to_owned(), "scale it up where it is at 0".to_owned())
        }
        (Intent::Start(_), Kind::Task) => {
            ("a task runs once: its service makes another one".to_owned(), "restart or scale its service".to_owned())
        }
        (Intent::Recreate(_), Kind::Service) => (
            "a Swarm makes tasks anew with each restart".to_owned(),
            "restart it; to have another image, set the image".to_owned(),
        ),
        (Intent::Scale(..), Kind::Container | Kind::ContainerInstance) => {
            ("it is one container by itself: it has no number to set".to_owned(), "run a second one".to_owned())
        }
        (Intent::Scale(..), Kind::Task) => {
            ("it is one task: its service has the number".to_owned(), "scale its service".to_owned())
        }
        (Intent::Undo(..), Kind::ComposeService) => (
            "a Compose project keeps no former configuration: the engine knows only what runs".to_owned(),
            "put the former version of its Compose file in place, and recreate it".to_owned(),
        ),
        (Intent::Undo(..), Kind::Container | Kind::ContainerInstance) => (
            "an engine keeps no former definition of a container".to_owned(),
            "remove it, and run it anew with the former image".to_owned(),
        ),
        (Intent::Undo(..) | Intent::Set(..), Kind::Task) => {
            ("a task is made by its service".to_owned(), "do it to its service".to_owned())
        }
        (Intent::Pause(_), Kind::Container | Kind::ContainerInstance) => (
            "a container has no rollout that could be held".to_owned(),
            format!("to freeze it, type `docker pause {name}`"),
        ),
        (Intent::Resume(_), Kind::Container | Kind::ContainerInstance) => (
            "a container has no rollout that could go on".to_owned(),
            format!("if it is frozen, type `docker unpause {name}`"),
        ),
        (Intent::Pause(_) | Intent::Resume(_), Kind::ComposeService) => {
            ("a Compose project has no rollouts".to_owned(), "stop or start it".to_owned())
        }
        (Intent::Recreate(_), Kind::Container | Kind::ContainerInstance) => (
            "a container by itself has no definition that it could be made from anew".to_owned(),
            "of a Compose project, recreate its service; else remove it and run it anew".to_owned(),
        ),
        (Intent::Recreate(_) | Intent::Scale(..) | Intent::Restart(_), Kind::Node) => {
            ("a node is a machine".to_owned(), "drain it, then do it on the machine".to_owned())
        }
        (Intent::Cordon(_) | Intent::Uncordon(_) | Intent::Drain(..), _) => {
            ("only a Swarm's node is cordoned or drained".to_owned(), "do it to the node that it runs on".to_owned())
        }
        (Intent::Promote(_) | Intent::Abort(_), _) => {
            ("a Docker engine has no canaries".to_owned(), "roll forward with an image, or roll back".to_owned())
        }
        (Intent::Trigger(_), _) => {
            ("a Docker engine has no schedules".to_owned(), "run it by whatever runs it on a schedule".to_owned())
        }
        (Intent::Unblock(_), _) => {
            ("nothing of a Docker engine is held up by a broken instance".to_owned(), "restart or roll back".to_owned())
        }
        (Intent::Shell(..), _) => {
            ("nothing runs in it that could be entered".to_owned(), "choose one of its containers".to_owned())
        }
        (Intent::Prune(_), _) => ("only a whole engine is pruned".to_owned(), "do it to the engine".to_owned()),
        _ => (
            format!("a {} has no such thing on a Docker engine", key.kind.noun()),
            "choose something that it has (`m` lists it)".to_owned(),
        ),
    };
    Refusal::of(intent, why, mend)
}

/// A command and a name, as a shell takes them.
pub(super) fn typed(command: &str, name: &str) -> String {
    format!("{command} {}", shell(name))
}

/// What an engineer types to the same end; none where that needs more than the intent.
pub(super) fn equivalent(intent: &Intent) -> Option<String> {
    let key = intent.target();
    let name = if key.kind == Kind::Service { shell(&full_name(key)) } else { shell(&key.name) };
    let project = project(key);
    Some(match (intent, key.kind) {
        (Intent::Restart(_), Kind::ComposeService) => format!("docker compose -p {project} restart {name}"),
        (Intent::Stop(_), Kind::ComposeService) => format!("docker compose -p {project} stop {name}"),
        (Intent::Start(_), Kind::ComposeService) => format!("docker compose -p {project} start {name}"),
        (Intent::Kill(_), Kind::ComposeService) => format!("docker compose -p {project} kill {name}"),
        (Intent::Scale(_, count), Kind::ComposeService) => {
            format!("docker compose -p {project} up -d --no-deps --no-recreate --scale {name}={count} {name}")
        }
        (Intent::Recreate(_), Kind::ComposeService) => format!(
            "docker compose -p {project} pull {name} && docker compose -p {project} up -d --no-deps --force-recreate {name}"
        ),
        (Intent::Restart(_), Kind::Service) => format!("docker service update --force {name}"),
        (Intent::Scale(_, count), Kind::Service) => format!("docker service scale {name}={count}"),
        (Intent::Undo(..), Kind::Service) => format!("docker service rollback {name}"),
        (Intent::Resume(_), Kind::Service) => format!("docker service update {name}"),
        (Intent::Set(_, setting), Kind::Service) => match setting {
            Setting::Image(_, image) => {
                format!("docker service update --no-resolve-image --image {} {name}", shell(image))
            }
            Setting::Memory(_, to) => format!("docker service update --limit-memory {} {name}", to.unwrap_or(0)),
            Setting::Cpu(_, to) => format!("docker service update --limit-cpu {} {name}", cores(to.unwrap_or(0))),
        },
        (Intent::Restart(_), Kind::Container | Kind::ContainerInstance) => format!("docker restart {name}"),
        (Intent::Stop(_), Kind::Container | Kind::ContainerInstance) => format!("docker stop {name}"),
        (Intent::Start(_), Kind::Container | Kind::ContainerInstance) => format!("docker start {name}"),
        (Intent::Kill(_), Kind::Container | Kind::ContainerInstance) => format!("docker kill {name}"),
        (Intent::Cordon(_), Kind::Node) => format!("docker node update --availability pause {name}"),
        (Intent::Uncordon(_), Kind::Node) => format!("docker node update --availability active {name}"),
        (Intent::Drain(..), Kind::Node) => format!("docker node update --availability drain {name}"),
        (Intent::Prune(_), _) => "docker container prune && docker image prune && docker builder prune".to_owned(),
        _ => return None,
    })
}

/// To end a task's container.
pub(super) fn of_a_task(intent: &Intent, container: &str) -> String {
    let verb = if matches!(intent, Intent::Kill(_)) { "kill" } else { "stop" };
    format!("docker {verb} {}", super::super::convert::short(container))
}

/// To set a container's limits, from the body of the request.
pub(super) fn update(name: &str, body: &Value) -> String {
    let mut line = "docker update".to_owned();
    for (field, option) in [("Memory", "--memory"), ("MemorySwap", "--memory-swap")] {
        if let Some(amount) = body[field].as_i64() {
            line.push_str(&format!(" {option} {amount}"));
        }
    }
    if let Some(nanos) = body["NanoCpus"].as_u64() {
        line.push_str(&format!(" --cpus {}", cores(nanos / 1_000_000)));
    }
    for (field, option) in [("CpuPeriod", "--cpu-period"), ("CpuQuota", "--cpu-quota")] {
        if let Some(amount) = body[field].as_i64() {
            line.push_str(&format!(" {option} {amount}"));
        }
    }
    typed(&line, name)
}

/// Thousandths of a core as the docker command takes them: `0.25`.
fn cores(millis: u64) -> String {
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn project(key: &Ref) -> String {
    key.namespace.as_deref().map(shell).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(raw: &str) -> Ref {
        raw.parse().expect("a ref")
    }

    #[test]
    fn what_would_be_typed_is_what_a_shell_takes() {
        let command = |intent: Intent| equivalent(&intent);
        let compose = key("local/shop/ComposeService/web");
        assert_eq!(command(Intent::Restart(compose.clone())).as_deref(), Some("docker compose -p shop restart web"));
        assert_eq!(command(Intent::drain(compose)), None);
        let of_a_stack = key("swarm/shop/Service/web");
        assert_eq!(command(Intent::Scale(of_a_stack.clone(), 3)).as_deref(), Some("docker service scale shop_web=3"));
        let cpu = Intent::Set(of_a_stack, Setting::Cpu(None, Some(250)));
        assert_eq!(command(cpu).as_deref(), Some("docker service update --limit-cpu 0.25 shop_web"));
        let odd = key("local/-/Container/a;b");
        assert_eq!(command(Intent::Restart(odd)).as_deref(), Some("docker restart 'a;b'"));
    }

    #[test]
    fn cores_are_written_as_short_as_they_are() {
        assert_eq!([0, 250, 1000, 1500, 12].map(cores), ["0", "0.25", "1", "1.5", "0.012"]);
    }
}

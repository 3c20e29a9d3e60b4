//! What can be done through this backend besides watching.

use async_trait::async_trait;

use crate::backend::shell::shell;
use crate::domain::{
    Backend, Draft, Form, Intent, Kind, LogRequest, LogStream, Receipt, Ref, Refusal, Step, StepError, Text,
};

use super::api::Api;
use super::belongs::full_name;
use super::failure::Failure;
use super::logs::{self, Speaker};
use super::{Docker, crowd, describe, swarm};

#[async_trait]
impl Backend for Docker {
    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        let key = intent.target();
        if self.target().read_only {
            return Err(Refusal::of(&intent, "this engine is watched read-only", "start cockpit without --read-only"));
        }
        let mend = match instead(&intent) {
            Some(command) => format!("type `{command}`"),
            None => format!("a {} has no such thing on a Docker engine", key.kind.noun()),
        };
        Err(Refusal::of(&intent, "cockpit changes nothing on a Docker engine", mend))
    }

    async fn execute(&self, step: Step) -> Result<Receipt, StepError> {
        let why = if self.target().read_only {
            "this engine is watched read-only"
        } else {
            "cockpit changes nothing on a Docker engine"
        };
        Err(StepError::Denied(Text::from(format!("{why}: {}", step.action.target().local()))))
    }

    async fn logs(&self, request: LogRequest) -> Result<LogStream, Text> {
        let key = request.instance.clone();
        let fails = |failure: Failure| Text::from(format!("the output of {} cannot be read: {failure}", key.local()));
        let api = self.connect().await.map_err(fails)?;
        if crowd::tells(key.kind) && request.previous {
            return Err(Text::new("the runs before of several are not told together; choose one of what it runs"));
        }
        if crowd::tells(key.kind) {
            return crowd::follow(self.transport.clone(), self.pace, api, request).await.map_err(fails);
        }
        let speaker = match key.kind {
            Kind::Container | Kind::ContainerInstance => Some(Speaker::Container(key.name.to_string())),
            Kind::Task => swarm::find(&api, &key, request.previous)
                .await
                .map_err(fails)?
                .and_then(|path| Some(Speaker::Task(path.strip_prefix("/tasks/")?.to_owned()))),
            _ => return Err(crowd::no_output(&key)),
        };
        let speaker = speaker.ok_or_else(|| Text::from(format!("{} is not there any more", key.local())))?;
        let until = match &speaker {
            Speaker::Container(id) if request.previous => {
                let before = logs::before(&api, id).await.map_err(fails)?;
                let first = || Text::from(format!("{} is in its first run: there is none before it", key.local()));
                Some(before.ok_or_else(first)?)
            }
            _ => None,
        };
        logs::follow(self.transport.clone(), self.pace, api, speaker, request, until).await.map_err(fails)
    }

    async fn describe(&self, key: Ref, form: Form) -> Result<Vec<Text>, Text> {
        let fails = |failure: Failure| Text::from(format!("{} cannot be described: {failure}", key.local()));
        let api = self.connect().await.map_err(fails)?;
        describe::describe(&api, &key, form).await
    }
}

impl Docker {
    async fn connect(&self) -> Result<Api, Failure> {
        Api::connect(&self.transport, self.pace).await
    }
}

/// What an engineer types to the same end; none where the engine has no such thing.
fn instead(intent: &Intent) -> Option<String> {
    let key = intent.target();
    let name = if key.kind == Kind::Service { shell(&full_name(key)) } else { shell(&key.name) };
    let project = key.namespace.as_deref().map(shell).unwrap_or_default();
    Some(match (intent, key.kind) {
        (Intent::Restart(_), Kind::ComposeService) => format!("docker compose -p {project} restart {name}"),
        (Intent::Restart(_), Kind::Service) => format!("docker service update --force {name}"),
        (Intent::Restart(_), Kind::Container | Kind::ContainerInstance) => format!("docker restart {name}"),
        (Intent::Scale(_, count), Kind::ComposeService) => {
            format!("docker compose -p {project} up -d --no-recreate --scale {name}={count} {name}")
        }
        (Intent::Scale(_, count), Kind::Service) => format!("docker service scale {name}={count}"),
        (Intent::Undo(..), Kind::Service) => format!("docker service rollback {name}"),
        (Intent::Cordon(_), Kind::Node) => format!("docker node update --availability pause {name}"),
        (Intent::Uncordon(_), Kind::Node) => format!("docker node update --availability active {name}"),
        (Intent::Drain(..), Kind::Node) => format!("docker node update --availability drain {name}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_to_type_instead() {
        let key: Ref = "local/shop/ComposeService/web".parse().expect("a ref");
        let command = instead(&Intent::Restart(key.clone()));
        assert_eq!(command.as_deref(), Some("docker compose -p shop restart web"));
        assert_eq!(instead(&Intent::drain(key)), None);
        let of_a_stack: Ref = "swarm/shop/Service/web".parse().expect("a ref");
        let command = instead(&Intent::Scale(of_a_stack, 3));
        assert_eq!(command.as_deref(), Some("docker service scale shop_web=3"));
        let odd: Ref = "local/-/Container/a;b".parse().expect("a ref");
        assert_eq!(instead(&Intent::Restart(odd)).as_deref(), Some("docker restart 'a;b'"));
    }
}

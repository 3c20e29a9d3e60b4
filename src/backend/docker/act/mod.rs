//! What can be done through this backend besides watching.
//!
//! `prepare` reads afresh and changes nothing; `execute` reads once more, compares what it finds with the step's pin, and
//! only then writes. Both refuse on an engine that is watched read-only, below every key and subcommand.

mod brief;
mod compose;
mod config;
mod constraints;
mod container;
mod definition;
mod line;
mod node;
mod pins;
mod prune;
mod rollback;
mod room;
mod service;
mod shell;
mod task;
mod template;
mod words;

use async_trait::async_trait;

use crate::domain::{
    Attach, Attached, Backend, Draft, Form, Intent, Kind, LogRequest, LogStream, Receipt, Ref, Refusal, Step,
    StepAction, StepError, Text,
};

use super::api::Api;
use super::failure::Failure;
use super::logs::{self, Speaker};
use super::{Docker, Target, crowd, describe, swarm};

/// What acting needs: the engine that answered, and how it is reached.
struct Hand<'a> {
    api: &'a Api,
    target: &'a Target,
}

#[async_trait]
impl Backend for Docker {
    fn read_only(&self) -> bool {
        self.target().read_only
    }

    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        if self.target().read_only {
            return Err(Refusal::of(&intent, READ_ONLY, "start cockpit without --read-only"));
        }
        for part in intent.parts() {
            words::admit(part)?;
        }
        let api = self.connect().await.map_err(|failure| brief::unread(&intent, &failure))?;
        let hand = Hand { api: &api, target: self.target() };
        match &intent {
            Intent::Several(parts) => {
                let mut drafts = Vec::with_capacity(parts.len());
                for part in parts {
                    drafts.push(hand.draft(part).await?);
                }
                Ok(brief::joined(&intent, drafts))
            }
            one => hand.draft(one).await,
        }
    }

    async fn execute(&self, step: Step) -> Result<Receipt, StepError> {
        if self.target().read_only {
            return Err(StepError::Denied(Text::from(format!("{READ_ONLY}: {}", step.action.target().local()))));
        }
        let api = self.connect().await.map_err(|failure| {
            StepError::Failed(Text::from(format!("nothing was sent: the engine cannot be reached: {failure}")))
        })?;
        Hand { api: &api, target: self.target() }.do_it(&step).await
    }

    async fn attach(&self, attach: Attach) -> Result<Attached, StepError> {
        if self.target().read_only {
            return Err(StepError::Denied(Text::from(format!("{READ_ONLY}: {}", attach.instance.local()))));
        }
        let api = self.connect().await.map_err(|failure| {
            StepError::Failed(Text::from(format!("nothing was begun: the engine cannot be reached: {failure}")))
        })?;
        shell::attach(api, attach).await
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

const READ_ONLY: &str = "this engine is watched read-only";

impl Docker {
    async fn connect(&self) -> Result<Api, Failure> {
        Api::connect(&self.transport, self.pace).await
    }
}

impl Hand<'_> {
    /// How one thing would be done. [`words::admit`] has let it through: its kind has such a thing.
    async fn draft(&self, intent: &Intent) -> Result<Draft, Refusal> {
        let key = intent.target();
        if let Intent::Shell(_, enter) = intent {
            return self.draft_shell(intent, key, enter).await;
        }
        let draft = match key.kind {
            Kind::Service => self.draft_service(intent, key).await,
            Kind::Task => self.draft_task(intent, key).await,
            Kind::Node => self.draft_node(intent, key).await,
            Kind::Container | Kind::ContainerInstance => self.draft_container(intent, key).await,
            Kind::ComposeService => self.draft_compose(intent, key).await,
            Kind::Cluster => self.draft_prune(intent, key).await,
            _ => Err(words::no_such(intent)),
        };
        draft.map(|draft| match &draft.equivalent {
            Some(_) => draft,
            None => Draft { equivalent: words::equivalent(intent).map(Text::from), ..draft },
        })
    }

    async fn do_it(&self, step: &Step) -> Result<Receipt, StepError> {
        let key = step.action.target();
        if let StepAction::Enter(..) = &step.action {
            return Err(StepError::Failed(Text::new("a shell needs a terminal, and there is none")));
        }
        match (&step.action, key.kind) {
            (StepAction::Prune(_, waste), _) => self.prune(step, *waste).await,
            (_, Kind::Service) => self.do_service(step).await,
            (_, Kind::Task) => self.do_task(step).await,
            (_, Kind::Node) => self.do_node(step).await,
            (_, Kind::Container | Kind::ContainerInstance) => self.do_container(step).await,
            (_, Kind::ComposeService) => self.do_compose(step).await,
            _ => Err(brief::no_step(step)),
        }
    }
}

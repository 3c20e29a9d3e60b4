//! What can be done to a region besides watching it.
//!
//! `prepare` reads afresh and changes nothing; `execute` reads once more, compares what it finds with the step's pin, and only
//! then writes. Both refuse on a region that is watched read-only, below every key and subcommand.

mod allocation;
mod brief;
mod deployment;
mod exec;
mod gc;
mod job;
mod node;
mod periodic;
mod preview;
mod restart;
mod revert;
mod room;
mod scale;
mod set;
mod shell;
mod words;

use async_trait::async_trait;

use crate::backend::draft;
use crate::domain::{
    Attach, Attached, Backend, Draft, Form, Intent, Kind, LogRequest, LogStream, Receipt, Ref, Refusal, Step,
    StepAction, StepError, Text,
};

use super::Nomad;
use super::api::Api;

/// What acting needs: the way to the region.
struct Hand {
    api: Api,
}

const READ_ONLY: &str = "this region is watched read-only";

#[async_trait]
impl Backend for Nomad {
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
        let api = self.api().map_err(|failure| brief::unread(&intent, &failure))?;
        let hand = Hand { api };
        match &intent {
            Intent::Several(parts) => {
                let mut drafts = Vec::with_capacity(parts.len());
                for part in parts {
                    drafts.push(hand.draft(part).await?);
                }
                Ok(draft::joined(&intent, drafts))
            }
            one => hand.draft(one).await,
        }
    }

    async fn execute(&self, step: Step) -> Result<Receipt, StepError> {
        if self.target().read_only {
            return Err(StepError::Denied(Text::from(format!("{READ_ONLY}: {}", step.action.target().local()))));
        }
        let api =
            self.api().map_err(|failure| StepError::Failed(Text::from(format!("nothing was sent: {failure}"))))?;
        Hand { api }.do_it(&step).await
    }

    async fn attach(&self, attach: Attach) -> Result<Attached, StepError> {
        if self.target().read_only {
            return Err(StepError::Denied(Text::from(format!("{READ_ONLY}: {}", attach.instance.local()))));
        }
        let api =
            self.api().map_err(|failure| StepError::Failed(Text::from(format!("nothing was begun: {failure}"))))?;
        shell::attach(&Hand { api }, attach).await
    }

    async fn logs(&self, request: LogRequest) -> Result<LogStream, Text> {
        self.read_logs(request).await
    }

    async fn describe(&self, key: Ref, form: Form) -> Result<Vec<Text>, Text> {
        self.read_description(key, form).await
    }
}

impl Hand {
    /// How one thing would be done. [`words::admit`] has let it through: its kind has such a thing.
    async fn draft(&self, intent: &Intent) -> Result<Draft, Refusal> {
        let key = intent.target();
        let drafted = match (intent, key.kind) {
            (Intent::Shell(_, enter), _) => return self.draft_shell(intent, key, enter).await,
            (_, Kind::Allocation) => self.draft_allocation(intent, key).await,
            (_, Kind::Node) => self.draft_node(intent, key).await,
            (_, Kind::Cluster) => Ok(gc::draft(intent, key)),
            (Intent::Restart(_), _) => self.draft_restart(intent, key).await,
            (Intent::Scale(_, to), _) => self.draft_scale(intent, key, *to).await,
            (Intent::Undo(_, to), _) => self.draft_revert(intent, key, to.as_ref()).await,
            (Intent::Set(_, setting), _) => self.draft_set(intent, key, setting).await,
            (Intent::Trigger(_), _) => self.draft_trigger(intent, key).await,
            (Intent::Pause(_) | Intent::Resume(_), _) => self.draft_held(intent, key).await,
            (Intent::Promote(_) | Intent::Abort(_), _) => self.draft_canary(intent, key).await,
            _ => Err(words::no_such(intent)),
        };
        drafted.map(|draft| match &draft.equivalent {
            Some(_) => draft,
            None => Draft { equivalent: words::equivalent(intent).map(Text::from), ..draft },
        })
    }

    async fn do_it(&self, step: &Step) -> Result<Receipt, StepError> {
        let kind = step.action.target().kind;
        match (&step.action, kind) {
            (StepAction::Enter(..), _) => {
                Err(StepError::Failed(Text::new("a shell needs a terminal, and there is none")))
            }
            (StepAction::Prune(..), _) => self.collect().await,
            (_, Kind::Allocation) => self.do_allocation(step).await,
            (_, Kind::Node) => self.do_node(step).await,
            (StepAction::SetReplicas(_, to), _) => self.do_scale(step, *to).await,
            (StepAction::Revert(_, Some(to)), _) => self.do_revert(step, to).await,
            (StepAction::Set(_, setting), _) => self.do_set(step, setting).await,
            (StepAction::Trigger(_), _) => self.do_trigger(step).await,
            (StepAction::SetPaused(_, paused), _) => self.do_paused(step, *paused).await,
            (StepAction::Promote(_) | StepAction::Abort(_), _) => self.do_canary(step).await,
            _ => Err(brief::no_step(step)),
        }
    }
}

//! What can be done through this backend besides watching: drafts of what is meant, and the steps of a confirmed plan.
//!
//! ```text
//! intent ──prepare──▶ the object, read afresh ──▶ change ──trial, rights──▶ draft
//! step ──execute──▶ the object, read again ──▶ the pin holds? ──▶ the same change, sent once
//! ```
//! Each noun makes its change in one place: what is tried before is what is done after.

mod budgets;
mod carry_out;
mod change;
mod cordon;
mod desk;
mod draft;
mod drain;
mod fights;
mod gitops;
mod instance;
mod jobs;
mod kubectl;
mod note;
mod pause;
mod pins;
mod references;
mod restart;
mod revisions;
mod rollouts;
mod scale;
mod set;
mod shell;
mod unblock;
mod undo;

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::{
    Attach, Attached, Backend, Draft, Entry, Form, ForwardRequest, ForwardStream, Intent, LogRequest, LogStream,
    Receipt, Ref, Refusal, Step, StepError, Text,
};

use super::words::dig::text;
use super::{Kubernetes, describe, exec, forward, logs};
use crate::backend::forward::LOOK;
use desk::Desk;

const READ_ONLY: &str = "this cluster is watched read-only";

#[async_trait]
impl Backend for Kubernetes {
    fn read_only(&self) -> bool {
        self.target.read_only
    }

    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        if self.target.read_only {
            return Err(Refusal::of(&intent, READ_ONLY, "start cockpit without --read-only"));
        }
        let desk = Desk { server: &*self.link, target: &self.target };
        prepare(desk, &intent).await
    }

    async fn execute(&self, step: Step) -> Result<Receipt, StepError> {
        if self.target.read_only {
            return Err(StepError::Denied(Text::from(format!("{READ_ONLY}: {}", step.action.target().local()))));
        }
        carry_out::step(Desk { server: &*self.link, target: &self.target }, &step).await
    }

    async fn noted(&self, entry: &Entry) {
        if !self.target.read_only {
            note::leave(Desk { server: &*self.link, target: &self.target }, entry).await;
        }
    }

    async fn attach(&self, attach: Attach) -> Result<Attached, StepError> {
        if self.target.read_only {
            return Err(StepError::Denied(Text::from(format!("{READ_ONLY}: {}", attach.instance.local()))));
        }
        let desk = Desk { server: &*self.link, target: &self.target };
        let pod = desk.object(&attach.instance).await.map_err(carry_out::not_seen)?;
        if *attach.uid != *text(&pod, "/metadata/uid") {
            return Err(StepError::Moved(Text::new("another pod has its name")));
        }
        exec::begin(Arc::clone(&self.link), &attach).await
    }

    async fn logs(&self, request: LogRequest) -> Result<LogStream, Text> {
        logs::follow(self.link.clone(), self.pace, request).await
    }

    async fn forward(&self, request: ForwardRequest) -> Result<ForwardStream, Refusal> {
        if self.target.read_only {
            return Err(request.refused(READ_ONLY, "start cockpit without --read-only"));
        }
        forward::open(self.link.clone(), request, LOOK).await
    }

    async fn describe(&self, key: Ref, form: Form) -> Result<Vec<Text>, Text> {
        describe::describe(&*self.link, &key, form).await
    }
}

async fn prepare(desk: Desk<'_>, intent: &Intent) -> Result<Draft, Refusal> {
    let mut draft = match intent {
        Intent::Restart(key) => restart::prepare(desk, intent, key).await,
        Intent::Scale(key, to) => scale::prepare(desk, intent, key, *to).await,
        Intent::Undo(key, to) => undo::prepare(desk, intent, key, to.as_deref()).await,
        Intent::Set(key, setting) => set::prepare(desk, intent, key, setting).await,
        Intent::Cordon(key) => cordon::prepare(desk, intent, key, true).await,
        Intent::Uncordon(key) => cordon::prepare(desk, intent, key, false).await,
        Intent::Drain(key, including) => drain::prepare(desk, intent, key, *including).await,
        Intent::Pause(key) => pause::prepare(desk, intent, key, true).await,
        Intent::Resume(key) => pause::prepare(desk, intent, key, false).await,
        Intent::Promote(key) => rollouts::prepare(desk, intent, key, true).await,
        Intent::Abort(key) => rollouts::prepare(desk, intent, key, false).await,
        Intent::Stop(key) => instance::end(desk, intent, key, false).await,
        Intent::Kill(key) => instance::end(desk, intent, key, true).await,
        Intent::Trigger(key) => jobs::prepare_trigger(desk, intent, key).await,
        Intent::Unblock(key) => unblock::prepare(desk, intent, key).await,
        Intent::Shell(key, enter) => shell::prepare(desk, intent, key, enter).await,
        Intent::Start(key) => {
            Err(never(intent, key, "is not started: what wants it makes another", "scale its workload up"))
        }
        Intent::Recreate(key) => Err(never(
            intent,
            key,
            "is not made anew from here",
            "restart its workload: it pulls its image as its policy says",
        )),
        Intent::Prune(key) => Err(never(
            intent,
            key,
            "is tidied by its kubelet",
            "set imageGCHighThresholdPercent, or the TTL of finished Jobs",
        )),
        Intent::Silence(..) | Intent::Unsilence(_) => {
            Err(never(intent, intent.target(), "is not the cluster's", "name its Alertmanager in [[metrics]]"))
        }
        Intent::Several(_) => Err(never(intent, intent.target(), "is asked for by itself", "ask for each by itself")),
    }?;
    let command = || kubectl::command(desk.target, &draft.intent).map(Text::from);
    draft.equivalent = draft.equivalent.clone().or_else(command);
    Ok(draft)
}

fn never(intent: &Intent, key: &Ref, why: &str, mend: &str) -> Refusal {
    Refusal::of(intent, format!("a {} {why}", key.kind.noun()), mend)
}

#[cfg(test)]
mod tests;

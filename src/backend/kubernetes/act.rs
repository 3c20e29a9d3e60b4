//! What can be done through this backend besides watching.

use async_trait::async_trait;

use crate::domain::{
    Backend, Draft, Form, Intent, LogRequest, LogStream, Receipt, Ref, Refusal, Step, StepError, Text,
};

use super::Kubernetes;

#[async_trait]
impl Backend for Kubernetes {
    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        Err(Refusal::of(&intent, "cockpit changes nothing on a Kubernetes cluster", "use kubectl"))
    }

    async fn execute(&self, step: Step) -> Result<Receipt, StepError> {
        Err(StepError::Denied(Text::from(format!(
            "cockpit changes nothing on a Kubernetes cluster: {}",
            step.action.target().local()
        ))))
    }

    async fn logs(&self, request: LogRequest) -> Result<LogStream, Text> {
        Err(Text::from(format!("the output of {} cannot be read yet", request.instance.local())))
    }

    async fn describe(&self, key: Ref, _: Form) -> Result<Vec<Text>, Text> {
        Err(Text::from(format!("{} cannot be described yet", key.local())))
    }
}

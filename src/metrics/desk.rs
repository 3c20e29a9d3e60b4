//! What stands before an orchestrator's backend: it takes what is asked of the servers beside it, and hands the rest on.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::watch;

use super::alert::Alerts;
use crate::domain::{
    Attach, Attached, Backend, Batch, ClusterId, Demand, Draft, Entry, Feed, Form, ForwardRequest, ForwardStream,
    Intent, Kind, LogRequest, LogStream, Receipt, Ref, Refusal, Step, StepError, Text,
};

/// A cluster's backend, and what stands beside the cluster.
pub struct Desk {
    of: Arc<dyn Backend>,
    alerts: Option<Arc<Alerts>>,
    /// In whose name silences are made.
    by: Text,
}

impl Desk {
    /// Stands before `of`. In the name of `by` it silences what `alerts` tells.
    pub fn before(of: Arc<dyn Backend>, alerts: Option<Arc<Alerts>>, by: Text) -> Arc<Self> {
        Arc::new(Self { of, alerts, by })
    }
}

const READ_ONLY: &str = "this cluster is watched read-only";

impl Feed for Desk {
    fn cluster(&self) -> &ClusterId {
        self.of.cluster()
    }

    fn run(self: Arc<Self>, demand: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
        Arc::clone(&self.of).run(demand)
    }
}

#[async_trait]
impl Backend for Desk {
    fn read_only(&self) -> bool {
        self.of.read_only()
    }

    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        if intent.target().kind != Kind::Alert {
            return self.of.prepare(intent).await;
        }
        if self.read_only() {
            return Err(Refusal::of(&intent, READ_ONLY, "start cockpit without --read-only"));
        }
        match &self.alerts {
            Some(alerts) => alerts.prepare(&intent, &self.by).await,
            None => Err(Refusal::of(
                &intent,
                "no Alertmanager of this cluster is known",
                "name it: `alertmanager` of [[metrics]] in the settings",
            )),
        }
    }

    async fn execute(&self, step: Step) -> Result<Receipt, StepError> {
        match &self.alerts {
            Some(alerts) if step.action.target().kind == Kind::Alert => {
                if self.read_only() {
                    let target = step.action.target().local();
                    return Err(StepError::Denied(Text::from(format!("{READ_ONLY}: {target}"))));
                }
                alerts.execute(&step, &self.by).await
            }
            _ => self.of.execute(step).await,
        }
    }

    async fn logs(&self, request: LogRequest) -> Result<LogStream, Text> {
        self.of.logs(request).await
    }

    async fn describe(&self, key: Ref, form: Form) -> Result<Vec<Text>, Text> {
        self.of.describe(key, form).await
    }

    async fn noted(&self, entry: &Entry) {
        self.of.noted(entry).await;
    }

    async fn attach(&self, attach: Attach) -> Result<Attached, StepError> {
        self.of.attach(attach).await
    }

    async fn forward(&self, request: ForwardRequest) -> Result<ForwardStream, Refusal> {
        self.of.forward(request).await
    }
}

//! What can be done through this backend besides watching.

use async_trait::async_trait;

use crate::domain::{
    Backend, Draft, Form, Intent, LogRequest, LogStream, Receipt, Ref, Refusal, Step, StepError, Text,
};

use super::{Kubernetes, describe, kubectl, logs};

/// Why everything is refused.
const NOTHING: &str = "cockpit changes nothing on a Kubernetes cluster yet";
const READ_ONLY: &str = "this cluster is watched read-only";

#[async_trait]
impl Backend for Kubernetes {
    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        if self.target.read_only {
            return Err(Refusal::of(&intent, READ_ONLY, "start cockpit without --read-only"));
        }
        let none = || format!("a {} has no such thing on a Kubernetes cluster", intent.target().kind.noun());
        let mend = kubectl::instead(&self.target, &intent).unwrap_or_else(none);
        Err(Refusal::of(&intent, NOTHING, mend))
    }

    async fn execute(&self, step: Step) -> Result<Receipt, StepError> {
        let why = if self.target.read_only { READ_ONLY } else { NOTHING };
        Err(StepError::Denied(Text::from(format!("{why}: {}", step.action.target().local()))))
    }

    async fn logs(&self, request: LogRequest) -> Result<LogStream, Text> {
        logs::follow(self.link.clone(), self.pace, request).await
    }

    async fn describe(&self, key: Ref, form: Form) -> Result<Vec<Text>, Text> {
        describe::describe(&*self.link, &key, form).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::kubernetes::{Proxies, Target, Way};
    use crate::domain::{ClusterId, Pin, Seen, StepAction, Until};

    fn backend(read_only: bool) -> std::sync::Arc<Kubernetes> {
        Kubernetes::new(Target {
            name: ClusterId::new("prod"),
            // Nobody is asked: there is nobody there.
            way: Way::Context { files: Vec::new(), context: "prod".to_owned() },
            namespaces: Vec::new(),
            how: Text::new("current context"),
            read_only,
            proxies: Proxies::default(),
        })
    }

    #[tokio::test]
    async fn nothing_is_changed_and_what_to_type_is_said() {
        let web: Ref = "prod/shop/Deployment/web".parse().expect("a ref");
        let refusal = backend(false).prepare(Intent::Restart(web.clone())).await.expect_err("refused");
        assert_eq!(refusal.to_string(), format!("restart shop/web: {NOTHING}"));
        assert_eq!(refusal.mend, "type `kubectl --context prod -n shop rollout restart deployment/web`");
        let refusal = backend(false).prepare(Intent::drain(web.clone())).await.expect_err("there is no such thing");
        assert_eq!(refusal.mend, "a Deployment has no such thing on a Kubernetes cluster");
        let refusal = backend(true).prepare(Intent::Restart(web.clone())).await.expect_err("refused");
        assert_eq!((refusal.why.as_str(), refusal.mend.as_str()), (READ_ONLY, "start cockpit without --read-only"));
        let step = Step {
            action: StepAction::Restart(web.clone()),
            pin: Pin { key: web, uid: "u".into(), seen: Seen::Uid },
            until: Until::Accepted,
            timeout_seconds: 1,
            group: 0,
        };
        for read_only in [true, false] {
            let done = backend(read_only).execute(step.clone()).await;
            assert!(matches!(done, Err(StepError::Denied(why)) if why.contains("shop/web")));
        }
    }
}

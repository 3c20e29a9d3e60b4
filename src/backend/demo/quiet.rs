//! Alerts that are kept quiet.

use crate::domain::words::after;
use crate::domain::{
    Draft, Intent, Name, Pin, Quiet, Ref, Refusal, Seen, Silence, Step, StepAction, StepError, Text, Until,
};

use super::act::SMALL;
use super::execute::BY;
use super::model::Watchman;
use super::sim::Sim;

impl Sim {
    /// How an alert is kept quiet, or told again.
    pub(super) fn draft_quiet(&self, intent: &Intent, key: &Ref, quiet: Option<&Quiet>) -> Result<Draft, Refusal> {
        let gone = || Refusal::of(intent, "it is not there any more", "look at the list again");
        let state = self.quiet_state(key).ok_or_else(gone)?;
        if let Some(quiet) = quiet {
            let again = "say for how long, and why: `2h the import runs`";
            quiet.check().map_err(|why| Refusal::of(intent, why, again))?;
        }
        let action = match quiet {
            Some(quiet) => StepAction::Silence(key.clone(), quiet.clone()),
            None => StepAction::EndSilence(key.clone(), Name::new("demo")),
        };
        let until = Until::Quiet(key.clone(), quiet.is_some());
        let pin = Pin { key: key.clone(), uid: key.name.clone(), seen: Seen::State(state) };
        let mut draft = Draft::new(intent, vec![Step { action, pin, until, timeout_seconds: SMALL, group: 0 }]);
        draft.inverse = quiet.map(|_| Intent::Unsilence(key.clone()));
        Ok(draft)
    }

    /// How it stands at its Alertmanager; none where nobody is told of it.
    pub(super) fn quiet_state(&self, key: &Ref) -> Option<Name> {
        let it = self.alerts.iter().find(|it| it.said(key))?;
        Some(Name::new(if it.quiet.is_some() { "silenced" } else { "not silenced" }))
    }

    /// Keeps it quiet, or lets it be told again.
    pub(super) fn keep_quiet(&mut self, key: &Ref, quiet: Option<&Quiet>) -> Result<(), StepError> {
        let now = self.now;
        let watchman = self.alerts.iter_mut().find(|it| it.said(key)).ok_or(StepError::Gone)?;
        watchman.quiet = quiet.map(|it| Silence {
            by: Text::new(BY),
            comment: it.comment.clone(),
            until: Some(after(now, i64::from(it.seconds))),
        });
        self.judge_alerts();
        Ok(())
    }
}

impl Watchman {
    fn said(&self, key: &Ref) -> bool {
        self.object.as_ref().is_some_and(|it| it.key == *key)
    }
}

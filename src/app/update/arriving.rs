//! `cockpit prod/shop/worker`, `cockpit --alert QueueBacklog`: what the command line asked for, opened as soon as it is known.

use std::cmp::Reverse;

use crate::app::{App, Moment};
use crate::domain::{AlertState, Ref, Severity, Text};
use crate::engine::{Unresolved, resolve};
use crate::state::View;
use crate::ui::RowKey;

/// What is opened when it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// The case file of an object.
    Target(Text),
    /// The list of alerts, and the case file of the one of this name.
    Alert(Text),
}

impl Opening {
    /// What it is by now; else why not.
    fn find(&self, view: &View<'_>, complete: bool) -> Result<Ref, String> {
        match self {
            Opening::Target(target) => match resolve(target, view) {
                // One that is the only one so far may be one of several.
                Ok(key) if complete || key.to_string() == target.as_str() => Ok(key),
                Ok(_) | Err(Unresolved::None) => Err(format!("{target} is not in what is watched")),
                Err(Unresolved::Many(keys)) => Err(format!("{target} may be any of {}: say which", keys.len())),
            },
            Opening::Alert(name) => {
                let named = view.alerts().filter(|it| it.title.eq_ignore_ascii_case(name));
                let loudest = named.min_by_key(|it| (it.state != AlertState::Firing, !it.pages, Reverse(it.since)));
                let known = loudest.filter(|_| complete).map(|it| it.key.clone());
                known.ok_or_else(|| {
                    format!("no alert {name} is known now: it may be over, or nobody is asked who would know it")
                })
            }
        }
    }
}

impl App {
    /// Opens this as soon as it is known what it is.
    pub fn open_at_first(&mut self, what: Opening) {
        self.arriving = Some(what);
    }

    /// Looks whether what was asked for is there by now. Who has gone elsewhere meanwhile is not called back.
    pub(super) fn arrive(&mut self, at: Moment) {
        let Some(what) = &self.arriving else { return };
        if !self.screen.layers.is_empty() || self.screen.overlay.is_some() {
            self.arriving = None;
            return;
        }
        let complete = self.core.is_settled();
        let found = what.find(&self.core.view(at.now), complete);
        if found.is_err() && !complete {
            return;
        }
        let is_alert = matches!(what, Opening::Alert(_));
        self.arriving = None;
        match found {
            Ok(key) if is_alert => self.go_to_alert(key, at),
            Ok(key) => self.open_case(RowKey::Object(key), at),
            Err(why) => self.say_long(at, &why, Some(Severity::Warning)),
        }
    }
}

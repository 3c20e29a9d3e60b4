//! `cockpit prod/shop/worker`: the case file that the command line asked for, opened as soon as its object is known.

use crate::app::{App, Moment};
use crate::domain::{Severity, Text};
use crate::engine::{Unresolved, resolve};
use crate::ui::RowKey;

impl App {
    /// Opens this as soon as it is known what it is.
    pub fn open_at_first(&mut self, target: Text) {
        self.arriving = Some(target);
    }

    /// Looks whether what was asked for is there by now. Who has gone elsewhere meanwhile is not called back.
    pub(super) fn arrive(&mut self, at: Moment) {
        let Some(target) = &self.arriving else { return };
        if !self.screen.layers.is_empty() || self.screen.overlay.is_some() {
            self.arriving = None;
            return;
        }
        let complete = self.core.is_settled();
        match resolve(target, &self.core.view(at.now)) {
            // One that is the only one so far may be one of several.
            Ok(key) if complete || key.to_string() == target.as_str() => {
                self.arriving = None;
                self.open_case(RowKey::Object(key), at);
            }
            Ok(_) => {}
            Err(_) if !complete => {}
            Err(unresolved) => {
                let why = match unresolved {
                    Unresolved::None => "is not in what is watched".to_owned(),
                    Unresolved::Many(keys) => format!("may be any of {}: say which", keys.len()),
                };
                let text = format!("{target} {why}");
                self.arriving = None;
                self.say_long(at, &text, Some(Severity::Warning));
            }
        }
    }
}

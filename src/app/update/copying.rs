//! Copying: the command of a preview, an incident for a chat.

use crate::app::command::Now;
use crate::app::{App, Copied, Effect, Moment};
use crate::domain::{Severity, Text};
use crate::ui::{self, Overlay, Preview};

fn equivalent(app: &App) -> Option<&Text> {
    match &app.screen.overlay {
        Some(Overlay::Preview(Preview { plan: Some(Ok(plan)), .. })) => plan.equivalent.as_ref(),
        _ => None,
    }
}

/// Whether there is a command to copy.
pub fn command_now(app: &App, _: Moment) -> Now {
    Some(equivalent(app).map(|_| Text::new("copy command")).ok_or_else(|| Text::new("no command does the same")))
}

/// Copies it.
pub fn command(app: &mut App, _: Moment) {
    if let Some(command) = equivalent(app).map(Text::to_string) {
        app.effects.push(Effect::Copy(command));
    }
}

/// Whether an incident is about the selected thing.
pub fn summary_now(app: &App, at: Moment) -> Now {
    Some(app.incident(at).map(|_| Text::new("copy for chat")).ok_or_else(|| Text::new("no incident is about this")))
}

/// Copies the incident in five lines.
pub fn summary(app: &mut App, at: Moment) {
    let text = app.incident(at).map(|incident| ui::summary(&app.screen, &app.model(at.now), incident));
    app.effects.extend(text.map(Effect::Copy));
}

impl App {
    /// Where a copy went.
    pub(super) fn copied(&mut self, to: Result<Copied, Text>, at: Moment) {
        match to {
            Ok(Copied::Clipboard) => self.say(at, "sent to the terminal's clipboard", None),
            Ok(Copied::Tmux) => {
                self.say_long(at, "sent to tmux: it hands it on where `set-clipboard on` is set", None);
            }
            Ok(Copied::File(path)) => {
                self.say_long(at, &format!("copied to the file {path}: no clipboard here takes it"), None);
            }
            Err(why) => self.say_long(at, &format!("not copied: {why}"), Some(Severity::Warning)),
        }
    }
}

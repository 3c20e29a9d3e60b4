//! Copying: the command of a preview, an incident for a chat.

use crate::app::command::Now;
use crate::app::{App, Copied, Effect, Moment};
use crate::domain::{Severity, Text};
use crate::ui::{self, Layer, Overlay, Preview};

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

/// Whether an incident is about the selected thing, or there are places to read about it.
pub fn summary_now(app: &App, at: Moment) -> Now {
    if app.forward_url().is_some() {
        return Some(Ok(Text::new("copy its address")));
    }
    if app.incident(at).is_some() {
        return Some(Ok(Text::new("copy for chat")));
    }
    let none = || Text::new("no incident is about this");
    Some((!links(app, at).is_empty()).then(|| Text::new("copy its links")).ok_or_else(none))
}

/// Copies the incident in five lines; of what nothing is wrong with, the links of its case file.
pub fn summary(app: &mut App, at: Moment) {
    if let Some(url) = app.forward_url() {
        return app.effects.push(Effect::Copy(url));
    }
    let text = app.incident(at).map(|incident| ui::summary(&app.screen, &app.model(at.now), incident));
    let links = || Some(links(app, at)).filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n"));
    let text = text.or_else(links);
    app.effects.extend(text.map(Effect::Copy));
}

fn links(app: &App, at: Moment) -> Vec<String> {
    match app.screen.layers.last() {
        Some(Layer::Case(case)) => ui::case::link_lines(case, &app.screen, &app.model(at.now)),
        _ => Vec::new(),
    }
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

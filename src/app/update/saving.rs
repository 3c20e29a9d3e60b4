//! Output that is saved to a file.

use crate::app::command::Now;
use crate::app::{App, Effect, Moment, Saved};
use crate::domain::words::many;
use crate::domain::{LogLine, Severity, Text};
use crate::ui::Layer;

/// Whether there is something to save.
pub fn save_now(app: &App, _: Moment) -> Now {
    let Some(Layer::Logs(view)) = app.screen.layers.last() else { return None };
    Some(if view.is_empty() { Err(Text::new("no line is shown")) } else { Ok(Text::new("save to a file")) })
}

/// Puts what is held into a file: where a filter is set, what that shows.
pub fn save(app: &mut App, at: Moment) {
    // What has come and is not shown yet is held, too.
    app.pour();
    let Some(Layer::Logs(view)) = app.screen.layers.last() else { return };
    let lines: Vec<LogLine> =
        (0..view.len()).filter_map(|place| view.at(place)).map(|(_, line)| line.clone()).collect();
    let part = match &view.filter {
        Some(filter) => format!("{} of {} (like {})", lines.len(), many(view.lines.len() as u64, "line"), filter.text),
        None => many(lines.len() as u64, "line"),
    };
    let older = if view.dropped > 0 { format!("; {} older lines were not kept", view.dropped) } else { String::new() };
    let name = view.request.instance.name.to_string();
    let stamp = at.now.strftime("%Y%m%d-%H%M%S").to_string();
    let about = format!("{}, {part}, saved {}{older}", view.whose(), at.now.strftime("%Y-%m-%d %H:%M:%S UTC"));
    let saved = Saved { ticket: view.ticket, name, stamp, about, part, lines };
    app.effects.push(Effect::Save(Box::new(saved)));
}

impl App {
    /// Where output was saved, or why it was not: among the output too, where a long path has the room that it takes.
    pub(super) fn saved(&mut self, ticket: u64, to: Result<Text, Text>, at: Moment) {
        let (text, severity) = match to {
            Ok(text) => (text, None),
            Err(why) => (why, Some(Severity::Warning)),
        };
        self.say_long(at, &text, severity);
        if let Some(view) = self.log_view(ticket) {
            view.take(vec![LogLine::note(Some(at.now), text)]);
        }
    }
}

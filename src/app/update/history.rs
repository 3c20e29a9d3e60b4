//! What was done in the palette in this session, to be done again.

use crate::app::{App, Moment};
use crate::ui::{Input, Overlay};

/// Lines that are remembered.
const REMEMBERED: usize = 100;

/// Lines that were taken, the newest last, and which of them is shown.
#[derive(Debug, Default)]
pub struct History {
    lines: Vec<String>,
    /// Where in them one is; none at what is being typed.
    place: Option<usize>,
    /// What was typed before going back.
    draft: String,
}

impl History {
    /// Remembers what was taken; the same again is not remembered twice.
    pub fn remember(&mut self, line: String) {
        self.place = None;
        self.lines.retain(|known| *known != line);
        self.lines.push(line);
        if self.lines.len() > REMEMBERED {
            self.lines.remove(0);
        }
    }

    /// What is typed now is no line of it.
    pub fn leave(&mut self) {
        self.place = None;
    }

    /// The line before this one, if there is one; `typed` comes back after the newest.
    fn older(&mut self, typed: &str) -> Option<String> {
        let place = match self.place {
            None => {
                self.draft = typed.to_owned();
                self.lines.len()
            }
            Some(place) => place,
        };
        let place = place.checked_sub(1)?;
        self.place = Some(place);
        self.lines.get(place).cloned()
    }

    /// The line after this one; after the newest what was typed.
    fn newer(&mut self) -> Option<String> {
        let place = self.place? + 1;
        let line = self.lines.get(place).cloned();
        self.place = line.is_some().then_some(place);
        Some(line.unwrap_or_else(|| std::mem::take(&mut self.draft)))
    }
}

/// What was taken before.
pub fn older(app: &mut App, at: Moment) {
    let Some(Overlay::Palette { input, .. }) = &app.screen.overlay else { return };
    if app.menu.is_none()
        && let Some(line) = app.history.older(&input.text)
    {
        app.type_line(line, at);
    }
}

/// What was taken after that; at last what was being typed.
pub fn newer(app: &mut App, at: Moment) {
    if app.menu.is_none()
        && let Some(line) = app.history.newer()
    {
        app.type_line(line, at);
    }
}

impl App {
    fn type_line(&mut self, line: String, at: Moment) {
        if let Some(Overlay::Palette { input, .. }) = &mut self.screen.overlay {
            *input = Input { cursor: line.len(), text: line };
        }
        self.search(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_back_line_by_line_and_returns_to_what_was_typed() {
        let mut history = History::default();
        assert_eq!(history.older("no"), None);
        for line in ["nodes", "scale 3", "nodes"] {
            history.remember(line.to_owned());
        }
        assert_eq!(history.older("wo").as_deref(), Some("nodes"));
        assert_eq!(history.older("nodes").as_deref(), Some("scale 3"));
        assert_eq!(history.older("scale 3"), None, "the same line is there once");
        assert_eq!(history.newer().as_deref(), Some("nodes"));
        assert_eq!(history.newer().as_deref(), Some("wo"));
        assert_eq!(history.newer(), None);
    }
}

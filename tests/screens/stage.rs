//! Draws a screen of a core into text.

use cockpit::domain::{Forward, People, Text, Timestamp};
use cockpit::engine::Core;
use cockpit::ui::{self, Hint, Model, Pane, Screen, panes};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::night;

pub struct Stage {
    pub core: Core,
    pub screen: Screen,
    pub unwatched: Vec<Text>,
    pub people: People,
    pub forwards: Vec<Forward>,
    pub now: Timestamp,
}

impl Stage {
    pub fn of(core: Core, size: (u16, u16)) -> Self {
        let mut screen = Screen { size, ..Screen::default() };
        let hint = |key: &str, what: &str, refused: Option<&str>| Hint {
            key: key.into(),
            what: what.into(),
            refused: refused.map(Text::from),
        };
        screen.footer = vec![
            hint("?", "help", None),
            hint(":", "go", None),
            hint("/", "filter", None),
            hint("enter", "case file", None),
            hint("u", "roll back 42 to 41", None),
            hint("s", "scale", None),
            hint("r", "restart", Some("read-only")),
            hint("l", "logs", None),
        ];
        let unwatched = vec![Text::new("staging"), Text::new("kind-dev"), Text::new("minikube")];
        Self { core, screen, unwatched, people: People::default(), forwards: Vec::new(), now: night::now() }
    }

    pub fn at(mut self, pane: Pane) -> Self {
        self.screen.home.pane = pane;
        let keys = panes::keys(pane, &self.model(), self.screen.home.filter.as_deref());
        let list = self.screen.home.lists.entry(pane).or_default();
        list.selected = keys.first().cloned();
        list.order = keys;
        self
    }

    pub fn select(mut self, row: usize) -> Self {
        let list = self.screen.home.lists.entry(self.screen.home.pane).or_default();
        list.selected = list.order.get(row).cloned();
        self
    }

    pub fn model(&self) -> Model<'_> {
        Model {
            view: self.core.view(self.now),
            diagnosis: self.core.diagnosis(),
            runs: self.core.runs(),
            unwatched: &self.unwatched,
            people: &self.people,
            forwards: &self.forwards,
        }
    }

    pub fn buffer(&self) -> Buffer {
        let (wide, high) = self.screen.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, wide, high));
        ui::draw(&self.screen, &self.model(), &mut buffer);
        buffer
    }

    pub fn text(&self) -> String {
        text(&self.buffer())
    }
}

/// The characters of a buffer, a wide one once.
pub fn text(buffer: &Buffer) -> String {
    use unicode_width::UnicodeWidthStr;
    let area = buffer.area;
    let mut out = String::new();
    for y in area.top()..area.bottom() {
        let mut line = String::new();
        let mut x = area.left();
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += (symbol.width() as u16).max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

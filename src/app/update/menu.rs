//! Menus: the palette confined to a few choices, and `m`, everything that can be done here.

use crate::app::command::Section;
use crate::app::{App, Moment, TABLE};
use crate::domain::Text;
use crate::ui::{Input, Menu, Overlay, PaletteItem};

use super::palette::Choice;

/// What a menu offers.
pub struct Offer {
    title: Text,
    items: Vec<(Option<Section>, Choice, PaletteItem)>,
}

/// Choices with their lines, and where sections begin among them.
pub type Found = (Vec<Choice>, Vec<PaletteItem>, Menu);

/// What moves the cursor, and the menu itself: in a menu they would do nothing that can be seen. A key that stands for two of its
/// lines.
const LEFT_OUT: [&str; 9] =
    ["menu", "down", "up", "page-down", "page-up", "first", "last", "pause-or-resume", "scale-or-shell"];

/// Everything that can be done here: to what is selected, and with the place itself; why not, where it cannot be done now.
/// What makes no sense for it is not listed.
pub fn menu(app: &mut App, at: Moment) {
    app.touch(at.felt);
    let place = app.place();
    let mut items = Vec::new();
    for section in Section::ALL {
        let here = TABLE.iter().filter(|it| it.section == section && it.places.contains(&place));
        for command in here.filter(|it| !LEFT_OUT.contains(&it.id)) {
            if let Some((choice, item)) = app.command_item(command, None, at) {
                let what = app.worded(command, item.what.clone(), at);
                items.push((Some(section), choice, PaletteItem { what, ..item }));
            }
        }
    }
    let title = match app.target(at) {
        Some(key) => format!("What can be done: {} ({})", key.local(), key.cluster),
        None => "What can be done here".to_owned(),
    };
    app.open_offer(Offer { title: Text::from(title), items }, at);
}

impl App {
    /// What an action would do to the selected thing, where that says more than the action's name.
    fn worded(&self, command: &'static crate::app::Command, does: Text, at: Moment) -> Text {
        match (command.now)(self, at) {
            Some(Ok(what)) if command.changes && !what.is_empty() && what.as_str() != command.id => what,
            _ => does,
        }
    }

    /// Opens a menu of choices in words.
    pub(super) fn choose(&mut self, title: &str, choices: Vec<(Choice, Text)>, at: Moment) {
        let item = |what: &Text| PaletteItem { label: what.clone(), what: Text::new(""), key: None, refused: None };
        let found = choices.into_iter().map(|(choice, what)| (choice, item(&what))).collect();
        self.open_menu(title, found, at);
    }

    /// Opens a menu.
    pub(super) fn open_menu(&mut self, title: &str, found: Vec<(Choice, PaletteItem)>, at: Moment) {
        let items = found.into_iter().map(|(choice, item)| (None, choice, item)).collect();
        self.open_offer(Offer { title: Text::new(title), items }, at);
    }

    fn open_offer(&mut self, offer: Offer, at: Moment) {
        let input = Input::default();
        self.screen.overlay = Some(Overlay::Palette { input, items: Vec::new(), selected: 0, menu: None });
        self.menu = Some(offer);
        self.search(at);
    }
}

impl Offer {
    /// What has the letters in its name, or else in what it does.
    pub(super) fn narrowed(&self, typed: &str) -> Found {
        let named = |item: &PaletteItem| item.label.to_lowercase().contains(typed);
        let told = |item: &PaletteItem| item.what.to_lowercase().contains(typed);
        let any_named = self.items.iter().any(|(.., item)| named(item));
        let fits = |item: &PaletteItem| if any_named { named(item) } else { told(item) };
        let mut menu = Menu { title: self.title.clone(), sections: Vec::new() };
        let (mut choices, mut items, mut last) = (Vec::new(), Vec::new(), None);
        for (section, choice, item) in self.items.iter().filter(|(.., item)| fits(item)) {
            if let Some(section) = section.filter(|it| Some(*it) != last) {
                menu.sections.push((items.len(), Text::new(section.title())));
                last = Some(section);
            }
            choices.push(choice.clone());
            items.push(item.clone());
        }
        (choices, items, menu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_are_commands_that_there_are() {
        for id in LEFT_OUT {
            assert!(TABLE.iter().any(|command| command.id == id), "{id}");
        }
    }
}

//! The order of a list: the pane's own, or that of any of its columns.

use crate::app::keymap::closest;
use crate::app::{App, Moment};
use crate::domain::{Severity, Text};
use crate::ui::{PaletteItem, Sort, panes};

use super::palette::Choice;

/// What brings back a pane's own order.
const OWN: &str = "default";

/// Opens the menu of the columns.
pub fn menu(app: &mut App, at: Moment) {
    let now = app.list().and_then(|list| list.sort);
    let columns = panes::columns(app.screen.home.pane, &app.model(at.now));
    let mut found: Vec<(Choice, PaletteItem)> = columns.into_iter().map(|column| item(column, now)).collect();
    found.push(choice(None, OWN, "the pane's own order: what needs someone first".to_owned()));
    app.open_menu("Order by", found, at);
}

/// A column as a choice: the one that the list is in the order of turns round.
fn item(column: &'static str, now: Option<Sort>) -> (Choice, PaletteItem) {
    let here = now.filter(|sort| sort.column == column);
    let descending = here.is_some_and(|sort| !sort.descending);
    let what = match (here.is_some(), descending) {
        (false, _) => format!("the least first; :sort -{column} the greatest"),
        (true, true) => "turn it round: the greatest first".to_owned(),
        (true, false) => "turn it round: the least first".to_owned(),
    };
    choice(Some(Sort { column, descending }), column, what)
}

fn choice(sort: Option<Sort>, label: &str, what: String) -> (Choice, PaletteItem) {
    (Choice::Sort(sort), PaletteItem { label: Text::new(label), what: Text::from(what), key: None, refused: None })
}

impl App {
    /// Puts the list in the order of a column that was named, with `-` before it the greatest first.
    pub(super) fn sort_by(&mut self, typed: &str, at: Moment) {
        let (name, descending) = match typed.strip_prefix('-') {
            Some(name) => (name.trim(), true),
            None => (typed, false),
        };
        if name == OWN {
            return self.sort(None, at);
        }
        let columns = panes::columns(self.screen.home.pane, &self.model(at.now));
        if let Some(column) = columns.iter().copied().find(|column| *column == name) {
            return self.sort(Some(Sort { column, descending }), at);
        }
        let near = closest(name, columns.iter().copied().chain([OWN]));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        self.say(at, &format!("no column here is called `{name}`{near}"), Some(Severity::Advice));
    }

    /// Puts the list in an order.
    pub(super) fn sort(&mut self, sort: Option<Sort>, at: Moment) {
        self.list_mut().sort = sort;
        self.order_anew(at);
    }
}

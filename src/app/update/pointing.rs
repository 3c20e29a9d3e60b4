//! The mouse, where the settings have it: a click selects, another one on what is selected opens; the wheel scrolls.

use crate::app::event::{Mouse, Pointed};
use crate::app::{App, Key, Moment, Place, find};
use crate::ui::{self, CaseRow, Layer, Overlay, Pane, RowKey, Sort, Spot, panes};

use super::{lists, moving, palette};

/// Rows that the wheel goes at once.
const WHEEL: isize = 3;

impl App {
    /// What the mouse did.
    pub(super) fn point(&mut self, mouse: Mouse, at: Moment) {
        self.dirty = true;
        match mouse.did {
            Pointed::Click => {
                self.screen.notice = None;
                if let Some(spot) = ui::spot(&self.screen, &self.model(at.now), mouse.x, mouse.y) {
                    self.click(spot, at);
                }
            }
            Pointed::WheelUp => self.wheel(-WHEEL, at),
            Pointed::WheelDown => self.wheel(WHEEL, at),
        }
        self.announce(at);
        self.settle_screen(at);
    }

    fn click(&mut self, spot: Spot, at: Moment) {
        match spot {
            Spot::Row(pane, key) => self.click_row(pane, key, at),
            Spot::Heading(column) => self.turn_order(column, at),
            Spot::Tab(pane) => moving::show_pane(self, pane, at),
            Spot::Page(tab) => moving::show_page(self, tab, at),
            Spot::Part(row) => self.click_part(row, at),
            Spot::Announcement => lists::go_to_new(self, at),
            Spot::Hint(ix) => {
                let keys = self.screen.footer.get(ix).map(|hint| hint.key.clone());
                // What is refused for one reason shares a hint: its first key stands for all.
                let key: Option<Key> = keys.as_deref().and_then(|keys| keys.split(' ').next()?.parse().ok());
                if let Some(key) = key {
                    self.key(key, at);
                }
            }
            Spot::Item(ix) => {
                let Some(Overlay::Palette { selected, .. }) = &mut self.screen.overlay else { return };
                if std::mem::replace(selected, ix) == ix {
                    palette::take(self, at);
                }
            }
        }
    }

    /// Selects a row; opens it where it is selected already, by a person.
    fn click_row(&mut self, pane: Pane, key: RowKey, at: Moment) {
        moving::show_pane(self, pane, at);
        let list = self.list_mut();
        let again = list.touched.is_some() && list.selected.as_ref() == Some(&key);
        let Some(place) = list.order.iter().position(|it| *it == key) else { return };
        (list.selected, list.found) = (Some(key), place);
        if again && let Some(open) = find("open") {
            return self.carry_out(open, at);
        }
        self.touch(at.felt);
        self.scroll_to_selected();
    }

    /// Selects a row of a case file's page; opens it where it is selected already.
    fn click_part(&mut self, row: CaseRow, at: Moment) {
        let Some(Layer::Case(case)) = self.screen.layers.last() else { return };
        let again = case.picks.get(&case.tab) == Some(&row);
        if again && let Some(open) = find("open") {
            return self.carry_out(open, at);
        }
        if let Some(Layer::Case(case)) = self.layer_mut() {
            case.picks.insert(case.tab, row);
        }
    }

    /// The order of a column, then the other way, then the list's own.
    fn turn_order(&mut self, column: &'static str, at: Moment) {
        let next = match self.list().and_then(|list| list.sort).filter(|sort| sort.column == column) {
            None => Some(Sort { column, descending: false }),
            Some(sort) if !sort.descending => Some(Sort { column, descending: true }),
            Some(_) => None,
        };
        self.sort(next, at);
        let said = match next {
            Some(sort) => format!("by {column}, the {} first", if sort.descending { "greatest" } else { "least" }),
            None => "in the list's own order".to_owned(),
        };
        self.say(at, &said, None);
    }

    fn wheel(&mut self, by: isize, at: Moment) {
        match self.place() {
            Place::Home => self.scroll_list(by, at),
            Place::Palette => {
                if let Some(Overlay::Palette { items, selected, .. }) = &mut self.screen.overlay {
                    *selected = selected.saturating_add_signed(by).min(items.len().saturating_sub(1));
                }
            }
            Place::Filter | Place::Prompt | Place::Run => {}
            Place::Case | Place::Logs | Place::Text | Place::Help | Place::Preview => moving::by_lines(self, by, at),
        }
    }

    /// Moves what is visible of a list; the selection stays where it is as long as it can be seen.
    fn scroll_list(&mut self, by: isize, at: Moment) {
        self.touch(at.felt);
        let page = panes::page_height(&self.screen);
        let list = self.list_mut();
        let Some(last) = list.order.len().checked_sub(1) else { return };
        let top = list.top.saturating_add_signed(by).min(list.order.len().saturating_sub(page));
        let selected = list.selected_index().unwrap_or(0).clamp(top, (top + page - 1).min(last));
        (list.top, list.found) = (top, selected);
        list.selected = list.order.get(selected).cloned();
        self.scroll_to_selected();
    }
}

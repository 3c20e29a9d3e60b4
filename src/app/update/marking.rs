//! Marks: rows that a person picks out of a list, one by one or from one to another.

use std::collections::HashSet;

use crate::app::command::Now;
use crate::app::{App, Moment};
use crate::domain::{Ref, Text};
use crate::ui::{CaseTab, Layer, ListState, RowKey, panes};

use super::moving;

/// Whether there is a row to mark.
pub fn mark_now(app: &App, at: Moment) -> Now {
    if !app.screen.layers.is_empty() {
        return app.selected_part(at).map(|_| Ok(Text::new("mark")));
    }
    match app.list()?.selected.as_ref()? {
        RowKey::Fold(_) => Some(Err(Text::new("this line stands for several rows: enter lists them"))),
        _ => Some(Ok(Text::new("mark"))),
    }
}

/// Marks the selected row, or takes its mark away, and goes one down.
pub fn mark(app: &mut App, at: Moment) {
    if let Some(key) = app.selected_part(at) {
        if let Some(Layer::Case(case)) = app.layer_mut()
            && !case.marks.remove(&key)
        {
            case.marks.insert(key);
        }
        return moving::down(app, at);
    }
    let list = app.list_mut();
    let Some(selected) = list.selected.clone() else { return };
    let marks = &mut list.marks;
    if marks.rows.remove(&selected) {
        marks.last = marks.last.take().filter(|last| *last != selected);
    } else {
        marks.last = Some(selected.clone());
        marks.rows.insert(selected);
    }
    moving::down(app, at);
}

/// Marks all rows from the one that was marked last to the selected one; that one alone where none was.
pub fn mark_range(app: &mut App, at: Moment) {
    app.touch(at.felt);
    let list = app.list_mut();
    let Some(to) = list.selected_index() else { return };
    let last = list.marks.last.as_ref();
    let from = last.and_then(|last| list.order.iter().position(|key| key == last)).unwrap_or(to);
    let is_row = |key: &&RowKey| !matches!(key, RowKey::Fold(_));
    let picked: Vec<RowKey> = list.order[from.min(to)..=from.max(to)].iter().filter(is_row).cloned().collect();
    list.marks.rows.extend(picked);
    list.marks.last = list.selected.clone();
    count_hidden(list);
}

/// Takes the marks away, where there are any; else goes to the place before.
pub fn back_home(app: &mut App, at: Moment) {
    if app.list().is_some_and(|list| !list.marks.rows.is_empty()) {
        app.list_mut().marks = Default::default();
        return;
    }
    moving::older(app, at);
}

/// Takes the marks of a case file away, where there are any and nothing floats over them; else goes back.
pub fn back(app: &mut App, at: Moment) {
    let seen = app.screen.overlay.is_none() && !app.marked_parts(at).is_empty();
    match app.layer_mut() {
        Some(Layer::Case(case)) if seen => case.marks.clear(),
        _ => moving::back(app, at),
    }
}

impl App {
    /// What is marked in the case file that is open, of what is still there.
    pub(super) fn marked_parts(&self, at: Moment) -> Vec<Ref> {
        let Some(Layer::Case(case)) = self.screen.layers.last() else { return Vec::new() };
        let view = self.core.view(at.now);
        case.marks.iter().filter(|key| view.instance(key).is_some()).cloned().collect()
    }

    /// The instance that is selected on a case file's page of them, which can be marked there.
    fn selected_part(&self, at: Moment) -> Option<Ref> {
        match self.screen.layers.last() {
            Some(Layer::Case(case)) if case.tab == CaseTab::Instances => self.selected_instance(at),
            _ => None,
        }
    }

    /// Marks of rows that are gone go; those of rows that a filter hides stay, and are counted.
    pub(super) fn follow_marks(&mut self, at: Moment) {
        let Some(list) = self.list().filter(|list| !list.marks.rows.is_empty()) else { return };
        let shown: HashSet<&RowKey> = list.order.iter().collect();
        let unseen: Vec<&RowKey> = list.marks.rows.iter().filter(|key| !shown.contains(key)).collect();
        let gone = panes::gone(self.screen.home.pane, &self.model(at.now), &unseen);
        let list = self.list_mut();
        list.marks.rows.retain(|key| !gone.contains(key));
        list.marks.last = list.marks.last.take().filter(|key| !gone.contains(key));
        count_hidden(list);
    }
}

fn count_hidden(list: &mut ListState) {
    let shown: HashSet<&RowKey> = list.order.iter().collect();
    list.marks.hidden = list.marks.rows.iter().filter(|key| !shown.contains(key)).count();
}

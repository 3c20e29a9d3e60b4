//! Lists: their order, what is selected in them, and what is announced of what they do not show.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::app::command::Now;
use crate::app::{App, Moment, rows};
use crate::domain::{Name, Severity, Text, Timestamp};
use crate::ui::{ListState, Pane, RowKey, filter_is_within, panes};

/// From a cursor key until so long without one a list keeps its order.
pub const HOLD_MS: i64 = 10_000;
/// Within so long of the selected row changing by itself, an action key only selects.
pub const STEADY_MS: i64 = 500;
/// So many rows are worth a millisecond until they are put in order again.
const ROWS_A_MS: i64 = 20;

/// Whether `at` is less than `ms` before `felt`.
pub fn within(at: Option<Timestamp>, felt: Timestamp, ms: i64) -> bool {
    at.is_some_and(|at| felt.as_millisecond() - at.as_millisecond() < ms)
}

/// `ms` after `at`.
pub fn later(at: Timestamp, ms: i64) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_millis(ms)).unwrap_or(at)
}

impl App {
    /// The list of the pane that is shown.
    pub fn list(&self) -> Option<&ListState> {
        self.screen.home.lists.get(&self.screen.home.pane)
    }

    pub(super) fn list_mut(&mut self) -> &mut ListState {
        self.screen.home.lists.entry(self.screen.home.pane).or_default()
    }

    /// Puts the list that is shown in order: the ranked one, or the held one with what is new at its end. A long list
    /// waits a while before it is put in order again: its rows show what is so now, in the order of before.
    pub(super) fn order_list(&mut self, at: Moment) {
        let wait = self.looked_at as i64 / ROWS_A_MS;
        if let Some(ordered) = self.ordered.filter(|ordered| within(Some(*ordered), at.felt, wait)) {
            self.reorder = Some(later(ordered, wait));
            return;
        }
        if self.put_in_order(at) && self.screen.layers.is_empty() {
            self.say(at, "the row that was selected is gone; its neighbour is selected now", Some(Severity::Advice));
        }
    }

    /// Whether the selected row is gone.
    fn put_in_order(&mut self, at: Moment) -> bool {
        let panes::Listed { keys: fresh, looked_at } = panes::listed(&self.screen, &self.model(at.now));
        (self.looked_at, self.ordered, self.reorder) = (looked_at, Some(at.felt), None);
        let list = self.list_mut();
        if !fresh.is_empty() && list.order == fresh {
            self.follow_marks(at);
            return false;
        }
        let held = within(list.touched, at.felt, HOLD_MS);
        let order = if held { merge(&list.order, fresh) } else { fresh };
        let gone = select(list, order, at.felt);
        self.follow_marks(at);
        self.scroll_to_selected();
        gone
    }

    /// Forgets the order that is held: a key asked for another filter, another place.
    pub(super) fn order_anew(&mut self, at: Moment) {
        self.list_mut().order.clear();
        self.put_in_order(at);
        // What a key did is no surprise to the person.
        self.list_mut().shifted = None;
    }

    /// Narrows the list while its filter is typed. Where the new one only asks for more, the rows that are left are looked at
    /// and no others.
    pub(super) fn narrow_as_typed(&mut self, filter: Option<Text>, at: Moment) {
        if self.screen.home.filter == filter {
            return;
        }
        let old = std::mem::replace(&mut self.screen.home.filter, filter);
        // Without a filter triage folds what a filter looks at.
        let folds = self.screen.home.pane == Pane::Triage && old.is_none();
        let new = self.screen.home.filter.as_deref().unwrap_or_default();
        if folds || !filter_is_within(new, old.as_deref()) {
            return self.order_anew(at);
        }
        let order = std::mem::take(&mut self.list_mut().order);
        let left = panes::narrowed(&self.screen, &self.model(at.now), order);
        let list = self.list_mut();
        select(list, left, at.felt);
        list.shifted = None;
        self.follow_marks(at);
        self.scroll_to_selected();
    }

    /// What a key folded leaves the list at once; its neighbour is selected, which is no surprise.
    pub(super) fn fold_away(&mut self, at: Moment) {
        self.put_in_order(at);
        self.list_mut().shifted = None;
    }

    /// Keeps the selected row among the visible ones.
    pub(super) fn scroll_to_selected(&mut self) {
        let page = panes::page_height(&self.screen);
        let list = self.list_mut();
        list.top = rows::top(list, page);
    }

    /// A person has put a hand on the list: what is selected stays selected, and the order is held.
    pub(super) fn touch(&mut self, felt: Timestamp) {
        let list = self.list_mut();
        list.touched = Some(felt);
        list.shifted = None;
    }

    /// Finds incidents that came while their row cannot be seen, and announces the worst of them.
    pub(super) fn announce(&mut self, at: Moment) {
        let incidents = self.core.diagnosis().incidents();
        let now_there: BTreeSet<Name> = incidents
            .iter()
            .filter(|incident| self.is_up(incident, at.now))
            .map(|incident| incident.id.clone())
            .collect();
        if self.announced.as_ref().is_some_and(|id| !now_there.contains(id) || self.is_seen(id)) {
            self.announced = None;
        }
        if let Some(known) = &self.known {
            let worth_it = |severity| matches!(severity, Severity::Critical | Severity::Warning);
            let new = incidents.iter().find(|incident| {
                worth_it(incident.severity)
                    && now_there.contains(&incident.id)
                    && !known.contains(&incident.id)
                    && !self.is_seen(&incident.id)
            });
            // Incidents are ranked: an announced one gives way only to one that stands above it.
            let place = |id: &Name| incidents.iter().position(|incident| incident.id == *id);
            if let Some(new) = new
                && self.announced.as_ref().and_then(place).is_none_or(|old| place(&new.id).is_some_and(|new| new < old))
            {
                self.announced = Some(new.id.clone());
            }
        }
        if self.known.is_some() || self.core.is_settled() {
            self.known = Some(now_there);
        }
        self.word_announcement();
    }

    fn word_announcement(&mut self) {
        let incidents = self.core.diagnosis().incidents();
        let announced = self.announced.as_ref().and_then(|id| incidents.iter().find(|incident| incident.id == *id));
        let key = self.shown_key("go-to-new");
        self.screen.announcement = announced.map(|incident| {
            let name = incident.label.as_deref().map_or_else(|| incident.subject.local(), str::to_owned);
            let (severity, cluster) = (incident.severity.as_str(), &incident.subject.cluster);
            Text::from(format!("new {severity}: {cluster} {name}: {}   {key} goes there", incident.summary))
        });
    }

    /// Whether the row of an incident can be seen now.
    fn is_seen(&self, id: &Name) -> bool {
        let home = self.screen.layers.is_empty() && self.screen.overlay.is_none();
        let mut visible = self
            .list()
            .filter(|_| home && self.screen.home.pane == Pane::Triage)
            .into_iter()
            .flat_map(|list| list.order.iter().skip(list.top).take(panes::page_height(&self.screen)));
        visible.any(|key| matches!(key, RowKey::Incident(seen) if seen == id))
    }
}

/// Shows columns by shrinking others, or does not.
pub fn wide(app: &mut App, _: Moment) {
    let list = app.list_mut();
    list.wide = !list.wide;
}

/// Whether there is something to go to.
pub fn go_to_new_now(app: &App, _: Moment) -> Now {
    let new = app.announced.is_some().then(|| Text::new("go to the new incident"));
    Some(new.ok_or_else(|| Text::new("no new incident is announced")))
}

/// Shows the announced incident, selected.
pub fn go_to_new(app: &mut App, at: Moment) {
    let Some(id) = app.announced.take() else { return };
    app.leave_for(at, |screen| {
        screen.layers.clear();
        screen.home.pane = Pane::Triage;
        screen.home.filter = None;
        screen.home.scope = None;
    });
    app.list_mut().touched = None;
    app.order_anew(at);
    let row = RowKey::Incident(id);
    let list = app.list_mut();
    if list.order.contains(&row) {
        list.selected = Some(row);
    }
    app.touch(at.felt);
    app.scroll_to_selected();
    app.word_announcement();
}

/// The held order without what is gone, and what is new at its end; lines that stand for several stay last.
fn merge(held: &[RowKey], fresh: Vec<RowKey>) -> Vec<RowKey> {
    let there: HashSet<&RowKey> = fresh.iter().collect();
    let was: HashSet<&RowKey> = held.iter().collect();
    let is_fold = |key: &&RowKey| matches!(key, RowKey::Fold(_));
    let kept = held.iter().filter(|key| there.contains(key) && !is_fold(key));
    let new = fresh.iter().filter(|key| !was.contains(key) && !is_fold(key));
    kept.chain(new).chain(fresh.iter().filter(is_fold)).cloned().collect()
}

/// Gives a list its new order. The selection follows its object; before the first cursor key it is the top row. Returns
/// whether the selected object is gone.
fn select(list: &mut ListState, order: Vec<RowKey>, felt: Timestamp) -> bool {
    let was_at = list.selected_index();
    let before = list.selected.take();
    let old = std::mem::replace(&mut list.order, order);
    let place = before.as_ref().and_then(|key| list.order.iter().position(|it| it == key));
    let gone = list.touched.is_some() && before.is_some() && place.is_none();
    let neighbour = || {
        let ix = was_at?;
        let there: HashMap<&RowKey, usize> = list.order.iter().enumerate().map(|(ix, key)| (key, ix)).collect();
        let after = old[ix + 1..].iter().find_map(|key| there.get(key));
        after.or_else(|| old[..ix].iter().rev().find_map(|key| there.get(key))).copied()
    };
    list.found = match (list.touched, place) {
        (None, _) => 0,
        (Some(_), Some(place)) => place,
        (Some(_), None) if gone => neighbour().unwrap_or(0),
        (Some(_), None) => 0,
    };
    list.selected = list.order.get(list.found).cloned();
    if before != list.selected && before.is_some() {
        list.shifted = Some(felt);
    }
    gone
}

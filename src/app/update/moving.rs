//! Getting around: cursor, panes, case files, and back again.

use crate::app::command::Now;
use crate::app::{App, Effect, Moment, Place, rows};
use crate::domain::{Kind, Name, Ref, Role, Severity, Text};
use crate::ui::case::Opens;
use crate::ui::{CaseFile, CaseTab, Every, Go, Layer, Overlay, Page, Pane, RowKey, Scope, Screen, case, panes};

use super::lists::within;

/// Where a person was, and how to be exactly there again.
#[derive(Debug, Clone)]
struct Spot {
    pane: Pane,
    filter: Option<Text>,
    scope: Option<Scope>,
    selected: Option<RowKey>,
    top: usize,
    layers: Vec<Layer>,
}

/// Where a person was before, and after.
#[derive(Debug, Default)]
pub struct Trail {
    past: Vec<Spot>,
    future: Vec<Spot>,
    /// Where a person was before the filter that is being typed.
    unfiltered: Option<Spot>,
}

/// Places that are remembered.
const REMEMBERED: usize = 100;
/// Asking to quit has to be said twice within so long.
const TWICE_MS: i64 = 3_000;

impl App {
    fn spot(&self) -> Spot {
        let list = self.list();
        // Logs and texts are streams and answers: they are left, not kept.
        let kept = |layer: &&Layer| matches!(layer, Layer::Case(_));
        Spot {
            pane: self.screen.home.pane,
            filter: self.screen.home.filter.clone(),
            scope: self.screen.home.scope.clone(),
            selected: list.and_then(|list| list.selected.clone()),
            top: list.map_or(0, |list| list.top),
            layers: self.screen.layers.iter().take_while(kept).cloned().collect(),
        }
    }

    /// Goes somewhere else, and remembers where it was.
    pub(super) fn leave_for(&mut self, at: Moment, go: impl FnOnce(&mut Screen)) {
        self.touch(at.felt);
        let spot = self.spot();
        self.cancel_streams();
        self.remember(spot);
        go(&mut self.screen);
    }

    fn remember(&mut self, spot: Spot) {
        self.trail.past.push(spot);
        if self.trail.past.len() > REMEMBERED {
            self.trail.past.remove(0);
        }
        self.trail.future.clear();
    }

    /// A filter is going to be typed, and the list follows each key: remembers how it was before.
    pub(super) fn begin_filter(&mut self) {
        self.trail.unfiltered = Some(self.spot());
    }

    /// The filter that was typed is kept; the way back leads to how the list was before it.
    pub(super) fn keep_filter(&mut self) {
        let before = self.trail.unfiltered.take();
        if let Some(before) = before.filter(|spot| spot.filter != self.screen.home.filter) {
            self.remember(before);
        }
    }

    /// The filter that was typed is not kept: the list is as it was before.
    pub(super) fn leave_filter(&mut self, at: Moment) {
        let before = self.trail.unfiltered.take();
        if let Some(before) = before.filter(|spot| spot.filter != self.screen.home.filter) {
            self.return_to(before, at);
        }
    }

    fn return_to(&mut self, spot: Spot, at: Moment) {
        self.cancel_streams();
        self.screen.home.pane = spot.pane;
        self.screen.home.filter = spot.filter;
        self.screen.home.scope = spot.scope;
        self.screen.layers = spot.layers;
        self.order_anew(at);
        let list = self.list_mut();
        if let Some(key) = spot.selected.filter(|key| list.order.contains(key)) {
            list.selected = Some(key);
            list.shifted = None;
        }
        list.top = spot.top;
        self.touch(at.felt);
        self.scroll_to_selected();
    }

    /// Nothing that is only on top of what is left is waited for any more.
    fn cancel_streams(&mut self) {
        for layer in &self.screen.layers {
            match layer {
                Layer::Logs(view) => self.effects.push(Effect::Cancel(view.ticket)),
                Layer::Text(view) => self.effects.push(Effect::Cancel(view.ticket)),
                Layer::Case(_) => {}
            }
        }
    }

    /// Opens the case file of something.
    pub(super) fn open_case(&mut self, of: RowKey, at: Moment) {
        self.open_file(CaseFile::new(of, CaseTab::Why), at);
    }

    /// Opens the case file of one container of an instance.
    fn open_container(&mut self, instance: Ref, name: Name, at: Moment) {
        let case = CaseFile::new(RowKey::Object(instance), CaseTab::Why);
        self.open_file(CaseFile { container: Some(name), ..case }, at);
    }

    fn open_file(&mut self, case: CaseFile, at: Moment) {
        self.leave_for(at, |screen| {
            screen.layers.retain(|layer| matches!(layer, Layer::Case(_)));
            screen.layers.push(Layer::Case(case));
        });
    }

    /// Whether there is more to say of the selected row than its description: it runs, is run on or asked, or something
    /// is wrong with it.
    fn has_case(&self, at: Moment) -> bool {
        let bare = |key: Ref| {
            matches!(key.kind.role(), Role::Volume | Role::Autoscaler | Role::Budget | Role::Config | Role::Namespace)
        };
        self.incident(at).is_some() || !self.target(at).is_some_and(bare)
    }

    /// The topmost layer.
    pub(super) fn layer_mut(&mut self) -> Option<&mut Layer> {
        self.screen.layers.last_mut()
    }
}

/// How far a cursor key goes.
#[derive(Clone, Copy)]
enum Way {
    Lines(isize),
    Pages(isize),
    First,
    Last,
}

impl Way {
    /// From `at`, where there are `len`.
    fn from(self, at: usize, len: usize, page: usize) -> usize {
        let last = len.saturating_sub(1);
        match self {
            Way::Lines(n) => at.saturating_add_signed(n).min(last),
            Way::Pages(n) => at.saturating_add_signed(n * page.saturating_sub(1).max(1) as isize).min(last),
            Way::First => 0,
            Way::Last => last,
        }
    }
}

/// One down.
pub fn down(app: &mut App, at: Moment) {
    step(app, at, Way::Lines(1));
}

/// One up.
pub fn up(app: &mut App, at: Moment) {
    step(app, at, Way::Lines(-1));
}

/// A page down.
pub fn page_down(app: &mut App, at: Moment) {
    step(app, at, Way::Pages(1));
}

/// A page up.
pub fn page_up(app: &mut App, at: Moment) {
    step(app, at, Way::Pages(-1));
}

/// So many lines down, or up.
pub fn by_lines(app: &mut App, by: isize, at: Moment) {
    step(app, at, Way::Lines(by));
}

/// To the first line.
pub fn first(app: &mut App, at: Moment) {
    step(app, at, Way::First);
}

/// To the last line.
pub fn last(app: &mut App, at: Moment) {
    step(app, at, Way::Last);
}

fn step(app: &mut App, at: Moment, way: Way) {
    match app.place() {
        Place::Home => move_selection(app, at, way),
        Place::Case => move_in_case(app, at, way),
        _ => scroll(app, at, way),
    }
}

fn move_selection(app: &mut App, at: Moment, way: Way) {
    app.touch(at.felt);
    let page = panes::page_height(&app.screen);
    let list = app.list_mut();
    let from = list.selected_index().unwrap_or(0);
    let to = way.from(from, list.order.len(), page);
    list.selected = list.order.get(to).cloned();
    list.found = to;
    app.scroll_to_selected();
}

fn move_in_case(app: &mut App, at: Moment, way: Way) {
    let Some(Layer::Case(case)) = app.screen.layers.last() else { return };
    if matches!(case.tab, CaseTab::Why | CaseTab::Logs) {
        return scroll(app, at, way);
    }
    let model = app.model(at.now);
    let rows = case::rows(case, &app.screen, &model);
    let picked = case::picked(case, &app.screen, &model);
    let from = picked.as_ref().and_then(|row| rows.iter().position(|it| it == row));
    let to = from.map_or(0, |from| way.from(from, rows.len(), panes::page_height(&app.screen)));
    let (row, before) = (rows.get(to).cloned(), case::top(case, &app.screen, &model));
    let Some(Layer::Case(case)) = app.layer_mut() else { return };
    case.scroll = before;
    if let Some(row) = row {
        case.picks.insert(case.tab, row);
    }
    // Where it stands now is where it stays when one goes the other way.
    let top = match app.screen.layers.last() {
        Some(Layer::Case(case)) => case::top(case, &app.screen, &app.model(at.now)),
        _ => return,
    };
    if let Some(Layer::Case(case)) = app.layer_mut() {
        case.scroll = top;
    }
}

/// Moves the first visible line of what is read.
fn scroll(app: &mut App, at: Moment, way: Way) {
    if app.screen.overlay.is_none() && matches!(app.screen.layers.last(), Some(Layer::Logs(_))) {
        return scroll_output(app, way);
    }
    let (len, page) = rows::extent(&app.screen, &app.model(at.now));
    let most = len.saturating_sub(page);
    let moved = |from: usize| match way {
        Way::Last => most,
        way => way.from(from, most + 1, page),
    };
    if let Some(Overlay::Help(sheet)) = &mut app.screen.overlay {
        sheet.scroll = moved(sheet.scroll.min(most));
        return;
    }
    if let Some(Overlay::Run(_)) = &app.screen.overlay {
        app.screen.run_scroll = moved(app.screen.run_scroll.min(most));
        return;
    }
    if let Some(Overlay::Preview(preview)) = &mut app.screen.overlay {
        preview.scroll = moved(preview.scroll.min(most));
        return;
    }
    match app.layer_mut() {
        Some(Layer::Case(case)) => case.scroll = moved(case.scroll.min(most)),
        // Where sections can be folded, keys move what they act on.
        Some(Layer::Text(view)) if view.folds.any() => {
            let to = way.from(view.folds.place(view.cursor), len, page);
            if let Some(line) = view.folds.shown().get(to).copied() {
                view.stand(line, page);
            }
        }
        Some(Layer::Text(view)) => view.scroll = moved(view.scroll.min(most)),
        Some(Layer::Logs(_)) | None => {}
    }
}

/// Moves output by rows of the screen: a line may have many.
fn scroll_output(app: &mut App, way: Way) {
    let page = Page::of(app.screen.size);
    let go = match way {
        Way::Lines(n) => Go::Rows(n),
        Way::Pages(n) => Go::Rows(n * page.height.saturating_sub(1).max(1) as isize),
        Way::First => Go::First,
        Way::Last => Go::Last,
    };
    if let Some(Layer::Logs(view)) = app.layer_mut() {
        view.go(go, page);
    }
}

/// The next pane, or page.
pub fn next_tab(app: &mut App, at: Moment) {
    turn_page(app, at, 1);
}

/// The pane before, or page.
pub fn previous_tab(app: &mut App, at: Moment) {
    turn_page(app, at, -1);
}

fn turn_page(app: &mut App, at: Moment, by: isize) {
    fn next<T: Copy + PartialEq>(all: &[T], it: T, by: isize) -> T {
        let ix = all.iter().position(|other| *other == it).unwrap_or(0) as isize;
        all[(ix + by).rem_euclid(all.len() as isize) as usize]
    }
    if let Some(Layer::Case(case)) = app.screen.layers.last() {
        let tab = next(&case::tabs(case, &app.screen, &app.model(at.now)), case.tab, by);
        return show_page(app, tab, at);
    }
    let pane = match app.screen.home.pane.digit() {
        Some(_) => next(&Pane::ALL, app.screen.home.pane, by),
        // From a list without a key to the first pane, or the last.
        None if by > 0 => Pane::ALL[0],
        None => Pane::ALL[Pane::ALL.len() - 1],
    };
    show_pane(app, pane, at);
}

/// Shows a page of the case file that is open.
pub(super) fn show_page(app: &mut App, tab: CaseTab, at: Moment) {
    let Some(Layer::Case(case)) = app.layer_mut() else { return };
    case.tab = tab;
    // What was written last is read first.
    case.scroll = if tab == CaseTab::Logs { usize::MAX } else { 0 };
    let Some(Layer::Case(case)) = app.screen.layers.last() else { return };
    // The selection follows what is selected, not its place; what happened last is followed until a key says otherwise.
    let picked = match tab {
        CaseTab::Timeline => None,
        _ => case::picked(case, &app.screen, &app.model(at.now)),
    };
    if let (Some(Layer::Case(case)), Some(row)) = (app.layer_mut(), picked) {
        case.picks.insert(tab, row);
    }
}

/// Shows a pane, whatever is open. A filter belongs to where it was typed: going back finds it there.
pub fn show_pane(app: &mut App, pane: Pane, at: Moment) {
    if app.screen.home.pane == pane && app.screen.layers.is_empty() {
        return;
    }
    app.leave_for(at, |screen| {
        screen.layers.clear();
        screen.home.pane = pane;
        screen.home.filter = None;
    });
    app.order_anew(at);
}

/// Whether there is something that events could be about.
pub fn events_now(app: &App, at: Moment) -> Now {
    app.selected_instance(at).or_else(|| app.target(at)).map(|_| Ok(Text::new("events")))
}

/// The list of events, narrowed to what is selected, or to the cluster that is.
pub fn events(app: &mut App, at: Moment) {
    let Some(key) = app.selected_instance(at).or_else(|| app.target(at)) else { return };
    let filter = (key.kind != Kind::Cluster).then(|| key.name.clone());
    app.leave_for(at, |screen| {
        screen.layers.clear();
        screen.home.pane = Pane::Every(Every::Events);
        screen.home.filter = filter;
    });
    app.order_anew(at);
}

/// Whether there is something to open.
pub fn open_now(app: &App, at: Moment) -> Now {
    match app.screen.layers.last() {
        None => match app.list().and_then(|list| list.selected.as_ref()) {
            Some(RowKey::Run(_)) => Some(Ok(Text::new("follow the run"))),
            Some(RowKey::Fold(_)) => Some(Ok(Text::new("unfold"))),
            Some(RowKey::Object(key)) if app.narrows() => Some(Ok(Text::from(format!("only {}", key.name)))),
            Some(_) if !app.has_case(at) => Some(Ok(Text::new("describe"))),
            Some(_) => Some(Ok(Text::new("case file"))),
            None => None,
        },
        Some(Layer::Case(case)) => {
            let opens = case::opens(case, &app.screen, &app.model(at.now));
            Some(opens.map(|opens| Text::from(opens.words())))
        }
        Some(_) => None,
    }
}

/// Opens the selected row.
pub fn open(app: &mut App, at: Moment) {
    if let Some(Layer::Case(case)) = app.screen.layers.last() {
        let opens = case::opens(case, &app.screen, &app.model(at.now));
        return opens.map_or((), |opens| go_into(app, opens, at));
    }
    let Some(row) = app.list().and_then(|list| list.selected.clone()) else { return };
    match row {
        RowKey::Run(id) => {
            app.touch(at.felt);
            app.look_at_run(id);
        }
        RowKey::Forward(_) => {
            if let Some(key) = app.target(at) {
                app.open_case(RowKey::Object(key), at);
            }
        }
        RowKey::Fold(what) => super::looking::unfold(app, what, at),
        RowKey::Object(key) if app.narrows() => app.narrow_to(&key, at),
        _ if !app.has_case(at) => super::looking::describe(app, at),
        row => app.open_case(row, at),
    }
}

fn go_into(app: &mut App, opens: Opens, at: Moment) {
    match opens {
        Opens::Case(row) => app.open_case(row, at),
        Opens::Container(instance, name) => app.open_container(instance, name, at),
        Opens::Page(tab) => show_page(app, tab, at),
        Opens::Output(instance, container) => super::logs::output_of_part(app, instance, container, at),
        Opens::Read(title, lines) => app.read(&title, lines, ""),
        Opens::Run(id) => {
            app.touch(at.felt);
            app.look_at_run(id);
        }
    }
}

/// Leaves what floats or is open.
pub fn back(app: &mut App, at: Moment) {
    if app.screen.overlay.is_some() {
        return app.close_overlay();
    }
    match app.screen.layers.last() {
        Some(Layer::Logs(_) | Layer::Text(_)) => {
            let ticket = match app.screen.layers.pop() {
                Some(Layer::Logs(view)) => view.ticket,
                Some(Layer::Text(view)) => view.ticket,
                _ => return,
            };
            app.effects.push(Effect::Cancel(ticket));
        }
        _ => older(app, at),
    }
}

/// To the place before.
pub fn older(app: &mut App, at: Moment) {
    let Some(spot) = app.trail.past.pop() else {
        let keys = app.shown_key("leave");
        return app.say(at, &format!("this is where you started; {keys} quits"), None);
    };
    let here = app.spot();
    app.trail.future.push(here);
    app.return_to(spot, at);
}

/// To the place after.
pub fn newer(app: &mut App, at: Moment) {
    let Some(spot) = app.trail.future.pop() else {
        return app.say(at, "there is no place after this one", None);
    };
    let here = app.spot();
    app.trail.past.push(here);
    app.return_to(spot, at);
}

/// Quits when it is said twice.
pub fn leave(app: &mut App, at: Moment) {
    if within(app.leaving, at.felt, TWICE_MS) {
        return quit(app, at);
    }
    app.leaving = Some(at.felt);
    let open: Vec<&str> =
        app.core.runs().runs().iter().filter(|run| run.outcome.is_none()).map(|run| &*run.plan.title).collect();
    let text = match &open[..] {
        [] => "again to quit".to_owned(),
        [one] => format!("{one} is under way: what was not sent yet is not sent any more. Again to quit"),
        [one, ..] => {
            format!("{one} and {} more are under way: what was not sent is lost. Again to quit", open.len() - 1)
        }
    };
    let text = match app.forwards_end() {
        Some(ends) => format!("{ends}. {}", sentence(&text)),
        None => text,
    };
    let severity = (!open.is_empty()).then_some(Severity::Warning);
    app.say(at, &text, severity);
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Closes what floats; else quits when it is said twice.
pub fn interrupt(app: &mut App, at: Moment) {
    match app.screen.overlay {
        Some(_) => super::answering::dismiss(app, at),
        None => leave(app, at),
    }
}

/// Quits.
pub fn quit(app: &mut App, _: Moment) {
    app.effects.push(Effect::Quit);
}

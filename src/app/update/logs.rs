//! Output: whose it is, since when, and what of it is shown.

use crate::app::command::Now;
use crate::app::{App, Effect, Moment};
use crate::domain::words::after;
use crate::domain::{Kind, LogRequest, Name, Ref, Role, Severity, Text, Timestamp};
use crate::ui::case::{trouble_first, troubled_container};
use crate::ui::{Input, Layer, LogView, Overlay, Page, Pattern, Seek, panes};

/// Lines of the past that a log begins with.
const TAIL: u32 = 500;
/// The same, where it begins at a time. Of a workload that is asked of each pod.
const TAIL_SINCE: u32 = 2000;
/// So long before an incident its output begins, seconds.
const BEFORE: i64 = 60;

/// Outputs that are followed as one, at most.
const TOGETHER: usize = 20;
/// Of more marks it is not looked for each change which of them have output.
const MARKS: usize = 200;
/// Why one of several has to be chosen.
const SEVERAL: &str = "the outputs of several are read; choose one of them";

/// Whether there is output to follow, and whose.
pub fn logs_now(app: &App, at: Moment) -> Now {
    if count_of_marks(app) > MARKS {
        return Some(Err(Text::from(format!("more than {MARKS} rows are marked; {TOGETHER} can be read together"))));
    }
    match marked(app, at) {
        Some((all, _)) if all.is_empty() => Some(Err(Text::new("nothing that is marked has output"))),
        Some((all, _)) => Some(Ok(Text::from(format!("logs of {} marked", all.len())))),
        None => output_now(app, at),
    }
}

/// Whether there is output of one, and of which run in a log.
pub fn output_now(app: &App, at: Moment) -> Now {
    if let Some(Layer::Logs(view)) = app.screen.layers.last() {
        let run = if view.request.previous { "this run" } else { "run before" };
        return Some(if view.also.is_empty() { Ok(Text::new(run)) } else { Err(Text::new(SEVERAL)) });
    }
    Some(app.log_source(at)?.map(|source| {
        let all = app.core.view(at.now).instances_of(&source.whole).nth(1).is_some();
        Text::new(if all && source.is_followed_whole() { "logs of all" } else { "logs" })
    }))
}

/// What is marked in the list, or on a case file's page of instances; none where nothing is.
fn marks(app: &App, at: Moment) -> Option<Vec<Option<Ref>>> {
    let all: Vec<Option<Ref>> = match app.screen.layers.last() {
        Some(Layer::Case(_)) => app.marked_parts(at).into_iter().map(Some).collect(),
        Some(_) => return None,
        None => {
            let model = app.model(at.now);
            app.list()?.marks.rows.iter().map(|row| panes::target(app.screen.home.pane, row, &model)).collect()
        }
    };
    (!all.is_empty()).then_some(all)
}

/// How much is marked.
fn count_of_marks(app: &App) -> usize {
    match app.screen.layers.last() {
        Some(Layer::Case(case)) => case.marks.len(),
        Some(_) => 0,
        None => app.list().map_or(0, |list| list.marks.rows.len()),
    }
}

/// What is marked and has output, and how much that is marked has none; none where nothing is marked.
fn marked(app: &App, at: Moment) -> Option<(Vec<Ref>, usize)> {
    let mut all: Vec<Ref> = Vec::new();
    let mut without = 0;
    for target in marks(app, at)? {
        match target.and_then(|target| app.source_of(&target, at)) {
            Some(Ok(source)) => {
                let key = if source.is_followed_whole() { source.whole } else { source.worst };
                if !all.contains(&key) {
                    all.push(key);
                }
            }
            Some(Err(_)) | None => without += 1,
        }
    }
    Some((all, without))
}

/// Follows the output of the instance; of a workload that of all its instances, or of its worst one where the
/// orchestrator cannot tell them together; of what is marked that of all.
pub fn logs(app: &mut App, at: Moment) {
    match marked(app, at) {
        Some((all, without)) if all.len() > 1 => follow_marked(app, all, without, at),
        Some((all, _)) => {
            let source = all.first().and_then(|key| app.source_of(key, at));
            follow_one(app, source, None, at);
        }
        None => {
            // Of what is wrong, one wants what was written since that began.
            let since = app.incident(at).map(|it| after(it.since, -BEFORE));
            follow_one(app, app.log_source(at), since, at);
        }
    }
}

fn follow_marked(app: &mut App, mut all: Vec<Ref>, without: usize, at: Moment) {
    app.touch(at.felt);
    let left_out = all.len().saturating_sub(TOGETHER);
    all.truncate(TOGETHER);
    let first = all.remove(0);
    let mut view = LogView::new(app.ticket(), output_of(first), None);
    view.also = all;
    app.effects.push(asks(&view));
    app.screen.layers.push(Layer::Logs(Box::new(view)));
    let mut said = Vec::new();
    if left_out > 0 {
        said.push(format!("{left_out} of the marked are left out: at most {TOGETHER} are read together"));
    }
    if without > 0 {
        said.push(format!("{without} of the marked have no output"));
    }
    if !said.is_empty() {
        app.say_long(at, &said.join("; "), Some(Severity::Advice));
    }
}

/// What has to be asked for.
fn asks(view: &LogView) -> Effect {
    if view.also.is_empty() {
        return Effect::OpenLogs(view.ticket, view.request.clone());
    }
    let of = |instance: &Ref| LogRequest { instance: instance.clone(), ..view.request.clone() };
    Effect::OpenSeveral(view.ticket, view.followed().map(of).collect())
}

fn follow_one(app: &mut App, source: Option<Result<LogSource, Text>>, since: Option<Timestamp>, at: Moment) {
    let Some(Ok(source)) = source else { return };
    app.touch(at.felt);
    let whole = source.is_followed_whole();
    let container = app.meant_container(&source.worst, at);
    let instance = if whole { source.whole.clone() } else { source.worst };
    let of = (!whole && instance != source.whole).then_some(source.whole);
    let tail = if since.is_some() { TAIL_SINCE } else { TAIL };
    app.follow_output(LogRequest { container, since, tail, ..output_of(instance) }, of);
}

/// The output of the run before; in a log, to and fro.
pub fn previous_logs(app: &mut App, at: Moment) {
    let Some(Layer::Logs(view)) = app.screen.layers.last() else {
        let Some(Ok(source)) = app.log_source(at) else { return };
        app.touch(at.felt);
        let container = app.meant_container(&source.worst, at);
        let request = LogRequest { container, previous: true, follow: false, ..output_of(source.worst.clone()) };
        return app.follow_output(request, Some(source.whole).filter(|whole| *whole != source.worst));
    };
    let (request, of) = (view.request.clone(), view.of.clone());
    let back = of.clone().filter(|of| request.previous && of.kind.writers().is_some());
    let instance = match (request.previous, request.instance.kind.role()) {
        // Of several, the run before is that of the worst: the others may have had none.
        (false, Role::Workload | Role::Endpoint) => match app.source_of(&request.instance, at) {
            Some(Ok(source)) => source.worst,
            Some(Err(why)) => return app.say(at, &format!("previous: {why}"), Some(Severity::Advice)),
            None => return,
        },
        _ => back.clone().unwrap_or_else(|| request.instance.clone()),
    };
    let of = match back {
        Some(_) => None,
        None => of.or_else(|| (instance != request.instance).then(|| request.instance.clone())),
    };
    let previous = !request.previous;
    app.turn_to(LogRequest { instance, previous, follow: !previous, since: None, ..request }, of);
}

/// Follows the output of one container that a case file shows the end of.
pub(super) fn output_of_part(app: &mut App, instance: Ref, container: Option<Name>, at: Moment) {
    app.touch(at.felt);
    let of = app.target(at).filter(|target| *target != instance);
    app.follow_output(LogRequest { container, ..output_of(instance) }, of);
}

fn output_of(instance: Ref) -> LogRequest {
    LogRequest { instance, container: None, previous: false, since: None, tail: TAIL, follow: true }
}

/// Whose output is meant.
struct LogSource {
    /// What is selected.
    whole: Ref,
    /// Its instance whose output says most about what is wrong.
    worst: Ref,
}

impl LogSource {
    /// Whether the orchestrator tells the output of all its instances together, new ones too.
    const fn is_followed_whole(&self) -> bool {
        self.whole.kind.writers().is_some()
    }
}

impl App {
    fn follow_output(&mut self, request: LogRequest, of: Option<Ref>) {
        let ticket = self.ticket();
        self.screen.layers.push(Layer::Logs(Box::new(LogView::new(ticket, request.clone(), of))));
        self.effects.push(Effect::OpenLogs(ticket, request));
    }

    /// Reads other output in the place of what is read, and looks at it in the same way.
    fn turn_to(&mut self, request: LogRequest, of: Option<Ref>) {
        let ticket = self.ticket();
        let Some(Layer::Logs(view)) = self.layer_mut() else { return };
        let next = view.turned_to(ticket, request, of);
        let asks = asks(&next);
        let before = std::mem::replace(&mut **view, next);
        self.effects.push(Effect::Cancel(before.ticket));
        self.effects.push(asks);
    }

    /// The container whose output is meant: the one that is selected, else the one that fails, where one does.
    fn meant_container(&self, instance: &Ref, at: Moment) -> Option<Name> {
        let selected = self.selected_container(at).filter(|(of, _)| of == instance).map(|(_, name)| name);
        let view = self.core.view(at.now);
        selected.or_else(|| Some(troubled_container(view.instance(instance)?)?.name.clone()))
    }

    /// Whose output is meant; none where nothing that is selected has any.
    fn log_source(&self, at: Moment) -> Option<Result<LogSource, Text>> {
        match self.selected_instance(at) {
            Some(instance) => self.source_of(&instance, at),
            None => self.source_of(&self.target(at)?, at),
        }
    }

    fn source_of(&self, target: &Ref, at: Moment) -> Option<Result<LogSource, Text>> {
        let view = self.core.view(at.now);
        let worst = match target.kind.role() {
            Role::Instance => return Some(Ok(LogSource { whole: target.clone(), worst: target.clone() })),
            Role::Workload => view.instances_of(target).min_by_key(|it| trouble_first(it)),
            // A Service of Kubernetes: its pods are those of what it leads to.
            Role::Endpoint if target.kind == Kind::Endpoint => {
                let behind = view.endpoint(target)?.serves.iter().filter(|of| of.kind.runs_pods());
                behind.flat_map(|of| view.instances_of(of)).min_by_key(|it| trouble_first(it))
            }
            _ => return None,
        };
        let why = || Text::from(format!("no instance of {} is there to read from", target.local()));
        let worst = worst.map(|it| it.key.clone()).ok_or_else(why);
        Some(worst.map(|worst| LogSource { whole: target.clone(), worst }))
    }
}

/// Follows, or stands still.
pub fn follow(app: &mut App, _: Moment) {
    if let Some(Layer::Logs(view)) = app.layer_mut() {
        view.following = !view.following;
        if view.following {
            (view.behind, view.hidden) = (0, 0);
        }
    }
}

/// Opens the field for what lines have to be like.
pub fn filter(app: &mut App, _: Moment) {
    app.ask_for(true);
}

/// Opens the field for what is looked for.
pub fn search(app: &mut App, _: Moment) {
    app.ask_for(false);
}

/// Takes what was typed into that field.
pub fn take(app: &mut App, at: Moment) {
    let Some(Overlay::Seek(Seek { narrows, input })) = app.screen.overlay.take() else { return };
    let pattern = Pattern::new(&input.text);
    let looks = pattern.is_some();
    let upwards = match app.layer_mut() {
        Some(Layer::Logs(view)) if narrows => {
            view.narrow(pattern);
            return say_problem(app, &input.text, at);
        }
        Some(Layer::Logs(view)) => {
            (view.search, view.found) = (pattern, None);
            true
        }
        Some(Layer::Text(view)) => {
            (view.search, view.found) = (pattern, None);
            false
        }
        _ => return,
    };
    if looks {
        go(app, at, upwards);
    }
    say_problem(app, &input.text, at);
}

/// Says what is wrong with an expression that was taken: that goes before what came of it.
fn say_problem(app: &mut App, typed: &str, at: Moment) {
    if let Some(problem) = Pattern::problem(typed) {
        app.say_long(at, &format!("{problem}; it is looked for as it stands"), Some(Severity::Advice));
    }
}

/// Whether something is looked for.
pub fn seek_now(app: &App, _: Moment) -> Now {
    let search = match app.screen.layers.last() {
        Some(Layer::Logs(view)) => &view.search,
        Some(Layer::Text(view)) => &view.search,
        _ => return None,
    };
    let what = search.as_ref().map(|search| Text::from(format!("next {}", search.text)));
    Some(what.ok_or_else(|| Text::new("nothing is looked for yet")))
}

/// To the line above that is looked for.
pub fn seek_up(app: &mut App, at: Moment) {
    go(app, at, true);
}

/// To the line below that is looked for.
pub fn seek_down(app: &mut App, at: Moment) {
    go(app, at, false);
}

fn go(app: &mut App, at: Moment, upwards: bool) {
    let page = Page::of(app.screen.size);
    let (found, search, way) = match app.layer_mut() {
        Some(Layer::Logs(view)) => (view.seek(upwards, page), &view.search, if upwards { " above" } else { " below" }),
        Some(Layer::Text(view)) => (view.seek(upwards), &view.search, ""),
        _ => return,
    };
    if !found {
        let what = search.as_ref().map(|it| it.text.clone()).unwrap_or_default();
        app.say(at, &format!("no line{way} has {what}"), None);
    }
}

/// Wraps long lines, or lets them go on to the right.
pub fn wrap(app: &mut App, _: Moment) {
    if let Some(Layer::Logs(view)) = app.layer_mut() {
        view.sideways = if view.sideways.is_some() { None } else { Some(0) };
    }
}

/// Columns that one key goes sideways.
const ASIDE: usize = 20;

/// To the right, in lines that are not wrapped.
pub fn right(app: &mut App, _: Moment) {
    if let Some(Layer::Logs(view)) = app.layer_mut() {
        view.sideways = Some(view.sideways.map_or(ASIDE, |from| from.saturating_add(ASIDE)));
    }
}

/// To the left again.
pub fn left(app: &mut App, _: Moment) {
    if let Some(Layer::Logs(view)) = app.layer_mut() {
        view.sideways = view.sideways.map(|from| from.saturating_sub(ASIDE));
    }
}

/// Shows records as they were written, or taken apart.
pub fn raw(app: &mut App, _: Moment) {
    if let Some(Layer::Logs(view)) = app.layer_mut() {
        view.raw = !view.raw;
    }
}

/// Reads from so many seconds ago on; the newest lines, whenever they were written, where none are said.
pub fn range(app: &mut App, at: Moment, seconds: Option<i64>) {
    let Some(Layer::Logs(view)) = app.screen.layers.last() else { return };
    let since = seconds.map(|seconds| after(at.now, -seconds));
    let tail = if since.is_some() { TAIL_SINCE } else { TAIL };
    let (request, of) = (LogRequest { since, tail, ..view.request.clone() }, view.of.clone());
    app.turn_to(request, of);
}

/// Whether there is another container to read.
pub fn container_now(app: &App, at: Moment) -> Now {
    let Some(Layer::Logs(view)) = app.screen.layers.last() else { return None };
    if !view.also.is_empty() {
        return Some(Err(Text::new(SEVERAL)));
    }
    let next = app.next_container(&view.request, at);
    Some(next.map(|name| Text::from(format!("of {name}"))).ok_or_else(|| Text::new("it has one container")))
}

/// Reads the next container.
pub fn container(app: &mut App, at: Moment) {
    let Some(Layer::Logs(view)) = app.screen.layers.last() else { return };
    let (request, of) = (view.request.clone(), view.of.clone());
    if let Some(next) = app.next_container(&request, at) {
        app.turn_to(LogRequest { container: Some(next), ..request }, of);
    }
}

impl App {
    fn ask_for(&mut self, narrows: bool) {
        let known = match self.screen.layers.last() {
            Some(Layer::Logs(view)) if narrows => &view.filter,
            Some(Layer::Logs(view)) => &view.search,
            Some(Layer::Text(view)) => &view.search,
            _ => return,
        };
        let text = known.as_ref().map(|it| it.text.clone()).unwrap_or_default();
        self.screen.overlay = Some(Overlay::Seek(Seek { narrows, input: Input { cursor: text.len(), text } }));
    }

    /// The container after the one that is read; none where there is only one.
    fn next_container(&self, request: &LogRequest, at: Moment) -> Option<Name> {
        let view = self.core.view(at.now);
        let of_instance = view.instance(&request.instance).map(|it| it.containers.iter().map(|it| it.name.clone()));
        let of_workload = view.workload(&request.instance).map(|it| it.containers.iter().map(|it| it.name.clone()));
        let names: Vec<Name> = match (of_instance, of_workload) {
            (Some(names), _) => names.collect(),
            (None, Some(names)) => names.collect(),
            (None, None) => return None,
        };
        let at = request.container.as_ref().and_then(|name| names.iter().position(|it| it == name));
        // What is read where none is named is the first, for most.
        names.get((at.unwrap_or(0) + 1) % names.len().max(1)).filter(|_| names.len() > 1).cloned()
    }
}

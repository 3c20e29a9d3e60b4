//! Looking closer: logs, descriptions, help, and how things are shown.

use crate::app::command::{Now, Section};
use crate::app::{App, Effect, Moment, Place, TABLE};
use crate::diagnose::Incident;
use crate::domain::{DesiredState, Form, Instance, Kind, LogRequest, Phase, Ref, Role, Severity, Text};
use crate::ui::{CaseTab, Layer, LogView, Overlay, Sheet, TextView, case};

/// Lines of the past that a log begins with.
const TAIL: u32 = 500;

/// Whether there is output to follow, and whose.
pub fn logs_now(app: &App, at: Moment) -> Now {
    if let Some(Layer::Logs(view)) = app.screen.layers.last() {
        return Some(Ok(Text::new(if view.request.previous { "this run" } else { "run before" })));
    }
    Some(app.log_source(at)?.map(|source| {
        let all = app.core.view(at.now).instances_of(&source.whole).nth(1).is_some();
        Text::new(if all && source.is_followed_whole() { "logs of all" } else { "logs" })
    }))
}

/// Follows the output of the instance; of a workload that of all its pods, or of its worst instance where the
/// orchestrator cannot tell them together.
pub fn logs(app: &mut App, at: Moment) {
    let Some(Ok(source)) = app.log_source(at) else { return };
    app.touch(at.felt);
    let whole = source.is_followed_whole();
    let instance = if whole { source.whole.clone() } else { source.worst };
    let of = (!whole && instance != source.whole).then_some(source.whole);
    app.follow_output(output_of(instance), of);
}

/// The output of the run before; in a log, to and fro.
pub fn previous_logs(app: &mut App, at: Moment) {
    let Some(Layer::Logs(view)) = app.screen.layers.last() else {
        let Some(Ok(source)) = app.log_source(at) else { return };
        app.touch(at.felt);
        let request = LogRequest { previous: true, follow: false, ..output_of(source.worst.clone()) };
        return app.follow_output(request, Some(source.whole).filter(|whole| *whole != source.worst));
    };
    let (ticket, request, of) = (view.ticket, view.request.clone(), view.of.clone());
    let back = of.clone().filter(|of| request.previous && of.kind.runs_pods());
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
    app.effects.push(Effect::Cancel(ticket));
    app.screen.layers.pop();
    let previous = !request.previous;
    app.follow_output(LogRequest { instance, previous, follow: !previous, ..request }, of);
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
    fn is_followed_whole(&self) -> bool {
        self.whole.kind.runs_pods() || self.whole.kind.role() == Role::Endpoint
    }
}

impl App {
    fn follow_output(&mut self, request: LogRequest, of: Option<Ref>) {
        let ticket = self.ticket();
        self.screen.layers.push(Layer::Logs(LogView::new(ticket, request.clone(), of)));
        self.effects.push(Effect::OpenLogs(ticket, request));
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

    /// The instance that is selected on a case file's page of them.
    pub(super) fn selected_instance(&self, at: Moment) -> Option<Ref> {
        let Some(Layer::Case(case)) = self.screen.layers.last() else { return None };
        let selected = case.selected.clone().filter(|_| case.tab == CaseTab::Instances)?;
        case::instances_of(case, &self.screen, &self.model(at.now)).contains(&selected).then_some(selected)
    }
}

/// The instance whose output says most about what is wrong stands first.
fn trouble_first(it: &Instance) -> impl Ord + use<> {
    let phase = match it.phase {
        Phase::Restarting | Phase::Failed => 0,
        Phase::Running if !it.ready => 1,
        Phase::Running | Phase::Stopping | Phase::Paused => 2,
        _ => 3,
    };
    let unwanted = it.desired == DesiredState::Stop;
    (phase, unwanted, std::cmp::Reverse(it.restarts()), std::cmp::Reverse(it.since), it.key.clone())
}

/// Follows, or stands still.
pub fn follow(app: &mut App, _: Moment) {
    if let Some(Layer::Logs(view)) = app.layer_mut() {
        view.following = !view.following;
        if view.following {
            view.behind = 0;
        }
    }
}

/// Whether there is something to describe.
pub fn describe_now(app: &App, at: Moment) -> Now {
    app.described(at).map(|_| Ok(Text::new("describe")))
}

/// Describes it in words.
pub fn describe(app: &mut App, at: Moment) {
    fetch(app, at, Form::Words);
}

/// Shows its manifest.
pub fn manifest(app: &mut App, at: Moment) {
    fetch(app, at, Form::Manifest);
}

fn fetch(app: &mut App, at: Moment, form: Form) {
    let Some(key) = app.described(at) else { return };
    app.touch(at.felt);
    let ticket = app.ticket();
    let title = match form {
        Form::Words => format!("{} {} ({})", key.kind.noun(), key.local(), key.cluster),
        Form::Manifest => format!("{} {} ({}), manifest", key.kind.noun(), key.local(), key.cluster),
    };
    app.screen.layers.push(Layer::Text(TextView { title: Text::from(title), lines: None, ticket, scroll: 0 }));
    app.effects.push(Effect::Describe(ticket, key, form));
}

impl App {
    fn described(&self, at: Moment) -> Option<Ref> {
        self.selected_instance(at).or_else(|| self.target(at))
    }
}

/// Good practice that is not followed, by rule.
pub fn advice(app: &mut App, _: Moment) {
    let lines = listed(app.core.diagnosis().advice());
    app.read("Good practice that is not followed", lines, "Nothing that is watched wants for good practice.");
}

/// What the configuration accepts for good.
pub fn accepted(app: &mut App, _: Moment) {
    let lines = listed(app.core.diagnosis().accepted());
    app.read("Accepted in the configuration", lines, "Nothing that is wrong is accepted.");
}

/// Incidents by rule: what it is, then what it is about.
fn listed(incidents: &[Incident]) -> Vec<Text> {
    let mut rules: Vec<(&str, Vec<&Incident>)> = Vec::new();
    for incident in incidents {
        match rules.iter_mut().find(|(rule, _)| *rule == incident.rule) {
            Some((_, same)) => same.push(incident),
            None => rules.push((incident.rule, vec![incident])),
        }
    }
    let mut lines = Vec::new();
    for (rule, same) in rules {
        lines.push(Text::from(format!("{rule} ({})", same.len())));
        for incident in same {
            let (cluster, name) = (&incident.subject.cluster, incident.subject.local());
            lines.push(Text::from(format!("    {cluster} {name}: {}", incident.summary)));
        }
        lines.push(Text::new(""));
    }
    lines
}

impl App {
    /// Opens lines that are there already.
    fn read(&mut self, title: &str, lines: Vec<Text>, none: &str) {
        let lines = if lines.is_empty() { vec![Text::new(none)] } else { lines };
        let ticket = self.ticket();
        let view = TextView { title: Text::new(title), lines: Some(Ok(lines)), ticket, scroll: 0 };
        self.screen.layers.push(Layer::Text(view));
    }
}

/// Whether the selected thing is an incident with a place.
pub fn place_now(app: &App, at: Moment) -> Now {
    Some(
        app.incident(at).map(|_| Text::new("why it stands here")).ok_or_else(|| Text::new("no incident is about this")),
    )
}

/// Says why the incident stands where it stands.
pub fn place(app: &mut App, at: Moment) {
    if let Some(text) = app.incident(at).map(|incident| incident.place.to_string()) {
        app.say_long(at, &text, None);
    }
}

/// Shows the rows that one line stands for.
pub fn unfold(app: &mut App, _what: &'static str, at: Moment) {
    let word = crate::ui::panes::folded_word(&app.model(at.now));
    app.narrow(Some(Text::new(word)), at);
}

/// The keys that work here.
pub fn help(app: &mut App, at: Moment) {
    let place = app.place();
    let mut sections = Vec::new();
    for section in Section::ALL {
        let commands = TABLE.iter().filter(|command| command.section == section && command.places.contains(&place));
        let lines: Vec<(Text, Text)> = commands.filter_map(|command| app.help_line(command, at)).collect();
        if !lines.is_empty() {
            sections.push((Text::new(section.title()), lines));
        }
    }
    sections.push((Text::new("In a field"), field_keys()));
    app.screen.overlay = Some(Overlay::Help(Sheet { sections, scroll: 0 }));
}

fn field_keys() -> Vec<(Text, Text)> {
    let line = |keys: &str, does: &str| (Text::new(keys), Text::new(does));
    vec![
        line("ctrl-w ctrl-u ctrl-k", "cut the word before, all before, all after"),
        line("home end ctrl-e", "to its ends"),
    ]
}

impl App {
    fn help_line(&self, command: &'static crate::app::Command, at: Moment) -> Option<(Text, Text)> {
        let keys: Vec<String> = self.keymap.keys(command).iter().map(ToString::to_string).collect();
        if keys.is_empty() {
            return None;
        }
        let does = match (command.now)(self, at) {
            Some(Err(why)) => format!("{} (not now: {why})", command.does),
            _ => command.does.to_owned(),
        };
        Some((Text::from(keys.join(" ")), Text::from(does)))
    }
}

/// UTC or local.
pub fn times(app: &mut App, at: Moment) {
    app.screen.utc = !app.screen.utc;
    app.say(at, if app.screen.utc { "times are shown in UTC" } else { "times are shown in the local zone" }, None);
}

/// Tries again now what cannot be read.
pub fn retry(app: &mut App, at: Moment) {
    app.core.retry();
    app.say(at, "trying again now what cannot be read", None);
}

/// Draws everything again.
pub fn redraw(app: &mut App, _: Moment) {
    app.effects.push(Effect::Repaint);
}

/// Stops as a job of the shell.
pub fn suspend(app: &mut App, _: Moment) {
    app.effects.push(Effect::Suspend);
}

impl App {
    /// What a key refers to when it is about an incident: the selected one, else the one about the
    /// selected object, else the one that drags it along.
    pub(super) fn incident(&self, at: Moment) -> Option<&Incident> {
        use crate::ui::RowKey;
        let row = match self.screen.layers.last() {
            Some(Layer::Case(case)) => Some(&case.of),
            Some(_) => None,
            None => self.list().and_then(|list| list.selected.as_ref()),
        };
        let incidents = self.core.diagnosis().incidents();
        if let Some(RowKey::Incident(id)) = row {
            return incidents.iter().find(|incident| incident.id == *id);
        }
        let target = self.target(at)?;
        let of = incidents.iter().find(|incident| incident.subject == target);
        of.or_else(|| incidents.iter().find(|it| it.symptoms.iter().any(|symptom| symptom.about == target)))
    }

    /// One line said to the person.
    pub(super) fn say(&mut self, at: Moment, text: &str, severity: Option<Severity>) {
        self.say_for(at, text, severity, 5_000);
    }

    /// One line that takes longer to read.
    pub(super) fn say_long(&mut self, at: Moment, text: &str, severity: Option<Severity>) {
        self.say_for(at, text, severity, 20_000);
    }

    fn say_for(&mut self, at: Moment, text: &str, severity: Option<Severity>, ms: i64) {
        let until = super::lists::later(at.felt, ms);
        self.screen.notice = Some(crate::ui::Notice { text: Text::new(text), severity, until });
        self.dirty = true;
    }

    /// What has the keys.
    pub fn place(&self) -> Place {
        match &self.screen.overlay {
            Some(Overlay::Help(_)) => Place::Help,
            Some(Overlay::Palette { .. }) => Place::Palette,
            Some(Overlay::Filter(_)) => Place::Filter,
            Some(Overlay::Prompt(_)) => Place::Prompt,
            Some(Overlay::Preview(_)) => Place::Preview,
            Some(Overlay::Run(_)) => Place::Run,
            None => self.place_below(),
        }
    }

    /// What has the keys when nothing floats.
    pub(super) fn place_below(&self) -> Place {
        match self.screen.layers.last() {
            Some(Layer::Case(_)) => Place::Case,
            Some(Layer::Logs(_)) => Place::Logs,
            Some(Layer::Text(_)) => Place::Text,
            None => Place::Home,
        }
    }
}

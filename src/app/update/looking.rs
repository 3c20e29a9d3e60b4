//! Looking closer: descriptions, help, and how things are shown.

use crate::app::command::{Now, Section};
use crate::app::{App, Effect, Moment, Place, TABLE};
use crate::diagnose::Incident;
use crate::domain::{Form, Name, Ref, Role, Severity, Text};
use crate::ui::{CaseRow, CaseTab, Layer, Overlay, Pattern, Sheet, TextView, case, panes};

impl App {
    /// The instance that is selected on a case file's page of them, or of their use.
    pub(super) fn selected_instance(&self, at: Moment) -> Option<Ref> {
        let key = self.picked(at)?.instance()?.clone();
        (key.kind.role() == Role::Instance).then_some(key)
    }

    /// The container that keys act on, with its instance: the one that a case file is of, or that is selected in it.
    pub(super) fn selected_container(&self, at: Moment) -> Option<(Ref, Name)> {
        let Some(Layer::Case(case)) = self.screen.layers.last() else { return None };
        if let Some(name) = &case.container {
            return Some((self.target(at)?, name.clone()));
        }
        match self.picked(at)? {
            CaseRow::Container(instance, name) => Some((instance, name)),
            _ => None,
        }
    }

    fn picked(&self, at: Moment) -> Option<CaseRow> {
        let Some(Layer::Case(case)) = self.screen.layers.last() else { return None };
        matches!(case.tab, CaseTab::Instances | CaseTab::Use)
            .then(|| case::picked(case, &self.screen, &self.model(at.now)))
            .flatten()
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
    let part = app.selected_container(at).filter(|(instance, _)| *instance == key).map(|(_, name)| name);
    let of = part.as_ref().map(|name| format!("container {name} of ")).unwrap_or_default();
    let title = match form {
        Form::Words => format!("{of}{} {} ({})", key.kind.noun(), key.local(), key.cluster),
        Form::Manifest => format!("{of}{} {} ({}), manifest", key.kind.noun(), key.local(), key.cluster),
    };
    let mut view = TextView::new(Text::from(title), None, ticket);
    // It is described with its instance: the page begins where it stands.
    view.search = part.and_then(|name| Pattern::new(&place_of(&name, form)));
    app.screen.layers.push(Layer::Text(view));
    app.effects.push(Effect::Describe(ticket, key, form));
}

/// What the line is like at which a container's part of a description begins: its name alone, or that of a field.
fn place_of(name: &str, form: Form) -> String {
    let name: String =
        name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c.to_string() } else { ".".into() }).collect();
    match form {
        Form::Words => format!("^ *(Container: *)?{name}( |$)"),
        Form::Manifest => format!("\"?name\"?: \"?{name}\"?,?$"),
    }
}

impl App {
    fn described(&self, at: Moment) -> Option<Ref> {
        self.selected_instance(at).or_else(|| self.target(at))
    }
}

/// Whether the text has sections.
pub fn fold_now(app: &App, _: Moment) -> Now {
    let Some(Layer::Text(view)) = app.screen.layers.last() else { return None };
    let folded = view.folds.below(view.cursor).is_some();
    view.folds.any().then(|| Ok(Text::new(if folded { "unfold" } else { "fold" })))
}

/// Folds the section of the line that keys act on, or unfolds it.
pub fn fold(app: &mut App, at: Moment) {
    let page = panes::page_height(&app.screen);
    let Some(Layer::Text(view)) = app.layer_mut() else { return };
    match view.folds.turn(view.cursor) {
        Some(line) => view.stand(line, page),
        None => app.say(at, "this line is in no section", None),
    }
}

/// Folds all sections, or unfolds all.
pub fn fold_all(app: &mut App, _: Moment) {
    let page = panes::page_height(&app.screen);
    let Some(Layer::Text(view)) = app.layer_mut() else { return };
    view.folds.turn_all();
    if let Some(line) = view.folds.shown().get(view.folds.place(view.cursor)).copied() {
        view.stand(line, page);
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
    pub(super) fn read(&mut self, title: &str, lines: Vec<Text>, none: &str) {
        let lines = if lines.is_empty() { vec![Text::new(none)] } else { lines };
        let ticket = self.ticket();
        let view = TextView::new(Text::new(title), Some(Ok(lines)), ticket);
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
    if let Some(text) = app.incident(at).map(|incident| incident.place().to_string()) {
        app.say_long(at, &text, None);
    }
}

/// Shows the rows that one line stands for.
pub fn unfold(app: &mut App, what: &'static str, at: Moment) {
    if what == crate::ui::panes::OLDER {
        return app.read_older();
    }
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
            Some(Overlay::Filter(_) | Overlay::Seek(_)) => Place::Filter,
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

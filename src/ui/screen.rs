//! What is open, selected and typed: plain data that `app::update` changes and a frame shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use super::case::{CaseFile, CaseRow, CaseTab};
use super::every::Every;
use super::folds::Folds;
use super::logs::{LogView, Pattern};
use super::theme::Palette;
use crate::domain::{ClusterId, ForwardRequest, Intent, Kind, Name, Plan, Ref, Refusal, Severity, Text, Timestamp};

/// The whole of it.
#[derive(Debug, Clone)]
pub struct Screen {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// How it may look.
    pub look: Look,
    /// The list panes, always at the bottom.
    pub home: Home,
    /// What was opened on top of home, the topmost last.
    pub layers: Vec<Layer>,
    /// What floats over the topmost layer and takes the keys.
    pub overlay: Option<Overlay>,
    /// First visible line of the run that floats.
    pub run_scroll: usize,
    /// One line said to the person, until a key or its time.
    pub notice: Option<Notice>,
    /// A new incident above what is visible, and the key that goes there: shown on the tab line.
    pub announcement: Option<Text>,
    /// What the selected thing allows now, most useful first.
    pub footer: Vec<Hint>,
    /// Times are shown in UTC; else in the local zone.
    pub utc: bool,
    /// The local zone.
    pub zone: jiff::tz::TimeZone,
    /// Nothing may be changed.
    pub read_only: bool,
}

/// How a frame may look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    /// Only ASCII: set by itself without a UTF-8 locale.
    pub ascii: bool,
    /// The theme, as this terminal shows it.
    pub palette: Arc<Palette>,
}

/// The list panes.
#[derive(Debug, Clone)]
pub struct Home {
    /// The one that is shown.
    pub pane: Pane,
    /// Where each of them stands.
    pub lists: BTreeMap<Pane, ListState>,
    /// What rows are narrowed to, as it was typed.
    pub filter: Option<Text>,
    /// The namespace or cluster that every pane is narrowed to.
    pub scope: Option<Scope>,
    /// Columns that a person chose for a list, in their order.
    pub columns: BTreeMap<Pane, Vec<String>>,
}

/// What every pane is narrowed to. Never kept: the next start shows everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// In which cluster; none: wherever the namespace is.
    pub cluster: Option<ClusterId>,
    /// Which namespace; none: the whole cluster.
    pub namespace: Option<Name>,
    /// The key that shows everything again.
    pub lift: Text,
}

impl Scope {
    /// Whether an object is in it. What is in no namespace is part of its whole cluster.
    pub fn holds(&self, key: &Ref) -> bool {
        let namespace = if key.kind == Kind::Namespace { Some(&key.name) } else { key.namespace.as_ref() };
        self.cluster.as_ref().is_none_or(|cluster| *cluster == key.cluster)
            && self.namespace.as_ref().zip(namespace).is_none_or(|(wanted, namespace)| wanted == namespace)
    }
}

impl std::fmt::Display for Scope {
    /// `namespace prod/shop`, `cluster prod`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.cluster, &self.namespace) {
            (Some(cluster), Some(namespace)) => write!(f, "namespace {cluster}/{namespace}"),
            (None, Some(namespace)) => write!(f, "namespace {namespace}"),
            (Some(cluster), None) => write!(f, "cluster {cluster}"),
            (None, None) => f.write_str("everything"),
        }
    }
}

/// A list: the panes by their keys, and those of every object of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pane {
    /// What is wrong.
    Triage,
    /// What is being rolled out, and what is stuck.
    Rollouts,
    /// OOM kills and other deaths.
    Kills,
    /// Health checks that fail.
    Probes,
    /// What waits for a consumer.
    Queues,
    /// Machines and their room.
    Nodes,
    /// Everything that wants instances.
    Workloads,
    /// What other systems say.
    Alerts,
    /// What was done here, and what is still in effect.
    Journal,
    /// Every object of a kind: opened by its noun.
    Every(Every),
}

impl Pane {
    /// Those that have a key, in its order.
    pub const ALL: [Pane; 9] = [
        Pane::Triage,
        Pane::Rollouts,
        Pane::Kills,
        Pane::Probes,
        Pane::Queues,
        Pane::Nodes,
        Pane::Workloads,
        Pane::Alerts,
        Pane::Journal,
    ];

    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Pane::Triage => "Triage",
            Pane::Rollouts => "Rollouts",
            Pane::Kills => "Kills",
            Pane::Probes => "Probes",
            Pane::Queues => "Queues",
            Pane::Nodes => "Nodes",
            Pane::Workloads => "Workloads",
            Pane::Alerts => "Alerts",
            Pane::Journal => "Journal",
            Pane::Every(every) => every.title(),
        }
    }

    /// Its name in the configuration: `triage`, `task-groups`.
    pub fn name(self) -> String {
        self.title().to_lowercase().replace(' ', "-")
    }

    /// All lists there are: the panes, and those of every object of a kind.
    pub fn lists() -> impl Iterator<Item = Pane> {
        Pane::ALL.into_iter().chain(Every::ALL.into_iter().map(Pane::Every))
    }

    /// The digit that shows it, where it has one.
    pub fn digit(self) -> Option<usize> {
        Pane::ALL.iter().position(|pane| *pane == self).map(|ix| ix + 1)
    }
}

/// What a row is of. The selection follows this, never a place in a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowKey {
    /// An incident, by its id.
    Incident(Name),
    /// An object.
    Object(Ref),
    /// Things of one kind that happened, by their group's name.
    Occurrence(Name),
    /// One thing that happened: what it is kept under, and its id.
    Event(Ref, Name),
    /// An action that was started here, by its number.
    Run(u64),
    /// A port forward of this session, by its number.
    Forward(u64),
    /// A line that stands for several (`1 risk, 4 snoozed`).
    Fold(&'static str),
}

/// Where a list stands.
#[derive(Debug, Clone, Default)]
pub struct ListState {
    /// The rows in the order in which they are shown.
    pub order: Vec<RowKey>,
    /// The selected one; before the first key the top row.
    pub selected: Option<RowKey>,
    /// Where the selected one was last found: looked at first.
    pub found: usize,
    /// Index of the first row that is visible.
    pub top: usize,
    /// When a cursor key was last pressed: the order is held for 10 s from then.
    pub touched: Option<Timestamp>,
    /// When the selected row last came to be another one without a key.
    pub shifted: Option<Timestamp>,
    /// Rows that a person marked.
    pub marks: Marks,
    /// The column that it is in the order of; none: in the pane's own.
    pub sort: Option<Sort>,
    /// Columns shrink before one of them goes.
    pub wide: bool,
}

/// The order of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Its name.
    pub column: &'static str,
    /// The greatest first.
    pub descending: bool,
}

/// Rows that a person marked: by what they are of, so that they stay marked wherever they move.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// All of them, also those that a filter hides.
    pub rows: BTreeSet<RowKey>,
    /// The one that was marked last: a range begins there.
    pub last: Option<RowKey>,
    /// How many of them cannot be seen in the list: counted when it is put in order.
    pub hidden: usize,
}

impl ListState {
    /// The place of the selected row in the order shown.
    pub fn selected_index(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        if self.order.get(self.found) == Some(selected) {
            return Some(self.found);
        }
        self.order.iter().position(|key| key == selected)
    }
}

/// Something opened on top of home.
#[derive(Debug, Clone)]
pub enum Layer {
    /// One place for one thing.
    Case(CaseFile),
    /// Output of an instance.
    Logs(Box<LogView>),
    /// A description or a manifest.
    Text(TextView),
}

/// Lines of text to read.
#[derive(Debug, Clone)]
pub struct TextView {
    /// What it is.
    pub title: Text,
    /// The lines; none while they are being fetched.
    pub lines: Option<Result<Vec<Text>, Text>>,
    /// The ticket under which they come.
    pub ticket: u64,
    /// First visible line, of those that are shown.
    pub scroll: usize,
    /// The line that keys act on, where there is something to fold.
    pub cursor: usize,
    /// Its sections.
    pub folds: Folds,
    /// What is marked, and gone to.
    pub search: Option<Pattern>,
    /// The line that was gone to last.
    pub found: Option<usize>,
}

impl TextView {
    /// Lines that come under a ticket, or are there.
    pub fn new(title: Text, lines: Option<Result<Vec<Text>, Text>>, ticket: u64) -> Self {
        let folds = Folds::default();
        let mut view = Self { title, lines: None, ticket, scroll: 0, cursor: 0, folds, search: None, found: None };
        if let Some(lines) = lines {
            view.take(lines);
        }
        view
    }

    /// Takes its lines in, or why there are none.
    pub fn take(&mut self, lines: Result<Vec<Text>, Text>) {
        self.folds = lines.as_ref().map(|lines| Folds::of(lines)).unwrap_or_default();
        self.lines = Some(lines);
    }

    /// Stands on a line, and shows it.
    pub fn stand(&mut self, line: usize, page: usize) {
        self.cursor = line;
        let place = self.folds.place(line);
        self.scroll = self.scroll.clamp((place + 1).saturating_sub(page), place);
    }

    /// Goes to the next line that the search fits, downwards and round, or upwards, also in what is folded. Whether there is one.
    pub fn seek(&mut self, upwards: bool) -> bool {
        let (Some(search), Some(Ok(lines))) = (&self.search, &self.lines) else { return false };
        let fits: Vec<usize> = (0..lines.len()).filter(|at| !search.spans(&lines[*at]).is_empty()).collect();
        let first = self.folds.shown().get(self.scroll).copied().unwrap_or(0);
        let next = match (upwards, self.found) {
            (false, None) => fits.iter().find(|at| **at >= first).or(fits.first()),
            (false, Some(found)) => fits.iter().find(|at| **at > found).or(fits.first()),
            (true, None) => fits.last(),
            (true, Some(found)) => fits.iter().rev().find(|at| **at < found).or(fits.last()),
        };
        let Some(at) = next.copied() else { return false };
        self.folds.unfold(at);
        // Some lines above it say where one is.
        (self.found, self.cursor, self.scroll) = (Some(at), at, self.folds.place(at).saturating_sub(ABOVE));
        true
    }
}

/// Lines above one that was gone to.
const ABOVE: usize = 3;

/// Something that floats and takes the keys.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// Keys that work here.
    Help(Sheet),
    /// `:`
    Palette {
        /// What was typed.
        input: Input,
        /// What fits it, best first.
        items: Vec<PaletteItem>,
        /// Which of them `enter` takes.
        selected: usize,
        /// What it is confined to, where it is a menu.
        menu: Option<Menu>,
    },
    /// `/`
    Filter(Input),
    /// What is looked for in output.
    Seek(Seek),
    /// A question that wants a number or a word before there can be a plan.
    Prompt(Prompt),
    /// A plan before it is confirmed.
    Preview(Preview),
    /// A run as it goes; `esc` lets it go on behind.
    Run(u64),
}

/// What is looked for in output, as it is typed.
#[derive(Debug, Clone)]
pub struct Seek {
    /// Only lines like it are to be shown; else they are marked and gone to.
    pub narrows: bool,
    /// What was typed.
    pub input: Input,
}

/// A page of help.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Sections: a title, and lines of key and what it does.
    pub sections: Vec<(Text, Vec<(Text, Text)>)>,
    /// First visible line.
    pub scroll: usize,
}

/// One line of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaletteItem {
    /// What is typed: `rollouts`, `scale`, `prod/shop/worker`.
    pub label: Text,
    /// What it would do.
    pub what: Text,
    /// The key that does the same.
    pub key: Option<Text>,
    /// Why it cannot be done now, where it cannot.
    pub refused: Option<Text>,
}

/// What a menu is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// What it is about.
    pub title: Text,
    /// Where among its items a section begins, and its name.
    pub sections: Vec<(usize, Text)>,
}

/// A field that text goes into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    /// What was typed.
    pub text: String,
    /// Byte offset of the cursor; always on a character boundary.
    pub cursor: usize,
}

/// A question that wants a number or a word.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// `Scale shop/web (prod) from 3 to`
    pub title: Text,
    /// What was typed.
    pub input: Input,
    /// What is wrong with it, where something is.
    pub error: Option<Text>,
    /// What it is for.
    pub target: Ref,
    /// What is asked.
    pub asks: Asks,
}

/// What a question wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// A number or a setting, for all of these.
    Amount(Wanted, Vec<Ref>),
    /// For how long these alerts are silenced, and why.
    Silence(Vec<Ref>),
    /// Why an incident is accepted.
    Reason(Name),
    /// A note at an incident.
    Note(Name),
    /// Which port is forwarded.
    Forward,
    /// The name of a protected cluster, for this forward.
    Protected(ForwardRequest),
}

/// What is wanted for an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A number of instances.
    Number,
    /// An image.
    Image,
    /// A memory limit.
    Memory,
    /// A CPU limit.
    Cpu,
}

/// A plan before it is confirmed.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What is meant.
    pub intent: Intent,
    /// The ticket under which the draft comes.
    pub ticket: u64,
    /// The plan, or why there is none; none while it is being drawn up.
    pub plan: Option<Result<Box<Plan>, Refusal>>,
    /// When the content last changed: keys typed before, or within 300 ms of it, are discarded.
    pub shown: Option<Timestamp>,
    /// First visible line.
    pub scroll: usize,
    /// How far the confirmation is.
    pub armed: Armed,
    /// The name, where it has to be typed.
    pub typed: Input,
    /// Why it is asked for anew, where what it was to be done to had changed.
    pub changed: Option<Text>,
    /// Why it is done, where that is asked.
    pub reason: Option<Reason>,
}

/// Why something is done: asked for, and never needed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// What was typed.
    pub input: Input,
    /// Keys go into it.
    pub typing: bool,
}

/// How far a confirmation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Armed {
    /// Nothing was confirmed.
    No,
    /// `y` was pressed: `enter` does it.
    Yes,
}

/// One line said to the person.
#[derive(Debug, Clone)]
pub struct Notice {
    /// What.
    pub text: Text,
    /// How bad; none for good news.
    pub severity: Option<Severity>,
    /// Until when it stays.
    pub until: Timestamp,
}

/// What a key would do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The key.
    pub key: Text,
    /// What it does, by object and effect: `roll back 42 to 41`.
    pub what: Text,
    /// Why it cannot be done now, where it cannot.
    pub refused: Option<Text>,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            size: (80, 24),
            look: Look::default(),
            home: Home {
                pane: Pane::Triage,
                lists: BTreeMap::new(),
                filter: None,
                scope: None,
                columns: BTreeMap::new(),
            },
            layers: Vec::new(),
            overlay: None,
            run_scroll: 0,
            notice: None,
            announcement: None,
            footer: Vec::new(),
            utc: true,
            zone: jiff::tz::TimeZone::UTC,
            read_only: false,
        }
    }
}

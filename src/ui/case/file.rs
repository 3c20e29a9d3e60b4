//! A case file as it is open: of what, which page, what is selected on each.

use std::collections::{BTreeMap, BTreeSet};

use super::super::screen::RowKey;
use crate::domain::{Name, Ref, Timestamp};

/// The case file of an incident, an object, or one container of an instance.
#[derive(Debug, Clone)]
pub struct CaseFile {
    /// Of what.
    pub of: RowKey,
    /// Of this container of it alone.
    pub container: Option<Name>,
    /// Which page of it.
    pub tab: CaseTab,
    /// First visible line.
    pub scroll: usize,
    /// What is selected on each page that has rows.
    pub picks: BTreeMap<CaseTab, CaseRow>,
    /// Instances that are marked.
    pub marks: BTreeSet<Ref>,
}

impl CaseFile {
    /// A page of a case file, at its beginning.
    pub const fn new(of: RowKey, tab: CaseTab) -> Self {
        Self { of, container: None, tab, scroll: 0, picks: BTreeMap::new(), marks: BTreeSet::new() }
    }

    /// What was selected on the page that is shown.
    pub fn pick(&self) -> Option<&CaseRow> {
        self.picks.get(&self.tab)
    }

    /// The instances that are selected on any of its pages.
    pub fn picked_instances(&self) -> impl Iterator<Item = &Ref> {
        self.picks.values().filter_map(CaseRow::instance)
    }
}

/// What a row of a page is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseRow {
    /// An instance, or what it is asked of itself: a node's own use.
    Instance(Ref),
    /// A container of an instance.
    Container(Ref, Name),
    /// What happened then, the how-manieth of that moment.
    Entry(Timestamp, usize),
    /// A revision.
    Revision(Name),
}

impl CaseRow {
    /// The instance that it is of, where it is of one.
    pub const fn instance(&self) -> Option<&Ref> {
        match self {
            CaseRow::Instance(key) | CaseRow::Container(key, _) => Some(key),
            CaseRow::Entry(..) | CaseRow::Revision(_) => None,
        }
    }
}

/// A page of a case file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CaseTab {
    /// Cause, evidence, what it drags along.
    Why,
    /// What happened, in order.
    Timeline,
    /// What runs, and how each is.
    Instances,
    /// What was rolled out, and what differs.
    Revision,
    /// What is used of what may be used.
    Use,
    /// The last lines that it wrote.
    Logs,
}

impl CaseTab {
    /// All, in order.
    pub const ALL: [CaseTab; 6] =
        [CaseTab::Why, CaseTab::Timeline, CaseTab::Instances, CaseTab::Revision, CaseTab::Use, CaseTab::Logs];

    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            CaseTab::Why => "why",
            CaseTab::Timeline => "timeline",
            CaseTab::Instances => "instances",
            CaseTab::Revision => "revision",
            CaseTab::Use => "use",
            CaseTab::Logs => "logs",
        }
    }
}

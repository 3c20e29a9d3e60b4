//! What is done to the list that is shown: its marks, its order, its columns.

use crate::app::command::{Command, Section};
use crate::app::update::{lists, marking, sorting};

use super::{HOME, KEY, LISTS, WORD};

pub(super) const ALL: &[Command] = &[
    Command {
        id: "mark",
        keys: &["space"],
        does: "mark the selected row, or take its mark away, and go one down; esc takes all marks away",
        section: Section::Looking,
        places: LISTS,
        now: marking::mark_now,
        run: marking::mark,
        ..KEY
    },
    Command {
        id: "mark-range",
        keys: &["ctrl-space"],
        does: "mark all rows from the one that was marked last to the selected one",
        section: Section::Looking,
        places: HOME,
        now: marking::mark_now,
        run: marking::mark_range,
        ..KEY
    },
    Command {
        id: "sort",
        keys: &["o"],
        does: "order the list by a column: :sort age, :sort -age the other way, :sort default its own order",
        section: Section::Looking,
        places: HOME,
        run: sorting::menu,
        ..WORD
    },
    Command {
        id: "wide",
        keys: &["W"],
        does: "show also the columns that fit only where others shrink; again, only those that fit",
        section: Section::Looking,
        places: HOME,
        run: lists::wide,
        ..WORD
    },
];

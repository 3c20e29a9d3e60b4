//! Getting around.

use crate::app::command::Command;
use crate::app::update::{lists, marking, moving};

use super::{HOME, KEY, LISTS, OPEN, PAGED, SCROLLED, SUNK};

pub(super) const ALL: &[Command] = &[
    Command { id: "down", keys: &["j", "down"], does: "one down", places: SCROLLED, run: moving::down, ..KEY },
    Command { id: "up", keys: &["k", "up"], does: "one up", places: SCROLLED, run: moving::up, ..KEY },
    Command {
        id: "page-down",
        keys: &["ctrl-d", "ctrl-f", "pgdn"],
        does: "a page down",
        places: PAGED,
        run: moving::page_down,
        ..KEY
    },
    Command { id: "page-up", keys: &["ctrl-u", "pgup"], does: "a page up", places: PAGED, run: moving::page_up, ..KEY },
    Command { id: "first", keys: &["g", "home"], does: "to the first line", places: PAGED, run: moving::first, ..KEY },
    Command { id: "last", keys: &["G", "end"], does: "to the last line", places: PAGED, run: moving::last, ..KEY },
    Command {
        id: "next-tab",
        keys: &["tab", "right"],
        does: "the next pane, or the next page of a case file",
        places: LISTS,
        run: moving::next_tab,
        ..KEY
    },
    Command {
        id: "previous-tab",
        keys: &["backtab", "left"],
        does: "the pane before, or the page before of a case file",
        places: LISTS,
        run: moving::previous_tab,
        ..KEY
    },
    Command {
        id: "go-to-new",
        keys: &["n"],
        does: "go to the new incident that the tab line announces",
        places: LISTS,
        now: lists::go_to_new_now,
        run: lists::go_to_new,
        ..KEY
    },
    Command {
        id: "back",
        keys: &["esc", "q", "backspace"],
        does: "take the marks of a case file away; else back, exactly to where you were",
        places: SUNK,
        footer: Some(20),
        run: marking::back,
        ..KEY
    },
    Command {
        id: "back-home",
        keys: &["esc", "backspace"],
        does: "take the marks away; else back to the list before, or without the filter",
        places: HOME,
        run: marking::back_home,
        ..KEY
    },
    Command { id: "older", keys: &["["], does: "to the place before", places: OPEN, run: moving::older, ..KEY },
    Command { id: "newer", keys: &["]"], does: "to the place after", places: OPEN, run: moving::newer, ..KEY },
];

//! What shows more of something.

use crate::app::command::{Command, Place, Section};
use crate::app::update::{copying, journal, logs, looking, menu, moving, owner};
use crate::domain::Text;

use super::{KEY, LOOK, OPEN, WORD};

const TEXT: &[Place] = &[Place::Text];

/// A key of a text.
const FIND: Command = Command { section: Section::Looking, places: TEXT, now: logs::seek_now, ..KEY };

pub(super) const ALL: &[Command] = &[
    Command {
        id: "logs",
        also: &["log"],
        keys: &["l"],
        does: "follow the output of the instance, of all that the workload runs, or of all that is marked",
        footer: Some(4),
        now: logs::logs_now,
        run: logs::logs,
        ..LOOK
    },
    Command {
        id: "previous",
        keys: &["p"],
        does: "the output of the run before this one; again goes back to this one",
        places: &[Place::Home, Place::Case, Place::Logs],
        now: logs::output_now,
        run: logs::previous_logs,
        ..LOOK
    },
    Command {
        id: "open",
        keys: &["enter"],
        does: "open the case file of the selected thing, and from there what is below it; follow a run",
        footer: Some(5),
        palette: false,
        now: moving::open_now,
        run: moving::open,
        ..LOOK
    },
    Command {
        id: "under-way",
        also: &["unfinished"],
        keys: &["X"],
        does: "look at what is being done to it, or was left in the middle: to stop it, go on with it or put it back",
        footer: Some(0),
        now: journal::under_way_now,
        run: journal::under_way,
        ..LOOK
    },
    Command {
        id: "owner",
        also: &["parent"],
        keys: &["J"],
        does: "up: from an instance to its workload, from a node and what else stands alone to its cluster",
        now: owner::owner_now,
        run: owner::owner,
        ..LOOK
    },
    Command {
        id: "describe",
        also: &["inspect"],
        keys: &["d"],
        does: "describe it in words",
        footer: Some(7),
        now: looking::describe_now,
        run: looking::describe,
        ..LOOK
    },
    Command {
        id: "manifest",
        also: &["yaml"],
        keys: &["y"],
        does: "its manifest, with what is secret masked",
        now: looking::describe_now,
        run: looking::manifest,
        ..LOOK
    },
    Command {
        id: "events-of",
        keys: &["e"],
        does: "what happened to it, in the list of events",
        palette: false,
        now: moving::events_now,
        run: moving::events,
        ..LOOK
    },
    Command {
        id: "why-here",
        also: &["why", "rank"],
        keys: &["w"],
        does: "why an incident stands where it stands",
        now: looking::place_now,
        run: looking::place,
        ..LOOK
    },
    Command {
        id: "copy-summary",
        also: &["chat"],
        keys: &["c"],
        does: "copy its incident for a chat, in five lines; of a case file without one, its links",
        now: copying::summary_now,
        run: copying::summary,
        ..LOOK
    },
    Command {
        id: "advice",
        does: "good practice that is not followed",
        section: Section::Looking,
        places: OPEN,
        run: looking::advice,
        ..WORD
    },
    Command {
        id: "accepted",
        does: "what the configuration accepts for good",
        section: Section::Looking,
        places: OPEN,
        run: looking::accepted,
        ..WORD
    },
    Command {
        id: "menu",
        keys: &["m"],
        does: "everything that can be done here, and why not where it cannot be done now",
        section: Section::Looking,
        places: OPEN,
        footer: Some(8),
        palette: false,
        run: menu::menu,
        ..WORD
    },
    Command {
        id: "find-in-text",
        keys: &["/"],
        does: "find lines of a description or a manifest",
        footer: Some(1),
        now: |_, _| Some(Ok(Text::new("find"))),
        run: logs::search,
        ..FIND
    },
    Command {
        id: "fold",
        keys: &["z", "enter"],
        does: "fold the section of this line of a manifest or a description, or unfold it",
        footer: Some(2),
        now: looking::fold_now,
        run: looking::fold,
        ..FIND
    },
    Command {
        id: "fold-all",
        keys: &["Z"],
        does: "fold all sections, or unfold all; a search unfolds what it finds",
        now: looking::fold_now,
        run: looking::fold_all,
        ..FIND
    },
    Command { id: "next-found", keys: &["n"], does: "the next line that is looked for", run: logs::seek_down, ..FIND },
    Command {
        id: "found-before",
        keys: &["N"],
        does: "the line before that is looked for",
        run: logs::seek_up,
        ..FIND
    },
];

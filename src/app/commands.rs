//! The table of everything that can be done.

use crate::domain::Text;
use crate::ui::Pane;

use super::App;
use super::command::{Command, Moment, Now, Place, Section};
use super::update::{acting, answering, lists, looking, moving, owner, palette, scoping};

const HOME: &[Place] = &[Place::Home];
const LISTS: &[Place] = &[Place::Home, Place::Case];
const OPEN: &[Place] = &[Place::Home, Place::Case, Place::Logs, Place::Text];
const READING: &[Place] = &[Place::Home, Place::Case, Place::Logs, Place::Text, Place::Help];
const SUNK: &[Place] = &[Place::Case, Place::Logs, Place::Text, Place::Help, Place::Run];
const ANYWHERE: &[Place] = &Place::ALL;

/// A command that is only a key.
const KEY: Command = Command {
    id: "",
    also: &[],
    keys: &[],
    does: "",
    section: Section::Moving,
    places: READING,
    footer: None,
    palette: false,
    aims: false,
    changes: false,
    now: always,
    run: |_, _| {},
};

/// A command that is in the palette too.
const WORD: Command = Command { palette: true, section: Section::Program, ..KEY };

/// A command that is about the selected thing.
const LOOK: Command = Command { section: Section::Looking, places: LISTS, aims: true, ..WORD };

/// A command that leads to a preview.
const ACT: Command = Command { section: Section::Acting, changes: true, ..LOOK };

fn always(_: &App, _: Moment) -> Now {
    Some(Ok(Text::new("")))
}

/// A pane by its key.
macro_rules! pane {
    ($id:literal, $key:literal, $pane:ident, $does:literal) => {
        Command {
            id: $id,
            keys: &[$key],
            does: $does,
            section: Section::Panes,
            places: OPEN,
            run: |app, at| moving::show_pane(app, Pane::$pane, at),
            ..WORD
        }
    };
}

/// Everything that can be done.
pub static TABLE: &[Command] = &[
    Command {
        id: "undo",
        also: &["rollback"],
        keys: &["u"],
        does: "take back what was done here, or roll back to the revision before",
        footer: Some(1),
        now: acting::undo_now,
        run: acting::undo,
        ..ACT
    },
    Command {
        id: "scale",
        keys: &["s"],
        does: "set the number of instances; asks for it",
        footer: Some(2),
        now: acting::scale_now,
        run: acting::scale,
        ..ACT
    },
    Command {
        id: "restart",
        keys: &["r"],
        does: "start its instances anew, as its orchestrator does it",
        footer: Some(3),
        now: acting::restart_now,
        run: acting::restart,
        ..ACT
    },
    Command {
        id: "uncordon",
        keys: &["U"],
        does: "let a node take new instances again",
        footer: Some(1),
        now: acting::uncordon_now,
        run: acting::uncordon,
        ..ACT
    },
    Command {
        id: "cordon",
        keys: &["C"],
        does: "let a node take no new instances",
        footer: Some(2),
        now: acting::cordon_now,
        run: acting::cordon,
        ..ACT
    },
    Command {
        id: "drain",
        keys: &["D"],
        does: "move everything away from a node, and let it take nothing new",
        footer: Some(3),
        now: acting::drain_now,
        run: acting::drain,
        ..ACT
    },
    Command {
        id: "logs",
        also: &["log"],
        keys: &["l"],
        does: "follow the output of the instance, or of all pods of the workload; elsewhere of its worst instance",
        footer: Some(4),
        now: looking::logs_now,
        run: looking::logs,
        ..LOOK
    },
    Command {
        id: "previous",
        keys: &["p"],
        does: "the output of the run before this one; again goes back to this one",
        places: &[Place::Home, Place::Case, Place::Logs],
        now: looking::logs_now,
        run: looking::previous_logs,
        ..LOOK
    },
    Command {
        id: "open",
        keys: &["enter"],
        does: "open the case file of the selected thing; follow a run",
        footer: Some(5),
        palette: false,
        now: moving::open_now,
        run: moving::open,
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
        id: "why-here",
        also: &["why", "rank"],
        keys: &["w"],
        does: "why an incident stands where it stands",
        now: looking::place_now,
        run: looking::place,
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
        does: "everything that can be done here",
        section: Section::Looking,
        places: LISTS,
        footer: Some(8),
        palette: false,
        run: palette::menu,
        ..WORD
    },
    Command {
        id: "follow",
        keys: &["f"],
        does: "follow new lines, or stand still",
        section: Section::Looking,
        places: &[Place::Logs],
        footer: Some(1),
        run: looking::follow,
        ..KEY
    },
    Command { id: "down", keys: &["j", "down"], does: "one down", run: moving::down, ..KEY },
    Command { id: "up", keys: &["k", "up"], does: "one up", run: moving::up, ..KEY },
    Command {
        id: "page-down",
        keys: &["ctrl-d", "ctrl-f", "pgdn"],
        does: "a page down",
        run: moving::page_down,
        ..KEY
    },
    Command { id: "page-up", keys: &["ctrl-u", "pgup"], does: "a page up", run: moving::page_up, ..KEY },
    Command { id: "first", keys: &["g", "home"], does: "to the first line", run: moving::first, ..KEY },
    Command { id: "last", keys: &["G", "end"], does: "to the last line", run: moving::last, ..KEY },
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
        places: OPEN,
        now: lists::go_to_new_now,
        run: lists::go_to_new,
        ..KEY
    },
    Command {
        id: "back",
        keys: &["esc", "q", "backspace"],
        does: "back, exactly to where you were",
        places: SUNK,
        footer: Some(20),
        run: moving::back,
        ..KEY
    },
    Command {
        id: "back-home",
        keys: &["esc", "backspace"],
        does: "back to the list before, or without the filter",
        places: HOME,
        run: moving::older,
        ..KEY
    },
    Command { id: "older", keys: &["["], does: "to the place before", places: OPEN, run: moving::older, ..KEY },
    Command { id: "newer", keys: &["]"], does: "to the place after", places: OPEN, run: moving::newer, ..KEY },
    pane!("triage", "1", Triage, "what is wrong, the worst first"),
    pane!("rollouts", "2", Rollouts, "what is being rolled out, and what is stuck"),
    pane!("kills", "3", Kills, "OOM kills and other deaths"),
    pane!("probes", "4", Probes, "health checks that fail"),
    pane!("queues", "5", Queues, "what waits for a consumer"),
    pane!("nodes", "6", Nodes, "machines and their room"),
    pane!("workloads", "7", Workloads, "everything that wants instances"),
    pane!("alerts", "8", Alerts, "what other systems say"),
    pane!("journal", "9", Journal, "what was done here"),
    Command {
        id: "all-namespaces",
        also: &["all"],
        keys: &["0"],
        does: "show all namespaces of all clusters again; :ns and :ctx narrow every pane to one",
        section: Section::Panes,
        places: HOME,
        now: scoping::all_namespaces_now,
        run: scoping::all_namespaces,
        ..WORD
    },
    Command {
        id: "filter",
        keys: &["/"],
        does: "narrow the list: words, app=web, ns:shop, node:n-7, state:pending, age<2h; ! turns round",
        section: Section::Looking,
        places: HOME,
        footer: Some(10),
        run: answering::filter,
        ..KEY
    },
    Command {
        id: "palette",
        keys: &[":"],
        does: "go to anything, do anything, by name",
        section: Section::Program,
        places: OPEN,
        footer: Some(11),
        run: palette::open,
        ..KEY
    },
    Command {
        id: "help",
        keys: &["?", "f1"],
        does: "the keys that work here",
        places: OPEN,
        footer: Some(12),
        run: looking::help,
        ..WORD
    },
    Command {
        id: "times",
        also: &["utc"],
        keys: &["t"],
        does: "times in UTC or local",
        places: OPEN,
        run: looking::times,
        ..WORD
    },
    Command {
        id: "retry",
        keys: &["ctrl-r"],
        does: "try again now what cannot be read",
        places: OPEN,
        run: looking::retry,
        ..WORD
    },
    Command {
        id: "redraw",
        keys: &["ctrl-l"],
        does: "draw everything again",
        places: ANYWHERE,
        run: looking::redraw,
        ..WORD
    },
    Command {
        id: "suspend",
        keys: &["ctrl-z"],
        does: "stop, as a job of the shell",
        places: ANYWHERE,
        run: looking::suspend,
        ..WORD
    },
    Command {
        id: "leave",
        keys: &["q"],
        does: "quit; asks for a second time",
        section: Section::Program,
        places: HOME,
        run: moving::leave,
        ..KEY
    },
    Command {
        id: "interrupt",
        keys: &["ctrl-c"],
        does: "close what floats; else quit, asking for a second time",
        section: Section::Program,
        places: ANYWHERE,
        run: moving::interrupt,
        ..KEY
    },
    Command { id: "quit", also: &["exit", "q!"], does: "quit at once", run: moving::quit, ..WORD },
    Command {
        id: "arm",
        keys: &["y"],
        does: "arm a disruptive plan; enter then does it",
        section: Section::Answering,
        places: &[Place::Preview],
        run: acting::arm,
        ..KEY
    },
    Command {
        id: "confirm",
        keys: &["enter"],
        does: "do it: at once where it is harmless, after y where it is disruptive, after the name where that is asked for",
        section: Section::Answering,
        places: &[Place::Preview],
        run: acting::confirm,
        ..KEY
    },
    Command {
        id: "answer",
        keys: &["enter"],
        does: "take what was typed or chosen",
        section: Section::Answering,
        places: &[Place::Palette, Place::Filter, Place::Prompt],
        run: answering::answer,
        ..KEY
    },
    Command {
        id: "choose-next",
        keys: &["down", "ctrl-n"],
        does: "the next choice",
        section: Section::Answering,
        places: &[Place::Palette],
        run: palette::next,
        ..KEY
    },
    Command {
        id: "choose-previous",
        keys: &["up", "ctrl-p"],
        does: "the choice before",
        section: Section::Answering,
        places: &[Place::Palette],
        run: palette::previous,
        ..KEY
    },
    Command {
        id: "complete",
        keys: &["tab"],
        does: "the name of the choice, whole",
        section: Section::Answering,
        places: &[Place::Palette],
        run: palette::complete,
        ..KEY
    },
    Command {
        id: "dismiss",
        keys: &["esc", "q"],
        does: "leave it, with nothing done; q where nothing is typed",
        section: Section::Answering,
        places: &[Place::Palette, Place::Filter, Place::Prompt, Place::Preview],
        run: answering::dismiss,
        ..KEY
    },
    Command {
        id: "copy",
        keys: &["c"],
        does: "copy the command that does the same elsewhere (OSC 52: where the terminal takes it)",
        section: Section::Answering,
        places: &[Place::Preview],
        now: acting::copy_now,
        run: acting::copy,
        ..KEY
    },
    Command {
        id: "take-back",
        keys: &["u"],
        does: "take back what a run did",
        section: Section::Answering,
        places: &[Place::Run],
        changes: true,
        aims: true,
        now: acting::take_back_now,
        run: acting::take_back,
        ..KEY
    },
    Command {
        id: "stop",
        keys: &["x"],
        does: "stop a run: what was not sent is not sent any more",
        section: Section::Answering,
        places: &[Place::Run],
        now: acting::stop_now,
        run: acting::stop,
        ..KEY
    },
];

//! Answers to what floats.

use crate::app::command::{Command, Place, Section};
use crate::app::update::{acting, answering, copying, history, journal, palette};

use super::KEY;

pub(super) const ALL: &[Command] = &[
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
        id: "taken-before",
        keys: &["alt-up"],
        does: "what was taken in the palette before, to take it again",
        section: Section::Answering,
        places: &[Place::Palette],
        run: history::older,
        ..KEY
    },
    Command {
        id: "taken-after",
        keys: &["alt-down"],
        does: "what was taken after that; at last what was being typed",
        section: Section::Answering,
        places: &[Place::Palette],
        run: history::newer,
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
        does: "copy the command that does the same elsewhere (OSC 52; where that is not taken, to a file)",
        section: Section::Answering,
        places: &[Place::Preview],
        now: copying::command_now,
        run: copying::command,
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
        id: "go-on",
        keys: &["enter"],
        does: "go on with what was left in the middle; shows first what is left of it",
        section: Section::Answering,
        places: &[Place::Run],
        changes: true,
        aims: true,
        now: journal::go_on_now,
        run: journal::go_on,
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

//! What is done to output that is read.

use crate::app::command::{Command, Place, Section};
use crate::app::update::{logs, saving};
use crate::domain::Text;

use super::KEY;

/// A key of output.
const LOGS: Command = Command { section: Section::Output, places: &[Place::Logs], ..KEY };

/// From when on output is read.
macro_rules! range {
    ($id:literal, $key:literal, $does:literal, $seconds:expr) => {
        Command { id: $id, keys: &[$key], does: $does, run: |app, at| logs::range(app, at, $seconds), ..LOGS }
    };
}

pub(super) const ALL: &[Command] = &[
    Command {
        id: "follow",
        keys: &["f"],
        does: "follow new lines, or stand still",
        footer: Some(1),
        run: logs::follow,
        ..LOGS
    },
    Command {
        id: "filter-output",
        keys: &["/"],
        does: "show only lines like this: a regex, ! turns round; level:warn and field=value of JSON and logfmt",
        footer: Some(2),
        now: |_, _| Some(Ok(Text::new("filter"))),
        run: logs::filter,
        ..LOGS
    },
    Command {
        id: "find",
        keys: &["s"],
        does: "find lines like this, upwards",
        footer: Some(3),
        run: logs::search,
        ..LOGS
    },
    Command {
        id: "find-above",
        keys: &["n"],
        does: "the line above that is looked for",
        now: logs::seek_now,
        run: logs::seek_up,
        ..LOGS
    },
    Command {
        id: "find-below",
        keys: &["N"],
        does: "the line below that is looked for",
        now: logs::seek_now,
        run: logs::seek_down,
        ..LOGS
    },
    Command {
        id: "next-container",
        keys: &["tab"],
        does: "the output of the next container",
        footer: Some(4),
        now: logs::container_now,
        run: logs::container,
        ..LOGS
    },
    Command {
        id: "wrap",
        keys: &["w"],
        does: "wrap long lines, or let them go on to the right",
        run: logs::wrap,
        ..LOGS
    },
    Command {
        id: "to-the-right",
        keys: &["right"],
        does: "to the right, in lines that are not wrapped",
        run: logs::right,
        ..LOGS
    },
    Command { id: "to-the-left", keys: &["left"], does: "to the left again", run: logs::left, ..LOGS },
    Command {
        id: "as-written",
        keys: &["r"],
        does: "JSON and logfmt as they were written, or taken apart",
        run: logs::raw,
        ..LOGS
    },
    Command {
        id: "save",
        keys: &["S"],
        does: "save what is held to a file, of a filter what it shows; the file's path is said",
        palette: true,
        now: saving::save_now,
        run: saving::save,
        ..LOGS
    },
    range!("newest", "0", "the newest lines, whenever they were written", None),
    range!("last-minute", "1", "from a minute ago on", Some(60)),
    range!("last-5-minutes", "2", "from 5 minutes ago on", Some(300)),
    range!("last-15-minutes", "3", "from 15 minutes ago on", Some(900)),
    range!("last-hour", "4", "from an hour ago on", Some(3600)),
    range!("last-day", "5", "from a day ago on", Some(86_400)),
];

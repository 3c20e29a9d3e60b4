//! `cockpit keys`: the table of commands with the keys that the settings give them.

use std::fmt::Write;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::app::{Command, Keymap, Place, Section, TABLE};

use super::args::Keys;
use super::failure::Failure;
use super::output::print;
use super::screen;
use super::session::Session;

/// Prints it.
///
/// # Errors
/// The settings' keys cannot be used; standard output cannot be written.
pub fn run(options: &Keys, session: &Session) -> Result<(), Failure> {
    let keymap = Keymap::new(&screen::keys(&session.config))
        .map_err(|why| Failure::usage("the settings' keys cannot be used").why(why))?;
    print(&if options.json { json(&keymap)? } else { plain(&keymap) })
}

/// One command. Fields are added, never renamed: programs read them.
#[derive(Serialize)]
struct Line {
    command: &'static str,
    keys: Vec<String>,
    does: &'static str,
    section: &'static str,
    places: Vec<&'static str>,
    palette: bool,
    changes: bool,
}

fn json(keymap: &Keymap) -> Result<String, Failure> {
    let lines: Vec<Line> = TABLE
        .iter()
        .map(|command| Line {
            command: command.id,
            keys: keys(keymap, command),
            does: command.does,
            section: command.section.title(),
            places: command.places.iter().map(|place| place.title()).collect(),
            palette: command.palette,
            changes: command.changes,
        })
        .collect();
    let json = serde_json::to_string_pretty(&lines).map_err(|why| Failure::new("no JSON could be made").why(why))?;
    Ok(json + "\n")
}

fn keys(keymap: &Keymap, command: &Command) -> Vec<String> {
    keymap.keys(command).iter().map(ToString::to_string).collect()
}

fn plain(keymap: &Keymap) -> String {
    let shown = |command: &Command| match keys(keymap, command) {
        keys if !keys.is_empty() => keys.join(" "),
        _ if command.palette => format!(":{}", command.id),
        _ => "no key".to_owned(),
    };
    let width = TABLE.iter().map(|command| shown(command).width()).max().unwrap_or_default();
    let names = TABLE.iter().map(|command| command.id.len()).max().unwrap_or_default();
    let mut out = String::new();
    for (ix, section) in Section::ALL.into_iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}{}", if ix == 0 { "" } else { "\n" }, section.title());
        for command in TABLE.iter().filter(|command| command.section == section) {
            let (keys, id, does) = (shown(command), command.id, command.does);
            let gap = width - keys.width();
            let _ = writeln!(out, "  {keys}{:gap$}  {id:names$}  {does} ({})", "", places(command));
        }
    }
    out
}

fn places(command: &Command) -> String {
    if command.places.len() == Place::ALL.len() {
        return "anywhere".to_owned();
    }
    command.places.iter().map(|place| place.title()).collect::<Vec<_>>().join(", ")
}

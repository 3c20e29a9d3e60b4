//! `docs/keys.md`, from the command table.

use std::fmt::Write as _;

use super::command::{Place, Section};
use super::commands::TABLE;

/// The page of all keys.
pub fn keys_page() -> String {
    let mut page = String::from(INTRODUCTION);
    for section in Section::ALL {
        // Writing to a String cannot fail.
        let _ =
            write!(page, "\n## {}\n\n| Keys | Command | What it does | Where |\n|---|---|---|---|\n", section.title());
        for command in TABLE.iter().filter(|command| command.section == section) {
            let keys: Vec<String> = command.keys.iter().map(|key| format!("`{}`", key.replace('|', "\\|"))).collect();
            let places: Vec<&str> = command.places.iter().map(|place| place.title()).collect();
            let places = if places.len() == Place::ALL.len() { "anywhere".to_owned() } else { places.join(", ") };
            let keys = if keys.is_empty() { format!("`:{}`", command.id) } else { keys.join(" ") };
            let _ = writeln!(page, "| {keys} | `{}` | {} | {places} |", command.id, command.does);
        }
    }
    page
}

const INTRODUCTION: &str = "\
# Keys

Generated from the command table (`src/app/commands.rs`); a test keeps it so. Every key can be given anew in the
configuration, under `[keys]`, by the name of its command: `restart = [\"ctrl-t\"]`.

What changes a system opens a preview first. A harmless plan takes `enter`, a disruptive one `y` and then `enter`, a
destructive one the object's name, one for a protected cluster the cluster's name. Keys that come before a preview could
be read (300 ms) are not taken, and pasted text goes into fields only.

In fields: `left` `right` `home` `end` `ctrl-e` move, `backspace` `delete` `ctrl-w` `ctrl-u` `ctrl-k` cut.
";

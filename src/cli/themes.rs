//! `cockpit themes`: their names, which is in use, and what chooses it.

use crate::config::Config;
use crate::ui::theme;

use super::failure::Failure;
use super::output::print;
use super::session::Session;

/// Lists them.
///
/// # Errors
/// A theme is asked for that there is not; standard output cannot be written.
pub fn run(session: &Session) -> Result<(), Failure> {
    let here = session.theme()?;
    let names: Vec<&str> = theme::built_in().iter().map(|theme| theme.name.as_str()).collect();
    let width = names.iter().map(|name| name.len()).max().unwrap_or_default();
    let mut out = String::new();
    for (place, name) in names.iter().enumerate() {
        match place == here {
            true => out.push_str(&format!("* {name:width$}  in use: {}\n", chosen_by(session))),
            false => out.push_str(&format!("  {name}\n")),
        }
    }
    if session.mono() {
        out.push_str("NO_COLOR is set: it is drawn without its colours.\n");
    }
    print(&out)
}

fn chosen_by(session: &Session) -> &'static str {
    if session.common.theme.is_some() {
        "--theme says so"
    } else if session.config.theme != Config::default().theme {
        "the settings say so (`theme`)"
    } else {
        "it is the default"
    }
}

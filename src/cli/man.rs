//! `cockpit man [COMMAND]`: the manual page, for `man -l -` or a package.

use clap::CommandFactory;

use crate::config::near_match;
use crate::domain::sanitise;

use super::args::{Cli, Man};
use super::failure::Failure;
use super::output::print;

/// Prints the page of the program, or of one of its commands.
///
/// # Errors
/// There is no such command; standard output cannot be written.
pub fn run(options: &Man) -> Result<(), Failure> {
    let mut page = Cli::command().disable_help_subcommand(true);
    page.build();
    if let Some(name) = &options.command {
        page = page.find_subcommand(name).cloned().ok_or_else(|| unknown(&page, name))?;
    }
    let mut bytes = Vec::new();
    clap_mangen::Man::new(page).render(&mut bytes).map_err(|why| Failure::new("no page could be made").why(why))?;
    print(&String::from_utf8_lossy(&bytes))
}

fn unknown(all: &clap::Command, name: &str) -> Failure {
    let names: Vec<&str> = all.get_subcommands().map(clap::Command::get_name).collect();
    let near = near_match(name, names.iter().copied());
    let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    Failure::usage(format!("there is no command `{}`", sanitise(name)))
        .mend(format!("{near}there are: {}", names.join(", ")))
}

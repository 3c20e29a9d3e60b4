//! The command line: one file a subcommand.

mod args;
mod doctor;
mod explain;
mod failure;
mod found;
mod headless;
mod listing;
mod log;
mod output;
mod people;
mod rbac;
mod report;
mod screen;
mod session;
mod sheet;
mod triage;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::config;

use args::{Cli, Command};
use failure::Failure;
use session::Session;

/// Runs the program: parses `args`, does what they say, and prints what went wrong. Returns its exit status.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    install_hooks();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout with status 0, mistakes to stderr with status 2.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { failure::USAGE } else { 0 });
        }
    };
    match run(cli) {
        Ok(status) => status,
        Err(End::Failure(failure)) => {
            eprintln!("cockpit: {failure}");
            ExitCode::from(failure.status)
        }
        Err(End::Config(problems)) => {
            eprintln!("{problems}");
            ExitCode::from(failure::USAGE)
        }
        Err(End::Report(report)) => {
            eprintln!("cockpit: {report:?}");
            ExitCode::FAILURE
        }
    }
}

/// What ends the program before its time.
pub(crate) enum End {
    /// Something went wrong.
    Failure(Failure),
    /// The configuration cannot be read as it was meant.
    Config(config::Problems),
    /// A fault that nobody can do much about.
    Report(color_eyre::Report),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<config::Problems> for End {
    fn from(problems: config::Problems) -> Self {
        Self::Config(problems)
    }
}

/// What ends the program by a fault of its own is reported with its place, and where to tell of it.
fn install_hooks() {
    let hooks = color_eyre::config::HookBuilder::default()
        .theme(color_eyre::config::Theme::new())
        .display_env_section(false)
        .panic_section(
            "This is a fault of cockpit. What it had asked a server to do goes on there; nothing more is asked.",
        );
    // Fails only where hooks are installed already: then those are as good.
    let _ = hooks.install();
}

fn run(cli: Cli) -> Result<ExitCode, End> {
    let session = match &cli.command {
        Some(Command::Explain(options)) => {
            explain::run(options)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Rbac(options)) => {
            rbac::run(options)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Doctor) => return Ok(doctor::run(cli.common)?),
        _ => Session::open(cli.common)?,
    };
    match cli.command {
        Some(Command::Triage(options)) => Ok(triage::run(&options, session)?),
        _ => screen::run(session),
    }
}

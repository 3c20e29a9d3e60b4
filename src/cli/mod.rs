//! The command line: one file a subcommand.

mod act;
mod args;
mod completions;
mod doctor;
mod explain;
mod failure;
mod forward;
mod found;
mod handover;
mod headless;
mod history;
mod interrupts;
mod keys;
mod listing;
mod live;
mod log;
mod look;
mod man;
mod names;
mod numbers;
mod output;
mod people;
mod rbac;
mod report;
mod screen;
mod session;
mod sheet;
mod themes;
mod triage;
mod wait;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::app::Opening;
use crate::config;
use crate::domain::{Intent, Text};

use act::args::Said;
use args::{Cli, Command, History, What};
use failure::Failure;
use session::Session;

#[cfg(test)]
pub(crate) use screen::key_problems;

/// Runs the program: parses `args`, does what they say, and prints what went wrong. Returns its exit status.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    install_hooks();
    let args: Vec<OsString> = args.into_iter().collect();
    let first = args.get(1).and_then(|word| word.to_str());
    if let Some(slip) = first.filter(|word| *word != names::WORD).and_then(args::slip) {
        eprintln!("cockpit: {slip}");
        return ExitCode::from(failure::USAGE);
    }
    let ended = match args.get(1).is_some_and(|word| word == names::WORD) {
        true => names::Asked::try_parse_from(args).map(|asked| Ok(names::run(&asked).map(|()| ExitCode::SUCCESS)?)),
        false => Cli::try_parse_from(args).map(run),
    };
    let ended = match ended {
        Ok(ended) => ended,
        Err(error) => {
            // Help and version go to stdout with status 0, mistakes to stderr with status 2.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { failure::USAGE } else { 0 });
        }
    };
    match ended {
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
        Some(Command::Rules) => {
            output::print(crate::metrics::alert::STARTER_RULES)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Completions(options)) => {
            completions::run(options)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Man(options)) => {
            man::run(options)?;
            return Ok(ExitCode::SUCCESS);
        }
        Some(Command::Doctor) => return Ok(doctor::run(cli.common)?),
        _ => Session::open(cli.common)?,
    };
    match cli.command {
        Some(Command::Triage(options)) => Ok(triage::run(&options, session)?),
        Some(Command::History(History { what: What::Actions(options) })) => {
            Ok(history::run(&options, &session).map(|()| ExitCode::SUCCESS)?)
        }
        Some(Command::Handover(options)) => Ok(handover::run(&options, &session)?),
        Some(Command::Keys(options)) => Ok(keys::run(&options, &session).map(|()| ExitCode::SUCCESS)?),
        Some(Command::Themes) => themes::run(&session).map(|()| ExitCode::SUCCESS),
        Some(Command::Forward(options)) => Ok(forward::run(&options, &session)?),
        Some(Command::Wait(options)) => Ok(wait::run(&options, &session)?),
        command => match command.and_then(action) {
            Some(said) => Ok(act::run(said, &session)?),
            None => {
                let alert = cli.alert.map(|name| Opening::Alert(Text::from(name)));
                screen::run(session, alert.or(cli.target.map(|target| Opening::Target(Text::from(target)))))
            }
        },
    }
}

/// A command that changes a system.
fn action(command: Command) -> Option<Said> {
    Some(match command {
        Command::Restart(one) => one.said(Intent::Restart),
        Command::Scale(scale) => scale.into(),
        Command::Undo(undo) => undo.into(),
        Command::Set(set) => set.into(),
        Command::Pause(one) => one.said(Intent::Pause),
        Command::Resume(one) => one.said(Intent::Resume),
        Command::Promote(one) => one.said(Intent::Promote),
        Command::Abort(one) => one.said(Intent::Abort),
        Command::Cordon(one) => one.said(Intent::Cordon),
        Command::Uncordon(one) => one.said(Intent::Uncordon),
        Command::Drain(drain) => drain.into(),
        Command::Stop(one) => one.said(Intent::Stop),
        Command::Start(one) => one.said(Intent::Start),
        Command::Kill(one) => one.said(Intent::Kill),
        Command::Recreate(one) => one.said(Intent::Recreate),
        Command::Trigger(one) => one.said(Intent::Trigger),
        Command::Unblock(one) => one.said(Intent::Unblock),
        Command::Prune(one) => one.said(Intent::Prune),
        Command::Silence(silence) => silence.into(),
        Command::Unsilence(one) => one.said(Intent::Unsilence),
        Command::Shell(shell) => shell.into(),
        _ => return None,
    })
}

//! `cockpit shell TARGET`: this terminal handed over to a process in an instance.

use std::process::ExitCode;

use crate::action::entering;
use crate::app::shell::{Lent, farewell, greeting};
use crate::app::{Signal, Signals, Terminal, check_terminal};
use crate::domain::{Attached, Ended, Intent, Plan, Ref};

use super::super::failure::Failure;

/// Told to end meanwhile: as a shell says it of SIGTERM.
const TOLD_TO_END: u8 = 143;

/// Whether it is a shell, and whether to open it changes nothing: typing the command is as good as `enter` in its preview.
pub(super) fn is_plain(plan: &Plan) -> bool {
    matches!(&plan.intent, Intent::Shell(_, enter) if enter.debug.is_none()) && plan.typed.is_none()
}

/// A process is handed a terminal, or is not begun.
pub(super) fn needs_terminal(plan: &Plan) -> Result<(), Failure> {
    match &plan.intent {
        Intent::Shell(..) => check_terminal().map_err(|_| {
            let typed =
                plan.equivalent.as_ref().map(|it| format!("`{it}`, without -it, takes none")).unwrap_or_default();
            Failure::usage("there is no terminal to hand over").mend(typed)
        }),
        _ => Ok(()),
    }
}

/// Hands the terminal over until the process has ended; its code is ours.
pub(super) async fn hand_over(key: &Ref, plan: &Plan, attached: Attached) -> Result<ExitCode, Failure> {
    let failed = |error: std::io::Error| Failure::new("the terminal cannot be handed over").why(error);
    let mut signals = Signals::listen().map_err(failed)?;
    let mut terminal = Terminal::take_to_lend().map_err(failed)?;
    terminal.lend(&greeting(&plan.title)).map_err(failed)?;
    let mut lent = Lent::start(&terminal, attached).map_err(failed)?;
    let ended = loop {
        tokio::select! {
            ended = lent.ended() => break Some(ended),
            signal = signals.next() => match signal {
                Signal::End => break None,
                Signal::Continued => terminal.rawed().map_err(failed)?,
            },
        }
    };
    if ended.is_none() {
        lent.take_away().await;
    }
    terminal.give_back();
    drop(terminal);
    let Some(ended) = ended else { return Ok(ExitCode::from(TOLD_TO_END)) };
    let what = match &plan.intent {
        Intent::Shell(_, enter) => format!("{} in {}", entering(enter).replace("open a ", "the "), key.local()),
        _ => key.local(),
    };
    if !matches!(ended, Ended::Code(_)) {
        eprintln!("cockpit: {}", farewell(&what, &ended));
    }
    Ok(ExitCode::from(ended.status()))
}

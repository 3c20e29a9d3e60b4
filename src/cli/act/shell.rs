//! `cockpit shell TARGET`: this terminal handed over to a process in an instance.

use std::process::ExitCode;

use crate::app::shell::{Lent, farewell, greeting};
use crate::app::{Signal, Signals, Terminal, check_terminal};
use crate::domain::{Attached, Ended, Intent, Plan};

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
            let mend =
                "run it where there is one; `kubectl exec`, `docker exec` and `nomad alloc exec` without -t need none";
            Failure::usage("there is no terminal to hand over").mend(mend)
        }),
        _ => Ok(()),
    }
}

/// Hands the terminal over until the process has ended; its code is ours.
pub(super) async fn hand_over(plan: &Plan, attached: Attached) -> Result<ExitCode, Failure> {
    let Intent::Shell(key, enter) = &plan.intent else {
        return Err(Failure::new("this is nothing that a terminal is handed over to"));
    };
    let failed = |error: std::io::Error| Failure::new("the terminal cannot be handed over").why(error);
    let mut signals = Signals::listen().map_err(failed)?;
    let mut terminal = Terminal::take_to_lend().map_err(failed)?;
    terminal.lend(&greeting(key, enter)).map_err(failed)?;
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
    terminal.turned(lent.is_on_alternate());
    if ended.is_none() {
        lent.take_away().await;
    }
    terminal.give_back();
    drop(terminal);
    let Some(ended) = ended else { return Ok(ExitCode::from(TOLD_TO_END)) };
    if !matches!(ended, Ended::Code(_)) {
        eprintln!("cockpit: {}", farewell(key, enter, &ended));
    }
    Ok(ExitCode::from(ended.status()))
}

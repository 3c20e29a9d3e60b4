//! `cockpit forward TARGET [LOCAL:]PORT`: a port forward for as long as the command runs.

use std::process::ExitCode;
use std::time::Duration;

use futures::StreamExt;

use crate::action::ports;
use crate::domain::{ForwardRequest, ForwardState, Refusal};

use super::args::Forward;
use super::failure::Failure;
use super::headless::runtime;
use super::interrupts::Interrupts;
use super::live::Engine;
use super::output::print;
use super::session::Session;

/// It may not be had.
const REFUSED: u8 = 3;
/// So long is waited until everything has been read.
const READ_WITHIN: Duration = Duration::from_secs(30);

/// Forwards until it is told to end, or there is nothing left to lead to.
///
/// # Errors
/// There is no such target or port; it was refused; it ended by itself; standard output cannot be written.
pub fn run(options: &Forward, session: &Session) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let ended = runtime.block_on(forward(options, session));
    // What still waits for a server is not waited for.
    runtime.shutdown_background();
    ended
}

async fn forward(options: &Forward, session: &Session) -> Result<ExitCode, Failure> {
    let mut engine = Engine::start(session, &options.target)?;
    engine.settle(READ_WITHIN).await?;
    let key = engine.find(&options.target)?;
    let parsed = ForwardRequest::parse(key.clone(), &options.port, &ports(&key, &engine.view()));
    let request = parsed.map_err(Failure::usage)?;
    engine.core.guard().admit_forward(&request, &engine.view()).map_err(refused)?;
    confirmed(&request, options, &engine)?;
    let Some(backend) = engine.feeds.backend(&key.cluster).cloned() else {
        return Err(Failure::new(format!("{} is not watched", key.cluster)));
    };
    let mut states = backend.forward(request.clone()).await.map_err(refused)?;
    // From here on nothing is watched: what is forwarded to is looked after by the forward itself.
    engine.stop_listening();
    engine.end().await;
    let mut before: Option<ForwardState> = None;
    let mut interrupts = Interrupts::new()?;
    loop {
        let state = tokio::select! {
            biased;
            () = interrupts.next() => return Ok(ExitCode::SUCCESS),
            state = states.next() => state,
        };
        let Some(state) = state else {
            let why = before.and_then(|state| state.ended).unwrap_or_else(|| "it has ended".into());
            return Err(Failure::new(format!("{} is over", request.words())).why(why));
        };
        tell(before.as_ref(), &state)?;
        before = Some(state);
    }
}

/// Where it is listened goes to standard output, each time that it leads elsewhere; what goes wrong to standard error.
fn tell(before: Option<&ForwardState>, state: &ForwardState) -> Result<(), Failure> {
    if before.is_none_or(|before| before.to != state.to) {
        print(&format!("{}\n", state.words()))?;
    }
    let said = |state: &ForwardState| state.said.clone().map(|said| (said, state.failed));
    if let (now, Some((text, _))) = (said(state), said(state))
        && before.and_then(said) != now
    {
        eprintln!("{text}");
    }
    Ok(())
}

/// A protected cluster's name has to be given.
fn confirmed(request: &ForwardRequest, options: &Forward, engine: &Engine) -> Result<(), Failure> {
    let cluster = &request.target.cluster;
    if !engine.core.guard().protects(&request.target) || options.confirm.as_deref() == Some(cluster.as_str()) {
        return Ok(());
    }
    let failure = Failure::new(format!("cannot {}", request.words())).why(format!("{cluster} is protected"));
    Err(Failure { status: REFUSED, ..failure.mend(format!("--confirm {cluster} gives the name that it asks for")) })
}

fn refused(refusal: Refusal) -> Failure {
    let failure = Failure::new(format!("cannot {}", refusal.what)).why(&refusal.why).mend(refusal.mend.to_string());
    Failure { status: REFUSED, ..failure }
}

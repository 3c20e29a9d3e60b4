//! `cockpit wait TARGET`: until what was rolled out is healthy, for scripts that deploy.

use std::process::ExitCode;
use std::time::Duration;

use tokio::time::Instant;

use crate::action::{Health, health, wrong};
use crate::domain::{Certainty, Role, Text};

use super::args::Wait;
use super::failure::Failure;
use super::headless::runtime;
use super::live::Engine;
use super::output::print;
use super::session::Session;

/// It did not become healthy in time.
const TIMED_OUT: u8 = 4;
/// So long is waited for everything to be read.
const READ_WITHIN: Duration = Duration::from_secs(30);
/// Healthy is believed when it has been so for this long: what has only just started may still fall.
const HOLD: Duration = Duration::from_secs(3);

/// Waits, and says what came of it.
///
/// # Errors
/// There is no such target; standard output cannot be written.
pub fn run(options: &Wait, session: &Session) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let ended = runtime.block_on(wait(options, session));
    // What still waits for a server is not waited for.
    runtime.shutdown_background();
    ended
}

async fn wait(options: &Wait, session: &Session) -> Result<ExitCode, Failure> {
    let mut engine = Engine::start(session, &options.target)?;
    let end = Instant::now() + options.timeout;
    engine.settle(READ_WITHIN.min(options.timeout)).await?;
    let key = engine.find(&options.target)?;
    if !matches!(key.kind.role(), Role::Workload | Role::Node | Role::Instance) {
        let what = format!("a {} is never rolled out", key.kind.noun());
        return Err(Failure::usage(what).mend("name a workload, an instance or a node"));
    }
    let mut said: Option<Text> = None;
    let mut well: Option<Instant> = None;
    loop {
        let view = engine.view();
        let now = Instant::now();
        let state = health(&key, &view, engine.core.diagnosis());
        let why = match state {
            Health::Healthy(words) if now >= *well.get_or_insert(now) + HOLD => {
                print(&format!("{}: healthy: {words}\n", key.local()))?;
                return Ok(ExitCode::SUCCESS);
            }
            Health::Healthy(words) => words,
            Health::Failed(why) => return failed(&key.local(), &why, 1),
            Health::NotYet(why) => {
                well = None;
                let certain = wrong(&key, engine.core.diagnosis()).filter(|it| it.certainty == Certainty::Confirmed);
                if options.fail_fast && certain.is_some() {
                    return failed(&key.local(), &why, 1);
                }
                why
            }
        };
        if now >= end {
            return failed(
                &key.local(),
                &Text::from(format!("not healthy within {:?}: {why}", options.timeout)),
                TIMED_OUT,
            );
        }
        if said.as_ref() != Some(&why) {
            eprintln!("{}  {}: {why}", engine.now().strftime("%H:%M:%S"), key.local());
            said = Some(why);
        }
        engine.next().await?;
    }
}

fn failed(what: &str, why: &Text, status: u8) -> Result<ExitCode, Failure> {
    Err(Failure { status, ..Failure::new(what.to_owned()).why(why) })
}

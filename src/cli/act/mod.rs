//! `cockpit restart|scale|undo|... TARGET`: an action from the command line, by the same plan and the same run as on the screen.

pub mod args;
mod say;
mod shell;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::action::{entered, wrong};
use crate::app::shell::size_now;
use crate::domain::journal::Unwritten;
use crate::domain::{
    Attached, Grade, Intent, Outcome, Plan, Receipt, Ref, Refusal, Run, Step, StepAction, StepError, StepState,
};
use crate::engine::{Asking, do_step, enter, note};

use super::failure::Failure;
use super::headless::runtime;
use super::interrupts::Interrupts;
use super::live::Engine;
use super::output::print;
use super::session::Session;
use args::{How, Said};

/// A plan is not drawn up, or not confirmed.
const REFUSED: u8 = 3;
/// Some of it was done.
const PARTLY: u8 = 4;
/// So long is waited until everything has been read.
const READ_WITHIN: Duration = Duration::from_secs(30);

/// An answer to a step.
type Answer = (u64, usize, Result<Receipt, StepError>);

/// Plans it, shows it, asks, does it, and says what came of it.
///
/// # Errors
/// There is no such target; it was refused; it was not confirmed; standard output cannot be written.
pub fn run(said: Said, session: &Session) -> Result<ExitCode, Failure> {
    let runtime = runtime()?;
    let ended = runtime.block_on(act(said, session));
    // What still waits for a server is not waited for.
    runtime.shutdown_background();
    ended
}

async fn act(said: Said, session: &Session) -> Result<ExitCode, Failure> {
    let mut engine = Engine::start(session, &said.target)?;
    engine.settle(READ_WITHIN).await?;
    let key = engine.find(&said.target)?;
    let intent = match (said.intent)(key.clone()) {
        Intent::Shell(whole, enter) => Intent::Shell(entered_of(&whole, &engine)?, enter),
        other => other,
    };
    let key = intent.target().clone();
    let plan = draw_up(&mut engine, &intent).await.map_err(refused)?;
    if !said.how.json && (said.how.dry_run || !shell::is_plain(&plan)) {
        print(&say::plan(&plan))?;
    }
    if said.how.dry_run {
        return told(&said.how, &plan, None, 0);
    }
    shell::needs_terminal(&plan)?;
    confirm(&plan, &said.how)?;
    // What was shown is what is done: it may have moved while a person thought.
    let again = draw_up(&mut engine, &intent).await.map_err(refused)?;
    if !same(&plan, &again) {
        let text = if said.how.json { String::new() } else { say::plan(&again) };
        print(&text)?;
        let what = format!("{}: it has changed since it was shown", plan.title);
        return Err(
            Failure { status: REFUSED, ..Failure::new(what) }.mend("read what is planned now, and say it again")
        );
    }
    take_over(&mut engine, &key).await?;
    let (id, steps) = engine.core.start(again, engine.now());
    let mut driver = Driver {
        engine,
        id,
        answers: JoinSet::new(),
        opening: JoinSet::new(),
        opened: None,
        written: JoinSet::new(),
        notes: JoinSet::new(),
        how: said.how,
        seen: Vec::new(),
    };
    let driven = driver.drive(steps).await;
    let opened = driver.opened.take();
    let concluded = match (driven, &opened) {
        (Ok(()), Some(_)) => Ok(ExitCode::SUCCESS),
        (driven, _) => driven.and_then(|()| driver.conclude(&key)),
    };
    driver.end().await;
    match opened {
        Some(attached) => shell::hand_over(&plan, attached).await,
        None => concluded,
    }
}

/// The instance that a shell is opened in.
fn entered_of(key: &Ref, engine: &Engine) -> Result<Ref, Failure> {
    match entered(key, &engine.view()) {
        Some(Ok(instance)) => Ok(instance),
        Some(Err(why)) => Err(Failure::new(format!("no shell can be opened in {}", key.local())).why(why)),
        None => Err(Failure::usage(format!("a {} is nothing that a shell is opened in", key.kind.noun()))
            .mend("name an instance, or a workload that runs some")),
    }
}

/// What was left in the middle on an object is answered for by whoever acts on it now: nobody else goes on with it.
async fn take_over(engine: &mut Engine, key: &Ref) -> Result<(), Failure> {
    let left = engine.core.runs().abandoned(key).map(|known| known.run.id);
    let lease = left.and_then(|id| Some((id, engine.core.runs().kept(id)?.lease.clone()?)));
    let Some((id, lease)) = lease else { return Ok(()) };
    let taken = engine.take_over(id, lease).await;
    let entry = taken.map_err(|why| Failure::new("what was left in the middle there cannot be taken over").why(why))?;
    eprintln!("{}: was left in the middle by {}; it ends with this", entry.run.plan.title, entry.by.name);
    let now = engine.now();
    engine.core.adopt(entry, true, now);
    // Nobody waits for what was sent of it.
    engine.core.let_go(id, now);
    Ok(())
}

async fn draw_up(engine: &mut Engine, intent: &crate::domain::Intent) -> Result<Plan, Refusal> {
    engine.core.guard().admit(intent, &engine.view())?;
    if let Some(run) = engine.core.runs().under_way(intent.target()) {
        let who =
            engine.core.runs().known(run.id).map(|known| known.by.name.clone()).unwrap_or_else(|| "somebody".into());
        let why = format!("{} is under way, by {who}", run.plan.title);
        return Err(Refusal::of(intent, why, "wait for its end, or ask them to stop it"));
    }
    let draft = Asking::of(&engine.feeds, intent.clone()).draft().await?;
    engine.core.plan(intent, draft, engine.now())
}

fn refused(refusal: Refusal) -> Failure {
    let failure = Failure::new(format!("cannot {}", refusal.what)).why(&refusal.why).mend(refusal.mend.to_string());
    Failure { status: REFUSED, ..failure }
}

fn same(shown: &Plan, now: &Plan) -> bool {
    *shown == Plan { made: shown.made, ..now.clone() }
}

/// Asks as the grade asks, unless the command line has answered.
fn confirm(plan: &Plan, how: &How) -> Result<(), Failure> {
    let not = |what: &str| Failure { status: REFUSED, ..Failure::new(format!("{}: {what}", plan.title)) };
    let asks = match &plan.typed {
        Some(name) if how.confirm.as_deref() == Some(name.as_str()) => return Ok(()),
        Some(name) if how.confirm.is_some() => {
            return Err(not("not confirmed: --confirm names something else").mend(format!("it asks for `{name}`")));
        }
        Some(name) if how.yes || !std::io::stdin().is_terminal() => {
            return Err(not("nothing was done: it asks for a name").mend(format!("--confirm {name} gives it")));
        }
        Some(name) => format!("type {name} to do it: "),
        None if shell::is_plain(plan) => return Ok(()),
        None if how.yes || (plan.grade == Grade::Harmless && !std::io::stdin().is_terminal()) => return Ok(()),
        None if !std::io::stdin().is_terminal() => {
            return Err(not("nothing was done: nobody is there to confirm it").mend("--yes confirms it"));
        }
        None => "do it? y, then enter: ".to_owned(),
    };
    eprint!("{asks}");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    let wanted = plan.typed.as_deref().unwrap_or("y");
    match read.is_ok() && line.trim() == wanted {
        true => Ok(()),
        false => Err(not("nothing was done: it was not confirmed")),
    }
}

/// A run on its way.
struct Driver {
    engine: Engine,
    id: u64,
    answers: JoinSet<Answer>,
    /// Processes that are to have the terminal.
    opening: JoinSet<(u64, usize, Result<Attached, StepError>)>,
    /// One that has begun.
    opened: Option<Attached>,
    /// Entries on their way into the journal.
    written: JoinSet<Result<(), Unwritten>>,
    /// Notes on their way to the servers.
    notes: JoinSet<()>,
    how: How,
    /// How each step was when it was last said.
    seen: Vec<StepState>,
}

impl Driver {
    /// Until it has ended; without `--wait`, until all of it is accepted.
    async fn drive(&mut self, steps: Vec<(u64, usize, Step)>) -> Result<(), Failure> {
        self.send(steps);
        let end = self.how.wait.map(|wait| Instant::now() + wait);
        let mut stopped = false;
        let mut interrupts = Interrupts::new()?;
        loop {
            self.tell()?;
            if self.is_over() || end.is_some_and(|end| end <= Instant::now()) {
                return Ok(());
            }
            let steps = tokio::select! {
                biased;
                () = interrupts.next(), if !stopped => {
                    stopped = true;
                    eprintln!("stopping: nothing more is asked; what was sent still ends");
                    let now = self.engine.now();
                    self.engine.core.stop(self.id, now)
                }
                Some(Ok((run, ix, answer))) = self.answers.join_next() => {
                    let now = self.engine.now();
                    self.engine.core.answer(run, ix, answer, now)
                }
                Some(Ok((run, ix, opened))) = self.opening.join_next() => {
                    let now = self.engine.now();
                    let answer = opened.map(|attached| {
                        self.opened = Some(attached);
                        Receipt::at(now)
                    });
                    self.engine.core.answer(run, ix, answer, now)
                }
                steps = self.engine.next() => steps?,
            };
            self.send(steps);
        }
    }

    fn send(&mut self, steps: Vec<(u64, usize, Step)>) {
        self.write();
        for (run, ix, step) in steps {
            let backend = self.engine.feeds.backend(&step.action.target().cluster).cloned();
            let (journal, entry) = (self.engine.journal.clone(), self.engine.core.runs().entry(run));
            let now = self.engine.now();
            if let StepAction::Enter(..) = &step.action {
                self.opening.spawn(async move {
                    let term = std::env::var("TERM").unwrap_or_default();
                    let opened = match backend.zip(entry) {
                        Some((backend, entry)) => {
                            enter(&journal, &*backend, entry, &step, (size_now(), &term), now).await
                        }
                        None => Err(StepError::Gone),
                    };
                    (run, ix, opened)
                });
                continue;
            }
            self.answers.spawn(async move {
                let answer = match backend.zip(entry) {
                    Some((backend, entry)) => do_step(&journal, &*backend, entry, step, now).await,
                    None => Err(StepError::Gone),
                };
                (run, ix, answer)
            });
        }
    }

    /// Hands what has changed over to the journal.
    fn write(&mut self) {
        for entry in self.engine.core.take_unwritten() {
            if self.engine.core.guard().notes && entry.run.outcome.is_some() {
                let (backends, entry) = (self.engine.feeds.backends_of(&entry), entry.clone());
                self.notes.spawn(async move { note(&backends, &entry).await });
            }
            let journal = self.engine.journal.clone();
            self.written.spawn(async move { journal.write(entry).await });
        }
    }

    /// What is not waited for has an end in the journal too; what cannot be written is said.
    async fn end(mut self) {
        let now = self.engine.now();
        self.engine.core.let_go(self.id, now);
        self.write();
        self.engine.stop_listening();
        self.answers.abort_all();
        self.opening.abort_all();
        let mut trouble = None;
        while let Some(written) = self.written.join_next().await {
            trouble = written.ok().and_then(Result::err).or(trouble);
        }
        while self.notes.join_next().await.is_some() {}
        if let Some(trouble) = trouble {
            eprintln!("cockpit: not all of it is journalled: {trouble}");
        }
        self.engine.end().await;
    }

    fn run(&self) -> Option<&Run> {
        self.engine.core.runs().run(self.id)
    }

    fn is_over(&self) -> bool {
        let Some(run) = self.run() else { return true };
        // What was not answered is not accepted: whether it was done is waited for.
        let accepted = |state: &StepState| match state {
            StepState::Settling(receipt) => !receipt.unanswered,
            state => state.is_final(),
        };
        run.outcome.is_some() || (self.how.wait.is_none() && run.steps.iter().all(accepted))
    }

    /// Says what is new.
    fn tell(&mut self) -> Result<(), Failure> {
        let Some(run) = self.run() else { return Ok(()) };
        let now = self.engine.now();
        let new = |ix: &usize| {
            self.seen.get(*ix) != run.steps.get(*ix) && !is_as_blocked(self.seen.get(*ix), &run.steps[*ix])
        };
        let lines: String = (0..run.steps.len())
            .filter(new)
            .filter_map(|ix| say::step(run.plan.steps.get(ix)?, &run.steps[ix], now))
            .collect();
        let quiet = shell::is_plain(&run.plan) && self.opened.is_some();
        self.seen = run.steps.clone();
        if self.how.json || lines.is_empty() || quiet { Ok(()) } else { print(&lines) }
    }

    /// Says what came of it, with what is wrong with the target where it is not well.
    fn conclude(&self, key: &Ref) -> Result<ExitCode, Failure> {
        let Some(run) = self.run() else { return Ok(ExitCode::FAILURE) };
        let status = match &run.outcome {
            None if self.how.wait.is_none() => 0,
            Some((_, Outcome::Done | Outcome::Accepted)) => 0,
            Some((_, Outcome::Partly { .. })) => PARTLY,
            None | Some((_, Outcome::Failed(_))) => 1,
        };
        if !self.how.json {
            print(&say::outcome(run))?;
            if status != 0
                && let Some(incident) = wrong(key, self.engine.core.diagnosis())
            {
                print(&format!("{}: {}\n", key.local(), incident.summary))?;
            }
            if run.outcome.is_none() && self.how.wait.is_some() {
                print("it goes on there; what was asked for had not settled in time\n")?;
            }
        }
        told(&self.how, &run.plan, Some(run), status)
    }
}

/// Whether a step is still held back by the same.
fn is_as_blocked(before: Option<&StepState>, now: &StepState) -> bool {
    matches!((before, now), (Some(StepState::Blocked { by: a, .. }), StepState::Blocked { by: b, .. }) if a == b)
}

/// What a program reads.
#[derive(Serialize)]
struct Report<'a> {
    plan: &'a Plan,
    run: Option<&'a Run>,
    status: u8,
}

fn told(how: &How, plan: &Plan, run: Option<&Run>, status: u8) -> Result<ExitCode, Failure> {
    if how.json {
        let report = Report { plan, run, status };
        let json = serde_json::to_string(&report);
        print(&(json.map_err(|error| Failure::new("the report cannot be written").why(error))? + "\n"))?;
    }
    Ok(ExitCode::from(status))
}

//! What is said of a plan and of a run on plain lines.

use std::fmt::Write;

use crate::action::words::deed_on;
use crate::domain::{Grade, LineKind, Outcome, Plan, Run, Step, StepState, Timestamp};
use crate::ui::doing;

/// A plan before it is confirmed.
pub fn plan(plan: &Plan) -> String {
    let grade = match (&plan.typed, plan.grade) {
        (Some(name), _) => format!("asks for the name {name}"),
        (None, Grade::Harmless) => "harmless".to_owned(),
        (None, Grade::Disruptive) => "disruptive".to_owned(),
        (None, Grade::Destructive) => "destructive".to_owned(),
    };
    let mut out = format!("{} - {grade}\n", plan.title);
    for line in &plan.lines {
        let mark = match line.kind {
            LineKind::Does => "->",
            LineKind::Hurts => "!!",
            LineKind::Skips => "..",
            LineKind::Note => "  ",
        };
        let _ = writeln!(out, "  {mark} {}", line.text);
    }
    for variant in &plan.variants {
        let _ = writeln!(out, "  or       {}", variant.text);
    }
    if let Some(equivalent) = &plan.equivalent {
        let _ = writeln!(out, "  same as  {equivalent}");
    }
    let _ = match &plan.inverse {
        Some(inverse) => writeln!(out, "  back     {}", deed_on(inverse)),
        None => writeln!(out, "  back     it cannot be taken back by one command"),
    };
    out
}

/// A step whose state is another than before; none for what is of no interest.
pub fn step(step: &Step, state: &StepState, now: Timestamp) -> Option<String> {
    let what = format!("{} {}", doing(&step.action), step.action.target().local());
    let said = match state {
        StepState::Waiting | StepState::Sent(_) => return None,
        StepState::Blocked { by, .. } => format!("waits: {by}"),
        StepState::Settling(receipt) if receipt.unanswered => {
            "sent, and no answer came: whether it was done is read, and it is not sent again".to_owned()
        }
        StepState::Settling(receipt) => match &receipt.text {
            Some(text) => format!("accepted: {text}"),
            None => "accepted".to_owned(),
        },
        StepState::Done(_) => "done".to_owned(),
        StepState::Failed(error) => format!("failed: {error}"),
        StepState::Skipped => "not done".to_owned(),
    };
    Some(format!("{}  {what}: {said}\n", now.strftime("%H:%M:%S")))
}

/// How a run ended, with how long it took.
pub fn outcome(run: &Run) -> String {
    let seconds = |at: Timestamp| crate::domain::words::span(crate::domain::words::seconds_between(run.started, at));
    match &run.outcome {
        None | Some((_, Outcome::Accepted)) => {
            format!("{}: accepted; --wait waits until it has settled\n", run.plan.title)
        }
        Some((at, Outcome::Done)) => format!("{}: done in {}\n", run.plan.title, seconds(*at)),
        Some((at, Outcome::Partly { done, left })) => {
            format!("{}: partly done in {}: {done} done, {left} left\n", run.plan.title, seconds(*at))
        }
        Some((_, Outcome::Failed(why))) => format!("{}: not done: {why}\n", run.plan.title),
    }
}

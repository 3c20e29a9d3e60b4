//! An action as it goes.

use super::super::case;
use super::super::glyphs;
use super::super::panes::Ctx;
use super::super::pen::Pen;
use super::super::say;
use super::super::text::Phrase;
use super::super::theme::Ink;
use crate::action::{Known, Wait};
use crate::domain::{Outcome, Run, Setting, Step, StepAction, StepState, Waste};

use super::{centred, hint};

/// Draws a run: what has not gone well first, then what moves, then what is done.
pub(super) fn draw(pen: &mut Pen<'_>, ctx: &Ctx<'_>, id: u64) {
    let all = pen.area();
    let Some(known) = ctx.model.runs.known(id) else { return };
    let run = known.run;
    let mut order: Vec<usize> = (0..run.steps.len()).collect();
    order.sort_by_key(|ix| (rank(&run.steps[*ix]), *ix));
    let steps = order.into_iter().filter_map(|ix| Some(step(ctx, &run.steps[ix], run.plan.steps.get(ix)?)));
    let room = usize::from(all.width).saturating_sub(6).clamp(10, 100);
    let lines: Vec<Phrase> = steps.flat_map(|line| indented(&line, room)).collect();
    let title = Phrase::of(Ink::Title, run.plan.title.as_str()).then(standing(ctx, &known));
    let foot = match (&run.outcome, run.stopping) {
        (None, _) if known.is_abandoned => {
            let back = run.plan.inverse.as_ref().map(|back| hint("u", back.verb()).and(Ink::Text, "   "));
            hint("enter", "go on").and(Ink::Text, "   ").then(back.unwrap_or_default()).then(hint("esc", "leave"))
        }
        (None, _) if !known.is_own => hint("esc", "leave"),
        (None, false) => hint("x", "stop").and(Ink::Text, "   ").then(hint("esc", "let it go on behind")),
        (None, true) => Phrase::text("stopping; what was sent still ends   ").then(hint("esc", "leave")),
        (Some(_), _) => match &run.plan.inverse {
            Some(back) => hint("u", back.verb()).and(Ink::Text, "   ").then(hint("esc", "leave")),
            None => hint("esc", "leave"),
        },
    };
    let columns = lines.iter().map(Phrase::width).max().unwrap_or(0).max(title.width() + 4).max(foot.width() + 4);
    let area = centred(all, columns.max(50), lines.len());
    let inside = pen.frame(area, &title, &Phrase::default(), &foot);
    case::lines(pen, inside, 0, &lines);
}

/// A line in lines of at most `columns`, those after the first set in.
fn indented(line: &Phrase, columns: usize) -> Vec<Phrase> {
    let each = line.wrap(columns).into_iter().enumerate();
    each.map(|(ix, line)| if ix == 0 { line } else { Phrase::text("  ").then(line) }).collect()
}

const fn rank(state: &StepState) -> u8 {
    match state {
        StepState::Failed(_) => 0,
        StepState::Blocked { .. } => 1,
        StepState::Settling(_) | StepState::Sent(_) => 2,
        StepState::Waiting => 3,
        StepState::Skipped => 4,
        StepState::Done(_) => 5,
    }
}

/// How a run stands or ended, and whose it is, where it is not of this session.
pub(in crate::ui) fn standing(ctx: &Ctx<'_>, known: &Known<'_>) -> Phrase {
    let who = known.who(ctx.model.runs.me());
    let (done, all) = known.run.progress();
    match known.is_abandoned {
        true => Phrase::of(Ink::Warning, format!(" ─ left in the middle by {who}, {done} of {all} done")),
        false if known.is_own => outcome(known.run),
        false => outcome(known.run).and(Ink::Dim, format!(", by {who}")),
    }
}

/// How a run stands or ended.
pub(in crate::ui) fn outcome(run: &Run) -> Phrase {
    match &run.outcome {
        None => Phrase::of(Ink::Strong, format!(" ─ {}", say::progress(run))),
        Some((_, Outcome::Done)) => Phrase::of(Ink::Good, " ─ done"),
        Some((_, Outcome::Accepted)) => Phrase::of(Ink::Good, " ─ accepted, and not waited for"),
        Some((_, Outcome::Partly { done, left })) => Phrase::of(Ink::Warning, format!(" ─ {done} done, {left} left")),
        Some((_, Outcome::Failed(why))) => Phrase::of(Ink::Critical, format!(" ─ not done: {why}")),
    }
}

/// How a step stands.
pub(in crate::ui) fn step(ctx: &Ctx<'_>, state: &StepState, step: &Step) -> Phrase {
    let (glyph, ink, said) = match state {
        StepState::Waiting => (glyphs::NONE, Ink::Dim, "its turn has not come".to_owned()),
        StepState::Sent(_) => (glyphs::MOVING, Ink::Text, "asked, no answer yet".to_owned()),
        StepState::Blocked { by, retry_at, since } => (
            glyphs::HELD,
            Ink::Warning,
            format!("held back since {}: {by}; tried again {}", ctx.clock.time(*since), ctx.clock.until(*retry_at)),
        ),
        StepState::Settling(receipt) => {
            let said = receipt.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            let awaits = Wait::of(&step.until, receipt, &ctx.model.view).map(|wait| awaits(ctx, &wait));
            let awaits = awaits.filter(|said| !said.is_empty()).unwrap_or_else(|| "not seen done yet".to_owned());
            (glyphs::MOVING, Ink::Text, format!("accepted {}, {awaits}{said}", ctx.clock.time(receipt.at)))
        }
        StepState::Done(at) => (glyphs::GOOD, Ink::Good, format!("done {}", ctx.clock.time(*at))),
        StepState::Failed(error) => (glyphs::CRITICAL, Ink::Critical, error.to_string()),
        StepState::Skipped => (glyphs::NONE, Ink::Dim, "not done".to_owned()),
    };
    Phrase::of(ink, format!("{glyph} "))
        .and(Ink::Strong, doing(&step.action))
        .and(Ink::Text, format!(" {}  ", step.action.target().local()))
        .and(ink, said)
}

/// How far it is, and for whom it waits, how that one is and since when.
fn awaits(ctx: &Ctx<'_>, wait: &Wait<'_>) -> String {
    let mut said: Vec<String> = Vec::new();
    if let Some((done, of)) = wait.share.filter(|(_, of)| *of > 0) {
        said.push(format!("{done} of {of} ready"));
    }
    if wait.surplus > 0 {
        said.push(format!("{} still to end", wait.surplus));
    }
    if let Some(it) = wait.on {
        let since = it.since.or(it.created).map(|at| format!(" for {}", ctx.clock.age(at))).unwrap_or_default();
        let why = say::instance_why(it);
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        said.push(format!("waits for {}: {}{since}{why}", it.key.name, say::instance_state(it)));
    }
    said.join(", ")
}

/// What a step does, in a word or two.
pub fn doing(action: &StepAction) -> String {
    match action {
        StepAction::Restart(_) => "restart".to_owned(),
        StepAction::SetReplicas(_, n) => format!("set to {n}"),
        StepAction::Revert(_, Some(to)) => format!("back to {to}"),
        StepAction::Revert(_, None) => "back".to_owned(),
        StepAction::SetCordon(_, true) => "cordon".to_owned(),
        StepAction::SetCordon(_, false) => "uncordon".to_owned(),
        StepAction::Evict(_) => "evict".to_owned(),
        StepAction::SetPaused(_, true) => "pause".to_owned(),
        StepAction::SetPaused(_, false) => "resume".to_owned(),
        StepAction::Set(_, Setting::Image(_, image)) => format!("run {image} in"),
        StepAction::Set(_, Setting::Memory(..)) => "set the memory limit of".to_owned(),
        StepAction::Set(_, Setting::Cpu(..)) => "set the CPU limit of".to_owned(),
        StepAction::SetDrain(_, true) => "drain".to_owned(),
        StepAction::SetDrain(_, false) => "stop draining".to_owned(),
        StepAction::Promote(_) => "promote".to_owned(),
        StepAction::Abort(_) => "abort".to_owned(),
        StepAction::Delete(_) => "delete".to_owned(),
        StepAction::Stop(_) => "stop".to_owned(),
        StepAction::Start(_) => "start".to_owned(),
        StepAction::Kill(_) => "kill".to_owned(),
        StepAction::Recreate(_) => "make anew".to_owned(),
        StepAction::Trigger(_) => "run once".to_owned(),
        StepAction::Retry(_) => "try again".to_owned(),
        StepAction::Prune(_, Waste::Containers) => "remove stopped containers of".to_owned(),
        StepAction::Prune(_, Waste::Images) => "remove dangling images of".to_owned(),
        StepAction::Prune(_, Waste::BuildCache) => "remove the build cache of".to_owned(),
    }
}

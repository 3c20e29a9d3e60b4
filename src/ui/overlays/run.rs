//! An action as it goes.

use ratatui::layout::Rect;

use super::super::case;
use super::super::glyphs;
use super::super::panes::Ctx;
use super::super::pen::Pen;
use super::super::say;
use super::super::text::Phrase;
use super::super::theme::Ink;
use crate::action::words::{deed, names};
use crate::action::{Drain, Known, Wait, in_its_place};
use crate::domain::words::{seconds_between, span};
use crate::domain::{Instance, Outcome, Run, Setting, Step, StepAction, StepState, Waste};

use super::{centred, hint};

/// A run is read best in lines no longer than this.
const COLUMNS: usize = 100;
/// Names of what stays that are told while it goes on, at most.
const NAMES: usize = 6;

/// Draws a run: what has not gone well first, then what moves, then what is done.
pub(super) fn draw(pen: &mut Pen<'_>, ctx: &Ctx<'_>, id: u64, scroll: usize) {
    let all = pen.area();
    let Some(known) = ctx.model.runs.known(id) else { return };
    let said = said(ctx, &known, all.width);
    let foot = said.feet.iter().find(|foot| foot.width() + 6 < usize::from(all.width)).or(said.feet.last());
    let inside = pen.frame(area(&said, all), &said.title, &Phrase::default(), foot.unwrap_or(&Phrase::default()));
    case::lines(pen, inside, scroll, &said.lines);
}

/// Lines that a run has on a terminal of this size, and how many of them are visible at once.
pub(super) fn extent(ctx: &Ctx<'_>, id: u64, size: (u16, u16)) -> (usize, usize) {
    let Some(known) = ctx.model.runs.known(id) else { return (0, 1) };
    let said = said(ctx, &known, size.0);
    let inside = area(&said, Rect::new(0, 0, size.0, size.1)).height.saturating_sub(2);
    (said.lines.len(), usize::from(inside).max(1))
}

/// What is said of a run.
struct Said {
    title: Phrase,
    lines: Vec<Phrase>,
    /// Keys, the most words first.
    feet: Vec<Phrase>,
}

fn area(said: &Said, all: Rect) -> Rect {
    let foot = said.feet.first().map_or(0, Phrase::width);
    let columns = said.lines.iter().map(Phrase::width).max().unwrap_or(0);
    let columns = columns.max(said.title.width() + 4).max(foot + 4).max(50);
    centred(all, columns, said.lines.len())
}

fn said(ctx: &Ctx<'_>, known: &Known<'_>, columns: u16) -> Said {
    let run = known.run;
    let room = usize::from(columns).saturating_sub(6).clamp(10, COLUMNS);
    let drain = Drain::of(run, &ctx.model.view);
    let mut order: Vec<usize> = (0..run.steps.len()).collect();
    order.sort_by_key(|ix| (rank(&run.steps[*ix]), *ix));
    let mut each: Vec<Phrase> = Vec::new();
    if let Some(why) = &run.plan.reason {
        each.push(Phrase::dim(format!("because: {why}")));
    }
    let said_of = |ix: &usize| {
        let (state, step) = (&run.steps[*ix], run.plan.steps.get(*ix)?);
        Some(self::step(ctx, known, state, step).then(successor(ctx, run, state, step)))
    };
    // What stays is what is left to do when it is over; until then what goes on comes first.
    let over = run.outcome.is_some();
    let begun = order.partition_point(|ix| !over && !matches!(run.steps[*ix], StepState::Done(_)));
    each.extend(order[..begun].iter().filter_map(said_of));
    each.extend(drain.iter().flat_map(|drain| stays(drain, over)));
    each.extend(order[begun..].iter().filter_map(said_of));
    let mut lines: Vec<Phrase> = each.iter().flat_map(|line| indented(line, room)).collect();
    let stands = standing_words(ctx, known, drain.as_ref());
    let mut title = Phrase::of(Ink::Title, run.plan.title.as_str()).and(Ink::Title, " ─ ").then(stands.clone());
    // How it stands is never cut off: where there is no room for it in the edge, it is the first thing that is said.
    if title.width() + 2 > room {
        lines.splice(0..0, stands.wrap(room));
        title = Phrase::of(Ink::Title, run.plan.title.as_str());
    }
    Said { title, lines, feet: feet(known) }
}

fn feet(known: &Known<'_>) -> Vec<Phrase> {
    let run = known.run;
    let then = |first: Phrase, second: Phrase| first.and(Ink::Text, "   ").then(second);
    let back = run.plan.inverse.as_ref().map(|back| hint("u", &deed(back)));
    let first = match (&run.outcome, run.stopping, back) {
        (None, _, back) if known.is_abandoned => match back {
            Some(back) => then(hint("enter", "go on"), back),
            None => hint("enter", "go on"),
        },
        (None, ..) if !known.is_own => return vec![hint("esc", "leave")],
        (None, false, Some(_)) => hint("x", &format!("stop (offers {})", offers(run))),
        (None, false, None) => hint("x", "stop"),
        (_, _, Some(back)) => back,
        (None, true, None) => Phrase::text("stopping; what was sent still ends"),
        (Some(_), _, None) => return vec![hint("esc", "leave")],
    };
    let goes_on = run.outcome.is_none() && known.is_own;
    let leave = if goes_on { "let it go on behind" } else { "leave" };
    vec![then(first.clone(), hint("esc", leave)), then(first.clone(), hint("esc", "leave")), first]
}

fn offers(run: &Run) -> String {
    run.plan.inverse.as_ref().map(deed).unwrap_or_default()
}

/// What a drain leaves, and what came while it went on: one by one when it is over, until then in a line each.
fn stays(drain: &Drain<'_>, over: bool) -> Vec<Phrase> {
    let line = |name: String, how: &str| {
        Phrase::of(Ink::Warning, format!("{} ", glyphs::HELD)).and(Ink::Strong, name).and(Ink::Text, format!("  {how}"))
    };
    if over {
        let skipped = drain.skipped.iter().map(|it| line(it.key.local(), "left: it was skipped, and is still there"));
        let arrived = drain.arrived.iter().map(|it| line(it.key.local(), "left: it came while the drain went on"));
        return skipped.chain(arrived).collect();
    }
    let names = |of: &[&Instance]| names(of.iter().map(|it| &it.key), NAMES);
    let skipped = (!drain.skipped.is_empty()).then(|| line(names(&drain.skipped), "skipped"));
    let arrived = (!drain.arrived.is_empty()).then(|| line(names(&drain.arrived), "came meanwhile, and not taken"));
    skipped.into_iter().chain(arrived).collect()
}

/// What came in the place of what was taken away.
fn successor(ctx: &Ctx<'_>, run: &Run, state: &StepState, step: &Step) -> Phrase {
    let (StepState::Done(_), StepAction::Evict(key) | StepAction::Delete(key)) = (state, &step.action) else {
        return Phrase::default();
    };
    let Some(new) = in_its_place(run, key, &ctx.model.view) else { return Phrase::default() };
    let place = new.node.as_ref().map(|node| format!(" on {}", node.name)).unwrap_or_default();
    let name = if new.key == *key { "again".to_owned() } else { format!("new {}", new.key.name) };
    let how = match (new.ready, new.created.zip(new.since)) {
        (true, Some((made, since))) => format!("ready, {} after it was made", span(seconds_between(made, since))),
        (true, None) => "ready".to_owned(),
        (false, _) => say::instance_state(new).into_owned(),
    };
    Phrase::text(format!(", {name}{place}: {how}"))
}

/// How a run stands, in its title; a drain by what becomes of what runs there.
fn standing_words(ctx: &Ctx<'_>, known: &Known<'_>, drain: Option<&Drain<'_>>) -> Phrase {
    let who = known.who(ctx.model.runs.me());
    let (done, all) = known.run.progress();
    match known.is_abandoned {
        true => Phrase::of(Ink::Warning, format!("left in the middle by {who}, {done} of {all} done")),
        false if known.is_own => own_words(known.run, drain),
        false => own_words(known.run, drain).and(Ink::Dim, format!(", by {who}")),
    }
}

fn own_words(run: &Run, drain: Option<&Drain<'_>>) -> Phrase {
    match (&run.outcome, drain) {
        (None, Some(drain)) => {
            let stopping = if run.stopping { ", stopping" } else { "" };
            Phrase::of(Ink::Strong, format!("{}{stopping}", drain.words()))
        }
        (Some((_, Outcome::Done | Outcome::Partly { .. })), Some(drain)) if !drain.left.is_empty() => {
            Phrase::of(Ink::Warning, format!("partly drained, {} left", drain.left.len()))
        }
        _ => outcome_words(run),
    }
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
    Phrase::of(Ink::Strong, " ─ ").then(standing_words(ctx, known, None))
}

/// How a run stands or ended, after its title.
pub(in crate::ui) fn outcome(run: &Run) -> Phrase {
    Phrase::of(Ink::Strong, " ─ ").then(outcome_words(run))
}

fn outcome_words(run: &Run) -> Phrase {
    match &run.outcome {
        None => Phrase::of(Ink::Strong, say::progress(run)),
        Some((_, Outcome::Done)) => Phrase::of(Ink::Good, "done"),
        Some((_, Outcome::Accepted)) => Phrase::of(Ink::Good, "accepted, and not waited for"),
        Some((_, Outcome::Partly { done, left })) => Phrase::of(Ink::Warning, format!("{done} done, {left} left")),
        Some((_, Outcome::Failed(why))) => Phrase::of(Ink::Critical, format!("not done: {why}")),
    }
}

/// How a step of a run stands.
pub(in crate::ui) fn step(ctx: &Ctx<'_>, of: &Known<'_>, state: &StepState, step: &Step) -> Phrase {
    let (glyph, ink, said) = match state {
        StepState::Waiting => (glyphs::NONE, Ink::Dim, "its turn has not come".to_owned()),
        StepState::Sent(_) if of.is_abandoned => {
            (glyphs::MOVING, Ink::Text, "asked, and nobody was left to hear the answer".to_owned())
        }
        StepState::Sent(_) => (glyphs::MOVING, Ink::Text, "asked, no answer yet".to_owned()),
        StepState::Blocked { by, retry_at, since } => {
            let again = match of.is_abandoned {
                true => "nobody tries it again".to_owned(),
                false => format!("tried again {}", ctx.clock.until(*retry_at)),
            };
            (glyphs::HELD, Ink::Warning, format!("held back since {}: {by}; {again}", ctx.clock.time(*since)))
        }
        StepState::Settling(receipt) => {
            let said = receipt.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            let awaits = Wait::of(&step.until, receipt, &ctx.model.view).map(|wait| awaits(ctx, &wait));
            let awaits = awaits.filter(|said| !said.is_empty()).unwrap_or_else(|| "not seen done yet".to_owned());
            let at = ctx.clock.time(receipt.at);
            match receipt.unanswered {
                true => {
                    let text = format!("sent {at}, and no answer came: it is not sent again; {awaits}{said}");
                    (glyphs::MOVING, Ink::Warning, text)
                }
                false => (glyphs::MOVING, Ink::Text, format!("accepted {at}, {awaits}{said}")),
            }
        }
        StepState::Done(at) => {
            let word = if matches!(step.action, StepAction::Evict(_)) { "gone" } else { "done" };
            (glyphs::GOOD, Ink::Good, format!("{word} {}", ctx.clock.time(*at)))
        }
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
        StepAction::AddDebugger(..) => "add a debug container to".to_owned(),
        StepAction::Enter(_, enter) if enter.command.is_empty() => "open a shell in".to_owned(),
        StepAction::Enter(..) => "run a command in".to_owned(),
        StepAction::Silence(..) => "silence".to_owned(),
        StepAction::EndSilence(..) => "end a silence of".to_owned(),
        StepAction::Prune(_, Waste::Containers) => "remove stopped containers of".to_owned(),
        StepAction::Prune(_, Waste::Images) => "remove dangling images of".to_owned(),
        StepAction::Prune(_, Waste::BuildCache) => "remove the build cache of".to_owned(),
        StepAction::Prune(_, Waste::Ended) => "remove what has ended of".to_owned(),
    }
}

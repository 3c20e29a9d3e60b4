//! A plan before it is confirmed: what will happen, what it hurts, how it is confirmed, how it is taken back.

use ratatui::layout::Rect;

use super::super::case;
use super::super::glyphs;
use super::super::pen::Pen;
use super::super::screen::{Armed, Preview, Reason};
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::{centred, hint, input};
use crate::action::words::{deed, deed_on};
use crate::domain::{Grade, Intent, LineKind, Plan, Refusal, StepAction};

/// A plan is read best in lines no longer than this.
const COLUMNS: usize = 98;

/// What a preview says.
struct Said {
    title: Phrase,
    /// At the end of the title.
    grade: Phrase,
    lines: Vec<Phrase>,
    /// Keys, the most words first: the first that there is room for is shown.
    feet: Vec<Phrase>,
    /// A name has to be typed, on a line of its own.
    field: Option<String>,
}

/// Draws the plan, why there is none, or that it is being drawn up.
pub(super) fn draw(pen: &mut Pen<'_>, shown: &Preview) {
    let all = pen.area();
    let said = said(shown, all.width);
    let area = area(&said, all);
    let foot = said.feet.iter().find(|foot| foot.width() + 6 < usize::from(area.width)).or(said.feet.last());
    let inside = pen.frame(area, &said.title, &said.grade, foot.unwrap_or(&Phrase::default()));
    let body = Rect { height: body_height(&said, inside.height), ..inside };
    case::lines(pen, body, shown.scroll, &said.lines);
    if let Some(sign) = &said.field {
        let line = Rect { y: body.bottom(), height: inside.height.min(1), ..inside };
        let plain = pen.style(Ink::Text);
        pen.clear(line, plain);
        input(pen, line, sign, &shown.typed, &Phrase::default());
    }
}

/// Lines that a preview has on a terminal of this size, and how many of them are visible at once.
pub(super) fn extent(shown: &Preview, size: (u16, u16)) -> (usize, usize) {
    let said = said(shown, size.0);
    let inside = area(&said, Rect::new(0, 0, size.0, size.1)).height.saturating_sub(2);
    (said.lines.len(), usize::from(body_height(&said, inside)).max(1))
}

const fn body_height(said: &Said, inside: u16) -> u16 {
    if said.field.is_some() { inside.saturating_sub(1) } else { inside }
}

fn area(said: &Said, all: Rect) -> Rect {
    let columns = columns(all.width);
    let widest = said.lines.iter().map(Phrase::width).max().unwrap_or(0);
    let foot = said.feet.first().map_or(0, Phrase::width);
    let edges = (said.title.width() + said.grade.width() + 8).max(foot + 6);
    centred(all, widest.max(edges).min(columns), said.lines.len() + usize::from(said.field.is_some()))
}

fn columns(screen: u16) -> usize {
    usize::from(screen).saturating_sub(6).clamp(10, COLUMNS)
}

fn said(shown: &Preview, screen: u16) -> Said {
    let columns = columns(screen);
    let mut said = match &shown.plan {
        None => {
            let what = format!("{} {}", shown.intent.verb(), shown.intent.target().local());
            let asking = Phrase::text("Asking the server how this would go. Nothing is changed yet.");
            said_plainly(what, asking.wrap(columns))
        }
        Some(Err(refusal)) => refused(columns, refusal),
        Some(Ok(plan)) => planned(columns, shown, plan),
    };
    // What it is about is never cut off: where there is no room for it beside the grade, it is the first thing that is said.
    if said.title.width() + said.grade.width() + 4 > columns {
        let title = std::mem::take(&mut said.title);
        said.lines.splice(0..0, title.wrap(columns));
    }
    said
}

fn said_plainly(title: String, lines: Vec<Phrase>) -> Said {
    let title = Phrase::of(Ink::Title, title);
    Said { title, grade: Phrase::default(), lines, feet: vec![hint("esc", "leave")], field: None }
}

fn refused(columns: usize, refusal: &Refusal) -> Said {
    let lines: Vec<Phrase> = [
        Phrase::of(Ink::Critical, format!("{} ", glyphs::CRITICAL)).and(Ink::Text, refusal.why.as_str()),
        Phrase::default(),
        Phrase::text(refusal.mend.as_str()),
    ]
    .iter()
    .flat_map(|line| if line.is_empty() { vec![Phrase::default()] } else { line.wrap(columns) })
    .collect();
    said_plainly(format!("Cannot {}", refusal.what), lines)
}

fn planned(columns: usize, shown: &Preview, plan: &Plan) -> Said {
    let title = Phrase::of(Ink::Title, plan.title.as_str());
    let grade = match (plan.grade, &plan.typed) {
        (_, Some(name)) => Phrase::of(Ink::Critical, format!("type {name}, then enter")),
        (Grade::Harmless, None) => Phrase::of(Ink::Good, "harmless: enter"),
        (Grade::Disruptive, None) => Phrase::of(Ink::Warning, "disruptive: y, then enter"),
        (Grade::Destructive, None) => Phrase::of(Ink::Critical, "destructive: y, then enter"),
    };
    let mut lines = Vec::new();
    if let Some(changed) = &shown.changed {
        let words = format!("it has changed since: {changed}. Nothing was done; this is how it would go now");
        lines.extend(plan_line(LineKind::Hurts, &words, columns));
        lines.push(Phrase::default());
    }
    for line in &plan.lines {
        lines.extend(plan_line(line.kind, &line.text, columns));
    }
    lines.push(Phrase::default());
    if let Some(equivalent) = &plan.equivalent {
        lines.extend(labelled("same as", Phrase::of(Ink::Name, equivalent.as_str()), columns));
    }
    let back = match &plan.inverse {
        Some(inverse) => Phrase::text(back_words(plan, inverse)),
        None if plan.steps.iter().all(|step| matches!(step.action, StepAction::Enter(..))) => {
            Phrase::text("nothing is changed by opening it")
        }
        None => Phrase::of(Ink::Strong, "it cannot be taken back by one key"),
    };
    lines.extend(labelled("back", back, columns));
    for variant in &plan.variants {
        // Where a name is typed, a letter alone goes into that.
        let key = if plan.typed.is_some() { format!("alt-{}", variant.key) } else { variant.key.to_string() };
        lines.extend(keyed(&key, variant.text.as_str(), columns));
    }
    if let Some(reason) = &shown.reason {
        lines.extend(reason_lines(reason, columns));
    }
    let field = plan.typed.as_ref().map(|name| format!("type {name}: "));
    if field.is_some() {
        lines.push(Phrase::default());
    }
    Said { title, grade, lines, feet: feet(shown, plan), field }
}

fn plan_line(kind: LineKind, text: &str, columns: usize) -> Vec<Phrase> {
    let (glyph, ink) = match kind {
        LineKind::Does => (glyphs::MOVING, Ink::Strong),
        LineKind::Hurts => (glyphs::WARNING, Ink::Warning),
        LineKind::Skips => (glyphs::HELD, Ink::Text),
        LineKind::Note => (" ", Ink::Dim),
    };
    let each = Phrase::of(ink, text).wrap(columns.saturating_sub(2)).into_iter().enumerate();
    each.map(|(ix, line)| Phrase::of(ink, if ix == 0 { format!("{glyph} ") } else { "  ".to_owned() }).then(line))
        .collect()
}

/// What takes it back: by its name where that is another thing than what the plan is about.
fn back_words(plan: &Plan, inverse: &Intent) -> String {
    match inverse.target() == plan.intent.target() && inverse.parts().len() == 1 {
        true => deed(inverse),
        false => deed_on(inverse),
    }
}

/// A key, and what it does instead.
fn keyed(key: &str, what: &str, columns: usize) -> Vec<Phrase> {
    let each = Phrase::text(what).wrap(columns.saturating_sub(10)).into_iter().enumerate();
    each.map(|(ix, line)| Phrase::of(Ink::Key, format!("{:<9} ", if ix == 0 { key } else { "" })).then(line)).collect()
}

fn reason_lines(reason: &Reason, columns: usize) -> Vec<Phrase> {
    let (input, typing) = (&reason.input, reason.typing);
    let text = match (input.text.is_empty(), typing) {
        (true, false) => Phrase::dim("optional; tab to say why"),
        (_, false) => Phrase::text(input.text.as_str()),
        (_, true) => {
            let (before, after) = input.text.split_at(input.cursor.min(input.text.len()));
            Phrase::of(Ink::Input, format!("{before}_{after}"))
        }
    };
    labelled("reason", text, columns)
}

fn labelled(label: &str, text: Phrase, columns: usize) -> Vec<Phrase> {
    let each = text.wrap(columns.saturating_sub(10)).into_iter().enumerate();
    each.map(|(ix, line)| Phrase::dim(format!("{:<9} ", if ix == 0 { label } else { "" })).then(line)).collect()
}

fn feet(shown: &Preview, plan: &Plan) -> Vec<Phrase> {
    let does = || Phrase::of(Ink::Key, "enter").and(Ink::Strong, " do it");
    let leave = || hint("esc", "leave");
    let then = |first: Phrase, second: Phrase| first.and(Ink::Text, "   ").then(second);
    if shown.reason.as_ref().is_some_and(|reason| reason.typing) {
        return vec![hint("enter", "back to the plan")];
    }
    let first = match (&plan.typed, plan.grade, shown.armed) {
        (Some(name), _, _) if shown.typed.text.trim() == name.as_str() => return vec![then(does(), leave()), does()],
        (Some(_), _, _) => return vec![leave()],
        (None, Grade::Harmless, _) | (None, _, Armed::Yes) => does(),
        (None, _, Armed::No) => hint("y", "confirm, then enter"),
    };
    let left = then(first.clone(), leave());
    let again = then(left.clone(), hint("d", "ask again"));
    vec![then(again.clone(), hint("c", "copy command")), again, left, first]
}

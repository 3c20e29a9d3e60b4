//! A plan before it is confirmed: what will happen, what it hurts, how it is confirmed, how it is taken back.

use super::super::case;
use super::super::glyphs;
use super::super::pen::Pen;
use super::super::screen::{Armed, Preview};
use super::super::text::Phrase;
use super::super::theme::Ink;
use super::{centred, hint, input};
use crate::domain::{Grade, LineKind, Plan, Refusal};

/// A plan is read best in lines no longer than this.
const COLUMNS: usize = 98;

/// Draws the plan, why there is none, or that it is being drawn up.
pub(super) fn draw(pen: &mut Pen<'_>, shown: &Preview) {
    let all = pen.area();
    let columns = usize::from(all.width).saturating_sub(6).clamp(10, COLUMNS);
    match &shown.plan {
        None => {
            let what = format!("{} {}", shown.intent.verb(), shown.intent.target().local());
            let title = Phrase::of(Ink::Title, what);
            let lines = vec![Phrase::text("Asking the server how this would go. Nothing is changed yet.")];
            boxed(pen, columns, &title, &Phrase::default(), &hint("esc", "leave"), &lines);
        }
        Some(Err(refusal)) => refused(pen, columns, refusal),
        Some(Ok(plan)) => planned(pen, columns, shown, plan),
    }
}

fn refused(pen: &mut Pen<'_>, columns: usize, refusal: &Refusal) {
    let title = Phrase::of(Ink::Title, format!("Cannot {}", refusal.what));
    let lines: Vec<Phrase> = [
        Phrase::of(Ink::Critical, format!("{} ", glyphs::CRITICAL)).and(Ink::Text, refusal.why.as_str()),
        Phrase::default(),
        Phrase::text(refusal.mend.as_str()),
    ]
    .iter()
    .flat_map(|line| if line.is_empty() { vec![Phrase::default()] } else { line.wrap(columns) })
    .collect();
    boxed(pen, columns, &title, &Phrase::default(), &hint("esc", "leave"), &lines);
}

fn planned(pen: &mut Pen<'_>, columns: usize, shown: &Preview, plan: &Plan) {
    let title = Phrase::of(Ink::Title, plan.title.as_str());
    let grade = match (plan.grade, &plan.typed) {
        (_, Some(name)) => Phrase::of(Ink::Critical, format!("type {name}, then enter")),
        (Grade::Harmless, None) => Phrase::of(Ink::Good, "harmless: enter"),
        (Grade::Disruptive, None) => Phrase::of(Ink::Warning, "disruptive: y, then enter"),
        (Grade::Destructive, None) => Phrase::of(Ink::Critical, "destructive: y, then enter"),
    };
    let mut lines = Vec::new();
    for line in &plan.lines {
        lines.extend(plan_line(line.kind, &line.text, columns));
    }
    lines.push(Phrase::default());
    if let Some(equivalent) = &plan.equivalent {
        lines.extend(labelled("same as", Phrase::of(Ink::Name, equivalent.as_str()), columns));
    }
    let back = match &plan.inverse {
        Some(inverse) => Phrase::text(format!("{} {}", inverse.verb(), inverse.target().local())),
        None => Phrase::of(Ink::Strong, "it cannot be taken back by one key"),
    };
    lines.extend(labelled("back", back, columns));
    if plan.typed.is_some() {
        lines.push(Phrase::default());
        lines.push(Phrase::default());
    }
    let foot = foot(shown, plan);
    let inside = boxed(pen, columns, &title, &grade, &foot, &lines);
    if let (Some(name), Some(y)) = (&plan.typed, inside.bottom().checked_sub(1)) {
        let line = ratatui::layout::Rect { y, height: inside.height.min(1), ..inside };
        input(pen, line, &format!("type {name}: "), &shown.typed, &Phrase::default());
    }
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

fn labelled(label: &str, text: Phrase, columns: usize) -> Vec<Phrase> {
    let each = text.wrap(columns.saturating_sub(10)).into_iter().enumerate();
    each.map(|(ix, line)| Phrase::dim(format!("{:<9} ", if ix == 0 { label } else { "" })).then(line)).collect()
}

fn foot(shown: &Preview, plan: &Plan) -> Phrase {
    let leave = Phrase::text("   ").then(hint("esc", "leave"));
    let copy = Phrase::text("   ").then(hint("c", "copy command"));
    match (&plan.typed, plan.grade, shown.armed) {
        (Some(name), _, _) if shown.typed.text.trim() == name.as_str() => hint("enter", "do it").then(leave),
        (Some(_), _, _) => leave,
        (None, Grade::Harmless, _) | (None, _, Armed::Yes) => {
            Phrase::of(Ink::Key, "enter").and(Ink::Strong, " do it").then(leave).then(copy)
        }
        (None, _, Armed::No) => hint("y", "confirm, then enter").then(leave).then(copy),
    }
}

/// A box with lines in it; returns its inside.
fn boxed(
    pen: &mut Pen<'_>,
    columns: usize,
    title: &Phrase,
    end: &Phrase,
    foot: &Phrase,
    lines: &[Phrase],
) -> ratatui::layout::Rect {
    let all = pen.area();
    let widest = lines.iter().map(Phrase::width).max().unwrap_or(0);
    let edges = (title.width() + end.width() + 8).max(foot.width() + 6);
    let area = centred(all, widest.max(edges).min(columns), lines.len());
    let inside = pen.frame(area, title, end, foot);
    case::lines(pen, inside, 0, lines);
    inside
}

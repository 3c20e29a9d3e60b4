//! The first two lines: what is watched and how far it can be believed, what is wrong, what time it is; and the panes.

use ratatui::layout::Rect;

use super::glyphs;
use super::panes::{self, Ctx};
use super::pen::Pen;
use super::screen::{Pane, Screen};
use super::sights::{self, Badge};
use super::spots::Spot;
use super::text::{Phrase, fit, width};
use super::theme::Ink;
use crate::diagnose::IncidentState;
use crate::domain::words::count;
use crate::domain::{Freshness, Severity};

/// Draws the first line.
pub(super) fn draw(pen: &mut Pen<'_>, screen: &Screen, ctx: &Ctx<'_>, area: Rect) {
    let right = right(screen, ctx, area.width);
    let from = pen.write_right(area.right().saturating_sub(1), area.y, area.width, &right, None);
    let room = usize::from(from.saturating_sub(area.x + 3));
    let left = left(ctx, room);
    pen.write(area.x + 1, area.y, room as u16, &left, None);
}

/// Counts by severity, whether anything may be changed, and the time: these always have their place.
fn right(screen: &Screen, ctx: &Ctx<'_>, columns: u16) -> Phrase {
    let mut parts: Vec<Phrase> = Vec::new();
    let narrow = columns < 100;
    for severity in [Severity::Critical, Severity::Warning, Severity::Risk] {
        let open = |it: &&crate::diagnose::Incident| {
            let over = matches!(it.state, IncidentState::Recovered(_));
            it.severity == severity && !over && !ctx.model.is_folded(it)
        };
        let n = ctx.model.diagnosis.incidents().iter().filter(open).count();
        let (glyph, ink) = glyphs::of_severity(severity);
        match (n, narrow) {
            (0, _) => {}
            (n, true) => parts.push(Phrase::of(ink, format!("{n}{glyph}"))),
            (n, false) if severity == Severity::Risk => {
                parts.push(Phrase::of(ink, if n == 1 { "1 risk".to_owned() } else { format!("{n} risks") }));
            }
            (n, false) => parts.push(Phrase::of(ink, format!("{n} {}", severity.as_str()))),
        }
    }
    if let Some(scope) = &screen.home.scope {
        // What is hidden is worth its place: it stands first, and the key that shows it again beside it.
        let said = match columns {
            ..60 => format!("{} {}", scope.lift, scope.namespace.as_deref().unwrap_or("cluster")),
            _ => format!("{scope}; {} for all", scope.lift),
        };
        parts.insert(0, Phrase::of(Ink::Warning, said));
    }
    if screen.read_only {
        parts.push(Phrase::of(Ink::Strong, if columns < 60 { "r/o" } else { "read-only" }));
    }
    let zone = if columns < 50 { String::new() } else { format!(" {}", ctx.clock.zone()) };
    parts.push(Phrase::of(Ink::Strong, ctx.clock.time(ctx.clock.now)).and(Ink::Dim, zone));
    join(parts, if narrow { " " } else { "  " })
}

fn join(parts: Vec<Phrase>, between: &str) -> Phrase {
    let mut all = Phrase::default();
    for (ix, part) in parts.into_iter().enumerate() {
        all = if ix > 0 { all.and(Ink::Text, between).then(part) } else { part };
    }
    all
}

/// How much is said where there is little room.
#[derive(Clone, Copy)]
struct Degree {
    name: bool,
    live_words: bool,
    words: bool,
    brief: bool,
    unwatched_by_name: usize,
}

const fn degree(name: bool, live_words: bool, words: bool, brief: bool, unwatched_by_name: usize) -> Degree {
    Degree { name, live_words, words, brief, unwatched_by_name }
}

const DEGREES: [Degree; 6] = [
    degree(true, true, true, true, 2),
    degree(true, true, true, true, 1),
    degree(true, false, true, true, 1),
    degree(false, false, true, true, 0),
    degree(false, false, false, true, 0),
    degree(false, false, false, false, 0),
];

/// Name, clusters, and what is not watched: as much of it as fits, the troubled ones first where not all do.
fn left(ctx: &Ctx<'_>, room: usize) -> Phrase {
    let mut badges = sights::badges(ctx);
    for degree in DEGREES {
        let all = whole(ctx, &badges, degree);
        if all.width() <= room {
            return all;
        }
    }
    badges.sort_by_key(|badge| std::cmp::Reverse(badge.freshness));
    let last = DEGREES[DEGREES.len() - 1];
    for with_unwatched in [true, false] {
        for shown in (1..=badges.len()).rev() {
            let some = some(ctx, &badges, shown, last, with_unwatched);
            if some.width() <= room {
                return some;
            }
        }
    }
    some(ctx, &badges, badges.len().min(1), last, false)
}

fn whole(ctx: &Ctx<'_>, badges: &[Badge], degree: Degree) -> Phrase {
    some(ctx, badges, badges.len(), degree, true)
}

/// The first so many clusters, how many more there are, and what is not watched.
fn some(ctx: &Ctx<'_>, badges: &[Badge], shown: usize, degree: Degree, with_unwatched: bool) -> Phrase {
    let mut parts = Vec::new();
    if degree.name {
        parts.push(Phrase::of(Ink::Title, "cockpit"));
    }
    let (shown, rest) = badges.split_at(shown.min(badges.len()));
    parts.extend(shown.iter().map(|badge| badge_phrase(badge, degree)));
    if !rest.is_empty() {
        let live = rest.iter().all(|badge| badge.freshness == Freshness::Live);
        parts.push(Phrase::dim(format!("+{}{}", rest.len(), if live { " live" } else { "" })));
    }
    let unwatched = ctx.model.unwatched.len();
    if unwatched > 0 && with_unwatched {
        parts.push(Phrase::dim(match degree.unwatched_by_name {
            0 => format!("{unwatched} not watched"),
            n => format!("not watched: {}", sights::unwatched(ctx, n)),
        }));
    }
    join(parts, "  ")
}

fn badge_phrase(badge: &Badge, degree: Degree) -> Phrase {
    let (glyph, ink) = glyphs::of_freshness(badge.freshness);
    let says = degree.words && (degree.live_words || badge.freshness != Freshness::Live);
    let words = match (says, degree.brief && badge.freshness != Freshness::Live && !badge.brief.is_empty()) {
        (true, _) => format!("{glyph} {}", badge.words),
        (false, true) => format!("{glyph} {}", badge.brief),
        (false, false) => glyph.to_owned(),
    };
    Phrase::of(Ink::Name, badge.name.as_str()).and(ink, format!(" {words}"))
}

/// Draws the line of the panes, with their counts, and what is announced.
pub(super) fn tabs(pen: &mut Pen<'_>, screen: &Screen, ctx: &Ctx<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let counts: Vec<(Pane, usize)> = Pane::ALL.iter().map(|pane| (*pane, panes::attention_in(*pane, ctx))).collect();
    let wide = |letters, gap| -> u16 {
        counts.iter().map(|(pane, n)| tab(*pane, *n, letters, screen, ctx).width() as u16 + gap).sum()
    };
    // What is new is worth more than the panes' names, and less than their numbers.
    let said = screen.announcement.as_deref().map_or(0, |text| width(text) as u16 + 4);
    let listed = every_tab(screen);
    let wanted = area.width.saturating_sub(said.min(area.width / 2)).saturating_sub(listed.width() as u16);
    const FORMS: [(usize, u16); 6] = [(16, 2), (16, 1), (16, 0), (3, 1), (3, 0), (0, 0)];
    let fits = |(letters, gap): &(usize, u16)| wide(*letters, *gap) <= wanted + gap;
    let (letters, gap) = FORMS.into_iter().find(fits).unwrap_or((0, 0));
    let mut x = area.x;
    for (pane, n) in &counts {
        let left = area.right().saturating_sub(x);
        let end = pen.write(x, area.y, left, &tab(*pane, *n, letters, screen, ctx), None);
        pen.spot(Rect { x, width: end.saturating_sub(x), ..area }, || Spot::Tab(*pane));
        x = end + gap;
    }
    x = pen.write(x, area.y, area.right().saturating_sub(x), &listed, None);
    if let Some(text) = &screen.announcement {
        let room = area.right().saturating_sub(x + 1);
        let right = area.right().saturating_sub(1);
        let from = pen.write_right(right, area.y, room, &announced(text, usize::from(room)), None);
        pen.spot(Rect { x: from, width: right.saturating_sub(from), ..area }, || Spot::Announcement);
    }
}

/// What is announced, in so many columns: the key that goes there, told behind three spaces, is never cut off.
fn announced(text: &str, columns: usize) -> Phrase {
    let (what, key) = text.rsplit_once("   ").unwrap_or((text, ""));
    let room = columns.saturating_sub(width(key) + 5);
    let lead = Phrase::of(Ink::Warning, format!("{} {}", glyphs::WARNING, fit(what, room)));
    if key.is_empty() { lead } else { lead.and(Ink::Key, format!("  {key}")) }
}

/// The list of every object of a kind, where that is what is shown: it has no key, and is called by its name.
fn every_tab(screen: &Screen) -> Phrase {
    let pane = screen.home.pane;
    if pane.digit().is_some() || !screen.layers.is_empty() {
        return Phrase::default();
    }
    let rows = screen.home.lists.get(&pane).map_or(0, |list| list.order.len());
    Phrase::of(Ink::TabHere, format!(" {} {} ", pane.title(), count(rows as u64)))
}

fn tab(pane: Pane, count: usize, letters: usize, screen: &Screen, ctx: &Ctx<'_>) -> Phrase {
    let here = screen.home.pane == pane && screen.layers.is_empty();
    let title: String = pane.title().chars().take(letters).collect();
    let gap = if letters > 3 && !title.is_empty() { " " } else { "" };
    let figure = match count {
        0 if !sights::is_live(ctx, pane) && pane != Pane::Journal => "?".to_owned(),
        0 => String::new(),
        n => n.to_string(),
    };
    let between = if figure.is_empty() { "" } else { " " };
    let ink = if here { Ink::TabHere } else { Ink::Tab };
    let strong = if here { Ink::TabHere } else { Ink::Strong };
    Phrase::of(ink, format!(" {}{gap}{title}{between}", pane.digit().unwrap_or_default()))
        .and(strong, figure)
        .and(ink, " ")
}

//! The mission's five panes beside the list, on a wide terminal.

use ratatui::layout::Rect;

use super::filter::concerns;
use super::panes::{self, Ctx};
use super::pen::Pen;
use super::screen::{Pane, Screen};
use super::sights;
use super::spots::Spot;
use super::text::Phrase;
use super::theme::Ink;
use super::widgets::table::{Row, Table};

/// Which, from the top.
const SHOWN: [Pane; 5] = [Pane::Rollouts, Pane::Kills, Pane::Probes, Pane::Queues, Pane::Nodes];

/// Draws them one above the other: each with its title and as many rows as there is room for.
pub(super) fn draw(pen: &mut Pen<'_>, screen: &Screen, ctx: &Ctx<'_>, area: Rect) {
    pen.column(area.x.saturating_sub(1), area.y, area.bottom());
    let ctx = Ctx::new(&ctx.model, ctx.clock.clone(), area.width);
    let all: Vec<_> = SHOWN
        .iter()
        .map(|pane| (*pane, panes::rows(*pane, &ctx)))
        .map(|(pane, rows)| {
            let mut keys = rows.keys();
            if let Some(scope) = &screen.home.scope {
                keys.retain(|key| concerns(scope, &ctx, &*rows, key));
            }
            (pane, keys, rows)
        })
        .collect();
    // A line for the names of columns, where there are rows.
    let wants: Vec<usize> = all.iter().map(|(_, keys, _)| (keys.len() + 1).max(2)).collect();
    let heights = share(usize::from(area.height).saturating_sub(SHOWN.len()), &wants);
    let mut y = area.y;
    for ((pane, keys, rows), height) in all.iter().zip(heights) {
        let title = Phrase::of(Ink::Title, format!("{} {}", pane.digit().unwrap_or_default(), pane.title()));
        let named = usize::from(height > 1 && !keys.is_empty());
        let more = keys.len().saturating_sub(height - named.min(height));
        let end = if more > 0 { Phrase::dim(format!("+{more}")) } else { Phrase::default() };
        pen.rule(Rect { y, height: 1, ..area }, &title, &end);
        pen.spot(Rect { y, height: 1, ..area }, || Spot::Tab(*pane));
        let heading = Rect { y: y + 1, height: named as u16, ..area };
        let body = Rect { y: y + 1 + named as u16, height: (height - named) as u16, ..area };
        if keys.is_empty() {
            let said = sights::lines(&ctx, *pane).into_iter().next().or_else(|| rows.empty().into_iter().next());
            pen.write(area.x + 1, body.y, area.width.saturating_sub(1), &said.unwrap_or_default(), None);
        } else {
            let shown = keys.iter().take(height - named).filter_map(|key| rows.row(key));
            let visible: Vec<Row> = shown.map(|row| Row { more: None, ..row }).collect();
            let columns = rows.columns();
            let table = Table { columns: &columns, rows: &visible, selected: None, sort: None, wide: false };
            for (area, ix) in table.draw(pen, heading, body).rows {
                let key = keys.get(ix);
                key.into_iter().for_each(|key| pen.spot(area, || Spot::Row(*pane, key.clone())));
            }
        }
        y += height as u16 + 1;
    }
}

/// Shares lines out: each gets one, then those that want more get one each in turn, what is left goes to the last.
fn share(all: usize, wants: &[usize]) -> Vec<usize> {
    let mut given = vec![0; wants.len()];
    let mut left = all;
    while left > 0 {
        let before = left;
        for (given, want) in given.iter_mut().zip(wants) {
            if *given < *want && left > 0 {
                *given += 1;
                left -= 1;
            }
        }
        if before == left {
            break;
        }
    }
    // What nobody wants stands between them.
    let each = left / wants.len().max(1);
    given.iter_mut().for_each(|given| *given += each);
    given
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn everybody_gets_a_line_before_anybody_gets_two() {
        assert_eq!(share(10, &[1, 20, 3, 1, 1]), [1, 4, 3, 1, 1]);
        assert_eq!(share(3, &[5, 5, 5, 5, 5]), [1, 1, 1, 0, 0]);
        assert_eq!(share(15, &[1, 1, 1, 1, 1]), [3, 3, 3, 3, 3]);
    }
}

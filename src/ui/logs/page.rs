//! Which rows of output are visible. A place in it is its last visible line, and how many rows of that are below the page: what
//! comes does not move what is read.

use super::block::{Block, Shape};
use super::view::LogView;
use crate::ui::layout;

/// The room that output is read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How wide it is.
    pub columns: usize,
    /// Rows.
    pub height: usize,
}

impl Page {
    /// That of a terminal of this size.
    pub fn of(size: (u16, u16)) -> Self {
        let area = layout::layer_areas(size).map(|areas| areas.body).unwrap_or_default();
        Self { columns: usize::from(area.width), height: usize::from(area.height).max(1) }
    }
}

/// Where to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// So many rows down, or up.
    Rows(isize),
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

/// Rows below one that was gone to.
const BELOW: usize = 5;
/// Rows above the one of a long line in which something was found.
const ABOVE: usize = 2;

/// A line by its place, and how many of its rows are below the page.
type Spot = (usize, usize);

impl LogView {
    /// The last visible line, and how many of its rows are below the page; none where nothing is shown.
    pub fn bottom(&self, page: Page) -> Option<Spot> {
        let last = self.len().checked_sub(1)?;
        if self.following {
            return Some((last, 0));
        }
        let place = last.saturating_sub(self.behind);
        let hidden = self.hidden.min(self.rows_at(place, page).saturating_sub(1));
        Some(lower((place, hidden), self.highest(page)))
    }

    /// Moves what is visible.
    pub fn go(&mut self, go: Go, page: Page) {
        let Some(bottom) = self.bottom(page) else { return };
        let spot = match go {
            Go::Rows(rows) if rows < 0 => lower(self.up(bottom, rows.unsigned_abs(), page), self.highest(page)),
            Go::Rows(rows) => self.down(bottom, rows.unsigned_abs(), page),
            Go::First => self.highest(page),
            Go::Last => (self.len() - 1, 0),
        };
        let followed = self.following || go == Go::Last;
        self.stand(spot);
        self.following = followed && (self.behind, self.hidden) == (0, 0);
    }

    /// Shows a line, with some rows below it: they say what came of it. Of a long one the row in which something was found.
    pub(super) fn reveal(&mut self, place: usize, page: Page) {
        let shape = Shape::of(self, page.columns);
        let Some((_, line)) = self.at(place) else { return };
        let block = Block::of(self, line, shape);
        let (rows, found) = (block.rows(), block.marked().unwrap_or(0));
        let above = ABOVE.min(page.height - 1);
        let (rest, room) = (rows - found, page.height - above);
        let spot = match rest > room {
            true => (place, rows - (found.saturating_sub(above) + page.height).min(rows)),
            false => self.down((place, 0), BELOW.min(room - rest), page),
        };
        self.following = false;
        self.stand(lower(spot, self.highest(page)));
    }

    fn stand(&mut self, (place, hidden): Spot) {
        (self.behind, self.hidden) = (self.len().saturating_sub(place + 1), hidden);
    }

    fn rows_at(&self, place: usize, page: Page) -> usize {
        self.at(place).map_or(1, |(_, line)| Block::of(self, line, Shape::of(self, page.columns)).rows())
    }

    /// Where the first row is at the top of the page; at the end, where not all of it is filled.
    fn highest(&self, page: Page) -> Spot {
        let mut rows = 0;
        for place in 0..self.len() {
            rows += self.rows_at(place, page);
            if rows >= page.height {
                return (place, rows - page.height);
            }
        }
        (self.len().saturating_sub(1), 0)
    }

    fn up(&self, (mut place, mut hidden): Spot, rows: usize, page: Page) -> Spot {
        hidden += rows;
        loop {
            let all = self.rows_at(place, page);
            match place.checked_sub(1) {
                Some(above) if hidden >= all => (place, hidden) = (above, hidden - all),
                _ => return (place, hidden.min(all.saturating_sub(1))),
            }
        }
    }

    fn down(&self, (mut place, mut hidden): Spot, rows: usize, page: Page) -> Spot {
        let mut left = rows;
        while left > hidden {
            left -= hidden;
            if place + 1 >= self.len() {
                return (place, 0);
            }
            (place, hidden) = (place + 1, self.rows_at(place + 1, page));
        }
        (place, hidden - left)
    }
}

/// The one of two that is further down.
fn lower(a: Spot, b: Spot) -> Spot {
    if (a.0, std::cmp::Reverse(a.1)) >= (b.0, std::cmp::Reverse(b.1)) { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ClusterId, Kind, LogLine, LogRequest, Ref};
    use crate::ui::Pattern;

    const PAGE: Page = Page { columns: 42, height: 10 };

    /// Each line with so many rows of forty columns.
    fn view(rows: &[usize]) -> LogView {
        let instance = Ref::new(&ClusterId::new("test"), Kind::Pod, Some("shop".into()), "web");
        let request = LogRequest { instance, container: None, previous: false, since: None, tail: 200, follow: true };
        let mut view = LogView::new(1, request, None);
        view.take(rows.iter().map(|rows| LogLine::output(None, false, "x".repeat(40 * rows))).collect());
        view
    }

    fn go(view: &mut LogView, go: &[Go]) -> Option<Spot> {
        go.iter().for_each(|it| view.go(*it, PAGE));
        view.bottom(PAGE)
    }

    #[test]
    fn a_long_line_is_gone_through_row_by_row() {
        let mut view = view(&[3, 25, 2]);
        assert_eq!(view.bottom(PAGE), Some((2, 0)));
        assert_eq!(go(&mut view, &[Go::Rows(-1)]), Some((2, 1)));
        assert!(!view.following);
        assert_eq!(go(&mut view, &[Go::Rows(-1)]), Some((1, 0)));
        assert_eq!(go(&mut view, &[Go::Rows(-9)]), Some((1, 9)));
        assert_eq!(go(&mut view, &[Go::Rows(9), Go::Rows(1)]), Some((2, 1)));
        assert_eq!(go(&mut view, &[Go::First]), Some((1, 18)), "three rows, and seven of twenty-five");
        assert_eq!(go(&mut view, &[Go::Rows(-5)]), Some((1, 18)), "there is nothing above");
        assert_eq!(go(&mut view, &[Go::Rows(20)]), Some((2, 0)));
        assert_eq!(go(&mut view, &[Go::Rows(-1), Go::Last]), Some((2, 0)));
        assert!(view.following);
    }

    #[test]
    fn from_the_first_row_to_the_last_each_is_seen_once() {
        let mut view = view(&[1, 12, 1, 1, 30, 2, 1]);
        let all = 48;
        view.go(Go::First, PAGE);
        let mut steps = 0;
        while view.bottom(PAGE) != Some((6, 0)) {
            view.go(Go::Rows(1), PAGE);
            steps += 1;
        }
        assert_eq!(steps, all - PAGE.height);
        assert!(!view.following, "to follow is said with a key");
    }

    #[test]
    fn what_comes_or_goes_does_not_move_what_is_read() {
        let mut view = view(&[1, 4, 9, 1]);
        view.go(Go::Rows(-4), PAGE);
        assert_eq!(view.bottom(PAGE), Some((2, 3)));
        view.take(vec![LogLine::output(None, false, "one more")]);
        assert_eq!(view.bottom(PAGE), Some((2, 3)));
        view.take((0..LogView::KEPT).map(|_| LogLine::output(None, false, "and more")).collect());
        assert_eq!(view.bottom(PAGE), Some((9, 0)), "what was read is no longer kept: the oldest that is");
    }

    #[test]
    fn a_page_that_does_not_fill_stands_still() {
        let mut view = view(&[1, 2]);
        assert_eq!(go(&mut view, &[Go::Rows(-1), Go::First, Go::Rows(3)]), Some((1, 0)));
        assert_eq!(go(&mut self::view(&[]), &[Go::Rows(-1), Go::Last]), None);
    }

    #[test]
    fn what_is_found_deep_in_a_long_line_is_shown() {
        let mut view = view(&[1, 1]);
        let long = format!("{}needle{}", "x".repeat(40 * 30), "x".repeat(40 * 30));
        view.take(vec![LogLine::output(None, false, long), LogLine::output(None, false, "end")]);
        view.search = Pattern::new("needle");
        assert!(view.seek(true, PAGE));
        // Of 61 rows the 31st is found; two are above it.
        assert_eq!(view.bottom(PAGE), Some((2, 61 - 28 - 10)));
    }
}

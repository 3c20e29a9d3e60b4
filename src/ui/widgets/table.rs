//! Rows under columns.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::glyphs;
use super::super::pen::Pen;
use super::super::screen::Sort;
use super::super::text::{Phrase, fit, width};
use super::super::theme::Ink;

/// Which side a column's text stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// So many columns.
    Fixed(u16),
    /// As wide as its widest visible text: at least so many columns, at most so many hundredths of the table.
    Fits(u16, u16),
    /// What is left, at least so many columns. A table has one.
    Rest(u16),
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub title: &'static str,
    /// Its side.
    pub align: Align,
    /// Its width.
    pub room: Room,
    /// The lesser, the sooner it goes where there is no room; 9 stays.
    pub keep: u8,
}

/// A column of words.
pub const fn words(title: &'static str, room: Room, keep: u8) -> Column {
    Column { title, align: Align::Left, room, keep }
}

/// A column of numbers.
pub const fn numbers(title: &'static str, columns: u16, keep: u8) -> Column {
    Column { title, align: Align::Right, room: Room::Fixed(columns), keep }
}

/// One row.
#[derive(Debug, Clone)]
pub struct Row {
    /// What stands before it.
    pub mark: (&'static str, Ink),
    /// One phrase for each column.
    pub cells: Vec<Phrase>,
    /// Over, or of no weight.
    pub faded: bool,
    /// A person marked it.
    pub marked: bool,
    /// A line below it, where there is room.
    pub more: Option<Phrase>,
}

impl Row {
    /// A row.
    pub const fn new(mark: (&'static str, Ink), cells: Vec<Phrase>) -> Self {
        Self { mark, cells, faded: false, marked: false, more: None }
    }

    /// What it shows, as one string: what a filter looks at.
    pub fn plain(&self) -> String {
        let mut all = String::new();
        for cell in self.cells.iter().chain(&self.more) {
            all.push_str(&cell.plain());
            all.push(' ');
        }
        all
    }
}

/// Columns that the selection's sign and the mark take.
const GUTTER: u16 = 3;

/// Columns that are left of the column of what is left, where all are wanted.
const SQUEEZED: u16 = 10;

/// A table in its place.
pub struct Table<'a> {
    /// Its columns.
    pub columns: &'a [Column],
    /// The rows that are visible.
    pub rows: &'a [Row],
    /// Which of them is selected.
    pub selected: Option<usize>,
    /// The column that they are in the order of.
    pub sort: Option<Sort>,
    /// Columns shrink before one of them goes.
    pub wide: bool,
}

/// Where the parts of a table came to be.
#[derive(Debug, Default)]
pub struct Drawn {
    /// Names of columns.
    pub headings: Vec<(Rect, &'static str)>,
    /// Rows, by their place among the visible ones.
    pub rows: Vec<(Rect, usize)>,
}

impl Table<'_> {
    /// Draws names of columns into `heading` and rows into `area`; says what is where.
    pub fn draw(&self, pen: &mut Pen<'_>, heading: Rect, area: Rect) -> Drawn {
        let places = self.places(area);
        let mut drawn = Drawn::default();
        if heading.height > 0 {
            let style = pen.style(Ink::Dim);
            for ((x, wide), column) in places.iter().zip(self.columns) {
                if *wide > 0 {
                    self.draw_title(pen, column, (*x, heading.y, *wide), style);
                    drawn.headings.push((Rect { x: *x, width: *wide, height: 1, ..heading }, column.title));
                }
            }
        }
        let mut spare = usize::from(area.height).saturating_sub(self.rows.len());
        let mut y = area.y;
        for (ix, row) in self.rows.iter().enumerate() {
            if y >= area.bottom() {
                break;
            }
            let from = y;
            self.draw_row(pen, row, self.selected == Some(ix), Rect { y, height: 1, ..area }, &places);
            y += 1;
            if let Some(more) = row.more.as_ref().filter(|_| spare > 0) {
                spare -= 1;
                let x = self.more_from(&places, area);
                pen.write(x, y, area.right().saturating_sub(x), more, None);
                y += 1;
            }
            drawn.rows.push((Rect { y: from, height: y - from, ..area }, ix));
        }
        drawn
    }

    /// A column's name; with an arrow where the rows are in its order, which stays when the name is cut.
    fn draw_title(&self, pen: &mut Pen<'_>, column: &Column, (x, y, wide): (u16, u16, u16), style: Style) {
        let Some(sort) = self.sort.filter(|sort| sort.column == column.title) else {
            return write(pen, column.align, (x, y, wide), &Phrase::dim(column.title), Some(style));
        };
        let arrow = if sort.descending { glyphs::DESCENDING } else { glyphs::ASCENDING };
        let name = fit(column.title, usize::from(wide.saturating_sub(1)));
        write(pen, column.align, (x, y, wide), &Phrase::dim(format!("{name}{arrow}")), Some(style));
    }

    /// Columns that a column's name takes.
    fn title_width(&self, column: &Column) -> u16 {
        let arrow = self.sort.is_some_and(|sort| sort.column == column.title);
        width(column.title) as u16 + u16::from(arrow)
    }

    fn draw_row(&self, pen: &mut Pen<'_>, row: &Row, selected: bool, area: Rect, places: &[(u16, u16)]) {
        let over = match (selected, row.faded) {
            (true, _) => Some(pen.style(Ink::Selected)),
            (false, true) => Some(pen.style(Ink::Dim)),
            (false, false) => None,
        };
        if selected {
            let style = pen.style(Ink::Selected);
            pen.clear(area, style);
        }
        let sign = match (selected, row.marked) {
            (true, true) => glyphs::HERE_MARKED,
            (true, false) => glyphs::HERE,
            (false, true) => glyphs::MARKED,
            (false, false) => "",
        };
        let style = over.unwrap_or_else(|| pen.style(Ink::Key));
        pen.put(area.x, area.y, 1, sign, style);
        let mark = over.unwrap_or_else(|| pen.style(row.mark.1));
        pen.put(area.x + 1, area.y, 1, row.mark.0, mark);
        for ((cell, column), (x, wide)) in row.cells.iter().zip(self.columns).zip(places) {
            if *wide > 0 {
                write(pen, column.align, (*x, area.y, *wide), cell, over);
            }
        }
    }

    /// Where the second line of a row begins: under the column that takes what is left.
    fn more_from(&self, places: &[(u16, u16)], area: Rect) -> u16 {
        let rest = self.columns.iter().position(|column| matches!(column.room, Room::Rest(_)));
        let x = rest.and_then(|ix| places.get(ix)).map_or(area.x + GUTTER, |(x, _)| *x);
        // On a narrow table it would be a word a line.
        if area.right().saturating_sub(x) < 30 { area.x + GUTTER } else { x }
    }

    /// First column and width of each column; width 0 for those that there is no room for.
    fn places(&self, area: Rect) -> Vec<(u16, u16)> {
        let gap = if area.width >= 100 { 2 } else { 1 };
        let room = area.width.saturating_sub(GUTTER);
        let mut shown: Vec<bool> = vec![true; self.columns.len()];
        let mut widths = self.widths(&shown, room, gap);
        self.squeeze(&mut widths, room, gap);
        while total(&widths, gap) > room {
            let least = (0..self.columns.len())
                .filter(|ix| shown[*ix] && self.columns[*ix].keep < 9)
                .min_by_key(|ix| self.columns[*ix].keep);
            let Some(least) = least else { break };
            shown[least] = false;
            widths = self.widths(&shown, room, gap);
            self.squeeze(&mut widths, room, gap);
        }
        let mut x = area.x + GUTTER;
        widths
            .into_iter()
            .map(|wide| {
                let place = (x.min(area.right()), wide.min(area.right().saturating_sub(x)));
                x += if wide > 0 { wide + gap } else { 0 };
                place
            })
            .collect()
    }

    /// Takes from the columns that have most to give until all fit, or none has anything left to give.
    fn squeeze(&self, widths: &mut [u16], room: u16, gap: u16) {
        if !self.wide {
            return;
        }
        let least = |ix: usize| match self.columns[ix].room {
            Room::Fixed(_) => u16::MAX,
            Room::Fits(least, _) => least,
            Room::Rest(least) => least.min(SQUEEZED),
        };
        while total(widths, gap) > room {
            let spare = |ix: &usize| widths[*ix].saturating_sub(least(*ix));
            let Some(ix) = (0..widths.len()).max_by_key(spare).filter(|ix| spare(ix) > 0) else { return };
            widths[ix] -= 1;
        }
    }

    fn widths(&self, shown: &[bool], room: u16, gap: u16) -> Vec<u16> {
        let mut widths: Vec<u16> = self
            .columns
            .iter()
            .enumerate()
            .map(|(ix, column)| match column.room {
                _ if !shown[ix] => 0,
                // A number's column is no wider than it has to be: the arrow wants room beside its name.
                Room::Fixed(wide) | Room::Rest(wide) if self.sort.is_some_and(|it| it.column == column.title) => {
                    wide.max(self.title_width(column))
                }
                Room::Fixed(wide) | Room::Rest(wide) => wide,
                Room::Fits(least, share) => {
                    let most = (u32::from(room) * u32::from(share) / 100) as u16;
                    self.widest(ix).max(self.title_width(column)).clamp(least, most.max(least))
                }
            })
            .collect();
        let left = room.saturating_sub(total(&widths, gap));
        if let Some(ix) = (0..widths.len()).find(|ix| matches!(self.columns[*ix].room, Room::Rest(_)) && shown[*ix]) {
            widths[ix] += left;
        }
        widths
    }

    fn widest(&self, column: usize) -> u16 {
        self.rows.iter().filter_map(|row| row.cells.get(column)).map(|cell| cell.width() as u16).max().unwrap_or(0)
    }
}

fn total(widths: &[u16], gap: u16) -> u16 {
    let shown = widths.iter().filter(|wide| **wide > 0).count() as u16;
    widths.iter().fold(0u16, |sum, wide| sum.saturating_add(*wide)) + gap * shown.saturating_sub(1)
}

fn write(pen: &mut Pen<'_>, align: Align, (x, y, wide): (u16, u16, u16), phrase: &Phrase, over: Option<Style>) {
    match align {
        Align::Left => {
            pen.write(x, y, wide, phrase, over);
        }
        Align::Right => {
            pen.write_right(x + wide, y, wide, phrase, over);
        }
    }
}

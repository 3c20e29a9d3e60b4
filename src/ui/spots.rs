//! What a pointer hits. A frame is drawn once more, aside, and what draws says what it has drawn where: so this can be no
//! other place than the one that is shown. Only a click asks for it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::frame;
use super::model::Model;
use super::pen::Pen;
use super::screen::{CaseRow, CaseTab, Pane, RowKey, Screen};

/// Something that can be pointed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// A row of a list.
    Row(Pane, RowKey),
    /// The name of a column.
    Heading(&'static str),
    /// A pane's tab.
    Tab(Pane),
    /// A page of a case file.
    Page(CaseTab),
    /// A row on such a page.
    Part(CaseRow),
    /// What the tab line announces.
    Announcement,
    /// What can be done now, by its place in the footer.
    Hint(usize),
    /// A line of the palette or a menu, by its place.
    Item(usize),
}

/// What is at a column and a row of the frame.
pub fn spot(screen: &Screen, model: &Model<'_>, x: u16, y: u16) -> Option<Spot> {
    let (wide, high) = screen.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, wide, high));
    let mut pen = Pen::noting(&mut buffer, &screen.look);
    frame::paint(&mut pen, screen, model);
    let spots = pen.into_spots();
    let at = Position { x, y };
    // What was drawn last is on top.
    spots.into_iter().rev().find(|(area, _)| area.contains(at)).map(|(_, spot)| spot)
}

//! What a pointer hits. A frame is drawn once more, aside, and what draws says what it has drawn where: so this can be no
//! other place than the one that is shown. Only a click asks for it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::frame;
use super::layout;
use super::model::Model;
use super::pen::Pen;
use super::screen::{CaseTab, Layer, Pane, RowKey, Screen};

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
    let found = spots.into_iter().rev().find(|(area, _)| area.contains(at)).map(|(_, spot)| spot);
    found.or_else(|| page(screen, &buffer, at))
}

/// The page of a case file whose name stands there. Names stand at the end of the line below the header.
fn page(screen: &Screen, buffer: &Buffer, at: Position) -> Option<Spot> {
    let open = matches!(screen.layers.last(), Some(Layer::Case(_))) && screen.overlay.is_none();
    let line = layout::layer_areas(screen.size).filter(|_| open)?.title;
    if !line.contains(at) {
        return None;
    }
    let cells: Vec<&str> = (line.left()..line.right()).map(|x| buffer[(x, line.y)].symbol()).collect();
    CaseTab::ALL.into_iter().map(|tab| (tab, format!(" {} ", tab.title()))).find_map(|(tab, name)| {
        let long = name.len();
        let first =
            (0..=cells.len().checked_sub(long)?).rev().find(|from| cells[*from..from + long].concat() == name)?;
        let area = Rect { x: line.x + first as u16, width: long as u16, ..line };
        area.contains(at).then_some(Spot::Page(tab))
    })
}

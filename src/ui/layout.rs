//! Where the parts of a frame are, by the size of the terminal alone.

use ratatui::layout::Rect;

use super::screen::Pane;

/// Smaller than this there is no room for a list: the frame says so.
pub const SMALLEST: (u16, u16) = (20, 4);
/// From here on the mission's panes stand beside the list.
pub const WIDE: u16 = 160;

/// The parts of the frame with the list panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Areas {
    /// Clusters, counts, time.
    pub header: Rect,
    /// Panes and their counts; empty where there is no room.
    pub tabs: Rect,
    /// Names of columns; empty where there is no room.
    pub heading: Rect,
    /// Rows.
    pub list: Rect,
    /// Panes beside the list, on a wide terminal.
    pub side: Option<Rect>,
    /// The line above `why`; empty where there is no room.
    pub rule: Rect,
    /// Why, of the selected row.
    pub why: Rect,
    /// What can be done.
    pub footer: Rect,
}

/// The parts of the frame with something opened on top of the list panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerAreas {
    /// Clusters, counts, time.
    pub header: Rect,
    /// What is open, and its pages.
    pub title: Rect,
    /// What is read.
    pub body: Rect,
    /// What can be done.
    pub footer: Rect,
}

/// Where the list panes' parts are; none where the terminal is too small.
pub fn areas(size: (u16, u16), pane: Pane) -> Option<Areas> {
    let (wide, high) = size;
    if wide < SMALLEST.0 || high < SMALLEST.1 {
        return None;
    }
    let (tabs, heading) = (u16::from(high >= 6), u16::from(high >= 12));
    let (rule, why) = match high {
        ..8 => (0, 0),
        8..12 => (0, 1),
        12..20 => (1, 2),
        20..30 => (1, 3),
        30..40 => (1, 6),
        40..56 => (1, 10),
        _ => (1, 16),
    };
    let side = (wide >= WIDE && high >= 20 && pane == Pane::Triage).then(|| wide * 9 / 20);
    let left = side.map_or(wide, |side| wide - side - 2);
    let list = high - 2 - tabs - heading - rule - why;
    let mut y = 0;
    let mut take = |width: u16, height: u16| {
        let area = Rect::new(0, y, width, height);
        y += height;
        area
    };
    let (header, tabs, heading, list) = (take(wide, 1), take(wide, tabs), take(left, heading), take(left, list));
    let (rule, why, footer) = (take(left, rule), take(left, why), take(wide, 1));
    let side = side.map(|side| Rect::new(wide - side, heading.y, side, footer.y - heading.y));
    Some(Areas { header, tabs, heading, list, side, rule, why, footer })
}

/// Where a layer's parts are; none where the terminal is too small.
pub fn layer_areas(size: (u16, u16)) -> Option<LayerAreas> {
    let (wide, high) = size;
    if wide < SMALLEST.0 || high < SMALLEST.1 {
        return None;
    }
    let row = |y, height| Rect::new(0, y, wide, height);
    Some(LayerAreas { header: row(0, 1), title: row(1, 1), body: row(2, high - 3), footer: row(high - 1, 1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_terminal_belongs_to_one_part() {
        for high in 4..80 {
            for wide in [20, 40, 80, 159, 160, 200] {
                let areas = areas((wide, high), Pane::Triage).expect("room enough");
                let parts = [areas.header, areas.tabs, areas.heading, areas.list, areas.rule, areas.why, areas.footer];
                let mut y = 0;
                for part in parts {
                    assert_eq!(part.y, y, "{wide}x{high}");
                    y += part.height;
                }
                assert_eq!(y, high);
                assert!(areas.list.height >= 2, "{wide}x{high}: {areas:?}");
            }
        }
    }

    #[test]
    fn small_terminals_keep_the_list_and_a_line_of_why() {
        let areas = areas((40, 10), Pane::Triage).expect("room enough");
        assert_eq!((areas.list.height, areas.why.height), (6, 1));
        assert_eq!(super::areas((19, 24), Pane::Triage), None);
        assert_eq!(layer_areas((80, 3)), None);
    }
}

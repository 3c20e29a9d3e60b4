//! The mouse, where the settings have it.

use cockpit::app::{Effect, Mouse, Pointed, What};
use cockpit::domain::NodeState;
use cockpit::ui::{CaseTab, Layer, Overlay, Pane};

use crate::desk::{Desk, a_node};

impl Desk {
    fn point(&mut self, x: usize, y: usize, did: Pointed) -> Vec<Effect> {
        let effects = self.update(What::Mouse(Mouse { x: x as u16, y: y as u16, did }));
        self.see();
        effects
    }

    /// Clicks on the first letters of what is shown so, on the last line that shows it.
    fn click(&mut self, words: &str) -> Vec<Effect> {
        let frame = self.frame();
        let (y, line) =
            frame.lines().enumerate().filter(|(_, line)| line.contains(words)).last().unwrap_or_else(|| {
                panic!("nowhere is `{words}`:\n{frame}");
            });
        let x = line.find(words).map_or(0, |at| line[..at].chars().count());
        self.point(x, y, Pointed::Click)
    }
}

fn page(desk: &Desk) -> Option<CaseTab> {
    match desk.app.screen().layers.last() {
        Some(Layer::Case(case)) => Some(case.tab),
        _ => None,
    }
}

#[test]
fn a_click_selects_and_another_opens() {
    let mut desk = Desk::new();
    desk.press("7");
    desk.click("shop/web");
    assert_eq!((desk.selected().as_str(), desk.layers().len()), ("web", 0));
    desk.click("shop/cart");
    assert_eq!((desk.selected().as_str(), desk.layers().len()), ("cart", 0), "another row is only selected");
    desk.click("shop/cart  ");
    assert_eq!(desk.layers(), ["case cart"]);
    desk.click(" timeline ");
    assert_eq!(page(&desk), Some(CaseTab::Timeline));
    desk.click(" instances ");
    assert_eq!(page(&desk), Some(CaseTab::Instances));
    desk.click("cart-1");
    assert_eq!(desk.layers(), ["case cart"], "another row is only selected");
    desk.click("cart-1");
    assert_eq!(desk.layers(), ["case cart", "case cart-1"]);
}

#[test]
fn the_first_click_on_the_row_that_is_selected_by_itself_does_not_open_it() {
    let mut desk = Desk::new();
    desk.put(vec![a_node(2, NodeState::Down)]);
    desk.wait(60_000);
    assert!(desk.list().touched.is_none() && desk.selected() == "node-2");
    desk.click("▲ prod");
    assert!(desk.layers().is_empty());
}

#[test]
fn tabs_headings_and_keys_of_the_footer_are_pressed() {
    let mut desk = Desk::new();
    desk.click("7 Workloads");
    assert_eq!(desk.pane(), Pane::Workloads);
    let name = "kind";
    desk.click(name);
    let sorted = |desk: &Desk| desk.list().sort.map(|sort| (sort.column, sort.descending));
    assert_eq!(sorted(&desk), Some((name, false)), "{}", desk.frame());
    desk.wait(6_000);
    desk.click(&format!("{name}↑"));
    assert_eq!(sorted(&desk), Some((name, true)));
    desk.wait(6_000);
    desk.click(&format!("{name}↓"));
    assert_eq!(sorted(&desk), None, "its own order again");
    desk.wait(6_000);
    let effects = desk.click("r restart");
    assert!(matches!(&effects[..], [Effect::Prepare(..)]), "{effects:?}: a preview, and nothing more");
    assert!(desk.preview().is_some());
}

#[test]
fn what_floats_covers_what_is_below_it() {
    let mut desk = Desk::new();
    desk.press("7 m");
    desk.click("7 Workloads");
    assert!(desk.floats(), "the tab line is still in sight, and out of reach");
    desk.click("describe");
    let chosen = |desk: &Desk| match &desk.app.screen().overlay {
        Some(Overlay::Palette { items, selected, .. }) => items[*selected].label.to_string(),
        other => panic!("a menu, not {other:?}"),
    };
    assert_eq!(chosen(&desk), "describe");
    desk.point(5, 5, Pointed::WheelDown);
    assert_ne!(chosen(&desk), "describe");
    desk.point(5, 5, Pointed::WheelUp);
    desk.click("describe");
    assert_eq!(desk.layers(), ["Deployment shop/api (prod)"]);
}

#[test]
fn the_wheel_goes_three_rows_and_keeps_the_selection_in_sight() {
    let mut desk = Desk::new();
    desk.press("7");
    desk.update(What::Resize(60, 6));
    desk.point(5, 3, Pointed::WheelDown);
    assert_eq!(desk.list().top, 1, "no further than to the last row: there are four, and three are visible");
    assert_eq!(desk.selected(), "cart", "the first row went out of sight");
    desk.point(5, 3, Pointed::WheelUp);
    assert_eq!((desk.list().top, desk.selected().as_str()), (0, "cart"));
    desk.press("? ");
    let scroll = |desk: &Desk| match &desk.app.screen().overlay {
        Some(Overlay::Help(sheet)) => sheet.scroll,
        other => panic!("help, not {other:?}"),
    };
    desk.point(5, 3, Pointed::WheelDown);
    assert_eq!(scroll(&desk), 3);
}

#[test]
fn a_click_on_nothing_does_nothing() {
    for (columns, rows) in [(120, 36), (40, 10), (1, 1)] {
        let mut desk = Desk::new();
        desk.update(What::Resize(columns, rows));
        for (x, y) in [(0, 0), (500, 500), (39, 5), (0, 9)] {
            assert!(desk.point(x, y, Pointed::Click).is_empty());
        }
        assert!(!desk.floats() && desk.layers().is_empty());
    }
}

//! The states in which each pane is drawn.

use cockpit::ui::Pane;

use super::night;
use super::stage::Stage;

#[test]
fn look() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        for pane in Pane::ALL {
            println!("=== {pane:?} {size:?}");
            println!("{}", Stage::of(night::night(), size).at(pane).text());
        }
    }
}

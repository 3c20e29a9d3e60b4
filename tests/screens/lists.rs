//! What a person did to a list: marked, ordered, widened, with columns of their own choice.

use cockpit::ui::{Every, Look, Pane, Sort};

use super::every::full;
use super::stage::Stage;

const PODS: Pane = Pane::Every(Every::Pods);

/// The list of pods, in the order of a column, with its first and its third row marked.
fn marked(column: &'static str, size: (u16, u16)) -> Stage {
    let mut stage = Stage::of(full(), size).at(PODS);
    let list = stage.screen.home.lists.entry(PODS).or_default();
    list.sort = Some(Sort { column, descending: true });
    list.marks.rows = [0, 2].into_iter().filter_map(|ix| list.order.get(ix).cloned()).collect();
    let order = cockpit::ui::panes::listed(&stage.screen, &stage.model()).keys;
    let list = stage.screen.home.lists.entry(PODS).or_default();
    list.selected = order.first().cloned();
    list.order = order;
    stage
}

#[test]
fn marks_and_the_order_are_shown_with_and_without_utf8() {
    insta::assert_snapshot!("pods-marked-80x24", marked("restarts", (80, 24)).text());
    let mut ascii = marked("restarts", (80, 24));
    ascii.screen.look = Look { ascii: true, ..Look::default() };
    let text = ascii.text();
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!("pods-marked-ascii-80x24", text);
}

#[test]
fn a_wide_list_shrinks_columns_before_one_of_them_goes() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::of(full(), size).at(PODS);
        stage.screen.home.lists.entry(PODS).or_default().wide = true;
        insta::assert_snapshot!(format!("pods-wide-{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn columns_that_were_chosen_stand_in_their_order() {
    let mut stage = Stage::of(full(), (80, 24)).at(PODS);
    stage.screen.home.columns.insert(PODS, ["age", "name", "node"].map(str::to_owned).to_vec());
    insta::assert_snapshot!("pods-chosen-80x24", stage.text());
}

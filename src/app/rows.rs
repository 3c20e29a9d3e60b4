//! What a screen's rows and lines come to: how many there are, which are visible, what they are about.

use crate::domain::Ref;
use crate::ui::{Layer, ListState, Model, Overlay, Screen, case, panes};

/// The first visible row of a list of which `page` are visible, with the selected one among them.
pub fn top(list: &ListState, page: usize) -> usize {
    let selected = list.selected_index().unwrap_or(0);
    let most = list.order.len().saturating_sub(page);
    list.top.clamp((selected + 1).saturating_sub(page), selected).min(most)
}

/// What the topmost layer, or the selected row, is about.
pub fn target(screen: &Screen, model: &Model<'_>) -> Option<Ref> {
    let pane = screen.home.pane;
    match screen.layers.last() {
        Some(Layer::Case(case)) => panes::target(pane, &case.of, model),
        Some(Layer::Logs(view)) => Some(view.request.instance.clone()),
        Some(Layer::Text(_)) => None,
        None => panes::target(pane, screen.home.lists.get(&pane)?.selected.as_ref()?, model),
    }
}

/// Lines of what is read, and how many of them are visible at once.
pub fn extent(screen: &Screen, model: &Model<'_>) -> (usize, usize) {
    let page = panes::page_height(screen);
    if let Some(Overlay::Help(sheet)) = &screen.overlay {
        return crate::ui::sheet_extent(sheet, screen.size);
    }
    if let Some(Overlay::Preview(preview)) = &screen.overlay {
        return crate::ui::preview_extent(preview, screen.size);
    }
    if let Some(Overlay::Run(id)) = &screen.overlay {
        return crate::ui::run_extent(*id, screen, model);
    }
    let lines = match screen.layers.last() {
        Some(Layer::Case(it)) => case::line_count(it, screen, model),
        Some(Layer::Text(view)) => view.folds.shown().len(),
        // Output goes by rows of its own.
        Some(Layer::Logs(_)) | None => 0,
    };
    (lines, page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::RowKey;

    fn list(rows: u64, selected: u64, top: usize) -> ListState {
        let order = (0..rows).map(RowKey::Run).collect();
        ListState { order, selected: Some(RowKey::Run(selected)), top, ..ListState::default() }
    }

    #[test]
    fn the_selected_row_is_always_visible_and_no_more_is_scrolled_than_needed() {
        assert_eq!(top(&list(20, 3, 0), 10), 0);
        assert_eq!(top(&list(20, 10, 0), 10), 1);
        assert_eq!(top(&list(20, 4, 9), 10), 4);
        assert_eq!(top(&list(12, 11, 11), 10), 2, "no blank lines below the last row while there are rows above");
        assert_eq!(top(&list(3, 2, 0), 10), 0);
        assert_eq!(top(&list(0, 0, 5), 10), 0);
    }
}

//! Rows in the order of a column.

use super::super::screen::{RowKey, Sort};
use super::super::sort::SortKey;
use super::Rows;

/// Rows in the order of a column; those that are equal in it stay as they were, and a line that stands for several stays
/// last. A column that is not there changes nothing.
pub(super) fn sorted(rows: &dyn Rows, keys: Vec<RowKey>, sort: Sort) -> Vec<RowKey> {
    let Some(ix) = rows.columns().iter().position(|column| column.title == sort.column) else { return keys };
    let (folds, keys): (Vec<RowKey>, Vec<RowKey>) = keys.into_iter().partition(|key| matches!(key, RowKey::Fold(_)));
    // What a row is ordered by is found out once, not for every comparison.
    let mut all: Vec<(SortKey, RowKey)> =
        keys.into_iter().map(|key| (value(rows, &key, ix, sort.column), key)).collect();
    all.sort_by(|(a, _), (b, _)| a.compare(b, sort.descending));
    all.into_iter().map(|(_, key)| key).chain(folds).collect()
}

fn value(rows: &dyn Rows, key: &RowKey, ix: usize, column: &str) -> SortKey {
    let own = || match (key, column) {
        (RowKey::Object(it), "where") => Some(SortKey::text(it.cluster.as_str())),
        (RowKey::Object(it), "kind") => Some(SortKey::text(it.kind.noun())),
        (RowKey::Object(it), "name" | "what") => Some(SortKey::text(&it.local())),
        // The cell may have a sign before the cluster's name.
        (_, "where") => rows.target(key).map(|it| SortKey::text(it.cluster.as_str())),
        _ => None,
    };
    let cell = || Some(SortKey::text(&rows.row(key)?.cells.get(ix)?.plain()));
    rows.sort_key(key, column).or_else(own).or_else(cell).unwrap_or(SortKey::Unknown)
}

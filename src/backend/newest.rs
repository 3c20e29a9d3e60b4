//! Output of several, merged.

use crate::domain::LogLine;

/// The newest lines, oldest first; what has no time stands first.
pub(super) fn keep(lines: &mut Vec<LogLine>, most: usize) {
    // Stable: lines of one pod and one moment stay in their order.
    lines.sort_by_key(|line| line.at);
    let (notes, written): (Vec<LogLine>, Vec<LogLine>) = lines.drain(..).partition(|line| line.note);
    let skipped = written.len().saturating_sub(most);
    lines.extend(notes);
    lines.extend(written.into_iter().skip(skipped));
    lines.sort_by_key(|line| line.at);
}

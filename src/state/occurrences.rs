//! What happened to one subject, oldest first, as far as it is kept in memory.

use crate::domain::Occurrence;

/// So many of one subject; the oldest go first. The ledger keeps all.
const KEPT: usize = 256;

/// Keeps a report: in the place of an earlier one of the same occurrence, merged with it.
pub(super) fn keep(kept: &mut Vec<Occurrence>, occurrence: Occurrence) {
    match kept.iter().position(|known| known.id == occurrence.id) {
        Some(place) => {
            let merged = merge(kept.remove(place), occurrence);
            insert(kept, merged);
        }
        None => insert(kept, occurrence),
    }
    if kept.len() > KEPT {
        kept.remove(0);
    }
}

fn insert(kept: &mut Vec<Occurrence>, occurrence: Occurrence) {
    let place = kept.partition_point(|known| (known.last, &known.id) <= (occurrence.last, &occurrence.id));
    kept.insert(place, occurrence);
}

/// Two reports of one occurrence: the live one's words, the widest span, the greatest count.
fn merge(a: Occurrence, b: Occurrence) -> Occurrence {
    let (first, last, count) = (a.first.min(b.first), a.last.max(b.last), a.count.max(b.count));
    let at_least = if a.count == b.count { a.at_least && b.at_least } else { a.at_least || b.at_least };
    // Which report is kept must not hang on which came first: the most immediate, then the surest, then the longest.
    let rank = |it: &Occurrence| {
        (it.origin, it.certainty, std::cmp::Reverse(it.last), std::cmp::Reverse(it.text.clone()), it.code)
    };
    let base = if rank(&b) < rank(&a) { b } else { a };
    Occurrence { first, last, count, at_least, ..base }
}

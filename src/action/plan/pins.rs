//! What a plan is pinned to, in one line.

use std::collections::BTreeSet;

use crate::action::words::short;
use crate::domain::{Line, LineKind, Pin, Ref, Seen, Step};

/// Pins that are told one by one, at most.
const TOLD: usize = 3;

/// What has to be as it was seen, or nothing is done.
pub(super) fn line(steps: &[Step]) -> Option<Line> {
    let first = steps.first()?;
    let mut seen: Vec<(&Ref, String)> = Vec::new();
    for pin in steps.iter().map(|step| &step.pin) {
        if let Some(words) = words(pin)
            && !seen.iter().any(|(key, said)| *key == &pin.key && *said == words)
        {
            seen.push((&pin.key, words));
        }
    }
    let alone = seen.iter().all(|(key, _)| **key == first.pin.key);
    let mut told: Vec<String> = seen
        .iter()
        .take(TOLD)
        .map(|(key, words)| if alone { words.clone() } else { format!("{} {words}", key.local()) })
        .collect();
    if seen.len() > TOLD {
        told.push(format!("{} more", seen.len() - TOLD));
    }
    let by_uid = steps.iter().map(|step| &step.pin).filter(|pin| pin.seen == Seen::Uid && !pin.uid.is_empty());
    let by_uid = by_uid.map(|pin| (&pin.key, &pin.uid)).collect::<BTreeSet<_>>().len();
    match (by_uid, told.is_empty()) {
        (0, _) => {}
        (1, true) => told.push(format!("this one alone (uid {})", short(&first.pin.uid))),
        (n, true) => told.push(format!("these {n} by their uid")),
        (n, false) => told.push(format!("{n} by uid")),
    }
    Some(Line::new(LineKind::Note, format!("pinned to: {}; refused once that has changed", told.join(", "))))
}

fn words(pin: &Pin) -> Option<String> {
    Some(match &pin.seen {
        Seen::Uid => return None,
        Seen::Revision(Some(id)) => format!("revision {}", short(id)),
        Seen::Revision(None) => "its one revision".to_owned(),
        Seen::Replicas(n) => format!("{n} wanted"),
        Seen::Cordoned(true) => "cordoned".to_owned(),
        Seen::Cordoned(false) => "not cordoned".to_owned(),
        Seen::State(word) => word.to_string(),
        Seen::Spec(_) => "its definition as it is now".to_owned(),
    })
}

//! What happened to an object, the newest last.

use serde_json::Value;

use crate::domain::words::{seconds_between, span, times};
use crate::domain::{Text, Timestamp};

use super::dig::{ago, number, text, time};
use super::page::Page;

/// Events that are shown.
const MOST: usize = 50;

/// Writes them.
pub(super) fn body(page: &mut Page, events: &Result<Vec<Value>, Text>, now: Timestamp) {
    page.title("Events");
    page.inside(|page| match events {
        Err(why) => page.line(&format!("they cannot be read: {why}"), 0),
        Ok(events) if events.is_empty() => page.line("none that the server still keeps (an hour, usually)", 0),
        Ok(events) => {
            let mut events: Vec<&Value> = events.iter().collect();
            events.sort_by_key(|event| last(event));
            let older = events.len().saturating_sub(MOST);
            if older > 0 {
                page.line(&format!("{older} older ones are left out"), 0);
            }
            events.iter().skip(older).for_each(|event| one(page, event, now));
        }
    });
}

fn one(page: &mut Page, event: &Value, now: Timestamp) {
    let last = last(event);
    let first = time(event, "/firstTimestamp").or_else(|| time(event, "/eventTime"));
    let count = count(event);
    let within = first.zip(last).map(|(first, last)| seconds_between(first, last)).filter(|seconds| *seconds > 0);
    let often = match (count, within) {
        (0 | 1, _) => String::new(),
        (n, Some(seconds)) => format!(", {} in {}", times(n), span(seconds)),
        (n, None) => format!(", {}", times(n)),
    };
    let when = last.map_or_else(|| "at an unknown time".to_owned(), |at| ago(at, now));
    let from = Some(text(event, "/source/component")).filter(|from| !from.is_empty());
    let from = from.unwrap_or_else(|| text(event, "/reportingComponent"));
    let from = if from.is_empty() { String::new() } else { format!(" ({from})") };
    let part = part_of(text(event, "/involvedObject/fieldPath"));
    let part = part.map(|name| format!(" of container {name}")).unwrap_or_default();
    page.line(&format!("{when}: {} {}{part}{often}{from}", text(event, "/type"), text(event, "/reason")), 4);
    page.inside(|page| page.line(text(event, "/message").trim(), 0));
}

/// The container in `spec.containers{web}`.
fn part_of(path: &str) -> Option<&str> {
    Some(path.split_once('{')?.1.trim_end_matches('}')).filter(|name| !name.is_empty())
}

fn last(event: &Value) -> Option<Timestamp> {
    let at = |path| time(event, path);
    at("/series/lastObservedTime").or_else(|| at("/lastTimestamp")).or_else(|| at("/eventTime"))
}

fn count(event: &Value) -> u64 {
    let of = |path| number(event, path).unwrap_or_default();
    u64::try_from(of("/series/count").max(of("/count")).max(1)).unwrap_or(1)
}

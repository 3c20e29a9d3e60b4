//! Reading from an object of which nothing is certain: what is missing or of another shape reads as empty.

use serde_json::{Map, Value};

use crate::domain::Timestamp;
use crate::domain::words::{seconds_between, span};

/// A string.
pub(in crate::backend::kubernetes) fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// A string, a number or a yes as a string.
pub(in crate::backend::kubernetes) fn scalar(object: &Value, path: &str) -> String {
    match object.pointer(path) {
        Some(Value::String(text)) => text.clone(),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
        _ => String::new(),
    }
}

/// A number.
pub(in crate::backend::kubernetes) fn number(object: &Value, path: &str) -> Option<i64> {
    object.pointer(path).and_then(Value::as_i64)
}

/// Whether it is set and true.
pub(in crate::backend::kubernetes) fn is_true(object: &Value, path: &str) -> bool {
    object.pointer(path).and_then(Value::as_bool).unwrap_or_default()
}

/// The items of a list.
pub(in crate::backend::kubernetes) fn list<'a>(object: &'a Value, path: &str) -> &'a [Value] {
    object.pointer(path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The strings of a list.
pub(in crate::backend::kubernetes) fn texts<'a>(object: &'a Value, path: &str) -> impl Iterator<Item = &'a str> {
    list(object, path).iter().filter_map(Value::as_str)
}

/// The fields of a map.
pub(in crate::backend::kubernetes) fn fields<'a>(
    object: &'a Value,
    path: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    object.pointer(path).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// The fields of a map of strings, each as `name=value`.
pub(in crate::backend::kubernetes) fn pairs(object: &Value, path: &str) -> Vec<String> {
    fields(object, path).map(|(name, value)| format!("{name}={}", scalar(value, ""))).collect()
}

/// A time.
pub(in crate::backend::kubernetes) fn time(object: &Value, path: &str) -> Option<Timestamp> {
    text(object, path).parse().ok()
}

/// A time in words: `2026-11-24T02:10:03Z (3 h 20 min ago)`.
pub(in crate::backend::kubernetes) fn when(at: Option<Timestamp>, now: Timestamp) -> String {
    at.map_or_else(String::new, |at| format!("{at} ({})", ago(at, now)))
}

/// `3 h 20 min ago`
pub(in crate::backend::kubernetes) fn ago(at: Timestamp, now: Timestamp) -> String {
    match at > now {
        true => format!("in {}", span(seconds_between(now, at))),
        false => format!("{} ago", span(seconds_between(at, now))),
    }
}

/// `yes` or `no`.
pub(in crate::backend::kubernetes) const fn yes(it: bool) -> &'static str {
    if it { "yes" } else { "no" }
}

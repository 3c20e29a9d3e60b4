//! Reads TOML with its places, so that every problem can name its line; collects all of them instead of the first.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, near_match};

/// A file as it is being read.
pub(super) struct Reader<'a> {
    source: &'a str,
    problems: Vec<Problem>,
    /// Every key that was asked for, as `table.key`: the schema.
    asked: BTreeSet<String>,
}

/// A table whose keys are taken one by one; what is left at the end is unknown.
pub(super) struct Table<'t, 'i> {
    path: String,
    span: Range<usize>,
    table: &'t DeTable<'i>,
    known: Vec<&'static str>,
}

/// A value and where it stands.
pub(super) struct Value<'t, 'i> {
    /// The key as a person wrote it: `theme`, `thresholds.memory_percent`.
    pub(super) key: String,
    /// Its place.
    pub(super) span: Range<usize>,
    value: &'t DeValue<'i>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, problems: Vec::new(), asked: BTreeSet::new() }
    }

    /// What was wrong, in the order of the lines; and every key that was asked for.
    pub(super) fn end(mut self) -> (Vec<Problem>, BTreeSet<String>) {
        self.problems.sort_by_key(|problem| problem.line);
        (self.problems, self.asked)
    }

    pub(super) fn problem(&mut self, span: &Range<usize>, what: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::at(self.source, span, what));
        let last = self.problems.len() - 1;
        &mut self.problems[last]
    }

    /// What somebody else found wrong with it.
    pub(super) fn add(&mut self, problems: Vec<Problem>) {
        self.problems.extend(problems);
    }

    pub(super) fn line_of(&self, span: &Range<usize>) -> usize {
        super::problem::line_of(self.source, span.start)
    }

    /// A value that is not what was expected.
    pub(super) fn bad(&mut self, value: &Value<'_, '_>, expected: &str) {
        let what = format!("`{}` is {}", value.key, describe(value.value));
        self.problem(&value.span, what).expected = Some(expected.to_owned());
    }

    /// The word of a list that was written, or a problem with the nearest of them.
    pub(super) fn word<'k>(&mut self, value: &Value<'_, '_>, known: &[&'k str]) -> Option<&'k str> {
        let expected = || format!("one of {}", known.join(", "));
        let Some(written) = value.value.as_str() else {
            self.bad(value, &expected());
            return None;
        };
        let found = known.iter().copied().find(|word| *word == written);
        if found.is_none() {
            self.bad(value, &expected());
            self.suggest(near_match(written, known.iter().copied()));
        }
        found
    }

    /// A word, where a number is as good: `256` and `"256"`.
    pub(super) fn word_or_number<'k>(&mut self, value: &Value<'_, '_>, known: &[&'k str]) -> Option<&'k str> {
        if let DeValue::Integer(number) = value.value {
            let written = number.to_string();
            if let Some(found) = known.iter().copied().find(|word| *word == written) {
                return Some(found);
            }
        }
        self.word(value, known)
    }

    /// Adds a near match to the problem that was just said.
    pub(super) fn suggest(&mut self, near: Option<&str>) {
        if let Some(problem) = self.problems.last_mut() {
            problem.near = near.map(|word| format!("`{word}`"));
        }
    }

    pub(super) fn text<'t>(&mut self, value: &Value<'t, '_>, expected: &str) -> Option<&'t str> {
        match value.value.as_str().filter(|text| !text.trim().is_empty()) {
            Some(text) => Some(text),
            None => {
                self.bad(value, expected);
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, value: &Value<'_, '_>) -> Option<bool> {
        if value.value.as_bool().is_none() {
            self.bad(value, "true or false");
        }
        value.value.as_bool()
    }

    /// `"auto"` (none), true or false.
    pub(super) fn word_or_flag(&mut self, value: &Value<'_, '_>) -> Option<bool> {
        if value.value.as_bool().is_none() && value.value.as_str() != Some("auto") {
            self.bad(value, "\"auto\", true or false");
        }
        value.value.as_bool()
    }

    pub(super) fn integer(&mut self, value: &Value<'_, '_>, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let number = match value.value {
            DeValue::Integer(raw) => i64::from_str_radix(raw.as_str(), raw.radix()).ok(),
            _ => None,
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.bad(value, &format!("a whole number from {} to {}", range.start(), range.end()));
        }
        number
    }

    /// A string or a date as TOML knows it, in its own writing.
    pub(super) fn moment(&mut self, value: &Value<'_, '_>, expected: &str) -> Option<String> {
        match value.value {
            DeValue::Datetime(at) => Some(at.to_string()),
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.bad(value, expected);
                None
            }
        }
    }

    /// One value, or a list of them.
    pub(super) fn some_texts(&mut self, value: &Value<'_, '_>, expected: &str) -> Vec<String> {
        match value.value {
            DeValue::Array(items) => {
                let each: Vec<Value<'_, '_>> = items.iter().map(|item| value.at(item)).collect();
                each.iter().filter_map(|item| self.text(item, expected).map(str::to_owned)).collect()
            }
            _ => self.text(value, expected).map(str::to_owned).into_iter().collect(),
        }
    }

    /// The items of a list that is not empty.
    pub(super) fn items<'t, 'i>(&mut self, value: &Value<'t, 'i>, expected: &str) -> Vec<Value<'t, 'i>> {
        match value.value {
            DeValue::Array(items) if !items.is_empty() => items.iter().map(|item| value.at(item)).collect(),
            _ => {
                self.bad(value, expected);
                Vec::new()
            }
        }
    }

    /// A table.
    pub(super) fn table<'t, 'i>(&mut self, value: &Value<'t, 'i>, path: &str) -> Option<Table<'t, 'i>> {
        match value.value {
            DeValue::Table(table) => {
                Some(Table { path: path.to_owned(), span: value.span.clone(), table, known: Vec::new() })
            }
            _ => {
                self.bad(value, &format!("a table: `[{path}]`"));
                None
            }
        }
    }

    /// A list of tables: `[[path]]`.
    pub(super) fn tables<'t, 'i>(&mut self, value: &Value<'t, 'i>, path: &'static str) -> Vec<Table<'t, 'i>> {
        let DeValue::Array(items) = value.value else {
            self.bad(value, &format!("a list of tables: `[[{path}]]`"));
            return Vec::new();
        };
        let each: Vec<Value<'t, 'i>> = items.iter().map(|item| value.at(item)).collect();
        each.iter().filter_map(|item| self.table(item, path)).collect()
    }
}

impl<'t, 'i> Table<'t, 'i> {
    /// The table that a file is.
    pub(super) fn root(table: &'t Spanned<DeTable<'i>>) -> Self {
        Self { path: String::new(), span: table.span(), table: table.get_ref(), known: Vec::new() }
    }

    /// Where it begins.
    pub(super) fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// Whether the key is there, whatever its value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.iter().any(|(name, _)| name.get_ref() == key)
    }

    /// The value of a key, if it is there.
    pub(super) fn take(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<Value<'t, 'i>> {
        self.known.push(key);
        let path = self.path_of(key);
        reader.asked.insert(path.clone());
        let (_, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(Value { key: path, span: value.span(), value: value.get_ref() })
    }

    /// The value of a key that has to be there.
    pub(super) fn need(&mut self, reader: &mut Reader<'_>, key: &'static str, expected: &str) -> Option<Value<'t, 'i>> {
        let value = self.take(reader, key);
        if value.is_none() {
            let what = format!("`{}` is missing", self.path_of(key));
            reader.problem(&self.span, what).expected = Some(expected.to_owned());
        }
        value
    }

    /// Every entry, where the keys are a person's own: the key, its place and the value.
    pub(super) fn entries(&mut self) -> Vec<(&'t str, Range<usize>, Value<'t, 'i>)> {
        let each = self.table.iter().map(|(name, value)| {
            let key = self.path_of(name.get_ref());
            (&**name.get_ref(), name.span(), Value { key, span: value.span(), value: value.get_ref() })
        });
        each.collect()
    }

    /// Says what was not asked for.
    pub(super) fn end(self, reader: &mut Reader<'_>) {
        for (name, _) in self.table {
            let written: &str = name.get_ref();
            if self.known.contains(&written) {
                continue;
            }
            let near = near_match(written, self.known.iter().copied());
            reader.problem(&name.span(), format!("unknown key `{}`", self.path_of(written))).expected =
                Some(format!("one of {}", self.known.join(", ")));
            reader.suggest(near);
        }
    }

    fn path_of(&self, key: &str) -> String {
        match &*self.path {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }
}

impl<'t, 'i> Value<'t, 'i> {
    fn at(&self, item: &'t Spanned<DeValue<'i>>) -> Self {
        Self { key: self.key.clone(), span: item.span(), value: item.get_ref() }
    }
}

/// What was written, as a person would name it.
fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.trim().is_empty() => "empty".to_owned(),
        DeValue::String(text) => format!("\"{}\"", crate::domain::sanitise(text)),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(at) => at.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

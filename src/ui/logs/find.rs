//! What is looked for in output: a regular expression, or fields of records.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use crate::domain::{Level, LogLine, Record};

/// What a line has to be like.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As it was typed.
    pub text: String,
    tests: Vec<Test>,
}

#[derive(Debug, Clone)]
struct Test {
    inverted: bool,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    Words(Regex),
    /// At least so bad.
    Level(Level),
    /// The whole value, or a part of it where `part` is set; `raw` is how it stands in a line that is no record.
    Field {
        name: String,
        value: String,
        part: bool,
        raw: String,
    },
}

/// No expression that a person types takes more, bytes.
const LARGEST: usize = 1 << 20;

impl Pattern {
    /// `level:warn user.id=42`, where all words are such; else a regular expression, `!` before it turns it round. Small
    /// letters mean large ones too. None of nothing.
    pub fn new(raw: &str) -> Option<Self> {
        let text = raw.trim();
        if matches!(text, "" | "!") {
            return None;
        }
        let fields: Option<Vec<Test>> = text.split_whitespace().map(field).collect();
        let tests = match fields {
            Some(fields) => fields,
            None => {
                let (inverted, words) = turned(text);
                vec![Test { inverted, kind: Kind::Words(expression(words).0?) }]
            }
        };
        Some(Self { text: text.to_owned(), tests })
    }

    /// What is wrong with it: then it is looked for as it stands.
    pub fn problem(raw: &str) -> Option<String> {
        let text = raw.trim();
        if text.split_whitespace().all(|word| field(word).is_some()) {
            return None;
        }
        expression(turned(text).1).1
    }

    /// Whether a line is like that. What is said of the output always is.
    pub fn holds(&self, line: &LogLine) -> bool {
        if line.note {
            return true;
        }
        let needs_record = self.tests.iter().any(|test| !matches!(test.kind, Kind::Words(_)));
        let record = if needs_record { Record::read(&line.text) } else { None };
        self.tests.iter().all(|test| test.kind.holds(&line.text, record.as_ref()) != test.inverted)
    }

    /// Whether lines are to have something, and not only to lack something.
    pub(super) fn asks_for_something(&self) -> bool {
        self.tests.iter().any(|test| !test.inverted)
    }

    /// Where it stands in a text.
    pub fn spans(&self, text: &str) -> Vec<Range<usize>> {
        let mut spans = Vec::new();
        for test in self.tests.iter().filter(|test| !test.inverted) {
            if let Kind::Words(regex) = &test.kind {
                spans.extend(regex.find_iter(text).map(|it| it.range()).filter(|it| !it.is_empty()));
            }
        }
        spans
    }
}

impl Kind {
    fn holds(&self, text: &str, record: Option<&Record>) -> bool {
        match self {
            Kind::Words(regex) => regex.is_match(text),
            Kind::Level(least) => record.and_then(|it| it.level).is_some_and(|level| level >= *least),
            Kind::Field { name, value, part, raw } => match record {
                None => text.contains(raw.as_str()),
                Some(record) => record.field(name).is_some_and(|it| match part {
                    true => it.to_lowercase().contains(&value.to_lowercase()),
                    false => it == value,
                }),
            },
        }
    }
}

fn turned(text: &str) -> (bool, &str) {
    match text.strip_prefix('!') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    }
}

/// `level:warn`, `name=value` (all of it), `name:value` (a part of it).
fn field(word: &str) -> Option<Test> {
    let (inverted, word) = turned(word);
    let at = word.find(['=', ':'])?;
    let (name, value) = (&word[..at], &word[at + 1..]);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@');
    if name.is_empty() || value.is_empty() || !name.chars().all(is_name) || value.starts_with(['/', '=', ':']) {
        return None;
    }
    // A time of day is no field.
    if name.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let level = (name == "level").then(|| Level::of_word(value)).flatten();
    let (part, raw) = (word.as_bytes()[at] == b':', word.to_owned());
    let kind = match level {
        Some(least) => Kind::Level(least),
        None => Kind::Field { name: name.to_owned(), value: value.to_owned(), part, raw },
    };
    Some(Test { inverted, kind })
}

/// The expression, or the words themselves where it is none, and why.
fn expression(words: &str) -> (Option<Regex>, Option<String>) {
    let build = |text: &str| {
        let small = !words.chars().any(char::is_uppercase);
        RegexBuilder::new(text).case_insensitive(small).size_limit(LARGEST).build()
    };
    match build(words) {
        Ok(regex) => (Some(regex), None),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
            (build(&regex::escape(words)).ok(), Some(why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(pattern: &str, line: &str) -> bool {
        Pattern::new(pattern).expect("a pattern").holds(&LogLine::output(None, false, line))
    }

    #[test]
    fn words_are_a_regular_expression_and_small_letters_mean_all() {
        assert!(holds("timeout|refused", "Connection Refused"));
        assert!(!holds("Refused", "connection refused"));
        assert!(holds("!health", "GET /cart") && !holds("!health", "GET /health"));
        assert!(holds("10:42", "at 10:42:01"), "a time of day is no field");
        assert!(Pattern::new("  ").is_none() && Pattern::new("!").is_none());
    }

    #[test]
    fn what_is_no_expression_is_looked_for_as_it_stands() {
        assert!(holds("f(", "in f(x)"));
        assert!(Pattern::problem("f(").is_some_and(|why| why.contains("unclosed group")));
        assert_eq!(Pattern::problem("a.*b"), None);
    }

    #[test]
    fn fields_of_records_are_tested_and_lines_without_fields_by_their_words() {
        let line = r#"{"level":"error","msg":"no","user":{"id":42},"path":"/api/cart"}"#;
        assert!(holds("level:warn", line) && !holds("level:fatal", line) && holds("!level:fatal", line));
        assert!(holds("user.id=42 path:CART", line) && !holds("user.id=4", line));
        assert!(!holds("level:warn", "ERROR: as plain words"));
        assert!(holds("user.id=42", "plain user.id=42 words"));
    }

    #[test]
    fn where_it_stands_is_told() {
        let spans = |pattern: &str| Pattern::new(pattern).expect("a pattern").spans("one two one");
        assert_eq!(spans("one"), [0..3, 8..11]);
        assert!(spans("!one").is_empty() && spans("x*").is_empty());
    }
}

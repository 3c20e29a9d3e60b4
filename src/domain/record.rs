//! Lines that a logger wrote for machines: JSON of winston, zap, slog, pino, logrus and bunyan, and logfmt. They are read
//! when they are drawn, filtered or quoted, and not kept.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::text::sanitise;

/// How bad a line says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Every step.
    Trace,
    /// For whoever wrote it.
    Debug,
    /// As it should be.
    Info,
    /// Perhaps not as it should be.
    Warn,
    /// Something failed.
    Error,
    /// Nothing works any more.
    Fatal,
}

impl Level {
    /// By its name, as the usual loggers and syslog write it.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "trace" | "silly" | "finest" => Level::Trace,
            "debug" | "verbose" | "dbg" | "fine" => Level::Debug,
            "info" | "information" | "notice" | "http" | "inf" => Level::Info,
            "warn" | "warning" | "wrn" => Level::Warn,
            "error" | "err" | "severe" => Level::Error,
            "fatal" | "panic" | "dpanic" | "critical" | "crit" | "alert" | "emerg" | "emergency" => Level::Fatal,
            _ => return None,
        })
    }

    /// By the number that pino and bunyan write: 10 is trace, 60 fatal.
    const fn of_number(number: i64) -> Option<Self> {
        Some(match number {
            10..20 => Level::Trace,
            20..30 => Level::Debug,
            30..40 => Level::Info,
            40..50 => Level::Warn,
            50..60 => Level::Error,
            60 => Level::Fatal,
            _ => return None,
        })
    }

    /// Its name, five columns at most.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
            Level::Fatal => "FATAL",
        }
    }
}

/// One such line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// How bad it is, where it says so.
    pub level: Option<Level>,
    /// What it says.
    pub message: String,
    /// Everything else, by its path (`err.code`). Values may have several lines.
    pub fields: Vec<(String, String)>,
}

const LEVELS: [&str; 6] = ["level", "lvl", "severity", "levelname", "log.level", "loglevel"];
const MESSAGES: [&str; 4] = ["msg", "message", "event", "text"];
/// Where loggers put the error that a message is about.
const ERRORS: [&str; 6] = ["err.message", "error.message", "exception.message", "error", "err", "exception"];
/// The line's own time stands before it already.
const TIMES: [&str; 7] = ["time", "ts", "timestamp", "@timestamp", "t", "datetime", "asctime"];
/// What the orchestrator knows better.
const DULL: [&str; 3] = ["v", "pid", "hostname"];
/// Objects in objects are taken apart so deep.
const DEPTH: usize = 3;

impl Record {
    /// The line as a record; none where it is none.
    pub fn read(line: &str) -> Option<Self> {
        let line = line.trim();
        if line.starts_with('{') {
            let mut pairs = Vec::new();
            // Of a line that was cut what stands before the cut counts.
            let _ = serde_json::Deserializer::from_str(line).deserialize_map(Pairs(&mut pairs));
            return Self::of(pairs);
        }
        Self::of(logfmt(line)?)
    }

    fn of(pairs: Vec<(String, String)>) -> Option<Self> {
        let mut it = Self::default();
        let mut said = false;
        for (name, value) in pairs {
            if it.level.is_none() && LEVELS.contains(&name.as_str()) {
                let number = value.parse().ok().and_then(Level::of_number);
                it.level = number.or_else(|| Level::of_word(&value));
                if it.level.is_some() {
                    continue;
                }
            }
            if !said && MESSAGES.contains(&name.as_str()) {
                (said, it.message) = (true, value);
            } else if !TIMES.contains(&name.as_str()) {
                it.fields.push((name, value));
            }
        }
        (said || it.level.is_some()).then_some(it)
    }

    /// The value of a field, by its path.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What it says in one line, with the error that it names beside it: `cannot charge: connection refused`.
    pub fn in_short(&self) -> String {
        let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
        let message = first(&self.message);
        let error = ERRORS.iter().find_map(|name| self.field(name)).map(first).unwrap_or_default();
        match (message.is_empty(), error.is_empty()) {
            (_, true) => message,
            (true, false) => error,
            (false, false) if message.contains(&error) => message,
            (false, false) => format!("{message}: {error}"),
        }
    }

    /// What is worth showing beside the message: short fields, and then those of several lines (a stack).
    pub fn parts(&self) -> (Vec<(&str, &str)>, Vec<&str>) {
        let shown = self.fields.iter().filter(|(name, value)| !DULL.contains(&name.as_str()) && !value.is_empty());
        let (long, short): (Vec<_>, Vec<_>) = shown.partition(|(_, value)| value.contains('\n'));
        let short = short.into_iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        (short, long.into_iter().flat_map(|(_, value)| value.lines()).collect())
    }
}

/// Takes the fields of an object as they come, up to where it is cut or no JSON any more.
struct Pairs<'p>(&'p mut Vec<(String, String)>);

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            flatten(self.0, &sanitise(&name), value, DEPTH);
        }
        Ok(())
    }
}

fn flatten(out: &mut Vec<(String, String)>, name: &str, value: Value, depth: usize) {
    match value {
        Value::Object(inner) if depth > 1 => {
            inner
                .into_iter()
                .for_each(|(part, value)| flatten(out, &format!("{name}.{}", sanitise(&part)), value, depth - 1));
        }
        Value::String(text) => out.push((name.to_owned(), clean(&text))),
        Value::Null => out.push((name.to_owned(), String::new())),
        other => out.push((name.to_owned(), clean(&other.to_string()))),
    }
}

/// Line breaks are kept, all else that is no text is shown.
fn clean(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().map(sanitise).collect();
    lines.join("\n")
}

/// `level=info msg="it began" port=80`: pairs, where the whole line is pairs and one of them is a level.
fn logfmt(line: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (name, value) = rest.split_once('=')?;
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '"') {
            return None;
        }
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (value, after) = value.split_once(' ').unwrap_or((value, ""));
                (value.to_owned(), after)
            }
        };
        pairs.push((name.to_owned(), value));
        rest = after.trim_start();
    }
    pairs.iter().any(|(name, _)| LEVELS.contains(&name.as_str())).then_some(pairs)
}

/// What stands before the closing quote, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push(' '),
                other => out.push(other),
            },
            other => out.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_loggers_are_read() {
        for (line, level, message) in [
            (r#"{"level":"warn","message":"slow","timestamp":"2026-11-24T01:02:03Z"}"#, Level::Warn, "slow"),
            (r#"{"level":"error","ts":1732410123.5,"caller":"main.go:7","msg":"failed"}"#, Level::Error, "failed"),
            (r#"{"time":"2026-11-24T01:02:03Z","level":"INFO","msg":"began"}"#, Level::Info, "began"),
            (r#"{"level":50,"time":1732410123456,"pid":1,"hostname":"a","msg":"no"}"#, Level::Error, "no"),
            (r#"{"name":"shop","hostname":"a","pid":1,"level":60,"msg":"over","v":0}"#, Level::Fatal, "over"),
            (
                r#"time="2026-11-24T01:02:03Z" level=warning msg="disk \"data\" is full" free=0"#,
                Level::Warn,
                r#"disk "data" is full"#,
            ),
        ] {
            let it = Record::read(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!((it.level, it.message.as_str()), (Some(level), message), "{line}");
        }
    }

    #[test]
    fn what_is_no_record_is_left_as_it_is() {
        for line in
            ["", "started on port=80", "{}", "{not json}", r#"{"a":1}"#, "GET /?level=info 200", r#"level="open"#]
        {
            assert_eq!(Record::read(line), None, "{line}");
        }
    }

    #[test]
    fn of_a_line_that_was_cut_what_is_left_counts() {
        let cut = r#"{"level":"error","msg":"cannot write","err":{"stack":"Error: no space\n    at wri… (cut: 900 more bytes)"#;
        let it = Record::read(cut).expect("a record");
        assert_eq!((it.level, it.message.as_str(), it.fields.len()), (Some(Level::Error), "cannot write", 0));
        assert_eq!(Record::read(r#"{"lev"#), None);
    }

    #[test]
    fn in_short_a_message_goes_with_its_error() {
        for (line, short) in [
            (
                r#"{"level":"error","msg":"cannot charge","error":"connection refused"}"#,
                "cannot charge: connection refused",
            ),
            (r#"{"level":50,"msg":"no disk","err":{"message":"no disk","stack":"Error"}}"#, "no disk"),
            (r#"{"level":"error","msg":"","err":{"message":"first\nsecond"}}"#, "first"),
            ("level=fatal msg=\"it is over\" code=3", "it is over"),
        ] {
            assert_eq!(Record::read(line).expect("a record").in_short(), short, "{line}");
        }
    }

    #[test]
    fn a_stack_has_lines_and_the_rest_is_short() {
        let line = r#"{"level":50,"pid":7,"msg":"no","err":{"type":"Error","stack":"Error: no\n    at f (a.js:1)\n\u001b[31m"},"user":{"id":42}}"#;
        let it = Record::read(line).expect("a record");
        assert_eq!(it.field("user.id"), Some("42"));
        let (short, long) = it.parts();
        assert_eq!(short, [("err.type", "Error"), ("user.id", "42")]);
        assert_eq!(long, ["Error: no", "    at f (a.js:1)", "^[[31m"]);
    }
}

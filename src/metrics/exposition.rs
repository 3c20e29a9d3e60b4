//! Pages of numbers, as exporters print them: the text format of Prometheus and OpenMetrics
//! (prometheus: docs/instrumenting/exposition_formats.md; OpenMetrics 1.0).
//!
//! `prometheus-parse` reads values and times. Of names and labels it takes only the plainest (0.2.5: `[a-zA-Z0-9_]`, no `}` and no comma
//! in a value, nothing escaped), and drops a line that it does not understand without a word. So both are read here and stand in for each
//! other by a number in what it is given, and each line that does not come back is counted.

use std::borrow::Cow;
use std::fmt::Write as _;

use prometheus_parse::{Scrape, Value};

use crate::domain::{Text, Timestamp};

/// A line that is longer is none.
const LONGEST: usize = 64 << 10;
/// Lines that are handed over at once.
const AT_ONCE: usize = 1024;
/// So much of the first line that is none is shown.
const SHOWN: usize = 80;
/// A time of OpenMetrics is in seconds, one of the text format in milliseconds: what is below this is in seconds (in milliseconds it would be
/// 1973).
const SECONDS_BELOW: f64 = 1e11;

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The name of the metric, as it is written: of a histogram `x_bucket`, `x_sum` and `x_count`.
    pub name: Text,
    /// Its labels in their order.
    pub labels: Vec<(Text, Text)>,
    /// How much.
    pub value: f64,
    /// Of when, where it says so.
    pub at: Option<Timestamp>,
}

impl Point {
    /// A label's value.
    pub fn label(&self, name: &str) -> Option<&Text> {
        self.labels.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
    }
}

/// What was wanted of a page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// The numbers, in the order of their lines.
    pub points: Vec<Point>,
    /// Wanted lines that could not be read.
    pub odd: usize,
    /// How the first of those begins.
    pub first_odd: Option<Text>,
}

/// Reads a page as it comes, piece by piece. What nobody wants is passed over before it is looked at; what is held is what is wanted, and a
/// line.
pub struct Reader<'w> {
    wants: &'w (dyn Fn(&str) -> bool + Sync),
    /// The beginning of a line.
    rest: Vec<u8>,
    /// The rest of that line is too much.
    too_long: bool,
    waiting: Vec<Waiting>,
    page: Page,
}

/// A line of which the value is not read yet.
struct Waiting {
    name: Text,
    labels: Vec<(Text, Text)>,
    /// Value, and time in milliseconds.
    rest: String,
}

impl<'w> Reader<'w> {
    /// `wants` says of the name of a metric whether its lines are wanted.
    pub fn new(wants: &'w (dyn Fn(&str) -> bool + Sync)) -> Self {
        Self { wants, rest: Vec::new(), too_long: false, waiting: Vec::new(), page: Page::default() }
    }

    /// What came next.
    pub fn take(&mut self, piece: &[u8]) {
        let mut piece = piece;
        while let Some(end) = memchr::memchr(b'\n', piece) {
            let (line, after) = (&piece[..end], &piece[end + 1..]);
            match (std::mem::take(&mut self.too_long), self.rest.is_empty()) {
                (true, _) => self.rest.clear(),
                (false, true) => self.line(line),
                (false, false) => {
                    let mut whole = std::mem::take(&mut self.rest);
                    whole.extend_from_slice(line);
                    self.line(&whole);
                    whole.clear();
                    self.rest = whole;
                }
            }
            piece = after;
        }
        match self.rest.len() + piece.len() {
            // Its end has not come yet.
            _ if self.too_long => {}
            long if long > LONGEST => {
                self.odd(&[&self.rest[..], piece].concat());
                (self.too_long, self.rest) = (true, Vec::new());
            }
            _ => self.rest.extend_from_slice(piece),
        }
    }

    /// That was all.
    pub fn end(mut self) -> Page {
        if !self.rest.is_empty() {
            let last = std::mem::take(&mut self.rest);
            self.line(&last);
        }
        self.hand_over();
        self.page
    }

    fn line(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii_start();
        if matches!(line.first(), None | Some(b'#')) {
            return;
        }
        // The name in front of everything tells most of them.
        let plain = line.iter().position(|byte| matches!(byte, b'{' | b' ' | b'\t')).unwrap_or(line.len());
        let name = std::str::from_utf8(&line[..plain]);
        if plain > 0 && !name.is_ok_and(self.wants) {
            return;
        }
        let read = std::str::from_utf8(line).ok().filter(|line| line.len() <= LONGEST).and_then(read);
        match read {
            Some(it) if plain > 0 || (self.wants)(it.name.as_str()) => self.waiting.push(it),
            Some(_) => {}
            None => self.odd(line),
        }
        if self.waiting.len() >= AT_ONCE {
            self.hand_over();
        }
    }

    fn odd(&mut self, line: &[u8]) {
        self.page.odd += 1;
        if self.page.first_odd.is_none() {
            let line = String::from_utf8_lossy(&line[..line.len().min(4 * SHOWN)]);
            self.page.first_odd = Some(Text::from(line.chars().take(SHOWN).collect::<String>()));
        }
    }

    /// Has the values read of what waits.
    fn hand_over(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let lines = waiting.iter().enumerate().map(|(number, it)| Ok(format!("m{{i=\"{number}\"}} {}", it.rest)));
        let mut values: Vec<Option<(f64, Option<Timestamp>)>> = vec![None; waiting.len()];
        for sample in Scrape::parse(lines).map(|it| it.samples).unwrap_or_default() {
            let number = sample.labels.get("i").and_then(|number| number.parse::<usize>().ok());
            let (Some(number), Value::Untyped(value)) = (number, &sample.value) else { continue };
            if let Some((place, it)) = values.get_mut(number).zip(waiting.get(number)) {
                // Without a time of its own it is given that of now.
                let timed = it.rest.contains(' ');
                let at = Timestamp::from_millisecond(sample.timestamp.timestamp_millis()).ok().filter(|_| timed);
                *place = Some((*value, at));
            }
        }
        for (it, value) in waiting.into_iter().zip(values) {
            match value {
                Some((value, at)) => {
                    self.page.points.push(Point { name: it.name, labels: it.labels, value, at });
                }
                None => self.odd(format!("{} {}", it.name, it.rest).as_bytes()),
            }
        }
    }
}

/// One line, but for its value.
fn read(line: &str) -> Option<Waiting> {
    let mut at = Cursor(line);
    let name = at.until(|c| matches!(c, '{' | ' ' | '\t'));
    at.skip();
    let (named, labels) = match at.eat('{') {
        true => at.labels()?,
        false => (None, Vec::new()),
    };
    let name = match named {
        Some(named) if name.is_empty() => named,
        None if !name.is_empty() => Text::new(name),
        _ => return None,
    };
    // An exemplar stands behind the value, and is nobody's.
    let rest = at.0.split('#').next().unwrap_or_default();
    let mut words = rest.split_ascii_whitespace();
    let (value, time) = (words.next()?, words.next());
    if words.next().is_some() {
        return None;
    }
    let mut rest = value.to_owned();
    if let Some(time) = time {
        let time: f64 = time.parse().ok()?;
        let millis = if time.abs() < SECONDS_BELOW && time != 0.0 { time * 1000.0 } else { time };
        write!(rest, " {}", millis.round() as i64).ok()?;
    }
    Some(Waiting { name, labels, rest })
}

/// What is left of a line.
struct Cursor<'l>(&'l str);

/// The name of a metric, where it stands among its labels, and those.
type Labels = (Option<Text>, Vec<(Text, Text)>);

impl<'l> Cursor<'l> {
    fn until(&mut self, ends: impl Fn(char) -> bool) -> &'l str {
        let (before, after) = self.0.split_at(self.0.find(ends).unwrap_or(self.0.len()));
        self.0 = after;
        before
    }

    fn skip(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn eat(&mut self, c: char) -> bool {
        self.0.strip_prefix(c).map(|after| self.0 = after).is_some()
    }

    /// What stands between the braces, the first of which is eaten. A quoted word without a value is the metric's name (Prometheus 3).
    fn labels(&mut self) -> Option<Labels> {
        let (mut named, mut labels) = (None, Vec::new());
        loop {
            self.skip();
            if self.eat('}') {
                return Some((named, labels));
            }
            let quoted = self.0.starts_with('"');
            let label = match quoted {
                true => self.quoted()?,
                false => Cow::Borrowed(self.until(|c| matches!(c, '=' | ' ' | '\t' | ',' | '}'))),
            };
            self.skip();
            if self.eat('=') {
                self.skip();
                let value = self.quoted()?;
                if label.is_empty() {
                    return None;
                }
                labels.push((Text::new(&label), Text::new(&value)));
            } else if quoted && named.is_none() {
                named = Some(Text::new(&label));
            } else {
                return None;
            }
            self.skip();
            if !self.eat(',') && !self.0.starts_with('}') {
                return None;
            }
        }
    }

    /// A word in quotes, in which `\\`, `\"` and `\n` are escaped.
    fn quoted(&mut self) -> Option<Cow<'l, str>> {
        if !self.eat('"') {
            return None;
        }
        let text = self.0;
        let mut word: Cow<'l, str> = Cow::Borrowed("");
        let mut from = 0;
        while let Some(found) = memchr::memchr2(b'"', b'\\', &text.as_bytes()[from..]) {
            let place = from + found;
            let part = &text[from..place];
            if text.as_bytes()[place] == b'"' {
                self.0 = &text[place + 1..];
                return Some(if word.is_empty() { Cow::Borrowed(part) } else { word + part });
            }
            let escaped = text[place + 1..].chars().next()?;
            let word = word.to_mut();
            word.push_str(part);
            match escaped {
                'n' => word.push('\n'),
                '"' | '\\' => word.push(escaped),
                // What is no escape stands for itself (prometheus: model/textparse).
                other => word.extend(['\\', other]),
            }
            from = place + 1 + escaped.len_utf8();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(text: &str, wants: &(dyn Fn(&str) -> bool + Sync)) -> Page {
        let mut reader = Reader::new(wants);
        reader.take(text.as_bytes());
        reader.end()
    }

    fn all(text: &str) -> Page {
        page(text, &|_| true)
    }

    fn words(point: &Point) -> String {
        let labels: Vec<String> = point.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let at = point.at.map(|at| format!(" @{}", at.as_millisecond())).unwrap_or_default();
        format!("{}[{}] {}{at}", point.name, labels.join("|"), point.value)
    }

    #[test]
    fn every_odd_line_of_the_format_is_read_whole() {
        for (line, is) in [
            ("up 1", "up[] 1"),
            ("up\t1", "up[] 1"),
            ("  up  1 ", "up[] 1"),
            ("up{} 1", "up[] 1"),
            ("up {} 1", "up[] 1"),
            ("job:foo:rate5m{a=\"b\"} 0.5", "job:foo:rate5m[a=b] 0.5"),
            ("m{t=\"{id}\"} 1", "m[t={id}] 1"),
            ("m{t=\"a,b\",u=\"c}d\"} 2", "m[t=a,b|u=c}d] 2"),
            ("m{ t = \"x\" , u=\"y\" , } 3", "m[t=x|u=y] 3"),
            ("m{t=\"C:\\\\dir\\\\f \\\"q\\\"\"} 4", "m[t=C:\\dir\\f \"q\"] 4"),
            ("m{t=\"no\\tescape\"} 4", "m[t=no\\tescape] 4"),
            ("m{t=\"\"} 5", "m[t=] 5"),
            ("m{t=\"\"}5", "m[t=] 5"),
            ("m{t=\"#\"} 6 # {trace_id=\"a\"} 0.67 1520879607.789", "m[t=#] 6"),
            ("m_bucket{le=\"+Inf\"} 7", "m_bucket[le=+Inf] 7"),
            ("m{quantile=\"0.99\"} 7", "m[quantile=0.99] 7"),
            ("{\"my.dotted.metric\",\"label.x\"=\"y\"} 8", "my.dotted.metric[label.x=y] 8"),
            ("m 1.458255915e9", "m[] 1458255915"),
            ("m -3.14e-2 1395066363000", "m[] -0.0314 @1395066363000"),
            ("m 1 1520879607.789", "m[] 1 @1520879607789"),
            ("m 1 0", "m[] 1 @0"),
            ("m +Inf", "m[] inf"),
            ("m -Inf", "m[] -inf"),
            ("m 9\r", "m[] 9"),
            ("größe{ö=\"ü\"} 9", "größe[ö=ü] 9"),
        ] {
            let page = all(line);
            assert_eq!(page.points.iter().map(words).collect::<Vec<_>>(), [is], "{line}: {page:?}");
            assert_eq!(page.odd, 0, "{line}");
        }
        assert!(all("m NaN").points[0].value.is_nan());
    }

    #[test]
    fn what_is_no_line_is_counted_and_the_first_is_shown() {
        let text = "# HELP up Up.\n# TYPE up gauge\n\nup{a=\"b} 1\nup\nup one\nup{a=b} 1\nup 1 2 3\nup{=\"b\"} 1\n{\"a\",\"b\"} 1\nup 1\n# EOF\n";
        let page = all(text);
        assert_eq!((page.points.len(), page.odd), (1, 7));
        assert_eq!(page.first_odd.as_deref(), Some("up{a=\"b} 1"));
    }

    #[test]
    fn a_line_without_an_end_is_not_held() {
        let wants = |_: &str| true;
        let mut reader = Reader::new(&wants);
        (0..100).for_each(|_| reader.take(&[b'a'; 4096]));
        reader.take(&[b'a'; 2 * LONGEST]);
        assert!(reader.rest.is_empty());
        reader.take(b"\nup 1\n");
        let page = reader.end();
        assert_eq!((page.points.len(), page.odd), (1, 1));
    }

    #[test]
    fn escape_sequences_of_a_label_reach_nobody() {
        assert_eq!(all("m{t=\"a\u{1b}[31mb\"} 1").points[0].labels[0].1.as_str().find('\u{1b}'), None);
    }

    #[test]
    fn what_nobody_wants_is_passed_over() {
        let page = page("a 1\nwanted 2\nb{x=\"broken 3\n{\"c\"} 4\n{\"wanted\"} 5\n", &|name| name == "wanted");
        assert_eq!(page.points.iter().map(|it| it.value).collect::<Vec<_>>(), [2.0, 5.0]);
        assert_eq!(page.odd, 0, "of others nothing is read");
    }

    /// As an exporter prints it (prometheus: common/expfmt/text_create.go).
    fn printed(point: &(String, Vec<(String, String)>, f64, Option<i64>)) -> String {
        let (name, labels, value, at) = point;
        let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let at = at.map(|at| format!(" {at}")).unwrap_or_default();
        format!("{name}{labels} {value}{at}\n")
    }

    proptest! {
        #[test]
        fn whatever_is_printed_is_read_wherever_the_pieces_end(
            points in prop::collection::vec((
                "[a-zA-Z_:][a-zA-Z0-9_:]{0,12}",
                prop::collection::vec(("[a-zA-Z_][a-zA-Z0-9_]{0,8}", "[ -~\u{e4}\u{4e16}]{0,16}"), 0..4),
                prop_oneof![any::<f64>().prop_filter("a number", |it| !it.is_nan()), Just(f64::INFINITY), Just(0.0)],
                prop::option::of(100_000_000_001_i64..4_000_000_000_000),
            ), 0..20),
            cuts in prop::collection::vec(1_usize..40, 1..20),
        ) {
            let text: String = points.iter().map(printed).collect();
            let wants = |_: &str| true;
            let mut reader = Reader::new(&wants);
            let (mut rest, mut cuts) = (text.as_bytes(), cuts.iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((*cuts.next().unwrap_or(&1)).min(rest.len()));
                reader.take(piece);
                rest = after;
            }
            let page = reader.end();
            prop_assert_eq!(page.odd, 0, "{:?}", page.first_odd);
            prop_assert_eq!(page.points.len(), points.len());
            for (read, (name, labels, value, at)) in page.points.iter().zip(&points) {
                let of: Vec<(&str, &str)> = read.labels.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
                prop_assert_eq!(read.name.as_str(), name.as_str());
                prop_assert_eq!(of, labels.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>());
                prop_assert_eq!(read.value.to_bits(), value.to_bits());
                prop_assert_eq!(read.at.map(|it| it.as_millisecond()), *at);
            }
        }
    }
}

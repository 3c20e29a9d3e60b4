//! The lay-out of a description: names on the left, what they mean on the right, wrapped for a narrow terminal.

use serde_json::Value;

/// Columns of a line: a terminal of 80 has a border.
const WIDE: usize = 78;
/// Columns of names.
const NAMES: usize = 18;
/// However deep it lies, a value has so many columns.
const LEAST: usize = 24;

/// Lines of a description, as they are being written.
#[derive(Debug, Default)]
pub(super) struct Page {
    lines: Vec<String>,
    depth: usize,
}

impl Page {
    /// The lines.
    pub(super) fn finish(self) -> Vec<String> {
        self.lines
    }

    /// A name and its value; nothing where the value is empty.
    pub(super) fn say(&mut self, name: &str, value: impl AsRef<str>) {
        self.each(name, [value]);
    }

    /// A name and its values, one below the other; nothing where there are none.
    pub(super) fn each<V: AsRef<str>>(&mut self, name: &str, values: impl IntoIterator<Item = V>) {
        let indent = self.indent();
        let names = NAMES.saturating_sub(indent.len()).max(10);
        let mut label = format!("{name}:");
        for value in values {
            let room = WIDE.saturating_sub(indent.len() + names).max(LEAST);
            for piece in wrap(value.as_ref(), room) {
                // A long name is not cut, and keeps its distance.
                let line = format!("{indent}{label:<names$}{}{piece}", if label.len() < names { "" } else { " " });
                self.lines.push(line.trim_end().to_owned());
                label.clear();
            }
        }
    }

    /// Begins a part of the page.
    pub(super) fn title(&mut self, name: &str) {
        if !self.lines.is_empty() {
            self.lines.push(String::new());
        }
        self.lines.push(format!("{}{name}", self.indent()));
    }

    /// A line of its own, wrapped; what follows its first line stands so many columns further right.
    pub(super) fn line(&mut self, text: &str, hang: usize) {
        let indent = self.indent();
        let room = WIDE.saturating_sub(indent.len() + hang).max(LEAST);
        for (ix, piece) in wrap(text, room).into_iter().enumerate() {
            let hang = if ix == 0 { 0 } else { hang };
            self.lines.push(format!("{indent}{:hang$}{piece}", ""));
        }
    }

    /// A line as it is.
    pub(super) fn verbatim(&mut self, text: &str) {
        self.lines.push(format!("{}{text}", self.indent()));
    }

    /// What is written in it stands further right.
    pub(super) fn inside(&mut self, write: impl FnOnce(&mut Self)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }

    /// Rows with their columns aligned, below what the columns are called.
    pub(super) fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        let all = || std::iter::once(&header).chain(rows);
        let wide: Vec<usize> = (0..header.len())
            .map(|ix| all().filter_map(|row| row.get(ix)).map(|it| it.chars().count()).max().unwrap_or(0))
            .collect();
        let lines: Vec<String> = all()
            .map(|row| {
                let cells = row.iter().zip(&wide).map(|(cell, wide)| format!("{cell:<wide$}"));
                cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
            })
            .collect();
        lines.iter().for_each(|line| self.verbatim(line));
    }

    /// Everything that is set, indented; what is empty is left out.
    pub(super) fn outline(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, field)| self.outline_field(name, field)),
            Value::Array(items) => items.iter().for_each(|item| self.outline_field("-", item)),
            _ => self.line(&scalar(value), 2),
        }
    }

    fn outline_field(&mut self, name: &str, field: &Value) {
        match field {
            Value::Null => {}
            Value::Object(fields) if fields.is_empty() => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Object(_) | Value::Array(_) => {
                self.verbatim(&format!("{name}:"));
                self.inside(|page| page.outline(field));
            }
            _ => self.line(&format!("{name}: {}", scalar(field)), 2),
        }
    }

    fn indent(&self) -> String {
        "  ".repeat(self.depth)
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// In pieces of at most so many columns, broken between words; a word that is too long is broken inside. Nothing gives
/// no piece.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for word in text.split(' ') {
        let used = piece.chars().count();
        if used > 0 && used + 1 + word.chars().count() > room {
            pieces.push(std::mem::take(&mut piece));
        }
        if !piece.is_empty() {
            piece.push(' ');
        }
        piece.push_str(word);
        while let Some((at, _)) = piece.char_indices().nth(room) {
            let rest = piece.split_off(at);
            pieces.push(std::mem::replace(&mut piece, rest));
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_stand_left_and_values_right() {
        let mut page = Page::default();
        page.say("Name", "web");
        page.say("Nothing", "");
        page.each("Labels", ["app=web", "tier=front"]);
        page.title("Containers");
        page.inside(|page| {
            page.say("A name that is very long", "x");
            page.line("one two", 2);
        });
        page.table(&["A", "B"], &[vec!["long".into(), "1".into()], vec!["x".into(), "2".into()]]);
        let expected = [
            "Name:             web",
            "Labels:           app=web",
            "                  tier=front",
            "",
            "Containers",
            "  A name that is very long: x",
            "  one two",
            "A     B",
            "long  1",
            "x     2",
        ];
        assert_eq!(page.finish(), expected);
    }

    #[test]
    fn what_is_long_is_wrapped_and_nothing_is_lost() {
        let long = "word ".repeat(40) + &"x".repeat(200);
        let mut page = Page::default();
        page.inside(|page| page.say("Message", &long));
        let lines = page.finish();
        assert!(lines.iter().all(|line| line.chars().count() <= WIDE), "{lines:?}");
        let count = |c: char| lines.iter().map(|line| line.matches(c).count()).sum::<usize>();
        assert_eq!((count('w'), count('x')), (40, 200));
        assert!(lines[1].starts_with(&" ".repeat(NAMES)), "{}", lines[1]);
    }

    #[test]
    fn an_outline_leaves_out_what_is_empty() {
        let mut page = Page::default();
        page.outline(&json!({ "a": 1, "b": { "c": "x", "d": [] }, "e": null, "f": ["y", { "g": true }] }));
        assert_eq!(page.finish(), ["a: 1", "b:", "  c: x", "f:", "  -: y", "  -:", "    g: true"]);
    }
}

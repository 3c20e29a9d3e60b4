//! Sections of a text by how far its lines are indented (YAML, JSON, descriptions), and which of them are folded.

use std::collections::BTreeSet;

use crate::domain::Text;

/// The sections of a text.
#[derive(Debug, Clone, Default)]
pub struct Folds {
    /// Of each line, the first one behind it that is no part of it any more.
    ends: Vec<usize>,
    closed: BTreeSet<usize>,
    /// Lines that are shown.
    shown: Vec<usize>,
}

impl Folds {
    /// Those of lines, none of them folded.
    pub fn of(lines: &[Text]) -> Self {
        let mut folds = Self { ends: ends(lines), closed: BTreeSet::new(), shown: Vec::new() };
        folds.show();
        folds
    }

    /// Whether there is anything to fold.
    pub fn any(&self) -> bool {
        (0..self.ends.len()).any(|line| self.is_section(line))
    }

    /// The lines that are shown.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// How many lines are folded below this one.
    pub fn below(&self, line: usize) -> Option<usize> {
        self.closed.contains(&line).then(|| self.ends[line] - line - 1)
    }

    /// Where a line stands among those that are shown; where what it is folded into stands.
    pub fn place(&self, line: usize) -> usize {
        self.shown.partition_point(|shown| *shown <= line).saturating_sub(1)
    }

    /// Folds the section that a line begins, or is in, or unfolds it; the line that it begins with.
    pub fn turn(&mut self, line: usize) -> Option<usize> {
        let section = if self.is_section(line) { line } else { self.around(line).next_back()? };
        if !self.closed.remove(&section) {
            self.closed.insert(section);
        }
        self.show();
        Some(section)
    }

    /// Folds all sections, also those in others; unfolds all where some are folded. What is around everything stays.
    pub fn turn_all(&mut self) {
        self.closed = match self.closed.is_empty() {
            true => (0..self.ends.len()).filter(|line| self.is_section(*line) && !self.is_all(*line)).collect(),
            false => BTreeSet::new(),
        };
        self.show();
    }

    /// Unfolds what a line is folded into.
    pub fn unfold(&mut self, line: usize) {
        let around: Vec<usize> = self.around(line).collect();
        self.closed.retain(|section| !around.contains(section));
        self.show();
    }

    fn is_section(&self, line: usize) -> bool {
        self.ends.get(line).is_some_and(|end| *end > line + 1)
    }

    fn is_all(&self, line: usize) -> bool {
        line == 0 && self.ends.first() == Some(&self.ends.len())
    }

    /// The sections that a line is in, the outermost first.
    fn around(&self, line: usize) -> impl DoubleEndedIterator<Item = usize> {
        (0..line.min(self.ends.len())).filter(move |above| self.ends[*above] > line)
    }

    fn show(&mut self) {
        self.shown.clear();
        let mut line = 0;
        while line < self.ends.len() {
            self.shown.push(line);
            line = if self.closed.contains(&line) { self.ends[line] } else { line + 1 };
        }
    }
}

fn ends(lines: &[Text]) -> Vec<usize> {
    let mut ends = vec![lines.len(); lines.len()];
    // Sections that are open: where each begins.
    let mut open: Vec<usize> = Vec::new();
    // A blank line ends nothing, and belongs to nothing that ends before the next one.
    let mut last = 0;
    for (at, line) in lines.iter().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        while let Some(section) = open.last().copied() {
            if goes_on(&lines[section], line) {
                break;
            }
            let closes = indent(line) == indent(&lines[section]) && closes(&lines[section], line);
            ends[section] = if closes { at + 1 } else { last + 1 };
            open.pop();
        }
        open.push(at);
        last = at;
    }
    for section in open {
        ends[section] = last + 1;
    }
    // A blank line is no section.
    for (at, line) in lines.iter().enumerate() {
        if line.trim().is_empty() {
            ends[at] = at + 1;
        }
    }
    ends
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Whether a line is part of a section. Items of a list may stand as far to the left as what they are the list of.
fn goes_on(section: &str, line: &str) -> bool {
    let (of, at) = (indent(section), indent(line));
    let is_item = |text: &str| text == "-" || text.starts_with("- ");
    let lists = section.ends_with(':') && !is_item(&section[of..]);
    at > of || (at == of && lists && is_item(&line[at..]))
}

/// Whether a line closes what a section of JSON opened.
fn closes(section: &str, line: &str) -> bool {
    section.ends_with(['{', '[']) && line.trim_start().starts_with(['}', ']'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Text> {
        text.split('\n').map(Text::new).collect()
    }

    fn shown(folds: &Folds, lines: &[Text]) -> Vec<String> {
        folds.shown().iter().map(|line| lines[*line].trim().to_owned()).collect()
    }

    const YAML: &str = "kind: Pod
metadata:
  name: web
  labels:
    app: web
spec:
  containers:
  - name: a
    args:
    - --x
  - name: b
  text: |
    one

    two
status: {}";

    #[test]
    fn a_section_is_what_is_further_in_and_its_list() {
        let lines = lines(YAML);
        let mut folds = Folds::of(&lines);
        assert!(folds.any());
        assert_eq!(folds.turn(6), Some(6));
        assert_eq!(folds.below(6), Some(4), "items of a list stand where it stands");
        assert_eq!(shown(&folds, &lines)[5..8], ["spec:", "containers:", "text: |"]);
        assert_eq!(folds.turn(6), Some(6));
        assert_eq!(folds.turn(7), Some(7));
        assert_eq!(folds.below(7), Some(2), "one item");
        assert_eq!(folds.turn(14), Some(11), "of a line inside the section around it");
        assert_eq!(folds.below(11), Some(3), "also over a blank line");
        assert_eq!(folds.turn(0), None, "a line by itself");
        assert_eq!(folds.turn(15), None);
    }

    #[test]
    fn all_are_folded_and_what_is_looked_for_comes_out() {
        let lines = lines(YAML);
        let mut folds = Folds::of(&lines);
        folds.turn_all();
        assert_eq!(shown(&folds, &lines), ["kind: Pod", "metadata:", "spec:", "status: {}"]);
        assert_eq!((folds.place(9), folds.place(15)), (2, 3));
        folds.unfold(9);
        assert_eq!(
            shown(&folds, &lines)[2..9],
            ["spec:", "containers:", "- name: a", "args:", "- --x", "- name: b", "text: |"]
        );
        folds.turn_all();
        assert_eq!(folds.shown().len(), lines.len());
    }

    #[test]
    fn a_section_of_json_ends_with_its_bracket_and_the_whole_stays_open() {
        let lines = lines("{\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  },\n  \"c\": 2\n}");
        let mut folds = Folds::of(&lines);
        folds.turn(1);
        assert_eq!(shown(&folds, &lines), ["{", "\"a\": {", "\"c\": 2", "}"]);
        folds.turn_all();
        folds.turn_all();
        assert_eq!(shown(&folds, &lines), ["{", "\"a\": {", "\"c\": 2", "}"]);
    }

    #[test]
    fn what_has_no_sections_has_nothing_to_fold() {
        assert!(!Folds::of(&lines("a\nb\n\nc")).any() && !Folds::of(&[]).any());
        let mut folds = Folds::of(&lines("a\n\n"));
        folds.turn_all();
        assert_eq!(folds.shown().len(), 3);
    }
}

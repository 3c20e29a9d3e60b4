//! What is wrong with a configuration, where, and what was expected.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Everything that is wrong with a file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// Which file.
    pub file: PathBuf,
    /// What is wrong with it. Never empty.
    pub list: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1; none where it is about the file as a whole.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What was expected in its place.
    pub expected: Option<String>,
    /// What may have been meant.
    pub near: Option<String>,
}

impl Problem {
    /// Something that is wrong with the file as a whole.
    pub fn of_file(what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { line: None, what: what.into(), expected: Some(expected.into()), near: None }
    }

    /// Something that is wrong at a place in `source`.
    pub(super) fn at(source: &str, span: &Range<usize>, what: impl Into<String>) -> Self {
        Self { line: Some(line_of(source, span.start)), what: what.into(), expected: None, near: None }
    }

    pub(super) fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }
}

/// The line, from 1, that a byte offset is on.
pub(super) fn line_of(source: &str, offset: usize) -> usize {
    source.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(near) = &self.near {
            write!(f, "; did you mean {near}?")?;
        }
        Ok(())
    }
}

impl Problems {
    pub(super) fn of(file: &Path, list: Vec<Problem>) -> Self {
        Self { file: file.to_owned(), list }
    }
}

impl fmt::Display for Problems {
    /// One line a problem: `FILE:LINE: what; expected …; did you mean …?`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.list.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{}:", self.file.display())?;
            if let Some(line) = problem.line {
                write!(f, "{line}:")?;
            }
            // What the file says may be shown, and must not drive the terminal.
            write!(f, " {}", crate::domain::sanitise(&problem.to_string()))?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The known word that is nearest to what was written, if it is near enough to have been meant.
pub fn near_match<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let written = written.to_lowercase();
    let allowed = (written.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&written, &word.to_lowercase()), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_match_is_a_slip_of_the_fingers_not_another_word() {
        let known = ["theme", "thresholds", "ascii"];
        assert_eq!(near_match("thme", known), Some("theme"));
        assert_eq!(near_match("ASCII", known), Some("ascii"));
        assert_eq!(near_match("treshold", known), Some("thresholds"));
        assert_eq!(near_match("colour", known), None);
    }

    #[test]
    fn a_line_is_counted_from_one() {
        assert_eq!(line_of("a\nb\nc", 0), 1);
        assert_eq!(line_of("a\nb\nc", 4), 3);
    }
}

//! A theme from its file, with everything that is wrong with it: line, what it is, what was expected.

use std::fmt;
use std::ops::Range;

use ratatui::style::{Modifier, Style};
use toml::de::{DeTable, DeValue};

use super::color::{color, names};
use super::{Ink, Theme, built_in};

/// One thing that is wrong with a theme's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1; none where it is about the file as a whole.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What was expected in its place.
    pub expected: String,
    /// What may have been meant.
    pub near: Option<&'static str>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{}; expected {}", self.what, self.expected)?;
        self.near.map_or(Ok(()), |near| write!(f, "; did you mean `{near}`?"))
    }
}

const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

const KEYS: [&str; 4] = ["about", "like", "default", "ink"];
const WORDS: &str = "a colour (one of the 16 by its name, 0 to 255, #rrggbb, default), `on` before a background, or bold, \
                     dim, italic, underlined, reversed";

/// Reads a theme.
///
/// # Errors
/// Everything that is wrong with it, in the order of its lines.
pub(super) fn parse(name: &str, source: &str) -> Result<Theme, Vec<Problem>> {
    let root = DeTable::parse(source).map_err(|error| {
        let line = error.span().map(|span| line_of(source, span.start));
        let what = error.message().trim().replace('\n', ", ");
        vec![Problem { line, what, expected: "TOML".to_owned(), near: None }]
    })?;
    let mut reading = Reading { source, problems: Vec::new() };
    let theme = reading.theme(name, root.get_ref());
    reading.problems.sort_by_key(|problem| problem.line);
    if reading.problems.is_empty() { Ok(theme) } else { Err(reading.problems) }
}

struct Reading<'a> {
    source: &'a str,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn wrong(&mut self, span: &Range<usize>, what: String, expected: impl Into<String>, near: Option<&'static str>) {
        let line = Some(line_of(self.source, span.start));
        self.problems.push(Problem { line, what, expected: expected.into(), near });
    }

    fn text<'t>(&mut self, key: &str, value: &'t toml::Spanned<DeValue<'_>>, expected: &str) -> Option<&'t str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong(&value.span(), format!("`{key}` is no text"), expected, None);
        }
        text
    }

    fn theme(&mut self, name: &str, root: &DeTable<'_>) -> Theme {
        let mut theme = Theme { name: name.to_owned(), about: String::new(), ground: Style::new(), styles: Vec::new() };
        let mut inks: Vec<Option<Style>> = vec![None; Ink::ALL.len()];
        let mut like = None;
        for (key, value) in root {
            match &**key.get_ref() {
                "about" => theme.about = self.text("about", value, "one line on it").unwrap_or_default().to_owned(),
                "like" => like = self.like(value),
                "default" => theme.ground = self.style("default", value).unwrap_or_default(),
                "ink" => self.inks(value, &mut inks),
                other => {
                    let near = nearest(other, KEYS.into_iter());
                    self.wrong(&key.span(), format!("unknown key `{other}`"), one_of(KEYS.into_iter()), near);
                }
            }
        }
        if let Some(like) = like.filter(|_| !root.contains_key("default")) {
            theme.ground = like.ground;
        }
        for (ink, style) in Ink::ALL.iter().zip(inks) {
            let inherited = like.and_then(|like| like.styles.get(*ink as usize).copied());
            theme.styles.push(style.or(inherited).unwrap_or_default());
            if style.or(inherited).is_none() {
                let what = format!("ink `{}` is missing", ink.as_str());
                let expected = "all of them, or `like = \"dark\"` to take the others from that theme".to_owned();
                self.problems.push(Problem { line: None, what, expected, near: None });
            }
        }
        theme
    }

    fn like(&mut self, value: &toml::Spanned<DeValue<'_>>) -> Option<&'static Theme> {
        let names = || built_in().iter().map(|theme| theme.name.as_str());
        let written = self.text("like", value, &one_of(names()))?;
        let found = built_in().iter().find(|theme| theme.name == written);
        if found.is_none() {
            let what = format!("there is no theme `{written}` to be like");
            self.wrong(&value.span(), what, one_of(names()), nearest(written, names()));
        }
        found
    }

    fn inks(&mut self, value: &toml::Spanned<DeValue<'_>>, inks: &mut [Option<Style>]) {
        let Some(table) = value.get_ref().as_table() else {
            return self.wrong(&value.span(), "`ink` is no table".to_owned(), "[ink], and a line for each", None);
        };
        for (key, value) in table {
            let written: &str = key.get_ref();
            let names = || Ink::ALL.iter().map(|ink| ink.as_str());
            match Ink::ALL.iter().position(|ink| ink.as_str() == written) {
                // What is wrong with one is said; it is not missing beside that.
                Some(ix) => inks[ix] = Some(self.style(&format!("ink.{written}"), value).unwrap_or_default()),
                None => {
                    let what = format!("there is no ink `{written}`");
                    self.wrong(&key.span(), what, one_of(names()), nearest(written, names()));
                }
            }
        }
    }

    /// A foreground, `on` and a background, and modifiers, in any order.
    fn style(&mut self, key: &str, value: &toml::Spanned<DeValue<'_>>) -> Option<Style> {
        let mut style = Style::new();
        let mut background = false;
        for word in self.text(key, value, WORDS)?.split_whitespace() {
            if let Some((_, modifier)) = MODIFIERS.iter().find(|(name, _)| *name == word) {
                style = style.add_modifier(*modifier);
                continue;
            }
            match (word, color(word)) {
                ("on", _) => background = true,
                ("default", _) => background = false,
                (_, Some(color)) if background => (style.bg, background) = (Some(color), false),
                (_, Some(color)) => style.fg = Some(color),
                (_, None) => {
                    let known = names().chain(MODIFIERS.iter().map(|(name, _)| *name)).chain(["default", "on"]);
                    let what = format!("`{key}`: `{word}` is no colour and no modifier");
                    self.wrong(&value.span(), what, WORDS, nearest(word, known));
                    return None;
                }
            }
        }
        Some(style)
    }
}

fn line_of(source: &str, offset: usize) -> usize {
    source.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("one of {}", words.collect::<Vec<_>>().join(", "))
}

fn nearest(written: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let allowed = (written.chars().count() / 3).clamp(1, 3);
    let scored = known.map(|word| (strsim::damerau_levenshtein(written, word), word));
    scored.filter(|(distance, _)| *distance <= allowed).min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(source: &str) -> Vec<String> {
        parse("mine", source).expect_err("a bad theme").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_said_with_its_line_and_what_was_expected() {
        let said = said("like = \"drak\"\nabuot = \"x\"\n[ink]\ntext = \"mauve\"\ncritcal = \"red\"\nrule = 7\n");
        assert!(said[0].starts_with("ink `strong` is missing; expected all of them, or `like"), "{said:?}");
        let placed: Vec<&String> = said.iter().filter(|it| it.starts_with("line ")).collect();
        assert_eq!(placed.len(), 5, "{said:?}");
        assert!(placed[0].starts_with("line 1: there is no theme `drak` to be like; expected one of dark, light, "));
        assert!(placed[0].ends_with("did you mean `dark`?"), "{}", placed[0]);
        assert!(placed[1].ends_with("did you mean `about`?"), "{}", placed[1]);
        assert!(placed[2].starts_with("line 4: `ink.text`: `mauve` is no colour and no modifier; expected a colour"));
        assert!(placed[3].starts_with("line 5: there is no ink `critcal`; expected one of text, strong"));
        assert!(placed[4].starts_with("line 6: `ink.rule` is no text"), "{}", placed[4]);
    }

    #[test]
    fn what_is_no_toml_is_said_with_its_line() {
        assert!(said("about = \"x\"\n[ink\n")[0].starts_with("line 2: "));
    }

    #[test]
    fn a_theme_may_change_a_few_inks_of_another() {
        let theme = parse("mine", "like = \"slate\"\n[ink]\ncritical = \"208 on #000000 bold\"\n").expect("a theme");
        let slate = built_in().iter().find(|theme| theme.name == "slate").expect("slate");
        assert_eq!(theme.ground, slate.ground);
        let other = |ink: Ink| theme.styles[ink as usize] != slate.styles[ink as usize];
        assert_eq!(Ink::ALL.iter().filter(|ink| other(**ink)).collect::<Vec<_>>(), [&Ink::Critical]);
    }
}

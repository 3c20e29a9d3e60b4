//! Checks of `cockpit doctor`, and how they are printed.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::listing::Style;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// In order.
    Good,
    /// Good to know.
    Note,
    /// It works, but for something.
    Mind,
    /// Missing or broken: the doctor ends with status 1.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// How it came out.
    pub mark: Mark,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub mend: Option<String>,
}

impl Check {
    /// A check without anything to mend.
    pub fn new(mark: Mark, what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { mark, what: what.into(), found: found.into(), mend: None }
    }

    /// With what to do about it.
    #[must_use]
    pub fn mend(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }
}

/// Everything that was looked at, in sections.
#[derive(Debug, Default)]
pub struct Sheet {
    sections: Vec<(&'static str, Vec<Check>)>,
}

impl Sheet {
    /// Adds a section.
    pub fn section(&mut self, title: &'static str, checks: Vec<Check>) {
        self.sections.push((title, checks));
    }

    /// Whether nothing is missing or broken.
    pub fn is_well(&self) -> bool {
        self.sections.iter().flat_map(|(_, checks)| checks).all(|check| check.mark != Mark::Bad)
    }

    /// Plain lines.
    pub fn print(&self, style: Style) -> String {
        let checks = || self.sections.iter().flat_map(|(_, checks)| checks);
        let width = checks().map(|check| check.what.width()).max().unwrap_or_default().min(40);
        let mut out = String::new();
        for (place, (title, checks)) in self.sections.iter().enumerate() {
            let _ = writeln!(out, "{}{title}", if place == 0 { "" } else { "\n" });
            for check in checks {
                let pad = width.saturating_sub(check.what.width());
                let _ = writeln!(out, "  {} {}{:pad$}  {}", glyph(check.mark, style), check.what, "", check.found);
                if let Some(mend) = &check.mend {
                    let _ = writeln!(out, "    {:width$}  to mend it: {mend}", "");
                }
            }
        }
        if style.ascii { out.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect() } else { out }
    }
}

fn glyph(mark: Mark, style: Style) -> String {
    let (glyph, twin, colour) = match mark {
        Mark::Good => ("✔", "+", 32),
        Mark::Note => ("·", ".", 0),
        Mark::Mind => ("▲", "!", 33),
        Mark::Bad => ("✖", "X", 31),
    };
    let glyph = if style.ascii { twin } else { glyph };
    if style.colour { format!("\x1b[{colour}m{glyph}\x1b[m") } else { glyph.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_broken_stands_with_its_mend() {
        let mut sheet = Sheet::default();
        sheet.section(
            "Engines",
            vec![Check::new(Mark::Good, "local", "answers"), Check::new(Mark::Bad, "edge", "größe").mend("start it")],
        );
        assert!(!sheet.is_well());
        let plain = sheet.print(Style { ascii: true, colour: false });
        assert_eq!(plain, "Engines\n  + local  answers\n  X edge   gr??e\n           to mend it: start it\n");
    }
}

//! `cockpit themes`: their names and what they look like, which is in use, and what chooses it.

use std::io::IsTerminal;

use ratatui::style::Style;

use crate::app::sgr;
use crate::domain::sanitise;
use crate::ui::theme::{self, Depth, Ink, Palette, Theme};
use crate::ui::{glyphs, text_width};

use super::End;
use super::look::{own_themes, read_theme};
use super::output::print;
use super::session::Session;

/// Lists them.
///
/// # Errors
/// A theme is asked for that there is not, or that cannot be used; standard output cannot be written.
pub fn run(session: &Session) -> Result<(), End> {
    let (here, depth) = (session.theme()?, session.depth());
    let own = own_themes(session.common.config.as_deref());
    let brought = theme::built_in().iter().filter(|theme| !own.iter().any(|(name, _)| *name == theme.name));
    let mut lines: Vec<(String, Result<Theme, String>)> =
        brought.map(|theme| (theme.name.clone(), Ok(theme.clone()))).collect();
    for (name, file) in own {
        let read = read_theme(&name, &file).map_err(|problems| problems.to_string());
        let from = sanitise(&file.display().to_string()).into_owned();
        let told = |mut theme: Theme| {
            theme.about = if theme.about.is_empty() { from } else { format!("{}; {from}", sanitise(&theme.about)) };
            theme
        };
        lines.push((name, read.map(told)));
    }
    let width = lines.iter().map(|(name, _)| text_width(name)).max().unwrap_or_default();
    let shown = std::io::stdout().is_terminal();
    let mut out = String::new();
    for (name, theme) in &lines {
        let chosen = *name == here.what.name;
        let gap = " ".repeat(width - text_width(name));
        let in_use = if chosen { format!("in use: {}; ", here.by) } else { String::new() };
        out.push_str(&format!("{} {name}{gap}  {in_use}", if chosen { '*' } else { ' ' }));
        match theme {
            Ok(theme) => {
                out.push_str(&format!("{}\n", theme.about));
                if shown {
                    out.push_str(&format!("    {}\n", sample(&theme.palette(depth.what), session.ascii())));
                }
            }
            Err(problems) => {
                out.push_str("cannot be used:\n");
                problems.lines().for_each(|line| out.push_str(&format!("    {line}\n")));
            }
        }
    }
    let many = match depth.what {
        Depth::Mono => "drawn without colours",
        Depth::Sixteen => "drawn in 16 colours",
        Depth::Indexed => "drawn in 256 colours",
        Depth::True => "drawn in true colour",
    };
    out.push_str(&format!("{many}: {}\n", depth.by));
    Ok(print(&out)?)
}

/// Some words in the inks that stand out.
fn sample(palette: &Palette, ascii: bool) -> String {
    let glyph = |glyph| if ascii { glyphs::twin(glyph) } else { glyph };
    let words = [
        (Ink::Text, "text"),
        (Ink::Strong, "strong"),
        (Ink::Dim, "dim"),
        (Ink::Critical, glyph(glyphs::CRITICAL)),
        (Ink::Critical, "critical"),
        (Ink::Warning, glyph(glyphs::WARNING)),
        (Ink::Warning, "warning"),
        (Ink::Risk, glyph(glyphs::RISK)),
        (Ink::Risk, "risk"),
        (Ink::Good, glyph(glyphs::GOOD)),
        (Ink::Good, "good"),
        (Ink::Name, "name"),
        (Ink::Key, "key"),
        (Ink::Selected, " selected "),
        (Ink::TabHere, " 1 Triage "),
    ];
    let ground = palette.style(Ink::Text);
    let space = styled(ground, " ");
    let each = words.iter().map(|(ink, word)| format!("{}{space}", styled(palette.style(*ink), word)));
    format!("{space}{}", each.collect::<String>())
}

fn styled(style: Style, word: &str) -> String {
    match sgr(style) {
        codes if codes.is_empty() => word.to_owned(),
        codes => format!("\x1b[{codes}m{word}\x1b[m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_shows_its_inks_and_leaves_the_terminal_as_it_was() {
        for theme in theme::built_in() {
            for depth in Depth::ALL {
                let line = sample(&theme.palette(depth), true);
                assert!(line.is_ascii() && !line.contains('\n'));
                assert_eq!(line.matches('\u{1b}').count() % 2, 0, "each is ended");
                assert_eq!(
                    line.contains("38;2"),
                    depth == Depth::True && theme.name != "dark" && theme.name != "light"
                );
            }
        }
    }
}

//! A snapshot of tests/screens as a picture. Those of the themes have their styles beside them; the others are text alone, and
//! are drawn in plain ink, with the glyphs in the colours of what they stand for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use cockpit::ui::svg::{self, Paper};
use cockpit::ui::theme::{Ink, Palette, Theme};
use cockpit::ui::{glyphs, text_width};
use color_eyre::eyre::{WrapErr, eyre};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The snapshot as SVG.
pub fn picture(name: &str) -> color_eyre::Result<String> {
    let file = file(name)?;
    let source = std::fs::read_to_string(&file).wrap_err_with(|| format!("{} cannot be read", file.display()))?;
    // What insta says of it stands between two lines of dashes.
    let text = source.splitn(3, "---\n").nth(2).ok_or_else(|| eyre!("{} is no snapshot", file.display()))?;
    let lines: Vec<&str> = text.lines().collect();
    Ok(match legend(&lines)? {
        Some((styles, rows)) => styled(&lines[..rows * 2], &styles),
        None => plain(&lines),
    })
}

fn file(name: &str) -> color_eyre::Result<PathBuf> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens/snapshots");
    let ending = format!("__{name}.snap");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&all).wrap_err("the snapshots cannot be read")? {
        let path = entry?.path();
        let found = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        if found.ends_with(&ending) {
            return Ok(path);
        }
        names.extend(found.rsplit("__").next().map(|it| it.trim_end_matches(".snap").to_owned()));
    }
    names.sort_by_key(|known| (strsim::damerau_levenshtein(known, name), known.clone()));
    let near = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    Err(eyre!("no snapshot is called {name}; the nearest are {near}"))
}

/// Styles by their letters, and how many rows of the frame stand before them; none where the snapshot has no styles.
fn legend(lines: &[&str]) -> color_eyre::Result<Option<(HashMap<char, Style>, usize)>> {
    let told = |line: &&str| line.get(1..3) == Some("  ") && line.contains(" on ");
    let count = lines.iter().rev().take_while(|line| told(line)).count();
    if count == 0 || !(lines.len() - count).is_multiple_of(2) {
        return Ok(None);
    }
    let mut styles = HashMap::new();
    for line in &lines[lines.len() - count..] {
        let (letter, words) = line.split_at(1);
        styles.insert(letter.chars().next().unwrap_or('.'), style(words.trim())?);
    }
    Ok(Some((styles, (lines.len() - count) / 2)))
}

/// A style as a theme writes it.
fn style(words: &str) -> color_eyre::Result<Style> {
    let theme = format!("like = \"dark\"\n[ink]\nname = \"{words}\"\n");
    let theme = Theme::parse("snapshot", &theme).map_err(|_| eyre!("{words} is no style"))?;
    Ok(theme.palette(cockpit::ui::theme::Depth::True).style(Ink::Name))
}

fn styled(lines: &[&str], styles: &HashMap<char, Style>) -> String {
    let ground = styles.get(&'.').copied().unwrap_or_default();
    let wide = lines.iter().map(|line| text_width(line)).max().unwrap_or(1) as u16;
    let mut buffer = Buffer::empty(Rect::new(0, 0, wide, (lines.len() / 2) as u16));
    buffer.set_style(buffer.area, ground);
    for (y, pair) in (0..).zip(lines.chunks(2)) {
        let [text, letters] = pair else { break };
        buffer.set_string(0, y, text, Style::new());
        for (x, letter) in (0..wide).zip(letters.chars()) {
            buffer[(x, y)].set_style(styles.get(&letter).copied().unwrap_or(ground));
        }
    }
    svg::render(&buffer, Paper::on(ground))
}

fn plain(lines: &[&str]) -> String {
    const GLYPHS: [(&str, Ink); 9] = [
        (glyphs::CRITICAL, Ink::Critical),
        (glyphs::WARNING, Ink::Warning),
        (glyphs::RISK, Ink::Risk),
        (glyphs::GOOD, Ink::Good),
        ("●", Ink::Live),
        ("○", Ink::Loading),
        ("◐", Ink::Stale),
        ("✗", Ink::Dark),
        (glyphs::HERE, Ink::Key),
    ];
    let palette = Palette::default();
    let wide = lines.iter().map(|line| text_width(line)).max().unwrap_or(1).max(1) as u16;
    let mut buffer = Buffer::empty(Rect::new(0, 0, wide, lines.len().max(1) as u16));
    for (y, line) in (0..).zip(lines) {
        buffer.set_string(0, y, line, Style::new());
        for x in 0..wide {
            let symbol = buffer[(x, y)].symbol();
            let rule = matches!(symbol, "─" | "│" | "┌" | "┐" | "└" | "┘").then_some(Ink::Rule);
            let ink = GLYPHS.iter().find(|(glyph, _)| *glyph == symbol).map(|(_, ink)| *ink).or(rule);
            buffer[(x, y)].set_style(palette.style(ink.unwrap_or(Ink::Text)));
        }
    }
    svg::render(&buffer, Paper::DARK)
}

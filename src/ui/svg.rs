//! A frame as a picture: for the README, and to look at a frame without a terminal.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::text::grapheme_width;

/// Width of a cell, units of the picture.
const WIDE: f64 = 8.4;
/// Height of a cell.
const HIGH: f64 = 17.0;
/// Room around the frame.
const EDGE: f64 = 12.0;

/// What the terminal of the picture is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

impl Paper {
    const fn ink(self) -> &'static str {
        match self {
            Paper::Dark => "#d8dee9",
            Paper::Light => "#24292f",
        }
    }

    const fn color(self) -> &'static str {
        match self {
            Paper::Dark => "#16181d",
            Paper::Light => "#fbfaf7",
        }
    }
}

/// The 16 colours, as common terminals have them.
fn color(color: Color) -> Option<&'static str> {
    Some(match color {
        Color::Black => "#16181d",
        Color::Red => "#c4433f",
        Color::Green => "#7fb069",
        Color::Yellow => "#c9a227",
        Color::Blue => "#2b5c8a",
        Color::Magenta => "#a368a8",
        Color::Cyan => "#4f9da6",
        Color::Gray => "#b8bfcc",
        Color::DarkGray => "#6b7280",
        Color::LightRed => "#ff6b64",
        Color::LightGreen => "#9ece6a",
        Color::LightYellow => "#f2c55c",
        Color::LightBlue => "#6fa8dc",
        Color::LightMagenta => "#c792ea",
        Color::LightCyan => "#7fd1dc",
        Color::White => "#f4f6fa",
        _ => return None,
    })
}

/// The looks of a cell that cells beside it may share.
#[derive(PartialEq, Clone, Copy)]
struct Looks {
    ink: &'static str,
    paper: Option<&'static str>,
    modifier: Modifier,
}

fn looks(cell: &Cell, page: Paper) -> Looks {
    let ink = color(cell.fg).unwrap_or(page.ink());
    let paper = color(cell.bg);
    let kept = Modifier::BOLD | Modifier::DIM | Modifier::ITALIC | Modifier::UNDERLINED;
    let modifier = cell.modifier & kept;
    if cell.modifier.contains(Modifier::REVERSED) {
        return Looks { ink: paper.unwrap_or(page.color()), paper: Some(ink), modifier };
    }
    Looks { ink, paper, modifier }
}

/// The buffer as an SVG document. Each run of cells that look alike is one text of a set length, so that columns stay in
/// line whatever font the reader has.
pub fn render(buffer: &Buffer, paper: Paper) -> String {
    let area = buffer.area;
    let (wide, high) = (f64::from(area.width) * WIDE + 2.0 * EDGE, f64::from(area.height) * HIGH + 2.0 * EDGE);
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide:.1} {high:.1}\" width=\"{wide:.0}\" \
         height=\"{high:.0}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"14\">"
    );
    let _ = writeln!(out, "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>", paper.color());
    for y in area.top()..area.bottom() {
        for (x, columns, text, looks) in runs(buffer, y, paper) {
            run(&mut out, (x - area.left(), y - area.top()), columns, &text, looks);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// The runs of a line: first column, columns, text, looks.
fn runs(buffer: &Buffer, y: u16, paper: Paper) -> Vec<(u16, u16, String, Looks)> {
    let mut runs: Vec<(u16, u16, String, Looks)> = Vec::new();
    let mut x = buffer.area.left();
    while x < buffer.area.right() {
        let cell = &buffer[(x, y)];
        let symbol = if cell.symbol().is_empty() { " " } else { cell.symbol() };
        let columns = (grapheme_width(symbol) as u16).max(1);
        let looks = looks(cell, paper);
        match runs.last_mut() {
            Some((_, so_far, text, known)) if *known == looks => {
                *so_far += columns;
                text.push_str(symbol);
            }
            _ => runs.push((x, columns, symbol.to_owned(), looks)),
        }
        x += columns;
    }
    runs
}

fn run(out: &mut String, (x, y): (u16, u16), columns: u16, text: &str, looks: Looks) {
    let (left, top, wide) = (EDGE + f64::from(x) * WIDE, EDGE + f64::from(y) * HIGH, f64::from(columns) * WIDE);
    if let Some(paper) = looks.paper {
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{HIGH}\" fill=\"{paper}\"/>"
        );
    }
    if text.trim().is_empty() {
        return;
    }
    let mut more = String::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::DIM, " opacity=\"0.6\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if looks.modifier.contains(modifier) {
            more.push_str(attribute);
        }
    }
    let base = top + HIGH - 4.5;
    let _ = writeln!(
        out,
        "<text x=\"{left:.1}\" y=\"{base:.1}\" textLength=\"{wide:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\" fill=\"{}\"{more}>{}</text>",
        looks.ink,
        escaped(text)
    );
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn a_picture_holds_the_text_and_nothing_that_a_browser_would_obey() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
        buffer.set_string(0, 0, "<b>&日本 x", Style::new().fg(Color::LightRed).add_modifier(Modifier::BOLD));
        buffer.set_string(0, 1, "here", Style::new().add_modifier(Modifier::REVERSED));
        let svg = render(&buffer, Paper::Dark);
        assert!(svg.contains("&lt;b&gt;&amp;日本 x"), "{svg}");
        assert!(svg.contains("fill=\"#ff6b64\" font-weight=\"bold\""));
        assert!(svg.contains("fill=\"#d8dee9\"/>"), "what is reversed has a paper of its own");
        assert_eq!(svg.matches("<svg").count(), 1);
    }
}

//! A frame as a picture: for the README, and to look at a frame without a terminal.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};

use super::text::grapheme_width;
use super::theme::{Ink, Palette, Rgb, rgb};

/// Width of a cell, units of the picture.
const WIDE: f64 = 8.4;
/// Height of a cell.
const HIGH: f64 = 17.0;
/// Room around the frame.
const EDGE: f64 = 12.0;

/// What the terminal of the picture is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paper {
    ink: Rgb,
    color: Rgb,
}

impl Paper {
    /// Light on dark.
    pub const DARK: Paper = Paper { ink: (0xd8, 0xde, 0xe9), color: (0x16, 0x18, 0x1d) };
    /// Dark on light.
    pub const LIGHT: Paper = Paper { ink: (0x24, 0x29, 0x2f), color: (0xfb, 0xfa, 0xf7) };

    /// What a theme is for: its own ground, or that of a terminal that it fits.
    pub fn of(palette: &Palette) -> Self {
        let light = palette.name == "light";
        Self::own(palette.style(Ink::Text)).unwrap_or(if light { Paper::LIGHT } else { Paper::DARK })
    }

    /// What is written on in a style; dark where that is the terminal's own.
    pub fn on(ground: Style) -> Self {
        Self::own(ground).unwrap_or(Paper::DARK)
    }

    fn own(ground: Style) -> Option<Self> {
        let own = |color: Option<Color>| color.and_then(rgb);
        Some(Paper { ink: own(ground.fg)?, color: own(ground.bg)? })
    }
}

/// A colour; of the 16, as common terminals have them.
fn color(color: Color) -> Option<Rgb> {
    let rgb_of = |all: u32| ((all >> 16) as u8, (all >> 8) as u8, all as u8);
    Some(rgb_of(match color {
        Color::Black => 0x16181d,
        Color::Red => 0xc4433f,
        Color::Green => 0x7fb069,
        Color::Yellow => 0xc9a227,
        Color::Blue => 0x2b5c8a,
        Color::Magenta => 0xa368a8,
        Color::Cyan => 0x4f9da6,
        Color::Gray => 0xb8bfcc,
        Color::DarkGray => 0x6b7280,
        Color::LightRed => 0xff6b64,
        Color::LightGreen => 0x9ece6a,
        Color::LightYellow => 0xf2c55c,
        Color::LightBlue => 0x6fa8dc,
        Color::LightMagenta => 0xc792ea,
        Color::LightCyan => 0x7fd1dc,
        Color::White => 0xf4f6fa,
        other => return rgb(other),
    }))
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The looks of a cell that cells beside it may share.
#[derive(PartialEq, Clone, Copy)]
struct Looks {
    ink: Rgb,
    paper: Option<Rgb>,
    modifier: Modifier,
}

fn looks(cell: &Cell, page: Paper) -> Looks {
    let ink = color(cell.fg).unwrap_or(page.ink);
    let paper = color(cell.bg).filter(|paper| *paper != page.color);
    let kept = Modifier::BOLD | Modifier::DIM | Modifier::ITALIC | Modifier::UNDERLINED;
    let modifier = cell.modifier & kept;
    if cell.modifier.contains(Modifier::REVERSED) {
        return Looks { ink: paper.unwrap_or(page.color), paper: Some(ink), modifier };
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
    let _ = writeln!(out, "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>", hex(paper.color));
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
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{HIGH}\" fill=\"{}\"/>",
            hex(paper)
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
        hex(looks.ink),
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

    #[test]
    fn a_picture_holds_the_text_and_nothing_that_a_browser_would_obey() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
        buffer.set_string(0, 0, "<b>&日本 x", Style::new().fg(Color::LightRed).add_modifier(Modifier::BOLD));
        buffer.set_string(0, 1, "here", Style::new().add_modifier(Modifier::REVERSED));
        let svg = render(&buffer, Paper::DARK);
        assert!(svg.contains("&lt;b&gt;&amp;日本 x"), "{svg}");
        assert!(svg.contains("fill=\"#ff6b64\" font-weight=\"bold\""));
        assert!(svg.contains("fill=\"#d8dee9\"/>"), "what is reversed has a paper of its own");
        assert_eq!(svg.matches("<svg").count(), 1);
    }
}

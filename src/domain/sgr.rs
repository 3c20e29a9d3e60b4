//! The colours that a program gives its own lines: SGR sequences (ECMA-48 8.3.117, and what xterm adds for 256 and 16 million
//! colours), taken out of a line where it enters. No other sequence is obeyed: it is shown.
//!
//! The crates for this take all sequences out, also those that are to be seen.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use super::text::{Text, show};

/// A colour as a program said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// One of a terminal's 256; the first 16 are those that a person can set.
    Table(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// How a part of a line is dyed. What blinks or hides is left out.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Dye {
    /// Of the letters; none: as the rest of the line.
    pub fg: Option<Colour>,
    /// Behind them.
    pub bg: Option<Colour>,
    ways: u8,
}

impl Dye {
    /// Bold.
    pub const BOLD: u8 = 1;
    /// Faint.
    pub const DIM: u8 = 2;
    /// Italic.
    pub const ITALIC: u8 = 4;
    /// Underlined.
    pub const UNDERLINED: u8 = 8;
    /// Letters and ground the other way round.
    pub const REVERSED: u8 = 16;
    /// Crossed out.
    pub const STRUCK: u8 = 32;

    /// Whether it is drawn in this way.
    pub const fn is(self, way: u8) -> bool {
        self.ways & way != 0
    }
}

impl fmt::Debug for Dye {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} on {:?}, ways {:06b}", self.fg, self.bg, self.ways)
    }
}

/// Where each dye of a text begins; it goes on to the next one. Empty for most.
pub type Dyes = Box<[(u32, Dye)]>;

/// A sequence that is longer is none that anybody means.
const LONGEST: usize = 64;
/// Columns from one tab stop to the next, as terminals have them.
const STOP: usize = 8;

/// The line without its colours and with tabs as spaces, sanitised; and its colours.
pub fn undyed(raw: &str) -> (Text, Dyes) {
    if !raw.contains(['\x1b', '\t']) {
        return (Text::new(raw), Dyes::default());
    }
    let mut out = String::with_capacity(raw.len());
    let mut dyes: Vec<(u32, Dye)> = Vec::new();
    let mut dye = Dye::default();
    // Columns up to here are counted.
    let (mut counted, mut column) = (0, 0);
    let mut rest = raw.trim_end_matches(['\n', '\r']);
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if let Some((codes, left)) = sequence(rest) {
            dye = turned(dye, codes);
            rest = left;
            let at = u32::try_from(out.len()).unwrap_or(u32::MAX);
            dyes.pop_if(|(from, _)| *from == at);
            if dyes.last().map_or(Dye::default(), |(_, last)| *last) != dye {
                dyes.push((at, dye));
            }
            continue;
        }
        match c {
            '\t' => {
                column += out[counted..].width();
                let blank = STOP - column % STOP;
                out.extend(std::iter::repeat_n(' ', blank));
                (counted, column) = (out.len(), column + blank);
            }
            c => show(&mut out, c, after.chars().next()),
        }
        rest = after;
    }
    // It is sanitised already: nothing more comes of it.
    (Text::from(out), dyes.into())
}

/// The codes of the SGR sequence that a text begins with, and what follows it.
fn sequence(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("\x1b[")?;
    let end = text.bytes().take(LONGEST).position(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':'))?;
    (text.as_bytes()[end] == b'm').then(|| (&text[..end], &text[end + 1..]))
}

fn turned(mut dye: Dye, codes: &str) -> Dye {
    let mut codes = codes.split(';');
    while let Some(code) = codes.next() {
        let (code, part) = code.split_once(':').unwrap_or((code, ""));
        // Nothing is 0.
        match (if code.is_empty() { Some(0) } else { code.parse::<u16>().ok() }).unwrap_or(u16::MAX) {
            0 => dye = Dye::default(),
            1 => dye.ways |= Dye::BOLD,
            2 => dye.ways |= Dye::DIM,
            3 => dye.ways |= Dye::ITALIC,
            4 if part == "0" => dye.ways &= !Dye::UNDERLINED,
            4 | 21 => dye.ways |= Dye::UNDERLINED,
            7 => dye.ways |= Dye::REVERSED,
            9 => dye.ways |= Dye::STRUCK,
            22 => dye.ways &= !(Dye::BOLD | Dye::DIM),
            23 => dye.ways &= !Dye::ITALIC,
            24 => dye.ways &= !Dye::UNDERLINED,
            27 => dye.ways &= !Dye::REVERSED,
            29 => dye.ways &= !Dye::STRUCK,
            code @ (30..=37 | 90..=97) => dye.fg = Some(basic(code)),
            code @ (40..=47 | 100..=107) => dye.bg = Some(basic(code - 10)),
            39 => dye.fg = None,
            49 => dye.bg = None,
            38 => dye.fg = extended(part, &mut codes).or(dye.fg),
            48 => dye.bg = extended(part, &mut codes).or(dye.bg),
            // The colour of an underline takes as many codes, and is not kept.
            58 => drop(extended(part, &mut codes)),
            _ => {}
        }
    }
    dye
}

const fn basic(code: u16) -> Colour {
    Colour::Table(if code >= 90 { code - 90 + 8 } else { code - 30 } as u8)
}

/// `5;n` and `2;r;g;b`; or all of it in one code: `:5:n`, `:2:r:g:b`, `:2:space:r:g:b`.
fn extended<'a>(part: &str, codes: &mut impl Iterator<Item = &'a str>) -> Option<Colour> {
    let byte = |text: Option<&str>| text?.parse::<u8>().ok();
    if part.is_empty() {
        return match codes.next()? {
            "5" => byte(codes.next()).map(Colour::Table),
            "2" => {
                let (r, g, b) = (codes.next(), codes.next(), codes.next());
                Some(Colour::Rgb(byte(r)?, byte(g)?, byte(b)?))
            }
            _ => None,
        };
    }
    let parts: Vec<&str> = part.split(':').collect();
    match parts[..] {
        ["5", n] => byte(Some(n)).map(Colour::Table),
        ["2", r, g, b] | ["2", _, r, g, b] => Some(Colour::Rgb(byte(Some(r))?, byte(Some(g))?, byte(Some(b))?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fg(colour: Colour) -> Dye {
        Dye { fg: Some(colour), ..Dye::default() }
    }

    fn read(raw: &str) -> (String, Vec<(u32, Dye)>) {
        let (text, dyes) = undyed(raw);
        (text.to_string(), dyes.into_vec())
    }

    #[test]
    fn colours_are_taken_out_and_kept_beside_the_text() {
        let (text, dyes) = read("a \x1b[31mred\x1b[0m \x1b[1;38;5;208mfat\x1b[22m \x1b[48;2;1;2;3mdeep\x1b[m");
        assert_eq!(text, "a red fat deep");
        let orange = fg(Colour::Table(208));
        let bold = Dye { ways: Dye::BOLD, ..orange };
        let deep = Dye { bg: Some(Colour::Rgb(1, 2, 3)), ..orange };
        let red = fg(Colour::Table(1));
        let plain = Dye::default();
        assert_eq!(dyes, [(2, red), (5, plain), (6, bold), (9, orange), (10, deep), (14, plain)]);
        assert_eq!(read("plain"), ("plain".to_owned(), Vec::new()));
    }

    #[test]
    fn both_ways_to_write_a_colour_are_read_and_bad_ones_change_nothing() {
        let last = |raw: &str| read(&format!("{raw}x")).1.last().map(|(_, dye)| *dye);
        assert_eq!(last("\x1b[38:5:9m"), Some(fg(Colour::Table(9))));
        assert_eq!(last("\x1b[38:2:1:2:3m"), Some(fg(Colour::Rgb(1, 2, 3))));
        assert_eq!(last("\x1b[38:2::1:2:3m"), Some(fg(Colour::Rgb(1, 2, 3))));
        assert_eq!(last("\x1b[97m"), Some(fg(Colour::Table(15))));
        assert_eq!(last("\x1b[58;5;9;4m"), Some(Dye { ways: Dye::UNDERLINED, ..Dye::default() }));
        for raw in ["\x1b[38;5;256m", "\x1b[38;2;1;2m", "\x1b[38m", "\x1b[99999m", "\x1b[5;8m", "\x1b[m", "\x1b[4:0m"] {
            assert_eq!(last(raw), None, "{raw:?}");
        }
    }

    #[test]
    fn every_other_sequence_is_shown_and_none_is_left() {
        for (raw, shown) in [
            ("\x1b[2Jx\x1b[1;1H", "^[[2Jx^[[1;1H"),
            ("\x1b]0;title\x07x", "^[]0;title^Gx"),
            ("\x1b[31", "^[[31"),
            ("\x1b[?25lx", "^[[?25lx"),
            ("\x1b\x1b[1mx", "^[x"),
            ("\u{9b}31mx", "\\x9b31mx"),
            ("10%\r\x1b[32m100%\r", "10%^M100%"),
            ("\0\u{202e}\x1b[1m", "^@<U+202E>"),
        ] {
            let (text, _) = read(raw);
            assert_eq!(text, shown, "{raw:?}");
            assert!(!text.chars().any(char::is_control));
        }
        let long = format!("\x1b[{}m", "1;".repeat(60));
        assert!(read(&long).0.starts_with("^[[1;1;"));
    }

    #[test]
    fn tabs_go_to_the_next_stop_as_in_a_terminal() {
        assert_eq!(read("a\tb").0, "a       b");
        assert_eq!(read("12345678\tb\tc").0, "12345678        b       c");
        assert_eq!(read("日本\tb").0, "日本    b");
        assert_eq!(read("\x1b[31mab\x1b[0m\tc").0, "ab      c");
    }

    #[test]
    fn a_line_of_nothing_but_colours_takes_no_room_for_each() {
        let (text, dyes) = read(&"\x1b[31m\x1b[32m".repeat(2000));
        assert_eq!((text.as_str(), dyes.len()), ("", 1));
    }
}

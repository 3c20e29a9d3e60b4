//! Whether a program has turned to the terminal's other screen: told from what passes by, which is left as it is.

/// Parameters of a sequence that is read; longer ones are nobody's.
const LONGEST: usize = 32;
/// Screens that a program turns to and back from (xterm: ctlseqs, DEC private modes).
const SCREENS: [&[u8]; 3] = [b"47", b"1047", b"1049"];

/// What has been seen of it.
#[derive(Debug, Default)]
pub struct Alternate {
    /// The other screen is shown.
    pub is_on: bool,
    at: At,
    numbers: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After `ESC [`.
    Bracket,
    /// After `ESC [ ?`.
    Private,
}

impl Alternate {
    /// Takes in what passes by. A sequence may come in pieces.
    pub fn sees(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.at = match (self.at, *byte) {
                (_, 0x1b) => At::Escape,
                (At::Escape, b'[') => At::Bracket,
                (At::Bracket, b'?') => {
                    self.numbers.clear();
                    At::Private
                }
                (At::Private, b'0'..=b'9' | b';') if self.numbers.len() < LONGEST => {
                    self.numbers.push(*byte);
                    At::Private
                }
                (At::Private, b'h' | b'l') => {
                    if self.numbers.split(|byte| *byte == b';').any(|number| SCREENS.contains(&number)) {
                        self.is_on = *byte == b'h';
                    }
                    At::Text
                }
                _ => At::Text,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pieces: &[&[u8]]) -> bool {
        let mut alternate = Alternate::default();
        pieces.iter().for_each(|piece| alternate.sees(piece));
        alternate.is_on
    }

    #[test]
    fn an_editor_that_was_cut_off_has_left_its_screen_on() {
        assert!(after(&[b"$ vi\r\n\x1b[?1049h\x1b[22;0;0t~"]));
        assert!(after(&[b"\x1b[?10", b"49;25", b"h"]), "in pieces, and with others");
        assert!(!after(&[b"\x1b[?1049h", b"text \x1b[?1049l$ "]));
        assert!(!after(&[b"\x1b[?2004h\x1b[1049h ?1049h"]));
    }
}

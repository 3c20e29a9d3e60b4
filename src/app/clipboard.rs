//! The terminal's own clipboard, by OSC 52: it works through SSH, where the terminal takes it.

/// More than this some terminals refuse (xterm takes 100,000 bytes of base64), bytes.
const LONGEST: usize = 8192;
/// GNU screen passes strings of so many bytes on: 256 before 4.2, 768 since (`MAXSTR` in its sources); less the two bytes before
/// and after each. hterm's `osc52.sh` cuts at the same length.
const PIECE: usize = 252;

/// How the clipboard is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The terminal takes it, or at least does no harm with it.
    Plain,
    /// Through tmux.
    Tmux,
    /// Through GNU screen.
    Screen,
    /// The terminal is known not to have one.
    Nowhere,
}

impl Way {
    /// By the environment. tmux calls itself `screen` too, where nobody set `default-terminal`: so `$TMUX` is asked first.
    pub fn of(env: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| env(name).filter(|value| !value.is_empty());
        let term = get("TERM").unwrap_or_default();
        if get("TMUX").is_some() || term.starts_with("tmux") {
            Way::Tmux
        } else if get("STY").is_some() || term.starts_with("screen") {
            Way::Screen
        } else if term == "linux" || get("TERM_PROGRAM").as_deref() == Some("Apple_Terminal") {
            // The kernel's console and macOS' Terminal have none.
            Way::Nowhere
        } else {
            Way::Plain
        }
    }

    /// What puts `text` into the clipboard (xterm's control sequences, "OSC Ps ; Pt ST", Ps = 52); none where the text is too
    /// long for it, or nobody would take it.
    pub fn copy(self, text: &str) -> Option<Vec<u8>> {
        if text.len() > LONGEST {
            return None;
        }
        let plain = format!("\x1b]52;c;{}\x07", base64(text.as_bytes()));
        match self {
            Way::Plain => Some(plain.into_bytes()),
            Way::Tmux => Some(through_tmux(&plain).into_bytes()),
            Way::Screen => Some(through_screen(plain.as_bytes())),
            Way::Nowhere => None,
        }
    }
}

/// Both forms that tmux may take, for which of them it takes is the person's setting, and the other is dropped without a trace:
/// the plain one with `set-clipboard on` (of 3.3a with `external`, the default, it is ignored: tried), the one that is passed on
/// as it is with `allow-passthrough on`, and always before 3.3, which brought that option, off by default (tmux' CHANGES). Where
/// both are taken, the same text is set twice. In what is passed on every escape is doubled (tmux' FAQ).
fn through_tmux(plain: &str) -> String {
    format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b"))
}

/// What screen passes on to the terminal, in pieces that it does not cut. The plain form is not sent beside it: of a string that
/// is longer than its buffer screen shows the rest as text.
fn through_screen(plain: &[u8]) -> Vec<u8> {
    plain.chunks(PIECE).flat_map(|piece| [b"\x1bP", piece, b"\x1b\\"].concat()).collect()
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |ix: usize| u32::from(chunk.get(ix).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for ix in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * ix)) as usize & 63];
            out.push(if ix > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(pairs: &[(&str, &str)]) -> Way {
        Way::of(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn the_environment_tells_what_stands_between_us_and_the_terminal() {
        assert_eq!(way(&[("TERM", "xterm-256color")]), Way::Plain);
        assert_eq!(way(&[("TERM", "screen-256color"), ("TMUX", "/tmp/tmux-0/default,1,0")]), Way::Tmux);
        assert_eq!(way(&[("TERM", "tmux-256color")]), Way::Tmux, "at the far end of an ssh");
        assert_eq!(way(&[("TERM", "xterm"), ("STY", "1.pts-0.host")]), Way::Screen);
        assert_eq!(way(&[("TERM", "screen.xterm-256color"), ("TMUX", "")]), Way::Screen);
        assert_eq!(way(&[("TERM", "linux")]), Way::Nowhere);
        assert_eq!(way(&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "Apple_Terminal")]), Way::Nowhere);
    }

    #[test]
    fn each_way_has_its_wrapping() {
        let copied = |way: Way| way.copy("foo").map(|bytes| String::from_utf8(bytes).expect("ASCII"));
        assert_eq!(copied(Way::Plain).as_deref(), Some("\x1b]52;c;Zm9v\x07"));
        let tmux = "\x1b]52;c;Zm9v\x07\x1bPtmux;\x1b\x1b]52;c;Zm9v\x07\x1b\\";
        assert_eq!(copied(Way::Tmux).as_deref(), Some(tmux));
        assert_eq!(copied(Way::Screen).as_deref(), Some("\x1bP\x1b]52;c;Zm9v\x07\x1b\\"));
        assert_eq!(copied(Way::Nowhere), None);
        assert_eq!(Way::Plain.copy(&"x".repeat(LONGEST + 1)), None);
    }

    #[test]
    fn screen_gets_pieces_that_it_passes_on_whole() {
        let bytes = Way::Screen.copy(&"x".repeat(1000)).expect("short enough");
        let text = String::from_utf8(bytes).expect("ASCII");
        let pieces: Vec<&str> =
            text.split_terminator("\x1b\\").map(|it| it.strip_prefix("\x1bP").expect("a piece")).collect();
        assert!(pieces.len() > 4 && pieces.iter().all(|piece| piece.len() <= PIECE));
        assert_eq!(pieces.concat().as_bytes(), Way::Plain.copy(&"x".repeat(1000)).expect("short enough"));
    }
}

//! The terminal's own clipboard, by OSC 52: it works through SSH, where the terminal takes it.

/// More than this some terminals refuse (xterm takes 100,000 bytes of base64), bytes.
const LONGEST: usize = 8192;

/// Whether a text is short enough.
pub const fn takes(text: &str) -> bool {
    text.len() <= LONGEST
}

/// What puts `text` into the clipboard (xterm's control sequences, "OSC Ps ; Pt ST", Ps = 52).
pub fn copy(text: &str) -> Option<Vec<u8>> {
    takes(text).then(|| format!("\x1b]52;c;{}\x07", base64(text.as_bytes())).into_bytes())
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

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(copy("foo").as_deref(), Some(&b"\x1b]52;c;Zm9v\x07"[..]));
        assert_eq!(copy(&"x".repeat(LONGEST + 1)), None);
    }
}

//! What a person or a server named, in the address of a request.

use std::fmt::Write as _;

/// A value as it may stand in a path or a query: all but RFC 3986's unreserved letters by their bytes.
pub(super) fn escaped(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for byte in raw.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_unreserved_stands_as_it_is() {
        assert_eq!(escaped("web-1.2_x~"), "web-1.2_x~");
        assert_eq!(escaped("a/b c=ü"), "a%2Fb%20c%3D%C3%BC");
    }
}

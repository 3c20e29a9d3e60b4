//! Strings from the outside: sanitised once, where they enter, and shared.

use std::borrow::{Borrow, Cow};
use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A string that a source, a file or a person said. It holds no control character and no direction override: those are
/// *shown* (`^[`, `\x9b`, `<U+202E>`), so a name can never drive the terminal (CVE-2021-25743). Cheap to clone.
#[derive(Clone, Eq)]
pub struct Text(Arc<str>);

/// A [`Text`] that names something and is likely to be repeated; converters intern it.
pub type Name = Text;

impl Text {
    /// Takes a string from outside, making what is unprintable visible.
    pub fn new(raw: &str) -> Self {
        Self(Arc::from(sanitise(raw).as_ref()))
    }

    /// The sanitised string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes control characters visible: C0 and DEL in caret notation, C1 as `\x9b`, line breaks as ` / `, tabs as a space,
/// direction overrides and other invisible format characters as `<U+202E>`. Returns the input untouched when it is clean.
pub fn sanitise(raw: &str) -> Cow<'_, str> {
    if raw.chars().all(is_plain) {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len() + 8);
    let mut chars = raw.trim_end_matches(['\n', '\r']).chars().peekable();
    while let Some(c) = chars.next() {
        show(&mut out, c, chars.peek().copied());
    }
    Cow::Owned(out)
}

/// Adds a character, made visible.
pub(super) fn show(out: &mut String, c: char, next: Option<char>) {
    match c {
        '\r' if next == Some('\n') => {}
        '\n' => out.push_str(" / "),
        '\t' => out.push(' '),
        c if is_plain(c) => out.push(c),
        '\u{7f}' => out.push_str("^?"),
        c if (c as u32) < 0x20 => {
            out.push('^');
            out.push(char::from(c as u8 + b'@'));
        }
        c if (c as u32) < 0xa0 => out.push_str(&format!("\\x{:02x}", c as u32)),
        c => out.push_str(&format!("<U+{:04X}>", c as u32)),
    }
}

fn is_plain(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
}

/// Names are interned: most that are equal are one allocation, and are not read to tell.
impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { std::cmp::Ordering::Equal } else { self.0.cmp(&other.0) }
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Cow::<'de, str>::deserialize(deserializer)?;
        Ok(READING.with_borrow_mut(|reading| match reading {
            Some(interner) => interner.intern(&raw),
            None => Self::new(&raw),
        }))
    }
}

thread_local! {
    /// Shares the strings of what this thread reads just now: a deserializer has nowhere to carry it.
    static READING: RefCell<Option<Interner>> = const { RefCell::new(None) };
}

/// Gives equal strings one allocation. Each converter owns one; there is no global.
#[derive(Debug, Default)]
pub struct Interner(FxHashSet<Text>);

impl Interner {
    /// The shared, sanitised form of `raw`.
    pub fn intern(&mut self, raw: &str) -> Text {
        if let Some(known) = self.0.get(raw) {
            return known.clone();
        }
        let text = Text::new(raw);
        self.0.insert(text.clone());
        text
    }

    /// What `read` deserializes shares its strings with what was read before.
    pub fn share<T>(&mut self, read: impl FnOnce() -> T) -> T {
        let before = READING.replace(Some(std::mem::take(self)));
        let it = read();
        *self = READING.replace(before).unwrap_or_default();
        it
    }

    /// Lets go of strings that nobody else holds any more. To be called now and then, where names come and go.
    pub fn forget_unused(&mut self) {
        self.0.retain(|text| Arc::strong_count(&text.0) > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown_not_kept() {
        assert_eq!(Text::new("a\x1b[2Jb").as_str(), "a^[[2Jb");
        assert_eq!(Text::new("\u{9b}31m\u{7f}\0").as_str(), "\\x9b31m^?^@");
        assert_eq!(Text::new("one\r\ntwo\tthree\r\n").as_str(), "one / two three");
        assert_eq!(Text::new("evil\u{202e}gnp").as_str(), "evil<U+202E>gnp");
    }

    #[test]
    fn clean_strings_and_wide_ones_pass_untouched() {
        assert!(matches!(sanitise("größe 日本語 🚀"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_recording_is_sanitised_as_it_is_read() {
        let text: Text = serde_json::from_str(r#""x\u001b]0;t\u0007""#).expect("json");
        assert_eq!(text.as_str(), "x^[]0;t^G");
    }

    #[test]
    fn equal_strings_share_one_allocation() {
        let mut interner = Interner::default();
        let (a, b) = (interner.intern("web"), interner.intern("web"));
        assert!(std::ptr::eq(a.as_str(), b.as_str()));
        interner.forget_unused();
        assert_eq!(interner.0.len(), 1);
        drop((a, b));
        interner.forget_unused();
        assert!(interner.0.is_empty());
    }

    #[test]
    fn what_is_read_together_shares_its_strings() {
        let read = || serde_json::from_str::<[Text; 2]>(r#"["web","web"]"#).expect("json");
        let apart = read();
        assert!(!std::ptr::eq(apart[0].as_str(), apart[1].as_str()));
        let mut interner = Interner::default();
        let (one, two) = (interner.share(read), interner.share(read));
        assert!(std::ptr::eq(one[0].as_str(), one[1].as_str()) && std::ptr::eq(one[0].as_str(), two[0].as_str()));
        assert!(!std::ptr::eq(read()[0].as_str(), one[0].as_str()), "only while it is asked for");
    }
}

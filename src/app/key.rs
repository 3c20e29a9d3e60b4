//! Keys, as a person presses and as a keymap names them.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key with what is held with it. Shift is part of the character where there is one: `G`, never `shift-g`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd)]
pub struct Key {
    /// Which.
    pub code: KeyCode,
    /// With what.
    pub mods: KeyModifiers,
}

impl Key {
    /// A key that stands for a character.
    pub const fn char(c: char) -> Self {
        Self { code: KeyCode::Char(c), mods: KeyModifiers::NONE }
    }

    /// A key that does not.
    pub const fn of(code: KeyCode) -> Self {
        Self { code, mods: KeyModifiers::NONE }
    }

    /// What a terminal reported; none for a key that is let go.
    pub fn from_event(event: KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        Some(Self { code: event.code, mods: event.modifiers }.normal())
    }

    /// The character that it would type into a field.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.mods.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => Some(c),
            _ => None,
        }
    }

    /// The character that it is pressed with alt.
    pub fn with_alt(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.mods == KeyModifiers::ALT => Some(c),
            _ => None,
        }
    }

    /// Terminals disagree on whether shift is reported beside an upper-case letter, and on how; backtab is shift and tab.
    fn normal(self) -> Self {
        let mut key = self;
        key.mods &= KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT;
        if key.code == KeyCode::BackTab || (key.code == KeyCode::Tab && key.mods.contains(KeyModifiers::SHIFT)) {
            key.code = KeyCode::BackTab;
            key.mods -= KeyModifiers::SHIFT;
        }
        if let KeyCode::Char(c) = key.code {
            if key.mods.contains(KeyModifiers::SHIFT) && c.is_lowercase() {
                key.code = KeyCode::Char(c.to_uppercase().next().unwrap_or(c));
            }
            key.mods -= KeyModifiers::SHIFT;
            if key.mods.contains(KeyModifiers::CONTROL) {
                key.code = KeyCode::Char(c.to_ascii_lowercase());
            }
        }
        key
    }
}

const NAMED: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("backspace", KeyCode::Backspace),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("insert", KeyCode::Insert),
    ("delete", KeyCode::Delete),
    ("space", KeyCode::Char(' ')),
];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut name = String::new();
        for (held, word) in
            [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-"), (KeyModifiers::SHIFT, "shift-")]
        {
            if self.mods.contains(held) {
                name.push_str(word);
            }
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((word, _)), _) => name.push_str(word),
            (None, KeyCode::Char(c)) => name.push(c),
            (None, KeyCode::F(n)) => name.push_str(&format!("f{n}")),
            (None, other) => name.push_str(&format!("{other:?}").to_lowercase()),
        }
        f.pad(&name)
    }
}

/// Why a word is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no key: expected a character, a name such as enter, esc, pgdn, space, f5, or ctrl-, alt-, shift- before one"
)]
pub struct NotAKey(pub String);

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let mut mods = KeyModifiers::NONE;
        let mut rest = raw.trim();
        loop {
            let held = [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("shift-", KeyModifiers::SHIFT)]
                .into_iter()
                .find(|(word, _)| {
                    rest.len() > word.len() && rest.is_char_boundary(word.len()) && {
                        rest[..word.len()].eq_ignore_ascii_case(word)
                    }
                });
            let Some((word, held)) = held else { break };
            mods |= held;
            rest = &rest[word.len()..];
        }
        let named = NAMED.iter().find(|(word, _)| rest.eq_ignore_ascii_case(word)).map(|(_, code)| *code);
        let function = || {
            let digits = rest.strip_prefix(['f', 'F'])?;
            digits.parse::<u8>().ok().filter(|n| (1..=24).contains(n)).map(KeyCode::F)
        };
        let single = || {
            let mut chars = rest.chars();
            let c = chars.next().filter(|c| !c.is_control())?;
            chars.next().is_none().then_some(KeyCode::Char(c))
        };
        let code = named.or_else(function).or_else(single).ok_or_else(|| NotAKey(raw.to_owned()))?;
        Ok(Self { code, mods }.normal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_what_it_prints() {
        for word in ["j", "G", "ctrl-r", "enter", "esc", "pgdn", "space", "f5", "alt-x", "shift-up", "[", "-", "ctrl-l"]
        {
            let key: Key = word.parse().expect("a key");
            assert_eq!(key.to_string(), word);
        }
        assert_eq!("shift-f".parse::<Key>(), Ok(Key::char('F')));
        assert_eq!("ctrl-R".parse::<Key>(), "ctrl-r".parse::<Key>());
        for word in ["", "ctrl-", "enterr", "f99", "jj"] {
            assert!(word.parse::<Key>().is_err(), "{word}");
        }
    }

    #[test]
    fn shift_beside_a_letter_is_the_upper_case_letter_however_it_is_reported() {
        let press = |c, mods| Key::from_event(KeyEvent::new(KeyCode::Char(c), mods));
        assert_eq!(press('g', KeyModifiers::SHIFT), Some(Key::char('G')));
        assert_eq!(press('G', KeyModifiers::SHIFT), Some(Key::char('G')));
        assert_eq!(press('G', KeyModifiers::NONE), Some(Key::char('G')));
    }

    #[test]
    fn shift_and_tab_are_one_key_however_they_are_reported() {
        let press = |code, mods| Key::from_event(KeyEvent::new(code, mods));
        let backtab = Some(Key::of(KeyCode::BackTab));
        assert_eq!(press(KeyCode::BackTab, KeyModifiers::SHIFT), backtab);
        assert_eq!(press(KeyCode::BackTab, KeyModifiers::NONE), backtab);
        assert_eq!(press(KeyCode::Tab, KeyModifiers::SHIFT), backtab);
        assert_eq!("shift-tab".parse::<Key>().ok(), backtab);
    }
}

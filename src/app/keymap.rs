//! Which key does what, where.

use std::collections::HashMap;

use super::command::{Command, Place};
use super::commands::TABLE;
use super::key::{Key, NotAKey};

/// Keys of every place. Made from the table, and from what the configuration says instead.
#[derive(Debug, Clone)]
pub struct Keymap {
    by_key: HashMap<(Place, Key), usize>,
    by_command: Vec<Vec<Key>>,
}

/// What is wrong with keys that were configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// There is no such command.
    #[error("no command is called `{name}`{}", nearest(.near))]
    Unknown {
        /// What was written.
        name: String,
        /// What was meant, perhaps.
        near: Option<&'static str>,
    },
    /// It is no key.
    #[error("{command}: {error}")]
    NotAKey {
        /// For which command.
        command: &'static str,
        /// What was written, and what was expected.
        error: NotAKey,
    },
    /// Two commands want one key at one place.
    #[error("`{key}` is wanted by both `{one}` and `{other}` in: {place}; give one of them another key")]
    Twice {
        /// The key.
        key: String,
        /// The one.
        one: &'static str,
        /// The other.
        other: &'static str,
        /// Where.
        place: &'static str,
    },
    /// A command that changes a system has to be asked for, in a preview, by keys that a person expects.
    #[error("`{command}` has to keep a key: without one a preview could not be answered")]
    Needed {
        /// Which.
        command: &'static str,
    },
}

fn nearest(near: &Option<&'static str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// Commands without which something that floats could not be left or answered.
const NEEDED: &[&str] = &["dismiss", "back", "answer", "confirm"];

impl Keymap {
    /// The keys of the table, but for commands that `overrides` gives other keys (by the command's name).
    pub fn new(overrides: &[(String, Vec<String>)]) -> Result<Self, KeymapError> {
        let mut by_command = Vec::with_capacity(TABLE.len());
        for command in TABLE {
            by_command.push(parse(command.id, command.keys)?);
        }
        for (name, keys) in overrides {
            let Some(ix) = TABLE.iter().position(|command| command.id == name) else {
                return Err(KeymapError::Unknown { name: name.clone(), near: near(name) });
            };
            by_command[ix] = parse(TABLE[ix].id, keys)?;
            if by_command[ix].is_empty() && NEEDED.contains(&TABLE[ix].id) {
                return Err(KeymapError::Needed { command: TABLE[ix].id });
            }
        }
        let mut by_key = HashMap::new();
        for (ix, command) in TABLE.iter().enumerate() {
            for (key, place) in
                by_command[ix].iter().flat_map(|key| command.places.iter().map(move |place| (key, place)))
            {
                if let Some(other) = by_key.insert((*place, *key), ix).filter(|other| *other != ix) {
                    return Err(KeymapError::Twice {
                        key: key.to_string(),
                        one: TABLE[other].id,
                        other: command.id,
                        place: place.title(),
                    });
                }
            }
        }
        Ok(Self { by_key, by_command })
    }

    /// What a key does at a place.
    pub fn command(&self, place: Place, key: Key) -> Option<&'static Command> {
        self.by_key.get(&(place, key)).map(|ix| &TABLE[*ix])
    }

    /// The keys of a command, the first the one to show.
    pub fn keys(&self, command: &Command) -> &[Key] {
        let ix = TABLE.iter().position(|known| known.id == command.id);
        ix.and_then(|ix| self.by_command.get(ix)).map_or(&[], Vec::as_slice)
    }

    /// The key of a command that is shown.
    pub fn first_key(&self, command: &Command) -> Option<Key> {
        self.keys(command).first().copied()
    }
}

fn parse(command: &'static str, keys: &[impl AsRef<str>]) -> Result<Vec<Key>, KeymapError> {
    let each = keys.iter().map(|key| key.as_ref().parse());
    each.collect::<Result<_, NotAKey>>().map_err(|error| KeymapError::NotAKey { command, error })
}

/// The command whose name is nearest to what was written, if one is near enough to be meant.
pub fn near(name: &str) -> Option<&'static str> {
    let words = TABLE.iter().flat_map(|command| std::iter::once(command.id).chain(command.also.iter().copied()));
    closest(name, words)
}

/// The word that is nearest to `name`, if one is near enough to be meant.
pub fn closest<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = words.map(|word| (strsim::jaro_winkler(name, word), word)).filter(|(score, _)| *score > 0.75);
    scored.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(command: &str, keys: &[&str]) -> Result<Keymap, KeymapError> {
        Keymap::new(&[(command.to_owned(), keys.iter().map(|key| (*key).to_owned()).collect())])
    }

    #[test]
    fn the_table_gives_every_key_one_meaning_at_each_place() {
        Keymap::new(&[]).expect("no key twice");
        let mut ids: Vec<&str> = TABLE.iter().map(|command| command.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), TABLE.len(), "a name is given once");
    }

    #[test]
    fn keys_can_be_given_anew_and_the_old_ones_are_free() {
        let keymap = with("restart", &["ctrl-t"]).expect("a keymap");
        assert!(keymap.command(Place::Home, "r".parse().expect("a key")).is_none());
        let restart = keymap.command(Place::Home, "ctrl-t".parse().expect("a key"));
        assert_eq!(restart.map(|command| command.id), Some("restart"));
    }

    #[test]
    fn a_wrong_name_a_wrong_key_and_a_taken_key_are_said() {
        let said = |command: &str, keys: &[&str]| with(command, keys).expect_err("an error").to_string();
        assert_eq!(said("restrat", &["r"]), "no command is called `restrat`; did you mean `restart`?");
        assert!(said("restart", &["ctlr-r"]).starts_with("restart: `ctlr-r` is no key"));
        assert!(said("restart", &["s"]).contains("`s` is wanted by both `scale` and `restart`"));
        assert!(said("dismiss", &[]).contains("has to keep a key"));
    }
}

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
    /// It would hide what another command does with that key.
    #[error(
        "`{command}`: `{key}` is the key of `{hides}` in: {places}; expected a free key, or another one for that: {free}"
    )]
    Hides {
        /// Which command wants the key.
        command: &'static str,
        /// The key.
        key: String,
        /// Whose key it is.
        hides: &'static str,
        /// Where.
        places: String,
        /// How that one is given another key, or none, as the configuration writes it.
        free: String,
    },
    /// Where it would work, text is typed or edited with it.
    #[error("`{command}`: `{key}` {does} in: {places}; expected a key that does not, such as `{such_as}`")]
    Typed {
        /// Which command wants the key.
        command: &'static str,
        /// The key.
        key: String,
        /// What it does there.
        does: &'static str,
        /// Where.
        places: String,
        /// A key that would do.
        such_as: &'static str,
    },
    /// Terminals send it as another one.
    #[error("`{command}`: terminals send `{key}` as `{sent}`; expected another key")]
    SentAs {
        /// Which command wants the key.
        command: &'static str,
        /// The key.
        key: String,
        /// As what it comes.
        sent: &'static str,
    },
    /// A command that changes a system has to be asked for, in a preview, by keys that a person expects.
    #[error(
        "`{command}` has to keep a key that is no character: without one what floats could not be left or answered"
    )]
    Needed {
        /// Which.
        command: &'static str,
    },
}

impl KeymapError {
    /// The command whose configured keys it is about.
    pub fn command(&self) -> &str {
        match self {
            KeymapError::Unknown { name, .. } => name,
            KeymapError::NotAKey { command, .. }
            | KeymapError::Hides { command, .. }
            | KeymapError::Typed { command, .. }
            | KeymapError::SentAs { command, .. }
            | KeymapError::Needed { command } => command,
        }
    }
}

fn nearest(near: &Option<&'static str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

/// Commands without which something that floats could not be left or answered.
const NEEDED: &[&str] = &["dismiss", "back", "answer", "confirm"];

/// Where characters go into a field. A preview has one where a name has to be typed.
const FIELDS: &[Place] = &[Place::Palette, Place::Filter, Place::Prompt];

/// What edits a field, and what it does.
const EDITING: &[(&str, &str)] = &[
    ("left", "moves the cursor"),
    ("right", "moves the cursor"),
    ("home", "moves the cursor"),
    ("end", "moves the cursor"),
    ("ctrl-e", "moves the cursor"),
    ("backspace", "deletes"),
    ("delete", "deletes"),
    ("ctrl-w", "cuts the word before"),
    ("ctrl-u", "cuts all before the cursor"),
    ("ctrl-k", "cuts all after the cursor"),
];

/// Keys that terminals send as others.
const SENT_AS: &[(&str, &str)] = &[("ctrl-i", "tab"), ("ctrl-m", "enter"), ("ctrl-[", "esc")];

impl Keymap {
    /// The keys of the table, but for commands that `overrides` gives other keys (by the command's name).
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn new(overrides: &[(String, Vec<String>)]) -> Result<Self, KeymapError> {
        let (keymap, wrong) = Self::made(overrides);
        wrong.into_iter().next().map_or(Ok(keymap), Err)
    }

    /// Everything that is wrong with keys that were configured.
    pub fn check(overrides: &[(String, Vec<String>)]) -> Vec<KeymapError> {
        Self::made(overrides).1
    }

    fn made(overrides: &[(String, Vec<String>)]) -> (Self, Vec<KeymapError>) {
        let mut wrong = Vec::new();
        let mut by_command: Vec<Vec<Key>> =
            TABLE.iter().map(|command| command.keys.iter().filter_map(|key| key.parse().ok()).collect()).collect();
        // Who was given keys, the last one last.
        let mut given: Vec<usize> = Vec::new();
        for (name, keys) in overrides {
            let Some(ix) = TABLE.iter().position(|command| command.id == name) else {
                wrong.push(KeymapError::Unknown { name: name.clone(), near: near(name) });
                continue;
            };
            match parse(TABLE[ix].id, keys) {
                Ok(keys) => by_command[ix] = keys,
                Err(error) => wrong.push(error),
            }
            given.retain(|other| *other != ix);
            given.push(ix);
            wrong.extend(unreachable(&TABLE[ix], &by_command[ix]));
        }
        let mut by_key: HashMap<(Place, Key), usize> = HashMap::new();
        let mut clashes: Vec<(Key, usize, usize, Vec<Place>)> = Vec::new();
        for (ix, command) in TABLE.iter().enumerate() {
            for (key, place) in
                by_command[ix].iter().flat_map(|key| command.places.iter().map(move |place| (*key, *place)))
            {
                let Some(other) = by_key.insert((place, key), ix).filter(|other| *other != ix) else { continue };
                let late = |ix: usize| given.iter().position(|it| *it == ix);
                let (who, whose) = if late(ix) >= late(other) { (ix, other) } else { (other, ix) };
                match clashes.iter_mut().find(|(same, a, b, _)| (*same, *a, *b) == (key, who, whose)) {
                    Some((.., places)) => places.push(place),
                    None => clashes.push((key, who, whose, vec![place])),
                }
            }
        }
        wrong.extend(clashes.into_iter().map(|(key, who, whose, places)| KeymapError::Hides {
            command: TABLE[who].id,
            key: key.to_string(),
            hides: TABLE[whose].id,
            places: titles(&places),
            free: match &by_command[whose][..] {
                [_] if NEEDED.contains(&TABLE[whose].id) => format!("{} = [\"…\"]", TABLE[whose].id),
                [_] => format!("{0} = [\"…\"], or {0} = [] for none", TABLE[whose].id),
                several => {
                    let rest = several.iter().filter(|it| **it != key).map(|it| format!("\"{it}\""));
                    format!("{} = [{}]", TABLE[whose].id, rest.collect::<Vec<_>>().join(", "))
                }
            },
        }));
        (Self { by_key, by_command }, wrong)
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

/// Keys that a command was given and that would never reach it, or that a field needs.
fn unreachable(command: &'static Command, keys: &[Key]) -> Vec<KeymapError> {
    let id = command.id;
    let fields: Vec<Place> = command.places.iter().copied().filter(|place| FIELDS.contains(place)).collect();
    let elsewhere = command.places.len() - fields.len();
    let mut wrong = Vec::new();
    let typed = |key: &Key| key.typed().is_some();
    let none_left = if fields.is_empty() { keys.is_empty() } else { keys.iter().all(typed) };
    if none_left && NEEDED.contains(&id) {
        return vec![KeymapError::Needed { command: id }];
    }
    for key in keys {
        let name = key.to_string();
        let (command, places) = (id, titles(&fields));
        if let Some((_, sent)) = SENT_AS.iter().find(|(it, _)| *it == name) {
            wrong.push(KeymapError::SentAs { command, key: name, sent });
        } else if typed(key) && elsewhere == 0 {
            wrong.push(KeymapError::Typed { command, key: name, does: "is typed", places, such_as: "ctrl-o" });
        } else if let Some((_, does)) = EDITING.iter().find(|(it, _)| *it == name && !fields.is_empty()) {
            wrong.push(KeymapError::Typed { command, key: name, does, places, such_as: "ctrl-o" });
        }
    }
    wrong
}

fn titles(places: &[Place]) -> String {
    let mut places = places.to_vec();
    places.sort_unstable();
    places.iter().map(|place| place.title()).collect::<Vec<_>>().join(", ")
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
        assert!(said("dismiss", &[]).contains("has to keep a key"));
        assert!(said("dismiss", &["q"]).contains("no character"), "where it is typed nothing could be left");
        assert!(said("back", &[]).contains("has to keep a key"));
    }

    #[test]
    fn a_key_that_hides_another_command_says_which_where_and_how_to_free_it() {
        let said = |command: &str, keys: &[&str]| with(command, keys).expect_err("an error").to_string();
        assert_eq!(
            said("restart", &["s"]),
            "`restart`: `s` is the key of `scale-or-shell` in: lists, case file; expected a free key, or another one for \
             that: scale-or-shell = [\"…\"], or scale-or-shell = [] for none"
        );
        assert!(said("restart", &["q"]).contains("`back` in: case file; "), "the first of the two that are hidden");
        assert!(said("restart", &["f1"]).ends_with("help = [\"?\"]"), "it has another key already");
        let both = [("scale".to_owned(), vec!["x".to_owned()]), ("restart".to_owned(), vec!["x".to_owned()])];
        assert_eq!(Keymap::check(&both).iter().map(KeymapError::command).collect::<Vec<_>>(), ["restart"], "the later");
        let freed = [("restart".to_owned(), vec!["s".to_owned()]), ("scale-or-shell".to_owned(), vec![])];
        assert_eq!(Keymap::check(&freed), []);
        let many = [("restart".to_owned(), vec!["q".to_owned(), "s".to_owned()])];
        assert_eq!(Keymap::check(&many).len(), 3, "all of them are said: leave, back, scale");
    }

    #[test]
    fn keys_that_a_field_or_the_terminal_takes_are_said() {
        let said = |command: &str, keys: &[&str]| with(command, keys).expect_err("an error").to_string();
        assert!(said("choose-next", &["j"]).starts_with("`choose-next`: `j` is typed in: palette; "));
        assert!(said("choose-next", &["ctrl-k"]).contains("`ctrl-k` cuts all after the cursor in: palette"));
        assert!(said("redraw", &["ctrl-w"]).contains("in: palette, filter, question"));
        assert!(said("open", &["ctrl-m"]).starts_with("`open`: terminals send `ctrl-m` as `enter`"));
        with("redraw", &["ctrl-o"]).expect("a keymap");
    }
}

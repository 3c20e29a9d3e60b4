//! What people said, in `people.json`: read, merged and written under a lock, and put in its place whole, so that two
//! cockpits at once lose nothing of each other.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::people::Keeper;
use crate::domain::{Name, People, Text};

/// Files of a later form are left alone.
const VERSION: u32 = 1;
/// More than this was not written by us, bytes.
const LARGEST: u64 = 16 << 20;

/// The file.
pub struct Store {
    file: PathBuf,
    /// What the file was when it was last looked at: inode, size, time.
    seen: Option<Stamp>,
}

type Stamp = (u64, u64, i64, i64);

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    incidents: People,
}

/// Why nothing could be read.
enum Unread {
    /// It is not what was written.
    Damaged(String),
    /// It cannot be had, or is of a later form.
    Closed(String),
}

impl Store {
    /// Keeps it in `people.json` of a directory, which need not be there yet.
    pub fn in_dir(dir: &Path) -> Self {
        Self { file: dir.join("people.json"), seen: None }
    }

    fn read(&self) -> Result<People, Unread> {
        let closed = |error: io::Error| Unread::Closed(error.to_string());
        let file = match File::open(&self.file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(People::default()),
            opened => opened.map_err(closed)?,
        };
        if file.metadata().map_err(closed)?.len() > LARGEST {
            return Err(Unread::Damaged("it is far too large".to_owned()));
        }
        let text = io::read_to_string(file).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => Unread::Damaged(error.to_string()),
            _ => closed(error),
        })?;
        // The version first: a later form may hold anything else.
        let form: Form = serde_json::from_str(&text).map_err(|error| Unread::Damaged(error.to_string()))?;
        if form.version > VERSION {
            return Err(Unread::Closed("it is of a later version of cockpit".to_owned()));
        }
        let kept: Kept = serde_json::from_str(&text).map_err(|error| Unread::Damaged(error.to_string()))?;
        Ok(kept.incidents)
    }

    /// Puts the file in its place whole. Only who holds the lock comes here, so the name beside it is free.
    fn write(&self, incidents: People) -> io::Result<()> {
        let beside = self.file.with_extension("json.new");
        let mut text = serde_json::to_string_pretty(&Kept { version: VERSION, incidents })?;
        text.push('\n');
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&beside)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &self.file)
    }

    /// Waits until nobody else writes. It is let go when what is returned is dropped.
    fn lock(&self) -> io::Result<File> {
        if let Some(dir) = self.file.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let lock =
            OpenOptions::new().create(true).append(true).mode(0o600).open(self.file.with_extension("json.lock"))?;
        lock.lock()?;
        Ok(lock)
    }

    fn stamp(&self) -> Option<Stamp> {
        let it = self.file.metadata().ok()?;
        Some((it.ino(), it.len(), it.mtime(), it.mtime_nsec()))
    }

    fn says(&self, why: &str) -> Text {
        Text::from(format!("{}: {why}", self.file.display()))
    }
}

/// What of the file is looked at first.
#[derive(Deserialize)]
struct Form {
    version: u32,
}

impl Keeper for Store {
    fn look(&mut self) -> Option<Result<People, Text>> {
        let stamp = self.stamp();
        if stamp == self.seen {
            return None;
        }
        self.seen = stamp;
        Some(self.read().map_err(|unread| match unread {
            Unread::Damaged(why) => self.says(&format!("is damaged, and what people said is not known: {why}")),
            Unread::Closed(why) => self.says(&format!("cannot be read: {why}")),
        }))
    }

    fn keep(&mut self, new: &People, forget: &[Name]) -> Result<People, Text> {
        let failed = |error: io::Error| self.says(&format!("cannot be written, what is said stays here: {error}"));
        let _lock = self.lock().map_err(failed)?;
        let mut all = match self.read() {
            Ok(all) => all,
            Err(Unread::Closed(why)) => return Err(self.says(&format!("cannot be read, nothing is written: {why}"))),
            // What it was is kept beside: a person may still read it.
            Err(Unread::Damaged(_)) => {
                std::fs::rename(&self.file, self.file.with_extension("json.damaged")).map_err(failed)?;
                People::default()
            }
        };
        let before = all.clone();
        all.merge(new);
        all.forget(forget);
        if all != before {
            self.write(all.clone()).map_err(failed)?;
        }
        self.seen = self.stamp();
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::people::{Entry, Saying};
    use crate::domain::{ClusterId, Timestamp};

    fn noted(incident: &str, note: &str, second: i64) -> People {
        let at = Timestamp::from_second(1_700_000_000 + second).expect("in range");
        let of = (&ClusterId::new("prod"), "shop/api".into());
        People::default().say(&incident.into(), of, Saying::Note(note.into()), &"anna@bastion".into(), at)
    }

    fn note_of(people: &People, incident: &str) -> String {
        let noted = people.of(&incident.into()).and_then(Entry::noted);
        noted.map(|mark| mark.said.to_string()).unwrap_or_default()
    }

    #[test]
    fn two_cockpits_at_once_agree_and_lose_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let (mut one, mut other) = (Store::in_dir(dir.path()), Store::in_dir(dir.path()));
        assert!(one.look().is_none(), "a file that was never written is no trouble");
        one.keep(&noted("1", "mine", 0), &[]).expect("kept");
        let seen = other.look().expect("changed").expect("read");
        assert_eq!(note_of(&seen, "1"), "mine");
        assert!(other.look().is_none(), "and that is said once");
        let all = other.keep(&noted("2", "yours", 1), &[]).expect("kept");
        assert_eq!((note_of(&all, "1"), note_of(&all, "2")), ("mine".to_owned(), "yours".to_owned()));
        other.keep(&noted("1", "older", -5), &[]).expect("kept");
        assert_eq!(one.look().expect("changed").expect("read"), all, "the newer wins");
    }

    #[test]
    fn many_writers_at_once_lose_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let mut store = Store::in_dir(dir.path());
                scope.spawn(move || {
                    for n in 0..10 {
                        store.keep(&noted(&format!("{writer}-{n}"), "seen", n), &[]).expect("kept");
                    }
                });
            }
        });
        let all = Store::in_dir(dir.path()).look().expect("there").expect("read");
        let kept = (0..4).flat_map(|writer| (0..10).map(move |n| format!("{writer}-{n}")));
        assert!(kept.into_iter().all(|incident| note_of(&all, &incident) == "seen"));
    }

    #[test]
    fn it_is_for_its_owner_alone_and_nothing_is_left_beside_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let deep = dir.path().join("state/cockpit");
        Store::in_dir(&deep).keep(&noted("1", "mine", 0), &[]).expect("kept");
        let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&deep), mode(&deep.join("people.json"))), (0o700, 0o600));
        assert!(!deep.join("people.json.new").exists());
    }

    #[test]
    fn a_damaged_file_is_said_once_and_set_aside_by_the_next_word() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("people.json");
        for damaged in [&b"{\"version\": 1, \"incidents\": {"[..], b"\xff\xfe", b"{\"version\": 1, \"incidents\": [3]}"]
        {
            std::fs::write(&file, damaged).expect("written");
            let mut store = Store::in_dir(dir.path());
            let said = store.look().expect("changed").expect_err("damaged");
            assert!(said.contains("is damaged"), "{said}");
            assert!(store.look().is_none());
            let all = store.keep(&noted("1", "mine", 0), &[]).expect("kept");
            assert_eq!(note_of(&all, "1"), "mine");
            assert_eq!(std::fs::read(dir.path().join("people.json.damaged")).expect("aside"), damaged);
        }
    }

    #[test]
    fn a_file_of_a_later_version_is_left_as_it_is() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("people.json");
        std::fs::write(&file, "{\"version\": 2, \"people\": []}").expect("written");
        let mut store = Store::in_dir(dir.path());
        assert!(store.look().expect("changed").expect_err("closed").contains("a later version"));
        assert!(store.keep(&noted("1", "mine", 0), &[]).is_err());
        assert_eq!(std::fs::read_to_string(&file).expect("there"), "{\"version\": 2, \"people\": []}");
    }

    #[test]
    fn what_is_forgotten_is_gone_for_all() {
        let dir = tempfile::tempdir().expect("a directory");
        let (mut one, mut other) = (Store::in_dir(dir.path()), Store::in_dir(dir.path()));
        one.keep(&noted("1", "mine", 0), &[]).expect("kept");
        let all = one.keep(&noted("2", "mine", 0), &["1".into()]).expect("kept");
        assert_eq!(other.look().expect("changed").expect("read"), all);
        assert!(all.of(&"1".into()).is_none());
    }
}

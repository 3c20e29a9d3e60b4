//! The file: `cockpit.db`, opened, brought to this version's form, and set aside where it is damaged. Every table of the
//! ledger is in it; what a table holds is said by the module of its noun.
//!
//! Several cockpits, of several people, use it at once. WAL lets each read while one writes; `synchronous=FULL` makes a
//! commit durable when it returns. WAL needs memory that is shared by all who use the file, which a network file system
//! does not give (sqlite.org/wal.html, "Disadvantages"): there it is a rollback journal.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::domain::{Text, Timestamp};

/// Its name in the state directory.
const NAME: &str = "cockpit.db";
/// Others are waited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// What brings a file from each version to the next: `PRAGMA user_version` counts them. Never changed, only added to.
const MIGRATIONS: &[&str] = &[super::rows::TABLES];

/// The version of a file with all of them.
const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Where the state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which directory.
    pub dir: PathBuf,
    /// It is shared by a group: files are for the group too, and not for their owner alone.
    pub shared: bool,
}

/// The file, open.
#[derive(Debug)]
pub struct Db {
    /// The connection.
    pub conn: Connection,
    /// Which file.
    pub file: PathBuf,
    /// Its inode when it was opened: a name that leads elsewhere by now was set aside by another cockpit.
    pub inode: u64,
    /// Nothing can be written, and why.
    pub unwritable: Option<Text>,
}

/// How a file is.
#[derive(Debug)]
pub struct Condition {
    /// Its size; none where it is not there.
    pub bytes: Option<u64>,
    /// The network file system that it is on, where it is on one.
    pub network: Option<&'static str>,
    /// It cannot be written, and why.
    pub unwritable: Option<Text>,
}

/// Why a file cannot be used.
#[derive(Debug)]
pub enum Unopened {
    /// It is no database, or a broken one.
    Damaged(String),
    /// It cannot be had.
    Closed(String),
}

impl Place {
    /// A person's own.
    pub fn own(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), shared: false }
    }

    /// A group's.
    pub fn shared(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), shared: true }
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.dir.join(NAME)
    }

    /// Makes the directory and an empty file where there is none, with their modes, whatever the umask.
    fn make(&self) -> io::Result<()> {
        let (dir, file) = if self.shared { (0o2770, 0o660) } else { (0o700, 0o600) };
        if !self.dir.is_dir() {
            DirBuilder::new().recursive(true).mode(dir & 0o777).create(&self.dir)?;
            std::fs::set_permissions(&self.dir, Permissions::from_mode(dir))?;
        }
        match OpenOptions::new().create_new(true).write(true).mode(file).open(self.file()) {
            // SQLite gives what it makes beside the file the file's own mode (os_unix.c, findCreateFileMode).
            Ok(made) => made.set_permissions(Permissions::from_mode(file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// How the file is, for who wants to know before anything is done. Nothing is made by it.
    pub fn condition(&self) -> Condition {
        let file = self.file();
        let bytes = file.metadata().map(|it| it.len()).ok();
        let unwritable = match bytes {
            Some(_) => match Db::open(self) {
                Ok(db) => db.unwritable,
                Err(Unopened::Damaged(why)) => Some(Text::from(format!("it is damaged: {why}"))),
                Err(Unopened::Closed(why)) => Some(Text::from(why)),
            },
            None => {
                let there = self.dir.ancestors().find(|dir| dir.exists());
                let may = |dir: &Path| dir.is_dir() && rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_ok();
                let said = |dir: Option<&Path>| {
                    dir.map_or_else(String::new, |dir| format!("{} may not be written", dir.display()))
                };
                (!there.is_some_and(may)).then(|| Text::from(said(there)))
            }
        };
        Condition { bytes, network: self.network(), unwritable }
    }

    /// The file system, where it is one of a network: there is no WAL there.
    pub fn network(&self) -> Option<&'static str> {
        let there = self.dir.ancestors().find(|dir| dir.exists())?;
        network(there)
    }
}

impl Db {
    /// Opens the file, makes it where it is not there, brings it to this version's form. What cannot be written is read, and
    /// says so in [`Db::unwritable`].
    ///
    /// # Errors
    /// It cannot even be read.
    pub fn open(place: &Place) -> Result<Self, Unopened> {
        let made = place.make();
        let file = place.file();
        let inode = file.metadata().map(|it| it.ino());
        let inode = inode.map_err(|error| Unopened::Closed(made.as_ref().err().unwrap_or(&error).to_string()))?;
        let conn = Connection::open(&file).map_err(unopened)?;
        let mut db = Self { conn, file, inode, unwritable: None };
        db.conn.busy_timeout(PATIENCE).map_err(unopened)?;
        db.set_up(place.network().is_none())?;
        db.migrate()?;
        db.unwritable = db.check().err();
        Ok(db)
    }

    fn set_up(&self, wal: bool) -> Result<(), Unopened> {
        // A file that cannot be written keeps the mode that it has.
        let mode = if wal { "wal" } else { "delete" };
        let set = self.conn.query_row(&format!("PRAGMA journal_mode={mode}"), [], |row| row.get::<_, String>(0));
        match set.map_err(unopened) {
            Err(Unopened::Damaged(why)) => return Err(Unopened::Damaged(why)),
            Err(Unopened::Closed(_)) | Ok(_) => {}
        }
        self.conn.pragma_update(None, "synchronous", "FULL").map_err(unopened)
    }

    fn version(&self) -> rusqlite::Result<i64> {
        self.conn.query_row("PRAGMA user_version", [], |row| row.get(0))
    }

    /// Brings it to this version's form, where it is of an earlier one and can be written.
    fn migrate(&mut self) -> Result<(), Unopened> {
        if self.version().map_err(unopened)? >= NEWEST {
            return Ok(());
        }
        let migrated = (|| {
            // Two cockpits that start at once bring it there once.
            let change = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let from: i64 = change.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            for step in MIGRATIONS.iter().skip(usize::try_from(from).unwrap_or(0)) {
                change.execute_batch(step)?;
            }
            change.pragma_update(None, "user_version", NEWEST.max(from))?;
            change.commit()
        })();
        match migrated.map_err(unopened) {
            Err(Unopened::Damaged(why)) => Err(Unopened::Damaged(why)),
            // Why it cannot be written is said by who tries to.
            Err(Unopened::Closed(_)) | Ok(()) => Ok(()),
        }
    }

    /// Whether it can be written: writes, so that a full disk is found too. What is written changes nothing.
    ///
    /// # Errors
    /// It cannot, and why.
    pub fn check(&self) -> Result<(), Text> {
        let says = |error: rusqlite::Error| self.says(&words(&error));
        let version = self.version().map_err(says)?;
        if version > NEWEST {
            return Err(self.says("is of a later version of cockpit: it is read, and not written"));
        }
        if self.is_read_only() {
            return Err(self.says("it may only be read"));
        }
        self.conn.pragma_update(None, "user_version", version).map_err(says)
    }

    /// Whether the file was opened for reading alone.
    pub fn is_read_only(&self) -> bool {
        self.conn.is_readonly("main").unwrap_or(true)
    }

    /// Whether another file has this one's name by now.
    pub fn is_replaced(&self) -> bool {
        self.file.metadata().map(|it| it.ino()).ok() != Some(self.inode)
    }

    fn says(&self, why: &str) -> Text {
        Text::from(format!("{}: {why}", self.file.display()))
    }
}

/// Sets a damaged file aside, if it still is damaged: of several cockpits that find it so, one does. Returns where it is now.
///
/// # Errors
/// It cannot be moved.
pub fn set_aside(place: &Place) -> io::Result<Option<PathBuf>> {
    let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(place.dir.join("cockpit.db.lock"))?;
    File::lock(&lock)?;
    if Db::open(place).is_ok() {
        return Ok(None);
    }
    let file = place.file();
    let named = |tail: &str| place.dir.join(format!("{NAME}{tail}"));
    let aside = named(&format!(".damaged-{}", Timestamp::now().as_second()));
    std::fs::rename(&file, &aside)?;
    for beside in ["-wal", "-shm", "-journal"] {
        // What belongs to it goes with it; most often there is none.
        let _ = std::fs::rename(named(beside), format!("{}{beside}", aside.display()));
    }
    Ok(Some(aside))
}

/// Whether an error says that the file is broken.
pub fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// What an error says to a person.
pub fn words(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "it may only be read".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("another cockpit has held it for {} s", PATIENCE.as_secs())
        }
        Some(ErrorCode::CannotOpen) => "it cannot be opened; see whether its directory may be written".to_owned(),
        _ => error.to_string(),
    }
}

fn unopened(error: rusqlite::Error) -> Unopened {
    match is_damage(&error) {
        true => Unopened::Damaged(error.to_string()),
        false => Unopened::Closed(words(&error)),
    }
}

/// Magic numbers of statfs(2) and of the kernel's `include/uapi/linux/magic.h`.
#[cfg(target_os = "linux")]
fn network(dir: &Path) -> Option<&'static str> {
    let magic = u32::try_from(rustix::fs::statfs(dir).ok()?.f_type as i64 & 0xffff_ffff).ok()?;
    match magic {
        0x6969 => Some("NFS"),
        0x517b | 0xfe53_4d42 | 0xff53_4d42 => Some("SMB"),
        0x6573_5546 => Some("FUSE"),
        0x0102_1997 => Some("9P"),
        0x00c3_6400 => Some("Ceph"),
        0x5346_414f => Some("AFS"),
        _ => None,
    }
}

#[cfg(not(target_os = "linux"))]
const fn network(_: &Path) -> Option<&'static str> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().expect("there").permissions().mode() & 0o7777
    }

    fn rows(db: &Db) -> i64 {
        db.conn.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).expect("the table")
    }

    #[test]
    fn a_persons_own_file_is_theirs_and_a_groups_is_the_groups() {
        let dir = tempfile::tempdir().expect("a directory");
        for (place, modes) in [
            (Place::own(dir.path().join("own/cockpit")), [0o700, 0o600]),
            (Place::shared(dir.path().join("group/cockpit")), [0o2770, 0o660]),
        ] {
            let db = Db::open(&place).expect("opened");
            db.conn.execute_batch("PRAGMA user_version=1").expect("written");
            assert_eq!([mode(&place.dir), mode(&db.file)], modes);
            let wal = place.dir.join("cockpit.db-wal");
            assert_eq!(mode(&wal), modes[1], "what SQLite makes beside it has its mode");
            assert_eq!(db.unwritable, None);
        }
    }

    #[test]
    fn a_commit_is_durable_and_readers_do_not_wait() {
        let dir = tempfile::tempdir().expect("a directory");
        let db = Db::open(&Place::own(dir.path())).expect("opened");
        let asked = |name: &str| db.conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, String>(0));
        assert_eq!(asked("journal_mode").expect("a mode"), "wal");
        let full: i64 = db.conn.query_row("PRAGMA synchronous", [], |row| row.get(0)).expect("a number");
        assert_eq!(full, 2, "FULL");
    }

    #[test]
    fn an_empty_file_and_one_of_this_version_are_brought_to_one_form() {
        let dir = tempfile::tempdir().expect("a directory");
        let place = Place::own(dir.path());
        std::fs::write(place.file(), b"").expect("written");
        for _ in 0..2 {
            let db = Db::open(&place).expect("opened");
            let version: i64 = db.conn.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a number");
            assert_eq!(version, NEWEST);
            assert_eq!(rows(&db), 0);
        }
    }

    #[test]
    fn two_that_start_at_once_bring_it_to_form_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let place = Place::own(dir.path());
        let each: Vec<_> = (0..8)
            .map(|_| {
                let place = place.clone();
                std::thread::spawn(move || Db::open(&place).map(|db| db.unwritable))
            })
            .collect();
        for one in each {
            assert_eq!(one.join().expect("no panic").expect("opened"), None);
        }
    }

    #[test]
    fn a_file_of_a_later_version_is_read_and_not_written() {
        let dir = tempfile::tempdir().expect("a directory");
        let place = Place::own(dir.path());
        Db::open(&place).expect("made").conn.pragma_update(None, "user_version", 99).expect("set");
        let db = Db::open(&place).expect("opened");
        assert!(db.unwritable.as_ref().is_some_and(|why| why.contains("a later version")), "{:?}", db.unwritable);
        assert_eq!(rows(&db), 0, "what is in it is read");
    }

    #[test]
    fn a_damaged_file_is_set_aside_once_and_never_lost() {
        let dir = tempfile::tempdir().expect("a directory");
        let place = Place::own(dir.path());
        let broken = [&b"SQLite format 3\0"[..], &[0xff; 4096]].concat();
        std::fs::write(place.file(), &broken).expect("written");
        assert!(matches!(Db::open(&place), Err(Unopened::Damaged(_))));
        let aside = set_aside(&place).expect("moved").expect("somewhere");
        assert_eq!(std::fs::read(aside).expect("there"), broken);
        assert_eq!(set_aside(&place).expect("looked"), None, "the next one that found it so finds it mended");
        assert_eq!(rows(&Db::open(&place).expect("made anew")), 0);
    }

    #[test]
    fn this_machines_disks_are_no_network() {
        let dir = tempfile::tempdir().expect("a directory");
        assert_eq!(Place::own(dir.path().join("not/there/yet")).network(), None);
    }
}

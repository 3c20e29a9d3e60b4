//! Output in a file: what a view of it holds, as it was written.

use std::fs::{DirBuilder, File, OpenOptions, remove_file};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::domain::{LogLine, Text};

use super::copies;

/// What is to be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// The ticket of the output.
    pub ticket: u64,
    /// What the file is called after.
    pub name: String,
    /// The moment, as it stands behind that.
    pub stamp: String,
    /// What it is, in a first line of the file.
    pub about: String,
    /// How much of it that is: `12 of 340 lines`.
    pub part: String,
    /// All of it, oldest first.
    pub lines: Vec<LogLine>,
}

/// Names are no longer, without the moment: the file's has to fit into a line of 80 columns with its directory.
const LONGEST: usize = 28;
/// Files of one name in one second, at most.
const SAME: u32 = 100;

/// Writes it, and says what was written where.
///
/// # Errors
/// Nowhere: why not at the last place, and what would help.
pub fn write(saved: &Saved) -> Result<Text, Text> {
    write_in(&copies::places_to_stay(), saved)
}

fn write_in(places: &[PathBuf], saved: &Saved) -> Result<Text, Text> {
    let mut why = "this user has no directory for it".to_owned();
    for place in places {
        match write_to(place, saved) {
            Ok(path) => return Ok(Text::from(format!("saved to {}: {}", at_home(&path), saved.part))),
            Err(error) => why = format!("{}: {error}", place.display()),
        }
    }
    Err(Text::from(format!("not saved: {why}; make room there, or set XDG_CACHE_HOME to a directory of yours")))
}

/// A path as a person writes it.
fn at_home(path: &Path) -> String {
    let home = directories::BaseDirs::new();
    let own = home.as_ref().and_then(|dirs| path.strip_prefix(dirs.home_dir()).ok());
    own.map_or_else(|| path.display().to_string(), |own| format!("~/{}", own.display()))
}

fn write_to(place: &Path, saved: &Saved) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(place)?;
    let (path, file) = new_file(place, saved)?;
    let written = write_lines(BufWriter::new(file), saved);
    if written.is_err() {
        let _ = remove_file(&path);
    }
    written.map(|()| path)
}

/// A file that was not there, so that none that was saved before goes, and no link is followed.
fn new_file(place: &Path, saved: &Saved) -> io::Result<(PathBuf, File)> {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    let name: String = saved.name.chars().map(plain).take(LONGEST).collect();
    let mut count = 1;
    loop {
        let again = if count > 1 { format!("-{count}") } else { String::new() };
        let path = place.join(format!("{name}-{}{again}.log", saved.stamp));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && count < SAME => count += 1,
            opened => return opened.map(|file| (path, file)),
        }
    }
}

fn write_lines(mut out: impl Write, saved: &Saved) -> io::Result<()> {
    writeln!(out, "# {}", saved.about)?;
    for line in &saved.lines {
        if line.note {
            write!(out, "# ")?;
        }
        if let Some(at) = line.at {
            write!(out, "{at} ")?;
        }
        if let Some(from) = &line.from {
            write!(out, "{from} ")?;
        }
        writeln!(out, "{}", line.text)?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn saved() -> Saved {
        let at = Some("2026-11-24T01:02:03.5Z".parse().expect("a time"));
        let from = |line: LogLine| LogLine { from: Some("web-0".into()), ..line };
        Saved {
            ticket: 1,
            name: "../we b".to_owned(),
            stamp: "20261124-010203".to_owned(),
            about: "prod shop/web, its log".to_owned(),
            part: "3 lines".to_owned(),
            lines: vec![
                LogLine::output(at, false, "\x1b[31mred\x1b[0m\x1b[2J"),
                from(LogLine::note(None, "started again")),
                from(LogLine::output(at, true, "plain")),
            ],
        }
    }

    #[test]
    fn it_is_written_as_it_was_said_without_colours_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let places = [dir.path().join("cache/cockpit")];
        let path = places[0].join("..-we-b-20261124-010203.log");
        assert_eq!(write_in(&places, &saved()), Ok(Text::from(format!("saved to {}: 3 lines", path.display()))));
        let text = "# prod shop/web, its log\n2026-11-24T01:02:03.5Z red^[[2J\n# web-0 started again\n\
                    2026-11-24T01:02:03.5Z web-0 plain\n";
        assert_eq!(fs::read_to_string(&path).expect("read"), text);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert!(write_in(&places, &saved()).expect("written").contains("010203-2.log"), "none goes");
    }

    #[test]
    fn where_it_cannot_be_written_why_is_said_and_what_helps() {
        let dir = tempfile::tempdir().expect("a directory");
        let taken = dir.path().join("file");
        fs::write(&taken, "").expect("written");
        let places = [taken.join("below"), dir.path().join("next")];
        assert!(write_in(&places, &saved()).is_ok_and(|said| said.contains("/next/")));
        let why = write_in(&places[..1], &saved()).expect_err("nowhere");
        assert!(why.contains("file/below: ") && why.contains("make room"), "{why}");
        assert!(write_in(&[], &saved()).is_err());
    }

    #[test]
    fn what_cannot_be_written_whole_leaves_nothing() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        assert!(write_lines(Full, &saved()).is_err());
    }
}

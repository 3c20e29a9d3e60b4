//! Where a text goes that the terminal's clipboard does not take: a file of this user alone, the last copy in it.

use std::fs::{DirBuilder, OpenOptions, remove_file, rename};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Writes it to the first place that takes it, and says where.
///
/// # Errors
/// No place does: why the last one did not.
pub fn write(text: &str) -> io::Result<PathBuf> {
    write_in(&places(), text)
}

/// This user's runtime directory, which is gone with the login; else the cache.
fn places() -> Vec<PathBuf> {
    let Some(dirs) = directories::ProjectDirs::from("", "", "cockpit") else { return Vec::new() };
    dirs.runtime_dir().into_iter().chain([dirs.cache_dir()]).map(Path::to_owned).collect()
}

/// The same places, first the one that outlives the login.
pub(super) fn places_to_stay() -> Vec<PathBuf> {
    let mut places = places();
    places.reverse();
    places
}

fn write_in(places: &[PathBuf], text: &str) -> io::Result<PathBuf> {
    let mut why = io::Error::new(io::ErrorKind::NotFound, "this user has no directory for it");
    for place in places {
        match write_to(place, text) {
            Ok(file) => return Ok(file),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// A new file under another name takes the place of the last copy: whoever reads sees one of them whole, and what somebody put
/// there as a link is replaced, never followed.
fn write_to(place: &Path, text: &str) -> io::Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(place)?;
    let (file, draft) = (place.join("copied.txt"), place.join(format!("copied.{}", std::process::id())));
    // One that was left there by another process of this number.
    let _ = remove_file(&draft);
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = new.write_all(text.as_bytes()).and_then(|()| rename(&draft, &file));
    if written.is_err() {
        let _ = remove_file(&draft);
    }
    written.map(|()| file)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_last_copy_is_a_file_of_its_owner_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let places = [dir.path().join("run/cockpit")];
        for text in ["one", "two"] {
            let file = write_in(&places, text).expect("written");
            assert_eq!(fs::read_to_string(&file).expect("read"), text);
            assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(&places[0]).expect("a directory").count(), 1, "nothing is left over");
    }

    #[test]
    fn a_place_that_cannot_be_written_leaves_the_next_one() {
        let dir = tempfile::tempdir().expect("a directory");
        let taken = dir.path().join("file");
        fs::write(&taken, "").expect("written");
        let places = [taken.join("below"), dir.path().join("cache")];
        assert_eq!(write_in(&places, "text").expect("written"), places[1].join("copied.txt"));
        assert!(write_in(&places[..1], "text").is_err());
        assert!(write_in(&[], "text").is_err());
    }
}

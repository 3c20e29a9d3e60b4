//! Where the file is.

use std::path::{Path, PathBuf};

use super::model::Config;
use super::problem::{Problem, Problems};
use super::read::{Words, parse};

/// A configuration and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What is set.
    pub config: Config,
    /// The file that says so; none where there is no file and the defaults hold.
    pub file: Option<PathBuf>,
}

/// Where the configuration is looked for without `--config`. None where this account has no home directory.
pub fn default_path() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "cockpit").map(|dirs| dirs.config_dir().join("config.toml"))
}

/// Where a person's own themes are: in `themes` beside the configuration.
pub fn themes_directory(flag: Option<&Path>) -> Option<PathBuf> {
    let file = flag.map(Path::to_owned).or_else(default_path)?;
    Some(file.parent().unwrap_or(Path::new("")).join("themes"))
}

/// Reads the configuration: from `flag` (`--config`), which has to be there, else from the default place, which may be
/// absent.
///
/// # Errors
/// A file that is named and absent, cannot be read, or says something that cannot be understood.
pub fn load(flag: Option<&Path>, words: &Words) -> Result<Loaded, Problems> {
    let Some(file) = flag.map(Path::to_owned).or_else(default_path) else {
        return Ok(Loaded { config: Config::default(), file: None });
    };
    let fail = |problem| Problems::of(&file, vec![problem]);
    match std::fs::read_to_string(&file) {
        Ok(source) => Ok(Loaded { config: parse(&source, &file, words)?, file: Some(file) }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && flag.is_none() => {
            Ok(Loaded { config: Config::default(), file: None })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(fail(Problem::of_file("there is no such file", "the file that --config names")))
        }
        Err(error) => Err(fail(Problem::of_file(format!("cannot be read: {error}"), "a file of text in UTF-8"))),
    }
}

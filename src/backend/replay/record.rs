//! Writing a recording.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::domain::{BackendKind, Batch, ClusterId, Name, Text};

use super::{FORMAT, Header, RecordedCluster, VERSION};

/// Appends batches to a file as they come: each is one line and one write, so that a crash costs at most the last.
#[derive(Debug)]
pub struct Recorder {
    file: File,
    path: PathBuf,
    line: Vec<u8>,
}

impl Recorder {
    /// Makes the file, readable by its owner alone, and writes the header. An existing file is left as it is: that is an
    /// error.
    pub fn create(path: &Path, clusters: &[(ClusterId, BackendKind)]) -> Result<Self, Text> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|error| {
            let mend = match error.kind() {
                std::io::ErrorKind::AlreadyExists => "; it is kept as it is: choose another name",
                std::io::ErrorKind::NotFound => "; its folder is not there",
                _ => "",
            };
            Text::new(&format!("cannot record to {}: {error}{mend}", path.display()))
        })?;
        let clusters = clusters
            .iter()
            .map(|(name, kind)| RecordedCluster { name: name.clone(), backend: Name::new(kind.as_str()) })
            .collect();
        let cockpit = Text::new(env!("CARGO_PKG_VERSION"));
        let header = Header { format: Text::new(FORMAT), version: VERSION, cockpit, clusters };
        let mut recorder = Self { file, path: path.to_owned(), line: Vec::new() };
        recorder.write(&header)?;
        Ok(recorder)
    }

    /// Writes one batch.
    pub fn record(&mut self, batch: &Batch) -> Result<(), Text> {
        self.write(batch)
    }

    fn write(&mut self, what: &impl serde::Serialize) -> Result<(), Text> {
        self.line.clear();
        let written = serde_json::to_writer(&mut self.line, what).map_err(std::io::Error::other).and_then(|()| {
            self.line.push(b'\n');
            self.file.write_all(&self.line)
        });
        written.map_err(|error| Text::new(&format!("cannot record to {}: {error}", self.path.display())))
    }
}

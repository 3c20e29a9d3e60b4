//! Reading a recording.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::{Batch, ClusterId, Fact, Interner, Text, Timestamp};

use super::{FORMAT, Header, VERSION};

/// Names that nobody holds any more are let go after so many lines.
const FORGETS_EACH: usize = 256;

/// A recording, read batch by batch: it may be far larger than what it says at any time.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    lines: Lines<BufReader<File>>,
    /// Names repeat from line to line.
    names: Interner,
    /// Its first line.
    pub header: Header,
    /// Facts of a later version that were passed over so far.
    pub skipped: usize,
    /// The last line was cut off.
    pub cut_off: bool,
}

impl Reader {
    /// Opens a recording and reads its first line.
    ///
    /// # Errors
    /// It cannot be read, is no recording, or one of a newer version.
    pub fn open(path: &Path) -> Result<Self, Text> {
        let fail = |what: &str| failed(path, what);
        let file = File::open(path).map_err(|error| fail(&format!("cannot be read: {error}")))?;
        let mut lines = Lines { reader: BufReader::new(file), number: 0, line: Vec::new() };
        let first = lines.next().map_err(|error| fail(&error))?.ok_or_else(|| fail("is empty, so no recording"))?;
        let header: Header = serde_json::from_slice(first.bytes)
            .map_err(|_| fail("is no recording of cockpit: its first line is not a header"))?;
        if header.format != FORMAT {
            return Err(fail("is no recording of cockpit"));
        }
        if header.version > VERSION {
            let (theirs, by) = (header.version, &header.cockpit);
            let what = format!(
                "is a recording of version {theirs} (cockpit {by}); this cockpit reads up to {VERSION}: update it"
            );
            return Err(fail(&what));
        }
        let path = path.to_owned();
        Ok(Self { path, lines, names: Interner::default(), header, skipped: 0, cut_off: false })
    }

    /// The next batch; none at the end. Unknown fields are ignored and unknown facts counted.
    ///
    /// # Errors
    /// A line cannot be read, but for a last one that was cut off.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, Text> {
        let Self { path, lines, names, skipped, cut_off, .. } = self;
        if lines.number % FORGETS_EACH == 0 {
            names.forget_unused();
        }
        let Some(line) = lines.next().map_err(|error| failed(path, &error))? else { return Ok(None) };
        match names.share(|| batch(line.bytes)) {
            Ok((batch, passed_over)) => {
                *skipped += passed_over;
                Ok(Some(batch))
            }
            Err(_) if !line.whole => {
                *cut_off = true;
                Ok(None)
            }
            Err(error) => Err(failed(path, &format!("line {} cannot be read: {error}", line.number))),
        }
    }
}

fn failed(path: &Path, what: &str) -> Text {
    Text::new(&format!("{}: {what}", path.display()))
}

#[derive(Debug)]
struct Lines<R> {
    reader: R,
    number: usize,
    line: Vec<u8>,
}

struct Line<'a> {
    bytes: &'a [u8],
    number: usize,
    /// It ends with a line break.
    whole: bool,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> Result<Option<Line<'_>>, String> {
        loop {
            self.line.clear();
            self.number += 1;
            let read = self.reader.read_until(b'\n', &mut self.line);
            if read.map_err(|error| format!("line {}: {error}", self.number))? == 0 {
                return Ok(None);
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        let whole = self.line.ends_with(b"\n");
        Ok(Some(Line { bytes: self.line.trim_ascii(), number: self.number, whole }))
    }
}

/// A batch, and how many of its facts are of a later version.
fn batch(line: &[u8]) -> Result<(Batch, usize), serde_json::Error> {
    /// A batch whose facts are not yet known to be readable.
    #[derive(Deserialize)]
    struct Lenient<'a> {
        cluster: ClusterId,
        at: Timestamp,
        #[serde(borrow)]
        facts: Vec<&'a serde_json::value::RawValue>,
    }
    match serde_json::from_slice(line) {
        Ok(batch) => Ok((batch, 0)),
        Err(error) => {
            let Ok(Lenient { cluster, at, facts }) = serde_json::from_slice(line) else { return Err(error) };
            let all = facts.len();
            let known: Vec<Fact> = facts.iter().filter_map(|fact| serde_json::from_str(fact.get()).ok()).collect();
            let skipped = all - known.len();
            Ok((Batch { cluster, at, facts: known }, skipped))
        }
    }
}

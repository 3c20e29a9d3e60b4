//! Reading a recording.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;

use crate::domain::{Batch, ClusterId, Fact, Text, Timestamp};

use super::{FORMAT, Header, VERSION};

/// What a recording holds.
#[derive(Debug)]
pub struct Contents {
    /// Its first line.
    pub header: Header,
    /// Its batches, in the order in which they came.
    pub batches: Vec<Batch>,
    /// Facts of a later version that were passed over.
    pub skipped: usize,
    /// The last line was cut off.
    pub cut_off: bool,
}

/// Reads a whole recording. Unknown fields are ignored and unknown facts counted; a newer version, a line that cannot be
/// read (but for a last one that was cut off) and a file that is no recording are errors.
pub fn read_all(path: &Path) -> Result<Contents, Text> {
    let fail = |what: &str| Text::new(&format!("{}: {what}", path.display()));
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
        let what =
            format!("is a recording of version {theirs} (cockpit {by}); this cockpit reads up to {VERSION}: update it");
        return Err(fail(&what));
    }
    let mut contents = Contents { header, batches: Vec::new(), skipped: 0, cut_off: false };
    while let Some(line) = lines.next().map_err(|error| fail(&error))? {
        match batch(line.bytes) {
            Ok((batch, skipped)) => {
                contents.batches.push(batch);
                contents.skipped += skipped;
            }
            Err(_) if !line.whole => contents.cut_off = true,
            Err(error) => return Err(fail(&format!("line {} cannot be read: {error}", line.number))),
        }
    }
    Ok(contents)
}

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

//! The journal's copy for syslog: one line when a run begins and one when it has ended, so that it is also where a machine's
//! other logs are. Never instead of the journal: what cannot be told here is let go.

use std::collections::BTreeSet;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use crate::domain::journal::{Entry, Journal, Lease, News, Person, Unwritten};
use crate::domain::words::shorten;
use crate::domain::{Outcome, Text};

/// Where syslog daemons and journald listen (systemd-journald.socket(8), rsyslog's imuxsock).
const SOCKET: &str = "/dev/log";
/// Facility auth (4) and severities of RFC 5424, section 6.2.1: `facility * 8 + severity`.
const NOTICE: u8 = 4 * 8 + 5;
const WARNING: u8 = 4 * 8 + 4;
/// A datagram that some daemons cut is of no use, characters.
const LONGEST: usize = 900;

/// A journal that is also told to syslog.
pub struct Mirrored {
    journal: Box<dyn Journal>,
    socket: PathBuf,
    /// Runs whose beginning was told.
    told: BTreeSet<u64>,
}

impl Mirrored {
    /// Tells what is written to a journal also to syslog.
    pub fn new(journal: Box<dyn Journal>) -> Self {
        Self::to(journal, Path::new(SOCKET))
    }

    fn to(journal: Box<dyn Journal>, socket: &Path) -> Self {
        Self { journal, socket: socket.to_owned(), told: BTreeSet::new() }
    }

    fn tell(&self, priority: u8, text: &str) {
        let line = format!("<{priority}>cockpit[{}]: {}", std::process::id(), shorten(text, LONGEST));
        // A daemon that is not there, or is full, is not waited for.
        let told = UnixDatagram::unbound().and_then(|socket| {
            socket.set_nonblocking(true)?;
            socket.send_to(line.as_bytes(), &self.socket)
        });
        if let Err(error) = told {
            tracing::debug!(%error, "syslog was not told");
        }
    }

    fn mirror(&mut self, entry: &Entry) {
        let run = &entry.run;
        if self.told.insert(run.id) {
            let from = entry.by.origin.as_ref().map(|origin| format!(" from {origin}")).unwrap_or_default();
            let reason = entry.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            let target = run.plan.intent.target();
            self.tell(NOTICE, &format!("{}{from}: {} [{target}] begins{reason}", entry.by.name, run.plan.title));
        }
        let Some((_, outcome)) = &run.outcome else { return };
        let (priority, said) = match outcome {
            Outcome::Done => (NOTICE, "done".to_owned()),
            Outcome::Accepted => (NOTICE, "accepted".to_owned()),
            Outcome::Partly { done, left } => (WARNING, format!("partly: {done} done, {left} left")),
            Outcome::Failed(why) => (WARNING, format!("not done: {why}")),
        };
        self.told.remove(&run.id);
        self.tell(priority, &format!("{}: {} [{}] {said}", entry.by.name, run.plan.title, run.plan.intent.target()));
    }
}

impl Journal for Mirrored {
    fn write(&mut self, entry: &Entry) -> Result<(), Unwritten> {
        let written = self.journal.write(entry);
        // Also what cannot be journalled: all the more is it to be known.
        if !matches!(written, Err(Unwritten::Taken(_))) {
            self.mirror(entry);
        }
        written
    }

    fn tend(&mut self) -> Option<News> {
        self.journal.tend()
    }

    fn take_over(&mut self, id: u64, seen: &Lease, by: &Person) -> Result<Entry, Text> {
        let taken = self.journal.take_over(id, seen, by)?;
        self.told.insert(id);
        self.tell(NOTICE, &format!("{}: takes over: {}", by.name, taken.run.plan.title));
        Ok(taken)
    }

    fn earlier(&mut self, than: u64) -> Result<(Vec<Entry>, u64), Text> {
        self.journal.earlier(than)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Grade, Intent, Plan, Run, Timestamp};
    use crate::ledger::Memory;

    fn entry(outcome: Option<Outcome>) -> Entry {
        let plan = Plan::new(
            Intent::Cordon("prod/-/Node/node-7".parse().expect("a ref")),
            "Cordon node-7 (prod)",
            Grade::Harmless,
            Vec::new(),
            Timestamp::UNIX_EPOCH,
        );
        let mut run = Run::new(7, plan, Timestamp::UNIX_EPOCH);
        run.outcome = outcome.map(|outcome| (Timestamp::UNIX_EPOCH, outcome));
        let by = Person { name: "anna@bastion".into(), origin: Some("10.0.0.9".into()), credential: None };
        Entry {
            by,
            taken_by: None,
            between: Vec::new(),
            reason: Some("disk swap".into()),
            run,
            version: 1,
            lease: None,
        }
    }

    #[test]
    fn a_beginning_and_an_end_are_told_once_each() {
        let dir = tempfile::tempdir().expect("a directory");
        let daemon = UnixDatagram::bind(dir.path().join("log")).expect("a socket");
        daemon.set_nonblocking(true).expect("set");
        let mut journal = Mirrored::to(Box::new(Memory::default()), &dir.path().join("log"));
        for outcome in [None, None, Some(Outcome::Failed("forbidden".into()))] {
            journal.write(&entry(outcome)).expect("written");
        }
        let mut heard = Vec::new();
        let mut buffer = [0; 2048];
        while let Ok(length) = daemon.recv(&mut buffer) {
            heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
        let pid = std::process::id();
        let begins = "anna@bastion from 10.0.0.9: Cordon node-7 (prod) [prod/-/Node/node-7] begins (disk swap)";
        let ends = "anna@bastion: Cordon node-7 (prod) [prod/-/Node/node-7] not done: forbidden";
        assert_eq!(heard, [format!("<37>cockpit[{pid}]: {begins}"), format!("<36>cockpit[{pid}]: {ends}")]);
    }

    #[test]
    fn a_daemon_that_is_not_there_holds_nothing_up() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut journal = Mirrored::to(Box::new(Memory::default()), &dir.path().join("nobody"));
        journal.write(&entry(None)).expect("written");
    }
}

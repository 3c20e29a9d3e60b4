//! Following a kind from a version on.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::super::api::Lines;
use super::super::failure::Failure;
use super::super::heard::Said;
use super::super::wire::{self, Event};
use super::{End, Watch};
use crate::domain::Text;

/// Events that are told at once, at most.
const AT_ONCE: usize = 256;
/// While events come, and no bookmark, that all is well is said this often.
const ALIVE_EVERY: Duration = Duration::from_secs(30);
/// A watch that ends sooner than this, and silently, was not one. After such a one, the next has to last as long.
const BRIEF: Duration = Duration::from_secs(1);

impl Watch {
    /// Follows until the server ends it, as it does every few minutes: then it goes on from where it was.
    pub(super) async fn follow(&mut self, version: &str) -> Result<(), End> {
        let begun = Instant::now();
        let mut lines = self.api.watch(self.kind, self.partition.as_deref(), version).await?;
        if !self.doubtful {
            self.begins().await?;
        }
        let mut heard = false;
        loop {
            let limit = if self.doubtful { BRIEF } else { self.pace.heard_within };
            let line = match lines.next_within(limit).await {
                Ok(line) => line,
                Err(Failure::Silent(_)) if self.doubtful => {
                    self.begins().await?;
                    continue;
                }
                Err(Failure::Silent(_)) => {
                    self.was_silent();
                    return Ok(());
                }
                Err(failure) if heard => return Err(failure.into()),
                Err(failure) => return Err(self.came_to_nothing(begun, failure).into()),
            };
            let Some(line) = line else {
                return match heard || begun.elapsed() > BRIEF {
                    true => Ok(()),
                    false => Err(self.came_to_nothing(begun, ended_at_once()).into()),
                };
            };
            let mut said = Vec::new();
            let taken = self.take(line, &mut lines, &mut said);
            if !said.is_empty() {
                self.well(&mut said);
                heard = true;
                // What came before a failure counts: the version has moved on with it.
                self.say(said).await?;
            }
            if let Err(failure) = taken {
                return Err(if heard { failure } else { self.came_to_nothing(begun, failure) }.into());
            }
        }
    }

    /// The server watches: what it tells is current.
    async fn begins(&mut self) -> Result<(), End> {
        self.doubtful = false;
        self.proven = true;
        self.row.ends();
        self.alive = Instant::now();
        self.say(vec![Said::Alive]).await
    }

    /// Takes a line, and those that are here already.
    fn take(&mut self, line: Bytes, lines: &mut Lines, said: &mut Vec<Said>) -> Result<(), Failure> {
        let mut next = Some(line);
        while let Some(line) = next {
            match wire::decode_event(self.kind, &line).map_err(Failure::Malformed)? {
                Event::Put(item, version) => {
                    self.move_on(version);
                    said.push(Said::Put(item));
                }
                Event::Gone(gone, version) => {
                    self.move_on(version);
                    said.push(Said::Gone(gone));
                }
                Event::Bookmark(version) => {
                    self.move_on(version);
                    said.push(Said::Alive);
                }
                Event::Error { code, message } => return Err(Failure::told(code, message)),
            }
            next = if said.len() < AT_ONCE { lines.ready()? } else { None };
        }
        Ok(())
    }

    fn move_on(&mut self, version: String) {
        if !version.is_empty() {
            self.version = Some(version);
        }
    }

    /// Not even a bookmark came. It may hang, or the way to it be gone: a new one will tell. If that is silent too, the
    /// version may lie in the future of a server that was put back to an earlier state, where nothing happens yet.
    fn was_silent(&mut self) {
        self.silent += 1;
        if self.silent > 1 {
            self.silent = 0;
            self.version = None;
        }
    }

    /// Something was told: it works. That alone mends no trouble, and no age.
    fn well(&mut self, said: &mut Vec<Said>) {
        let told = said.iter().any(|said| matches!(said, Said::Alive));
        let due = self.doubtful || self.alive.elapsed() > ALIVE_EVERY;
        if !told && due {
            said.push(Said::Alive);
        }
        if told || due {
            self.alive = Instant::now();
        }
        self.doubtful = false;
        self.silent = 0;
        self.row.ends();
    }

    /// A watch failed before it said anything. Soon after it began, that it began says nothing either.
    fn came_to_nothing(&mut self, begun: Instant, failure: Failure) -> Failure {
        if begun.elapsed() < BRIEF {
            self.doubtful = true;
            self.row.at_once();
        }
        failure
    }
}

fn ended_at_once() -> Failure {
    Failure::Broken { kind: io::ErrorKind::UnexpectedEof, what: Text::new("it ends each watch at once") }
}

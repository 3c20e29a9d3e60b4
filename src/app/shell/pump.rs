//! Bytes between a terminal and a process that has it, unchanged both ways.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::alternate::Alternate;
use crate::app::writer::Writer;
use crate::domain::{Attached, Ended, Size, Text};

/// What gets out though nothing answers: this key so many times in a row, within a time. As `machinectl shell` has it; ssh's
/// `~.` would end the ssh session that cockpit itself often runs in, and docker's ctrl-p holds a key back that shells use.
const ESCAPE: u8 = 0x1d;
const TIMES: usize = 3;
const WITHIN: Duration = Duration::from_secs(1);
/// The same, for a person.
pub const WAY_OUT: &str = "ctrl-] three times within a second";
/// Typed bytes that may wait for a slow connection; a paste waits in the terminal beyond that.
const WAITING: usize = 64 << 10;
/// A connection that has taken nothing for so long hangs: what is typed is then read for the way out alone.
const HANGS: Duration = Duration::from_secs(3);

/// Moves bytes until the process has ended, the connection has broken, the terminal is gone or a person lets go.
pub async fn pump(
    mut attached: Attached,
    typed: &mut mpsc::Receiver<Bytes>,
    mut sizes: BoxStream<'static, Size>,
    writer: &mut Writer,
    on_alternate: &AtomicBool,
) -> Ended {
    let mut escape = Escape::default();
    let mut waiting = BytesMut::new();
    let mut taken = Instant::now();
    let mut ended = None;
    let mut writes = true;
    let mut alternate = Alternate::default();
    loop {
        if let Some(ended) = ended.take_if(|_| !writes && !writer.is_busy()) {
            return ended;
        }
        let hangs_at = taken + HANGS;
        let hangs = waiting.len() >= WAITING && hangs_at <= Instant::now();
        tokio::select! {
            biased;
            piece = typed.recv(), if waiting.len() < WAITING || hangs => match piece {
                None => return Ended::Broke(Text::new("the terminal is gone")),
                Some(piece) if escape.is_in(&piece, Instant::now()) => return Ended::Left,
                Some(piece) => {
                    if waiting.is_empty() {
                        taken = Instant::now();
                    }
                    if waiting.len() < WAITING {
                        waiting.extend_from_slice(&piece);
                    }
                }
            },
            Some(size) = sizes.next() => {
                // Its process may be over already.
                let _ = attached.sizes.send(size);
            }
            place = attached.input.reserve(), if !waiting.is_empty() && ended.is_none() => match place {
                Ok(place) => {
                    place.send(waiting.split().freeze());
                    taken = Instant::now();
                }
                Err(_) => waiting.clear(),
            },
            written = writer.written() => if let Err(error) = written {
                return Ended::Broke(Text::from(format!("the terminal cannot be written to: {error}")));
            },
            piece = attached.output.recv(), if writes && !writer.is_busy() => match piece {
                // It is not busy: it takes it.
                Some(piece) => {
                    alternate.sees(&piece);
                    on_alternate.store(alternate.is_on, Ordering::Relaxed);
                    writes = writer.offer(piece.into());
                }
                None => writes = false,
            },
            how = &mut attached.ended, if ended.is_none() => ended = Some(how),
            () = sleep_until(hangs_at), if waiting.len() >= WAITING && !hangs => {}
        }
    }
}

/// Looks for the way out. Nothing is held back for it.
#[derive(Debug, Default)]
struct Escape {
    /// When each of the last came, in a row.
    pressed: VecDeque<Instant>,
}

impl Escape {
    fn is_in(&mut self, piece: &[u8], now: Instant) -> bool {
        for byte in piece {
            if *byte != ESCAPE {
                self.pressed.clear();
                continue;
            }
            self.pressed.push_back(now);
            if self.pressed.len() > TIMES {
                self.pressed.pop_front();
            }
            if self.pressed.len() == TIMES && self.pressed.front().is_some_and(|first| now - *first <= WITHIN) {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests;

//! What is typed, byte for byte.
//!
//! A thread of its own reads the terminal only when something is there, and stops at once when it is told to: a reader that
//! blocks would still eat the next key when the shell is over.

use std::fs::File;
use std::io::{PipeWriter, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;

use bytes::Bytes;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;

/// Pieces that may wait; the terminal keeps what comes beyond them.
const WAITING: usize = 16;
/// Bytes of one read.
const PIECE: usize = 4096;

/// A reader of the terminal. It stops when this is closed or dropped.
pub struct Typed {
    /// What was typed; it ends with the terminal.
    pub pieces: mpsc::Receiver<Bytes>,
    /// Closed, it wakes the thread.
    wake: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Typed {
    /// Starts to read `from`, which is not `/dev/tty`: macOS cannot wait for that one by `poll`.
    pub fn start(from: OwnedFd) -> std::io::Result<Self> {
        let (woken, wake) = std::io::pipe()?;
        let (sender, pieces) = mpsc::channel(WAITING);
        let mut from = File::from(from);
        let thread = std::thread::Builder::new().name("typed".into()).spawn(move || {
            let mut piece = vec![0; PIECE];
            while is_there(&from, &woken) {
                match from.read(&mut piece) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Ok(0) | Err(_) => return,
                    Ok(length) => {
                        if sender.blocking_send(Bytes::copy_from_slice(&piece[..length])).is_err() {
                            return;
                        }
                    }
                }
            }
        })?;
        Ok(Self { pieces, wake: Some(wake), thread: Some(thread) })
    }
}

impl Drop for Typed {
    fn drop(&mut self) {
        self.pieces.close();
        self.wake.take();
        if let Some(thread) = self.thread.take() {
            // It has been woken, and waits for nothing: this does not take long.
            let _ = thread.join();
        }
    }
}

/// Waits until something can be read; false when it is over.
fn is_there(from: &File, woken: &impl AsFd) -> bool {
    loop {
        let mut both = [PollFd::new(from, PollFlags::IN), PollFd::new(woken, PollFlags::IN)];
        match poll(&mut both, None) {
            Err(Errno::INTR) => {}
            Err(_) => return false,
            Ok(_) if !both[1].revents().is_empty() => return false,
            Ok(_) if both[0].revents().contains(PollFlags::NVAL) => return false,
            // One that is gone is read too: that says so.
            Ok(_) if !both[0].revents().is_empty() => return true,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn bytes_come_as_they_are_and_none_are_read_once_it_is_over() {
        let (mut read, mut write) = std::io::pipe().expect("a pipe");
        let mut typed = Typed::start(OwnedFd::from(read.try_clone().expect("another"))).expect("a thread");
        write.write_all(b"\x00\x1b[A\xff").expect("typed");
        let heard = tokio::time::timeout(Duration::from_secs(5), typed.pieces.recv()).await.expect("in time");
        assert_eq!(heard.as_deref(), Some(&b"\x00\x1b[A\xff"[..]));
        drop(typed);
        write.write_all(b"q").expect("typed");
        let mut next = [0];
        read.read_exact(&mut next).expect("it is still there");
        assert_eq!(&next, b"q");
    }

    #[tokio::test]
    async fn it_ends_with_the_terminal_and_though_nobody_takes_what_was_typed() {
        let (read, write) = std::io::pipe().expect("a pipe");
        let mut typed = Typed::start(OwnedFd::from(read)).expect("a thread");
        drop(write);
        assert_eq!(tokio::time::timeout(Duration::from_secs(5), typed.pieces.recv()).await.expect("in time"), None);
        let (read, mut write) = std::io::pipe().expect("a pipe");
        let typed = Typed::start(OwnedFd::from(read)).expect("a thread");
        let begun = std::time::Instant::now();
        let filled = std::thread::spawn(move || {
            // More than waits anywhere.
            for _ in 0..(WAITING * PIECE + 60_000) / 1000 {
                let _ = write.write_all(&[b'x'; 1000]);
            }
        });
        // Its thread stands in the middle of handing it over.
        while typed.pieces.len() < WAITING {
            assert!(begun.elapsed() < Duration::from_secs(5), "{} pieces came", typed.pieces.len());
            tokio::task::yield_now().await;
        }
        drop(typed);
        filled.join().expect("it is told that nobody reads any more");
    }
}

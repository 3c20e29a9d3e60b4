//! A terminal handed over to a process in an instance.

use std::fmt::{self, Debug, Formatter};

use bytes::Bytes;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use super::identity::Ref;
use super::text::{Name, Text};

/// Pieces that may wait on their way to or from a process: each is what one read gave, some KiB.
const PIECES: usize = 16;

/// The image of debug containers, unless the configuration says another: what the documentation of Kubernetes debugs with
/// (kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod).
pub const DEBUG_IMAGE: &str = "busybox:1.37";

/// What is opened in an instance.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Enter {
    /// In which container of it; the one that is meant first where none is named.
    #[serde(default)]
    pub container: Option<Name>,
    /// What is run, as it was typed; bash where there is one, else sh, where nothing is said.
    #[serde(default)]
    pub command: Vec<String>,
    /// Beside it, in a container of its own that is added to it.
    #[serde(default)]
    pub debug: Option<Debugger>,
}

/// A container that is added to an instance to look into it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Debugger {
    /// Its image; that of the configuration where none is named.
    #[serde(default)]
    pub image: Option<Name>,
    /// What it is called, once that is decided.
    #[serde(default)]
    pub name: Option<Name>,
}

impl Enter {
    /// What is run, for a person: `sh -c 'ls /'`; none where it is a shell.
    pub fn words(&self) -> Option<Text> {
        (!self.command.is_empty()).then(|| Text::from(self.command.join(" ")))
    }
}

/// Columns and rows of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// To whom a terminal is handed over, and what it is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attach {
    /// The instance.
    pub instance: Ref,
    /// Which incarnation of it was confirmed; any where that was not said.
    pub uid: Name,
    /// What is opened in it.
    pub enter: Enter,
    /// How large the terminal is.
    pub size: Size,
    /// What it is (`TERM`): letters, digits, `+`, `-`, `.` and `_` alone.
    pub term: Name,
}

impl Attach {
    /// A terminal of this kind; `xterm` where `term` is no name of one.
    pub fn new(instance: Ref, uid: Name, enter: Enter, size: Size, term: &str) -> Self {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
        let is_name = (1..=64).contains(&term.len()) && term.chars().all(plain);
        Self { instance, uid, enter, size, term: Name::new(if is_name { term } else { "xterm" }) }
    }

    /// What is run in the container where it is not said: bash, else sh, told what the terminal is.
    pub fn command(&self) -> Vec<String> {
        if !self.enter.command.is_empty() {
            return self.enter.command.clone();
        }
        let script =
            format!("TERM={}; export TERM; command -v bash >/dev/null 2>&1 && exec bash; exec sh", self.term.as_str());
        ["/bin/sh".to_owned(), "-c".to_owned(), script].into()
    }
}

/// A process that has the terminal. Bytes go through it as they are.
pub struct Attached {
    /// What it writes.
    pub output: mpsc::Receiver<Bytes>,
    /// What it reads.
    pub input: mpsc::Sender<Bytes>,
    /// How large the terminal is.
    pub sizes: watch::Sender<Size>,
    /// Moves all of that, and says how it ended. Nothing moves while it is not polled; dropped, the connection is closed.
    pub ended: BoxFuture<'static, Ended>,
}

/// The other end of an [`Attached`]: what a backend reads from and writes to.
pub struct Wires {
    /// Where the process's output goes.
    pub output: mpsc::Sender<Bytes>,
    /// What was typed; none when nobody types any more.
    pub input: mpsc::Receiver<Bytes>,
    /// How large the terminal is.
    pub sizes: watch::Receiver<Size>,
}

impl Attached {
    /// Both ends; `move_all` is what moves bytes between a server and the second.
    pub fn new<F>(size: Size, move_all: impl FnOnce(Wires) -> F) -> Self
    where
        F: Future<Output = Ended> + Send + 'static,
    {
        let (out, output) = mpsc::channel(PIECES);
        let (input, typed) = mpsc::channel(PIECES);
        let (sizes, sized) = watch::channel(size);
        let ended = Box::pin(move_all(Wires { output: out, input: typed, sizes: sized }));
        Self { output, input, sizes, ended }
    }
}

impl Debug for Attached {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attached").finish_non_exhaustive()
    }
}

/// How a process that had the terminal came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It ended by itself, with this code.
    Code(i32),
    /// It never began, in the server's words: there is no such program.
    NotStarted(Text),
    /// The connection to it ended before it did, and why.
    Broke(Text),
    /// A person let go of it. Whether it goes on there is not known.
    Left,
}

impl Ended {
    /// The exit status of a command that handed its terminal over: the process's own, and 255 where that is not known (as ssh
    /// has it), 127 where there is no such program (as a shell has it).
    pub fn status(&self) -> u8 {
        match self {
            Ended::Code(code) => u8::try_from(*code).unwrap_or(255),
            Ended::NotStarted(_) => 127,
            Ended::Broke(_) | Ended::Left => 255,
        }
    }

    /// Whether there was no program to run: POSIX says 127 for one that is not found and 126 for one that cannot be run, and
    /// runtimes say so too.
    pub fn is_missing(&self) -> bool {
        matches!(self, Ended::Code(126 | 127) | Ended::NotStarted(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attach(command: &[&str], term: &str) -> Attach {
        let enter = Enter { command: command.iter().map(|it| (*it).to_owned()).collect(), ..Enter::default() };
        let key = "prod/shop/Pod/web-0".parse().expect("a ref");
        Attach::new(key, Name::new(""), enter, Size { columns: 80, rows: 24 }, term)
    }

    #[test]
    fn a_shell_is_told_what_the_terminal_is_and_nothing_else() {
        let command = attach(&[], "screen.xterm-256color").command();
        assert_eq!(command[..2], ["/bin/sh", "-c"]);
        assert!(command[2].starts_with("TERM=screen.xterm-256color; export TERM;"), "{}", command[2]);
        assert!(attach(&[], "x; rm -rf /").command()[2].starts_with("TERM=xterm;"));
        assert_eq!(attach(&["cat", "a b"], "xterm").command(), ["cat", "a b"]);
    }

    #[test]
    fn the_code_of_the_process_is_handed_through() {
        let all = [Ended::Code(0), Ended::Code(137), Ended::Code(-1), Ended::NotStarted("no".into()), Ended::Left];
        assert_eq!(all.map(|ended| ended.status()), [0, 137, 255, 127, 255]);
    }
}

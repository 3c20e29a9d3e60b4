//! A program in a real terminal (a pty), what it shows, and keys for it. Nothing here sleeps to wait: conditions are polled
//! against a deadline. Used by `tests/e2e` and, with real servers, by `tests/real`.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Everything that is waited for has to happen within this.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Chunks of output that wait to be looked at; when there are more the terminal takes nothing.
const WAITING: usize = 16;

/// What lies between the program and the person.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// What it carries towards the person.
    pub bytes_a_second: u32,
    /// How long a byte is under way, each way.
    pub delay: Duration,
}

impl Link {
    const PIECE: usize = 256;

    /// Takes no more than it carries, and hands it on when it has come through.
    fn carry_output(self, mut from: Box<dyn Read + Send>, to: SyncSender<Vec<u8>>) {
        let (under_way, arriving) = sync_channel::<(Instant, Vec<u8>)>(4096);
        std::thread::spawn(move || {
            let (mut buffer, mut free) = ([0; Self::PIECE], Instant::now());
            while let Ok(n @ 1..) = from.read(&mut buffer) {
                let takes = Duration::from_secs(1) * u32::try_from(n).unwrap_or(u32::MAX) / self.bytes_a_second;
                free = free.max(Instant::now()) + takes;
                // The line's own slowness: nothing is waited for.
                std::thread::sleep(free.saturating_duration_since(Instant::now()));
                if under_way.send((free + self.delay, buffer[..n].to_vec())).is_err() {
                    break;
                }
            }
        });
        std::thread::spawn(move || {
            while let Ok((at, bytes)) = arriving.recv() {
                std::thread::sleep(at.saturating_duration_since(Instant::now()));
                if to.send(bytes).is_err() {
                    break;
                }
            }
        });
    }

    fn carry_keys(self, mut to: Box<dyn Write + Send>) -> Box<dyn Write + Send> {
        let (under_way, arriving) = sync_channel::<(Instant, Vec<u8>)>(4096);
        std::thread::spawn(move || {
            while let Ok((at, bytes)) = arriving.recv() {
                std::thread::sleep(at.saturating_duration_since(Instant::now()));
                if to.write_all(&bytes).and_then(|()| to.flush()).is_err() {
                    break;
                }
            }
        });
        Box::new(Delayed { delay: self.delay, to: under_way })
    }
}

struct Delayed {
    delay: Duration,
    to: SyncSender<(Instant, Vec<u8>)>,
}

impl Write for Delayed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let sent = self.to.send((Instant::now() + self.delay, bytes.to_vec()));
        sent.map(|()| bytes.len()).map_err(std::io::Error::other)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A program in a terminal.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    /// Everything that the program wrote.
    pub bytes: Vec<u8>,
}

/// A command in a clean environment: a UTF-8 locale, a terminal with colours, a home of its own.
pub fn command(program: &str, args: &[&str], home: &std::path::Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.args(args);
    command.env_clear();
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin"), ("TZ", "UTC")] {
        command.env(name, value);
    }
    command.env("HOME", home);
    command.cwd(home);
    command
}

impl Terminal {
    /// Starts a program in a terminal of so many columns and rows.
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        Self::start_over(None, command, columns, rows)
    }

    /// The same, behind a link.
    pub fn start_over(link: Option<Link>, command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pty");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let keys = pair.master.take_writer().expect("a writer");
        let (sender, output) = sync_channel(WAITING);
        let keys = match link {
            Some(link) => {
                link.carry_output(reader, sender);
                link.carry_keys(keys)
            }
            None => {
                std::thread::spawn(move || {
                    let mut buffer = [0; 4096];
                    while let Ok(n @ 1..) = reader.read(&mut buffer) {
                        if sender.send(buffer[..n].to_vec()).is_err() {
                            break;
                        }
                    }
                });
                keys
            }
        };
        let parser = vt100::Parser::new(at_least_one(rows), at_least_one(columns), 0);
        Self { child, master: pair.master, keys, output, parser, bytes: Vec::new() }
    }

    /// Types; `\x1b` and the like are keys.
    pub fn type_keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("keys reach the terminal");
    }

    /// The terminal has another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.drain();
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("a new size");
        self.parser.screen_mut().set_size(at_least_one(rows), at_least_one(columns));
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.process_id().expect("it was started")
    }

    fn take(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes what is there.
    pub fn drain(&mut self) {
        while let Ok(bytes) = self.output.try_recv() {
            self.take(&bytes);
        }
    }

    /// What is shown.
    pub fn shown(&self) -> String {
        self.parser.screen().contents()
    }

    /// The terminal as the program left it.
    pub const fn parser(&self) -> &vt100::Parser {
        &self.parser
    }

    /// Waits until what is shown fulfils a condition.
    pub fn wait_until(&mut self, what: &str, holds: impl Fn(&str) -> bool) {
        let end = Instant::now() + DEADLINE;
        loop {
            self.drain();
            if holds(&self.shown()) {
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never seen: {what}\n{}", self.shown());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    assert!(
                        holds(&self.shown()),
                        "the program has ended, and never shown was {what}\n{}",
                        self.shown()
                    );
                    return;
                }
            }
        }
    }

    /// Waits until the program has written so many bytes in all.
    pub fn wait_until_bytes(&mut self, count: usize) {
        let end = Instant::now() + DEADLINE;
        while self.bytes.len() < count {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} B came, {count} were waited for\n{}", self.bytes.len(), self.shown());
            if let Ok(bytes) = self.output.recv_timeout(left) {
                self.take(&bytes);
            }
        }
    }

    /// Takes what comes until nothing comes for a moment.
    pub fn settle(&mut self) {
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(100)) {
            self.take(&bytes);
        }
    }

    /// Waits until words are shown.
    pub fn wait_for(&mut self, words: &str) {
        self.wait_until(words, |shown| shown.contains(words));
    }

    /// Waits until the program has ended, and takes nothing of what it writes: a terminal behind a link that hangs.
    pub fn wait_end_unread(&mut self) {
        let end = Instant::now() + DEADLINE;
        while self.child.try_wait().expect("its status").is_none() {
            assert!(Instant::now() < end, "it has not ended within {DEADLINE:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the program has ended; its exit status.
    pub fn wait_end(&mut self) -> u32 {
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            self.drain();
            if let Some(status) = self.child.try_wait().expect("its status") {
                // What it wrote last is still on its way through the pty.
                while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(500)) {
                    self.take(&bytes);
                }
                return status.exit_code();
            }
            if let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(20)) {
                self.take(&bytes);
            }
        }
        panic!("it has not ended within {DEADLINE:?}\n{}", self.shown());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Ended already, mostly.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn at_least_one(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN)
}

//! The real screen, in a terminal that remembers what it shows.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use crate::cockpit::Cockpit;
use crate::wait::{PATIENCE, until};

const ROWS: NonZero<u16> = NonZero::new(30).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(120).unwrap();

/// A cockpit that runs in a terminal of 120x30. Dropping it ends it.
pub struct Screen<'a> {
    cockpit: &'a Cockpit,
    terminal: vt100::Parser,
    drawn: Receiver<Vec<u8>>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    // The terminal is there as long as this is.
    master: Box<dyn MasterPty + Send>,
}

impl<'a> Screen<'a> {
    /// Starts it.
    pub fn open(cockpit: &'a Cockpit) -> Self {
        Self::open_with(cockpit, &[])
    }

    /// Starts it at the case file of something.
    pub fn open_at(cockpit: &'a Cockpit, target: &str) -> Self {
        Self::open_with(cockpit, &[target])
    }

    /// Runs a command line in a terminal.
    pub fn run(cockpit: &'a Cockpit, arguments: &[&str]) -> Self {
        Self::open_with(cockpit, arguments)
    }

    fn open_with(cockpit: &'a Cockpit, arguments: &[&str]) -> Self {
        let size = PtySize { rows: ROWS.get(), cols: COLUMNS.get(), pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pty");
        let start = cockpit.start();
        let mut command = CommandBuilder::new(&start[0]);
        command.args(&start[1..]);
        // Before what is said: behind `--` it would be somebody else's.
        command.arg("--log-file");
        command.arg(cockpit.log_file());
        command.args(arguments);
        command.env_clear();
        cockpit.environment().into_iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).expect("cockpit to start");
        let terminal = vt100::Parser::new(ROWS, COLUMNS, 0);
        let reader = pair.master.try_clone_reader().expect("a reader of the pty");
        let keys = pair.master.take_writer().expect("a writer to the pty");
        // Bounded: who does not look for long is a stalled link, and cockpit has to live with those.
        let (send, drawn) = sync_channel(1024);
        std::thread::spawn(move || forward(reader, &send));
        Self { cockpit, terminal, drawn, keys, child, master: pair.master }
    }

    /// What it shows now.
    pub fn text(&mut self) -> String {
        self.drawn.try_iter().for_each(|bytes| self.terminal.process(&bytes));
        self.terminal.screen().contents()
    }

    /// Gives the terminal another size.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("the pty to take a size");
        let of = |n| NonZero::new(n).expect("not zero");
        self.terminal.screen_mut().set_size(of(rows), of(columns));
    }

    /// Types.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("cockpit to read its keys");
    }

    /// Waits until it shows all of these, in any case; else shows the last screen and the log.
    #[track_caller]
    pub fn until_shows(&mut self, limit: Duration, words: &[&str]) {
        self.until(limit, &format!("the screen to show {words:?}"), |text| {
            words.iter().all(|word| text.to_lowercase().contains(&word.to_lowercase()))
        });
    }

    /// Waits until what it shows is as `check` wants it; else shows the last screen and the log.
    #[track_caller]
    pub fn until(&mut self, limit: Duration, what: &str, check: impl Fn(&str) -> bool) {
        until(limit, what, || {
            let text = self.text();
            if check(&text) {
                return Ok(());
            }
            let ended = self.child.try_wait().ok().flatten();
            let ended = ended.map_or_else(String::new, |status| format!("--- cockpit has ended: {status:?}\n"));
            Err(format!("{ended}--- screen\n{text}\n--- log\n{}", self.cockpit.log()))
        });
    }

    /// Presses a key until it shows what it leads to: one that comes right after another may not be taken.
    #[track_caller]
    pub fn press_for(&mut self, keys: &str, words: &[&str]) {
        let mut pressed: Option<Instant> = None;
        until(PATIENCE, &format!("{keys} to lead to {words:?}"), || {
            let text = self.text();
            if words.iter().all(|word| text.to_lowercase().contains(&word.to_lowercase())) {
                return Ok(());
            }
            if pressed.is_none_or(|at| at.elapsed() > Duration::from_secs(5)) {
                self.press(keys);
                pressed = Some(Instant::now());
            }
            Err(text)
        });
    }

    /// Goes to the workloads, and to the one of this name.
    #[track_caller]
    pub fn select_workload(&mut self, name: &str) {
        self.press("7");
        self.until(PATIENCE, "the workload", |text| text.lines().any(|line| line.contains(name)));
        self.press(&format!("/{}\r", name.rsplit('/').next().unwrap_or(name)));
        self.until(PATIENCE, "the workload to be selected", |text| {
            text.lines().any(|line| line.contains('▸') && line.contains(name))
        });
    }

    /// Goes to the row of a list that says so.
    #[track_caller]
    pub fn select(&mut self, words: &str) {
        let place = |text: &str| text.lines().skip(2).position(|line| line.contains(words));
        let at = |text: &str| text.lines().skip(2).position(|line| line.contains('▸'));
        let mut pressed: Option<(Instant, usize)> = None;
        until(PATIENCE, &format!("the row of {words:?} to be selected"), || {
            let text = self.text();
            let Some((wanted, now)) = place(&text).zip(at(&text)) else { return Err(text) };
            if wanted == now {
                return Ok(());
            }
            // One at a time: each is drawn before the next.
            if pressed.is_none_or(|(when, from)| from != now || when.elapsed() > Duration::from_secs(5)) {
                self.press(if wanted < now { "k" } else { "j" });
                pressed = Some((Instant::now(), now));
            }
            Err(text)
        });
    }

    /// Confirms what the preview shows, as a person does who reads it first: keys that come at once are not taken.
    #[track_caller]
    pub fn confirm(&mut self) {
        let asks = |text: &str| text.contains("disruptive: y, then enter") || text.contains("harmless: enter");
        let mut pressed: Option<Instant> = None;
        let mut shown = Instant::now();
        until(PATIENCE, "the preview to be confirmed", || {
            let text = self.text();
            if !asks(&text) {
                return if pressed.is_some() { Ok(()) } else { Err(text) };
            }
            if pressed.is_none_or(|at| at.elapsed() > Duration::from_secs(4))
                && shown.elapsed() > Duration::from_millis(700)
            {
                self.press(if text.contains("harmless") { "\r" } else { "y\r" });
                pressed = Some(Instant::now());
                shown = Instant::now();
            }
            Err(text)
        });
    }

    /// The same, once: what it leads to may be another preview.
    #[track_caller]
    pub fn confirm_once(&mut self) {
        let asks = |text: &str| text.contains("disruptive: y, then enter") || text.contains("harmless: enter");
        self.until(PATIENCE, "something to be confirmed", asks);
        let shown = Instant::now();
        until(PATIENCE, "the preview to have been read", || match self.text() {
            text if shown.elapsed() < Duration::from_millis(700) => Err(text),
            _ => Ok(()),
        });
        let keys = if self.text().contains("harmless") { "\r" } else { "y\r" };
        self.press(keys);
    }

    /// From what is selected at home, which has to be `subject`, one key leads to the record of an error that a container
    /// wrote in JSON before it ended; another one narrows to errors, in which nothing of the other containers is left.
    #[track_caller]
    pub fn leads_to_the_guilty_line(&mut self, limit: Duration, subject: &str) {
        let is_selected = |text: &str| text.lines().any(|line| line.contains('▸') && line.contains(subject));
        self.until(limit, &format!("{subject} to be selected, and a line of it quoted"), |text| {
            is_selected(text) && text.contains("cannot take payments: gateway refused the")
        });
        self.press("l");
        self.until(limit, "the record, as level, message and fields", |text| {
            let guilty = text.lines().find(|line| line.contains("cannot take payments"));
            guilty.is_some_and(|line| line.to_lowercase().contains("error") && line.contains("gateway refused the key"))
                && text.contains("bye")
        });
        self.press("/level:error\r");
        self.until(limit, "errors alone", |text| {
            text.contains("cannot take payments") && !text.contains("bye") && !text.contains("was taken")
        });
    }

    /// Ends it as `kill -9` does: it has no time for anything.
    pub fn kill(mut self) {
        self.signal(Signal::KILL);
        // Whoever has its number looks whether it is there: until it was waited for it is.
        self.child.wait().expect("it to be gone");
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let id = self.child.process_id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        kill_process(id.expect("its number"), signal).expect("it to be there");
    }

    /// Waits until it has ended by itself, and says its exit status.
    #[track_caller]
    pub fn until_status(&mut self, limit: Duration) -> u32 {
        let status = until(limit, "cockpit to end", || {
            let text = self.text();
            let ended = self.child.try_wait().ok().flatten();
            ended.map(|status| status.exit_code()).ok_or_else(|| format!("--- screen\n{text}"))
        });
        self.take_the_rest();
        status
    }

    /// Takes in what it wrote last: a pty hands that on in its own time, and hangs up after it.
    fn take_the_rest(&mut self) {
        while let Ok(bytes) = self.drawn.recv_timeout(Duration::from_secs(5)) {
            self.terminal.process(&bytes);
        }
    }

    /// Waits until it has ended by itself; whether it went well.
    #[track_caller]
    pub fn until_ended(&mut self, limit: Duration) -> bool {
        until(limit, "cockpit to end", || {
            let text = self.text();
            let ended = self.child.try_wait().ok().flatten();
            ended.map(|status| status.success()).ok_or_else(|| format!("--- screen\n{text}"))
        })
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        // Both fail where it has ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hands on what cockpit draws until the pty closes, which it does when cockpit ends.
fn forward(mut reader: Box<dyn Read + Send>, drawn: &SyncSender<Vec<u8>>) {
    let mut bytes = [0; 8192];
    while let Ok(count @ 1..) = reader.read(&mut bytes) {
        if drawn.send(bytes[..count].to_vec()).is_err() {
            return;
        }
    }
}

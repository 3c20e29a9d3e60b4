//! Times a program on a terminal of its own: how long until it shows something, what it costs from there on, and how soon
//! it answers a key meanwhile. Used by `benches/fleet/run`, for cockpit and for others alike.
//!
//! `terminal COLUMNSxROWS UNTIL SETTLE SECONDS KEYS MEANWHILE COMMAND...` waits until one of the words of UNTIL (parted by `|`)
//! is shown, types the KEYS, lets SETTLE seconds pass, and looks on for so many SECONDS, while the shell command MEANWHILE
//! runs. Where KEYS end in `~`, `j` and `k` are typed in turn then, and each is answered when the mark of the selected row
//! (`▸`) is in another place.
//!
//! Prints one line: seconds until it was shown, seconds of CPU and MiB at the peak by then; then, over the seconds that
//! follow: seconds of CPU, bytes to the terminal, MiB at the peak, and milliseconds to the answer of a key, at the median
//! and at p99 (`-` where none was typed).

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use color_eyre::eyre::{Result, WrapErr, bail, eyre};
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

/// So long may it take until it is shown.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two keys, as of a person who scrolls.
const KEY_EVERY: Duration = Duration::from_millis(150);
/// A key that is not answered within this is counted so.
const KEY_PATIENCE: Duration = Duration::from_secs(5);
/// How `/proc/PID/stat` counts: ticks a second (`getconf CLK_TCK`), the same on every Linux that is in use.
const TICKS: f64 = 100.0;
/// What marks the selected row.
const MARK: char = '▸';

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let mut next = |what: &str| args.next().ok_or_else(|| eyre!("missing: {what}"));
    let size = next("COLUMNSxROWS")?;
    let until = next("UNTIL")?;
    let settle: f64 = next("SETTLE")?.parse().wrap_err("SETTLE is no number")?;
    let seconds: f64 = next("SECONDS")?.parse().wrap_err("SECONDS is no number")?;
    let keys = next("KEYS")?;
    let meanwhile = next("MEANWHILE")?;
    let program = next("COMMAND")?;
    let (columns, rows) = size.split_once('x').ok_or_else(|| eyre!("a size is 160x50"))?;
    let mut terminal = Terminal::start(&program, args.collect(), columns.parse()?, rows.parse()?)?;
    let begun = Instant::now();
    let words: Vec<&str> = until.split('|').collect();
    terminal.wait(PATIENCE, |screen| words.iter().any(|word| screen.contents().contains(word)))?;
    let (shown, cpu, peak) = (begun.elapsed(), terminal.cpu()?, terminal.peak()?);
    print!("{:.2} {cpu:.2} {peak:.0}", shown.as_secs_f64());
    std::io::stdout().flush()?;
    let (plain, moves) = keys.strip_suffix('~').map_or((keys.as_str(), false), |plain| (plain, true));
    if !plain.is_empty() {
        terminal.keys.write_all(plain.as_bytes())?;
    }
    terminal.look(Duration::from_secs_f64(settle));
    let mut meanwhile = std::process::Command::new("sh").args(["-c", &format!("exec {meanwhile}")]).spawn()?;
    let (cpu, bytes) = (terminal.cpu()?, terminal.bytes);
    let mut answers = Vec::new();
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    while Instant::now() < end {
        if moves {
            answers.push(terminal.press(if answers.len() % 2 == 0 { b"j" } else { b"k" })?);
        }
        terminal.look(KEY_EVERY.min(end.saturating_duration_since(Instant::now())));
    }
    answers.sort();
    let at = |share: f64| match answers.len() {
        0 => "-".to_owned(),
        count => format!("{:.1}", answers[((count - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3),
    };
    meanwhile.kill()?;
    meanwhile.wait()?;
    let (cpu, bytes) = (terminal.cpu()? - cpu, terminal.bytes - bytes);
    println!(" {cpu:.2} {bytes} {:.0} {} {}", terminal.peak()?, at(0.5), at(0.99));
    Ok(())
}

struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    bytes: usize,
    /// Held, so that the terminal stays.
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Terminal {
    fn start(program: &str, args: Vec<String>, columns: u16, rows: u16) -> Result<Self> {
        let pty = |error| eyre!("no terminal: {error:#}");
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).map_err(pty)?;
        let mut command = CommandBuilder::new(program);
        command.args(args);
        let child = pair.slave.spawn_command(command).map_err(pty)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().map_err(pty)?;
        let keys = pair.master.take_writer().map_err(pty)?;
        let (sender, output) = sync_channel(64);
        std::thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let size = |n: u16| std::num::NonZeroU16::new(n).ok_or_else(|| eyre!("a size of 0"));
        let parser = vt100::Parser::new(size(rows)?, size(columns)?, 0);
        Ok(Self { child, keys, output, parser, bytes: 0, _master: pair.master })
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len();
        self.parser.process(bytes);
    }

    /// Waits until the screen fulfils a condition.
    fn wait(&mut self, limit: Duration, holds: impl Fn(&vt100::Screen) -> bool) -> Result<()> {
        let end = Instant::now() + limit;
        while !holds(self.parser.screen()) {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                bail!("never shown:\n{}", self.parser.screen().contents());
            };
            self.take(&bytes);
        }
        Ok(())
    }

    /// Takes what comes for so long.
    fn look(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(bytes) = self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.take(&bytes);
        }
    }

    /// Types a key that moves the selection; how long until it is shown elsewhere.
    fn press(&mut self, key: &[u8]) -> Result<Duration> {
        while let Ok(bytes) = self.output.try_recv() {
            self.take(&bytes);
        }
        let before = marked(self.parser.screen());
        let begun = Instant::now();
        self.keys.write_all(key)?;
        self.wait(KEY_PATIENCE, |screen| marked(screen) != before)?;
        Ok(begun.elapsed())
    }

    /// Seconds of CPU so far, of all its threads.
    fn cpu(&self) -> Result<f64> {
        let stat = self.proc("stat")?;
        // The name may hold anything; after it, utime and stime are the 12th and 13th.
        let rest = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
        let ticks: f64 = rest.split_whitespace().skip(11).take(2).filter_map(|word| word.parse::<f64>().ok()).sum();
        Ok(ticks / TICKS)
    }

    /// Resident at the most, MiB.
    fn peak(&self) -> Result<f64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0).ok_or_else(|| eyre!("no VmHWM"))
    }

    fn proc(&self, file: &str) -> Result<String> {
        let id = self.child.process_id().ok_or_else(|| eyre!("it has ended"))?;
        std::fs::read_to_string(format!("/proc/{id}/{file}")).wrap_err("it has ended")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Ended already, perhaps.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The row of the mark.
fn marked(screen: &vt100::Screen) -> Option<usize> {
    screen.contents().lines().position(|line| line.contains(MARK))
}

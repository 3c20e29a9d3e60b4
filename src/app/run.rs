//! The loop: the terminal, the feeds and the clock on one side, [`App`] on the other.
//!
//! A turn is: terminal and signals; then progress of runs and other replies; then facts, at most 4 ms; then diagnosis in
//! slices of 4 ms; then one frame if something changed, at most 30 a second. Then it sleeps until the next deadline.
//!
//! What a person does is answered at once. What the world does is looked at in its own pace ([`Pace`]): a large cluster
//! changes a hundred times a second, and nobody reads that fast, nor does every line carry it.

use std::time::{Duration, Instant};

use color_eyre::eyre::{WrapErr, eyre};
use crossterm::event::Event as Input;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::domain::{Attached, Batch, Ended, Name, People, Receipt, StepAction, StepError, Text, Timestamp};
use crate::engine::{Ending, Feeds, Scribe};
use crate::ui;

use super::clipboard::Way;
use super::clock::Clock;
use super::input::Reader;
use super::keeper::Keeping;
use super::options::{Options, Recorder};
use super::pace::Pace;
use super::requests::Requests;
use super::shell::Lent;
use super::signals::{Signal, Signals};
use super::terminal::{self, Terminal};
use super::writer::{Encoder, Writer};
use super::{App, Copied, Effect, Event, Key, Keymap, Mouse, Setup, What};

/// Facts are folded for so long, and rules asked for so long, before the terminal is looked at again.
const SLICE: Duration = Duration::from_millis(4);
/// Frames are at least so far apart.
const FRAME: Duration = Duration::from_millis(33);
/// Deadlines are looked at at least so far apart.
const SOON: Duration = Duration::from_millis(20);
/// A terminal that takes nothing is waited for so long at the end.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Replies that may wait for the loop; requests wait when there are more.
const REPLIES: usize = 256;

/// Runs the screen until the person leaves, or the program is told to end. The terminal is given back in any case. Returns what
/// is to be said after that: a drill's score.
pub async fn run(options: Options) -> color_eyre::Result<Option<String>> {
    terminal::check().map_err(|why| eyre!("{why}"))?;
    let keymap = Keymap::new(&options.keys).wrap_err("the configured keys cannot be used")?;
    let signals = Signals::listen().wrap_err("signals cannot be listened to")?;
    let terminal = Terminal::take(options.mouse).wrap_err("the terminal cannot be taken over")?;
    let output = terminal.output().wrap_err("the terminal cannot be written to")?;
    let writer = Writer::start(output).wrap_err("no thread for the terminal")?;
    let mut session = Session::start(options, keymap, terminal, writer)?;
    let ended = session.live(signals).await;
    let said = session.app.drilled(session.clock.now());
    session.end().await;
    ended.map(|()| said)
}

struct Session {
    app: App,
    feeds: Feeds,
    /// Every feed has said all that it ever will.
    feeds_over: bool,
    clock: Clock,
    terminal: Terminal,
    writer: Writer,
    encoder: Encoder,
    /// The frame that was last accepted, and the one that is drawn on.
    frames: (Buffer, Buffer),
    /// What goes to the terminal beside the next frame.
    beside: Vec<u8>,
    /// How the terminal's clipboard is reached.
    clipboard: Way,
    /// The terminal may show anything: the next frame is drawn whole.
    whole: bool,
    last_frame: Option<Instant>,
    minute: i64,
    requests: Requests,
    /// When the journal's thread has ended.
    journal: Ending,
    replies: mpsc::Receiver<What>,
    keeping: Option<Keeping>,
    recorder: Option<Recorder>,
    input: Option<Reader>,
    /// A process that has the terminal, and its run: nothing is drawn and no key is read meanwhile.
    lent: Option<(u64, Lent)>,
    /// Diagnosis was cut short: go on without waiting.
    more: bool,
    pace: Pace,
    /// Everything had been listed when the world was last looked at.
    settled: bool,
}

/// What ended the sleep.
enum Woke {
    Signal(Signal),
    Input(Option<std::io::Result<Input>>),
    Reply(Box<What>),
    Written(std::io::Result<()>),
    Facts(Option<Batch>),
    /// Of which run, and how it ended.
    Left(u64, Ended),
    Due,
}

impl Session {
    fn start(options: Options, keymap: Keymap, terminal: Terminal, writer: Writer) -> color_eyre::Result<Self> {
        let clock = Clock::start(options.replay);
        let depth = options.look.palette.depth;
        let size = terminal::size();
        let setup = Setup {
            clusters: options.targets.iter().map(|target| target.cluster.clone()).collect(),
            unwatched: options.unwatched,
            settings: options.settings,
            guard: options.guard,
            keymap,
            look: options.look,
            utc: options.utc,
            columns: options.columns,
            size,
            zone: jiff::tz::TimeZone::system(),
            me: options.me.name.clone(),
        };
        let (sender, replies) = mpsc::channel(REPLIES);
        let hear = sender.clone();
        let hear = move |news| hear.blocking_send(What::Journal(news)).is_ok();
        let (scribe, journal) = Scribe::start(options.journal, hear).wrap_err("no thread for the journal")?;
        let keeping = options.keeper.and_then(|keeper| Keeping::start(keeper, sender.clone()));
        let area = Rect::new(0, 0, size.0, size.1);
        let mut app = App::new(setup, clock.now()).of(options.me.clone(), options.numbers);
        if let Some(target) = options.open {
            app.open_at_first(target);
        }
        if !options.drill.is_empty() {
            app.drill(options.drill, clock.now());
        }
        Ok(Self {
            app,
            feeds: Feeds::start(options.targets),
            feeds_over: false,
            terminal,
            writer,
            encoder: Encoder::new(depth),
            frames: (Buffer::empty(area), Buffer::empty(area)),
            beside: Vec::new(),
            clipboard: Way::of(|name| std::env::var(name).ok()),
            whole: true,
            last_frame: None,
            minute: minute_of(clock.now()),
            clock,
            requests: Requests::new(sender, scribe, options.me),
            journal,
            keeping,
            replies,
            recorder: options.recorder,
            input: Some(Reader::start()),
            lent: None,
            more: false,
            pace: Pace::default(),
            settled: false,
        })
    }

    async fn live(&mut self, mut signals: Signals) -> color_eyre::Result<()> {
        loop {
            self.draw();
            match self.sleep(&mut signals).await {
                Woke::Signal(Signal::Continued) => self.come_back()?,
                Woke::Signal(Signal::End) => return Ok(()),
                Woke::Input(input) => {
                    // Where the terminal is gone there is nobody left to show anything to.
                    let Some(Ok(input)) = input else { return Ok(()) };
                    if self.take_input(input).await? {
                        return Ok(());
                    }
                }
                Woke::Reply(what) => self.hear(*what).await?,
                Woke::Written(Ok(())) => self.hear(What::Written).await?,
                Woke::Written(Err(_)) => return Ok(()),
                Woke::Facts(Some(batch)) => self.fold(batch),
                Woke::Facts(None) => {
                    self.feeds_over = true;
                    self.clock.stop();
                }
                Woke::Left(run, ended) => self.take_back(run, ended).await?,
                Woke::Due => {}
            }
            if self.catch_up().await? {
                return Ok(());
            }
        }
    }

    /// What is there already, in the order of a turn. Whether that ended the session.
    async fn catch_up(&mut self) -> color_eyre::Result<bool> {
        while let Some(Ok(input)) = self.input.as_mut().and_then(Reader::try_next) {
            if self.take_input(input).await? {
                return Ok(true);
            }
        }
        for _ in 0..REPLIES {
            let Ok(what) = self.replies.try_recv() else { break };
            self.hear(what).await?;
        }
        let began = Instant::now();
        while began.elapsed() < SLICE
            && let Some(batch) = self.feeds.try_next()
        {
            self.fold(batch);
        }
        let began = Instant::now();
        let at = self.clock.moment();
        if !self.more && !self.pace.is_due(began, self.hurries()) {
            self.app.expire(at);
            return Ok(false);
        }
        let before = self.app.core().diagnosis().version();
        self.more = self.app.turn(at, &mut || began.elapsed() < SLICE);
        self.pace.turned(began, self.app.core().diagnosis().version() != before);
        self.settled = self.app.core().is_settled();
        let effects = self.app.take_effects();
        self.carry_out(effects).await
    }

    fn fold(&mut self, batch: Batch) {
        self.clock.heard(batch.at);
        if let Some(Err(why)) = self.recorder.as_mut().map(|record| record(&batch)) {
            self.recorder = None;
            let text = Text::from(format!("the recording has stopped: {why}"));
            let at = self.clock.moment();
            self.app.update(Event { now: at.now, felt: at.felt, what: What::Warned(text) });
        }
        let at = self.clock.moment();
        self.app.update(Event { now: at.now, felt: at.felt, what: What::Facts(vec![batch]) });
        self.pace.changed();
    }

    /// Something is under way that a person looks at: the first listings, up to what their end brings, or a run.
    fn hurries(&self) -> bool {
        let core = self.app.core();
        !self.settled || !core.is_settled() || core.runs().next_deadline().is_some()
    }

    async fn hear(&mut self, what: What) -> color_eyre::Result<()> {
        self.requests.heard(&what);
        let what = match what {
            What::Attached(run, ix, Ok(attached)) => What::StepAnswer(run, ix, self.lend(run, attached).await?),
            What::Attached(run, ix, Err(why)) => What::StepAnswer(run, ix, Err(why)),
            other => other,
        };
        if matches!(what, What::Journal(_) | What::Earlier(_)) {
            // Rules have something to say of it.
            self.pace.changed();
        }
        self.update(what).await.map(|_| ())
    }

    /// Whether the session is over.
    async fn update(&mut self, what: What) -> color_eyre::Result<bool> {
        let at = self.clock.moment();
        let effects = self.app.update(Event { now: at.now, felt: at.felt, what });
        self.carry_out(effects).await
    }

    async fn take_input(&mut self, input: Input) -> color_eyre::Result<bool> {
        let what = match input {
            Input::Key(key) => Key::from_event(key).map(What::Key),
            Input::Paste(text) => Some(What::Paste(text)),
            Input::Mouse(mouse) => Mouse::from_event(mouse).map(What::Mouse),
            Input::Resize(columns, rows) => {
                self.whole = true;
                Some(What::Resize(columns, rows))
            }
            _ => None,
        };
        self.pace.touched();
        match what {
            Some(what) => self.update(what).await,
            None => Ok(false),
        }
    }

    async fn carry_out(&mut self, effects: Vec<Effect>) -> color_eyre::Result<bool> {
        for effect in effects {
            match effect {
                Effect::Quit => return Ok(true),
                Effect::Suspend => self.suspend().await?,
                Effect::Repaint => self.whole = true,
                Effect::Copy(text) => self.copy(text),
                Effect::Keep(people, forget) => self.keep(people, forget),
                Effect::Journal(entry) => {
                    self.pace.changed();
                    self.requests.start(Effect::Journal(entry), &self.feeds);
                }
                Effect::Execute(run, ix, step) if matches!(step.action, StepAction::Enter(..)) => {
                    let entry = self.app.core().runs().entry(run);
                    self.requests.enter(run, ix, step, entry, &self.feeds, self.clock.now());
                }
                Effect::Execute(run, ix, step) => {
                    let entry = self.app.core().runs().entry(run);
                    self.requests.execute(run, ix, step, entry, &self.feeds, self.clock.now());
                }
                other => self.requests.start(other, &self.feeds),
            }
        }
        Ok(false)
    }

    /// Into the terminal's clipboard with the next frame; what that does not take goes to a file.
    fn copy(&mut self, text: String) {
        let Some(bytes) = self.clipboard.copy(&text) else {
            return self.requests.start(Effect::Copy(text), &self.feeds);
        };
        self.beside.extend(bytes);
        let to = if self.clipboard == Way::Tmux { Copied::Tmux } else { Copied::Clipboard };
        let at = self.clock.moment();
        self.app.update(Event { now: at.now, felt: at.felt, what: What::Copied(Ok(to)) });
    }

    /// What people say is kept beside the loop.
    fn keep(&mut self, people: People, forget: Vec<Name>) {
        if self.keeping.as_ref().is_some_and(|keeping| !keeping.keep(people, forget)) {
            let text = Text::new("what was said is known here alone: it could not be handed over to be kept");
            let at = self.clock.moment();
            self.app.update(Event { now: at.now, felt: at.felt, what: What::Warned(text) });
        }
    }

    /// Sleeps until something comes or is due.
    async fn sleep(&mut self, signals: &mut Signals) -> Woke {
        let due = self.next_due();
        let input = async {
            match &mut self.input {
                Some(input) => input.next().await,
                None => std::future::pending().await,
            }
        };
        let left = async {
            match &mut self.lent {
                Some((run, lent)) => Woke::Left(*run, lent.ended().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            signal = signals.next() => Woke::Signal(signal),
            input = input => Woke::Input(input),
            left = left => left,
            Some(what) = self.replies.recv() => Woke::Reply(Box::new(what)),
            written = self.writer.written() => Woke::Written(written),
            batch = self.feeds.next(), if !self.feeds_over => Woke::Facts(batch),
            () = tokio::time::sleep(due) => Woke::Due,
        }
    }

    /// How long there is nothing to do unless something comes.
    fn next_due(&self) -> Duration {
        if self.more {
            return Duration::ZERO;
        }
        let deadline = self.app.next_deadline();
        // What was due has just been looked at: what is still due then is not looked at again at once.
        let turn = self.pace.next(Instant::now(), self.hurries());
        let world = deadline.world.map(|at| self.clock.until(at).max(SOON).max(turn));
        let person = deadline.person.map(|at| self.clock.until_felt(at).max(SOON));
        let changed = self.pace.is_behind().then_some(turn);
        let minute = Some(self.clock.until(next_minute(self.clock.now())));
        // While a frame is on its way its end is what is waited for.
        let frame = (self.frame_is_wanted() && !self.writer.is_busy()).then(|| self.until_next_frame());
        [world, person, changed, minute, frame].into_iter().flatten().min().unwrap_or(FRAME)
    }

    const fn frame_is_wanted(&self) -> bool {
        self.lent.is_none() && (self.app.is_dirty() || self.whole)
    }

    fn until_next_frame(&self) -> Duration {
        self.last_frame.map_or(Duration::ZERO, |last| FRAME.saturating_sub(last.elapsed()))
    }

    /// Puts a frame together and hands it over, if one is wanted, due, and the last one is written.
    fn draw(&mut self) {
        let now = self.clock.now();
        // Ages and the clock tick by the minute.
        if minute_of(now) != self.minute {
            self.minute = minute_of(now);
            self.app.mark_dirty();
        }
        if !self.frame_is_wanted() || self.writer.is_busy() || !self.until_next_frame().is_zero() {
            return;
        }
        self.app.take_dirty();
        let (columns, rows) = self.app.screen().size;
        let area = Rect::new(0, 0, columns, rows);
        let (shown, frame) = &mut self.frames;
        if frame.area == area {
            frame.reset();
        } else {
            *frame = Buffer::empty(area);
        }
        ui::draw(self.app.screen(), &self.app.model(now), frame);
        let whole = self.whole || shown.area != area;
        let mut bytes = std::mem::take(&mut self.beside);
        bytes.extend(if whole { self.encoder.whole(frame) } else { self.encoder.update(shown, frame) });
        self.feeds.demand(self.app.demand(now));
        self.app.drawn(bytes.len());
        if bytes.is_empty() {
            // What is on the terminal is what would be drawn: it counts as written.
            let at = self.clock.moment();
            self.app.update(Event { now: at.now, felt: at.felt, what: What::Written });
            return;
        }
        let length = bytes.len();
        if self.writer.offer(bytes) {
            std::mem::swap(&mut self.frames.0, &mut self.frames.1);
            self.last_frame = Some(Instant::now());
            self.pace.wrote(length);
            self.whole = false;
        } else {
            // Never drawn: what the terminal shows is not known any more.
            self.whole = true;
        }
    }

    /// Hands the terminal to a process that has begun. The world goes on meanwhile; a terminal that takes nothing, or a screen that
    /// has turned to something else, gets none.
    async fn lend(&mut self, run: u64, attached: Attached) -> color_eyre::Result<Result<Receipt, StepError>> {
        let refused = |why: &str| Ok(Err(StepError::Failed(Text::new(why))));
        if self.lent.is_some() || !self.app.waits_for(run) {
            return refused("it was let go of: the screen had turned to something else meanwhile");
        }
        self.fall_silent().await;
        if self.writer.is_busy() {
            self.come_back()?;
            return refused("it was let go of: the terminal takes nothing");
        }
        let greeting = self.app.greets(run);
        let begun = self.terminal.lend(&greeting).and_then(|()| Lent::start(&self.terminal, attached));
        match begun {
            Ok(lent) => {
                self.lent = Some((run, lent));
                Ok(Ok(Receipt::at(self.clock.now())))
            }
            Err(why) => {
                self.come_back()?;
                refused(&format!("the terminal could not be handed over: {why}"))
            }
        }
    }

    /// The terminal is ours again.
    async fn take_back(&mut self, run: u64, ended: Ended) -> color_eyre::Result<()> {
        self.lent = None;
        self.come_back()?;
        self.hear(What::Left(run, ended)).await
    }

    /// Reads and writes nothing more on the terminal.
    async fn fall_silent(&mut self) {
        silence(&mut self.input, &mut self.writer).await;
    }

    /// Stops as a job of the shell, and comes back when that says so.
    async fn suspend(&mut self) -> color_eyre::Result<()> {
        self.fall_silent().await;
        self.terminal.give_back();
        super::signals::stop_here();
        self.come_back()
    }

    fn come_back(&mut self) -> color_eyre::Result<()> {
        if self.lent.is_some() {
            // Whoever has it draws for itself.
            return self.terminal.rawed().wrap_err("the terminal cannot be made raw again");
        }
        self.terminal.retake().wrap_err("the terminal cannot be taken over again")?;
        if self.input.is_none() {
            self.input = Some(Reader::start());
        }
        self.whole = true;
        let (columns, rows) = terminal::size();
        let at = self.clock.moment();
        self.app.update(Event { now: at.now, felt: at.felt, what: What::Resize(columns, rows) });
        Ok(())
    }

    /// Gives the terminal back.
    async fn end(mut self) {
        // Who keeps what was said is not to wait for a loop that is over.
        self.replies.close();
        // What is on its way into the journal is written; steps that wait for an answer let go of it then.
        drop(self.requests);
        self.journal.wait(LAST_WORDS).await;
        if let Some(keeping) = self.keeping.take() {
            keeping.end();
        }
        if let Some((_, lent)) = self.lent.take() {
            self.terminal.turned(lent.is_on_alternate());
            lent.take_away().await;
        }
        silence(&mut self.input, &mut self.writer).await;
        if self.writer.is_busy() {
            self.terminal.abandon();
            return;
        }
        self.terminal.give_back();
        self.writer.join();
    }
}

/// Closes the input, and waits for what is on its way to the terminal, where that takes anything.
async fn silence(input: &mut Option<Reader>, writer: &mut Writer) {
    if let Some(input) = input.take() {
        input.close().await;
    }
    if writer.is_busy() {
        let _ = tokio::time::timeout(LAST_WORDS, writer.written()).await;
    }
}

fn minute_of(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

fn next_minute(now: Timestamp) -> Timestamp {
    Timestamp::from_second((minute_of(now) + 1) * 60).unwrap_or(now)
}

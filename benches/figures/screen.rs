//! What a person feels at 50,000 instances: a key, a change that is drawn, and what it costs on the wire.

use cockpit::action::Guard;
use cockpit::app::{App, Effect, Encoder, Event, Key, Keymap, Setup, What};
use cockpit::diagnose::Settings;
use cockpit::domain::Timestamp;
use cockpit::ui::{self, Look};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::changes;
use crate::fleet;
use crate::measure::{Report, milliseconds, percentile};
use crate::world::INSTANCES;

const SIZE: (u16, u16) = (120, 36);

/// A screen with the fleet on it, and the frame that the terminal shows.
pub struct Shown {
    app: App,
    frame: Buffer,
    encoder: Encoder,
    now: Timestamp,
}

impl Shown {
    /// The whole fleet, listed and drawn once.
    pub fn new() -> Self {
        let setup = Setup {
            clusters: vec![fleet::cluster()],
            unwatched: Vec::new(),
            settings: Settings::default(),
            guard: Guard::default(),
            keymap: Keymap::new(&[]).expect("the keys as they are"),
            look: Look::default(),
            utc: true,
            columns: Default::default(),
            size: SIZE,
            zone: jiff::tz::TimeZone::UTC,
            me: "anna@bastion".into(),
        };
        let app = App::new(setup, fleet::now());
        let frame = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        let mut shown = Self { app, frame, encoder: Encoder::default(), now: fleet::now() };
        shown.hear(What::Facts(fleet::batches(INSTANCES).collect()));
        shown.hear(What::Turn);
        shown.draw();
        shown
    }

    /// Time passes.
    pub fn passes(&mut self, ms: i64) {
        self.now = self.now.checked_add(jiff::SignedDuration::from_millis(ms)).expect("in range");
    }

    /// Something happens; what is to be done about it outside.
    pub fn hear(&mut self, what: What) -> Vec<Effect> {
        self.app.update(Event::at(self.now, what))
    }

    /// Draws what there is now; the bytes that bring the terminal there.
    pub fn draw(&mut self) -> Vec<u8> {
        let mut next = Buffer::empty(self.frame.area);
        ui::draw(self.app.screen(), &self.app.model(self.now), &mut next);
        let bytes = self.encoder.update(&self.frame, &next);
        self.app.drawn(bytes.len());
        self.frame = next;
        bytes
    }
}

/// Keys, changes and bytes.
pub fn figures(report: &mut Report) {
    if !report.wants("screen") {
        return;
    }
    let mut shown = Shown::new();
    for (pane, name) in [('1', "triage"), ('6', "nodes"), ('7', "workloads")] {
        let mut times: Vec<f64> = Vec::new();
        for word in std::iter::once(pane).chain("jjjjjjjjjjkkkkkGgjj".chars().cycle().take(400)) {
            let key: Key = word.to_string().parse().expect("a key");
            let press = || {
                shown.hear(What::Key(key));
                shown.draw()
            };
            times.push(milliseconds(press).0);
        }
        report.say(
            &format!("screen: a key on {name}, updated and drawn, p99"),
            percentile(&mut times, 99.0),
            16.0,
            "ms",
        );
    }
    case_files(report, &mut shown);
    palette(report, &mut shown);
    every_pod(report, &mut shown);
    shown.hear(What::Key("1".parse().expect("a key")));
    shown.draw();
    let all = changes(shown.app.core(), 500);
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    for batch in all {
        let change = || {
            shown.hear(What::Facts(vec![batch]));
            shown.hear(What::Turn);
            shown.draw()
        };
        let (time, drawn) = milliseconds(change);
        times.push(time);
        if !drawn.is_empty() {
            bytes.push(drawn.len() as f64);
        }
    }
    report.say("screen: one changed instance, diagnosed and drawn, p50", percentile(&mut times, 50.0), 5.0, "ms");
    report.say("screen: one changed instance, diagnosed and drawn, p99", percentile(&mut times, 99.0), 5.0, "ms");
    println!("screen: {} of 500 changes moved the frame, p50 {:.0} B", bytes.len(), percentile(&mut bytes, 50.0));
    row(report, &mut shown);
    minute(report, &mut shown);
}

/// Case files of what is wrong, opened, their pages turned and gone through, and left; then down to a container and back.
fn case_files(report: &mut Report, shown: &mut Shown) {
    let press = |shown: &mut Shown, word: &str| {
        shown.hear(What::Key(word.parse().expect("a key")));
        shown.draw()
    };
    press(shown, "1");
    let (mut pages, mut down) = (Vec::new(), Vec::new());
    for _ in 0..100 {
        for word in ["enter", "tab", "k", "tab", "j", "tab", "j", "tab", "j", "tab"] {
            pages.push(milliseconds(|| press(shown, word)).0);
        }
        press(shown, "esc");
        // What is wrong, what it is about, what runs of that, an instance, its containers, one of them.
        for word in ["enter", "enter", "enter", "enter", "enter", "enter"] {
            down.push(milliseconds(|| press(shown, word)).0);
        }
        for _ in 0..4 {
            down.push(milliseconds(|| press(shown, "esc")).0);
        }
        press(shown, "j");
    }
    report.say("screen: a case file, opened or its page turned, p99", percentile(&mut pages, 99.0), 50.0, "ms");
    report.say("screen: down to a container, or back, p99", percentile(&mut down, 99.0), 50.0, "ms");
    // A node's case file has a hundred pods of two containers on its page of use.
    press(shown, "6");
    let mut times = Vec::new();
    for _ in 0..30 {
        for word in ["enter", "tab", "tab", "j", "tab", "j", "G", "g"] {
            times.push(milliseconds(|| press(shown, word)).0);
        }
        press(shown, "esc");
        press(shown, "j");
    }
    report.say("screen: a node's case file, opened or its page turned, p99", percentile(&mut times, 99.0), 50.0, "ms");
}

/// Words typed into the palette: parts of names that thousands have, letters that stand apart, and what nothing is called.
fn palette(report: &mut Report, shown: &mut Shown) {
    let mut times = Vec::new();
    for word in ["service", "team-4/se", "vice-12", "srv9", "s6c9f7", "zzzz"] {
        for key in [":"].into_iter().chain(word.split_inclusive(|_: char| true)).chain(["esc"]) {
            let key: Key = key.parse().expect("a key");
            let press = || {
                shown.hear(What::Key(key));
                shown.draw()
            };
            times.push(milliseconds(press).0);
        }
    }
    let worst = times.iter().copied().fold(0.0, f64::max);
    println!("screen: the slowest key in the palette took {worst:.1} ms");
    report.say("screen: a key in the palette, p90", percentile(&mut times, 90.0), 16.0, "ms");
}

/// The list of every pod: opening it, a key in it, a filter, and what a change costs while it is shown.
fn every_pod(report: &mut Report, shown: &mut Shown) {
    let press = |shown: &mut Shown, word: &str| {
        shown.hear(What::Key(word.parse().expect("a key")));
        shown.draw()
    };
    for word in [":", "p", "o"] {
        press(shown, word);
    }
    let (opened, _) = milliseconds(|| press(shown, "enter"));
    report.say("screen: the list of every pod, opened", opened, 100.0, "ms");
    let keys = "jjjjjjjjjjkkkkkGgjj".chars().cycle().take(400).map(|c| c.to_string());
    let mut times: Vec<f64> = keys.map(|word| milliseconds(|| press(shown, &word)).0).collect();
    report.say("screen: a key on every pod, updated and drawn, p99", percentile(&mut times, 99.0), 16.0, "ms");
    let mut times = Vec::new();
    for batch in changes(shown.app.core(), 200) {
        shown.passes(10);
        let change = || {
            shown.hear(What::Facts(vec![batch]));
            shown.hear(What::Turn);
            shown.draw()
        };
        times.push(milliseconds(change).0);
    }
    report.say("screen: one changed pod, every pod shown, p50", percentile(&mut times, 50.0), 5.0, "ms");
    typing(report, shown, "api", 16.0);
    typing(report, shown, "state:crash", 16.0);
}

/// A filter typed over every pod: the list follows each key.
fn typing(report: &mut Report, shown: &mut Shown, filter: &str, most: f64) {
    let press = |shown: &mut Shown, word: &str| {
        shown.hear(What::Key(word.parse().expect("a key")));
        shown.draw()
    };
    press(shown, "/");
    let each = filter.chars().map(|c| milliseconds(|| press(shown, &c.to_string())).0);
    let mut times: Vec<f64> = each.collect();
    report.say(
        &format!("screen: every pod narrowed by /{filter}, its slowest key"),
        percentile(&mut times, 100.0),
        most,
        "ms",
    );
    press(shown, "esc");
}

/// A row in which everything but its frame is another.
fn row(report: &mut Report, shown: &mut Shown) {
    let mut next = shown.frame.clone();
    let y = 12;
    for x in 1..SIZE.0 - 1 {
        let other = char::from(b'a' + (x % 26) as u8).to_string();
        next[(x, y)].set_symbol(&other);
    }
    let bytes = shown.encoder.update(&shown.frame, &next).len();
    report.say("screen: one changed row at 120x36", bytes as f64, 400.0, "B");
}

/// What the passing of a minute costs while nothing happens.
fn minute(report: &mut Report, shown: &mut Shown) {
    shown.draw();
    let mut worst = 0;
    for _ in 0..5 {
        shown.passes(60_000);
        shown.hear(What::Turn);
        worst = worst.max(shown.draw().len());
    }
    println!("screen: an idle minute with 500 incidents on the screen costs {worst} B at most (ages of all rows move)");
    let _ = report;
}

//! Draws a picture of the screen, as SVG on stdout: the pictures of the README are made by it.
//!
//! ```text
//! cockpit --demo --record night.jsonl        # a while, then ctrl-c
//! cargo run --example picture -- night.jsonl --size 120x34 --keys "j enter" > docs/pictures/case.svg
//! ```
//!
//! The recording is played to its end, the keys are pressed at that moment, and the screen is drawn as it is then.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use cockpit::action::Guard;
use cockpit::app::{App, Event, Key, Keymap, Setup, What};
use cockpit::backend::replay::Reader;
use cockpit::diagnose::Settings;
use cockpit::domain::{Batch, Timestamp};
use cockpit::ui::svg::{self, Paper};
use cockpit::ui::theme::{self, Depth};
use cockpit::ui::{self, Look};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What the picture is of.
#[derive(Parser)]
struct Args {
    /// A recording, as `--record` writes it.
    recording: PathBuf,
    /// Columns and rows.
    #[arg(long, default_value = "120x34", value_parser = size)]
    size: (u16, u16),
    /// Keys that are pressed before it is drawn, apart by spaces: `2 j enter`.
    #[arg(long, default_value = "")]
    keys: String,
    /// Which theme.
    #[arg(long, default_value = "dark")]
    theme: String,
}

fn size(raw: &str) -> Result<(u16, u16), String> {
    let parts = raw.split_once('x').and_then(|(wide, high)| Some((wide.parse().ok()?, high.parse().ok()?)));
    parts.ok_or_else(|| format!("expected COLUMNSxROWS, found `{raw}`"))
}

fn main() -> ExitCode {
    match picture(&Args::parse()) {
        Ok(svg) => {
            print!("{svg}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("picture: {why}");
            ExitCode::FAILURE
        }
    }
}

fn picture(args: &Args) -> Result<String, String> {
    let mut recording = Reader::open(&args.recording).map_err(|why| why.to_string())?;
    let mut batches = Vec::new();
    while let Some(batch) = recording.next_batch().map_err(|why| why.to_string())? {
        batches.push(batch);
    }
    let theme = theme::by_name(&args.theme).ok_or_else(|| format!("there is no theme `{}`", args.theme))?;
    let palette = theme.palette(Depth::True);
    let paper = Paper::of(&palette);
    let first = batches.first().ok_or("there is nothing in it")?.at;
    let setup = Setup {
        clusters: recording.header.clusters.iter().map(|cluster| cluster.name.clone()).collect(),
        unwatched: Vec::new(),
        settings: Settings::default(),
        guard: Guard::default(),
        keymap: Keymap::new(&[]).map_err(|why| why.to_string())?,
        look: Look { ascii: false, palette },
        utc: true,
        columns: Default::default(),
        size: args.size,
        zone: jiff::tz::TimeZone::UTC,
        me: "anna@bastion".into(),
    };
    let mut app = App::new(setup, first);
    let last = play(&mut app, batches, first);
    for key in args.keys.split_whitespace() {
        let key: Key = key.parse().map_err(|_| format!("`{key}` is no key"))?;
        app.update(Event::at(last, What::Key(key)));
    }
    let (wide, high) = args.size;
    let mut buffer = Buffer::empty(Rect::new(0, 0, wide, high));
    ui::draw(app.screen(), &app.model(last), &mut buffer);
    Ok(svg::render(&buffer, paper))
}

/// Plays a recording to its end, diagnosing once a second of it, as the loop would; returns its last moment.
fn play(app: &mut App, batches: Vec<Batch>, first: Timestamp) -> Timestamp {
    let mut now = first;
    let mut batches = batches.into_iter().peekable();
    while let Some(next) = batches.peek() {
        now = now.max(next.at);
        let mut due = Vec::new();
        while let Some(batch) = batches.next_if(|batch| batch.at.as_second() <= now.as_second()) {
            due.push(batch);
        }
        app.update(Event::at(now, What::Facts(due)));
        app.update(Event::at(now, What::Turn));
    }
    app.update(Event::at(now, What::Turn));
    now
}

//! Makes the pictures of the README: frames of the demo, drawn by the program's own code, at a set moment of its night.
//!
//! `cargo run --example pictures` writes `docs/pictures/*.svg`; another directory may be named.

use std::path::{Path, PathBuf};

use cockpit::action::Guard;
use cockpit::app::{App, Effect, Event, Key, Keymap, Setup, What};
use cockpit::backend::demo::{self, Sim};
use cockpit::diagnose::Settings;
use cockpit::domain::{Answer, BackendKind, Batch, ClusterId, Fact, Timestamp, Want};
use cockpit::ui::{self, Look, svg};
use color_eyre::eyre::{WrapErr, eyre};
use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The night's beginning.
const START: &str = "2026-11-22T02:04:00Z";

/// Each picture: its name, columns and rows, and the keys that lead to it.
const PICTURES: &[(&str, (u16, u16), &[&str])] = &[
    ("triage", (120, 36), &[]),
    ("case", (120, 30), &["enter"]),
    ("kills", (120, 24), &["3"]),
    ("drain", (120, 30), &["6", "j", "D"]),
    ("small", (80, 24), &[]),
];

fn main() -> color_eyre::Result<()> {
    let to = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("docs/pictures"), PathBuf::from);
    std::fs::create_dir_all(&to).wrap_err("the directory cannot be made")?;
    for (name, size, keys) in PICTURES {
        let frame = frame(*size, keys)?;
        save(&to.join(format!("{name}.svg")), &svg::render(&frame, svg::Paper::DARK))?;
    }
    Ok(())
}

fn save(file: &Path, text: &str) -> color_eyre::Result<()> {
    std::fs::write(file, text).wrap_err_with(|| format!("{} cannot be written", file.display()))?;
    println!("{}", file.display());
    Ok(())
}

/// The frame at six minutes past the beginning, after these keys.
fn frame(size: (u16, u16), keys: &[&str]) -> color_eyre::Result<Buffer> {
    let start: Timestamp = START.parse()?;
    let mut sims = demo::sims(&demo::Options::at(start)).map_err(|why| eyre!("{why}"))?;
    let mut app = app(&sims, size, start)?;
    let mut now = start;
    for _ in 0..72 {
        let facts: Vec<Batch> = sims.iter_mut().flat_map(|(_, sim)| sim.advance(now)).collect();
        app.update(Event::at(now, What::Facts(facts)));
        app.update(Event::at(now, What::Turn));
        app.update(Event::at(now, What::Facts(wanted(&app, &sims, now))));
        now = now.checked_add(SignedDuration::from_secs(5))?;
    }
    for key in keys {
        now = now.checked_add(SignedDuration::from_secs(1))?;
        let key: Key = key.parse().map_err(|_| eyre!("{key} is no key"))?;
        for effect in app.update(Event::at(now, What::Key(key))) {
            if let Some(answer) = answer(effect, &sims) {
                app.update(Event::at(now, answer));
            }
        }
        app.update(Event::at(now, What::Turn));
    }
    let mut frame = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    ui::draw(app.screen(), &app.model(now), &mut frame);
    Ok(frame)
}

/// The last lines that findings ask for. A feed would answer them by itself.
fn wanted(app: &App, sims: &[(BackendKind, Sim)], now: Timestamp) -> Vec<Batch> {
    let view = app.model(now).view;
    let open = app.demand(now).wants.into_iter().filter(|want| view.answer(want).is_none());
    let answered = open.filter_map(|want| {
        let Want::LogTail { instance, previous, .. } = &want else { return None };
        let (_, sim) = sims.iter().find(|(_, sim)| *sim.cluster() == instance.cluster)?;
        let lines = sim.tail(instance, *previous, 10).ok()?.into_iter().map(|line| line.text).collect();
        let facts = vec![Fact::Answered(want, Answer::Lines(lines))];
        Some(Batch { cluster: sim.cluster().clone(), at: now, facts })
    });
    answered.collect()
}

/// What the simulation answers to what the screen asks of it.
fn answer(effect: Effect, sims: &[(BackendKind, Sim)]) -> Option<What> {
    let sim = |cluster: &ClusterId| sims.iter().map(|(_, sim)| sim).find(|sim| sim.cluster() == cluster);
    match effect {
        Effect::Prepare(ticket, intent) => {
            let sim = sim(&intent.target().cluster)?;
            Some(What::Draft(ticket, sim.prepare(intent)))
        }
        Effect::OpenLogs(ticket, request) => {
            let lines = sim(&request.instance.cluster)?.tail(&request.instance, request.previous, request.tail).ok()?;
            Some(What::LogLines(ticket, lines))
        }
        _ => None,
    }
}

fn app(sims: &[(BackendKind, Sim)], size: (u16, u16), start: Timestamp) -> color_eyre::Result<App> {
    let setup = Setup {
        clusters: sims.iter().map(|(_, sim)| sim.cluster().clone()).collect(),
        unwatched: Vec::new(),
        settings: Settings::default(),
        guard: Guard::default(),
        keymap: Keymap::new(&[])?,
        look: Look::default(),
        utc: true,
        columns: Default::default(),
        size,
        zone: jiff::tz::TimeZone::UTC,
        me: "anna@bastion".into(),
    };
    Ok(App::new(setup, start))
}

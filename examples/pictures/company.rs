//! The demo's company with a screen before it: its clock goes as far as it is told to, and what the screen asks is answered at once.

use std::sync::Arc;

use cockpit::action::Guard;
use cockpit::app::{App, Effect, Event, Key, Keymap, Setup, What};
use cockpit::backend::demo::{self, Sim};
use cockpit::diagnose::Settings;
use cockpit::domain::{Answer, BackendKind, Batch, ClusterId, Fact, Form, Timestamp, Want};
use cockpit::ui::theme::Palette;
use cockpit::ui::{self, Look};
use color_eyre::eyre::eyre;
use jiff::SignedDuration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The night's beginning.
const START: &str = "2026-11-22T02:04:00Z";

/// The company and its screen.
pub struct Company {
    sims: Vec<(BackendKind, Sim)>,
    app: App,
    /// What time it is there, and for the person before the screen.
    now: Timestamp,
    felt: Timestamp,
    size: (u16, u16),
    /// So many times as fast its clock goes as the person's.
    pub speed: i64,
    /// The screen was left.
    pub left: bool,
}

impl Company {
    /// Six minutes past the beginning.
    pub fn at_night(size: (u16, u16), palette: Arc<Palette>) -> color_eyre::Result<Self> {
        let start: Timestamp = START.parse()?;
        let sims = demo::sims(&demo::Options::at(start)).map_err(|why| eyre!("{why}"))?;
        let setup = Setup {
            clusters: sims.iter().map(|(_, sim)| sim.cluster().clone()).collect(),
            unwatched: Vec::new(),
            settings: Settings::default(),
            guard: Guard::default(),
            keymap: Keymap::new(&[])?,
            look: Look { ascii: false, palette },
            utc: true,
            columns: Default::default(),
            size,
            zone: jiff::tz::TimeZone::UTC,
            me: "anna@bastion".into(),
        };
        let mut company =
            Self { sims, app: App::new(setup, start), now: start, felt: start, size, speed: 1, left: false };
        for _ in 0..72 {
            company.learn();
            company.now = company.now.checked_add(SignedDuration::from_secs(5))?;
            company.felt = company.now;
        }
        Ok(company)
    }

    /// So many milliseconds pass for the person.
    pub fn pass(&mut self, ms: i64) -> color_eyre::Result<()> {
        self.felt = self.felt.checked_add(SignedDuration::from_millis(ms))?;
        self.now = self.now.checked_add(SignedDuration::from_millis(ms * self.speed))?;
        self.learn();
        Ok(())
    }

    fn learn(&mut self) {
        let now = self.now;
        let facts: Vec<Batch> = self.sims.iter_mut().flat_map(|(_, sim)| sim.advance(now)).collect();
        self.update(What::Facts(facts));
        self.update(What::Turn);
        let wanted = self.wanted();
        self.update(What::Facts(wanted));
    }

    /// A key is pressed.
    pub fn press(&mut self, key: &str) -> color_eyre::Result<()> {
        let key: Key = key.parse().map_err(|_| eyre!("{key} is no key"))?;
        self.update(What::Key(key));
        self.update(What::Turn);
        Ok(())
    }

    /// What is on the screen; it counts as seen.
    pub fn frame(&mut self) -> Buffer {
        let mut frame = Buffer::empty(Rect::new(0, 0, self.size.0, self.size.1));
        ui::draw(self.app.screen(), &self.app.model(self.now), &mut frame);
        self.app.drawn(0);
        self.update(What::Written);
        frame
    }

    const fn event(&self, what: What) -> Event {
        Event { now: self.now, felt: self.felt, what }
    }

    fn update(&mut self, what: What) {
        let mut effects = self.app.update(self.event(what));
        while let Some(effect) = effects.pop() {
            self.left |= effect == Effect::Quit;
            if let Some(answer) = self.answer(effect) {
                effects.extend(self.app.update(self.event(answer)));
            }
        }
    }

    /// The last lines that findings ask for. A feed would answer them by itself.
    fn wanted(&self) -> Vec<Batch> {
        let view = self.app.model(self.now).view;
        let open = self.app.demand(self.now).wants.into_iter().filter(|want| view.answer(want).is_none());
        let answered = open.filter_map(|want| {
            let Want::LogTail { instance, previous, .. } = &want else { return None };
            let (_, sim) = self.sims.iter().find(|(_, sim)| *sim.cluster() == instance.cluster)?;
            let lines = sim.tail(instance, *previous, 10).ok()?.into_iter().map(|line| line.text).collect();
            let facts = vec![Fact::Answered(want, Answer::Lines(lines))];
            Some(Batch { cluster: sim.cluster().clone(), at: self.now, facts })
        });
        answered.collect()
    }

    /// What the simulation answers to what the screen asks of it.
    fn answer(&mut self, effect: Effect) -> Option<What> {
        match effect {
            Effect::Prepare(ticket, intent) => {
                let sim = self.sim(&intent.target().cluster.clone())?;
                Some(What::Draft(ticket, Box::new(sim.prepare(intent))))
            }
            Effect::Execute(run, ix, step) => {
                let sim = self.sim(&step.action.target().cluster)?;
                Some(What::StepAnswer(run, ix, sim.execute(&step)))
            }
            Effect::OpenLogs(ticket, request) => {
                let sim = self.sim(&request.instance.cluster)?;
                let lines = sim.tail(&request.instance, request.previous, request.tail).ok()?;
                Some(What::LogLines(ticket, lines))
            }
            Effect::Describe(ticket, key, form) => {
                let sim = self.sim(&key.cluster)?;
                let lines = if form == Form::Manifest { sim.manifest(&key) } else { sim.words(&key) };
                Some(What::TextReady(ticket, lines))
            }
            _ => None,
        }
    }

    fn sim(&mut self, cluster: &ClusterId) -> Option<&mut Sim> {
        self.sims.iter_mut().map(|(_, sim)| sim).find(|sim| sim.cluster() == cluster)
    }
}

//! A simulated company that lives and breaks while you watch: a Kubernetes cluster, a Nomad region and a Swarm with a Compose
//! project beside it. Each is a [`Backend`](crate::domain::Backend) like any other. The data is in `assets/demo/*.toml`; everything else follows from the
//! seed, the start and the time that has passed.

mod act;
mod actor;
mod amount;
mod befall;
mod build;
mod canary;
mod change;
mod clock;
mod company;
mod control;
mod drain;
mod engine;
mod execute;
mod feed;
mod fleet;
mod forward;
mod job;
mod life;
mod logs;
mod minute;
mod model;
mod one;
mod place;
mod quiet;
mod setting;
mod shell;
mod silence;
mod sim;

use std::sync::Arc;

use crate::domain::words::after;
use crate::domain::{BackendKind, Ref, Text, Timestamp};

pub use clock::Clock;
pub use feed::Simulated;
pub use fleet::fleet;
pub use sim::Sim;

use build::Beginning;
use company::{Company, Scenario};

const COMPANY: &str = include_str!("../../../assets/demo/company.toml");

/// The scenarios by name, with their files; the first is the one that is meant where none is named.
const SCENARIOS: &[(&str, &str, &str)] = &[
    ("night", "night.toml", include_str!("../../../assets/demo/night.toml")),
    ("calm", "calm.toml", include_str!("../../../assets/demo/calm.toml")),
    ("gameday", "gameday.toml", include_str!("../../../assets/demo/gameday.toml")),
];

/// How the demo runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which scenario: one of [`names`], or nothing for the first.
    pub name: Text,
    /// The seed of all chance.
    pub seed: u64,
    /// So many times as fast as the wall's is its clock.
    pub speed: f64,
    /// When it begins.
    pub start: Timestamp,
    /// Nothing may be changed, and that is enforced.
    pub read_only: bool,
}

impl Options {
    /// The first scenario, at the pace of the wall's clock.
    pub fn at(start: Timestamp) -> Self {
        Self { name: Text::new(""), seed: 1, speed: 1.0, start, read_only: false }
    }
}

/// The scenarios that there are; the first is the default.
pub fn names() -> &'static [&'static str] {
    const NAMES: &[&str] = &[SCENARIOS[0].0, SCENARIOS[1].0, SCENARIOS[2].0];
    NAMES
}

/// The clusters of a scenario, each by itself and its past lived through: for tests, benches, and whoever has a clock.
///
/// # Errors
/// There is no such scenario; or the data of the demo is wrong, with file and line.
pub fn sims(options: &Options) -> Result<Vec<(BackendKind, Sim)>, Text> {
    let (company, scenario) = read(&options.name)?;
    let beginning = Beginning { seed: options.seed, start: options.start, read_only: options.read_only };
    let sims = company.clusters.iter().map(|spec| {
        let sim = build::build(spec, &company, &scenario, &beginning)?;
        Ok((spec.orchestrator.backend(), sim))
    });
    sims.collect()
}

/// One thing that is to be found and mended in a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drill {
    /// What is at fault.
    pub cause: Ref,
    /// When it begins.
    pub begins: Timestamp,
    /// Verbs of the actions on it that can mend it.
    pub mended_by: Vec<String>,
}

/// What is to be found and mended in a scenario; nothing where it is no drill.
///
/// # Errors
/// There is no such scenario; or the data of the demo is wrong, with file and line.
pub fn drill(options: &Options) -> Result<Vec<Drill>, Text> {
    let (_, scenario) = read(&options.name)?;
    if scenario.drills.is_empty() {
        return Ok(Vec::new());
    }
    let sims = sims(options)?;
    let one = |spec: &company::DrillSpec| {
        let cause = sims.iter().find_map(|(_, sim)| sim.target(&spec.cause));
        let cause = cause.ok_or_else(|| Text::from(format!("{}: there is no {}", options.name, spec.cause)))?;
        let begins = after(options.start, spec.begins.0);
        Ok(Drill { cause, begins, mended_by: spec.mended_by.clone() })
    };
    scenario.drills.iter().map(one).collect()
}

/// The company, ready to run.
pub struct Demo {
    /// Its clusters. Each runs from when it is first listened to or asked something, within a tokio runtime.
    pub targets: Vec<(BackendKind, Arc<Simulated>)>,
    /// What time it is there. With another speed than 1 it leaves the wall's clock behind: `now` has to come from here.
    pub clock: Clock,
}

/// Makes a company ready to run. Its clock runs from now on.
///
/// # Errors
/// There is no such scenario; the speed is not above 0; or the data of the demo is wrong, with file and line.
pub fn load(options: &Options) -> Result<Demo, Text> {
    if !(options.speed.is_finite() && options.speed > 0.0) {
        return Err(Text::from(format!("the demo's speed has to be above 0, not {}", options.speed)));
    }
    let sims = sims(options)?;
    let clock = Clock::new(options.start, options.speed);
    let targets = sims.into_iter().map(|(kind, sim)| (kind, Arc::new(Simulated::new(sim, clock)))).collect();
    Ok(Demo { targets, clock })
}

fn read(name: &str) -> Result<(Company, Scenario), Text> {
    let name = if name.is_empty() { SCENARIOS[0].0 } else { name };
    let Some((_, file, text)) = SCENARIOS.iter().find(|(known, ..)| *known == name) else {
        return Err(Text::new(&format!("there is no demo `{name}`; there are: {}", names().join(", "))));
    };
    Ok((company::read("company.toml", COMPANY)?, company::read(file, text)?))
}

#[cfg(test)]
mod tests;

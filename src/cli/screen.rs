//! `cockpit` without a subcommand: the screen.

use std::collections::BTreeMap;
use std::process::ExitCode;

use crate::app::{self, Keymap, KeymapError, Opening, Options, ReplayClock, Task};
use crate::backend::replay;
use crate::config::{Config, Key, Problem};
use crate::domain::people::Keeper;
use crate::domain::{Backend, Text};
use crate::engine::Target;
use crate::ui::Pane;

use super::End;
use super::failure::Failure;
use super::headless::{not_played, runtime};
use super::output::print;
use super::people;
use super::session::Session;
use super::watch::Live;

/// Opens the screen, and comes back when the person leaves it.
///
/// # Errors
/// There is no terminal to draw on, or nothing to watch; keys that cannot be used; a fault of the loop.
pub fn run(session: Session, open: Option<Opening>) -> Result<ExitCode, End> {
    app::check_terminal().map_err(|why| Failure::usage(why.to_string()))?;
    let look = session.look()?;
    let keys = keys(&session.config);
    let Shown { targets, unwatched, replay, drill } = shown(&session)?;
    let clusters: Vec<_> = targets.iter().map(|target| (target.cluster.clone(), target.kind)).collect();
    let options = Options {
        columns: columns(&session.config),
        recorder: session.recorder(&clusters)?,
        me: people::person(),
        numbers: people::numbers(&session),
        journal: people::journal(&session),
        keeper: people::keeper(&session).map(|store| Box::new(store) as Box<dyn Keeper>),
        guard: session.guard(),
        mouse: session.config.mouse,
        utc: session.config.utc,
        settings: session.config.diagnosis,
        targets,
        look,
        keys,
        unwatched,
        open,
        drill,
        replay,
    };
    let runtime = runtime()?;
    let ended = runtime.block_on(app::run(options));
    // What still waits for a server is not waited for.
    runtime.shutdown_background();
    if let Some(said) = ended.map_err(End::Report)? {
        print(&said)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Columns of lists, as the configuration chooses them.
fn columns(config: &Config) -> BTreeMap<Pane, Vec<String>> {
    let of = |name: &str| Pane::lists().find(|pane| pane.name() == name);
    config.lists.iter().filter_map(|list| Some((of(&list.name)?, list.columns.clone()))).collect()
}

struct Shown {
    targets: Vec<Target>,
    unwatched: Vec<Text>,
    replay: Option<ReplayClock>,
    drill: Vec<Task>,
}

fn shown(session: &Session) -> Result<Shown, Failure> {
    if let Some(file) = &session.common.replay {
        let speed = session.common.speed.unwrap_or(1.0);
        let recording = replay::open(file, Some(speed)).map_err(not_played)?;
        let target = |(kind, replay): (_, std::sync::Arc<replay::Replay>)| Target {
            cluster: crate::domain::Feed::cluster(&*replay).clone(),
            kind,
            backend: replay as std::sync::Arc<dyn Backend>,
            beside: Vec::new(),
        };
        let replay = Some(ReplayClock { start: recording.first, speed });
        let targets = recording.targets.into_iter().map(target).collect();
        return Ok(Shown { targets, unwatched: Vec::new(), replay, drill: Vec::new() });
    }
    let Live { targets, unwatched, stamps, drill } = session.live()?;
    let replay = stamps.map(|start| ReplayClock { start, speed: session.common.demo_speed });
    Ok(Shown { targets, unwatched, replay, drill })
}

/// Keys of the configuration.
pub(super) fn keys(config: &Config) -> Vec<(String, Vec<String>)> {
    config.keys.iter().map(|key| (key.command.clone(), key.keys.clone())).collect()
}

/// What is wrong with keys of the configuration, each with its line.
pub(crate) fn key_problems(keys: &[Key]) -> Vec<Problem> {
    let given: Vec<(String, Vec<String>)> = keys.iter().map(|key| (key.command.clone(), key.keys.clone())).collect();
    let problem = |error: KeymapError| Problem {
        line: keys.iter().rev().find(|key| key.command == error.command()).map(|key| key.line),
        what: format!("[keys] {error}"),
        expected: None,
        near: None,
    };
    Keymap::check(&given).into_iter().map(problem).collect()
}

//! What is to be watched, by the command line, the configuration and what is plainly there.

use std::sync::Arc;

use crate::app::Task;
use crate::backend::demo;
use crate::config::{Config, near_match};
use crate::domain::{Backend, BackendKind, ClusterId, Feed, Text, Timestamp};
use crate::engine::Target;

use super::args::Common;
use super::failure::Failure;
use super::found;
use super::numbers;

/// Clusters that are asked now.
pub struct Live {
    /// Whom.
    pub targets: Vec<Target>,
    /// What is there and not watched.
    pub unwatched: Vec<Text>,
    /// They have a time of their own, which begins then.
    pub stamps: Option<Timestamp>,
    /// What goes wrong in a drill, where it is one.
    pub drill: Vec<Task>,
}

/// The simulated company, or those of its clusters that `--cluster` names. It begins now, in a time of its own.
///
/// # Errors
/// There is no such demo; `--cluster` names one that is not there.
pub fn simulated(name: &str, common: &Common, config: &Config) -> Result<Live, Failure> {
    if !name.is_empty() && !demo::names().contains(&name) {
        let near = near_match(name, demo::names().iter().copied());
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        return Err(Failure::usage(format!("there is no demo `{}`", crate::domain::sanitise(name)))
            .mend(format!("{near}there are: {}", demo::names().join(", "))));
    }
    let start = Timestamp::now();
    let options = demo::Options {
        name: Text::new(name),
        seed: common.demo_seed,
        speed: common.demo_speed,
        start,
        read_only: common.read_only || config.read_only,
    };
    let not_played = |why| Failure::new("the demo cannot be played").why(why);
    let demo = demo::load(&options).map_err(not_played)?;
    let drill = demo::drill(&options).map_err(not_played)?;
    let task = |it: demo::Drill| Task { cause: it.cause, begins: it.begins, mended_by: it.mended_by };
    let drill = drill.into_iter().map(task).collect();
    let target = |(kind, simulated): (BackendKind, Arc<demo::Simulated>)| Target {
        cluster: simulated.cluster().clone(),
        kind,
        backend: simulated as Arc<dyn Backend>,
        beside: Vec::new(),
    };
    let (targets, left) =
        choose(&common.cluster, demo.targets.into_iter().map(target).collect(), |target| &target.cluster)?;
    let unwatched = left.iter().map(|target| target.cluster.as_str().into()).collect();
    Ok(Live { targets, unwatched, stamps: Some(start), drill })
}

/// What is there, or what of it `--cluster` names.
///
/// # Errors
/// There is nothing; the command line names what is not there.
pub fn found(common: &Common, config: &Config) -> Result<Live, Failure> {
    let mut found = found::find(common, config);
    found.check()?;
    let (chosen, left) = choose(&common.cluster, std::mem::take(&mut found.watched), |watched| watched.name())?;
    found.watched = chosen;
    let left = left.iter().map(|watched| watched.name().as_str().into());
    let mut targets = found.targets()?;
    let without = numbers::beside(&mut targets, config);
    let unwatched = left.chain(found.unwatched.iter().cloned()).chain(without).collect();
    Ok(Live { targets, unwatched, stamps: None, drill: Vec::new() })
}

/// Those whose names were asked for, and the others; all of them where none was asked for.
fn choose<T>(wanted: &[String], all: Vec<T>, name: fn(&T) -> &ClusterId) -> Result<(Vec<T>, Vec<T>), Failure> {
    if wanted.is_empty() {
        return Ok((all, Vec::new()));
    }
    let names: Vec<&str> = all.iter().map(|it| name(it).as_str()).collect();
    for wanted in wanted {
        if !names.contains(&wanted.as_str()) {
            let near = near_match(wanted, names.iter().copied());
            let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
            return Err(Failure::usage(format!("there is no cluster `{}`", crate::domain::sanitise(wanted)))
                .mend(format!("{near}there are: {}", names.join(", "))));
        }
    }
    Ok(all.into_iter().partition(|it| wanted.iter().any(|wanted| wanted == name(it).as_str())))
}

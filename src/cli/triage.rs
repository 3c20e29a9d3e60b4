//! `cockpit triage`: the list once, on stdout.

use std::process::ExitCode;

use crate::backend::replay;
use crate::diagnose::IncidentState;

use super::args::{Threshold, Triage};
use super::failure::Failure;
use super::headless::{Known, Learning, learn, learn_recorded, not_played};
use super::listing::listing;
use super::output::{print, style};
use super::report::Report;
use super::session::Session;
use super::watch::Live;

/// What was met decides before what could not be read: a program that asks for a threshold wants to hear of it.
const THRESHOLD_MET: u8 = 3;
const NOT_ALL_READ: u8 = 1;

/// Learns, prints, and says by its status what was found.
///
/// # Errors
/// There is nothing to read; the output or the recording cannot be written.
pub fn run(options: &Triage, session: Session) -> Result<ExitCode, Failure> {
    let (known, unwatched) = know(options, &session)?;
    let report = Report::new(&known, options.advice);
    let status = status(options.fail_on, &known, report.complete);
    let text = match options.json {
        true => serde_json::to_string(&report)
            .map(|json| json + "\n")
            .map_err(|error| Failure::new("the report cannot be written").why(error))?,
        false => listing(&known, &unwatched, options.advice, style(session.ascii(), session.mono())),
    };
    print(&text)?;
    Ok(ExitCode::from(status))
}

fn know(options: &Triage, session: &Session) -> Result<(Known, Vec<crate::domain::Text>), Failure> {
    let mut learning = Learning {
        settings: session.config.diagnosis.clone(),
        guard: session.guard(),
        tap: None,
        wait: options.wait,
        stamps: None,
    };
    if let Some(file) = &session.common.replay {
        let recording = replay::Reader::open(file).map_err(not_played)?;
        return Ok((learn_recorded(recording, learning)?, Vec::new()));
    }
    let Live { targets, unwatched, stamps } = session.live()?;
    let clusters: Vec<_> = targets.iter().map(|target| (target.cluster.clone(), target.kind)).collect();
    learning.tap = session.recorder(&clusters)?;
    learning.stamps = stamps;
    Ok((learn(targets, learning)?, unwatched))
}

fn status(fail_on: Option<Threshold>, known: &Known, complete: bool) -> u8 {
    let open = known.core.diagnosis().incidents().iter().filter(|it| !matches!(it.state, IncidentState::Recovered(_)));
    let met = |threshold: Threshold| open.clone().any(|it| threshold.met_by(it.severity));
    match fail_on.is_some_and(met) {
        true => THRESHOLD_MET,
        false if complete => 0,
        false => NOT_ALL_READ,
    }
}

//! `cockpit history actions`: what was done, by whom, and how it came out.

use std::path::Path;

use serde::Serialize;

use crate::action::Known;
use crate::domain::words::many;
use crate::domain::{ClusterId, Entry, Outcome, Person, Timestamp, sanitise};
use crate::ledger::{Asked, Ledger};

use super::args::Actions;
use super::failure::Failure;
use super::output::print;
use super::people;
use super::session::Session;

/// Prints entries of the journal, the newest first.
///
/// # Errors
/// There is no journal, or it cannot be read; standard output cannot be written.
pub fn run(options: &Actions, session: &Session) -> Result<(), Failure> {
    let Some(place) = people::place(session) else {
        return Err(
            Failure::usage("a simulation and a recording keep no journal").mend("leave --demo and --replay out")
        );
    };
    let (mut entries, file) = (Vec::new(), place.file());
    // Nothing was ever done here: that is no reason to make a file.
    if file.exists() {
        let mut ledger = Ledger::new(place);
        let since = options.since.map(|age| Timestamp::now() - age);
        let limit = (session.common.cluster.len() < 2).then_some(options.limit);
        let cluster = session.common.cluster.first().filter(|_| limit.is_some()).map(|name| ClusterId::new(name));
        let read = ledger.history(&Asked { cluster, since, limit });
        entries = read.map_err(|why| Failure::new("the journal cannot be read").why(why))?;
        ledger.said().iter().for_each(|said| eprintln!("cockpit: {said}"));
    }
    let named = |entry: &Entry| {
        let cluster = entry.run.plan.intent.target().cluster.as_str();
        session.common.cluster.is_empty() || session.common.cluster.iter().any(|name| name == cluster)
    };
    entries.retain(named);
    entries.truncate(options.limit);
    let text = match options.json {
        true => {
            let report = Report { entries: entries.iter().map(Line::of).collect() };
            let json = serde_json::to_string(&report);
            json.map_err(|error| Failure::new("the history cannot be written").why(error))? + "\n"
        }
        false if entries.is_empty() => {
            let any = file.exists() && (options.since.is_some() || !session.common.cluster.is_empty());
            nothing(any, &file)
        }
        false => listing(&entries),
    };
    let text = if session.ascii() { text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect() } else { text };
    print(&text)
}

/// That there is nothing to list: because of what was asked for, or because nothing was ever done.
fn nothing(narrowed: bool, file: &Path) -> String {
    let file = sanitise(&file.display().to_string()).into_owned();
    match narrowed {
        true => format!("Nothing of that is in the journal ({file}).\n"),
        false => format!("Nothing has been done yet. What is done will be written into the journal, {file}.\n"),
    }
}

fn listing(entries: &[Entry]) -> String {
    let rows: Vec<[String; 5]> = entries.iter().map(cells).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 4] = std::array::from_fn(width);
    let line = |row: &[String; 5]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}  "));
        format!("{}{}\n", cells.collect::<String>(), row[4])
    };
    rows.iter().map(line).collect()
}

fn cells(entry: &Entry) -> [String; 5] {
    let run = &entry.run;
    let target = run.plan.intent.target();
    let name = |who: &Person| match &who.credential {
        Some(credential) => format!("{} as {credential}", who.name),
        None => who.name.to_string(),
    };
    let who: Vec<String> = Known::of(entry).hands().into_iter().map(name).collect();
    let who = who.join(", then ");
    let reason = entry.reason.as_ref().map(|reason| format!(" · {reason}")).unwrap_or_default();
    [
        run.started.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        who,
        run.plan.intent.verb().to_owned(),
        format!("{}/{}", target.cluster, target.local()),
        outcome(entry) + &reason,
    ]
}

/// `done`, `partly: 24 done, 4 left`, `left in the middle, 24 of 28 steps done`.
pub fn outcome(entry: &Entry) -> String {
    let (done, all) = entry.run.progress();
    match &entry.run.outcome {
        Some((_, Outcome::Done)) => "done".to_owned(),
        Some((_, Outcome::Accepted)) => "accepted, and not waited for".to_owned(),
        Some((_, Outcome::Partly { done, left })) => format!("partly: {done} done, {left} left"),
        Some((_, Outcome::Failed(why))) => format!("not done: {why}"),
        None if entry.is_abandoned() => format!("left in the middle, {done} of {} done", many(all as u64, "step")),
        None => format!("under way, {done} of {} done", many(all as u64, "step")),
    }
}

/// What a program reads. Fields are added, never renamed.
#[derive(Serialize)]
struct Report<'a> {
    entries: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    /// A number too large for some readers of JSON.
    id: String,
    cluster: &'a str,
    target: String,
    verb: &'a str,
    title: &'a str,
    by: &'a Person,
    taken_by: Option<&'a Person>,
    between: &'a [Person],
    reason: Option<&'a str>,
    started: Timestamp,
    ended: Option<Timestamp>,
    outcome: &'static str,
    why: Option<&'a str>,
    steps: usize,
    steps_done: usize,
    equivalent: Option<&'a str>,
    back: Option<&'static str>,
}

impl<'a> Line<'a> {
    fn of(entry: &'a Entry) -> Self {
        let run = &entry.run;
        let (steps_done, steps) = run.progress();
        let outcome = match &run.outcome {
            Some((_, Outcome::Done)) => "done",
            Some((_, Outcome::Accepted)) => "accepted",
            Some((_, Outcome::Partly { .. })) => "partly",
            Some((_, Outcome::Failed(_))) => "failed",
            None if entry.is_abandoned() => "unfinished",
            None => "under-way",
        };
        let why = match &run.outcome {
            Some((_, Outcome::Failed(why))) => Some(why.as_str()),
            _ => None,
        };
        Self {
            id: run.id.to_string(),
            cluster: run.plan.intent.target().cluster.as_str(),
            target: run.plan.intent.target().to_string(),
            verb: run.plan.intent.verb(),
            title: &run.plan.title,
            by: &entry.by,
            taken_by: entry.taken_by.as_ref(),
            between: &entry.between,
            reason: entry.reason.as_deref(),
            started: run.started,
            ended: run.outcome.as_ref().map(|(at, _)| *at),
            outcome,
            why,
            steps,
            steps_done,
            equivalent: run.plan.equivalent.as_deref(),
            back: run.plan.inverse.as_ref().map(crate::domain::Intent::verb),
        }
    }
}

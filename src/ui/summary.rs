//! An incident in five lines of plain text, for people who do not see this screen.

use super::clock::Clock;
use super::frame;
use super::model::Model;
use super::screen::Screen;
use crate::diagnose::{Incident, IncidentState, Symptom, rules};
use crate::domain::words::{seconds_between, span};
use crate::domain::{Certainty, Exposure, Intent};

/// Things that are dragged along and named; the rest is counted.
const NAMED: usize = 3;

/// What, where, why and since when, what it drags along, what helps. Each line is one, whatever a server said.
pub fn summary(screen: &Screen, model: &Model<'_>, incident: &Incident) -> String {
    let clock = frame::clock(screen, model);
    let lines = [
        what(incident),
        place(incident),
        format!("why: {} ({}), {}", incident.summary, sure(incident.certainty), since(&clock, incident)),
        format!("drags along: {}", drags(incident)),
        format!("helps: {}{}", helps(model, incident), reading(model, incident)),
    ];
    lines.join("\n")
}

fn what(incident: &Incident) -> String {
    let name = incident.label.as_ref().map_or_else(|| incident.subject.local(), ToString::to_string);
    let over = match incident.state {
        IncidentState::Recovered(_) => "recovered, was ",
        IncidentState::Clearing(_) => "not so just now, was ",
        IncidentState::Open | IncidentState::Flapping => "",
    };
    let ready = match (incident.ready, incident.wanted) {
        (Some(ready), Some(wanted)) => format!(", {ready} of {wanted} ready"),
        (Some(ready), None) => format!(", {ready} ready"),
        (None, _) => String::new(),
    };
    format!("{over}{}: {name}{ready}", incident.severity.as_str())
}

fn place(incident: &Incident) -> String {
    let subject = &incident.subject;
    let namespace = subject.namespace.as_ref().map(|it| format!(" in {it}")).unwrap_or_default();
    let reach = match incident.exposure {
        Exposure::Yes => "; users reach it",
        Exposure::No => "; users do not reach it directly",
        Exposure::Unknown => "",
    };
    let owner = incident.owner.as_ref().map(|owner| format!("; owner {owner}")).unwrap_or_default();
    format!("where: {}, {}{namespace}{reach}{owner}", subject.cluster, subject.kind.noun())
}

const fn sure(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Confirmed => "confirmed",
        Certainty::Likely => "likely, not certain",
        Certainty::Suspected => "a guess",
    }
}

/// With its zone: who reads it may live in another one.
fn since(clock: &Clock, incident: &Incident) -> String {
    let moment = |at| format!("{} {}", clock.moment(at), clock.zone());
    let began = moment(incident.since);
    match (incident.state, incident.since_exact) {
        (IncidentState::Recovered(at), _) => format!("from {began} to {}", moment(at)),
        (_, exact) => {
            let latest = if exact { "" } else { " at the latest" };
            let long = span(seconds_between(incident.since, clock.now).max(60));
            format!("since {began}{latest}, for {long}")
        }
    }
}

fn drags(incident: &Incident) -> String {
    let say = |symptom: &Symptom| {
        let own = symptom.about == incident.subject;
        let about = if own { String::new() } else { format!("{} ", symptom.about.local()) };
        format!("{about}{}", symptom.text)
    };
    let mut said: Vec<String> = incident.symptoms.iter().take(NAMED).map(say).collect();
    let more = incident.symptoms.len().saturating_sub(NAMED);
    if more > 0 {
        said.push(format!("and {more} more"));
    }
    if said.is_empty() { "nothing that is known".to_owned() } else { said.join("; ") }
}

/// What cockpit can do; where that is nothing, what the rule says to do next.
fn helps(model: &Model<'_>, incident: &Incident) -> String {
    let actions: Vec<String> = incident.actions.iter().map(|intent| words(model, incident, intent)).collect();
    if !actions.is_empty() {
        return actions.join(", or ");
    }
    let rule = rules().iter().find(|rule| rule.id == incident.rule);
    rule.map_or_else(|| "nothing that is known".to_owned(), |rule| rule.mend.to_owned())
}

/// Places to read about it.
fn reading(model: &Model<'_>, incident: &Incident) -> String {
    let places = super::case::addresses(&model.view, &incident.subject);
    if places.is_empty() { String::new() } else { format!("; to read: {}", places.join(", ")) }
}

fn words(model: &Model<'_>, incident: &Incident, intent: &Intent) -> String {
    let target = intent.target();
    let whose = if *target == incident.subject { String::new() } else { format!(" {}", target.local()) };
    match intent {
        Intent::Scale(_, to) => format!("scale{whose} to {to}"),
        Intent::Undo(key, to) => {
            let workload = model.view.workload(key);
            let to = to.as_ref().or_else(|| workload.and_then(|it| it.history.first()).map(|it| &it.id));
            let now = workload.and_then(|it| it.revision.as_ref()).map(|it| format!(" from {}", it.id));
            let to = to.map(|to| format!(" to {to}")).unwrap_or_default();
            format!("roll back{whose}{}{to}", now.unwrap_or_default())
        }
        other => format!("{}{whose}", other.verb()),
    }
}

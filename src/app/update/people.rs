//! What people say of incidents: snoozed, accepted, taken, noted. It is known here at once, and kept outside of the loop.

use jiff::tz::TimeZone;

use crate::app::command::Now;
use crate::app::{App, Effect, Moment};
use crate::diagnose::{Incident, IncidentState};
use crate::domain::people::{Fold, People, Saying, SnoozedUntil, Stand, refused};
use crate::domain::{Name, Severity, Text, Timestamp};
use crate::ui::{Asks, Input, Overlay, PaletteItem, Prompt};

use super::lists::later;
use super::palette::Choice;

/// What is old is forgotten so often, milliseconds, and not at once: an incident takes its time to be found.
pub const TIDY_MS: i64 = HOUR_MS;
/// An hour, milliseconds.
const HOUR_MS: i64 = 3_600_000;

/// What the menu of `z` offers.
#[derive(Debug, Clone)]
pub enum Folding {
    /// List it again.
    List,
    /// Snooze it.
    Snooze(SnoozedUntil),
    /// Accept it: asks for the reason.
    Accept,
}

/// Whether it can be folded.
pub fn snooze_now(app: &App, at: Moment) -> Now {
    app.incident(at).map(|_| Ok(Text::new("snooze")))
}

/// Offers the ways in which it can be folded.
pub fn snooze(app: &mut App, at: Moment) {
    let Some(incident) = app.incident(at) else { return };
    let id = incident.id.clone();
    let items = choices(app, incident, at);
    let found = items.into_iter().map(|(folding, item)| (Choice::Fold(id.clone(), folding), item)).collect();
    app.touch(at.felt);
    app.open_menu("Fold away", found, at);
}

fn choices(app: &App, incident: &Incident, at: Moment) -> Vec<(Folding, PaletteItem)> {
    let model = app.model(at.now);
    let weight = incident.weight(&model.view);
    let item = |label: &str, what: String, refused| PaletteItem {
        label: Text::new(label),
        what: Text::from(what),
        key: None,
        refused,
    };
    let zone = app.shown_zone();
    let time = |until: Timestamp| until.to_zoned_datetime(zone.clone()).strftime("until %H:%M %Z").to_string();
    let (hour, morning) = (later(at.now, HOUR_MS), next_nine(at.now, &zone));
    let snoozes = [
        ("for an hour", SnoozedUntil::Time(hour), time(hour)),
        (
            "until 09:00",
            SnoozedUntil::Time(morning),
            morning.to_zoned_datetime(zone.clone()).strftime("%a %-d %b %Z").to_string(),
        ),
        ("until it is worse", SnoozedUntil::Worse, "or of another cause, or reaching further".to_owned()),
        ("until its next deploy", SnoozedUntil::Deploy, "until its workload has another revision".to_owned()),
    ];
    let mut found: Vec<(Folding, PaletteItem)> = Vec::new();
    if let Stand::Folded(mark) | Stand::Back(_, mark) = model.stand(incident) {
        let what = format!("it was {} by {}", mark.said.word(), mark.by);
        found.push((Folding::List, item("list it again", what, None)));
    }
    for (label, until, what) in snoozes {
        let why = refused(&Fold::Snoozed(until.clone(), weight.clone()), at.now);
        found.push((Folding::Snooze(until), item(label, what, why)));
    }
    let why = refused(&Fold::Accepted(Text::new(""), weight), at.now);
    found.push((Folding::Accept, item("accept it", "until it grows; asks for the reason".to_owned(), why)));
    found
}

/// The next nine o'clock in the morning there.
fn next_nine(now: Timestamp, zone: &TimeZone) -> Timestamp {
    let today = now.to_zoned_datetime(zone.clone()).date();
    let days = [Some(today), today.tomorrow().ok()].into_iter().flatten();
    let mornings = days.filter_map(|day| day.at(9, 0, 0, 0).to_zoned_datetime(zone.clone()).ok());
    mornings.map(|morning| morning.timestamp()).find(|at| *at > now).unwrap_or(now)
}

/// Folds as the menu says.
pub fn fold(app: &mut App, id: &Name, folding: Folding, at: Moment) {
    let Some(incident) = app.incident_by(id) else { return app.say(at, "it is over by now", None) };
    let weight = incident.weight(&app.core.view(at.now));
    let title = name(incident);
    match folding {
        Folding::List => {
            app.utter(id, Saying::Fold(Fold::Listed), at);
            app.say(at, "it is listed again", None);
        }
        Folding::Snooze(until) => app.fold_if_it_may_be(id, Fold::Snoozed(until, weight), &title, at),
        Folding::Accept => {
            if let Some(why) = refused(&Fold::Accepted(Text::new(""), weight), at.now) {
                return app.say_long(at, &format!("not accepted: {why}"), Some(Severity::Advice));
            }
            let target = incident.subject.clone();
            let title = Text::from(format!("Accept {title}, because"));
            let (input, asks) = (Input::default(), Asks::Reason(id.clone()));
            app.screen.overlay = Some(Overlay::Prompt(Prompt { title, input, error: None, target, asks }));
        }
    }
}

/// Takes the reason that was typed.
pub fn accept(app: &mut App, id: &Name, reason: &str, at: Moment) {
    if reason.is_empty() {
        if let Some(Overlay::Prompt(prompt)) = &mut app.screen.overlay {
            prompt.error = Some(Text::new("a reason is needed: somebody will ask"));
        }
        return;
    }
    app.close_overlay();
    let Some(incident) = app.incident_by(id) else { return app.say(at, "it is over by now", None) };
    let (weight, title) = (incident.weight(&app.core.view(at.now)), name(incident));
    app.fold_if_it_may_be(id, Fold::Accepted(Text::new(reason), weight), &title, at);
}

/// Whether it can be taken, or given back.
pub fn take_now(app: &App, at: Moment) -> Now {
    let incident = app.incident(at)?;
    Some(Ok(Text::new(if app.has_taken(&incident.id) { "give back" } else { "take" })))
}

/// Takes it, or gives it back.
pub fn take(app: &mut App, at: Moment) {
    let Some(id) = app.incident(at).map(|incident| incident.id.clone()) else { return };
    let mine = app.has_taken(&id);
    let other = app.people.of(&id).and_then(|entry| entry.taken_by()).map(|(who, _)| who.clone()).filter(|_| !mine);
    app.utter(&id, Saying::Taken(!mine), at);
    let text = match (mine, other) {
        (true, _) => "given back: nobody has it now".to_owned(),
        (false, Some(who)) => format!("taken over from {who}"),
        (false, None) => "taken: it is yours".to_owned(),
    };
    app.say(at, &text, None);
}

/// Whether a note can be written.
pub fn note_now(app: &App, at: Moment) -> Now {
    app.incident(at).map(|_| Ok(Text::new("note")))
}

/// Asks for the note, with what it is now.
pub fn note(app: &mut App, at: Moment) {
    let Some(incident) = app.incident(at) else { return };
    let noted = app.people.of(&incident.id).and_then(|entry| entry.noted());
    let text = noted.map(|mark| mark.said.to_string()).unwrap_or_default();
    let prompt = Prompt {
        title: Text::from(format!("Note at {}", name(incident))),
        input: Input { cursor: text.len(), text },
        error: None,
        target: incident.subject.clone(),
        asks: Asks::Note(incident.id.clone()),
    };
    app.touch(at.felt);
    app.screen.overlay = Some(Overlay::Prompt(prompt));
}

/// Takes the note that was typed.
pub fn keep_note(app: &mut App, id: &Name, text: &str, at: Moment) {
    app.close_overlay();
    if app.incident_by(id).is_none() {
        return app.say(at, "it is over by now", None);
    }
    app.utter(id, Saying::Note(Text::new(text)), at);
    app.say(at, if text.is_empty() { "the note is gone" } else { "noted" }, None);
}

/// `shop/api (prod)`.
fn name(incident: &Incident) -> String {
    let what = incident.label.as_ref().map_or_else(|| incident.subject.local(), Text::to_string);
    format!("{what} ({})", incident.subject.cluster)
}

impl App {
    /// It may have grown while the menu was open, or the reason was typed.
    fn fold_if_it_may_be(&mut self, id: &Name, fold: Fold, title: &str, at: Moment) {
        let word = fold.word();
        if let Some(why) = refused(&fold, at.now) {
            return self.say_long(at, &format!("not {word}: {why}"), Some(Severity::Advice));
        }
        self.utter(id, Saying::Fold(fold), at);
        self.say(at, &format!("{title} is {word}: the last line of triage counts it"), None);
    }

    fn incident_by(&self, id: &Name) -> Option<&Incident> {
        self.core.diagnosis().incidents().iter().find(|incident| incident.id == *id)
    }

    fn has_taken(&self, id: &Name) -> bool {
        let taken = self.people.of(id).and_then(|entry| entry.taken_by());
        taken.is_some_and(|(who, _)| *who == self.me)
    }

    fn shown_zone(&self) -> TimeZone {
        if self.screen.utc { TimeZone::UTC } else { self.screen.zone.clone() }
    }

    /// Says something of an incident: it is so here at once, and is to be kept.
    fn utter(&mut self, id: &Name, saying: Saying, at: Moment) {
        let Some(incident) = self.core.diagnosis().incidents().iter().find(|it| it.id == *id) else { return };
        let of = (&incident.subject.cluster, Text::from(incident.subject.local()));
        let new = self.people.say(id, of, saying, &self.me, at.now);
        self.effects.push(Effect::Keep(new, Vec::new()));
        self.look_for_people(at);
        self.fold_away(at);
    }

    /// Takes in what is kept: what others said, and what was said before.
    pub(super) fn hear_people(&mut self, people: &People, at: Moment) {
        self.people.merge(people);
        self.refresh(at);
    }

    /// What has come back stays, what is old is forgotten, and when what is folded has to be looked at again by the time alone.
    pub(super) fn look_for_people(&mut self, at: Moment) {
        if self.people.is_empty() {
            return;
        }
        // What is only half listed may seem to be of another cause.
        if self.core.is_settled() {
            let model = self.model(at.now);
            let back = model.diagnosis.incidents().iter().filter_map(|incident| match model.stand(incident) {
                Stand::Back(why, _) => Some((incident.id.clone(), why)),
                _ => None,
            });
            let back: Vec<(Name, &'static str)> = back.collect();
            back.iter().for_each(|(id, why)| self.people.stays_back(id, why));
        }
        self.tidy_people(at);
        self.unfolds = self.people.next_deadline(at.now);
    }

    /// Whether something that was folded is listed again because its time has come.
    pub(super) fn people_are_due(&self, at: Moment) -> bool {
        self.unfolds.is_some_and(|until| until <= at.now)
    }

    /// Drops what is old and over. Of a cluster that cannot be read nothing is known to be over.
    fn tidy_people(&mut self, at: Moment) {
        if self.tidies > at.now {
            return;
        }
        self.tidies = later(at.now, TIDY_MS);
        let view = self.core.view(at.now);
        let incidents = self.core.diagnosis().incidents();
        let over = self.people.forgotten(at.now, |id, cluster| {
            let mut sources = view.sources(cluster).peekable();
            let read = sources.peek().is_some() && sources.all(|(_, source)| source.listed && source.trouble.is_none());
            read && !incidents.iter().any(|incident| incident.id == *id)
        });
        if !over.is_empty() {
            self.people.forget(&over);
            self.effects.push(Effect::Keep(People::default(), over));
        }
    }

    /// Whether an incident is to be seen: it is there, and nobody folded it away.
    pub(super) fn is_up(&self, incident: &Incident, now: Timestamp) -> bool {
        !matches!(incident.state, IncidentState::Recovered(_)) && !self.model(now).is_folded(incident)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_in_the_morning_is_the_next_one_where_the_person_is() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let utc = TimeZone::UTC;
        assert_eq!(next_nine(at("2026-11-24T02:10:00Z"), &utc), at("2026-11-24T09:00:00Z"));
        assert_eq!(next_nine(at("2026-11-24T09:00:00Z"), &utc), at("2026-11-25T09:00:00Z"));
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(next_nine(at("2026-11-24T06:30:00Z"), &east), at("2026-11-24T07:00:00Z"));
    }
}

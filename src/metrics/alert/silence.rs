//! Keeping an alert quiet, and letting it be told again (alertmanager: api/v2/openapi.yaml, postSilences and deleteSilence).

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::feed::Alerts;
use super::manager::{Held, Known, Silenced, known};
use super::raised::Labels;
use crate::domain::{
    Draft, Intent, Line, LineKind, Name, Pin, Quiet, Receipt, Ref, Refusal, Seen, Step, StepAction, StepError, Text,
    Timestamp, Until,
};
use crate::metrics::ask::{Asker, Failure};

/// An Alertmanager tells its others of a silence within seconds; it is read again at once.
const TIMEOUT_SECONDS: u32 = 60;
/// Names that are told in one line, at most.
const TOLD: usize = 4;
/// A silence as it is asked for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wanted<'a> {
    matchers: Vec<Matcher<'a>>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    created_by: &'a str,
    comment: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Matcher<'a> {
    name: &'a str,
    value: &'a str,
    is_regex: bool,
    is_equal: bool,
}

#[derive(Deserialize)]
struct Made {
    #[serde(rename = "silenceID")]
    id: Name,
}

/// An Alertmanager, and what it knows of one alert.
struct Found {
    asker: Asker,
    known: Known,
    /// What tells the alert from others.
    labels: Labels,
}

impl Found {
    /// What these labels fit: the alert, from whichever of several Prometheus.
    fn fitting(&self) -> impl Iterator<Item = &Held> {
        self.known.alerts.iter().filter(|it| fits(&self.labels, &it.labels))
    }

    /// Ids of the silences that keep it quiet: those of one person, where there are such, else all.
    fn silences(&self, by: &str) -> Vec<&Silenced> {
        let here = |id: &Name| self.fitting().any(|it| it.silenced_by.contains(id));
        let all: Vec<_> = self.known.silences.iter().filter(|it| here(&it.id)).collect();
        let own: Vec<_> = all.iter().copied().filter(|it| it.by.as_deref() == Some(by)).collect();
        if own.is_empty() { all } else { own }
    }

    /// A word for how it stands: what was seen.
    fn state(&self) -> Option<Name> {
        let mut all: Vec<&str> =
            self.fitting().map(|it| if it.silenced_by.is_empty() { "not silenced" } else { "silenced" }).collect();
        all.sort_unstable();
        all.dedup();
        (!all.is_empty()).then(|| Name::from(all.join(" and ")))
    }
}

/// Whether each label of `of` is one of `all`.
fn fits(of: &Labels, all: &Labels) -> bool {
    of.iter().all(|(name, value)| all.get(name) == Some(value))
}

impl Alerts {
    /// How an alert is silenced, or told again. Nothing is changed.
    ///
    /// # Errors
    /// It cannot be done, and why.
    pub async fn prepare(&self, intent: &Intent, by: &str) -> Result<Draft, Refusal> {
        let key = intent.target();
        if self.managers().is_empty() {
            let why = "Prometheus tells of it, and a silence is Alertmanager's: none is known";
            return Err(Refusal::of(intent, why, "name it: `alertmanager` of [[metrics]] in the settings"));
        }
        let found = self.found(key).await.map_err(|why| Refusal::of(intent, why, "look at Alertmanager itself"))?;
        match intent {
            Intent::Silence(_, quiet) => draft_silence(intent, quiet, &found, by),
            Intent::Unsilence(_) => draft_end(intent, &found, by),
            _ => Err(Refusal::of(intent, "an alert has no such thing", "silence it, or open what it is about")),
        }
    }

    /// Does one step of that, if its pin still holds.
    ///
    /// # Errors
    /// It was not done, and why.
    pub async fn execute(&self, step: &Step, by: &str) -> Result<Receipt, StepError> {
        let found = self.found(step.action.target()).await.map_err(|why| {
            StepError::Failed(Text::from(format!("nothing was sent: it could not be looked at again: {why}")))
        })?;
        let state = found.state().ok_or(StepError::Gone)?;
        let done = match &step.action {
            StepAction::Silence(_, quiet) => {
                if step.pin.seen != Seen::State(state.clone()) {
                    return Err(StepError::Moved(Text::from(format!("it is {state} by now"))));
                }
                make(&found, quiet, by).await
            }
            StepAction::EndSilence(_, id) => {
                let held = found.known.silences.iter().find(|it| it.id == *id).ok_or(StepError::Gone)?;
                if step.pin.seen != Seen::State(ends(held.until)) {
                    return Err(StepError::Moved(Text::new("it was given another end")));
                }
                end(&found, id).await
            }
            other => {
                Err(StepError::Failed(Text::from(format!("an alert has no such thing: {}", other.target().local()))))
            }
        };
        self.read_now();
        done
    }

    /// The first Alertmanager that answers, and what it knows of an alert.
    async fn found(&self, key: &Ref) -> Result<Found, Text> {
        let labels = self.labels(key).ok_or_else(|| Text::new("it is not there any more"))?;
        if labels.is_empty() {
            return Err(Text::new("no server tells it: cockpit itself says that it is missing"));
        }
        let mut lost = Text::new("no Alertmanager is known");
        for place in self.managers() {
            let asker = Asker::new(place, self.within());
            let read = async { known(asker?).await };
            match read.await {
                Ok((asker, known)) => return Ok(Found { asker, known, labels }),
                Err(failure) => lost = Text::from(format!("{}: {failure}", place.address)),
            }
        }
        Err(lost)
    }
}

fn draft_silence(intent: &Intent, quiet: &Quiet, found: &Found, by: &str) -> Result<Draft, Refusal> {
    quiet.check().map_err(|why| Refusal::of(intent, why, "say for how long, and why: `2h the import runs`"))?;
    let state = found.state().ok_or_else(|| {
        Refusal::of(intent, "Alertmanager does not know of it, so nobody is told of it", "look at it again in a minute")
    })?;
    if state == "silenced" {
        return Err(Refusal::of(intent, "it is silenced already", "end that silence first, or let it be"));
    }
    let key = intent.target();
    let step = step(StepAction::Silence(key.clone(), quiet.clone()), state, Until::Quiet(key.clone(), true));
    let mut draft = Draft::new(intent, vec![step]);
    let matchers: Vec<String> = found.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    draft.notes.push(Line::new(LineKind::Note, format!("it fits {}", matchers.join(", "))));
    let fitting = found.fitting().count();
    if fitting > 1 {
        draft
            .notes
            .push(Line::new(LineKind::Hurts, format!("{fitting} alerts of these labels are told: all are kept quiet")));
    }
    draft.equivalent = Some(Text::from(amtool(quiet, found, by)));
    draft.inverse = Some(Intent::Unsilence(key.clone()));
    Ok(draft)
}

fn draft_end(intent: &Intent, found: &Found, by: &str) -> Result<Draft, Refusal> {
    let key = intent.target();
    let all = found.silences(by);
    let mut draft = Draft::new(intent, Vec::new());
    for it in &all {
        let action = StepAction::EndSilence(key.clone(), it.id.clone());
        draft.steps.push(step(action, ends(it.until), Until::Quiet(key.clone(), false)));
        let (_, silence) = (*it).clone().apart();
        let until = it.until.map(|at| format!(" until {}", at.strftime("%d %b %H:%M UTC"))).unwrap_or_default();
        let said = format!("a silence by {}{until}: {}", silence.by, silence.comment);
        draft.notes.push(Line::new(LineKind::Does, format!("end {said}")));
        draft.notes.extend(others(found, &it.id));
    }
    let ids: Vec<&str> = all.iter().map(|it| it.id.as_str()).collect();
    draft.equivalent = Some(Text::from(format!("amtool silence expire {}", ids.join(" "))));
    Ok(draft)
}

/// What else a silence keeps quiet.
fn others(found: &Found, id: &Name) -> Option<Line> {
    let held = found.known.alerts.iter().filter(|it| it.silenced_by.contains(id) && !fits(&found.labels, &it.labels));
    let titles: Vec<String> = held.map(Held::title).collect();
    let (told, more) =
        (titles.iter().take(TOLD).cloned().collect::<Vec<_>>().join(", "), titles.len().saturating_sub(TOLD));
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = format!("it keeps {told}{more} quiet too: they are told again");
    (!titles.is_empty()).then(|| Line::new(LineKind::Hurts, text))
}

fn step(action: StepAction, seen: Name, until: Until) -> Step {
    let uid = match &action {
        StepAction::EndSilence(_, id) => id.clone(),
        other => other.target().name.clone(),
    };
    let pin = Pin { key: action.target().clone(), uid, seen: Seen::State(seen) };
    Step { action, pin, until, timeout_seconds: TIMEOUT_SECONDS, group: 0 }
}

/// Until when, as it was seen.
fn ends(until: Option<Timestamp>) -> Name {
    Name::from(until.map_or_else(|| "without an end".to_owned(), |at| format!("until {at:.0}")))
}

/// What an engineer would type (alertmanager: cli/silence_add.go).
fn amtool(quiet: &Quiet, found: &Found, by: &str) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let matchers = found.labels.iter().map(|(name, value)| quoted(&format!("{name}={value}")));
    let (seconds, comment) = (quiet.seconds, quoted(&quiet.comment));
    let said = format!("amtool silence add --duration={seconds}s --author={} --comment={comment}", quoted(by));
    std::iter::once(said).chain(matchers).collect::<Vec<_>>().join(" ")
}

async fn make(found: &Found, quiet: &Quiet, by: &str) -> Result<Receipt, StepError> {
    let starts_at = Timestamp::now();
    let ends_at = starts_at
        .checked_add(SignedDuration::from_secs(i64::from(quiet.seconds)))
        .map_err(|_| StepError::Failed(Text::new("it would end after the end of time")))?;
    let matcher = |(name, value)| Matcher { name, value, is_regex: false, is_equal: true };
    let labels = found.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let matchers = labels.map(matcher).collect();
    let wanted = Wanted { matchers, starts_at, ends_at, created_by: by, comment: &quiet.comment };
    let body = found.asker.send("/api/v2/silences", &wanted).await.map_err(|failure| said(failure, starts_at))?;
    let made = serde_json::from_slice::<Made>(&body).ok();
    let text = made.map(|made| Text::from(format!("silence {}", made.id)));
    Ok(Receipt { text, ..Receipt::at(starts_at) })
}

async fn end(found: &Found, id: &Name) -> Result<Receipt, StepError> {
    let sent = Timestamp::now();
    let path = format!("/api/v2/silence/{id}");
    found.asker.delete(&path).await.map_err(|failure| said(failure, sent))?;
    Ok(Receipt::at(sent))
}

/// What became of something that was sent.
fn said(failure: Failure, sent: Timestamp) -> StepError {
    match failure {
        Failure::Refused { status: 401 | 403, message } => StepError::Denied(message),
        Failure::Refused { status: 404, .. } => StepError::Gone,
        Failure::Refused { message, .. } => StepError::Failed(message),
        Failure::Unable(why) => StepError::Failed(why),
        Failure::Silent(_) | Failure::Broken(_) | Failure::Malformed(_) => StepError::Unknown { sent },
    }
}

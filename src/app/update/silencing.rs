//! Silencing alerts: for how long and why is asked first, and what comes of it is shown before it is done.

use crate::action::{amount, fits};
use crate::app::command::Now;
use crate::app::{App, Moment};
use crate::domain::{Alert, AlertState, Intent, Kind, Quiet, Ref, Severity, Text};
use crate::ui::{Asks, Input, Layer, Overlay, Pane, Prompt, RowKey};

/// What stands in the question before anything is typed.
const USUAL: &str = "2h ";

/// What can be done about some alerts.
enum Meant {
    /// They are told, and can be silenced.
    Told(Vec<Ref>),
    /// They are silenced, and can be told again.
    Silenced(Vec<Ref>),
}

impl Meant {
    fn intent(&self) -> Option<Intent> {
        match self {
            Meant::Told(keys) => Intent::several(keys.iter().map(|key| Intent::Silence(key.clone(), any()))),
            Meant::Silenced(keys) => Intent::several(keys.iter().cloned().map(Intent::Unsilence)),
        }
    }

    fn words(&self) -> String {
        let (what, keys) = match self {
            Meant::Told(keys) => ("silence", keys),
            Meant::Silenced(keys) => ("end the silence of", keys),
        };
        match &keys[..] {
            [one] => format!("{what} {}", one.local()),
            all => format!("{what} {} alerts", all.len()),
        }
    }
}

/// A silence of which nothing is known yet.
fn any() -> Quiet {
    Quiet { seconds: 0, comment: Text::new("") }
}

impl App {
    /// The alerts that are meant: the selected or marked ones, else those about what is selected, the loudest first.
    fn alerts_meant(&self, at: Moment) -> Vec<Ref> {
        let alert = |row: &RowKey| match row {
            RowKey::Object(key) if key.kind == Kind::Alert => Some(key.clone()),
            _ => None,
        };
        let list = self.list().filter(|_| self.screen.layers.is_empty());
        if let Some(list) = list.filter(|list| self.screen.home.pane == Pane::Alerts && !list.marks.rows.is_empty()) {
            return list.order.iter().filter(|row| list.marks.rows.contains(row)).filter_map(alert).collect();
        }
        let row = match self.screen.layers.last() {
            Some(Layer::Case(case)) => Some(&case.of),
            Some(_) => None,
            None => list.and_then(|list| list.selected.as_ref()),
        };
        match (row.and_then(alert), self.target(at)) {
            (Some(alert), _) => vec![alert],
            (None, Some(target)) => self.alerts_about(&target, at),
            (None, None) => Vec::new(),
        }
    }

    fn alerts_about(&self, target: &Ref, at: Moment) -> Vec<Ref> {
        if target.kind == Kind::Alert {
            return vec![target.clone()];
        }
        let view = self.core.view(at.now);
        let incident = self.incident(at);
        let dragged = |key: &Ref| incident.is_some_and(|it| it.symptoms.iter().any(|symptom| symptom.about == *key));
        let about = |it: &&Alert| {
            it.state != AlertState::Pending
                && it.about.as_ref().is_some_and(|about| {
                    let owner = || view.instance(about).and_then(|it| it.owner.as_ref());
                    about == target || owner() == Some(target) || dragged(about)
                })
        };
        let mut all: Vec<&Alert> = view.alerts().filter(about).collect();
        all.sort_by_key(|it| (!it.pages, it.severity, &it.key));
        all.into_iter().map(|it| it.key.clone()).collect()
    }

    /// What can be done about the alerts that are meant; else why nothing. None where none is meant.
    fn silencing(&self, at: Moment) -> Option<Result<Meant, Text>> {
        let view = self.core.view(at.now);
        let keys = self.alerts_meant(at);
        let can = |intent: &Intent| matches!(fits(intent, &view), Some(Ok(())));
        let told: Vec<Ref> = keys.iter().filter(|key| can(&Intent::Silence((*key).clone(), any()))).cloned().collect();
        if !told.is_empty() {
            return Some(Ok(Meant::Told(told)));
        }
        let silenced: Vec<Ref> = keys.iter().filter(|key| can(&Intent::Unsilence((*key).clone()))).cloned().collect();
        if !silenced.is_empty() {
            return Some(Ok(Meant::Silenced(silenced)));
        }
        let first = keys.into_iter().next()?;
        let states = [Intent::Unsilence(first.clone()), Intent::Silence(first.clone(), any())];
        let silent = view.alert(&first).is_some_and(|it| it.state == AlertState::Silenced);
        let why = fits(&states[usize::from(!silent)], &view)?.err();
        Some(Err(why.unwrap_or_else(|| Text::new("it is not there any more"))))
    }

    fn ask_for_silence(&mut self, keys: Vec<Ref>, at: Moment) {
        let Some(target) = keys.first().cloned() else { return };
        let title = match &keys[..] {
            [one] => format!("Silence {} ({}) for how long, and why", one.local(), one.cluster),
            all => format!("Silence {} alerts for how long, and why", all.len()),
        };
        self.touch(at.felt);
        let input = Input { cursor: USUAL.len(), text: USUAL.to_owned() };
        let asks = Asks::Silence(keys);
        self.screen.overlay =
            Some(Overlay::Prompt(Prompt { title: Text::from(title), input, error: None, target, asks }));
    }

    /// Silences with what was typed after the command's name: `silence 2h the import runs`.
    pub(super) fn take_typed_silence(&mut self, typed: &str, at: Moment) {
        let keys = match self.silencing(at) {
            Some(Ok(Meant::Told(keys))) => keys,
            Some(Ok(Meant::Silenced(_))) => return self.say(at, "silence: it is silenced already", None),
            Some(Err(why)) => return self.say(at, &format!("silence: {why}"), Some(Severity::Advice)),
            None => return self.say(at, "silence: no alert is about what is selected", None),
        };
        match amount::quiet(typed) {
            Ok(quiet) => self.silence_all(&keys, &quiet, at),
            Err(why) => self.say(at, &why, None),
        }
    }

    fn silence_all(&mut self, keys: &[Ref], quiet: &Quiet, at: Moment) {
        let each = keys.iter().map(|key| Intent::Silence(key.clone(), quiet.clone()));
        if let Some(intent) = Intent::several(each) {
            self.begin(intent, at);
        }
    }
}

/// Whether there is an alert that could be silenced, or told again.
pub fn silence_now(app: &App, at: Moment) -> Now {
    let meant = match app.silencing(at)? {
        Ok(meant) => meant,
        Err(why) => return Some(Err(why)),
    };
    app.offer(&meant.intent()?, &meant.words(), at)
}

/// Asks for how long, and why; where it is silenced, ends that.
pub fn silence(app: &mut App, at: Moment) {
    match app.silencing(at) {
        Some(Ok(Meant::Told(keys))) => app.ask_for_silence(keys, at),
        Some(Ok(meant @ Meant::Silenced(_))) => {
            if let Some(intent) = meant.intent() {
                app.begin(intent, at);
            }
        }
        Some(Err(_)) | None => {}
    }
}

/// Takes what was typed.
pub fn take(app: &mut App, at: Moment) {
    let Some(Overlay::Prompt(prompt)) = &mut app.screen.overlay else { return };
    let Asks::Silence(keys) = &prompt.asks else { return };
    match amount::quiet(&prompt.input.text) {
        Ok(quiet) => {
            let keys = keys.clone();
            app.silence_all(&keys, &quiet, at);
        }
        Err(why) => prompt.error = Some(Text::from(why)),
    }
}

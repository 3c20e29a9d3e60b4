//! A shell: in which instance and container, and what is said when it is over.

use crate::action::entered;
use crate::app::command::Now;
use crate::app::shell::{farewell, greeting};
use crate::app::{App, Moment};
use crate::domain::{ContainerState, Debugger, Ended, Enter, Intent, Kind, Name, Ref, Role, Severity, Text};
use crate::ui::Overlay;
use crate::ui::case::troubled_container;

use super::asking;

/// Whether a shell can be opened in what is selected.
pub fn shell_now(app: &App, at: Moment) -> Now {
    app.enters(None, at).map(|intent| app.offer(&intent?, "shell", at).unwrap_or_else(|| Ok(Text::new("shell"))))
}

/// Opens its preview.
pub fn shell(app: &mut App, at: Moment) {
    if let Some(Ok(intent)) = app.enters(None, at) {
        app.begin(intent, at);
    }
}

/// Whether a debug container can be added to what is selected.
pub fn debug_now(app: &App, at: Moment) -> Now {
    let intent = app.enters(Some(Debugger::default()), at)?;
    match intent {
        Ok(intent) if intent.target().kind != Kind::Pod => None,
        Ok(intent) => app.offer(&intent, "debug", at),
        Err(why) => Some(Err(why)),
    }
}

/// Opens its preview.
pub fn debug(app: &mut App, at: Moment) {
    if let Some(Ok(intent)) = app.enters(Some(Debugger::default()), at) {
        app.begin(intent, at);
    }
}

/// Whether the number of what is selected can be set; of an instance, whether a shell can be opened in it.
pub fn scale_or_shell_now(app: &App, at: Moment) -> Now {
    if app.is_at_instance(at) { shell_now(app, at) } else { asking::scale_now(app, at) }
}

/// Asks for the number, or opens the preview of a shell.
pub fn scale_or_shell(app: &mut App, at: Moment) {
    if app.is_at_instance(at) { shell(app, at) } else { asking::scale(app, at) }
}

impl App {
    /// Whether one instance is selected, and nothing is marked.
    fn is_at_instance(&self, at: Moment) -> bool {
        !self.has_marked(at) && self.aimed(at).is_some_and(|key| key.kind.role() == Role::Instance)
    }

    fn aimed(&self, at: Moment) -> Option<Ref> {
        self.selected_container(at).map(|(of, _)| of).or_else(|| self.selected_instance(at)).or_else(|| self.target(at))
    }

    /// What a shell would be opened in; none where that makes no sense.
    fn enters(&self, debug: Option<Debugger>, at: Moment) -> Option<Result<Intent, Text>> {
        let key = match entered(&self.aimed(at)?, &self.core.view(at.now))? {
            Ok(key) => key,
            Err(why) => return Some(Err(why)),
        };
        let container = self.entered_container(&key, at);
        Some(Ok(Intent::Shell(key, Enter { container, command: Vec::new(), debug })))
    }

    /// The container that is selected, else the one that fails, as long as it runs; the backend chooses where there is neither.
    fn entered_container(&self, instance: &Ref, at: Moment) -> Option<Name> {
        let selected = self.selected_container(at).filter(|(of, _)| of == instance).map(|(_, name)| name);
        let view = self.core.view(at.now);
        let runs = |state: &ContainerState| matches!(state, ContainerState::Running { .. });
        let troubled = || troubled_container(view.instance(instance)?).filter(|it| runs(&it.state));
        selected.or_else(|| troubled().map(|it| it.name.clone()))
    }

    /// Whether the screen still shows the run whose process is about to be given the terminal. Keys that are meant for something
    /// else are not to end in a shell.
    pub fn waits_for(&self, run: u64) -> bool {
        matches!(self.screen.overlay, Some(Overlay::Run(shown)) if shown == run)
    }

    /// What is said above it when it opens.
    pub fn greets(&self, run: u64) -> String {
        match self.core.runs().run(run).map(|run| &run.plan.intent) {
            Some(Intent::Shell(key, enter)) => greeting(key, enter),
            _ => String::new(),
        }
    }

    /// A process that had the terminal has ended.
    pub(super) fn taken_back(&mut self, run: u64, ended: &Ended, at: Moment) {
        if self.waits_for(run) {
            self.close_overlay();
        }
        let Some(Intent::Shell(key, enter)) = self.core.runs().run(run).map(|run| run.plan.intent.clone()) else {
            return;
        };
        let told = farewell(&key, &enter, ended);
        let text = match ended {
            // What to do comes first: a runtime's words are long.
            Ended::NotStarted(why) if enter.command.is_empty() => {
                format!("there is no shell in {}: {}. The server says: {why}", key.local(), instead(&key))
            }
            // A shell also ends so after a command that it did not find.
            ended if ended.is_missing() && enter.command.is_empty() => {
                format!("{told}. Where its image has no shell, {}", instead(&key))
            }
            _ => told.to_string(),
        };
        let severity = match ended {
            Ended::Code(_) | Ended::Left => None,
            Ended::NotStarted(_) | Ended::Broke(_) => Some(Severity::Warning),
        };
        self.say_long(at, &text, severity);
        self.effects.push(crate::app::Effect::Repaint);
    }
}

/// Where there is no shell: what else there is.
fn instead(key: &Ref) -> &'static str {
    match key.kind {
        Kind::Pod => "`:debug` adds a container that has one",
        _ => "`cockpit shell TARGET -- COMMAND` runs a program that it has",
    }
}

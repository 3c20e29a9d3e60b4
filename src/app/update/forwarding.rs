//! Port forwards: asked for, listed for as long as the session lasts, ended.

use crate::action::{forwards, ports};
use crate::app::command::Now;
use crate::app::{App, Effect, Moment};
use crate::domain::{Forward, ForwardRequest, ForwardState, Listen, Ref, Refusal, Severity, Text};
use crate::ui::{Asks, Input, Overlay, Prompt, RowKey};

/// What a port that nobody has named yet is checked with.
const ANY: u16 = 1;

/// Whether a port of the selected thing can be forwarded.
pub fn forward_now(app: &App, at: Moment) -> Now {
    let key = app.forwarded(at)?;
    let request = ForwardRequest { target: key, listen: Listen::Any, port: ANY };
    let admitted = app.core.guard().admit_forward(&request, &app.core.view(at.now));
    Some(admitted.map(|()| Text::new("forward a port")).map_err(|refusal| refusal.why))
}

/// Asks which port.
pub fn forward(app: &mut App, at: Moment) {
    let Some(target) = app.forwarded(at) else { return };
    let ports = ports(&target, &app.core.view(at.now));
    let text = ports.first().map(|port| port.number.to_string()).unwrap_or_default();
    let has: Vec<String> = ports.iter().map(ToString::to_string).collect();
    let has = if has.is_empty() { String::new() } else { format!(" (has {})", has.join(", ")) };
    let title = format!("Forward to {}{has} [LOCAL:]PORT", target.local());
    app.ask_to_forward(title, text, target, Asks::Forward, at);
}

/// Takes what was typed: opens it, or asks for the name of a protected cluster first.
pub(super) fn take(app: &mut App, at: Moment) {
    let Some(Overlay::Prompt(prompt)) = &app.screen.overlay else { return };
    let (target, typed, asks) = (prompt.target.clone(), prompt.input.text.trim().to_owned(), prompt.asks.clone());
    let taken = match asks {
        Asks::Protected(request) if typed == request.target.cluster.as_str() => {
            app.close_overlay();
            app.open_forward(request, at);
            Ok(())
        }
        Asks::Protected(request) => Err(format!("`{typed}` is not `{}`", request.target.cluster)),
        _ => app.take_port(target, &typed, at),
    };
    if let (Err(why), Some(Overlay::Prompt(prompt))) = (taken, &mut app.screen.overlay) {
        prompt.error = Some(Text::from(why));
    }
}

/// Whether the selected row is a forward.
pub fn end_now(app: &App, _: Moment) -> Now {
    let forward = app.selected_forward()?;
    let over = forward.state.as_ref().is_some_and(|state| state.ended.is_some());
    Some(Ok(Text::new(if over { "forget the forward" } else { "end the forward" })))
}

/// Ends it: it is listened no more, and what is open of it is over.
pub fn end(app: &mut App, at: Moment) {
    let Some(forward) = app.selected_forward() else { return };
    let (id, words) = (forward.id, words(forward));
    app.forwards.retain(|forward| forward.id != id);
    app.effects.push(Effect::Cancel(id));
    app.say(at, &format!("ended: {words}"), None);
    app.refresh(at);
}

/// What a forward is, as short as can be.
fn words(forward: &Forward) -> String {
    forward.state.as_ref().map_or_else(|| forward.request.words().to_string(), ForwardState::words)
}

impl App {
    /// What would be forwarded to: the selected instance, or what the selected row is about.
    fn forwarded(&self, at: Moment) -> Option<Ref> {
        let view = self.core.view(at.now);
        let keys = self.selected_instance(at).into_iter().chain(self.target(at));
        keys.into_iter().find(|key| forwards(key, &view).is_some())
    }

    /// The forward of the selected row.
    pub(super) fn selected_forward(&self) -> Option<&Forward> {
        let Some(RowKey::Forward(id)) = self.list().filter(|_| self.screen.layers.is_empty())?.selected.as_ref() else {
            return None;
        };
        self.forwards.iter().find(|forward| forward.id == *id)
    }

    /// Its address, for a browser.
    pub(super) fn forward_url(&self) -> Option<String> {
        let state = self.selected_forward()?.state.as_ref()?;
        Some(format!("http://127.0.0.1:{}", state.local))
    }

    /// What ends with the session, in words.
    pub(super) fn forwards_end(&self) -> Option<String> {
        let open: Vec<&Forward> = self.forwards.iter().filter(|it| is_open(it)).collect();
        match &open[..] {
            [] => None,
            [one] => Some(format!("the forward {} ends with it", words(one))),
            several => Some(format!("{} forwards end with it", several.len())),
        }
    }

    /// Forwards what was typed with the command's name.
    pub(super) fn take_typed_port(&mut self, typed: &str, at: Moment) {
        match (forward_now(self, at), self.forwarded(at)) {
            (Some(Ok(_)), Some(target)) => {
                if let Err(why) = self.take_port(target, typed, at) {
                    self.say(at, &why, None);
                }
            }
            (Some(Err(why)), _) => self.say(at, &format!("forward: {why}"), Some(Severity::Advice)),
            (None, _) | (_, None) => self.say(at, "forward is not for what is selected", None),
        }
    }

    fn take_port(&mut self, target: Ref, typed: &str, at: Moment) -> Result<(), String> {
        let ports = ports(&target, &self.core.view(at.now));
        let request = ForwardRequest::parse(target, typed, &ports)?;
        if let Listen::At(port) = request.listen
            && let Some(own) =
                self.forwards.iter().find(|it| is_open(it) && it.state.as_ref().is_some_and(|it| it.local == port))
        {
            return Err(format!("port {port} is taken by a forward of yours: {}", words(own)));
        }
        self.close_overlay();
        if self.core.guard().protects(&request.target) {
            let cluster = &request.target.cluster;
            let title =
                format!("{cluster} is protected: its name opens port {} of {}", request.port, request.target.local());
            let target = request.target.clone();
            self.ask_to_forward(title, String::new(), target, Asks::Protected(request), at);
        } else {
            self.open_forward(request, at);
        }
        Ok(())
    }

    fn ask_to_forward(&mut self, title: String, text: String, target: Ref, asks: Asks, at: Moment) {
        self.touch(at.felt);
        let input = Input { cursor: text.len(), text };
        self.screen.overlay =
            Some(Overlay::Prompt(Prompt { title: Text::from(title), input, error: None, target, asks }));
    }

    fn open_forward(&mut self, request: ForwardRequest, at: Moment) {
        if let Err(refusal) = self.core.guard().admit_forward(&request, &self.core.view(at.now)) {
            return self.say_long(at, &refused(&refusal), Some(Severity::Warning));
        }
        let id = self.ticket();
        self.forwards.push(Forward { id, request: request.clone(), began: at.now, state: None });
        self.effects.push(Effect::Forward(id, request));
        self.refresh(at);
    }

    /// How a forward stands now, or why it is none.
    pub(super) fn forward_told(&mut self, id: u64, told: Result<ForwardState, Refusal>, at: Moment) {
        let Some(forward) = self.forwards.iter_mut().find(|forward| forward.id == id) else { return };
        match told {
            Ok(state) => {
                let before = forward.state.replace(state.clone());
                if let Some((text, severity)) = news(before.as_ref(), &state) {
                    self.say_long(at, &text, severity);
                }
            }
            Err(refusal) => {
                self.forwards.retain(|forward| forward.id != id);
                self.say_long(at, &refused(&refusal), Some(Severity::Warning));
            }
        }
        self.refresh(at);
    }
}

fn is_open(forward: &Forward) -> bool {
    forward.state.as_ref().is_none_or(|state| state.ended.is_none())
}

fn refused(refusal: &Refusal) -> String {
    format!("cannot {}: {}; {}", refusal.what, refusal.why, refusal.mend)
}

/// What a person is told of it without looking at it.
fn news(before: Option<&ForwardState>, state: &ForwardState) -> Option<(String, Option<Severity>)> {
    let words = state.words();
    let Some(before) = before else {
        let said = state.said.as_ref().map(|said| format!("; {said}")).unwrap_or_default();
        return Some((format!("{words}; it ends with this session, pane 9 lists it{said}"), None));
    };
    match (&before.ended, &state.ended) {
        (None, Some(why)) => return Some((format!("{words} has ended: {why}"), Some(Severity::Warning))),
        _ if before.to == state.to => return None,
        _ => {}
    }
    match (&state.to, &state.said) {
        (None, Some(why)) => Some((format!("{words}: {why}"), Some(Severity::Warning))),
        _ => Some((words, None)),
    }
}

//! Intents in words: on titles, in lists of what can be taken back, in outcomes.

use crate::domain::words::{bytes, span};
use crate::domain::{Enter, Intent, Kind, Ref, Setting};

/// What an intent does to its target, without the target's name: `scale to 3`, `roll back to 41`, `uncordon`.
pub fn deed(intent: &Intent) -> String {
    let kind = intent.target().kind;
    match intent {
        Intent::Scale(_, to) => format!("scale to {to}"),
        Intent::Undo(_, Some(to)) => format!("roll back to {}", short(to)),
        Intent::Undo(_, None) => "roll back".to_owned(),
        Intent::Set(_, setting) => format!("set {}", setting_words(setting)),
        Intent::Drain(_, including) if including.unmanaged || including.local_data => {
            "drain, with what would be lost".to_owned()
        }
        Intent::Uncordon(_) => "uncordon".to_owned(),
        Intent::Silence(_, quiet) => format!("silence for {}", span(i64::from(quiet.seconds))),
        Intent::Unsilence(_) => "end its silence".to_owned(),
        Intent::Pause(_) if matches!(kind, Kind::CronJob | Kind::Job) => "suspend".to_owned(),
        Intent::Resume(_) if matches!(kind, Kind::CronJob | Kind::Job) => "let run again".to_owned(),
        Intent::Pause(_) if kind == Kind::Application => "switch automatic sync off".to_owned(),
        Intent::Resume(_) if kind == Kind::Application => "switch automatic sync on".to_owned(),
        Intent::Shell(_, enter) => entering(enter),
        Intent::Several(all) => all.iter().map(deed_on).collect::<Vec<_>>().join(", then "),
        other => other.verb().to_owned(),
    }
}

/// The same with the target's name: `scale shop/web to 3`.
pub fn deed_on(intent: &Intent) -> String {
    let name = intent.target().local();
    match intent {
        Intent::Scale(_, to) => format!("scale {name} to {to}"),
        Intent::Undo(_, Some(to)) => format!("roll {name} back to {}", short(to)),
        Intent::Undo(_, None) => format!("roll {name} back"),
        Intent::Set(_, setting) => format!("set {} of {name}", setting_words(setting)),
        Intent::Pause(key) | Intent::Resume(key) if key.kind == Kind::Application => {
            format!("switch automatic sync of {name} {}", if matches!(intent, Intent::Pause(_)) { "off" } else { "on" })
        }
        Intent::Resume(key) if matches!(key.kind, Kind::CronJob | Kind::Job) => format!("let {name} run again"),
        Intent::Drain(_, including) if including.unmanaged || including.local_data => {
            format!("drain {name}, with what would be lost")
        }
        Intent::Silence(_, quiet) => format!("silence {name} for {}", span(i64::from(quiet.seconds))),
        Intent::Unsilence(_) => format!("end the silence of {name}"),
        Intent::Shell(_, enter) => format!("{} in {name}", entering(enter)),
        Intent::Several(_) => deed(intent),
        other => format!("{} {name}", deed(other)),
    }
}

/// That it is done, without the target's name: `restarted`, `scaled to 3`.
pub fn done(intent: &Intent) -> String {
    match intent {
        Intent::Restart(_) => "restarted".to_owned(),
        Intent::Scale(_, to) => format!("scaled to {to}"),
        Intent::Undo(_, Some(to)) => format!("rolled back to {}", short(to)),
        Intent::Undo(_, None) => "rolled back".to_owned(),
        Intent::Set(_, setting) => format!("{} set", setting_words(setting)),
        Intent::Cordon(_) => "cordoned".to_owned(),
        Intent::Uncordon(_) => "uncordoned".to_owned(),
        Intent::Drain(..) => "drained".to_owned(),
        Intent::Pause(key) if matches!(key.kind, Kind::CronJob | Kind::Job) => "suspended".to_owned(),
        Intent::Pause(_) => "paused".to_owned(),
        Intent::Resume(_) => "resumed".to_owned(),
        Intent::Promote(_) => "promoted".to_owned(),
        Intent::Abort(_) => "aborted".to_owned(),
        Intent::Stop(_) => "stopped".to_owned(),
        Intent::Start(_) => "started".to_owned(),
        Intent::Kill(_) => "killed".to_owned(),
        Intent::Recreate(_) => "made anew".to_owned(),
        Intent::Trigger(_) => "started once".to_owned(),
        Intent::Unblock(_) => "unblocked".to_owned(),
        Intent::Prune(_) => "cleared".to_owned(),
        Intent::Silence(_, quiet) => format!("silenced for {}", span(i64::from(quiet.seconds))),
        Intent::Unsilence(_) => "told again".to_owned(),
        Intent::Shell(_, enter) => match enter.words() {
            Some(command) => format!("{command} begun"),
            None => "a shell opened".to_owned(),
        },
        Intent::Several(all) => all.first().map(done).unwrap_or_default(),
    }
}

/// What is opened, in words.
fn entering(enter: &Enter) -> String {
    match (enter.words(), &enter.debug) {
        (Some(command), None) => format!("run {command}"),
        (Some(command), Some(_)) => format!("run {command} in a debug container"),
        (None, None) => "open a shell".to_owned(),
        (None, Some(_)) => "open a debug container".to_owned(),
    }
}

/// What is set, in words.
pub(super) fn setting_words(setting: &Setting) -> String {
    let of = |container: &Option<crate::domain::Name>| {
        container.as_ref().map(|name| format!(" of container {name}")).unwrap_or_default()
    };
    match setting {
        Setting::Image(container, image) => format!("image {image}{}", of(container)),
        Setting::Memory(container, Some(limit)) => format!("memory limit {}{}", bytes(*limit), of(container)),
        Setting::Memory(container, None) => format!("no memory limit{}", of(container)),
        Setting::Cpu(container, Some(millis)) => format!("CPU limit {millis}m{}", of(container)),
        Setting::Cpu(container, None) => format!("no CPU limit{}", of(container)),
    }
}

/// A revision's id, where it is a hash its beginning.
pub fn short(id: &str) -> String {
    id.chars().take(12).collect()
}

/// Names of some things: all of few, of many the first and how many more.
pub fn names<'a>(keys: impl IntoIterator<Item = &'a Ref>, most: usize) -> String {
    let all: Vec<String> = keys.into_iter().map(Ref::local).collect();
    match all.len() {
        n if n <= most => all.join(", "),
        n => format!("{} and {} more", all[..most].join(", "), n - most),
    }
}

//! The last lines of what a case file is of: those that say most, and the way to all of them.

use std::cmp::Reverse;

use super::super::text::Phrase;
use super::super::theme::Ink;
use super::{Sheet, wrapped};
use crate::diagnose;
use crate::domain::{
    Answer, Container, ContainerState, DesiredState, Instance, Kind, Level, Name, Phase, Record, Ref, Role, Want,
};
use crate::state::View;

/// The instance whose output says most about what is wrong stands first.
pub fn trouble_first(it: &Instance) -> impl Ord + use<> {
    let phase = match it.phase {
        Phase::Restarting | Phase::Failed => 0,
        Phase::Running if !it.ready => 1,
        Phase::Running | Phase::Stopping | Phase::Paused => 2,
        _ => 3,
    };
    let unwanted = it.desired == DesiredState::Stop;
    (phase, unwanted, Reverse(it.restarts()), Reverse(it.since), it.key.clone())
}

/// Of an instance with several containers the one that fails, where one does.
pub fn troubled_container(it: &Instance) -> Option<&Container> {
    if it.containers.len() < 2 {
        return None;
    }
    let failed = |it: &&Container| it.restarts > 0 || it.exit().is_some_and(|exit| exit.code != 0);
    let runs = |it: &Container| matches!(it.state, ContainerState::Running { .. });
    it.containers.iter().filter(failed).max_by_key(|it| (!runs(it), it.restarts))
}

/// Whose lines are shown: of a workload those of the instance that says most.
fn speaker<'a>(view: &View<'a>, target: &Ref, container: Option<&Name>) -> Option<(&'a Instance, &'a Container)> {
    let instance = match target.kind.role() {
        Role::Instance => view.instance(target),
        Role::Workload => view.instances_of(target).min_by_key(|it| trouble_first(it)),
        Role::Endpoint => {
            let behind = view.endpoint(target)?.serves.iter();
            behind.flat_map(|of| view.instances_of(of)).min_by_key(|it| trouble_first(it))
        }
        _ => None,
    }?;
    let named = |name: &Name| instance.containers.iter().find(|part| part.name == *name);
    let part = match container {
        Some(name) => named(name)?,
        None => troubled_container(instance).or_else(|| instance.containers.first())?,
    };
    Some((instance, part))
}

/// Whose output it is: an instance, and its container where it has several.
pub(super) fn source(view: &View<'_>, target: &Ref, container: Option<&Name>) -> Option<(Ref, Option<Name>)> {
    let (instance, part) = speaker(view, target, container)?;
    let several = instance.containers.len() > 1 || container.is_some();
    Some((instance.key.clone(), several.then(|| part.name.clone())))
}

/// What shows the last lines.
pub(super) fn want(view: &View<'_>, target: &Ref, container: Option<&Name>) -> Option<Want> {
    speaker(view, target, container).map(|(instance, part)| newest(instance, part))
}

/// What shows the last lines of one container.
pub(super) fn newest(instance: &Instance, part: &Container) -> Want {
    diagnose::newest_lines(instance, part)
}

/// The page.
pub(super) fn lines(sheet: &Sheet<'_>) -> Vec<Phrase> {
    let columns = sheet.body.width;
    let Some(target) = &sheet.target else { return wrapped("It is not there any more.", columns) };
    let view = &sheet.ctx.model.view;
    let Some((instance, part)) = speaker(view, target, sheet.case.container.as_ref()) else {
        return wrapped("Nothing of it is there to read from.", columns);
    };
    let whose = match instance.containers.len() {
        1 => instance.key.local(),
        _ => format!("{}, container {}", instance.key.local(), part.name),
    };
    let worst = if instance.key == *target { "" } else { ", the instance that says most" };
    let run = if matches!(part.state, ContainerState::Running { .. }) || instance.key.kind == Kind::Task {
        "The last lines"
    } else {
        "The last lines of its last run"
    };
    let mut all = wrapped(
        &format!("{run} of {whose}{worst}, as they were when they were asked for; enter follows them:"),
        columns,
    );
    let answer = view.answer(&newest(instance, part)).or_else(|| view.last_tail(&instance.key, &part.name));
    match answer {
        Some(Answer::Lines(said)) if !said.is_empty() => {
            let room = usize::from(columns).saturating_sub(2).max(8);
            let each = said.iter().flat_map(|said| line(said).wrap(room));
            all.extend(each.map(|line| Phrase::dim(" ").then(line)));
        }
        Some(Answer::Lines(_)) => all.extend(wrapped("Nothing was written yet.", columns)),
        Some(Answer::Failed(why)) => all.extend(wrapped(&format!("They are not known: {why}"), columns)),
        _ => all.extend(wrapped("They are being read.", columns)),
    }
    all
}

/// A line as it is read: of a record its level, its message, and the error in it.
pub(super) fn line(raw: &str) -> Phrase {
    let Some(record) = Record::read(raw) else { return Phrase::text(raw) };
    let ink = match record.level {
        Some(Level::Fatal | Level::Error) => Ink::Critical,
        Some(Level::Warn) => Ink::Warning,
        Some(Level::Debug | Level::Trace) => Ink::Dim,
        Some(Level::Info) | None => Ink::Text,
    };
    let level = record.level.map(|level| format!("{:<5} ", level.as_str())).unwrap_or_default();
    let (short, _) = record.parts();
    let fields: String = short.iter().map(|(name, value)| format!("  {name}={value}")).collect();
    Phrase::of(ink, level).and(Ink::Text, record.message.lines().next().unwrap_or_default()).and(Ink::Dim, fields)
}

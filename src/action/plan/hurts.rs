//! What an intent hurts, as far as the view can tell.

use std::collections::BTreeMap;

use crate::action::words::names;
use crate::domain::{Intent, Kind, Line, LineKind, Ref, Step, StepAction};
use crate::state::View;

use super::{before, instances, is_unmanaged, wanted};

/// Names that are told in one line, at most.
const TOLD: usize = 4;

/// What one thing that is meant hurts.
pub(super) fn lines(intent: &Intent, view: &View<'_>) -> Vec<Line> {
    let target = intent.target();
    let hurts = |text: String| vec![Line::new(LineKind::Hurts, text)];
    let alone = || wanted(view, target) == Some(1);
    match intent {
        Intent::Scale(_, 0) => hurts("nothing of it is left to serve".to_owned()),
        Intent::Scale(_, to) => match wanted(view, target).filter(|from| from > to) {
            Some(from) => {
                let ends = from - to;
                hurts(format!("{} {}", instances(ends), if ends == 1 { "ends" } else { "end" }))
            }
            None => Vec::new(),
        },
        Intent::Undo(_, to) => {
            let mut lines = Vec::new();
            if alone() {
                lines.extend(hurts("it has one instance: nothing may serve until the new one is ready".to_owned()));
            }
            lines.extend(before::line(target, to.as_ref(), view));
            // A Swarm's number is part of what is taken back.
            let left = match target.kind {
                Kind::Service => "not taken back: what configs and secrets held, migrations",
                Kind::TaskGroup => "not taken back: what variables and volumes held, migrations",
                _ => "not taken back: configuration, secrets, migrations, the number of instances",
            };
            lines.push(Line::new(LineKind::Note, left));
            lines
        }
        Intent::Restart(key) if key.kind == Kind::BarePod => of_instance(key, view),
        Intent::Restart(_) | Intent::Set(..) | Intent::Recreate(_) if alone() => {
            hurts("it has one instance: nothing serves until the new one is ready".to_owned())
        }
        Intent::Restart(key) | Intent::Stop(key) | Intent::Kill(key) => of_instance(key, view),
        Intent::Trigger(_) if view.instances_of(target).any(|it| !it.phase.ended()) => {
            hurts("a run of it is under way: two would run at once".to_owned())
        }
        Intent::Pause(_) if target.kind == Kind::Application => {
            vec![Line::new(LineKind::Note, "what is committed meanwhile is not applied until it is switched on again")]
        }
        Intent::Silence(key, quiet) => {
            let paged = view.alert(key).is_some_and(|it| it.pages);
            let hurts = paged.then(|| Line::new(LineKind::Hurts, "it pages somebody, and will not until then"));
            hurts.into_iter().chain([Line::new(LineKind::Note, format!("why: {}", quiet.comment))]).collect()
        }
        Intent::Shell(..) => {
            vec![Line::new(LineKind::Note, "that it was opened is journalled; what is typed and shown there is not")]
        }
        _ => Vec::new(),
    }
}

/// What the end of one instance hurts.
fn of_instance(key: &Ref, view: &View<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    if is_unmanaged(key, view) {
        lines.push(Line::new(LineKind::Hurts, "nothing makes this pod again: it is gone for good"));
    }
    let it = view.instance(key).filter(|it| it.ready);
    let owner = it.and_then(|it| it.owner.as_ref()).filter(|owner| owner.kind != Kind::BarePod);
    if let Some(owner) = owner
        && view.instances_of(owner).filter(|other| other.ready && other.key != *key).count() == 0
    {
        let words =
            format!("it is the only one of {} that is ready: nothing of it serves until another is", owner.local());
        lines.push(Line::new(LineKind::Hurts, words));
    }
    lines
}

/// Workloads of which a drain takes away all that is ready.
pub(super) fn of_drain(intent: &Intent, steps: &[Step], view: &View<'_>) -> Option<Line> {
    if !intent.parts().iter().any(|part| matches!(part, Intent::Drain(..))) {
        return None;
    }
    let mut ready_here: BTreeMap<&Ref, usize> = BTreeMap::new();
    for step in steps {
        let StepAction::Evict(key) = &step.action else { continue };
        let it = view.instance(key).filter(|it| it.ready);
        if let Some(owner) = it.and_then(|it| it.owner.as_ref()).filter(|owner| owner.kind != Kind::BarePod) {
            *ready_here.entry(owner).or_default() += 1;
        }
    }
    let all_ready = |owner: &Ref| view.instances_of(owner).filter(|it| it.ready).count();
    let emptied: Vec<&Ref> =
        ready_here.iter().filter(|(owner, here)| all_ready(owner) == **here).map(|(owner, _)| *owner).collect();
    if emptied.is_empty() {
        return None;
    }
    let words = format!("all that is ready of {} is here: nothing of it may serve for a while", names(emptied, TOLD));
    Some(Line::new(LineKind::Hurts, words))
}

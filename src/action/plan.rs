//! What an intent would do, what it hurts, and how careful one has to be.

use crate::domain::{Desired, DesiredState, Draft, Grade, Intent, Line, LineKind, Plan, Ref, Refusal, Text};
use crate::state::View;

use super::guard::Guard;

/// Turns a draft into a plan, or refuses it. Pure: the same intent, world and draft give the same plan.
pub fn plan(intent: &Intent, view: &View<'_>, draft: Draft, guard: &Guard) -> Result<Plan, Refusal> {
    guard.admit(intent, view)?;
    if draft.steps.is_empty() {
        return Err(Refusal::of(intent, "there is nothing to do", "it is already as it should be"));
    }
    let target = intent.target();
    let mut lines = does(intent, view);
    lines.extend(hurts(intent, view));
    lines.extend(draft.notes);
    let grade = grade(intent, view);
    let protected = guard.protects(target);
    let typed = match (protected, grade) {
        (true, _) => Some(Text::new(target.cluster.as_str())),
        (false, Grade::Destructive) => Some(target.name.clone()),
        (false, _) => None,
    };
    if protected {
        lines.push(Line::new(LineKind::Note, format!("{} is protected: its name has to be typed", target.cluster)));
    }
    Ok(Plan {
        title: title(intent),
        intent: intent.clone(),
        lines,
        steps: draft.steps,
        grade,
        typed,
        inverse: draft.inverse,
        equivalent: draft.equivalent,
        made: view.now,
    })
}

fn title(intent: &Intent) -> Text {
    let target = intent.target();
    let (name, cluster) = (target.local(), &target.cluster);
    Text::new(&match intent {
        Intent::Restart(_) => format!("Restart {name} ({cluster})"),
        Intent::Scale(_, to) => format!("Scale {name} ({cluster}) to {to}"),
        Intent::Undo(_, Some(to)) => format!("Roll back {name} ({cluster}) to {to}"),
        Intent::Undo(_, None) => format!("Roll back {name} ({cluster})"),
        Intent::Cordon(_) => format!("Cordon {name} ({cluster})"),
        Intent::Uncordon(_) => format!("Uncordon {name} ({cluster})"),
        Intent::Drain(_) => format!("Drain {name} ({cluster})"),
        Intent::Pause(_) => format!("Pause {name} ({cluster})"),
        Intent::Resume(_) => format!("Resume {name} ({cluster})"),
    })
}

fn does(intent: &Intent, view: &View<'_>) -> Vec<Line> {
    let target = intent.target();
    let noun = target.kind.noun();
    let name = target.local();
    let text = match intent {
        Intent::Restart(_) => {
            let alive = view.workload(target).map_or(0, |workload| view.counts(workload).alive);
            format!("replace {} of {noun} {name}, a few at a time", instances(alive))
        }
        Intent::Scale(_, to) => match wanted(view, target) {
            Some(from) => format!("set {noun} {name} from {from} to {to}"),
            None => format!("set {noun} {name} to {to}"),
        },
        Intent::Undo(_, to) => {
            let workload = view.workload(target);
            let now = workload.and_then(|it| it.revision.as_ref()).map_or("this one", |revision| &revision.id);
            let before = workload.and_then(|it| it.history.first()).map(|revision| revision.id.clone());
            let to = to.clone().or(before);
            format!("take {noun} {name} from revision {now} back to {}", to.as_deref().unwrap_or("the one before"))
        }
        Intent::Cordon(_) => format!("{name} takes nothing new; what runs there stays"),
        Intent::Uncordon(_) => format!("{name} takes new instances again"),
        Intent::Drain(_) => format!("cordon {name}, then move away what runs there"),
        Intent::Pause(_) => format!("hold the rollout of {name}"),
        Intent::Resume(_) => format!("go on with the rollout of {name}"),
    };
    vec![Line::new(LineKind::Does, text)]
}

fn hurts(intent: &Intent, view: &View<'_>) -> Vec<Line> {
    let target = intent.target();
    let mut lines = Vec::new();
    match intent {
        Intent::Scale(_, 0) => lines.push(Line::new(LineKind::Hurts, "nothing of it is left to serve")),
        Intent::Scale(_, to) => {
            if let Some(from) = wanted(view, target).filter(|from| from > to) {
                lines.push(Line::new(
                    LineKind::Hurts,
                    format!("{} {}", instances(from - to), if from - to == 1 { "ends" } else { "end" }),
                ));
            }
        }
        Intent::Restart(_) if wanted(view, target) == Some(1) => {
            lines.push(Line::new(LineKind::Hurts, "it has one instance: nothing serves until the new one is ready"));
        }
        Intent::Undo(..) => lines.push(Line::new(
            LineKind::Note,
            "not taken back: configuration, secrets, migrations, the number of instances",
        )),
        _ => {}
    }
    lines
}

fn grade(intent: &Intent, view: &View<'_>) -> Grade {
    match intent {
        Intent::Scale(_, 0) => Grade::Destructive,
        Intent::Scale(key, to) if wanted(view, key).is_some_and(|from| from <= *to) => Grade::Harmless,
        Intent::Cordon(_) | Intent::Uncordon(_) | Intent::Pause(_) => Grade::Harmless,
        Intent::Scale(..) | Intent::Restart(_) | Intent::Undo(..) | Intent::Drain(_) | Intent::Resume(_) => {
            Grade::Disruptive
        }
    }
}

fn wanted(view: &View<'_>, key: &Ref) -> Option<u32> {
    let workload = view.workload(key)?;
    match workload.desired {
        Desired::Unknown => {
            let running = view.instances_of(key).filter(|it| it.desired == DesiredState::Run && !it.phase.ended());
            u32::try_from(running.count()).ok()
        }
        desired => desired.running(),
    }
}

fn instances(count: u32) -> String {
    if count == 1 { "1 instance".to_owned() } else { format!("{count} instances") }
}

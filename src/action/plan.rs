//! What an intent would do, what it hurts, and how careful one has to be.

use crate::domain::words::bytes;
use crate::domain::{
    Desired, DesiredState, Draft, Grade, Intent, Kind, Line, LineKind, Plan, Ref, Refusal, Role, Setting, Text,
};
use crate::state::View;

use super::guard::Guard;

/// Turns a draft into a plan, or refuses it. Pure: the same intent, world and draft give the same plan.
pub fn plan(intent: &Intent, view: &View<'_>, draft: Draft, guard: &Guard) -> Result<Plan, Refusal> {
    guard.admit(intent, view)?;
    if draft.steps.is_empty() {
        return Err(Refusal::of(intent, "there is nothing to do", "it is already as it should be"));
    }
    let target = intent.target();
    // As the backend has understood it: the revision that it chose, the container that it found.
    let mut lines = does(&draft.intent, view);
    lines.extend(hurts(&draft.intent, view));
    lines.extend(draft.notes);
    let grade = grade(intent, view).max(draft.grade.unwrap_or(Grade::Harmless));
    let protected = guard.protects(target);
    let unjournalled = guard.unjournalled.clone();
    let typed = match (protected || unjournalled.is_some(), grade) {
        (true, _) => Some(Text::new(target.cluster.as_str())),
        (false, Grade::Destructive) => Some(target.name.clone()),
        (false, _) => None,
    };
    if protected {
        lines.push(Line::new(LineKind::Note, format!("{} is protected: its name has to be typed", target.cluster)));
    }
    if let Some(why) = &unjournalled {
        lines.push(Line::new(
            LineKind::Hurts,
            format!("nothing of it will be written down, so its cluster's name has to be typed: {why}"),
        ));
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
        variants: draft.variants,
        unjournalled,
        made: view.now,
    })
}

fn title(intent: &Intent) -> Text {
    let target = intent.target();
    let (name, cluster) = (target.local(), &target.cluster);
    if let Intent::Several(all) = intent {
        return Text::from(format!("{} of {}, in order", sentence(intent.verb()), all.len()));
    }
    let tail = match intent {
        Intent::Scale(_, to) => format!(" to {to}"),
        Intent::Undo(_, Some(to)) => format!(" to {to}"),
        Intent::Set(_, setting) => format!(": {}", setting_words(setting)),
        _ => String::new(),
    };
    let verb = match intent {
        Intent::Undo(..) => "Roll back".to_owned(),
        other => sentence(other.verb()),
    };
    Text::from(format!("{verb} {name} ({cluster}){tail}"))
}

fn sentence(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn setting_words(setting: &Setting) -> String {
    match setting {
        Setting::Image(_, image) => format!("image {image}"),
        Setting::Memory(_, Some(limit)) => format!("memory limit {}", bytes(*limit)),
        Setting::Memory(_, None) => "no memory limit".to_owned(),
        Setting::Cpu(_, Some(millis)) => format!("CPU limit {millis}m"),
        Setting::Cpu(_, None) => "no CPU limit".to_owned(),
    }
}

fn does(intent: &Intent, view: &View<'_>) -> Vec<Line> {
    let lines = intent.parts().iter().map(|part| Line::new(LineKind::Does, does_one(part, view)));
    lines.collect()
}

fn does_one(intent: &Intent, view: &View<'_>) -> String {
    let target = intent.target();
    let noun = target.kind.noun();
    let name = target.local();
    match intent {
        Intent::Restart(_) if target.kind.role() == Role::Instance => format!("start {noun} {name} anew"),
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
        Intent::Set(_, setting) => format!("give {noun} {name} {}", setting_words(setting)),
        Intent::Cordon(_) => format!("{name} takes nothing new; what runs there stays"),
        Intent::Uncordon(_) => format!("{name} takes new instances again"),
        Intent::Drain(..) => format!("cordon {name}, then move away what runs there"),
        Intent::Pause(_) if matches!(target.kind, Kind::CronJob | Kind::Job) => format!("suspend {noun} {name}"),
        Intent::Resume(_) if matches!(target.kind, Kind::CronJob | Kind::Job) => format!("let {noun} {name} run again"),
        Intent::Pause(_) if target.kind == Kind::Application => {
            format!("switch the automatic sync of {noun} {name} off")
        }
        Intent::Resume(_) if target.kind == Kind::Application => {
            format!("switch the automatic sync of {noun} {name} on")
        }
        Intent::Pause(_) => format!("hold the rollout of {name}"),
        Intent::Resume(_) => format!("go on with the rollout of {name}"),
        Intent::Promote(_) => format!("let the new revision of {name} take over"),
        Intent::Abort(_) => format!("give the new revision of {name} up"),
        Intent::Stop(_) => format!("end {noun} {name}, with the time that it is given to end"),
        Intent::Start(_) => format!("start {noun} {name}"),
        Intent::Kill(_) => format!("end {noun} {name} at once, without time to finish"),
        Intent::Recreate(_) => format!("pull the image of {noun} {name} and make it anew from its definition"),
        Intent::Trigger(_) => format!("let {noun} {name} run once now"),
        Intent::Unblock(_) => format!("take away what keeps {noun} {name} from going on"),
        Intent::Prune(_) => format!("remove what nobody uses on {name}; volumes stay"),
        Intent::Several(_) => String::new(),
    }
}

fn hurts(intent: &Intent, view: &View<'_>) -> Vec<Line> {
    intent.parts().iter().flat_map(|part| hurts_one(part, view)).collect()
}

fn hurts_one(intent: &Intent, view: &View<'_>) -> Vec<Line> {
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
        // A Swarm's number is part of what is taken back.
        Intent::Undo(..) if target.kind == Kind::Service => {
            lines.push(Line::new(LineKind::Note, "not taken back: what configs and secrets held, migrations"));
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
    let each = intent.parts().iter().map(|part| grade_one(part, view));
    each.max().unwrap_or(Grade::Destructive)
}

fn grade_one(intent: &Intent, view: &View<'_>) -> Grade {
    match intent {
        Intent::Scale(_, 0) => Grade::Destructive,
        Intent::Drain(_, including) if including.unmanaged || including.local_data => Grade::Destructive,
        Intent::Prune(_) => Grade::Destructive,
        Intent::Scale(key, to) if wanted(view, key).is_some_and(|from| from <= *to) => Grade::Harmless,
        Intent::Cordon(_) | Intent::Uncordon(_) | Intent::Pause(_) | Intent::Start(_) => Grade::Harmless,
        _ => Grade::Disruptive,
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

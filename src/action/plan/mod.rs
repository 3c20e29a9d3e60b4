//! What an intent would do, what it hurts, who would undo it, and how careful one has to be.

mod before;
mod does;
mod hurts;
mod pins;
mod rivals;
mod room;

use crate::domain::words::span;
use crate::domain::{
    Desired, DesiredState, Draft, Enter, Grade, Instance, Intent, Kind, Line, LineKind, Plan, Ref, Refusal, Step,
    StepAction, Text,
};
use crate::state::View;

use super::guard::Guard;
use super::words::{deed, setting_words};

/// Names that are typed for what is destructive; for more of them their number is typed.
const TYPED: usize = 3;

/// Turns a draft into a plan, or refuses it. Pure: the same intent, world and draft give the same plan.
pub fn plan(intent: &Intent, view: &View<'_>, draft: Draft, guard: &Guard) -> Result<Plan, Refusal> {
    guard.admit(intent, view)?;
    if draft.steps.is_empty() {
        return Err(Refusal::of(intent, "there is nothing to do", "it is already as it should be"));
    }
    guard.bound(intent, &draft.steps, view)?;
    // As the backend has understood it: the revision that it chose, the container that it found.
    let mut lines = does::lines(&draft.intent, view);
    lines.extend(named(&draft.intent, |part| hurts::lines(part, view)));
    lines.extend(hurts::of_drain(intent, &draft.steps, view));
    lines.extend(named(intent, |part| room::lines(part, view)));
    let (rivals, without) = rivals::of(intent, &draft, view);
    lines.extend(rivals);
    lines.extend(draft.notes);
    lines.extend(pins::line(&draft.steps));
    let grade = grade(intent, view).max(draft.grade.unwrap_or(Grade::Harmless));
    let protected: Vec<&str> = guard.protected_by(intent).into_iter().map(|cluster| cluster.as_str()).collect();
    let unjournalled = guard.unjournalled.clone();
    let typed = guard.name_of_protected(intent).or_else(|| match grade {
        _ if unjournalled.is_some() => Some(Text::new(intent.target().cluster.as_str())),
        Grade::Destructive => Some(name_to_type(intent)),
        Grade::Harmless | Grade::Disruptive => None,
    });
    if let Some(why) = &unjournalled {
        lines.push(Line::new(
            LineKind::Hurts,
            format!("nothing of it will be written down, so its cluster's name has to be typed: {why}"),
        ));
    }
    if !protected.is_empty() {
        let (names, are) = (protected.join(", "), if protected.len() == 1 { "is" } else { "are" });
        lines.push(Line::new(LineKind::Note, format!("{names} {are} protected: that has to be typed")));
    }
    let taken = |key: char| draft.variants.iter().any(|variant| variant.key == key);
    let without = without.filter(|variant| !taken(variant.key));
    Ok(Plan {
        title: title(&draft.intent),
        intent: intent.clone(),
        lines,
        owners: owners(&draft.steps, view),
        steps: draft.steps,
        grade,
        typed,
        inverse: draft.inverse,
        equivalent: draft.equivalent,
        variants: draft.variants.into_iter().chain(without).collect(),
        unjournalled,
        made: view.now,
        reason: None,
    })
}

/// Lines of each part of an intent; of several, each with the name of what it is about.
fn named(intent: &Intent, lines: impl Fn(&Intent) -> Vec<Line>) -> Vec<Line> {
    let Intent::Several(all) = intent else { return lines(intent) };
    let about = |part: &Intent| {
        let name = part.target().local();
        lines(part).into_iter().map(|line| Line::new(line.kind, format!("{name}: {}", line.text))).collect::<Vec<_>>()
    };
    all.iter().flat_map(about).collect()
}

fn name_to_type(intent: &Intent) -> Text {
    let mut names: Vec<&str> = intent.parts().iter().map(|part| part.target().name.as_str()).collect();
    names.dedup();
    match names.len() {
        n if n <= TYPED => Text::from(names.join(" ")),
        n => Text::from(n.to_string()),
    }
}

fn title(intent: &Intent) -> Text {
    let target = intent.target();
    let (name, cluster) = (target.local(), &target.cluster);
    if let Intent::Several(all) = intent {
        let same = all.iter().all(|part| part.verb() == intent.verb());
        return Text::from(match (same, all.len()) {
            (true, n) => format!("{} {n} in order", sentence(verb_of(intent))),
            // One thing and what has to be done before it.
            (false, 2) => sentence(&deed(intent)),
            (false, n) => format!("Do {n} in order"),
        });
    }
    let tail = match intent {
        Intent::Scale(_, to) => format!(" to {to}"),
        Intent::Undo(_, Some(to)) => format!(" to {to}"),
        Intent::Set(_, setting) => format!(": {}", setting_words(setting)),
        Intent::Silence(_, quiet) => format!(" for {}", span(i64::from(quiet.seconds))),
        _ => String::new(),
    };
    Text::from(format!("{} {name} ({cluster}){tail}", sentence(verb_of(intent))))
}

fn verb_of(intent: &Intent) -> &'static str {
    match (intent.parts().first(), intent.target().kind) {
        (Some(Intent::Undo(..)), _) => "roll back",
        (Some(Intent::Unsilence(_)), _) => "end the silence of",
        (Some(Intent::Shell(_, Enter { debug: Some(_), .. })), _) => "debug",
        (Some(Intent::Shell(_, enter)), _) if enter.command.is_empty() => "open a shell in",
        (Some(Intent::Shell(..)), _) => "run a command in",
        (Some(Intent::Pause(_)), Kind::CronJob | Kind::Job) => "suspend",
        _ => intent.verb(),
    }
}

fn sentence(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
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
        Intent::Stop(key) | Intent::Kill(key) | Intent::Restart(key) if is_unmanaged(key, view) => Grade::Destructive,
        Intent::Scale(key, to) if wanted(view, key).is_some_and(|from| from <= *to) => Grade::Harmless,
        Intent::Cordon(_) | Intent::Uncordon(_) | Intent::Pause(_) | Intent::Start(_) => Grade::Harmless,
        Intent::Unsilence(_) => Grade::Harmless,
        // To open it changes nothing; what is typed in it is for who types it. A debug container stays in its pod.
        Intent::Shell(_, enter) if enter.debug.is_none() => Grade::Harmless,
        _ => Grade::Disruptive,
    }
}

/// Whether it is a pod that nothing makes again: taken away, it is gone for good.
fn is_unmanaged(key: &Ref, view: &View<'_>) -> bool {
    let owner = |it: &Instance| it.owner.as_ref().is_none_or(|owner| owner.kind == Kind::BarePod);
    key.kind == Kind::BarePod || (key.kind == Kind::Pod && view.instance(key).is_some_and(owner))
}

/// Who owns what a plan takes away: known now, and not any more when it is gone.
fn owners(steps: &[Step], view: &View<'_>) -> Vec<(Ref, Ref)> {
    let taken = steps.iter().filter_map(|step| match &step.action {
        StepAction::Evict(key) | StepAction::Delete(key) | StepAction::Stop(key) | StepAction::Kill(key) => Some(key),
        _ => None,
    });
    taken.filter_map(|key| Some((key.clone(), view.instance(key)?.owner.clone()?))).collect()
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

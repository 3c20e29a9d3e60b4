//! Taking back: what was done here, and revisions before.

use crate::action::words::{deed, short};
use crate::app::command::Now;
use crate::app::{App, Moment};
use crate::domain::words::{seconds_between, span};
use crate::domain::{Intent, Kind, Ref, Run, Text};
use crate::state::View;

use super::acting::UNDO;
use super::palette::Choice;

/// So many of what was done are offered to be taken back; the journal has the rest.
const LISTED: usize = 8;

/// Whether what was done was done to the very thing that is there now, and not to another that had its name.
fn same_one(run: &Run, key: &Ref, view: &View<'_>) -> bool {
    // A Compose service is made of its containers: it has no incarnations of its own.
    let uid = view.workload(key).map(|it| &it.uid).or_else(|| view.node(key).map(|it| &it.uid));
    let Some(uid) = uid.filter(|_| key.kind != Kind::ComposeService) else { return true };
    let mut pinned = run.plan.steps.iter().map(|step| &step.pin).filter(|pin| pin.key == *key && !pin.uid.is_empty());
    pinned.all(|pin| pin.uid == *uid)
}

/// What can be taken back on the selected thing, newest first: what the journal knows of, what holds it back, what the incident
/// asks for, the revision before.
fn undoable(app: &App, at: Moment) -> Option<Vec<(Intent, Text)>> {
    let target = app.target(at);
    let other = target.as_ref().filter(|key| app.core.runs().undoable(key).next().is_some());
    let key = app.workload_target(at).map(|it| &it.key).or_else(|| app.node_target(at).map(|it| &it.key));
    let alert = target.as_ref().filter(|key| key.kind == Kind::Alert);
    let key = key.or(other).or(alert)?.clone();
    let mut found: Vec<(Intent, Text)> = Vec::new();
    let view = app.core.view(at.now);
    let undoable = app.core.runs().undoable(&key);
    let undoable = undoable.filter(|undo| !view.is_so(undo.inverse) && same_one(undo.done.run, &key, &view));
    for undo in undoable.take(LISTED) {
        let who = undo.done.who(app.core.runs().me());
        // Nothing on the screen counts seconds.
        let age = match seconds_between(undo.done.run.started, at.now) {
            seconds if seconds < 60 => "just now".to_owned(),
            seconds => format!("{} ago", span(seconds)),
        };
        let text = format!("{} ({who}, {age})", words(app, undo.inverse, at));
        found.push((undo.inverse.clone(), Text::from(text)));
    }
    let lifted = app.core.view(at.now).held(&key).and_then(|hold| hold.lifted_by(&key));
    if let Some(intent) = lifted.filter(|intent| !found.iter().any(|(known, _)| known == intent)) {
        found.push((intent.clone(), words(app, &intent, at)));
    }
    let asked = app.incident(at).into_iter().flat_map(|incident| &incident.actions);
    for intent in asked.filter(|intent| matches!(intent, Intent::Undo(..)) && *intent.target() == key) {
        found.push((intent.clone(), words(app, intent, at)));
    }
    if let Some(before) = app.workload_target(at).and_then(|it| it.history.first()) {
        let intent = Intent::Undo(key, Some(before.id.clone()));
        found.push((intent.clone(), words(app, &intent, at)));
    }
    let mut kept: Vec<(Intent, Text)> = Vec::new();
    for (intent, text) in found {
        if !kept.iter().any(|(known, said)| *known == intent || *said == text) {
            kept.push((intent, text));
        }
    }
    Some(kept)
}

/// What an intent that takes something back would do, by object and effect.
pub(super) fn words(app: &App, intent: &Intent, at: Moment) -> Text {
    let view = app.core.view(at.now);
    Text::from(match intent {
        Intent::Undo(key, to) => {
            let workload = view.workload(key);
            let now = workload.and_then(|it| it.revision.as_ref()).map(|revision| revision.id.to_string());
            let to = to.clone().or_else(|| workload.and_then(|it| it.history.first()).map(|it| it.id.clone()));
            match (now, to) {
                (Some(now), Some(to)) => format!("roll back {} to {}", short(&now), short(&to)),
                (None, Some(to)) => format!("roll back to {}", short(&to)),
                (_, None) => "roll back".to_owned(),
            }
        }
        Intent::Scale(key, to) => match view.workload(key).and_then(|it| it.desired.running()) {
            Some(now) => format!("scale {now} to {to}"),
            None => format!("scale back to {to}"),
        },
        Intent::Restart(_) => "restart again".to_owned(),
        other => deed(other),
    })
}

/// Whether there is something to take back.
pub fn undo_now(app: &App, at: Moment) -> Now {
    if app.selected_forward().is_some() {
        return super::forwarding::end_now(app, at);
    }
    if app.has_marked(at) {
        return app.offered(UNDO, at);
    }
    let options = undoable(app, at)?;
    match &options[..] {
        [] => Some(Err(Text::new("nothing was done here that could be taken back, and no revision before is known"))),
        [(intent, what)] => app.offer(intent, what, at),
        [(intent, what), rest @ ..] => app.offer(intent, &format!("{what}, or {} more", rest.len()), at),
    }
}

/// Takes it back; where there is more than one thing to take back, they are listed. Marked rows go back to the revision before.
pub fn undo(app: &mut App, at: Moment) {
    if app.selected_forward().is_some() {
        return super::forwarding::end(app, at);
    }
    if app.has_marked(at) {
        return app.act(UNDO, at);
    }
    let mut options = undoable(app, at).unwrap_or_default();
    match options.len() {
        0 => {}
        1 => app.begin(options.remove(0).0, at),
        _ => {
            let choices = options.into_iter().map(|(intent, what)| (Choice::Intent(intent), what)).collect();
            app.choose("Take back", choices, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::journal::Hold;
    use crate::domain::{
        Batch, Desired, Fact, Grade, Object, PROMOTION, Pin, Plan, Rollout, RolloutPhase, Seen, Source, Step,
        StepAction, Timestamp, Until, Workload,
    };
    use crate::state::World;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn cart() -> Ref {
        "eu/default/TaskGroup/cart".parse().expect("a ref")
    }

    fn world(workload: Workload) -> World {
        let mut world = World::default();
        let facts = vec![Fact::Put(Source::of("jobs"), Object::Workload(Box::new(workload)))];
        world.fold(Batch { cluster: cart().cluster, at: NOW, facts });
        world
    }

    #[test]
    fn what_was_done_to_another_of_that_name_is_not_taken_back_here() {
        let action = StepAction::SetReplicas(cart(), 3);
        let pin = Pin { key: cart(), uid: "cart@12".into(), seen: Seen::Replicas(2) };
        let step = Step { action, pin, until: Until::Accepted, timeout_seconds: 60, group: 0 };
        let plan = Plan::new(Intent::Scale(cart(), 3), "Scale", Grade::Harmless, vec![step], NOW);
        let run = Run::new(1, plan, NOW);
        let now = |uid: &str| world(Workload::new(cart(), uid, Desired::Replicas(3)));
        assert!(same_one(&run, &cart(), &now("cart@12").view(NOW)));
        assert!(!same_one(&run, &cart(), &now("cart@40").view(NOW)), "it was purged, and registered anew");
    }

    #[test]
    fn a_canary_that_waits_is_lifted_by_its_promotion() {
        let mut workload = Workload::new(cart(), "cart@12", Desired::Replicas(3));
        workload.rollout = Some(Rollout {
            phase: RolloutPhase::Paused,
            message: Some(Text::from(format!("1 of 1 canary healthy, {PROMOTION}"))),
            started: None,
            progressed: None,
            deadline: None,
            from: None,
            to: None,
            updated: None,
        });
        let held = world(workload).view(NOW).held(&cart());
        assert_eq!(held, Some(Hold::Canary));
        assert_eq!(held.and_then(|hold| hold.lifted_by(&cart())), Some(Intent::Promote(cart())));
    }
}

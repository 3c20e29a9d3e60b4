//! A Swarm's services: restart, scale, set, resume. Going back is in `rollback`.

use std::time::Duration;

use serde_json::Value;

use crate::domain::words::{bytes, many};
use crate::domain::{
    Draft, Grade, Intent, Line, Receipt, Ref, Refusal, Setting, Step, StepAction, StepError, Timestamp, Until,
};

use super::super::api::{Unwritten, escaped};
use super::brief::{self, does, hurts, note, step};
use super::template::{self, Counted, Fresh};
use super::{Hand, pins, rollback, room};

/// So often a write is tried anew when another object's write came before it; the pin is compared each time.
const TRIES: usize = 5;

impl Hand<'_> {
    pub(super) async fn draft_service(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let fresh = template::service(self.api, key).await.map_err(|failure| brief::unread(intent, &failure))?;
        let fresh = fresh.ok_or_else(|| brief::gone(intent))?;
        if fresh.counted() == Counted::Job {
            return Err(Refusal::of(
                intent,
                "it is a job: its tasks run to their end by themselves",
                "wait for its end",
            ));
        }
        match intent {
            Intent::Restart(_) => Ok(restart(intent, key, &fresh)),
            Intent::Scale(_, to) => {
                let fits = match fresh.counted() {
                    Counted::Replicas(from) if *to > from => room::for_more(self.api, &fresh, to - from).await,
                    _ => None,
                };
                scale(intent, key, &fresh, *to, fits)
            }
            Intent::Undo(_, to) => rollback::draft(intent, key, &fresh, to.as_ref()),
            Intent::Set(_, setting) => set(intent, key, &fresh, setting),
            Intent::Resume(_) => resume(intent, key, &fresh),
            other => Err(super::words::no_such(other)),
        }
    }

    /// Writes a service's specification. Its pin is compared each time that it is read.
    pub(super) async fn do_service(&self, step: &Step) -> Result<Receipt, StepError> {
        for _ in 0..TRIES {
            let fresh =
                template::service(self.api, &step.pin.key).await.map_err(|failure| brief::unchecked(&failure))?;
            let fresh = fresh.ok_or(StepError::Gone)?;
            brief::same(&step.pin, &fresh.read.id)?;
            let (query, spec) = written(step, &fresh)?;
            let path =
                format!("/services/{}/update?version={}{query}", escaped(&fresh.read.id), fresh.read.version.index);
            let sent = Timestamp::now();
            let answer = self.api.post(&path, Some(&spec), Duration::ZERO).await;
            let at = fresh.at.unwrap_or(sent);
            return match answer {
                // Somebody wrote it in between, or the manager itself did: what was written then is looked at first.
                Err(Unwritten::Refused { message, .. }) if message.contains("update out of sequence") => continue,
                Err(unwritten) => Err(brief::in_words(unwritten, at)),
                Ok(said) => Ok(Receipt { text: rollback::warnings(&said), ..Receipt::at(at) }),
            };
        }
        Err(StepError::Failed("somebody else writes it all the time: it was not changed".into()))
    }
}

/// What is written for a step, and how it is asked for.
fn written(step: &Step, fresh: &Fresh) -> Result<(&'static str, Value), StepError> {
    let mut spec = fresh.spec().clone();
    match &step.action {
        StepAction::Revert(..) => {
            pins::compare(step, &rollback::seen(fresh), "its specification, or the one before it, is another by now")?;
            if fresh.former().is_none() {
                return Err(brief::moved("the specification before this one is not kept any more"));
            }
            // The registry's credentials go back with the rest, as `docker service rollback` has it.
            return Ok(("&rollback=previous&registryAuthFrom=previous-spec", spec));
        }
        _ => pins::compare(step, fresh.spec(), "its specification is another by now")?,
    }
    match &step.action {
        StepAction::Restart(_) => template::force(&mut spec),
        StepAction::SetReplicas(_, to) => match fresh.counted() {
            Counted::Replicas(_) => template::scale(&mut spec, *to),
            Counted::EachNode | Counted::Job => return Err(brief::moved("it has no number to set any more")),
        },
        StepAction::Set(_, setting) => template::set(&mut spec, setting),
        // Writing it as it stands lets the update go on.
        StepAction::SetPaused(_, false) if fresh.update_state().ends_with("paused") => {}
        StepAction::SetPaused(_, false) => return Err(brief::moved("its update is not paused any more")),
        _ => return Err(brief::no_step(step)),
    }
    Ok(("", spec))
}

fn one_step(key: &Ref, fresh: &Fresh, action: StepAction, until: Until, seconds: u32) -> Step {
    debug_assert_eq!(action.target(), key);
    step(action, &fresh.read.id, pins::spec(fresh.spec()), until, seconds)
}

fn restart(intent: &Intent, key: &Ref, fresh: &Fresh) -> Draft {
    let replicas = match fresh.counted() {
        Counted::Replicas(0) => return Draft::new(intent, Vec::new()),
        Counted::Replicas(replicas) => replicas,
        Counted::EachNode | Counted::Job => fresh.read.service_status.map_or(1, |status| status.desired_tasks),
    };
    let seconds = fresh.rollout_seconds(replicas, "UpdateConfig");
    let action = StepAction::Restart(key.clone());
    let mut draft = Draft::new(intent, vec![one_step(key, fresh, action, Until::Renewed(key.clone()), seconds)]);
    draft.notes.push(way(fresh.spec(), "UpdateConfig", replicas));
    draft.notes.extend(still_updating(fresh));
    draft.notes.extend(forgets(fresh));
    draft
}

fn scale(intent: &Intent, key: &Ref, fresh: &Fresh, to: u32, fits: Option<Line>) -> Result<Draft, Refusal> {
    let from = match fresh.counted() {
        Counted::Replicas(from) => from,
        Counted::EachNode | Counted::Job => {
            let mend = "change its constraints, or the nodes' labels or availability";
            return Err(Refusal::of(intent, "it runs once on each node: its number is theirs", mend));
        }
    };
    if from == to {
        return Ok(Draft::new(intent, Vec::new()));
    }
    let action = StepAction::SetReplicas(key.clone(), to);
    let step = one_step(key, fresh, action, Until::Count(key.clone(), to), fresh.rollout_seconds(1, "UpdateConfig"));
    let mut draft = Draft::new(intent, vec![step]);
    draft.inverse = Some(Intent::Scale(key.clone(), from));
    draft.notes.extend(fits);
    draft.notes.extend(of_a_stack(key));
    draft.notes.extend(still_updating(fresh));
    draft.notes.extend(forgets(fresh));
    Ok(draft)
}

fn set(intent: &Intent, key: &Ref, fresh: &Fresh, setting: &Setting) -> Result<Draft, Refusal> {
    let spec = fresh.spec();
    let (memory, cpu) = template::limits(spec);
    let mut changed = spec.clone();
    template::set(&mut changed, setting);
    if changed == *spec {
        return Ok(Draft::new(intent, Vec::new()));
    }
    let (was, now) = match setting {
        Setting::Image(_, image) => (template::image(spec).to_owned(), image.to_string()),
        Setting::Memory(_, to) => (or_none(memory.map(bytes)), or_none(to.map(bytes))),
        Setting::Cpu(_, to) => (or_none(cpu.map(|n| format!("{n}m"))), or_none(to.map(|n| format!("{n}m")))),
    };
    // swarmkit refuses less (`validateResources`): better said before than after.
    if matches!(setting, Setting::Memory(_, Some(bytes)) if *bytes < 4 << 20) {
        return Err(Refusal::of(intent, "a Swarm takes no memory limit below 4 MiB", "choose a larger one"));
    }
    if matches!(setting, Setting::Cpu(_, Some(0))) {
        return Err(Refusal::of(intent, "0 would be no limit at all", "leave the number out to take the limit away"));
    }
    let replicas = match fresh.counted() {
        Counted::Replicas(replicas) => replicas,
        Counted::EachNode | Counted::Job => fresh.read.service_status.map_or(1, |status| status.desired_tasks),
    };
    let until = Until::RolledOut(key.clone(), Some(fresh.revision(key)));
    let seconds = fresh.rollout_seconds(replicas, "UpdateConfig");
    let mut draft =
        Draft::new(intent, vec![one_step(key, fresh, StepAction::Set(key.clone(), setting.clone()), until, seconds)]);
    draft.notes.push(does(format!("from {was} to {now}")));
    draft.notes.push(way(spec, "UpdateConfig", replicas));
    if matches!(setting, Setting::Image(..)) {
        draft.notes.push(note("each node asks the registry by itself what this tag is: no digest is written down"));
    }
    draft.notes.extend(of_a_stack(key));
    draft.notes.extend(still_updating(fresh));
    draft.notes.extend(forgets(fresh));
    // The manager keeps what was before, whole.
    draft.inverse = Some(Intent::Undo(key.clone(), None));
    Ok(draft)
}

/// Whoever deploys a stack next sets what its file says.
fn of_a_stack(key: &Ref) -> Option<Line> {
    let stack = key.namespace.as_deref()?;
    Some(note(format!("the next `docker stack deploy` of {stack} sets what its file says")))
}

fn or_none(value: Option<String>) -> String {
    value.unwrap_or_else(|| "none".to_owned())
}

/// Going on with a paused update: writing the specification once more, as `docker service update` without a change does.
fn resume(intent: &Intent, key: &Ref, fresh: &Fresh) -> Result<Draft, Refusal> {
    let state = fresh.update_state();
    if !state.ends_with("paused") {
        let how = if state.is_empty() { "it was never updated".to_owned() } else { format!("its update is {state}") };
        return Err(Refusal::of(intent, format!("it is not paused: {how}"), "there is nothing to go on with"));
    }
    let action = StepAction::SetPaused(key.clone(), false);
    let mut draft =
        Draft::new(intent, vec![one_step(key, fresh, action, Until::Paused(key.clone(), false), brief::SMALL)]);
    draft.notes.push(note(format!("it is paused: {}", fresh.update_message())));
    let back = fresh.former().map(|former| (template::image(former), former));
    // moby#37693: the specification that is written becomes the one before, too.
    draft.notes.push(match back {
        Some((image, former)) if former != fresh.spec() => hurts(format!(
            "the specification before it ({image}) is forgotten with this: no rollback leads back to it (moby#37693)"
        )),
        _ => hurts("a rollback leads nowhere after this: the specification is its own former one then (moby#37693)"),
    });
    draft.notes.push(note("what made it pause will make it pause again, unless that is gone: to go back, roll back"));
    draft.grade = Some(Grade::Destructive);
    Ok(draft)
}

/// How an update goes: how many at once, in which order, what it does when it fails.
pub(super) fn way(spec: &Value, config: &str, replicas: u32) -> Line {
    let config = &spec[config];
    let at_once = config["Parallelism"].as_u64().unwrap_or(1);
    let first = match config["Order"].as_str() {
        Some("start-first") => "the new one starts first",
        _ => "the old one stops first",
    };
    let fails = match config["FailureAction"].as_str() {
        Some("rollback") => "rolls back when it fails",
        Some("continue") => "goes on when it fails",
        _ => "pauses when it fails",
    };
    match at_once {
        n if replicas > 1 && (n == 0 || n >= u64::from(replicas)) && first.starts_with("the old") => {
            hurts(format!("all {} at once, {first}: nothing of it serves until the new ones run; {fails}", replicas))
        }
        0 => note(format!("all at once, {first}; {fails}")),
        n => note(format!("{n} at a time, {first}; {fails}")),
    }
}

/// An update that is under way or stuck is gone over by any write.
fn still_updating(fresh: &Fresh) -> Option<Line> {
    match fresh.update_state() {
        "updating" | "rollback_started" => Some(note("an update is under way: this takes its place")),
        "paused" | "rollback_paused" => {
            Some(hurts(format!("its update is paused ({}): this lets it go on", fresh.update_message())))
        }
        _ => None,
    }
}

/// A Swarm keeps one specification before the present one, and any write moves on by one.
fn forgets(fresh: &Fresh) -> Option<Line> {
    let former = fresh.former()?;
    let what = differs(former, fresh.spec())?;
    let stuck = matches!(fresh.update_state(), "updating" | "paused");
    let text = format!("the rollback that there is now ({what}) is lost: a rollback then leads back to what runs now");
    Some(if stuck { hurts(text) } else { note(text) })
}

/// In what one specification differs from another, in a few words: `image web:1, 2 replicas`.
pub(super) fn differs(to: &Value, from: &Value) -> Option<String> {
    let mut all = Vec::new();
    if template::image(to) != template::image(from) {
        all.push(format!("image {}", template::image(to)));
    }
    match (template::counted(to), template::counted(from)) {
        (Counted::Replicas(to), Counted::Replicas(from)) if to != from => all.push(many(u64::from(to), "replica")),
        (to, from) if std::mem::discriminant(&to) != std::mem::discriminant(&from) => {
            all.push("how its tasks are counted".to_owned());
        }
        _ => {}
    }
    let ((memory, cpu), (had_memory, had_cpu)) = (template::limits(to), template::limits(from));
    if memory != had_memory {
        all.push(format!("memory limit {}", or_none(memory.map(bytes))));
    }
    if cpu != had_cpu {
        all.push(format!("CPU limit {}", or_none(cpu.map(|n| format!("{n}m")))));
    }
    let container = |spec: &Value, field: &str| spec["TaskTemplate"]["ContainerSpec"][field].clone();
    for (field, word) in CONTAINER_FIELDS {
        if container(to, field) != container(from, field) {
            all.push((*word).to_owned());
        }
    }
    let template = |spec: &Value, field: &str| spec["TaskTemplate"][field].clone();
    for (field, word) in [("Placement", "placement"), ("Networks", "networks"), ("RestartPolicy", "restart policy")] {
        if template(to, field) != template(from, field) {
            all.push(word.to_owned());
        }
    }
    for (field, word) in [("EndpointSpec", "ports"), ("Labels", "labels"), ("UpdateConfig", "the way of updating")] {
        if to[field] != from[field] {
            all.push(word.to_owned());
        }
    }
    let forced = template(to, "ForceUpdate") != template(from, "ForceUpdate");
    match (all.is_empty(), to == from) {
        (false, _) => Some(all.join(", ")),
        (true, true) => None,
        (true, false) if forced => Some("the same, before it was restarted".to_owned()),
        (true, false) => Some("something that is not shown here".to_owned()),
    }
}

/// Of a container's definition, what is said when it differs: never a value.
const CONTAINER_FIELDS: &[(&str, &str)] = &[
    ("Command", "command"),
    ("Args", "arguments"),
    ("Env", "environment"),
    ("Mounts", "mounts"),
    ("Healthcheck", "health check"),
    ("Configs", "configs"),
    ("Secrets", "secrets"),
    ("User", "user"),
];

/// The part of a service's answer to an update that is for a person.
pub(super) fn warnings_of(answer: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let all = answer["Warnings"].as_array()?.iter().filter_map(Value::as_str).collect::<Vec<_>>();
    (!all.is_empty()).then(|| all.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(image: &str, replicas: u32, env: &[&str]) -> Value {
        json!({
            "Mode": { "Replicated": { "Replicas": replicas } },
            "TaskTemplate": { "ContainerSpec": { "Image": image, "Env": env }, "ForceUpdate": 0 },
        })
    }

    #[test]
    fn a_difference_names_what_it_is_and_never_a_secret() {
        let (was, now) = (spec("web:1@sha256:aa", 2, &["PASSWORD=one"]), spec("web:2", 5, &["PASSWORD=two"]));
        let said = differs(&was, &now).expect("a difference");
        assert_eq!(said, "image web:1, 2 replicas, environment");
        assert_eq!(differs(&now, &now), None);
        let mut forced = now.clone();
        template::force(&mut forced);
        assert_eq!(differs(&now, &forced).as_deref(), Some("the same, before it was restarted"));
    }

    #[test]
    fn a_limit_that_is_taken_away_leaves_the_other_one() {
        let mut it = json!({ "TaskTemplate": { "Resources": { "Limits": { "MemoryBytes": 5, "NanoCPUs": 7 } } } });
        template::set(&mut it, &Setting::Memory(None, None));
        assert_eq!(it["TaskTemplate"]["Resources"]["Limits"], json!({ "NanoCPUs": 7 }));
        let mut bare = json!({ "TaskTemplate": {} });
        template::set(&mut bare, &Setting::Cpu(None, Some(250)));
        assert_eq!(bare["TaskTemplate"]["Resources"]["Limits"], json!({ "NanoCPUs": 250_000_000 }));
    }
}

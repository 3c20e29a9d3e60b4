//! Another image, or another limit, for a task of a group: the job is registered anew as it was, but for that.

use serde_json::{Value, json};

use crate::domain::words::bytes;
use crate::domain::{Draft, Intent, Name, Receipt, Ref, Refusal, Setting, Step, StepAction, StepError, Until};

use super::super::scribe::MEBI;
use super::Hand;
use super::brief::{self, does, note};
use super::job::{Fresh, group_of};

impl Hand {
    pub(super) async fn draft_set(&self, intent: &Intent, key: &Ref, setting: &Setting) -> Result<Draft, Refusal> {
        let fresh = self.asked(intent, key).await?;
        let (changed, words) = changed(&fresh, setting).map_err(|(why, mend)| Refusal::of(intent, why, mend))?;
        if changed == fresh.raw {
            return Ok(Draft::new(intent, Vec::new()));
        }
        let action = StepAction::Set(key.clone(), setting.clone());
        let foreseen = self.preview(key, &fresh, &changed, false).await;
        let until = match fresh.job.periodic.is_some() {
            // It takes effect with the next run.
            true => Until::Accepted,
            false => foreseen.until(key, &fresh),
        };
        let mut draft = fresh.draft(intent, action, until, fresh.rollout_seconds());
        draft.notes.push(does(words));
        draft.notes.extend(foreseen.lines);
        draft.notes.push(note("the job's file does not know of it: the next `nomad job run` sets what that says"));
        draft.inverse = Some(Intent::Undo(key.clone(), Some(fresh.revision())));
        Ok(draft)
    }

    pub(super) async fn do_set(&self, step: &Step, setting: &Setting) -> Result<Receipt, StepError> {
        let fresh = self.pinned(step).await?;
        let (changed, _) = changed(&fresh, setting).map_err(|(why, _)| brief::moved(why))?;
        self.register(step.action.target(), &fresh, &changed).await
    }
}

/// The job with that changed, and what it was and is then; or why not, and what to do instead.
fn changed(fresh: &Fresh, setting: &Setting) -> Result<(Value, String), (String, &'static str)> {
    let (Setting::Image(named, _) | Setting::Memory(named, _) | Setting::Cpu(named, _)) = setting;
    let name = task_of(fresh, named.as_ref())?;
    let mut raw = fresh.raw.clone();
    let task = group_of(&mut raw, &fresh.group.name)
        .and_then(|group| group["Tasks"].as_array_mut()?.iter_mut().find(|task| task["Name"] == name.as_str()))
        .ok_or_else(|| (format!("{name} is not there any more"), "look at the list again"))?;
    let words = match setting {
        Setting::Image(_, to) => image(task, &name, to)?,
        Setting::Memory(_, to) => memory(task, &name, *to)?,
        Setting::Cpu(..) => {
            return Err((
                "Nomad gives a task a share of its client in MHz: it has no limit in cores".to_owned(),
                "change `cpu` or `cores` in the job's file",
            ));
        }
    };
    Ok((raw, words))
}

/// The task that is meant: the one that is named, else the only or the first that does the work.
fn task_of(fresh: &Fresh, named: Option<&Name>) -> Result<String, (String, &'static str)> {
    let tasks = &fresh.group.tasks;
    let found = match named {
        Some(named) => tasks.iter().find(|it| it.name == named.as_str()),
        None => tasks.iter().find(|it| it.lifecycle.is_none()).or(tasks.first()),
    };
    found.map(|it| it.name.clone()).ok_or_else(|| {
        let all: Vec<String> = tasks.iter().map(|it| it.name.clone()).collect();
        (format!("it has no task of that name; it has {}", brief::some(&all)), "name one of them")
    })
}

fn image(task: &mut Value, name: &str, to: &Name) -> Result<String, (String, &'static str)> {
    let was = task["Config"]["image"].as_str().map(str::to_owned);
    let driver = task["Driver"].as_str().unwrap_or_default().to_owned();
    let Some(was) = was else {
        return Err((format!("{name} runs by the driver {driver}: it has no image"), "change it in the job's file"));
    };
    task["Config"]["image"] = json!(to.as_str());
    Ok(format!("{name}: image from {was} to {to}"))
}

/// What a task may use at most is `memory_max` where that is set, else `memory`, which is also what is reserved for it.
fn memory(task: &mut Value, name: &str, to: Option<u64>) -> Result<String, (String, &'static str)> {
    let Some(to) = to else {
        return Err(("Nomad keeps every task to its memory".to_owned(), "choose a larger number"));
    };
    let mega = to.div_ceil(MEBI);
    // nomad: nomad/structs, `MinResources`.
    if mega < 10 {
        return Err(("Nomad takes no less than 10 MiB for a task".to_owned(), "choose a larger number"));
    }
    let resources = &mut task["Resources"];
    let (reserved, most) =
        (resources["MemoryMB"].as_u64().unwrap_or(0), resources["MemoryMaxMB"].as_u64().unwrap_or(0));
    let was = bytes(most.max(reserved) * MEBI);
    if most == 0 {
        resources["MemoryMB"] = json!(mega);
        return Ok(format!("{name}: memory, reserved and at most, from {was} to {}", bytes(mega * MEBI)));
    }
    resources["MemoryMaxMB"] = json!(mega);
    resources["MemoryMB"] = json!(reserved.min(mega));
    Ok(format!("{name}: memory at most from {was} to {}", bytes(mega * MEBI)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_memory_max_where_there_is_one() {
        let mut plain = json!({ "Resources": { "MemoryMB": 64, "MemoryMaxMB": 0 } });
        memory(&mut plain, "web", Some(256 * MEBI)).expect("it is set");
        assert_eq!(plain["Resources"], json!({ "MemoryMB": 256, "MemoryMaxMB": 0 }));
        let mut over = json!({ "Resources": { "MemoryMB": 64, "MemoryMaxMB": 512 } });
        let words = memory(&mut over, "web", Some(256 * MEBI)).expect("it is set");
        assert_eq!(over["Resources"], json!({ "MemoryMB": 64, "MemoryMaxMB": 256 }), "{words}");
        memory(&mut over, "web", Some(32 * MEBI)).expect("it is set");
        assert_eq!(
            over["Resources"],
            json!({ "MemoryMB": 32, "MemoryMaxMB": 32 }),
            "no more is reserved than is allowed"
        );
        assert!(memory(&mut over, "web", None).is_err() && memory(&mut over, "web", Some(MEBI)).is_err());
    }

    #[test]
    fn what_has_no_image_is_given_none() {
        let mut raw = json!({ "Driver": "raw_exec", "Config": { "command": "/bin/sleep" } });
        let (why, _) = image(&mut raw, "web", &Name::new("web:2")).expect_err("it has none");
        assert!(why.contains("raw_exec") && raw["Config"].get("image").is_none(), "{why}");
    }
}

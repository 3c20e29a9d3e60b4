//! Going back to an earlier version of a job. A version is of the whole job: every group of it goes back.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::{Draft, Intent, Name, Receipt, Ref, Refusal, Step, StepAction, StepError, Text, Timestamp};

use super::super::failure::Failure;
use super::super::scribe::at;
use super::super::wire::Job;
use super::Hand;
use super::brief::{self, hurts, note};
use super::job::Fresh;
use super::scale::is_active;

/// What a server itself writes into a job: no two versions are alike in it.
const COUNTED: [&str; 11] = [
    "Version",
    "Stable",
    "Status",
    "StatusDescription",
    "SubmitTime",
    "CreateIndex",
    "ModifyIndex",
    "JobModifyIndex",
    "VersionTag",
    "NomadTokenID",
    "Stop",
];

/// One earlier version.
struct Former {
    raw: Value,
    job: Job,
    stable: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Versions {
    versions: Vec<Value>,
}

impl Hand {
    pub(super) async fn draft_revert(&self, intent: &Intent, key: &Ref, to: Option<&Name>) -> Result<Draft, Refusal> {
        let fresh = self.asked(intent, key).await?;
        let unread = |failure: Failure| brief::unread(intent, &failure);
        let former = self.former(key, &fresh).await.map_err(unread)?;
        let chosen = choose(intent, &fresh, &former, to)?;
        let deployment = self.deployment(key, &fresh).await.map_err(unread)?;
        let version = Name::from(chosen.job.version.to_string());
        let action = StepAction::Revert(key.clone(), Some(version.clone()));
        let foreseen = self.preview(key, &fresh, &chosen.raw, true).await;
        let mut draft = fresh.draft(intent, action, foreseen.until(key, &fresh), fresh.rollout_seconds());
        draft.intent = Intent::Undo(key.clone(), Some(version.clone()));
        draft.notes.push(of_version(chosen));
        let groups = fresh.groups();
        if groups.len() > 1 {
            draft.notes.push(hurts(format!("every group of the job goes back: {}", brief::some(&groups))));
        }
        draft.notes.extend(counts(&fresh, chosen));
        draft.notes.extend(foreseen.lines);
        if deployment.is_some_and(|deployment| is_active(&deployment)) {
            draft.notes.push(note("the deployment that is under way is cancelled by this"));
        }
        draft.notes.push(note(format!("it becomes version {}, made of version {version}", fresh.job.version + 1)));
        draft.inverse = Some(Intent::Undo(key.clone(), Some(fresh.revision())));
        draft.equivalent = Some(Text::from(super::words::revert(key, &fresh.job.id, &version)));
        Ok(draft)
    }

    pub(super) async fn do_revert(&self, step: &Step, to: &Name) -> Result<Receipt, StepError> {
        let fresh = self.pinned(step).await?;
        let Ok(version) = to.parse::<u64>() else { return Err(brief::no_step(step)) };
        let body = json!({
            "JobID": fresh.job.id, "JobVersion": version, "EnforcePriorVersion": fresh.job.version,
        });
        let namespace = brief::namespace(step.action.target());
        brief::write(&self.api, &format!("{}/revert", fresh.path()), namespace, &body).await
    }

    /// The versions before the present one that are still kept, newest first.
    async fn former(&self, key: &Ref, fresh: &Fresh) -> Result<Vec<Former>, Failure> {
        let query = [("namespace", brief::namespace(key))];
        let kept: Versions = self.api.get(&format!("{}/versions", fresh.path()), &query).await?;
        let mut all = Vec::with_capacity(kept.versions.len());
        for raw in kept.versions {
            let job = Job::deserialize(&raw).map_err(|error| Failure::Malformed(Text::from(error.to_string())))?;
            if job.version < fresh.job.version {
                all.push(Former { stable: raw["Stable"] == true, raw, job });
            }
        }
        all.sort_by_key(|it| std::cmp::Reverse(it.job.version));
        Ok(all)
    }
}

/// The one that is asked for; else the newest stable one that is made of something else, else the newest that is, else the
/// newest that differs at all. What only the number of allocations tells apart is no way back from what was deployed.
fn choose<'a>(intent: &Intent, fresh: &Fresh, former: &'a [Former], to: Option<&Name>) -> Result<&'a Former, Refusal> {
    const MEND: &str = "deploy the version that is wanted (`nomad job run`)";
    if let Some(to) = to {
        let kept: Vec<String> = former.iter().map(|it| it.job.version.to_string()).collect();
        let kept = if kept.is_empty() { "none".to_owned() } else { kept.join(", ") };
        let found = former.iter().find(|it| to.as_str() == it.job.version.to_string());
        return found.ok_or_else(|| {
            Refusal::of(intent, format!("version {to} is not kept; of the versions before this: {kept}"), MEND)
        });
    }
    let (now, now_uncounted) = (essence(&fresh.raw, true), essence(&fresh.raw, false));
    let other = |it: &&Former| essence(&it.raw, false) != now_uncounted;
    let found = former.iter().filter(other).find(|it| it.stable).or_else(|| former.iter().find(other));
    let found = found.or_else(|| former.iter().find(|it| essence(&it.raw, true) != now));
    found.ok_or_else(|| {
        let why = match former.is_empty() {
            true => "this is the first version of its job that is kept",
            false => "every version that is kept is made of the same",
        };
        Refusal::of(intent, why, MEND)
    })
}

/// What a version is made of, with or without its numbers of allocations.
fn essence(raw: &Value, counted: bool) -> Value {
    let mut it = raw.clone();
    if let Some(fields) = it.as_object_mut() {
        COUNTED.iter().for_each(|name| drop(fields.remove(*name)));
    }
    if !counted {
        for group in it["TaskGroups"].as_array_mut().into_iter().flatten() {
            group["Count"] = Value::Null;
        }
    }
    it
}

fn of_version(chosen: &Former) -> crate::domain::Line {
    let version = chosen.job.version;
    let when = at(chosen.job.submit_time)
        .map_or_else(String::new, |at: Timestamp| format!(" of {}", at.strftime("%Y-%m-%d %H:%MZ")));
    match chosen.stable {
        true => note(format!("version {version}{when} was stable: its deployment ended well")),
        false => note(format!("version {version}{when} is not known to have been stable")),
    }
}

/// A number of allocations is part of a version, unlike elsewhere.
fn counts(fresh: &Fresh, chosen: &Former) -> Vec<crate::domain::Line> {
    let then = |name: &str| chosen.job.task_groups.iter().find(|it| it.name == name).map(|it| it.count);
    let moved = fresh.job.task_groups.iter().filter_map(|group| {
        let to = then(&group.name).filter(|to| *to != group.count)?;
        Some(hurts(format!("{}: the number goes back too, from {} to {to}", group.name, group.count)))
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(version: u64, stable: bool, image: &str, count: u32) -> Value {
        json!({
            "ID": "web", "Version": version, "Stable": stable, "JobModifyIndex": version * 10,
            "TaskGroups": [{ "Name": "web", "Count": count, "Tasks": [{ "Name": "web", "Config": { "image": image } }] }],
        })
    }

    fn chosen(now: Value, former: &[Value], to: Option<&str>) -> Result<u64, String> {
        let read = |raw: &Value| Job::deserialize(raw).expect("a job");
        let group = read(&now).task_groups[0].clone();
        let fresh = Fresh { job: read(&now), group, raw: now };
        let former: Vec<Former> = former
            .iter()
            .map(|raw| Former { stable: raw["Stable"] == true, job: read(raw), raw: raw.clone() })
            .collect();
        let intent = Intent::Undo("eu/default/TaskGroup/web".parse().expect("a ref"), None);
        let to = to.map(Name::new);
        choose(&intent, &fresh, &former, to.as_ref())
            .map(|it| it.job.version)
            .map_err(|refusal| refusal.why.to_string())
    }

    #[test]
    fn the_way_back_is_the_newest_stable_version_that_is_made_of_something_else() {
        let bad = job(4, false, "web:4", 3);
        let former = [job(3, false, "web:3", 3), job(2, true, "web:2", 3), job(1, true, "web:1", 3)];
        assert_eq!(chosen(bad.clone(), &former, None), Ok(2));
        assert_eq!(chosen(bad.clone(), &former[..1], None), Ok(3), "none was stable");
        assert_eq!(chosen(bad, &former, Some("1")), Ok(1));
    }

    #[test]
    fn what_was_only_scaled_is_not_gone_back_to_while_there_is_another() {
        let scaled = [job(2, true, "web:2", 2), job(1, true, "web:1", 2)];
        assert_eq!(chosen(job(3, true, "web:2", 5), &scaled, None), Ok(1));
        assert_eq!(chosen(job(3, true, "web:2", 5), &scaled[..1], None), Ok(2), "nothing else differs");
    }

    #[test]
    fn what_leads_nowhere_says_why() {
        assert!(chosen(job(0, true, "web:1", 2), &[], None).unwrap_err().contains("first version"));
        assert!(chosen(job(1, true, "web:1", 2), &[job(0, true, "web:1", 2)], None).unwrap_err().contains("the same"));
        let gone = chosen(job(2, true, "web:2", 2), &[job(1, true, "web:1", 2)], Some("0")).unwrap_err();
        assert!(gone.contains("version 0 is not kept; of the versions before this: 1"), "{gone}");
    }
}

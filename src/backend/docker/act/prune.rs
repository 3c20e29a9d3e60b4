//! Removing what nobody uses: stopped containers, images without a name, build cache. Volumes never.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::words::{bytes, many};
use crate::domain::{
    Draft, Intent, Name, Receipt, Ref, Refusal, Seen, Step, StepAction, StepError, Text, Until, Waste,
};

use super::super::api::escaped;
use super::super::failure::Failure;
use super::super::wire::{Info, nullable};
use super::Hand;
use super::brief::{self, does, hurts, note, skips, some, step};
use super::pins;

/// An engine may count for minutes (moby#31951); so long is waited for the sizes, and then they are not known.
const COUNTS: Duration = Duration::from_secs(6);
/// Removing takes as long as there is to remove.
const REMOVES: Duration = Duration::from_secs(90);

/// What is there of one kind of waste.
#[derive(Debug, Default)]
struct Heap {
    /// Ids, sorted.
    ids: Vec<String>,
    names: Vec<String>,
    /// All of it was made before that second: what is made later is not removed.
    before: i64,
    /// None where the engine did not count in time.
    bytes: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Stopped {
    id: String,
    #[serde(deserialize_with = "nullable")]
    names: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    status: String,
    #[serde(deserialize_with = "nullable")]
    created: i64,
    size_rw: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Image {
    id: String,
    #[serde(deserialize_with = "nullable")]
    created: i64,
    #[serde(deserialize_with = "nullable")]
    size: u64,
}

impl Hand<'_> {
    pub(super) async fn draft_prune(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let fails = |failure: Failure| brief::unread(intent, &failure);
        let info: Info = self.api.get("/info").await.map_err(fails)?;
        let containers = self.containers(i64::MAX, true).await.map_err(fails)?;
        let images = self.images(i64::MAX).await.map_err(fails)?;
        let mut draft = Draft::new(intent, Vec::new());
        let prune = |waste: Waste, seen: Seen| {
            step(StepAction::Prune(key.clone(), waste), &info.id, seen, Until::Accepted, brief::SMALL)
        };
        if !containers.ids.is_empty() {
            draft.steps.push(prune(Waste::Containers, window(containers.before, &containers.ids)));
            let count = many(containers.ids.len() as u64, "stopped container");
            draft.notes.push(does(format!("{count}, {}: {}", size(containers.bytes), some(&containers.names))));
            draft.notes.push(hurts("what they wrote, and their output, is lost; they cannot be started any more"));
        }
        if !images.ids.is_empty() {
            draft.steps.push(prune(Waste::Images, window(images.before, &images.ids)));
            let count = many(images.ids.len() as u64, "image");
            draft
                .notes
                .push(does(format!("{count} without a name, at most {} (layers may be shared)", size(images.bytes))));
        }
        draft.notes.push(match self.build_cache().await {
            None => skips("how much build cache there is, is not known: it is left"),
            Some((0, _)) => note("there is no build cache that is not in use"),
            Some((count, size)) => {
                draft.steps.push(prune(Waste::BuildCache, Seen::Uid));
                does(format!("build cache: {}, {}: the next build takes longer", many(count, "entry"), bytes(size)))
            }
        });
        let groups = draft.steps.len();
        for (group, step) in (0u32..).zip(&mut draft.steps).take(groups) {
            step.group = group;
        }
        draft.notes.push(skips("volumes, networks, and images that have a name"));
        Ok(draft)
    }

    /// Containers that do not run and were made until then.
    async fn containers(&self, before: i64, sized: bool) -> Result<Heap, Failure> {
        let filters = escaped(&json!({ "status": ["created", "exited", "dead"] }).to_string());
        let plain = format!("/containers/json?all=1&filters={filters}");
        let counted = async {
            match sized {
                true => tokio::time::timeout(COUNTS, self.api.get(&format!("{plain}&size=1"))).await.ok()?.ok(),
                false => None,
            }
        };
        let listed: Vec<Stopped> = match counted.await {
            Some(listed) => listed,
            None => self.api.get(&plain).await?,
        };
        let mut listed: Vec<Stopped> = listed.into_iter().filter(|it| it.created < before).collect();
        listed.sort_by(|a, b| a.id.cmp(&b.id));
        let bytes = listed.iter().map(|it| it.size_rw).collect::<Option<Vec<u64>>>();
        // Those that ended just now first: of them a person may still want something.
        let mut named: Vec<(bool, String)> = listed.iter().map(named).collect();
        named.sort_by(|a, b| (!a.0, &a.1).cmp(&(!b.0, &b.1)));
        Ok(Heap {
            names: named.into_iter().map(|(_, name)| name).collect(),
            before: listed.iter().map(|it| it.created.saturating_add(1)).max().unwrap_or(0),
            bytes: bytes.map(|all| all.iter().sum()),
            ids: listed.into_iter().map(|it| it.id).collect(),
        })
    }

    /// Images without a name that were made until then.
    async fn images(&self, before: i64) -> Result<Heap, Failure> {
        let filters = escaped(&json!({ "dangling": ["true"] }).to_string());
        let listed: Vec<Image> = self.api.get(&format!("/images/json?filters={filters}")).await?;
        let mut listed: Vec<Image> = listed.into_iter().filter(|it| it.created < before).collect();
        listed.sort_by(|a, b| a.id.cmp(&b.id));
        let bytes = Some(listed.iter().map(|it| it.size).sum());
        let before = listed.iter().map(|it| it.created.saturating_add(1)).max().unwrap_or(0);
        Ok(Heap { names: Vec::new(), before, bytes, ids: listed.into_iter().map(|it| it.id).collect() })
    }

    /// Entries of the build cache that are not in use, and their bytes; none where the engine does not say in time.
    async fn build_cache(&self) -> Option<(u64, u64)> {
        let asked = self.api.get::<Value>("/system/df?type=build-cache");
        let answer = tokio::time::timeout(COUNTS, asked).await.ok()?.ok()?;
        // From API 1.52 on it is counted by the engine; before, each entry is listed.
        if let Some(usage) = answer.get("BuildCacheUsage").filter(|usage| usage.is_object()) {
            let count = |field: &str| usage[field].as_u64().unwrap_or(0);
            let free = count("TotalCount").saturating_sub(count("ActiveCount"));
            return Some((free, count("Reclaimable")));
        }
        let entries = answer.get("BuildCache")?.as_array().map_or(&[][..], Vec::as_slice);
        let free = entries.iter().filter(|it| it["InUse"] != true && it["Shared"] != true);
        let (count, size) = free
            .fold((0, 0u64), |(count, size), it| (count + 1, size.saturating_add(it["Size"].as_u64().unwrap_or(0))));
        Some((count, size))
    }

    /// Removes one kind of waste, if it is what was seen.
    pub(super) async fn prune(&self, step: &Step, waste: Waste) -> Result<Receipt, StepError> {
        let fails = |failure: Failure| brief::unchecked(&failure);
        let (info, at): (Info, _) = self.api.get_dated("/info").await.map_err(fails)?;
        if info.id != step.pin.uid.as_str() {
            return Err(brief::moved("another engine answers here by now"));
        }
        let path = match waste {
            Waste::Ended => return Err(brief::no_step(step)),
            Waste::BuildCache => "/build/prune".to_owned(),
            Waste::Containers | Waste::Images => {
                let before = since_when(&step.pin.seen).ok_or_else(|| brief::no_step(step))?;
                let (heap, what, mut filters) = match waste {
                    Waste::Images => (self.images(before).await, "images", json!({ "dangling": ["true"] })),
                    _ => (self.containers(before, false).await, "containers", json!({})),
                };
                if window(before, &heap.map_err(fails)?.ids) != step.pin.seen {
                    return Err(brief::moved(format!("there are other {what} to remove than were seen")));
                }
                filters["until"] = json!([before.to_string()]);
                format!("/{what}/prune?filters={}", escaped(&filters.to_string()))
            }
        };
        let (mut receipt, said) = brief::write(self.api, &path, None, REMOVES, at).await?;
        let said: Value = serde_json::from_slice(&said).unwrap_or_default();
        receipt.text = said["SpaceReclaimed"].as_u64().map(|n| Text::from(format!("{} are free again", bytes(n))));
        Ok(receipt)
    }
}

/// `api (exited (1), within the hour)`, and whether it ended just now. An age that moves would be another preview each time.
fn named(it: &Stopped) -> (bool, String) {
    let name = Text::new(it.names.first().map_or(it.id.as_str(), |name| name.trim_start_matches('/')));
    let status = it.status.to_lowercase();
    let status = status.strip_suffix(" ago").map_or(status.as_str(), |status| status);
    let just = ["second", "minute"].iter().any(|unit| status.contains(unit));
    let how = match status.split_once(") ") {
        Some((how, _)) if just => format!("{how}), within the hour"),
        Some((how, age)) => format!("{how}), {age} ago"),
        None => status.to_owned(),
    };
    (just, format!("{name} ({})", Text::new(&how)))
}

fn size(n: Option<u64>) -> String {
    n.map_or_else(|| "of a size that is not known".to_owned(), bytes)
}

/// What was seen, and until when: `1795000000:` and a digest.
fn window(before: i64, ids: &[String]) -> Seen {
    Seen::Spec(Name::new(&format!("{before}:{}", pins::digest(&json!(ids)))))
}

fn since_when(seen: &Seen) -> Option<i64> {
    match seen {
        Seen::Spec(window) => window.split_once(':')?.0.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_just_now_is_marked_and_no_age_moves() {
        let of = |status: &str| {
            named(&Stopped { names: vec!["/api".to_owned()], status: status.to_owned(), ..Stopped::default() })
        };
        assert_eq!(of("Exited (0) Less than a second ago"), (true, "api (exited (0), within the hour)".to_owned()));
        assert_eq!(of("Exited (137) 12 minutes ago"), (true, "api (exited (137), within the hour)".to_owned()));
        assert_eq!(of("Exited (1) 3 weeks ago"), (false, "api (exited (1), 3 weeks ago)".to_owned()));
        assert_eq!(of("Created"), (false, "api (created)".to_owned()));
    }

    #[test]
    fn a_window_says_until_when_and_what() {
        let ids = ["a".to_owned(), "b".to_owned()];
        let seen = window(1_795_000_000, &ids);
        assert_eq!(since_when(&seen), Some(1_795_000_000));
        assert_ne!(window(1_795_000_000, &ids[..1]), seen);
        assert_ne!(window(1_795_000_001, &ids), seen);
        assert_eq!(since_when(&Seen::Uid), None);
    }
}

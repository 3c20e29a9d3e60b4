//! Pods that look unhealthy, fetched before the others where there are many: what is wrong is named within a second, and
//! the rest completed behind it.
//!
//! Which they are is chosen by the rows that kubectl prints: fifty times cheaper than the objects, and made for people, so
//! good for choosing and not for judging. Rows without their objects have no namespace, so they are asked for namespace by
//! namespace, unless a first look at all of them shows nothing to suspect. All of this may fail or be wrong: the listing
//! names every pod anyway.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::super::api::{Api, Url, or_none, within};
use super::super::failure::Failure;
use super::super::heard::Said;
use super::super::kinds::ApiKind;
use super::super::wire::{self, Item};
use super::{End, Watch};

/// It is a shortcut: it may not take longer than the way.
const WITHIN: Duration = Duration::from_secs(2);
/// Requests at once.
const AT_ONCE: usize = 8;
/// With more namespaces it would be no shortcut.
const NAMESPACES: usize = 500;
/// Pods that are fetched, at most.
const MOST: usize = 200;

/// A pod that looks unhealthy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Suspect {
    namespace: String,
    name: String,
}

/// Tells of the suspects, as many as can be had in time. `version` is that of the listing under way: what is told here
/// must not be older, or a pod that was gone by then would be kept for ever.
pub(super) async fn tell_first(watch: &Watch, version: &str) -> Result<(), End> {
    let deadline = Instant::now() + WITHIN;
    let chosen = match within(WITHIN, choose(&watch.api, watch.partition.as_deref())).await {
        Ok(chosen) => chosen,
        Err(failure) => {
            tracing::debug!(%failure, "no shortcut to the pods that look unhealthy");
            return Ok(());
        }
    };
    let count = chosen.len();
    let (api, version) = (watch.api.clone(), Arc::<str>::from(version));
    let fetched = stream::iter(chosen).map(move |suspect| fetch(api.clone(), suspect, Arc::clone(&version)));
    let mut found = fetched.buffer_unordered(AT_ONCE);
    let mut told = 0;
    while let Ok(Some(items)) = tokio::time::timeout_at(deadline, found.next()).await {
        told += items.len();
        if !items.is_empty() {
            watch.say(items.into_iter().map(Said::Put).collect()).await?;
        }
    }
    tracing::debug!(count, told, took = ?(Instant::now() + WITHIN - deadline), "pods that look unhealthy");
    Ok(())
}

/// One pod. That it cannot be had is no matter.
async fn fetch(api: Api, suspect: Suspect, version: Arc<str>) -> Vec<Item> {
    let url = Url::of(ApiKind::Pods, Some(&suspect.namespace))
        .with("fieldSelector", format_args!("metadata.name={}", suspect.name))
        .with("resourceVersion", &version)
        .with("resourceVersionMatch", "NotOlderThan");
    match api.list(ApiKind::Pods, &url).await {
        Ok(body) => wire::decode_list(ApiKind::Pods, &body).map(|page| page.items).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

async fn choose(api: &Api, partition: Option<&str>) -> Result<Vec<Suspect>, Failure> {
    let all = suspects_in(api, partition).await?;
    if let Some(namespace) = partition {
        return Ok(spread(all.into_iter().map(|name| Suspect { namespace: namespace.to_owned(), name }).collect()));
    }
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let namespaces = api.names(ApiKind::Namespaces).await?;
    if namespaces.len() > NAMESPACES {
        return Ok(Vec::new());
    }
    let looked = stream::iter(namespaces).map(|namespace| {
        let api = api.clone();
        async move {
            let names = suspects_in(&api, Some(&namespace)).await.unwrap_or_default();
            names.into_iter().map(|name| Suspect { namespace: namespace.clone(), name }).collect::<Vec<_>>()
        }
    });
    Ok(spread(looked.buffered(AT_ONCE).concat().await))
}

/// As many as may be fetched, one of each workload before the second of any: so that each is at least named.
fn spread(mut suspects: Vec<Suspect>) -> Vec<Suspect> {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    suspects.sort_by_cached_key(|it| {
        let nth = seen.entry((it.namespace.clone(), workload_of(&it.name).to_owned())).or_default();
        *nth += 1;
        *nth
    });
    suspects.truncate(MOST);
    suspects
}

/// What pods of one workload have in common: `web` of `web-5d4f8c7b9-x2x4k`, about.
fn workload_of(pod: &str) -> &str {
    let cut = |name: &'_ str| name.rsplit_once('-').map(|(stem, _)| stem.len());
    let once = cut(pod).map_or(pod, |end| &pod[..end]);
    match cut(once) {
        // A ReplicaSet's hash holds a digit nearly always; a word of a name seldom does.
        Some(end) if once[end..].bytes().any(|byte| byte.is_ascii_digit()) => &once[..end],
        _ => once,
    }
}

/// Names of the pods that look unhealthy.
async fn suspects_in(api: &Api, namespace: Option<&str>) -> Result<Vec<String>, Failure> {
    let table: Table = api.table(&Url::of(ApiKind::Pods, namespace).with("resourceVersion", 0)).await?;
    Ok(table.suspects())
}

impl Table {
    fn suspects(&self) -> Vec<String> {
        let place = |name: &str| self.columns.iter().position(|column| column.name == name);
        let (Some(name), ready, status, restarts) = (place("Name"), place("Ready"), place("Status"), place("Restarts"))
        else {
            return Vec::new();
        };
        let suspects = self.rows.iter().filter(|row| {
            let cell = |place: Option<usize>| place.and_then(|at| row.cells.get(at)).and_then(Value::as_str);
            looks_unhealthy(cell(ready), cell(status), cell(restarts))
        });
        suspects.filter_map(|row| row.cells.get(name)?.as_str().map(str::to_owned)).collect()
    }
}

fn looks_unhealthy(ready: Option<&str>, status: Option<&str>, restarts: Option<&str>) -> bool {
    let unready = ready.and_then(|ready| ready.split_once('/')).is_some_and(|(ready, all)| ready != all);
    match status {
        Some("Completed") => false,
        Some("Running") | None => unready || restarts.is_some_and(is_recent),
        Some(_) => true,
    }
}

/// Whether a cell such as `3 (5m12s ago)` tells of the last three hours: longer times are written with hours.
fn is_recent(restarts: &str) -> bool {
    let ago = restarts.split_once('(').and_then(|(_, rest)| rest.split_once(" ago"));
    ago.is_some_and(|(ago, _)| ago.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b's' | b'm')))
}

#[derive(Deserialize)]
struct Table {
    #[serde(rename = "columnDefinitions", default, deserialize_with = "or_none")]
    columns: Vec<Column>,
    #[serde(default, deserialize_with = "or_none")]
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

#[derive(Deserialize)]
struct Row {
    cells: Vec<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_deserve_a_look_are_told_from_others() {
        let look = |ready, status, restarts| looks_unhealthy(Some(ready), Some(status), Some(restarts));
        assert!(
            !look("1/1", "Running", "0") && !look("0/1", "Completed", "0") && !look("2/2", "Running", "7 (3d2h ago)")
        );
        assert!(look("1/2", "Running", "0"), "not ready");
        assert!(look("0/1", "CrashLoopBackOff", "4 (15s ago)") && look("0/1", "Pending", "0"));
        assert!(look("1/1", "Running", "5 (9m20s ago)"), "it runs just now");
    }

    #[test]
    fn of_what_a_real_server_prints_the_unhealthy_are_chosen() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/kubernetes/v1.34/tables/pods.json");
        let table: Table = serde_json::from_slice(&std::fs::read(path).expect("a recording")).expect("a table");
        let suspects = table.suspects();
        let (shown, of) = (suspects.len(), table.rows.len());
        assert!(shown > 10 && shown < of, "{shown} of {of}");
        for row in &table.rows {
            let cell = |at: usize| row.cells[at].as_str().expect("a string");
            if ["CrashLoopBackOff", "ImagePullBackOff", "Pending"].contains(&cell(2)) {
                assert!(suspects.iter().any(|name| name == cell(0)), "{:?}", row.cells);
            }
        }
    }

    #[test]
    fn each_workload_has_one_before_any_has_two() {
        let names = ["web-5d4f8c7b9-aaaaa", "web-5d4f8c7b9-bbbbb", "web-5d4f8c7b9-ccccc", "db-0", "worker-7c9d-x1x1x"];
        let suspects = names.map(|name| Suspect { namespace: "shop".into(), name: name.into() }).to_vec();
        let order: Vec<String> = spread(suspects).into_iter().map(|it| it.name).collect();
        assert_eq!(order, [names[0], names[3], names[4], names[1], names[2]]);
        assert_eq!(workload_of("front-end-5d4f8c7b9-aaaaa"), "front-end");
        assert_eq!(workload_of("lone"), "lone");
    }
}

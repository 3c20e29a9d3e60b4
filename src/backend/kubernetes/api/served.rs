//! Which of the kinds that need not be there a server serves.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::super::failure::Failure;
use super::super::kinds::ApiKind;
use super::{Api, decode, or_none};

/// All groups with their resources in one answer (since 1.27); an older server answers with the groups alone.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                          application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// Either answer.
#[derive(Deserialize)]
struct Groups {
    /// Of the aggregated one.
    #[serde(default, deserialize_with = "or_none")]
    items: Vec<Item>,
    /// Of the plain one.
    #[serde(default, deserialize_with = "or_none")]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Named,
    #[serde(default, deserialize_with = "or_none")]
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
    #[serde(default, deserialize_with = "or_none")]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    resource: String,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    #[serde(default, deserialize_with = "or_none")]
    versions: Vec<Plain>,
}

#[derive(Deserialize)]
struct Plain {
    version: String,
}

/// The resources of one group and version.
#[derive(Deserialize)]
struct Resources {
    #[serde(default, deserialize_with = "or_none")]
    resources: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// What a server serves of what need not be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::backend::kubernetes) struct Served {
    /// Kinds to be watched.
    pub(in crate::backend::kubernetes) kinds: BTreeSet<ApiKind>,
    /// In which version use is measured, if it is.
    pub(in crate::backend::kubernetes) metrics: Option<&'static str>,
}

/// The group in which use is measured, and its versions, the best first.
const METRICS: (&str, [&str; 2]) = ("metrics.k8s.io", ["v1", "v1beta1"]);

/// The kinds that are asked about.
fn optional() -> impl Iterator<Item = ApiKind> {
    ApiKind::ALL.iter().copied().filter(|kind| kind.when().need_not_be_served())
}

/// What need not be served, and is.
pub(super) async fn served(api: &Api) -> Result<Served, Failure> {
    let groups: Groups = decode(&api.get_as("/apis", AGGREGATED).await?)?;
    let metrics = groups.metrics();
    if groups.groups.is_empty() {
        return Ok(Served { kinds: aggregated(&groups.items), metrics });
    }
    let mut found = BTreeSet::new();
    let mut asked: Vec<(String, Resources)> = Vec::new();
    for kind in optional().filter(|kind| named(&groups.groups, *kind)) {
        let path = format!("/apis/{}/{}", kind.group(), kind.version());
        if !asked.iter().any(|(known, _)| *known == path) {
            asked.push((path.clone(), decode(&api.get(&path).await?)?));
        }
        let resources = asked.iter().find(|(known, _)| *known == path).map(|(_, resources)| resources);
        if resources.is_some_and(|it| it.resources.iter().any(|resource| resource.name == kind.plural())) {
            found.insert(kind);
        }
    }
    Ok(Served { kinds: found, metrics })
}

impl Groups {
    /// The best version in which use is measured. What is behind it may be away just now: that shows when it is asked.
    fn metrics(&self) -> Option<&'static str> {
        let (group, versions) = METRICS;
        let aggregated = self.items.iter().filter(|it| it.metadata.name == group);
        let plain = self.groups.iter().filter(|it| it.name == group);
        let aggregated = aggregated.flat_map(|it| &it.versions).map(|it| it.version.as_str());
        let served: Vec<&str> = aggregated.chain(plain.flat_map(|it| &it.versions).map(|it| &*it.version)).collect();
        versions.into_iter().find(|version| served.contains(version))
    }
}

fn aggregated(items: &[Item]) -> BTreeSet<ApiKind> {
    let serves = |kind: &ApiKind| {
        let groups = items.iter().filter(|item| item.metadata.name == kind.group());
        let mut versions = groups.flat_map(|group| &group.versions).filter(|it| it.version == kind.version());
        versions.any(|version| version.resources.iter().any(|it| it.resource == kind.plural()))
    };
    optional().filter(serves).collect()
}

fn named(groups: &[Group], kind: ApiKind) -> bool {
    let mut versions = groups.iter().filter(|group| group.name == kind.group()).flat_map(|group| &group.versions);
    versions.any(|it| it.version == kind.version())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a real server said (`tests/wire/kubernetes`).
    fn recorded(name: &str) -> Groups {
        let path = format!("{}/tests/wire/kubernetes/v1.34/discovery/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).expect("a recording")).expect("groups")
    }

    #[test]
    fn both_forms_of_a_real_answer_are_read() {
        let groups = recorded("apis.aggregated");
        let apps = groups.items.iter().find(|item| item.metadata.name == "apps").expect("apps");
        assert!(apps.versions.iter().any(|it| it.resources.iter().any(|it| it.resource == "deployments")));
        assert!(aggregated(&groups.items).is_empty(), "nothing was installed there");
        assert_eq!(groups.metrics(), Some("v1beta1"), "though nothing answered there");
        let plain = recorded("apis");
        assert!(plain.items.is_empty());
        assert!(named(&plain.groups, ApiKind::Deployments) && !named(&plain.groups, ApiKind::ArgoRollouts));
    }

    #[test]
    fn use_is_measured_in_the_best_version_that_is_served() {
        let aggregated = |versions: &str| -> Groups {
            let raw = format!(r#"{{"items":[{{"metadata":{{"name":"metrics.k8s.io"}},"versions":[{versions}]}}]}}"#);
            serde_json::from_str(&raw).expect("groups")
        };
        // The server that measures is away: its resources are not known.
        let old = r#"{"version":"v1beta1","freshness":"Stale"}"#;
        assert_eq!(aggregated(old).metrics(), Some("v1beta1"));
        assert_eq!(aggregated(&format!(r#"{old},{{"version":"v1","resources":[]}}"#)).metrics(), Some("v1"));
        assert_eq!(aggregated(r#"{"version":"v9"}"#).metrics(), None);
        let plain = r#"{"groups":[{"name":"metrics.k8s.io","versions":[{"version":"v1beta1"}]}]}"#;
        assert_eq!(serde_json::from_str::<Groups>(plain).expect("groups").metrics(), Some("v1beta1"));
    }
}

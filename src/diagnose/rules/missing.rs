//! What is not there, by the server's words for it.

use crate::domain::{ClusterId, Kind, Name, Ref};

/// Something that a workload names and that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What is missing, or lacks something.
    pub what: Ref,
    /// What it lacks, where it is there.
    pub key: Option<String>,
}

impl Missing {
    /// `Secret shop/db is missing`, `Secret shop/db has no key password`.
    pub fn words(&self) -> String {
        let what = super::evidence::named(&self.what);
        match &self.key {
            Some(key) => format!("{what} has no key {key}"),
            None => format!("{what} is missing"),
        }
    }
}

/// Kubelet's and the scheduler's words (kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container.go, pkg/kubelet/
/// kubelet_pods.go, pkg/volume/{secret,configmap}): `secret "db" not found`, `couldn't find key password in Secret
/// shop/db`, `persistentvolumeclaim "data" not found`.
pub fn missing(cluster: &ClusterId, namespace: Option<&Name>, said: &str) -> Option<Missing> {
    if let Some((_, rest)) = said.split_once("find key ") {
        let (key, rest) = rest.split_once(" in ")?;
        let (kind, rest) = rest.split_once(' ')?;
        let path = rest.split_whitespace().next()?.trim_end_matches([',', '.', '"']);
        let (namespace, name) = path.split_once('/')?;
        let what = Ref::new(cluster, kind_of(kind)?, Some(Name::new(namespace)), name);
        return Some(Missing { what, key: Some(key.trim_matches('"').to_owned()) });
    }
    let (before, _) = said.split_once("\" not found")?;
    let (before, name) = before.rsplit_once('"')?;
    let kind = kind_of(before.trim_end().rsplit(|c: char| !c.is_ascii_alphabetic()).next()?)?;
    Some(Missing { what: Ref::new(cluster, kind, namespace.cloned(), name), key: None })
}

fn kind_of(word: &str) -> Option<Kind> {
    Some(match word.to_ascii_lowercase().trim_end_matches('s') {
        "secret" => Kind::Secret,
        "configmap" => Kind::ConfigMap,
        "persistentvolumeclaim" => Kind::Volume,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_name_what_is_missing() {
        let (cluster, shop) = (ClusterId::new("prod"), Name::new("shop"));
        for (said, words) in [
            ("secret \"db\" not found", "Secret shop/db is missing"),
            ("configmap \"app\" not found", "ConfigMap shop/app is missing"),
            (
                "MountVolume.SetUp failed for volume \"config\" : configmap \"app\" not found",
                "ConfigMap shop/app is missing",
            ),
            ("couldn't find key password in Secret data/db", "Secret data/db has no key password"),
            ("persistentvolumeclaim \"data\" not found", "claim shop/data is missing"),
        ] {
            let found = missing(&cluster, Some(&shop), said).map(|it| it.words());
            assert_eq!(found.as_deref(), Some(words), "{said}");
        }
        for said in
            ["failed to start: \"x\" not found", "not found", "couldn't find key x", "serviceaccount \"a\" not found"]
        {
            assert_eq!(missing(&cluster, Some(&shop), said), None, "{said}");
        }
    }
}

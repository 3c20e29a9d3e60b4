//! What of a region is asked for at once: all of it, or one namespace after the other.
//!
//! A token with rights in some namespaces alone gets lists of `*` with what it may see (nomad: nomad/job_endpoint.go,
//! `allowedNSes`), but no events of `*`: these take the right in every namespace that there is (nomad/event_endpoint.go,
//! `validateACL`). So `*` is given up for the namespaces that the token sees, each of which is a source of its own.

use serde::Deserialize;

use crate::domain::{Name, Source, Text, Timestamp, Trouble, TroubleKind};

use super::api::Api;
use super::failure::Failure;
use super::scribe::JobKey;
use super::target::Target;

/// Namespaces that are asked one by one, at most: each takes a connection for its stream or four for blocking queries, of
/// the hundred that a server gives a client (nomad: command/agent/config.go, `http_max_conns_per_client`).
pub(super) const MOST: usize = 16;
/// The namespace that is always there.
const DEFAULT: &str = "default";

/// All namespaces, or one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part(Option<Name>);

impl Part {
    pub(super) const ALL: Self = Self(None);

    pub(super) fn of(namespace: impl Into<Name>) -> Self {
        Self(Some(namespace.into()))
    }

    /// As it is asked for.
    pub(super) fn namespace(&self) -> &str {
        self.0.as_deref().unwrap_or("*")
    }

    pub(super) fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// Whether a job of that namespace belongs to it.
    pub(super) fn holds(&self, job: &JobKey) -> bool {
        self.0.as_ref().is_none_or(|name| *name == job.namespace)
    }

    /// The source of a kind.
    pub(super) fn source(&self, kind: &str) -> Source {
        Source { partition: self.0.clone(), ..Source::of(kind) }
    }
}

/// Kinds that are listed namespace by namespace.
pub(super) const PARTED: [&str; 2] = ["jobs", "allocations"];
/// Kinds that belong to no namespace.
pub(super) const WHOLE: [&str; 3] = ["nodes", "info", "checks"];

/// Every source of a region that is asked for in these parts, in the order in which they are listed.
pub(super) fn sources(parts: &[Part]) -> Vec<Source> {
    let nodes = std::iter::once(Part::ALL.source("nodes"));
    let parted = parts.iter().flat_map(|part| PARTED.map(|kind| part.source(kind)));
    nodes.chain(parted).chain(WHOLE[1..].iter().map(|kind| Part::ALL.source(kind))).collect()
}

/// What a token has to be allowed for a source, as a policy has it (nomad: acl/policy.go).
pub(super) fn policy(source: &Source) -> String {
    match source.kind.as_str() {
        "nodes" => "node { policy = \"read\" }".to_owned(),
        "info" => "agent { policy = \"read\" }".to_owned(),
        _ => {
            let namespace = source.partition.as_deref().unwrap_or("*");
            format!("namespace \"{namespace}\" {{ capabilities = [\"list-jobs\", \"read-job\"] }}")
        }
    }
}

/// What is asked for of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) asked: Vec<Part>,
    /// A person named them: there is nothing else to try.
    pub(super) named: bool,
    /// Namespaces that may be read and are not asked for: there are too many.
    pub(super) left_out: usize,
}

impl Parts {
    /// As a person or nobody named namespaces.
    pub(super) fn new(target: &Target) -> Self {
        let named = !target.namespaces.is_empty();
        let asked = match named {
            true => target.namespaces.iter().take(MOST).map(|name| Part::of(name.clone())).collect(),
            false => vec![Part::ALL],
        };
        Self { asked, named, left_out: target.namespaces.len().saturating_sub(MOST) }
    }

    /// Those that a token sees stand for all.
    pub(super) fn seen(names: &[Name]) -> Self {
        let asked: Vec<Part> = names.iter().take(MOST).map(|name| Part::of(name.clone())).collect();
        let asked = if asked.is_empty() { vec![Part::of(DEFAULT)] } else { asked };
        Self { asked, named: false, left_out: names.len().saturating_sub(MOST) }
    }

    /// Whether all is asked for at once.
    pub(super) fn is_whole(&self) -> bool {
        self.asked.iter().any(Part::is_all)
    }

    /// In words, where it is not all: `namespaces shop, batch`.
    pub(super) fn words(&self) -> Option<String> {
        let names: Vec<&str> = self.asked.iter().filter(|part| !part.is_all()).map(Part::namespace).collect();
        match (names.as_slice(), self.named) {
            ([], _) => None,
            (_, true) => Some(format!("namespaces {}", names.join(", "))),
            (_, false) => Some(format!("of its namespaces the token sees {}", names.join(", "))),
        }
    }

    /// What is told of all jobs where some namespaces are left out.
    pub(super) fn not_all(&self, address: &str, now: Timestamp) -> Option<Trouble> {
        (self.left_out > 0).then(|| Trouble {
            kind: TroubleKind::Forbidden,
            what: Text::from(format!(
                "{address}: {} namespaces are watched one by one, {} more are not",
                self.asked.len(),
                self.left_out
            )),
            mend: Text::new(
                "name those that matter as `namespaces` of this cluster in the configuration, at most 16, or let the token read all",
            ),
            since: now,
            retry_at: None,
        })
    }
}

/// The namespaces in which a token may do anything at all: these alone are listed for it (nomad:
/// nomad/namespace_endpoint.go). None where it may not even ask.
pub(super) async fn seen(api: &Api) -> Result<Vec<Name>, Failure> {
    #[derive(Deserialize)]
    struct Namespace {
        #[serde(rename = "Name", default)]
        name: String,
    }
    match api.get::<Vec<Namespace>>("/v1/namespaces", &[("stale", "true")]).await {
        Ok(all) => Ok(all.into_iter().filter(|it| !it.name.is_empty()).map(|it| Name::from(it.name)).collect()),
        Err(failure) if failure.answered() => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// Whether nothing is kept from who asks: there are no rights at all (nomad: nomad/structs/acl.go, `ACLsDisabledToken`), or the token
/// has every one.
pub(super) async fn unlimited(api: &Api) -> Result<bool, Failure> {
    #[derive(Deserialize)]
    struct Own {
        #[serde(rename = "AccessorID", default)]
        id: String,
        #[serde(rename = "Type", default)]
        kind: String,
    }
    match api.get::<Own>("/v1/acl/token/self", &[("stale", "true")]).await {
        Ok(own) => Ok(own.id == "acls-disabled" || own.kind == "management"),
        Err(failure) if failure.answered() => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// Whether lists of everything are answered: that of allocations takes the right to read jobs, not to list them alone.
pub(super) async fn lists_all(api: &Api) -> Result<bool, Failure> {
    let one = [("namespace", "*"), ("per_page", "1"), ("stale", "true")];
    match api.get::<Vec<serde::de::IgnoredAny>>("/v1/allocations", &one).await {
        Ok(_) => Ok(true),
        Err(failure) if failure.is_denied() => Ok(false),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_source_names_the_policy_of_its_own_namespace() {
        let said = policy(&Part::of("shop").source("jobs"));
        assert_eq!(said, "namespace \"shop\" { capabilities = [\"list-jobs\", \"read-job\"] }");
        assert!(policy(&Part::ALL.source("allocations")).contains("\"*\""));
    }

    #[test]
    fn a_token_that_sees_nothing_is_asked_about_the_namespace_that_is_always_there() {
        assert_eq!(Parts::seen(&[]).asked, [Part::of("default")]);
        let many: Vec<Name> = (0..40).map(|n| Name::from(format!("team-{n}"))).collect();
        let parts = Parts::seen(&many);
        assert_eq!((parts.asked.len(), parts.left_out), (MOST, 24));
        let said = parts.not_all("http://n", Timestamp::UNIX_EPOCH).expect("some are left out");
        assert!(said.what.contains("24 more are not"), "{said:?}");
    }
}

//! What cockpit needs to be allowed: one table, of which the role that `cockpit rbac` prints and the questions about our own
//! rights are made.

use std::fmt::Write as _;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use http::Request;
use kube::Client;
use serde::Deserialize;
use serde_json::json;

use crate::domain::{Name, Rights, Text};

/// What somebody may do with cockpit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Look, and change nothing.
    Read,
    /// Look and act.
    Control,
}

/// For what a right is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// To look.
    Reading,
    /// To look, and it would let its holder see values: it is printed, and not given.
    Values,
    /// To act.
    Acting,
}

/// A right that is needed.
struct Need {
    group: &'static str,
    /// The server's plural, with its subresource.
    resource: &'static str,
    verbs: &'static [&'static str],
    what_for: For,
    namespaced: bool,
    why: &'static str,
}

const LOOK: &[&str] = &["get", "list", "watch"];

const fn look(group: &'static str, resource: &'static str, why: &'static str) -> Need {
    Need { group, resource, verbs: LOOK, what_for: For::Reading, namespaced: true, why }
}

/// Measured things have no watch.
const fn measure(resource: &'static str, why: &'static str) -> Need {
    Need { verbs: &["get", "list"], ..look("metrics.k8s.io", resource, why) }
}

const fn everywhere(need: Need) -> Need {
    Need { namespaced: false, ..need }
}

const fn act(group: &'static str, resource: &'static str, verbs: &'static [&'static str], why: &'static str) -> Need {
    Need { group, resource, verbs, what_for: For::Acting, namespaced: true, why }
}

/// A scale is read, and put back with another number.
const SCALE: &[&str] = &["get", "update"];

/// A websocket is asked for by GET; servers from 1.35 on want `create` for it too, as they always did of SPDY (kubernetes:
/// AuthorizePodWebsocketUpgradeCreatePermission).
const OPEN: &[&str] = &["create", "get"];

/// Everything that is asked of a server. `nodes/proxy` is not in it and never will be: it allows a command in every pod of
/// a node. Asking for our own rights (`selfsubjectaccessreviews`) is everybody's right.
const NEEDS: &[Need] = &[
    look("", "pods", "what runs, and why not"),
    Need { verbs: &["get"], ..look("", "pods/log", "what they last said") },
    look("", "events", "what the cluster says of it"),
    everywhere(look("", "nodes", "where it runs")),
    everywhere(look("", "namespaces", "what there is; which cluster this is")),
    look("", "services", "who is served"),
    look("", "persistentvolumeclaims", "claims that are not bound"),
    look("", "resourcequotas", "what may not be made any more"),
    look("", "configmaps", "which configuration changed; only metadata is asked for"),
    look("apps", "deployments", "rollouts"),
    look("apps", "statefulsets", "rollouts"),
    look("apps", "daemonsets", "rollouts"),
    look("apps", "replicasets", "their revisions"),
    Need { verbs: &["list"], ..look("apps", "controllerrevisions", "what a new revision changed") },
    look("batch", "jobs", "jobs that fail"),
    look("batch", "cronjobs", "schedules that are missed"),
    look("discovery.k8s.io", "endpointslices", "who is ready to serve"),
    look("networking.k8s.io", "ingresses", "what is open to users"),
    look("policy", "poddisruptionbudgets", "what may not be taken away"),
    look("autoscaling", "horizontalpodautoscalers", "who else sets the replicas"),
    look("gateway.networking.k8s.io", "httproutes", "what is open to users, where gateways are"),
    look("gateway.networking.k8s.io", "grpcroutes", "what is open to users, where gateways are"),
    look("argoproj.io", "rollouts", "rollouts by Argo, where it is there"),
    look("argoproj.io", "applications", "who else deploys, where Argo CD is there"),
    everywhere(look("karpenter.sh", "nodeclaims", "nodes on their way, where Karpenter is there")),
    look("keda.sh", "scaledobjects", "who else sets the replicas, where KEDA is there"),
    everywhere(measure("nodes", "what they use, where that is measured")),
    measure("pods", "what they use, where that is measured"),
    Need { what_for: For::Values, ..look("", "secrets", "which Secret changed; only metadata is asked for") },
    act("", "pods", &["delete"], "end a pod; take a broken one away"),
    act("", "pods/eviction", &["create"], "move a pod away; drain a node"),
    act("", "pods/exec", OPEN, "open a shell in a pod"),
    act("", "pods/attach", OPEN, "open a shell in a debug container"),
    act("", "pods/ephemeralcontainers", &["patch"], "add a debug container to a pod"),
    everywhere(act("", "nodes", &["patch"], "cordon and uncordon")),
    everywhere(act("", "persistentvolumes", &["get"], "whether a pod can leave its node")),
    act("", "serviceaccounts", &["get"], "whether what an earlier revision needs is there"),
    act("apps", "deployments", &["patch"], "restart, undo, pause, set"),
    act("apps", "statefulsets", &["patch"], "restart, undo, set"),
    act("apps", "daemonsets", &["patch"], "restart, undo, set"),
    act("apps", "deployments/scale", SCALE, "scale"),
    act("apps", "statefulsets/scale", SCALE, "scale"),
    act("apps", "replicasets/scale", SCALE, "scale"),
    act("batch", "jobs", &["create", "delete", "patch"], "run a CronJob now; begin a failed Job again; suspend"),
    act("batch", "cronjobs", &["patch"], "suspend and resume, set"),
    act("argoproj.io", "rollouts", &["patch"], "restart, undo, pause, set, where Argo's are there"),
    act("argoproj.io", "rollouts/scale", SCALE, "scale, where Argo's are there"),
    act("argoproj.io", "rollouts/status", &["patch"], "promote, abort and resume, where Argo's are there"),
    act("argoproj.io", "applications", &["patch"], "switch the automatic sync, where Argo CD is there"),
];

const API: &str = "rbac.authorization.k8s.io";

/// The least role that lets somebody read, or also act, and its binding: as YAML for `kubectl apply`. In namespaces it is a
/// Role for each; without any it is a ClusterRole.
pub fn role_manifest(reach: Reach, namespaces: &[String]) -> String {
    let (name, does) = match reach {
        Reach::Read => ("cockpit-read", "read"),
        Reach::Control => ("cockpit-control", "read and change"),
    };
    let place = if namespaces.is_empty() { "a cluster" } else { "these namespaces" };
    let mut out = format!("# The least that cockpit needs to {does} {place}. To be given with `kubectl apply -f`.\n");
    if !namespaces.is_empty() {
        let left: Vec<&str> = needs(reach).filter(|need| !need.namespaced).map(|need| need.resource).collect();
        let left = listed(&without_repeats(left));
        let _ =
            writeln!(out, "# Not in it: {left}, which lie in no namespace. cockpit says that it does not see them.");
    }
    let within: Vec<Option<&str>> = match namespaces {
        [] => vec![None],
        some => some.iter().map(|namespace| Some(namespace.as_str())).collect(),
    };
    for namespace in within {
        role(&mut out, name, reach, namespace);
        binding(&mut out, name, namespace);
    }
    out
}

fn needs(reach: Reach) -> impl Iterator<Item = &'static Need> {
    NEEDS.iter().filter(move |need| match need.what_for {
        For::Reading => true,
        For::Values => false,
        For::Acting => reach == Reach::Control,
    })
}

fn role(out: &mut String, name: &str, reach: Reach, namespace: Option<&str>) {
    head(out, "Role", name, namespace);
    out.push_str("rules:\n");
    let all: Vec<&Need> = needs(reach).filter(|need| need.namespaced || namespace.is_none()).collect();
    for (group, verbs) in without_repeats(all.iter().map(|need| (need.group, need.verbs)).collect()) {
        let _ = writeln!(out, "  - apiGroups: [{}]\n    resources:", quoted(group));
        let same = all.iter().filter(|need| (need.group, need.verbs) == (group, verbs));
        for need in same {
            let _ = writeln!(out, "      - {} # {}", need.resource, need.why);
        }
        let verbs: Vec<String> = verbs.iter().map(|verb| quoted(verb)).collect();
        let _ = writeln!(out, "    verbs: [{}]", verbs.join(", "));
    }
    for need in NEEDS.iter().filter(|need| need.what_for == For::Values) {
        withheld(out, need);
    }
}

/// A right that is only offered: RBAC cannot tell an object's metadata from what it holds.
fn withheld(out: &mut String, need: &Need) {
    let verbs: Vec<String> = need.verbs.iter().map(|verb| quoted(verb)).collect();
    let _ = write!(
        out,
        "  # Not given: it would let its holder read every value. With it cockpit also says\n  \
         # {}. Take the `#` away to give it.\n  \
         #- apiGroups: [{}]\n  #  resources: [{}]\n  #  verbs: [{}]\n",
        need.why,
        quoted(need.group),
        quoted(need.resource),
        verbs.join(", ")
    );
}

fn binding(out: &mut String, name: &str, namespace: Option<&str>) {
    head(out, "RoleBinding", name, namespace);
    let role = kind("Role", namespace);
    let _ = write!(
        out,
        "roleRef:\n  apiGroup: {API}\n  kind: {role}\n  name: {name}\n\
         subjects:\n  # Who: put your own group, user or service account here.\n  \
         - apiGroup: {API}\n    kind: Group\n    name: on-call\n"
    );
}

fn head(out: &mut String, what: &str, name: &str, namespace: Option<&str>) {
    let kind = kind(what, namespace);
    let _ = writeln!(out, "---\napiVersion: {API}/v1\nkind: {kind}\nmetadata:\n  name: {name}");
    if let Some(namespace) = namespace {
        let _ = writeln!(out, "  namespace: {}", quoted(namespace));
    }
}

fn kind(what: &str, namespace: Option<&str>) -> String {
    if namespace.is_some() { what.to_owned() } else { format!("Cluster{what}") }
}

/// A string of JSON is one of YAML.
fn quoted(raw: &str) -> String {
    json!(raw).to_string()
}

/// `a, b and c`.
fn listed(all: &[&str]) -> String {
    match all {
        [before @ .., last] if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => all.concat(),
    }
}

fn without_repeats<T: PartialEq>(all: Vec<T>) -> Vec<T> {
    all.into_iter().fold(Vec::new(), |mut kept, next| {
        if !kept.contains(&next) {
            kept.push(next);
        }
        kept
    })
}

/// Questions that are asked at once.
const AT_ONCE: usize = 4;

/// Asks which of the rights to act are missing. In these namespaces, else everywhere: a right counts as denied where it is
/// denied in all of them, so whoever watches namespaces because more is not allowed has to name those. A question that is
/// not answered, or not for sure, denies nothing.
pub(super) async fn review(client: &Client, namespaces: &[Name], within: Duration) -> Rights {
    let acting = NEEDS.iter().filter(|need| need.what_for == For::Acting);
    // To get a scale only prepares to set it.
    let verbs = |need: &'static Need| need.verbs.iter().filter(|verb| **verb != "get").map(move |verb| (need, *verb));
    // Made before they are asked: a closure over references cannot go along to another thread.
    let asked: Vec<_> = acting
        .flat_map(verbs)
        .map(|(need, verb)| async move {
            let denied = is_denied(client, need, verb, namespaces, within).await;
            denied.then(|| Text::from(format!("{verb} {}", need.resource)))
        })
        .collect();
    let answers: Vec<Option<Name>> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let denied = answers.into_iter().flatten().collect();
    Rights { read_only: None, denied, within: namespaces.to_vec() }
}

async fn is_denied(client: &Client, need: &Need, verb: &str, namespaces: &[Name], within: Duration) -> bool {
    let places: Vec<&str> = match namespaces {
        some if need.namespaced && !some.is_empty() => some.iter().map(Text::as_str).collect(),
        _ => vec![""],
    };
    for place in places {
        if !matches!(tokio::time::timeout(within, ask(client, need, verb, place)).await, Ok(Ok(Answer::No))) {
            return false;
        }
    }
    true
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Unsure,
}

async fn ask(client: &Client, need: &Need, verb: &str, namespace: &str) -> Result<Answer, kube::Error> {
    let body = question(need, verb, namespace).to_string().into_bytes();
    let request = Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(kube::Error::HttpError)?;
    client.request::<Review>(request).await.map(|review| review.status.answer())
}

fn question(need: &Need, verb: &str, namespace: &str) -> serde_json::Value {
    let (resource, subresource) = need.resource.split_once('/').unwrap_or((need.resource, ""));
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": {
            "group": need.group, "resource": resource, "subresource": subresource, "verb": verb, "namespace": namespace,
        }},
    })
}

#[derive(Deserialize)]
struct Review {
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    allowed: bool,
    #[serde(default)]
    evaluation_error: String,
}

impl Status {
    fn answer(&self) -> Answer {
        match (self.allowed, self.evaluation_error.is_empty()) {
            (true, _) => Answer::Yes,
            (false, true) => Answer::No,
            (false, false) => Answer::Unsure,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::backend::kubernetes::kinds::ApiKind;

    fn documents(manifest: &str) -> Vec<Value> {
        serde_saphyr::from_multiple(manifest).expect("YAML")
    }

    /// `apps/deployments patch` of every rule of a role.
    fn given(role: &Value) -> BTreeSet<String> {
        let list = |value: &Value| -> Vec<String> {
            value.as_array().expect("a list").iter().map(|it| it.as_str().expect("a string").to_owned()).collect()
        };
        let mut given = BTreeSet::new();
        for rule in role["rules"].as_array().expect("rules") {
            for group in list(&rule["apiGroups"]) {
                for resource in list(&rule["resources"]) {
                    given.extend(list(&rule["verbs"]).iter().map(|verb| format!("{group}/{resource} {verb}")));
                }
            }
        }
        given
    }

    #[test]
    fn every_kind_that_is_watched_is_in_the_table_and_nothing_else() {
        let watched: BTreeSet<(&str, &str, bool)> =
            ApiKind::ALL.iter().map(|kind| (kind.group(), kind.plural(), kind.namespaced())).collect();
        let looked = NEEDS.iter().filter(|need| need.what_for != For::Acting && need.verbs.contains(&"watch"));
        let looked: BTreeSet<_> = looked.map(|need| (need.group, need.resource, need.namespaced)).collect();
        assert_eq!(looked, watched);
        assert!(NEEDS.iter().all(|need| need.resource != "nodes/proxy"));
    }

    #[test]
    fn a_role_to_read_changes_nothing_and_sees_no_secret() {
        let all = documents(&role_manifest(Reach::Read, &[]));
        let kinds: Vec<&str> = all.iter().map(|it| it["kind"].as_str().expect("a kind")).collect();
        assert_eq!(kinds, ["ClusterRole", "ClusterRoleBinding"]);
        assert_eq!(all[1]["roleRef"]["name"], all[0]["metadata"]["name"]);
        let given = given(&all[0]);
        assert!(given.iter().all(|right| [" get", " list", " watch"].iter().any(|verb| right.ends_with(verb))));
        assert!(given.contains("/pods/log get") && given.contains("apps/deployments watch"));
        assert!(!given.iter().any(|right| right.contains("secrets")));
    }

    #[test]
    fn a_role_to_act_has_every_verb_of_the_table() {
        let all = documents(&role_manifest(Reach::Control, &[]));
        let rights =
            |need: &Need| need.verbs.iter().map(|verb| format!("{}/{} {verb}", need.group, need.resource)).collect();
        let table = NEEDS.iter().filter(|need| need.what_for != For::Values);
        let table: BTreeSet<String> = table.flat_map(|need| -> Vec<String> { rights(need) }).collect();
        assert_eq!(given(&all[0]), table);
        assert!(table.contains("/pods/eviction create") && table.contains("apps/deployments/scale update"));
    }

    #[test]
    fn in_namespaces_it_is_a_role_of_each_and_names_what_lies_in_none() {
        let manifest = role_manifest(Reach::Control, &["shop".to_owned(), "no".to_owned()]);
        assert!(
            manifest.contains("# Not in it: nodes, namespaces, nodeclaims and persistentvolumes, which"),
            "{manifest}"
        );
        let all = documents(&manifest);
        let places: Vec<(&str, &str)> = all
            .iter()
            .map(|it| (it["kind"].as_str().expect("a kind"), it["metadata"]["namespace"].as_str().expect("a string")))
            .collect();
        assert_eq!(places, [("Role", "shop"), ("RoleBinding", "shop"), ("Role", "no"), ("RoleBinding", "no")]);
        assert!(!given(&all[0]).iter().any(|right| right.starts_with("/nodes") || right.starts_with("/namespaces")));
    }

    #[test]
    fn the_right_to_read_secrets_is_offered_as_yaml_too() {
        let manifest = role_manifest(Reach::Read, &[]).replace("  #- ", "  - ").replace("  #  ", "    ");
        assert!(given(&documents(&manifest)[0]).contains("/secrets watch"), "{manifest}");
    }

    #[test]
    fn a_question_names_the_subresource_apart() {
        let eviction = NEEDS.iter().find(|need| need.resource == "pods/eviction").expect("in the table");
        let asked = question(eviction, "create", "shop");
        assert_eq!(
            asked["spec"]["resourceAttributes"],
            json!({"group": "", "resource": "pods", "subresource": "eviction", "verb": "create", "namespace": "shop"})
        );
    }

    #[test]
    fn the_questions_can_be_asked_in_the_background() {
        fn can_be_spawned<T: Send + 'static>(_: fn(&'static Client) -> T) {}
        can_be_spawned(|client| review(client, &[], Duration::ZERO));
    }

    #[test]
    fn what_was_not_decided_for_sure_denies_nothing() {
        let answer = |raw: &str| serde_json::from_str::<Review>(raw).expect("a review").status.answer();
        assert_eq!(answer(r#"{"status":{"allowed":false}}"#), Answer::No);
        assert_eq!(answer(r#"{"status":{"allowed":true,"evaluationError":"x"}}"#), Answer::Yes);
        assert_eq!(answer(r#"{"status":{"allowed":false,"evaluationError":"webhook timed out"}}"#), Answer::Unsure);
    }
}

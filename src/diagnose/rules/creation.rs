//! Instances that cannot even be made: a quota, an admission webhook, a policy.

use crate::diagnose::logs::quote;
use crate::diagnose::rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::{Kind, Name, OccurrenceKind, Ref, Severity, Timestamp};

use super::evidence::{how_often, old_serve, recheck_countdown, rollout_frame};

/// The API server refuses its pods.
pub const CANNOT_CREATE: Rule = Rule {
    id: "cannot-create",
    family: "creation",
    summary: "its pods cannot even be made: a quota, an admission webhook or a policy is in the way",
    looks_at: "the condition ReplicaFailure and FailedCreate events, with the API server's words. The service behind a webhook that \
               does not answer is named, and what is wrong with that is the cause where it is known",
    mend: "quota: free some, ask for less or raise it; webhook: bring its service back; policy: mend what it objects to, or take \
           back the change that brought it",
    subject: Subject::Workload,
    cause: Cause::Creation,
    reads: &[Edge::Instances],
    hold_seconds: 5,
    clear_after_seconds: 60,
    check: cannot_create,
};

const EVENTS_CLEAR: i64 = 300;

fn cannot_create(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload().filter(|it| it.desired.running() != Some(0)) else { return };
    // What a Nomad client could not start was made, and placed.
    if workload.key.kind == Kind::TaskGroup {
        return;
    }
    // What has all that it wants is not kept from anything, whatever was said before.
    if scene.counts().missing() == 0 && !scene.in_rollout() && workload.desired.running().is_some() {
        return;
    }
    let hindrance = workload.hindrance.as_deref();
    let series = scene.series(OccurrenceKind::CreationFailure, EVENTS_CLEAR);
    let by_event = series.filter(|_| hindrance.is_none());
    let (said, since, often) = match (hindrance, &by_event) {
        (Some(it), _) => (it.message.as_str(), it.since, String::new()),
        (None, Some(series)) => {
            (series.newest.text.as_deref().unwrap_or("no reason is given"), Some(series.first), how_often(series))
        }
        (None, None) => return,
    };
    if let Some(series) = &by_event {
        out.recheck_at(series.over_at);
    }
    let (stuck, gives_up) = rollout_frame(scene);
    recheck_countdown(scene, out);
    let refused = read(scene, said);
    let summary = format!("{stuck}no new pods: {}{often}{}{gives_up}", refused.words, old_serve(scene));
    let began = since.map(|since: Timestamp| since.min(scene.now()));
    let mut finding = Finding::new(Severity::Critical, summary)
        .since(began)
        .affected(scene.counts().missing() as usize)
        .helps(scene.undo(began))
        .evidence(since, "API server", said);
    finding.links = refused.links;
    out.say(finding);
}

/// What the API server objects to, shorter, and what it hangs on.
struct Refused {
    words: String,
    links: Vec<Link>,
}

fn read(scene: &Scene<'_>, said: &str) -> Refused {
    let plain = |words: String| Refused { words, links: Vec::new() };
    if let Some((_, rest)) = said.split_once("failed calling webhook ") {
        return webhook(scene, rest);
    }
    if let Some((head, rest)) = said.split_once(" denied the request: ") {
        let name = head.rsplit("webhook ").next().unwrap_or(head).trim_matches('"');
        return plain(format!("webhook {name} denies them: {}", quote(rest)));
    }
    let said = said.split_once(" is forbidden: ").map_or(said, |(_, rest)| rest);
    if let Some((_, rest)) = said.split_once("exceeded quota: ") {
        let namespace = scene.key.namespace.clone().unwrap_or_else(|| Name::new(""));
        let shared = Link::Shared(Ref::new(scene.cluster(), Kind::Namespace, None, namespace));
        return Refused { words: quota(rest), links: vec![shared] };
    }
    if let Some((_, rest)) = said.split_once("violates PodSecurity ") {
        let (level, why) = rest.split_once(": ").unwrap_or((rest, ""));
        let why = if why.is_empty() { String::new() } else { format!(": {}", quote(why)) };
        return plain(format!("pod security {} forbids them{why}", level.trim_matches('"')));
    }
    if let Some((_, rest)) = said.split_once("error looking up service account ") {
        let name = rest.split(':').next().unwrap_or(rest);
        return plain(format!("ServiceAccount {name} is missing"));
    }
    plain(quote(said))
}

/// `compute, requested: requests.memory=1Gi, used: requests.memory=4Gi, limited: requests.memory=4Gi`
/// (kubernetes: plugin/pkg/admission/resourcequota).
fn quota(said: &str) -> String {
    let (name, rest) = said.split_once(", requested: ").unwrap_or((said, ""));
    let parts = rest.split_once(", used: ").and_then(|(asked, rest)| Some((asked, rest.split_once(", limited: ")?)));
    let Some((asked, (used, limited))) = parts else { return format!("quota {} is used up", quote(name)) };
    let first = |list: &str| {
        let (resource, n) = list.split(',').next().unwrap_or(list).split_once('=')?;
        Some((resource.trim().to_owned(), n.trim().to_owned()))
    };
    match (first(asked), first(used), first(limited)) {
        (Some((resource, asked)), Some((_, used)), Some((_, limited))) => {
            format!("quota {name} is used up: {resource} {used} of {limited}, needs {asked} more")
        }
        _ => format!("quota {name} is used up"),
    }
}

/// `"validate.kyverno.svc": failed to call webhook: Post "https://kyverno-svc.kyverno.svc:443/validate?timeout=10s": dial tcp
/// 10.96.1.2:443: connect: connection refused` (kubernetes: apiserver/pkg/admission/plugin/webhook/errors).
fn webhook(scene: &Scene<'_>, said: &str) -> Refused {
    let name = said.split('"').nth(1).unwrap_or("of no name");
    let host = said.split_once("https://").and_then(|(_, rest)| rest.split(['/', ':', '"']).next());
    let service = host.and_then(|host| {
        let mut labels = host.split('.');
        let (service, namespace) = (labels.next()?, labels.next()?);
        (labels.next() == Some("svc"))
            .then(|| Ref::new(scene.cluster(), Kind::Endpoint, Some(Name::new(namespace)), service))
    });
    let Some(service) = service else {
        return Refused { words: format!("webhook {name} does not answer: {}", last_part(said)), links: Vec::new() };
    };
    let behind = scene.view.endpoint(&service).into_iter().flat_map(|it| it.serves.iter().cloned());
    let mut links = vec![Link::Lacks(service.clone())];
    links.extend(behind.map(Link::Lacks));
    let listed = scene.lists(&super::traffic::SERVICES, service.namespace.as_ref());
    let absent = listed && scene.view.endpoint(&service).is_none();
    let words = if absent {
        format!("webhook {name} does not answer: its service {} does not exist", service.local())
    } else {
        format!("webhook {name} does not answer (service {}): {}", service.local(), last_part(said))
    };
    links.push(Link::Shared(service));
    Refused { words, links }
}

/// The innermost of nested errors.
fn last_part(said: &str) -> String {
    quote(said.rsplit(": ").next().unwrap_or(said))
}

#[cfg(test)]
mod tests {
    use super::quota;

    #[test]
    fn a_quotas_words_are_said_with_their_numbers() {
        assert_eq!(
            quota(
                "compute, requested: requests.memory=1Gi,pods=1, used: requests.memory=4Gi, limited: requests.memory=4Gi"
            ),
            "quota compute is used up: requests.memory 4Gi of 4Gi, needs 1Gi more"
        );
        assert_eq!(quota("compute"), "quota compute is used up");
    }
}

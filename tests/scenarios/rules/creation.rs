//! What cannot even be made, what goes in order, and what does not end.

use super::make::*;
use super::*;

/// A Deployment that wants three, has so many ready, and is refused by the API server.
fn refused(place: &mut Place, ready: u32, said: &str) -> Workload {
    let mut workload = place.workload(Kind::Deployment, "api", 3);
    workload.reported = Some(Reported { ready, updated: 0, total: ready });
    let (reason, message, since) = ("FailedCreate".into(), said.into(), Some(at(-420)));
    workload.hindrance = Some(Box::new(Hindrance { reason, message, since }));
    place.put(Object::Workload(Box::new(workload.clone())));
    workload
}

/// A StatefulSet of three that goes in order and wants revision `b`; `db-1` does not get ready.
fn in_order(place: &mut Place, broken: &str, others: &[(u32, &str)]) -> Workload {
    let mut workload = place.workload(Kind::StatefulSet, "db", 3);
    workload.ordered = true;
    workload.revision = Some(Revision { id: "b".into(), images: Vec::new(), at: None, by: None });
    place.put(Object::Workload(Box::new(workload.clone())));
    for (n, revision) in others {
        let mut it = place.instance(&workload, *n);
        it.revision = Some((*revision).into());
        put(place, it);
    }
    let mut it = place.instance(&workload, 1);
    (it.phase, it.ready, it.since, it.revision) = (Phase::Restarting, false, Some(at(-300)), Some(broken.into()));
    it.containers[0].state = waiting("CrashLoopBackOff", "");
    it.containers[0].restarts = 4;
    it.containers[0].last_exit = Some(exit(1, ExitReason::Error, 30, 1));
    put(place, it);
    workload
}

/// A pod that was asked to end `ago` seconds before now.
fn ending(place: &mut Place, ago: i64, change: impl FnOnce(&mut Place, &mut Instance)) {
    let workload = place.healthy(Kind::Deployment, "web", 1);
    let mut it = place.instance(&workload, 7);
    (it.phase, it.ready, it.desired, it.since) = (Phase::Stopping, false, DesiredState::Stop, Some(at(-ago)));
    change(place, &mut it);
    put(place, it);
}

const QUOTA: &str = "pods \"api-1\" is forbidden: exceeded quota: compute, requested: requests.memory=1Gi, \
                     used: requests.memory=4Gi, limited: requests.memory=4Gi";
const WEBHOOK: &str = "Internal error occurred: failed calling webhook \"validate.kyverno.svc\": failed to call webhook: Post \
                       \"https://kyverno-svc.kyverno.svc:443/validate?timeout=10s\": dial tcp 10.96.1.2:443: connect: connection refused";

cases! {
    "cannot-create", "a quota", Some("no new pods: quota compute is used up: requests.memory 4Gi of 4Gi, needs 1Gi more"), |place| {
        refused(place, 0, QUOTA);
    }
    "cannot-create", "pod security, in a rollout",
    Some("rollout stuck: no new pods: pod security restricted:latest forbids them: privileged (container \"api\" must not set it); the old pods still serve"), |place| {
        let mut workload = refused(place, 3, "pods \"api-1\" is forbidden: violates PodSecurity \"restricted:latest\": privileged (container \"api\" must not set it)");
        workload.rollout = rollout(place, Kind::Deployment, 3, 3, RolloutPhase::Progressing, |it| it.progressed = Some(at(-60))).rollout;
        place.put(Object::Workload(Box::new(workload)));
    }
    "cannot-create", "a webhook that does not answer",
    Some("no new pods: webhook validate.kyverno.svc does not answer (service kyverno/kyverno-svc): connection refused"), |place| {
        place.trouble("endpoints", TroubleKind::Forbidden);
        refused(place, 0, WEBHOOK);
    }
    "cannot-create", "a webhook whose service is gone",
    Some("no new pods: webhook validate.kyverno.svc does not answer: its service kyverno/kyverno-svc does not exist"), |place| {
        refused(place, 0, WEBHOOK);
    }
    "cannot-create", "all are there meanwhile", None, |place| { refused(place, 3, QUOTA); }
    "cannot-create", "a webhook that denies", Some("no new pods: webhook policy.example denies them: image is not signed"), |place| {
        refused(place, 0, "admission webhook \"policy.example\" denied the request: image is not signed");
    }
    "cannot-create", "a service account that is not there", Some("no new pods: ServiceAccount shop/api is missing"), |place| {
        refused(place, 0, "pods \"api-1\" is forbidden: error looking up service account shop/api: serviceaccount \"api\" not found");
    }
    "cannot-create", "an event is all there is, as of a StatefulSet", Some("no new pods: limit range says no"), |place| {
        let mut workload = place.workload(Kind::StatefulSet, "db", 1);
        workload.reported = Some(Reported::default());
        place.put(Object::Workload(Box::new(workload.clone())));
        let mut event = Occurrence::once("e1", OccurrenceKind::CreationFailure, workload.key, at(-60));
        event.text = Some("limit range says no".into());
        place.tell(vec![Fact::Occurred(Box::new(event))]);
    }
    "cannot-create", "scaled to none meanwhile", None, |place| {
        let mut workload = refused(place, 0, QUOTA);
        workload.desired = Desired::Replicas(0);
        place.put(Object::Workload(Box::new(workload)));
    }

    "broken-pod-blocks", "after an undo", Some("db-1 is broken and of another revision, and blocks the rest: it has to be deleted by hand"), |place| {
        in_order(place, "a", &[(0, "b")]);
    }
    "broken-pod-blocks", "it is of the revision that is wanted", None, |place| { in_order(place, "b", &[(0, "b")]); }
    "blocked-in-order", "the third is not made", Some("1 of 3 are not made until db-1 is ready; after an undo db-1 has to be deleted by hand"), |place| {
        in_order(place, "b", &[(0, "b")]);
    }
    "blocked-in-order", "the rest keep the old revision", Some("2 of 3 keep the old revision until db-1 is ready; after an undo db-1 has to be deleted by hand"), |place| {
        in_order(place, "b", &[(0, "a"), (2, "a")]);
    }
    "blocked-in-order", "they are all there and of one revision", None, |place| { in_order(place, "b", &[(0, "b"), (2, "b")]); }

    "pod-lingers", "a finalizer holds it", Some("web-7 does not end, asked 25 min ago: held by finalizer shop.example/backup"), |place| {
        ending(place, 1500, |_, it| it.held_by = Some(Box::new("finalizer shop.example/backup".into())));
    }
    "pod-lingers", "its node is gone", Some("web-7 does not end, asked 25 min ago: its node n1 is gone"), |place| {
        ending(place, 1500, |place, it| {
            let node = Node { draining: true, ..place.node("n1", NodeState::Unreachable) };
            it.node = Some(node.key.clone());
            place.put(Object::Node(Box::new(node)));
        });
    }
    "pod-lingers", "nothing is known of why", Some("web-7 does not end, asked 25 min ago: its preStop hook or its process does not end"), |place| {
        ending(place, 1500, |_, _| {});
    }
    "pod-lingers", "within its grace", None, |place| { ending(place, 20, |_, _| {}); }
}

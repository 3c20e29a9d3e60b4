//! Autoscalers, budgets, quotas and namespaces.

use super::make::*;
use super::*;

fn budget(place: &mut Place, wanted: u32, allowed: u32) {
    let covers = vec![place.healthy(Kind::Deployment, "api", 2).key];
    let (key, says) = (place.key(Kind::Budget, "api-pdb"), Some("at least 2".into()));
    place.put(Object::Budget(Box::new(Budget { key, covers, allowed, healthy: 2, wanted, expected: 2, says })));
    place.look();
    place.pass(120);
}

/// Our login, or the server's certificate, ends so many seconds from now.
fn ends(place: &mut Place, left: i64, which: impl FnOnce(&mut ClusterInfo) -> &mut Option<Timestamp>) {
    kubernetes(place, "v1.34.4");
    let key = ClusterInfo::key_of(&place.cluster);
    let mut info = place.world.view(place.now).cluster_info(&key).cloned().expect("there");
    *which(&mut info) = Some(at(left));
    place.put(Object::Cluster(Box::new(info)));
    place.look();
}

fn namespace(place: &mut Place, change: impl FnOnce(&mut Namespace)) {
    let key = place.key(Kind::Namespace, "shop");
    let mut it = Namespace { key, deleting: None, held_by: None, quotas: Vec::new() };
    change(&mut it);
    place.put(Object::Namespace(Box::new(it)));
    place.look();
    place.pass(120);
}

fn quota(resource: &str, used: u64, hard: u64) -> Quota {
    Quota { name: "compute".into(), resource: resource.into(), used, hard }
}

fn scaled(place: &mut Place, change: impl FnOnce(&mut Autoscaler)) {
    let workload = place.healthy(Kind::Deployment, "api", 3);
    autoscaler(place, &workload.key, change);
    place.look();
    place.pass(minutes(15));
}

cases! {
    "autoscaler-blind", "no metrics", Some("autoscaler api cannot read its metric: no metrics returned from resource metrics API; the number stays at 3"), |place| {
        scaled(place, |it| {
            (it.active, it.message) = (Some(false), Some("no metrics returned from resource metrics API".into()));
        });
    }
    "autoscaler-blind", "a substitute", Some("autoscaler api works with a substitute for its metric: fallback is active"), |place| {
        scaled(place, |it| (it.fallback, it.message) = (true, Some("fallback is active".into())));
    }
    "autoscaler-blind", "it sees", None, |place| { scaled(place, |_| {}); }
    "autoscaler-at-limit", "it wants more", Some("autoscaler api is at its most and wants more: 10 of 10, cpu 93 % of 80 %"), |place| {
        scaled(place, |it| {
            (it.current, it.desired, it.limited) = (10, 10, Some("TooManyReplicas".into()));
            it.measures = vec!["cpu 93 % of 80 %".into()];
        });
    }
    "autoscaler-at-limit", "it would have fewer", None, |place| {
        scaled(place, |it| (it.current, it.desired, it.limited) = (2, 2, Some("TooFewReplicas".into())));
    }

    "budget-blocks", "as many as there are", Some("budget api-pdb (at least 2) never lets one go: it needs 2 healthy of 2, so a drain waits for ever"), |place| {
        budget(place, 2, 0);
    }
    "budget-blocks", "one may go", None, |place| { budget(place, 1, 1); }

    "login-ends", "in some days", Some("the client certificate of the kubeconfig ends in 9 d 4 h"), |place| {
        ends(place, 9 * 86_400 + 4 * 3600, |it| &mut it.login_ends);
    }
    "login-ends", "it has ended, and nobody looked", Some("the client certificate of the kubeconfig has ended 1 h ago"), |place| {
        ends(place, -3600, |it| &mut it.login_ends);
    }
    "login-ends", "in a year", None, |place| { ends(place, 365 * 86_400, |it| &mut it.login_ends); }
    "certificate-ends", "in some days", Some("the server's certificate ends in 3 d"), |place| {
        ends(place, 3 * 86_400 + 60, |it| &mut it.certificate_ends);
    }
    "certificate-ends", "in a month", None, |place| { ends(place, 30 * 86_400, |it| &mut it.certificate_ends); }

    "quota-nearly-used", "memory", Some("quota compute: requests.memory 3.8 GiB of 4 GiB used (95 %), and 1 more"), |place| {
        namespace(place, |it| it.quotas = vec![quota("pods", 92, 100), quota("requests.memory", 4_085_000_000, 4 << 30), quota("requests.cpu", 1000, 4000)]);
    }
    "quota-nearly-used", "half, and one of one", None, |place| {
        namespace(place, |it| it.quotas = vec![quota("requests.cpu", 2000, 4000), quota("services.loadbalancers", 1, 1)]);
    }

    "namespace-stuck", "a finalizer", Some("has been terminating for 3 h 2 min: finalizer inventory.test/release on 1 ConfigMap"), |place| {
        namespace(place, |it| {
            (it.deleting, it.held_by) = (Some(at(-3 * 3600)), Some("finalizer inventory.test/release on 1 ConfigMap".into()));
        });
    }
    "namespace-stuck", "just deleted", None, |place| { namespace(place, |it| it.deleting = Some(at(-30))); }
}

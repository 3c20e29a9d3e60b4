//! What several share in a Kubernetes cluster: a Secret, a quota, a webhook, a class, a zone, DNS, the way in.

use cockpit::domain::*;

use super::place::*;

fn put(place: &mut Place, workload: &Workload, it: Instance) {
    place.put(Object::Workload(Box::new(workload.clone())));
    place.put(Object::Instance(Box::new(it)));
}

/// A workload whose only pod does not get ready, since so many seconds.
fn broken(place: &mut Place, name: &str, ago: i64, change: impl FnOnce(&mut Workload, &mut Instance)) -> Ref {
    let mut workload = place.workload(Kind::Deployment, name, 1);
    let mut it = place.instance(&workload, 0);
    (it.phase, it.ready, it.since, it.created) = (Phase::Starting, false, Some(at(-ago)), Some(at(-ago)));
    change(&mut workload, &mut it);
    put(place, &workload, it);
    workload.key
}

fn crashing(place: &mut Place, name: &str, ago: i64, said: &str) -> Ref {
    broken(place, name, ago, |_, it| {
        it.phase = Phase::Restarting;
        it.containers[0].restarts = 5;
        it.containers[0].state = waiting("CrashLoopBackOff", "");
        let end = Exit { message: Some(said.into()), ..*exit(1, ExitReason::Error, ago, 2) };
        it.containers[0].last_exit = Some(Box::new(end));
    })
}

#[test]
fn one_missing_secret_that_breaks_five_is_one_line() {
    let mut place = Place::default();
    for n in 0..5 {
        broken(&mut place, &format!("w{n}"), 300 - n, |_, it| {
            it.containers[0].state = waiting("CreateContainerConfigError", "secret \"db\" not found");
        });
    }
    broken(&mut place, "other", 100, |_, it| {
        it.containers[0].state = waiting("CreateContainerConfigError", "configmap \"app\" not found");
    });
    let open = place.open();
    let said: Vec<&str> = open.iter().map(|it| it.summary.as_str()).collect();
    assert_eq!(open.len(), 2, "{said:#?}");
    assert!(said.contains(&"Secret shop/db is missing; 5 workloads"), "{said:#?}");
    assert!(said.contains(&"ConfigMap shop/app is missing"), "{said:#?}");
}

#[test]
fn a_secret_of_the_same_name_elsewhere_is_another() {
    let mut place = Place::default();
    for namespace in ["shop", "billing"] {
        place.namespace = namespace;
        broken(&mut place, "api", 300, |_, it| {
            it.containers[0].state = waiting("CreateContainerConfigError", "secret \"db\" not found");
        });
    }
    assert_eq!(place.open().len(), 2);
}

fn refused(place: &mut Place, name: &str, ago: i64, said: &str) -> Ref {
    let mut workload = place.workload(Kind::Deployment, name, 1);
    workload.reported = Some(Reported::default());
    let (reason, message, since) = ("FailedCreate".into(), said.into(), Some(at(-ago)));
    workload.hindrance = Some(Box::new(Hindrance { reason, message, since }));
    place.put(Object::Workload(Box::new(workload.clone())));
    workload.key
}

#[test]
fn a_webhook_that_is_down_drags_along_what_it_blocks() {
    const SAID: &str = "Internal error occurred: failed calling webhook \"validate.policy.svc\": failed to call webhook: Post \
                        \"https://policy.shop.svc:443/validate?timeout=10s\": dial tcp 10.96.1.2:443: connect: connection refused";
    let mut place = Place::default();
    place.trouble("endpoints", TroubleKind::Forbidden);
    for n in 0..3 {
        refused(&mut place, &format!("w{n}"), 300 - n, SAID);
    }
    let alone = place.only();
    let words = "no new pods: webhook validate.policy.svc does not answer (service shop/policy): connection refused; 3 workloads";
    assert_eq!(alone.summary.as_str(), words, "its service is not seen");
    let policy = crashing(&mut place, "policy", 200, "");
    let key = place.key(Kind::Endpoint, "policy");
    let (serves, selector, exposure) = (vec![policy.clone()], Some("app=policy".into()), Exposure::No);
    let it = Endpoint { key, serves, ready: 0, not_ready: 1, selector, exposure, pool: false, check: None };
    place.put(Object::Endpoint(Box::new(it)));
    place.look();
    place.pass(60);
    let row = place.only();
    assert_eq!((row.rule, &row.subject), ("crash-loop", &policy));
    assert!(row.summary.ends_with("; 3 workloads fail with it"), "{}", row.summary);
}

#[test]
fn a_quota_that_is_used_up_is_one_line_for_all_that_it_blocks() {
    let mut place = Place::default();
    for name in ["a", "b"] {
        let said = format!(
            "pods \"{name}-1\" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=10, limited: pods=10"
        );
        refused(&mut place, name, 300, &said);
    }
    let words = "no new pods: quota compute is used up: pods 10 of 10, needs 1 more; 2 workloads";
    assert_eq!(place.only().summary.as_str(), words);
}

#[test]
fn dns_that_is_down_drags_along_what_cannot_resolve_names() {
    let mut place = Place { namespace: "kube-system", ..Place::default() };
    let mut dns = place.workload(Kind::Deployment, "coredns", 2);
    dns.reported = Some(Reported::default());
    let mut it = place.instance(&dns, 0);
    (it.ready, it.phase, it.since) = (false, Phase::Unknown, Some(at(-300)));
    put(&mut place, &dns, it);
    place.namespace = "shop";
    crashing(&mut place, "web", 100, "getaddrinfo EAI_AGAIN payments.example");
    crashing(&mut place, "api", 90, "lookup db.example on 10.96.0.10:53: server misbehaving");
    crashing(&mut place, "job", 80, "division by zero");
    let open = place.open();
    assert_eq!(open.len(), 2, "{:#?}", said(&open));
    let row = open.iter().find(|it| it.subject == dns.key).expect("the DNS");
    let words = "cluster DNS is down, none of 2 ready: names are not resolved; 2 workloads fail with it";
    assert_eq!((row.rule, row.summary.as_str()), ("shared-down", words));
    assert!(row.symptoms.iter().all(|it| it.certainty == Certainty::Likely), "a guess is called one");
}

#[test]
fn nodes_of_one_zone_that_go_together_are_one_line() {
    let mut place = Place::default();
    for (n, zone) in ["a", "a", "a", "b"].iter().enumerate() {
        let mut node = place.node(&format!("n{n}"), NodeState::Unreachable);
        node.since = Some(at(-180 + n as i64));
        node.labels = vec![("topology.kubernetes.io/zone".into(), (*zone).into())];
        place.put(Object::Node(Box::new(node)));
    }
    let open = place.open();
    let summaries: Vec<&str> = open.iter().map(|it| it.summary.as_str()).collect();
    assert_eq!(open.len(), 2, "{summaries:#?}");
    assert!(summaries.contains(&"is silent; nothing runs on it; the same for 2 more of zone a"), "{summaries:#?}");
}

#[test]
fn claims_of_one_class_are_one_line_with_the_pods_that_wait_for_them() {
    let mut place = Place::default();
    for name in ["data-db-0", "data-db-1"] {
        let key = place.key(Kind::Volume, name);
        let (driver, state) = (Some("fast".into()), Some("pending".into()));
        let message = Some("provisioner is down".into());
        place.put(Object::Volume(Box::new(Volume { key: key.clone(), driver, state, message, size_bytes: None })));
        broken(&mut place, &format!("of-{name}"), 300, |workload, it| {
            let via = "volume data".into();
            workload.depends_on = vec![Dependency { on: key, kind: DependencyKind::Mounts, via }];
            it.phase = Phase::Pending;
            it.message = Some(
                "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: not helpful."
                    .into(),
            );
        });
    }
    place.look();
    place.pass(180);
    let row = place.only();
    assert_eq!(row.rule, "volume-unbound");
    let words = "waits to be made (storage class fast): provisioner is down; the same for 1 more of storage class fast; \
                 2 workloads fail with it";
    assert_eq!(row.summary.as_str(), words);
}

#[test]
fn a_node_out_of_memory_drags_along_its_victims_and_offers_no_undo() {
    let mut place = Place::default();
    let node = super::rules::make::node_oom(&mut place, 60);
    let mut workload = place.workload(Kind::Deployment, "api", 1);
    workload.history = vec![Revision { id: "41".into(), images: Vec::new(), at: None, by: None }];
    workload.revision = Some(Revision { id: "42".into(), images: Vec::new(), at: Some(at(-600)), by: None });
    let mut it = place.instance(&workload, 0);
    it.node = Some(node.clone());
    place.occurred(OccurrenceKind::OomKill, &it, 58, |event| {
        (event.scope, event.code) = (Some(OomScope::Host), Some(137));
    });
    put(&mut place, &workload, it);
    let row = place.only();
    assert_eq!((row.rule, &row.subject), ("node-out-of-memory", &node));
    assert_eq!(row.symptoms[0].text.as_str(), "OOM-killed: its node n1 ran out of memory");
    assert_eq!(row.actions, [Intent::Cordon(node)]);
}

#[test]
fn the_way_in_is_put_down_to_what_is_broken_behind_it() {
    let mut place = Place::default();
    let web = crashing(&mut place, "web", 200, "boom");
    let service = place.key(Kind::Endpoint, "web");
    let ingress = place.key(Kind::Ingress, "front");
    for (key, serves, selector) in [(service.clone(), web.clone(), Some("app=web".into())), (ingress, service, None)] {
        let (serves, exposure) = (vec![serves], Exposure::Yes);
        let it = Endpoint { key, serves, ready: 0, not_ready: 1, selector, exposure, pool: false, check: None };
        place.put(Object::Endpoint(Box::new(it)));
    }
    place.look();
    place.pass(60);
    let row = place.only();
    assert_eq!((row.subject, row.tier), (web, Tier::UsersHurt));
}

/// An endpoint that the settings name leads to a workload, and fails since so many seconds.
fn felt(place: &mut Place, leads_to: &Ref, ago: i64) {
    let failing = Some(Failing { times: 4, since: at(-ago), why: "502 Bad Gateway".into() });
    let check =
        Some(Box::new(Check { asks: "GET https://shop.example".into(), failing, slow: None, certificate: None }));
    let key = Ref { namespace: None, ..place.key(Kind::Check, "shop.example") };
    let (serves, exposure) = (vec![leads_to.clone()], Exposure::Yes);
    place.put(Object::Endpoint(Box::new(Endpoint {
        key,
        serves,
        ready: 0,
        not_ready: 0,
        selector: None,
        exposure,
        pool: false,
        check,
    })));
}

#[test]
fn what_users_feel_stands_at_its_cause_and_ranks_it() {
    let mut place = Place::default();
    let web = crashing(&mut place, "web", 300, "no DATABASE_URL");
    felt(&mut place, &web, 280);
    let one = place.only();
    assert_eq!((one.rule, one.tier), ("crash-loop", Tier::UsersHurt), "{}", one.summary);
    let felt: Vec<&str> = one.symptoms.iter().map(|it| it.rule).collect();
    assert!(felt.contains(&"endpoint-fails"), "{felt:?}");
}

#[test]
fn ready_but_failing_stands_for_itself() {
    let mut place = Place::default();
    let web = place.healthy(Kind::Deployment, "web", 2);
    felt(&mut place, &web.key, 280);
    let one = place.only();
    assert_eq!((one.rule, one.tier), ("endpoint-fails", Tier::UsersHurt));
    assert_eq!(one.summary.as_str(), "fails from here: 502 Bad Gateway");
}

#[test]
fn an_alert_about_a_service_stands_at_the_one_workload_behind_it() {
    let mut place = Place::default();
    let web = crashing(&mut place, "web", 300, "no DATABASE_URL");
    let key = place.key(Kind::Endpoint, "www");
    let mut service = Endpoint {
        key: key.clone(),
        serves: vec![web],
        ready: 1,
        not_ready: 0,
        selector: None,
        exposure: Exposure::Yes,
        pool: false,
        check: None,
    };
    place.put(Object::Endpoint(Box::new(service.clone())));
    let alert = place.alert("RequestsFail", Severity::Critical, true, Some(key));
    place.put(Object::Alert(Box::new(alert)));
    assert_eq!(place.only().rule, "crash-loop");
    // Of two nobody can say which it is.
    service.serves.push(place.healthy(Kind::Deployment, "api", 1).key);
    place.put(Object::Endpoint(Box::new(service)));
    place.pass(60);
    let both = ["alert", "crash-loop"];
    assert!(both.iter().all(|rule| place.rules().contains(rule)), "{:?}", place.rules());
}

#[test]
fn an_alert_about_what_is_not_known_stands_under_its_own_name() {
    let mut place = Place::default();
    let elsewhere = Ref { namespace: None, ..place.key(Kind::Node, "db-1") };
    let alert = Alert {
        key: place.key(Kind::Alert, "DiskFull-9d7ba2d7"),
        ..place.alert("DiskFull", Severity::Critical, true, Some(elsewhere))
    };
    place.put(Object::Alert(Box::new(alert)));
    let one = place.only();
    assert_eq!(one.label.as_deref(), Some("DiskFull"));
    assert!(one.evidence.iter().any(|it| it.text.contains("node db-1, which is not known here")), "{:?}", one.evidence);
}

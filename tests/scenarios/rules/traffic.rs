//! Queues, pools, endpoints, alerts.

use super::make::*;
use super::*;

cases! {
    "queue-backed-up", "nobody takes", Some("40,212 waiting, +900/min, no consumer"), |place| {
        queue(place, &[36_612.0, 37_512.0, 38_412.0, 39_312.0, 40_212.0], 0.0);
    }
    "queue-backed-up", "emptied as fast as it fills", None, |place| { queue(place, &[400.0, 410.0, 395.0, 405.0, 400.0], 3.0); }
    "queue-backed-up", "its worker takes from it", None, |place| {
        let worker = place.healthy(Kind::Deployment, "worker", 1);
        place.queue_of(&worker.key, &[400.0; 5]);
    }
    "queue-backed-up", "its worker rests on purpose", None, |place| {
        let worker = place.workload(Kind::Deployment, "worker", 0);
        place.put(Object::Workload(Box::new(worker.clone())));
        place.queue_of(&worker.key, &[400.0; 5]);
    }
    "pool-full", "all in use", Some("all connections in use: 100 of 100; newcomers fail"), |place| { pool(place, 100.0); }
    "pool-full", "half in use", None, |place| { pool(place, 50.0); }
    "endpoint-dead", "nobody behind it", Some("nobody is ready behind it, though shop/web has 1 ready: its ports or its selector do not fit"), |place| {
        let workload = place.healthy(Kind::Deployment, "web", 1);
        let key = place.key(Kind::Endpoint, "www");
        let serves = vec![workload.key];
        place.put(Object::Endpoint(Box::new(Endpoint { key, serves, ready: 0, exposure: Exposure::Yes, pool: false, check: None, not_ready: 0, selector: None })));
        place.look();
        place.pass(60);
    }
    "endpoint-dead", "an endpoint for nobody", None, |place| {
        let key = place.key(Kind::Endpoint, "www");
        place.put(Object::Endpoint(Box::new(Endpoint { key, serves: vec![], ready: 0, exposure: Exposure::Yes, pool: false, check: None, not_ready: 0, selector: None })));
        place.pass(60);
    }
    "alert", "it fires", Some("alert SlowCheckout"), |place| {
        let alert = place.alert("SlowCheckout", Severity::Warning, false, None);
        place.put(Object::Alert(Box::new(alert)));
    }
    "alert", "it is silenced", None, |place| {
        let alert = Alert { state: AlertState::Silenced, ..place.alert("SlowCheckout", Severity::Warning, false, None) };
        place.put(Object::Alert(Box::new(alert)));
    }
    "alert", "another alert speaks for it", None, |place| {
        let alert = Alert { state: AlertState::Inhibited, ..place.alert("SlowCheckout", Severity::Warning, false, None) };
        place.put(Object::Alert(Box::new(alert)));
    }
    "alert", "it only informs", None, |place| {
        let alert = place.alert("TooManyPods", Severity::Advice, false, None);
        place.put(Object::Alert(Box::new(alert)));
    }

    "endpoint-fails", "twice in a row", Some("fails from here: 503 Service Unavailable"), |place| {
        checked(place, &[], |it| it.failing = Some(fails(2)));
    }
    "endpoint-fails", "once", None, |place| { checked(place, &[], |it| it.failing = Some(fails(1))); }
    "endpoint-fails", "it answers", None, |place| { checked(place, &[], |_| ()); }
    "endpoint-slow", "three times as long", Some("answers in 2.4 s, usually in 310 ms"), |place| {
        checked(place, &[], |it| it.slow = Some(Slow { last: 2_400, usual: 310, since: at(-90) }));
    }
    "endpoint-slow", "it fails as well", None, |place| {
        checked(place, &[], |it| {
            (it.slow, it.failing) = (Some(Slow { last: 2_400, usual: 310, since: at(-90) }), Some(fails(2)));
        });
    }
    "endpoint-certificate-ends", "in five days", Some("its certificate ends in 5 d"), |place| { certified(place, 90, 5); }
    "endpoint-certificate-ends", "in a day", Some("its certificate ends in 1 d"), |place| { certified(place, 90, 1); }
    "endpoint-certificate-ends", "in a month", None, |place| { certified(place, 90, 30); }
    "endpoint-certificate-ends", "it is renewed every week", None, |place| { certified(place, 7, 4); }
    "endpoint-certificate-ends", "it was not renewed this week", Some("its certificate ends in 2 d"), |place| { certified(place, 7, 2); }

    "endpoint-dead", "its pods are not ready", Some("nobody is ready behind it: 2 not ready"), |place| {
        service(place, |place, it| {
            it.serves = vec![place.healthy(Kind::Deployment, "web", 2).key];
            it.not_ready = 2;
        });
    }
    "endpoint-dead", "its pods were created just now", None, |place| { just_created(place, 10); }
    "endpoint-dead", "its pods were created a while ago", Some("nobody is ready behind it: 2 not ready"), |place| {
        just_created(place, 20);
    }
    "endpoint-dead", "a port that does not fit",
    Some("nobody is ready behind it, though shop/web has 2 ready: its ports or its selector do not fit"), |place| {
        service(place, |place, it| it.serves = vec![place.healthy(Kind::Deployment, "web", 2).key]);
    }
    "endpoint-dead", "a selector that matches nothing", Some("its selector app=wbe matches no pod"), |place| {
        place.healthy(Kind::Deployment, "web", 2);
        service(place, |_, it| (it.selector, it.exposure) = (Some("app=wbe".into()), Exposure::No));
    }
    "endpoint-dead", "what it selects is scaled to none", None, |place| {
        let mut workload = place.workload(Kind::Deployment, "web", 0);
        workload.labels = vec![("app".into(), "web".into())];
        place.put(Object::Workload(Box::new(workload)));
        service(place, |_, it| it.selector = Some("app=web".into()));
    }
    "endpoint-dead", "addresses that are set by hand", None, |place| { service(place, |_, it| it.selector = None); }
    "endpoint-dead", "a route to a Service that is not there", Some("its backend shop/web does not exist"), |place| {
        way_in(place, Kind::HttpRoute, &["web"]);
    }
    "endpoint-dead", "an Ingress to a Service that is not there", Some("its backend shop/web does not exist"), |place| {
        ingress(place, &["web"]);
    }
    "endpoint-dead", "an Ingress to a Service that stands for a name elsewhere", None, |place| {
        let key = place.key(Kind::Endpoint, "web");
        place.put(Object::Endpoint(Box::new(Endpoint { key, serves: Vec::new(), ready: 0, not_ready: 0, selector: None, exposure: Exposure::Yes, pool: false, check: None })));
        ingress(place, &["web"]);
    }
    "endpoint-dead", "an Ingress that leads to no Service on purpose", None, |place| { ingress(place, &[]); }
    "endpoint-dead", "an Ingress to a Service that is", None, |place| {
        let key = place.key(Kind::Endpoint, "web");
        let serves = vec![place.healthy(Kind::Deployment, "web", 1).key];
        place.put(Object::Endpoint(Box::new(Endpoint { key, serves, ready: 1, not_ready: 0, selector: Some("app=web".into()), exposure: Exposure::No, pool: false, check: None })));
        ingress(place, &["web"]);
    }

    "endpoint-dead", "Services may not be read", None, |place| {
        place.trouble("endpoints", TroubleKind::Forbidden);
        ingress(place, &["web"]);
    }
    "endpoint-dead", "addresses may not be read", None, |place| {
        place.trouble("endpointslices", TroubleKind::Forbidden);
        service(place, |place, it| it.serves = vec![place.healthy(Kind::Deployment, "web", 2).key]);
    }
}

fn fails(times: u32) -> Failing {
    Failing { times, since: at(-60), why: "503 Service Unavailable".into() }
}

/// An endpoint that the settings name, and what came of asking it.
fn checked(place: &mut Place, serves: &[Ref], with: impl FnOnce(&mut Check)) {
    let mut check = Check { asks: "GET https://shop.example".into(), failing: None, slow: None, certificate: None };
    with(&mut check);
    let key = Ref { namespace: None, ..place.key(Kind::Check, "shop") };
    let (serves, selector, exposure) = (serves.to_vec(), None, Exposure::Yes);
    let check = Some(Box::new(check));
    place.put(Object::Endpoint(Box::new(Endpoint {
        key,
        serves,
        ready: 0,
        not_ready: 0,
        selector,
        exposure,
        pool: false,
        check,
    })));
}

/// One whose certificate is good for so many days, and has so many left.
fn certified(place: &mut Place, lasts: i64, left: i64) {
    let days = |days: i64| at(days * 86_400);
    checked(place, &[], |it| it.certificate = Some((days(left - lasts), days(left))));
}

use super::make::*;
use super::*;

cases! {
    "queue-backed-up", "nobody takes", Some("40,212 waiting, +900/min, no consumer"), |place| {
        queue(place, &[36_612.0, 37_512.0, 38_412.0, 39_312.0, 40_212.0], 0.0);
    }
    "queue-backed-up", "emptied as fast as it fills", None, |place| { queue(place, &[400.0, 410.0, 395.0, 405.0, 400.0], 3.0); }
    "pool-full", "all in use", Some("all connections in use: 100 of 100; newcomers fail"), |place| { pool(place, 100.0); }
    "pool-full", "half in use", None, |place| { pool(place, 50.0); }
    "endpoint-dead", "nobody behind it", Some("nobody is ready behind it"), |place| {
        let workload = place.healthy(Kind::Deployment, "web", 1);
        let key = place.key(Kind::Endpoint, "www");
        let serves = vec![workload.key];
        place.put(Object::Endpoint(Box::new(Endpoint { key, serves, ready: 0, exposure: Exposure::Yes, pool: false, not_ready: 0, selector: None })));
        place.look();
        place.pass(60);
    }
    "endpoint-dead", "an endpoint for nobody", None, |place| {
        let key = place.key(Kind::Endpoint, "www");
        place.put(Object::Endpoint(Box::new(Endpoint { key, serves: vec![], ready: 0, exposure: Exposure::Yes, pool: false, not_ready: 0, selector: None })));
        place.pass(60);
    }
    "volume-unbound", "pending", Some("waits to be made: no provisioner"), |place| { volume(place, "pending"); place.look(); place.pass(180); }
    "volume-unbound", "bound", None, |place| { volume(place, "bound"); place.look(); place.pass(180); }
    "alert", "it fires", Some("alert SlowCheckout"), |place| {
        let alert = place.alert("SlowCheckout", Severity::Warning, false, None);
        place.put(Object::Alert(Box::new(alert)));
    }
    "alert", "it is silenced", None, |place| {
        let alert = Alert { state: AlertState::Silenced, ..place.alert("SlowCheckout", Severity::Warning, false, None) };
        place.put(Object::Alert(Box::new(alert)));
    }
}

//! What keeps workloads as a repository has them.

use super::make::*;
use super::*;

cases! {
    "sync-failed", "a manifest is refused", Some("its last sync failed: one or more objects failed to apply (tried again 5 times)"), |place| {
        application(place, |it| {
            it.sync = Some("OutOfSync".into());
            (it.failed, it.failed_at) = (Some("one or more objects failed to apply (tried again 5 times)".into()), Some(at(-600)));
        });
    }
    "sync-failed", "the repository is not there", Some("cannot be compared with its repository: repository not found"), |place| {
        application(place, |it| (it.sync, it.error) = (Some("Unknown".into()), Some("repository not found".into())));
    }
    "sync-failed", "an old failure of what is in order by now", None, |place| {
        application(place, |it| (it.failed, it.failed_at) = (Some("hook failed".into()), Some(at(-2 * 86_400))));
    }

    "application-unwell", "degraded", Some("degraded: Ingress shop/front: no address"), |place| {
        application(place, |it| {
            (it.health, it.health_since) = (Some("Degraded".into()), Some(at(-600)));
            it.unwell = vec!["Ingress shop/front: no address".into()];
        });
    }
    "application-unwell", "a rollout is under way", None, |place| {
        application(place, |it| it.health = Some("Progressing".into()));
    }

    "out-of-sync", "though it syncs by itself", Some("differs from its repository in 2 objects, Service shop/web first, though it syncs by itself"), |place| {
        application(place, |it| {
            (it.sync, it.differing) = (Some("OutOfSync".into()), 2);
            it.differs = vec!["Service shop/web".into(), "Deployment shop/web".into()];
        });
    }
    "out-of-sync", "it is being synced", None, |place| {
        application(place, |it| (it.sync, it.syncing) = (Some("OutOfSync".into()), true));
    }
    "out-of-sync", "in order", None, |place| { application(place, |_| {}); }
}

#[test]
fn what_an_application_says_of_a_workload_with_an_incident_is_a_symptom_of_that() {
    let mut place = Place::default();
    let web = waits(&mut place, "web", "CreateContainerConfigError", "secret \"web\" not found");
    let mut key = web.key.clone();
    (key.kind, key.name) = (Kind::Application, "shop".into());
    let keeps = vec![web.key.clone()];
    application(&mut place, |it| (it.health, it.keeps) = (Some("Degraded".into()), keeps));
    place.pass(minutes(10));
    let it = place.only();
    assert_eq!((&it.subject, it.rule), (&web.key, "cannot-start"));
    assert!(it.symptoms.iter().any(|it| it.rule == "application-unwell" && it.about == key), "{:#?}", it.symptoms);
}

#[test]
fn what_somebody_syncs_by_hand_may_wait_for_them() {
    let mut place = Place::default();
    application(&mut place, |it| (it.sync, it.automated) = (Some("OutOfSync".into()), false));
    place.pass(minutes(20));
    assert_eq!(place.only().severity, Severity::Advice);
}

#[test]
fn by_itself_it_is_never_more_than_a_risk() {
    let mut place = Place::default();
    application(&mut place, |it| it.health = Some("Missing".into()));
    place.pass(minutes(10));
    assert_eq!(place.only().severity, Severity::Risk);
}

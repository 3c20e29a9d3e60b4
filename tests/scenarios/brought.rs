//! What changed just before something began is said beside it.

use cockpit::domain::*;

use super::place::*;
use super::rules::make;

/// A rollout of a new revision that does not get on.
fn stuck(place: &mut Place) -> Workload {
    let mut workload = make::rollout(place, Kind::Deployment, 3, 3, RolloutPhase::Progressing, |_| {});
    workload.revision = Some(Revision { id: "42".into(), images: Vec::new(), at: Some(at(-720)), by: None });
    place.put(Object::Workload(Box::new(workload.clone())));
    workload
}

fn evidence(place: &mut Place, source: &str) -> Vec<String> {
    let of = place.only().evidence;
    of.iter().filter(|it| it.source == source).map(|it| it.text.to_string()).collect()
}

fn answer(place: &mut Place, want: &Want, answer: Answer) {
    place.tell(vec![Fact::Answered(want.clone(), answer)]);
}

fn config(place: &mut Place, created: i64, changed: i64) {
    let key = place.key(Kind::ConfigMap, "app");
    let by = Some("kubectl-edit".into());
    let config = Config { key, created: Some(at(created)), changed: Some(at(changed)), by };
    place.put(Object::Config(Box::new(config)));
}

/// A workload that needs a ConfigMap and crashes since three minutes.
fn crashing(place: &mut Place) {
    let instance = make::looping(place, |it| it.last_exit = Some(exit(1, ExitReason::Error, 20, 5)));
    let mut workload = place.workload(Kind::Deployment, "api", 1);
    let on = place.key(Kind::ConfigMap, "app");
    workload.depends_on = vec![Dependency { on, kind: DependencyKind::ConfiguredBy, via: "envFrom".into() }];
    place.put(Object::Workload(Box::new(workload)));
    place.put(Object::Instance(Box::new(instance)));
}

#[test]
fn where_going_back_is_offered_it_is_asked_and_said_what_that_takes_back() {
    let mut place = Place::default();
    let workload = stuck(&mut place);
    place.look();
    let want = Change::of(&workload).expect("its server keeps revisions");
    assert!(place.diagnosis.wants().contains(&want));
    assert!(evidence(&mut place, "template").is_empty(), "nothing is said before it is known");
    let image = How::Changed(Some(("shop/api:2.8.4".into(), "2.9.0".into())));
    let differences = vec![
        Difference { what: "main image".into(), how: image },
        Difference { what: "main env DB_URL".into(), how: How::Changed(None) },
    ];
    let (at, by) = (Some(at(-720)), Some("helm release shop".into()));
    let change = Change { from: "41".into(), to: "42".into(), at, by, differences };
    answer(&mut place, &want, Answer::Changed(Box::new(change)));
    assert_eq!(
        evidence(&mut place, "template"),
        ["revision 42 by helm release shop: main image shop/api:2.8.4 → 2.9.0; main env DB_URL changed"]
    );
}

#[test]
fn what_cannot_be_had_is_not_evidence() {
    let mut place = Place::default();
    let workload = stuck(&mut place);
    let want = Change::of(&workload).expect("its server keeps revisions");
    answer(&mut place, &want, Answer::Failed("no revision before it is kept".into()));
    assert!(evidence(&mut place, "template").is_empty());
}

#[test]
fn what_no_change_brought_asks_for_none() {
    let mut place = Place::default();
    crashing(&mut place);
    place.only();
    assert!(!place.diagnosis.wants().iter().any(|want| matches!(want, Want::Change { .. })));
    // And nobody keeps the templates of a Compose service.
    let compose = place.workload(Kind::ComposeService, "api", 1);
    assert_eq!(Change::of(&compose), None);
}

#[test]
fn configuration_that_was_changed_shortly_before_is_said() {
    let mut place = Place::default();
    config(&mut place, -86_400, -240);
    crashing(&mut place);
    assert_eq!(evidence(&mut place, "changed"), ["ConfigMap shop/app was changed by kubectl-edit"]);
}

#[test]
fn configuration_that_is_new_old_or_changed_since_is_not() {
    for (created, changed) in [(-240, -240), (-86_400, -7200), (-86_400, -1)] {
        let mut place = Place::default();
        config(&mut place, created, changed);
        crashing(&mut place);
        assert!(evidence(&mut place, "changed").is_empty(), "{changed}");
    }
}

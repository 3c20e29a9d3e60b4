use super::*;

const NOON: i64 = 1_700_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOON + seconds).expect("in range")
}

fn stuck() -> Weight {
    let rule = "rollout-stuck".into();
    Weight { severity: Severity::Warning, tier: Tier::Stuck, rule, reach: 1, users: false, revision: Some("42".into()) }
}

fn said(people: &mut People, by: &str, when: i64, saying: Saying) -> People {
    people.say(&"1".into(), (&ClusterId::new("prod"), "shop/api".into()), saying, &by.into(), at(when))
}

fn snoozed(until: SnoozedUntil, when: Weight) -> People {
    let mut people = People::default();
    said(&mut people, "anna", 0, Saying::Fold(Fold::Snoozed(until, when)));
    people
}

fn is_folded(people: &People, weight: &Weight, when: i64) -> bool {
    matches!(people.stand(&"1".into(), || weight.clone(), at(when)), Stand::Folded(_))
}

fn came_back(people: &People, weight: &Weight) -> Option<&'static str> {
    match people.stand(&"1".into(), || weight.clone(), at(60)) {
        Stand::Back(why, _) => Some(why),
        _ => None,
    }
}

#[test]
fn a_snooze_lasts_until_its_time_and_no_longer() {
    let people = snoozed(SnoozedUntil::Time(at(3600)), stuck());
    assert!(is_folded(&people, &stuck(), 3599));
    assert_eq!(people.stand(&"1".into(), stuck, at(3600)), Stand::Listed);
    assert_eq!(people.next_deadline(at(60)), Some(at(3600)));
    assert_eq!(people.next_deadline(at(3600)), None);
    assert_eq!(people.stand(&"2".into(), stuck, at(60)), Stand::Listed, "nobody spoke of that one");
}

#[test]
fn what_grows_comes_back_whatever_it_was_snoozed_for_and_says_why() {
    let grown = [
        (Weight { tier: Tier::Capacity, ..stuck() }, "worse than when"),
        (Weight { severity: Severity::Critical, ..stuck() }, "worse than when"),
        (Weight { rule: "image-missing".into(), ..stuck() }, "of another cause than when"),
        (Weight { reach: 2, ..stuck() }, "reaching further than when"),
        (Weight { users: true, ..stuck() }, "reaching further than when"),
    ];
    for until in [SnoozedUntil::Time(at(9999)), SnoozedUntil::Worse, SnoozedUntil::Deploy] {
        let people = snoozed(until, stuck());
        grown.iter().for_each(|(weight, why)| assert_eq!(came_back(&people, weight), Some(*why)));
    }
    let mut accepted = People::default();
    said(&mut accepted, "anna", 0, Saying::Fold(Fold::Accepted("known".into(), stuck())));
    grown.iter().for_each(|(weight, why)| assert_eq!(came_back(&accepted, weight), Some(*why)));
}

#[test]
fn what_gets_better_stays_folded() {
    let people = snoozed(SnoozedUntil::Worse, Weight { tier: Tier::Capacity, reach: 4, users: true, ..stuck() });
    assert!(is_folded(&people, &stuck(), 90 * 24 * 3600));
}

#[test]
fn what_has_come_back_stays_until_it_is_folded_anew() {
    let mut people = snoozed(SnoozedUntil::Worse, stuck());
    people.stays_back(&"1".into(), "worse than when");
    assert_eq!(came_back(&people, &stuck()), Some("worse than when"));
    said(&mut people, "anna", 5, Saying::Fold(Fold::Snoozed(SnoozedUntil::Worse, stuck())));
    assert!(is_folded(&people, &stuck(), 60));
}

#[test]
fn a_deploy_ends_only_what_was_snoozed_until_the_next_one() {
    let deployed = Weight { revision: Some("43".into()), ..stuck() };
    assert_eq!(came_back(&snoozed(SnoozedUntil::Deploy, stuck()), &deployed), Some("deployed since"));
    assert!(is_folded(&snoozed(SnoozedUntil::Deploy, stuck()), &stuck(), 60));
    assert!(is_folded(&snoozed(SnoozedUntil::Worse, stuck()), &deployed, 60));
}

#[test]
fn what_hurts_users_is_snoozed_for_an_hour_at_most_and_that_is_said() {
    let hurt = Weight { tier: Tier::UsersHurt, severity: Severity::Critical, ..stuck() };
    let why = |until| refused(&Fold::Snoozed(until, hurt.clone()), at(0)).map(|why| why.to_string());
    assert_eq!(why(SnoozedUntil::Time(at(3600))), None);
    for until in [SnoozedUntil::Time(at(3601)), SnoozedUntil::Worse, SnoozedUntil::Deploy] {
        assert!(why(until.clone()).is_some_and(|why| why.contains("an hour at most")));
        let people = snoozed(until, hurt.clone());
        assert!(is_folded(&people, &hurt, 3599));
        assert!(!is_folded(&people, &hurt, 3600), "also where a file says otherwise");
        assert_eq!(people.next_deadline(at(0)), Some(at(3600)));
    }
    assert_eq!(refused(&Fold::Snoozed(SnoozedUntil::Worse, stuck()), at(0)), None);
    let nameless = Weight { revision: None, ..stuck() };
    assert!(refused(&Fold::Snoozed(SnoozedUntil::Deploy, nameless), at(0)).is_some());
}

#[test]
fn what_hurts_users_is_not_accepted_and_does_not_stay_so_where_a_file_says_it() {
    let hurt = Weight { tier: Tier::UsersHurt, severity: Severity::Critical, ..stuck() };
    let accepted = Fold::Accepted("so be it".into(), hurt.clone());
    assert!(refused(&accepted, at(0)).is_some_and(|why| why.contains("an hour at most")));
    assert_eq!(refused(&Fold::Accepted("so be it".into(), stuck()), at(0)), None);
    let mut people = People::default();
    said(&mut people, "anna", 0, Saying::Fold(accepted));
    assert!(is_folded(&people, &hurt, 3599) && !is_folded(&people, &hurt, 3600));
}

#[test]
fn what_is_taken_or_noted_can_be_given_back() {
    let mut people = People::default();
    said(&mut people, "anna", 0, Saying::Taken(true));
    said(&mut people, "bob", 0, Saying::Note("disk is ordered".into()));
    let entry = people.of(&"1".into()).expect("said");
    assert_eq!(entry.taken_by().map(|(who, _)| who.as_str()), Some("anna"));
    assert_eq!(entry.noted().map(|mark| mark.said.as_str()), Some("disk is ordered"));
    said(&mut people, "anna", 0, Saying::Taken(false));
    said(&mut people, "anna", 0, Saying::Note("".into()));
    let entry = people.of(&"1".into()).expect("said");
    assert_eq!((entry.taken_by(), entry.noted()), (None, None), "also within one instant");
}

#[test]
fn two_who_hear_the_same_in_another_order_agree_and_the_newer_wins() {
    let mut common = People::default();
    said(&mut common, "anna", 0, Saying::Taken(true));
    let (mut one, mut other) = (common.clone(), common);
    let from_one = said(&mut one, "anna", 10, Saying::Fold(Fold::Snoozed(SnoozedUntil::Worse, stuck())));
    let from_other = said(&mut other, "bob", 10, Saying::Fold(Fold::Listed));
    let note = said(&mut other, "bob", 20, Saying::Note("mine".into()));
    one.merge(&note);
    one.merge(&from_other);
    other.merge(&from_one);
    assert_eq!(one, other);
    let newer = said(&mut one, "anna", 30, Saying::Taken(false));
    other.merge(&newer);
    other.merge(&newer);
    assert_eq!(one, other);
    assert_eq!(one.of(&"1".into()).and_then(Entry::taken_by), None);
}

#[test]
fn what_is_old_is_forgotten_once_its_incident_is_gone() {
    let mut people = snoozed(SnoozedUntil::Worse, stuck());
    let gone = |_: &Name, cluster: &ClusterId| cluster.as_str() == "prod";
    assert!(people.forgotten(at(KEPT), gone).is_empty(), "it is not old yet");
    assert!(people.forgotten(at(KEPT + 1), |_, _| false).is_empty(), "it is there, or its cluster is not read");
    let over = people.forgotten(at(KEPT + 1), gone);
    people.forget(&over);
    assert!(people.is_empty());
}

#[test]
fn what_was_said_is_read_as_it_was_written() {
    let mut people = snoozed(SnoozedUntil::Time(at(60)), stuck());
    said(&mut people, "bob", 5, Saying::Note("later".into()));
    let written = serde_json::to_string(&people).expect("written");
    assert_eq!(serde_json::from_str::<People>(&written).expect("read"), people);
}

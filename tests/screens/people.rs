//! What people said of incidents, as it is shown.

use cockpit::diagnose::Incident;
use cockpit::domain::people::{Fold, Saying, SnoozedUntil};
use cockpit::domain::{People, Text, Tier};
use cockpit::ui::{Asks, CaseFile, CaseTab, Input, Layer, Overlay, Pane, Prompt, RowKey};

use super::night::{self, ago};
use super::stage::Stage;

const SIZES: [(u16, u16); 4] = [(40, 10), (80, 24), (120, 40), (200, 60)];

/// The first incident is taken and noted, the second is back, the third accepted, the fourth snoozed.
fn said(size: (u16, u16)) -> Stage {
    let mut stage = Stage::of(night::night(), size);
    let mut people = People::default();
    let view = stage.core.view(stage.now);
    let mut say = |incident: &Incident, saying: Saying, by: &str, minutes: i64| {
        let of = (&incident.subject.cluster, Text::from(incident.subject.local()));
        people.say(&incident.id, of, saying, &by.into(), ago(minutes));
    };
    let morning = stage.now.checked_add(jiff::SignedDuration::from_hours(6)).expect("in range");
    if let [first, second, third, fourth, ..] = stage.core.diagnosis().incidents() {
        say(first, Saying::Taken(true), "anna@bastion", 12);
        say(first, Saying::Note("the limit goes up with 2.9.1; asked shop".into()), "bob@laptop", 9);
        let mut lighter = second.weight(&view);
        lighter.tier = Tier::Risk;
        say(second, Saying::Fold(Fold::Snoozed(SnoozedUntil::Worse, lighter)), "anna@bastion", 50);
        let accepted = Fold::Accepted("the board is ordered".into(), third.weight(&view));
        say(third, Saying::Fold(accepted), "bob@laptop", 90);
        let snoozed = Fold::Snoozed(SnoozedUntil::Time(morning), fourth.weight(&view));
        say(fourth, Saying::Fold(snoozed), "anna@bastion", 5);
    }
    stage.people = people;
    stage.at(Pane::Triage)
}

#[test]
fn what_was_said_stands_in_the_rows_and_what_is_folded_is_counted() {
    for size in SIZES {
        insta::assert_snapshot!(format!("people-{}x{}", size.0, size.1), said(size).text());
    }
}

#[test]
fn the_line_that_counts_names_them_and_its_rows_unfold() {
    let stage = said((120, 40));
    let last = stage.screen.home.lists[&Pane::Triage].order.len() - 1;
    insta::assert_snapshot!("people-counted-120x40", stage.select(last).text());
    let mut stage = said((120, 40));
    stage.screen.home.filter = Some("folded".into());
    insta::assert_snapshot!("people-unfolded-120x40", stage.at(Pane::Triage).text());
}

#[test]
fn a_case_file_tells_all_that_was_said() {
    for (ix, what) in ["noted", "back", "accepted"].into_iter().enumerate() {
        let mut stage = said((80, 24));
        let of = RowKey::Incident(stage.core.diagnosis().incidents()[ix].id.clone());
        stage.screen.layers.push(Layer::Case(CaseFile::new(of, CaseTab::Why)));
        insta::assert_snapshot!(format!("people-case-{what}-80x24"), stage.text());
    }
}

#[test]
fn reasons_and_notes_are_asked_for_in_a_field() {
    let mut stage = said((80, 24));
    let incident = &stage.core.diagnosis().incidents()[0];
    let (id, target) = (incident.id.clone(), incident.subject.clone());
    let text = "known until the new release".to_owned();
    stage.screen.overlay = Some(Overlay::Prompt(Prompt {
        title: "Accept shop/worker (prod), because".into(),
        input: Input { cursor: text.len(), text },
        error: None,
        target,
        asks: Asks::Reason(id),
    }));
    insta::assert_snapshot!("people-reason-80x24", stage.text());
}

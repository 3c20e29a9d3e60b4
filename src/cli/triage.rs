//! `cockpit triage`: the list once, on stdout.

use std::process::ExitCode;

use crate::backend::replay;
use crate::diagnose::IncidentState;

use super::args::{Threshold, Triage};
use super::failure::Failure;
use super::headless::{Known, Learning, learn, learn_recorded, not_played};
use super::listing::listing;
use super::output::{print, style};
use super::report::Report;
use super::session::Session;
use super::watch::Live;

/// What was met decides before what could not be read: a program that asks for a threshold wants to hear of it.
const THRESHOLD_MET: u8 = 3;
const NOT_ALL_READ: u8 = 1;

/// Learns, prints, and says by its status what was found.
///
/// # Errors
/// There is nothing to read; the output or the recording cannot be written.
pub fn run(options: &Triage, session: Session) -> Result<ExitCode, Failure> {
    let (mut known, unwatched) = know(options, &session)?;
    known.people = super::people::said(&session);
    let report = Report::new(&known, options.advice);
    let status = status(options, &known, report.complete);
    let text = match options.json {
        true => serde_json::to_string(&report)
            .map(|json| json + "\n")
            .map_err(|error| Failure::new("the report cannot be written").why(error))?,
        false => listing(&known, &unwatched, options, style(session.ascii(), session.mono())),
    };
    print(&text)?;
    Ok(ExitCode::from(status))
}

/// What there is to know, with what the journal tells.
///
/// # Errors
/// There is nothing to read.
pub(super) fn know(options: &Triage, session: &Session) -> Result<(Known, Vec<crate::domain::Text>), Failure> {
    let mut learning = Learning {
        settings: session.config.diagnosis.clone(),
        guard: session.guard(),
        tap: None,
        wait: options.wait,
        once: true,
        stamps: None,
    };
    if let Some(file) = &session.common.replay {
        let recording = replay::Reader::open(file).map_err(not_played)?;
        return Ok((learn_recorded(recording, learning)?, Vec::new()));
    }
    let Live { targets, unwatched, stamps, .. } = session.live()?;
    let clusters: Vec<_> = targets.iter().map(|target| (target.cluster.clone(), target.kind)).collect();
    learning.tap = session.recorder(&clusters)?;
    learning.stamps = stamps;
    let journal = super::people::hear(session);
    let mut known = learn(targets, learning)?;
    journal.tell(&mut known);
    Ok((known, unwatched))
}

fn status(options: &Triage, known: &Known, complete: bool) -> u8 {
    let mut open = known.listed(options.all).filter(|it| !matches!(it.state, IncidentState::Recovered(_)));
    let met = |threshold: Threshold| open.any(|it| threshold.met_by(it.severity));
    match options.fail_on.is_some_and(met) {
        true => THRESHOLD_MET,
        false if complete => 0,
        false => NOT_ALL_READ,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Guard;
    use crate::cli::listing::Style;
    use crate::diagnose::Settings;
    use crate::domain::people::{Fold, People, Saying, SnoozedUntil};
    use crate::domain::{
        BackendKind, Batch, ClusterId, Fact, Kind, Node, NodeState, Object, Ref, Source, Text, Timestamp,
    };
    use crate::engine::Core;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).expect("in range")
    }

    /// Two nodes are down: the first is folded so, by anna.
    fn known(fold: impl FnOnce(&Known) -> Fold) -> Known {
        let cluster = ClusterId::new("prod");
        let nodes = || Source::of("nodes");
        let node = |n: u32| {
            let key = Ref::new(&cluster, Kind::Node, None, format!("node-{n}"));
            Fact::Put(nodes(), Object::Node(Box::new(Node::new(key, format!("uid-{n}"), NodeState::Down))))
        };
        let mut core = Core::new(Settings::default(), Guard::default(), std::slice::from_ref(&cluster), at(0));
        let facts = vec![Fact::Listing(nodes(), None), node(1), node(2), Fact::Listed(nodes())];
        core.fold(Batch { cluster: cluster.clone(), at: at(0), facts });
        core.settle_now(at(0));
        core.fold(Batch { cluster: cluster.clone(), at: at(120), facts: vec![Fact::Alive(nodes())] });
        core.settle_now(at(120));
        let clusters = vec![(cluster.clone(), BackendKind::Kubernetes)];
        let mut known = Known { core, now: at(120), timed_out: false, clusters, people: People::default() };
        let fold = Saying::Fold(fold(&known));
        let id = known.core.diagnosis().incidents()[0].id.clone();
        known.people.say(&id, (&cluster, "node-1".into()), fold, &Text::new("anna@bastion"), at(100));
        known
    }

    fn weight(known: &Known) -> crate::domain::people::Weight {
        known.core.diagnosis().incidents()[0].weight(&known.core.view(known.now))
    }

    fn options(all: bool) -> Triage {
        let wait = std::time::Duration::ZERO;
        Triage { json: false, wait, fail_on: Some(Threshold::Warning), advice: false, all }
    }

    fn text(known: &Known, all: bool) -> String {
        listing(known, &[], &options(all), Style::default())
    }

    #[test]
    fn what_people_folded_is_counted_and_listed_only_with_all() {
        let known = known(|known| Fold::Snoozed(SnoozedUntil::Time(at(600)), weight(known)));
        let (some, all) = (text(&known, false), text(&known, true));
        assert!(!some.contains("node-1") && some.contains("node-2"), "{some}");
        assert!(some.contains("1 incident not listed: snoozed or accepted; --all lists them."), "{some}");
        assert!(all.contains("node-1") && all.contains("snoozed by anna@bastion: "), "{all}");
        assert!(!all.contains("not listed"), "{all}");
        assert_eq!(known.listed(false).count(), 1);
    }

    #[test]
    fn what_grew_is_listed_and_says_why() {
        let lighter =
            |known: &Known| crate::domain::people::Weight { tier: crate::domain::Tier::Risk, ..weight(known) };
        let known = known(|known| Fold::Accepted("old".into(), lighter(known)));
        let text = text(&known, false);
        assert!(text.contains("worse than when it was accepted: ") && !text.contains("not listed"), "{text}");
    }

    #[test]
    fn the_json_lists_everything_and_says_what_is_folded() {
        let snoozed = known(|known| Fold::Snoozed(SnoozedUntil::Time(at(600)), weight(known)));
        let json = serde_json::to_value(Report::new(&snoozed, false)).expect("json");
        let [first, second] = &json["incidents"].as_array().expect("a list")[..] else { panic!("{json}") };
        assert_eq!((&first["folded"], &first["snoozed_until"]), (&"snoozed".into(), &"2023-11-14T22:23:20Z".into()));
        assert!(second["folded"].is_null() && second["snoozed_until"].is_null(), "{second}");
        let accepted = known(|known| Fold::Accepted("it is old".into(), weight(known)));
        let json = serde_json::to_value(Report::new(&accepted, false)).expect("json");
        let first = &json["incidents"][0];
        assert_eq!((&first["folded"], &first["accepted_because"]), (&"accepted".into(), &"it is old".into()));
    }

    #[test]
    fn a_threshold_is_not_met_by_what_is_folded_unless_all_counts() {
        let mut known = known(|known| Fold::Accepted("it is old".into(), weight(known)));
        assert_eq!(status(&options(false), &known, true), THRESHOLD_MET, "the other one is not folded");
        let other = known.core.diagnosis().incidents()[1].clone();
        let fold = Saying::Fold(Fold::Accepted("too".into(), other.weight(&known.core.view(known.now))));
        known.people.say(&other.id, (&other.subject.cluster, "node-2".into()), fold, &Text::new("anna"), at(100));
        assert_eq!(status(&options(false), &known, true), 0);
        assert_eq!(status(&options(true), &known, true), THRESHOLD_MET);
    }
}

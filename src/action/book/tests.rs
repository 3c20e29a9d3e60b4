use super::*;
use crate::domain::journal::Lease;
use crate::domain::{BackendKind, Batch, ClusterId, ClusterInfo, Fact, Grade, Object, Source, StepState};
use crate::state::World;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + seconds).expect("in range")
}

fn node() -> Ref {
    "prod/-/Node/node-7".parse().expect("a ref")
}

fn plan() -> Plan {
    Plan {
        inverse: Some(Intent::Uncordon(node())),
        ..Plan::new(Intent::Cordon(node()), "Cordon node-7 (prod)", Grade::Harmless, Vec::new(), at(0))
    }
}

fn theirs(id: u64, began: i64, lapsed: bool) -> Entry {
    let lease = Lease { host: "h".into(), boot: "b".into(), pid: 1, birth: 1, beat: 0, lapsed };
    let run = Run { steps: vec![StepState::Waiting], ..Run::new(id, plan(), at(began)) };
    Entry {
        by: Person::named("cleo@bastion"),
        taken_by: None,
        between: Vec::new(),
        reason: None,
        run,
        version: 1,
        lease: Some(lease),
    }
}

fn hear(book: &mut RunBook, entry: Entry) {
    book.hear(&News { entries: vec![entry], ..News::default() });
}

#[test]
fn each_thing_of_several_is_under_way_and_has_its_way_back() {
    let other: Ref = "prod/-/Node/node-8".parse().expect("a ref");
    let several = |make: fn(Ref) -> Intent| Intent::several([make(node()), make(other.clone())]);
    let both = several(Intent::Cordon).expect("two");
    let plan = Plan { inverse: several(Intent::Uncordon), ..Plan::new(both, "", Grade::Harmless, Vec::new(), at(0)) };
    let mut book = RunBook::default();
    let mut entry = theirs(9, 0, false);
    entry.run.plan = plan;
    hear(&mut book, entry.clone());
    assert!(book.under_way(&node()).is_some() && book.under_way(&other).is_some());
    entry.run.outcome = Some((at(5), Outcome::Done));
    entry.version += 1;
    hear(&mut book, entry);
    assert!(book.under_way(&other).is_none());
    assert_eq!(book.undoable(&other).next().map(|undo| undo.inverse.clone()), several(Intent::Uncordon));
}

#[test]
fn an_own_run_names_as_whom_its_cluster_knows_the_person() {
    let cluster = ClusterId::new("prod");
    let login = Some(Text::new("oncall (context prod)"));
    let info = ClusterInfo { login: login.clone(), ..ClusterInfo::new(&cluster, BackendKind::Kubernetes, "id") };
    let mut world = World::default();
    let facts = vec![Fact::Put(Source::of("cluster"), Object::Cluster(Box::new(info)))];
    world.fold(Batch { cluster, at: at(0), facts });
    let mut book = RunBook::of(Person::named("anna@bastion"), Numbers::default());
    let (id, _) = book.start(plan(), &world.view(at(1)));
    let by = book.entry(id).expect("its entry").by;
    assert_eq!((by.name.as_str(), by.credential), ("anna@bastion", login));
    assert_eq!(book.me().credential, None, "elsewhere it may be another");
}

#[test]
fn ids_of_two_cockpits_differ_and_grow_with_time() {
    let (mut one, mut other) = (Numbers::shared(3), Numbers::shared(u64::MAX));
    let mut all: Vec<u64> = (0..3).flat_map(|s| [one.next(at(s)), one.next(at(s)), other.next(at(s))]).collect();
    let (first, last) = (all[0], all[8]);
    assert!(first < last && i64::try_from(last).is_ok(), "they fit a database's numbers");
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 9);
    let mut alone = Numbers::default();
    assert_eq!([alone.next(at(0)), alone.next(at(0))], [1, 2]);
}

#[test]
fn a_clock_that_goes_back_gives_no_id_twice() {
    let mut numbers = Numbers::shared(3);
    let first = numbers.next(at(100));
    assert!(numbers.next(at(0)) > first);
}

#[test]
fn an_own_run_is_known_better_here_than_in_the_journal() {
    let world = World::default();
    let mut book = RunBook::default();
    let (id, _) = book.start(plan(), &world.view(at(0)));
    let mine = book.entry(id).expect("an entry");
    let stale = Entry { version: 0, by: Person::named("nobody"), ..mine };
    hear(&mut book, stale);
    assert_eq!(book.history().len(), 1);
    assert_eq!(book.known(id).map(|known| known.by.name.clone()), Some("somebody".into()));
}

#[test]
fn an_older_form_of_an_entry_is_not_taken_for_news() {
    let mut book = RunBook::default();
    let ended = Entry { version: 5, lease: None, ..theirs(9, 0, false) };
    let ended = Entry { run: Run { outcome: Some((at(1), Outcome::Done)), ..ended.run.clone() }, ..ended };
    hear(&mut book, ended);
    hear(&mut book, theirs(9, 0, false));
    assert!(book.under_way(&node()).is_none());
}

#[test]
fn what_others_are_busy_with_is_under_way_until_it_was_left() {
    let mut book = RunBook::default();
    hear(&mut book, theirs(9, 0, false));
    let key = node();
    assert!(book.under_way(&key).is_some() && book.abandoned(&key).is_none());
    assert_eq!(book.undoable(&key).count(), 0, "it is not over");
    hear(&mut book, theirs(9, 0, true));
    assert!(book.under_way(&key).is_none() && book.abandoned(&key).is_some());
    assert_eq!(book.undoable(&key).count(), 1, "it can be put back");
}

#[test]
fn the_newest_is_first_whoever_did_it() {
    let world = World::default();
    let mut book = RunBook::default();
    hear(&mut book, theirs(9, -10, true));
    let (id, _) = book.start(plan(), &world.view(at(0)));
    hear(&mut book, theirs(8, 5, true));
    assert_eq!(book.history().iter().map(|known| known.run.id).collect::<Vec<_>>(), [8, id, 9]);
    let who: Vec<String> = book.history().iter().map(|known| known.who(book.me())).collect();
    assert_eq!(who, ["cleo", "you", "cleo"]);
}

#[test]
fn what_could_not_be_written_is_owed_until_it_can_be() {
    let world = World::default();
    let mut book = RunBook::default();
    let (id, _) = book.start(plan(), &world.view(at(0)));
    assert_eq!(book.take_unwritten().len(), 1);
    book.owe(id);
    book.hear(&News { unwritable: Some("full".into()), ..News::default() });
    assert!(book.take_unwritten().is_empty(), "not while it cannot be");
    book.hear(&News::default());
    assert_eq!(book.take_unwritten().len(), 1);
}

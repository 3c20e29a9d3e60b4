use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use super::*;
use crate::domain::{Grade, Intent, Outcome, Pin, Plan, Ref, Run, Seen, Step, StepAction, StepState, Until};

fn key(name: &str) -> Ref {
    format!("prod/-/Node/{name}").parse().expect("a ref")
}

/// A drain of three steps, none of which was sent.
fn entry(id: u64, node: &str) -> Entry {
    let key = key(node);
    let step = |n: u32| Step {
        action: StepAction::Evict(format!("prod/shop/Pod/web-{n}").parse().expect("a ref")),
        pin: Pin { key: key.clone(), uid: "uid".into(), seen: Seen::Uid },
        until: Until::Cordoned(key.clone(), true),
        timeout_seconds: 300,
        group: n,
    };
    let plan = Plan {
        inverse: Some(Intent::Uncordon(key.clone())),
        ..Plan::new(
            Intent::drain(key.clone()),
            Text::from(format!("Drain {node} (prod)")),
            Grade::Disruptive,
            (0..3).map(step).collect(),
            Timestamp::UNIX_EPOCH,
        )
    };
    let started = Timestamp::from_millisecond(1_700_000_000_000 + i64::try_from(id).expect("small")).expect("in range");
    let by = Person { name: "anna@bastion".into(), origin: Some("10.0.0.9".into()), credential: None };
    Entry {
        by,
        taken_by: None,
        between: Vec::new(),
        reason: None,
        run: Run::new(id, plan, started),
        version: 1,
        lease: None,
    }
}

fn ended(mut entry: Entry) -> Entry {
    entry.run.steps = vec![StepState::Done(entry.run.started); 3];
    entry.run.outcome = Some((entry.run.started, Outcome::Done));
    entry.version += 1;
    entry
}

fn ledger(dir: &tempfile::TempDir) -> Ledger {
    Ledger::new(Place::own(dir.path()))
}

/// A cockpit of another process: its lease says so.
fn another(dir: &tempfile::TempDir) -> Ledger {
    let mut other = ledger(dir);
    (other.ours.pid, other.ours.birth) = (gone(), 1);
    other
}

/// The number of a process that has ended.
fn gone() -> u32 {
    let mut child = Command::new("true").spawn().expect("a process");
    child.wait().expect("ended");
    child.id()
}

fn ids(news: &News) -> Vec<u64> {
    news.entries.iter().map(|entry| entry.run.id).collect()
}

/// Its last beat was so many seconds earlier than it was.
fn age(ledger: &mut Ledger, run: u64, seconds: i64) {
    let by = params![seconds * 1000, number(run)];
    ledger.ask(|db| db.conn.execute("UPDATE leases SET beat = beat - ?1 WHERE run = ?2", by)).expect("aged");
}

fn file_is_writable(dir: &tempfile::TempDir, yes: bool) {
    let mode = std::fs::Permissions::from_mode(if yes { 0o700 } else { 0o500 });
    std::fs::set_permissions(dir.path(), mode).expect("set");
}

#[test]
fn what_is_written_is_read_as_it_was_and_told_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let (mut one, mut other) = (ledger(&dir), another(&dir));
    let written = ended(entry(1, "node-1"));
    one.write(&written).expect("written");
    let news = other.tend().expect("news");
    assert_eq!(news.entries, [written]);
    assert_eq!((news.older, news.unwritable), (Some(0), None));
    assert_eq!(other.tend(), None, "nothing has changed");
    one.write(&ended(entry(2, "node-2"))).expect("written");
    assert_eq!(ids(&other.tend().expect("news")), [2]);
}

#[test]
fn two_at_once_write_and_read_and_neither_loses_anything() {
    let dir = tempfile::tempdir().expect("a directory");
    let threads: Vec<_> = (0..2_u64)
        .map(|who| {
            let path = dir.path().to_owned();
            std::thread::spawn(move || {
                let mut ledger = Ledger::new(Place::own(path));
                for n in 0..20 {
                    ledger.write(&entry(1 + who + 2 * n, "node")).expect("written");
                    ledger.write(&ended(entry(1 + who + 2 * n, "node"))).expect("written");
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    let all = ledger(&dir).history(&Asked::default()).expect("read");
    assert_eq!(all.len(), 40);
    assert!(all.iter().all(|entry| entry.run.outcome.is_some() && entry.lease.is_none()));
}

#[test]
fn an_older_version_changes_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut ledger = ledger(&dir);
    let (first, mut second) = (entry(1, "node-1"), entry(1, "node-1"));
    (second.version, second.run.steps[0]) = (2, StepState::Sent(second.run.started));
    ledger.write(&second).expect("written");
    ledger.write(&first).expect("no error");
    let kept = ledger.history(&Asked::default()).expect("read");
    assert_eq!(kept[0].run.steps[0], second.run.steps[0]);
}

#[test]
fn only_the_newest_and_what_has_not_ended_are_read_at_first() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut one = ledger(&dir);
    one.write(&entry(1, "node-1")).expect("written");
    for id in 2..=(PAGE as u64 + 3) {
        one.write(&ended(entry(id, "node-2"))).expect("written");
    }
    let mut other = another(&dir);
    let news = other.tend().expect("news");
    assert_eq!((news.entries.len(), news.older), (PAGE + 1, Some(2)));
    assert_eq!(ids(&news).last(), Some(&1), "what has not ended is among them, however old");
    let (older, left) = other.earlier(4).expect("read");
    assert_eq!((older.iter().map(|entry| entry.run.id).collect::<Vec<_>>(), left), (vec![3, 2, 1], 0));
}

#[test]
fn a_lapsed_lease_is_told_and_taken_by_one_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut dead = another(&dir);
    dead.write(&entry(7, "node-7")).expect("written");
    let mut ben = ledger(&dir);
    let left = ben.tend().expect("news").entries.remove(0);
    assert!(left.is_abandoned());
    let seen = left.lease.expect("a lease");
    let mut cleo = ledger(&dir);
    cleo.ours.host = "elsewhere".into();
    let entry = ben.take_over(7, &seen, &Person::named("ben@bastion")).expect("his");
    assert_eq!(entry.taken_by, Some(Person::named("ben@bastion")));
    let refused = cleo.take_over(7, &seen, &Person::named("cleo@other")).expect_err("taken");
    assert_eq!(refused, "ben@bastion answers for it now");
    // He leaves it too, and it goes back to her who began it: all of them are in it.
    drop(ben);
    let mut anna = another(&dir);
    let seen = anna.tend().expect("news").entries.remove(0).lease.expect("a lease");
    let entry = anna.take_over(7, &seen, &Person::named("anna@bastion")).expect("hers again");
    assert_eq!(crate::action::Known::of(&entry).who(&Person::named("ben@bastion")), "anna, then you, then anna");
    assert_eq!(anna.history(&Asked::default()).expect("read")[0].between, [Person::named("ben@bastion")]);
}

const LEASE_OVER: i64 = crate::domain::journal::LEASE_SECONDS + 1;

#[test]
fn of_many_that_take_at_once_one_has_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut dead = another(&dir);
    dead.write(&entry(7, "node-7")).expect("written");
    age(&mut dead, 7, LEASE_OVER);
    let seen = ledger(&dir).tend().expect("news").entries[0].lease.clone().expect("a lease");
    let threads: Vec<_> = (0..6)
        .map(|n| {
            let (path, seen) = (dir.path().to_owned(), seen.clone());
            std::thread::spawn(move || {
                let mut ledger = Ledger::new(Place::own(path));
                ledger.ours.host = Text::from(format!("host-{n}"));
                ledger.take_over(7, &seen, &Person::named(format!("p{n}"))).is_ok()
            })
        })
        .collect();
    let had = threads.into_iter().map(|thread| thread.join().expect("no panic")).filter(|had| *had);
    assert_eq!(had.count(), 1);
}

#[test]
fn whose_run_was_taken_over_writes_nothing_more_to_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut slow = another(&dir);
    slow.write(&entry(7, "node-7")).expect("written");
    age(&mut slow, 7, LEASE_OVER);
    let mut ben = ledger(&dir);
    let seen = ben.tend().expect("news").entries[0].lease.clone().expect("a lease");
    let mut taken = ben.take_over(7, &seen, &Person::named("ben")).expect("his");
    let mut late = entry(7, "node-7");
    late.version = 99;
    assert_eq!(slow.write(&late), Err(Unwritten::Taken("ben".into())));
    taken.version += 1;
    taken.run.outcome = Some((taken.run.started, Outcome::Done));
    ben.write(&taken).expect("his to end");
    let kept = ben.history(&Asked::default()).expect("read");
    assert_eq!((kept[0].run.outcome.is_some(), kept[0].lease.is_none()), (true, true));
    assert!(ben.take_over(7, &seen, &Person::named("cleo")).expect_err("over").contains("has ended"));
}

#[test]
fn a_process_that_is_there_keeps_its_lease_however_silent() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut suspended = ledger(&dir);
    suspended.write(&entry(7, "node-7")).expect("written");
    age(&mut suspended, 7, 3600);
    // Another connection of this very process: the process is there.
    let mut other = another(&dir);
    assert!(other.tend().expect("news").entries[0].is_under_way());
}

#[test]
fn a_cockpit_that_ends_lets_its_leases_go_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut left = another(&dir);
    left.write(&entry(7, "node-7")).expect("written");
    drop(left);
    assert!(ledger(&dir).tend().expect("news").entries[0].is_abandoned());
}

#[test]
fn what_was_said_to_be_written_survives_kill_9() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "ledger::journal::tests::writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env("COCKPIT_TEST_DIR", dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let lines = BufReader::new(child.stdout.take().expect("its words")).lines();
    let told = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("written ")?.parse::<u64>().ok());
    let told: Vec<u64> = told.take(25).collect();
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_eq!(told.len(), 25);
    let mut ledger = ledger(&dir);
    let kept = ledger.history(&Asked::default()).expect("read");
    let has = |id: &u64| kept.iter().any(|entry| entry.run.id == *id && entry.run.outcome.is_none());
    assert!(told.iter().all(has), "each that was said to be written is there");
    age(&mut ledger, 1, LEASE_OVER);
    let kept = ledger.history(&Asked::default()).expect("read");
    assert!(kept.iter().find(|entry| entry.run.id == 1).is_some_and(Entry::is_abandoned), "and can be taken over");
}

#[test]
#[ignore = "a process of its own for the test above"]
fn writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os("COCKPIT_TEST_DIR") else { return };
    let mut ledger = Ledger::new(Place::own(dir));
    for id in 1.. {
        ledger.write(&entry(id, "node")).expect("written");
        println!("written {id}");
    }
}

#[test]
fn a_full_disk_is_said_and_seen_to_be_over() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut ledger = ledger(&dir);
    ledger.tend();
    let pages = |ledger: &mut Ledger, n: i64| {
        let set =
            |db: &mut Db| db.conn.query_row(&format!("PRAGMA max_page_count={n}"), [], |row| row.get::<_, i64>(0));
        ledger.ask(set).expect("set");
    };
    pages(&mut ledger, 1);
    let mut full = None;
    for id in 1..2_000 {
        full = ledger.write(&entry(id, "node")).err();
        if full.is_some() {
            break;
        }
    }
    let Some(Unwritten::Closed(why)) = full else { panic!("{full:?}") };
    assert!(why.contains("the disk is full"), "{why}");
    pages(&mut ledger, 1 << 20);
    let _ = ledger.tend();
    ledger.write(&entry(5_000, "node")).expect("there is room again");
}

#[test]
fn a_directory_that_may_only_be_read_is_said_and_seen_to_be_over() {
    if rustix::process::geteuid().is_root() {
        return; // Nothing is closed to root: the disk that is full stands for it there.
    }
    let dir = tempfile::tempdir().expect("a directory");
    file_is_writable(&dir, false);
    let mut ledger = ledger(&dir);
    let news = ledger.tend().expect("news");
    assert!(news.unwritable.is_some(), "{news:?}");
    assert!(ledger.write(&entry(1, "node")).is_err());
    file_is_writable(&dir, true);
    assert_eq!(ledger.tend().expect("news").unwritable, None);
    ledger.write(&entry(1, "node")).expect("written");
}

#[test]
fn a_damaged_file_is_set_aside_said_and_begun_anew() {
    let dir = tempfile::tempdir().expect("a directory");
    ledger(&dir).write(&ended(entry(1, "node-1"))).expect("written");
    let broken = [&b"SQLite format 3\0"[..], &[0xff; 8192]].concat();
    std::fs::write(dir.path().join("cockpit.db"), &broken).expect("damaged");
    let mut one = ledger(&dir);
    one.write(&entry(2, "node-2")).expect("written into a new one");
    let said = one.tend().expect("news").said;
    assert!(said.iter().any(|said| said.contains("was damaged") && said.contains(".damaged-")), "{said:?}");
    let aside = std::fs::read_dir(dir.path()).expect("read").map(|it| it.expect("a file").path());
    let mut aside = aside.filter(|path| path.to_string_lossy().contains(".damaged-"));
    assert_eq!(std::fs::read(aside.next().expect("kept")).expect("read"), broken);
}

#[test]
fn whoever_has_a_file_open_that_another_set_aside_writes_into_the_new_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut one = ledger(&dir);
    one.write(&entry(1, "node-1")).expect("written");
    for name in ["cockpit.db", "cockpit.db-wal", "cockpit.db-shm"] {
        std::fs::rename(dir.path().join(name), dir.path().join(format!("{name}.aside"))).expect("moved");
    }
    one.write(&ended(entry(1, "node-1"))).expect("written");
    let all = ledger(&dir).history(&Asked::default()).expect("read");
    assert_eq!(all.len(), 1);
    assert!(all[0].run.outcome.is_some(), "what was under way then is there whole");
}

#[test]
fn where_there_can_be_no_file_it_is_said_and_seen_to_be_over() {
    let dir = tempfile::tempdir().expect("a directory");
    let blocked = dir.path().join("state");
    std::fs::write(&blocked, "no directory").expect("written");
    let mut ledger = Ledger::new(Place::own(blocked.join("cockpit")));
    let why = ledger.tend().expect("news").unwritable.expect("a reason");
    assert!(why.contains("state/cockpit/cockpit.db: "), "{why}");
    assert!(matches!(ledger.write(&entry(1, "node")), Err(Unwritten::Closed(_))));
    assert_eq!(ledger.tend(), None, "it is said once");
    std::fs::remove_file(&blocked).expect("removed");
    assert_eq!(ledger.tend().expect("news").unwritable, None);
    ledger.write(&entry(1, "node")).expect("written");
}

#[test]
fn history_is_asked_by_cluster_time_and_number() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut ledger = ledger(&dir);
    for id in 1..=4 {
        ledger.write(&ended(entry(id, "node"))).expect("written");
    }
    let mut of = |asked: Asked| ledger.history(&asked).expect("read").iter().map(|it| it.run.id).collect::<Vec<_>>();
    assert_eq!(of(Asked { limit: Some(2), ..Asked::default() }), [4, 3]);
    assert_eq!(of(Asked { since: Some(entry(3, "node").run.started), ..Asked::default() }), [4, 3]);
    assert!(of(Asked { cluster: Some(ClusterId::new("other")), ..Asked::default() }).is_empty());
}

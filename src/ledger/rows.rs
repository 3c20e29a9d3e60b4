//! The journal's tables, and how an entry stands in them.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use crate::domain::journal::{Entry, Lease, Person};
use crate::domain::{Outcome, Plan, Run, StepState, Text, Timestamp};

use super::db::Db;

/// `plan` is written once, `state` with every change. `change` counts up over all entries: what is new is what is above the
/// highest that one has seen. Times are milliseconds since 1970.
pub(super) const TABLES: &str = "
CREATE TABLE entries (
  id INTEGER PRIMARY KEY,
  change INTEGER NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  cluster TEXT NOT NULL,
  target TEXT NOT NULL,
  verb TEXT NOT NULL,
  person TEXT NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER,
  outcome TEXT,
  has_inverse INTEGER NOT NULL,
  plan TEXT NOT NULL,
  state TEXT NOT NULL
) STRICT;
CREATE INDEX entries_by_target ON entries (target, id);
CREATE INDEX entries_by_cluster ON entries (cluster, started);
CREATE INDEX entries_open ON entries (id) WHERE ended IS NULL;
CREATE TABLE leases (
  run INTEGER PRIMARY KEY REFERENCES entries (id),
  host TEXT NOT NULL,
  boot TEXT NOT NULL,
  pid INTEGER NOT NULL,
  birth INTEGER NOT NULL,
  beat INTEGER NOT NULL,
  person TEXT NOT NULL
) STRICT;
";

/// What of an entry never changes.
#[derive(Serialize, Deserialize)]
struct Fixed {
    by: Person,
    #[serde(default)]
    reason: Option<Text>,
    plan: Plan,
    started: Timestamp,
}

/// What of it does.
#[derive(Serialize, Deserialize)]
struct State {
    steps: Vec<StepState>,
    #[serde(default)]
    stopping: bool,
    #[serde(default)]
    outcome: Option<(Timestamp, Outcome)>,
    #[serde(default)]
    taken_by: Option<Person>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    between: Vec<Person>,
}

/// Puts an entry in its place, unless somebody else answers for its run: who.
pub(super) fn put(
    db: &mut Db,
    entry: &Entry,
    (plan, state): &(String, String),
    ours: &Lease,
    held: bool,
) -> rusqlite::Result<Option<Text>> {
    let id = number(entry.run.id);
    let change = db.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = change
        .query_row(
            "SELECT version, person, l_person, mine FROM (SELECT e.version, e.person, l.person AS l_person, \
             l.host = ?2 AND l.boot = ?3 AND l.pid = ?4 AND l.birth = ?5 AS mine \
             FROM entries e LEFT JOIN leases l ON l.run = e.id WHERE e.id = ?1)",
            params![id, ours.host.as_str(), ours.boot.as_str(), ours.pid, number(ours.birth)],
            |row| {
                let version: i64 = row.get(0)?;
                let (by, holder): (String, Option<String>) = (row.get(1)?, row.get(2)?);
                Ok((version, holder.unwrap_or(by), row.get::<_, Option<bool>>(3)?.unwrap_or(false)))
            },
        )
        .optional()?;
    match known {
        // A run that has ended, or has come to be another's, is not written over.
        Some((_, person, false)) if held => return Ok(Some(Text::from(person))),
        Some((version, _, _)) if version >= number(entry.version) => return Ok(None),
        Some((_, person, false)) => return Ok(Some(Text::from(person))),
        Some(_) => update(&change, entry, state)?,
        None => insert(&change, entry, plan, state)?,
    }
    match entry.run.outcome {
        Some(_) => change.execute("DELETE FROM leases WHERE run = ?1", [id])?,
        None => change.execute(
            "INSERT INTO leases (run, host, boot, pid, birth, beat, person) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
             ON CONFLICT (run) DO UPDATE SET beat = excluded.beat",
            params![
                id,
                ours.host.as_str(),
                ours.boot.as_str(),
                ours.pid,
                number(ours.birth),
                ours.beat,
                entry.taken_by.as_ref().unwrap_or(&entry.by).name.as_str()
            ],
        )?,
    };
    change.commit()?;
    Ok(None)
}

fn insert(change: &Transaction<'_>, entry: &Entry, plan: &str, state: &str) -> rusqlite::Result<()> {
    let run = &entry.run;
    let intent = &run.plan.intent;
    let (ended, outcome) = ending(run);
    change.execute(
        "INSERT INTO entries (id, change, version, cluster, target, verb, person, started, ended, outcome, has_inverse, \
         plan, state) VALUES (?1, (SELECT COALESCE(max(change), 0) + 1 FROM entries), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, \
         ?10, ?11, ?12)",
        params![
            number(run.id),
            number(entry.version),
            intent.target().cluster.as_str(),
            intent.target().to_string(),
            intent.verb(),
            entry.by.name.as_str(),
            run.started.as_millisecond(),
            ended,
            outcome,
            run.plan.inverse.is_some(),
            plan,
            state
        ],
    )?;
    Ok(())
}

pub(super) fn update(change: &Transaction<'_>, entry: &Entry, state: &str) -> rusqlite::Result<()> {
    let (ended, outcome) = ending(&entry.run);
    change.execute(
        "UPDATE entries SET change = (SELECT max(change) + 1 FROM entries), version = ?2, ended = ?3, outcome = ?4, \
         state = ?5 WHERE id = ?1",
        params![number(entry.run.id), number(entry.version), ended, outcome, state],
    )?;
    Ok(())
}

fn ending(run: &Run) -> (Option<i64>, Option<&'static str>) {
    let word = run.outcome.as_ref().map(|(_, outcome)| match outcome {
        Outcome::Done => "done",
        Outcome::Accepted => "accepted",
        Outcome::Partly { .. } => "partly",
        Outcome::Failed(_) => "failed",
    });
    (run.outcome.as_ref().map(|(at, _)| at.as_millisecond()), word)
}

pub(super) fn encode(entry: &Entry) -> serde_json::Result<(String, String)> {
    let Entry { by, reason, run, .. } = entry;
    let fixed = Fixed { by: by.clone(), reason: reason.clone(), plan: run.plan.clone(), started: run.started };
    Ok((serde_json::to_string(&fixed)?, state(entry)?))
}

pub(super) fn state(entry: &Entry) -> serde_json::Result<String> {
    let Run { steps, stopping, outcome, .. } = &entry.run;
    let (steps, outcome) = (steps.clone(), outcome.clone());
    let (taken_by, between) = (entry.taken_by.clone(), entry.between.clone());
    serde_json::to_string(&State { steps, stopping: *stopping, outcome, taken_by, between })
}

/// Entries with their leases. One that cannot be read (of a later version, or touched by hand) is left out.
pub(super) fn entries(conn: &Connection, which: &str, of: impl rusqlite::Params) -> rusqlite::Result<Vec<Entry>> {
    let sql = format!(
        "SELECT id, version, plan, state, host, boot, pid, birth, beat FROM \
         (SELECT * FROM entries {which}) LEFT JOIN leases ON run = id ORDER BY id DESC"
    );
    let mut asked = conn.prepare(&sql)?;
    let rows = asked.query_map(of, |row| {
        let (id, version): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (plan, state): (String, String) = (row.get(2)?, row.get(3)?);
        let lease = match row.get::<_, Option<String>>(4)? {
            Some(host) => Some(lease(host, row, 5)?),
            None => None,
        };
        Ok(entry(id, version, &plan, &state, lease))
    })?;
    rows.filter_map(Result::transpose).collect()
}

fn entry(id: i64, version: i64, plan: &str, state: &str, lease: Option<Lease>) -> Option<Entry> {
    let fixed: Fixed = serde_json::from_str(plan).ok()?;
    let state: State = serde_json::from_str(state).ok()?;
    let Fixed { by, reason, plan, started } = fixed;
    let State { steps, stopping, outcome, taken_by, between } = state;
    let fits = steps.len() == plan.steps.len() && !plan.intent.parts().is_empty();
    let run = Run { id: u64::try_from(id).ok()?, plan, started, steps, stopping, outcome };
    fits.then(|| Entry {
        by,
        taken_by,
        between,
        reason,
        run,
        version: u64::try_from(version).unwrap_or_default(),
        lease,
    })
}

pub(super) fn leases(conn: &Connection) -> rusqlite::Result<Vec<(u64, Lease)>> {
    let mut asked = conn.prepare("SELECT run, host, boot, pid, birth, beat FROM leases")?;
    let rows = asked.query_map([], |row| {
        let run: i64 = row.get(0)?;
        Ok((u64::try_from(run).unwrap_or_default(), lease(row.get(1)?, row, 2)?))
    })?;
    rows.collect()
}

fn lease(host: String, row: &Row<'_>, from: usize) -> rusqlite::Result<Lease> {
    Ok(Lease {
        host: Text::from(host),
        boot: Text::from(row.get::<_, String>(from)?),
        pid: row.get(from + 1)?,
        birth: u64::try_from(row.get::<_, i64>(from + 2)?).unwrap_or_default(),
        beat: row.get(from + 3)?,
        lapsed: false,
    })
}

/// SQLite's numbers are signed.
pub(super) fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

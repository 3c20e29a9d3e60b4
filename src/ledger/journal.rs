//! The journal in the file: what was done, and who answers for what is under way.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, TransactionBehavior, params};

use crate::domain::journal::{Entry, Journal, Lease, News, PAGE, Person, Unwritten};
use crate::domain::{ClusterId, Text, Timestamp};

use super::db::{self, Db, Place, Unopened};
use super::host;
use super::rows::{encode, entries, leases, number, put, state, update};

/// A run is said to be ours again so often, milliseconds.
const BEAT_MS: i64 = 10_000;

/// The journal in the file.
pub struct Ledger {
    place: Place,
    db: Option<Db>,
    /// The file that was read last, by its inode: another one is read from its beginning.
    inode: u64,
    ours: Lease,
    /// Runs that this process answers for.
    held: BTreeSet<u64>,
    beaten: i64,
    /// The highest change that was told of, and what the file was then.
    seen: i64,
    data_version: Option<i64>,
    /// Leases of others, since when each was not seen to move, and whether it was told to have lapsed.
    others: BTreeMap<u64, (Lease, i64)>,
    said: Vec<Text>,
    /// What was last told of whether it can be written; nothing was, before the first time.
    told: Option<Option<Text>>,
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Of this cluster.
    pub cluster: Option<ClusterId>,
    /// That began no earlier.
    pub since: Option<Timestamp>,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

impl Ledger {
    /// The journal of a place. Nothing is opened before it is asked.
    pub fn new(place: Place) -> Self {
        Self {
            place,
            db: None,
            inode: 0,
            ours: host::ours(now()),
            held: BTreeSet::new(),
            beaten: 0,
            seen: 0,
            data_version: None,
            others: BTreeMap::new(),
            said: Vec::new(),
            told: None,
        }
    }

    /// Entries as they are now, the newest first.
    ///
    /// # Errors
    /// It cannot be read; why, in words.
    pub fn history(&mut self, asked: &Asked) -> Result<Vec<Entry>, Text> {
        let entries = self.ask(|db| {
            let since = asked.since.map_or(i64::MIN, |at| at.as_millisecond());
            let limit = asked.limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(-1);
            let cluster = asked.cluster.as_ref().map(ClusterId::as_str);
            let which = "WHERE (?1 IS NULL OR cluster = ?1) AND started >= ?2 ORDER BY id DESC LIMIT ?3";
            entries(&db.conn, which, params![cluster, since, limit])
        })?;
        Ok(self.judged(entries))
    }

    /// What a person has to know of the file, told once.
    pub fn said(&mut self) -> Vec<Text> {
        std::mem::take(&mut self.said)
    }

    /// Asks the file, which is opened first where it is not; one that turns out to be damaged is set aside, and the new one
    /// asked.
    fn ask<T>(&mut self, question: impl Fn(&mut Db) -> rusqlite::Result<T>) -> Result<T, Text> {
        for last in [false, true] {
            match self.opened().and_then(|db| {
                question(db).map_err(|error| match db::is_damage(&error) {
                    true => Unopened::Damaged(error.to_string()),
                    false => Unopened::Closed(db::words(&error)),
                })
            }) {
                Ok(answer) => return Ok(answer),
                Err(Unopened::Closed(why)) => return Err(self.says(&why)),
                Err(Unopened::Damaged(why)) if last => return Err(self.says(&format!("is damaged: {why}"))),
                Err(Unopened::Damaged(why)) => self.set_aside(&why)?,
            }
        }
        Err(self.says("is damaged"))
    }

    fn opened(&mut self) -> Result<&mut Db, Unopened> {
        // Another cockpit may have set it aside: what is written to that is in nobody's way, and read by nobody.
        if self.db.as_ref().is_some_and(Db::is_replaced) {
            self.db = None;
        }
        if self.db.is_none() {
            let db = Db::open(&self.place)?;
            self.data_version = None;
            if db.inode != self.inode {
                (self.inode, self.seen) = (db.inode, 0);
                self.others.clear();
            }
            return Ok(self.db.insert(db));
        }
        self.db.as_mut().ok_or_else(|| Unopened::Closed("it is not open".to_owned()))
    }

    fn set_aside(&mut self, why: &str) -> Result<(), Text> {
        self.db = None;
        match db::set_aside(&self.place) {
            Ok(Some(aside)) => {
                let text = format!("was damaged ({why}) and is kept as {}; a new one was begun", aside.display());
                self.said.push(self.says(&text));
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => Err(self.says(&format!("is damaged ({why}), and cannot be set aside: {error}"))),
        }
    }

    fn says(&self, why: &str) -> Text {
        let file = self.place.file().display().to_string();
        // What the file said of itself names it already.
        Text::from(if why.starts_with(&file) { why.to_owned() } else { format!("{file}: {why}") })
    }

    /// Whether it can be written now; asked again where it could not be.
    fn unwritable(&mut self) -> Option<Text> {
        match self.opened() {
            Ok(db) => {
                if db.unwritable.is_some() {
                    db.unwritable = db.check().err();
                }
                let why = db.unwritable.clone();
                if db.is_read_only() {
                    // That stays so for this connection, whatever becomes of the file.
                    self.db = None;
                }
                why.map(|why| self.says(&why))
            }
            Err(Unopened::Closed(why) | Unopened::Damaged(why)) => Some(self.says(&why)),
        }
    }

    fn beat(&mut self) {
        let at = now();
        if self.held.is_empty() || at - self.beaten < BEAT_MS {
            return;
        }
        let (held, ours) = (self.held.clone(), self.ours.clone());
        let beaten = self.ask(|db| {
            let change = db.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for id in &held {
                change.execute(
                    "UPDATE leases SET beat = ?1 WHERE run = ?2 AND host = ?3 AND boot = ?4 AND pid = ?5 AND birth = ?6",
                    params![at, number(*id), ours.host.as_str(), ours.boot.as_str(), ours.pid, number(ours.birth)],
                )?;
            }
            change.commit()
        });
        if beaten.is_ok() {
            self.beaten = at;
        }
    }

    /// Entries that are new or have changed since this was last asked. The first time the newest, and all that are open.
    fn fresh(&mut self) -> Result<(Vec<Entry>, Option<u64>), Text> {
        let (seen, before) = (self.seen, self.data_version);
        let (entries, version, highest, older) = self.ask(|db| {
            let version: i64 = db.conn.query_row("PRAGMA data_version", [], |row| row.get(0))?;
            // It does not count what this connection wrote: that is looked for by itself.
            let highest = "SELECT COALESCE(max(change), 0) FROM entries";
            let highest: i64 = db.conn.query_row(highest, [], |row| row.get(0))?;
            if before == Some(version) && highest == seen {
                return Ok((Vec::new(), version, highest, None));
            }
            if seen > 0 {
                let changed = entries(&db.conn, "WHERE change > ?1 ORDER BY id DESC", [seen])?;
                return Ok((changed, version, highest, None));
            }
            let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
            let which =
                "WHERE ended IS NULL OR id IN (SELECT id FROM entries ORDER BY id DESC LIMIT ?1) ORDER BY id DESC";
            let newest = entries(&db.conn, which, [page])?;
            let all: i64 = db.conn.query_row("SELECT count(*) FROM entries", [], |row| row.get(0))?;
            let older = u64::try_from(all).unwrap_or_default().saturating_sub(newest.len() as u64);
            Ok((newest, version, highest, Some(older)))
        })?;
        (self.seen, self.data_version) = (highest, Some(version));
        Ok((entries, older))
    }

    /// Entries whose lease has lapsed, or came to life again, since that was last told.
    fn turned(&mut self) -> Result<Vec<Entry>, Text> {
        let leases = self.ask(|db| leases(&db.conn))?;
        let at = now();
        let mut turned = Vec::new();
        self.others.retain(|run, _| leases.iter().any(|(id, _)| id == run));
        for (run, lease) in leases.into_iter().filter(|(run, _)| !self.held.contains(run)) {
            let since = match self.others.get(&run) {
                Some((known, since)) if known.beat == lease.beat => *since,
                _ => at,
            };
            let lapsed = host::has_lapsed(&lease, &self.ours, at, at - since);
            let before = self.others.insert(run, (Lease { lapsed, ..lease }, since));
            if before.is_none_or(|(known, _)| known.lapsed != lapsed) {
                turned.push(run);
            }
        }
        let mut found = Vec::new();
        for run in turned {
            found.extend(self.ask(|db| entries(&db.conn, "WHERE id = ?1", [number(run)]))?);
        }
        Ok(found)
    }

    /// Entries with what is known of their leases.
    fn judged(&self, mut entries: Vec<Entry>) -> Vec<Entry> {
        for entry in &mut entries {
            if let Some(lease) = &mut entry.lease {
                let known = self.others.get(&entry.run.id);
                let ours = lease.holder() == self.ours.holder();
                lease.lapsed = match known {
                    _ if ours => false,
                    Some((known, _)) => known.lapsed,
                    None => host::has_lapsed(lease, &self.ours, now(), 0),
                };
            }
        }
        entries
    }
}

/// What is still under way is left: others need not wait until that has been silent for a minute.
impl Drop for Ledger {
    fn drop(&mut self) {
        let (held, ours) = (std::mem::take(&mut self.held), self.ours.clone());
        for id in held {
            let let_go = self.ask(|db| {
                db.conn.execute(
                    "UPDATE leases SET beat = 0 WHERE run = ?1 AND host = ?2 AND boot = ?3 AND pid = ?4 AND birth = ?5",
                    params![number(id), ours.host.as_str(), ours.boot.as_str(), ours.pid, number(ours.birth)],
                )
            });
            if let_go.is_err() {
                return;
            }
        }
    }
}

impl Journal for Ledger {
    fn write(&mut self, entry: &Entry) -> Result<(), Unwritten> {
        let id = entry.run.id;
        let encoded = encode(entry).map_err(|error| Unwritten::Closed(self.says(&error.to_string())))?;
        let (held, ours) = (self.held.contains(&id), Lease { beat: now(), ..self.ours.clone() });
        if let Some(why) = self.db.as_ref().and_then(|db| db.unwritable.clone()) {
            return Err(Unwritten::Closed(why));
        }
        let written = self.ask(|db| put(db, entry, &encoded, &ours, held));
        if written.is_err()
            && let Some(db) = &mut self.db
        {
            // Told with what is new, and asked again then.
            db.unwritable = written.as_ref().err().cloned();
        }
        if let Some(person) = written.map_err(Unwritten::Closed)? {
            self.held.remove(&id);
            return Err(Unwritten::Taken(person));
        }
        match entry.run.outcome {
            None => self.held.insert(id),
            Some(_) => self.held.remove(&id),
        };
        Ok(())
    }

    fn tend(&mut self) -> Option<News> {
        let unwritable = self.unwritable();
        if unwritable.is_none() {
            self.beat();
        }
        let (mut entries, mut older) = (Vec::new(), None);
        match self.turned().and_then(|turned| Ok((turned, self.fresh()?))) {
            Ok((turned, (fresh, left))) => {
                (entries, older) = (fresh, left);
                let new: Vec<Entry> =
                    turned.into_iter().filter(|it| !entries.iter().any(|known| known.run.id == it.run.id)).collect();
                entries.extend(new);
            }
            // Where it cannot be written that says it all.
            Err(why) if unwritable.is_none() => self.said.push(why),
            Err(_) => {}
        }
        let news = News { entries: self.judged(entries), older, unwritable, said: self.said() };
        let first = self.told.as_ref() != Some(&news.unwritable);
        self.told = Some(news.unwritable.clone());
        (first || !news.entries.is_empty() || news.older.is_some() || !news.said.is_empty()).then_some(news)
    }

    fn take_over(&mut self, id: u64, seen: &Lease, by: &Person) -> Result<Entry, Text> {
        let ours = Lease { beat: now(), ..self.ours.clone() };
        let taken = self.ask(|db| {
            let change = db.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let swapped = change.execute(
                "UPDATE leases SET host = ?1, boot = ?2, pid = ?3, birth = ?4, beat = ?5, person = ?6 \
                 WHERE run = ?7 AND host = ?8 AND boot = ?9 AND pid = ?10 AND birth = ?11 AND beat = ?12",
                params![
                    ours.host.as_str(),
                    ours.boot.as_str(),
                    ours.pid,
                    number(ours.birth),
                    ours.beat,
                    by.name.as_str(),
                    number(id),
                    seen.host.as_str(),
                    seen.boot.as_str(),
                    seen.pid,
                    number(seen.birth),
                    seen.beat
                ],
            )?;
            if swapped == 0 {
                let holder = "SELECT person FROM leases WHERE run = ?1";
                return Ok(Err(change.query_row(holder, [number(id)], |row| row.get::<_, String>(0)).optional()?));
            }
            let Some(mut entry) = entries(&change, "WHERE id = ?1", [number(id)])?.pop() else { return Ok(Err(None)) };
            entry.pass_on(by);
            update(&change, &entry, &state(&entry).unwrap_or_default())?;
            change.commit()?;
            Ok(Ok(entry))
        })?;
        match taken {
            Ok(entry) => {
                self.held.insert(id);
                self.others.remove(&id);
                Ok(entry)
            }
            Err(Some(person)) => Err(Text::from(format!("{person} answers for it now"))),
            Err(None) => Err(Text::new("it has ended by now")),
        }
    }

    fn earlier(&mut self, than: u64) -> Result<(Vec<Entry>, u64), Text> {
        let (older, left) = self.ask(|db| {
            let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
            let older = entries(&db.conn, "WHERE id < ?1 ORDER BY id DESC LIMIT ?2", [number(than), page])?;
            let last = older.last().map_or(than, |entry| entry.run.id);
            let left = "SELECT count(*) FROM entries WHERE id < ?1";
            let left: i64 = db.conn.query_row(left, [number(last)], |row| row.get(0))?;
            Ok((older, u64::try_from(left).unwrap_or_default()))
        })?;
        Ok((self.judged(older), left))
    }
}

fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests;

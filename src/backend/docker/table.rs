//! The engine's containers, and the workloads that they make up.

use std::collections::BTreeMap;

use crate::domain::{
    Dependency, Desired, Fact, Kind, Made, Name, Object, Phase, Ref, RestartPolicy, Source, Text, Workload,
};

use super::belongs::Belongs;
use super::record::{Meant, Record};

/// All containers by id.
#[derive(Debug)]
pub(super) struct Table {
    source: Source,
    records: BTreeMap<Name, Record>,
}

impl Table {
    pub(super) fn new() -> Self {
        Self { source: Source::of("containers"), records: BTreeMap::new() }
    }

    /// The source that its objects are put under.
    pub(super) const fn source(&self) -> &Source {
        &self.source
    }

    /// One container.
    pub(super) fn get(&self, id: &str) -> Option<&Record> {
        self.records.get(id)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Name, &Record)> {
        self.records.iter()
    }

    /// The one with this key.
    pub(super) fn find(&self, key: &Ref) -> Option<(&Name, &Record)> {
        self.records.iter().find(|(_, record)| record.instance.key == *key)
    }

    /// Takes in a container as it is now, and says what of it is new.
    pub(super) fn put(&mut self, record: Record, facts: &mut Vec<Fact>) {
        let id = record.instance.uid.clone();
        let owner = record.owner().cloned();
        facts.push(Fact::Put(self.source.clone(), Object::Instance(Box::new(record.instance.clone()))));
        let former = self.records.insert(id, record);
        if let Some(former) = former {
            self.left(&former, facts);
            if former.owner() != owner.as_ref() {
                self.workload(former.owner(), facts);
            }
        }
        self.workload(owner.as_ref(), facts);
    }

    /// Takes a container out.
    pub(super) fn remove(&mut self, id: &str, facts: &mut Vec<Fact>) {
        if let Some(former) = self.records.remove(id) {
            self.left(&former, facts);
            self.workload(former.owner(), facts);
        }
    }

    /// Points the containers of tasks to the tasks that are shown now.
    pub(super) fn realize(&mut self, mut realizes: impl FnMut(&Belongs) -> Option<Box<Ref>>, facts: &mut Vec<Fact>) {
        for record in self.records.values_mut().filter(|it| matches!(it.belongs, Belongs::Task { .. })) {
            let now = realizes(&record.belongs);
            if record.instance.realizes != now {
                record.instance.realizes = now;
                facts.push(Fact::Put(self.source.clone(), Object::Instance(Box::new(record.instance.clone()))));
            }
        }
    }

    /// Forgets what is not in a fresh list.
    pub(super) fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.records.retain(|id, _| is_there(id));
    }

    /// Takes in a container of a listing; its workload is put when the listing is whole.
    pub(super) fn insert(&mut self, record: Record, facts: &mut Vec<Fact>) {
        facts.push(Fact::Put(self.source.clone(), Object::Instance(Box::new(record.instance.clone()))));
        self.records.insert(record.instance.uid.clone(), record);
    }

    /// Puts all workloads.
    pub(super) fn put_workloads(&self, facts: &mut Vec<Fact>) {
        let mut members: BTreeMap<&Ref, Vec<&Record>> = BTreeMap::new();
        for record in self.records.values() {
            if let Some(owner) = record.owner() {
                members.entry(owner).or_default().push(record);
            }
        }
        for (owner, members) in members {
            if let Some(workload) = workload(owner, &members) {
                facts.push(Fact::Put(self.source.clone(), Object::Workload(Box::new(workload))));
            }
        }
    }

    /// A container left its key, by its end or by another name; another may have the name by now.
    fn left(&self, former: &Record, facts: &mut Vec<Fact>) {
        let key = &former.instance.key;
        if !self.records.values().any(|record| record.instance.key == *key) {
            facts.push(Fact::Gone(self.source.clone(), key.clone()));
        }
    }

    fn workload(&self, owner: Option<&Ref>, facts: &mut Vec<Fact>) {
        let Some(owner) = owner else { return };
        let members: Vec<&Record> = self.records.values().filter(|record| record.owner() == Some(owner)).collect();
        facts.push(match workload(owner, &members) {
            Some(workload) => Fact::Put(self.source.clone(), Object::Workload(Box::new(workload))),
            None => Fact::Gone(self.source.clone(), owner.clone()),
        });
    }
}

/// A workload from its containers: made of what the newest is made of, wanting as many as are meant to run.
fn workload(key: &Ref, members: &[&Record]) -> Option<Workload> {
    let newest = members.iter().max_by_key(|record| (record.part.created, record.name()))?;
    let oldest = members.iter().filter_map(|record| record.part.created).min();
    let uid = match key.kind {
        Kind::Container => newest.instance.uid.clone(),
        // A service has no id of its own: its name in its project is what stays.
        _ => Text::from(key.local()),
    };
    let mut workload = Workload::new(key.clone(), uid, desired(key, members));
    let part = &newest.part;
    workload.created = oldest;
    workload.containers = vec![part.spec.clone()];
    if key.kind == Kind::ComposeService
        && let Some(spec) = workload.containers.first_mut()
    {
        spec.name = key.name.clone();
    }
    workload.revision = part.revision.clone();
    workload.made = made(newest, members);
    workload.links = part.links.clone();
    workload.exposure = members.iter().map(|record| record.part.exposure).fold(part.exposure, wider);
    workload.depends_on = part.depends_on.iter().filter(|Dependency { on, .. }| on != key).cloned().collect();
    workload.labels = part.labels.clone();
    workload.restart_policy = part.restart_policy;
    workload.stop_timeout_seconds = part.stop_timeout_seconds;
    workload.one_off = matches!(newest.belongs, Belongs::Compose { one_off: true, .. });
    workload.managed_by = match newest.belongs {
        Belongs::Compose { .. } => Some(Text::new("compose")),
        Belongs::Task { .. } => Some(Text::new("swarm")),
        Belongs::Allocation { .. } => Some(Text::new("nomad")),
        Belongs::Alone => None,
    };
    workload.defined_in = part.defined_in.clone();
    if let Belongs::Task { .. } = newest.belongs {
        workload.restart_policy = RestartPolicy::Unknown;
    }
    Some(workload)
}

/// What the other containers of a service are made of, where that is another configuration or image: a project keeps no
/// revisions, but what runs is there to be read. One of each, the newest first.
fn made(newest: &Record, members: &[&Record]) -> Vec<Made> {
    let of = |record: &&Record| (record.part.revision.as_ref().map(|it| it.id.clone()), record.part.spec.image.clone());
    let mut others: Vec<&&Record> = members.iter().filter(|it| it.running && of(it) != of(&newest)).collect();
    others.sort_by_key(|record| std::cmp::Reverse((record.part.created, record.name())));
    let mut made: Vec<((Option<Name>, Name), Made)> = Vec::new();
    for record in others.into_iter().take(MADE * 4) {
        let (Some(id), image) = of(record) else { continue };
        if made.len() < MADE && !made.iter().any(|(known, _)| *known == of(record)) {
            let it = Made { id: id.clone(), at: record.part.created, containers: vec![record.part.spec.clone()] };
            made.push(((Some(id), image), it));
        }
    }
    made.into_iter().map(|(_, it)| it).collect()
}

/// Configurations of one service that are kept beside the newest, at most.
const MADE: usize = 4;

fn wider(a: crate::domain::Exposure, b: crate::domain::Exposure) -> crate::domain::Exposure {
    use crate::domain::Exposure::{No, Unknown, Yes};
    match (a, b) {
        (Yes, _) | (_, Yes) => Yes,
        (Unknown, _) | (_, Unknown) => Unknown,
        (No, No) => No,
    }
}

/// How many are wanted. Compose's file is not read: those are wanted that were started and that nobody stopped. Where it
/// cannot be told whether an end was meant, that is unknown, and not a want.
fn desired(key: &Ref, members: &[&Record]) -> Desired {
    let count = |meant: Meant| u32::try_from(members.iter().filter(|it| it.meant == meant).count()).unwrap_or(u32::MAX);
    let of_a_task = members.iter().any(|record| matches!(record.belongs, Belongs::Task { .. }));
    if of_a_task {
        // A part of the service, as one worker sees it.
        return Desired::Unknown;
    }
    let one_off = members.iter().any(|record| matches!(record.belongs, Belongs::Compose { one_off: true, .. }));
    let (run, done, unknown) = (count(Meant::Run), count(Meant::Done), count(Meant::Unknown));
    match (run, done, unknown) {
        _ if one_off && key.kind == Kind::Container => Desired::Completions(1),
        (0, 0, 0) => Desired::Replicas(0),
        (0, done, 0) => Desired::Completions(done),
        (0, _, _) => Desired::Unknown,
        (run, _, _) => Desired::Replicas(run),
    }
}

/// Whether its phase is one in which memory and processor time are used.
pub(super) fn uses(record: &Record) -> bool {
    matches!(record.instance.phase, Phase::Running | Phase::Paused)
}

#[cfg(test)]
mod tests {
    use super::super::convert::Scribe;
    use super::*;
    use crate::domain::{ClusterId, Difference, differ};

    fn record(scribe: &mut Scribe, n: u32, hash: &str, env: &[&str]) -> Record {
        let raw = serde_json::json!({
            "Id": format!("{n:064}"),
            "Name": format!("/shop-web-{n}"),
            "Created": format!("2026-11-2{n}T02:00:00Z"),
            "State": { "Status": "running", "StartedAt": "2026-11-23T02:00:00Z" },
            "Config": {
                "Image": "shop/web:1.4",
                "Env": env,
                "Labels": {
                    "com.docker.compose.project": "shop",
                    "com.docker.compose.service": "web",
                    "com.docker.compose.config-hash": hash,
                    "org.opencontainers.image.source": "https://git.example/shop/web",
                },
            },
            "NetworkSettings": { "Ports": { "80/tcp": [{ "HostIp": "0.0.0.0", "HostPort": "8080" }], "53/udp": null } },
        });
        scribe.record(&serde_json::from_value(raw).expect("an answer"), None)
    }

    fn service(records: Vec<Record>) -> Workload {
        let (mut table, mut facts) = (Table::new(), Vec::new());
        records.into_iter().for_each(|record| table.put(record, &mut facts));
        let workload = facts.into_iter().rev().find_map(|fact| match fact {
            Fact::Put(_, Object::Workload(it)) => Some(*it),
            _ => None,
        });
        workload.expect("a service")
    }

    #[test]
    fn containers_that_run_an_older_configuration_are_what_is_known_of_it() {
        let mut scribe = Scribe::new(ClusterId::new("local"));
        let old = record(&mut scribe, 1, "aaaa", &["DB_URL=postgres://one", "PORT=80"]);
        let new = record(&mut scribe, 2, "bbbb", &["DB_URL=postgres://two", "PORT=80"]);
        let same = record(&mut scribe, 3, "bbbb", &["DB_URL=postgres://two", "PORT=80"]);
        let it = service(vec![old, new, same]);
        assert_eq!(it.revision.as_ref().map(|revision| revision.id.as_str()), Some("bbbb"));
        assert_eq!(it.made.iter().map(|made| made.id.as_str()).collect::<Vec<_>>(), ["aaaa"]);
        assert!(it.history.is_empty(), "there is no way back to it");
        let differs = differ::between(&it.made[0].containers, &it.containers);
        let differs: Vec<String> = differs.iter().map(Difference::in_words).collect();
        assert_eq!(differs, ["env DB_URL changed"]);
        assert!(!format!("{it:?}").contains("postgres://"), "values are not kept");
    }

    #[test]
    fn a_container_of_nomad_names_the_allocation_that_it_is_the_body_of() {
        let mut scribe = Scribe::new(ClusterId::new("local"));
        let raw = serde_json::json!({
            "Id": format!("{:064}", 7),
            "Name": "/httpd-91c887f5-a200-1087-6d4a-ee931aaa7351",
            "Created": "2026-11-24T02:00:00Z",
            "State": { "Status": "running", "StartedAt": "2026-11-24T02:00:00Z" },
            "Config": {
                "Image": "shop/web:1.4",
                "Labels": { "com.hashicorp.nomad.alloc_id": "91c887f5-a200-1087-6d4a-ee931aaa7351" },
            },
        });
        let record = scribe.record(&serde_json::from_value(raw).expect("an answer"), None);
        assert_eq!(record.instance.body_of.as_deref(), Some("91c887f5-a200-1087-6d4a-ee931aaa7351"));
        assert_eq!(service(vec![record]).managed_by.as_deref(), Some("nomad"));
    }

    #[test]
    fn of_a_service_whose_containers_are_alike_nothing_older_is_known() {
        let mut scribe = Scribe::new(ClusterId::new("local"));
        let it = service(vec![record(&mut scribe, 1, "aaaa", &[]), record(&mut scribe, 2, "aaaa", &[])]);
        assert!(it.made.is_empty());
        let ports: Vec<String> = it.containers[0].ports.iter().map(ToString::to_string).collect();
        assert_eq!(ports, ["53/udp", "80/tcp, published at 8080"]);
        assert_eq!(it.links.iter().map(|(_, at)| at.as_str()).collect::<Vec<_>>(), ["https://git.example/shop/web"]);
    }
}

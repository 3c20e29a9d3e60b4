//! What checks say of allocations: which fail, since when, and what they printed.

use std::collections::BTreeMap;

use crate::domain::{
    Container, ContainerRole, Health, HealthStatus, Instance, Occurrence, OccurrenceKind, Origin, Phase, Ref, Text,
    Timestamp,
};

use super::printed::printed;
use super::registered::{consul_id, name_of, task_of};
use super::wire::{CheckResult, ConsulCheck};

/// A check is held to have begun to fail between two looks at it only where they are not further apart, seconds.
const NEAR: i64 = 20;
/// A check that is registered in Consul was run by then, seconds.
const FIRST_RUN: i64 = 60;

/// Who runs a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    Nomad,
    Consul,
}

/// How one check of an allocation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    /// Its name, as a person reads it.
    name: String,
    /// Of which task; none of a group's own service.
    task: Option<String>,
    /// It passed when it was run last, or was not run yet.
    state: HealthStatus,
    /// While it fails: since when, and whether it may have failed before that.
    since: Option<Timestamp>,
    at_least: bool,
    printed: String,
    /// When it was run last.
    run: Option<Timestamp>,
}

/// A check that began to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Began {
    id: String,
    task: Option<String>,
    since: Timestamp,
    at_least: bool,
    words: String,
}

/// What checks say, by allocation.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    of: BTreeMap<String, BTreeMap<(By, String), Verdict>>,
}

impl Verdicts {
    /// Takes in what a client says of an allocation's checks; returns those that began to fail. Without any it says nothing: a client
    /// forgets them when a task ends, and that mends none.
    pub(super) fn checked(&mut self, allocation: &str, results: &[CheckResult], now: Timestamp) -> Vec<Began> {
        if results.is_empty() {
            return Vec::new();
        }
        let known = self.of.entry(allocation.to_owned()).or_default();
        known.retain(|(by, id), _| *by != By::Nomad || results.iter().any(|it| it.id == *id));
        let mut began = Vec::new();
        for it in results {
            let run = Timestamp::from_second(it.timestamp).ok().filter(|at| at.as_second() > 0);
            let key = (By::Nomad, it.id.clone());
            let before = known.get(&key);
            let mut verdict = Verdict {
                name: name_of(&it.check, &it.service),
                task: Some(it.task.clone()).filter(|task| !task.is_empty()),
                state: HealthStatus::Healthy,
                since: None,
                at_least: false,
                printed: printed(&it.output, it.status_code),
                run,
            };
            match (it.status.as_str(), before) {
                ("failure", Some(before)) if before.since.is_some() => {
                    verdict.state = HealthStatus::Unhealthy;
                    (verdict.since, verdict.at_least) = (before.since, before.at_least);
                }
                ("failure", before) => {
                    let passed = before.filter(|it| it.state == HealthStatus::Healthy).and_then(|it| it.run);
                    let at = run.unwrap_or(now);
                    verdict.state = HealthStatus::Unhealthy;
                    verdict.since = Some(at);
                    verdict.at_least = passed.is_none_or(|passed| at.as_second() - passed.as_second() > NEAR);
                    began.push(verdict.began(allocation, &it.id, at));
                }
                // Between two runs of its task a check that failed is no better.
                ("pending", Some(before)) if before.since.is_some() => verdict = before.clone(),
                ("pending", _) => verdict.state = HealthStatus::Starting,
                _ => {}
            }
            known.insert(key, verdict);
        }
        began
    }

    /// Takes in all that is critical in Consul, by allocation; returns those allocations of which something changed, and what
    /// began to fail. At the first look nothing is known of what was before. What is registered is critical until it was run, and an
    /// agent tells what a check printed late where its state stays the same (consul: `check_update_interval`, 5 minutes): what has
    /// printed nothing fails when it has been critical for longer than a first run takes.
    pub(super) fn critical(
        &mut self,
        all: &BTreeMap<String, Vec<ConsulCheck>>,
        first: bool,
        now: Timestamp,
    ) -> Vec<(String, Vec<Began>)> {
        let mut changed = self.passing(all);
        for (allocation, critical) in all {
            let known = self.of.entry(allocation.clone()).or_default();
            for it in critical {
                let key = (By::Consul, consul_id(it));
                let printed = printed(&it.output, 0);
                let before = known.get(&key);
                if before.is_some_and(|before| before.printed == printed) {
                    continue;
                }
                let mut verdict = Verdict {
                    name: format!("{} in Consul", name_of(&it.name, &it.service_name)),
                    task: task_of(it, allocation),
                    state: HealthStatus::Starting,
                    since: before.and_then(|it| it.since),
                    at_least: before.map_or(first, |it| it.at_least),
                    printed,
                    run: before.and_then(|it| it.run).or(Some(now)),
                };
                let began = changed.entry(allocation.clone()).or_default();
                if verdict.since.is_some() || !verdict.printed.is_empty() {
                    began.extend(verdict.fail(allocation, &key.1, now));
                }
                known.insert(key, verdict);
            }
        }
        self.of.retain(|_, known| !known.is_empty());
        for (allocation, began) in self.overdue(now) {
            changed.entry(allocation).or_default().extend(began);
        }
        changed.into_iter().collect()
    }

    /// Forgets what Consul does not call critical any more.
    fn passing(&mut self, all: &BTreeMap<String, Vec<ConsulCheck>>) -> BTreeMap<String, Vec<Began>> {
        let mut changed: BTreeMap<String, Vec<Began>> = BTreeMap::new();
        for (allocation, known) in &mut self.of {
            let critical: Vec<String> = all.get(allocation).into_iter().flatten().map(consul_id).collect();
            let before = known.len();
            known.retain(|(by, id), _| *by != By::Consul || critical.contains(id));
            if known.len() != before {
                changed.insert(allocation.clone(), Vec::new());
            }
        }
        changed
    }

    /// What has been critical for too long to be still on its first run.
    pub(super) fn overdue(&mut self, now: Timestamp) -> Vec<(String, Vec<Began>)> {
        let mut late = Vec::new();
        for (allocation, known) in &mut self.of {
            let waiting =
                known.iter_mut().filter(|((by, _), it)| *by == By::Consul && it.state == HealthStatus::Starting);
            let waiting =
                waiting.filter(|(_, it)| it.run.is_some_and(|at| now.as_second() - at.as_second() >= FIRST_RUN));
            let began: Vec<Began> = waiting.filter_map(|((_, id), it)| it.fail(allocation, id, now)).collect();
            if !began.is_empty() {
                late.push((allocation.clone(), began));
            }
        }
        late
    }

    /// An allocation is gone.
    pub(super) fn forget(&mut self, allocation: &str) {
        self.of.remove(allocation);
    }

    /// Whether a check of it fails.
    pub(super) fn fails(&self, allocation: &str) -> bool {
        let known = self.of.get(allocation).into_iter().flat_map(BTreeMap::values);
        known.into_iter().any(|it| it.state == HealthStatus::Unhealthy)
    }

    /// Writes into an instance what is known of its checks. `lead` is the task that a group's own checks count for.
    pub(super) fn apply(&self, allocation: &str, instance: &mut Instance, lead: Option<&str>) {
        let Some(known) = self.of.get(allocation).filter(|_| instance.phase == Phase::Running) else { return };
        for container in &mut instance.containers {
            let own = |it: &&Verdict| match &it.task {
                Some(task) => **task == *container.name,
                None => lead.map_or_else(|| is_first_main(container), |lead| *container.name == *lead),
            };
            container.health = health(known.values().filter(own)).map(Box::new);
        }
        // Whose task is not known (any more) counts for the first.
        let placed = |it: &Verdict| {
            it.task
                .as_deref()
                .or(lead)
                .is_none_or(|task| instance.containers.iter().any(|container| *container.name == *task))
        };
        let lost: Vec<&Verdict> = known.values().filter(|it| !placed(it)).collect();
        if let Some(first) = instance.containers.first_mut().filter(|first| first.health.is_none()) {
            first.health = health(lost.into_iter()).map(Box::new);
        }
        instance.ready &= !self.fails(allocation);
    }
}

fn is_first_main(container: &Container) -> bool {
    container.role == ContainerRole::Main
}

impl Verdict {
    /// It fails: since it was first seen to be critical. None where it did before.
    fn fail(&mut self, allocation: &str, id: &str, now: Timestamp) -> Option<Began> {
        self.state = HealthStatus::Unhealthy;
        if self.since.is_some() {
            return None;
        }
        let since = self.run.unwrap_or(now);
        self.since = Some(since);
        Some(self.began(allocation, id, since))
    }

    fn began(&self, allocation: &str, id: &str, since: Timestamp) -> Began {
        Began {
            id: format!("{allocation}:{id}:{}", since.as_second()),
            task: self.task.clone(),
            since,
            at_least: self.at_least,
            words: self.words(),
        }
    }

    /// `check page: HTTP 404: not found`
    fn words(&self) -> String {
        match self.printed.as_str() {
            "" => format!("check {}", self.name),
            printed => format!("check {}: {printed}", self.name),
        }
    }
}

impl Began {
    /// That it began to fail, as something that happened.
    pub(super) fn occurrence(&self, subject: &Ref, workload: Option<&Ref>, node: Option<&Ref>) -> Occurrence {
        let mut it = Occurrence::once(self.id.as_str(), OccurrenceKind::ProbeFailure, subject.clone(), self.since);
        it.origin = if self.at_least { Origin::Backfilled } else { Origin::Live };
        (it.workload, it.node) = (workload.cloned(), node.cloned());
        it.container = self.task.as_deref().map(Text::new);
        it.at_least = self.at_least;
        it.text = Some(Text::new(&self.words));
        it
    }
}

/// The verdict of all checks of one task: of those that fail the one that does longest, and how many more.
fn health<'a>(all: impl Iterator<Item = &'a Verdict>) -> Option<Health> {
    let mut all: Vec<&Verdict> = all.collect();
    all.sort_by_key(|it| (it.since.is_none(), it.since, &it.name));
    let first = all.first()?;
    let status = all.iter().map(|it| it.state).max_by_key(|state| match state {
        HealthStatus::Healthy => 0,
        HealthStatus::Starting => 1,
        HealthStatus::Unhealthy => 2,
    })?;
    let failing = all.iter().filter(|it| it.state == HealthStatus::Unhealthy).count();
    let more = if failing > 1 { format!(" (and {} more)", failing - 1) } else { String::new() };
    let output = (failing > 0).then(|| Text::from(format!("{}{more}", first.words())));
    Some(Health { status, streak: 0, output, code: None, since: first.since })
}

#[cfg(test)]
mod tests {
    use super::super::registered::allocation_of;
    use super::*;
    use crate::domain::{ClusterId, ContainerState, Kind};

    const ALLOCATION: &str = "91c887f5-a200-1087-6d4a-ee931aaa7351";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_796_064_000 + second).expect("a time")
    }

    fn result(status: &str, second: i64) -> CheckResult {
        CheckResult {
            id: "4ffb".into(),
            status: status.into(),
            output: "connection refused".into(),
            timestamp: at(second).as_second(),
            check: "page".into(),
            ..CheckResult::default()
        }
    }

    fn instance() -> Instance {
        let key = Ref::new(&ClusterId::new("eu"), Kind::Allocation, Some("default".into()), "web-91c887f5");
        let mut it = Instance::new(key, ALLOCATION, None, Phase::Running);
        it.ready = true;
        it.containers = ["log-shipper", "web"]
            .map(|name| Container::new(name, "busybox", ContainerState::Running { since: None }))
            .to_vec();
        it
    }

    fn applied(verdicts: &Verdicts) -> Instance {
        let mut it = instance();
        verdicts.apply(ALLOCATION, &mut it, Some("web"));
        it
    }

    #[test]
    fn since_when_is_known_where_it_was_seen_to_pass_shortly_before() {
        let mut verdicts = Verdicts::default();
        assert!(verdicts.checked(ALLOCATION, &[result("success", 0)], at(1)).is_empty());
        let began = verdicts.checked(ALLOCATION, &[result("failure", 10)], at(11));
        assert_eq!((began[0].since, began[0].at_least), (at(10), false));
        let mut late = Verdicts::default();
        let began = late.checked(ALLOCATION, &[result("failure", 10)], at(11));
        assert!(began[0].at_least, "it failed when it was first looked at");
        let mut rarely = Verdicts::default();
        rarely.checked(ALLOCATION, &[result("success", 0)], at(1));
        let began = rarely.checked(ALLOCATION, &[result("failure", 300)], at(301));
        assert!(began[0].at_least, "it may have begun any time since");
    }

    #[test]
    fn a_run_that_begins_mends_nothing_and_a_pass_does() {
        let mut verdicts = Verdicts::default();
        verdicts.checked(ALLOCATION, &[result("failure", 0)], at(1));
        assert!(verdicts.checked(ALLOCATION, &[result("pending", 10)], at(11)).is_empty());
        assert!(verdicts.checked(ALLOCATION, &[], at(12)).is_empty());
        assert!(verdicts.checked(ALLOCATION, &[result("failure", 20)], at(21)).is_empty(), "the same failure");
        let it = applied(&verdicts);
        let health = it.containers[1].health.as_ref().expect("a verdict");
        assert_eq!((health.status, health.since), (HealthStatus::Unhealthy, Some(at(0))));
        assert_eq!(health.output.as_deref(), Some("check page: connection refused"));
        assert!(!it.ready && it.containers[0].health.is_none(), "of the task that leads, and of no other");
        verdicts.checked(ALLOCATION, &[result("success", 30)], at(31));
        let it = applied(&verdicts);
        assert!(it.ready && it.containers[1].health.as_ref().is_some_and(|it| it.status == HealthStatus::Healthy));
    }

    #[test]
    fn what_is_critical_in_consul_belongs_to_an_allocation_and_goes_with_the_next_answer() {
        let service = |rest: &str| format!("_nomad-task-{ALLOCATION}-{rest}");
        let check = |service_id: String| ConsulCheck {
            id: "c1".into(),
            name: "page".into(),
            service_id,
            service_name: "web".into(),
            output: "HTTP GET http://127.0.0.1:25941/: 503 Service Unavailable Output: no".into(),
            ..ConsulCheck::default()
        };
        assert_eq!(allocation_of(&service("group-web-web-http")), Some(ALLOCATION));
        for other in ["", "_nomad-server-4xkgl7cy2cqmr65atbjjizvb5v2rt76i", "redis", "_nomad-task-short"] {
            assert_eq!(allocation_of(other), None, "{other}");
        }
        let mut verdicts = Verdicts::default();
        let all = BTreeMap::from([(ALLOCATION.to_owned(), vec![check(service("group-web-web-http"))])]);
        let changed = verdicts.critical(&all, true, at(5));
        assert!(changed[0].1[0].at_least);
        assert!(verdicts.critical(&all, false, at(65)).is_empty(), "said once");
        let it = applied(&verdicts);
        let health = it.containers[1].health.as_ref().expect("a verdict");
        assert!(health.output.as_ref().is_some_and(|said| said.starts_with("check page in Consul: HTTP GET")));
        assert_eq!(verdicts.critical(&BTreeMap::new(), false, at(70)), [(ALLOCATION.to_owned(), Vec::new())]);
        assert!(applied(&verdicts).ready);
        let new = ConsulCheck { output: String::new(), ..check(service("group-web-web-http")) };
        let all = BTreeMap::from([(ALLOCATION.to_owned(), vec![new])]);
        verdicts.critical(&all, false, at(75));
        assert!(applied(&verdicts).ready && !verdicts.fails(ALLOCATION), "it was not run yet");
        assert!(verdicts.overdue(at(134)).is_empty());
        let late = verdicts.overdue(at(135));
        assert_eq!((late[0].1[0].since, late[0].1[0].at_least), (at(75), false), "it has never passed");
        assert!(!applied(&verdicts).ready && verdicts.overdue(at(200)).is_empty());
        let of = |rest: &str| task_of(&check(service(rest)), ALLOCATION);
        assert_eq!((of("log-shipper-web-http").as_deref(), of("group-log-web-http")), (Some("log-shipper"), None));
    }

    #[test]
    fn a_check_that_nobody_named_is_called_by_its_service() {
        assert_eq!(name_of("service: \"web\" check", "web"), "of service web");
        assert_eq!((name_of("", "web").as_str(), name_of("page", "web").as_str()), ("of service web", "page"));
    }
}

//! Queues and pools of connections, from numbers.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    ClusterId, Endpoint, Exposure, Fact, Kind, Metric, Name, Object, Queue, Ref, Sample, Source, Timestamp,
};

use super::exposition::Point;
use super::table::{PoolKind, QueueKind, SERVER, Table};

/// Which workloads take from which queue, as a person says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// The queue's name.
    pub queue: Name,
    /// The workload.
    pub workload: Ref,
}

/// What numbers tell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Told {
    /// Queues and pools.
    pub objects: Vec<Object>,
    /// Their numbers.
    pub samples: Vec<Sample>,
}

impl Told {
    /// What is told of a cluster by numbers of one moment.
    pub fn by(points: &[Point], table: &Table, cluster: &ClusterId, consumers: &[Consumer], at: Timestamp) -> Self {
        let (mut told, mut known) = (Self::default(), BTreeSet::new());
        let by_name = by_name(points);
        for kind in &table.queues {
            let queues = told.queues(kind, &by_name, cluster, consumers, &known, at);
            known.extend(queues);
        }
        for kind in &table.pools {
            told.pools(kind, &by_name, cluster, at);
        }
        told
    }

    /// Those of one kind that are not known by another; the names of these.
    fn queues(
        &mut self,
        kind: &QueueKind,
        by_name: &ByName<'_>,
        cluster: &ClusterId,
        consumers: &[Consumer],
        known: &BTreeSet<Name>,
        at: Timestamp,
    ) -> Vec<Name> {
        let of = |metric: &Name, whole: Whole| summed(by_name.get(metric.as_str()), |point| called(kind, point), whole);
        let takers = kind.consumers.as_ref().map(|metric| of(metric, Whole::Sum)).unwrap_or_default();
        let oldest = kind.oldest.as_ref().map(|metric| of(metric, Whole::Most)).unwrap_or_default();
        let mut new = Vec::new();
        // Told in two ways it is one queue: the first of the table counts.
        for (name, depth) in of(&kind.depth, Whole::Sum).into_iter().filter(|(name, _)| !known.contains(name)) {
            let key = Ref::new(cluster, Kind::Queue, None, name.clone());
            let taken_by = consumers.iter().filter(|it| it.queue == name).map(|it| it.workload.clone()).collect();
            self.measure(&key, Metric::QueueDepth, depth, at);
            takers.get(&name).into_iter().for_each(|n| self.measure(&key, Metric::QueueConsumers, *n, at));
            oldest.get(&name).into_iter().for_each(|age| self.measure(&key, Metric::QueueOldestSeconds, *age, at));
            let queue = Queue { key, system: kind.system.clone(), consumers: taken_by, broker: None };
            self.objects.push(Object::Queue(Box::new(queue)));
            new.push(name);
        }
        new
    }

    fn pools(&mut self, kind: &PoolKind, by_name: &ByName<'_>, cluster: &ClusterId, at: Timestamp) {
        let of = |metric: &Name| summed(by_name.get(metric.as_str()), server, Whole::Sum);
        let (used, allowed) = (of(&kind.used), of(&kind.allowed));
        let less = kind.less.as_ref().map(of).unwrap_or_default();
        for (name, used) in used {
            let Some(allowed) = allowed.get(&name) else { continue };
            let allowed = allowed - less.get(&name).copied().unwrap_or_default();
            let key = Ref::new(cluster, Kind::Endpoint, None, Name::from(format!("{} {name}", kind.system)));
            self.measure(&key, Metric::ConnectionsUsed, used, at);
            self.measure(&key, Metric::ConnectionsMax, allowed, at);
            self.objects.push(Object::Endpoint(Box::new(Endpoint {
                key,
                serves: Vec::new(),
                ready: 0,
                not_ready: 0,
                selector: None,
                exposure: Exposure::Unknown,
                pool: true,
                check: None,
            })));
        }
    }

    fn measure(&mut self, key: &Ref, metric: Metric, value: f64, at: Timestamp) {
        self.samples.push(Sample { subject: key.clone(), container: None, metric, at, value });
    }

    /// The same as facts of a source that lists all that it knows.
    pub fn facts(self, source: &Source) -> Vec<Fact> {
        let all = u32::try_from(self.objects.len()).ok();
        let put = |object| Fact::Put(source.clone(), object);
        let measured = self.samples.into_iter().map(Fact::Measured);
        let begun = std::iter::once(Fact::Listing(source.clone(), all));
        begun.chain(self.objects.into_iter().map(put)).chain([Fact::Listed(source.clone())]).chain(measured).collect()
    }
}

type ByName<'p> = BTreeMap<&'p str, Vec<&'p Point>>;

fn by_name(points: &[Point]) -> ByName<'_> {
    let mut all = ByName::new();
    for point in points.iter().filter(|point| point.value.is_finite()) {
        all.entry(point.name.as_str()).or_default().push(point);
    }
    all
}

/// What several numbers of one thing are together.
#[derive(Clone, Copy, PartialEq)]
enum Whole {
    /// Parts of it.
    Sum,
    /// The same, seen from several places.
    Most,
}

/// Numbers by what they are of. What one exporter tells in parts is summed; of what several tell the highest counts, since they look at the
/// same.
fn summed(points: Option<&Vec<&Point>>, of: impl Fn(&Point) -> Option<Name>, whole: Whole) -> BTreeMap<Name, f64> {
    let mut by_exporter: BTreeMap<(Name, Option<&str>), f64> = BTreeMap::new();
    for point in points.into_iter().flatten() {
        let Some(name) = of(point) else { continue };
        let exporter = point.label("instance").map(|it| it.as_str());
        let known = by_exporter.entry((name, exporter)).or_insert(match whole {
            Whole::Sum => 0.0,
            Whole::Most => f64::NEG_INFINITY,
        });
        *known = if whole == Whole::Sum { *known + point.value } else { known.max(point.value) };
    }
    let mut all: BTreeMap<Name, f64> = BTreeMap::new();
    for ((name, _), value) in by_exporter {
        let known = all.entry(name).or_insert(value);
        *known = known.max(value);
    }
    all
}

/// The name of the queue that a number is of.
fn called(kind: &QueueKind, point: &Point) -> Option<Name> {
    if let Some(called) = &kind.called {
        return Some(called.clone());
    }
    // The virtual host of RabbitMQ that everybody uses is `/`.
    let parts = kind.name.iter().filter_map(|label| point.label(label)).map(|it| it.as_str());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty() && *part != "/").collect();
    (!parts.is_empty()).then(|| Name::from(parts.join("/")))
}

/// The server that a number is of.
fn server(point: &Point) -> Option<Name> {
    let name = SERVER.iter().find_map(|label| point.label(label));
    Some(name.cloned().unwrap_or_else(|| Name::new("server")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Vec<Point> {
        let wants = |_: &str| true;
        let mut reader = super::super::exposition::Reader::new(&wants);
        reader.take(text.as_bytes());
        let page = reader.end();
        assert_eq!(page.odd, 0);
        page.points
    }

    fn told(text: &str, consumers: &[Consumer]) -> Vec<String> {
        let table = Table::built_in();
        let told = Told::by(&points(text), &table, &ClusterId::new("prod"), consumers, Timestamp::UNIX_EPOCH);
        let of = |key: &Ref| {
            let mine = told.samples.iter().filter(|it| it.subject == *key);
            mine.map(|it| format!(" {:?}={}", it.metric, it.value)).collect::<String>()
        };
        told.objects.iter().map(|it| format!("{}{}", it.key().name, of(it.key()))).collect()
    }

    #[test]
    fn a_queue_is_known_by_its_labels_and_its_parts_are_one() {
        let text = "redis_key_size{db=\"db0\",key=\"orders\"} 40212\n\
                    rabbitmq_detailed_queue_messages_ready{vhost=\"/\",queue=\"mail\"} 12\n\
                    rabbitmq_detailed_queue_consumers{vhost=\"/\",queue=\"mail\"} 0\n\
                    kafka_consumergroup_lag{consumergroup=\"billing\",topic=\"paid\",partition=\"0\"} 5\n\
                    kafka_consumergroup_lag{consumergroup=\"billing\",topic=\"paid\",partition=\"1\"} 7\n\
                    sidekiq_queue_enqueued_jobs{name=\"low\"} 3\nsidekiq_queue_latency_seconds{name=\"low\"} 61\n\
                    nomad_nomad_broker_total_ready 2\n";
        let is = [
            "orders QueueDepth=40212",
            "mail QueueDepth=12 QueueConsumers=0",
            "billing/paid QueueDepth=12",
            "low QueueDepth=3 QueueOldestSeconds=61",
            "evaluations QueueDepth=2",
        ];
        assert_eq!(told(text, &[]), is);
    }

    #[test]
    fn what_two_exporters_tell_of_one_queue_is_not_added_up() {
        let text = "kafka_consumergroup_lag{consumergroup=\"g\",topic=\"t\",partition=\"0\",instance=\"a\"} 5\n\
                    kafka_consumergroup_lag{consumergroup=\"g\",topic=\"t\",partition=\"1\",instance=\"a\"} 7\n\
                    kafka_consumergroup_lag{consumergroup=\"g\",topic=\"t\",partition=\"0\",instance=\"b\"} 4\n\
                    kafka_consumergroup_lag{consumergroup=\"g\",topic=\"t\",partition=\"1\",instance=\"b\"} 7\n";
        assert_eq!(told(text, &[]), ["g/t QueueDepth=12"]);
    }

    #[test]
    fn what_is_no_number_is_not_taken_for_none() {
        assert_eq!(told("redis_key_size{key=\"orders\"} NaN\nredis_key_size{db=\"db0\"} 4\n", &[]), [""; 0]);
    }

    #[test]
    fn connections_that_are_kept_for_others_are_not_allowed() {
        let text = "pg_stat_activity_count{datname=\"shop\",state=\"active\",server=\"db:5432\"} 90\n\
                    pg_stat_activity_count{datname=\"shop\",state=\"idle\",server=\"db:5432\"} 5\n\
                    pg_settings_max_connections{server=\"db:5432\"} 100\n\
                    pg_settings_superuser_reserved_connections{server=\"db:5432\"} 3\n\
                    mysql_global_status_threads_connected 4\n";
        assert_eq!(
            told(text, &[]),
            ["postgres db:5432 ConnectionsUsed=95 ConnectionsMax=97"],
            "of MySQL no limit is told"
        );
    }

    #[test]
    fn who_takes_from_a_queue_is_as_a_person_said() {
        let workload: Ref = "prod/shop/Deployment/worker".parse().expect("a ref");
        let consumers = [Consumer { queue: Name::new("orders"), workload: workload.clone() }];
        let told = Told::by(
            &points("redis_key_size{key=\"orders\"} 1\nredis_key_size{key=\"mail\"} 1\n"),
            &Table::built_in(),
            &ClusterId::new("prod"),
            &consumers,
            Timestamp::UNIX_EPOCH,
        );
        let taken: Vec<_> = told
            .objects
            .iter()
            .map(|it| match it {
                Object::Queue(queue) => (queue.key.name.to_string(), queue.consumers.clone()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(taken, [("mail".to_owned(), vec![]), ("orders".to_owned(), vec![workload])]);
    }
}

//! Work that piles up: queues, connection pools, endpoints without anyone behind them.

use crate::diagnose::rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, count, seconds_between, span};
use crate::domain::{
    Certainty, DesiredState, Endpoint, Exposure, Intent, Metric, Queue, Ref, Role, Severity, Tier, Timestamp, Workload,
};
use crate::state::{Counts, Series};

/// A queue is not emptied.
pub const QUEUE_BACKED_UP: Rule = Rule {
    id: "queue-backed-up",
    family: "queue",
    summary: "a queue is not emptied: nobody takes from it, or it grows faster than it is emptied",
    looks_at: "messages that wait, who takes from it (as its broker counts them, else by the workloads that the settings name), and how it \
               changes over the last samples: nobody while something waits, or growth that doubles it within the hour",
    mend: "bring its consumers back, or run more of them; look at what they wait for",
    subject: Subject::Queue,
    cause: Cause::Traffic,
    reads: &[Edge::Consumers],
    hold_seconds: 60,
    clear_after_seconds: 120,
    check: queue_backed_up,
};

/// A connection pool is full.
pub const POOL_FULL: Rule = Rule {
    id: "pool-full",
    family: "pool",
    summary: "almost all connections that are allowed are in use",
    looks_at: "connections in use against those allowed, from 95 %",
    mend: "find who holds them (idle in transaction, a client without a pool) before raising the limit",
    subject: Subject::Endpoint,
    cause: Cause::Traffic,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 120,
    check: pool_full,
};

/// Nobody answers at an endpoint.
pub const ENDPOINT_DEAD: Rule = Rule {
    id: "endpoint-dead",
    family: "endpoint",
    summary: "nobody is ready behind an endpoint, or nothing ever can be",
    looks_at: "the addresses that are ready behind it, as the orchestrator says; a Service whose selector matches no pod; an Ingress \
               or a route of a Gateway whose backend does not exist. What serves something that rests on purpose is left out",
    mend: "look at the workloads behind it; if those are well, their labels or ports do not fit the endpoint",
    subject: Subject::Endpoint,
    cause: Cause::Traffic,
    reads: &[],
    hold_seconds: 15,
    clear_after_seconds: 60,
    check: endpoint_dead,
};

/// Samples older than this say nothing about now, seconds.
const FRESH: i64 = 600;
/// A share of connections from which on newcomers fail, percent.
const POOL_PERCENT: f64 = 95.0;
/// Below this a queue may grow as it likes.
const SMALL: f64 = 100.0;

fn fresh<'a>(scene: &Scene<'a>, metric: Metric) -> Option<(&'a Series, Timestamp, f64)> {
    let series = scene.view.series(scene.key, metric)?;
    let (at, value) = series.latest()?;
    (after(at, FRESH) > scene.now()).then_some((series, at, value))
}

fn queue_backed_up(scene: &Scene<'_>, out: &mut Out) {
    let Some(queue) = scene.view.queue(scene.key) else { return };
    let Some((series, at, depth)) = fresh(scene, Metric::QueueDepth) else { return };
    let takers = Takers::of(scene, queue);
    let growth = growth(series);
    let alone = depth >= 1.0 && takers.is_none_there();
    let grows = depth >= SMALL && growth.is_some_and(|growth| growth * 60.0 >= depth);
    if !alone && !grows {
        return;
    }
    out.recheck_at(after(at, FRESH));
    let rate = growth.map(|growth| growth.round()).filter(|growth| *growth >= 1.0);
    let rate = rate.map_or(String::new(), |rate| format!(", +{}/min", count(rate as u64)));
    let who = takers.words();
    let oldest = fresh(scene, Metric::QueueOldestSeconds).map(|(.., seconds)| seconds).filter(|it| *it >= 60.0);
    let oldest = oldest.map_or(String::new(), |seconds| format!(", oldest waits {}", span(seconds as i64)));
    let severity = if alone { Severity::Critical } else { Severity::Warning };
    let mut finding = Finding::new(severity, format!("{} waiting{rate}{who}{oldest}", count(depth as u64)))
        .tier(Tier::Capacity)
        .since(began(series, takers, scene))
        .certainty(if alone { Certainty::Confirmed } else { Certainty::Likely })
        .evidence(Some(at), &queue.system, format!("{} waiting{rate}{who}", count(depth as u64)))
        .helps(consumers_mends(scene, queue));
    let takes = |it: &Ref| if alone { Link::Lacks(it.clone()) } else { Link::On(it.clone()) };
    finding.links = queue.consumers.iter().map(takes).chain(queue.broker.clone().map(Link::On)).collect();
    out.say(finding);
}

/// Who takes from a queue.
#[derive(Clone, Copy, PartialEq)]
enum Takers {
    /// As its broker counts them.
    Measured(f64),
    /// Instances of the workloads that take from it: ready, and wanted.
    Ready(u32, u32),
    Unknown,
}

impl Takers {
    fn of(scene: &Scene<'_>, queue: &Queue) -> Self {
        if let Some((.., n)) = fresh(scene, Metric::QueueConsumers) {
            return Takers::Measured(n);
        }
        let mut counts = queue.consumers.iter().map(|key| scene.view.workload(key).map(|it| scene.view.counts(it)));
        let both =
            |(ready, wanted), it: Option<Counts>| it.map(|it| (ready + it.ready, wanted + it.wanted.unwrap_or(0)));
        match counts.try_fold((0, 0), both) {
            Some((ready, wanted)) if !queue.consumers.is_empty() => Takers::Ready(ready, wanted),
            _ => Takers::Unknown,
        }
    }

    /// Nobody takes from it, and somebody is to: who was put to rest on purpose is not missed.
    const fn is_none_there(self) -> bool {
        match self {
            Takers::Measured(n) => n == 0.0,
            Takers::Ready(ready, wanted) => ready == 0 && wanted > 0,
            Takers::Unknown => false,
        }
    }

    fn words(self) -> String {
        match self {
            Takers::Measured(0.0) => ", no consumer".to_owned(),
            Takers::Measured(n) => format!(", {} {}", count(n as u64), if n < 1.5 { "consumer" } else { "consumers" }),
            Takers::Ready(ready, wanted) => format!(", {ready} of {wanted} consumers ready"),
            Takers::Unknown => ", consumers unknown".to_owned(),
        }
    }
}

/// Messages a minute, over samples that reach back three minutes at least.
fn growth(series: &Series) -> Option<f64> {
    let mut values = series.values();
    let (first, last) = (values.next()?.0, values.next_back()?.0);
    (seconds_between(first, last) >= 180).then(|| series.per_minute()).flatten()
}

/// Since when nobody takes, or since when it only grows.
fn began(depth: &Series, takers: Takers, scene: &Scene<'_>) -> Option<Timestamp> {
    if takers == Takers::Measured(0.0) {
        let consumers = scene.view.series(scene.key, Metric::QueueConsumers)?;
        return consumers.values().rev().take_while(|(_, n)| *n == 0.0).last().map(|(at, _)| at);
    }
    grows_since(depth)
}

/// Since when it has not become less; as long as it stayed as it was, it did not grow yet.
fn grows_since(depth: &Series) -> Option<Timestamp> {
    let mut values = depth.values().rev();
    let (mut since, mut above) = values.next()?;
    for (at, value) in values {
        if value > above {
            break;
        }
        if value < above {
            (since, above) = (at, value);
        }
    }
    Some(since)
}

fn consumers_mends(scene: &Scene<'_>, queue: &Queue) -> Vec<Intent> {
    let mut mends = Vec::new();
    for consumer in &queue.consumers {
        let Some(workload) = scene.view.workload(consumer) else { continue };
        if let Some(wanted) = workload.desired.running() {
            mends.push(Intent::Scale(consumer.clone(), wanted.saturating_add(1)));
        }
        mends.push(Intent::Restart(consumer.clone()));
    }
    mends
}

fn pool_full(scene: &Scene<'_>, out: &mut Out) {
    let Some(endpoint) = scene.view.endpoint(scene.key) else { return };
    let (Some((series, at, used)), Some((.., max))) =
        (fresh(scene, Metric::ConnectionsUsed), fresh(scene, Metric::ConnectionsMax).filter(|(.., max)| *max >= 1.0))
    else {
        return;
    };
    let percent = used / max * 100.0;
    if percent < POOL_PERCENT {
        return;
    }
    out.recheck_at(after(at, FRESH));
    let full = used >= max;
    let words = if full { "all" } else { "almost all" };
    let summary = format!("{words} connections in use: {} of {}", count(used as u64), count(max as u64));
    let since =
        series.values().rev().take_while(|(_, used)| used / max * 100.0 >= POOL_PERCENT).last().map(|(at, _)| at);
    let severity = if full { Severity::Critical } else { Severity::Warning };
    let mut finding = Finding::new(severity, if full { format!("{summary}; newcomers fail") } else { summary })
        .tier(if full { Tier::Capacity } else { Tier::Stuck })
        .since(since)
        .evidence(Some(at), "metrics", format!("{} of {} in use", count(used as u64), count(max as u64)));
    finding.links = endpoint.serves.iter().map(|it| Link::On(it.clone())).collect();
    out.say(finding);
}

fn endpoint_dead(scene: &Scene<'_>, out: &mut Out) {
    let Some(endpoint) = scene.view.endpoint(scene.key).filter(|it| it.ready == 0 && it.leads()) else { return };
    // Where addresses may not be read, none is known.
    let namespace = scene.key.namespace.as_ref();
    let apart = scene.view.sources(scene.cluster()).any(|(source, _)| source.kind == *ADDRESSES);
    if !scene.complete || (apart && !scene.lists(&[ADDRESSES], namespace)) {
        return;
    }
    if endpoint.key.kind.leads_on() {
        return ingress_dead(scene, endpoint, out);
    }
    if let Some(begins) = begins(scene, endpoint) {
        return out.recheck_at(begins);
    }
    let wanted = |key: &&Ref| scene.view.workload(key).and_then(|it| it.desired.running()) > Some(0);
    let behind: Vec<_> = endpoint.serves.iter().filter(wanted).collect();
    if behind.is_empty() {
        return selects_nothing(scene, endpoint, out);
    }
    let counted = behind.iter().filter_map(|key| Some((*key, scene.view.counts(scene.view.workload(key)?).ready)));
    let well = counted.filter(|(_, ready)| *ready > 0).max_by_key(|(key, ready)| (*ready, std::cmp::Reverse(*key)));
    let why = match (endpoint.not_ready, well) {
        (0, Some((key, ready))) => {
            format!(", though {} has {ready} ready: its ports or its selector do not fit", key.local())
        }
        (0, None) => String::new(),
        (n, _) => format!(": {n} not ready"),
    };
    let (severity, tier) = weight(endpoint);
    let mut finding = Finding::new(severity, format!("nobody is ready behind it{why}")).tier(tier).evidence(
        None,
        "endpoints",
        format!("0 addresses ready, {} not ready", endpoint.not_ready),
    );
    finding.links = behind.into_iter().map(|it| Link::Lacks(it.clone())).collect();
    out.say(finding);
}

/// Until when all that is to serve it only begins: it was created just now, and nothing of it has failed.
fn begins(scene: &Scene<'_>, endpoint: &Endpoint) -> Option<Timestamp> {
    let behind = endpoint.serves.iter().flat_map(|key| scene.view.instances_of(key));
    let mut first: Option<Timestamp> = None;
    for it in behind.filter(|it| it.desired == DesiredState::Run) {
        if it.phase.ended() || it.restarts() > 0 {
            return None;
        }
        first = Some(first.map_or(it.created?, |first| first.min(it.created.unwrap_or(first))));
    }
    first.map(|at| after(at, ENDPOINT_DEAD.hold_seconds)).filter(|at| *at > scene.now())
}

/// The source that tells of addresses, where they are told apart from what they are behind.
const ADDRESSES: &str = "endpointslices";
/// The sources that tell of Services.
pub const SERVICES: [&str; 2] = ["services", "endpoints"];

fn weight(endpoint: &Endpoint) -> (Severity, Tier) {
    let users = endpoint.exposure == Exposure::Yes;
    if users { (Severity::Critical, Tier::UsersHurt) } else { (Severity::Warning, Tier::Capacity) }
}

/// A Service whose selector fits no pod at all: somebody mistyped it, or what it served is gone. What rests on purpose
/// (scaled to none, a job that is not running) is no mistake.
fn selects_nothing(scene: &Scene<'_>, endpoint: &Endpoint, out: &mut Out) {
    let Some(selector) = endpoint.selector.as_deref().filter(|_| endpoint.not_ready == 0) else { return };
    if !endpoint.serves.is_empty() {
        return;
    }
    let pairs: Vec<(&str, &str)> = selector.split(',').filter_map(|pair| pair.trim().split_once('=')).collect();
    let fits = |it: &Workload| pairs.iter().all(|(name, value)| it.label(name) == Some(*value));
    let rests = |it: &Workload| it.desired.running().is_none_or(|wanted| wanted == 0);
    let near = scene
        .view
        .workloads()
        .filter(|it| it.key.cluster == *scene.cluster() && it.key.namespace == scene.key.namespace && rests(it));
    if near.into_iter().any(|it| it.key.name == scene.key.name || (!pairs.is_empty() && fits(it))) {
        return;
    }
    let (severity, tier) = match endpoint.exposure {
        Exposure::Yes => (Severity::Warning, Tier::Capacity),
        Exposure::No | Exposure::Unknown => (Severity::Risk, Tier::Risk),
    };
    out.say(Finding::new(severity, format!("its selector {selector} matches no pod")).tier(tier).evidence(
        None,
        "endpoints",
        format!("selector {selector}, no addresses"),
    ));
}

/// Users come in by it: its backends are Services, or what these serve.
fn ingress_dead(scene: &Scene<'_>, ingress: &Endpoint, out: &mut Out) {
    let services: Vec<&Ref> = ingress.serves.iter().filter(|key| key.kind.role() == Role::Endpoint).collect();
    let seen = |key: &Ref| scene.lists(&SERVICES, key.namespace.as_ref());
    let absent: Vec<&Ref> =
        services.iter().copied().filter(|key| scene.view.endpoint(key).is_none() && seen(key)).collect();
    if let Some(first) = absent.first() {
        let more = if absent.len() > 1 { format!(" and {} more", absent.len() - 1) } else { String::new() };
        let words = format!("its backend {}{more} does not exist", first.local());
        let finding = Finding::new(Severity::Warning, words).tier(Tier::Stuck);
        return out.say(finding.evidence(None, ingress.key.kind.noun(), format!("no Service {}", first.local())));
    }
    let behind = ingress.serves.iter().filter(|key| match key.kind.role() {
        Role::Endpoint => scene.view.endpoint(key).is_some_and(|it| it.ready == 0 && it.selector.is_some()),
        _ => scene.view.workload(key).and_then(|it| it.desired.running()) > Some(0),
    });
    let behind: Vec<&Ref> = behind.collect();
    if behind.len() < ingress.serves.len() || behind.is_empty() {
        return;
    }
    // What was put to rest is behind a Service that serves nobody.
    let at_rest =
        |key: &&Ref| scene.view.endpoint(key).is_some_and(|it| it.serves.is_empty() || !serves_any(scene, it));
    if behind.iter().all(at_rest) && !services.is_empty() {
        return;
    }
    let (severity, tier) = weight(ingress);
    let mut finding = Finding::new(severity, "none of its backends has anybody ready").tier(tier).evidence(
        None,
        "endpoints",
        "0 addresses ready",
    );
    finding.links = behind.into_iter().map(|it| Link::Lacks(it.clone())).collect();
    out.say(finding);
}

fn serves_any(scene: &Scene<'_>, endpoint: &Endpoint) -> bool {
    endpoint.serves.iter().any(|key| scene.view.workload(key).and_then(|it| it.desired.running()) > Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Batch, ClusterId, Fact, Kind, Object, Sample, Source};
    use crate::state::World;

    #[test]
    fn a_queue_grows_since_it_was_last_as_it_had_been() {
        let cluster = ClusterId::new("prod");
        let key = Ref::new(&cluster, Kind::Queue, None, "orders");
        let minute = |n: i64| Timestamp::from_second(1_700_000_000 + 60 * n).expect("in range");
        let grown = |depths: &[f64]| {
            let queue = Queue { key: key.clone(), system: "redis".into(), consumers: Vec::new(), broker: None };
            let put = Fact::Put(Source::of("metrics"), Object::Queue(Box::new(queue)));
            let sample = |(n, depth): (i64, &f64)| {
                let (subject, metric) = (key.clone(), Metric::QueueDepth);
                Fact::Measured(Sample { subject, container: None, metric, at: minute(n), value: *depth })
            };
            let facts = std::iter::once(put).chain((0..).zip(depths).map(sample)).collect();
            let mut world = World::default();
            world.fold(Batch { cluster: cluster.clone(), at: minute(10), facts });
            let view = world.view(minute(10));
            grows_since(view.series(&key, Metric::QueueDepth).expect("its depths"))
        };
        assert_eq!(grown(&[7.0, 7.0, 7.0, 8.0, 8.0, 9.0]), Some(minute(2)));
        assert_eq!(grown(&[9.0, 3.0, 4.0, 4.0, 6.0]), Some(minute(1)), "before it was emptied is another time");
    }
}

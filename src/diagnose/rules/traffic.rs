//! Work that piles up: queues, connection pools, endpoints without anyone behind them, volumes.

use crate::diagnose::logs::quote;
use crate::diagnose::rule::{Cause, Edge, Finding, Link, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, count, seconds_between, span};
use crate::domain::{Certainty, Exposure, Intent, Metric, Queue, Ref, Severity, Tier, Timestamp};
use crate::state::Series;

/// A queue is not emptied.
pub const QUEUE_BACKED_UP: Rule = Rule {
    id: "queue-backed-up",
    family: "queue",
    summary: "a queue is not emptied: nobody takes from it, or it grows faster than it is emptied",
    looks_at: "messages that wait, who takes from it, and how it changes over the last samples: nobody while something waits, or \
               growth that doubles it within the hour",
    mend: "bring its consumers back, or run more of them; look at what they wait for",
    subject: Subject::Queue,
    cause: Cause::Traffic,
    reads: &[],
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
    summary: "an endpoint that users reach has nobody ready behind it",
    looks_at: "the addresses that are ready behind it, as the orchestrator says; an endpoint for nobody is left out",
    mend: "look at the workloads behind it; if those are well, their labels or ports do not fit the endpoint",
    subject: Subject::Endpoint,
    cause: Cause::Traffic,
    reads: &[],
    hold_seconds: 15,
    clear_after_seconds: 60,
    check: endpoint_dead,
};

/// A volume cannot be had.
pub const VOLUME_UNBOUND: Rule = Rule {
    id: "volume-unbound",
    family: "volume",
    summary: "a volume is lost, or has been waiting to be made",
    looks_at: "the state that the orchestrator gives it",
    mend: "look at the storage class and its provisioner; a lost volume has lost what held its data",
    subject: Subject::Volume,
    cause: Cause::Configuration,
    reads: &[Edge::Instances],
    hold_seconds: 120,
    clear_after_seconds: 60,
    check: volume_unbound,
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
    let consumers = fresh(scene, Metric::QueueConsumers).map(|(.., n)| n);
    let growth = growth(series);
    let alone = depth >= 1.0 && consumers == Some(0.0);
    let grows = depth >= SMALL && growth.is_some_and(|growth| growth * 60.0 >= depth);
    if !alone && !grows {
        return;
    }
    out.recheck_at(after(at, FRESH));
    let rate = growth.map(|growth| growth.round()).filter(|growth| *growth >= 1.0);
    let rate = rate.map_or(String::new(), |rate| format!(", +{}/min", count(rate as u64)));
    let who = match consumers {
        Some(0.0) => ", no consumer".to_owned(),
        Some(n) => format!(", {} {}", count(n as u64), if n < 1.5 { "consumer" } else { "consumers" }),
        None => ", consumers unknown".to_owned(),
    };
    let oldest = fresh(scene, Metric::QueueOldestSeconds).map(|(.., seconds)| seconds).filter(|it| *it >= 60.0);
    let oldest = oldest.map_or(String::new(), |seconds| format!(", oldest waits {}", span(seconds as i64)));
    let severity = if alone { Severity::Critical } else { Severity::Warning };
    let mut finding = Finding::new(severity, format!("{} waiting{rate}{who}{oldest}", count(depth as u64)))
        .tier(Tier::Capacity)
        .since(began(series, alone, scene))
        .certainty(if alone { Certainty::Confirmed } else { Certainty::Likely })
        .evidence(Some(at), &queue.system, format!("{} waiting{rate}{who}", count(depth as u64)))
        .helps(consumers_mends(scene, queue));
    let takes = |it: &Ref| if alone { Link::Lacks(it.clone()) } else { Link::On(it.clone()) };
    finding.links = queue.consumers.iter().map(takes).chain(queue.broker.clone().map(Link::On)).collect();
    out.say(finding);
}

/// Messages a minute, over samples that reach back three minutes at least.
fn growth(series: &Series) -> Option<f64> {
    let mut values = series.values();
    let (first, last) = (values.next()?.0, values.next_back()?.0);
    (seconds_between(first, last) >= 180).then(|| series.per_minute()).flatten()
}

/// Since when nobody takes, or since when it only grows.
fn began(depth: &Series, alone: bool, scene: &Scene<'_>) -> Option<Timestamp> {
    if alone {
        let consumers = scene.view.series(scene.key, Metric::QueueConsumers)?;
        return consumers.values().rev().take_while(|(_, n)| *n == 0.0).last().map(|(at, _)| at);
    }
    let mut values = depth.values().rev();
    let (mut since, mut above) = values.next()?;
    for (at, value) in values {
        if value > above {
            break;
        }
        (since, above) = (at, value);
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
    let Some(endpoint) = scene.view.endpoint(scene.key).filter(|it| it.ready == 0 && !it.pool) else { return };
    let wanted = |key: &&Ref| scene.view.workload(key).and_then(|it| it.desired.running()) > Some(0);
    let behind: Vec<_> = endpoint.serves.iter().filter(wanted).collect();
    if behind.is_empty() || !scene.complete {
        return;
    }
    let users = endpoint.exposure == Exposure::Yes;
    let (severity, tier) =
        if users { (Severity::Critical, Tier::UsersHurt) } else { (Severity::Warning, Tier::Capacity) };
    let mut finding =
        Finding::new(severity, "nobody is ready behind it").tier(tier).evidence(None, "endpoints", "0 addresses ready");
    finding.links = behind.into_iter().map(|it| Link::Lacks(it.clone())).collect();
    out.say(finding);
}

fn volume_unbound(scene: &Scene<'_>, out: &mut Out) {
    let Some(crate::domain::Object::Volume(volume)) = scene.view.object(scene.key) else { return };
    let state = volume.state.as_deref().unwrap_or("").to_lowercase();
    let said = volume.message.as_deref().map_or(String::new(), |said| format!(": {}", quote(said)));
    let (what, severity, tier) = match state.as_str() {
        "lost" => ("is lost", Severity::Critical, Tier::Capacity),
        "pending" => ("waits to be made", Severity::Warning, Tier::Stuck),
        _ => return,
    };
    out.say(Finding::new(severity, format!("{what}{said}")).tier(tier).evidence(
        None,
        "volume",
        format!("{state}{said}"),
    ));
}

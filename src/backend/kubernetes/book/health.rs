//! What the probes of a running container say. A kubelet does not publish its verdict on each: `ready` and `started` are what
//! came of it, and the failures are events (kubernetes: pkg/kubelet/prober).

use crate::domain::{Health, HealthStatus, ProbeKind};

use super::super::wire::pod::{self, ContainerStatus, Probe};
use super::pods::{Part, Pod};
use super::recall::Recalled;
use super::scribe::Second;

/// The checks that a container has, and what came of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Checks {
    readiness: bool,
    liveness: bool,
    startup: bool,
    ready: bool,
    started: bool,
    /// Until a first run of failures is a verdict, seconds after its start.
    warm: u32,
    /// Seconds between two checks of liveness, and how many of them have to fail.
    period: u16,
    threshold: u16,
}

/// A start takes a minute, whatever its checks say, seconds.
const LEAST_WARM: u32 = 60;

impl Checks {
    pub(super) fn read(container: &pod::Container, known: Option<&ContainerStatus>) -> Self {
        let probe = |it: &Option<Box<Probe>>| it.as_deref().map(patience).unwrap_or(0);
        let liveness = container.liveness_probe.as_deref();
        Self {
            readiness: container.readiness_probe.is_some(),
            liveness: liveness.is_some(),
            startup: container.startup_probe.is_some(),
            ready: known.is_some_and(|it| it.ready.0),
            // A server that does not say it has no such check.
            started: known.is_some_and(|it| it.started.is_none_or(|started| started.0)),
            warm: (probe(&container.readiness_probe) + probe(&container.startup_probe)).max(LEAST_WARM),
            period: liveness.map_or(0, |it| u16::try_from(period(it)).unwrap_or(u16::MAX)),
            threshold: liveness.map_or(0, |it| u16::try_from(threshold(it)).unwrap_or(u16::MAX)),
        }
    }
}

impl Checks {
    /// How long they grant it to start, where it has any, seconds.
    pub(super) fn granted(self) -> Option<u32> {
        (self.readiness || self.startup || self.liveness).then_some(self.warm)
    }
}

/// Ten seconds where it is not said (kubernetes: pkg/apis/core/v1/defaults.go).
pub(super) fn period(it: &Probe) -> u32 {
    if it.period_seconds.0 > 0 { it.period_seconds.count() } else { 10 }
}

/// Three in a row where it is not said.
pub(super) fn threshold(it: &Probe) -> u32 {
    if it.failure_threshold.0 > 0 { it.failure_threshold.count() } else { 3 }
}

fn patience(it: &Probe) -> u32 {
    it.initial_delay_seconds.count().saturating_add(period(it).saturating_mul(threshold(it)))
}

/// What its checks say of a container that runs since then, and when to ask again; none where it has no checks.
pub(super) fn of(pod: &Pod, part: &Part, since: Second, recalled: Recalled<'_>) -> Option<(Health, Second)> {
    let checks = part.checks;
    if !(checks.readiness || checks.liveness || checks.startup) || pod.leaving.is_some() {
        return None;
    }
    let began = since.seconds().unwrap_or(0);
    let failing = |kind| recalled.failing(&part.name, kind).filter(|it| it.last >= began);
    let mut health = Health { status: HealthStatus::Healthy, streak: 0, output: None, code: None, since: None };
    let mut again = Second::default();
    let warm_until = began + i64::from(checks.warm);
    if checks.startup && !checks.started {
        health.status = HealthStatus::Starting;
        health.output = failing(ProbeKind::Startup).map(|it| it.output.clone());
    } else if checks.readiness && !checks.ready {
        // One that was ready in this run and is not any more has no excuse.
        let was_ready = pod.turned.seconds().is_some_and(|turned| turned > began + 1) && !pod.ready;
        let warming = recalled.now < warm_until && !was_ready;
        health.status = if warming { HealthStatus::Starting } else { HealthStatus::Unhealthy };
        let failure = failing(ProbeKind::Readiness);
        health.output = failure.map(|it| it.output.clone());
        health.since = match was_ready {
            true => pod.turned.at(),
            false => failure.and_then(|it| Second::from_seconds(it.first.max(began)).at()).or_else(|| since.at()),
        };
        health.since = health.since.filter(|_| !warming);
        again = if warming { Second::from_seconds(warm_until) } else { again };
    } else if let Some(it) = failing(ProbeKind::Liveness) {
        // Its failures count in one event; those of a former run cannot be told from those of this one.
        let over = it.last + 2 * i64::from(checks.period) + 10;
        let enough = it.count >= u32::from(checks.threshold) && it.first >= began;
        if enough && recalled.now < over {
            health.status = HealthStatus::Unhealthy;
            health.output = Some(it.output.clone());
            health.since = Second::from_seconds(it.first).at();
            again = Second::from_seconds(over);
        }
    }
    Some((health, again))
}

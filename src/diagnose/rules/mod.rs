//! The rules, one file a family of causes.

mod alert;
mod began;
mod crash;
mod data;
mod evidence;
mod image;
mod memory;
mod node;
mod placement;
mod practice;
mod probe;
mod replicas;
mod schedule;
mod traffic;

use super::rule::Rule;

/// The rule that says no more than that some are missing.
pub const REPLICAS_MISSING: &str = replicas::REPLICAS_MISSING.id;
/// The rule that says that a health check fails.
pub const UNHEALTHY: &str = probe::UNHEALTHY.id;

/// Every rule.
pub fn rules() -> &'static [&'static Rule] {
    RULES
}

/// One rule, by its name.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}

/// Where a rule stands in the table: of two with one cause the earlier wins.
pub fn place_of(rule: &Rule) -> usize {
    RULES.iter().position(|it| it.id == rule.id).unwrap_or(RULES.len())
}

const RULES: &[&Rule] = &[
    &image::IMAGE_PULL,
    &placement::REJECTED,
    &placement::CANNOT_START,
    &traffic::VOLUME_UNBOUND,
    &memory::OOM_KILLED,
    &crash::CRASH_LOOP,
    &crash::EXITED,
    &placement::CANNOT_BE_PLACED,
    &placement::EVICTED,
    &node::NODE_DOWN,
    &node::NODE_PRESSURE,
    &probe::UNHEALTHY,
    &probe::PROBE_LIES,
    &memory::MEMORY_NEAR_LIMIT,
    &replicas::REPLICAS_MISSING,
    &replicas::ROLLOUT_STUCK,
    &schedule::JOB_OVERDUE,
    &schedule::JOB_FAILED,
    &traffic::ENDPOINT_DEAD,
    &traffic::POOL_FULL,
    &traffic::QUEUE_BACKED_UP,
    &alert::ALERT,
    &node::QUORUM,
    &node::DISK_NEARLY_FULL,
    &node::NODE_CLOSED,
    &data::DATABASE_WITHOUT_VOLUME,
    &data::LOCAL_VOLUME,
    &crash::STOP_TIMEOUT,
    &practice::NO_HEALTH_CHECK,
    &practice::NO_MEMORY_LIMIT,
    &practice::NO_RESTART_POLICY,
    &practice::UNBOUNDED_LOG,
    &practice::LEFT_OVER,
];

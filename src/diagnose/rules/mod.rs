//! The rules, one file a family of causes.

mod alert;
mod began;
mod capacity;
mod check;
mod crash;
mod creation;
mod data;
mod ending;
mod evidence;
mod gate;
mod gitops;
mod image;
mod left;
mod memory;
mod missing;
mod node;
mod ordered;
mod placement;
mod policy;
mod practice;
mod probe;
mod reach;
mod replicas;
mod scaling;
mod schedule;
mod shared;
mod start;
mod storage;
mod task;
mod traffic;

use super::rule::Rule;

/// The rule that says no more than that some are missing.
pub const REPLICAS_MISSING: &str = replicas::REPLICAS_MISSING.id;
/// The rule that says no more than that a rollout stands still.
pub const ROLLOUT_STUCK: &str = replicas::ROLLOUT_STUCK.id;
/// The rule that says what another system says.
pub const ALERT: &str = alert::ALERT.id;
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
    &ordered::BROKEN_POD_BLOCKS,
    &creation::CANNOT_CREATE,
    &image::IMAGE_PULL,
    &placement::REJECTED,
    &start::CANNOT_START,
    &storage::CANNOT_MOUNT,
    &storage::VOLUME_UNBOUND,
    &memory::OOM_KILLED,
    &crash::CRASH_LOOP,
    &crash::EXITED,
    &placement::CANNOT_BE_PLACED,
    &placement::EVICTED,
    &node::NODE_DOWN,
    &capacity::NODE_OUT_OF_MEMORY,
    &node::NODE_PRESSURE,
    &probe::UNHEALTHY,
    &gate::READINESS_GATE,
    &probe::PROBE_LIES,
    &probe::SLOW_START,
    &memory::MEMORY_NEAR_LIMIT,
    &shared::SHARED_DOWN,
    &replicas::REPLICAS_MISSING,
    &ending::POD_LINGERS,
    &ordered::BLOCKED_IN_ORDER,
    &replicas::ROLLOUT_STUCK,
    &schedule::JOB_OVERDUE,
    &schedule::JOB_FAILED,
    &traffic::ENDPOINT_DEAD,
    &reach::ENDPOINT_FAILS,
    &reach::ENDPOINT_SLOW,
    &traffic::POOL_FULL,
    &traffic::QUEUE_BACKED_UP,
    &alert::ALERT,
    &gitops::SYNC_FAILED,
    &gitops::APPLICATION_UNWELL,
    &gitops::OUT_OF_SYNC,
    &ending::NAMESPACE_STUCK,
    &node::QUORUM,
    &policy::QUOTA_NEARLY_USED,
    &policy::AUTOSCALER_BLIND,
    &policy::AUTOSCALER_AT_LIMIT,
    &policy::BUDGET_BLOCKS,
    &policy::LOGIN_ENDS,
    &policy::CERTIFICATE_ENDS,
    &reach::ENDPOINT_CERTIFICATE_ENDS,
    &capacity::NO_SPARE_NODE,
    &capacity::VERSION_SKEW,
    &node::DISK_NEARLY_FULL,
    &left::UNFINISHED_ON_NODE,
    &left::UNFINISHED,
    &left::LEFT_IN_EFFECT,
    &left::LEFT_OUT_OF_SYNC,
    &node::NODE_CLOSED,
    &data::DATABASE_WITHOUT_VOLUME,
    &data::DATABASE_AS_DEPLOYMENT,
    &data::LOCAL_VOLUME,
    &schedule::JOB_SUSPENDED,
    &crash::STOP_TIMEOUT,
    &practice::NO_HEALTH_CHECK,
    &practice::NO_MEMORY_LIMIT,
    &practice::NO_REQUESTS,
    &practice::NO_READINESS_PROBE,
    &practice::SAME_PROBES,
    &practice::ONE_REPLICA,
    &practice::NO_BUDGET,
    &practice::NO_RESTART_POLICY,
    &practice::UNBOUNDED_LOG,
    &practice::LEFT_OVER,
];

//! Which metrics tell what: `assets/metrics`, compiled in.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::domain::Name;

use super::exposition::Point;

/// How a system tells of its queues.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueKind {
    /// `redis`, `rabbitmq` and so on.
    pub system: Name,
    /// How much waits.
    pub depth: Name,
    /// The labels by which a queue is known; those that are empty say nothing.
    #[serde(default)]
    pub name: Vec<Name>,
    /// What a queue is called that no label names.
    #[serde(default)]
    pub called: Option<Name>,
    /// Who takes from it.
    #[serde(default)]
    pub consumers: Option<Name>,
    /// How long the first has waited, seconds.
    #[serde(default)]
    pub oldest: Option<Name>,
}

/// How a system tells of its connections.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolKind {
    /// `postgres`, `mysql` and so on.
    pub system: Name,
    /// Connections in use.
    pub used: Name,
    /// Connections allowed.
    pub allowed: Name,
    /// Of those so many are kept for others.
    #[serde(default)]
    pub less: Option<Name>,
}

/// The labels that name a server, the first that there is.
pub const SERVER: [&str; 3] = ["server", "addr", "instance"];

/// All that is known of metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Queues.
    pub queues: Vec<QueueKind>,
    /// Connections.
    pub pools: Vec<PoolKind>,
}

impl Table {
    /// What is built in.
    pub fn built_in() -> Self {
        #[derive(Deserialize)]
        struct Queues {
            queue: Vec<QueueKind>,
        }
        #[derive(Deserialize)]
        struct Pools {
            pool: Vec<PoolKind>,
        }
        // A test reads both.
        let queues = toml::from_str(include_str!("../../assets/metrics/queues.toml"));
        let pools = toml::from_str(include_str!("../../assets/metrics/pools.toml"));
        Self {
            queues: queues.map(|it: Queues| it.queue).unwrap_or_default(),
            pools: pools.map(|it: Pools| it.pool).unwrap_or_default(),
        }
    }

    /// The names of all metrics that tell of something.
    pub fn wanted(&self) -> BTreeSet<&str> {
        let of_queues = self.queues.iter().flat_map(|it| [Some(&it.depth), it.consumers.as_ref(), it.oldest.as_ref()]);
        let of_pools = self.pools.iter().flat_map(|it| [Some(&it.used), Some(&it.allowed), it.less.as_ref()]);
        of_queues.chain(of_pools).flatten().map(|name| name.as_str()).collect()
    }

    /// All of them as one query: what tells one thing from another, and the exporter, of whatever else there is the sum.
    pub fn query(&self) -> String {
        self.query_for(&self.wanted())
    }

    /// The same of those that there are.
    pub fn query_of(&self, points: &[Point]) -> String {
        let there: BTreeSet<&str> = points.iter().map(|point| point.name.as_str()).collect();
        let wanted = self.wanted();
        self.query_for(&wanted.intersection(&there).copied().collect())
    }

    fn query_for(&self, names: &BTreeSet<&str>) -> String {
        let of_queues = self.queues.iter().flat_map(|it| it.name.iter().map(|name| name.as_str()));
        let labels: BTreeSet<&str> = of_queues.chain(["__name__", "instance"]).chain(SERVER).collect();
        let join = |all: &BTreeSet<&str>, by: &str| all.iter().copied().collect::<Vec<_>>().join(by);
        format!("sum by ({}) ({{__name__=~\"{}\"}})", join(&labels, ", "), join(names, "|"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_is_read_and_names_each_metric_as_one() {
        let table = Table::built_in();
        assert!(table.queues.len() >= 10 && table.pools.len() >= 3, "{table:?}");
        for name in table.wanted() {
            assert!(name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_'), "{name} is written into a query");
        }
        for kind in &table.queues {
            assert!(kind.name.is_empty() == kind.called.is_some(), "{kind:?}: by labels, or by a name of its own");
        }
        assert!(table.query().contains("|redis_key_size|"));
    }
}

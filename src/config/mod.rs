//! Settings from a file: TOML under the platform's configuration directory, or where `--config` says. What cannot be
//! read as it was meant is an error with its line, never a silent default.

mod cluster;
mod duration;
mod endpoint;
mod lists;
mod metrics;
mod model;
mod place;
mod problem;
mod read;
mod reader;

pub use cluster::is_namespace;
pub use duration::parse_duration;
pub use model::{Cluster, Config, EndpointCheck, Key, List, MetricsWay, QueueConsumer, Way};
pub use place::{Loaded, default_path, load, themes_directory};
pub use problem::{Problem, Problems, near_match};
pub use read::{Words, parse};

//! The live model: facts folded into an index. No IO, and no clock but the `now` that it is handed.

mod annals;
mod bodies;
mod counts;
mod deadlines;
mod deeds;
mod edges;
mod occurrences;
mod series;
mod slot;
mod snapshot;
mod sources;
mod view;
mod world;

pub use annals::{AlertName, Passage, Passed};
pub use counts::Counts;
pub use deadlines::Deadlines;
pub use series::Series;
pub use slot::Id;
pub use snapshot::Snapshot;
pub use sources::{ClusterState, SourceState};
pub use view::View;
pub use world::World;

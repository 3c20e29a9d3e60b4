//! The Docker backend over a real socket, against what real engines said.

#[path = "wire/acting.rs"]
mod acting;
#[path = "wire/acting_compose.rs"]
mod acting_compose;
#[path = "wire/asking.rs"]
mod asking;
#[path = "wire/cells.rs"]
mod cells;
#[path = "wire/containers.rs"]
mod containers;
#[path = "wire/engine.rs"]
mod engine;
#[path = "wire/reaching.rs"]
mod reaching;
#[path = "wire/swarm.rs"]
mod swarm;
#[path = "wire/watcher.rs"]
mod watcher;

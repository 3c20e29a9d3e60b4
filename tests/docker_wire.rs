//! The Docker backend over a real socket, against what real engines said.

#[path = "wire/asking.rs"]
mod asking;
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

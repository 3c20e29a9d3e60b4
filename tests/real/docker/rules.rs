//! The rules that these checks name, by their stable ids.

pub const OOM_KILLED: &str = "oom-killed";
pub const CRASH_LOOP: &str = "crash-loop";
pub const CANNOT_START: &str = "cannot-start";
pub const STOP_TIMEOUT: &str = "stop-timeout";
pub const UNHEALTHY: &str = "unhealthy";
pub const MEMORY_NEAR_LIMIT: &str = "memory-near-limit";
pub const DATABASE_WITHOUT_VOLUME: &str = "database-without-volume";
pub const IMAGE_PULL: &str = "image-pull";
pub const CANNOT_BE_PLACED: &str = "cannot-be-placed";
pub const ROLLOUT: &str = "rollout-stuck";
pub const QUORUM: &str = "quorum";
pub const NODE_DOWN: &str = "node-down";

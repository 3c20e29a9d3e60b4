//! Numbers: what waits in queues and how many connections are open, from servers that speak Prometheus' HTTP API and from the pages of
//! exporters, where there is no such server.
//!
//! | File | What |
//! |---|---|
//! | [`ask`] | a place, who asks, what came instead of an answer |
//! | [`exposition`] | pages of exporters, read as they come |
//! | [`prometheus`] | queries |
//! | [`table`] | which metrics tell what (`assets/metrics`) |
//! | [`queue`] | queues and pools of connections |
//! | [`feed`] | a place as a feed |
//! | `reading` | what is read again and again |
//! | [`check`] | endpoints, asked from here |
//! | [`desk`] | what stands before a backend, and asks and changes those servers |
//! | [`alert`] | what rules raise, and what Alertmanager does with it |

pub mod alert;
pub mod ask;
pub mod check;
pub mod desk;
pub mod exposition;
pub mod feed;
pub mod prometheus;
pub mod queue;
mod reading;
pub mod table;

pub use alert::Alerts;
pub use ask::{Failure, Place};
pub use check::Checks;
pub use desk::Desk;
pub use feed::{Metrics, Pace, Target, What};
pub use queue::Consumer;

//! An intent and a backend's draft become a plan: shown, tested, printed or refused. A confirmed plan becomes a run: a pure
//! state machine that asks for steps.

pub mod amount;
mod book;
mod drain;
mod enter;
mod fits;
mod follow;
mod guard;
mod health;
mod merge;
mod needs;
mod plan;
mod run;
mod wait;
pub mod words;

pub use book::{Known, Numbers, RunBook, Undo};
pub use drain::{Drain, in_its_place};
pub use enter::entered;
pub use fits::{Fit, fits};
pub use follow::{Followed, Mood, SHOWN_SECONDS, follow};
pub use guard::Guard;
pub use health::{Health, health, wrong};
pub use merge::merge;
pub use needs::denied;
pub use plan::plan;
pub use run::RunEvent;
pub use wait::Wait;

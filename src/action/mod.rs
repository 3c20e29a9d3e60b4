//! An intent and a backend's draft become a plan: shown, tested, printed or refused. A confirmed plan becomes a run: a pure
//! state machine that asks for steps.

mod book;
mod guard;
mod health;
mod plan;
mod run;
mod wait;

pub use book::{Known, Numbers, RunBook, Undo};
pub use guard::Guard;
pub use health::{Health, health, wrong};
pub use plan::plan;
pub use run::RunEvent;
pub use wait::Wait;

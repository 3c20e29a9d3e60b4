//! The headless heart: feeds, state, diagnosis, deadlines and runs. `triage` and the screen sit on it, so that they
//! cannot disagree.

mod core;
mod doing;
mod feeds;
mod headless;
mod prepare;
mod target;

pub use self::core::{Core, Turn};
pub use self::prepare::Asking;
pub use doing::{Ending, Scribe, do_step, enter};
pub use feeds::{Feeds, Target};
pub use headless::{Waited, wait_until_settled};
pub use target::{Unresolved, all, resolve};

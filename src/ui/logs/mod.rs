//! Output that is read: what is kept of it, what of that is shown, and how.

mod draw;
mod find;
mod view;

pub(super) use draw::{logs, marked};
pub use find::Pattern;
pub use view::LogView;

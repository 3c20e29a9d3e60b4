//! Output that is read: what is kept of it, what of that is shown, and how.

mod block;
mod draw;
mod find;
mod kin;
mod page;
mod paint;
mod view;

pub(super) use draw::logs;
pub use find::Pattern;
pub use page::{Go, Page};
pub use view::LogView;

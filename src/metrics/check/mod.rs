//! What users feel: endpoints that the settings name, asked from here every half minute, each over a connection of its own.
//!
//! | File | What |
//! |---|---|
//! | [`ask`] | one try |
//! | [`record`] | what many tries tell |
//! | [`feed`] | these as a feed |

pub mod ask;
pub mod feed;
pub mod record;

pub use ask::Wanted;
pub use feed::{Checks, Pace};

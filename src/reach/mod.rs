//! How servers are reached, whoever they are: who vouches for them, what broke, and how what they tell becomes a feed.

mod answer;
mod chain;
pub mod expiry;
pub mod feeding;
mod tls;

pub use answer::answered;
pub use chain::deepest;
pub use tls::{Tls, client, unread};

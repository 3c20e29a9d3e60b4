//! What outlives the session: what people said of incidents in a small file, and what was done in a database that several
//! cockpits share.

mod db;
mod host;
mod journal;
mod memory;
mod people;
mod rows;

pub use db::{Condition, Db, Place, Unopened};
pub use journal::{Asked, Ledger};
pub use memory::Memory;
pub use people::Store;

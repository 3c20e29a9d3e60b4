//! What outlives the session: for now what people said of incidents, in a small file.

mod people;

pub use people::Store;

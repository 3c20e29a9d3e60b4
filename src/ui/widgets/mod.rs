//! Things that several parts of a frame are drawn with.

pub mod table;

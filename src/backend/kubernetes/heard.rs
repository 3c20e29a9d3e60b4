//! What a watch tells the task that owns the book.

use crate::domain::{Name, Timestamp, Trouble};

use super::kinds::ApiKind;
use super::wire::{Gone, Item};

/// Something that one list-and-watch said, already decoded: up to a page at once, in order.
#[derive(Debug)]
pub(super) struct Heard {
    /// Of which kind.
    pub(super) kind: ApiKind,
    /// Of which namespace, where the whole is not allowed.
    pub(super) partition: Option<Name>,
    /// When, by our clock.
    pub(super) at: Timestamp,
    /// What.
    pub(super) said: Vec<Said>,
}

/// One thing that it said.
#[derive(Debug)]
pub(super) enum Said {
    /// A fresh listing begins; how many objects are expected, where known (`remainingItemCount`).
    Listing(Option<u32>),
    /// An object is there, or is different now.
    Put(Item),
    /// An object is gone.
    Gone(Gone),
    /// The listing is complete: what was held and not named since `Listing` is gone.
    Listed,
    /// A bookmark, a heartbeat, a resumed watch.
    Alive,
    /// No longer watched: replaced by partitions, or not installed any more.
    Closed,
    /// It cannot be read, and why.
    Trouble(Trouble),
}

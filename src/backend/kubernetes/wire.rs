//! What is read of the server's objects.

use std::fmt;

/// A decoded object of one of the watched kinds.
#[derive(Debug)]
pub(super) enum Item {}

/// What is known of an object that is gone.
#[derive(Debug)]
pub(super) struct Gone {
    /// Its namespace.
    pub(super) namespace: Option<Box<str>>,
    /// Its name.
    pub(super) name: Box<str>,
    /// Its incarnation.
    pub(super) uid: Box<str>,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

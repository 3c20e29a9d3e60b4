//! What can go wrong between an API server and us, and what a person is told of it.

use std::time::Duration;

use crate::domain::Text;

/// Why a request was not answered as it should have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// The server answered with an error.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        message: Text,
    },
    /// No answer came in time.
    #[error("no answer within {} s", .0.as_secs().max(1))]
    Silent(Duration),
    /// The connection could not be made, or broke.
    #[error("{0}")]
    Broken(Text),
    /// The server's answer could not be read.
    #[error("the server's answer cannot be read: {0}")]
    Malformed(Text),
}

impl Failure {
    /// Whether it is the login that is not accepted.
    pub(super) const fn is_unauthorized(&self) -> bool {
        matches!(self, Failure::Refused { status: 401, .. })
    }
}

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
    /// There is no login, or it could not be had.
    #[error("{what}")]
    Login {
        /// What happened.
        what: Text,
        /// What to do about it.
        mend: Text,
    },
    /// The server's answer could not be read.
    #[error("the server's answer cannot be read: {0}")]
    Malformed(Text),
}

impl Failure {
    /// What a status and its body say.
    pub(super) fn refused(status: u16, body: &[u8], _retry_after: Option<Duration>) -> Self {
        Failure::Refused { status, message: Text::new(&String::from_utf8_lossy(body)) }
    }
}

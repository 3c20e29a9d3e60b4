//! What can go wrong between an API server and us, and what a person is told of it.

use crate::domain::Text;

use super::login::LoginFailure;

/// Why a request was not answered as it should have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// There is no connection.
    #[error(transparent)]
    Login(#[from] LoginFailure),
    /// The server's answer could not be read.
    #[error("the server's answer cannot be read: {0}")]
    Malformed(Text),
}

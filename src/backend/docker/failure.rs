//! What can go wrong between an engine and us, and what a person is told of it.

use std::io;
use std::time::Duration;

use bollard::errors::Error;

use crate::domain::{Text, Timestamp, Trouble, TroubleKind};
use crate::reach::deepest;

/// Why a request was not answered as it should have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// The engine answered with an error.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The engine's words.
        message: Text,
    },
    /// No answer came in time.
    #[error("no answer within {} s", .0.as_secs().max(1))]
    Silent(Duration),
    /// The connection could not be made, or broke.
    #[error("{what}")]
    Broken {
        /// What the system said.
        what: Text,
        /// Its kind.
        kind: io::ErrorKind,
    },
    /// The engine is older than what is needed.
    #[error("the engine speaks API {0}; 1.41 (Docker 20.10) or newer is needed")]
    TooOld(Text),
    /// The answer could not be read.
    #[error("the engine's answer cannot be read: {0}")]
    Malformed(Text),
}

impl Failure {
    /// Nobody listens to us any more; nothing failed.
    pub(super) fn nobody() -> Self {
        Failure::Broken { what: Text::new("nobody listens any more"), kind: io::ErrorKind::Other }
    }

    /// Whether the engine itself answered: then it is there, and only this request failed.
    pub(super) const fn answered(&self) -> bool {
        matches!(self, Failure::Refused { .. } | Failure::Malformed(_))
    }

    /// Whether the object that was asked for is not there.
    pub(super) const fn is_gone(&self) -> bool {
        matches!(self, Failure::Refused { status: 404, .. })
    }

    /// The same, with what ssh said in the place of what its broken pipe looks like from here.
    pub(super) fn in_words_of(self, said: Option<Text>) -> Self {
        match (self, said) {
            (Failure::Broken { .. }, Some(what)) => Failure::Broken { what, kind: io::ErrorKind::Other },
            (failure, _) => failure,
        }
    }

    /// What a person is told. `address` is the engine's.
    pub(super) fn trouble(&self, address: &str, since: Timestamp, retry_at: Option<Timestamp>) -> Trouble {
        let (kind, what, mend) = self.words(address);
        Trouble { kind, what: Text::from(what), mend: Text::from(mend), since, retry_at }
    }

    fn words(&self, address: &str) -> (TroubleKind, String, String) {
        let hangs = "see what the engine says of it (`journalctl -u docker`)";
        match self {
            Failure::Refused { status: 401, message } => (
                TroubleKind::Unauthorized,
                format!("{address} wants to know who asks: {message}"),
                "check the client certificate".into(),
            ),
            Failure::Refused { status: 403, message } => (
                TroubleKind::Forbidden,
                format!("{address} does not allow it: {message}"),
                "ask for the right to read, or use another way in".into(),
            ),
            Failure::Refused { status, message } => (
                TroubleKind::Unreachable,
                format!("{address} answered with an error ({status}): {message}"),
                hangs.into(),
            ),
            Failure::Silent(_) => (
                TroubleKind::Unreachable,
                format!("{address} does not answer ({self})"),
                "see whether the engine hangs (`journalctl -u docker`)".into(),
            ),
            Failure::Broken { what, kind } => broken(address, what, *kind),
            Failure::TooOld(_) => (TroubleKind::TooOld, format!("{address}: {self}"), "update the engine".into()),
            Failure::Malformed(_) => (
                TroubleKind::Malformed,
                format!("{address}: {self}"),
                "check that the address is a Docker engine's".into(),
            ),
        }
    }
}

fn broken(address: &str, what: &str, kind: io::ErrorKind) -> (TroubleKind, String, String) {
    match kind {
        io::ErrorKind::PermissionDenied => (
            TroubleKind::Forbidden,
            format!("this user may not use {address}: {what}"),
            "add your user to the group `docker` and log in again, or use sudo".into(),
        ),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => (
            TroubleKind::Unreachable,
            format!("no engine listens at {address}: {what}"),
            "start it (`systemctl start docker`)".into(),
        ),
        _ => (
            TroubleKind::Unreachable,
            format!("the connection to {address} broke: {what}"),
            "see whether the engine runs and the way to it is open".into(),
        ),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                Failure::Refused { status: status_code, message: Text::new(message.trim()) }
            }
            Error::JsonDataError { message, .. } => Failure::Malformed(Text::from(message)),
            Error::JsonSerdeError { err } => Failure::Malformed(Text::from(err.to_string())),
            error => Failure::from_chain(&error),
        }
    }
}

impl Failure {
    pub(super) fn from_chain(error: &(dyn std::error::Error + 'static)) -> Self {
        let (what, kind) = deepest(error);
        Failure::Broken { what, kind }
    }
}

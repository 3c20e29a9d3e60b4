//! What can go wrong between a server and us, and what a person is told of it.

use std::io;
use std::time::Duration;

use crate::domain::{Text, Timestamp, Trouble, TroubleKind};
use crate::reach::deepest;

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
    #[error("{what}")]
    Broken {
        /// What the system said.
        what: Text,
        /// Its kind.
        kind: io::ErrorKind,
    },
    /// The answer could not be read.
    #[error("the answer cannot be read: {0}")]
    Malformed(Text),
    /// Nothing failed, but what was read does not fit together: everything is listed anew.
    #[error("{0}")]
    Again(&'static str),
    /// We cannot even ask: a certificate or a token that cannot be read.
    #[error("{0}")]
    Unable(Text),
}

impl Failure {
    pub(super) fn broken(error: &reqwest::Error) -> Self {
        let (what, kind) = deepest(error);
        Failure::Broken { what, kind }
    }

    /// Whether the server itself answered: then it is there, and only this request failed.
    pub(super) const fn answered(&self) -> bool {
        matches!(self, Failure::Refused { .. } | Failure::Malformed(_))
    }

    pub(super) const fn is_gone(&self) -> bool {
        matches!(self, Failure::Refused { status: 404, .. })
    }

    pub(super) const fn is_silence(&self) -> bool {
        matches!(self, Failure::Silent(_))
    }

    /// Whether another server may answer where this one does not.
    pub(super) const fn is_away(&self) -> bool {
        match self {
            Failure::Refused { status, .. } => *status >= 500,
            Failure::Silent(_) | Failure::Broken { .. } => true,
            Failure::Malformed(_) | Failure::Again(_) | Failure::Unable(_) => false,
        }
    }

    pub(super) const fn is_denied(&self) -> bool {
        matches!(self, Failure::Refused { status: 401 | 403, .. })
    }

    /// What a person is told. `policy` is the right that is asked for.
    pub(super) fn trouble(
        &self,
        address: &str,
        policy: &str,
        since: Timestamp,
        retry_at: Option<Timestamp>,
    ) -> Trouble {
        let (kind, what, mend) = self.words(address, policy);
        Trouble { kind, what: Text::from(what), mend: Text::from(mend), since, retry_at }
    }

    fn words(&self, address: &str, policy: &str) -> (TroubleKind, String, String) {
        let logs = "see what the agent says of it (`journalctl -u nomad`)";
        match self {
            Failure::Refused { status: 403, .. } => (
                TroubleKind::Forbidden,
                format!("{address}: the token lacks {policy}"),
                "`cockpit rbac --nomad-policy` prints the least one; set NOMAD_TOKEN to a token that has it".into(),
            ),
            Failure::Refused { status: 401, message } => (
                TroubleKind::Unauthorized,
                format!("{address} does not know the token: {message}"),
                "set NOMAD_TOKEN to one that is valid (`nomad login`)".into(),
            ),
            Failure::Refused { status, message } => (
                TroubleKind::Unreachable,
                format!("{address} answered with an error ({status}): {message}"),
                logs.into(),
            ),
            Failure::Silent(_) => {
                (TroubleKind::Unreachable, format!("{address} does not answer ({self})"), logs.into())
            }
            Failure::Broken { what, kind: io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound } => (
                TroubleKind::Unreachable,
                format!("no agent listens at {address}: {what}"),
                "start it (`systemctl start nomad`), or set NOMAD_ADDR".into(),
            ),
            Failure::Broken { what, .. } => (
                TroubleKind::Unreachable,
                format!("the connection to {address} broke: {what}"),
                "see whether the agent runs, the way to it is open, and it speaks what the address says (http, https)"
                    .into(),
            ),
            Failure::Malformed(_) => (
                TroubleKind::Malformed,
                format!("{address}: {self}"),
                "check that the address is that of a Nomad agent".into(),
            ),
            Failure::Again(_) => (TroubleKind::Gap, format!("{address}: {self}"), "it is read afresh".into()),
            Failure::Unable(why) => (TroubleKind::Unauthorized, format!("{address}: {why}"), "mend that file".into()),
        }
    }
}

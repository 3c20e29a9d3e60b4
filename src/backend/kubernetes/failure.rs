//! What can go wrong between an API server and us, and what a person is told of it.

use std::error::Error;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError};

use crate::domain::{Text, Timestamp, Trouble, TroubleKind};

/// Nobody is waited for longer than this, whatever a server asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Why a request was not answered as it should have been.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// The server answered with an error.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's word for it: `Forbidden`, `TooManyRequests`.
        reason: Text,
        /// The server's words.
        message: Text,
        /// What it gives for causes: a budget that blocks, a field that does not fit.
        causes: Vec<Text>,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// No answer came in time.
    #[error("no answer within {} s", .0.as_secs().max(1))]
    Silent(Duration),
    /// The connection could not be made, or broke.
    #[error("{what}")]
    Broken {
        /// Its kind.
        kind: io::ErrorKind,
        /// What the system said.
        what: Text,
    },
    /// The server's name has no address.
    #[error("{0}")]
    Unresolved(Text),
    /// The server's certificate is not one to be trusted.
    #[error("{what}")]
    Untrusted {
        /// In which way.
        why: Distrust,
        /// What the library said.
        what: Text,
    },
    /// There is no login, or it could not be had.
    #[error("{what}")]
    Login {
        /// What happened.
        what: Text,
        /// What to do about it.
        mend: Text,
    },
    /// The server does not serve a kind that is needed.
    #[error("{0}")]
    TooOld(Text),
    /// The server's answer could not be read.
    #[error("the server's answer cannot be read: {0}")]
    Malformed(Text),
    /// The server no longer has what came after the version that was named (410).
    #[error("{0}")]
    Gone(Text),
}

/// Why a certificate is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Distrust {
    /// Signed by an authority that is not known.
    Authority,
    /// Expired, or not valid yet.
    Time,
    /// Made out to other names.
    Name,
    /// Anything else.
    Other,
}

impl Failure {
    /// What a status and its body say.
    pub(super) fn refused(status: u16, body: &[u8], retry_after: Option<Duration>) -> Self {
        let said = Status::read(body);
        let message = said.message.as_deref().map_or_else(
            || Text::new(String::from_utf8_lossy(&body[..body.len().min(300)]).trim()),
            |message| Text::new(message.trim()),
        );
        if status == 410 {
            return Failure::Gone(message);
        }
        let details = said.details.unwrap_or_default();
        let retry_after = retry_after.or_else(|| details.retry_after_seconds.map(Duration::from_secs));
        let causes = details.causes.unwrap_or_default();
        Failure::Refused {
            status,
            reason: Text::new(said.reason.as_deref().unwrap_or_default()),
            message,
            causes: causes.iter().filter_map(|cause| cause.message.as_deref()).map(Text::new).collect(),
            retry_after: retry_after.filter(|wait| !wait.is_zero()).map(|wait| wait.min(LONGEST_WAIT)),
        }
    }

    /// What an error of a watch says: it comes inside an answer that began well.
    pub(super) fn told(code: u16, message: Text) -> Self {
        match code {
            410 => Failure::Gone(message),
            status => {
                Failure::Refused { status, reason: Text::new(""), message, causes: Vec::new(), retry_after: None }
            }
        }
    }

    /// Whether it is the right that is missing.
    pub(super) const fn is_forbidden(&self) -> bool {
        matches!(self, Failure::Refused { status: 403, .. })
    }

    /// Whether it is the login that is not accepted.
    pub(super) const fn is_unauthorized(&self) -> bool {
        matches!(self, Failure::Refused { status: 401, .. } | Failure::Login { .. })
    }

    /// Whether what was asked for is not there.
    pub(super) const fn is_missing(&self) -> bool {
        matches!(self, Failure::Refused { status: 404, .. })
    }

    /// That what was asked for is not there, where that is a kind: it is not served.
    pub(super) fn of_kind(self) -> Self {
        match self {
            Failure::Refused { status: 404, message, .. } => Failure::TooOld(message),
            failure => failure,
        }
    }

    /// Whether the server does not do that at all: some kinds can be listed and not watched.
    pub(super) const fn is_unsupported(&self) -> bool {
        matches!(self, Failure::Refused { status: 405, .. })
    }

    /// Whether it may be over in a moment: it is not worth a word until it happens twice in a row.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self, Failure::Refused { status: 429 | 500..=599, .. } | Failure::Broken { .. } | Failure::Gone(_))
    }

    /// How long the server asks to wait.
    pub(super) const fn retry_after(&self) -> Option<Duration> {
        match self {
            Failure::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What a person is told. `address` is the server's, `asked` what was asked for: `pods in shop`.
    pub(super) fn trouble(&self, address: &str, asked: &str, since: Timestamp, retry_at: Option<Timestamp>) -> Trouble {
        let (kind, what, mend) = self.words(address, asked);
        Trouble { kind, what: Text::from(what), mend: Text::from(mend), since, retry_at }
    }

    fn words(&self, address: &str, asked: &str) -> (TroubleKind, String, String) {
        match self {
            Failure::Refused { status, message, .. } => refusal(address, asked, *status, message, self.retry_after()),
            Failure::Silent(_) => (
                TroubleKind::Unreachable,
                format!("{address} does not answer when asked for {asked} ({self})"),
                "see whether the API server hangs or the way to it is slow (`kubectl get --raw /readyz`)".into(),
            ),
            Failure::Broken { kind, what } => broken(address, *kind, what),
            Failure::Unresolved(what) => (
                TroubleKind::Unreachable,
                format!("the name in {address} has no address: {what}"),
                "see whether the name is right and this machine's DNS or VPN is up".into(),
            ),
            Failure::Untrusted { why, what } => untrusted(address, *why, what),
            Failure::Login { what, mend } => {
                (TroubleKind::Unauthorized, format!("no login for {address}: {what}"), mend.to_string())
            }
            Failure::TooOld(what) => (
                TroubleKind::TooOld,
                format!("{address} does not serve {asked} in a version that is known here: {what}"),
                "update the cluster; all else is watched".into(),
            ),
            Failure::Malformed(_) => (
                TroubleKind::Malformed,
                format!("{asked} at {address}: {self}"),
                "check that the address is a Kubernetes API server's, and report this if it is".into(),
            ),
            Failure::Gone(what) => (
                TroubleKind::Gap,
                format!("{address} no longer knows what happened to {asked} in between: {what}"),
                "they are read afresh".into(),
            ),
        }
    }
}

fn refusal(
    address: &str,
    asked: &str,
    status: u16,
    message: &str,
    wait: Option<Duration>,
) -> (TroubleKind, String, String) {
    let wait = wait.map(|wait| format!("; it asks to wait {} s", wait.as_secs().max(1))).unwrap_or_default();
    match status {
        401 => (
            TroubleKind::Unauthorized,
            format!("the login for {address} is not accepted ({message})"),
            "log in again, as you do for kubectl; cockpit tries again by itself, ctrl-r tries now".into(),
        ),
        403 => {
            // `pods is forbidden: User "x" cannot list resource …`: whose right is missing, and which, follows the colon.
            let why = message.split_once(" is forbidden: ").map_or(message, |(_, why)| why);
            let verb = ["watch", "get", "create"].into_iter().find(|verb| why.contains(&format!("cannot {verb} ")));
            (
                TroubleKind::Forbidden,
                format!("{asked} may not be read at {address}: {why}"),
                format!("ask for the right to {} {asked}; `cockpit rbac` prints the role", verb.unwrap_or("list")),
            )
        }
        404 => (
            TroubleKind::Malformed,
            format!("{address} has no {asked}: {message}"),
            "check that the address is a Kubernetes API server's".into(),
        ),
        429 => (
            TroubleKind::Unreachable,
            format!("{address} is too busy to tell of {asked} (429): {message}{wait}"),
            "cockpit tries again by itself; if that does not help, see who floods the API server".into(),
        ),
        _ => (
            TroubleKind::Unreachable,
            format!("{address} answered with an error when asked for {asked} ({status}): {message}{wait}"),
            "see what the API server says of itself (`kubectl get --raw '/readyz?verbose'`)".into(),
        ),
    }
}

fn broken(address: &str, kind: io::ErrorKind, what: &str) -> (TroubleKind, String, String) {
    let what = match kind {
        io::ErrorKind::ConnectionRefused => format!("no API server listens at {address}: {what}"),
        io::ErrorKind::TimedOut => format!("no connection to {address} could be made in time: {what}"),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            format!("there is no way to {address}: {what}")
        }
        _ => format!("the connection to {address} broke: {what}"),
    };
    let mend = "see whether the way to it is open (VPN, tunnel, proxy) and the API server runs";
    (TroubleKind::Unreachable, what, mend.into())
}

fn untrusted(address: &str, why: Distrust, what: &str) -> (TroubleKind, String, String) {
    let (problem, mend) = match why {
        Distrust::Authority => (
            "is signed by an authority that this kubeconfig does not trust",
            "fetch the kubeconfig anew (the cluster may have been made again), or correct its certificate-authority-data",
        ),
        Distrust::Time => (
            "has expired or is not valid yet",
            "renew it on the cluster (`kubeadm certs renew apiserver`), or set this machine's clock",
        ),
        Distrust::Name => (
            "is made out to other names",
            "use one of its names in the kubeconfig's `server`, or set `tls-server-name`",
        ),
        Distrust::Other => ("cannot be trusted", "see who answers at that address"),
    };
    (TroubleKind::Unreachable, format!("the certificate of {address} {problem}: {what}"), mend.into())
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        Failure::from_chain(&error)
    }
}

impl Failure {
    /// The deepest cause is the one that says something: "client error (Connect)" does not.
    pub(super) fn from_chain(error: &(dyn Error + 'static)) -> Self {
        let mut kind = io::ErrorKind::Other;
        let mut unresolved = false;
        let mut link = error;
        loop {
            if let Some(login) = link.downcast_ref::<kube::client::AuthError>() {
                return Failure::of_login(login);
            }
            if let Some(tls) = link.downcast_ref::<rustls::Error>() {
                return Failure::of_tls(tls);
            }
            if let Some(io) = link.downcast_ref::<io::Error>() {
                kind = io.kind();
            }
            unresolved |= link.to_string().starts_with("dns error");
            match below(link) {
                Some(next) => link = next,
                None => break,
            }
        }
        let what = Text::from(link.to_string());
        match unresolved {
            true => Failure::Unresolved(what),
            false => Failure::Broken { kind, what },
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        let what = Text::from(error.to_string());
        let why = match error {
            rustls::Error::InvalidCertificate(why) => match why {
                CertificateError::UnknownIssuer => Distrust::Authority,
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Distrust::Time,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Distrust::Name,
                _ => Distrust::Other,
            },
            // The server's alert is about the certificate that we showed.
            rustls::Error::AlertReceived(
                AlertDescription::BadCertificate
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateRequired
                | AlertDescription::UnknownCA,
            ) => {
                return Failure::Login {
                    what: Text::from(format!("the client certificate is not accepted: {what}")),
                    mend: Text::new("renew the client certificate, or fetch the kubeconfig anew"),
                };
            }
            _ => return Failure::Broken { kind: io::ErrorKind::InvalidData, what },
        };
        Failure::Untrusted { why, what }
    }

    fn of_login(error: &kube::client::AuthError) -> Self {
        use kube::client::AuthError as Auth;
        let what = match error {
            // The library prints the whole output of the plugin, as numbers; its last words are what a person needs.
            Auth::AuthExecRun { cmd, out } => {
                let said = String::from_utf8_lossy(&out.stderr);
                let last = said.trim().lines().next_back().unwrap_or("it says nothing").to_owned();
                format!("`{cmd}` failed ({}): {last}", out.status)
            }
            error => error.to_string(),
        };
        Failure::Login {
            what: Text::from(what),
            mend: Text::new("log in again, as you do for kubectl; cockpit tries again by itself, ctrl-r tries now"),
        }
    }
}

/// What an error was caused by. An IO error hides the error that it was made of from `source`.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// The body of an answer that is an error, as much of it as is used.
#[derive(Default, serde::Deserialize)]
struct Status {
    reason: Option<String>,
    message: Option<String>,
    details: Option<Details>,
}

#[derive(Default, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    retry_after_seconds: Option<u64>,
    causes: Option<Vec<Cause>>,
}

#[derive(Default, serde::Deserialize)]
struct Cause {
    message: Option<String>,
}

impl Status {
    /// A proxy's body may be anything.
    fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "https://plane.example:6443";

    fn told(failure: &Failure) -> Trouble {
        failure.trouble(AT, "events in shop", Timestamp::UNIX_EPOCH, None)
    }

    /// What a real server said (`tests/wire/kubernetes`).
    fn recorded(name: &str) -> Failure {
        #[derive(serde::Deserialize)]
        struct Recorded {
            status: u16,
            body: String,
        }
        let path = format!("{}/tests/wire/kubernetes/v1.34/refused/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let raw = std::fs::read(path).expect("a recording");
        let it: Recorded = serde_json::from_slice(&raw).expect("JSON");
        Failure::refused(it.status, it.body.as_bytes(), None)
    }

    #[test]
    fn a_missing_right_is_named_with_whose_it_is() {
        let failure = recorded("forbidden-events");
        assert!(failure.is_forbidden() && !failure.may_pass());
        let trouble = told(&failure);
        assert_eq!(trouble.kind, TroubleKind::Forbidden);
        assert_eq!(
            trouble.what,
            *"events in shop may not be read at https://plane.example:6443: User \"no-events\" cannot list resource \
              \"events\" in API group \"\" at the cluster scope"
        );
        assert_eq!(trouble.mend, *"ask for the right to list events in shop; `cockpit rbac` prints the role");
        assert!(told(&recorded("forbidden-watch")).mend.starts_with("ask for the right to watch events"));
    }

    #[test]
    fn what_a_real_server_refuses_is_told_apart() {
        assert!(recorded("unauthorized").is_unauthorized());
        assert!(matches!(recorded("expired-continue"), Failure::Gone(_)));
        assert!(matches!(recorded("expired-list"), Failure::Gone(_)));
        for name in ["no-such-group", "no-such-resource"] {
            let trouble = told(&recorded(name).of_kind());
            assert_eq!(trouble.kind, TroubleKind::TooOld, "{name}");
        }
        let away = recorded("api-away");
        assert!(away.may_pass());
        assert!(told(&away).what.ends_with("(503): service unavailable"), "{}", told(&away).what);
    }

    #[test]
    fn what_a_server_asks_for_is_said_and_bounded() {
        // The body of a server that has too much to do is no JSON; how long to wait is in a header.
        let failure =
            Failure::refused(429, b"Too many requests, please try again later.", Some(Duration::from_secs(7)));
        assert_eq!(failure.retry_after(), Some(Duration::from_secs(7)));
        assert!(
            told(&failure).what.ends_with("please try again later.; it asks to wait 7 s"),
            "{}",
            told(&failure).what
        );
        let failure = Failure::refused(503, br#"{"details":{"retryAfterSeconds":86400,"causes":null}}"#, None);
        assert_eq!(failure.retry_after(), Some(LONGEST_WAIT));
    }

    #[test]
    fn what_blocks_an_eviction_is_kept() {
        let Failure::Refused { causes, .. } = recorded("eviction") else { panic!("refused") };
        assert_eq!(causes, [Text::new("The disruption budget web needs 2 healthy pods and has 2 currently")]);
    }

    #[test]
    fn a_body_of_somebody_in_between_is_shown_as_it_is() {
        let trouble = told(&Failure::refused(502, b"<html>Bad\x1b[2J Gateway</html>\r\n", None));
        assert!(trouble.what.ends_with("(502): <html>Bad^[[2J Gateway</html>"), "{}", trouble.what);
        assert!(matches!(Failure::refused(410, b"", None), Failure::Gone(_)));
    }

    #[test]
    fn the_deepest_cause_speaks_through_every_wrapping() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let wrapped = kube::Error::Service(Box::new(io::Error::other(refused)));
        let failure = Failure::from_chain(&wrapped);
        assert!(matches!(failure, Failure::Broken { kind: io::ErrorKind::ConnectionRefused, .. }), "{failure:?}");
        assert!(told(&failure).what.starts_with("no API server listens at https://plane.example:6443: "));
    }

    #[test]
    fn ways_not_to_trust_a_certificate_are_told_apart() {
        let failure = |error: rustls::Error| {
            let inner = io::Error::new(io::ErrorKind::InvalidData, error);
            Failure::from_chain(&kube::Error::Service(Box::new(io::Error::other(inner))))
        };
        let of = |error: CertificateError| told(&failure(rustls::Error::InvalidCertificate(error))).what;
        assert!(of(CertificateError::UnknownIssuer).contains("signed by an authority"));
        assert!(of(CertificateError::Expired).contains("has expired"));
        assert!(of(CertificateError::NotValidForName).contains("made out to other names"));
        let ours = failure(rustls::Error::AlertReceived(AlertDescription::CertificateExpired));
        assert!(ours.is_unauthorized(), "{ours:?}");
        assert_eq!(told(&ours).kind, TroubleKind::Unauthorized);
    }
}

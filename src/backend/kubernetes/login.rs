//! Why a cluster cannot be connected to, in the words that a person reads: what happened, to what, why, and the mend.

use std::error::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::domain::{Text, Timestamp, Trouble, TroubleKind, words};

use super::kubeconfig::BadKubeconfig;

/// Why there is no connection. It is one cluster's trouble; the next try reads everything afresh.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub(super) struct LoginFailure {
    /// Which trouble.
    pub(super) kind: TroubleKind,
    /// What happened, to what, and why.
    pub(super) what: Text,
    /// What to do about it.
    pub(super) mend: Text,
}

/// Who we say we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nobody: the context names no user.
    Nobody,
    /// A user that no kubeconfig describes.
    Unknown(Text),
    /// Whom a token, password or certificate of the kubeconfig stands for.
    Kept {
        /// What it is: `token`, `client certificate`.
        what: &'static str,
        /// Whose.
        user: Text,
    },
    /// Whom the token in a file stands for.
    TokenFile(Text),
    /// Whom a command vouches for.
    Plugin(Text),
    /// The service account of the pod that we run in.
    ServiceAccount,
}

impl LoginFailure {
    fn new(kind: TroubleKind, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { kind, what: Text::from(what.into()), mend: Text::from(mend.into()) }
    }

    /// Whether it is about who we are.
    pub(super) fn is_unauthorized(&self) -> bool {
        self.kind == TroubleKind::Unauthorized
    }

    /// What a person is told.
    pub(super) fn trouble(&self, since: Timestamp, retry_at: Option<Timestamp>) -> Trouble {
        Trouble { kind: self.kind, what: self.what.clone(), mend: self.mend.clone(), since, retry_at }
    }

    /// A setting of the cluster or the user that cannot be used.
    pub(super) fn setting(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(TroubleKind::Malformed, what, mend)
    }

    /// A file that a kubeconfig names.
    pub(super) fn file(what: &str, path: &Path, error: &io::Error) -> Self {
        let said = format!("the {what} {} cannot be read: {error}", path.display());
        Self::setting(said, "correct its path in the kubeconfig, or put it back")
    }

    /// There is no service account here.
    pub(super) fn outside(why: &str) -> Self {
        let what = format!("this is no pod with a service account: {why}");
        Self::setting(what, "mount the service account's token, or use a kubeconfig")
    }

    /// A plugin's command cannot be started.
    pub(super) fn no_plugin(command: &str, error: &io::Error, hint: Option<&str>) -> Self {
        let what = format!("the login command `{command}` cannot be started: {error}");
        let mend = match hint.map(str::trim).filter(|hint| !hint.is_empty()) {
            Some(hint) => hint.to_owned(),
            None => format!("install `{command}`, or correct `exec` in the kubeconfig"),
        };
        Self::new(TroubleKind::Unauthorized, what, mend)
    }

    /// A plugin ended badly; `said` is what it complained of.
    pub(super) fn plugin_failed(command: &str, how: &str, said: &str) -> Self {
        let said = if said.is_empty() { "it said nothing" } else { said };
        Self::new(TroubleKind::Unauthorized, format!("the login command `{command}` {how}: {said}"), again(command))
    }

    /// A plugin did not end.
    pub(super) fn plugin_hangs(command: &str, within: Duration, said: &str) -> Self {
        let how = format!("did not end within {} s", within.as_secs().max(1));
        Self::plugin_failed(command, &how, if said.is_empty() { "it may wait for a person" } else { said })
    }

    /// A plugin's answer is no credential.
    pub(super) fn plugin_odd(command: &str, why: &str) -> Self {
        let what = format!("the login command `{command}` gave no usable credential: {why}");
        Self::new(TroubleKind::Unauthorized, what, again(command))
    }

    /// The server does not take us for whom we say we are.
    pub(super) fn unauthorized(address: &str, who: &Identity, said: &str) -> Self {
        let (what, mend) = match who {
            Identity::Nobody => ("nobody: the context names no user".into(), "name a user in the context".into()),
            Identity::Unknown(user) => (
                format!("nobody: no kubeconfig describes the user `{user}`"),
                "log in again, so that the user is there".into(),
            ),
            Identity::Kept { what, user } => (
                format!("the {what} of the user `{user}`"),
                "log in to the cluster again in another terminal; the kubeconfig is read afresh".into(),
            ),
            Identity::TokenFile(file) => (format!("the token in {file}"), "renew the token in that file".into()),
            Identity::Plugin(command) => (format!("what `{command}` gave"), again(command)),
            Identity::ServiceAccount => {
                ("the pod's service account".into(), "see whether the service account is still there".into())
            }
        };
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        Self::new(TroubleKind::Unauthorized, format!("{address} does not accept {what}{said}"), mend)
    }

    /// The client certificate is over; the server has already refused it.
    pub(super) fn expired(address: &str, user: &str, since: Timestamp, now: Timestamp) -> Self {
        let ago = words::span(words::seconds_between(since, now));
        Self::new(
            TroubleKind::Unauthorized,
            format!("{address} does not accept user `{user}`: the client certificate expired {ago} ago"),
            "renew the client certificate; the kubeconfig is read afresh",
        )
    }

    /// No answer came in time.
    pub(super) fn silent(address: &str, within: Duration) -> Self {
        let what = format!("{address} does not answer within {} s", within.as_secs().max(1));
        Self::new(TroubleKind::Unreachable, what, "see whether the way to it is open (VPN, proxy, firewall)")
    }

    /// It answered with an error.
    pub(super) fn answered(address: &str, status: u16, said: &str) -> Self {
        let what = format!("{address} answered with an error ({status}): {said}");
        match status {
            400 | 404 => {
                Self::new(TroubleKind::Malformed, what, "check that `server` is a Kubernetes API server's address")
            }
            _ => Self::new(
                TroubleKind::Unreachable,
                what,
                "see whether the API server is well, or what stands before it",
            ),
        }
    }

    /// It answered with something else than Kubernetes does.
    pub(super) fn foreign(address: &str) -> Self {
        let what = format!("{address} answers, and not as a Kubernetes API server does");
        let mend = "check `server` in the kubeconfig: a proxy or a login page may stand there";
        Self::new(TroubleKind::Malformed, what, mend)
    }

    /// The connection could not be made. `proxy` is the one that was used.
    pub(super) fn broken(address: &str, proxy: Option<&str>, error: &(dyn Error + 'static)) -> Self {
        let (kind, tls, said) = deepest(error);
        if let Some(error) = tls {
            return Self::not_trusted(address, &error);
        }
        let way = proxy.map_or_else(String::new, |proxy| format!(" through the proxy {proxy}"));
        if said.contains("failed to lookup address") {
            let what = format!("the name of {address}{way} is not known: {said}");
            return Self::new(
                TroubleKind::Unreachable,
                what,
                "check the name in the kubeconfig, and whether the VPN is up",
            );
        }
        if proxy.is_some() {
            let what = format!("{address} is not reached{way}: {said}");
            let mend = "check the proxy (`proxy-url` in the kubeconfig, HTTPS_PROXY), or name the server in NO_PROXY";
            return Self::new(TroubleKind::Unreachable, what, mend);
        }
        if kind == io::ErrorKind::ConnectionRefused {
            let mend = "see whether the API server runs, and `server` in the kubeconfig is right";
            return Self::new(TroubleKind::Unreachable, format!("nothing listens at {address}: {said}"), mend);
        }
        let mend = "see whether the API server runs and the way to it is open (VPN, proxy, firewall)";
        Self::new(TroubleKind::Unreachable, format!("the connection to {address} broke: {said}"), mend)
    }

    /// What stands at the address is not whom we trust, or does not trust us.
    fn not_trusted(address: &str, error: &rustls::Error) -> Self {
        use rustls::CertificateError as Bad;
        let said = error.to_string();
        let (what, mend) = match error {
            rustls::Error::InvalidCertificate(Bad::UnknownIssuer) => (
                format!("the certificate of {address} is vouched for by nobody whom this context knows"),
                "set `certificate-authority` in the kubeconfig, or log in again: the cluster may be a new one",
            ),
            rustls::Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => (
                format!("the certificate of {address} is for another name: {said}"),
                "correct `server`, or set `tls-server-name` in the kubeconfig",
            ),
            rustls::Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => (
                format!("the certificate of {address} is over: {said}"),
                "renew the server's certificate; check the clock here",
            ),
            rustls::Error::InvalidMessage(_) => (
                format!("{address} does not speak TLS: {said}"),
                "check `server` in the kubeconfig: is it http, or another port?",
            ),
            _ => (format!("no TLS with {address}: {said}"), "check the certificates of the kubeconfig"),
        };
        let kind = if matches!(error, rustls::Error::AlertReceived(_)) {
            TroubleKind::Unauthorized
        } else {
            TroubleKind::Unreachable
        };
        Self::new(kind, what, mend)
    }
}

fn again(command: &str) -> String {
    format!("log in again in another terminal, where `{command}` may ask; cockpit then goes on by itself")
}

/// The deepest cause is the one that says something. TLS hides its own within errors of the system, which name no source.
fn deepest(error: &(dyn Error + 'static)) -> (io::ErrorKind, Option<rustls::Error>, String) {
    let mut kind = io::ErrorKind::Other;
    let mut tls = None;
    let mut next = Some(error);
    let mut said = String::new();
    while let Some(error) = next {
        tls = error.downcast_ref::<rustls::Error>().cloned().or(tls);
        said = error.to_string();
        next = error.source();
        if let Some(io) = error.downcast_ref::<io::Error>() {
            kind = io.kind();
            next = io.get_ref().map(|inner| inner as &(dyn Error + 'static)).or(next);
        }
    }
    (kind, tls, said)
}

impl From<BadKubeconfig> for LoginFailure {
    fn from(bad: BadKubeconfig) -> Self {
        Self::setting(bad.to_string(), bad.mend())
    }
}

//! What goes wrong before a server is asked, and what it means when it does not accept us: in the words that a person
//! reads, with the mend. All of it is one cluster's trouble, and the next try reads everything afresh.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::domain::{Text, Timestamp, words};

use super::failure::Failure;
use super::kubeconfig::BadKubeconfig;

/// Who we say we are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nobody: the context names no user, or one that has nothing to show.
    Nobody,
    /// A user that no kubeconfig describes; it is asked as nobody, as kubectl does.
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

impl Identity {
    /// The server does not take us for whom we say we are; `said` are its words.
    pub(super) fn refused(&self, said: &str) -> Failure {
        let (what, mend) = match self {
            Identity::Nobody => (
                "nobody is not accepted: the context shows no login".to_owned(),
                "log in to the cluster again".to_owned(),
            ),
            Identity::Unknown(user) => (
                format!("nobody is not accepted: no kubeconfig describes the user `{user}`"),
                "log in to the cluster again, so that the user is there".to_owned(),
            ),
            Identity::Kept { what, user } => (
                format!("the {what} of the user `{user}` is not accepted"),
                "log in again in another terminal; the kubeconfig is read afresh".to_owned(),
            ),
            Identity::TokenFile(file) => {
                (format!("the token in {file} is not accepted"), "renew the token in that file".to_owned())
            }
            Identity::Plugin(command) => (format!("what `{command}` gave is not accepted"), again(command)),
            Identity::ServiceAccount => (
                "the pod's service account is not accepted".to_owned(),
                "see whether the service account is still there".to_owned(),
            ),
        };
        let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
        login(format!("{what}{said}"), mend)
    }
}

/// A login that cannot be had.
pub(super) fn login(what: impl Into<String>, mend: impl Into<String>) -> Failure {
    Failure::Login { what: Text::from(what.into()), mend: Text::from(mend.into()) }
}

/// The client certificate is over.
pub(super) fn expired(user: &str, ended: Timestamp, now: Timestamp) -> Failure {
    let ago = words::span(words::seconds_between(ended, now));
    login(
        format!("the client certificate of the user `{user}` expired {ago} ago"),
        "renew the client certificate; the kubeconfig is read afresh",
    )
}

/// A file that a kubeconfig names.
pub(super) fn file(what: &str, path: &Path, error: &io::Error) -> Failure {
    let said = format!("the {what} {} cannot be read: {error}", path.display());
    login(said, "correct its path in the kubeconfig, or put it back")
}

/// A plugin's command cannot be started.
pub(super) fn no_plugin(command: &str, error: &io::Error, hint: Option<&str>) -> Failure {
    let mend = match hint.map(str::trim).filter(|hint| !hint.is_empty()) {
        Some(hint) => hint.to_owned(),
        None => format!("install `{command}`, or correct `exec` in the kubeconfig"),
    };
    login(format!("the login command `{command}` cannot be started: {error}"), mend)
}

/// A plugin ended badly; `said` is what it complained of.
pub(super) fn plugin_failed(command: &str, how: &str, said: &str) -> Failure {
    let said = if said.is_empty() { "it said nothing" } else { said };
    login(format!("the login command `{command}` {how}: {said}"), again(command))
}

/// A plugin did not end.
pub(super) fn plugin_hangs(command: &str, within: Duration, said: &str) -> Failure {
    let how = format!("did not end within {} s", within.as_secs().max(1));
    plugin_failed(command, &how, if said.is_empty() { "it may wait for a person" } else { said })
}

/// A plugin's answer is no credential.
pub(super) fn plugin_odd(command: &str, why: &str) -> Failure {
    login(format!("the login command `{command}` gave no usable credential: {why}"), again(command))
}

fn again(command: &str) -> String {
    format!("log in again in another terminal, where `{command}` may ask; cockpit then goes on by itself")
}

impl From<BadKubeconfig> for Failure {
    fn from(bad: BadKubeconfig) -> Self {
        login(bad.to_string(), bad.mend())
    }
}

//! The seams: what learns, and what acts.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::watch;

use super::Timestamp;
use super::attach::{Attach, Attached};
use super::demand::Demand;
use super::fact::Batch;
use super::forward::{ForwardRequest, ForwardStream};
use super::identity::{ClusterId, Ref};
use super::intent::Intent;
use super::journal::Entry;
use super::plan::{Draft, Refusal};
use super::sgr::{Dyes, undyed};
use super::step::{Receipt, Step, StepError};
use super::text::{Name, Text};

/// Anything that learns: orchestrators, Prometheus, Alertmanager, the ledger, the demo, a recording.
///
/// The stream never ends on an error: it heals itself and says so ([`super::Fact::Trouble`], then
/// [`super::Fact::Alive`]). It ends when the feed has nothing more to say, ever (a recording), and is dropped to stop it.
pub trait Feed: Send + Sync {
    /// The cluster that it speaks of.
    fn cluster(&self) -> &ClusterId;

    /// Starts to learn.
    fn run(self: Arc<Self>, demand: watch::Receiver<Demand>) -> BoxStream<'static, Batch>;
}

/// A feed that can also act, and answer what a person asks of one object.
#[async_trait]
pub trait Backend: Feed {
    /// Whether nothing may be changed through it.
    fn read_only(&self) -> bool {
        false
    }

    /// How an intent would be done: reads afresh and changes nothing.
    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal>;

    /// Does one step, if its pin still holds. Read-only is enforced here, below every key and subcommand.
    async fn execute(&self, step: Step) -> Result<Receipt, StepError>;

    /// Follows the output of an instance, or of all instances of a workload where the orchestrator can tell them.
    async fn logs(&self, request: LogRequest) -> Result<LogStream, Text>;

    /// One object in words, or its manifest with what is secret masked.
    async fn describe(&self, key: Ref, form: Form) -> Result<Vec<Text>, Text>;

    /// A run that acted here has ended: it may be noted where those who look at the server itself see it. Never fails, and is waited for
    /// by nobody.
    async fn noted(&self, entry: &Entry) {
        let _ = entry;
    }

    /// Hands a terminal to a process in an instance: what [`super::StepAction::Enter`] asks for, done by whoever has the terminal.
    /// Read-only is enforced here too.
    async fn attach(&self, attach: Attach) -> Result<Attached, StepError> {
        Err(StepError::Failed(Text::from(Unsupported::new("a shell", &attach.instance).to_string())))
    }

    /// Leads connections to a port of this machine's loopback to a port of an instance, until what it tells is dropped. Read-only is
    /// enforced here too.
    async fn forward(&self, request: ForwardRequest) -> Result<ForwardStream, Refusal> {
        Err(request.refused("no port is forwarded there", "reach it the way its orchestrator publishes it"))
    }
}

/// Something that a backend has no way to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is not available for {target}")]
pub struct Unsupported {
    /// What.
    pub what: Text,
    /// Of what.
    pub target: Text,
}

impl Unsupported {
    /// `what` cannot be done to `key`.
    pub fn new(what: &str, key: &Ref) -> Self {
        Self { what: Text::new(what), target: Text::new(&key.local()) }
    }
}

/// Lines of an instance's output, oldest first, until the instance or the wish for it ends.
pub type LogStream = BoxStream<'static, Result<LogLine, Text>>;

/// Which output is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRequest {
    /// Whose: an instance's, or that of all instances of a workload.
    pub instance: Ref,
    /// Which container of it; the only or first one where none is named.
    pub container: Option<Name>,
    /// Of the run before this one.
    pub previous: bool,
    /// From then on.
    pub since: Option<Timestamp>,
    /// At most so many lines of the past.
    pub tail: u32,
    /// Go on with what comes.
    pub follow: bool,
}

/// One line of output, or what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written, where the server says so.
    pub at: Option<Timestamp>,
    /// Whose it is, where several instances are followed at once.
    pub from: Option<Name>,
    /// Whether it went to standard error.
    pub stderr: bool,
    /// No output: said of it by the backend (a new run has begun, the connection broke).
    pub note: bool,
    /// What was written, sanitised and without its colours.
    pub text: Text,
    /// Its colours, and where each begins.
    pub dyes: Dyes,
}

impl LogLine {
    /// What was written by the one instance that is followed.
    pub fn output(at: Option<Timestamp>, stderr: bool, raw: impl AsRef<str>) -> Self {
        let (text, dyes) = undyed(raw.as_ref());
        Self { at, from: None, stderr, note: false, text, dyes }
    }

    /// What is said about the output.
    pub fn note(at: Option<Timestamp>, text: impl Into<Text>) -> Self {
        Self { at, from: None, stderr: false, note: true, text: text.into(), dyes: Dyes::default() }
    }

    /// Bytes that it takes to keep what it says.
    pub fn bytes(&self) -> usize {
        self.text.len() + size_of_val(&*self.dyes)
    }
}

/// How an object is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// In words, as `kubectl describe` or `docker inspect` readers expect.
    Words,
    /// Its manifest, values on the deny list masked.
    Manifest,
}

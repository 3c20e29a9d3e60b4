//! The connection to a cluster: made, kept, renewed before its login expires, made again when it is lost. The kubeconfig is
//! read afresh each time, so a login or an address that was renewed elsewhere counts.

use std::time::Duration;

use tokio::time::Instant;

use super::super::api::Api;
use super::super::connect;
use super::super::failure::Failure;
use super::super::rights;
use super::super::target::Way;
use super::super::watch::backed_off;
use super::hello::{self, Hello, Lost};
use super::{Cluster, Done, source};
use crate::domain::{BackendKind, ClusterInfo, Fact, Name, Object, Text, Timestamp};
use crate::reach::expiry;

/// How often the server is asked whether it is there.
const ASK_EVERY: Duration = Duration::from_secs(60);
/// While it is not, it is asked at least this often: as soon as it is back, all that was lost is tried again.
const ASK_AWAY_EVERY: Duration = Duration::from_secs(5);
/// A login is renewed so long before it has to be.
const BEFORE_EXPIRY: Duration = Duration::from_secs(10);

/// What is known of the connection, and when something is to be done about it.
#[derive(Default)]
pub(super) struct Line {
    /// The server, once it has answered.
    pub(super) api: Option<Api>,
    /// The context's namespace.
    pub(super) namespace: Option<Name>,
    info: Option<ClusterInfo>,
    /// Connecting is under way.
    busy: bool,
    /// When it last began.
    begun: Option<Instant>,
    /// How often it was begun since something last went well.
    tries: u32,
    /// The last try failed.
    failed: bool,
    /// How often in a row the server did not say that it is there.
    unanswered: u32,
    connect_at: Option<Instant>,
    ask_at: Option<Instant>,
    look_at: Option<Instant>,
}

impl Line {
    /// When something is next to be done.
    pub(super) fn next(&self) -> Option<Instant> {
        [self.connect_at, self.ask_at, self.look_at].into_iter().flatten().min()
    }

    /// A watch is in order.
    pub(super) const fn works(&mut self) {
        self.tries = 0;
    }

    pub(super) const fn in_trouble(&self) -> bool {
        self.failed || self.unanswered > 0 || self.tries > 1
    }

    /// A watch is lost: is it the server?
    pub(super) fn doubt(&mut self) {
        if self.unanswered == 0 && self.ask_at.is_some() {
            self.ask_at = Some(Instant::now());
        }
    }

    fn sooner(&mut self, at: Instant) {
        self.connect_at = Some(self.connect_at.map_or(at, |known| known.min(at)));
    }
}

fn is_due(at: &mut Option<Instant>, now: Instant) -> bool {
    at.take_if(|at| *at <= now).is_some()
}

impl Cluster {
    /// Does what is due.
    pub(super) fn due(&mut self) {
        let now = Instant::now();
        if is_due(&mut self.line.connect_at, now) {
            self.connect();
        }
        if is_due(&mut self.line.ask_at, now)
            && let Some(api) = self.line.api.clone()
        {
            self.jobs.spawn(async move { Done::Answered(api.version().await) });
        }
        if is_due(&mut self.line.look_at, now) {
            self.look();
        }
        self.measure_if_due(now);
    }

    /// Connects, unless that is under way.
    pub(super) fn connect(&mut self) {
        if std::mem::replace(&mut self.line.busy, true) {
            return;
        }
        self.line.begun = Some(Instant::now());
        self.line.tries = self.line.tries.saturating_add(1);
        self.line.connect_at = None;
        let (target, pace) = (self.target.clone(), self.pace);
        self.jobs.spawn(async move { Done::Connected(Box::new(hello::say(&target, pace).await)) });
    }

    /// Connects anew, though not all the time: soon where the login is not accepted, else it may be the server that is
    /// away, and the watches see themselves when it is back.
    pub(super) fn connect_in_time(&mut self, login: bool) {
        let wait = match login {
            true => backed_off(self.pace.retry_first, self.pace.retry_most, self.line.tries.max(1)),
            false => self.pace.retry_most,
        };
        if let (false, Some(begun)) = (self.line.busy, self.line.begun) {
            self.line.sooner(begun + wait);
        }
    }

    pub(super) fn connected(&mut self, outcome: Result<Hello, Lost>) {
        self.line.busy = false;
        match outcome {
            Ok(hello) => self.greeted(hello),
            Err(Lost { address, failure }) => {
                self.line.failed = true;
                let wait = backed_off(self.pace.retry_first, self.pace.retry_most, self.line.tries);
                let wait = wait.max(failure.retry_after().unwrap_or_default());
                self.line.sooner(Instant::now() + wait);
                self.not_connected(&address, &failure, wait);
            }
        }
    }

    /// Says what is wrong, of all that waits for it. A watch that works on says itself when it does no more.
    fn not_connected(&mut self, address: &str, failure: &Failure, wait: Duration) {
        tracing::info!(%address, %failure, "not connected");
        let now = Timestamp::now();
        let retry_at = now.checked_add(wait).ok();
        self.facts.push(Fact::Trouble(source(), failure.trouble(address, "its version", now, retry_at)));
        if self.line.api.is_none() {
            for key in self.open.keys().cloned().collect::<Vec<_>>() {
                let asked = key.0.source(key.1.as_ref()).to_string();
                self.say(key, super::Said::Trouble(failure.trouble(address, &asked, now, retry_at)));
            }
        }
    }

    fn greeted(&mut self, hello: Hello) {
        let Hello { connection, identity, version, served } = hello;
        let (address, user) = (connection.address.clone(), connection.user().clone());
        tracing::info!(%address, ?version, "connected");
        let now = Instant::now();
        self.line.failed = false;
        self.line.unanswered = 0;
        self.line.namespace = Some(Name::new(&connection.namespace));
        self.line.ask_at = Some(now + ASK_EVERY);
        self.line.look_at = Some(now + self.pace.rights_every);
        if let Some(expires) = connection.valid_until {
            self.line.sooner(now + self.until_renewal(expires));
        }
        match &self.line.api {
            Some(api) => api.renew(connection),
            None => {
                let api = Api::new(connection, self.pace);
                self.link.take_over(api.clone());
                self.line.api = Some(api);
            }
        }
        let same = self.line.info.as_ref().is_none_or(|info| info.identity == identity);
        let info = ClusterInfo { login: Some(self.login(&user)), ..self.describe(&address, identity, version) };
        if !same {
            // Versions of one cluster mean nothing in another.
            self.restart();
        }
        self.served(served);
        // After all else was named: see `run`.
        self.tell_cluster(info);
        self.review();
        self.look_at_certificates();
        self.nudge_all();
    }

    /// Looks when our certificate and the server's end. They may have been renewed, while the connection goes on.
    fn look_at_certificates(&mut self) {
        let (target, within) = (self.target.clone(), self.pace.answer_within);
        self.jobs.spawn(async move {
            let server = connect::server_certificate(&target, within).await;
            let login = tokio::task::spawn_blocking(move || connect::certificate_to_renew(&target));
            Done::Certificates { login: login.await.ok().flatten(), server }
        });
    }

    /// Trouble of the cluster's stays as it is. A server's certificate that could not be seen is the one that it was.
    pub(super) fn certificates(&mut self, login: Option<Timestamp>, server: Option<(Timestamp, Timestamp)>) {
        let Some(info) = self.line.info.as_mut() else { return };
        let server = server.map_or(info.certificate_ends, expiry::to_renew);
        if (info.login_ends, info.certificate_ends) != (login, server) {
            (info.login_ends, info.certificate_ends) = (login, server);
            self.facts.push(Fact::Put(source(), Object::Cluster(Box::new(info.clone()))));
        }
    }

    /// Not over and over, where a login is valid for no time at all.
    fn until_renewal(&self, expires: Timestamp) -> Duration {
        let left = Duration::try_from(expires.duration_since(Timestamp::now())).unwrap_or_default();
        left.saturating_sub(BEFORE_EXPIRY.min(left / 5)).max(self.pace.retry_most)
    }

    /// As whom we are there, by name.
    fn login(&self, user: &Text) -> Text {
        match &self.target.way {
            Way::Context { context, .. } => Text::from(format!("{user} (context {context})")),
            Way::InCluster => user.clone(),
        }
    }

    fn describe(&self, address: &str, identity: Name, version: Option<Text>) -> ClusterInfo {
        let known = self.line.info.as_ref();
        ClusterInfo {
            version,
            reached: Some(Text::from(format!("{address} ({})", self.target.how))),
            login_ends: known.and_then(|info| info.login_ends),
            certificate_ends: known.and_then(|info| info.certificate_ends),
            ..ClusterInfo::new(&self.target.name, BackendKind::Kubernetes, identity)
        }
    }

    fn tell_cluster(&mut self, info: ClusterInfo) {
        self.line.info = Some(info.clone());
        self.facts.push(Fact::Put(source(), Object::Cluster(Box::new(info))));
        self.facts.push(Fact::Listed(source()));
    }

    /// The server was asked whether it is there.
    pub(super) fn answered(&mut self, outcome: Result<Text, Failure>) {
        let Some(api) = &self.line.api else { return };
        let (requests, bytes) = api.used();
        tracing::debug!(requests, bytes, clock_ahead = ?api.clock_ahead(), "asked so far");
        let now = Instant::now();
        match hello::known(outcome) {
            Ok(version) => {
                self.line.ask_at = Some(now + ASK_EVERY);
                if std::mem::take(&mut self.line.unanswered) > 0 {
                    self.nudge_all();
                    // It may be another one by now.
                    self.connect();
                }
                self.fetch_again();
                self.is_there(version);
            }
            Err(failure) => {
                self.line.unanswered = self.line.unanswered.saturating_add(1);
                let most = self.pace.retry_most.min(ASK_AWAY_EVERY);
                let wait = backed_off(self.pace.retry_first, most, self.line.unanswered);
                let address = api.address();
                self.line.ask_at = Some(now + wait);
                self.not_connected(&address, &failure, wait);
                self.connect_in_time(failure.is_unauthorized());
            }
        }
    }

    fn is_there(&mut self, version: Option<Text>) {
        match self.line.info.clone() {
            Some(info) if version.is_some() && info.version != version => {
                self.tell_cluster(ClusterInfo { version, ..info });
            }
            // A login that could not be renewed is said until it is.
            _ if self.line.failed => {}
            _ => self.facts.push(Fact::Alive(source())),
        }
    }

    /// Looks again at what may be read and what is served.
    pub(super) fn look(&mut self) {
        let Some(api) = self.line.api.clone() else { return };
        self.line.look_at = Some(Instant::now() + self.pace.rights_every);
        self.jobs.spawn(async move { Done::Served(api.served().await) });
        self.begin_again();
        self.review();
        self.look_for_readable();
        self.usage.forgive();
        self.look_at_certificates();
    }

    /// Asks what may be done, where it would be done.
    pub(super) fn review(&mut self) {
        let Some(api) = self.line.api.clone() else { return };
        self.ask_rights_again();
        let (namespaces, within) = (self.namespaces(), self.pace.answer_within);
        self.jobs.spawn(async move { Done::Allowed(rights::review(&api.client(), &namespaces, within).await) });
    }
}

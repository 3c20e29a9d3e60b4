//! What is critical in Consul, as it tells it (consul: agent/http_register.go, `/v1/health/state/`), by blocking queries.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde::de::IgnoredAny;
use tokio::sync::mpsc;

use crate::domain::{Text, Timestamp, Trouble, TroubleKind};

use super::api::{Answer, Api};
use super::failure::Failure;
use super::pace::Pace;
use super::target::{Consul, Token};
use super::wire::ConsulCheck;

/// The source that it is, beside those of Nomad: its trouble is its own.
pub(super) const SOURCE: &str = "consul";
/// A query waits so long for a change; Consul adds a sixteenth of it at random.
const WAIT: Duration = Duration::from_secs(60);
const WAIT_WORDS: &str = "60s";
/// What a token has to be allowed.
const RIGHTS: &str = "service_prefix \"\" { policy = \"read\" } and node_prefix \"\" { policy = \"read\" }";

/// What is told of it.
#[derive(Debug)]
pub(super) enum Said {
    /// All that is critical now; whether it is the first that is heard of this connection, and what keeps it from being all.
    Critical(Vec<ConsulCheck>, bool, Option<Trouble>),
    /// It answers, and nothing changed.
    Same(Option<Trouble>),
    /// It cannot be read.
    Lost(Trouble),
}

/// Listens until nobody does any more.
pub(super) async fn listen(consul: Consul, pace: Pace, out: mpsc::Sender<Said>) {
    let mut wait = pace.retry_first;
    loop {
        let failure = match Api::consul(&consul, pace) {
            Ok(api) => follow(&api, &consul, pace, &out, &mut wait).await,
            Err(failure) => Some(failure),
        };
        let Some(failure) = failure else { return };
        tracing::info!(address = %consul.address, %failure, "Consul is lost");
        let now = Timestamp::now();
        if out.send(Said::Lost(trouble(&failure, &consul.address, now, now.checked_add(wait).ok()))).await.is_err() {
            return;
        }
        tokio::select! {
            () = out.closed() => return,
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(pace.retry_most),
        }
    }
}

/// Asks again and again, until it fails; none when nobody listens any more.
async fn follow(
    api: &Api,
    consul: &Consul,
    pace: Pace,
    out: &mpsc::Sender<Said>,
    wait: &mut Duration,
) -> Option<Failure> {
    let (mut index, mut first, mut blind) = (0, true, false);
    loop {
        let from = index.to_string();
        // Without an index the answer comes at once.
        let query = if index == 0 { Vec::new() } else { vec![("index", from.as_str()), ("wait", WAIT_WORDS)] };
        let within = pace.answer_within + if index == 0 { Duration::ZERO } else { WAIT + WAIT / 16 };
        let asked = api.indexed::<Vec<ConsulCheck>>("/v1/health/state/critical", &query, within);
        let answer = tokio::select! {
            () = out.closed() => return None,
            answer = asked => answer,
        };
        let Answer { value, index: now, filtered, closed, .. } = match answer {
            Ok(answer) => answer,
            Err(failure) => return Some(failure),
        };
        *wait = pace.retry_first;
        if first && closed && matches!(consul.token, Token::None) {
            // What nobody may read is left out without a word where no token is shown: not even Consul's own service is seen.
            let seen = api.get::<BTreeMap<String, IgnoredAny>>("/v1/catalog/services", &[]).await;
            blind = seen.is_ok_and(|seen| seen.is_empty());
        }
        let trouble = (filtered || blind).then(|| partly(&consul.address));
        let said = if now == index && !first { Said::Same(trouble) } else { Said::Critical(value, first, trouble) };
        if out.send(said).await.is_err() {
            return None;
        }
        first = false;
        // Where it goes back its servers were restored or replaced: what was counted before says nothing any more.
        index = if now < index { 0 } else { now };
        tokio::time::sleep(pace.consul_rests).await;
    }
}

fn partly(address: &str) -> Trouble {
    Trouble {
        kind: TroubleKind::Forbidden,
        what: Text::from(format!("{address}: Consul keeps checks back from who asks")),
        mend: Text::from(format!("set CONSUL_HTTP_TOKEN to a token that has {RIGHTS}")),
        since: Timestamp::now(),
        retry_at: None,
    }
}

fn trouble(failure: &Failure, address: &str, since: Timestamp, retry_at: Option<Timestamp>) -> Trouble {
    let (kind, what, mend) = match failure {
        Failure::Refused { status: 401 | 403, message } => (
            TroubleKind::Forbidden,
            format!("{address}: Consul does not let the token read checks ({message})"),
            format!("set CONSUL_HTTP_TOKEN to a token that has {RIGHTS}"),
        ),
        Failure::Broken { what, kind: io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound } => (
            TroubleKind::Unreachable,
            format!("no Consul agent listens at {address}: {what}"),
            "start it (`systemctl start consul`), or set CONSUL_HTTP_ADDR".into(),
        ),
        Failure::Refused { status, message } => (
            TroubleKind::Unreachable,
            format!("Consul at {address} answered with an error ({status}): {message}"),
            "see what the agent says of it (`journalctl -u consul`)".into(),
        ),
        Failure::Unable(why) => {
            (TroubleKind::Unauthorized, format!("Consul at {address}: {why}"), "mend that file".into())
        }
        Failure::Malformed(_) => (
            TroubleKind::Malformed,
            format!("{address}: {failure}"),
            "check that CONSUL_HTTP_ADDR is the address of a Consul agent".into(),
        ),
        Failure::Silent(_) | Failure::Broken { .. } | Failure::Again(_) => (
            TroubleKind::Unreachable,
            format!("Consul at {address}: {failure}"),
            "see whether the agent runs, the way to it is open, and it speaks what the address says (http, https)"
                .into(),
        ),
    };
    Trouble { kind, what: Text::from(what), mend: Text::from(mend), since, retry_at }
}

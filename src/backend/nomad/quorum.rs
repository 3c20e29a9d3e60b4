//! The servers of a region: who leads, who is well, and how many more may fail (nomad: api/operator_autopilot.go).

use serde::Deserialize;

use crate::domain::{Name, Server};

use super::api::Api;
use super::failure::Failure;
use super::scribe::time;
use super::wire::nullable;

/// What servers say of one another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Autopilot {
    failure_tolerance: u32,
    #[serde(deserialize_with = "nullable")]
    servers: Vec<Member>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Member {
    name: String,
    healthy: bool,
    leader: bool,
    voter: bool,
    /// Since when its health is as it is, RFC 3339.
    #[serde(deserialize_with = "nullable")]
    stable_since: String,
}

/// Asks how the servers are. None where that may not be read (it takes `operator { policy = "read" }`), or nobody leads.
pub(super) async fn ask(api: &Api) -> Result<Option<Autopilot>, Failure> {
    // Where one of them is not well it says so as 429, with all the same in it.
    match api.judged::<Autopilot>("/v1/operator/autopilot/health", 429).await {
        Ok(said) => Ok(Some(said)),
        Err(failure) if failure.answered() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The servers: as they say themselves; else, of those that vote, no more than where they are and who leads.
pub(super) fn servers(said: Option<&Autopilot>, leader: &str, peers: &[String]) -> Vec<Server> {
    let mut servers: Vec<Server> = match said {
        Some(said) => said.servers.iter().map(server).collect(),
        None => peers.iter().map(|peer| peer_of(peer, leader)).collect(),
    };
    servers.sort_by(|a, b| a.name.cmp(&b.name));
    servers
}

/// So many more may fail.
pub(super) fn tolerance(said: Option<&Autopilot>) -> Option<u32> {
    said.map(|said| said.failure_tolerance)
}

fn server(it: &Member) -> Server {
    Server {
        name: Name::new(&it.name),
        leader: it.leader,
        voter: it.voter,
        healthy: Some(it.healthy),
        since: time(&it.stable_since),
    }
}

fn peer_of(peer: &str, leader: &str) -> Server {
    Server { name: Name::new(peer), leader: peer == leader, voter: true, healthy: None, since: None }
}

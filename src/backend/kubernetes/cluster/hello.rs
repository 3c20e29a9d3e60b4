//! The first words with a cluster: is it there, which is it, what does it serve.

use super::super::api::{Api, Served};
use super::super::connect::{self, Connection};
use super::super::failure::Failure;
use super::super::kinds::ApiKind;
use super::super::pace::Pace;
use super::super::target::{Target, Way};
use crate::domain::{Name, Text};

/// A cluster that answered.
pub(super) struct Hello {
    pub(super) connection: Connection,
    /// The same for every way in.
    pub(super) identity: Name,
    pub(super) version: Option<Text>,
    /// What need not be served, and is.
    pub(super) served: Result<Served, Failure>,
}

/// A cluster that did not.
pub(super) struct Lost {
    /// Its address, or what it is called where that is not known yet.
    pub(super) address: Text,
    pub(super) failure: Failure,
}

/// Logs in and asks. Nothing is listed before this has come to something: all that can be wrong with the way or the
/// login is said once.
pub(super) async fn say(target: &Target, pace: Pace) -> Result<Hello, Lost> {
    let connection = connect::open(target, &pace).await.map_err(|failure| {
        let address = match &target.way {
            Way::Context { context, .. } => Text::from(format!("the context `{context}`")),
            Way::InCluster => Text::new("the cluster that cockpit runs in"),
        };
        Lost { address, failure }
    })?;
    let lost = |failure| Lost { address: connection.address.clone(), failure };
    let api = Api::new(connection.clone(), pace);
    let (version, identity, served) =
        tokio::join!(api.version(), api.uid(ApiKind::Namespaces, "kube-system"), api.served());
    let version = known(version).map_err(lost)?;
    // A login that may not see it has the address to go by.
    let identity = known(identity).map_err(lost)?.map_or_else(|| connection.address.clone(), |uid| Text::new(&uid));
    Ok(Hello { identity, version, served, connection })
}

/// What was answered; nothing where the server is well and will not say.
pub(super) fn known<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Failure::Refused { status: 403 | 404, .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

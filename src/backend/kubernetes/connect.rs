//! The way to an API server. To be written.

use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::domain::{Text, Timestamp};

use super::failure::Failure;
use super::pace::Pace;
use super::target::{Target, Way};

/// A way that is open.
#[derive(Clone)]
pub(super) struct Connection {
    /// Asks the server.
    pub(super) client: kube::Client,
    /// By then it has to be opened anew.
    pub(super) valid_until: Option<Timestamp>,
}

impl Connection {
    /// The same failure; where it is about who we are, with what it was that was not accepted.
    pub(super) fn explain(&self, failure: Failure, now: Timestamp) -> Failure {
        let _ = now;
        failure
    }
}

/// Opens the way to a cluster.
pub(super) async fn open(target: &Target, pace: &Pace) -> Result<Connection, Failure> {
    let _ = pace;
    let broken = |error: &dyn std::fmt::Display| Failure::Broken(Text::from(error.to_string()));
    let config = match &target.way {
        Way::InCluster => kube::Config::incluster().map_err(|error| broken(&error))?,
        Way::Context { files, context } => {
            let mut merged = Kubeconfig::default();
            for file in files {
                let read = Kubeconfig::read_from(file).map_err(|error| broken(&error))?;
                merged = merged.merge(read).map_err(|error| broken(&error))?;
            }
            let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
            kube::Config::from_custom_kubeconfig(merged, &options).await.map_err(|error| broken(&error))?
        }
    };
    let client = kube::Client::try_from(config).map_err(|error| broken(&error))?;
    Ok(Connection { client, valid_until: None })
}

//! The way to a cluster, as its kubeconfig describes it.

use kube::config::{Config, KubeConfigOptions, Kubeconfig};

use crate::domain::{Text, Timestamp};

use super::failure::Failure;
use super::pace::Pace;
use super::target::{Target, Way};

/// A way to a cluster that is open; nothing was asked yet.
#[derive(Clone)]
pub(super) struct Connection {
    /// Sends requests.
    pub(super) client: kube::Client,
    /// The server's address.
    pub(super) address: Text,
    /// The context's namespace.
    pub(super) namespace: String,
    /// When the login expires, where that is known.
    pub(super) valid_until: Option<Timestamp>,
}

impl Connection {
    /// The same failure; where it is about who we are, with what it was that was not accepted.
    pub(super) fn explain(&self, failure: Failure, now: Timestamp) -> Failure {
        let _ = now;
        failure
    }
}

/// Reads the kubeconfig and logs in.
pub(super) async fn open(target: &Target, pace: &Pace) -> Result<Connection, Failure> {
    let _ = pace;
    let login = |error: &dyn std::fmt::Display| Failure::Login {
        what: Text::from(error.to_string()),
        mend: Text::new("check the kubeconfig"),
    };
    let mut config = match &target.way {
        Way::Context { files, context } => {
            let mut merged = Kubeconfig::default();
            for file in files {
                let read = Kubeconfig::read_from(file).map_err(|error| login(&error))?;
                merged = merged.merge(read).map_err(|error| login(&error))?;
            }
            let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
            Config::from_custom_kubeconfig(merged, &options).await.map_err(|error| login(&error))?
        }
        Way::InCluster => Config::incluster().map_err(|error| login(&error))?,
    };
    config.default_retry = false;
    let address = Text::from(config.cluster_url.to_string());
    let namespace = config.default_namespace.clone();
    let client = kube::Client::try_from(config)?;
    let valid_until = client.valid_until().and_then(|at| Timestamp::from_second(at.as_second()).ok());
    Ok(Connection { client, address, namespace, valid_until })
}

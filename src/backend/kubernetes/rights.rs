//! What cockpit needs to be allowed.

use std::time::Duration;

use kube::Client;

use crate::domain::{Name, Rights};

/// Asks which of the rights to act are missing.
pub(super) async fn review(client: &Client, namespaces: &[Name], within: Duration) -> Rights {
    let _ = (client, namespaces, within);
    Rights::default()
}

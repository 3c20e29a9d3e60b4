//! Volumes that tie a pod to its node.

use futures::future::join_all;
use serde_json::Value;

use crate::domain::{Kind, Name, Ref, Text};

use super::super::super::ask::escaped;
use super::super::super::words::dig::{list, text};
use super::super::desk::Desk;
use super::fates::Leaving;
use super::room::term_holds;

/// Volumes that are looked at, at most: each is two questions.
const MOST: usize = 20;

/// What is known of the volumes of pods that go.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tied {
    /// A pod, by its namespace and name, and the claim whose volume is within reach of no other node.
    pub(super) pods: Vec<(Name, Name, Text)>,
    /// So many claims could not be looked at.
    pub(super) unknown: usize,
}

/// Looks at the volumes of pods that go.
pub(super) async fn tied(desk: Desk<'_>, going: &[&Leaving<'_>], nodes: &[Value], emptied: &str) -> Tied {
    let mut claims = Vec::new();
    for leaving in going {
        for volume in list(leaving.pod, "/spec/volumes") {
            let claim = text(volume, "/persistentVolumeClaim/claimName");
            if !claim.is_empty() {
                claims.push((leaving.namespace.clone(), leaving.name.clone(), Name::new(claim)));
            }
        }
    }
    let beyond = claims.len().saturating_sub(MOST);
    claims.truncate(MOST);
    let others: Vec<&Value> = nodes.iter().filter(|node| text(node, "/metadata/name") != emptied).collect();
    let looked = join_all(claims.iter().map(|(namespace, _, claim)| reaches(desk, namespace, claim, &others))).await;
    let mut tied = Tied { pods: Vec::new(), unknown: beyond };
    for ((namespace, name, claim), reach) in claims.into_iter().zip(looked) {
        match reach {
            Some(true) => {}
            Some(false) => tied.pods.push((namespace, name, claim)),
            None => tied.unknown += 1,
        }
    }
    tied
}

/// Whether another node may have the volume of a claim; none where that cannot be told.
async fn reaches(desk: Desk<'_>, namespace: &Name, claim: &Name, others: &[&Value]) -> Option<bool> {
    let key = Ref {
        cluster: desk.target.name.clone(),
        kind: Kind::Volume,
        namespace: Some(namespace.clone()),
        name: claim.clone(),
    };
    let claim = desk.object(&key).await.ok()?;
    let volume = text(&claim, "/spec/volumeName");
    if volume.is_empty() {
        // Not bound yet: it is made where the pod goes.
        return Some(true);
    }
    let volume = desk.at(&format!("/api/v1/persistentvolumes/{}", escaped(volume))).await.ok()?;
    let terms = list(&volume, "/spec/nodeAffinity/required/nodeSelectorTerms");
    Some(terms.is_empty() || others.iter().any(|node| terms.iter().any(|term| term_holds(term, node))))
}

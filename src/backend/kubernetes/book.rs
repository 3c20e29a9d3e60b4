//! What was heard of one cluster, joined: it turns what the watches say into facts.

use crate::domain::{ClusterId, Fact};

use super::heard::Heard;

/// Everything that has to be remembered to join what several kinds say of one thing.
pub(super) struct Book {
    cluster: ClusterId,
}

impl Book {
    /// A book of a cluster of which nothing was heard.
    pub(super) fn new(cluster: ClusterId) -> Self {
        Self { cluster }
    }

    /// Takes in what a watch said, and says what follows.
    pub(super) fn hear(&mut self, heard: Heard, out: &mut Vec<Fact>) {
        let _ = (&self.cluster, heard, out);
    }
}

//! What a person types, on its way to a process.

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

/// Writes it as it comes, and never ends: what cannot be written any more is over, and reading says how.
pub(super) async fn write(mut typed: mpsc::Receiver<Bytes>, mut to: impl AsyncWrite + Unpin) {
    while let Some(piece) = typed.recv().await {
        if to.write_all(&piece).await.is_err() || to.flush().await.is_err() {
            break;
        }
    }
    std::future::pending().await
}

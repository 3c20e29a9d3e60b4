//! What came of a question by HTTP.

use bytes::Bytes;
use reqwest::Response;

/// An answer, if it is none of an error.
///
/// # Errors
/// The status, and what was said instead; nothing where that broke off.
pub async fn answered(answer: Response) -> Result<Response, (u16, Bytes)> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    Err((status.as_u16(), answer.bytes().await.unwrap_or_default()))
}

//! Requests to an API server, each with a deadline. To be written.

use bytes::Bytes;
use futures::{Stream, StreamExt, TryStreamExt};
use http_body_util::BodyExt;

use crate::domain::Text;

use super::connect::Connection;
use super::failure::Failure;
use super::pace::Pace;

/// An API server that can be asked.
pub(super) struct Api {
    client: kube::Client,
    pace: Pace,
}

impl Api {
    /// The server at the end of a connection.
    pub(super) fn new(connection: Connection, pace: Pace) -> Self {
        Self { client: connection.client, pace }
    }

    /// One answer in this form.
    pub(super) async fn get_as(&self, path: &str, accept: &str) -> Result<Bytes, Failure> {
        let asked = async {
            let body = self.send(path, accept).await?.into_body();
            Ok(body.collect().await.map_err(broken)?.to_bytes())
        };
        let limit = self.pace.answer_within;
        tokio::time::timeout(limit, asked).await.unwrap_or(Err(Failure::Silent(limit)))
    }

    /// Bytes as they come.
    pub(super) async fn stream(
        &self,
        path: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, Failure>> + Send + use<>, Failure> {
        let limit = self.pace.answer_within;
        let asked = tokio::time::timeout(limit, self.send(path, "*/*"));
        let body = asked.await.unwrap_or(Err(Failure::Silent(limit)))?.into_body();
        Ok(body.into_data_stream().map_err(broken).boxed())
    }

    async fn send(&self, path: &str, accept: &str) -> Result<http::Response<kube::client::Body>, Failure> {
        let request = http::Request::get(path).header(http::header::ACCEPT, accept).body(kube::client::Body::empty());
        let answer = self.client.send(request.map_err(broken)?).await.map_err(broken)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.map_err(broken)?.to_bytes();
        let said: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
        let said = said.as_ref().and_then(|said| said.get("message")?.as_str());
        let message = said.map_or_else(|| Text::new(String::from_utf8_lossy(&body).trim()), Text::new);
        Err(Failure::Refused { status, message })
    }
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::Broken(Text::from(error.to_string()))
}

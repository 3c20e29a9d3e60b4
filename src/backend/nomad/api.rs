//! Requests to a server (nomad: api/, command/agent/http.go).

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use reqwest::header::{self, ACCEPT_ENCODING, HOST, HeaderMap, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::backend::draft;
use crate::backend::line::Line;
use crate::domain::{Text, Timestamp};
use crate::reach::{Tls, answered, client, unread};

use super::failure::Failure;
use super::lag::Lag;
use super::named::Named;
use super::pace::Pace;
use super::target::{Consul, HttpAuth, Target, Token};

/// An answer, the index that it was of, and how far behind its server was.
pub(super) struct Answer<T> {
    pub(super) value: T,
    pub(super) index: u64,
    pub(super) lag: Lag,
    /// Where the next page begins, of an answer that was asked for by pages.
    pub(super) next: Option<String>,
    /// How long it took to come, from its first piece to its last.
    pub(super) took: Duration,
    /// Some of it was kept back from this token: Consul says so, and nothing else.
    pub(super) filtered: bool,
    /// Who asks without a token may read only what nobody forbade: Consul says so, and nothing else.
    pub(super) closed: bool,
}

impl Answer<Bytes> {
    /// Takes it apart.
    pub(super) fn read<T: DeserializeOwned>(self, path: &str) -> Result<Answer<T>, Failure> {
        let value = serde_json::from_slice(&self.value)
            .map_err(|error| Failure::Malformed(Text::from(format!("{path}: {error}"))))?;
        Ok(self.with(|_| value))
    }
}

impl<T> Answer<T> {
    /// The same of something else.
    pub(super) fn with<U>(self, make: impl FnOnce(T) -> U) -> Answer<U> {
        let Answer { value, index, lag, next, took, filtered, closed } = self;
        Answer { value: make(value), index, lag, next, took, filtered, closed }
    }
}

/// What a server says of a change that it took, and its clock then.
pub(super) struct Written<T> {
    pub(super) value: T,
    pub(super) at: Timestamp,
}

/// Why something that changes a region is not known to be done.
pub(super) type Unwritten = draft::Unwritten<Failure>;

/// One connection's worth of asking.
#[derive(Clone)]
pub(super) struct Api {
    http: Client,
    base: String,
    region: Option<String>,
    auth: Option<HttpAuth>,
    /// The host of the address, where it is asked for by the name that it shows.
    host: Option<String>,
    line: Arc<Line>,
    pace: Pace,
}

/// What was said instead of an answer may be a page of a proxy: so much of it is read.
const SAID: usize = 400;

impl Api {
    /// Makes ready to ask; reads certificates and the token afresh.
    pub(super) fn new(target: &Target, pace: Pace) -> Result<Self, Failure> {
        let region = target.region.as_ref().map(ToString::to_string);
        let api = Self::open(&target.address, region, headers("X-Nomad-Token", &target.token)?, &target.tls, pace)?;
        Ok(Self { auth: target.auth.clone(), ..api })
    }

    /// The same towards an agent of Consul, which is asked in the same manner.
    pub(super) fn consul(consul: &Consul, pace: Pace) -> Result<Self, Failure> {
        Self::open(&consul.address, None, headers("X-Consul-Token", &consul.token)?, &consul.tls, pace)
    }

    fn open(address: &str, region: Option<String>, headers: HeaderMap, tls: &Tls, pace: Pace) -> Result<Self, Failure> {
        let base = if address.starts_with("unix://") { "http://agent" } else { address };
        let mut builder = client(base, tls).map_err(Failure::Unable)?;
        builder = builder.connect_timeout(pace.answer_within).pool_max_idle_per_host(8).default_headers(headers);
        if let Some(path) = address.strip_prefix("unix://") {
            builder = builder.unix_socket(path.to_owned());
        }
        let (mut base, mut host) = (base.to_owned(), None);
        if let Some(name) = tls.server_name.as_ref().filter(|_| base.starts_with("https://")) {
            let named = Named::of(&base, name)?;
            builder = builder.dns_resolver(named.resolver);
            (base, host) = (named.base, Some(named.host));
        }
        let http = builder.build().map_err(|error| Failure::broken(&error))?;
        Ok(Self { http, base, region, auth: None, host, line: Arc::default(), pace })
    }

    /// The deadlines by which it asks.
    pub(super) const fn pace(&self) -> &Pace {
        &self.pace
    }

    /// A request with its query. What is empty in it is left out.
    fn request(&self, method: Method, path: &str, query: &[(&str, &str)]) -> RequestBuilder {
        let region = self.region.as_deref().map(|region| ("region", region));
        let query: Vec<(&str, &str)> =
            query.iter().copied().chain(region).filter(|(_, value)| !value.is_empty()).collect();
        let mut request = self.http.request(method, format!("{}{path}", self.base)).query(&query);
        if !self.line.is_slow() {
            // Else reqwest offers to take it compressed.
            request = request.header(ACCEPT_ENCODING, "identity");
        }
        if let Some(host) = &self.host {
            request = request.header(HOST, host);
        }
        match &self.auth {
            Some(auth) => request.basic_auth(&auth.user, Some(auth.password.expose_secret())),
            None => request,
        }
    }

    /// Reads something.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, Failure> {
        self.indexed(path, query, self.pace.answer_within).await.map(|answer| answer.value)
    }

    /// Reads something that is the answer under another status than 200 too.
    pub(super) async fn judged<T: DeserializeOwned>(&self, path: &str, also: u16) -> Result<T, Failure> {
        let asked = async {
            let request = self.request(Method::GET, path, &[]);
            let answer = request.send().await.map_err(|error| Failure::broken(&error))?;
            let answer = if answer.status().as_u16() == also { answer } else { checked(answer).await? };
            let body = answer.bytes().await.map_err(|error| Failure::broken(&error))?;
            serde_json::from_slice(&body).map_err(|error| Failure::Malformed(Text::from(format!("{path}: {error}"))))
        };
        let within = self.pace.answer_within;
        tokio::time::timeout(within, asked).await.unwrap_or(Err(Failure::Silent(within)))
    }

    /// Reads something, and the index that it is of; at most so long is waited for the answer.
    pub(super) async fn indexed<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        within: Duration,
    ) -> Result<Answer<T>, Failure> {
        self.raw(path, query, within).await?.read(path)
    }

    /// The same, not taken apart yet: what follows can be asked for before that is done.
    pub(super) async fn raw(
        &self,
        path: &str,
        query: &[(&str, &str)],
        within: Duration,
    ) -> Result<Answer<Bytes>, Failure> {
        let asked = async { self.whole(self.head(path, query).await?).await };
        tokio::time::timeout(within, asked).await.unwrap_or(Err(Failure::Silent(within)))
    }

    /// Asks, and waits for the head of the answer only.
    pub(super) async fn head(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer<Response>, Failure> {
        let answer = said(self.request(Method::GET, path, query)).await?;
        let (index, lag, next) = (index(answer.headers()), Lag::of(answer.headers()), next(answer.headers()));
        let (filtered, closed) = (filtered(answer.headers()), closed(answer.headers()));
        Ok(Answer { value: answer, index, lag, next, took: Duration::ZERO, filtered, closed })
    }

    /// Waits for the rest of it.
    pub(super) async fn whole(&self, head: Answer<Response>) -> Result<Answer<Bytes>, Failure> {
        let Answer { value, index, lag, next, filtered, closed, .. } = head;
        let begun = Instant::now();
        let value = value.bytes().await.map_err(|error| Failure::broken(&error))?;
        let took = begun.elapsed();
        self.line.carried(value.len(), took);
        Ok(Answer { value, index, lag, next, took, filtered, closed })
    }

    /// Sends something that changes the region, once: what is lost on the way is never sent again.
    pub(super) async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &Value,
    ) -> Result<Written<T>, Unwritten> {
        let sent = Timestamp::now();
        let asked = async {
            let request = self.request(Method::PUT, path, query).body(body.to_string());
            let answer = request.send().await.map_err(|error| match error.is_connect() || error.is_builder() {
                true => Unwritten::NotSent(Failure::broken(&error)),
                false => Unwritten::Lost,
            })?;
            let (status, at) = (answer.status(), date(answer.headers()).unwrap_or(sent));
            let body = answer.bytes().await.map_err(|_| Unwritten::Lost)?;
            if !status.is_success() {
                return Err(Unwritten::Refused { status: status.as_u16(), message: words(&body) });
            }
            // Some changes are answered with nothing.
            let said: &[u8] = if body.is_empty() { b"null" } else { &body };
            let value = serde_json::from_slice(said).map_err(|_| Unwritten::Lost)?;
            Ok(Written { value, at })
        };
        tokio::time::timeout(self.pace.answer_within, asked).await.unwrap_or(Err(Unwritten::Lost))
    }

    /// Opens a websocket (RFC 6455): the connection, once the server has switched to it.
    pub(super) async fn websocket(&self, path: &str, query: &[(&str, &str)]) -> Result<reqwest::Upgraded, Unwritten> {
        let key = base64::engine::general_purpose::STANDARD.encode(fastrand::u128(..).to_be_bytes());
        let request = self
            .request(Method::GET, path, query)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", key);
        let asked = async {
            let answer = request.send().await.map_err(|error| Unwritten::NotSent(Failure::broken(&error)))?;
            let status = answer.status();
            if status != StatusCode::SWITCHING_PROTOCOLS {
                let body = answer.bytes().await.unwrap_or_default();
                return Err(Unwritten::Refused { status: status.as_u16(), message: words(&body) });
            }
            answer.upgrade().await.map_err(|error| Unwritten::NotSent(Failure::broken(&error)))
        };
        tokio::time::timeout(self.pace.answer_within, asked).await.unwrap_or(Err(Unwritten::Lost))
    }

    /// What is written as it comes, in pieces of any length.
    pub(super) async fn stream(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<BoxStream<'static, Result<Bytes, Failure>>, Failure> {
        let opened = said(self.request(Method::GET, path, query));
        let within = self.pace.answer_within;
        let answer = tokio::time::timeout(within, opened).await.unwrap_or(Err(Failure::Silent(within)))?;
        Ok(answer.bytes_stream().map_err(|error| Failure::broken(&error)).boxed())
    }
}

async fn said(request: RequestBuilder) -> Result<Response, Failure> {
    checked(request.send().await.map_err(|error| Failure::broken(&error))?).await
}

/// An answer, if it is none of an error.
async fn checked(answer: Response) -> Result<Response, Failure> {
    answered(answer).await.map_err(|(status, body)| Failure::Refused { status, message: words(&body) })
}

/// What was said instead of an answer.
fn words(body: &[u8]) -> Text {
    let words: String = String::from_utf8_lossy(body).trim().chars().take(SAID).collect();
    Text::from(words)
}

/// What the server's clock said: whole seconds.
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let raw = headers.get(header::DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(raw).ok()
}

/// `X-Nomad-Index` or `X-Consul-Index`; 0 where there is none.
fn index(headers: &HeaderMap) -> u64 {
    let said = headers.get("X-Nomad-Index").or_else(|| headers.get("X-Consul-Index"));
    said.and_then(|raw| raw.to_str().ok()?.parse().ok()).unwrap_or(0)
}

/// `X-Nomad-NextToken`; none at the end.
fn next(headers: &HeaderMap) -> Option<String> {
    let said = headers.get("X-Nomad-NextToken")?.to_str().ok()?;
    (!said.is_empty()).then(|| said.to_owned())
}

fn filtered(headers: &HeaderMap) -> bool {
    headers.get("X-Consul-Results-Filtered-By-ACLs").is_some_and(|raw| raw == "true")
}

fn closed(headers: &HeaderMap) -> bool {
    headers.get("X-Consul-Default-Acl-Policy").is_some_and(|raw| raw == "deny")
}

fn headers(name: &'static str, token: &Token) -> Result<HeaderMap, Failure> {
    let secret: Option<SecretString> = match token {
        Token::None => None,
        Token::Secret(secret) => Some(secret.clone()),
        Token::File(file) => {
            let read = std::fs::read_to_string(file).map_err(|error| Failure::Unable(unread(file, &error)))?;
            Some(read.trim().to_owned().into())
        }
    };
    let mut headers = HeaderMap::new();
    if let Some(secret) = secret {
        let value = HeaderValue::from_str(secret.expose_secret());
        let mut value = value.map_err(|_| Failure::Unable(Text::new("the token is no token: it has odd letters")))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

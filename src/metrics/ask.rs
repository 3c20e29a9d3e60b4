//! Asking a server that knows numbers: who we are, how long we wait, and what came instead of an answer.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use futures::StreamExt;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};

use crate::domain::{Text, Timestamp, Trouble, TroubleKind};
use crate::reach::{Tls, answered, client, deepest, unread};

/// Of what is said instead of an answer so much is read.
const SAID: usize = 400;
/// A connection that is not made by then is none.
const CONNECT: Duration = Duration::from_secs(5);

/// A server, and who asks it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// `http://127.0.0.1:9090`, `https://mimir.example/prometheus`; of an exporter its page: `http://10.0.0.7:9121/metrics`.
    pub address: String,
    /// A file that holds a bearer token, read at every connection: it may be renewed there.
    pub token_file: Option<PathBuf>,
    /// A name and the file of its password (HTTP basic).
    pub user: Option<(String, PathBuf)>,
    /// Whose numbers, of a server that has those of several (`X-Scope-OrgID`, Mimir and Cortex).
    pub tenant: Option<String>,
    /// TLS towards it.
    pub tls: Tls,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The server answered with an error.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        message: Text,
    },
    /// No answer came in time.
    #[error("no answer within {} s", .0.as_secs().max(1))]
    Silent(Duration),
    /// The connection could not be made, or broke.
    #[error("{0}")]
    Broken(Text),
    /// The answer could not be read.
    #[error("the answer cannot be read: {0}")]
    Malformed(Text),
    /// It cannot even be asked: a certificate or a token that cannot be read.
    #[error("{0}")]
    Unable(Text),
}

impl Failure {
    fn broken(error: &reqwest::Error) -> Self {
        Self::Broken(deepest(error).0)
    }

    /// As a person is told.
    pub fn trouble(&self, address: &str, now: Timestamp, retry_at: Option<Timestamp>) -> Trouble {
        let (kind, mend) = match self {
            Failure::Refused { status: 401, .. } => {
                (TroubleKind::Unauthorized, "its token or password is not taken: see [[metrics]]")
            }
            Failure::Refused { status: 403, .. } => {
                (TroubleKind::Forbidden, "who asks may not read it: see [[metrics]]")
            }
            Failure::Refused { status: 404, .. } => (TroubleKind::Malformed, "is the address right? see [[metrics]]"),
            Failure::Refused { .. } => (TroubleKind::Unreachable, "it is asked again by itself"),
            Failure::Silent(_) | Failure::Broken(_) => {
                (TroubleKind::Unreachable, "is it running, and is the address right? see [[metrics]]")
            }
            Failure::Malformed(_) => (TroubleKind::Malformed, "is it what [[metrics]] says that it is?"),
            Failure::Unable(_) => (TroubleKind::Unauthorized, "mend that file"),
        };
        Trouble { kind, what: Text::from(format!("{address}: {self}")), mend: Text::new(mend), since: now, retry_at }
    }
}

/// One connection's worth of asking.
#[derive(Clone)]
pub struct Asker {
    http: Client,
    address: String,
    within: Duration,
}

impl Asker {
    /// Makes ready to ask; reads certificates, token and password afresh.
    ///
    /// # Errors
    /// One of those cannot be read.
    pub fn new(place: &Place, within: Duration) -> Result<Self, Failure> {
        let mut headers = HeaderMap::new();
        if let Some(said) = credential(place)? {
            headers.insert(AUTHORIZATION, said);
        }
        if let Some(tenant) = &place.tenant {
            let value = HeaderValue::from_str(tenant);
            let value = value.map_err(|_| Failure::Unable(Text::new("the tenant has odd letters")))?;
            headers.insert(HeaderName::from_static("x-scope-orgid"), value);
        }
        let builder = client(&place.address, &place.tls).map_err(Failure::Unable)?;
        let builder = builder.connect_timeout(CONNECT.min(within)).default_headers(headers);
        let http = builder.build().map_err(|error| Failure::broken(&error))?;
        Ok(Self { http, address: place.address.clone(), within })
    }

    /// The body of an answer to a question that is posted as a form.
    ///
    /// # Errors
    /// There was none.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Bytes, Failure> {
        self.whole(self.http.post(self.at(path)).form(form)).await
    }

    /// The body of an answer to something that is sent as JSON.
    ///
    /// # Errors
    /// There was none.
    pub async fn send(&self, path: &str, what: &impl serde::Serialize) -> Result<Bytes, Failure> {
        self.whole(self.http.post(self.at(path)).json(what)).await
    }

    /// Takes away what is at a path.
    ///
    /// # Errors
    /// There was no answer, or it was not taken away.
    pub async fn delete(&self, path: &str) -> Result<(), Failure> {
        self.whole(self.http.delete(self.at(path))).await.map(|_| ())
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address.trim_end_matches('/'))
    }

    /// The body of an answer.
    ///
    /// # Errors
    /// There was none.
    pub async fn get(&self, path: &str) -> Result<Bytes, Failure> {
        self.whole(self.http.get(self.at(path))).await
    }

    /// Hands an answer over piece by piece.
    ///
    /// # Errors
    /// There was none, or it broke off.
    pub async fn pieces(&self, accept: &'static str, mut each: impl FnMut(&[u8])) -> Result<(), Failure> {
        let asked = async {
            let answer = opened(self.http.get(&self.address).header("Accept", accept)).await?;
            let mut pieces = answer.bytes_stream();
            while let Some(piece) = pieces.next().await {
                each(&piece.map_err(|error| Failure::broken(&error))?);
            }
            Ok(())
        };
        tokio::time::timeout(self.within, asked).await.unwrap_or(Err(Failure::Silent(self.within)))
    }

    async fn whole(&self, request: RequestBuilder) -> Result<Bytes, Failure> {
        let asked = async { opened(request).await?.bytes().await.map_err(|error| Failure::broken(&error)) };
        tokio::time::timeout(self.within, asked).await.unwrap_or(Err(Failure::Silent(self.within)))
    }
}

/// What is said in `Authorization`; none where nothing is.
fn credential(place: &Place) -> Result<Option<HeaderValue>, Failure> {
    let secret = |file: &PathBuf| {
        let read = std::fs::read_to_string(file).map_err(|error| Failure::Unable(unread(file, &error)))?;
        Ok(SecretString::from(read.trim().to_owned()))
    };
    let said = match (&place.token_file, &place.user) {
        (Some(file), _) => format!("Bearer {}", secret(file)?.expose_secret()),
        (None, Some((name, file))) => {
            let both = format!("{name}:{}", secret(file)?.expose_secret());
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(both))
        }
        (None, None) => return Ok(None),
    };
    let value = HeaderValue::from_str(&said);
    let mut value = value.map_err(|_| Failure::Unable(Text::new("the token is no token: it has odd letters")))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

async fn opened(request: RequestBuilder) -> Result<Response, Failure> {
    let answer = request.send().await.map_err(|error| Failure::broken(&error))?;
    answered(answer).await.map_err(|(status, body)| Failure::Refused { status, message: words(&body) })
}

/// What was said instead of an answer: Prometheus says it in JSON, proxies in any way.
fn words(body: &[u8]) -> Text {
    #[derive(serde::Deserialize)]
    struct Said {
        error: String,
    }
    let text = match serde_json::from_slice::<Said>(body) {
        Ok(said) => said.error,
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let text = text.trim();
    Text::from(if text.is_empty() { "it says nothing of why".to_owned() } else { text.chars().take(SAID).collect() })
}

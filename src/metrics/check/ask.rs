//! One try at an endpoint.

use std::time::Duration;

use futures::StreamExt;
use reqwest::tls::TlsInfo;
use reqwest::{Client, Response};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::domain::{Name, Ref, Text, Timestamp};
use crate::reach::{Tls, client, deepest, expiry};

/// What is asked, and what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What it is called.
    pub name: Name,
    /// `https://shop.example/health`, `http://…`, `tcp://db-1:5432`
    pub address: String,
    /// The status that is expected; any below 400 where none is named.
    pub status: Option<u16>,
    /// A text that is expected in the first 64 KiB.
    pub text: Option<String>,
    /// What it leads to.
    pub target: Option<Ref>,
    /// TLS towards it.
    pub tls: Tls,
}

impl Wanted {
    /// `GET https://shop.example/health`
    pub fn words(&self) -> Text {
        match self.host_and_port() {
            Some(at) => Text::from(format!("TCP {at}")),
            None => Text::from(format!("GET {}", self.address)),
        }
    }

    /// Of one that is only connected to.
    fn host_and_port(&self) -> Option<&str> {
        self.address.strip_prefix("tcp://").map(|rest| rest.trim_end_matches('/'))
    }
}

/// An answer as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// How long it took, with the making of its connection.
    pub took: Duration,
    /// From when until when the certificate is good that was shown.
    pub certificate: Option<(Timestamp, Timestamp)>,
}

/// So much of an answer is looked through.
const LOOKED_AT: usize = 64 << 10;
/// A way that leads on more often leads nowhere.
const LEADS_ON: usize = 5;

/// Who tries, again and again.
#[derive(Debug, Default)]
pub struct Asker {
    /// Reading the system's certificates takes as long as many an answer, so that is done once; and again after a failure, for they
    /// may be other ones by now.
    http: Option<Client>,
}

impl Asker {
    /// Tries once; in words what came instead of what is expected.
    ///
    /// # Errors
    /// There was no answer in time, or another than that.
    pub async fn ask(&mut self, wanted: &Wanted, within: Duration) -> Result<Seen, Text> {
        let http = match self.http.take() {
            Some(http) => http,
            None => opened(wanted)?,
        };
        let begun = Instant::now();
        let asked = async {
            match wanted.host_and_port() {
                Some(at) => connected(at).await,
                None => answered(wanted, &http).await,
            }
        };
        let silence = || Err(Text::from(format!("no answer within {} s", within.as_secs().max(1))));
        let certificate = tokio::time::timeout(within, asked).await.unwrap_or_else(|_| silence())?;
        self.http = Some(http);
        Ok(Seen { took: begun.elapsed(), certificate })
    }
}

type Certificate = Option<(Timestamp, Timestamp)>;

async fn connected(at: &str) -> Result<Certificate, Text> {
    TcpStream::connect(at).await.map(|_| None).map_err(|error| deepest(&error).0)
}

async fn answered(wanted: &Wanted, http: &Client) -> Result<Certificate, Text> {
    let answer = http.get(&wanted.address).send().await.map_err(|error| deepest(&error).0)?;
    let status = answer.status();
    let is_expected = match wanted.status {
        Some(expected) => status.as_u16() == expected,
        None => status.as_u16() < 400,
    };
    if !is_expected {
        let expected = wanted.status.map(|expected| format!(", expected {expected}")).unwrap_or_default();
        return Err(Text::from(format!("{status}{expected}")));
    }
    let shown = answer.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
    let certificate = shown.and_then(expiry::validity);
    match &wanted.text {
        Some(text) if !holds(answer, text).await? => Err(Text::from(format!("{status}, without the text \"{text}\""))),
        _ => Ok(certificate),
    }
}

/// A connection that is kept would not show that no new one can be made.
fn opened(wanted: &Wanted) -> Result<Client, Text> {
    let builder = client(&wanted.address, &wanted.tls)?.tls_info(true).pool_max_idle_per_host(0);
    let builder = builder.redirect(reqwest::redirect::Policy::limited(LEADS_ON));
    let builder = builder.user_agent(concat!("cockpit/", env!("CARGO_PKG_VERSION")));
    builder.build().map_err(|error| deepest(&error).0)
}

async fn holds(answer: Response, text: &str) -> Result<bool, Text> {
    let (mut pieces, mut begun) = (answer.bytes_stream(), Vec::new());
    while let Some(piece) = pieces.next().await {
        begun.extend_from_slice(&piece.map_err(|error| deepest(&error).0)?);
        if memchr::memmem::find(&begun, text.as_bytes()).is_some() {
            return Ok(true);
        }
        if begun.len() >= LOOKED_AT {
            return Ok(false);
        }
    }
    Ok(false)
}

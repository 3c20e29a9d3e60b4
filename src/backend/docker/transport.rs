//! The way to an engine: a socket, TCP, TLS or ssh, with HTTP on top. It also prefixes requests with the API version
//! that was agreed on: bollard up to 0.21.1 never does, so that an engine would answer in its newest schema.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bollard::BollardRequest;
use bollard::errors::Error;
use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use hyper::Response;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use crate::domain::Text;

use super::ssh::Ssh;
use super::target::{Endpoint, bracketed};
use super::tls;

/// So long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Idle connections that are kept; each is a process where it goes through ssh.
const IDLE_KEPT: usize = 4;
/// An idle connection is given back after this time.
const IDLE_FOR: Duration = Duration::from_secs(90);

/// The body of a request, as bollard has it.
type Body = http_body_util::Either<
    http_body_util::Full<bytes::Bytes>,
    http_body_util::StreamBody<
        Pin<Box<dyn futures::Stream<Item = Result<hyper::body::Frame<bytes::Bytes>, io::Error>> + Send>>,
    >,
>;

/// A way to one engine. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub(super) struct Transport {
    client: Client<Connector, Body>,
    authority: Authority,
    prefix: Option<Arc<str>>,
    ssh: Option<Ssh>,
}

impl Transport {
    /// A way to `endpoint`. Fails when certificates cannot be read.
    pub(super) fn new(endpoint: &Endpoint) -> Result<Self, Text> {
        let (connector, authority) = Connector::new(endpoint)?;
        let ssh = match &connector.way {
            Way::Ssh(ssh) => Some(ssh.clone()),
            _ => None,
        };
        let authority = authority.parse().map_err(|_| Text::from(format!("`{authority}` is not a host name")))?;
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(IDLE_KEPT)
            .pool_idle_timeout(IDLE_FOR)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self { client, authority, prefix: None, ssh })
    }

    /// The same way, speaking this version of the API (`1.41`).
    pub(super) fn speaking(&self, version: &str) -> Self {
        Self { prefix: Some(Arc::from(format!("/v{version}"))), ..self.clone() }
    }

    /// What ssh last complained of, if this goes through ssh and it did.
    pub(super) async fn last_words(&self) -> Option<Text> {
        match &self.ssh {
            Some(ssh) => ssh.last_words().await,
            None => None,
        }
    }

    fn address(&self, uri: &Uri) -> Result<Uri, http::Error> {
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let prefix = self.prefix.as_deref().unwrap_or_default();
        Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.authority.clone())
            .path_and_query(format!("{prefix}{path}"))
            .build()
    }

    /// Sends a request. The future owns all that it needs, as bollard wants it.
    pub(super) fn send(
        &self,
        mut request: BollardRequest,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Incoming>, Error>> + Send>> {
        match self.address(request.uri()) {
            Ok(uri) => *request.uri_mut() = uri,
            Err(error) => return Box::pin(async { Err(error.into()) }),
        }
        let answer = self.client.request(request);
        Box::pin(async move { answer.await.map_err(Error::from) })
    }
}

#[derive(Clone)]
struct Connector {
    way: Way,
}

#[derive(Clone)]
enum Way {
    Unix(Arc<std::path::Path>),
    Tcp { host: Arc<str>, port: u16 },
    Tls { host: Arc<str>, port: u16, name: rustls_pki_types::ServerName<'static>, tls: TlsConnector },
    Ssh(Ssh),
}

impl Connector {
    fn new(endpoint: &Endpoint) -> Result<(Self, String), Text> {
        let way = match endpoint {
            Endpoint::Unix(path) => Way::Unix(Arc::from(path.as_path())),
            Endpoint::Tcp { host, port } => Way::Tcp { host: Arc::from(host.as_str()), port: *port },
            Endpoint::Tls { host, port, certificates } => {
                let name = rustls_pki_types::ServerName::try_from(host.clone())
                    .map_err(|_| Text::from(format!("`{host}` is not a host name")))?;
                let tls = TlsConnector::from(Arc::new(tls::config(certificates)?));
                Way::Tls { host: Arc::from(host.as_str()), port: *port, name, tls }
            }
            Endpoint::Ssh { destination, port, socket } => Way::Ssh(Ssh::new(destination, *port, socket.as_deref())),
        };
        let authority = match endpoint {
            Endpoint::Tcp { host, port } | Endpoint::Tls { host, port, .. } => format!("{}:{port}", bracketed(host)),
            // Docker's own client says so too where there is no host.
            Endpoint::Unix(_) | Endpoint::Ssh { .. } => "api.moby.localhost".to_owned(),
        };
        Ok((Self { way }, authority))
    }

    async fn connect(self) -> io::Result<TokioIo<Link>> {
        let link: Box<dyn Duplex> = match self.way {
            Way::Unix(path) => Box::new(UnixStream::connect(&*path).await?),
            Way::Tcp { host, port } => Box::new(tcp(&host, port).await?),
            Way::Tls { host, port, name, tls } => Box::new(tls.connect(name, tcp(&host, port).await?).await?),
            Way::Ssh(ssh) => Box::new(ssh.dial()?),
        };
        Ok(TokioIo::new(Link(link)))
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Link>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<Link>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connecting = self.clone().connect();
        Box::pin(async move {
            let slow = || io::Error::new(io::ErrorKind::TimedOut, "no connection within 10 s");
            tokio::time::timeout(CONNECT_WITHIN, connecting).await.map_err(|_| slow())?
        })
    }
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

struct Link(Box<dyn Duplex>);

impl Connection for Link {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Link {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

//! The near end of a port forward: it listens on this machine's loopback, and carries each connection to wherever the far end leads.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_stream::wrappers::WatchStream;

use crate::domain::{FIRST_FREE, ForwardRequest, ForwardState, ForwardStream, Listen, Name, Ref, Refusal, Text};

/// Connections that are carried at once; more wait to be accepted.
const MOST: usize = 64;
/// Whether the instance is still there is looked at so often, besides whenever a connection fails.
pub(super) const LOOK: Duration = Duration::from_secs(5);
/// Of who has said all it is waited so long for the next word of the answer. A tunnel has no way to say that one side has ended.
const QUIET: Duration = Duration::from_secs(10);
/// What the far end has to complain of is waited for so long after its last byte.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// When nothing can be accepted (too many open files), so long until it is tried again.
const PAUSE: Duration = Duration::from_millis(250);
/// Bytes that are carried at once.
const CHUNK: usize = 16 * 1024;

/// Both directions of a connection.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection to a port of an instance.
pub(super) struct Tunnel {
    /// What is sent, and what comes.
    pub(super) stream: Box<dyn Duplex>,
    /// Why it broke, should the far end say so; none when it ends without a word.
    pub(super) complaint: BoxFuture<'static, Option<Text>>,
    /// Whatever lives as long as the connection.
    pub(super) keeper: Box<dyn Send>,
}

/// The instance that is led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lead {
    pub(super) instance: Ref,
    /// This incarnation of it.
    pub(super) uid: Name,
    /// Its port.
    pub(super) port: u16,
}

/// Why it leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Lost {
    /// For good.
    Over(Text),
    /// For now: nothing is ready.
    NotNow(Text),
    /// It could not be asked: what was known counts.
    Unknown(Text),
}

impl Lost {
    pub(super) fn words(self) -> Text {
        match self {
            Lost::Over(words) | Lost::NotNow(words) | Lost::Unknown(words) => words,
        }
    }
}

/// The far end of a forward.
#[async_trait]
pub(super) trait Far: Send + Sync + 'static {
    /// The instance that is to be led to: the one before for as long as it is there, else another one.
    async fn lead(&self, before: Option<&Lead>) -> Result<Lead, Lost>;

    /// A new connection to it.
    async fn open(&self, lead: &Lead) -> Result<Tunnel, Text>;
}

/// Listens, and tells how it stands from then on. `first` is where it leads at first; it is looked every `look` whether it still does.
pub(super) async fn start(
    request: &ForwardRequest,
    far: Arc<dyn Far>,
    first: Lead,
    look: Duration,
) -> Result<ForwardStream, Refusal> {
    let (listeners, said) = Listeners::bind(request).await?;
    let to = Some((first.instance.clone(), first.port));
    let state = ForwardState { local: listeners.port, to, open: 0, came: 0, failed: 0, said, ended: None };
    let (told, states) = watch::channel(state.clone());
    let keeper = Keeper {
        far,
        listeners: Some(listeners),
        state,
        lead: Some(first),
        told,
        connections: JoinSet::new(),
        looks: JoinSet::new(),
        look,
        due: Instant::now() + look,
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(keeper.run());
    // The task lives as long as the stream: dropping the set ends it, and every connection with it.
    let keep = move |state| {
        let _ = &tasks;
        state
    };
    Ok(WatchStream::new(states).map(keep).boxed())
}

/// Where it is listened: on the loopback of both families, at one port.
struct Listeners {
    v4: TcpListener,
    v6: Option<TcpListener>,
    port: u16,
}

impl Listeners {
    /// Listens as it was asked for; with what has to be known of it.
    async fn bind(request: &ForwardRequest) -> Result<(Self, Option<Text>), Refusal> {
        let wanted: &[u16] = match request.listen {
            Listen::At(port) => &[port],
            Listen::Like if request.port >= FIRST_FREE => &[request.port, 0],
            Listen::Like | Listen::Any => &[0],
        };
        let mut failed = None;
        for port in wanted {
            match Self::at(*port).await {
                // A free one is free in both families, or another one is.
                Ok((_, true)) if !matches!(request.listen, Listen::At(_)) && *port != 0 => {}
                Ok((listeners, taken)) => {
                    let other =
                        format!("[::1]:{0} is another program's: say 127.0.0.1:{0}, not localhost:{0}", listeners.port);
                    return Ok((listeners, taken.then(|| Text::from(other))));
                }
                Err(error) => failed = Some(error),
            }
        }
        Err(refused(request, failed))
    }

    /// Listens at a port; and whether in the other family another program does.
    async fn at(port: u16) -> io::Result<(Self, bool)> {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = v4.local_addr()?.port();
        // Not every machine has this family.
        let (v6, taken) = match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(v6) => (Some(v6), false),
            Err(error) => (None, error.kind() == ErrorKind::AddrInUse),
        };
        Ok((Self { v4, v6, port }, taken))
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        let other = async {
            match &self.v6 {
                Some(v6) => v6.accept().await,
                None => std::future::pending().await,
            }
        };
        let (stream, _) = tokio::select! {
            accepted = self.v4.accept() => accepted?,
            accepted = other => accepted?,
        };
        Ok(stream)
    }
}

fn refused(request: &ForwardRequest, failed: Option<io::Error>) -> Refusal {
    let Listen::At(port) = request.listen else {
        let why = failed.map_or_else(|| "no port is free".to_owned(), |error| error.to_string());
        return request.refused(format!("nothing can be listened at on 127.0.0.1: {why}"), "see what holds the ports");
    };
    let there = request.port;
    let instead = format!(
        "say :{there} for any free port, or name another one, as {}:{there}",
        port.wrapping_add(10_000).max(FIRST_FREE)
    );
    match failed.as_ref().map(io::Error::kind) {
        Some(ErrorKind::AddrInUse) => {
            request.refused(format!("port {port} of this machine is in use by another program"), instead)
        }
        Some(ErrorKind::PermissionDenied) => request
            .refused(format!("port {port} of this machine is for root alone, as all below {FIRST_FREE}"), instead),
        _ => {
            let why = failed.map_or_else(String::new, |error| format!(": {error}"));
            request.refused(format!("port {port} of this machine cannot be listened at{why}"), instead)
        }
    }
}

/// What became of a connection.
#[derive(Debug, Default)]
struct Done {
    /// It was found to lead elsewhere, or nowhere.
    found: Option<Result<Lead, Lost>>,
    /// Why it failed.
    failed: Option<Text>,
}

/// Owns a forward, for as long as somebody listens to what it tells.
struct Keeper {
    far: Arc<dyn Far>,
    /// None once it has ended: connections that are open go on to their own end.
    listeners: Option<Listeners>,
    state: ForwardState,
    lead: Option<Lead>,
    told: watch::Sender<ForwardState>,
    connections: JoinSet<Done>,
    looks: JoinSet<Result<Lead, Lost>>,
    look: Duration,
    /// When it is looked next.
    due: Instant,
}

impl Keeper {
    async fn run(mut self) {
        loop {
            self.tell();
            if self.listeners.is_none() && self.connections.is_empty() {
                return;
            }
            let room = self.connections.len() < MOST;
            let listeners = self.listeners.as_ref().filter(|_| room);
            let accepted = async {
                match listeners {
                    Some(listeners) => listeners.accept().await,
                    None => std::future::pending().await,
                }
            };
            let looks = self.listeners.is_some() && self.looks.is_empty();
            tokio::select! {
                accepted = accepted => match accepted {
                    Ok(near) => self.carry(near),
                    Err(error) => {
                        self.state.said = Some(Text::from(format!("no connection can be accepted: {error}")));
                        sleep(PAUSE).await;
                    }
                },
                Some(done) = self.connections.join_next() => self.done(done.unwrap_or_default()),
                Some(found) = self.looks.join_next() => {
                    self.due = Instant::now() + self.look;
                    if let Ok(found) = found {
                        self.found(found);
                    }
                }
                () = sleep_until(self.due), if looks => {
                    let (far, before) = (Arc::clone(&self.far), self.lead.clone());
                    self.looks.spawn(async move { far.lead(before.as_ref()).await });
                }
            }
        }
    }

    fn tell(&mut self) {
        self.state.open = u32::try_from(self.connections.len()).unwrap_or(u32::MAX);
        let state = &self.state;
        self.told.send_if_modified(|known| {
            let other = known != state;
            if other {
                known.clone_from(state);
            }
            other
        });
    }

    fn carry(&mut self, near: TcpStream) {
        // Small answers are not to wait for more of them.
        let _ = near.set_nodelay(true);
        self.state.came += 1;
        self.connections.spawn(carry(Arc::clone(&self.far), self.lead.clone(), near));
    }

    fn done(&mut self, done: Done) {
        if let Some(found) = done.found {
            self.found(found);
        }
        if let Some(why) = done.failed {
            self.state.failed += 1;
            self.state.said = Some(why);
            // Perhaps it is gone.
            self.due = Instant::now();
        }
    }

    fn found(&mut self, found: Result<Lead, Lost>) {
        match found {
            Ok(lead) => {
                if self.lead.as_ref().is_some_and(|before| *before != lead) || self.lead.is_none() {
                    self.state.said = Some(Text::from(format!("it leads to {} now", lead.instance.name)));
                }
                self.state.to = Some((lead.instance.clone(), lead.port));
                self.lead = Some(lead);
            }
            Err(Lost::Over(why)) => {
                self.listeners = None;
                self.looks.abort_all();
                self.state.ended = Some(why);
            }
            Err(Lost::NotNow(why)) => {
                (self.lead, self.state.to) = (None, None);
                self.state.said = Some(why);
            }
            Err(Lost::Unknown(why)) => self.state.said = Some(why),
        }
    }
}

/// Carries one connection to its end. Where it cannot be opened it is looked for another instance, once.
async fn carry(far: Arc<dyn Far>, lead: Option<Lead>, near: TcpStream) -> Done {
    let first = match &lead {
        Some(lead) => far.open(lead).await,
        None => Err(Text::new("no instance is ready")),
    };
    let (tunnel, found) = match first {
        Ok(tunnel) => (tunnel, None),
        Err(why) => match far.lead(lead.as_ref()).await {
            Ok(other) if Some(&other) != lead.as_ref() => match far.open(&other).await {
                Ok(tunnel) => (tunnel, Some(Ok(other))),
                Err(why) => return Done { found: Some(Ok(other)), failed: Some(why) },
            },
            Ok(_) => return Done { found: None, failed: Some(why) },
            Err(lost) => return Done { failed: Some(lost.clone().words()), found: Some(Err(lost)) },
        },
    };
    Done { found, failed: join(near, tunnel).await.err() }
}

/// Carries what is said in both directions until one of them ends it.
async fn join(near: TcpStream, tunnel: Tunnel) -> Result<(), Text> {
    let Tunnel { stream, mut complaint, keeper } = tunnel;
    let (mut near_read, mut near_write) = near.into_split();
    let (mut far_read, mut far_write) = tokio::io::split(stream);
    let (ends, mut ended) = watch::channel(false);
    let up = async {
        // Whether the near end has said all or is gone, the answer may still come.
        let _ = tokio::io::copy(&mut near_read, &mut far_write).await;
        ends.send_replace(true);
        std::future::pending::<()>().await;
    };
    let down = async {
        let mut buffer = vec![0; CHUNK];
        loop {
            let quiet = async {
                let over = ended.wait_for(|ended| *ended).await.is_ok();
                if !over {
                    std::future::pending::<()>().await;
                }
                sleep(QUIET).await;
            };
            let read = tokio::select! {
                read = far_read.read(&mut buffer) => read,
                () = quiet => return Ok(()),
            };
            match read {
                Ok(0) => return Ok(()),
                // The near end is gone.
                Ok(read) => match near_write.write_all(&buffer[..read]).await {
                    Ok(()) => {}
                    Err(_) => return Ok(()),
                },
                Err(error) => return Err(Text::from(format!("the connection broke: {error}"))),
            }
        }
    };
    let (ended, complained) = {
        let mut carried = std::pin::pin!(async {
            tokio::select! {
                ended = down => ended,
                () = up => Ok(()),
            }
        });
        tokio::select! {
            ended = &mut carried => (ended, None),
            why = &mut complaint => match why {
                // What came before is on its way yet.
                None => (carried.await, Some(None)),
                Some(why) => (timeout(LAST_WORDS, carried).await.unwrap_or(Ok(())), Some(Some(why))),
            },
        }
    };
    // Nobody is left to hear of it where this fails.
    let _ = near_write.shutdown().await;
    drop((far_read, far_write));
    let complained = match complained {
        Some(why) => why,
        None => timeout(LAST_WORDS, complaint).await.unwrap_or_default(),
    };
    drop(keeper);
    match complained {
        Some(why) => Err(why),
        None => ended,
    }
}

#[cfg(test)]
mod tests;

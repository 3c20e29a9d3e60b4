//! The ways in which a region tells what changes: its stream of events where that is granted, blocking queries where it is
//! not, and both into one channel.

use futures::future::join_all;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::api::Api;
use super::blocking::{self, Listed};
use super::failure::Failure;
use super::pace::Pace;
use super::parts::Part;
use super::stream;
use super::wire::Line;

/// What may wait. A server drops who is slower than its own buffer of 100 events, and that is noticed as an end.
const WAIT: usize = 256;

/// What came of listening.
pub(super) enum Said {
    /// A line of the stream of one strand.
    Line(usize, Line),
    /// A list was asked for until it changed, and did.
    Listed(Part, Listed),
    /// A list has not changed.
    Same(&'static str, Part),
    /// A list may not be read any more.
    Denied(&'static str, Part, Failure),
    /// It is over: everything is to begin anew.
    Ended(Failure),
}

/// One stream, or what stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strand {
    /// The namespace whose jobs it tells of; none: of clients alone.
    pub(super) part: Option<Part>,
    /// Whether it tells of clients.
    pub(super) nodes: bool,
    /// The stream was granted.
    pub(super) streamed: bool,
}

/// From which index on what is listened to.
#[derive(Debug, Clone, Copy)]
pub(super) struct From {
    pub(super) index: u64,
    /// Clients may be read.
    pub(super) nodes: bool,
}

/// All that is listened to. It ends when it is dropped.
pub(super) struct Strands {
    pub(super) all: Vec<Strand>,
    out: mpsc::Sender<Said>,
    pub(super) heard: mpsc::Receiver<Said>,
    tasks: JoinSet<()>,
}

impl Strands {
    /// Opens a stream for each part, and waits until each has said something or will not. Clients are told of by the one
    /// stream that there is, else by one of their own: each would tell of them.
    pub(super) async fn open(api: &Api, parts: &[Part], from: From, pace: Pace) -> Result<Self, Failure> {
        let (out, heard) = mpsc::channel(WAIT);
        let one = parts.len() == 1;
        let mut all: Vec<Strand> = parts
            .iter()
            .map(|part| Strand { part: Some(part.clone()), nodes: one && from.nodes, streamed: false })
            .collect();
        all.extend((!one && from.nodes).then_some(Strand { part: None, nodes: true, streamed: false }));
        let mut strands = Self { all, out, heard, tasks: JoinSet::new() };
        let mut granted = Vec::new();
        for (number, strand) in strands.all.iter().enumerate() {
            let (said, is_granted) = oneshot::channel();
            granted.push(is_granted);
            let (api, strand, out) = (api.clone(), strand.clone(), strands.out.clone());
            strands
                .tasks
                .spawn(async move { stream::listen(&api, number, &strand, from.index, pace, said, &out).await });
        }
        for (strand, is_granted) in strands.all.iter_mut().zip(join_all(granted).await) {
            strand.streamed = match is_granted {
                Ok(granted) => granted?,
                Err(_) => false,
            };
        }
        Ok(strands)
    }

    /// Where nothing is listened to.
    pub(super) fn none() -> Self {
        let (out, heard) = mpsc::channel(1);
        Self { all: Vec::new(), out, heard, tasks: JoinSet::new() }
    }

    /// Whether no stream of any namespace was granted.
    pub(super) fn all_refused(&self) -> bool {
        self.all.iter().filter(|strand| strand.part.is_some()).all(|strand| !strand.streamed)
    }

    /// Lists that no stream tells the changes of, each by its kind and part.
    pub(super) fn unheard(&self) -> Vec<(&'static str, Part)> {
        let mut lists = Vec::new();
        for strand in self.all.iter().filter(|strand| !strand.streamed) {
            lists.extend(strand.nodes.then_some(("nodes", Part::ALL)));
            let of_jobs = strand.part.iter().flat_map(|part| blocking::OF_JOBS.map(|kind| (kind, part.clone())));
            lists.extend(of_jobs);
        }
        lists
    }

    /// Asks for a list whenever it has changed, from an index on.
    pub(super) fn ask(&mut self, api: &Api, kind: &'static str, part: Part, index: u64, pace: Pace) {
        let (api, out) = (api.clone(), self.out.clone());
        self.tasks.spawn(async move { blocking::follow(&api, kind, &part, index, pace, &out).await });
    }
}

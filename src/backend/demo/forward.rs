//! Port forwards into the simulated cluster: what answers says that it is simulated.

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;

use crate::backend::forward::{Far, Lead, Lost, Tunnel};
use crate::domain::{DesiredState, ForwardRequest, Kind, Phase, Ref, Text};

use super::actor::Ask;
use super::company::Orchestrator;
use super::feed::ask_of;
use super::sim::Sim;

/// Bytes of a question at most.
const LONGEST: usize = 16 * 1024;

/// The far end: an instance of the company.
pub(super) struct Pretence {
    pub(super) actor: mpsc::Sender<Ask>,
    pub(super) request: ForwardRequest,
}

#[async_trait]
impl Far for Pretence {
    async fn lead(&self, before: Option<&Lead>) -> Result<Lead, Lost> {
        let (request, before) = (self.request.clone(), before.cloned());
        let found = ask_of(&self.actor, |reply| Ask::Lead(Box::new((request, before)), reply)).await;
        found.unwrap_or_else(|| Err(Lost::Over(Text::new("the demo has ended"))))
    }

    async fn open(&self, lead: &Lead) -> Result<Tunnel, Text> {
        // What is gone takes no connection.
        match self.lead(Some(lead)).await {
            Ok(now) if now == *lead => {}
            Ok(_) => return Err(Text::from(format!("{} is gone", lead.instance.name))),
            Err(lost) => return Err(lost.words()),
        }
        let (near, far) = tokio::io::duplex(LONGEST);
        let said = format!("simulated: {} port {}\n", lead.instance.local(), lead.port);
        let answers = tokio::spawn(answer(far, said));
        Ok(Tunnel { stream: Box::new(near), complaint: Box::pin(std::future::pending()), keeper: Box::new(answers) })
    }
}

/// Answers one question as a server of HTTP/1.1 does, and ends the connection.
async fn answer(mut far: DuplexStream, said: String) {
    let mut heard: Vec<u8> = Vec::new();
    let mut chunk = [0; 1024];
    while !heard.windows(4).any(|it| it == b"\r\n\r\n") && heard.len() < LONGEST {
        match far.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(read) => heard.extend(&chunk[..read]),
        }
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        said.len()
    );
    // Whoever asked may have gone.
    let _ = far.write_all((head + &said).as_bytes()).await;
}

impl Sim {
    /// The instance that a forward leads to: the one before for as long as it is there.
    pub(super) fn lead(&self, request: &ForwardRequest, before: Option<&Lead>) -> Result<Lead, Lost> {
        let key = &request.target;
        if self.read_only {
            return Err(Lost::Over(Text::new("this cluster is watched read-only")));
        }
        if self.orchestrator != Orchestrator::Kubernetes {
            return Err(Lost::Over(Text::from(format!("nothing is forwarded to a {} here", key.kind.noun()))));
        }
        let there = |lead: &Lead| {
            let live = self.instances.get(&lead.instance);
            live.is_some_and(|it| it.object.uid == lead.uid && it.object.desired == DesiredState::Run)
        };
        let of_one = matches!(key.kind, Kind::Pod | Kind::BarePod);
        match before {
            Some(before) if there(before) => return Ok(before.clone()),
            Some(before) if of_one => return Err(Lost::Over(Text::from(format!("{} is gone", before.instance.name)))),
            _ => {}
        }
        let lead = |it: &Ref| {
            let uid = self.instances.get(it)?.object.uid.clone();
            Some(Lead { instance: it.clone(), uid, port: request.port })
        };
        if let Some(live) = self.instances.get(key) {
            return match live.object.phase {
                Phase::Running => lead(key).ok_or_else(|| Lost::Over(Text::new("it is gone"))),
                phase => Err(Lost::Over(Text::from(format!("it does not run: it is {}", phase.as_str())))),
            };
        }
        let homes: Vec<&Ref> = match self.endpoints.get(key) {
            Some(endpoint) => endpoint.serves.iter().collect(),
            None => vec![key],
        };
        let members = homes.into_iter().filter_map(|home| self.workloads.get(home)).flat_map(|it| &it.members);
        let ready = |it: &&Ref| {
            self.instances.get(*it).is_some_and(|it| it.object.ready && it.object.desired == DesiredState::Run)
        };
        let found = members.into_iter().find(ready).and_then(lead);
        found.ok_or_else(|| Lost::NotNow(Text::from(format!("no pod of {} is ready", key.local()))))
    }
}

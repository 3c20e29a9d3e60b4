//! The near end against a far end that is made up: where it listens, what it carries, where it goes on, how it ends.

use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use tokio::sync::watch::Sender;

use super::*;
use crate::domain::Kind;

/// What leads to where, and what it says.
struct Fake {
    /// Who is there now.
    now: Sender<Result<Lead, Lost>>,
    opened: AtomicUsize,
    /// What a connection complains of, once this port is asked for.
    refuses: AtomicU16,
}

fn lead(name: &str) -> Lead {
    let instance: Ref = format!("prod/shop/Pod/{name}").parse().expect("a ref");
    assert_eq!(instance.kind, Kind::Pod);
    Lead { instance, uid: name.into(), port: 80 }
}

impl Fake {
    fn new(name: &str) -> Arc<Self> {
        let (opened, refuses) = (AtomicUsize::new(0), AtomicU16::new(0));
        Arc::new(Self { now: Sender::new(Ok(lead(name))), opened, refuses })
    }

    /// From now on this is so.
    fn turns(&self, now: Result<Lead, Lost>) {
        self.now.send_modify(|known| *known = now);
    }
}

#[async_trait]
impl Far for Fake {
    async fn lead(&self, _: Option<&Lead>) -> Result<Lead, Lost> {
        self.now.borrow().clone()
    }

    async fn open(&self, lead: &Lead) -> Result<Tunnel, Text> {
        let here = self.now.borrow().as_ref().is_ok_and(|now| now == lead);
        if !here {
            return Err(Text::new("pods \"web-1\" not found"));
        }
        self.opened.fetch_add(1, Ordering::Relaxed);
        let (near, mut far) = tokio::io::duplex(4096);
        if self.refuses.load(Ordering::Relaxed) == lead.port {
            let why = Text::new("connection refused: nothing listens at port 80 in web-1");
            let complaint = Box::pin(std::future::ready(Some(why)));
            return Ok(Tunnel { stream: Box::new(near), complaint, keeper: Box::new(far) });
        }
        let name = lead.instance.name.to_string();
        tokio::spawn(async move {
            // As an echo that signs; it ends when it hears `end`.
            let mut heard = vec![0; 1024];
            while let Ok(read) = far.read(&mut heard).await {
                if read == 0 || heard[..read].starts_with(b"end") {
                    break;
                }
                let mut answer = format!("{name}: ").into_bytes();
                answer.extend(&heard[..read]);
                if far.write_all(&answer).await.is_err() {
                    break;
                }
            }
        });
        Ok(Tunnel { stream: Box::new(near), complaint: Box::pin(std::future::pending()), keeper: Box::new(()) })
    }
}

fn request(listen: Listen, port: u16) -> ForwardRequest {
    ForwardRequest { target: "prod/shop/Deployment/web".parse().expect("a ref"), listen, port }
}

async fn started(far: &Arc<Fake>, listen: Listen) -> (ForwardStream, ForwardState) {
    let first = far.now.borrow().clone().expect("a lead");
    let started = start(&request(listen, 80), far.clone(), first, Duration::from_millis(20)).await;
    let mut states = started.expect("it listens");
    let state = states.next().await.expect("how it stands");
    (states, state)
}

async fn until(states: &mut ForwardStream, is: impl Fn(&ForwardState) -> bool) -> ForwardState {
    let found = async {
        loop {
            let state = states.next().await.expect("it goes on");
            if is(&state) {
                return state;
            }
        }
    };
    timeout(Duration::from_secs(10), found).await.expect("in time")
}

async fn connect(port: u16) -> TcpStream {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("a connection")
}

async fn asked(stream: &mut TcpStream, what: &str) -> String {
    stream.write_all(what.as_bytes()).await.expect("written");
    let mut answer = vec![0; 1024];
    let read = timeout(Duration::from_secs(10), stream.read(&mut answer)).await.expect("in time").unwrap_or_default();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test]
async fn each_connection_is_carried_both_ways_and_counted() {
    let far = Fake::new("web-1");
    let (mut states, state) = started(&far, Listen::Any).await;
    assert_eq!(state.words(), format!("127.0.0.1:{} -> web-1:80", state.local));
    let (mut one, mut two) = (connect(state.local).await, connect(state.local).await);
    assert_eq!(asked(&mut one, "a").await, "web-1: a");
    assert_eq!(asked(&mut two, "b").await, "web-1: b");
    assert_eq!(asked(&mut one, "c").await, "web-1: c", "the first goes on");
    until(&mut states, |it| (it.open, it.came) == (2, 2)).await;
    assert_eq!(asked(&mut one, "end").await, "", "the far end has ended it");
    let state = until(&mut states, |it| it.open == 1).await;
    assert_eq!((state.failed, state.said), (0, None));
}

#[tokio::test]
async fn it_listens_on_the_loopback_alone() {
    let (_states, state) = started(&Fake::new("web-1"), Listen::Any).await;
    // The same port is free on every other address: nothing of ours holds it there.
    let elsewhere = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), state.local)).await;
    assert!(elsewhere.is_ok(), "{elsewhere:?}");
    if let Ok(mut six) = TcpStream::connect((Ipv6Addr::LOCALHOST, state.local)).await {
        assert_eq!(asked(&mut six, "a").await, "web-1: a");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_with_what_to_do() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let start_at = |listen, there| start_quietly(request(listen, there));
    let refused = start_at(Listen::At(port), 80).await.err().expect("refused");
    assert!(refused.why.contains(&format!("port {port} of this machine is in use")), "{refused:?}");
    assert!(refused.mend.contains(":80") && refused.what.contains("shop/web"), "{refused:?}");
    // Where it was not asked for, another one is as good.
    let mut states = start_at(Listen::Like, port).await.expect("another port");
    assert_ne!(states.next().await.expect("a state").local, port);
}

async fn start_quietly(request: ForwardRequest) -> Result<ForwardStream, Refusal> {
    start(&request, Fake::new("web-1"), lead("web-1"), LOOK).await
}

#[tokio::test]
async fn ports_for_root_alone_are_not_taken_unasked() {
    let (_states, state) = started(&Fake::new("web-1"), Listen::Like).await;
    assert!(state.local >= FIRST_FREE, "{state:?}");
}

#[tokio::test]
async fn a_connection_that_is_refused_in_there_is_counted_and_said() {
    let far = Fake::new("web-1");
    far.refuses.store(80, Ordering::Relaxed);
    let (mut states, state) = started(&far, Listen::Any).await;
    assert_eq!(asked(&mut connect(state.local).await, "a").await, "");
    let state = until(&mut states, |it| it.failed == 1).await;
    assert!(state.said.is_some_and(|said| said.contains("nothing listens at port 80")));
    assert_eq!(state.ended, None, "the next one may be served");
}

#[tokio::test]
async fn it_goes_on_to_another_instance_and_the_connection_that_found_out_does_not_fail() {
    let far = Fake::new("web-1");
    let (mut states, state) = started(&far, Listen::Any).await;
    let mut old = connect(state.local).await;
    assert_eq!(asked(&mut old, "a").await, "web-1: a");
    far.turns(Ok(lead("web-2")));
    assert_eq!(asked(&mut connect(state.local).await, "b").await, "web-2: b");
    let moved = until(&mut states, |it| it.to.as_ref().is_some_and(|(to, _)| to.name.as_str() == "web-2")).await;
    assert_eq!((moved.failed, moved.said.as_deref()), (0, Some("it leads to web-2 now")));
    assert_eq!(asked(&mut old, "c").await, "web-1: c", "what is open is left alone");
}

#[tokio::test]
async fn with_nothing_ready_it_waits_and_goes_on() {
    let far = Fake::new("web-1");
    let (mut states, state) = started(&far, Listen::Any).await;
    far.turns(Err(Lost::NotNow("no pod of shop/web is ready".into())));
    let waits = until(&mut states, |it| it.to.is_none()).await;
    assert!(waits.words().ends_with("nothing that is ready") && waits.ended.is_none(), "{waits:?}");
    assert_eq!(asked(&mut connect(state.local).await, "a").await, "");
    until(&mut states, |it| it.failed == 1).await;
    far.turns(Ok(lead("web-3")));
    until(&mut states, |it| it.to.is_some()).await;
    assert_eq!(asked(&mut connect(state.local).await, "a").await, "web-3: a");
}

#[tokio::test]
async fn a_forward_that_is_over_listens_no_more_and_lets_what_is_open_end() {
    let far = Fake::new("web-1");
    let (mut states, state) = started(&far, Listen::Any).await;
    let mut old = connect(state.local).await;
    assert_eq!(asked(&mut old, "a").await, "web-1: a");
    far.turns(Err(Lost::Over("web-1 is gone".into())));
    let over = until(&mut states, |it| it.ended.is_some()).await;
    assert_eq!((over.ended.as_deref(), over.open), (Some("web-1 is gone"), 1));
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, state.local)).await.is_err());
    assert_eq!(asked(&mut old, "b").await, "web-1: b");
    drop(old);
}

#[tokio::test]
async fn what_cannot_be_asked_changes_nothing() {
    let far = Fake::new("web-1");
    let (mut states, _) = started(&far, Listen::Any).await;
    far.turns(Err(Lost::Unknown("no answer within 15 s".into())));
    let state = until(&mut states, |it| it.said.is_some()).await;
    assert!(state.to.is_some() && state.ended.is_none(), "{state:?}");
}

#[tokio::test]
async fn it_ends_when_nobody_looks_at_it_any_more() {
    let (states, state) = started(&Fake::new("web-1"), Listen::Any).await;
    let mut open = connect(state.local).await;
    assert_eq!(asked(&mut open, "a").await, "web-1: a");
    drop(states);
    let gone = async {
        loop {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, state.local)).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), gone).await.expect("it is listened no more");
    assert_eq!(asked(&mut open, "b").await, "", "its connections are over");
}

#[tokio::test]
async fn no_more_connections_are_carried_than_are_bounded() {
    let far = Fake::new("web-1");
    let (_states, state) = started(&far, Listen::Any).await;
    let mut all = Vec::new();
    for _ in 0..MOST {
        let mut one = connect(state.local).await;
        assert_eq!(asked(&mut one, "a").await, "web-1: a");
        all.push(one);
    }
    let mut more = connect(state.local).await;
    more.write_all(b"a").await.expect("written");
    let mut answer = [0; 16];
    let waits = timeout(Duration::from_millis(200), more.read(&mut answer)).await;
    assert!(waits.is_err() && far.opened.load(Ordering::Relaxed) == MOST, "{waits:?}");
    all.pop();
    // The near end is gone; the far end is left after a while without a word: it ends one itself.
    assert_eq!(asked(&mut all[0], "end").await, "");
    let read = timeout(Duration::from_secs(10), more.read(&mut answer)).await.expect("its turn").expect("an answer");
    assert_eq!(&answer[..read], b"web-1: a");
}

#[tokio::test]
async fn who_has_said_all_still_hears_the_answer() {
    let (_states, state) = started(&Fake::new("web-1"), Listen::Any).await;
    let mut stream = connect(state.local).await;
    stream.write_all(b"a").await.expect("written");
    stream.shutdown().await.expect("said all");
    let mut answer = [0; 16];
    let read = timeout(Duration::from_secs(10), stream.read(&mut answer)).await.expect("in time").expect("an answer");
    assert_eq!(&answer[..read], b"web-1: a");
}

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use async_trait::async_trait;
use futures::stream::BoxStream;
use tokio::sync::watch;

use super::*;
use crate::domain::{
    Batch, ClusterId, Demand, Draft, Feed, Form, Grade, Intent, LogRequest, LogStream, Pin, Plan, Ref, Refusal, Run,
    Seen, StepAction, StepState, Until,
};

/// What happened, in order.
type Told = Sender<String>;

struct Slow {
    told: Told,
    /// It may be written when this says so.
    may: Option<Receiver<()>>,
    answer: Result<(), Unwritten>,
}

impl Journal for Slow {
    fn write(&mut self, entry: &Entry) -> Result<(), Unwritten> {
        if let Some(may) = &self.may {
            let _ = may.recv();
        }
        let _ = self.told.send(format!("written {:?}", matches!(entry.run.steps[0], StepState::Sent(_))));
        self.answer.clone()
    }

    fn tend(&mut self) -> Option<News> {
        None
    }

    fn take_over(&mut self, _: u64, _: &Lease, _: &Person) -> Result<Entry, Text> {
        Err(Text::new("no"))
    }

    fn earlier(&mut self, _: u64) -> Result<(Vec<Entry>, u64), Text> {
        Ok((Vec::new(), 0))
    }
}

struct Server(ClusterId, Told);

impl Feed for Server {
    fn cluster(&self) -> &ClusterId {
        &self.0
    }

    fn run(self: Arc<Self>, _: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
        Box::pin(futures::stream::empty())
    }
}

#[async_trait]
impl Backend for Server {
    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        Ok(Draft::new(&intent, Vec::new()))
    }

    async fn execute(&self, _: Step) -> Result<Receipt, StepError> {
        let _ = self.1.send("sent".to_owned());
        Ok(Receipt::at(Timestamp::UNIX_EPOCH))
    }

    async fn attach(&self, _: Attach) -> Result<Attached, StepError> {
        let _ = self.1.send("attached".to_owned());
        Ok(Attached::new(Size { columns: 80, rows: 24 }, |_| async { crate::domain::Ended::Code(0) }))
    }

    async fn logs(&self, _: LogRequest) -> Result<LogStream, Text> {
        Err(Text::new("no"))
    }

    async fn describe(&self, _: Ref, _: Form) -> Result<Vec<Text>, Text> {
        Err(Text::new("no"))
    }
}

fn entry(unjournalled: Option<&str>) -> Entry {
    let key: Ref = "prod/-/Node/node-1".parse().expect("a ref");
    let step = Step {
        action: StepAction::SetCordon(key.clone(), true),
        pin: Pin { key: key.clone(), uid: "uid".into(), seen: Seen::Uid },
        until: Until::Accepted,
        timeout_seconds: 60,
        group: 0,
    };
    let plan = Plan {
        unjournalled: unjournalled.map(Text::new),
        ..Plan::new(Intent::Cordon(key), "Cordon node-1 (prod)", Grade::Harmless, vec![step], Timestamp::UNIX_EPOCH)
    };
    let mut run = Run::new(1, plan, Timestamp::UNIX_EPOCH);
    run.steps[0] = StepState::Sent(Timestamp::UNIX_EPOCH);
    Entry { by: Person::named("anna"), taken_by: None, reason: None, run, version: 1, lease: None }
}

async fn done(answer: Result<(), Unwritten>, unjournalled: Option<&str>) -> (Result<Receipt, StepError>, Vec<String>) {
    let (told, heard) = channel();
    let slow = Slow { told: told.clone(), may: None, answer };
    let (scribe, ending) = Scribe::start(Box::new(slow), |_| true).expect("a thread");
    let server = Server(ClusterId::new("prod"), told);
    let entry = entry(unjournalled);
    let step = entry.run.plan.steps[0].clone();
    let answer = do_step(&scribe, &server, entry, step, Timestamp::UNIX_EPOCH).await;
    drop((scribe, server));
    ending.wait(Duration::from_secs(5)).await;
    (answer, heard.iter().collect())
}

#[tokio::test]
async fn nothing_is_sent_before_its_intent_is_on_the_disk() {
    let (told, heard) = channel();
    let (let_go, may) = channel();
    let slow = Slow { told: told.clone(), may: Some(may), answer: Ok(()) };
    let (scribe, _ending) = Scribe::start(Box::new(slow), |_| true).expect("a thread");
    let server = Server(ClusterId::new("prod"), told);
    let entry = entry(None);
    let step = entry.run.plan.steps[0].clone();
    let mut doing = Box::pin(do_step(&scribe, &server, entry, step, Timestamp::UNIX_EPOCH));
    assert!(timeout(Duration::from_millis(200), &mut doing).await.is_err(), "the disk takes its time");
    assert!(heard.try_recv().is_err(), "and nothing was sent meanwhile");
    let_go.send(()).expect("it waits");
    doing.await.expect("done");
    assert_eq!([heard.recv().expect("told"), heard.recv().expect("told")], ["written true", "sent"]);
}

#[tokio::test]
async fn what_cannot_be_written_is_not_sent_and_is_tried_again() {
    let (answer, told) = done(Err(Unwritten::Closed("the disk is full".into())), None).await;
    let Err(StepError::Blocked { by, retry_at }) = answer else { panic!("{answer:?}") };
    assert!(by.contains("the disk is full"), "{by}");
    assert_eq!(retry_at.as_second(), AGAIN);
    assert_eq!(told, ["written true"]);
}

#[tokio::test]
async fn what_was_confirmed_as_not_journalled_is_sent() {
    let (answer, told) = done(Err(Unwritten::Closed("the disk is full".into())), Some("the disk is full")).await;
    assert!(answer.is_ok());
    assert_eq!(told, ["written true", "sent"]);
}

#[tokio::test]
async fn what_is_somebody_elses_by_now_is_not_sent_from_here() {
    let (answer, told) = done(Err(Unwritten::Taken("ben".into())), Some("whatever")).await;
    let Err(StepError::Failed(why)) = answer else { panic!("{answer:?}") };
    assert!(why.contains("ben has taken it over"), "{why}");
    assert_eq!(told, ["written true"]);
}

#[tokio::test]
async fn what_was_asked_is_written_though_nobody_listens_any_more() {
    let (told, heard) = channel();
    let slow = Slow { told, may: None, answer: Ok(()) };
    let (scribe, ending) = Scribe::start(Box::new(slow), |_| false).expect("a thread");
    scribe.write(entry(None)).await.expect("written");
    drop(scribe);
    ending.wait(Duration::from_secs(5)).await;
    assert_eq!(heard.iter().count(), 1);
}

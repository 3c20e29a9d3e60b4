//! Silencing, against what a real Alertmanager 0.25 said.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cockpit::domain::{
    AlertState, Attach, Backend, BackendKind, Batch, ClusterId, Demand, Feed, Form, Intent, LineKind, LogRequest,
    LogStream, Quiet, Receipt, Ref, Refusal, Step, StepAction, StepError, Text,
};
use cockpit::domain::{Attached, Draft};
use cockpit::metrics::alert::feed::Pace;
use cockpit::metrics::{Alerts, Desk, Place, alert};
use cockpit::state::View;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::watch;

use super::{Server, Watcher, recorded};

const RULES: &str = "/api/v1/rules";
const TOLD: &str = "/api/v2/alerts";
const SILENCES: &str = "/api/v2/silences";

/// An orchestrator that does nothing.
struct Idle {
    cluster: ClusterId,
    read_only: bool,
}

impl Feed for Idle {
    fn cluster(&self) -> &ClusterId {
        &self.cluster
    }

    fn run(self: Arc<Self>, _: watch::Receiver<Demand>) -> BoxStream<'static, Batch> {
        futures::stream::pending().boxed()
    }
}

#[async_trait]
impl Backend for Idle {
    fn read_only(&self) -> bool {
        self.read_only
    }

    async fn prepare(&self, intent: Intent) -> Result<Draft, Refusal> {
        Err(Refusal::of(&intent, "it was handed on", ""))
    }

    async fn execute(&self, _: Step) -> Result<Receipt, StepError> {
        Err(StepError::Failed("it was handed on".into()))
    }

    async fn logs(&self, _: LogRequest) -> Result<LogStream, Text> {
        Err("none".into())
    }

    async fn describe(&self, _: Ref, _: Form) -> Result<Vec<Text>, Text> {
        Err("none".into())
    }

    async fn attach(&self, _: Attach) -> Result<Attached, StepError> {
        Err(StepError::Gone)
    }
}

struct Desked {
    rules: Server,
    manager: Server,
    alerts: Arc<Alerts>,
    watcher: Watcher,
}

impl Desked {
    /// Both servers as they were recorded; read once, and not again for an hour.
    async fn start() -> Self {
        let rules = Server::start(&[(RULES, 200, &recorded("rules.json"))]).await;
        let told = [(TOLD, 200, &*recorded("alerts.json")), (SILENCES, 200, &*recorded("silences.json"))];
        let manager = Server::start(&told).await;
        let place = |it: &Server| vec![Place { address: it.address.clone(), ..Place::default() }];
        let (cluster, kind) = (ClusterId::new("prod"), BackendKind::Kubernetes);
        let target = alert::Target { cluster, kind, rules: place(&rules), managers: place(&manager) };
        let pace = Pace { every: Duration::from_secs(3600), within: Duration::from_millis(500) };
        let alerts = Alerts::paced(target, pace);
        let mut watcher = Watcher::hearing(alerts.clone());
        watcher.until("the alerts", |view| view.alerts().count() == 7).await;
        Self { rules, manager, alerts, watcher }
    }

    fn desk(&self) -> Arc<Desk> {
        let idle = Arc::new(Idle { cluster: ClusterId::new("prod"), read_only: false });
        Desk::before(idle, Some(self.alerts.clone()), "ben@bastion".into())
    }

    fn key(&self, title: &str) -> Ref {
        let view = self.watcher.view();
        view.alerts().find(|it| it.title == title).map(|it| it.key.clone()).expect("it is there")
    }
}

fn state(view: &View<'_>, title: &str) -> Option<AlertState> {
    view.alerts().find(|it| it.title == title).map(|it| it.state)
}

fn import() -> Quiet {
    Quiet { seconds: 7200, comment: "the import's \"run\"".into() }
}

fn hurts(draft: &Draft) -> Vec<String> {
    draft.notes.iter().filter(|it| it.kind == LineKind::Hurts).map(|it| it.text.to_string()).collect()
}

/// The alerts as they were recorded, with one of them silenced.
fn with_silence(title: &str, id: &str) -> String {
    let mut all: serde_json::Value = serde_json::from_str(&recorded("alerts.json")).expect("json");
    for it in all.as_array_mut().into_iter().flatten().filter(|it| it["labels"]["alertname"] == title) {
        it["status"]["silencedBy"] = serde_json::json!([id]);
        it["status"]["state"] = "suppressed".into();
    }
    all.to_string()
}

#[tokio::test]
async fn an_alert_is_silenced_by_what_tells_it_from_others_and_read_again_at_once() {
    let mut it = Desked::start().await;
    let (desk, key) = (it.desk(), it.key("CheckoutErrors"));
    let draft = desk.prepare(Intent::Silence(key.clone(), import())).await.expect("a draft");
    assert_eq!(draft.inverse, Some(Intent::Unsilence(key.clone())));
    let typed = draft.equivalent.clone().expect("a command");
    assert!(typed.starts_with("amtool silence add --duration=7200s --author='ben@bastion'"), "{typed}");
    assert!(
        typed.contains(r#"--comment='the import'\''s "run"'"#) && typed.contains("'alertname=CheckoutErrors'"),
        "{typed}"
    );
    assert!(it.manager.asked(SILENCES).iter().all(String::is_empty), "nothing was changed yet");
    // What it is asked for is what it says next.
    it.manager.answer(SILENCES, 200, r#"{"silenceID":"2f1e"}"#);
    it.manager.answer(SILENCES, 200, &recorded("silences.json"));
    let receipt = desk.execute(draft.steps[0].clone()).await.expect("it is done");
    assert!(!receipt.unanswered);
    let sent = it.manager.asked(SILENCES).into_iter().find(|body| !body.is_empty()).expect("it was sent");
    let sent: serde_json::Value = serde_json::from_str(&sent).expect("json");
    assert_eq!((&sent["createdBy"], &sent["comment"]), (&"ben@bastion".into(), &"the import's \"run\"".into()));
    let matchers = sent["matchers"].as_array().expect("matchers");
    let of = |name: &str| matchers.iter().find(|it| it["name"] == name).cloned();
    let alertname = serde_json::json!({"name":"alertname","value":"CheckoutErrors","isRegex":false,"isEqual":true});
    assert_eq!(of("alertname"), Some(alertname));
    assert_eq!(of("prometheus_replica"), None, "whichever replica tells it");
    let time = |name: &str| sent[name].as_str().and_then(|at| at.parse::<cockpit::domain::Timestamp>().ok());
    let (from, to) = (time("startsAt").expect("a time"), time("endsAt").expect("a time"));
    assert_eq!(to.as_second() - from.as_second(), 7200);
    it.manager.answer(TOLD, 200, &with_silence("CheckoutErrors", "2f1e"));
    // A second one, so that it reads after the answer was changed.
    let _ = desk.execute(draft.steps[0].clone()).await;
    it.watcher.until("the silence", |view| state(view, "CheckoutErrors") == Some(AlertState::Silenced)).await;
}

#[tokio::test]
async fn what_somebody_else_silenced_meanwhile_is_not_silenced_twice() {
    let it = Desked::start().await;
    let (desk, key) = (it.desk(), it.key("CheckoutErrors"));
    let draft = desk.prepare(Intent::Silence(key.clone(), import())).await.expect("a draft");
    it.manager.answer(TOLD, 200, &with_silence("CheckoutErrors", "77"));
    let moved = desk.execute(draft.steps[0].clone()).await;
    assert!(matches!(moved, Err(StepError::Moved(_))), "{moved:?}");
    let refused = desk.prepare(Intent::Silence(key.clone(), import())).await.expect_err("it is silenced");
    assert!(refused.why.contains("silenced already"), "{refused}");
    it.manager.answer(TOLD, 200, "[]");
    let gone = desk.execute(draft.steps[0].clone()).await;
    assert!(matches!(gone, Err(StepError::Gone)), "{gone:?}");
    let refused = desk.prepare(Intent::Silence(key, import())).await.expect_err("nobody is told of it");
    assert!(refused.why.contains("does not know of it"), "{refused}");
    assert!(it.manager.asked(SILENCES).iter().all(String::is_empty), "nothing was sent");
}

#[tokio::test]
async fn what_keeps_it_quiet_is_ended_with_who_made_it_and_what_else_it_holds() {
    let it = Desked::start().await;
    let (desk, key) = (it.desk(), it.key("QueueBacklog"));
    let silences: serde_json::Value = serde_json::from_str(&recorded("silences.json")).expect("json");
    let all: serde_json::Value = serde_json::from_str(&recorded("alerts.json")).expect("json");
    let held = all.as_array().into_iter().flatten().find(|it| it["labels"]["alertname"] == "QueueBacklog");
    let id = held.and_then(|it| it["status"]["silencedBy"][0].as_str()).expect("it is silenced").to_owned();
    assert!(silences.to_string().contains(&id));
    it.manager.answer(TOLD, 200, &with_silence("BackupMissing", &id));
    let draft = desk.prepare(Intent::Unsilence(key)).await.expect("a draft");
    assert_eq!(draft.equivalent.as_deref(), Some(&*format!("amtool silence expire {id}")));
    let does: Vec<&str> = draft.notes.iter().map(|it| &*it.text).collect();
    assert!(does.iter().any(|it| it.contains("by anna") && it.contains("the import runs until 04:00")), "{does:?}");
    assert_eq!(hurts(&draft), ["it keeps BackupMissing quiet too: they are told again"]);
    let StepAction::EndSilence(_, step) = &draft.steps[0].action else { panic!("{:?}", draft.steps) };
    assert_eq!((step.as_str(), draft.steps.len()), (id.as_str(), 1));
    let path: &'static str = format!("/api/v2/silence/{id}").leak();
    it.manager.answer(path, 200, "");
    desk.execute(draft.steps[0].clone()).await.expect("it is ended");
    assert_eq!(it.manager.asked(path).len(), 1);
    // Somebody gave it another end.
    it.manager.answer(SILENCES, 200, &recorded("silences.json").replace("\"endsAt\":\"20", "\"endsAt\":\"21"));
    let moved = desk.execute(draft.steps[0].clone()).await;
    assert!(matches!(moved, Err(StepError::Moved(_))), "{moved:?}");
    it.manager.answer(SILENCES, 200, "[]");
    assert!(matches!(desk.execute(draft.steps[0].clone()).await, Err(StepError::Gone)));
}

#[tokio::test]
async fn what_cannot_be_had_is_said() {
    let it = Desked::start().await;
    let key = it.key("CheckoutErrors");
    let silence = Intent::Silence(key.clone(), import());
    let idle = |read_only| Arc::new(Idle { cluster: ClusterId::new("prod"), read_only });
    let none = Desk::before(idle(false), None, "ben".into());
    let why = none.prepare(silence.clone()).await.expect_err("there is none").why;
    assert!(why.contains("no Alertmanager"), "{why}");
    let locked = Desk::before(idle(true), Some(it.alerts.clone()), "ben".into());
    let why = locked.prepare(silence.clone()).await.expect_err("it is locked").why;
    assert!(why.contains("read-only"), "{why}");
    let draft = it.desk().prepare(silence.clone()).await.expect("a draft");
    let denied = locked.execute(draft.steps[0].clone()).await;
    assert!(matches!(denied, Err(StepError::Denied(_))), "{denied:?}");
    let other = "prod/shop/Deployment/web".parse().expect("a ref");
    let handed = it.desk().prepare(Intent::Restart(other)).await.expect_err("the orchestrator refuses");
    assert_eq!(&*handed.why, "it was handed on");
    let short = Intent::Silence(key.clone(), Quiet { seconds: 5, ..import() });
    let why = it.desk().prepare(short).await.expect_err("too short").why;
    assert!(why.contains("a minute at least"), "{why}");
    let nobody = "prod/-/Alert/Nothing-c27ccb48fedae803".parse().expect("a ref");
    let why = it.desk().prepare(Intent::Unsilence(nobody)).await.expect_err("there is no such alert").why;
    assert!(why.contains("not there any more"), "{why}");
    for (status, says) in [(403, "may not"), (400, "bad matcher")] {
        it.manager.answer(TOLD, 200, &recorded("alerts.json"));
        let body = format!("{says}: no");
        it.manager.answer(SILENCES, status, &body);
        let why = it.desk().prepare(silence.clone()).await.expect_err("it cannot be read").why;
        assert!(why.contains(&body), "{why}");
    }
    // Prometheus alone has no silences.
    assert!(it.rules.asked(SILENCES).is_empty());
}

//! A screen at which keys are pressed: a small world, a clock that the test turns, frames that count as seen.

use std::collections::BTreeMap;

use cockpit::action::Guard;
use cockpit::app::{App, Effect, Event, Key, Keymap, Setup, What};
use cockpit::diagnose::{Pattern, Settings};
use cockpit::domain::{
    Batch, ClusterId, ContainerSpec, Desired, Draft, Fact, Instance, Intent, Kind, Node, NodeState, Object, Phase, Pin,
    Receipt, Ref, Revision, Rights, Role, Rollout, RolloutPhase, Seen, Source, Step, StepAction, Timestamp, Until,
    Waste, Workload,
};
use cockpit::ui::{self, Layer, ListState, Look, Overlay, Pane, Preview, RowKey};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::zoo;

/// The desk.
pub struct Desk {
    /// The screen.
    pub app: App,
    /// What time it is, for the world and the person alike.
    pub now: Timestamp,
}

/// The only cluster.
pub fn cluster() -> ClusterId {
    ClusterId::new("prod")
}

/// A Deployment of the shop.
pub fn shop(name: &str) -> Ref {
    Ref::new(&cluster(), Kind::Deployment, Some("shop".into()), name)
}

/// A node.
pub fn node(n: u32) -> Ref {
    Ref::new(&cluster(), Kind::Node, None, format!("node-{n}"))
}

/// A Deployment's pod.
pub fn pod(of: &str, n: u32) -> Ref {
    Ref::new(&cluster(), Kind::Pod, Some("shop".into()), format!("{of}-{n}"))
}

/// A Deployment with two revisions.
pub fn deployment(name: &str, wanted: u32) -> Workload {
    let mut it = Workload::new(shop(name), format!("uid-{name}"), Desired::Replicas(wanted));
    it.containers = vec![ContainerSpec::new("main", format!("{name}:2"))];
    let revision = |id: &str| Revision { id: id.into(), images: vec![], at: None, by: None };
    it.revision = Some(revision("42"));
    it.history = vec![revision("41")];
    it
}

/// A pod that serves.
pub fn ready_pod(of: &str, n: u32) -> Instance {
    let mut it = Instance::new(pod(of, n), format!("uid-{of}-{n}"), Some(shop(of)), Phase::Running);
    it.ready = true;
    it.node = Some(node(1));
    it
}

/// A node that is in order, or down.
pub fn a_node(n: u32, state: NodeState) -> Object {
    Object::Node(Box::new(Node::new(node(n), format!("uid-node-{n}"), state)))
}

impl Desk {
    /// A rollout of `web` is stuck: it is at the top of triage.
    pub fn stuck() -> Self {
        let mut desk = Self::new();
        let mut web = deployment("web", 2);
        web.rollout = Some(Rollout {
            phase: RolloutPhase::Failed,
            message: Some("deadline exceeded".into()),
            started: None,
            progressed: None,
            deadline: None,
            from: Some("41".into()),
            to: Some("42".into()),
            updated: Some(0),
        });
        desk.put(vec![Object::Workload(Box::new(web))]);
        desk.wait(1_000);
        desk
    }

    /// A shop of four Deployments on three nodes, all in order, shown once.
    pub fn new() -> Self {
        Self::with(Guard::default())
    }

    /// The same, under a guard.
    pub fn with(guard: Guard) -> Self {
        Self::set_up(guard, BTreeMap::new())
    }

    fn set_up(guard: Guard, columns: BTreeMap<Pane, Vec<String>>) -> Self {
        let now = Timestamp::from_second(1_700_000_000).expect("in range");
        let setup = Setup {
            clusters: vec![cluster()],
            unwatched: Vec::new(),
            settings: Settings::default(),
            guard,
            keymap: Keymap::new(&[]).expect("the keymap"),
            look: Look::default(),
            size: (120, 36),
            zone: jiff::tz::TimeZone::UTC,
            utc: true,
            columns,
            me: "anna@bastion".into(),
        };
        let mut desk = Self { app: App::new(setup, now), now };
        let mut objects: Vec<Object> = (1..=3).map(|n| a_node(n, NodeState::Ready)).collect();
        for name in ["api", "cart", "web", "worker"] {
            objects.push(Object::Workload(Box::new(deployment(name, 2))));
            objects.extend((0..2).map(|n| Object::Instance(Box::new(ready_pod(name, n)))));
        }
        for kind in ["nodes", "deployments", "pods"] {
            desk.say(vec![Fact::Listing(Source::of(kind), None)]);
        }
        desk.put(objects);
        for kind in ["nodes", "deployments", "pods"] {
            desk.say(vec![Fact::Listed(Source::of(kind))]);
        }
        desk.wait(1000);
        desk
    }

    /// The same, with the columns of a list chosen.
    pub fn showing(pane: Pane, columns: Vec<String>) -> Self {
        Self::set_up(Guard::default(), [(pane, columns)].into())
    }

    /// A guard under which the cluster's name has to be typed.
    pub fn protected() -> Self {
        Self::with(Guard { protected: vec![Pattern::new("prod/*")], ..Guard::default() })
    }

    /// The same, with one of every kind that can be acted on, in every state that an action asks for.
    pub fn zoo() -> Self {
        Self::with(Guard::default()).with_zoo()
    }

    /// Puts one of every kind there.
    pub fn with_zoo(mut self) -> Self {
        self.put(zoo::objects());
        self.wait(1000);
        self
    }

    fn say(&mut self, facts: Vec<Fact>) {
        let batch = Batch { cluster: cluster(), at: self.now, facts };
        self.update(What::Facts(vec![batch]));
    }

    /// Objects are there, or are different now.
    pub fn put(&mut self, objects: Vec<Object>) {
        let facts = objects.into_iter().map(|object| Fact::Put(source(object.key()), object)).collect();
        self.say(facts);
        self.update(What::Turn);
    }

    /// What may be done in the cluster.
    pub fn allow(&mut self, rights: Rights) {
        self.say(vec![Fact::Allowed(rights)]);
        self.update(What::Turn);
    }

    /// Something is said of the cluster.
    pub fn tell(&mut self, facts: Vec<Fact>) {
        self.say(facts);
        self.update(What::Turn);
    }

    /// An object is gone.
    pub fn gone(&mut self, key: &Ref) {
        self.say(vec![Fact::Gone(source(key), key.clone())]);
        self.update(What::Turn);
    }

    /// Something happens now.
    pub fn update(&mut self, what: What) -> Vec<Effect> {
        self.app.update(Event::at(self.now, what))
    }

    /// Time passes, and what is due is looked at.
    pub fn wait(&mut self, ms: i64) {
        self.now = self.now.checked_add(jiff::SignedDuration::from_millis(ms)).expect("in range");
        self.update(What::Turn);
    }

    /// A frame is put together and written.
    pub fn see(&mut self) {
        self.app.take_dirty();
        self.app.drawn(0);
        self.update(What::Written);
    }

    /// A key at once, with nothing seen in between.
    pub fn tap(&mut self, key: &str) -> Vec<Effect> {
        let key: Key = key.parse().unwrap_or_else(|error| panic!("{error}"));
        self.update(What::Key(key))
    }

    /// Keys by a person who reads: a second between them, and every frame seen.
    pub fn press(&mut self, keys: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in keys.split_whitespace() {
            effects.extend(self.tap(key));
            self.see();
            self.wait(1000);
        }
        effects
    }

    /// Words typed into a field.
    pub fn write(&mut self, text: &str) {
        for c in text.chars() {
            self.update(What::Key(Key::char(c)));
        }
        self.see();
        self.wait(1000);
    }

    /// A command by its name.
    pub fn command(&mut self, name: &str) -> Vec<Effect> {
        self.tap(":");
        self.write(name);
        self.press("enter")
    }

    /// What the backend answers to the preparation that was asked for last.
    pub fn drafted(&mut self, effects: &[Effect]) {
        let asked = effects.iter().rev().find_map(|effect| match effect {
            Effect::Prepare(ticket, intent) => Some((*ticket, intent.clone())),
            _ => None,
        });
        let (ticket, intent) = asked.expect("a preparation was asked for");
        self.update(What::Draft(ticket, Box::new(Ok(draft(intent)))));
        self.see();
        self.wait(1000);
    }

    /// Steps that were sent among some effects: what each does.
    pub fn sent(effects: &[Effect]) -> Vec<StepAction> {
        let each = effects.iter().filter_map(|effect| match effect {
            Effect::Execute(_, _, step) => Some(step.action.clone()),
            _ => None,
        });
        each.collect()
    }

    /// The server accepts every step among some effects.
    pub fn accept(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Execute(run, ix, _) = effect {
                self.update(What::StepAnswer(*run, *ix, Ok(Receipt::at(self.now))));
            }
        }
    }

    /// The list that is shown.
    pub fn list(&self) -> &ListState {
        self.app.list().expect("a list")
    }

    /// Names of its rows, in their order.
    pub fn rows(&self) -> Vec<String> {
        self.list().order.iter().map(|key| self.name(key)).collect()
    }

    /// The name of the selected row.
    pub fn selected(&self) -> String {
        self.list().selected.as_ref().map(|key| self.name(key)).unwrap_or_default()
    }

    fn name(&self, key: &RowKey) -> String {
        let target = ui::panes::target(self.app.screen().home.pane, key, &self.app.model(self.now));
        target.map_or_else(|| format!("{key:?}"), |key| key.name.to_string())
    }

    /// The pane that is shown.
    pub fn pane(&self) -> Pane {
        self.app.screen().home.pane
    }

    /// What was said to the person.
    pub fn notice(&self) -> String {
        self.app.screen().notice.as_ref().map(|notice| notice.text.to_string()).unwrap_or_default()
    }

    /// Titles of what is open, the topmost last.
    pub fn layers(&self) -> Vec<String> {
        let title = |layer: &Layer| match layer {
            Layer::Case(case) => match &case.container {
                Some(part) => format!("case {}/{part}", self.name(&case.of)),
                None => format!("case {}", self.name(&case.of)),
            },
            Layer::Logs(view) => format!("logs {}", view.request.instance.name),
            Layer::Text(view) => view.title.to_string(),
        };
        self.app.screen().layers.iter().map(title).collect()
    }

    /// The preview that floats.
    pub fn preview(&self) -> Option<&Preview> {
        match &self.app.screen().overlay {
            Some(Overlay::Preview(preview)) => Some(preview),
            _ => None,
        }
    }

    /// What floats, as its place.
    pub fn floats(&self) -> bool {
        self.app.screen().overlay.is_some()
    }

    /// The frame as lines of text.
    pub fn frame(&self) -> String {
        let (columns, rows) = self.app.screen().size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        ui::draw(self.app.screen(), &self.app.model(self.now), &mut buffer);
        let line =
            |y: u16| (0..columns).filter_map(|x| buffer.cell((x, y))).map(|cell| cell.symbol()).collect::<String>();
        (0..rows).map(|y| line(y).trim_end().to_owned() + "\n").collect()
    }
}

fn source(key: &Ref) -> Source {
    Source::of(match key.kind {
        Kind::Node => "nodes",
        kind if kind.role() == Role::Instance => "pods",
        _ => "deployments",
    })
}

/// How a backend would do an intent.
pub fn draft(intent: Intent) -> Draft {
    let key = intent.target().clone();
    let (action, until, inverse) = match &intent {
        Intent::Restart(_) => (StepAction::Restart(key.clone()), Until::Accepted, None),
        Intent::Scale(_, to) => {
            (StepAction::SetReplicas(key.clone(), *to), Until::Accepted, Some(Intent::Scale(key.clone(), 2)))
        }
        Intent::Undo(_, to) => (StepAction::Revert(key.clone(), to.clone()), Until::Accepted, None),
        Intent::Cordon(_) => {
            (StepAction::SetCordon(key.clone(), true), Until::Accepted, Some(Intent::Uncordon(key.clone())))
        }
        Intent::Uncordon(_) => {
            (StepAction::SetCordon(key.clone(), false), Until::Accepted, Some(Intent::Cordon(key.clone())))
        }
        Intent::Drain(..) => {
            (StepAction::SetCordon(key.clone(), true), Until::Accepted, Some(Intent::Uncordon(key.clone())))
        }
        Intent::Pause(_) | Intent::Resume(_) => (StepAction::SetPaused(key.clone(), true), Until::Accepted, None),
        Intent::Set(_, setting) => (StepAction::Set(key.clone(), setting.clone()), Until::Accepted, None),
        Intent::Promote(_) => (StepAction::Promote(key.clone()), Until::Accepted, None),
        Intent::Abort(_) => (StepAction::Abort(key.clone()), Until::Accepted, None),
        Intent::Stop(_) => (StepAction::Stop(key.clone()), Until::Accepted, None),
        Intent::Start(_) => (StepAction::Start(key.clone()), Until::Accepted, None),
        Intent::Kill(_) => (StepAction::Kill(key.clone()), Until::Accepted, None),
        Intent::Recreate(_) => (StepAction::Recreate(key.clone()), Until::Accepted, None),
        Intent::Trigger(_) => (StepAction::Trigger(key.clone()), Until::Accepted, None),
        Intent::Unblock(_) => (StepAction::Delete(key.clone()), Until::Accepted, None),
        Intent::Silence(_, quiet) => {
            let (action, back) = (StepAction::Silence(key.clone(), quiet.clone()), Intent::Unsilence(key.clone()));
            (action, Until::Quiet(key.clone(), true), Some(back))
        }
        Intent::Unsilence(_) => {
            (StepAction::EndSilence(key.clone(), "one".into()), Until::Quiet(key.clone(), false), None)
        }
        Intent::Shell(_, enter) => (StepAction::Enter(key.clone(), enter.clone()), Until::Accepted, None),
        Intent::Prune(_) => (StepAction::Prune(key.clone(), Waste::Containers), Until::Accepted, None),
        Intent::Several(all) => {
            let drafts = all.iter().map(|part| Ok(draft(part.clone()))).collect();
            return cockpit::action::merge(&intent, drafts).expect("a draft");
        }
    };
    let uid = match key.kind {
        Kind::Node => format!("uid-node-{}", key.name.trim_start_matches(|c: char| !c.is_ascii_digit())),
        _ => format!("uid-{}", key.name),
    };
    let pin = Pin { key, uid: uid.into(), seen: Seen::Uid };
    let step = Step { action, pin, until, timeout_seconds: 300, group: 0 };
    Draft { equivalent: Some("restart it".into()), inverse, ..Draft::new(&intent, vec![step]) }
}

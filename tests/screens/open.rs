//! What is opened on top of the panes, and what floats.

use cockpit::diagnose::{IncidentState, Symptom};
use cockpit::domain::{
    Answer, Batch, Certainty, Change, Difference, Draft, Fact, Grade, How, Intent, Kind, Line, LineKind, LogLine,
    LogRequest, Name, Pin, Refusal, Seen, Severity, Step, StepAction, StepError, Text, Until,
};
use cockpit::ui::{
    Armed, Asks, CaseFile, CaseTab, Input, Layer, LogView, Menu, Notice, Overlay, PaletteItem, Pane, Preview, Prompt,
    RowKey, Scope, Sheet, TextView, Wanted,
};

use super::night::{self, ago, key};
use super::stage::Stage;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];
/// What floats is used on any terminal.
const FLOATING: [(u16, u16); 4] = [(40, 10), (80, 24), (120, 40), (200, 60)];
const SMALL: [(u16, u16); 2] = [(40, 10), (80, 24)];

pub fn staged(size: (u16, u16)) -> Stage {
    Stage::of(night::night(), size).at(Pane::Triage)
}

fn worker() -> cockpit::domain::Ref {
    key("prod", Kind::Deployment, "shop", "worker")
}

/// Of the row in triage that is about the worker.
fn case(stage: &Stage, tab: CaseTab) -> CaseFile {
    let about = |it: &&cockpit::diagnose::Incident| it.subject == worker();
    let incident = stage.core.diagnosis().incidents().iter().find(about).expect("the worker's incident");
    CaseFile::new(RowKey::Incident(incident.id.clone()), tab)
}

#[test]
fn case_files() {
    for size in SIZES {
        for tab in CaseTab::ALL {
            let mut stage = staged(size);
            let mut file = case(&stage, tab);
            if tab == CaseTab::Instances {
                let row = cockpit::ui::case::rows(&file, &stage.screen, &stage.model()).remove(1);
                file.picks.insert(tab, row);
            }
            stage.screen.layers.push(Layer::Case(file));
            insta::assert_snapshot!(format!("case-{}-{}x{}", tab.title(), size.0, size.1), stage.text());
        }
    }
}

fn symptom(name: &str, text: &str) -> Symptom {
    let about = key("prod", Kind::Deployment, "shop", name);
    Symptom { about, rule: "not-ready", text: Text::new(text), certainty: Certainty::Likely }
}

#[test]
fn an_incident_is_copied_in_five_lines() {
    let stage = staged((120, 40));
    let incidents = stage.core.diagnosis().incidents();
    let told: Vec<String> =
        incidents.iter().map(|it| cockpit::ui::summary(&stage.screen, &stage.model(), it)).collect();
    assert!(told.iter().all(|text| text.lines().count() == 5));
    insta::assert_snapshot!("copied-incidents", told.join("\n\n"));
    let mut over = incidents.iter().find(|it| it.subject == worker()).cloned().expect("the worker's incident");
    over.state = IncidentState::Recovered(ago(3));
    over.symptoms = ["api", "cart", "web", "mail"].map(|name| symptom(name, "waits for the worker")).to_vec();
    over.owner = Some(Text::new("team-shop"));
    insta::assert_snapshot!("copied-recovered", cockpit::ui::summary(&stage.screen, &stage.model(), &over));
}

#[test]
fn a_case_file_with_what_the_newest_revision_changed() {
    let changed = |was: &str, now: &str| How::Changed(Some((Text::new(was), Text::new(now))));
    let difference = |what: &str, how: How| Difference { what: Text::new(what), how };
    for size in SIZES {
        let mut stage = staged(size);
        let workload = stage.core.view(stage.now).workload(&worker()).cloned().expect("the worker");
        let want = Change::of(&workload).expect("its server keeps revisions");
        let change = Change {
            from: "41".into(),
            to: "42".into(),
            at: Some(ago(40)),
            by: Some(Text::new("argocd application shop")),
            differences: vec![
                difference("worker image", changed("registry.example/shop/worker:2.8.4", "2.9.0")),
                difference("worker env PREFETCH", How::Changed(None)),
                difference("worker env DB_URL", changed("a value", "Secret db key url")),
                difference("worker memory limit", changed("512Mi", "256Mi")),
                difference("volume cache", How::Added(Some(Text::new("emptyDir")))),
            ],
        };
        let answer = Fact::Answered(want, Answer::Changed(Box::new(change)));
        let cluster = worker().cluster;
        stage.core.fold(Batch { cluster, at: stage.now, facts: vec![answer] });
        stage.core.settle_now(stage.now);
        stage.screen.layers.push(Layer::Case(case(&stage, CaseTab::Why)));
        insta::assert_snapshot!(format!("case-changed-{}x{}", size.0, size.1), stage.text());
        stage.screen.layers.clear();
        let mut stage = stage.at(Pane::Triage);
        let rows = &stage.screen.home.lists[&Pane::Triage];
        let row = rows.order.iter().position(|it| *it == case(&stage, CaseTab::Why).of).expect("its row");
        stage = stage.select(row);
        insta::assert_snapshot!(format!("triage-changed-{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn a_case_file_of_a_calm_workload_and_of_a_node() {
    for (name, of) in [
        ("web", key("prod", Kind::Deployment, "shop", "web")),
        ("node-1", key("prod", Kind::Node, "", "node-1")),
        ("gone", key("prod", Kind::Deployment, "shop", "gone")),
    ] {
        let stage = staged(SIZES[0]);
        let file = CaseFile::new(RowKey::Object(of.clone()), CaseTab::Why);
        for tab in cockpit::ui::case::tabs(&file, &stage.screen, &stage.model()) {
            let mut stage = staged(SIZES[0]);
            stage.screen.layers.push(Layer::Case(CaseFile::new(RowKey::Object(of.clone()), tab)));
            insta::assert_snapshot!(format!("case-{name}-{}-80x24", tab.title()), stage.text());
        }
    }
}

#[test]
fn what_happened_to_an_instance_is_in_its_own_case_file() {
    let mut stage = staged(SIZES[1]);
    let of = case(&stage, CaseTab::Instances);
    let killed = stage.core.view(stage.now).occurrences_of(&worker()).next_back().expect("one").subject.clone();
    stage.screen.layers.push(Layer::Case(CaseFile { of: RowKey::Object(killed), tab: CaseTab::Timeline, ..of }));
    let text = stage.text();
    assert!(text.contains("OOM-killed") && !text.contains("Nothing of its past"), "{text}");
}

fn log(following: bool, ended: Option<&str>) -> LogView {
    let line = |n: i64, stderr: bool, text: &str| LogLine::output(Some(ago(3 - n)), stderr, text);
    let lines = [
        line(0, false, "consumer started, prefetch 500, queue orders"),
        line(1, false, "loaded 48,211 orders into the batch"),
        line(
            1,
            true,
            "WARN heap 231 MiB of 256 MiB; consider a smaller prefetch than 500, or a batch that is written out sooner",
        ),
        line(2, false, "größe 日本語 \u{1b}[31mred\u{1b}[0m"),
        line(2, true, ""),
        line(3, true, "Killed"),
    ];
    let request = LogRequest {
        instance: key("prod", Kind::Pod, "shop", "worker-8rp94"),
        container: Some(Name::new("main")),
        previous: false,
        since: None,
        tail: 200,
        follow: true,
    };
    let mut view = LogView::new(1, request, None);
    view.take(lines.into_iter().collect());
    (view.dropped, view.following, view.behind) = (1204, following, if following { 0 } else { 2 });
    view.ended = ended.map(Text::from);
    view
}

#[test]
fn logs() {
    for size in SIZES {
        let mut stage = staged(size);
        stage.screen.layers.push(Layer::Logs(Box::new(log(true, None))));
        insta::assert_snapshot!(format!("logs-{}x{}", size.0, size.1), stage.text());
    }
    let mut stage = staged(SIZES[0]);
    stage.screen.layers.push(Layer::Logs(Box::new(log(false, None))));
    insta::assert_snapshot!("logs-held-80x24", stage.text());
    stage.screen.layers = vec![Layer::Logs(Box::new(log(true, Some("the container ended"))))];
    insta::assert_snapshot!("logs-ended-80x24", stage.text());
    stage.screen.layers = vec![Layer::Logs(Box::new(several()))];
    insta::assert_snapshot!("logs-of-several-80x24", stage.text());
}

/// Output of all pods of a workload.
fn several() -> LogView {
    let mut view = log(true, None);
    view.request.instance = key("prod", Kind::Deployment, "shop", "worker");
    view.request.container = None;
    let mut lines: Vec<LogLine> = view.lines.drain(..).collect();
    lines.push(LogLine::note(Some(ago(0)), "container main was started again (restart 4)"));
    for (ix, line) in lines.iter_mut().enumerate() {
        let pod = if ix % 2 == 0 { "worker-8rp94" } else { "worker-importer-of-orders-6b4cb595bd-qhxwb" };
        line.from = Some(Name::new(pod));
    }
    view.take(lines);
    view
}

#[test]
fn text_that_is_read() {
    let view = |lines| TextView { scroll: 3, ..TextView::new(Text::new("prod shop/worker described"), lines, 1) };
    let lines: Vec<Text> = (1..40).map(|n| Text::from(format!("line {n} of the description"))).collect();
    for (name, lines) in [
        ("text", Some(Ok(lines))),
        ("text-fetching", None),
        ("text-failed", Some(Err(Text::new("prod did not answer within 10 s; r tries again")))),
    ] {
        let mut stage = staged(SIZES[0]);
        stage.screen.layers.push(Layer::Text(view(lines)));
        insta::assert_snapshot!(format!("{name}-80x24"), stage.text());
    }
}

#[test]
fn a_manifest_with_folded_sections() {
    let lines = "apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    app: worker
  name: worker
spec:
  replicas: 3
  template:
    spec:
      containers:
      - image: worker:2.9.0
        name: main
        resources:
          limits:
            memory: 256Mi
status:
  readyReplicas: 0";
    let lines: Vec<Text> = lines.lines().map(Text::new).collect();
    let mut view = TextView::new(Text::new("Deployment shop/worker (prod), manifest"), Some(Ok(lines)), 1);
    view.folds.turn(2);
    view.folds.turn(13);
    view.stand(13, 20);
    let mut stage = staged(SIZES[0]);
    stage.screen.layers.push(Layer::Text(view));
    insta::assert_snapshot!("manifest-folded-80x24", stage.text());
}

fn input(text: &str) -> Input {
    Input { text: text.to_owned(), cursor: text.len() }
}

#[test]
fn help() {
    let line = |key: &str, what: &str| (Text::new(key), Text::new(what));
    let moving = vec![line("j k", "one row down, up"), line("ctrl-d", "a page down"), line("g G", "first, last row")];
    let panes =
        Pane::ALL.iter().map(|pane| line(&pane.digit().unwrap_or_default().to_string(), pane.title())).collect();
    let acting = vec![line("r", "restart"), line("s", "scale"), line("u", "take back"), line("ctrl-k", "kill")];
    let sheet = Sheet {
        sections: vec![(Text::new("Move"), moving), (Text::new("Panes"), panes), (Text::new("Act"), acting)],
        scroll: 0,
    };
    for size in FLOATING {
        let mut stage = staged(size);
        stage.screen.overlay = Some(Overlay::Help(sheet.clone()));
        insta::assert_snapshot!(format!("help-{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn palette_filter_and_prompt() {
    let item = |label: &str, what: &str, key: Option<&str>, refused: Option<&str>| PaletteItem {
        label: label.into(),
        what: what.into(),
        key: key.map(Text::from),
        refused: refused.map(Text::from),
    };
    let items = vec![
        item("rollouts", "what is being rolled out, and what is stuck", Some("2"), None),
        item("restart", "restart shop/worker", Some("r"), Some("read-only")),
        item("prod/shop/worker", "Deployment, 0 of 3 ready", None, None),
    ];
    for size in FLOATING {
        let mut stage = staged(size);
        stage.screen.overlay =
            Some(Overlay::Palette { input: input("ro"), items: items.clone(), selected: 2, menu: None });
        insta::assert_snapshot!(format!("palette-{}x{}", size.0, size.1), stage.text());
    }
    for size in SMALL {
        let mut stage = staged(size);
        stage.screen.overlay =
            Some(Overlay::Palette { input: input("zzz"), items: Vec::new(), selected: 0, menu: None });
        insta::assert_snapshot!(format!("palette-nothing-{}x{}", size.0, size.1), stage.text());
        stage.screen.overlay = Some(Overlay::Prompt(Prompt {
            title: Text::new("Scale shop/worker (prod) from 3 to"),
            input: input("three"),
            error: Some(Text::new("a number from 0 to 1000 is expected")),
            target: worker(),
            asks: Asks::Amount(Wanted::Number, vec![worker()]),
        }));
        insta::assert_snapshot!(format!("prompt-{}x{}", size.0, size.1), stage.text());
        let mut stage = staged(size);
        stage.screen.home.filter = Some(Text::new("shop"));
        stage = stage.at(Pane::Triage);
        insta::assert_snapshot!(format!("filter-kept-{}x{}", size.0, size.1), stage.text());
        stage.screen.overlay = Some(Overlay::Filter(input("shop")));
        insta::assert_snapshot!(format!("filter-{}x{}", size.0, size.1), stage.text());
        stage.screen.overlay = None;
        stage.screen.home.filter = Some(Text::new("nothing has this"));
        insta::assert_snapshot!(format!("filter-hides-all-{}x{}", size.0, size.1), stage.at(Pane::Triage).text());
    }
}

#[test]
fn a_namespace_that_everything_is_narrowed_to() {
    for size in [(40, 10), SIZES[0], SIZES[1], SIZES[2]] {
        let mut stage = staged(size);
        let (cluster, namespace) = (Some(night::id("prod")), Some(Name::new("ops")));
        stage.screen.home.scope = Some(Scope { cluster, namespace, lift: Text::new("0") });
        let rows = cockpit::ui::panes::listed(&stage.screen, &stage.model()).keys;
        let list = stage.screen.home.lists.entry(Pane::Triage).or_default();
        (list.selected, list.order) = (rows.first().cloned(), rows);
        insta::assert_snapshot!(format!("namespace-{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn the_filter_finds_what_is_folded_and_inverts() {
    let mut stage = staged(SIZES[1]);
    stage.screen.home.filter = Some(Text::new("risk"));
    let risks = stage.at(Pane::Triage);
    let list = &risks.screen.home.lists[&Pane::Triage];
    assert_eq!(list.order.len(), 2, "{:?}", list.order);
    let model = risks.model();
    let all = cockpit::ui::panes::keys(Pane::Workloads, &model, None).len();
    let with = cockpit::ui::panes::keys(Pane::Workloads, &model, Some("SHOP")).len();
    let without = cockpit::ui::panes::keys(Pane::Workloads, &model, Some("!shop")).len();
    assert_eq!((with + without, with), (all, 8));
    assert_eq!(cockpit::ui::panes::hidden(Pane::Workloads, &model, Some("!shop")), 8);
}

fn preview(stage: &Stage, intent: Intent, notes: Vec<Line>) -> Preview {
    let draft = Draft {
        intent: intent.clone(),
        steps: vec![step(StepAction::Restart(intent.target().clone()))],
        equivalent: Some(Text::new("kubectl --context prod -n shop rollout restart deployment/worker")),
        inverse: None,
        notes,
        grade: None,
        variants: Vec::new(),
    };
    let plan = stage.core.plan(&intent, draft, stage.now).map(Box::new);
    Preview {
        intent,
        ticket: 1,
        plan: Some(plan),
        shown: Some(stage.now),
        scroll: 0,
        armed: Armed::No,
        typed: Input::default(),
        changed: None,
        reason: None,
    }
}

fn step(action: StepAction) -> Step {
    let pin = Pin { key: action.target().clone(), uid: Name::new("uid"), seen: Seen::Uid };
    Step { action, pin, until: Until::Accepted, timeout_seconds: 60, group: 0 }
}

#[test]
fn previews() {
    let notes = vec![
        Line::new(LineKind::Does, "22 move freely, and fit: the rest of the fleet keeps 31 % of its memory free"),
        Line::new(
            LineKind::Skips,
            "1 shop/orders-0: budget orders-pdb lets none go, 2 healthy of 3 wanted. It will wait",
        ),
        Line::new(LineKind::Hurts, "1 ml/gpu-1 fits on no other node (needs gpu=a100): it will stay pending"),
        Line::new(LineKind::Note, "It ends as: partly drained, 3 left."),
    ];
    let node = key("prod", Kind::Node, "", "node-7");
    for size in FLOATING {
        let mut stage = staged(size);
        let shown = preview(&stage, Intent::drain(node.clone()), notes.clone());
        stage.screen.overlay = Some(Overlay::Preview(shown));
        insta::assert_snapshot!(format!("preview-drain-{}x{}", size.0, size.1), stage.text());
    }
    let mut stage = staged(SMALL[0]);
    let shown = preview(&stage, Intent::drain(node), notes);
    stage.screen.overlay = Some(Overlay::Preview(Preview { scroll: 6, ..shown }));
    insta::assert_snapshot!("preview-drain-scrolled-40x10", stage.text());
    for size in SMALL {
        let mut stage = staged(size);
        let mut shown = preview(&stage, Intent::Restart(worker()), Vec::new());
        shown.armed = Armed::Yes;
        stage.screen.overlay = Some(Overlay::Preview(shown));
        insta::assert_snapshot!(format!("preview-armed-{}x{}", size.0, size.1), stage.text());
        let mut shown = preview(&stage, Intent::Scale(worker(), 0), Vec::new());
        assert!(matches!(&shown.plan, Some(Ok(plan)) if plan.grade == Grade::Destructive));
        shown.typed = input("wor");
        stage.screen.overlay = Some(Overlay::Preview(shown.clone()));
        insta::assert_snapshot!(format!("preview-typed-{}x{}", size.0, size.1), stage.text());
        shown.plan = None;
        stage.screen.overlay = Some(Overlay::Preview(shown.clone()));
        insta::assert_snapshot!(format!("preview-asking-{}x{}", size.0, size.1), stage.text());
        let refusal =
            Refusal::of(&Intent::Restart(worker()), "the target is read-only", "start cockpit without --read-only");
        shown.plan = Some(Err(refusal));
        stage.screen.overlay = Some(Overlay::Preview(shown));
        insta::assert_snapshot!(format!("preview-refused-{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn a_run_as_it_goes_and_in_the_journal() {
    let mut stage = staged(SIZES[0]);
    let intent = Intent::drain(key("prod", Kind::Node, "", "node-1"));
    let pods = ["web-4wtkg", "api-8x2kd", "orders-0"];
    let mut steps = vec![step(StepAction::SetCordon(intent.target().clone(), true))];
    steps.extend(pods.map(|pod| step(StepAction::Evict(key("prod", Kind::Pod, "shop", pod)))));
    let draft = Draft {
        intent: intent.clone(),
        steps,
        equivalent: None,
        inverse: Some(Intent::Uncordon(intent.target().clone())),
        notes: Vec::new(),
        grade: None,
        variants: Vec::new(),
    };
    let plan = stage.core.plan(&intent, draft, stage.now).expect("a plan");
    let (run, _) = stage.core.start(plan, stage.now);
    let receipt = cockpit::domain::Receipt::at(stage.now);
    stage.core.answer(run, 0, Ok(receipt), stage.now);
    let by = Text::new("The disruption budget orders-pdb needs 3 healthy pods and has 2");
    stage.core.answer(run, 3, Err(StepError::Blocked { by, retry_at: ago(-1) }), stage.now);
    stage.core.answer(run, 1, Err(StepError::Denied(Text::new("create pods/eviction"))), stage.now);
    for size in FLOATING {
        stage.screen.size = size;
        stage.screen.overlay = Some(Overlay::Run(run));
        insta::assert_snapshot!(format!("run-{}x{}", size.0, size.1), stage.text());
    }
    stage.screen.size = SIZES[0];
    stage.screen.overlay = None;
    stage = stage.at(Pane::Journal);
    insta::assert_snapshot!("journal-run-80x24", stage.text());
}

#[test]
fn a_run_says_for_whom_it_waits() {
    let mut stage = staged(SIZES[1]);
    let view = stage.core.view(stage.now);
    let pod = view.instances_of(&worker()).min_by_key(|it| &it.key).expect("a pod of it");
    let (pod, uid) = (pod.key.clone(), pod.uid.clone());
    let step = |action: StepAction, until: Until| Step { until, ..step(action) };
    let intent = Intent::Restart(worker());
    let steps = vec![
        step(StepAction::Restart(worker()), Until::Renewed(worker())),
        step(StepAction::SetReplicas(worker(), 1), Until::Count(worker(), 1)),
        step(StepAction::Evict(pod.clone()), Until::GoneOrReborn(pod, uid)),
    ];
    let draft = Draft::new(&intent, steps);
    let plan = stage.core.plan(&intent, draft, stage.now).expect("a plan");
    let (run, _) = stage.core.start(plan, stage.now);
    for step in 0..3 {
        let receipt = cockpit::domain::Receipt::at(stage.now);
        stage.core.answer(run, step, Ok(receipt), stage.now);
    }
    for size in [SIZES[0], SIZES[1]] {
        stage.screen.size = size;
        stage.screen.overlay = Some(Overlay::Run(run));
        insta::assert_snapshot!(format!("run-waits-{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn a_request_without_an_answer_is_not_called_accepted() {
    let mut stage = staged(SIZES[0]);
    let intent = Intent::Restart(worker());
    let restart = Step { until: Until::Renewed(worker()), ..step(StepAction::Restart(worker())) };
    let plan = stage.core.plan(&intent, Draft::new(&intent, vec![restart]), stage.now).expect("a plan");
    let (run, _) = stage.core.start(plan, stage.now);
    stage.core.answer(run, 0, Err(StepError::Unknown { sent: stage.now }), stage.now);
    stage.screen.overlay = Some(Overlay::Run(run));
    insta::assert_snapshot!("run-unanswered-80x24", stage.text());
}

#[test]
fn what_is_said_and_announced() {
    let mut stage = staged(SIZES[0]);
    stage.screen.notice = Some(Notice {
        text: Text::new("restart of shop/worker was refused: the target is read-only"),
        severity: Some(Severity::Warning),
        until: ago(-1),
    });
    stage.screen.announcement = Some(Text::new("new critical: prod shop/web: none of 4 is ready   n goes there"));
    stage.screen.read_only = true;
    insta::assert_snapshot!("notice-80x24", stage.text());
    stage.screen.size = SIZES[1];
    insta::assert_snapshot!("notice-120x40", stage.text());
}

#[test]
fn a_menu_with_sections() {
    let item = |label: &str, what: &str, key: &str, refused: Option<&str>| PaletteItem {
        label: label.into(),
        what: what.into(),
        key: Some(key.into()),
        refused: refused.map(Text::from),
    };
    let items = vec![
        item("undo", "roll back 42 to 41", "u", None),
        item("scale", "set the number of instances; asks for it", "s", None),
        item("restart", "start its instances anew, as its orchestrator does it", "r", Some("a restart is under way")),
        item("logs", "follow the output of the instance, or of all pods of the workload", "l", None),
        item("describe", "describe it in words", "d", None),
        item("copy-summary", "copy its incident for a chat, in five lines", "c", Some("no incident is about this")),
        item("snooze", "fold an incident away", "z", None),
        item("help", "the keys that work here", "?", None),
    ];
    let menu = Menu {
        title: Text::new("What can be done: shop/worker (prod)"),
        sections: vec![
            (0, Text::new("Acting (a preview comes first)")),
            (3, Text::new("Looking closer")),
            (6, Text::new("What people say")),
            (7, Text::new("The program")),
        ],
    };
    for (size, selected) in [((120, 40), 0), ((80, 24), 2), ((40, 10), 0), ((40, 10), 6), ((40, 6), 3)] {
        let mut stage = staged(size);
        let (items, menu) = (items.clone(), Some(menu.clone()));
        stage.screen.overlay = Some(Overlay::Palette { input: input(""), items, selected, menu });
        insta::assert_snapshot!(format!("menu-{selected}-{}x{}", size.0, size.1), stage.text());
    }
}

#[test]
fn no_overlay_needs_more_than_there_is() {
    let item =
        PaletteItem { label: "restart".into(), what: "it".into(), key: Some("r".into()), refused: Some("no".into()) };
    let menu = Menu { title: Text::new("What can be done"), sections: vec![(0, Text::new("Acting"))] };
    let mut stage = staged((1, 1));
    let asked =
        |asks| Prompt { title: "Accept, because".into(), input: input("x"), error: None, target: worker(), asks };
    let incident = stage.core.diagnosis().incidents()[0].id.clone();
    let mut typed = preview(&stage, Intent::Scale(worker(), 0), Vec::new());
    typed.typed = input("wor");
    let palette = |menu| Overlay::Palette { input: input("日本"), items: vec![item.clone(); 40], selected: 39, menu };
    let overlays = [
        Overlay::Help(Sheet { sections: vec![("Move".into(), vec![("j k".into(), "one row".into())])], scroll: 0 }),
        palette(None),
        palette(Some(menu)),
        Overlay::Filter(input("日本")),
        Overlay::Seek(cockpit::ui::Seek { narrows: true, input: input("(") }),
        Overlay::Prompt(asked(Asks::Amount(Wanted::Number, vec![worker()]))),
        Overlay::Prompt(asked(Asks::Reason(incident.clone()))),
        Overlay::Prompt(asked(Asks::Note(incident))),
        Overlay::Preview(preview(&stage, Intent::Restart(worker()), Vec::new())),
        Overlay::Preview(typed),
        Overlay::Run(7),
    ];
    for overlay in overlays {
        for size in [(0, 0), (1, 1), (3, 2), (20, 3), (20, 4), (21, 5), (33, 7), (40, 10), (300, 100)] {
            for ascii in [false, true] {
                stage.screen.size = size;
                stage.screen.look.ascii = ascii;
                stage.screen.overlay = Some(overlay.clone());
                let text = stage.text();
                assert!(!ascii || text.is_ascii(), "{overlay:?}");
            }
        }
    }
}

//! The simulated company as it is diagnosed: what goes wrong in it is found, and when nothing does, nothing is.

use std::collections::BTreeSet;

use cockpit::action::Guard;
use cockpit::backend::demo::{self, Options, Sim};
use cockpit::diagnose::{Incident, IncidentState, Settings};
use cockpit::domain::words::after;
use cockpit::domain::{
    Batch, DesiredState, Intent, LineKind, Metric, Outcome, Ref, Role, RolloutPhase, Seen, Setting, StepError, Text,
    Timestamp,
};
use cockpit::engine::Core;

fn night() -> Timestamp {
    "2026-11-22T02:10:00Z".parse().expect("a time")
}

/// A company, and what is known of it.
struct Watched {
    sims: Vec<Sim>,
    core: Core,
    now: Timestamp,
}

impl Watched {
    fn of(name: &str) -> Self {
        Self::with(Options { name: Text::new(name), ..Options::at(night()) })
    }

    /// Nights of several seeds that begin at odd seconds.
    fn nights() -> impl Iterator<Item = Self> {
        let odd = [(1, 0), (2, 17), (3, 41), (77, 59)];
        odd.into_iter().map(|(seed, second)| Self::with(Options { seed, ..Options::at(after(night(), second)) }))
    }

    fn with(options: Options) -> Self {
        let start = options.start;
        let sims: Vec<Sim> = demo::sims(&options).expect("a scenario").into_iter().map(|(_, sim)| sim).collect();
        let clusters: Vec<_> = sims.iter().map(|sim| sim.cluster().clone()).collect();
        let core = Core::new(Settings::default(), Guard::default(), &clusters, start);
        let mut watched = Self { sims, core, now: start };
        watched.until(start.as_second() - night().as_second());
        watched
    }

    /// Moves on to so many seconds after the beginning, a few at a time.
    fn until(&mut self, seconds: i64) {
        while self.now <= after(night(), seconds) {
            let now = self.now;
            let batches: Vec<Batch> = self.sims.iter_mut().flat_map(|sim| sim.advance(now)).collect();
            batches.into_iter().for_each(|batch| self.core.fold(batch));
            self.core.settle_now(now);
            self.now = after(now, 5);
        }
    }

    fn incidents(&self) -> &[Incident] {
        self.core.diagnosis().incidents()
    }
}

impl Watched {
    fn sim(&mut self, key: &Ref) -> &mut Sim {
        self.sims.iter_mut().find(|sim| *sim.cluster() == key.cluster).expect("its cluster")
    }

    /// Previews, confirms and follows an intent to its end, at most for so many seconds. Returns the run's number.
    fn act(&mut self, intent: Intent, seconds: i64) -> u64 {
        let draft = self.sim(intent.target()).prepare(intent.clone()).expect("a draft");
        let plan = self.core.plan(&intent, draft, self.now).expect("a plan");
        let (run, mut steps) = self.core.start(plan, self.now);
        let end = after(self.now, seconds);
        while self.now < end && self.outcome(run).is_none() {
            for (run, place, step) in std::mem::take(&mut steps) {
                let now = self.now;
                let sim = self.sim(step.action.target());
                let mut batches = sim.advance(now);
                let answer = sim.execute(&step);
                batches.extend(sim.flush());
                batches.into_iter().for_each(|batch| self.core.fold(batch));
                steps.extend(self.core.answer(run, place, answer, now));
            }
            let now = self.now;
            let batches: Vec<Batch> = self.sims.iter_mut().flat_map(|sim| sim.advance(now)).collect();
            batches.into_iter().for_each(|batch| self.core.fold(batch));
            steps.extend(self.core.turn(now, &mut || true).steps);
            self.now = after(now, 1);
        }
        run
    }

    fn outcome(&self, run: u64) -> Option<&Outcome> {
        self.core.runs().run(run)?.outcome.as_ref().map(|(_, outcome)| outcome)
    }

    fn lists(&self, rule: &str, subject: &str) -> bool {
        self.incidents().iter().any(|it| {
            it.rule == rule && it.subject.to_string() == subject && !matches!(it.state, IncidentState::Recovered(_))
        })
    }

    fn ready(&self, key: &Ref) -> u32 {
        let view = self.core.view(self.now);
        view.workload(key).map_or(0, |it| view.counts(it).ready)
    }

    fn waiting(&self, queue: &str) -> f64 {
        self.core.view(self.now).latest(&key(queue), Metric::QueueDepth).expect("a length")
    }
}

fn key(raw: &str) -> Ref {
    raw.parse().expect("a key")
}

/// Rule and subject of what is listed at the beginning of a bad night.
const NIGHT: &[(&str, &str)] = &[
    ("crash-loop", "prod/data/StatefulSet/accounts-db"),
    ("oom-killed", "prod/shop/Deployment/worker"),
    ("cannot-be-placed", "prod/media/Deployment/encoder"),
    ("image-pull", "prod/shop/Deployment/api"),
    ("job-overdue", "prod/ops/CronJob/backup"),
    ("node-down", "prod/-/Node/node-7"),
    ("database-without-volume", "prod/data/Deployment/reports-db"),
    ("cannot-be-placed", "nomad-eu/billing/TaskGroup/charge"),
    ("probe-lies", "nomad-eu/web/TaskGroup/portal"),
    ("pool-full", "nomad-eu/-/Endpoint/erp-mysql"),
    // Begun, and standing still in the middle of an image.
    ("image-pull", "swarm/edge/Service/proxy"),
    ("quorum", "swarm/-/Cluster/swarm"),
];

#[test]
fn what_goes_wrong_in_a_night_is_on_the_first_screen() {
    for watched in Watched::nights() {
        for (rule, subject) in NIGHT {
            assert!(watched.lists(rule, subject), "{rule} of {subject} is not listed: {:?}", watched.incidents());
        }
    }
}

#[test]
fn a_database_takes_twelve_others_down_and_is_one_line() {
    let watched = Watched::of("");
    let database = watched.incidents().iter().find(|it| it.subject.name == *"accounts-db").expect("it is listed");
    let others = database.symptoms.iter().map(|it| &it.about).filter(|it| **it != database.subject);
    // Their endpoints, with nobody ready behind them, come along.
    let dragged: BTreeSet<_> = others.filter(|it| it.kind.role() == Role::Workload).collect();
    assert_eq!(dragged.len(), 12, "{dragged:?}");
    let alone: Vec<_> = watched.incidents().iter().filter(|it| dragged.contains(&it.subject)).collect();
    assert!(alone.is_empty(), "{alone:?}");
}

#[test]
fn a_calm_day_is_quiet_for_an_hour() {
    let mut watched = Watched::of("calm");
    for minute in 0..60 {
        watched.until(minute * 60);
        assert!(watched.incidents().is_empty(), "minute {minute}: {:?}", watched.incidents());
    }
}

#[test]
fn queues_are_dragged_along_by_what_should_empty_them() {
    for watched in Watched::nights() {
        for (consumer, queue) in [("worker", "orders"), ("encoder", "thumbnails")] {
            let cause = watched.incidents().iter().find(|it| it.subject.name == *consumer).expect("it is listed");
            assert!(cause.symptoms.iter().any(|it| it.about.name == *queue), "{consumer}: {:?}", cause.symptoms);
        }
        assert!(watched.waiting("prod/-/Queue/orders") > 35_000.0);
        assert!(watched.waiting("prod/-/Queue/thumbnails") > 30_000.0);
    }
}

#[test]
fn going_back_to_the_revision_before_ends_the_kills_and_empties_the_queue() {
    let mut watched = Watched::of("");
    let worker = key("prod/shop/Deployment/worker");
    let run = watched.act(Intent::Undo(worker.clone(), Some("41".into())), 300);
    assert_eq!(watched.outcome(run), Some(&Outcome::Done));
    assert_eq!(watched.ready(&worker), 3);
    watched.until(1500);
    assert!(watched.waiting("prod/-/Queue/orders") < 10_000.0, "{}", watched.waiting("prod/-/Queue/orders"));
    assert!(!watched.lists("oom-killed", "prod/shop/Deployment/worker"));
}

#[test]
fn going_back_mends_a_stuck_rollout_and_touches_nothing_that_serves() {
    let mut watched = Watched::of("");
    let api = key("prod/shop/Deployment/api");
    let served = |watched: &Watched| -> BTreeSet<String> {
        let view = watched.core.view(watched.now);
        view.instances_of(&api).filter(|it| it.ready).map(|it| it.uid.to_string()).collect()
    };
    let before = served(&watched);
    assert_eq!(before.len(), 4);
    let run = watched.act(Intent::Undo(api.clone(), None), 120);
    assert_eq!(watched.outcome(run), Some(&Outcome::Done));
    assert_eq!(served(&watched), before);
    watched.until(300);
    assert!(!watched.lists("image-pull", "prod/shop/Deployment/api"));
}

#[test]
fn a_restart_replaces_each_instance_and_leaves_none_fewer() {
    let mut watched = Watched::of("calm");
    let api = key("prod/shop/Deployment/api");
    let run = watched.act(Intent::Restart(api.clone()), 300);
    assert_eq!(watched.outcome(run), Some(&Outcome::Done));
    assert_eq!(watched.ready(&api), 4);
    let begun = night();
    let view = watched.core.view(watched.now);
    let mut meant = view.instances_of(&api).filter(|it| it.desired == DesiredState::Run);
    assert!(meant.all(|it| it.created >= Some(begun)));
}

#[test]
fn scaling_up_makes_instances_and_scaling_back_ends_them() {
    let mut watched = Watched::of("calm");
    let proxy = key("swarm/edge/Service/proxy");
    for to in [13, 9] {
        let run = watched.act(Intent::Scale(proxy.clone(), to), 120);
        assert_eq!(watched.outcome(run), Some(&Outcome::Done), "to {to}");
        assert_eq!(watched.ready(&proxy), to);
    }
}

#[test]
fn what_fits_nowhere_is_said_before_and_waits_after() {
    let mut watched = Watched::of("calm");
    let scoring = key("prod/ml/StatefulSet/scoring");
    let draft = watched.sim(&scoring).prepare(Intent::Scale(scoring.clone(), 9)).expect("a draft");
    assert!(
        draft.notes.iter().any(|it| it.kind == LineKind::Skips && it.text.contains("pending")),
        "{:?}",
        draft.notes
    );
    watched.act(Intent::Scale(scoring.clone(), 9), 60);
    watched.until(180);
    assert!(watched.lists("cannot-be-placed", "prod/ml/StatefulSet/scoring"));
}

#[test]
fn a_scale_up_says_what_it_does_to_the_connections_of_its_database() {
    let mut watched = Watched::of("calm");
    watched.until(120);
    let desk = key("nomad-eu/erp/TaskGroup/desk");
    for (to, kind, words) in
        [(9, LineKind::Note, "of 151 connections in use, and would have"), (40, LineKind::Hurts, "newcomers fail")]
    {
        let intent = Intent::Scale(desk.clone(), to);
        let draft = watched.sim(&desk).prepare(intent.clone()).expect("a draft");
        let plan = watched.core.plan(&intent, draft, watched.now).expect("a plan");
        let said = plan.lines.iter().any(|it| it.kind == kind && it.text.contains(words));
        assert!(said, "to {to}: {:?}", plan.lines);
    }
}

#[test]
fn a_drain_says_what_it_skips_and_moves_the_rest() {
    let mut watched = Watched::of("calm");
    let node = key("prod/-/Node/node-3");
    let draft = watched.sim(&node).prepare(Intent::drain(node.clone())).expect("a draft");
    let says = |words: &str| draft.notes.iter().any(|it| it.text.contains(words));
    assert!(says("move freely") && says("ops/debug has no controller") && says("ml/trainer"), "{:?}", draft.notes);
    let steps = draft.steps.len();
    let run = watched.act(Intent::drain(node.clone()), 600);
    assert_eq!(watched.outcome(run), Some(&Outcome::Done), "{steps} steps");
    let view = watched.core.view(watched.now);
    let left: Vec<String> = view.hosted_on(&node).filter_map(|it| it.owner.as_ref()).map(|it| it.to_string()).collect();
    assert!(left.iter().all(|it| it.contains("DaemonSet") || it.contains("trainer")), "{left:?}");
    assert!(view.node(&node).is_some_and(|it| it.cordoned));
    let run = watched.act(Intent::Uncordon(node.clone()), 60);
    assert_eq!(watched.outcome(run), Some(&Outcome::Done));
}

#[test]
fn a_budget_holds_an_eviction_back_until_it_allows_it() {
    let mut watched = Watched::of("");
    let node = key("prod/-/Node/node-4");
    let draft = watched.sim(&node).prepare(Intent::drain(node.clone())).expect("a draft");
    assert!(draft.notes.iter().any(|it| it.text.contains("orders-pdb lets none go")), "{:?}", draft.notes);
    let step = draft.steps.iter().find(|it| it.action.target().name == *"orders-0").expect("its eviction").clone();
    let held = watched.sim(&node).execute(&step).expect_err("the budget");
    let StepError::Blocked { by, retry_at } = held else { panic!("{held:?}") };
    assert_eq!(by, "The disruption budget orders-pdb needs 2 healthy pods and has 2 currently");
    assert!(retry_at > night());
    // node-7 comes back after seven minutes, and with it the third of them.
    watched.until(500);
    assert!(watched.sim(&node).execute(&step).is_ok());
}

#[test]
fn a_step_whose_pin_has_moved_is_refused_and_status_noise_moves_none() {
    let mut watched = Watched::of("calm");
    let web = key("prod/shop/Deployment/web");
    let draft = watched.sim(&web).prepare(Intent::Scale(web.clone(), 50)).expect("a draft");
    assert!(matches!(draft.steps[0].pin.seen, Seen::Replicas(52)));
    watched.until(300);
    assert!(watched.sim(&web).execute(&draft.steps[0].clone()).is_ok());
    let again = watched.sim(&web).execute(&draft.steps[0].clone());
    assert!(matches!(again, Err(StepError::Moved(_))), "{again:?}");
}

#[test]
fn a_raised_limit_ends_the_kills_and_an_image_that_is_nowhere_is_not_pulled() {
    let mut watched = Watched::of("");
    let worker = key("prod/shop/Deployment/worker");
    let raise = Intent::Set(worker.clone(), Setting::Memory(None, Some(1 << 30)));
    let run = watched.act(raise, 300);
    assert_eq!(watched.outcome(run), Some(&Outcome::Done));
    watched.until(900);
    assert!(!watched.lists("oom-killed", "prod/shop/Deployment/worker"));
    let api = key("prod/shop/Deployment/api");
    watched.act(Intent::Set(api.clone(), Setting::Image(None, "registry.example/shop/api:9.9.9".into())), 120);
    assert!(watched.lists("image-pull", "prod/shop/Deployment/api"));
    assert_eq!(watched.ready(&api), 4, "the old ones serve");
}

#[test]
fn one_instance_is_moved_away_ended_or_killed_and_another_is_made() {
    let mut watched = Watched::of("calm");
    let api = key("prod/shop/Deployment/api");
    for (turn, intent) in [Intent::Restart, Intent::Stop, Intent::Kill].into_iter().enumerate() {
        let view = watched.core.view(watched.now);
        let one = view.instances_of(&api).filter(|it| it.ready).map(|it| it.key.clone()).min().expect("one");
        let run = watched.act(intent(one.clone()), 120);
        assert_eq!(watched.outcome(run), Some(&Outcome::Done), "{one}");
        assert!(watched.core.view(watched.now).instance(&one).is_none(), "{one}");
        watched.until(200 * (turn as i64 + 1));
        assert_eq!(watched.ready(&api), 4, "another serves");
    }
}

#[test]
fn a_schedule_is_suspended_lets_run_again_and_runs_once_by_hand() {
    let mut watched = Watched::of("calm");
    let view = watched.core.view(watched.now);
    let job = view.workloads().find(|it| it.schedule.is_some()).expect("one").key.clone();
    let suspended =
        |watched: &Watched| watched.core.view(watched.now).workload(&job)?.schedule.as_ref().map(|it| it.suspended);
    for (intent, is) in [(Intent::Pause(job.clone()), true), (Intent::Resume(job.clone()), false)] {
        let run = watched.act(intent, 60);
        assert_eq!(watched.outcome(run), Some(&Outcome::Done));
        assert_eq!(suspended(&watched), Some(is));
    }
    let instances = |watched: &Watched| watched.core.view(watched.now).instances_of(&job).count();
    let before = instances(&watched);
    let run = watched.act(Intent::Trigger(job.clone()), 5);
    assert_eq!(watched.outcome(run), Some(&Outcome::Done));
    assert_eq!(instances(&watched), before + 1);
}

#[test]
fn read_only_is_enforced_where_steps_are_done() {
    let options = Options { read_only: true, ..Options::at(night()) };
    let mut sims = demo::sims(&options).expect("a scenario");
    let api = key("prod/shop/Deployment/api");
    let sim = sims.iter_mut().map(|(_, sim)| sim).find(|sim| *sim.cluster() == api.cluster).expect("its cluster");
    let draft = sim.prepare(Intent::Restart(api)).expect("a draft");
    assert!(matches!(sim.execute(&draft.steps[0]), Err(StepError::Denied(_))));
}

#[test]
fn a_drill_has_causes_that_the_diagnosis_names_and_that_going_back_mends() {
    let options = Options { name: Text::new("gameday"), ..Options::at(night()) };
    let tasks = demo::drill(&options).expect("a drill");
    assert_eq!(tasks.len(), 4);
    let mut watched = Watched::of("gameday");
    for task in tasks {
        let began = (task.begins.as_second() - night().as_second()) + 150;
        watched.until(began);
        let incidents = watched.incidents();
        let named =
            incidents.iter().any(|it| it.subject == task.cause && it.severity <= cockpit::domain::Severity::Warning);
        assert!(named, "{} after {began} s", task.cause);
        assert!(task.mended_by.contains(&"undo".to_owned()));
        let run = watched.act(Intent::Undo(task.cause.clone(), None), 100);
        assert_eq!(watched.outcome(run), Some(&Outcome::Done), "{}", task.cause);
    }
    assert_eq!(demo::drill(&Options::at(night())), Ok(Vec::new()), "the night is none");
}

#[test]
fn a_canary_waits_takes_over_or_is_given_up_and_the_stable_pods_stay() {
    let mut watched = Watched::of("calm");
    let pricing = key("prod/shop/Rollout/pricing");
    let stable = |watched: &Watched| {
        let view = watched.core.view(watched.now);
        let run = view.instances_of(&pricing).filter(|it| it.desired == DesiredState::Run && it.ready);
        run.map(|it| it.uid.clone()).collect::<BTreeSet<_>>()
    };
    let phase = |watched: &Watched| {
        watched.core.view(watched.now).workload(&pricing).and_then(|it| it.rollout.as_ref()).map(|it| it.phase)
    };
    let image = |tag: &str| {
        let image = format!("registry.example/shop/pricing:{tag}");
        Intent::Set(pricing.clone(), Setting::Image(None, image.as_str().into()))
    };
    let served = stable(&watched);
    assert_eq!(served.len(), 4);
    watched.act(image("3.3.2"), 40);
    assert_eq!(phase(&watched), Some(RolloutPhase::Paused));
    assert!(stable(&watched).len() == 5 && stable(&watched).is_superset(&served), "one comes beside the four");
    let run = watched.act(Intent::Promote(pricing.clone()), 200);
    assert_eq!(watched.outcome(run), Some(&Outcome::Done));
    assert!(stable(&watched).len() == 4 && stable(&watched).is_disjoint(&served), "it has taken over");
    let served = stable(&watched);
    watched.act(image("3.4.0"), 40);
    watched.act(Intent::Abort(pricing.clone()), 30);
    let now = watched.now.as_second() - night().as_second();
    watched.until(now + 20);
    assert_eq!((stable(&watched), phase(&watched)), (served.clone(), Some(RolloutPhase::Failed)));
    let run = watched.act(Intent::Undo(pricing.clone(), None), 60);
    assert_eq!(watched.outcome(run), Some(&Outcome::Done));
    assert_eq!((stable(&watched), phase(&watched)), (served, Some(RolloutPhase::Complete)), "no pod was replaced");
}

#[test]
fn containers_stay_where_they_were_stopped_begin_again_and_are_made_anew() {
    let mut watched = Watched::of("calm");
    let runner = key("swarm/tools/ComposeService/runner");
    let uids = |watched: &Watched| {
        let view = watched.core.view(watched.now);
        view.instances_of(&runner).map(|it| it.uid.clone()).collect::<BTreeSet<_>>()
    };
    let made = uids(&watched);
    for (intent, ready) in [
        (Intent::Stop(runner.clone()), 0),
        (Intent::Start(runner.clone()), 2),
        (Intent::Restart(runner.clone()), 2),
        (Intent::Kill(runner.clone()), 0),
        (Intent::Start(runner.clone()), 2),
    ] {
        let run = watched.act(intent.clone(), 90);
        assert_eq!(watched.outcome(run), Some(&Outcome::Done), "{intent:?}");
        assert_eq!((watched.ready(&runner), uids(&watched)), (ready, made.clone()), "{intent:?}");
    }
    let run = watched.act(Intent::Scale(runner.clone(), 3), 90);
    assert_eq!((watched.outcome(run), watched.ready(&runner)), (Some(&Outcome::Done), 3));
    let before = uids(&watched);
    let run = watched.act(Intent::Recreate(runner.clone()), 90);
    assert_eq!((watched.outcome(run), watched.ready(&runner)), (Some(&Outcome::Done), 3));
    assert!(uids(&watched).is_disjoint(&before), "each is another");
    let why = watched.sim(&runner).prepare(Intent::Set(runner.clone(), Setting::Memory(None, Some(1 << 30))));
    let why = why.expect_err("it stands in the file");
    assert!(why.mend.contains("/srv/tools/compose.yaml"), "{why:?}");
}

#[test]
fn what_nobody_uses_is_cleared_away_if_it_is_what_was_seen() {
    let mut watched = Watched::of("calm");
    let (engine, grafana) = (key("swarm/-/Cluster/swarm"), key("swarm/tools/ComposeService/grafana"));
    let seen = watched.sim(&engine).prepare(Intent::Prune(engine.clone())).expect("a draft");
    assert_eq!(seen.steps.len(), 2, "images and build cache: nothing is stopped");
    watched.act(Intent::Stop(grafana.clone()), 30);
    let seen = watched.sim(&engine).prepare(Intent::Prune(engine.clone())).expect("a draft");
    assert_eq!(seen.steps.len(), 3);
    watched.act(Intent::Start(grafana.clone()), 30);
    let moved = watched.sim(&engine).execute(&seen.steps[0]);
    assert!(matches!(moved, Err(StepError::Moved(_))), "{moved:?}");
    watched.act(Intent::Stop(grafana.clone()), 30);
    let run = watched.act(Intent::Prune(engine.clone()), 30);
    assert_eq!(watched.outcome(run), Some(&Outcome::Done));
    assert_eq!(watched.core.view(watched.now).instances_of(&grafana).count(), 0);
    let left = watched.sim(&engine).prepare(Intent::Prune(engine.clone())).expect("a draft");
    assert!(left.steps.is_empty(), "{:?}", left.steps);
    let nomad = key("nomad-eu/-/Cluster/nomad-eu");
    assert!(watched.sim(&nomad).prepare(Intent::Prune(nomad.clone())).is_err());
}

//! Any interleaving of sources, any batching, and duplicate listings and occurrences give the same world.

use cockpit::domain::{
    Alert, AlertState, Batch, ClusterId, Desired, Fact, Freshness, Instance, Kind, Metric, Name, Node, NodeState,
    Object, Occurrence, OccurrenceKind, Origin, Phase, Ref, Sample, Severity, Source, Text, Timestamp, Trouble,
    TroubleKind, Workload,
};
use cockpit::state::{Passed, World};
use proptest::prelude::*;

fn cluster() -> ClusterId {
    ClusterId::new("c")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).expect("in range")
}

fn key(kind: Kind, n: u8) -> Ref {
    Ref::new(&cluster(), kind, None, format!("{}-{n}", kind.as_str().to_lowercase()))
}

fn source(kind: Kind) -> Source {
    Source::of(format!("{}s", kind.as_str().to_lowercase()))
}

fn object(kind: Kind, n: u8, variant: u8) -> Object {
    match kind {
        Kind::Node => Object::Node(Box::new(Node::new(
            key(kind, n),
            "uid",
            if variant.is_multiple_of(2) { NodeState::Ready } else { NodeState::Down },
        ))),
        Kind::Deployment => {
            Object::Workload(Box::new(Workload::new(key(kind, n), "uid", Desired::Replicas(u32::from(variant)))))
        }
        _ => {
            let phase = if variant.is_multiple_of(2) { Phase::Running } else { Phase::Pending };
            let mut it = Instance::new(key(kind, n), "uid", Some(key(Kind::Deployment, variant % 3)), phase);
            it.node = Some(key(Kind::Node, variant % 4));
            it.ready = variant.is_multiple_of(2);
            match kind {
                Kind::Allocation => it.uid = format!("allocation-{n}").as_str().into(),
                Kind::ContainerInstance => it.body_of = Some(format!("allocation-{}", variant % 6).as_str().into()),
                _ => {}
            }
            Object::Instance(Box::new(it))
        }
    }
}

/// What one source says, in its order. Time is the place in the script, so that it does not hang on the interleaving.
fn script(kind: Kind) -> impl Strategy<Value = Vec<Fact>> {
    let change = (0u8..6, 0u8..8, prop::bool::weighted(0.2));
    (prop::collection::vec((0u8..6, 0u8..8), 0..8), prop::collection::vec(change, 0..12), any::<bool>()).prop_map(
        move |(listed, changes, again)| {
            let mut facts = vec![Fact::Listing(source(kind), None)];
            let put = |n, variant| Fact::Put(source(kind), object(kind, n, variant));
            facts.extend(listed.iter().map(|(n, variant)| put(*n, *variant)));
            facts.push(Fact::Listed(source(kind)));
            facts.extend(changes.iter().map(|(n, variant, gone)| match gone {
                true => Fact::Gone(source(kind), key(kind, *n)),
                false => put(*n, *variant),
            }));
            if again {
                // A second listing that names other things: what it leaves out is gone.
                facts.push(Fact::Listing(source(kind), Some(2)));
                facts.extend(listed.iter().take(2).map(|(n, variant)| put(*n, *variant)));
                facts.push(Fact::Listed(source(kind)));
            }
            facts
        },
    )
}

fn occurrences() -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec((0u8..4, 1u32..5, 0i64..100, 0u8..3), 0..10).prop_map(|all| {
        let each = all.into_iter().map(|(id, count, second, origin)| {
            // One id is always of one subject: that is what an id means.
            let mut it =
                Occurrence::once(format!("kill-{id}"), OccurrenceKind::OomKill, key(Kind::Pod, id), at(second));
            it.workload = Some(key(Kind::Deployment, id % 3));
            it.count = count;
            it.origin = [Origin::Live, Origin::Kept, Origin::Backfilled][usize::from(origin)];
            Fact::Occurred(Box::new(it))
        });
        each.collect()
    })
}

/// Merges scripts by the given choices, keeping each one's order.
fn interleave(scripts: &[Vec<Fact>], choices: &[u8]) -> Vec<Fact> {
    let mut places = vec![0; scripts.len()];
    let mut out = Vec::new();
    let mut choices = choices.iter().cycle();
    while places.iter().zip(scripts).any(|(place, script)| *place < script.len()) {
        let open: Vec<usize> = (0..scripts.len()).filter(|ix| places[*ix] < scripts[*ix].len()).collect();
        let ix = open[usize::from(*choices.next().unwrap_or(&0)) % open.len()];
        out.push(scripts[ix][places[ix]].clone());
        places[ix] += 1;
    }
    out
}

fn fold(facts: &[Fact], size: usize) -> World {
    let mut world = World::default();
    for facts in facts.chunks(size.max(1)) {
        world.fold(Batch { cluster: cluster(), at: at(200), facts: facts.to_vec() });
    }
    world
}

/// What rules can reach along edges, in a form that can be compared.
fn edges(world: &World) -> Vec<(String, Vec<String>)> {
    let view = world.view(at(200));
    let names = |all: Vec<&Instance>| {
        let mut names: Vec<String> = all.into_iter().map(|it| it.key.to_string()).collect();
        names.sort();
        names
    };
    let keys = (0u8..6).flat_map(|n| [key(Kind::Deployment, n), key(Kind::Node, n), key(Kind::Allocation, n)]);
    keys.map(|key| {
        let mut of = names(view.instances_of(&key).collect());
        of.extend(names(view.hosted_on(&key).collect()));
        of.extend(names(view.bodies_of(&key).collect()));
        (key.to_string(), of)
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn interleaving_and_batching_do_not_matter(
        pods in script(Kind::Pod), nodes in script(Kind::Node), deployments in script(Kind::Deployment),
        allocations in script(Kind::Allocation), containers in script(Kind::ContainerInstance),
        kills in occurrences(), choices in prop::collection::vec(any::<u8>(), 1..40), size in 1usize..20,
    ) {
        let scripts = [pods, nodes, deployments, allocations, containers, kills];
        let one_after_the_other: Vec<Fact> = scripts.concat();
        let (a, b) = (fold(&one_after_the_other, usize::MAX), fold(&interleave(&scripts, &choices), size));
        prop_assert_eq!(a.snapshot(at(200)), b.snapshot(at(200)));
        prop_assert_eq!(edges(&a), edges(&b));
    }

    #[test]
    fn occurrences_may_come_twice_and_in_any_order(kills in occurrences(), seed in any::<u64>()) {
        let once = fold(&kills, 3);
        let mut twice = [kills.clone(), kills].concat();
        let mut rng = fastrand::Rng::with_seed(seed);
        rng.shuffle(&mut twice);
        prop_assert_eq!(once.snapshot(at(200)), fold(&twice, 5).snapshot(at(200)));
    }

    #[test]
    fn a_duplicate_listing_changes_nothing(pods in script(Kind::Pod), nodes in script(Kind::Node)) {
        let mut world = fold(&[pods, nodes].concat(), 7);
        let before = (world.snapshot(at(200)), edges(&world));
        world.take_dirty(at(200));
        let relist: Vec<Fact> = [Kind::Pod, Kind::Node].into_iter().flat_map(|kind| {
            let of_kind = before.0.objects.iter().filter(move |(key, _)| key.kind == kind);
            let puts = of_kind.map(move |(_, it)| Fact::Put(source(kind), it.clone()));
            [Fact::Listing(source(kind), None)].into_iter().chain(puts.collect::<Vec<_>>()).chain([Fact::Listed(source(kind))])
        }).collect();
        world.fold(Batch { cluster: cluster(), at: at(200), facts: relist });
        prop_assert_eq!(world.take_dirty(at(200)), Vec::<Ref>::new(), "what is equal dirties nothing");
        prop_assert_eq!((world.snapshot(at(200)), edges(&world)), before);
    }
}

fn one(fact: Fact) -> Batch {
    Batch { cluster: cluster(), at: at(0), facts: vec![fact] }
}

fn trouble(kind: TroubleKind) -> Fact {
    let (what, mend) = (Text::new("connection refused"), Text::new("start the engine"));
    Fact::Trouble(source(Kind::Pod), Trouble { kind, what, mend, since: at(5), retry_at: None })
}

fn sight(world: &World, second: i64) -> Option<Freshness> {
    world.view(at(second)).source_freshness(&cluster(), "pods")
}

#[test]
fn loading_live_stale_forbidden_and_unreachable_are_different_sights() {
    let mut world = World::default();
    assert_eq!(sight(&world, 0), None);
    world.fold(one(Fact::Listing(source(Kind::Pod), Some(30))));
    assert_eq!(sight(&world, 0), Some(Freshness::Loading));
    world.fold(one(trouble(TroubleKind::Forbidden)));
    assert_eq!(sight(&world, 0), Some(Freshness::Forbidden));
    world.fold(one(Fact::Listed(source(Kind::Pod))));
    assert_eq!(sight(&world, 0), Some(Freshness::Live));
    assert_eq!(sight(&world, 179), Some(Freshness::Live));
    assert_eq!(sight(&world, 180), Some(Freshness::Stale), "silence makes it stale");
    world.fold(one(trouble(TroubleKind::Unreachable)));
    assert_eq!(sight(&world, 10), Some(Freshness::Unreachable));
    world.fold(one(Fact::Alive(source(Kind::Pod))));
    assert_eq!(sight(&world, 10), Some(Freshness::Live), "any sign of life clears trouble");
}

#[test]
fn what_was_known_stays_while_a_source_is_in_trouble() {
    let mut world = World::default();
    world.fold(one(Fact::Listing(source(Kind::Pod), None)));
    world.fold(one(Fact::Put(source(Kind::Pod), object(Kind::Pod, 1, 0))));
    world.fold(one(Fact::Listed(source(Kind::Pod))));
    world.fold(one(trouble(TroubleKind::Unreachable)));
    assert!(world.view(at(10)).instance(&key(Kind::Pod, 1)).is_some());
}

#[test]
fn a_row_of_failures_is_one_trouble_since_its_first() {
    let mut world = World::default();
    world.fold(one(trouble(TroubleKind::Unreachable)));
    let later = Trouble {
        kind: TroubleKind::Unreachable,
        what: "again".into(),
        mend: "".into(),
        since: at(60),
        retry_at: None,
    };
    world.fold(one(Fact::Trouble(source(Kind::Pod), later)));
    let view = world.view(at(70));
    let (_, state) = view.sources(&cluster()).next().expect("a source");
    let trouble = state.trouble.as_ref().expect("trouble");
    assert_eq!((trouble.since, trouble.what.as_str()), (at(5), "again"));
}

#[test]
fn a_source_that_is_closed_takes_its_objects_along() {
    let mut world = World::default();
    world.fold(one(Fact::Put(source(Kind::Pod), object(Kind::Pod, 1, 0))));
    world.fold(one(Fact::Closed(source(Kind::Pod))));
    assert!(world.snapshot(at(0)).objects.is_empty());
    assert_eq!(sight(&world, 0), None, "not watched is not loading");
}

#[test]
fn an_owner_that_comes_after_its_instances_is_linked_when_it_comes() {
    let mut world = World::default();
    world.fold(one(Fact::Put(source(Kind::Pod), object(Kind::Pod, 1, 0))));
    world.take_dirty(at(0));
    world.fold(one(Fact::Put(source(Kind::Deployment), object(Kind::Deployment, 0, 3))));
    let view = world.view(at(0));
    let workload = view.workload(&key(Kind::Deployment, 0)).expect("the owner");
    assert_eq!(view.counts(workload).ready, 1);
    assert_eq!(view.counts(workload).wanted, Some(3));
}

#[test]
fn a_container_is_the_body_of_an_allocation_of_another_cluster_whichever_comes_first() {
    let allocation = |uid: &str| {
        let key = Ref::new(&ClusterId::new("nomad"), Kind::Allocation, Some("default".into()), "web-91c887f5");
        Instance::new(key, uid, None, Phase::Running)
    };
    let mut container =
        Instance::new(key(Kind::ContainerInstance, 1), "id", Some(key(Kind::Container, 1)), Phase::Running);
    container.body_of = Some("91c887f5".into());
    let puts =
        [allocation("91c887f5"), container.clone()].map(|it| (it.key.cluster.clone(), Object::Instance(Box::new(it))));
    let lone = Workload::new(key(Kind::Container, 1), "id", Desired::Replicas(1));
    for order in [[0, 1], [1, 0]] {
        let mut world = World::default();
        world.fold(one(Fact::Put(source(Kind::Container), Object::Workload(Box::new(lone.clone())))));
        for ix in order {
            let (cluster, object) = puts[ix].clone();
            world.fold(Batch { cluster, at: at(1), facts: vec![Fact::Put(source(object.key().kind), object)] });
        }
        let view = world.view(at(1));
        let bodies: Vec<&Ref> = view.bodies_of(&allocation("").key).map(|it| &it.key).collect();
        assert_eq!(bodies, [&container.key], "{order:?}");
        assert!(view.is_counted_elsewhere(&lone.key));
        let gone = Fact::Gone(source(Kind::Allocation), allocation("").key);
        world.fold(Batch { cluster: ClusterId::new("nomad"), at: at(2), facts: vec![gone] });
        assert!(!world.view(at(2)).is_counted_elsewhere(&lone.key), "it speaks for itself again");
    }
}

#[test]
fn an_instance_that_changes_keeps_its_owner_and_its_node() {
    let mut world = World::default();
    for variant in [0, 12] {
        world.fold(one(Fact::Put(source(Kind::Pod), object(Kind::Pod, 1, variant))));
        let view = world.view(at(0));
        assert_eq!(view.instances_of(&key(Kind::Deployment, 0)).count(), 1);
        assert_eq!(view.hosted_on(&key(Kind::Node, 0)).count(), 1);
    }
    let mut other = object(Kind::Pod, 1, 12);
    if let Object::Instance(it) = &mut other {
        it.ready = false;
    }
    world.fold(one(Fact::Put(source(Kind::Pod), other)));
    assert_eq!(world.view(at(0)).instances_of(&key(Kind::Deployment, 0)).count(), 1);
}

#[test]
fn the_owner_of_what_is_gone_is_dirty() {
    let mut world = World::default();
    world.fold(one(Fact::Put(source(Kind::Pod), object(Kind::Pod, 1, 0))));
    world.take_dirty(at(0));
    world.fold(one(Fact::Gone(source(Kind::Pod), key(Kind::Pod, 1))));
    assert!(world.take_dirty(at(0)).contains(&key(Kind::Deployment, 0)));
}

#[test]
fn names_that_come_and_go_leave_nothing_behind() {
    let mut world = World::default();
    for round in 0..50u32 {
        let name = Name::new(&format!("pod-{round}"));
        let pod = Ref::new(&cluster(), Kind::Pod, None, name);
        let it = Instance::new(pod.clone(), "uid", Some(key(Kind::Deployment, 0)), Phase::Running);
        world.fold(one(Fact::Put(source(Kind::Pod), Object::Instance(Box::new(it)))));
        world.take_dirty(at(0));
        world.fold(one(Fact::Gone(source(Kind::Pod), pod)));
        world.take_dirty(at(0));
    }
    assert!(world.slot_count() < 10, "{} slots for nothing", world.slot_count());
}

fn passed(world: &World) -> Vec<(i64, String)> {
    let view = world.view(at(900));
    let all = view.cluster(&cluster()).expect("it was heard from").passed();
    let words = |what: &Passed| match what {
        Passed::Lost(source, why) => format!("lost {source}: {why}"),
        Passed::Silent(source) => format!("silent {source}"),
        Passed::Back(source) => format!("back {source}"),
        Passed::Fired(it) => format!("fired {}", it.title),
        Passed::Silenced(it) => format!("silenced {}", it.title),
        Passed::Resolved(it) => format!("resolved {}", it.title),
    };
    all.map(|it| (it.at.as_second() - at(0).as_second(), words(&it.what))).collect()
}

fn heard(second: i64, fact: Fact) -> Batch {
    Batch { cluster: cluster(), at: at(second), facts: vec![fact] }
}

#[test]
fn that_a_source_was_lost_and_came_back_is_remembered_once() {
    let mut world = World::default();
    world.fold(heard(0, Fact::Listing(source(Kind::Pod), None)));
    world.fold(heard(1, Fact::Listed(source(Kind::Pod))));
    world.fold(heard(5, trouble(TroubleKind::Unreachable)));
    world.fold(heard(9, trouble(TroubleKind::Unreachable)));
    world.fold(heard(20, Fact::Alive(source(Kind::Pod))));
    world.fold(heard(21, Fact::Alive(source(Kind::Pod))));
    assert_eq!(passed(&world), [(5, "lost pods: connection refused".to_owned()), (20, "back pods".to_owned())]);
    world.take_dirty(at(500));
    world.fold(heard(600, Fact::Alive(source(Kind::Pod))));
    assert_eq!(passed(&world)[2..], [(201, "silent pods".to_owned()), (600, "back pods".to_owned())]);
    assert_eq!(world.view(at(900)).cluster(&cluster()).and_then(|it| it.since), Some(at(0)));
}

#[test]
fn what_may_not_be_read_from_the_start_was_never_lost() {
    let mut world = World::default();
    world.fold(heard(0, trouble(TroubleKind::Forbidden)));
    world.fold(heard(9, Fact::Listed(source(Kind::Pod))));
    assert!(passed(&world).is_empty());
    world.fold(heard(10, trouble(TroubleKind::Forbidden)));
    assert_eq!(passed(&world).len(), 1, "it was read, and may not be any more");
}

#[test]
fn that_an_alert_fired_and_was_over_is_remembered() {
    let alerts = Source::of("alerts");
    let alert = |state, title: &str| {
        Object::Alert(Box::new(Alert {
            key: Ref::new(&cluster(), Kind::Alert, None, title),
            title: title.into(),
            summary: None,
            severity: Severity::Warning,
            state,
            pages: false,
            about: None,
            since: Some(at(3)),
            runbook: None,
            dashboard: None,
            silence: None,
        }))
    };
    let mut world = World::default();
    for (second, state) in [(5, AlertState::Pending), (6, AlertState::Firing), (7, AlertState::Firing)] {
        world.fold(heard(second, Fact::Put(alerts.clone(), alert(state, "Slow"))));
    }
    world.fold(heard(8, Fact::Put(alerts.clone(), alert(AlertState::Silenced, "Slow"))));
    world.fold(heard(9, Fact::Put(alerts.clone(), alert(AlertState::Firing, "Slow"))));
    world.fold(heard(10, Fact::Put(alerts.clone(), alert(AlertState::Pending, "Never"))));
    world.fold(heard(11, Fact::Gone(alerts.clone(), Ref::new(&cluster(), Kind::Alert, None, "Slow"))));
    world.fold(heard(12, Fact::Gone(alerts, Ref::new(&cluster(), Kind::Alert, None, "Never"))));
    let said = [(3, "fired Slow"), (8, "silenced Slow"), (11, "resolved Slow")];
    assert_eq!(passed(&world), said.map(|(second, words)| (second, words.to_owned())));
}

#[test]
fn what_a_container_uses_is_kept_beside_what_its_instance_does() {
    let mut world = World::default();
    let pod = key(Kind::Pod, 1);
    for (container, value) in [(None, 65.0), (Some("web"), 64.0), (Some("proxy"), 1.0)] {
        let (subject, container) = (pod.clone(), container.map(Text::new));
        let sample = Sample { subject, container, metric: Metric::MemoryBytes, at: at(1), value };
        world.fold(one(Fact::Measured(sample)));
    }
    let view = world.view(at(2));
    assert_eq!(view.latest(&pod, Metric::MemoryBytes), Some(65.0));
    let part = |name| view.part_series(&pod, Some(name), Metric::MemoryBytes).and_then(|it| it.latest());
    assert_eq!((part("web"), part("proxy")), (Some((at(1), 64.0)), Some((at(1), 1.0))));
    assert_eq!(part("gone"), None);
}

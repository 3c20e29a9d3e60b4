//! Large worlds: what one change costs is told by what it asks, not by a clock.

use cockpit::diagnose::Settings;
use cockpit::domain::*;

use super::place::*;

const WORKLOADS: u32 = 500;
const EACH: u32 = 20;

fn large() -> Place {
    let mut place = Place::with(Settings::default());
    for n in 0..WORKLOADS {
        place.healthy(Kind::Deployment, &format!("w{n:04}"), EACH);
    }
    place.look();
    place
}

/// How many subjects are examined for what is dirty now.
fn examined(place: &mut Place) -> usize {
    let dirty = place.world.take_dirty(place.now);
    let view = place.world.view(place.now);
    place.diagnosis.note(&dirty, &view);
    let mut subjects = 1;
    let mut more = || {
        subjects += 1;
        true
    };
    place.diagnosis.examine(&view, &mut more);
    place.diagnosis.settle(&view);
    subjects
}

#[test]
fn one_changed_instance_asks_the_rules_of_its_owner_and_node_alone() {
    let mut place = large();
    let node = place.node("n1", NodeState::Ready);
    place.put(Object::Node(Box::new(node.clone())));
    for n in 0..WORKLOADS {
        let workload = place.workload(Kind::Deployment, &format!("w{n:04}"), EACH);
        let mut it = place.instance(&workload, 0);
        it.node = Some(node.key.clone());
        place.put(Object::Instance(Box::new(it)));
    }
    place.look();
    let workload = place.workload(Kind::Deployment, "w0007", EACH);
    let mut it = place.instance(&workload, 0);
    (it.ready, it.node) = (false, Some(node.key.clone()));
    place.put(Object::Instance(Box::new(it)));
    assert!(examined(&mut place) <= 2);
    let mut down = node;
    down.state = NodeState::Down;
    place.put(Object::Node(Box::new(down)));
    assert!(examined(&mut place) > WORKLOADS as usize, "a node that goes down concerns all that runs on it");
}

#[test]
fn room_is_counted_again_where_something_changed() {
    let mut place = Place::with(Settings::default());
    super::rules::make::surge(&mut place, 512);
    assert!(place.only().summary.contains("largest hole 300 MiB on node b"), "{}", place.only().summary);
    // A pod leaves one node, and another comes to the other.
    let workload = place.workload(Kind::Deployment, "api", 2);
    let left = place.instance(&workload, 900).key;
    place.gone(&left);
    let mut came = place.instance(&workload, 1);
    (came.node, came.memory_request_bytes) = (Some(place.key(Kind::Node, "b")), 200 << 20);
    place.put(Object::Instance(Box::new(came.clone())));
    let mut other = place.instance(&workload, 2);
    (other.node, other.memory_request_bytes) = (Some(place.key(Kind::Node, "a")), 600 << 20);
    place.put(Object::Instance(Box::new(other.clone())));
    assert!(place.only().summary.contains("largest hole 424 MiB on node a"), "{}", place.only().summary);
    // One that moves frees where it was.
    came.node = Some(place.key(Kind::Node, "a"));
    place.put(Object::Instance(Box::new(came)));
    assert!(place.only().summary.contains("largest hole 300 MiB on node b"), "{}", place.only().summary);
}

#[test]
fn work_that_is_cut_short_goes_on_where_it_stopped() {
    let mut place = large();
    for n in 0..WORKLOADS {
        let workload = place.workload(Kind::Deployment, &format!("w{n:04}"), EACH);
        let mut it = place.instance(&workload, 0);
        it.ready = false;
        place.put(Object::Instance(Box::new(it)));
    }
    let dirty = place.world.take_dirty(place.now);
    let view = place.world.view(place.now);
    place.diagnosis.note(&dirty, &view);
    let mut turns = 0;
    while !place.diagnosis.examine(&view, &mut || false) {
        turns += 1;
        assert!(turns <= WORKLOADS, "each turn gets something done");
    }
    assert_eq!(turns, WORKLOADS - 1);
}

#[test]
fn any_slicing_and_any_batching_gives_the_same_list() {
    let build = |slice: usize| {
        let mut place = Place::default();
        let mut facts = Vec::new();
        for n in 0..40 {
            let workload = place.workload(Kind::Deployment, &format!("w{n:02}"), 2);
            let mut it = place.instance(&workload, 0);
            it.ready = n % 3 == 0;
            let (status, since) = (HealthStatus::Unhealthy, Some(at(-i64::from(n))));
            it.containers[0].health =
                (n % 3 != 0).then_some(Box::new(Health { status, streak: n, output: None, code: Some(1), since }));
            for object in [Object::Instance(Box::new(it)), Object::Workload(Box::new(workload))] {
                facts.push(Fact::Put(Place::source(object.key()), object));
            }
        }
        if slice % 2 == 1 {
            facts.reverse();
        }
        for chunk in facts.chunks(slice) {
            place.tell(chunk.to_vec());
            place.look();
        }
        place.look()
    };
    let whole = build(1000);
    assert!(!whole.is_empty());
    for slice in [1, 2, 7, 64] {
        assert_eq!(build(slice), whole, "slices of {slice}");
    }
}

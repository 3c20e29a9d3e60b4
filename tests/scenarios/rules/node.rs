//! Nodes and managers.

use super::make::*;
use super::*;

cases! {
    "node-down", "silent, with pods on it", Some("is silent (Kubelet stopped posting node status); 2 pods on it"), |place| {
        let mut node = place.node("node-7", NodeState::Unreachable);
        node.message = Some("Kubelet stopped posting node status".into());
        let key = node.key.clone();
        place.put(Object::Node(Box::new(node)));
        let workload = place.healthy(Kind::Deployment, "web", 2);
        for n in 0..2 {
            let mut it = place.instance(&workload, n);
            it.node = Some(key.clone());
            put(place, it);
        }
    }
    "node-down", "in order", None, |place| { let node = place.node("node-7", NodeState::Ready); place.put(Object::Node(Box::new(node))); }
    "node-closed", "drained", Some("is drained: nothing runs on it until it is taken back"), |place| {
        let node = Node { draining: true, ..place.node("node-7", NodeState::Ready) };
        place.put(Object::Node(Box::new(node)));
    }
    "node-closed", "open", None, |place| { let node = place.node("node-7", NodeState::Ready); place.put(Object::Node(Box::new(node))); }
    "node-pressure", "short of memory", Some("reports pressure on memory: it may drive instances off"), |place| {
        let node = Node { pressure: vec!["memory".into()], since: Some(at(-60)), ..place.node("node-7", NodeState::Ready) };
        place.put(Object::Node(Box::new(node)));
    }
    "node-pressure", "in order", None, |place| { let node = place.node("node-7", NodeState::Ready); place.put(Object::Node(Box::new(node))); }
    "quorum", "two managers", Some("2 managers: losing either stops the cluster"), |place| {
        manager(place, "m0", true);
        manager(place, "m1", true);
    }
    "quorum", "one failure from lost", Some("1 of 3 managers unreachable (m2): losing one more stops the cluster"), |place| {
        for (name, reachable) in [("m0", true), ("m1", true), ("m2", false)] { manager(place, name, reachable); }
    }
    "quorum", "lost", Some("quorum lost: 1 of 3 managers reachable; nothing can be changed or moved, what runs goes on"), |place| {
        for (name, reachable) in [("m0", true), ("m1", false), ("m2", false)] { manager(place, name, reachable); }
    }
    "quorum", "three managers", None, |place| { for name in ["m0", "m1", "m2"] { manager(place, name, true); } }
    "quorum", "one manager is ordinary", None, |place| { manager(place, "m0", true); }
    "quorum", "servers, one failure from lost",
    Some("1 of 3 servers unhealthy (s3): losing one more stops the cluster"), |place| {
        servers(place, &[true, true, false], 0, true);
    }
    "quorum", "servers, one of five away", Some("1 of 5 servers unhealthy (s5)"), |place| {
        servers(place, &[true, true, true, true, false], 1, true);
    }
    "quorum", "servers that are well and may lose none", Some("losing one of 4 servers stops the cluster"), |place| {
        servers(place, &[true; 4], 0, true);
    }
    "quorum", "two servers", Some("2 servers: losing either stops the cluster"), |place| { servers(place, &[true; 2], 0, true); }
    "quorum", "servers, nobody leads", Some("quorum lost; nothing can be changed or moved, what runs goes on"), |place| {
        servers(place, &[true, false, false], 0, false);
    }
    "quorum", "three servers", None, |place| { servers(place, &[true; 3], 1, true); }
    "quorum", "one server is ordinary", None, |place| { servers(place, &[true], 0, true); }
    "quorum", "servers of which no more is known than where they are", None, |place| {
        let mut info = ClusterInfo::new(&place.cluster, BackendKind::Nomad, "nomad:eu");
        info.has_quorum = Some(true);
        info.servers = ["10.0.0.1:4647", "10.0.0.2:4647", "10.0.0.3:4647"]
            .map(|name| Server { name: name.into(), leader: false, voter: true, healthy: None, since: None })
            .to_vec();
        place.put(Object::Cluster(Box::new(info)));
    }
    "node-down", "a client that is disconnected, with what is not known of its allocations",
    Some("is silent; 2 allocations on it"), |place| {
        let node = place.node("client-1", NodeState::Unreachable);
        let key = node.key.clone();
        place.put(Object::Node(Box::new(node)));
        let workload = place.healthy(Kind::TaskGroup, "web", 2);
        for n in 0..2 {
            let mut it = place.instance(&workload, n);
            (it.node, it.phase, it.ready) = (Some(key.clone()), Phase::Lost, false);
            put(place, it);
        }
    }
    "disk-nearly-full", "94 %", Some("disk 94 % full: 12 GiB free on /var/lib/docker"), |place| { disk(place, 12 << 30); }
    "disk-nearly-full", "half full", None, |place| { disk(place, 100 << 30); }

    "no-spare-node", "the rest is full", Some("if node a goes, the rest lacks 2 GiB of memory for what runs on it"), |place| {
        fleet(place, &[6, 6, 6], 8);
    }
    "no-spare-node", "room for one", None, |place| { fleet(place, &[4, 3, 3], 8); }
    "no-spare-node", "a cluster of one", None, |place| { fleet(place, &[6], 8); }

    "version-skew", "four behind", Some("2 nodes run kubelet 1.30, more than 3 minor versions older than the server (1.34)"), |place| {
        versions(place, &["v1.30.4", "v1.30.4", "v1.34.1"]);
    }
    "version-skew", "ahead of its server", Some("node n0 runs kubelet 1.35, newer than the server (1.34)"), |place| {
        versions(place, &["v1.35.0"]);
    }
    "version-skew", "three behind is supported", None, |place| { versions(place, &["v1.31.9", "v1.34.0"]); }
}

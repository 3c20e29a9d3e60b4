//! Data that would be lost.

use super::make::*;
use super::*;

cases! {
    "database-without-volume", "an anonymous volume",
    Some("Postgres without a volume of its own: /var/lib/postgresql/data is an anonymous volume, data goes with the container"), |place| {
        database(place, MountKind::AnonymousVolume);
    }
    "database-without-volume", "a named volume", None, |place| { database(place, MountKind::NamedVolume); }
    "local-volume", "two replicas", Some("local volume data: its 2 replicas each see another one"), |place| { swarm_volume(place, 2, true); }
    "local-volume", "free to move", Some("local volume data: without a placement constraint it may move to a node where that is empty"), |place| {
        swarm_volume(place, 1, false);
    }
    "local-volume", "kept where its data is", None, |place| { swarm_volume(place, 1, true); }

    "database-as-deployment", "one",
    Some("Postgres as a Deployment: a rollout may start a second one on claim data while the first still writes"), |place| {
        pod_database(place, Kind::Deployment, 1);
    }
    "database-as-deployment", "two on one claim",
    Some("2 instances of Postgres write to one claim, data: a Deployment gives them no volume each"), |place| {
        pod_database(place, Kind::Deployment, 2);
    }
    "database-as-deployment", "a StatefulSet", None, |place| { pod_database(place, Kind::StatefulSet, 2); }
    "database-without-volume", "a pod without a claim",
    Some("Postgres without a volume of its own: nothing is mounted on /var/lib/postgresql, data goes with the pod"), |place| {
        let mut workload = place.healthy(Kind::Deployment, "db", 1);
        workload.containers[0].image = "postgres:16".into();
        place.put(Object::Workload(Box::new(workload)));
    }
}

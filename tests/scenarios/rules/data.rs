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
}

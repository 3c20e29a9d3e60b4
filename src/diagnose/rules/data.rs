//! Data that would not outlive its container, or would not follow it.

use crate::diagnose::rule::{Cause, Edge, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::{Certainty, ContainerSpec, Desired, Kind, Mount, MountKind, Name, Severity, Tier};

use super::evidence::short_image;

/// A database keeps its data in its container.
pub const DATABASE_WITHOUT_VOLUME: Rule = Rule {
    id: "database-without-volume",
    family: "database-without-volume",
    summary: "a database keeps its data in its container: the data goes when the container does",
    looks_at: "the image and what is mounted on its data path. Only a named volume, a bind mount or a claim is kept; the anonymous \
               volume that official images declare is lost to the next container. Of a Nomad task also its sticky disk. Redis only \
               with persistence switched on",
    mend: "dump the data first; then mount a named volume on the data path and restore",
    subject: Subject::Workload,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 10,
    check: database_without_volume,
};

/// A database runs as a Deployment.
pub const DATABASE_AS_DEPLOYMENT: Rule = Rule {
    id: "database-as-deployment",
    family: "database-as-deployment",
    summary: "a database runs as a Deployment: two of it may write to one volume",
    looks_at: "Deployments of a database's image with a claim on its data path. Whether the strategy is Recreate is not known: with \
               one replica it is a guess",
    mend: "run it as a StatefulSet with a claim of its own for each; at the least set the strategy to Recreate",
    subject: Subject::Workload,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 10,
    check: database_as_deployment,
};

/// A Swarm service keeps its data on whatever node it is on.
pub const LOCAL_VOLUME: Rule = Rule {
    id: "local-volume",
    family: "local-volume",
    summary: "a Swarm service with a local volume may be moved to a node where that volume is empty",
    looks_at: "services with a volume of driver `local` that have more than one replica, or no placement constraint, on a Swarm of \
               more than one node",
    mend: "constrain the service to the node that has the data, or use a volume driver that shares it",
    subject: Subject::Workload,
    cause: Cause::Risk,
    reads: &[Edge::Node],
    hold_seconds: 0,
    clear_after_seconds: 10,
    check: local_volume,
};

/// Images that keep data, by the last part of their name, and where (each image's documentation).
const DATABASES: &[(&str, &str, &[&str])] = &[
    ("postgres", "Postgres", &["/var/lib/postgresql", "/bitnami/postgresql", "/home/postgres/pgdata"]),
    ("postgresql", "Postgres", &["/var/lib/postgresql", "/bitnami/postgresql", "/var/lib/pgsql"]),
    ("postgis", "Postgres", &["/var/lib/postgresql"]),
    ("pgvector", "Postgres", &["/var/lib/postgresql"]),
    ("timescaledb", "TimescaleDB", &["/var/lib/postgresql", "/home/postgres/pgdata"]),
    ("timescaledb-ha", "TimescaleDB", &["/home/postgres/pgdata", "/var/lib/postgresql"]),
    ("mysql", "MySQL", &["/var/lib/mysql", "/bitnami/mysql"]),
    ("mysql-server", "MySQL", &["/var/lib/mysql"]),
    ("mariadb", "MariaDB", &["/var/lib/mysql", "/bitnami/mariadb"]),
    ("percona", "Percona", &["/var/lib/mysql"]),
    ("percona-server", "Percona", &["/var/lib/mysql"]),
    ("mongo", "MongoDB", &["/data/db"]),
    ("mongodb", "MongoDB", &["/bitnami/mongodb", "/data/db"]),
    ("mongodb-community-server", "MongoDB", &["/data/db"]),
    ("redis", "Redis", &["/data", "/bitnami/redis"]),
    ("valkey", "Valkey", &["/data", "/bitnami/valkey"]),
    ("elasticsearch", "Elasticsearch", &["/usr/share/elasticsearch/data", "/bitnami/elasticsearch"]),
    ("opensearch", "OpenSearch", &["/usr/share/opensearch/data"]),
    ("cassandra", "Cassandra", &["/var/lib/cassandra", "/bitnami/cassandra"]),
    ("scylla", "ScyllaDB", &["/var/lib/scylla"]),
    ("clickhouse", "ClickHouse", &["/var/lib/clickhouse", "/bitnami/clickhouse"]),
    ("clickhouse-server", "ClickHouse", &["/var/lib/clickhouse"]),
    ("influxdb", "InfluxDB", &["/var/lib/influxdb", "/var/lib/influxdb2", "/bitnami/influxdb"]),
    ("couchdb", "CouchDB", &["/opt/couchdb/data"]),
    ("neo4j", "Neo4j", &["/data"]),
    ("arangodb", "ArangoDB", &["/var/lib/arangodb3"]),
    ("cockroach", "CockroachDB", &["/cockroach/cockroach-data"]),
    ("etcd", "etcd", &["/etcd-data", "/var/lib/etcd", "/bitnami/etcd", "/default.etcd"]),
    ("minio", "MinIO", &["/data", "/bitnami/minio"]),
    ("meilisearch", "Meilisearch", &["/meili_data"]),
    ("qdrant", "Qdrant", &["/qdrant/storage"]),
];

/// What a Nomad task finds again where its disk is sticky (nomad: website, `ephemeral_disk`).
const STICKY: &str = "/alloc/data";

fn database_without_volume(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload().filter(|it| !it.one_off) else { return };
    let jobs = matches!(workload.desired, Desired::Completions(_) | Desired::Scheduled | Desired::Replicas(0));
    if jobs || scene.instances().iter().all(|it| it.phase.ended()) {
        return;
    }
    let lacking = workload.containers.iter().find_map(|spec| Some((spec, lacks(spec)?)));
    let Some((spec, (what, paths, lost))) = lacking else { return };
    let where_to = lost.map_or_else(
        || format!("nothing is mounted on {}", paths[0]),
        |mount| match mount.kind {
            MountKind::Temporary => format!("{} is memory or scratch space", mount.target),
            _ => format!("{} is an anonymous volume", mount.target),
        },
    );
    let goes_with = match workload.key.kind {
        Kind::TaskGroup => "allocation",
        kind if kind.runs_pods() => "pod",
        _ => "container",
    };
    let finding = Finding::new(
        Severity::Risk,
        format!("{what} without a volume of its own: {where_to}, data goes with the {goes_with}"),
    )
    .tier(Tier::Risk)
    .since(workload.created)
    .evidence(None, "mounts", format!("{} ({}): {where_to}", spec.name, short_image(&spec.image)));
    out.say(finding);
}

fn database_as_deployment(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload().filter(|it| it.key.kind == Kind::Deployment) else { return };
    let Desired::Replicas(wanted) = workload.desired else { return };
    let keeps = workload.containers.iter().find_map(|spec| {
        let (what, paths) = database(spec)?;
        let mount = spec.mounts.iter().find(|mount| mount.kind == MountKind::Claim && is_data(spec, paths, mount))?;
        Some((what, mount))
    });
    let Some((what, mount)) = keeps.filter(|_| wanted > 0) else { return };
    let claim = mount.source.as_deref().unwrap_or(&mount.target);
    let (summary, certainty) = if wanted > 1 {
        (
            format!("{wanted} instances of {what} write to one claim, {claim}: a Deployment gives them no volume each"),
            Certainty::Confirmed,
        )
    } else {
        let words = format!(
            "{what} as a Deployment: a rollout may start a second one on claim {claim} while the first still writes"
        );
        (words, Certainty::Likely)
    };
    out.say(
        Finding::new(Severity::Risk, summary).tier(Tier::Risk).since(workload.created).certainty(certainty).evidence(
            None,
            "mounts",
            format!("{}: claim {claim} on {}", workload.key.kind.noun(), mount.target),
        ),
    );
}

type Lacking<'a> = (&'static str, &'static [&'static str], Option<&'a Mount>);

/// Which database it is and where its data lies, if it is one that keeps data.
fn database(spec: &ContainerSpec) -> Option<(&'static str, &'static [&'static str])> {
    let name = image_name(&spec.image);
    let (_, what, paths) = DATABASES.iter().find(|(image, ..)| *image == name)?;
    let command = spec.command.as_deref().unwrap_or("");
    // A tool run from a database's image (a dump, a client) keeps nothing.
    let tool =
        ["pg_dump", "psql", "mysqldump", "mongodump", "redis-cli", "sentinel"].iter().any(|it| command.contains(it));
    let persists =
        command.contains("appendonly yes") || command.contains("--save ") && !command.contains("--save \"\"");
    if tool || (matches!(*what, "Redis" | "Valkey") && !persists) {
        return None;
    }
    Some((what, paths))
}

/// Whether its data lies there: on the image's own path, or at a place that the command line itself names.
fn is_data(spec: &ContainerSpec, paths: &[&str], mount: &Mount) -> bool {
    let command = spec.command.as_deref().unwrap_or("");
    let told = mount.target.len() > 1 && command.contains(mount.target.as_str());
    told || on_path(paths, mount)
}

fn on_path(paths: &[&str], mount: &Mount) -> bool {
    paths.iter().any(|path| covers(&mount.target, path) || covers(path, &mount.target))
}

/// Which database it is and where its data lies, if that is not kept.
fn lacks(spec: &ContainerSpec) -> Option<Lacking<'_>> {
    let (what, paths) = database(spec)?;
    let kept = |mount: &&Mount| matches!(mount.kind, MountKind::Bind | MountKind::NamedVolume | MountKind::Claim);
    // On a Nomad disk that is sticky: where on it, an environment says, and those are not held.
    let goes_along = |mount: &Mount| mount.target == STICKY;
    if spec.mounts.iter().any(|mount| kept(&mount) && (is_data(spec, paths, mount) || goes_along(mount))) {
        return None;
    }
    Some((what, paths, spec.mounts.iter().find(|mount| on_path(paths, mount))))
}

/// Whether `outer` is `inner` or above it.
fn covers(outer: &str, inner: &str) -> bool {
    let outer = outer.trim_end_matches('/');
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The last part of an image's name, without tag and digest.
fn image_name(image: &Name) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split(':').next().unwrap_or(last)
}

fn local_volume(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload().filter(|it| it.key.kind == Kind::Service) else { return };
    let nodes = scene.view.nodes().filter(|it| it.key.cluster == *scene.cluster()).count();
    let Desired::Replicas(replicas) = workload.desired else { return };
    if nodes < 2 || replicas == 0 || (replicas < 2 && workload.placed) {
        return;
    }
    let local = |mount: &&Mount| {
        let driver = mount.driver.as_deref().unwrap_or("local");
        mount.kind == MountKind::NamedVolume && driver == "local"
    };
    let Some(mount) = workload.containers.iter().flat_map(|spec| &spec.mounts).find(local) else { return };
    let volume = mount.source.as_deref().unwrap_or(&mount.target);
    let why = if replicas > 1 {
        format!("its {replicas} replicas each see another one")
    } else {
        "without a placement constraint it may move to a node where that is empty".to_owned()
    };
    let finding = Finding::new(Severity::Risk, format!("local volume {volume}: {why}"))
        .tier(Tier::Risk)
        .since(workload.created)
        .evidence(None, "service spec", format!("{volume} on {}, driver local, {replicas} wanted", mount.target));
    out.say(finding);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(image: &str, command: &str, mounts: &[(&str, MountKind)]) -> ContainerSpec {
        let mounts = mounts.iter().map(|(target, kind)| Mount {
            target: Name::new(target),
            source: None,
            kind: *kind,
            driver: None,
        });
        ContainerSpec { command: Some(command.into()), mounts: mounts.collect(), ..ContainerSpec::new("c", image) }
    }

    #[test]
    fn only_what_outlives_the_container_keeps_data() {
        use MountKind::{AnonymousVolume, Bind, Claim, NamedVolume};
        for (image, command, mounts, kept) in [
            ("postgres:16", "", &[("/var/lib/postgresql/data", AnonymousVolume)][..], false),
            ("postgres:18", "", &[("/var/lib/postgresql", NamedVolume)], true),
            ("r.example/db/postgres@sha256:00", "", &[("/var/lib/postgresql/data/pgdata", Claim)], true),
            ("postgres:16", "", &[("/etc/postgres", Bind)], false),
            ("postgres:16", "postgres -D /mnt/pg", &[("/mnt/pg", Bind)], true),
            ("postgres:16", "sh -c pg_dump shop", &[], true),
            ("postgres-exporter:1", "", &[], true),
            ("redis:7", "redis-server", &[], true),
            ("redis:7", "redis-server --appendonly yes", &[], false),
            ("mongo", "", &[("/database", NamedVolume)], false),
        ] {
            assert_eq!(lacks(&spec(image, command, mounts)).is_none(), kept, "{image} {command}");
        }
    }
}

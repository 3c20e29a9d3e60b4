//! The engine itself, and the machine it runs on.

use crate::domain::{BackendKind, ClusterInfo, Fact, Kind, Node, NodeState, Object, Ref, Source, Text};

use super::convert::Scribe;
use super::target::Target;
use super::wire::Info;

/// The source under which the engine describes itself.
pub(super) fn source() -> Source {
    Source::of("engine")
}

/// Whether this engine is a Swarm's manager.
pub(super) fn manages(info: &Info) -> bool {
    info.swarm.control_available && matches!(info.swarm.local_node_state.as_str(), "active" | "locked")
}

/// The key of the machine that the engine runs on, where it is not listed by a Swarm.
pub(super) fn node_key(scribe: &mut Scribe, info: &Info) -> Ref {
    let name = if info.name.is_empty() { scribe.cluster.as_str().to_owned() } else { info.name.clone() };
    let name = scribe.names.intern(&name);
    Ref::new(&scribe.cluster, Kind::Node, None, name)
}

/// What the engine says of itself, as facts.
pub(super) fn facts(target: &Target, scribe: &mut Scribe, info: &Info, version: &str) -> Vec<Fact> {
    let mut facts = vec![Fact::Put(source(), Object::Cluster(Box::new(cluster(target, scribe, info, version))))];
    // A manager lists its own machine among the Swarm's.
    if !scribe.manages {
        let node = node(scribe, info);
        facts.push(Fact::Put(source(), Object::Node(Box::new(node))));
    }
    facts
}

fn cluster(target: &Target, scribe: &mut Scribe, info: &Info, version: &str) -> ClusterInfo {
    let reached = format!("{} ({})", target.endpoint, target.how);
    let identity = if info.id.is_empty() { target.endpoint.to_string() } else { info.id.clone() };
    let identity = scribe.names.intern(&identity);
    let mut cluster = ClusterInfo {
        // How else it is reached names nobody.
        login: Some(target.how.clone()).filter(|how| how.starts_with("context ")),
        version: Some(Text::from(format!("{} (API {version})", info.server_version))),
        reached: Some(Text::from(reached)),
        ..ClusterInfo::new(&scribe.cluster, BackendKind::Docker, identity)
    };
    if manages(info) {
        // Without a leader the engine still calls itself in control, and says why it is not in the error.
        cluster.has_quorum = Some(info.swarm.error.is_empty());
    }
    let local = target.endpoint.local_socket().is_some() && !info.docker_root_dir.is_empty();
    if local && let Some((total, free)) = disk(&info.docker_root_dir) {
        cluster.disk_total_bytes = Some(total);
        cluster.disk_free_bytes = Some(free);
        cluster.disk_path = Some(scribe.names.intern(&info.docker_root_dir));
    }
    cluster
}

/// Size and free bytes of the disk below a path; the engine's API does not say (moby#33703). None where the path is not
/// there: the socket may lead into a virtual machine.
fn disk(path: &str) -> Option<(u64, u64)> {
    let stat = rustix::fs::statvfs(path).ok()?;
    // Free for whom is not root, as `df` has it; what is set aside for root counts as used.
    let used = stat.f_blocks.saturating_sub(stat.f_bfree);
    let block = stat.f_frsize;
    Some((used.saturating_add(stat.f_bavail).saturating_mul(block), stat.f_bavail.saturating_mul(block)))
}

fn node(scribe: &mut Scribe, info: &Info) -> Node {
    let key = node_key(scribe, info);
    let uid = if info.id.is_empty() { key.name.clone() } else { scribe.names.intern(&info.id) };
    let mut node = Node::new(key, uid, NodeState::Ready);
    node.memory_bytes = u64::try_from(info.mem_total).ok().filter(|bytes| *bytes > 0);
    node.cpu_millis = u64::try_from(info.ncpu).ok().filter(|cores| *cores > 0).map(|cores| cores.saturating_mul(1000));
    node.version = Some(Text::new(&info.server_version));
    node
}

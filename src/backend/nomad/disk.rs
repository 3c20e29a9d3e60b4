//! What tasks of a group keep their data on beside volumes of Nomad's own: what the docker driver mounts, and the disk of the
//! allocation where that is taken along.

use crate::domain::{Interner, Mount, MountKind};

use super::wire::{DriverMount, Task, TaskGroup};

/// Where a task finds what a sticky disk takes along to the next allocation (nomad: client/allocdir).
const KEPT: &str = "/alloc/data";

/// What a task is given by its driver, and its disk where that is sticky.
pub(super) fn mounts(group: &TaskGroup, task: &Task, names: &mut Interner) -> Vec<Mount> {
    let sticky = group.ephemeral_disk.as_ref().is_some_and(|disk| disk.sticky);
    let short = task.config.volumes.iter().filter_map(|raw| of_volume(raw));
    let all = short.chain(task.config.mount.iter().cloned()).filter(|mount| !mount.target.is_empty());
    let mut mounts: Vec<Mount> = all.map(|mount| given(&mount, sticky, names)).collect();
    if task.driver == "raw_exec" {
        // It sees the files of the client as they are.
        mounts.push(Mount { target: names.intern("/"), source: None, kind: MountKind::Bind, driver: None });
    }
    if sticky {
        let source = names.intern("the sticky disk of the allocation");
        mounts.push(Mount {
            target: names.intern(KEPT),
            source: Some(source),
            kind: MountKind::NamedVolume,
            driver: None,
        });
    }
    mounts
}

/// `source:target`, `source:target:ro`; an absolute or a relative path is a directory, anything else a volume of the engine.
fn of_volume(raw: &str) -> Option<DriverMount> {
    let mut parts = raw.split(':');
    let (source, target) = (parts.next()?, parts.next()?);
    let kind = if source.contains('/') { "bind" } else { "volume" };
    Some(DriverMount { kind: kind.to_owned(), source: source.to_owned(), target: target.to_owned() })
}

fn given(mount: &DriverMount, sticky: bool, names: &mut Interner) -> Mount {
    // A relative path lies in the directory of the task, which goes with its allocation.
    let inside = !mount.source.starts_with('/');
    let kind = match mount.kind.as_str() {
        "tmpfs" => MountKind::Temporary,
        "bind" if inside && !sticky => MountKind::Temporary,
        "bind" => MountKind::Bind,
        _ if mount.source.is_empty() => MountKind::AnonymousVolume,
        _ => MountKind::NamedVolume,
    };
    let source = (!mount.source.is_empty()).then(|| names.intern(&mount.source));
    Mount { target: names.intern(&mount.target), source, kind, driver: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(job: serde_json::Value) -> Vec<(String, MountKind)> {
        let group: TaskGroup = serde_json::from_value(job).expect("a group");
        let mounts = mounts(&group, &group.tasks[0], &mut Interner::default());
        mounts.into_iter().map(|it| (it.target.to_string(), it.kind)).collect()
    }

    #[test]
    fn what_the_driver_mounts_outlives_the_allocation_only_where_it_lies_outside_of_it() {
        let group = serde_json::json!({ "Tasks": [{ "Driver": "docker", "Config": {
            "volumes": ["/srv/pg:/var/lib/postgresql", "local/pg:/data:rw", "pg:/more"],
            "mount": [{ "type": "tmpfs", "target": "/scratch" }, { "target": "/anonymous" }] } }] });
        let said = kinds(group);
        let kinds: Vec<(&str, MountKind)> = said.iter().map(|(target, kind)| (target.as_str(), *kind)).collect();
        assert_eq!(
            kinds,
            [
                ("/var/lib/postgresql", MountKind::Bind),
                ("/data", MountKind::Temporary),
                ("/more", MountKind::NamedVolume),
                ("/scratch", MountKind::Temporary),
                ("/anonymous", MountKind::AnonymousVolume),
            ]
        );
    }

    #[test]
    fn a_sticky_disk_is_taken_along() {
        let group = serde_json::json!({ "EphemeralDisk": { "Sticky": true },
            "Tasks": [{ "Driver": "docker", "Config": { "volumes": ["local/pg:/var/lib/postgresql"] } }] });
        let kept = [("/var/lib/postgresql".to_owned(), MountKind::Bind), (KEPT.to_owned(), MountKind::NamedVolume)];
        assert_eq!(kinds(group), kept);
    }
}

//! What ids of services and names of checks say of who registered them.

use super::wire::ConsulCheck;

/// A check, told apart from those of other nodes.
pub(super) fn consul_id(it: &ConsulCheck) -> String {
    format!("{}/{}", it.node, it.id)
}

/// What Nomad writes before the id of an allocation in that of a service of Consul's (nomad: client/serviceregistration/id.go).
const SERVICE: &str = "_nomad-task-";
/// An allocation's id is so long.
const ID: usize = 36;

/// The allocation that registered a service in Consul, where one did.
pub(super) fn allocation_of(service_id: &str) -> Option<&str> {
    let id = service_id.strip_prefix(SERVICE)?.get(..ID)?;
    let marks = [8, 13, 18, 23];
    marks.into_iter().all(|at| id.as_bytes()[at] == b'-').then_some(id)
}

/// The task that registered a service: none where its group did. Names of both may have dashes in them.
pub(super) fn task_of(it: &ConsulCheck, allocation: &str) -> Option<String> {
    let rest = it.service_id.strip_prefix(SERVICE)?.strip_prefix(allocation)?.strip_prefix('-')?;
    let task = &rest[..rest.rfind(&format!("-{}-", it.service_name))?];
    (!task.is_empty() && !task.starts_with("group-")).then(|| task.to_owned())
}

/// A check as a person calls it; one that nobody gave a name has one made of its service's (nomad: nomad/structs/services.go,
/// `ServiceCheck.Canonicalize`).
pub(super) fn name_of(check: &str, service: &str) -> String {
    if check.is_empty() || check == format!("service: \"{service}\" check") {
        return format!("of service {service}");
    }
    check.to_owned()
}

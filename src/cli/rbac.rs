//! `cockpit rbac`: the least role that lets somebody read a Kubernetes cluster, or act on it; the least policy of a Nomad region.

use crate::backend::kubernetes::{Reach, role_manifest};
use crate::backend::nomad;

use super::args::Rbac;
use super::failure::Failure;
use super::output::print;

/// Prints the role and its binding.
///
/// # Errors
/// A namespace cannot be called so; standard output cannot be written.
pub fn run(options: &Rbac) -> Result<(), Failure> {
    if options.nomad_policy {
        if let Some(odd) = options.namespace.iter().find(|name| !is_nomad_namespace(name)) {
            return Err(Failure::usage(format!("no namespace can be called `{}`", crate::domain::sanitise(odd)))
                .mend("a name has letters, digits and `-`"));
        }
        return print(&nomad::policy(options.control, &options.namespace));
    }
    if let Some(odd) = options.namespace.iter().find(|name| !crate::config::is_namespace(name)) {
        return Err(Failure::usage(format!("no namespace can be called `{}`", crate::domain::sanitise(odd)))
            .mend("a name has a-z, 0-9 and `-`"));
    }
    let reach = if options.control { Reach::Control } else { Reach::Read };
    print(&role_manifest(reach, &options.namespace))
}

/// Whether Nomad lets a namespace be called so (nomad: nomad/structs, `validNamespaceName`).
fn is_nomad_namespace(name: &str) -> bool {
    (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

//! `cockpit rbac`: the least role that lets somebody read a Kubernetes cluster, or act on it.

use crate::backend::kubernetes::{Reach, role_manifest};

use super::args::Rbac;
use super::failure::Failure;
use super::output::print;

/// Prints the role and its binding.
///
/// # Errors
/// A namespace cannot be called so; standard output cannot be written.
pub fn run(options: &Rbac) -> Result<(), Failure> {
    if let Some(odd) = options.namespace.iter().find(|name| !crate::config::is_namespace(name)) {
        return Err(Failure::usage(format!("no namespace can be called `{}`", crate::domain::sanitise(odd)))
            .mend("a name has a-z, 0-9 and `-`"));
    }
    let reach = if options.control { Reach::Control } else { Reach::Read };
    print(&role_manifest(reach, &options.namespace))
}

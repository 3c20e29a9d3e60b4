//! Whose a container is, by its labels.

use crate::domain::{Ref, Text};

/// Whose a container is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Belongs {
    /// Nobody's but its own.
    #[default]
    Alone,
    /// A Compose service's.
    Compose {
        /// The project.
        project: Text,
        /// The service.
        service: Text,
        /// Started by hand for one run.
        one_off: bool,
    },
    /// A Swarm task's.
    Task {
        /// The service's name, without the stack's before it.
        service: Text,
        /// The stack, where it is of one.
        stack: Option<Text>,
        /// The task's id.
        task: Text,
        /// The task's name: `service.slot.id`.
        name: Text,
    },
    /// A Nomad allocation's (nomad: drivers/docker, `dockerLabelAllocID`), of a region that is another cluster.
    Allocation {
        /// The allocation's id.
        id: Text,
    },
}

impl Belongs {
    /// Reads labels; of an event they are attributes.
    pub(super) fn of<'a>(label: impl Fn(&str) -> Option<&'a str>) -> Self {
        if let Some(task) = label("com.docker.swarm.task.id") {
            let stack = label("com.docker.stack.namespace");
            return Belongs::Task {
                service: Text::new(in_stack(stack, label("com.docker.swarm.service.name").unwrap_or_default())),
                stack: stack.map(Text::new),
                task: Text::new(task),
                name: Text::new(label("com.docker.swarm.task.name").unwrap_or_default()),
            };
        }
        if let Some(id) = label("com.hashicorp.nomad.alloc_id").filter(|id| !id.is_empty()) {
            return Belongs::Allocation { id: Text::new(id) };
        }
        match (label("com.docker.compose.project"), label("com.docker.compose.service")) {
            (Some(project), Some(service)) => Belongs::Compose {
                project: Text::new(project),
                service: Text::new(service),
                one_off: label("com.docker.compose.oneoff").is_some_and(|is| is.eq_ignore_ascii_case("true")),
            },
            _ => Belongs::Alone,
        }
    }
}
/// The name of a service within its stack: `docker stack` writes the stack's before it, and `shop/web` says as much as
/// `shop/shop_web`.
pub(super) fn in_stack<'a>(stack: Option<&str>, service: &'a str) -> &'a str {
    let own = stack.and_then(|stack| service.strip_prefix(stack)?.strip_prefix('_'));
    own.filter(|own| !own.is_empty()).unwrap_or(service)
}

/// The name that the engine knows a service by.
pub(super) fn full_name(service: &Ref) -> String {
    match &service.namespace {
        Some(stack) => format!("{stack}_{}", service.name),
        None => service.name.to_string(),
    }
}

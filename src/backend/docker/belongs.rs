//! Whose a container is, by its labels.

use crate::domain::Text;

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
        /// The service's name, with the stack's before it.
        service: Text,
        /// The stack, where it is of one.
        stack: Option<Text>,
        /// The task's id.
        task: Text,
        /// The task's name: `service.slot.id`.
        name: Text,
    },
}

impl Belongs {
    /// Reads labels; of an event they are attributes.
    pub(super) fn of<'a>(label: impl Fn(&str) -> Option<&'a str>) -> Self {
        if let Some(task) = label("com.docker.swarm.task.id") {
            return Belongs::Task {
                service: Text::new(label("com.docker.swarm.service.name").unwrap_or_default()),
                stack: label("com.docker.stack.namespace").map(Text::new),
                task: Text::new(task),
                name: Text::new(label("com.docker.swarm.task.name").unwrap_or_default()),
            };
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

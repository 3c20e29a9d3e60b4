//! What is set aside for a pod on its node (component-helpers: resource/helpers.go).

use super::super::wire::pod::{Container, ContainerStatus, PodSpec, PodStatus, condition};
use super::super::wire::read::Amounts;
use super::phase::is_sidecar;

/// Memory and processor time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::backend::kubernetes) struct Asked {
    /// Bytes.
    pub(in crate::backend::kubernetes) memory: u64,
    /// Thousandths of a core.
    pub(in crate::backend::kubernetes) cpu: u64,
}

impl Asked {
    fn of(amounts: &Amounts) -> Self {
        Self { memory: amounts.memory_bytes().unwrap_or(0), cpu: amounts.cpu_millis().unwrap_or(0) }
    }

    fn plus(self, other: Self) -> Self {
        Self { memory: self.memory.saturating_add(other.memory), cpu: self.cpu.saturating_add(other.cpu) }
    }

    fn or_more(self, other: Self) -> Self {
        Self { memory: self.memory.max(other.memory), cpu: self.cpu.max(other.cpu) }
    }
}

/// What a pod asks for. While it is being resized in place, the most of what it wants, what it was promised and what it has.
pub(in crate::backend::kubernetes) fn asked(spec: &PodSpec, status: &PodStatus) -> Asked {
    let resize = condition(&status.conditions, "PodResizePending");
    let infeasible = resize.is_some_and(|it| &*it.reason == "Infeasible");
    let wanted = |container: &Container| Asked::of(&container.resources.requests);
    let unless = |container: &Container| if infeasible { Asked::default() } else { wanted(container) };
    let promised = |container: &Container| {
        let promised = status_of(status, &container.name).and_then(|it| it.allocated_resources.as_ref());
        promised.map_or_else(|| unless(container), Asked::of)
    };
    let in_force = |container: &Container| {
        let now = status_of(status, &container.name).and_then(|it| it.resources.as_ref());
        now.map_or_else(|| promised(container), |it| Asked::of(&it.requests))
    };
    let mut sum = together(spec, promised).or_more(together(spec, in_force));
    if !infeasible {
        sum = sum.or_more(together(spec, wanted));
    }
    // Said of the pod as a whole, it counts in the place of what its containers say.
    let whole = &spec.resources.requests;
    let sum = Asked { memory: whole.memory_bytes().unwrap_or(sum.memory), cpu: whole.cpu_millis().unwrap_or(sum.cpu) };
    sum.plus(Asked::of(&spec.overhead))
}

/// All that run beside each other; or the most that an init container needs, with the sidecars that were started before it.
fn together(spec: &PodSpec, of: impl Fn(&Container) -> Asked) -> Asked {
    let mut sum = spec.containers.iter().map(&of).fold(Asked::default(), Asked::plus);
    let (mut sidecars, mut first) = (Asked::default(), Asked::default());
    for container in spec.init_containers.iter() {
        let asked = of(container);
        if is_sidecar(spec, &container.name) {
            sum = sum.plus(asked);
            sidecars = sidecars.plus(asked);
            first = first.or_more(sidecars);
        } else {
            first = first.or_more(sidecars.plus(asked));
        }
    }
    sum.or_more(first)
}

fn status_of<'a>(status: &'a PodStatus, name: &str) -> Option<&'a ContainerStatus> {
    status.containers.iter().chain(status.init.iter()).find(|it| *it.name == *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked_of(spec: &str, status: &str) -> (u64, u64) {
        let spec = serde_json::from_str(spec).expect("a spec");
        let status = serde_json::from_str(status).expect("a status");
        let Asked { memory, cpu } = asked(&spec, &status);
        (memory, cpu)
    }

    #[test]
    fn sidecars_count_beside_the_others_and_init_containers_before_them() {
        let spec = r#"{"containers":[{"name":"a","resources":{"requests":{"cpu":"500m","memory":"100"}}},
                                     {"name":"b","resources":{"requests":{"cpu":"250m"}}}],
          "initContainers":[{"name":"i","resources":{"requests":{"cpu":"900m","memory":"50"}}},
                            {"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"100m","memory":"10"}}},
                            {"name":"j","resources":{"requests":{"memory":"300"}}}],
          "overhead":{"memory":"7"}}"#;
        assert_eq!(asked_of(spec, "{}"), (317, 900), "j with the sidecar before it; i alone");
    }

    #[test]
    fn what_is_said_of_the_pod_as_a_whole_counts() {
        let spec = r#"{"containers":[{"name":"a","resources":{"requests":{"cpu":"500m","memory":"100"}}}],
          "resources":{"requests":{"memory":"1Ki"}}}"#;
        assert_eq!(asked_of(spec, "{}"), (1024, 500));
    }

    #[test]
    fn a_resize_counts_with_the_most_that_it_may_take() {
        let spec = r#"{"containers":[{"name":"a","resources":{"requests":{"cpu":"2"}}}]}"#;
        let half = r#"{"containerStatuses":[{"name":"a","allocatedResources":{"cpu":"1"},"resources":{"requests":{"cpu":"3"}}}]}"#;
        assert_eq!(asked_of(spec, half).1, 3000);
        let never = r#"{"conditions":[{"type":"PodResizePending","reason":"Infeasible"}],
          "containerStatuses":[{"name":"a","allocatedResources":{"cpu":"1"},"resources":{"requests":{"cpu":"1"}}}]}"#;
        assert_eq!(asked_of(spec, never).1, 1000);
    }
}

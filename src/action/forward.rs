//! Which ports can be forwarded, and why others cannot.

use crate::domain::{Kind, Port, Ref, Role, Text, Workload};
use crate::state::View;

use super::fits::Fit;

/// Whether a port of something can be forwarded; none where it has no ports.
pub fn forwards(key: &Ref, view: &View<'_>) -> Fit {
    match key.kind {
        Kind::Pod => {
            let it = view.instance(key)?;
            Some(if it.phase.ended() { Err(Text::new("it has ended")) } else { Ok(()) })
        }
        Kind::CronJob => Some(Err(Text::new("it has no pods of its own: choose one of a run"))),
        Kind::Custom => Some(Err(Text::new("which pods are its own is not known: choose one of them"))),
        Kind::Endpoint => {
            let it = view.endpoint(key).filter(|it| it.leads())?;
            Some(match it.selector {
                Some(_) => Ok(()),
                None => Err(Text::new("it selects no pods: its addresses were set by hand")),
            })
        }
        kind if kind.runs_pods() => view.workload(key).map(|_| Ok(())),
        Kind::Service | Kind::Task | Kind::ComposeService | Kind::Container | Kind::ContainerInstance => {
            Some(Err(published(key, view)))
        }
        Kind::TaskGroup | Kind::Allocation => {
            Some(Err(Text::new("Nomad publishes a port at its node: `network { port }` in the job says which")))
        }
        _ => None,
    }
}

/// A container's port is reached where it was published when it was made.
fn published(key: &Ref, view: &View<'_>) -> Text {
    let ports = declared(key, view).into_iter().filter_map(|port| Some((port.number, port.published?)));
    let ports: Vec<String> = ports.map(|(number, at)| format!("{number} at {at}")).collect();
    match ports.is_empty() {
        true => {
            Text::new("nothing is forwarded to a container: a port is published when it is made, and none of it is")
        }
        false => Text::from(format!("it is published already: port {} of its node", ports.join(", "))),
    }
}

/// The ports that its containers say they listen on, those of TCP, each once.
pub fn ports(key: &Ref, view: &View<'_>) -> Vec<Port> {
    let mut ports = declared(key, view);
    ports.retain(|port| port.protocol.eq_ignore_ascii_case("tcp"));
    ports.sort_by_key(|port| port.number);
    ports.dedup_by_key(|port| port.number);
    ports
}

fn declared(key: &Ref, view: &View<'_>) -> Vec<Port> {
    let owner = match key.kind.role() {
        Role::Instance => view.instance(key).and_then(|it| it.owner.as_ref()),
        Role::Workload => Some(key),
        // A Service has ports of its own, which the server is asked for.
        _ => None,
    };
    let workload: Option<&Workload> = owner.and_then(|owner| view.workload(owner));
    workload.into_iter().flat_map(|it| &it.containers).flat_map(|it| &it.ports).cloned().collect()
}

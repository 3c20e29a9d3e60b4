//! Up: from what runs to what wants it, and on to where it is.

use crate::app::command::Now;
use crate::app::{App, Moment};
use crate::domain::{ClusterInfo, Object, Ref, Role, Text};
use crate::state::View;
use crate::ui::RowKey;

impl App {
    /// What owns what is selected: of an instance on a case file's page its workload, unless the case file is that one's.
    fn owner(&self, at: Moment) -> Option<Result<Ref, Text>> {
        let view = self.core.view(at.now);
        let target = self.target(at)?;
        let of_selected = self.selected_instance(at).and_then(|it| owner_of(&view, &it).ok());
        match of_selected.filter(|owner| *owner != target) {
            Some(owner) => Some(Ok(owner)),
            None => Some(owner_of(&view, &target)),
        }
    }
}

/// What owns it, where that is held; else why nothing does.
fn owner_of(view: &View<'_>, key: &Ref) -> Result<Ref, Text> {
    let owner = match view.object(key) {
        Some(Object::Instance(it)) => it.realizes.as_deref().or(it.owner.as_ref()).cloned(),
        Some(Object::Autoscaler(it)) => Some(it.target.clone()),
        Some(Object::Queue(it)) => it.broker.clone(),
        Some(Object::Alert(it)) => it.about.clone(),
        _ => None,
    };
    let none = |why: &str| Err(Text::from(format!("{} {why}", key.local())));
    match (owner, key.kind.role()) {
        (Some(owner), _) if view.object(&owner).is_some() => Ok(owner),
        (Some(owner), _) => Err(Text::from(format!("{} {} is not there", owner.kind.noun(), owner.local()))),
        (None, Role::Instance) => none("belongs to nothing"),
        (None, Role::Workload) => none("is owned by nothing that is held"),
        (None, Role::Cluster) => none("is a cluster: nothing is above it"),
        (None, _) => Ok(ClusterInfo::key_of(&key.cluster)),
    }
}

/// Whether there is something above the selected thing.
pub fn owner_now(app: &App, at: Moment) -> Now {
    let owner = app.owner(at)?;
    Some(owner.map(|owner| Text::from(format!("up to {}", owner.name))))
}

/// Opens the case file of what owns the selected thing.
pub fn owner(app: &mut App, at: Moment) {
    if let Some(Ok(owner)) = app.owner(at) {
        app.open_case(RowKey::Object(owner), at);
    }
}

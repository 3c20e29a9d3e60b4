//! Narrowing every pane to one namespace or cluster, and back.

use crate::app::command::Now;
use crate::app::{App, Moment};
use crate::domain::{ClusterId, Kind, Name, Ref, Text};
use crate::ui::{Every, Pane, RowKey, Scope, panes};

/// Lists whose rows are places: opening one narrows every pane to it.
const PLACES: [Pane; 2] = [Pane::Every(Every::Namespaces), Pane::Every(Every::Clusters)];

impl App {
    /// Whether opening a row of the list narrows every pane to it.
    pub(super) fn narrows(&self) -> bool {
        PLACES.contains(&self.screen.home.pane)
    }

    /// Narrows every pane to a namespace or a cluster, and shows what is in it.
    pub(super) fn narrow_to(&mut self, key: &Ref, at: Moment) {
        let namespace = (key.kind == Kind::Namespace).then(|| key.name.clone());
        self.narrow_all(Some(key.cluster.clone()), namespace, at);
    }

    fn narrow_all(&mut self, cluster: Option<ClusterId>, namespace: Option<Name>, at: Moment) {
        let lift = Text::from(self.shown_key("all-namespaces"));
        let scope = Scope { cluster, namespace, lift };
        let pane = if self.narrows() { Pane::Workloads } else { self.screen.home.pane };
        self.leave_for(at, |screen| {
            screen.layers.clear();
            screen.home.pane = pane;
            screen.home.filter = None;
            screen.home.scope = Some(scope);
        });
        self.order_anew(at);
    }

    /// Narrows every pane to what is named after `:ns` or `:ctx`, where there is such a place. False where there is none.
    pub(super) fn narrow_to_named(&mut self, pane: Pane, name: &str, at: Moment) -> bool {
        if !PLACES.contains(&pane) {
            return false;
        }
        let places = panes::keys(pane, &self.model(at.now), None);
        let named = |key: RowKey| match key {
            RowKey::Object(key) if key.name.eq_ignore_ascii_case(name) => Some(key),
            _ => None,
        };
        let found: Vec<Ref> = places.into_iter().filter_map(named).collect();
        match &found[..] {
            [] => {
                let what = if pane == PLACES[0] { "namespace" } else { "cluster" };
                self.say(at, &format!("no {what} is called `{name}`; these are like it"), None);
                return false;
            }
            [one] => self.narrow_to(one, at),
            // The same name in several clusters: all of them are meant.
            [first, ..] => self.narrow_all(None, Some(first.name.clone()), at),
        }
        true
    }
}

/// Whether anything is narrowed.
pub fn all_namespaces_now(app: &App, _: Moment) -> Now {
    let narrowed = app.screen.home.scope.as_ref().map(|_| Text::new("all namespaces"));
    Some(narrowed.ok_or_else(|| Text::new("every namespace is shown already")))
}

/// Shows every namespace of every cluster again.
pub fn all_namespaces(app: &mut App, at: Moment) {
    app.leave_for(at, |screen| screen.home.scope = None);
    app.order_anew(at);
}

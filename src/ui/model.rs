//! What is known, as a frame sees it.

use crate::action::RunBook;
use crate::diagnose::{Diagnosis, Incident};
use crate::domain::people::Stand;
use crate::domain::{Forward, People, Text};
use crate::state::View;

/// Everything that a frame draws from besides the [`super::Screen`].
#[derive(Clone, Copy)]
pub struct Model<'a> {
    /// The world at this moment.
    pub view: View<'a>,
    /// What is wrong with it.
    pub diagnosis: &'a Diagnosis,
    /// Actions under way and done.
    pub runs: &'a RunBook,
    /// Targets that are there and not watched: named in the header, always.
    pub unwatched: &'a [Text],
    /// What people said of incidents.
    pub people: &'a People,
    /// Port forwards of this session.
    pub forwards: &'a [Forward],
}

impl<'a> Model<'a> {
    /// How an incident stands with people.
    pub fn stand(&self, incident: &Incident) -> Stand<'a> {
        self.people.stand(&incident.id, || incident.weight(&self.view), self.view.now)
    }

    /// Whether somebody folded an incident away.
    pub fn is_folded(&self, incident: &Incident) -> bool {
        matches!(self.stand(incident), Stand::Folded(_))
    }
}

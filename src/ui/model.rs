//! What is known, as a frame sees it.

use crate::action::RunBook;
use crate::diagnose::Diagnosis;
use crate::domain::Text;
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
}

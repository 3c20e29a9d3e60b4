//! What is done to output that is read.

use crate::app::command::{Command, Place, Section};
use crate::app::update::looking;

use super::KEY;

pub(super) const ALL: &[Command] = &[Command {
    id: "follow",
    keys: &["f"],
    does: "follow new lines, or stand still",
    section: Section::Looking,
    places: &[Place::Logs],
    footer: Some(1),
    run: looking::follow,
    ..KEY
}];

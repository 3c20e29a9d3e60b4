//! What a session of the screen starts from.

use std::collections::BTreeMap;

use crate::action::{Guard, Numbers};
use crate::diagnose::Settings;
use crate::domain::journal::Journal;
use crate::domain::people::Keeper;
use crate::domain::{Batch, Person, Text};
use crate::engine::Target;
use crate::ui::{Look, Pane};

use super::{Opening, ReplayClock, Task};

/// Sees every batch before it is folded.
pub type Recorder = Box<dyn FnMut(&Batch) -> Result<(), Text> + Send>;

/// What a session starts from.
pub struct Options {
    /// What is watched.
    pub targets: Vec<Target>,
    /// What people set about the diagnosis.
    pub settings: Settings,
    /// What may be done.
    pub guard: Guard,
    /// How it may look.
    pub look: Look,
    /// The mouse is listened to.
    pub mouse: bool,
    /// Times are shown in UTC first; else in the local zone.
    pub utc: bool,
    /// Keys given anew: a command's name, and its keys.
    pub keys: Vec<(String, Vec<String>)>,
    /// Columns that were chosen for lists.
    pub columns: BTreeMap<Pane, Vec<String>>,
    /// Targets that are there and not watched.
    pub unwatched: Vec<Text>,
    /// Sees every batch before it is folded.
    pub recorder: Option<Recorder>,
    /// Who sits here.
    pub me: Person,
    /// Tells the runs of this cockpit from those of others.
    pub numbers: Numbers,
    /// Keeps what is done.
    pub journal: Box<dyn Journal>,
    /// Keeps what people say of incidents beyond the session; else it is known here alone.
    pub keeper: Option<Box<dyn Keeper>>,
    /// What goes wrong in a drill.
    pub drill: Vec<Task>,
    /// What is opened first, once it is known: `prod/shop/worker`.
    pub open: Option<Opening>,
    /// The clock of a recording that is played, or of a simulation; else the wall's.
    pub replay: Option<ReplayClock>,
}

//! What can be done, by which key, where, and whether it can be done now. One table gives the keymap, the palette, the
//! footer, the help and `docs/keys.md`.

use crate::domain::{Text, Timestamp};

use super::App;

/// When something is done: the world's time and the person's.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// See [`super::Event::now`].
    pub now: Timestamp,
    /// See [`super::Event::felt`].
    pub felt: Timestamp,
}

/// What has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The list panes.
    Home,
    /// A case file.
    Case,
    /// Output of an instance.
    Logs,
    /// A description or a manifest.
    Text,
    /// The page of keys.
    Help,
    /// `:` and the menus.
    Palette,
    /// `/`
    Filter,
    /// A question for a number or a word.
    Prompt,
    /// A plan that is to be confirmed.
    Preview,
    /// A run as it goes.
    Run,
}

impl Place {
    /// All, in the order of the help.
    pub const ALL: [Place; 10] = [
        Place::Home,
        Place::Case,
        Place::Logs,
        Place::Text,
        Place::Help,
        Place::Palette,
        Place::Filter,
        Place::Prompt,
        Place::Preview,
        Place::Run,
    ];

    /// Where it is, in words.
    pub const fn title(self) -> &'static str {
        match self {
            Place::Home => "lists",
            Place::Case => "case file",
            Place::Logs => "logs",
            Place::Text => "text",
            Place::Help => "help",
            Place::Palette => "palette",
            Place::Filter => "filter",
            Place::Prompt => "question",
            Place::Preview => "preview",
            Place::Run => "run",
        }
    }
}

/// Groups of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// What changes a system. Each opens a preview first.
    Acting,
    /// What shows more of something.
    Looking,
    /// What people say of incidents.
    People,
    /// Output that is read.
    Output,
    /// Getting around.
    Moving,
    /// The panes.
    Panes,
    /// Answers to what floats: previews, questions, the palette.
    Answering,
    /// The program itself.
    Program,
}

impl Section {
    /// All, in order.
    pub const ALL: [Section; 8] = [
        Section::Acting,
        Section::Looking,
        Section::People,
        Section::Output,
        Section::Moving,
        Section::Panes,
        Section::Answering,
        Section::Program,
    ];

    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Section::Acting => "Acting (a preview comes first)",
            Section::Looking => "Looking closer",
            Section::People => "What people say",
            Section::Output => "Output",
            Section::Moving => "Getting around",
            Section::Panes => "Panes",
            Section::Answering => "Answering",
            Section::Program => "The program",
        }
    }
}

/// Whether something can be done now: what it would do, or why it cannot be done; none where it makes no sense.
pub type Now = Option<Result<Text, Text>>;

/// One thing that can be done.
#[derive(Clone, Copy)]
pub struct Command {
    /// The stable name: in the configuration, the palette and the docs.
    pub id: &'static str,
    /// Other words for it in the palette.
    pub also: &'static [&'static str],
    /// The keys, unless the configuration says others.
    pub keys: &'static [&'static str],
    /// What it does, one line.
    pub does: &'static str,
    /// Where it belongs in the help.
    pub section: Section,
    /// Where the keys work.
    pub places: &'static [Place],
    /// Its rank in the footer, the least first; none where it is not shown.
    pub footer: Option<u8>,
    /// Whether the palette has it.
    pub palette: bool,
    /// Whether it is about the selected thing: then it waits until the selection stands still.
    pub aims: bool,
    /// Whether it can lead to a change of a system. Never without a preview.
    pub changes: bool,
    /// Whether it can be done now.
    pub now: fn(&App, Moment) -> Now,
    /// Does it.
    pub run: fn(&mut App, Moment),
}

/// Finds a command by its name.
pub fn find(id: &str) -> Option<&'static Command> {
    super::commands::TABLE.iter().find(|command| command.id == id)
}

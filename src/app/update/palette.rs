//! `:`, the menus, and finding things by name.

use crate::app::command::Place;
use crate::app::keymap::closest;
use crate::app::{App, Command, Moment, TABLE};
use crate::domain::{Intent, Name, Ref, Text};
use crate::ui::{Input, Overlay, PaletteItem, RowKey};

use super::nouns::{self, Noun};
use super::people::{self, Folding};

/// Items that are listed.
const MOST: usize = 50;

/// What an item of the palette stands for.
#[derive(Debug, Clone)]
pub enum Choice {
    /// A command, with what was typed after its name.
    Command(&'static Command, Option<String>),
    /// A pane, narrowed.
    Noun(&'static Noun, Option<String>),
    /// An object, whose case file is opened.
    Object(Ref),
    /// An intent, whose preview is opened.
    Intent(Intent),
    /// A way to fold an incident away.
    Fold(Name, Folding),
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// How well something fits what was typed: the least fits best.
type Fit = (u8, u8, usize, String);

/// Opens it.
pub fn open(app: &mut App, at: Moment) {
    app.menu = None;
    app.screen.overlay = Some(Overlay::Palette { input: Input::default(), items: Vec::new(), selected: 0 });
    app.search(at);
}

/// Everything that can be done to what is selected.
pub fn menu(app: &mut App, at: Moment) {
    app.touch(at.felt);
    let place = app.place();
    let fits = |command: &&Command| command.aims && command.places.contains(&place);
    let found: Vec<(Choice, PaletteItem)> =
        TABLE.iter().filter(fits).filter_map(|command| app.command_item(command, None, at)).collect();
    app.open_menu(found, at);
}

/// The next choice.
pub fn next(app: &mut App, _: Moment) {
    step(app, 1);
}

/// The choice before.
pub fn previous(app: &mut App, _: Moment) {
    step(app, -1);
}

fn step(app: &mut App, by: isize) {
    if let Some(Overlay::Palette { items, selected, .. }) = &mut app.screen.overlay
        && !items.is_empty()
    {
        *selected = (*selected as isize + by).rem_euclid(items.len() as isize) as usize;
    }
}

/// Types the name of the choice.
pub fn complete(app: &mut App, at: Moment) {
    let Some(Overlay::Palette { input, items, selected }) = &mut app.screen.overlay else { return };
    if let (Some(item), None) = (items.get(*selected), &app.menu) {
        // A noun's item lists all its names; the first is the one to type.
        let name = item.label.split(' ').next().unwrap_or_default();
        *input = Input { text: name.to_owned(), cursor: name.len() };
        app.search(at);
    }
}

/// Does what is chosen.
pub fn take(app: &mut App, at: Moment) {
    let Some(Overlay::Palette { selected, input, .. }) = &app.screen.overlay else { return };
    let typed = input.text.trim().to_owned();
    let Some(choice) = app.choices.get(*selected).cloned() else {
        if typed.is_empty() {
            return app.close_overlay();
        }
        return app.say(at, &format!("nothing is called `{typed}`"), None);
    };
    app.close_overlay();
    match choice {
        Choice::Command(command, argument) => match (command.id, argument.and_then(|it| it.parse::<u32>().ok())) {
            ("scale", Some(number)) => app.scale_to(number, at),
            _ => app.carry_out(command, at),
        },
        Choice::Noun(noun, argument) => app.go_to_noun(noun, argument.as_deref(), at),
        Choice::Object(key) => app.open_case(RowKey::Object(key), at),
        Choice::Intent(intent) => app.begin(intent, at),
        Choice::Fold(incident, folding) => people::fold(app, &incident, folding, at),
    }
}

impl App {
    /// Opens a menu of choices in words.
    pub(super) fn choose(&mut self, choices: Vec<(Choice, Text)>, at: Moment) {
        let item = |what: &Text| PaletteItem { label: what.clone(), what: Text::new(""), key: None, refused: None };
        let found = choices.into_iter().map(|(choice, what)| (choice, item(&what))).collect();
        self.open_menu(found, at);
    }

    pub(super) fn open_menu(&mut self, found: Vec<(Choice, PaletteItem)>, at: Moment) {
        self.screen.overlay = Some(Overlay::Palette { input: Input::default(), items: Vec::new(), selected: 0 });
        self.menu = Some(found);
        self.search(at);
    }

    /// Lists what fits what was typed.
    pub(super) fn search(&mut self, at: Moment) {
        let Some(Overlay::Palette { input, .. }) = &self.screen.overlay else { return };
        let typed = input.text.trim().to_lowercase();
        let found = match &self.menu {
            Some(menu) => menu.iter().filter(|(_, item)| item.label.to_lowercase().contains(&typed)).cloned().collect(),
            None => self.find_anything(&typed, at),
        };
        let (choices, found): (Vec<Choice>, Vec<PaletteItem>) = found.into_iter().unzip();
        self.choices = choices;
        if let Some(Overlay::Palette { items, selected, .. }) = &mut self.screen.overlay {
            *items = found;
            *selected = 0;
        }
    }

    fn find_anything(&self, typed: &str, at: Moment) -> Vec<(Choice, PaletteItem)> {
        let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let argument = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
        let mut found: Vec<(Fit, Choice, PaletteItem)> = Vec::new();
        let place = self.place_below();
        for command in TABLE.iter().filter(|command| command.palette && works_at(command, place)) {
            let names = std::iter::once(command.id).chain(command.also.iter().copied());
            let Some((fit, _)) = best_fit(names, word, argument.is_some()) else { continue };
            if let Some((choice, item)) = self.command_item(command, argument.clone(), at) {
                found.push(((fit, 0, 0, String::new()), choice, item));
            }
        }
        if !word.is_empty() {
            for noun in nouns::TABLE {
                let fit = best_fit(noun.names.iter().copied(), word, argument.is_some());
                let Some((fit, longer)) = fit else { continue };
                found.push((
                    (fit, 1, longer, noun.names[0].to_owned()),
                    Choice::Noun(noun, argument.clone()),
                    noun.item(),
                ));
            }
        }
        if word.len() > 1 && argument.is_none() {
            found.extend(self.objects().filter_map(|key| object_item(key, word)));
        }
        if found.is_empty() {
            return self.nearest(word, at).into_iter().collect();
        }
        found.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        found.truncate(MOST);
        found.into_iter().map(|(_, choice, item)| (choice, item)).collect()
    }

    /// Nothing has the name: what has the nearest one.
    fn nearest(&self, word: &str, at: Moment) -> Option<(Choice, PaletteItem)> {
        let place = self.place_below();
        let commands = || TABLE.iter().filter(|command| command.palette && works_at(command, place));
        let names = commands()
            .flat_map(|command| std::iter::once(command.id).chain(command.also.iter().copied()))
            .chain(nouns::TABLE.iter().flat_map(|noun| noun.names.iter().copied().filter(|name| name.len() > 3)));
        let near = closest(word, names)?;
        let told = |item: PaletteItem| PaletteItem {
            what: Text::from(format!("nothing is called `{word}`; this is nearest: {}", item.what)),
            ..item
        };
        if let Some(command) = commands().find(|command| command.id == near || command.also.contains(&near)) {
            return self.command_item(command, None, at).map(|(choice, item)| (choice, told(item)));
        }
        let noun = nouns::TABLE.iter().find(|noun| noun.names.contains(&near))?;
        Some((Choice::Noun(noun, None), told(noun.item())))
    }

    fn command_item(
        &self,
        command: &'static Command,
        argument: Option<String>,
        at: Moment,
    ) -> Option<(Choice, PaletteItem)> {
        let refused = (command.now)(self, at)?.err();
        let key = self.keymap.first_key(command).map(|key| Text::from(key.to_string()));
        let item = PaletteItem { label: Text::new(command.id), what: Text::new(command.does), key, refused };
        Some((Choice::Command(command, argument), item))
    }

    /// What can be found by its name.
    fn objects(&self) -> impl Iterator<Item = &Ref> {
        // The view lives as long as the core, whatever the moment.
        let view = self.core.view(crate::domain::Timestamp::UNIX_EPOCH);
        let workloads = view.workloads().map(|it| &it.key);
        let nodes = view.nodes().map(|it| &it.key);
        workloads.chain(nodes).chain(view.queues().map(|it| &it.key))
    }

    fn go_to_noun(&mut self, noun: &'static Noun, argument: Option<&str>, at: Moment) {
        let pane = noun.pane;
        if argument.is_some_and(|name| self.narrow_to_named(pane, name, at)) {
            return;
        }
        let filter = argument.map(Text::new);
        self.leave_for(at, |screen| {
            screen.layers.clear();
            screen.home.pane = pane;
            screen.home.filter = filter;
        });
        self.order_anew(at);
    }
}

fn works_at(command: &Command, place: Place) -> bool {
    command.places.contains(&place)
}

fn object_item(key: &Ref, word: &str) -> Option<(Fit, Choice, PaletteItem)> {
    let name = key.name.to_lowercase();
    let whole = format!("{}/{}", key.cluster, key.local());
    let fit = if name == word {
        1
    } else if name.starts_with(word) {
        2
    } else if whole.to_lowercase().contains(word) {
        4
    } else {
        return None;
    };
    let item =
        PaletteItem { label: Text::from(whole.clone()), what: Text::new(key.kind.noun()), key: None, refused: None };
    Some(((fit, 2, whole.len(), whole), Choice::Object(key.clone()), item))
}

/// How well the best of some names fits, and how long that is; with something typed after it only the whole name does.
fn best_fit<'a>(names: impl Iterator<Item = &'a str>, word: &str, whole: bool) -> Option<(u8, usize)> {
    let fit = |name: &str| {
        if name == word {
            Some(0)
        } else if whole {
            None
        } else if name.starts_with(word) {
            Some(2)
        } else {
            (word.len() > 1 && name.contains(word)).then_some(3)
        }
    };
    names.filter_map(|name| Some((fit(name)?, name.len()))).min()
}

//! `:`, and finding things by name.

use crate::app::command::Place;
use crate::app::keymap::closest;
use crate::app::{App, Command, Moment, TABLE};
use crate::domain::{Intent, Name, Ref, Role, Text};
use crate::ui::{Input, Overlay, PaletteItem, Pane, RowKey, Sort, Wanted};

use super::finding::{Finder, Group, MOST, Object, Rank};
use super::nouns::{self, Noun};
use super::people::{self, Folding};

/// What an item of the palette stands for.
#[derive(Debug, Clone)]
pub enum Choice {
    /// A command, with what was typed after its name.
    Command(&'static Command, Option<String>),
    /// A pane, narrowed.
    Noun(&'static Noun, Option<String>),
    /// An object, whose case file is opened.
    Object(Ref),
    /// A target, to which every pane is narrowed.
    Cluster(Ref),
    /// An alert, among the alerts.
    Alert(Ref),
    /// An intent, whose preview is opened.
    Intent(Intent),
    /// An order of the list; none: its own.
    Sort(Option<Sort>),
    /// A way to fold an incident away.
    Fold(Name, Folding),
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// Opens it.
pub fn open(app: &mut App, at: Moment) {
    app.menu = None;
    app.history.leave();
    app.screen.overlay = Some(Overlay::Palette { input: Input::default(), items: Vec::new(), selected: 0, menu: None });
    app.search(at);
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
    let Some(Overlay::Palette { input, items, selected, .. }) = &mut app.screen.overlay else { return };
    if let (Some(item), None) = (items.get(*selected), &app.menu) {
        // A noun's item lists all its names; the first is the one to type.
        let name = item.label.split(' ').next().unwrap_or_default();
        *input = Input { text: name.to_owned(), cursor: name.len() };
        app.search(at);
    }
}

/// Does what is chosen.
pub fn take(app: &mut App, at: Moment) {
    let Some(Overlay::Palette { selected, input, items, .. }) = &app.screen.overlay else { return };
    let typed = input.text.trim().to_owned();
    let item = app.choices.get(*selected).cloned().zip(items.get(*selected).map(|item| item.label.clone()));
    let Some((choice, label)) = item else {
        if typed.is_empty() {
            return app.close_overlay();
        }
        return app.say(at, &format!("nothing is called `{typed}`"), None);
    };
    if app.menu.is_none() {
        app.history.remember(line_of(&choice, &label));
    }
    app.close_overlay();
    match choice {
        Choice::Command(command, argument) => app.carry_out_with(command, argument.as_deref(), at),
        Choice::Noun(noun, argument) => app.go_to_noun(noun, argument.as_deref(), at),
        Choice::Object(key) => app.open_case(RowKey::Object(key), at),
        Choice::Cluster(key) => app.narrow_to(&key, at),
        Choice::Alert(key) => app.go_to_alert(key, at),
        Choice::Intent(intent) => app.begin(intent, at),
        Choice::Sort(sort) => app.sort(sort, at),
        Choice::Fold(incident, folding) => people::fold(app, &incident, folding, at),
    }
}

/// What would be typed to choose the same again.
fn line_of(choice: &Choice, label: &Text) -> String {
    let (name, argument) = match choice {
        Choice::Command(command, argument) => (command.id.to_owned(), argument.as_ref()),
        Choice::Noun(noun, argument) => (noun.names[0].to_owned(), argument.as_ref()),
        _ => (label.to_string(), None),
    };
    argument.map_or_else(|| name.clone(), |argument| format!("{name} {argument}"))
}

impl App {
    /// Does a command with what was typed after its name.
    fn carry_out_with(&mut self, command: &'static Command, argument: Option<&str>, at: Moment) {
        match (command.id, argument) {
            ("scale", Some(typed)) => self.take_typed(Wanted::Number, typed, at),
            ("set-image", Some(typed)) => self.take_typed(Wanted::Image, typed, at),
            ("set-memory", Some(typed)) => self.take_typed(Wanted::Memory, typed, at),
            ("set-cpu", Some(typed)) => self.take_typed(Wanted::Cpu, typed, at),
            ("silence", Some(typed)) => self.take_typed_silence(typed, at),
            ("forward", Some(typed)) => self.take_typed_port(typed, at),
            ("sort", Some(column)) => self.sort_by(&column.to_lowercase(), at),
            _ => self.carry_out(command, at),
        }
    }

    /// Lists what fits what was typed.
    pub(super) fn search(&mut self, at: Moment) {
        let Some(Overlay::Palette { input, .. }) = &self.screen.overlay else { return };
        let typed = in_one_word(input.text.trim());
        let (choices, found, of) = match &self.menu {
            Some(offer) => {
                let (choices, items, menu) = offer.narrowed(&input.text.trim().to_lowercase());
                (choices, items, Some(menu))
            }
            None => {
                let (choices, items) = self.find_anything(&typed, at).into_iter().unzip();
                (choices, items, None)
            }
        };
        self.choices = choices;
        if let Some(Overlay::Palette { items, selected, menu, .. }) = &mut self.screen.overlay {
            (*items, *selected, *menu) = (found, 0, of);
        }
    }

    fn find_anything(&self, typed: &str, at: Moment) -> Vec<(Choice, PaletteItem)> {
        let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let argument = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
        let word = &*word.to_lowercase();
        let mut finder = Finder::new(word, argument.is_some());
        let mut found: Vec<(Rank<'_>, Choice, PaletteItem)> = Vec::new();
        let place = self.place_below();
        for command in TABLE.iter().filter(|command| command.palette && works_at(command, place)) {
            let names = std::iter::once(command.id).chain(command.also.iter().copied());
            let Some((fit, score, _)) = finder.names(names) else { continue };
            if let Some((choice, item)) = self.command_item(command, argument.clone(), at) {
                found.push((Rank { fit, group: Group::Command, score, length: 0, key: None }, choice, item));
            }
        }
        for noun in nouns::TABLE.iter().filter(|_| !word.is_empty()) {
            let Some((fit, score, length)) = finder.names(noun.names.iter().copied()) else { continue };
            let rank = Rank { fit, group: Group::Noun, score, length, key: None };
            found.push((rank, Choice::Noun(noun, argument.clone()), noun.item()));
        }
        let objects = self.find_objects(&mut finder);
        if found.is_empty() && objects.is_empty() {
            return self.nearest(word, at).into_iter().collect();
        }
        let objects = objects.into_iter().map(|(rank, object)| {
            let (choice, item) = self.object_item(object);
            (rank, choice, item)
        });
        found.extend(objects);
        found.sort_by_key(|(rank, ..)| *rank);
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

    pub(super) fn command_item(
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

    fn object_item(&self, object: Object<'_>) -> (Choice, PaletteItem) {
        let key = object.key().clone();
        let (choice, what) = match object {
            Object::Cluster(_) if self.has_several_clusters() => {
                (Choice::Cluster(key), "cluster; every pane is narrowed to it".to_owned())
            }
            Object::Alert(alert) => {
                let about = alert.about.as_ref().map(|about| format!(" about {}", about.local())).unwrap_or_default();
                (Choice::Alert(key), format!("alert{about}"))
            }
            Object::Any(_) | Object::Cluster(_) => {
                let what = format!("{}{}", key.kind.noun(), self.owner_of(&key));
                (Choice::Object(key), what)
            }
        };
        (choice, PaletteItem { label: Text::from(object.label()), what: Text::from(what), key: None, refused: None })
    }

    fn has_several_clusters(&self) -> bool {
        self.core.view(crate::domain::Timestamp::UNIX_EPOCH).clusters().nth(1).is_some()
    }

    /// ` of shop/api`, where it is an instance of that.
    fn owner_of(&self, key: &Ref) -> String {
        if key.kind.role() != Role::Instance {
            return String::new();
        }
        let owner = self.core.view(crate::domain::Timestamp::UNIX_EPOCH).instance(key).and_then(|it| it.owner.as_ref());
        owner.map(|owner| format!(" of {}", owner.local())).unwrap_or_default()
    }

    /// The list of alerts, with this one selected and its case file open.
    pub(super) fn go_to_alert(&mut self, key: Ref, at: Moment) {
        self.leave_for(at, |screen| {
            screen.layers.clear();
            screen.home.pane = Pane::Alerts;
            screen.home.filter = None;
        });
        self.order_anew(at);
        let row = RowKey::Object(key);
        self.list_mut().selected = Some(row.clone());
        self.scroll_to_selected();
        self.open_case(row, at);
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

/// What was typed, with a command's name of two words in one: `set image nginx:1.27` is `set-image nginx:1.27`.
fn in_one_word(typed: &str) -> String {
    let (first, rest) = typed.split_once(' ').unwrap_or((typed, ""));
    match first.eq_ignore_ascii_case("set") && !rest.trim().is_empty() {
        true => format!("set-{}", rest.trim_start()),
        false => typed.to_owned(),
    }
}

fn works_at(command: &Command, place: Place) -> bool {
    command.places.contains(&place)
}

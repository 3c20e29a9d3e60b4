//! What `enter` leads to from a page of a case file.

use super::super::model::Model;
use super::super::screen::{CaseFile, CaseRow, CaseTab, RowKey, Screen};
use super::{Sheet, logs, revision, timeline};
use crate::domain::{Instance, Kind, Name, Ref, Role, Text};

/// Where `enter` leads.
#[derive(Debug, Clone, PartialEq)]
pub enum Opens {
    /// The case file of something.
    Case(RowKey),
    /// The case file of one container of an instance.
    Container(Ref, Name),
    /// A run of this session.
    Run(u64),
    /// Another page of this case file.
    Page(CaseTab),
    /// The whole output of an instance, of one container where one is named.
    Output(Ref, Option<Name>),
    /// Lines to read: a title, and what differs between two revisions.
    Read(Text, Vec<Text>),
}

impl Opens {
    /// What the key would do, for the footer.
    pub fn words(&self) -> String {
        match self {
            Opens::Case(RowKey::Object(key)) if key.kind.role() == Role::Instance => {
                format!("case file of the {}", key.kind.noun())
            }
            Opens::Case(RowKey::Object(key)) => format!("case file of {}", key.name),
            Opens::Case(_) => "its case file".to_owned(),
            Opens::Container(_, name) => format!("container {name}"),
            Opens::Run(_) => "follow the run".to_owned(),
            Opens::Page(tab) => tab.title().to_owned(),
            Opens::Output(..) => "follow its output".to_owned(),
            Opens::Read(..) => "what differs".to_owned(),
        }
    }
}

const HERE: &str = "this is its case file";

/// What `enter` leads to now, else why to nothing.
///
/// # Errors
/// There is nothing below what is selected: why, for a person.
pub fn opens(case: &CaseFile, screen: &Screen, model: &Model<'_>) -> Result<Opens, Text> {
    let gone = || Text::new("it is not there any more");
    let sheet = Sheet::of(case, screen, model).ok_or_else(gone)?;
    let target = sheet.target.as_ref().ok_or_else(gone)?;
    let rows = sheet.rows();
    let picked = sheet.picked(&rows).and_then(|at| rows.get(at));
    match (case.tab, picked) {
        (CaseTab::Logs, _) => {
            let (instance, container) = logs::source(&model.view, target, case.container.as_ref())
                .ok_or_else(|| Text::new("nothing of it is there to read from"))?;
            Ok(Opens::Output(instance, container))
        }
        (CaseTab::Timeline, _) => timeline::opens(&sheet, target, picked),
        (CaseTab::Revision, Some(CaseRow::Revision(id))) => Ok(revision::pair_in_full(&sheet, target, id)),
        _ if case.container.is_some() => Err(Text::new("a container has nothing below it")),
        (CaseTab::Why, _) => below(model, case, target),
        (_, Some(CaseRow::Container(instance, name))) => Ok(Opens::Container(instance.clone(), name.clone())),
        (_, Some(CaseRow::Instance(key))) if key != target => Ok(Opens::Case(RowKey::Object(key.clone()))),
        (_, Some(CaseRow::Instance(key))) => match model.view.instance(key) {
            Some(instance) => into(instance),
            None => Err(Text::new(HERE)),
        },
        (CaseTab::Instances, _) => Err(Text::new("it has no instance now")),
        _ => Err(Text::new("nothing is selected")),
    }
}

/// One step down: from what is wrong to what it is about, from there to what runs, from that to what runs in it.
fn below(model: &Model<'_>, case: &CaseFile, target: &Ref) -> Result<Opens, Text> {
    if !matches!(case.of, RowKey::Object(_)) {
        return Ok(Opens::Case(RowKey::Object(target.clone())));
    }
    match (target.kind, target.kind.role()) {
        (_, Role::Workload | Role::Node) | (Kind::Endpoint, _) => Ok(Opens::Page(CaseTab::Instances)),
        (_, Role::Instance) => model.view.instance(target).map_or_else(|| Err(Text::new(HERE)), into),
        _ => Err(Text::new(HERE)),
    }
}

/// Into an instance: to its container, where it has one; else to the list of them.
fn into(instance: &Instance) -> Result<Opens, Text> {
    match &instance.containers[..] {
        _ if instance.key.kind == Kind::ContainerInstance => Err(Text::new("it is one container: nothing is below it")),
        [] => Err(Text::new("none of its containers is known")),
        [one] => Ok(Opens::Container(instance.key.clone(), one.name.clone())),
        _ => Ok(Opens::Page(CaseTab::Instances)),
    }
}

/// The row that leads to another case file, where that is not this one.
pub(super) fn elsewhere(key: &Ref, target: &Ref) -> Result<Opens, Text> {
    if key == target { Err(Text::new(HERE)) } else { Ok(Opens::Case(RowKey::Object(key.clone()))) }
}

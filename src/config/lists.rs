//! Which columns a list shows.

use super::model::List;
use super::problem::near_match;
use super::read::Words;
use super::reader::{Reader, Table, Value};

/// `[lists.NAME]`: a table for each list.
pub(super) fn lists(reader: &mut Reader<'_>, mut table: Table<'_, '_>, words: &Words) -> Vec<List> {
    let mut lists = Vec::new();
    for (name, span, value) in table.entries() {
        let Some((_, known)) = words.lists.iter().find(|(list, _)| list == name) else {
            let what = format!("`lists.{}`: there is no such list", crate::domain::sanitise(name));
            reader.problem(&span, what).expected = Some("a list's name, such as pods or workloads".to_owned());
            reader.suggest(near_match(name, words.lists.iter().map(|(list, _)| list.as_str())));
            continue;
        };
        let Some(mut list) = reader.table(&value, &format!("lists.{name}")) else { continue };
        let columns = list.take(reader, "columns").map(|value| columns(reader, &value, known)).unwrap_or_default();
        list.end(reader);
        if !columns.is_empty() {
            lists.push(List { name: name.to_owned(), columns });
        }
    }
    lists
}

fn columns(reader: &mut Reader<'_>, value: &Value<'_, '_>, known: &[&'static str]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for item in reader.items(value, "a list of columns, at least one, such as [\"name\", \"age\"]") {
        let Some(column) = reader.word(&item, known) else { continue };
        if columns.iter().any(|other| other == column) {
            reader.problem(&item.span, format!("`{}` names \"{column}\" twice", value.key)).expected =
                Some("each column once".to_owned());
            continue;
        }
        columns.push(column.to_owned());
    }
    columns
}

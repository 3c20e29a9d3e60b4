//! What is read of the server's objects.

use std::fmt;

use serde::Deserialize;

use crate::domain::Text;

use super::kinds::ApiKind;

/// A decoded object of one of the watched kinds.
#[derive(Debug)]
pub(super) struct Item {
    /// Its namespace.
    pub(super) namespace: Option<Box<str>>,
    /// Its name.
    pub(super) name: Box<str>,
    /// Its incarnation.
    pub(super) uid: Box<str>,
}

/// What is known of an object that is gone.
#[derive(Debug)]
pub(super) struct Gone {
    /// Its namespace.
    pub(super) namespace: Option<Box<str>>,
    /// Its name.
    pub(super) name: Box<str>,
    /// Its incarnation.
    pub(super) uid: Box<str>,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// One page of a listing.
#[derive(Debug)]
pub(super) struct Page {
    /// The objects.
    pub(super) items: Vec<Item>,
    /// The version of the whole listing.
    pub(super) resource_version: String,
    /// Where the next page begins, unless this is the last.
    pub(super) cont: Option<String>,
    /// How many follow, where the server says so.
    pub(super) remaining: Option<u32>,
}

/// One line of a watch.
#[derive(Debug)]
pub(super) enum Event {
    /// An object is there, or is different now; its version.
    Put(Item, String),
    /// An object is gone; the version of that.
    Gone(Gone, String),
    /// Nothing happened up to this version.
    Bookmark(String),
    /// The watch cannot go on.
    Error {
        /// As an HTTP status.
        code: u16,
        /// Why.
        message: Text,
    },
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    namespace: Option<Box<str>>,
    name: Box<str>,
    uid: Box<str>,
    resource_version: String,
    #[serde(rename = "continue")]
    cont: Option<String>,
    remaining_item_count: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Raw {
    metadata: Meta,
    code: u16,
    message: String,
    #[serde(deserialize_with = "super::api::or_none")]
    items: Vec<Raw>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    object: Raw,
}

fn item(meta: Meta) -> Item {
    Item { namespace: meta.namespace, name: meta.name, uid: meta.uid }
}

/// Reads a page of a listing.
pub(super) fn decode_list(kind: ApiKind, body: &[u8]) -> Result<Page, Text> {
    let _ = kind;
    let list: Raw = serde_json::from_slice(body).map_err(|error| Text::from(error.to_string()))?;
    Ok(Page {
        items: list.items.into_iter().map(|raw| item(raw.metadata)).collect(),
        resource_version: list.metadata.resource_version,
        cont: list.metadata.cont.filter(|cont| !cont.is_empty()),
        remaining: list.metadata.remaining_item_count,
    })
}

/// Reads a line of a watch.
pub(super) fn decode_event(kind: ApiKind, line: &[u8]) -> Result<Event, Text> {
    let _ = kind;
    let line: Line = serde_json::from_slice(line).map_err(|error| Text::from(error.to_string()))?;
    let version = line.object.metadata.resource_version.clone();
    match line.kind.as_str() {
        "ADDED" | "MODIFIED" => Ok(Event::Put(item(line.object.metadata), version)),
        "DELETED" => {
            let Item { namespace, name, uid } = item(line.object.metadata);
            Ok(Event::Gone(Gone { namespace, name, uid }, version))
        }
        "BOOKMARK" => Ok(Event::Bookmark(version)),
        "ERROR" => Ok(Event::Error { code: line.object.code, message: Text::new(&line.object.message) }),
        other => Err(Text::from(format!("an event `{other}`"))),
    }
}

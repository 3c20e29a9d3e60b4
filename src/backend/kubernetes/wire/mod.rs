//! What is read of the server's objects, and how. Everything that is not used is skipped as it is read.

pub mod gitops;
pub mod meta;
pub mod pod;
pub mod quantity;
pub mod read;
pub mod rest;
pub mod work;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::domain::Text;

use super::kinds::ApiKind;
use meta::Meta;
use read::{Int, List, Of, Str};

/// A decoded object of one of the watched kinds.
#[derive(Debug)]
pub(super) struct Item {
    /// Its namespace.
    pub(super) namespace: Option<Box<str>>,
    /// Its name.
    pub(super) name: Box<str>,
    /// Its incarnation.
    pub(super) uid: Box<str>,
    /// What every object has.
    pub(super) meta: Box<Meta>,
    /// What it is.
    pub(super) what: What,
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

/// What is asked for, and what is.
#[derive(Debug, Default)]
pub struct Both<S, T> {
    /// What is asked for.
    pub spec: S,
    /// What is.
    pub status: T,
}

/// One page of a listing.
#[derive(Debug)]
pub(super) struct Page {
    /// The objects that could be read.
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

/// An object as most are written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "S: Deserialize<'de> + Default, T: Deserialize<'de> + Default"))]
struct Whole<S, T> {
    metadata: Of<Meta>,
    spec: Of<S>,
    status: Of<T>,
}

/// What an object of one kind is read as.
trait Shape: DeserializeOwned {
    fn item(self) -> Item;
}

fn item(meta: Meta, what: What) -> Item {
    let namespace = meta.namespace.some().map(Into::into);
    Item { namespace, name: (&*meta.name).into(), uid: (&*meta.uid).into(), meta: Box::new(meta), what }
}

macro_rules! shapes {
    ($($what:ident $kind:ident $spec:ty, $status:ty;)+) => {
        /// An object, by its kind.
        #[derive(Debug)]
        pub enum What {
            $(#[doc = stringify!($kind)] $what(Box<Both<$spec, $status>>),)+
            /// EndpointSlices
            EndpointSlice(Box<rest::EndpointSlice>),
            /// Events
            Event(Box<rest::Happened>),
            /// ConfigMaps and Secrets
            Config,
        }

        $(impl Shape for Whole<$spec, $status> {
            fn item(self) -> Item {
                item(self.metadata.0, What::$what(Box::new(Both { spec: self.spec.0, status: self.status.0 })))
            }
        })+

        fn reader(kind: ApiKind) -> Reader {
            match kind {
                $(ApiKind::$kind => Reader::of::<Whole<$spec, $status>>(),)+
                // Read as HTTPRoutes are: of both the same is used.
                ApiKind::GrpcRoutes => Reader::of::<Whole<rest::RouteSpec, rest::Nothing>>(),
                ApiKind::EndpointSlices => Reader::of::<rest::EndpointSlice>(),
                ApiKind::Events => Reader::of::<rest::Happened>(),
                ApiKind::ConfigMaps | ApiKind::Secrets => Reader::of::<rest::MetaOnly>(),
            }
        }
    };
}

shapes! {
    Pod Pods pod::PodSpec, pod::PodStatus;
    Deployment Deployments work::DeploymentSpec, work::DeploymentStatus;
    ReplicaSet ReplicaSets work::ReplicaSetSpec, work::ReplicaSetStatus;
    StatefulSet StatefulSets work::StatefulSetSpec, work::StatefulSetStatus;
    DaemonSet DaemonSets work::DaemonSetSpec, work::DaemonSetStatus;
    Job Jobs work::JobSpec, work::JobStatus;
    CronJob CronJobs work::CronJobSpec, work::CronJobStatus;
    Node Nodes rest::NodeSpec, rest::NodeStatus;
    Service Services rest::ServiceSpec, rest::Nothing;
    Ingress Ingresses rest::IngressSpec, rest::Nothing;
    Route HttpRoutes rest::RouteSpec, rest::Nothing;
    Claim PersistentVolumeClaims rest::ClaimSpec, rest::ClaimStatus;
    Budget PodDisruptionBudgets rest::BudgetSpec, rest::BudgetStatus;
    Autoscaler HorizontalPodAutoscalers rest::AutoscalerSpec, rest::AutoscalerStatus;
    Quota ResourceQuotas rest::QuotaSpec, rest::QuotaStatus;
    Namespace Namespaces rest::Nothing, rest::Phased;
    Rollout ArgoRollouts work::RolloutSpec, work::RolloutStatus;
    Application ArgoApplications gitops::ApplicationSpec, gitops::ApplicationStatus;
    NodeClaim NodeClaims rest::NodeClaimSpec, rest::NodeClaimStatus;
    Scaled ScaledObjects rest::ScaledSpec, rest::ScaledStatus;
}

impl Shape for rest::EndpointSlice {
    fn item(mut self) -> Item {
        item(std::mem::take(&mut self.metadata.0), What::EndpointSlice(Box::new(self)))
    }
}

impl Shape for rest::Happened {
    fn item(mut self) -> Item {
        item(std::mem::take(&mut self.metadata.0), What::Event(Box::new(self)))
    }
}

impl Shape for rest::MetaOnly {
    fn item(self) -> Item {
        item(self.metadata.0, What::Config)
    }
}

/// How objects of a kind are read.
struct Reader {
    page: fn(&[u8]) -> Result<Page, Text>,
    one: fn(&str) -> Option<Item>,
}

impl Reader {
    fn of<T: Shape>() -> Self {
        Self { page: page::<T>, one: one::<T> }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListMeta {
    resource_version: Str,
    #[serde(rename = "continue")]
    cont: Str,
    remaining_item_count: Option<Int>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
struct ListOf<T> {
    #[serde(default)]
    metadata: Of<ListMeta>,
    #[serde(default)]
    items: List<T>,
}

/// Reads a page of a listing. An object that cannot be read is left out and does not cost the others.
pub(super) fn decode_list(kind: ApiKind, body: &[u8]) -> Result<Page, Text> {
    (reader(kind).page)(body)
}

fn page<T: Shape>(body: &[u8]) -> Result<Page, Text> {
    // What is written as a list would pass for an empty object.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Text::new("the answer is no list of objects"));
    }
    if let Ok(list) = serde_json::from_slice::<ListOf<T>>(body) {
        return Ok(of_page(list.metadata.0, list.items.0.into_iter().map(Shape::item).collect()));
    }
    // One of them is odd: then each is read by itself.
    let list: ListOf<&RawValue> = serde_json::from_slice(body).map_err(|error| Text::from(error.to_string()))?;
    Ok(of_page(list.metadata.0, list.items.iter().filter_map(|raw| one::<T>(raw.get())).collect()))
}

fn of_page(meta: ListMeta, mut items: Vec<Item>) -> Page {
    // Without a name it is nothing.
    items.retain(|item| !item.name.is_empty());
    Page {
        items,
        resource_version: (*meta.resource_version).to_owned(),
        cont: meta.cont.some().map(str::to_owned),
        remaining: meta.remaining_item_count.map(Int::count),
    }
}

/// One object; of an odd one that half which can be read.
fn one<T: Shape>(raw: &str) -> Option<Item> {
    let why = match serde_json::from_str::<T>(raw) {
        Ok(it) => return Some(it.item()),
        Err(why) => why,
    };
    let whole: Value = serde_json::from_str(raw).ok()?;
    let without = |parts: &[&str]| {
        let mut rest = whole.clone();
        rest.as_object_mut()?.retain(|name, _| !parts.contains(&name.as_str()));
        serde_json::from_value::<T>(rest).ok()
    };
    let half = without(&["status"]).or_else(|| without(&["spec"])).or_else(|| without(&["spec", "status"]));
    let name = whole.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("");
    tracing::warn!(name, %why, "an object is only read in part");
    half.map(Shape::item).filter(|item| !item.name.is_empty())
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Of an object that ends or marks a watch.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Bare {
    metadata: Of<BareMeta>,
    code: Int,
    message: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BareMeta {
    namespace: Str,
    name: Str,
    uid: Str,
    resource_version: Str,
}

/// Reads a line of a watch. An object that cannot be read is passed over like a bookmark, for reading it again would not help.
pub(super) fn decode_event(kind: ApiKind, line: &[u8]) -> Result<Event, Text> {
    let unreadable = |error: serde_json::Error| Text::from(error.to_string());
    let line: Line<'_> = serde_json::from_slice(line).map_err(unreadable)?;
    let raw = line.object.get();
    let bare = || serde_json::from_str::<Bare>(raw).map_err(unreadable);
    match &*line.kind {
        "ADDED" | "MODIFIED" => Ok(match (reader(kind).one)(raw) {
            Some(item) => {
                let version = (*item.meta.resource_version).to_owned();
                Event::Put(item, version)
            }
            None => Event::Bookmark((*bare()?.metadata.resource_version).to_owned()),
        }),
        "DELETED" => {
            let BareMeta { namespace, name, uid, resource_version } = bare()?.metadata.0;
            let namespace = namespace.some().map(Into::into);
            let gone = Gone { namespace, name: name.into_inner(), uid: uid.into_inner() };
            Ok(Event::Gone(gone, (*resource_version).to_owned()))
        }
        "BOOKMARK" => Ok(Event::Bookmark((*bare()?.metadata.resource_version).to_owned())),
        "ERROR" => {
            let status = bare()?;
            let code = u16::try_from(status.code.0).unwrap_or(500);
            Ok(Event::Error { code, message: Text::new(&status.message) })
        }
        other => Err(Text::from(format!("an event `{other}`"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_odd_object_does_not_cost_the_page() {
        let body = br#"{"kind":"PodList","metadata":{"resourceVersion":"7","continue":"next","remainingItemCount":3},"items":[
            {"metadata":{"name":"a","namespace":"shop","uid":"1"},"spec":{"nodeName":"n"},"status":{"phase":"Running"}},
            {"metadata":{"name":"b","namespace":"shop","uid":"2"},"spec":{"nodeName":"n"},"status":{"conditions":7}},
            {"metadata":[],"spec":[]},
            {"metadata":{"name":"c","namespace":"shop","uid":"3"},"spec":{"containers":{}},"status":{"phase":"Pending"}}]}"#;
        let page = decode_list(ApiKind::Pods, body).expect("a page");
        let names: Vec<&str> = page.items.iter().map(|it| &*it.name).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert_eq!(
            (page.resource_version.as_str(), page.cont.as_deref(), page.remaining),
            ("7", Some("next"), Some(3))
        );
        let What::Pod(half) = &page.items[1].what else { panic!("a pod") };
        assert_eq!((&*half.spec.node_name, &*half.status.phase), ("n", ""), "its status could not be read");
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        for body in [&b"<html>"[..], b"[]", br#"{"items":7}"#] {
            assert!(decode_list(ApiKind::Nodes, body).is_err());
        }
        let empty =
            decode_list(ApiKind::Nodes, br#"{"metadata":{"resourceVersion":"1"},"items":null}"#).expect("a page");
        assert!(empty.items.is_empty() && empty.cont.is_none());
    }

    #[test]
    fn a_watch_says_what_happened() {
        let read = |line: &str| decode_event(ApiKind::ConfigMaps, line.as_bytes());
        let put = read(
            r#"{"type":"ADDED","object":{"metadata":{"name":"a","namespace":"b","uid":"u","resourceVersion":"5"}}}"#,
        );
        assert!(matches!(put, Ok(Event::Put(it, version)) if &*it.name == "a" && version == "5"));
        let gone = read(r#"{"type":"DELETED","object":{"metadata":{"name":"a","uid":"u","resourceVersion":"6"}}}"#);
        assert!(
            matches!(gone, Ok(Event::Gone(it, version)) if &*it.uid == "u" && it.namespace.is_none() && version == "6")
        );
        let mark = read(r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}"#);
        assert!(matches!(mark, Ok(Event::Bookmark(version)) if version == "9"));
        let over = read(r#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old\u001b[2J"}}"#);
        assert!(matches!(over, Ok(Event::Error { code: 410, message }) if message == "too old^[[2J"));
        let odd = read(r#"{"type":"MODIFIED","object":{"metadata":{"name":"a","resourceVersion":"8","labels":7}}}"#);
        assert!(matches!(odd, Ok(Event::Bookmark(version)) if version == "8"));
        assert!(read(r#"{"type":"SHOUTED","object":{}}"#).is_err() && read("{").is_err());
    }

    #[test]
    fn a_value_of_an_environment_is_not_printed() {
        let it: pod::EnvVar =
            serde_json::from_str(r#"{"name":"DB_URL","value":"postgres://u:p@h"}"#).expect("readable");
        assert!(!format!("{it:?}").contains("postgres"));
    }
}

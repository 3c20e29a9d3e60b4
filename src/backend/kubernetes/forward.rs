//! Port forwards into a cluster: to a pod, or to a pod of what has pods, for as long as there is one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use crate::backend::forward::{Far, Lead, Lost, Tunnel, start};
use crate::domain::{ForwardRequest, ForwardStream, Kind, Name, Ref, Refusal, Role, Text, wants_create};

use super::api::or_none;
use super::ask::{Ask, Failed, Part, escaped, read};
use super::kinds::ApiKind;
use super::peek::Meta;
use super::place;
use super::rights;
use super::selector;

/// Pods that are read whole to find one that is ready: a few, then more.
const PAGES: [u32; 2] = [10, 100];
const RESOURCE: &str = "pods/portforward";
/// A websocket is opened by a GET. See [`wants_create`] for the second.
const VERBS: [&str; 2] = ["get", "create"];

/// Begins a forward, after it was looked at what it would lead to.
pub(super) async fn open(
    server: Arc<dyn Ask>,
    request: ForwardRequest,
    look: Duration,
) -> Result<ForwardStream, Refusal> {
    let key = &request.target;
    let Some(namespace) = key.namespace.as_deref() else {
        return Err(request.refused(has_no_pods(key), "choose a pod, a workload or a Service"));
    };
    let mut missing = rights::denied(&*server, RESOURCE, &VERBS, namespace).await;
    if missing == ["create"] && !wants_create(version(&*server).await.as_deref()) {
        missing.clear();
    }
    if !missing.is_empty() {
        let missing = missing.join(" and ");
        let why = format!("you may not `{missing} {RESOURCE}` in {namespace}");
        return Err(request.refused(why, "`cockpit rbac --control` prints the role that allows it"));
    }
    let far = Pods { server, request: request.clone() };
    let first = far.lead(None).await.map_err(|lost| {
        let mend = match lost {
            Lost::NotNow(_) => "look at its case file: it says why none is ready",
            Lost::Over(_) | Lost::Unknown(_) => "choose a pod that runs, or one of the ports that it has",
        };
        request.refused(lost.words(), mend)
    })?;
    start(&request, Arc::new(far), first, look).await
}

/// The server's version, where it says it.
async fn version(server: &dyn Ask) -> Option<String> {
    let said: Value = read(server, "/version", Part::Whole).await.ok()?;
    said.get("gitVersion").and_then(Value::as_str).map(str::to_owned)
}

fn has_no_pods(key: &Ref) -> Text {
    Text::from(format!("a {} has no pods to lead to", key.kind.noun()))
}

/// The pods that a forward may lead to.
struct Pods {
    server: Arc<dyn Ask>,
    request: ForwardRequest,
}

/// A pod, as far as it matters here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pod {
    metadata: Meta,
    spec: Spec,
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    containers: Vec<Container>,
    init_containers: Vec<Container>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Container {
    ports: Vec<Port>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Port {
    name: String,
    container_port: u16,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    phase: String,
    conditions: Vec<Condition>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct List {
    metadata: Page,
    #[serde(deserialize_with = "or_none")]
    items: Vec<Pod>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Page {
    #[serde(rename = "continue")]
    next: String,
}

/// A port of a pod: by its number, or by the name that its containers give it.
enum Wanted {
    Number(u16),
    Named(String),
}

impl Pod {
    fn is_ready(&self) -> bool {
        self.metadata.deletion_timestamp.is_none()
            && self.status.conditions.iter().any(|it| it.kind == "Ready" && it.status == "True")
    }

    fn port(&self, wanted: &Wanted) -> Option<u16> {
        match wanted {
            Wanted::Number(port) => Some(*port),
            Wanted::Named(name) => {
                let all = self.spec.containers.iter().chain(&self.spec.init_containers).flat_map(|it| &it.ports);
                all.into_iter().find(|port| port.name == *name).map(|port| port.container_port)
            }
        }
    }
}

#[async_trait]
impl Far for Pods {
    async fn lead(&self, before: Option<&Lead>) -> Result<Lead, Lost> {
        let is_of_one = matches!(self.request.target.kind, Kind::Pod | Kind::BarePod);
        if let Some(before) = before {
            match self.why_gone(before).await {
                Ok(None) => return Ok(before.clone()),
                Ok(Some(why)) if is_of_one => return Err(Lost::Over(why)),
                Ok(Some(_)) => {}
                Err(failed) => {
                    return Err(Lost::Unknown(Text::from(format!(
                        "whether {} is still there: {failed}",
                        before.instance.name
                    ))));
                }
            }
        }
        if is_of_one { self.the_one().await } else { self.one_of_many().await }
    }

    async fn open(&self, lead: &Lead) -> Result<Tunnel, Text> {
        let namespace = lead.instance.namespace.as_deref().unwrap_or_default();
        let opened = self.server.tunnel(namespace, &lead.instance.name, lead.port).await;
        opened.map_err(|failed| Text::from(format!("no connection to {}: {failed}", lead.instance.name)))
    }
}

impl Pods {
    /// Why the pod is not there any more, where it is not.
    async fn why_gone(&self, lead: &Lead) -> Result<Option<Text>, Failed> {
        let Some(path) = place::path(&lead.instance) else { return Ok(None) };
        let name = &lead.instance.name;
        let pod: Pod = match read(&*self.server, &path, Part::Metadata).await {
            Ok(pod) => pod,
            Err(failed) if failed.is_gone() => return Ok(Some(Text::from(format!("{name} is gone")))),
            Err(failed) => return Err(failed),
        };
        Ok(match pod.metadata.deletion_timestamp {
            _ if pod.metadata.uid != lead.uid.as_str() => Some(Text::from(format!("{name} is gone: it was made anew"))),
            Some(_) => Some(Text::from(format!("{name} was told to end"))),
            None => None,
        })
    }

    async fn the_one(&self) -> Result<Lead, Lost> {
        let key = &self.request.target;
        let Some(path) = place::path(key) else { return Err(Lost::Over(has_no_pods(key))) };
        let pod: Pod = read(&*self.server, &path, Part::Whole).await.map_err(|failed| unread(key, &failed))?;
        if pod.status.phase != "Running" {
            let phase = if pod.status.phase.is_empty() { "Unknown" } else { &pod.status.phase };
            return Err(Lost::Over(Text::from(format!("it does not run: it is {phase}"))));
        }
        if pod.metadata.deletion_timestamp.is_some() {
            return Err(Lost::Over(Text::new("it was told to end")));
        }
        Ok(self.lead_to(&pod, self.request.port))
    }

    /// A pod of them that is ready: of those that came first the oldest.
    async fn one_of_many(&self) -> Result<Lead, Lost> {
        let key = &self.request.target;
        let has_pods = key.kind.role() == Role::Workload || key.kind == Kind::Endpoint;
        let path = place::path(key).filter(|_| has_pods && key.kind != Kind::CronJob);
        let Some(path) = path else { return Err(Lost::Over(has_no_pods(key))) };
        let object: Value = read(&*self.server, &path, Part::Whole).await.map_err(|failed| unread(key, &failed))?;
        let labels = object.pointer("/spec/selector").and_then(selector::query);
        let Some(labels) = labels else {
            return Err(Lost::Over(Text::from(format!("{} selects no pods", key.local()))));
        };
        let wanted = self.wanted(&object)?;
        let running = format!("labelSelector={}&fieldSelector={}", escaped(&labels), escaped("status.phase=Running"));
        let namespace = key.namespace.as_deref().map(escaped);
        let (mut next, mut any) = (String::new(), false);
        for page in PAGES {
            let mut path = format!("{}?{running}&limit={page}", ApiKind::Pods.path(namespace.as_deref()));
            if !next.is_empty() {
                path.push_str(&format!("&continue={}", escaped(&next)));
            }
            let list: List = read(&*self.server, &path, Part::Whole).await.map_err(|failed| unread(key, &failed))?;
            any |= !list.items.is_empty();
            let mut ready: Vec<&Pod> = list.items.iter().filter(|pod| pod.is_ready()).collect();
            ready.sort_by(|a, b| {
                let age = |pod: &Pod| (pod.metadata.creation_timestamp, pod.metadata.name.clone());
                age(a).cmp(&age(b))
            });
            if let Some((pod, port)) = ready.into_iter().find_map(|pod| Some((pod, pod.port(&wanted)?))) {
                return Ok(self.lead_to(pod, port));
            }
            next = list.metadata.next;
            if next.is_empty() {
                break;
            }
        }
        let why = match any {
            true => format!("no pod of {} is ready", key.local()),
            false => format!("no pod of {} runs", key.local()),
        };
        Err(Lost::NotNow(Text::from(why)))
    }

    /// The port of a pod that is meant: a Service has ports of its own that lead to it.
    fn wanted(&self, object: &Value) -> Result<Wanted, Lost> {
        let asked = self.request.port;
        if self.request.target.kind != Kind::Endpoint {
            return Ok(Wanted::Number(asked));
        }
        let ports = object.pointer("/spec/ports").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let number = |port: &Value| port.get("port").and_then(Value::as_u64);
        let Some(port) = ports.iter().find(|port| number(port) == Some(u64::from(asked))) else {
            let has: Vec<String> = ports.iter().filter_map(number).map(|port| port.to_string()).collect();
            let has = if has.is_empty() { "none".to_owned() } else { has.join(", ") };
            return Err(Lost::Over(Text::from(format!("the Service has no port {asked}; its ports: {has}"))));
        };
        Ok(match port.get("targetPort") {
            Some(Value::String(name)) => match name.parse() {
                Ok(number) => Wanted::Number(number),
                Err(_) => Wanted::Named(name.clone()),
            },
            Some(Value::Number(number)) => {
                Wanted::Number(number.as_u64().and_then(|it| u16::try_from(it).ok()).unwrap_or(asked))
            }
            _ => Wanted::Number(asked),
        })
    }

    fn lead_to(&self, pod: &Pod, port: u16) -> Lead {
        let key = &self.request.target;
        let instance = Ref::new(&key.cluster, Kind::Pod, key.namespace.clone(), pod.metadata.name.as_str());
        Lead { instance, uid: Name::new(&pod.metadata.uid), port }
    }
}

fn unread(key: &Ref, failed: &Failed) -> Lost {
    match failed.is_gone() {
        true => Lost::Over(Text::from(format!("{} is not there any more", key.local()))),
        false => Lost::Unknown(Text::from(format!("{} cannot be read: {failed}", key.local()))),
    }
}

#[cfg(test)]
mod tests;

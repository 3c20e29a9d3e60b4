//! A node in words: whether it takes pods, what it has, what is set aside on it and for whom.

use serde_json::Value;

use crate::domain::words::bytes;
use crate::domain::{Text, Timestamp};

use super::amount::{Need, amount, cores};
use super::dig::{fields, is_true, list, scalar, text, time, when};
use super::page::Page;
use super::{Beside, conditions, holds, missing, pod};

/// Writes it.
pub(super) fn body(page: &mut Page, node: &Value, beside: &Beside, now: Timestamp) {
    let roles = fields(node, "/metadata/labels").filter_map(|(name, _)| name.strip_prefix("node-role.kubernetes.io/"));
    page.say("Roles", roles.collect::<Vec<_>>().join(", "));
    page.say("State", state(node, now));
    let takes = if is_true(node, "/spec/unschedulable") { "no: it is cordoned" } else { "yes" };
    page.say("Takes new pods", takes);
    page.each("Taints", list(node, "/spec/taints").iter().map(|taint| taint_said(taint, now)));
    page.each(
        "Addresses",
        list(node, "/status/addresses").iter().map(|it| format!("{} ({})", text(it, "/address"), text(it, "/type"))),
    );
    let info = |name: &str| text(node, &format!("/status/nodeInfo/{name}")).to_owned();
    page.say("System", format!("{}, kernel {}, {}", info("osImage"), info("kernelVersion"), info("architecture")));
    page.say("Runtime", info("containerRuntimeVersion"));
    page.say("Kubelet", info("kubeletVersion"));
    page.say("Provider", text(node, "/spec/providerID"));
    page.say("Pod addresses", text(node, "/spec/podCIDR"));
    room(page, node, beside.pods.as_ref());
    pods(page, beside.pods.as_ref());
    conditions(page, node, now);
}

fn state(node: &Value, now: Timestamp) -> String {
    let ready = list(node, "/status/conditions").iter().find(|it| text(it, "/type") == "Ready");
    let Some(ready) = ready else { return "it has not said how it is".to_owned() };
    let since = when(time(ready, "/lastTransitionTime"), now);
    match text(ready, "/status") {
        _ if holds(node, "Ready") => format!("ready since {since}"),
        "Unknown" => format!("its kubelet has not been heard of since {since}"),
        _ => format!("not ready since {since}: {}", text(ready, "/message")),
    }
}

fn taint_said(taint: &Value, now: Timestamp) -> String {
    let value = text(taint, "/value");
    let value = if value.is_empty() { String::new() } else { format!("={value}") };
    let since = time(taint, "/timeAdded").map(|at| format!(", since {}", when(Some(at), now)));
    format!("{}{value}:{}{}", text(taint, "/key"), text(taint, "/effect"), since.unwrap_or_default())
}

/// What it has, what may be used of it, and what is set aside.
fn room(page: &mut Page, node: &Value, pods: Option<&Result<Vec<Value>, Text>>) {
    page.title("Room");
    let known = pods.and_then(|pods| pods.as_ref().ok());
    let sum = |what: &str| {
        let of = |pods: &Vec<Value>| pods.iter().map(|pod| Need::of_pod(pod, what)).fold(Need::default(), Need::plus);
        known.map(of)
    };
    let (requests, limits) = (sum("requests"), sum("limits"));
    let rows = fields(node, "/status/allocatable").map(|(name, value)| {
        let free = scalar(value, "");
        let of = |need: Option<Need>| match (name.as_str(), need) {
            ("cpu", Some(need)) => share(need.cores_said(), need.cores, &free),
            ("memory", Some(need)) => share(need.bytes_said(), need.bytes, &free),
            _ => String::new(),
        };
        let set_aside = match (name.as_str(), known) {
            ("pods", Some(pods)) => pods.len().to_string(),
            _ => of(requests),
        };
        let has = scalar(node, &format!("/status/capacity/{}", name.replace('/', "~1")));
        vec![name.clone(), amount_said(name, &has), amount_said(name, &free), set_aside, of(limits)]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    page.inside(|page| page.table(&["", "HAS", "FOR PODS", "REQUESTED", "LIMITS"], &rows));
}

/// `1500 m (75 %)`
fn share(said: String, of: f64, whole: &str) -> String {
    match amount(whole).filter(|whole| *whole > 0.0 && of > 0.0) {
        Some(whole) => format!("{said} ({:.0} %)", of / whole * 100.0),
        None => said,
    }
}

fn amount_said(name: &str, raw: &str) -> String {
    let is_size = name == "memory" || name == "ephemeral-storage" || name.starts_with("hugepages-");
    match amount(raw) {
        Some(amount) if name == "cpu" => cores(amount),
        Some(amount) if is_size && amount > 0.0 => bytes(amount as u64),
        _ => raw.to_owned(),
    }
}

fn pods(page: &mut Page, pods: Option<&Result<Vec<Value>, Text>>) {
    missing(page, "Pods on it", pods);
    let Some(Ok(pods)) = pods else { return };
    page.title(&format!("Pods on it that have not ended: {}", pods.len()));
    let mut pods: Vec<&Value> = pods.iter().collect();
    // Who has most of the memory set aside stands first; names stand last, where they may be cut.
    pods.sort_by(|a, b| Need::of_pod(b, "requests").bytes.total_cmp(&Need::of_pod(a, "requests").bytes));
    let rows = pods.iter().map(|it| {
        let (requests, limits) = (Need::of_pod(it, "requests"), Need::of_pod(it, "limits"));
        vec![
            requests.cores_said(),
            requests.bytes_said(),
            limits.bytes_said(),
            pod::state(it),
            format!("{}/{}", text(it, "/metadata/namespace"), text(it, "/metadata/name")),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    page.inside(|page| page.table(&["CPU", "MEMORY", "MEMORY LIMIT", "STATE", "POD"], &rows));
}

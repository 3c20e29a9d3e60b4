//! What is asked by users or other workloads, in words: Services and Ingresses.

use serde_json::Value;

use super::dig::{list, scalar, text, texts};
use super::page::Page;
use super::{Beside, missing, selector};

/// Writes a Service, and what stands behind it.
pub(super) fn service(page: &mut Page, object: &Value, beside: &Beside) {
    page.say("Type", text(object, "/spec/type"));
    let selects = selector(object, "/spec/selector");
    page.say(
        "Selects",
        if selects.is_empty() { "nothing: its endpoints are written by somebody else" } else { &selects },
    );
    page.each("Addresses", texts(object, "/spec/clusterIPs"));
    page.say("Stands for", text(object, "/spec/externalName"));
    page.each("Also at", texts(object, "/spec/externalIPs"));
    let balanced = list(object, "/status/loadBalancer/ingress").iter();
    page.each("Load balancer", balanced.map(|it| format!("{}{}", text(it, "/ip"), text(it, "/hostname"))));
    page.each("Ports", list(object, "/spec/ports").iter().map(port));
    page.say("Sticks to", Some(text(object, "/spec/sessionAffinity")).filter(|by| *by != "None").unwrap_or_default());
    page.say("Traffic from out", text(object, "/spec/externalTrafficPolicy"));
    missing(page, "Behind it", beside.parts.as_ref());
    let Some(Ok(slices)) = &beside.parts else { return };
    page.title("Behind it");
    let rows: Vec<Vec<String>> =
        slices.iter().flat_map(|slice| list(slice, "/endpoints").iter().map(|it| endpoint(slice, it))).collect();
    page.inside(|page| {
        if rows.is_empty() {
            page.line("nobody: whoever asks it gets no answer", 0);
        }
        page.table(&["ADDRESS", "READY", "POD", "NODE"], &rows);
    });
}

fn port(it: &Value) -> String {
    let name = text(it, "/name");
    let name = if name.is_empty() { String::new() } else { format!("{name} ") };
    let to = scalar(it, "/targetPort");
    let to = if to.is_empty() { String::new() } else { format!(" to {to} of the pod") };
    let on_nodes = scalar(it, "/nodePort");
    let on_nodes = if on_nodes.is_empty() { String::new() } else { format!(", {on_nodes} on every node") };
    format!("{name}{}/{}{to}{on_nodes}", scalar(it, "/port"), text(it, "/protocol"))
}

fn endpoint(slice: &Value, it: &Value) -> Vec<String> {
    let ports: Vec<String> = list(slice, "/ports").iter().map(|port| scalar(port, "/port")).collect();
    // Not said means ready (EndpointConditions).
    let ready = match it.pointer("/conditions/ready").and_then(Value::as_bool) {
        Some(false) if it.pointer("/conditions/terminating").and_then(Value::as_bool) == Some(true) => "no: it ends",
        Some(false) => "no",
        _ => "yes",
    };
    vec![
        format!("{}:{}", texts(it, "/addresses").collect::<Vec<_>>().join(","), ports.join(",")),
        ready.to_owned(),
        text(it, "/targetRef/name").to_owned(),
        text(it, "/nodeName").to_owned(),
    ]
}

/// Writes an Ingress.
pub(super) fn ingress(page: &mut Page, object: &Value) {
    page.say("Class", text(object, "/spec/ingressClassName"));
    let at = list(object, "/status/loadBalancer/ingress").iter();
    page.each("Addresses", at.map(|it| format!("{}{}", text(it, "/ip"), text(it, "/hostname"))));
    page.each(
        "Certificates",
        list(object, "/spec/tls").iter().map(|it| {
            let hosts: Vec<&str> = texts(it, "/hosts").collect();
            format!("Secret {} for {}", text(it, "/secretName"), hosts.join(", "))
        }),
    );
    if let Some(rest) = object.pointer("/spec/defaultBackend") {
        page.say("All else", backend(rest));
    }
    page.title("Rules");
    let rules = list(object, "/spec/rules").iter().flat_map(|rule| {
        let host = Some(text(rule, "/host")).filter(|host| !host.is_empty()).unwrap_or("*");
        list(rule, "/http/paths").iter().map(move |it| {
            vec![host.to_owned(), text(it, "/path").to_owned(), backend(it.pointer("/backend").unwrap_or(&Value::Null))]
        })
    });
    let rules: Vec<Vec<String>> = rules.collect();
    page.inside(|page| page.table(&["HOST", "PATH", "GOES TO"], &rules));
}

fn backend(it: &Value) -> String {
    match it.pointer("/service") {
        Some(service) => {
            let port = format!("{}{}", scalar(service, "/port/number"), text(service, "/port/name"));
            format!("Service {}:{port}", text(service, "/name"))
        }
        None => format!("{} {}", text(it, "/resource/kind"), text(it, "/resource/name")),
    }
}

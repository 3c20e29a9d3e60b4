//! How the API server of tests reads requests and answers them.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::broadcast;

use super::{Asked, Change, END, Script};

/// What a server talks over.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

pub(super) enum Answer {
    Hung,
    Whole(u16, &'static str, String),
    Watch { collection: String, namespace: Option<String>, from: u64 },
}

/// Answers what is asked over one connection, until that ends.
pub(super) async fn talk<S: Stream>(stream: S, script: Arc<Mutex<Script>>, changes: broadcast::Sender<Change>) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = request(&mut stream).await {
        // Subscribed before the log is read: nothing falls in between.
        let live = changes.subscribe();
        let (answer, past, slow) = {
            let mut script = script.lock().expect("not poisoned");
            script.asked.push(asked.clone());
            let answer = answer(&mut script, &asked);
            for change in std::mem::take(&mut script.fresh) {
                let _ = changes.send(change);
            }
            (answer, script.log.clone(), script.slow)
        };
        match answer {
            Answer::Hung => return std::future::pending().await,
            Answer::Watch { collection, namespace, from } => {
                return follow(stream, &past, live, &collection, namespace.as_deref(), from).await;
            }
            Answer::Whole(status, headers, body) => {
                let (packing, body) = match asked.packed {
                    true => ("Content-Encoding: gzip\r\n", pack(body.as_bytes())),
                    false => ("", body.into_bytes()),
                };
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nDate: Mon, 23 Nov 2026 23:40:00 GMT\r\n\
                     {headers}{packing}Content-Length: {}\r\n\r\n",
                    body.len()
                );
                let out = stream.get_mut();
                if out.write_all(head.as_bytes()).await.is_err() || deliver(out, &body, slow).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn pack(body: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(body).expect("written");
    packed.finish().expect("packed")
}

async fn deliver<S: Stream>(out: &mut S, body: &[u8], slow: bool) -> std::io::Result<()> {
    if !slow {
        return out.write_all(body).await;
    }
    for piece in body.chunks(1024) {
        out.write_all(piece).await?;
        // This is the line itself, and waits for nothing.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

async fn request<S: Stream>(stream: &mut BufReader<S>) -> Option<Asked> {
    let mut first = String::new();
    stream.read_line(&mut first).await.ok().filter(|read| *read > 0)?;
    let (mut length, mut accept, mut packed, mut token) = (0, String::new(), false, String::new());
    let mut media = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().expect("a length"),
            "accept" => accept = value.to_owned(),
            "content-type" => media = value.to_owned(),
            "accept-encoding" => packed = value.contains("gzip"),
            "authorization" => token = value.trim_start_matches("Bearer ").to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query: BTreeMap<String, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), unescaped(value)))
        .collect();
    let verb = match method {
        "POST" => "create",
        "PATCH" => "patch",
        "PUT" => "update",
        "DELETE" => "delete",
        _ if query.contains_key("watch") => "watch",
        _ if Place::of(path).is_some_and(|place| place.name.is_none()) => "list",
        _ => "get",
    };
    Some(Asked { verb, path: path.to_owned(), query, accept, packed, token, media, body })
}

fn unescaped(raw: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        let hex: Option<String> =
            (byte == b'%').then(|| [bytes.next(), bytes.next()].into_iter().flatten().map(char::from).collect());
        out.push(hex.map_or(byte, |hex| u8::from_str_radix(&hex, 16).expect("hex")));
    }
    String::from_utf8(out).expect("text")
}

/// What a path names.
pub(super) struct Place {
    /// `/api/v1/pods`, wherever they lie.
    pub(super) collection: String,
    pub(super) resource: String,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    /// `scale`, `eviction`, `status`.
    pub(super) part: Option<String>,
}

impl Place {
    fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let root = match *parts.first()? {
            "api" => 2,
            "apis" => 3,
            _ => return None,
        };
        let (root, rest) = (parts.get(..root)?, parts.get(root..)?);
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some((*namespace).to_owned()), rest),
            rest => (None, rest),
        };
        let resource = (*rest.first()?).to_owned();
        let collection = format!("/{}/{resource}", root.join("/"));
        let at = |place: usize| rest.get(place).map(|word| (*word).to_owned());
        Some(Self { collection, resource, namespace, name: at(1), part: at(2) })
    }
}

fn answer(script: &mut Script, asked: &Asked) -> Answer {
    if script.hung.contains(&(asked.verb, asked.path.clone())) {
        return Answer::Hung;
    }
    if asked.token != script.token {
        return refused(401, "Unauthorized");
    }
    if let Some(rule) = script
        .rules
        .iter_mut()
        .find(|rule| rule.verb == asked.verb && rule.path == asked.path && rule.times.is_none_or(|times| times > 0))
    {
        rule.times = rule.times.map(|times| times - 1);
        return Answer::Whole(rule.status, rule.headers, rule.body.clone());
    }
    match asked.path.as_str() {
        "/version" => return whole(&json!({ "major": "1", "minor": "34", "gitVersion": "v1.34.4" })),
        "/apis" => return whole(&groups(script)),
        path if path.ends_with("reviews") => return whole(&review(script, asked)),
        _ => {}
    }
    let Some(place) = Place::of(&asked.path) else {
        return match resources(script, &asked.path) {
            Some(found) => whole(&found),
            None => refused(404, "the server could not find the requested resource"),
        };
    };
    let allowed = place.namespace.as_ref().is_some_and(|namespace| script.allowed.contains(namespace));
    let denied = |resource: &str| script.denied.contains(&format!("{} {resource}", asked.verb));
    let part = place.part.as_ref().map(|part| format!("{}/{part}", place.resource));
    if denied(part.as_deref().unwrap_or(&place.resource)) && !allowed {
        let scope = match &place.namespace {
            Some(namespace) => format!("in the namespace \"{namespace}\""),
            None => "at the cluster scope".to_owned(),
        };
        let what = format!(
            "{0} is forbidden: User \"jane\" cannot {1} resource \"{0}\" in API group \"\" {scope}",
            place.resource, asked.verb
        );
        return refused(403, &what);
    }
    let optional = ["argoproj.io", "keda.sh"].iter().any(|group| place.collection.contains(group));
    if optional && !script.served.iter().any(|(_, _, resource)| *resource == place.resource) {
        return refused(404, "the server could not find the requested resource");
    }
    match asked.verb {
        "watch" => {
            let from: u64 = asked.query.get("resourceVersion").and_then(|it| it.parse().ok()).unwrap_or(0);
            match from < script.oldest {
                true => refused(410, &format!("too old resource version: {from} ({})", script.oldest)),
                false => Answer::Watch { collection: place.collection, namespace: place.namespace, from },
            }
        }
        "list" if asked.accept.contains("as=Table") => whole(&table(script, &place)),
        "list" => list(script, asked, &place),
        "create" | "patch" | "update" | "delete" => super::write::write(script, asked, &place),
        "get" if place.part.as_deref() == Some("scale") => match object(script, &place) {
            Some(object) => whole(&super::write::scale(&object)),
            None => refused(404, "not found"),
        },
        _ => match object(script, &place) {
            Some(object) => whole(&object),
            None => refused(404, "not found"),
        },
    }
}

pub(super) fn whole(body: &Value) -> Answer {
    Answer::Whole(200, "", body.to_string())
}

pub(super) fn refused(status: u16, message: &str) -> Answer {
    let body = json!({ "kind": "Status", "status": "Failure", "code": status, "message": message });
    Answer::Whole(status, "", body.to_string())
}

fn held<'a>(script: &'a Script, place: &'a Place) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let ours = |collection: &String, namespace: &String| {
        *collection == place.collection && place.namespace.as_ref().is_none_or(|only| only == namespace)
    };
    let all = script.objects.iter().filter(move |((collection, namespace, _), _)| ours(collection, namespace));
    all.map(|((_, _, name), object)| (name.as_str(), object))
}

pub(super) fn object(script: &Script, place: &Place) -> Option<Value> {
    held(script, place).find(|(name, _)| Some(*name) == place.name.as_deref()).map(|(_, object)| object.clone())
}

fn list(script: &Script, asked: &Asked, place: &Place) -> Answer {
    let only = asked.query.get("fieldSelector").and_then(|it| it.strip_prefix("metadata.name="));
    let on = asked.query.get("fieldSelector").and_then(|it| it.strip_prefix("spec.nodeName="));
    let all: Vec<&Value> = held(script, place)
        .filter(|(name, _)| only.is_none_or(|only| only == *name))
        .map(|(_, it)| it)
        .filter(|it| on.is_none_or(|on| it["spec"]["nodeName"] == on))
        .collect();
    let (version, from): (u64, usize) = match asked.query.get("continue").and_then(|it| it.split_once('.')) {
        Some((version, from)) => (version.parse().expect("a version"), from.parse().expect("a number")),
        None => (script.version, 0),
    };
    if version < script.oldest {
        return refused(410, "The provided continue parameter is too old to display a consistent list result.");
    }
    let limit: usize = asked.query.get("limit").and_then(|it| it.parse().ok()).unwrap_or(usize::MAX);
    let until = all.len().min(from.saturating_add(limit));
    let mut meta = json!({ "resourceVersion": version.to_string() });
    if until < all.len() {
        meta["continue"] = json!(format!("{version}.{until}"));
        meta["remainingItemCount"] = json!(all.len() - until);
    }
    let items = match &all[from..until] {
        // So writes a real server it.
        [] if asked.accept.contains("as=PartialObjectMetadataList") => Value::Null,
        items => json!(items),
    };
    whole(&json!({ "kind": "List", "apiVersion": "v1", "metadata": meta, "items": items }))
}

fn table(script: &Script, place: &Place) -> Value {
    let columns = ["Name", "Ready", "Status", "Restarts", "Age"].map(|name| json!({ "name": name, "type": "string" }));
    let rows: Vec<Value> = held(script, place)
        .map(|(name, _)| {
            let [ready, status, restarts] = script.rows.get(name).copied().unwrap_or(["1/1", "Running", "0"]);
            json!({ "cells": [name, ready, status, restarts, "5h"], "object": null })
        })
        .collect();
    json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": columns, "rows": rows })
}

fn groups(script: &Script) -> Value {
    if script.old {
        let groups = script.served.iter().map(|(group, version, _)| {
            let version = json!({ "groupVersion": format!("{group}/{version}"), "version": version });
            json!({ "name": group, "versions": [version] })
        });
        let usual = json!({ "name": "apps", "versions": [{ "groupVersion": "apps/v1", "version": "v1" }] });
        return json!({ "kind": "APIGroupList", "groups": groups.chain([usual]).collect::<Vec<_>>() });
    }
    let items = script.served.iter().map(|(group, version, resource)| {
        let version = json!({ "version": version, "resources": [{ "resource": resource }], "freshness": "Current" });
        json!({ "metadata": { "name": group }, "versions": [version] })
    });
    json!({ "kind": "APIGroupDiscoveryList", "items": items.collect::<Vec<_>>() })
}

/// The resources of a group and version, as an old server tells them.
fn resources(script: &Script, path: &str) -> Option<Value> {
    let served: Vec<Value> = script
        .served
        .iter()
        .filter(|(group, version, _)| path == format!("/apis/{group}/{version}"))
        .map(|(_, _, resource)| json!({ "name": resource }))
        .collect();
    (!served.is_empty()).then(|| json!({ "kind": "APIResourceList", "resources": served }))
}

fn review(script: &Script, asked: &Asked) -> Value {
    let body: Value = serde_json::from_slice(&asked.body).expect("a review");
    if asked.path.ends_with("selfsubjectreviews") {
        return json!({ "status": { "userInfo": { "username": "jane" } } });
    }
    if asked.path.ends_with("selfsubjectaccessreviews") {
        let of = &body["spec"]["resourceAttributes"];
        let allowed = script.allowed.contains(of["namespace"].as_str().unwrap_or_default())
            || !script.denied.contains(&format!(
                "{} {}{}",
                of["verb"].as_str().unwrap_or_default(),
                of["resource"].as_str().unwrap_or_default(),
                of["subresource"].as_str().filter(|it| !it.is_empty()).map(|it| format!("/{it}")).unwrap_or_default()
            ));
        return json!({ "status": { "allowed": allowed } });
    }
    let allowed = script.allowed.contains(body["spec"]["namespace"].as_str().unwrap_or_default());
    let rule = json!({ "verbs": ["get", "list", "watch"], "apiGroups": ["*"], "resources": ["*"] });
    let rules = if allowed && !script.incomplete { vec![rule] } else { Vec::new() };
    json!({ "status": { "resourceRules": rules, "nonResourceRules": [], "incomplete": script.incomplete } })
}

async fn follow<S: Stream>(
    mut stream: BufReader<S>,
    past: &[Change],
    mut live: broadcast::Receiver<Change>,
    collection: &str,
    namespace: Option<&str>,
    from: u64,
) {
    let out = stream.get_mut();
    if out.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.is_err() {
        return;
    }
    let ours = |change: &Change| {
        let here = change.collection == "*" || change.collection == collection;
        here && (change.namespace == "*" || namespace.is_none_or(|only| only == change.namespace))
    };
    let mut last = from;
    for change in past.iter().filter(|change| ours(change) && change.version > from) {
        last = change.version;
        if chunk(out, &change.line).await.is_err() {
            return;
        }
    }
    while let Ok(change) = live.recv().await {
        if !ours(&change) || change.version <= last {
            continue;
        }
        if change.line == END {
            break;
        }
        if change.version != u64::MAX {
            last = change.version;
        }
        if chunk(out, &change.line).await.is_err() {
            return;
        }
    }
    let _ = out.write_all(b"0\r\n\r\n").await;
    let _ = out.shutdown().await;
}

async fn chunk<S: Stream>(out: &mut S, line: &str) -> std::io::Result<()> {
    out.write_all(format!("{:x}\r\n{line}\n\r\n", line.len() + 1).as_bytes()).await
}

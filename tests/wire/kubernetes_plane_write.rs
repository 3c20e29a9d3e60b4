//! How the API server of tests changes what it holds: patches, scales, evictions, held to versions and uids as a real one does.

use serde_json::{Value, json};

use super::talk::{Answer, Place, object, refused, whole};
use super::{Asked, Change, Script};

/// The scale of an object.
pub(super) fn scale(object: &Value) -> Value {
    let mut scale = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": object["metadata"],
        "spec": {},
        "status": { "replicas": object["status"]["replicas"] },
    });
    // A real one leaves a zero out.
    if let Some(count @ 1..) = object["spec"]["replicas"].as_u64() {
        scale["spec"]["replicas"] = json!(count);
    }
    scale
}

/// Does what is asked, or refuses it.
pub(super) fn write(script: &mut Script, asked: &Asked, place: &Place) -> Answer {
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    if asked.verb == "create" && place.name.is_none() {
        return create(script, asked, place, body);
    }
    let Some(mut held) = object(script, place) else { return refused(404, "not found") };
    if script.faster > 0 && !is_trial(asked) {
        script.faster -= 1;
        held["status"]["busy"] = json!(script.version);
        store(script, place, held.clone());
        return conflict();
    }
    match (asked.verb, place.part.as_deref()) {
        ("create", Some("eviction")) => remove(script, asked, place, &held, &body["deleteOptions"]),
        ("delete", None) => remove(script, asked, place, &held, &body),
        ("update", Some("scale")) => {
            if differs(&held, &body) {
                return conflict();
            }
            held["spec"]["replicas"] = body["spec"]["replicas"].clone();
            keep(script, asked, place, held.clone());
            whole(&scale(&held))
        }
        ("patch", _) if asked.media.contains("json-patch") => {
            for operation in body.as_array().expect("operations") {
                let path = operation["path"].as_str().expect("a path");
                if path == "/metadata/resourceVersion" {
                    if held["metadata"]["resourceVersion"] != operation["value"] {
                        return conflict();
                    }
                } else {
                    operate(&mut held, path, operation);
                }
            }
            keep(script, asked, place, held)
        }
        ("patch", _) => {
            if differs(&held, &body) {
                return conflict();
            }
            merge(&mut held, &body);
            keep(script, asked, place, held)
        }
        (verb, part) => panic!("nothing {verb}s {part:?}"),
    }
}

/// A deletion that has a body is read from that alone, as by a real one.
pub(super) fn is_trial(asked: &Asked) -> bool {
    if asked.verb == "delete" {
        let options: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        return options["dryRun"] == json!(["All"]);
    }
    asked.query.get("dryRun").is_some_and(|it| it == "All")
}

fn conflict() -> Answer {
    refused(409, "the object has been modified; please apply your changes to the latest version and try again")
}

/// Whether a write names another version or incarnation than is held.
fn differs(held: &Value, body: &Value) -> bool {
    let other = |name: &str| body["metadata"].get(name).is_some_and(|it| *it != held["metadata"][name]);
    other("resourceVersion") || other("uid")
}

fn create(script: &mut Script, asked: &Asked, place: &Place, mut body: Value) -> Answer {
    let name = body["metadata"]["name"].as_str().expect("a name").to_owned();
    body["metadata"]["uid"] = json!(format!("uid-of-{name}-{}", script.version));
    let place = Place {
        name: Some(name),
        part: None,
        collection: place.collection.clone(),
        resource: place.resource.clone(),
        namespace: place.namespace.clone(),
    };
    if object(script, &place).is_some() {
        return refused(409, "already exists");
    }
    keep(script, asked, &place, body)
}

fn remove(script: &mut Script, asked: &Asked, place: &Place, held: &Value, options: &Value) -> Answer {
    if options["preconditions"]["uid"] != held["metadata"]["uid"] {
        return refused(409, "the UID in the precondition does not match the UID in record");
    }
    if !is_trial(asked) {
        script.objects.remove(&key(place));
        say(script, place, "DELETED", held.clone());
    }
    whole(&json!({ "kind": "Status", "status": "Success" }))
}

/// Stores it, unless it is a trial.
fn keep(script: &mut Script, asked: &Asked, place: &Place, held: Value) -> Answer {
    if !is_trial(asked) {
        store(script, place, held.clone());
    }
    whole(&held)
}

fn key(place: &Place) -> (String, String, String) {
    (place.collection.clone(), place.namespace.clone().unwrap_or_default(), place.name.clone().unwrap_or_default())
}

fn store(script: &mut Script, place: &Place, mut held: Value) {
    held["metadata"]["resourceVersion"] = json!((script.version + 1).to_string());
    script.objects.insert(key(place), held.clone());
    say(script, place, "MODIFIED", held);
}

fn say(script: &mut Script, place: &Place, kind: &str, mut held: Value) {
    script.version += 1;
    held["metadata"]["resourceVersion"] = json!(script.version.to_string());
    let change = Change {
        collection: place.collection.clone(),
        namespace: place.namespace.clone().unwrap_or_default(),
        version: script.version,
        line: json!({ "type": kind, "object": held }).to_string(),
    };
    script.log.push(change.clone());
    script.fresh.push(change);
}

fn operate(held: &mut Value, path: &str, operation: &Value) {
    let (parent, name) = path.rsplit_once('/').expect("a path");
    let name = name.replace("~1", "/");
    let parent = held.pointer_mut(parent).unwrap_or_else(|| panic!("{path} has a place"));
    match operation["op"].as_str() {
        Some("remove") => drop(parent.as_object_mut().expect("an object").remove(&name).expect("it is there")),
        Some("add" | "replace") => parent[name.as_str()] = operation["value"].clone(),
        other => panic!("{other:?} is no operation"),
    }
}

fn merge(into: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *into = patch.clone();
        return;
    };
    if !into.is_object() {
        *into = json!({});
    }
    for (name, value) in fields {
        match value {
            Value::Null => drop(into.as_object_mut().expect("an object").remove(name)),
            value => merge(&mut into[name.as_str()], value),
        }
    }
}

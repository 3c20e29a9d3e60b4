//! What a template refers to, and whether it is still there. Only metadata is asked for: values stay where they are.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::Value;

use crate::domain::words::many;
use crate::domain::{Line, Ref, Text};

use super::super::ask::{Failed, Part, escaped, read};
use super::super::words::dig::{is_true, list, text};
use super::desk::Desk;
use super::draft::{hurts, note};

/// Objects that are looked for at most; a template has rarely more than ten.
const MOST: usize = 30;

/// A kind of thing that a template refers to: what it is called, and where it lies.
type Sort = (&'static str, &'static str);

const CONFIG_MAP: Sort = ("ConfigMap", "configmaps");
const SECRET: Sort = ("Secret", "secrets");
const CLAIM: Sort = ("claim", "persistentvolumeclaims");
const ACCOUNT: Sort = ("service account", "serviceaccounts");

/// What is said of them.
pub(super) async fn notes(desk: Desk<'_>, key: &Ref, template: &Value) -> Vec<Line> {
    let namespace = key.namespace.as_deref().map(escaped).unwrap_or_default();
    let all: Vec<(Sort, String)> = referred(template).into_iter().take(MOST).collect();
    let answers = join_all(all.iter().map(|((_, plural), name)| {
        let path = format!("/api/v1/namespaces/{namespace}/{plural}/{}", escaped(name));
        async move { read::<Value>(desk.server, &path, Part::Metadata).await.map(drop) }
    }))
    .await;
    let (mut lines, mut there, mut unknown) = (Vec::new(), BTreeMap::new(), Vec::new());
    for ((sort, name), answer) in all.iter().zip(answers) {
        match answer {
            Ok(()) => *there.entry(sort.0).or_insert(0_u64) += 1,
            Err(failed) if failed.is_gone() => {
                lines.push(hurts(format!("{} {}, which it needs, is not there any more", sort.0, Text::new(name))));
            }
            Err(Failed { .. }) => unknown.push(format!("{} {}", sort.0, Text::new(name))),
        }
    }
    if !unknown.is_empty() {
        lines.push(note(format!("whether {} is still there is not known: it may not be read", unknown.join(", "))));
    }
    if lines.is_empty() && !there.is_empty() {
        let there: Vec<String> = there.into_iter().map(|(noun, count)| many(count, noun)).collect();
        lines.push(note(format!("what it refers to is still there: {}", there.join(", "))));
    }
    lines
}

/// What it refers to and cannot do without.
fn referred(template: &Value) -> Vec<(Sort, String)> {
    let mut all = Vec::new();
    for volume in list(template, "/spec/volumes") {
        let sources = list(volume, "/projected/sources").iter().chain([volume]);
        for source in sources {
            push(&mut all, CONFIG_MAP, source, "/configMap", "/configMap/name");
            push(&mut all, SECRET, source, "/secret", "/secret/secretName");
            push(&mut all, SECRET, source, "/secret", "/secret/name");
        }
        push(&mut all, CLAIM, volume, "/persistentVolumeClaim", "/persistentVolumeClaim/claimName");
    }
    for container in list(template, "/spec/containers").iter().chain(list(template, "/spec/initContainers")) {
        for from in list(container, "/envFrom") {
            push(&mut all, CONFIG_MAP, from, "/configMapRef", "/configMapRef/name");
            push(&mut all, SECRET, from, "/secretRef", "/secretRef/name");
        }
        for variable in list(container, "/env") {
            let from = variable.pointer("/valueFrom").unwrap_or(&Value::Null);
            push(&mut all, CONFIG_MAP, from, "/configMapKeyRef", "/configMapKeyRef/name");
            push(&mut all, SECRET, from, "/secretKeyRef", "/secretKeyRef/name");
        }
    }
    for secret in list(template, "/spec/imagePullSecrets") {
        push(&mut all, SECRET, secret, "", "/name");
    }
    let account = text(template, "/spec/serviceAccountName");
    if !account.is_empty() && account != "default" {
        all.push((ACCOUNT, account.to_owned()));
    }
    all.sort();
    all.dedup();
    all
}

fn push(all: &mut Vec<(Sort, String)>, sort: Sort, object: &Value, part: &str, name: &str) {
    let name = text(object, name);
    if !name.is_empty() && !is_true(object, &format!("{part}/optional")) {
        all.push((sort, name.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_template_needs_is_found_wherever_it_stands() {
        let template = json!({ "spec": {
            "serviceAccountName": "web",
            "imagePullSecrets": [{ "name": "registry" }],
            "volumes": [
                { "configMap": { "name": "conf" } }, { "secret": { "secretName": "tls" } },
                { "secret": { "secretName": "maybe", "optional": true } },
                { "persistentVolumeClaim": { "claimName": "data" } },
                { "projected": { "sources": [{ "secret": { "name": "token" } }, { "configMap": { "name": "ca" } }] } },
            ],
            "containers": [{ "envFrom": [{ "secretRef": { "name": "env" } }],
                "env": [{ "valueFrom": { "configMapKeyRef": { "name": "conf", "key": "a" } } }] }],
        } });
        let said: Vec<String> =
            referred(&template).into_iter().map(|((noun, _), name)| format!("{noun} {name}")).collect();
        assert_eq!(
            said,
            [
                "ConfigMap ca",
                "ConfigMap conf",
                "Secret env",
                "Secret registry",
                "Secret tls",
                "Secret token",
                "claim data",
                "service account web"
            ]
        );
    }
}

//! What must not leave the engine: values of environments, and labels that look like secrets.

use std::hash::{BuildHasher, RandomState};

use serde_json::Value;

use crate::domain::{EnvEntry, Interner};

/// What stands in the place of a value.
pub(super) const MASK: &str = "***";
/// A label or key whose name holds one of these is not kept.
const DENIED: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "private",
    "basicauth",
    "htpasswd",
    "auth.",
];

/// Whether a label's name says that its value is nobody's business.
pub(super) fn denied(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    DENIED.iter().any(|word| name.contains(word))
}

/// An environment as names, and hashes under a key that is not kept.
pub(super) fn environment(env: &[String], key: &RandomState, names: &mut Interner) -> Vec<EnvEntry> {
    let entries = env.iter().map(|entry| {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        EnvEntry { name: names.intern(name), hash: key.hash_one(value) }
    });
    entries.collect()
}

/// Masks an engine's answer in place: every environment value, every label that is denied.
pub(super) fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match (name.as_str(), &mut *field) {
                    ("Env", Value::Array(entries)) => entries.iter_mut().for_each(mask_entry),
                    (_, Value::String(text)) if denied(name) && !text.is_empty() => MASK.clone_into(text),
                    (_, field) => mask(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn mask_entry(entry: &mut Value) {
    if let Value::String(text) = entry
        && let Some((name, _)) = text.split_once('=')
    {
        *text = format!("{name}={MASK}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_masked_wherever_they_stand() {
        let mut answer = serde_json::json!({
            "Config": { "Env": ["DB_URL=postgres://u:p@h", "EMPTY"], "Labels": { "api_token": "abc", "team": "shop" } },
            "Spec": { "TaskTemplate": { "ContainerSpec": { "Env": ["A=b"] } } },
        });
        mask(&mut answer);
        let text = answer.to_string();
        assert!(!text.contains("postgres://") && !text.contains("abc") && !text.contains("A=b"), "{text}");
        assert!(text.contains("DB_URL=***") && text.contains("EMPTY") && text.contains("shop"), "{text}");
    }

    #[test]
    fn an_environment_keeps_names_and_tells_a_change_of_a_value() {
        let (key, mut names) = (RandomState::new(), Interner::default());
        let one = environment(&["A=1".into(), "B=1".into()], &key, &mut names);
        let two = environment(&["A=2".into(), "B=1".into()], &key, &mut names);
        assert_eq!(one[1], two[1]);
        assert_ne!(one[0], two[0]);
        assert_eq!(one[0].name, "A");
    }
}

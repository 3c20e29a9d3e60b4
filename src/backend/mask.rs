//! What must not leave a server: values of environments, and labels that look like secrets.

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

/// A command line with what follows a denied name masked (`--password=***`, `--token ***`); none of no words.
pub(super) fn command(words: &[&str]) -> Option<String> {
    if words.is_empty() {
        return None;
    }
    let line = words.join(" ");
    let mut out = String::with_capacity(line.len());
    let mut hide_next = false;
    for token in line.split_inclusive(char::is_whitespace) {
        let word = token.trim_end();
        let space = &token[word.len()..];
        match word.split_once('=') {
            Some((name, value)) if denied(name) && !value.is_empty() => out.push_str(&format!("{name}={MASK}")),
            _ if hide_next && !word.is_empty() && !word.starts_with('-') => out.push_str(MASK),
            _ => out.push_str(word),
        }
        out.push_str(space);
        hide_next = word.starts_with("--") && !word.contains('=') && denied(word);
    }
    Some(out)
}

/// Maps whose fields a person named: there a name tells whether its value is a secret.
const NAMED_BY_PEOPLE: &[&str] = &["Labels", "Options", "Opts", "Config", "DriverOpts", "Sysctls", "Annotations"];
/// Lists that are command lines.
const COMMANDS: &[&str] = &["Cmd", "Args", "Command", "Entrypoint", "Test"];

/// Masks an engine's answer in place: every environment value, every denied label or option, secrets in command lines.
pub(super) fn mask(value: &mut Value) {
    mask_under("", value);
}

fn mask_under(parent: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match (name.as_str(), &mut *field) {
                    ("Env", Value::Array(entries)) => entries.iter_mut().for_each(mask_entry),
                    (name, Value::String(text)) if NAMED_BY_PEOPLE.contains(&parent) && denied(name) => {
                        MASK.clone_into(text);
                    }
                    (name, Value::Array(words)) if COMMANDS.contains(&name) => mask_words(words),
                    (name, field) => mask_under(name, field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask_under(parent, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Masks the words of a command line in place, as [`command`] does it for a line.
pub(super) fn mask_words(words: &mut [Value]) {
    let mut hide_next = false;
    for word in words {
        let Value::String(text) = word else { continue };
        let names = text.starts_with("--") && !text.contains([' ', '=']) && denied(text);
        if hide_next && !text.starts_with('-') {
            MASK.clone_into(text);
        } else if let Some(masked) = command(&[text.as_str()]) {
            *text = masked;
        }
        hide_next = names;
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
    fn secrets_in_command_lines_are_masked() {
        let line = command(&["sh", "-c", "serve --db-password=abc --token xyz --port 80"]).expect("words");
        assert_eq!(line, "sh -c serve --db-password=*** --token *** --port 80");
        let mut answer = serde_json::json!({ "Config": { "Cmd": ["serve", "--api-key", "abc", "PASSWORD=x"] } });
        mask(&mut answer);
        assert_eq!(answer["Config"]["Cmd"], serde_json::json!(["serve", "--api-key", "***", "PASSWORD=***"]));
        assert_eq!(command(&[]), None);
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

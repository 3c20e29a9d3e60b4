//! What a manifest or a description does not show: values that their names call secret, wherever they stand, and
//! passwords in addresses. The names that tell are those of [`mask`]; this finds where people put them in an object.

use serde_json::{Map, Value};

use crate::backend::mask::{MASK, denied, mask_words};

/// Maps whose fields a person named.
const NAMED_BY_PEOPLE: &[&str] = &[
    "annotations",
    "data",
    "labels",
    "matchLabels",
    "nodeSelector",
    "options",
    "parameters",
    "stringData",
    "volumeAttributes",
];
/// Lists that are command lines.
const COMMANDS: &[&str] = &["args", "command"];
/// Fields of custom resources that hold a secret itself. Part of a name is not enough here: `secretName` and
/// `topologyKey` hold none.
const SECRETS: &[&str] = &[
    "accesskey",
    "apikey",
    "bearertoken",
    "clientsecret",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secretkey",
    "token",
];
/// Headers whose value lets somebody in.
const HEADERS: &[&str] = &["authorization", "cookie", "proxy-authorization"];

/// Masks an object in place.
pub(super) fn conceal(object: &mut Value) {
    under("", object);
}

fn under(parent: &str, value: &mut Value) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, field)| of_field(parent, name, field)),
        Value::Array(items) => items.iter_mut().for_each(|item| under(parent, item)),
        Value::String(text) => addresses(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn of_field(parent: &str, name: &str, field: &mut Value) {
    match field {
        Value::String(text) if parent == "binaryData" => *text = format!("{MASK} ({} bytes of base64)", text.len()),
        Value::String(text) if NAMED_BY_PEOPLE.contains(&parent) => conceal_value(name, text),
        Value::String(text) if SECRETS.contains(&name.to_ascii_lowercase().as_str()) => MASK.clone_into(text),
        Value::Array(entries) if matches!(name, "env" | "httpHeaders") => {
            entries.iter_mut().filter_map(Value::as_object_mut).for_each(of_entry);
        }
        Value::Array(words) if COMMANDS.contains(&name) => {
            mask_words(words);
            words.iter_mut().for_each(|word| under(name, word));
        }
        field => under(name, field),
    }
}

/// `{name, value}`: an environment variable or a header.
fn of_entry(entry: &mut Map<String, Value>) {
    let name = entry.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let lets_in = HEADERS.contains(&name.to_ascii_lowercase().as_str());
    match entry.get_mut("value") {
        Some(Value::String(text)) if lets_in => MASK.clone_into(text),
        Some(Value::String(text)) => conceal_value(&name, text),
        _ => {}
    }
}

/// Masks a value that has a name: the whole where its name says so, else what is secret within it.
pub(super) fn conceal_value(name: &str, text: &mut String) {
    if denied(name) {
        if !text.is_empty() {
            MASK.clone_into(text);
        }
        return;
    }
    let mut out = String::with_capacity(text.len());
    let mut in_key = false;
    for line in text.split_inclusive('\n') {
        let begins = line.contains("-----BEGIN") && line.contains("PRIVATE KEY");
        if begins || in_key {
            in_key = !line.contains("-----END");
            if begins {
                out.push_str(MASK);
                out.push('\n');
            }
            continue;
        }
        out.push_str(&conceal_line(line));
    }
    *text = out;
    addresses(text);
}

/// A line of a file of settings: `name: value`, `name=value`, `"name": "value"`, `a=b;name=value`.
fn conceal_line(line: &str) -> String {
    let word = |raw: &str| {
        let raw = raw.trim().trim_start_matches("export ").trim_start_matches("- ").trim_matches(['"', '\'']);
        let is_word = !raw.is_empty() && raw.chars().all(is_of_name);
        is_word.then(|| raw.to_owned())
    };
    if let Some(at) = line.find(['=', ':'])
        && let Some(name) = word(&line[..at])
        && denied(&name)
    {
        let (value, end) = split_end(&line[at + 1..]);
        let quiet = value.trim().trim_end_matches(',');
        return match quiet {
            // What is nested, or nothing.
            "" | "{" | "[" | "|" | ">" | "|-" | ">-" | "\"\"" => line.to_owned(),
            _ => format!("{}{}{MASK}{end}", &line[..=at], &value[..value.len() - value.trim_start().len()]),
        };
    }
    pairs(line)
}

fn split_end(raw: &str) -> (&str, &str) {
    let value = raw.trim_end_matches(['\n', '\r']);
    raw.split_at(value.len())
}

const fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// Masks `name=value` and `"name":"value"` within a line.
fn pairs(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let bare = before.trim_end().trim_end_matches(['"', '\'']);
        let start =
            bare.char_indices().rev().take_while(|(_, c)| is_of_name(*c)).last().map_or(bare.len(), |(ix, _)| ix);
        let value = if denied(&bare[start..]) { value_in(after) } else { None };
        out.push_str(&rest[..=at]);
        rest = match value {
            Some((lead, value)) => {
                out.push_str(&after[..lead]);
                out.push_str(MASK);
                &after[lead + value..]
            }
            None => after,
        };
    }
    out.push_str(rest);
    out
}

/// Where a value begins and how long it is: a string in quotes, or up to what ends it.
fn value_in(after: &str) -> Option<(usize, usize)> {
    let trimmed = after.trim_start_matches(' ');
    let lead = after.len() - trimmed.len();
    if let Some(quoted) = trimmed.strip_prefix('"') {
        let mut escaped = false;
        let end = quoted.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        return Some((lead + 1, end.unwrap_or(quoted.len())));
    }
    let end = trimmed.find([' ', '&', ';', ',', '"', '\'', '\n', '\r', '}']).unwrap_or(trimmed.len());
    (end > 0 && !trimmed.starts_with("//")).then_some((lead, end))
}

/// Masks passwords in addresses: `scheme://user:***@host`.
fn addresses(text: &mut String) {
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        let start = from + at + 3;
        let end = text[start..].find(|c: char| c.is_whitespace() || "/?#\"'<>,;)".contains(c));
        let authority = &text[start..end.map_or(text.len(), |end| start + end)];
        let secret = authority.rfind('@').and_then(|host| Some((authority[..host].find(':')? + 1, host)));
        if let Some((password, host)) = secret.filter(|(password, host)| password < host) {
            text.replace_range(start + password..start + host, MASK);
        }
        from = start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn concealed(name: &str, raw: &str) -> String {
        let mut text = raw.to_owned();
        conceal_value(name, &mut text);
        text
    }

    #[test]
    fn secrets_are_masked_wherever_people_put_them() {
        let mut pod = json!({
            "metadata": { "annotations": { "deploy-token": "hunter2", "team": "shop" }, "labels": { "app": "web" } },
            "spec": {
                "containers": [{
                    "command": ["serve", "--password=hunter2"],
                    "args": ["--api-key", "hunter2", "--db", "postgres://u:hunter2@db/shop"],
                    "env": [
                        { "name": "DB_PASSWORD", "value": "hunter2" },
                        { "name": "DB_URL", "value": "postgres://shop:hunter2@db:5432/shop?sslmode=off" },
                        { "name": "LOG_LEVEL", "value": "info" },
                        { "name": "TOKEN", "valueFrom": { "secretKeyRef": { "name": "db", "key": "token" } } },
                    ],
                    "livenessProbe": { "httpGet": { "httpHeaders": [{ "name": "Authorization", "value": "hunter2" }] } },
                }],
                "tolerations": [{ "key": "dedicated", "operator": "Exists" }],
                "volumes": [{ "secret": { "secretName": "db" } }],
            },
        });
        conceal(&mut pod);
        let text = pod.to_string();
        assert!(!text.contains("hunter2"), "{text}");
        for kept in ["shop:***@db:5432/shop", "info", r#""key":"token""#, "dedicated", r#""secretName":"db""#] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
    }

    #[test]
    fn a_config_map_keeps_what_is_no_secret() {
        let mut map = json!({
            "kind": "ConfigMap",
            "data": { "api_key": "hunter2", "LOG_LEVEL": "info", "app.conf": "level = info\npassword = hunter2 and more\n" },
            "binaryData": { "store.jks": "aHVudGVyMg==" },
        });
        conceal(&mut map);
        assert_eq!(map["data"]["api_key"], MASK);
        assert_eq!(map["data"]["LOG_LEVEL"], "info");
        assert_eq!(map["data"]["app.conf"], "level = info\npassword = ***\n");
        assert_eq!(map["binaryData"]["store.jks"], "*** (12 bytes of base64)");
    }

    #[test]
    fn secrets_within_a_value_are_masked() {
        assert_eq!(
            concealed("app.json", r#"{"db":{"password":"hun\"ter2","port":1}}"#),
            r#"{"db":{"password":"***","port":1}}"#
        );
        assert_eq!(concealed("dsn", "Server=db;Password=hunter2;Port=1"), "Server=db;Password=***;Port=1");
        assert_eq!(concealed("url", "https://x/y?token=hunter2&page=2"), "https://x/y?token=***&page=2");
        assert_eq!(concealed("redis", "redis://:hunter2@r:6379/0"), "redis://:***@r:6379/0");
        assert_eq!(concealed("conf", "export DB_PASSWORD='hunter2'\nx: y\n"), "export DB_PASSWORD=***\nx: y\n");
        let pem = "a\n-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\nb\n";
        assert_eq!(concealed("bundle", pem), "a\n***\nb\n");
        assert_eq!(concealed("one", "-----BEGIN PRIVATE KEY-----hunter2-----END PRIVATE KEY-----"), "***\n");
    }

    #[test]
    fn what_is_no_secret_is_left_as_it_is() {
        for plain in
            ["", "user@host: x", "http://web:8080/a@b", "größe: 日本語 = ü", "a: {b: c}\n- d\n", "https://[::1]:1/x"]
        {
            assert_eq!(concealed("conf", plain), plain);
        }
    }
}

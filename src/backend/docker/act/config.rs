//! What a project's files say now of a service, compared with what runs. Values of the environment never leave here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::wire::Inspect;

/// In what the configuration differs from a container, in words; the error is why that cannot be told. `of_image` is the
/// environment that the container's image brings by itself.
pub(super) fn differences(
    config: &str,
    service: &str,
    it: &Inspect,
    of_image: Option<&[String]>,
) -> Result<Vec<String>, String> {
    let config: Value =
        serde_saphyr::from_str(config).map_err(|error| format!("what compose prints cannot be read: {error}"))?;
    let of = &config["services"][service];
    if !of.is_object() {
        return Err(format!("its files define no service {service} any more"));
    }
    let mut all = Vec::new();
    if let Some(image) = of["image"].as_str().filter(|image| *image != it.config.image) {
        all.push(format!("image {} becomes {image}", it.config.image));
    }
    environment(&mut all, &of["environment"], &it.config.env, of_image);
    let (was, now) = (published(it), ports(&of["ports"]));
    set(&mut all, "port", &was, &now);
    let (was, now) = (mounts(it), volumes(&of["volumes"], &config["volumes"]));
    set(&mut all, "volume", &was, &now);
    Ok(all)
}

fn set(all: &mut Vec<String>, what: &str, was: &BTreeSet<String>, now: &BTreeSet<String>) {
    all.extend(now.difference(was).map(|it| format!("{what} {it} added")));
    all.extend(was.difference(now).map(|it| format!("{what} {it} removed")));
}

fn environment(all: &mut Vec<String>, config: &Value, runs: &[String], of_image: Option<&[String]>) {
    let pair = |entry: &str| entry.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let has: BTreeMap<String, String> = runs.iter().filter_map(|entry| pair(entry)).collect();
    let wants: BTreeMap<String, String> = match config {
        // Compose writes a dollar twice, so that what it prints can be read by it again.
        Value::Object(fields) => fields.iter().filter_map(|(name, it)| Some((name.clone(), plain(it)?))).collect(),
        Value::Array(entries) => entries.iter().filter_map(|it| pair(it.as_str()?)).collect(),
        _ => BTreeMap::new(),
    };
    let wants: BTreeMap<String, String> =
        wants.into_iter().map(|(name, value)| (name, value.replace("$$", "$"))).collect();
    for (name, value) in &wants {
        match has.get(name) {
            None => all.push(format!("env {name} added")),
            Some(had) if had != value => all.push(format!("env {name} changed")),
            Some(_) => {}
        }
    }
    // What the image brings is there without being wanted.
    let Some(of_image) = of_image else { return };
    let brought: BTreeMap<String, String> = of_image.iter().filter_map(|entry| pair(entry)).collect();
    let gone = has.iter().filter(|(name, value)| !wants.contains_key(*name) && brought.get(*name) != Some(value));
    all.extend(gone.map(|(name, _)| format!("env {name} removed")));
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// `8080->80/tcp` of what a container publishes.
fn published(it: &Inspect) -> BTreeSet<String> {
    let each = it.network_settings.ports.iter().flat_map(|(port, bindings)| {
        bindings.iter().flatten().map(move |binding| format!("{}->{port}", binding.host_port))
    });
    each.collect()
}

fn ports(config: &Value) -> BTreeSet<String> {
    let each = config.as_array().into_iter().flatten().filter_map(|it| match it {
        Value::String(short) => short_port(short),
        long => {
            let protocol = long["protocol"].as_str().unwrap_or("tcp");
            Some(format!("{}->{}/{protocol}", plain(&long["published"])?, plain(&long["target"])?))
        }
    });
    each.collect()
}

/// `127.0.0.1:8080:80/tcp`
fn short_port(raw: &str) -> Option<String> {
    let (ports, protocol) = raw.split_once('/').unwrap_or((raw, "tcp"));
    let mut words = ports.rsplit(':');
    let (target, published) = (words.next()?, words.next()?);
    Some(format!("{published}->{target}/{protocol}"))
}

/// `shop_data at /data` of what was mounted by a name or a path: what an image declares by itself has neither.
fn mounts(it: &Inspect) -> BTreeSet<String> {
    let anonymous = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let named = it.mounts.iter().filter(|mount| mount.kind != "tmpfs" && !anonymous(&mount.name));
    let each = named.map(|mount| {
        let source = if mount.name.is_empty() { &mount.source } else { &mount.name };
        format!("{source} at {}", mount.destination)
    });
    each.collect()
}

fn volumes(config: &Value, named: &Value) -> BTreeSet<String> {
    let full = |source: &str| named[source]["name"].as_str().unwrap_or(source).to_owned();
    let each = config.as_array().into_iter().flatten().filter_map(|it| match it {
        Value::String(short) => {
            let mut words = short.split(':');
            let (source, target) = (words.next()?, words.next()?);
            Some(format!("{} at {target}", full(source)))
        }
        long if long["type"] == "tmpfs" => None,
        long => Some(format!("{} at {}", full(long["source"].as_str()?), long["target"].as_str()?)),
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn running() -> Inspect {
        serde_json::from_value(json!({
            "Config": { "Image": "web:1", "Env": ["DB_URL=one", "OLD=1", "PATH=/bin", "PRICE=5$"] },
            "NetworkSettings": { "Ports": { "80/tcp": [{ "HostIp": "0.0.0.0", "HostPort": "8080" }] } },
            "Mounts": [
                { "Type": "volume", "Name": "shop_data", "Destination": "/data" },
                { "Type": "volume", "Name": "a".repeat(64), "Destination": "/cache" },
            ],
        }))
        .expect("a container")
    }

    #[test]
    fn what_changed_is_named_and_no_value_is() {
        let config = "services:\n  web:\n    image: web:2\n    environment:\n      DB_URL: two\n      NEW: \"1\"\n      PRICE: \
                      5$$\n    ports:\n    - mode: ingress\n      target: 80\n      published: \"9090\"\n      protocol: tcp\n    \
                      volumes:\n    - type: volume\n      source: data\n      target: /data\nvolumes:\n  data:\n    name: \
                      shop_data\n";
        let said = differences(config, "web", &running(), Some(&["PATH=/bin".to_owned()])).expect("a comparison");
        let expected = [
            "image web:1 becomes web:2",
            "env DB_URL changed",
            "env NEW added",
            "env OLD removed",
            "port 9090->80/tcp added",
            "port 8080->80/tcp removed",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn the_short_forms_of_the_former_compose_are_read_too() {
        let config = "services:\n  web:\n    image: web:1\n    environment:\n    - DB_URL=one\n    - OLD=1\n    - PRICE=5$$\n    \
                      ports:\n    - 8080:80/tcp\n    volumes:\n    - data:/data:rw\nvolumes:\n  data:\n    name: shop_data\n";
        assert_eq!(differences(config, "web", &running(), None), Ok(Vec::new()));
        assert!(differences(config, "gone", &running(), None).is_err());
    }
}

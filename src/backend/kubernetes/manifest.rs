//! An object as `kubectl get -o yaml` shows it, without what nobody reads and what is secret.

use serde_json::{Map, Value};

use crate::domain::Text;

/// The whole object once more, inside itself: secrets of it too.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Takes out what only machines read: who manages which field, and what was applied last.
pub(super) fn prune(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    metadata.remove("managedFields");
    let annotations = metadata.get_mut("annotations").and_then(Value::as_object_mut);
    let left = annotations.map(|annotations| {
        annotations.remove(LAST_APPLIED);
        annotations.len()
    });
    if left == Some(0) {
        metadata.remove("annotations");
    }
}

/// An object that is already concealed, as lines of YAML: the order is kubectl's.
pub(super) fn yaml(object: &Value) -> Result<Vec<String>, Text> {
    let mut options = serde_saphyr::SerializerOptions::default();
    // A folded line can be read, and not be searched or copied.
    options.folded_wrap_chars = usize::MAX;
    let empty = Value::Object(Map::new());
    let object = if object.is_null() { &empty } else { object };
    let yaml = serde_saphyr::to_string_with_options(object, options);
    let yaml = yaml.map_err(|error| Text::from(format!("it cannot be written as YAML: {error}")))?;
    Ok(yaml.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_reads_as_kubectl_writes_it() {
        let object = json!({
            "kind": "ConfigMap",
            "apiVersion": "v1",
            "metadata": { "name": "web", "labels": { "on": "yes", "version": "1.10", "empty": "" } },
            "data": {
                "app.conf": "level = info\nlong = \"a line that is longer than eighty columns, and is not folded for all that\"\n",
                "note": "a value that is longer than eighty columns and has no break in it, which is not folded either",
            },
            "items": [{ "name": "a", "ports": [80, 443] }, []],
        });
        let lines = yaml(&object).expect("yaml");
        let expected = r#"apiVersion: v1
data:
  app.conf: |
    level = info
    long = "a line that is longer than eighty columns, and is not folded for all that"
  note: a value that is longer than eighty columns and has no break in it, which is not folded either
items:
- name: a
  ports:
  - 80
  - 443
- []
kind: ConfigMap
metadata:
  labels:
    empty: ""
    "on": "yes"
    version: "1.10"
  name: web"#;
        assert_eq!(lines.join("\n"), expected);
    }

    #[test]
    fn what_only_machines_read_is_left_out() {
        let mut object = json!({ "metadata": {
            "name": "web", "managedFields": [{}], "annotations": { LAST_APPLIED: "{\"data\":{\"p\":\"hunter2\"}}" },
        } });
        prune(&mut object);
        assert_eq!(object, json!({ "metadata": { "name": "web" } }));
        prune(&mut json!([]));
    }
}

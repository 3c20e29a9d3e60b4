//! Placement constraints, as far as they can be checked from what a manager says of its nodes: `node.labels.disk==ssd`.
//! Their forms are those of swarmkit's `manager/constraint`.

use serde_json::Value;

/// Whether a node meets a constraint; none where that is not known.
pub(super) fn meets(node: &Value, constraint: &str) -> Option<bool> {
    let (field, wanted, is) = match (constraint.split_once("=="), constraint.split_once("!=")) {
        (Some((field, wanted)), _) => (field, wanted, true),
        (None, Some((field, wanted))) => (field, wanted, false),
        (None, None) => return None,
    };
    let has = value(node, field.trim())?;
    Some(has.eq_ignore_ascii_case(wanted.trim()) == is)
}

/// What a node has in the place of a field; a label that it has not is empty.
fn value<'a>(node: &'a Value, field: &str) -> Option<&'a str> {
    let text = |pointer: &str| node.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let label =
        |pointer: &str, name: &str| node.pointer(pointer).and_then(|labels| labels[name].as_str()).unwrap_or("");
    let lower = field.to_ascii_lowercase();
    Some(match lower.as_str() {
        "node.id" => text("/ID"),
        "node.hostname" => text("/Description/Hostname"),
        "node.role" => text("/Spec/Role"),
        "node.platform.os" => text("/Description/Platform/OS"),
        // The platform is written in two ways (`x86_64`, `amd64`): it is not judged here.
        "node.platform.arch" => return None,
        // The names of labels keep their case.
        _ if lower.starts_with("node.labels.") => label("/Spec/Labels", &field["node.labels.".len()..]),
        _ if lower.starts_with("engine.labels.") => {
            label("/Description/Engine/Labels", &field["engine.labels.".len()..])
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_constraint_is_met_missed_or_not_known() {
        let node = json!({
            "ID": "n1",
            "Spec": { "Role": "worker", "Labels": { "disk": "ssd" } },
            "Description": { "Hostname": "host-a", "Platform": { "OS": "linux" } },
        });
        assert_eq!(meets(&node, "node.labels.disk == SSD"), Some(true));
        assert_eq!(meets(&node, "node.labels.disk!=ssd"), Some(false));
        assert_eq!(meets(&node, "node.labels.zone!=b"), Some(true), "a label that it has not is empty");
        assert_eq!(meets(&node, "node.role==manager"), Some(false));
        assert_eq!(meets(&node, "node.hostname==host-a"), Some(true));
        assert_eq!(meets(&node, "node.ip==10.0.0.0/8"), None);
        assert_eq!(meets(&node, "nonsense"), None);
    }
}

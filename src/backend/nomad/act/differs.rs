//! In what one version of a job differs from another, in a few words and never with a value that may be secret (nomad:
//! nomad/structs/diff.go, `JobDiff`).

use serde_json::Value;

/// Parts of a job whose values are plain: everything else is named alone.
const PLAIN: [&str; 8] = ["Count", "image", "CPU", "Cores", "MemoryMB", "MemoryMaxMB", "Driver", "Priority"];
/// What a server itself counts.
const NOISE: [&str; 5] = ["Version", "JobModifyIndex", "ModifyIndex", "Status", "Stable"];

/// What differs: `web count 2 -> 5`, `web/nginx image nginx:1 -> nginx:2`, `web/nginx Env[DB_URL]`.
pub(super) fn of_diff(diff: &Value) -> Vec<String> {
    let mut out = Vec::new();
    walk(diff, "", &mut out);
    out
}

fn walk(part: &Value, of: &str, out: &mut Vec<String>) {
    let list = |name: &str| part[name].as_array().into_iter().flatten();
    for field in list("Fields") {
        let name = field["Name"].as_str().unwrap_or_default();
        if field["Type"] == "None" || NOISE.contains(&name) {
            continue;
        }
        out.push(match PLAIN.contains(&name) {
            true => {
                let side = |side: &str| field[side].as_str().filter(|it| !it.is_empty()).unwrap_or("none").to_owned();
                format!("{}{} {} -> {}", before(of), name, side("Old"), side("New"))
            }
            false => format!("{}{name}", before(of)),
        });
    }
    for object in list("Objects").filter(|it| it["Type"] != "None") {
        let name = object["Name"].as_str().unwrap_or_default();
        match name {
            // Of these the fields say what is meant.
            "Config" | "Resources" => walk(object, of, out),
            name => out.push(format!("{}{}", before(of), name.to_lowercase())),
        }
    }
    for (inner, _) in [("TaskGroups", 0), ("Tasks", 1)] {
        for it in list(inner).filter(|it| it["Type"] != "None") {
            let name = it["Name"].as_str().unwrap_or_default();
            let of = if of.is_empty() || of == name { name.to_owned() } else { format!("{of}/{name}") };
            match it["Type"].as_str() {
                Some("Added") => out.push(format!("{of} is new")),
                Some("Deleted") => out.push(format!("{of} is left out")),
                _ => walk(it, &of, out),
            }
        }
    }
}

fn before(of: &str) -> String {
    if of.is_empty() { String::new() } else { format!("{of} ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_and_images_are_told_and_of_an_environment_the_names_alone() {
        let field =
            |name: &str, old: &str, new: &str| json!({ "Name": name, "Old": old, "New": new, "Type": "Edited" });
        let diff = json!({ "Type": "Edited", "Fields": null, "Objects": null, "TaskGroups": [{
            "Name": "web", "Type": "Edited", "Fields": [field("Count", "2", "5")], "Objects": null,
            "Tasks": [{ "Name": "nginx", "Type": "Edited", "Objects": [
                { "Name": "Config", "Type": "Edited", "Fields": [field("image", "nginx:1", "nginx:2")] },
                { "Name": "Template", "Type": "Added", "Fields": [field("EmbeddedTmpl", "", "s3cret")] },
            ], "Fields": [field("Env[DB_URL]", "postgres://u:p@h", "postgres://u:q@h")] }],
        }] });
        let said = of_diff(&diff);
        assert_eq!(
            said,
            ["web Count 2 -> 5", "web/nginx Env[DB_URL]", "web/nginx image nginx:1 -> nginx:2", "web/nginx template"]
        );
        assert_eq!(of_diff(&json!({ "Type": "None", "TaskGroups": [{ "Name": "web", "Type": "None" }] })), [""; 0]);
    }
}

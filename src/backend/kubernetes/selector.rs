//! Which pods a workload or a Service means, as a query.

use serde_json::{Map, Value};

/// The query that finds what a selector selects: a workload's (`matchLabels`, `matchExpressions`), or a Service's plain
/// labels. None where it selects nothing, or says something that no query can.
pub(super) fn query(selector: &Value) -> Option<String> {
    let fields = selector.as_object()?;
    let is_set = fields.contains_key("matchLabels") || fields.contains_key("matchExpressions");
    let labels = if is_set { fields.get("matchLabels").and_then(Value::as_object) } else { Some(fields) };
    let mut terms: Vec<String> = labels.into_iter().flat_map(equal).collect();
    let expressions = fields.get("matchExpressions").filter(|_| is_set).and_then(Value::as_array);
    for expression in expressions.into_iter().flatten() {
        terms.push(term(expression)?);
    }
    (!terms.is_empty()).then(|| terms.join(","))
}

fn equal(labels: &Map<String, Value>) -> impl Iterator<Item = String> {
    labels.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?)))
}

fn term(expression: &Value) -> Option<String> {
    let key = expression.get("key")?.as_str()?;
    let values = expression.get("values").and_then(Value::as_array);
    let values: Vec<&str> = values.into_iter().flatten().filter_map(Value::as_str).collect();
    Some(match expression.get("operator")?.as_str()? {
        "In" => format!("{key} in ({})", values.join(",")),
        "NotIn" => format!("{key} notin ({})", values.join(",")),
        "Exists" => key.to_owned(),
        "DoesNotExist" => format!("!{key}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_selector_is_asked_as_the_server_reads_it() {
        let set = json!({
            "matchLabels": { "app": "web", "tier": "front" },
            "matchExpressions": [
                { "key": "env", "operator": "In", "values": ["prod", "staging"] },
                { "key": "canary", "operator": "DoesNotExist" },
                { "key": "track", "operator": "Exists" },
                { "key": "zone", "operator": "NotIn", "values": ["c"] },
            ],
        });
        let asked = query(&set).expect("a query");
        assert_eq!(asked, "app=web,tier=front,env in (prod,staging),!canary,track,zone notin (c)");
        assert_eq!(query(&json!({ "app": "web" })).as_deref(), Some("app=web"));
    }

    #[test]
    fn what_selects_nothing_is_not_taken_for_all() {
        assert_eq!(query(&json!({})), None);
        assert_eq!(query(&json!({ "matchLabels": {} })), None);
        assert_eq!(query(&Value::Null), None);
        let odd = json!({ "matchLabels": { "app": "web" }, "matchExpressions": [{ "key": "x", "operator": "Gt" }] });
        assert_eq!(query(&odd), None, "half a selector selects too much");
    }
}

//! Everything else in words: claims, autoscalers, budgets, settings, and what has no page of its own.

use serde_json::Value;

use crate::domain::{Kind, Timestamp};

use super::dig::{fields, list, number, scalar, text, texts};
use super::page::Page;
use super::{conditions, selector};

/// Writes it.
pub(super) fn body(page: &mut Page, kind: Kind, object: &Value, now: Timestamp) {
    match kind {
        Kind::Volume => claim(page, object),
        Kind::Autoscaler => autoscaler(page, object),
        Kind::Budget => budget(page, object),
        Kind::Namespace => page.say("State", text(object, "/status/phase")),
        Kind::ConfigMap => config_map(page, object),
        Kind::Secret => page.say("Values", "what a Secret holds is never fetched, not even the names of its keys"),
        _ => outline(page, object),
    }
    conditions(page, object, now);
}

fn claim(page: &mut Page, object: &Value) {
    page.say("State", text(object, "/status/phase"));
    page.say("Volume", text(object, "/spec/volumeName"));
    page.say("Class", text(object, "/spec/storageClassName"));
    page.say("Mode", text(object, "/spec/volumeMode"));
    page.say("Access", texts(object, "/spec/accessModes").collect::<Vec<_>>().join(", "));
    page.say("Asks for", scalar(object, "/spec/resources/requests/storage"));
    page.say("Has", scalar(object, "/status/capacity/storage"));
}

fn autoscaler(page: &mut Page, object: &Value) {
    let of = |path: &str| number(object, path).unwrap_or_default();
    page.say(
        "Scales",
        format!("{} {}", text(object, "/spec/scaleTargetRef/kind"), text(object, "/spec/scaleTargetRef/name")),
    );
    let least = number(object, "/spec/minReplicas").unwrap_or(1);
    page.say("Between", format!("{least} and {}", of("/spec/maxReplicas")));
    page.say("Now", format!("{}, wants {}", of("/status/currentReplicas"), of("/status/desiredReplicas")));
    let seen = list(object, "/status/currentMetrics");
    page.title("Measures");
    page.inside(|page| {
        for target in list(object, "/spec/metrics") {
            let (name, wanted) = metric(target, "target");
            let now = seen.iter().map(|it| metric(it, "current")).find(|(other, _)| *other == name);
            let now = now.map(|(_, value)| value).filter(|value| !value.is_empty());
            page.line(&format!("{name}: {} of {wanted}", now.as_deref().unwrap_or("unknown")), 2);
        }
    });
}

/// What is measured, and its value: the target, or what it is now.
fn metric(it: &Value, which: &str) -> (String, String) {
    let kind = text(it, "/type");
    let field =
        format!("{}{}", kind.get(..1).unwrap_or_default().to_ascii_lowercase(), kind.get(1..).unwrap_or_default());
    let source = it.pointer(&format!("/{field}")).unwrap_or(&Value::Null);
    let name = format!("{}{}", text(source, "/name"), text(source, "/metric/name"));
    let container = text(source, "/container");
    let container = if container.is_empty() { String::new() } else { format!(" of container {container}") };
    let of = |name: &str| scalar(source, &format!("/{which}/{name}"));
    let value = match (of("averageUtilization"), of("averageValue"), of("value")) {
        (percent, _, _) if !percent.is_empty() => format!("{percent} %"),
        (_, average, _) if !average.is_empty() => format!("{average} on average"),
        (_, _, value) => value,
    };
    (format!("{kind} {name}{container}"), value)
}

fn budget(page: &mut Page, object: &Value) {
    let of = |path: &str| number(object, path).unwrap_or_default();
    page.say("Selects", selector(object, "/spec/selector"));
    page.say("At least there", scalar(object, "/spec/minAvailable"));
    page.say("At most away", scalar(object, "/spec/maxUnavailable"));
    page.say("May go now", of("/status/disruptionsAllowed").to_string());
    let (good, wanted, all) = (of("/status/currentHealthy"), of("/status/desiredHealthy"), of("/status/expectedPods"));
    page.say("Healthy", format!("{good} of {all}, {wanted} have to be"));
    page.say(
        "Broken pods",
        match text(object, "/spec/unhealthyPodEvictionPolicy") {
            "AlwaysAllow" => "may always go",
            _ => "may go only while enough others are healthy",
        },
    );
}

fn config_map(page: &mut Page, object: &Value) {
    if object.get("immutable").and_then(Value::as_bool) == Some(true) {
        page.say("Immutable", "yes");
    }
    let values = fields(object, "/data").chain(fields(object, "/binaryData"));
    let values: Vec<_> = values.collect();
    if values.is_empty() {
        page.say("Values", "none");
    }
    for (name, value) in values {
        let value = scalar(value, "");
        match value.contains('\n') {
            false => page.say(name, if value.is_empty() { "(empty)" } else { &value }),
            true => {
                page.title(name);
                page.inside(|page| value.lines().for_each(|line| page.verbatim(line)));
            }
        }
    }
}

/// Of what nobody has a page for: what is asked, and how it is.
fn outline(page: &mut Page, object: &Value) {
    for (part, value) in fields(object, "") {
        if matches!(part.as_str(), "metadata" | "apiVersion" | "kind") {
            continue;
        }
        match value {
            Value::Object(_) | Value::Array(_) => {
                page.title(part);
                page.inside(|page| page.outline(value));
            }
            value => page.say(part, scalar(value, "")),
        }
    }
}

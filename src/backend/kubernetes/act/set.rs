//! One thing of what pods are made of: an image, a limit.

use std::slice::from_ref;

use serde_json::{Value, json};

use crate::domain::words::bytes;
use crate::domain::{Draft, Intent, Kind, Name, Ref, Refusal, Setting, StepAction, Text, Until};

use super::super::wire::quantity::quantity;
use super::super::words::dig::{is_true, list, scalar, text};
use super::change::{Change, How, lock_operation};
use super::desk::Desk;
use super::{carry_out, draft, gitops, undo};

/// How it would be set.
pub(super) async fn prepare(desk: Desk<'_>, intent: &Intent, key: &Ref, setting: &Setting) -> Result<Draft, Refusal> {
    settable(intent, key)?;
    let object = desk.subject(intent, key).await?;
    let found = find(key, &object, setting).map_err(|why| Refusal::of(intent, why, "name one of its containers"))?;
    let before = found.before();
    let wanted = named(setting, found.name());
    let mut draft = Draft::new(&Intent::Set(key.clone(), wanted.clone()), Vec::new());
    if before == wanted {
        return Ok(draft);
    }
    let action = StepAction::Set(key.clone(), wanted);
    let change = carry_out::change(desk, &action, &object).await;
    let change = change.map_err(|why| Refusal::of(intent, why, "set the request first, or choose more"))?;
    let (tried, present, (owner, variant)) = futures::join!(
        desk.try_out(intent, from_ref(&change)),
        undo::present(desk, key, &object),
        gitops::owner_notes(desk, &object, intent)
    );
    tried?;
    let held = is_true(&object, "/spec/paused");
    let until = match key.kind {
        Kind::CronJob => Until::Accepted,
        _ if held => Until::Accepted,
        _ => Until::RolledOut(key.clone(), present),
    };
    draft.notes.push(draft::note(format!("container {}: {} now", found.name(), in_words(&before))));
    draft.steps.push(draft::step(action, &object, until, draft::deadline(&object)));
    draft.inverse = Some(Intent::Set(key.clone(), before));
    if key.kind == Kind::CronJob {
        draft.notes.push(draft::note("it counts from the next run on"));
    } else if held {
        draft.notes.push(draft::note("its rollout is held: nothing is replaced until it goes on"));
    }
    draft.notes.extend(owner);
    draft.variants.extend(variant);
    Ok(draft)
}

fn settable(intent: &Intent, key: &Ref) -> Result<(), Refusal> {
    let (why, mend) = match key.kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::ArgoRollout | Kind::CronJob => return Ok(()),
        Kind::Job => ("what a Job's pods are made of is set when it is made", "set it on its CronJob, or make another"),
        Kind::ReplicaSet => ("its pods are not replaced when it changes", "set it on what keeps it"),
        _ => ("it is made from something else", "set it on the workload that it belongs to"),
    };
    Err(Refusal::of(intent, why, mend))
}

/// A container of a template.
struct Found<'a> {
    container: &'a Value,
    /// Where it stands in the object.
    path: String,
    setting: &'a Setting,
}

/// Where an object has the template of its pods.
fn template(key: &Ref) -> &'static str {
    if key.kind == Kind::CronJob { "/spec/jobTemplate/spec/template" } else { "/spec/template" }
}

/// The container that is named; else the first, which is the only one as a rule.
fn find<'a>(key: &Ref, object: &'a Value, setting: &'a Setting) -> Result<Found<'a>, Text> {
    let wanted = match setting {
        Setting::Image(name, _) | Setting::Memory(name, _) | Setting::Cpu(name, _) => name.as_deref(),
    };
    let groups = ["containers", "initContainers"].map(|group| format!("{}/spec/{group}", template(key)));
    let all = || {
        groups.iter().flat_map(|group| {
            list(object, group).iter().enumerate().map(move |(at, container)| (format!("{group}/{at}"), container))
        })
    };
    let found = all().find(|(_, container)| wanted.is_none_or(|wanted| wanted == text(container, "/name")));
    found.map(|(path, container)| Found { container, path, setting }).ok_or_else(|| {
        let names: Vec<String> = all().map(|(_, it)| Text::new(text(it, "/name")).to_string()).collect();
        Text::from(format!("it has no container {}: it has {}", wanted.unwrap_or_default(), names.join(", ")))
    })
}

/// The resource that a setting limits.
const fn resource(setting: &Setting) -> &'static str {
    match setting {
        Setting::Cpu(..) => "cpu",
        _ => "memory",
    }
}

impl Found<'_> {
    fn name(&self) -> Name {
        Name::new(text(self.container, "/name"))
    }

    /// The same thing of it, as it is now.
    fn before(&self) -> Setting {
        let limit = quantity(&scalar(self.container, &format!("/resources/limits/{}", resource(self.setting))));
        let name = Some(self.name());
        match self.setting {
            Setting::Image(..) => Setting::Image(name, Name::new(text(self.container, "/image"))),
            Setting::Memory(..) => Setting::Memory(name, limit.map(|it| it.whole())),
            Setting::Cpu(..) => Setting::Cpu(name, limit.map(|it| it.millis())),
        }
    }

    /// What is asked for and would be more than what is allowed: the server takes no such thing.
    fn too_little(&self) -> Option<Text> {
        let request = quantity(&scalar(self.container, &format!("/resources/requests/{}", resource(self.setting))))?;
        let (asked, limit, words) = match self.setting {
            Setting::Memory(_, Some(limit)) => (request.whole(), *limit, bytes(request.whole())),
            Setting::Cpu(_, Some(limit)) => (request.millis(), *limit, format!("{}m", request.millis())),
            _ => return None,
        };
        let name = self.name();
        (asked > limit).then(|| Text::from(format!("container {name} requests {words}, which is more than that limit")))
    }

    /// Operations that set it. What is missing on the way there is made.
    fn operations(&self) -> Result<Vec<Value>, Text> {
        let path = &self.path;
        let limit = match self.setting {
            Setting::Image(_, image) => {
                return Ok(vec![json!({ "op": "replace", "path": format!("{path}/image"), "value": image.as_str() })]);
            }
            Setting::Memory(_, limit) => limit.map(memory),
            Setting::Cpu(_, limit) => limit.map(|millis| format!("{millis}m")),
        };
        let at = format!("{path}/resources/limits/{}", resource(self.setting));
        let Some(limit) = limit else {
            let there = self.container.pointer(&format!("/resources/limits/{}", resource(self.setting))).is_some();
            let remove = || vec![json!({ "op": "remove", "path": at })];
            return there.then(remove).ok_or_else(|| Text::new("it has no such limit"));
        };
        let mut operations = Vec::new();
        for part in ["/resources", "/resources/limits"] {
            if self.container.pointer(part).is_none() {
                operations.push(json!({ "op": "add", "path": format!("{path}{part}"), "value": {} }));
            }
        }
        operations.push(json!({ "op": "add", "path": at, "value": limit }));
        Ok(operations)
    }
}

/// As people write it: `512Mi` where it is that.
fn memory(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    let fits = UNITS.iter().find(|(_, size)| bytes > 0 && bytes.is_multiple_of(*size));
    fits.map_or_else(|| bytes.to_string(), |(unit, size)| format!("{}{unit}", bytes / size))
}

fn named(setting: &Setting, name: Name) -> Setting {
    let name = Some(name);
    match setting.clone() {
        Setting::Image(_, image) => Setting::Image(name, image),
        Setting::Memory(_, limit) => Setting::Memory(name, limit),
        Setting::Cpu(_, limit) => Setting::Cpu(name, limit),
    }
}

fn in_words(setting: &Setting) -> String {
    match setting {
        Setting::Image(_, image) => format!("image {image}"),
        Setting::Memory(_, Some(limit)) => format!("memory limit {}", bytes(*limit)),
        Setting::Memory(_, None) => "no memory limit".to_owned(),
        Setting::Cpu(_, Some(limit)) => format!("CPU limit {limit}m"),
        Setting::Cpu(_, None) => "no CPU limit".to_owned(),
    }
}

/// The write, by the place that the container has in the very version that was read.
pub(super) fn change(key: &Ref, object: &Value, setting: &Setting) -> Result<Change, Text> {
    let found = find(key, object, setting)?;
    if let Some(why) = found.too_little() {
        return Err(why);
    }
    let mut operations = vec![lock_operation(object)];
    operations.extend(found.operations()?);
    Change::of(key, How::Operations, Value::Array(operations))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web() -> (Ref, Value) {
        let object = json!({ "metadata": { "resourceVersion": "5" }, "spec": { "template": { "spec": {
            "containers": [{ "name": "app", "image": "app:1", "resources": { "requests": { "memory": "256Mi" } } },
                           { "name": "side", "image": "side:1" }] } } } });
        ("c/shop/Deployment/web".parse().expect("a ref"), object)
    }

    fn operations(setting: &Setting) -> Result<Value, String> {
        let (key, object) = web();
        change(&key, &object, setting).map(|it| it.body).map_err(|why| why.to_string())
    }

    #[test]
    fn a_container_is_found_by_its_name_or_is_the_first() {
        let said = operations(&Setting::Image(None, "app:2".into())).expect("a change");
        assert_eq!(
            said[1],
            json!({ "op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "app:2" })
        );
        let said = operations(&Setting::Cpu(Some("side".into()), Some(250))).expect("a change");
        assert_eq!(
            said[3],
            json!({ "op": "add", "path": "/spec/template/spec/containers/1/resources/limits/cpu", "value": "250m" })
        );
        assert_eq!(said[0]["value"], "5", "held to the version that was read");
        let why = operations(&Setting::Image(Some("db".into()), "x".into())).expect_err("there is none");
        assert_eq!(why, "it has no container db: it has app, side");
    }

    #[test]
    fn a_limit_below_the_request_is_named() {
        let why = operations(&Setting::Memory(None, Some(64 << 20))).expect_err("too little");
        assert_eq!(why, "container app requests 256 MiB, which is more than that limit");
        let said = operations(&Setting::Memory(None, Some(512 << 20))).expect("a change");
        assert_eq!(said[2]["value"], "512Mi");
        assert_eq!(operations(&Setting::Memory(None, None)), Err("it has no such limit".to_owned()));
    }
}

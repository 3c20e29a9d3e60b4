//! A process in a pod that has a person's terminal, and a container that is added to a pod to look into it.

use std::slice::from_ref;
use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::{
    Debugger, Draft, Enter, Intent, Kind, Name, Ref, Refusal, Step, StepAction, StepError, Text, Until, Variant,
};

use super::super::words::dig::{list, text};
use super::change::{Change, How};
use super::desk::Desk;
use super::{draft, instance};

/// The one that is meant where none is named (kubectl: pkg/cmd/util/podcmd/podcmd.go).
const DEFAULT: &str = "/metadata/annotations/kubectl.kubernetes.io~1default-container";
/// What debug containers are called, with a number.
const CALLED: &str = "cockpit-debug-";
/// An image is pulled within this time, or it is said what keeps it.
const RUNS_WITHIN: u32 = 90;
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(500);

/// How a shell would be opened, or a debug container added. Nothing is begun.
pub(super) async fn prepare(desk: Desk<'_>, intent: &Intent, key: &Ref, enter: &Enter) -> Result<Draft, Refusal> {
    if key.kind != Kind::Pod {
        return Err(Refusal::of(intent, format!("a {} is not entered: its pods are", key.kind.noun()), "choose a pod"));
    }
    let pod = desk.subject(intent, key).await?;
    if instance::is_finished(&pod) {
        return Err(Refusal::of(intent, "it has ended: nothing runs in it", "look at its last output (`l`)"));
    }
    match &enter.debug {
        None => exec(intent, key, enter, &pod),
        Some(debugger) => debug(desk, intent, key, enter, debugger, &pod).await,
    }
}

fn exec(intent: &Intent, key: &Ref, enter: &Enter, pod: &Value) -> Result<Draft, Refusal> {
    let container = chosen(pod, enter.container.as_deref()).map_err(|why| {
        Refusal::of(intent, why, "`:debug` adds a container to it that runs; `l` shows what it said last")
    })?;
    let of = |name: &str| Enter { container: Some(Name::new(name)), ..enter.clone() };
    let entered = of(&container);
    let action = StepAction::Enter(key.clone(), entered.clone());
    let mut out =
        Draft::new(&Intent::Shell(key.clone(), entered), vec![draft::step(action, pod, Until::Accepted, draft::SOON)]);
    let others = running(pod).into_iter().filter(|name| **name != *container);
    out.variants = others
        .zip('1'..='9')
        .map(|(name, key_of)| Variant {
            key: key_of,
            text: Text::from(format!("in container {}", Text::new(name))),
            intent: Intent::Shell(key.clone(), of(name)),
        })
        .collect();
    let debug = Enter { debug: Some(Debugger::default()), command: Vec::new(), container: Some(container) };
    out.variants.push(Variant {
        key: 'b',
        text: Text::new("in a debug container that is added to it"),
        intent: Intent::Shell(key.clone(), debug),
    });
    Ok(out)
}

/// The container that is entered: the one that is named, else the pod's default, else the first; as long as it runs.
fn chosen(pod: &Value, named: Option<&str>) -> Result<Name, Text> {
    let running = running(pod);
    if let Some(name) = named {
        return match running.contains(&name) {
            true => Ok(Name::new(name)),
            false => Err(Text::from(format!("container {} {}", Text::new(name), how_it_is(pod, name)))),
        };
    }
    let default = pod.pointer(DEFAULT).and_then(Value::as_str).filter(|name| running.contains(name));
    let spec = list(pod, "/spec/containers").iter().map(|it| text(it, "/name"));
    let mut own = spec.clone().filter(|name| running.contains(name));
    match default.or_else(|| own.next()) {
        Some(name) => Ok(Name::new(name)),
        None => {
            let each: Vec<String> = spec.map(|name| format!("{} {}", Text::new(name), how_it_is(pod, name))).collect();
            Err(Text::from(format!("no container of it runs: {}", each.join(", "))))
        }
    }
}

const STATUSES: [&str; 3] =
    ["/status/containerStatuses", "/status/initContainerStatuses", "/status/ephemeralContainerStatuses"];

fn running(pod: &Value) -> Vec<&str> {
    let all = STATUSES.iter().flat_map(|path| list(pod, path));
    all.filter(|it| it.pointer("/state/running").is_some()).map(|it| text(it, "/name")).collect()
}

/// Why a container does not run, as far as its status says: `does not run: CrashLoopBackOff: back-off 5m0s …`.
fn how_it_is(pod: &Value, name: &str) -> String {
    let status = STATUSES.iter().flat_map(|path| list(pod, path)).find(|it| text(it, "/name") == name);
    let Some(status) = status else { return "is not there, or has not begun".to_owned() };
    let said = |at: &str| {
        let (reason, message) = (text(status, &format!("{at}/reason")), text(status, &format!("{at}/message")));
        let both: Vec<&str> = [reason, message].into_iter().filter(|it| !it.is_empty()).collect();
        Text::new(&both.join(": ")).to_string()
    };
    match (status.pointer("/state/waiting"), status.pointer("/state/terminated")) {
        (Some(_), _) => format!("does not run: {}", said("/state/waiting")),
        (_, Some(_)) => {
            let code = super::super::words::dig::number(status, "/state/terminated/exitCode").unwrap_or_default();
            format!("has ended with {code}: {}", said("/state/terminated"))
        }
        _ => "does not run".to_owned(),
    }
}

async fn debug(
    desk: Desk<'_>,
    intent: &Intent,
    key: &Ref,
    enter: &Enter,
    debugger: &Debugger,
    pod: &Value,
) -> Result<Draft, Refusal> {
    let image = debugger.image.clone().unwrap_or_else(|| desk.target.debug_image.clone());
    // Where nothing of it runs there are no processes to see, and a container added all the same.
    let beside = match chosen(pod, enter.container.as_deref()) {
        Ok(container) => Some(container),
        Err(_) if enter.container.is_none() => None,
        Err(why) => return Err(Refusal::of(intent, why, "leave the container out")),
    };
    let debugger = Debugger { image: Some(image.clone()), name: Some(next_name(pod)) };
    let entered = Enter { container: beside.clone(), debug: Some(debugger.clone()), ..enter.clone() };
    let add = StepAction::AddDebugger(key.clone(), debugger.clone(), beside.clone(), enter.command.clone());
    let change =
        change(key, &debugger, beside.as_deref(), &enter.command).map_err(|why| Refusal::of(intent, why, ""))?;
    desk.try_out(intent, from_ref(&change)).await?;
    let inside = Enter { container: debugger.name.clone(), ..entered.clone() };
    let steps = vec![
        draft::step(add, pod, Until::Accepted, RUNS_WITHIN),
        Step { group: 1, ..draft::step(StepAction::Enter(key.clone(), inside), pod, Until::Accepted, draft::SOON) },
    ];
    let mut out = Draft::new(&Intent::Shell(key.clone(), entered), steps);
    out.notes.push(draft::hurts("it stays in the pod until the pod goes: it cannot be taken away"));
    out.notes.push(match &beside {
        Some(container) => {
            draft::note(format!("it sees the processes of {container}; {image} is pulled where it is not there"))
        }
        None => draft::note(format!(
            "no container of it runs: it sees the pod's network alone; {image} is pulled where it is not there"
        )),
    });
    Ok(out)
}

/// `cockpit-debug-1`, or the first number that is free: a name is never free again.
fn next_name(pod: &Value) -> Name {
    let taken: Vec<&str> = list(pod, "/spec/ephemeralContainers").iter().map(|it| text(it, "/name")).collect();
    let free =
        (1..=taken.len() + 1).map(|number| format!("{CALLED}{number}")).find(|name| !taken.contains(&name.as_str()));
    Name::from(free.unwrap_or_else(|| format!("{CALLED}1")))
}

/// The write, as `kubectl debug` makes it (kubectl: pkg/cmd/debug/debug.go).
pub(super) fn change(key: &Ref, debugger: &Debugger, beside: Option<&str>, command: &[String]) -> Result<Change, Text> {
    let (Some(name), Some(image)) = (&debugger.name, &debugger.image) else {
        return Err(Text::new("it is not said what the debug container is called and made of"));
    };
    let mut container = json!({
        "name": name.as_str(),
        "image": image.as_str(),
        "imagePullPolicy": "IfNotPresent",
        "stdin": true,
        "tty": true,
        "terminationMessagePolicy": "File",
    });
    if let Some(beside) = beside {
        container["targetContainerName"] = json!(beside);
    }
    if !command.is_empty() {
        container["command"] = json!(command);
    }
    let body = json!({ "spec": { "ephemeralContainers": [container] } });
    Ok(Change::of(key, How::Strategic, body)?.at("ephemeralcontainers"))
}

/// Waits until a debug container runs; says what keeps it.
pub(super) async fn wait_for(desk: Desk<'_>, key: &Ref, debugger: &Debugger) -> Result<(), StepError> {
    let name = debugger.name.as_deref().unwrap_or_default();
    let until = tokio::time::Instant::now() + Duration::from_secs(u64::from(RUNS_WITHIN));
    loop {
        let pod = desk.object(key).await.map_err(super::carry_out::not_seen)?;
        if running(&pod).contains(&name) {
            return Ok(());
        }
        let how = how_it_is(&pod, name);
        let ended = how.starts_with("has ended");
        if ended || tokio::time::Instant::now() >= until {
            let why = format!("the debug container {name} was added, and {how}; it stays in the pod");
            return Err(StepError::Failed(Text::from(why)));
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod() -> Value {
        json!({
            "spec": { "containers": [{ "name": "app" }, { "name": "side" }], "ephemeralContainers": [{ "name": "cockpit-debug-1" }] },
            "status": { "containerStatuses": [
                { "name": "app", "state": { "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 5m0s" } } },
                { "name": "side", "state": { "running": {} } },
            ] },
        })
    }

    #[test]
    fn what_runs_is_entered_and_what_does_not_is_said() {
        assert_eq!(chosen(&pod(), None), Ok("side".into()), "the first does not run");
        assert_eq!(chosen(&pod(), Some("side")), Ok("side".into()));
        let why = chosen(&pod(), Some("app")).expect_err("it does not run");
        assert_eq!(why, "container app does not run: CrashLoopBackOff: back-off 5m0s");
        let why = chosen(&pod(), Some("other")).expect_err("there is none");
        assert_eq!(why, "container other is not there, or has not begun");
        let mut both = pod();
        both["status"]["containerStatuses"][0]["state"] = json!({ "running": {} });
        assert_eq!(chosen(&both, None), Ok("app".into()));
        both["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"] = json!("side");
        assert_eq!(chosen(&both, None), Ok("side".into()), "kubectl would take it too");
    }

    #[test]
    fn a_debug_container_has_a_name_that_was_never_used_and_sees_the_one_beside_it() {
        let name = next_name(&pod());
        assert_eq!(name, "cockpit-debug-2");
        let key: Ref = "prod/shop/Pod/web-0".parse().expect("a ref");
        let debugger = Debugger { image: Some("busybox:1.37".into()), name: Some(name) };
        let change = change(&key, &debugger, Some("side"), &[]).expect("a change").request(false);
        assert_eq!(change.path, "/api/v1/namespaces/shop/pods/web-0/ephemeralcontainers?fieldManager=cockpit");
        let added = &change.body["spec"]["ephemeralContainers"][0];
        assert_eq!((&added["targetContainerName"], &added["tty"]), (&json!("side"), &json!(true)));
        assert!(added.get("command").is_none(), "the image says what it runs");
    }
}

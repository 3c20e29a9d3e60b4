//! A pod in words: where it is, what each container does and did, what it is made of.

use serde_json::Value;

use crate::domain::Timestamp;
use crate::domain::words::{seconds_between, span};

use super::super::ends::ending;
use super::dig::{ago, fields, is_true, list, number, pairs, scalar, text, texts, time, when, yes};
use super::page::Page;
use super::{age, amounts, conditions, holds};

/// Taints that every pod tolerates for a while, by admission.
const TOLERATED_BY_ALL: &[&str] = &["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/// Writes it.
pub(super) fn body(page: &mut Page, pod: &Value, now: Timestamp) {
    placing(page, pod, now);
    let groups = [
        ("Init containers", "/spec/initContainers", "/status/initContainerStatuses"),
        ("Containers", "/spec/containers", "/status/containerStatuses"),
        ("Containers added by hand", "/spec/ephemeralContainers", "/status/ephemeralContainerStatuses"),
    ];
    for (title, asked, seen) in groups {
        containers(page, title, list(pod, asked), list(pod, seen), now);
    }
    volumes(page, pod);
    conditions(page, pod, now);
}

fn placing(page: &mut Page, pod: &Value, now: Timestamp) {
    let node = text(pod, "/spec/nodeName");
    let address = text(pod, "/status/hostIP");
    page.say(
        "Node",
        match (node, address) {
            ("", _) => "none yet".to_owned(),
            (node, "") => node.to_owned(),
            (node, address) => format!("{node} ({address})"),
        },
    );
    let nominated = text(pod, "/status/nominatedNodeName");
    if !nominated.is_empty() {
        page.say("Waits for room", format!("on {nominated}"));
    }
    let ready = if holds(pod, "Ready") { "ready" } else { "not ready" };
    page.say("State", format!("{}, {ready}", state(pod)));
    page.say("Message", text(pod, "/status/message"));
    page.say("Started", when(time(pod, "/status/startTime"), now));
    page.each("Addresses", list(pod, "/status/podIPs").iter().map(|it| text(it, "/ip")));
    page.say("QoS class", text(pod, "/status/qosClass"));
    page.say(
        "Priority",
        match text(pod, "/spec/priorityClassName") {
            "" => String::new(),
            class => format!("{class} ({})", scalar(pod, "/spec/priority")),
        },
    );
    page.say("Service account", text(pod, "/spec/serviceAccountName"));
    page.say("Restart policy", text(pod, "/spec/restartPolicy"));
    page.say("Time to end", seconds(pod, "/spec/terminationGracePeriodSeconds"));
    if is_true(pod, "/spec/hostNetwork") {
        page.say("Network", "the node's own");
    }
    page.each("Waits for gates", list(pod, "/spec/schedulingGates").iter().map(|gate| text(gate, "/name")));
    page.each("Node selector", pairs(pod, "/spec/nodeSelector"));
    page.each("Tolerates", list(pod, "/spec/tolerations").iter().filter_map(toleration));
}

/// What kubectl shows as its status: the word that says most.
pub(super) fn state(pod: &Value) -> String {
    if pod.pointer("/metadata/deletionTimestamp").is_some() {
        return "Terminating".to_owned();
    }
    let of_pod = text(pod, "/status/reason");
    if !of_pod.is_empty() {
        return of_pod.to_owned();
    }
    if let Some(init) = init_state(pod) {
        return init;
    }
    let stuck = list(pod, "/status/containerStatuses").iter().find_map(stuck);
    stuck.map_or_else(|| text(pod, "/status/phase").to_owned(), str::to_owned)
}

/// Why a container does not run, in one word.
fn stuck(status: &Value) -> Option<&str> {
    let waits = text(status, "/state/waiting/reason");
    let ended = Some(text(status, "/state/terminated/reason"));
    let ended = ended.filter(|_| number(status, "/state/terminated/exitCode") != Some(0));
    Some(waits).filter(|word| !word.is_empty()).or(ended).filter(|word| !word.is_empty())
}

/// Which init container the others wait for.
fn init_state(pod: &Value) -> Option<String> {
    let statuses = list(pod, "/status/initContainerStatuses");
    let done = |status: &&Value| {
        number(status, "/state/terminated/exitCode") == Some(0)
            || (is_true(status, "/started") && status.pointer("/state/running").is_some())
    };
    let begun = list(pod, "/status/containerStatuses").iter().any(|status| {
        ["/state/running", "/state/terminated", "/lastState/terminated"].iter().any(|at| status.pointer(at).is_some())
    });
    let at = statuses.iter().position(|status| !done(&status)).filter(|_| !begun)?;
    match stuck(&statuses[at]).filter(|word| *word != "PodInitializing") {
        Some(word) => Some(format!("Init:{word}")),
        None => Some(format!("Init:{at}/{}", list(pod, "/spec/initContainers").len())),
    }
}

/// A pod as a row: name, ready, state, restarts, age, node.
pub(super) fn row(pod: &Value, now: Timestamp) -> Vec<String> {
    let statuses = list(pod, "/status/containerStatuses");
    let ready = statuses.iter().filter(|status| is_true(status, "/ready")).count();
    let restarts: i64 = statuses.iter().filter_map(|status| number(status, "/restartCount")).sum();
    vec![
        text(pod, "/metadata/name").to_owned(),
        format!("{ready}/{}", list(pod, "/spec/containers").len()),
        state(pod),
        restarts.to_string(),
        age(pod, now),
        text(pod, "/spec/nodeName").to_owned(),
    ]
}

fn toleration(it: &Value) -> Option<String> {
    let key = text(it, "/key");
    if TOLERATED_BY_ALL.contains(&key) && number(it, "/tolerationSeconds").is_some() {
        return None;
    }
    let what = match (key, text(it, "/value")) {
        ("", _) => "every taint".to_owned(),
        (key, "") => key.to_owned(),
        (key, value) => format!("{key}={value}"),
    };
    let effect = text(it, "/effect");
    let effect = if effect.is_empty() { String::new() } else { format!(":{effect}") };
    let long = number(it, "/tolerationSeconds").map(|seconds| format!(" for {}", span(seconds)));
    Some(format!("{what}{effect}{}", long.unwrap_or_default()))
}

/// What containers are asked to be, and what they are.
pub(super) fn containers(page: &mut Page, title: &str, asked: &[Value], seen: &[Value], now: Timestamp) {
    if asked.is_empty() {
        return;
    }
    page.title(title);
    for container in asked {
        let name = text(container, "/name");
        let status = seen.iter().find(|status| text(status, "/name") == name);
        page.inside(|page| {
            page.verbatim(name);
            page.inside(|page| {
                if let Some(status) = status {
                    stands(page, container, status, now);
                }
                asks(page, container);
            });
        });
    }
}

fn stands(page: &mut Page, asked: &Value, status: &Value, now: Timestamp) {
    if let Some(waits) = status.pointer("/state/waiting") {
        page.say("State", format!("waiting: {}", text(waits, "/reason")));
        page.say("Message", text(waits, "/message"));
    } else if let Some(runs) = status.pointer("/state/running") {
        page.say("State", format!("running since {}", when(time(runs, "/startedAt"), now)));
    } else if let Some(ended) = status.pointer("/state/terminated") {
        page.say("State", format!("ended: {}", run(ended, now)));
        page.say("Message", text(ended, "/message").trim());
    }
    if let Some(last) = status.pointer("/lastState/terminated") {
        // Between two runs, the last one has ended; else there is a newer one.
        let name = if status.pointer("/state/waiting").is_some() { "Last run" } else { "Run before" };
        page.say(name, run(last, now));
        page.say("Its message", text(last, "/message").trim());
    }
    page.say("Ready", yes(is_true(status, "/ready")));
    let is_starting = status.pointer("/state/running").is_some() && !is_true(status, "/started");
    if is_starting && asked.pointer("/startupProbe").is_some() {
        page.say("Started", "no: its startup probe has not passed yet");
    }
    page.say("Restarts", scalar(status, "/restartCount"));
}

/// `exit code 137 (SIGKILL, OOMKilled), after 12 min, 3 min ago`
fn run(ended: &Value, now: Timestamp) -> String {
    let how = ending(number(ended, "/exitCode").unwrap_or_default(), text(ended, "/reason"));
    let (from, to) = (time(ended, "/startedAt"), time(ended, "/finishedAt"));
    let long = from.zip(to).map(|(from, to)| format!(", after {}", span(seconds_between(from, to))));
    let at = to.map(|to| format!(", {} at {to}", ago(to, now)));
    format!("{how}{}{}", long.unwrap_or_default(), at.unwrap_or_default())
}

fn asks(page: &mut Page, it: &Value) {
    page.say("Image", text(it, "/image"));
    if text(it, "/restartPolicy") == "Always" {
        page.say("Sidecar", "runs beside the others, started before them");
    }
    let command: Vec<&str> = texts(it, "/command").chain(texts(it, "/args")).collect();
    page.say("Command", command.join(" "));
    page.each("Ports", list(it, "/ports").iter().map(port));
    page.say("Requests", amounts(it, "/resources/requests"));
    let limits = amounts(it, "/resources/limits");
    page.say("Limits", if limits.is_empty() { "none".to_owned() } else { limits });
    for (name, at) in [("Startup", "/startupProbe"), ("Readiness", "/readinessProbe"), ("Liveness", "/livenessProbe")] {
        if let Some(it) = it.pointer(at) {
            page.say(name, probe(it));
        }
    }
    page.say("Before it ends", it.pointer("/lifecycle/preStop").map(handler).unwrap_or_default());
    page.say("After it starts", it.pointer("/lifecycle/postStart").map(handler).unwrap_or_default());
    let from = list(it, "/envFrom").iter().map(environment_from);
    page.each("Environment", list(it, "/env").iter().map(variable).chain(from));
    page.each("Mounts", list(it, "/volumeMounts").iter().map(mount));
}

fn port(it: &Value) -> String {
    let name = text(it, "/name");
    let host = number(it, "/hostPort").map(|port| format!(", port {port} of the node")).unwrap_or_default();
    let protocol = Some(text(it, "/protocol")).filter(|word| !word.is_empty()).unwrap_or("TCP");
    format!("{}/{protocol} {name}{host}", scalar(it, "/containerPort")).trim_end().to_owned()
}

fn probe(it: &Value) -> String {
    let of = |path: &str, default: i64| number(it, path).unwrap_or(default);
    let delay = of("/initialDelaySeconds", 0);
    let delay = if delay > 0 { format!(", first after {delay} s") } else { String::new() };
    format!(
        "{}, every {} s, {} s for an answer, {} in a row count as failed{delay}",
        handler(it),
        of("/periodSeconds", 10),
        of("/timeoutSeconds", 1),
        of("/failureThreshold", 3)
    )
}

fn handler(it: &Value) -> String {
    if let Some(http) = it.pointer("/httpGet") {
        let scheme = if text(http, "/scheme") == "HTTPS" { "HTTPS " } else { "" };
        return format!("GET {scheme}{}:{}{}", text(http, "/host"), scalar(http, "/port"), text(http, "/path"));
    }
    if let Some(exec) = it.pointer("/exec") {
        return texts(exec, "/command").collect::<Vec<_>>().join(" ");
    }
    if let Some(grpc) = it.pointer("/grpc") {
        return format!("gRPC health at :{} {}", scalar(grpc, "/port"), text(grpc, "/service")).trim_end().to_owned();
    }
    if let Some(socket) = it.pointer("/tcpSocket") {
        return format!("connect to :{}", scalar(socket, "/port"));
    }
    it.pointer("/sleep").map_or_else(String::new, |sleep| format!("sleep {} s", scalar(sleep, "/seconds")))
}

/// The name of a variable, and where its value comes from; never the value.
fn variable(it: &Value) -> String {
    let name = text(it, "/name");
    let from = fields(it, "/valueFrom").next().map(|(kind, from)| match kind.as_str() {
        "secretKeyRef" => format!("key {} of Secret {}", text(from, "/key"), text(from, "/name")),
        "configMapKeyRef" => format!("key {} of ConfigMap {}", text(from, "/key"), text(from, "/name")),
        "fieldRef" => format!("the pod's {}", text(from, "/fieldPath")),
        "resourceFieldRef" => format!("the container's {}", text(from, "/resource")),
        kind => kind.to_owned(),
    });
    from.map_or_else(|| name.to_owned(), |from| format!("{name} from {from}"))
}

fn environment_from(it: &Value) -> String {
    let prefix = text(it, "/prefix");
    let prefix = if prefix.is_empty() { String::new() } else { format!(", each with {prefix} in front") };
    let optional = |of: &str| if is_true(it, &format!("{of}/optional")) { " (if it is there)" } else { "" };
    match it.pointer("/secretRef") {
        Some(secret) => format!("all of Secret {}{}{prefix}", text(secret, "/name"), optional("/secretRef")),
        None => format!("all of ConfigMap {}{}{prefix}", text(it, "/configMapRef/name"), optional("/configMapRef")),
    }
}

fn mount(it: &Value) -> String {
    let part = text(it, "/subPath");
    let part = if part.is_empty() { String::new() } else { format!(", {part} in it") };
    let only = if is_true(it, "/readOnly") { " (read-only)" } else { "" };
    format!("{} from {}{part}{only}", text(it, "/mountPath"), text(it, "/name"))
}

/// What can be mounted.
pub(super) fn volumes(page: &mut Page, pod: &Value) {
    let volumes = list(pod, "/spec/volumes");
    if volumes.is_empty() {
        return;
    }
    page.title("Volumes");
    page.inside(|page| volumes.iter().for_each(|it| page.say(text(it, "/name"), volume(it))));
}

fn volume(it: &Value) -> String {
    let Some((kind, source)) = fields(it, "").find(|(kind, _)| *kind != "name") else { return String::new() };
    match kind.as_str() {
        "persistentVolumeClaim" => format!("PersistentVolumeClaim {}", text(source, "/claimName")),
        "configMap" => format!("ConfigMap {}", text(source, "/name")),
        "secret" => format!("Secret {}", text(source, "/secretName")),
        "hostPath" => format!("the node's {}", text(source, "/path")),
        "emptyDir" => {
            let medium = if text(source, "/medium") == "Memory" { "memory" } else { "space on the node" };
            let most = text(source, "/sizeLimit");
            let most = if most.is_empty() { String::new() } else { format!(", at most {most}") };
            format!("{medium} that is lost with the pod{most}")
        }
        "projected" => {
            let parts =
                list(source, "/sources").iter().flat_map(|part| fields(part, "").map(|(kind, _)| kind.as_str()));
            format!("put together from {}", parts.collect::<Vec<_>>().join(", "))
        }
        "csi" => format!("CSI {}", text(source, "/driver")),
        "nfs" => format!("NFS {}:{}", text(source, "/server"), text(source, "/path")),
        kind => kind.to_owned(),
    }
}

fn seconds(object: &Value, path: &str) -> String {
    number(object, path).map(|seconds| format!("{seconds} s")).unwrap_or_default()
}

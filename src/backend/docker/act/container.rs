//! Containers, by themselves or of a Compose project: restart, stop, start, kill, and their limits.

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::words::{bytes, many};
use crate::domain::{
    Draft, Grade, Intent, Kind, Line, Name, Receipt, Ref, Refusal, Seen, Setting, Step, StepAction, StepError,
    Timestamp, Until,
};

use super::super::api::{Api, escaped};
use super::super::belongs::Belongs;
use super::super::failure::Failure;
use super::super::wire::{HostConfig, Inspect};
use super::Hand;
use super::brief::{self, does, hurts, note, step};
use super::pins;

/// A container, read just now.
#[derive(Debug, Clone)]
pub(super) struct Fresh {
    pub it: Inspect,
    /// What the engine's clock said.
    pub at: Option<Timestamp>,
}

/// Reads the container of this name; none where there is no such.
pub(super) async fn container(api: &Api, name: &str) -> Result<Option<Fresh>, Failure> {
    let answer = api.get_dated::<Inspect>(&format!("/containers/{}/json", escaped(name))).await;
    let (it, at) = match answer {
        Err(failure) if failure.is_gone() => return Ok(None),
        answer => answer?,
    };
    // The engine also takes a part of an id for a name.
    let fresh = Fresh { it, at };
    Ok((fresh.name() == name).then_some(fresh))
}

/// What a container is granted to stop, seconds; the engine's own 10 where nothing is said, a day where it waits for ever.
pub(super) fn grace(seconds: Option<i64>) -> u32 {
    match seconds {
        None => 10,
        Some(seconds) => u32::try_from(seconds).unwrap_or(86_400).min(86_400),
    }
}

impl Fresh {
    /// Its name, without the slash.
    pub(super) fn name(&self) -> &str {
        self.it.name.trim_start_matches('/')
    }

    /// Whether it is to be ended: it runs, or it is being started again and again.
    pub(super) fn runs(&self) -> bool {
        matches!(self.it.state.status.as_str(), "running" | "restarting" | "paused")
    }

    pub(super) fn grace(&self) -> u32 {
        grace(self.it.config.stop_timeout)
    }

    /// For how long it may take until its checks pass, seconds.
    fn healthy_within(&self) -> u32 {
        let Some(check) = &self.it.config.healthcheck else { return 0 };
        let or = |nanos: i64, default: i64| if nanos == 0 { default } else { nanos / 1_000_000_000 + 1 };
        let tries = if check.retries > 0 { check.retries } else { 3 };
        let wait = or(check.start_period, 0) + tries * (or(check.interval, 30) + or(check.timeout, 30));
        u32::try_from(wait).unwrap_or(u32::MAX).min(3600)
    }

    /// A step on it. Its instance is what is waited for.
    pub(super) fn step(&self, key: &Ref, make: fn(Ref) -> StepAction) -> Step {
        let key = Ref::new(&key.cluster, Kind::ContainerInstance, key.namespace.clone(), Name::new(self.name()));
        let action = make(key.clone());
        let seconds = brief::SMALL.saturating_add(self.grace());
        let (until, seconds) = match &action {
            // It runs to its end and not on: that it was started is all that can be waited for.
            StepAction::Start(_) if self.ended_well_by_itself() => (Until::Accepted, seconds),
            StepAction::Restart(_) | StepAction::Start(_) => {
                (Until::Again(key), seconds.saturating_add(self.healthy_within()))
            }
            _ => (Until::Ended(key), seconds),
        };
        step(action, &self.it.id, Seen::Uid, until, seconds)
    }

    fn ended_well_by_itself(&self) -> bool {
        let policy = self.it.host_config.restart_policy.name.as_str();
        let state = &self.it.state;
        matches!(policy, "" | "no" | "on-failure") && state.status == "exited" && state.exit_code == 0
    }

    /// Where it is somebody else's, what to act on in its place.
    pub(super) fn whose(&self) -> Option<(String, String)> {
        let label = |name: &str| self.it.config.labels.get(name).map(String::as_str);
        if let Some(pod) = label("io.kubernetes.pod.name") {
            let namespace = label("io.kubernetes.pod.namespace").unwrap_or("default");
            let why = "it belongs to a kubelet, which would put it right again behind our back";
            return Some((why.to_owned(), format!("act on the pod {namespace}/{pod}, in its cluster")));
        }
        if let Some(allocation) = label("com.hashicorp.nomad.alloc_id") {
            let why = "it belongs to Nomad, which would put it right again behind our back";
            let short = super::super::convert::cut(allocation, 8);
            return Some((why.to_owned(), format!("act on the allocation {short} (`nomad alloc status {short}`)")));
        }
        match Belongs::of(label) {
            Belongs::Task { service, stack, name, .. } => {
                let service = stack.map_or_else(|| service.to_string(), |stack| format!("{stack}/{service}"));
                let why = format!("it is the body of the task {name} of a Swarm, which would put another in its place");
                Some((why, format!("act on the task, or on the service {service}, where a manager is watched")))
            }
            _ => None,
        }
    }

    /// `port 8080` or `ports 80, 443`: where the host leads to it.
    fn published(&self) -> Option<String> {
        let bindings = self.it.network_settings.ports.values().flatten().flatten();
        let mut ports: Vec<u16> = bindings.filter_map(|binding| binding.host_port.parse().ok()).collect();
        ports.sort_unstable();
        ports.dedup();
        let all: Vec<String> = ports.iter().map(u16::to_string).collect();
        match all.len() {
            0 => None,
            1 => Some(format!("port {}", all.join(", "))),
            _ => Some(format!("ports {}", all.join(", "))),
        }
    }

    /// What ends with it for good, where it was started with `--rm`.
    fn lost_with_it(&self) -> Option<Line> {
        if !self.it.host_config.auto_remove {
            return None;
        }
        let anonymous = self.it.mounts.iter().filter(|mount| {
            mount.kind == "volume" && mount.name.len() == 64 && mount.name.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let volumes = match anonymous.count() {
            0 => String::new(),
            n => format!(", and {}", many(u64::try_from(n).unwrap_or(u64::MAX), "anonymous volume")),
        };
        Some(hurts(format!("it was started with --rm: it is removed when it ends, with its output and files{volumes}")))
    }

    fn limits(&self) -> Value {
        let host = &self.it.host_config;
        json!([host.memory, host.memory_swap, host.nano_cpus, host.cpu_quota, host.cpu_period])
    }
}

impl Hand<'_> {
    pub(super) async fn draft_container(&self, intent: &Intent, key: &Ref) -> Result<Draft, Refusal> {
        let found = container(self.api, &key.name).await.map_err(|failure| brief::unread(intent, &failure))?;
        let fresh = found.ok_or_else(|| brief::gone(intent))?;
        if let Some((why, mend)) = fresh.whose() {
            return Err(Refusal::of(intent, why, mend));
        }
        let mut draft = match intent {
            Intent::Restart(_) => restart(intent, key, &fresh),
            Intent::Stop(_) => end(intent, key, &fresh, StepAction::Stop),
            Intent::Kill(_) => end(intent, key, &fresh, StepAction::Kill),
            Intent::Start(_) => start(intent, key, &fresh)?,
            Intent::Set(_, setting) => set(intent, key, &fresh, setting)?,
            other => return Err(super::words::no_such(other)),
        };
        if self.api.podman && matches!(intent, Intent::Stop(_) | Intent::Kill(_)) {
            draft.notes.push(note("Podman does not say why a container ended: its end may look like a crash"));
        }
        Ok(draft)
    }

    /// Does one thing to one container.
    pub(super) async fn do_container(&self, step: &Step) -> Result<Receipt, StepError> {
        let found = container(self.api, &step.pin.key.name).await.map_err(|failure| brief::unchecked(&failure))?;
        let fresh = found.ok_or(StepError::Gone)?;
        brief::same(&step.pin, &fresh.it.id)?;
        if let Some((why, _)) = fresh.whose() {
            return Err(StepError::Denied(why.into()));
        }
        let grace = Duration::from_secs(u64::from(fresh.grace()));
        let (what, body, longer) = match &step.action {
            StepAction::Restart(_) => ("restart", None, grace),
            StepAction::Stop(_) => ("stop", None, grace),
            StepAction::Start(_) => ("start", None, Duration::ZERO),
            StepAction::Kill(_) if !fresh.runs() => return Ok(Receipt::at(fresh.at.unwrap_or_else(Timestamp::now))),
            StepAction::Kill(_) => ("kill", None, Duration::ZERO),
            StepAction::Set(_, setting) => {
                pins::compare(step, &fresh.limits(), "its limits are others by now")?;
                let body = update(&fresh.it.host_config, setting).ok_or_else(|| brief::no_step(step))?;
                ("update", Some(body), Duration::ZERO)
            }
            _ => return Err(brief::no_step(step)),
        };
        // By its id: whatever takes its name meanwhile is not hit.
        let path = format!("/containers/{}/{what}", escaped(&fresh.it.id));
        let (mut receipt, said) = brief::write(self.api, &path, body.as_ref(), longer, fresh.at).await?;
        receipt.text = super::service::warnings_of(&said).map(Into::into);
        Ok(receipt)
    }
}

fn restart(intent: &Intent, key: &Ref, fresh: &Fresh) -> Draft {
    let mut draft = Draft::new(intent, vec![fresh.step(key, StepAction::Restart)]);
    if !fresh.runs() {
        draft.notes.push(note(format!("it does not run ({}): it is started", fresh.it.state.status)));
    } else {
        draft.notes.push(hurts("nothing of it serves until it runs again"));
    }
    draft.notes.extend(health(fresh));
    if fresh.it.state.status == "paused" {
        draft.notes.push(note("it is paused: the engine may refuse until it is not (`docker unpause`)"));
    }
    draft
}

fn health(fresh: &Fresh) -> Option<Line> {
    let checks = fresh.it.config.healthcheck.as_ref()?.test.first().is_some_and(|word| word != "NONE");
    checks.then(|| note(format!("done when its health check passes, within {} s", fresh.healthy_within())))
}

fn end(intent: &Intent, key: &Ref, fresh: &Fresh, make: fn(Ref) -> StepAction) -> Draft {
    if !fresh.runs() {
        return Draft::new(intent, Vec::new());
    }
    let mut draft = Draft::new(intent, vec![fresh.step(key, make)]);
    if matches!(intent, Intent::Stop(_)) {
        let signal = match fresh.it.config.stop_signal.as_str() {
            "" => "SIGTERM",
            signal => signal,
        };
        let grace = match fresh.it.config.stop_timeout {
            Some(seconds) if seconds < 0 => "it is waited for without end".to_owned(),
            _ => format!("after {} s it is killed", fresh.grace()),
        };
        draft.notes.push(does(format!("{signal}, and {grace}")));
    }
    if let Some(ports) = fresh.published() {
        draft.notes.push(hurts(format!("nothing answers at {ports} of the host any more")));
    }
    match fresh.lost_with_it() {
        Some(lost) => {
            draft.notes.push(lost);
            draft.grade = Some(Grade::Destructive);
        }
        None => {
            draft.inverse = Some(Intent::Start(key.clone()));
            draft.notes.push(match fresh.it.host_config.restart_policy.name.as_str() {
                "always" => note("it stays away until it is started, or its engine is (restart policy always)"),
                _ => note("it stays away until somebody starts it"),
            });
        }
    }
    draft
}

fn start(intent: &Intent, key: &Ref, fresh: &Fresh) -> Result<Draft, Refusal> {
    match fresh.it.state.status.as_str() {
        "running" | "restarting" => Ok(Draft::new(intent, Vec::new())),
        "paused" => Err(Refusal::of(
            intent,
            "it is paused, not stopped",
            format!("type `{}`", super::words::typed("docker unpause", &key.name)),
        )),
        "removing" | "dead" => Err(Refusal::of(intent, "it is being removed", "make it anew")),
        _ => {
            let mut draft = Draft::new(intent, vec![fresh.step(key, StepAction::Start)]);
            draft.inverse = Some(Intent::Stop(key.clone()));
            draft.notes.extend(health(fresh));
            let code = fresh.it.state.exit_code;
            if fresh.it.state.status == "exited" && code != 0 {
                draft.notes.push(note(format!("its last run ended with {code}")));
            }
            Ok(draft)
        }
    }
}

fn set(intent: &Intent, key: &Ref, fresh: &Fresh, setting: &Setting) -> Result<Draft, Refusal> {
    let host = &fresh.it.host_config;
    if matches!(setting, Setting::Image(..)) {
        let why = "a container is made of its image: it cannot be given another one";
        let mend = match Belongs::of(|name| fresh.it.config.labels.get(name).map(String::as_str)) {
            Belongs::Compose { .. } => "change its Compose file, and recreate the service",
            _ => "remove it, and run it anew with the other image",
        };
        return Err(Refusal::of(intent, why, mend));
    }
    let Some(body) = update(host, setting) else {
        let why = "an engine cannot take a limit of a container away, only set it";
        return Err(Refusal::of(intent, why, "make it anew without the limit, or set a higher one"));
    };
    if matches!(setting, Setting::Memory(_, Some(bytes)) if *bytes < 6 << 20) {
        return Err(Refusal::of(intent, "an engine takes no memory limit below 6 MiB", "choose a larger one"));
    }
    let memory = u64::try_from(host.memory).ok().filter(|bytes| *bytes > 0);
    let cpu = cpu_millis(host);
    let (was, now, inverse) = match setting {
        Setting::Memory(of, to) => {
            let back = memory.map(|bytes| Setting::Memory(of.clone(), Some(bytes)));
            (memory.map(bytes), to.map(bytes), back)
        }
        Setting::Cpu(of, to) => {
            let words = |n: u64| format!("{n}m");
            (cpu.map(words), to.map(words), cpu.map(|millis| Setting::Cpu(of.clone(), Some(millis))))
        }
        Setting::Image(..) => (None, None, None),
    };
    if was == now {
        return Ok(Draft::new(intent, Vec::new()));
    }
    let target = Ref::new(&key.cluster, Kind::ContainerInstance, key.namespace.clone(), key.name.clone());
    let seen = pins::spec(&fresh.limits());
    let step = step(StepAction::Set(target, setting.clone()), &fresh.it.id, seen, Until::Accepted, brief::SMALL);
    let mut draft = Draft::new(intent, vec![step]);
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    draft.notes.push(does(format!("from {} to {}, while it runs", or_none(was), or_none(now))));
    if body.get("MemorySwap").is_some() {
        draft.notes.push(note("the swap that it may use beside stays what it is: an engine counts it with the memory"));
    }
    if let (Setting::Memory(_, Some(to)), Some(had)) = (setting, memory)
        && *to < had
    {
        draft.notes.push(hurts("less than it has: where it uses more than that, the kernel takes it back or kills it"));
    }
    draft.notes.push(hurts("it lasts as long as this container does: once it is made anew, the limit is what it was"));
    draft.inverse = inverse.map(|setting| Intent::Set(key.clone(), setting));
    draft.equivalent = Some(super::words::update(&key.name, &body).into());
    Ok(draft)
}

fn cpu_millis(host: &HostConfig) -> Option<u64> {
    if host.nano_cpus > 0 {
        return u64::try_from(host.nano_cpus / 1_000_000).ok();
    }
    let period = if host.cpu_period > 0 { host.cpu_period } else { PERIOD };
    (host.cpu_quota > 0).then(|| u64::try_from(host.cpu_quota.saturating_mul(1000) / period).unwrap_or(0))
}

/// What the kernel counts a quota against where nothing is said, microseconds.
const PERIOD: i64 = 100_000;

/// The body of a `/containers/ID/update`; none where there is no such update: 0 means "as it is" there.
fn update(host: &HostConfig, setting: &Setting) -> Option<Value> {
    match setting {
        Setting::Memory(_, Some(to)) if *to > 0 => {
            let to = i64::try_from(*to).ok()?;
            // Memory and swap together must not be less than memory alone, so the two are moved together.
            let beside = host.memory_swap.saturating_sub(host.memory).max(0);
            Some(match host.memory_swap {
                both if both > 0 => json!({ "Memory": to, "MemorySwap": to.saturating_add(beside) }),
                -1 => json!({ "Memory": to, "MemorySwap": -1 }),
                _ => json!({ "Memory": to }),
            })
        }
        // An engine refuses one way of saying it where the other one was used before.
        Setting::Cpu(_, Some(to)) if *to > 0 && host.cpu_quota > 0 => {
            let period = if host.cpu_period > 0 { host.cpu_period } else { PERIOD };
            let quota = i64::try_from(*to).ok()?.saturating_mul(period) / 1000;
            Some(json!({ "CpuPeriod": period, "CpuQuota": quota }))
        }
        Setting::Cpu(_, Some(to)) if *to > 0 => {
            Some(json!({ "NanoCpus": i64::try_from(*to).ok()?.saturating_mul(1_000_000) }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_limit_moves_the_one_of_swap_with_it() {
        let host = |memory: i64, memory_swap: i64| HostConfig { memory, memory_swap, ..Default::default() };
        let memory = |to: u64| Setting::Memory(None, Some(to));
        assert_eq!(update(&host(100, 200), &memory(300)), Some(json!({ "Memory": 300, "MemorySwap": 400 })));
        assert_eq!(update(&host(100, 100), &memory(50)), Some(json!({ "Memory": 50, "MemorySwap": 50 })));
        assert_eq!(update(&host(100, -1), &memory(50)), Some(json!({ "Memory": 50, "MemorySwap": -1 })));
        assert_eq!(update(&host(0, 0), &memory(50)), Some(json!({ "Memory": 50 })));
        assert_eq!(update(&host(0, 0), &Setting::Memory(None, None)), None);
    }

    #[test]
    fn a_cpu_limit_is_said_in_the_way_in_which_it_was_said_before() {
        let quota = HostConfig { cpu_quota: 50_000, cpu_period: 100_000, ..Default::default() };
        let cpu = Setting::Cpu(None, Some(250));
        assert_eq!(update(&quota, &cpu), Some(json!({ "CpuPeriod": 100_000, "CpuQuota": 25_000 })));
        assert_eq!(update(&HostConfig::default(), &cpu), Some(json!({ "NanoCpus": 250_000_000 })));
        assert_eq!(cpu_millis(&quota), Some(500));
    }
}

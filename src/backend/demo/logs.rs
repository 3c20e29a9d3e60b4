//! What programs write to their logs, and what is said of a thing in words.

use crate::domain::words::after;
use crate::domain::{ContainerState, Kind, LogLine, Object, Phase, Ref, Role, Text, Timestamp};

use super::minute::chance;
use super::model::Live;
use super::sim::Sim;

/// Seconds between two lines of a program at work.
const PACE: i64 = 3;
const PAGES: [&str; 8] = ["cart", "orders", "item", "search", "checkout", "account", "prices", "stock"];

impl Sim {
    /// The last lines of an instance: of its run, or of the run before it; of a workload those of all its instances.
    ///
    /// # Errors
    /// There are none, and why.
    pub fn tail(&self, key: &Ref, previous: bool, lines: u32) -> Result<Vec<LogLine>, Text> {
        if let Some(members) = self.members(key) {
            let of_each = members.iter().filter_map(|it| Some((it, self.tail(it, previous, lines).ok()?)));
            let mut all = together(of_each);
            all.drain(..all.len().saturating_sub(lines as usize));
            return Ok(all);
        }
        let live =
            self.instances.get(key).ok_or_else(|| Text::from(format!("{} is not there any more", key.local())))?;
        let container = live.object.containers.first();
        let running = container.is_some_and(|it| matches!(it.state, ContainerState::Running { .. }));
        if live.lost {
            return Err(Text::from(format!("{}: its node does not answer", key.local())));
        }
        if live.run == 0 {
            return Err(Text::from(format!("{} has not started yet", key.local())));
        }
        match (running, previous) {
            (true, false) => Ok(self.lines_until(live, live.started, self.now, lines, None)),
            (true, true) if live.run < 2 => Err(Text::from(format!("{} has had no run before this one", key.local()))),
            _ => {
                let exit = container.and_then(|it| it.exit());
                let ended = exit.and_then(|it| it.ended).unwrap_or(self.now);
                let started = exit.and_then(|it| it.started);
                Ok(self.lines_until(live, started, ended, lines, live.last_words.clone()))
            }
        }
    }

    /// The instances of a workload, or of those that a Service leads to; none where the key is of an instance.
    fn members(&self, key: &Ref) -> Option<Vec<Ref>> {
        let of = |key: &Ref| self.workloads.get(key).map(|it| it.members.iter().cloned().collect::<Vec<Ref>>());
        match key.kind.role() {
            Role::Workload => Some(of(key).unwrap_or_default()),
            Role::Endpoint => {
                let serves = self.endpoints.get(key).map(|it| &it.serves[..]).unwrap_or_default();
                Some(serves.iter().filter_map(of).flatten().collect())
            }
            _ => None,
        }
    }

    fn lines_until(
        &self,
        live: &Live,
        from: Option<Timestamp>,
        to: Timestamp,
        limit: u32,
        last: Option<Text>,
    ) -> Vec<LogLine> {
        let pace = |at: i64| at / PACE * PACE;
        let first = from.map_or(i64::MIN, |at| at.as_second() + 1);
        let mut lines: Vec<LogLine> = last.map(|text| LogLine::output(Some(to), true, text)).into_iter().collect();
        let mut second = pace(to.as_second());
        while lines.len() < limit as usize && second >= first {
            let Ok(at) = Timestamp::from_second(second) else { break };
            lines.push(LogLine::output(Some(at), false, self.line(live, at)));
            second -= PACE;
        }
        lines.reverse();
        lines
    }

    /// What it writes at a moment of its work.
    fn line(&self, live: &Live, at: Timestamp) -> String {
        let voice = self.workloads.get(&live.home).and_then(|it| self.voices.get(&it.spec.voice));
        let die = chance(&live.object.uid, at);
        let pick = |of: usize, shift: f64| (((die * shift).fract() * of as f64) as usize).min(of.saturating_sub(1));
        let Some(template) = voice.and_then(|lines| lines.get(pick(lines.len(), 1.0))) else { return "...".to_owned() };
        let n = 1 + pick(480, 37.0);
        template.replace("{n}", &n.to_string()).replace("{page}", PAGES[pick(PAGES.len(), 101.0)])
    }

    /// The lines that an instance wrote after `since`, until now.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn lines_since(&self, key: &Ref, since: Timestamp) -> Result<Vec<LogLine>, Text> {
        if let Some(members) = self.members(key) {
            let of_each = members.iter().filter_map(|it| {
                let mut lines = self.lines_since(it, since).ok()?;
                let joined = self.instances.get(it).and_then(|live| live.object.created).filter(|at| *at > since);
                if let Some(at) = joined {
                    lines.insert(0, LogLine::note(Some(at), format!("this {} has joined", it.kind.noun())));
                }
                Some((it, lines))
            });
            return Ok(together(of_each));
        }
        let mut lines = self.tail(key, false, 200)?;
        lines.retain(|line| line.at > Some(since));
        Ok(lines)
    }

    /// One object in words.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn words(&self, key: &Ref) -> Result<Vec<Text>, Text> {
        let object = self.object(key).ok_or_else(|| Text::from(format!("{} is not there any more", key.local())))?;
        let mut lines = vec![pair("Name", &key.name), pair("Kind", key.kind.noun())];
        lines.extend(key.namespace.as_ref().map(|it| pair("Namespace", it)));
        match &object {
            Object::Instance(it) => self.instance_words(it, &mut lines),
            Object::Workload(it) => {
                let wanted = it.desired.running().map_or_else(|| "at set times".to_owned(), |n| n.to_string());
                lines.push(pair("Wanted", &wanted));
                lines.extend(it.revision.as_ref().map(|it| pair("Revision", &it.id)));
                lines.extend(it.containers.iter().map(|it| pair("Image", &it.image)));
                lines.extend(it.managed_by.as_ref().map(|it| pair("Owned by", it)));
                lines.extend(it.depends_on.iter().map(|it| pair("Needs", &format!("{} ({})", it.on.local(), it.via))));
                for probe in it.containers.iter().flat_map(|it| &it.probes) {
                    let words = format!("{} every {} s", probe.what, probe.period_seconds);
                    lines.push(pair(&format!("{:?} check", probe.kind), &words));
                }
                let of = self.workloads.get(key).into_iter().flat_map(|it| &it.members);
                lines.extend(of.map(|it| pair("Instance", &it.name)));
            }
            Object::Node(it) => {
                lines.push(pair("State", &format!("{:?}", it.state)));
                lines.push(pair("Takes new", if it.cordoned { "no" } else { "yes" }));
                lines.extend(it.message.as_ref().map(|it| pair("Message", it)));
                lines.extend(it.labels.iter().map(|(name, value)| pair("Label", &format!("{name}={value}"))));
                lines.extend(self.on_node(key).iter().map(|it| pair("Runs", &it.local())));
            }
            _ => {}
        }
        lines.extend(self.history(key));
        Ok(lines)
    }

    fn instance_words(&self, it: &crate::domain::Instance, lines: &mut Vec<Text>) {
        lines.push(pair("Uid", &it.uid));
        lines.extend(it.owner.as_ref().map(|it| pair("Owner", &format!("{} {}", it.kind.noun(), it.local()))));
        lines.push(pair("Node", it.node.as_ref().map_or("none yet", |it| it.name.as_str())));
        lines.push(pair("State", it.phase.as_str()));
        lines.push(pair("Ready", if it.ready { "yes" } else { "no" }));
        lines.extend(it.created.map(|at| pair("Created", &at.to_string())));
        lines.extend(it.reason.as_ref().map(|it| pair("Reason", it)));
        lines.extend(it.message.as_ref().map(|it| pair("Message", it)));
        for container in &it.containers {
            lines.push(pair("Container", &format!("{} ({})", container.name, container.image)));
            lines.push(pair("  Restarts", &container.restarts.to_string()));
            if let Some(exit) = container.exit().filter(|_| it.phase != Phase::Pending) {
                lines.push(pair("  Last exit", &format!("code {} ({:?})", exit.code, exit.reason)));
            }
        }
    }

    /// The manifest, as lines of JSON: what the simulation knows holds no secret.
    ///
    /// # Errors
    /// It is not there any more.
    pub fn manifest(&self, key: &Ref) -> Result<Vec<Text>, Text> {
        let object = self.object(key).ok_or_else(|| Text::from(format!("{} is not there any more", key.local())))?;
        let json = serde_json::to_string_pretty(&object).map_err(|error| Text::from(error.to_string()))?;
        Ok(json.lines().map(Text::new).collect())
    }

    /// The want for the use of an instance, now.
    pub(super) fn use_of(&self, key: &Ref) -> Vec<crate::domain::Sample> {
        let Some(live) = self.instances.get(key).filter(|_| key.kind != Kind::Node) else { return Vec::new() };
        let Some(memory) = self.memory_of(live) else { return Vec::new() };
        let (subject, at) = (key, self.now);
        let of = |metric, value| crate::domain::Sample { subject: subject.clone(), container: None, metric, at, value };
        vec![of(crate::domain::Metric::MemoryBytes, memory), of(crate::domain::Metric::CpuMillis, self.cpu_of(live))]
    }

    /// When what `key` says of its use is told again.
    pub(super) fn next_use(&self) -> Timestamp {
        after(self.now, 10)
    }
}

/// Lines of several instances by time, each under the name of who wrote it.
fn together<'a>(of_each: impl Iterator<Item = (&'a Ref, Vec<LogLine>)>) -> Vec<LogLine> {
    let labelled =
        of_each.flat_map(|(key, lines)| lines.into_iter().map(|line| LogLine { from: Some(key.name.clone()), ..line }));
    let mut all: Vec<LogLine> = labelled.collect();
    all.sort_by_key(|line| line.at);
    all
}

fn pair(name: &str, value: &str) -> Text {
    Text::from(format!("{:<14}{value}", format!("{name}:")))
}

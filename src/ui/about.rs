//! What an object is, for rows that no incident speaks of.

use super::panes::{Ctx, short_image};
use super::say;
use super::text::Phrase;
use super::theme::Ink;
use super::why::{Section, usage};
use crate::action::Known;
use crate::domain::words::{bytes, many};
use crate::domain::{
    Alert, AlertState, Answer, Application, Change, Check, Desired, Exposure, Kind, Node, Object, Person, Queue, Ref,
    RestartPolicy, Role, Silence, Timestamp, Workload,
};

/// `Deployment, revision 42, 3 wanted`.
pub(super) fn kind_line(ctx: &Ctx<'_>, key: &Ref) -> String {
    let view = ctx.model.view;
    let mut parts = vec![kind_noun(key.kind).to_owned()];
    if let Some(workload) = view.workload(key) {
        if let Some(revision) = &workload.revision {
            parts.push(format!("revision {}", revision.id));
        }
        parts.push(match workload.desired {
            Desired::Replicas(n) => format!("{n} wanted"),
            Desired::EachNode(n) => format!("one on each of {}", many(u64::from(n), "node")),
            Desired::Completions(0) => "runs when it is handed something".to_owned(),
            Desired::Completions(n) => format!("{n} to complete"),
            Desired::Scheduled => "on a schedule".to_owned(),
            Desired::Unknown => format!("{} there", view.counts(workload).alive),
        });
    } else if let Some(node) = view.node(key) {
        parts.push(say::node_state(node));
    } else if let Some(queue) = view.queue(key) {
        parts.push(queue.system.to_string());
    } else if view.object(key).is_none() && key.kind != Kind::Namespace {
        parts.push("not there any more".to_owned());
    }
    parts.join(", ")
}

fn kind_noun(kind: Kind) -> &'static str {
    match kind {
        Kind::ComposeService => "Compose service",
        Kind::Service => "Swarm service",
        kind => kind.noun(),
    }
}

/// When the newest revision came, and what it brought.
pub(super) fn newest_revision(ctx: &Ctx<'_>, workload: &Workload) -> Option<(Timestamp, Phrase)> {
    let revision = workload.revision.as_ref()?;
    let at = revision.at?;
    let by = revision.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
    let image = |images: &[crate::domain::Name]| images.first().map(|image| short_image(image).to_owned());
    let brought = match (workload.history.first().and_then(|it| image(&it.images)), image(&revision.images)) {
        (Some(from), Some(to)) if from != to => format!(" ({from} → {to})"),
        _ => String::new(),
    };
    Some((at, Phrase::text(format!("{} revision {} rolled out{by}{brought}", ctx.clock.moment(at), revision.id))))
}

/// How the newest revision of a workload differs from the one before, where that was asked for.
pub(super) fn change(ctx: &Ctx<'_>, key: &Ref) -> Vec<Phrase> {
    let view = ctx.model.view;
    let Some(want) = view.workload(key).and_then(Change::of) else { return Vec::new() };
    match view.answer(&want) {
        Some(Answer::Changed(change)) => {
            // What differs comes first: of a short pane it is what is seen.
            let none = change.differences.is_empty().then(|| Phrase::text(change.in_words(0)));
            let each = change.differences.iter().map(|it| Phrase::text(it.in_words()));
            let at = change.at.map(|at| format!(", {}", ctx.clock.moment(at))).unwrap_or_default();
            let by = change.by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
            let which = Phrase::dim(format!("revision {} against {}{at}{by}", change.to, change.from));
            none.into_iter().chain(each).chain([which]).collect()
        }
        Some(Answer::Failed(why)) => vec![Phrase::dim(format!("against the revision before: {why}"))],
        _ => Vec::new(),
    }
}

/// What is known of an object by itself.
pub(super) fn object(ctx: &Ctx<'_>, key: &Ref) -> Vec<Section> {
    match ctx.model.view.object(key) {
        Some(Object::Workload(it)) => workload(ctx, it),
        Some(Object::Node(it)) => node(ctx, it),
        Some(Object::Queue(it)) => queue(ctx, it),
        Some(Object::Alert(it)) => alert(ctx, &it.key),
        Some(Object::Instance(it)) => {
            vec![Section::new("is", vec![Phrase::text(say::instance_state(it)), Phrase::text(say::instance_why(it))])]
        }
        Some(Object::Cluster(it)) => {
            let version = it.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
            let reached = it.reached.as_ref().map(|by| Phrase::dim(format!("reached by {by}")));
            let mut lines = vec![Phrase::text(format!("{}{version}", it.backend.as_str()))];
            lines.extend(reached);
            vec![Section::new("is", lines)]
        }
        Some(Object::Volume(it)) => {
            let words = [it.driver.as_deref(), it.state.as_deref(), it.message.as_deref()];
            vec![Section::new("is", vec![Phrase::text(words.into_iter().flatten().collect::<Vec<_>>().join(", "))])]
        }
        Some(Object::Endpoint(it)) if it.check.is_some() => it.check.iter().flat_map(|it| check(ctx, it)).collect(),
        Some(Object::Endpoint(it)) => {
            let selector = it.selector.as_ref().map_or_else(String::new, |words| format!(", picked by {words}"));
            let is = format!("{} ready behind it, {} not ready{selector}", it.ready, it.not_ready);
            vec![Section::new("is", vec![Phrase::text(is)]), Section::new("use", usage(ctx, key))]
        }
        Some(Object::Autoscaler(it)) => {
            let is = format!(
                "runs {} to {} of {}: {} now, {} wanted",
                it.least,
                it.most,
                it.target.local(),
                it.current,
                it.desired
            );
            let mut lines = vec![Phrase::text(is)];
            lines.extend(it.message.as_ref().map(|said| Phrase::dim(said.as_str())));
            let measures = it.measures.iter().map(|what| Phrase::text(what.as_str())).collect();
            vec![Section::new("is", lines), Section::new("goes by", measures)]
        }
        Some(Object::Budget(it)) => {
            let is =
                format!("{} of {} may go now: {} healthy, {} needed", it.allowed, it.expected, it.healthy, it.wanted);
            let covers = it.covers.iter().map(|of| Phrase::text(of.local())).collect();
            vec![Section::new("is", vec![Phrase::text(is)]), Section::new("counts", covers)]
        }
        Some(Object::Namespace(it)) => {
            let mut is = match it.deleting {
                Some(at) => vec![Phrase::text(format!("being deleted since {}", ctx.clock.moment(at)))],
                None => Vec::new(),
            };
            is.extend(it.held_by.as_ref().map(|said| Phrase::text(said.as_str())));
            let quota = |of: &crate::domain::Quota| format!("{} {}: {} of {}", of.name, of.resource, of.used, of.hard);
            let quotas = it.quotas.iter().map(|of| Phrase::text(quota(of))).collect();
            vec![Section::new("is", is), Section::new("may use", quotas)]
        }
        Some(Object::Config(it)) => {
            let by = it.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            let changed = it.changed.or(it.created).map(|at| format!("changed {}{by}", ctx.clock.moment(at)));
            let used: Vec<Phrase> =
                ctx.model.view.dependents_of(key).take(12).map(|of| Phrase::text(of.local())).collect();
            vec![Section::new("is", changed.into_iter().map(Phrase::text).collect()), Section::new("used by", used)]
        }
        Some(Object::Application(it)) => application(it),
        // Not every orchestrator tells of its namespaces: they are where workloads are.
        None if key.kind == Kind::Namespace => {
            let inside =
                ctx.model.view.workloads().filter(|it| {
                    it.key.cluster == key.cluster && it.key.namespace.as_deref() == Some(key.name.as_str())
                });
            vec![Section::new("holds", vec![Phrase::text(many(inside.count() as u64, "workload"))])]
        }
        None => vec![Section::new("", vec![Phrase::dim("It is not there any more.")])],
    }
}

fn application(it: &Application) -> Vec<Section> {
    let words = |it: &Option<crate::domain::Name>| it.as_deref().unwrap_or("not said").to_owned();
    let by = if it.automated { "by itself" } else { "by hand" };
    let is = format!("sync {}, health {}; synced {by}", words(&it.sync), words(&it.health));
    let mut lines = vec![Phrase::text(is)];
    lines.extend(it.place.as_ref().map(|place| Phrase::dim(format!("from {place}"))));
    let each = |of: &[crate::domain::Text]| of.iter().map(|it| Phrase::text(it.as_str())).collect::<Vec<_>>();
    let keeps = it.keeps.iter().take(12).map(|of| Phrase::text(of.local())).collect();
    vec![
        Section::new("is", lines),
        Section::new("said", it.failed.iter().chain(&it.error).map(|said| Phrase::text(said.as_str())).collect()),
        Section::new("unwell", each(&it.unwell)),
        Section::new("differs", each(&it.differs)),
        Section::new("keeps", keeps),
    ]
}

fn workload(ctx: &Ctx<'_>, it: &Workload) -> Vec<Section> {
    let view = ctx.model.view;
    let counts = view.counts(it);
    let ready = match counts.wanted {
        Some(wanted) => format!("{} of {wanted} ready", counts.ready),
        None => format!("{} ready", counts.ready),
    };
    let mut is = say::workload_state(&view, &ctx.clock, it);
    is = Phrase::text(format!("{ready}; ")).then(is).and(Ink::Dim, "; no rule says anything of it");
    let mut runs = self::runs(it);
    runs.push(Phrase::dim(restarts(it.restart_policy)));
    let reach = match it.exposure {
        Exposure::Yes => "users reach it",
        Exposure::No => "users do not reach it directly",
        Exposure::Unknown => "whether users reach it is unknown",
    };
    // What it stores and is configured by, and who leads to it, has its place in the case file.
    let needs = it.depends_on.iter().filter(|need| !matches!(need.on.kind.role(), Role::Volume | Role::Config));
    let needs = needs.map(|need| Phrase::text(format!("{} ({})", need.on.local(), need.via)));
    let needed = view.dependents_of(&it.key).filter(|key| key.kind.role() != Role::Endpoint);
    let needed: Vec<String> = needed.map(Ref::local).take(12).collect();
    let mut rolled: Vec<Phrase> = newest_revision(ctx, it).into_iter().map(|(_, line)| line).collect();
    rolled.extend(it.defined_in.as_ref().map(|from| Phrase::dim(format!("defined in {from}"))));
    vec![
        Section::new("is", vec![is]),
        Section::new("runs", runs),
        Section::new("use", usage(ctx, &it.key)),
        Section::new("since", rolled),
        Section::new("changed", change(ctx, &it.key)),
        Section::new("reach", vec![Phrase::text(reach)]),
        Section::new("needs", needs.collect()),
        Section::new("needed", if needed.is_empty() { Vec::new() } else { vec![Phrase::text(needed.join(", "))] }),
    ]
}

/// Its images, with the limit and the checks of each.
pub(super) fn runs(it: &Workload) -> Vec<Phrase> {
    let each = it.containers.iter().map(|container| {
        let limit = match container.memory_limit_bytes {
            Some(limit) => format!("memory limit {}", bytes(limit)),
            None => "no memory limit".to_owned(),
        };
        let probes = match container.probes.len() {
            0 => "no health check".to_owned(),
            n => many(n as u64, "health check"),
        };
        Phrase::of(Ink::Strong, container.image.as_str()).and(Ink::Text, format!("  {limit}, {probes}"))
    });
    each.collect()
}

fn restarts(policy: RestartPolicy) -> String {
    match policy {
        RestartPolicy::Always => "started again whenever it ends".to_owned(),
        RestartPolicy::UnlessStopped => "started again unless somebody stopped it".to_owned(),
        RestartPolicy::OnFailure(0) => "started again after a failure".to_owned(),
        RestartPolicy::OnFailure(n) => format!("started again after a failure, at most {n} times"),
        RestartPolicy::No => "not started again when it ends".to_owned(),
        RestartPolicy::Unknown => "whether it is started again is not known".to_owned(),
    }
}

fn node(ctx: &Ctx<'_>, it: &Node) -> Vec<Section> {
    let (memory, cpu, instances) = super::panes::set_aside(ctx, it);
    let mut is = vec![Phrase::text(format!("{}; {} on it", say::node_state(it), many(instances as u64, "instance")))];
    is.extend(it.message.as_ref().map(|message| Phrase::text(message.as_str())));
    let capacity = |n: Option<u64>, said: fn(u64) -> String| n.map_or_else(|| "unknown".to_owned(), said);
    let room = Phrase::dim("memory ")
        .then(super::panes::bar(memory))
        .and(Ink::Text, format!(" of {}", capacity(it.memory_bytes, bytes)))
        .and(Ink::Dim, "   cpu ")
        .then(super::panes::bar(cpu))
        .and(Ink::Text, format!(" of {}", capacity(it.cpu_millis, |n| format!("{:.1} cores", n as f64 / 1000.0))));
    let taints = it.taints.iter().map(|taint| {
        let value = taint.value.as_ref().map(|value| format!("={value}")).unwrap_or_default();
        Phrase::text(format!("{}{value}: {}", taint.key, taint.effect))
    });
    let version = [it.version.as_deref(), it.address.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    vec![
        Section::new("is", is),
        Section::new("room", vec![room]),
        Section::new("use", usage(ctx, &it.key)),
        Section::new("taints", taints.collect()),
        Section::new("runs", if version.is_empty() { Vec::new() } else { vec![Phrase::dim(version)] }),
    ]
}

fn queue(ctx: &Ctx<'_>, it: &Queue) -> Vec<Section> {
    let consumers = it.consumers.iter().map(|key| {
        let workload = ctx.model.view.workload(key);
        let ready = workload.map(|workload| ctx.model.view.counts(workload).ready);
        let ready = ready.map_or_else(|| "not known".to_owned(), |n| format!("{n} ready"));
        Phrase::of(Ink::Strong, key.local()).and(Ink::Text, format!(" {ready}"))
    });
    let broker = it.broker.as_ref().map(|key| Phrase::text(key.local()));
    vec![
        Section::new("use", usage(ctx, &it.key)),
        Section::new("workers", consumers.collect()),
        Section::new("held by", broker.into_iter().collect()),
    ]
}

/// What came of asking an endpoint from here.
fn check(ctx: &Ctx<'_>, it: &Check) -> Vec<Section> {
    let is = match (&it.failing, it.slow) {
        (Some(failing), _) => {
            let times = many(u64::from(failing.times), "time");
            Phrase::of(Ink::Strong, failing.why.as_str())
                .and(Ink::Text, format!(", {times} in a row since {}", ctx.clock.moment(failing.since)))
        }
        (None, Some(slow)) => Phrase::text(format!("answers in {} ms, usually in {} ms", slow.last, slow.usual)),
        (None, None) => Phrase::of(Ink::Good, "answers as it should"),
    };
    let certificate = it.certificate.map(|(_, until)| Phrase::text(format!("good until {}", ctx.clock.moment(until))));
    vec![
        Section::new("asks", vec![Phrase::text(it.asks.as_str()).and(Ink::Dim, " from here")]),
        Section::new("is", vec![is]),
        Section::new("shows", certificate.into_iter().collect()),
    ]
}

/// What an alert says.
pub(super) fn alert(ctx: &Ctx<'_>, key: &Ref) -> Vec<Section> {
    let Some(it) = ctx.model.view.alert(key) else { return Vec::new() };
    let state = match it.state {
        AlertState::Firing => "fires",
        AlertState::Pending => "its condition holds, not yet for long enough",
        AlertState::Silenced => "fires, and somebody silenced it",
        AlertState::Inhibited => "fires, and another alert speaks for it",
    };
    let since = it.since.map(|at| format!(" since {}", ctx.clock.moment(at))).unwrap_or_default();
    let pages = if it.pages { "; it pages somebody" } else { "" };
    vec![
        Section::new("says", vec![says(it)]),
        Section::new("state", vec![Phrase::text(format!("{state}{since}{pages}"))]),
        Section::new("silence", it.silence.iter().map(|it| silence(ctx, it)).collect()),
        Section::new("read", it.runbook.iter().map(|url| Phrase::text(url.as_str())).collect()),
        Section::new("see", it.dashboard.iter().map(|url| Phrase::text(url.as_str())).collect()),
    ]
}

fn silence(ctx: &Ctx<'_>, it: &Silence) -> Phrase {
    let until = it.until.map(|at| format!(" until {}", ctx.clock.moment(at))).unwrap_or_default();
    Phrase::text(format!("by {}{until}: {}", it.by, it.comment))
}

fn says(it: &Alert) -> Phrase {
    let summary = it.summary.as_deref().unwrap_or("it has no description");
    Phrase::of(Ink::Strong, it.title.as_str()).and(Ink::Text, format!(": {summary}"))
}

/// What an action did, and who did it.
pub(super) fn run(ctx: &Ctx<'_>, id: u64) -> Vec<Section> {
    let Some(known) = ctx.model.runs.known(id) else { return Vec::new() };
    let run = known.run;
    let steps =
        run.steps.iter().zip(&run.plan.steps).map(|(state, step)| super::overlays::step(ctx, &known, state, step));
    let back = run.plan.inverse.as_ref().map(|inverse| Phrase::text(format!("{} takes it back", inverse.verb())));
    let standing = super::overlays::standing(ctx, &known);
    vec![
        Section::new("did", vec![Phrase::of(Ink::Strong, run.plan.title.as_str()).then(standing)]),
        Section::new("by", by(ctx, &known)),
        Section::new("steps", steps.collect()),
        Section::new("back", back.into_iter().collect()),
    ]
}

/// Where a port forward leads, what goes over it, and what went wrong.
pub(super) fn forward(ctx: &Ctx<'_>, id: u64) -> Vec<Section> {
    let Some(forward) = ctx.model.forwards.iter().find(|forward| forward.id == id) else { return Vec::new() };
    let Some(state) = &forward.state else {
        return vec![Section::new("forward", vec![Phrase::dim("it is being opened")])];
    };
    let carries = format!(
        "{}; {}, {} failed",
        many(u64::from(state.open), "connection") + " open",
        many(state.came, "connection") + " in all",
        state.failed
    );
    let ends = match &state.ended {
        Some(why) => Phrase::of(Ink::Warning, format!("ended: {why}")),
        None => Phrase::dim("it listens on this machine's loopback alone, and ends with this session"),
    };
    vec![
        Section::new("forward", vec![Phrase::of(Ink::Strong, state.words()), Phrase::text(carries), ends]),
        Section::new("said", state.said.iter().map(|said| Phrase::text(said.as_str())).collect()),
    ]
}

/// Who did it, from where, as whom, and why: nothing of one's own doing a moment ago.
fn by(ctx: &Ctx<'_>, known: &Known<'_>) -> Vec<Phrase> {
    let reason = known.reason.map(|reason| Phrase::text(format!("because: {reason}")));
    if known.is_own && known.taken_by.is_none() {
        return reason.into_iter().collect();
    }
    let person = |it: &Person| {
        let from = it.origin.as_ref().map(|origin| format!(" from {origin}")).unwrap_or_default();
        let as_whom = it.credential.as_ref().map(|credential| format!(", as {credential}")).unwrap_or_default();
        format!("{}{from}{as_whom}", it.name)
    };
    let began = Phrase::text(format!("{}, {}", person(known.by), ctx.clock.moment(known.run.started)));
    let then = known.hands().into_iter().skip(1).map(|it| Phrase::text(format!("gone on with by {}", person(it))));
    std::iter::once(began).chain(then).chain(reason).collect()
}

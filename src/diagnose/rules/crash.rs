//! Processes that end.

use crate::diagnose::exit::{exit_words, exits_how};
use crate::diagnose::logs;
use crate::diagnose::rule::{Cause, Edge, Finding, Out, Rule, Subject};
use crate::diagnose::scene::{Scene, restarts};
use crate::domain::words::{after, seconds_between, span, times};
use crate::domain::{
    Container, Desired, Exit, ExitReason, Exposure, Instance, Kind, Occurrence, OccurrenceKind, Phase, RestartPolicy,
    Severity, Text, Timestamp, Workload,
};

use super::began::{began, tasks_tell_all};
use super::evidence::{backs_off, how_often, instances, last_exit, part_of, rollout_frame, with_needs};
use super::probe::{killed_by_probe, settings_of};

/// An end that nobody followed up is quiet after so long, seconds: a day.
pub const OLD_EXIT: i64 = 24 * 3600;
const LOOP_CLEAR: i64 = 300;
/// Ends further apart are not one loop, seconds.
const LOOP_GAP: i64 = 600;
/// An orchestrator has put another in the place of what ended within so long, if it does at all, seconds.
const REPLACED_WITHIN: i64 = 60;
/// A lone container that nobody restarts has to have run for so long before its end is more than a run by hand, seconds.
const HAD_RUN: i64 = 60;

/// It ends again and again.
pub const CRASH_LOOP: Rule = Rule {
    id: "crash-loop",
    family: "crash",
    summary: "it ends and is started again, over and over",
    looks_at: "restarts, ends with their exit codes, and tasks that fail one after the other; three within ten minutes unless the \
               configuration says otherwise. The last line of its log is asked for and shown",
    mend: "read the last lines of its log; roll back if a new revision brought it, else mend what it needs",
    subject: Subject::Workload,
    cause: Cause::Crash,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: LOOP_CLEAR,
    check: crash_loop,
};

/// It ended and stays so.
pub const EXITED: Rule = Rule {
    id: "exited",
    family: "crash",
    summary: "it failed after it had run, and nobody starts it again",
    looks_at: "ends with another code than 0 that no person asked for. Quiet: runs by hand (`compose run`, a lone container \
               that ran for less than a minute and publishes nothing), and what ended more than a day ago",
    mend: "read its log, mend the cause, start it; give it a restart policy if it is to come back by itself",
    subject: Subject::Workload,
    cause: Cause::Crash,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: exited,
};

/// It outlived its stop timeout.
pub const STOP_TIMEOUT: Rule = Rule {
    id: "stop-timeout",
    family: "stop-timeout",
    summary: "it did not end within its stop timeout and was killed: work in flight may be lost",
    looks_at: "a stop (SIGTERM) that was followed by SIGKILL and exit 137 after the stop timeout, within the last hour",
    mend: "handle SIGTERM (a shell as PID 1 does not pass it on: exec, or an init), or raise the stop timeout",
    subject: Subject::Workload,
    cause: Cause::Risk,
    reads: &[Edge::Instances],
    hold_seconds: 0,
    clear_after_seconds: 3600,
    check: stop_timeout,
};

/// A loop as it shows in one workload.
struct Loop<'a> {
    /// The instance that shows it best, the container, and how it last ended.
    shown: Option<(&'a Instance, &'a Container, &'a Exit)>,
    affected: usize,
    often: String,
    first: Option<Timestamp>,
    /// Whether it began then; else it is at least so old.
    exact: bool,
    /// Set where it shows by what happened, not by how it is now.
    happened: Option<Timestamp>,
}

fn crash_loop(scene: &Scene<'_>, out: &mut Out) {
    // Each run of a scheduled job ends by itself: that several failed is its schedule's to say.
    let runs_on = scene.workload().is_some_and(|it| it.schedule.is_none());
    let seen = by_state(scene, out).or_else(|| by_events(scene, out).filter(|_| runs_on));
    let Some(seen) = seen.or_else(|| by_tasks(scene, out)) else { return };
    let code = seen.shown.map(|(.., exit)| exit.code);
    let probe = seen.shown.and_then(|(it, _, exit)| killed_by_probe(scene, it, exit));
    let replaced = seen.shown.is_some_and(|(it, _, exit)| unhealthy(it, exit)) || probe.is_some();
    let how = match (seen.shown, code) {
        (Some((.., exit)), _) if cannot_run(exit) => "fails to start".to_owned(),
        (Some(_), _) if probe.is_some() => {
            let which = probe.as_ref().map_or("liveness", |kill| kill.which.as_str());
            format!("is restarted because its {which} probe fails,")
        }
        (Some(_), _) if replaced => "is replaced because its health check fails,".to_owned(),
        (_, Some(code)) => exits_how(code),
        (_, None) => "ends".to_owned(),
    };
    let line = seen.shown.and_then(|(it, container, _)| last_line(scene, it, container));
    let said = seen.shown.and_then(|(.., exit)| exit.message.as_ref());
    let pods = scene.key.kind.runs_pods();
    let why = match seen.shown {
        Some(_) if probe.is_some() => probe.as_ref().and_then(|kill| kill.said.clone()),
        Some(_) if replaced => check_said(scene),
        Some((.., exit)) if cannot_run(exit) => Some(why_not(exit)),
        Some((.., exit)) if pods && exit.code == 137 => {
            Some("no OOM is reported, who killed it is not known".to_owned())
        }
        // What it left as its last words (kubernetes: terminationMessagePath), where no line of its log is known.
        Some((.., exit)) if pods && line.is_none() => exit.message.as_ref().map(|said| logs::quote(said)),
        _ => None,
    };
    let said_last = line.map(|line| logs::quote(line)).filter(|_| !replaced);
    let why: String = why.into_iter().chain(said_last).map(|words| format!(": {words}")).collect();
    let (stuck, gives_up) = rollout_frame(scene);
    let often = if seen.often.is_empty() { String::new() } else { format!(" ({})", seen.often) };
    let of = scene.counts().wanted.unwrap_or(0);
    let some = if seen.affected > 0 && of > 1 && seen.affected < of as usize {
        format!("{} of {of}: ", seen.affected)
    } else {
        String::new()
    };
    let part = seen.shown.map_or(String::new(), |(it, container, _)| part_of(it, container));
    let summary = format!("{stuck}{some}{part}{how} again and again{often}{why}{gives_up}");
    let mut finding = Finding::new(Severity::Critical, summary)
        .since(seen.first)
        .since_exact(seen.exact)
        .affected(seen.affected)
        .helps(scene.mends(seen.first));
    finding.happened = seen.happened;
    if let Some((instance, container, exit)) = seen.shown {
        let ran = ran_words(exit);
        finding = finding.evidence(
            exit.ended,
            "state",
            format!("{}: {part}{}{ran}", instance.key.name, exit_words(exit.code)),
        );
        if let Some(why) = no_oom(instance, container, exit).filter(|_| probe.is_none()) {
            finding = finding.evidence(None, "note", why);
        }
        if let Some(kill) = &probe {
            finding = finding.evidence(Some(kill.at), "event", kill.words.clone());
            finding.evidence.extend(settings_of(scene, kill.which));
        }
        finding.wants.push(logs::tail_of(instance, container));
        for line in logs::last_words(scene, instance, container) {
            finding = finding.evidence(None, "log", line.clone());
        }
    }
    let words: Vec<&str> = [line, said].into_iter().flatten().map(Text::as_str).collect();
    out.say(with_needs(scene, finding, &words));
}

/// Why an end by 137 is not called an OOM kill.
fn no_oom(instance: &Instance, container: &Container, exit: &Exit) -> Option<&'static str> {
    match instance.key.kind {
        _ if exit.code != 137 => None,
        Kind::Pod => Some("137 alone is no OOM kill; that one was missed cannot be ruled out"),
        // Of a driver that does not keep a task to its memory no limit is known.
        Kind::Allocation if container.memory_limit_bytes.is_none() => {
            Some("137 alone is no OOM kill; its driver does not tell whether memory ran out")
        }
        Kind::Allocation => Some("137 alone is no OOM kill, and its driver reports none"),
        _ => None,
    }
}

/// It never ran, or the shell found nothing to run.
fn cannot_run(exit: &Exit) -> bool {
    exit.reason == ExitReason::CannotRun || matches!(exit.code, 126 | 127)
}

/// What its health check printed, the last time that this is known.
fn check_said(scene: &Scene<'_>) -> Option<String> {
    let checks = scene.view.occurrences_of(scene.key).filter(|it| it.kind == OccurrenceKind::ProbeFailure);
    // The task's own words only say that there was a check.
    let mut said = checks.filter_map(|it| it.text.as_ref()).filter(|said| !said.contains("unhealthy container"));
    said.next_back().map(|said| logs::quote(said))
}

/// Swarm ends a task whose health check fails, and says so (moby: daemon/cluster/executor/container/controller.go).
fn unhealthy(it: &Instance, exit: &Exit) -> bool {
    let said = [it.message.as_ref(), exit.message.as_ref()];
    said.into_iter().flatten().any(|said| said.contains("unhealthy container"))
}

/// It is between two runs now, or has just come back from one of many.
fn by_state<'a>(scene: &Scene<'a>, out: &mut Out) -> Option<Loop<'a>> {
    let threshold = scene.settings.crash_loop_restarts;
    let mut looping: Vec<(&'a Instance, &'a Container, &'a Exit)> = Vec::new();
    for it in scene.wanted_instances() {
        // What memory ended has a rule of its own.
        let Some((container, exit)) = last_exit(scene, it).filter(|(_, exit)| exit.reason != ExitReason::OomKilled)
        else {
            continue;
        };
        let restarts = scene.containers(it).map(|container| container.restarts).max().unwrap_or(0);
        let backing_off = scene.containers(it).any(backs_off);
        let between = backing_off || (restarts >= threshold && it.phase == Phase::Restarting);
        if between || (restarts >= threshold && came_back(scene, it, exit, restarts)) {
            exit.ended.filter(|_| !between).into_iter().for_each(|ended| out.recheck_at(after(ended, LOOP_CLEAR)));
            looping.push((it, container, exit));
        }
    }
    let shown = looping.iter().max_by_key(|(.., exit)| exit.ended).copied()?;
    let series = scene.series(OccurrenceKind::Crash, LOOP_CLEAR);
    // Of several, what is remembered is not each one's own.
    let own = series.as_ref().filter(|_| looping.len() == 1);
    let first = looping
        .iter()
        .map(|(it, _, exit)| began(scene, it, exit, own))
        .min_by_key(|it| (it.at, !it.exact))
        .filter(|it| series.is_none_or(|series| it.at <= series.first));
    let often = match &series {
        Some(series) if looping.len() > 1 && series.count > 1 => how_often(series).trim_start_matches(", ").to_owned(),
        _ => began(scene, shown.0, shown.2, own).often,
    };
    let exact = first.as_ref().map_or_else(|| series.is_some_and(|it| !it.at_least), |it| it.exact);
    let first = first.map(|it| it.at).or_else(|| series.map(|it| it.first));
    let affected = looping.iter().filter(|(it, ..)| scene.is_shaky(it, out)).count();
    Some(Loop { shown: Some(shown), affected, often, first, exact, happened: None })
}

/// It runs, but it ended minutes ago and has done so often for its age.
fn came_back(scene: &Scene<'_>, it: &Instance, exit: &Exit, restarts: u32) -> bool {
    let lately = exit.ended.is_some_and(|ended| after(ended, LOOP_CLEAR) > scene.now());
    let asked = matches!(exit.reason, ExitReason::Stopped | ExitReason::StopTimedOut);
    let dense =
        it.created.is_some_and(|made| seconds_between(made, scene.now()) / i64::from(restarts.max(1)) < LOOP_GAP);
    lately && dense && !asked
}

/// Its ends were seen as they happened.
fn by_events<'a>(scene: &Scene<'a>, out: &mut Out) -> Option<Loop<'a>> {
    let series = scene.series(OccurrenceKind::Crash, LOOP_CLEAR)?;
    out.recheck_at(series.over_at);
    let enough = u64::from(scene.settings.crash_loop_restarts.max(2));
    let apart = seconds_between(series.first, series.last) / i64::try_from(series.count.max(2) - 1).unwrap_or(i64::MAX);
    if series.count < enough || apart > LOOP_GAP {
        return None;
    }
    let crashed = |it: &&'a Instance| {
        let mut events =
            scene.view.occurrences_of(scene.key).filter(|e| e.kind == OccurrenceKind::Crash && e.last >= series.first);
        events.any(|event| scene.is_of(it, &event.subject))
    };
    let hit: Vec<&'a Instance> = scene.wanted_instances().filter(crashed).collect();
    let newest = hit.iter().rev().find_map(|it| last_exit(scene, it).map(|(container, exit)| (*it, container, exit)));
    let shown = newest.or_else(|| newest_failed(scene, series.first));
    let often = how_often(&series).trim_start_matches(", ").to_owned();
    // Where others were put in the place of those that ended, what is missing tells how many.
    let exact = !series.at_least && tasks_tell_all(scene, series.first);
    let affected = hit.iter().filter(|it| scene.is_shaky(it, out)).count().max(scene.counts().missing() as usize);
    Some(Loop { shown, affected, often, first: Some(series.first), exact, happened: Some(series.last) })
}

/// Tasks and pods that fail one after the other, each in the place of the one before.
fn by_tasks<'a>(scene: &Scene<'a>, out: &mut Out) -> Option<Loop<'a>> {
    let workload = scene.workload()?;
    // Several containers of a Compose service that ended stand beside each other.
    let replaced = !matches!(workload.key.kind, Kind::Container | Kind::ComposeService | Kind::BarePod);
    if !replaced || !matches!(workload.desired, Desired::Replicas(_) | Desired::EachNode(_)) {
        return None;
    }
    let mut ends: Vec<Timestamp> = failed(scene).filter_map(|(.., exit)| exit.ended).collect();
    ends.sort_unstable();
    let last = *ends.last()?;
    let over_at = after(
        last,
        LOOP_CLEAR.max(2 * ends.windows(2).map(|w| seconds_between(w[0], w[1])).max().unwrap_or(0).min(LOOP_GAP)),
    );
    let from = ends.iter().rposition(|at| after(*at, LOOP_GAP) < last).map_or(0, |place| place + 1);
    let ends = &ends[from..];
    if ends.len() < scene.settings.crash_loop_restarts as usize || (over_at <= scene.now() && !scene.held_up()) {
        return None;
    }
    out.recheck_at(over_at);
    let often = format!("{} in {}", times(ends.len() as u64), span(seconds_between(ends[0], last).max(1)));
    let affected = scene.counts().missing() as usize;
    Some(Loop {
        shown: newest_failed(scene, ends[0]),
        affected,
        often,
        first: Some(ends[0]),
        exact: false,
        happened: Some(last),
    })
}

/// Words for a pod that was driven off its node, or that its node refused: it did not fail by itself (kubernetes:
/// pkg/kubelet/eviction, pkg/kubelet/nodeshutdown, pkg/kubelet/lifecycle).
const DRIVEN_OFF: [&str; 7] =
    ["Evicted", "Preempting", "Preempted", "NodeShutdown", "Terminated", "NodeAffinity", "UnexpectedAdmissionError"];

fn failed<'a>(scene: &Scene<'a>) -> impl Iterator<Item = (&'a Instance, &'a Container, &'a Exit)> {
    let by_itself = |it: &&Instance| !it.reason.as_deref().is_some_and(|reason| DRIVEN_OFF.contains(&reason));
    let ended = scene.instances().iter().copied().filter(|it| it.phase == Phase::Failed).filter(by_itself);
    ended.filter_map(|it| last_exit(scene, it).map(|(container, exit)| (it, container, exit))).filter(|(.., exit)| {
        let other = matches!(
            exit.reason,
            ExitReason::Stopped | ExitReason::StopTimedOut | ExitReason::Completed | ExitReason::OomKilled
        );
        exit.code != 0 && !other && !super::start::never_ran(exit)
    })
}

fn newest_failed<'a>(scene: &Scene<'a>, from: Timestamp) -> Option<(&'a Instance, &'a Container, &'a Exit)> {
    failed(scene).filter(|(.., exit)| exit.ended >= Some(from)).max_by_key(|(.., exit)| exit.ended)
}

fn last_line<'a>(scene: &Scene<'a>, instance: &Instance, container: &Container) -> Option<&'a Text> {
    logs::telling(logs::answered(scene, instance, container)?)
}

fn ran_for(exit: &Exit) -> Option<i64> {
    Some(seconds_between(exit.started?, exit.ended?))
}

/// ` after 2 h`, ` at once`.
fn ran_words(exit: &Exit) -> String {
    match ran_for(exit).filter(|_| exit.reason != ExitReason::CannotRun) {
        Some(0) => " at once".to_owned(),
        Some(seconds) => format!(" after {}", span(seconds)),
        None => String::new(),
    }
}

fn exited(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload() else { return };
    if workload.one_off || matches!(workload.desired, Desired::Completions(_) | Desired::Scheduled) {
        return;
    }
    let gave_up = restarts(workload);
    let ended: Vec<_> = failed(scene)
        .filter(|(it, _, exit)| {
            it.desired == crate::domain::DesiredState::Run && counts_as_failure(workload, exit, gave_up)
        })
        .collect();
    let newest = ended.iter().max_by_key(|(.., exit)| exit.ended).copied();
    let Some((instance, container, exit)) = newest else { return };
    let Some(at) = exit.ended else { return };
    if gave_up && !matches!(workload.key.kind, Kind::Container | Kind::ComposeService | Kind::BarePod) {
        // Its orchestrator puts another in its place, as often as it is told to.
        let bounded = matches!(workload.restart_policy, RestartPolicy::OnFailure(most) if most > 0);
        let gives_up_at = after(at, REPLACED_WITHIN);
        if bounded && gives_up_at > scene.now() {
            out.recheck_at(gives_up_at);
        }
        if !bounded || gives_up_at > scene.now() {
            return;
        }
    }
    let quiet_at = after(at, OLD_EXIT);
    if quiet_at <= scene.now() {
        return;
    }
    out.recheck_at(quiet_at);
    let line = last_line(scene, instance, container);
    // Of an end from outside its log does not speak.
    let outside = exit.message.as_ref().filter(|_| exit.code > 128 && exit.reason != ExitReason::CannotRun);
    let why = outside.or(line).map_or(String::new(), |line| format!(": {}", logs::quote(line)));
    let ran = ran_words(exit);
    let stays = if gave_up { "and is not started again" } else { "and nothing restarts it" };
    let summary = format!("{}{ran}, {stays}{why}", ended_how(exit));
    let mut finding =
        Finding::new(Severity::Warning, summary).since(Some(at)).affected(ended.len()).helps(scene.mends(Some(at)));
    finding = finding.evidence(exit.ended, "state", format!("{}: {}{ran}", instance.key.name, exit_words(exit.code)));
    finding.wants.push(logs::tail_of(instance, container));
    for line in logs::last_words(scene, instance, container) {
        finding = finding.evidence(None, "log", line.clone());
    }
    let words: Vec<&str> = line.into_iter().chain(exit.message.as_ref()).map(Text::as_str).collect();
    out.say(with_needs(scene, finding, &words));
}

fn ended_how(exit: &Exit) -> String {
    match (exit.reason, exit.code) {
        (ExitReason::CannotRun, _) => {
            format!("could not start: {}", why_not(exit))
        }
        (_, 139) => "died of a segmentation fault (139)".to_owned(),
        (_, code) if code > 128 => format!("was {}", exit_words(code)),
        (_, code) => format!("failed with {}", exit_words(code)),
    }
}

/// Why something did not even start: in the engine's words, after the shell's meaning of the code where it has one.
pub fn why_not(exit: &Exit) -> String {
    match (exit.message.as_deref().map(logs::unwrapped), exit.code) {
        (None, code) => exit_words(code),
        (Some(said), 128) if said.contains("executable file not found") => {
            format!("command not found: {}", logs::quote(said))
        }
        (Some(said), 126 | 127) => format!("{}: {}", exit_words(exit.code), logs::quote(said)),
        (Some(said), _) => logs::quote(said),
    }
}

/// Whether somebody may have counted on it: a service of a project, what users reach, what was to be restarted, or what
/// had run for a while. Anything else is a run by hand.
fn counts_as_failure(workload: &Workload, exit: &Exit, gave_up: bool) -> bool {
    let lone = matches!(workload.key.kind, Kind::Container | Kind::BarePod);
    let had_run = ran_for(exit).is_some_and(|seconds| seconds >= HAD_RUN);
    !lone || gave_up || had_run || workload.exposure == Exposure::Yes
}

/// A Swarm stops what its health check calls unhealthy: that is the news.
fn ended_unwell(scene: &Scene<'_>, end: &Occurrence) -> bool {
    let unwell = |check: &Occurrence| {
        check.kind == OccurrenceKind::ProbeFailure
            && check.subject == end.subject
            && check.last <= end.last
            && after(check.last, REPLACED_WITHIN) > end.last
    };
    scene.key.kind == Kind::Service && scene.view.occurrences_of(scene.key).any(unwell)
}

fn stop_timeout(scene: &Scene<'_>, out: &mut Out) {
    let window = STOP_TIMEOUT.clear_after_seconds;
    let series = scene.series_of(window, |it| it.kind == OccurrenceKind::StopTimeout && !ended_unwell(scene, it));
    let timed_out = |it: &&Instance| {
        let exit = last_exit(scene, it).map(|(_, exit)| exit)?;
        let ended = exit.ended.filter(|_| exit.reason == ExitReason::StopTimedOut)?;
        (after(ended, window) > scene.now()).then_some(ended)
    };
    let by_state =
        scene.instances().iter().filter_map(|it| timed_out(it).map(|at| (at, *it))).max_by_key(|(at, _)| *at);
    let (last, first) = match (&series, by_state) {
        (Some(series), _) => (series.last, series.first),
        (None, Some((at, _))) => (at, at),
        (None, None) => return,
    };
    out.recheck_at(series.map_or_else(|| after(last, window), |it| it.over_at));
    let often = series.as_ref().map(how_often).unwrap_or_default();
    let pods = scene.key.kind.runs_pods();
    let timeout = scene.workload().and_then(|it| it.stop_timeout_seconds).unwrap_or(if pods { 30 } else { 10 });
    let grace = if pods { "grace period" } else { "stop timeout" };
    let part = series.as_ref().and_then(|it| it.newest.container.as_ref()).zip(by_state).map_or(
        String::new(),
        |(name, (_, it))| {
            let container = it.containers.iter().find(|container| container.name == *name);
            container.map_or(String::new(), |container| part_of(it, container))
        },
    );
    let summary = format!("{part}ignored SIGTERM for its {timeout} s {grace} and was killed (137){often}");
    let mut finding = Finding::new(Severity::Risk, summary).since(Some(first));
    finding.happened = Some(last);
    let who = series.map(|it| it.newest.subject.name.clone()).or_else(|| by_state.map(|(_, it)| it.key.name.clone()));
    let who = who.map_or_else(|| instances(1, scene.instances()), |name| name.to_string());
    out.say(finding.evidence(Some(last), "event kill", format!("{who}: SIGTERM, then SIGKILL after {timeout} s")));
}

//! `cockpit doctor`: what was found, how, and what is missing, each with its mend.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::backend::{Looked, kubernetes};
use crate::config::{self, Loaded};
use crate::domain::{BackendKind, ClusterId, ClusterInfo, Freshness, Timestamp, Trouble, words as say};
use crate::state::View;
use crate::ui::theme::Depth;

use super::args::Common;
use super::failure::Failure;
use super::found::{self, Found, Watched};
use super::headless::{Known, Learning, learn};
use super::log;
use super::numbers;
use super::output::{print, style};
use super::session::{Session, env, words};
use super::sheet::{Check, Mark, Sheet};

/// What does not answer within this time is not there.
const PATIENCE: Duration = Duration::from_secs(10);
/// A client certificate that ends sooner is named, seconds.
const SOON: i64 = 14 * 86_400;

/// Looks at everything and prints what was found.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(common: Common) -> Result<ExitCode, Failure> {
    let mut sheet = Sheet::default();
    let loaded = config::load(common.config.as_deref(), &words(common.config.as_deref()));
    sheet.section("Settings", settings(&common, &loaded));
    let session = Session { common, config: loaded.map(|loaded| loaded.config).unwrap_or_default() };
    sheet.section("Journal", journal(&session));
    let found = found::find(&session.common, &session.config);
    sheet.section("Looked at", found.looked.iter().map(place).collect());
    let mut clusters = answers(&session, &found);
    clusters.extend(unwatched(&found));
    sheet.section("Clusters", clusters);
    sheet.section("Terminal", terminal(&session));
    print(&sheet.print(style(session.ascii(), session.mono())))?;
    Ok(if sheet.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn settings(common: &Common, loaded: &Result<Loaded, config::Problems>) -> Vec<Check> {
    let mut checks = vec![Check::new(Mark::Note, "cockpit", env!("CARGO_PKG_VERSION"))];
    match loaded {
        Ok(Loaded { file: Some(file), .. }) => checks.push(Check::new(Mark::Good, "settings", shown(file))),
        Ok(Loaded { file: None, .. }) => {
            let place = config::default_path().map_or_else(|| "no home directory".to_owned(), |file| shown(&file));
            checks.push(Check::new(
                Mark::Note,
                "settings",
                format!("{place} is not there: the defaults hold (config.example.toml shows them)"),
            ));
        }
        Err(problems) => {
            let what = |problem: &config::Problem| match problem.line {
                Some(line) => format!("{}:{line}: {problem}", shown(&problems.file)),
                None => format!("{}: {problem}", shown(&problems.file)),
            };
            checks.extend(problems.list.iter().map(|problem| {
                let found = crate::domain::sanitise(&what(problem)).into_owned();
                Check::new(Mark::Bad, "settings", found)
                    .mend("correct that line; config.example.toml shows every setting")
            }));
        }
    }
    let configured = loaded.as_ref().ok().and_then(|loaded| loaded.config.log_file.clone());
    checks.push(match common.log_file.clone().or(configured) {
        Some(file) => Check::new(Mark::Note, "log", shown(&file)),
        None => Check::new(Mark::Note, "log", "none; --log-file FILE writes one"),
    });
    if let Some(filter) = env(log::FILTER) {
        checks.push(Check::new(Mark::Note, log::FILTER, filter));
    }
    checks
}

/// Where what is done is written down, and whether it can be.
fn journal(session: &Session) -> Vec<Check> {
    let Some(place) = super::people::place(session) else {
        return vec![Check::new(Mark::Note, "journal", "ends with the session: nothing is kept of it")];
    };
    let condition = place.condition();
    let what = match condition.bytes {
        Some(size) => format!("{}, {}", shown(&place.file()), say::bytes(size)),
        None => format!("{}, not there yet", shown(&place.file())),
    };
    let mut checks = vec![match &condition.unwritable {
        None => Check::new(Mark::Good, "journal", format!("{what}; can be written")),
        Some(why) => Check::new(Mark::Bad, "journal", format!("{what}; cannot be written: {why}"))
            .mend("without it everything that is done asks for the cluster's name, and nobody else knows of it"),
    }];
    if let Some(kind) = condition.network {
        let found = format!(
            "on a network file system ({kind}): kept without a write-ahead log, so that each waits for the others"
        );
        checks.push(Check::new(Mark::Mind, "", found).mend("`state_dir` in the settings names a directory elsewhere"));
    }
    checks
}

fn place(looked: &Looked) -> Check {
    let mark = match (looked.used, &looked.mend) {
        (_, Some(_)) => Mark::Bad,
        (true, None) => Mark::Good,
        (false, None) => Mark::Note,
    };
    let check = Check::new(mark, looked.place.as_str(), looked.found.as_str());
    match &looked.mend {
        Some(mend) => check.mend(mend.as_str()),
        None => check,
    }
}

fn answers(session: &Session, found: &Found) -> Vec<Check> {
    if found.watched.is_empty() {
        return vec![Check::new(Mark::Bad, "none", "there is nothing to watch").mend(
            "start an engine or log in to a cluster, or name one: --host, --context, DOCKER_HOST, KUBECONFIG, or \
             [[cluster]] in the settings; or try `cockpit --demo`",
        )];
    }
    let learning = Learning {
        settings: session.config.diagnosis.clone(),
        guard: session.guard(),
        tap: None,
        wait: PATIENCE,
        // Which ways there are to hear of changes is part of the answer.
        once: false,
        stamps: None,
    };
    let mut without = Vec::new();
    let targets = found.targets().map(|mut targets| {
        without = numbers::beside(&mut targets, &session.config);
        targets
    });
    match targets.and_then(|targets| learn(targets, learning)) {
        Ok(known) => {
            let clusters = found.watched.iter().flat_map(|watched| cluster(watched, &known));
            let without = without.iter().map(|it| Check::new(Mark::Mind, "not read", it.as_str()));
            clusters.chain(without).collect()
        }
        Err(failure) => vec![Check::new(Mark::Bad, "clusters", failure.to_string())],
    }
}

fn unwatched(found: &Found) -> Option<Check> {
    let names: Vec<&str> = found.unwatched.iter().map(|name| name.as_str()).collect();
    let mend = "a [[cluster]] in the settings with `context` or `host` watches one more";
    (!names.is_empty()).then(|| Check::new(Mark::Note, "not watched", names.join(", ")).mend(mend))
}

fn cluster(watched: &Watched, known: &Known) -> Vec<Check> {
    let id = watched.name();
    let view = known.core.view(known.now);
    let mut checks = Vec::new();
    if let Some(info) = view.cluster_infos().find(|info| info.key.cluster == *id) {
        let version = info.version.as_ref().map_or("version unknown", |version| version.as_str());
        let reached = info.reached.as_ref().map_or_else(String::new, |reached| format!(", by {reached}"));
        checks.push(Check::new(Mark::Good, id.as_str(), format!("answers: {version}{reached}")));
        checks.push(Check::new(Mark::Note, "", about(info, &view)));
        checks.push(Check::new(Mark::Note, "", read(id, &view)));
        checks.push(Check::new(Mark::Note, "", rights(id, known)));
    }
    checks.extend(troubles(id, &view));
    if checks.is_empty() {
        let what = format!("has not answered within {} s", PATIENCE.as_secs());
        let mend = "see whether it is overloaded; `cockpit triage --wait 60s` waits longer";
        checks.push(Check::new(Mark::Bad, id.as_str(), what).mend(mend));
    }
    if let Watched::Kubernetes(target) = watched {
        checks.extend(kubernetes::certificate_expires(target).and_then(|ends| ending(id, ends, known.now)));
    }
    checks
}

/// A client certificate that ends soon. One that has ended is in the server's refusal, if it cares.
fn ending(id: &ClusterId, ends: Timestamp, now: Timestamp) -> Option<Check> {
    let left = say::seconds_between(now, ends);
    let found = format!("the client certificate of the kubeconfig ends in {}", say::span(left));
    (0 < left && left < SOON).then(|| Check::new(Mark::Mind, id.as_str(), found).mend("renew it before it ends"))
}

fn about(info: &ClusterInfo, view: &View<'_>) -> String {
    match info.backend {
        BackendKind::Docker => swarm(&info.key.cluster, info.has_quorum, view),
        BackendKind::Kubernetes => format!("is the cluster {}", info.identity),
        BackendKind::Nomad => format!("is the cluster {}{}", info.identity, servers(info)),
    }
}

/// `; 3 servers, server-1.eu leads, one may fail`
fn servers(info: &ClusterInfo) -> String {
    let count = match info.servers.len() {
        0 => return String::new(),
        count => say::many(count as u64, "server"),
    };
    let leader = info.servers.iter().find(|it| it.leader);
    let leads = leader.map_or_else(|| "nobody leads".to_owned(), |it| format!("{} leads", it.name));
    let left = match info.failure_tolerance {
        None => "",
        Some(0) => ", none may fail",
        Some(1) => ", one may fail",
        Some(_) => ", several may fail",
    };
    format!("; {count}, {leads}{left}")
}

/// How much of what is to be read is.
fn read(id: &ClusterId, view: &View<'_>) -> String {
    let all = view.sources(id).count();
    match view.sources(id).filter(|(_, state)| state.freshness(view.now) == Freshness::Live).count() {
        live if live == all => "everything is read".to_owned(),
        live => format!("{live} of {all} lists are read"),
    }
}

fn swarm(id: &ClusterId, has_quorum: Option<bool>, view: &View<'_>) -> String {
    let nodes = || view.nodes().filter(|node| node.key.cluster == *id);
    let managers = nodes().filter(|node| node.manager.is_some()).count();
    match has_quorum {
        None => "not a manager of a Swarm: its containers and Compose projects are watched".to_owned(),
        Some(true) => format!("manages a Swarm of {} nodes, {managers} of them managers", nodes().count()),
        Some(false) => "manages a Swarm that has lost its quorum".to_owned(),
    }
}

fn rights(id: &ClusterId, known: &Known) -> String {
    let view = known.core.view(known.now);
    let rights = view.rights(id);
    let why = known.core.guard().read_only.as_ref().or_else(|| rights.and_then(|rights| rights.read_only.as_ref()));
    match (why, rights.map(|rights| rights.denied.as_slice()).unwrap_or_default()) {
        (Some(why), _) => format!("nothing can be changed there: {why}"),
        (None, []) => "nothing is known to be denied".to_owned(),
        (None, denied) => {
            let denied: Vec<&str> = denied.iter().map(|name| name.as_str()).collect();
            format!("denied: {}", denied.join(", "))
        }
    }
}

/// One line for each different trouble of a cluster's sources.
fn troubles(id: &ClusterId, view: &View<'_>) -> Vec<Check> {
    let mut said: Vec<&Trouble> = Vec::new();
    let mut checks = Vec::new();
    for (source, state) in view.sources(id) {
        let Some(trouble) = &state.trouble else {
            if state.freshness(view.now) != Freshness::Live {
                checks.push(Check::new(
                    Mark::Mind,
                    id.as_str(),
                    format!("{source}: not read within {} s", PATIENCE.as_secs()),
                ));
            }
            continue;
        };
        if !said.iter().any(|known| known.what == trouble.what) {
            said.push(trouble);
            let mark = if state.freshness(view.now) == Freshness::Stale { Mark::Mind } else { Mark::Bad };
            checks.push(Check::new(mark, id.as_str(), trouble.what.as_str()).mend(trouble.mend.as_str()));
        }
    }
    checks
}

fn terminal(session: &Session) -> Vec<Check> {
    let triage = "`cockpit triage` prints the same list once";
    let mut checks = vec![match env("TERM").as_deref() {
        None => Check::new(Mark::Mind, "TERM", "not set").mend(format!("start cockpit in a terminal; {triage}")),
        Some("dumb") => Check::new(Mark::Mind, "TERM", "dumb: it cannot place a cursor").mend(triage),
        Some(term) => Check::new(Mark::Good, "TERM", term),
    }];
    checks.push(match (std::io::stdout().is_terminal(), crossterm::terminal::size()) {
        (true, Ok((columns, rows))) if columns >= 80 && rows >= 24 => {
            Check::new(Mark::Good, "size", format!("{columns}x{rows}"))
        }
        (true, Ok((columns, rows))) => {
            Check::new(Mark::Mind, "size", format!("{columns}x{rows}")).mend("80x24 and more shows everything")
        }
        _ => Check::new(Mark::Note, "size", "standard output is no terminal here"),
    });
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| Some((name, env(name)?)));
    checks.push(match (session.ascii(), locale) {
        (false, Some((name, value))) => Check::new(Mark::Good, "locale", format!("{name}={value}")),
        (false, None) => Check::new(Mark::Note, "locale", "none; the settings say that more than ASCII may be drawn"),
        (true, _) if session.common.ascii || session.config.ascii == Some(true) => {
            Check::new(Mark::Note, "locale", "only ASCII is drawn, as asked for")
        }
        (true, locale) => {
            let found = locale.map_or_else(|| "none".to_owned(), |(name, value)| format!("{name}={value}"));
            Check::new(Mark::Mind, "locale", format!("{found}: only ASCII is drawn"))
                .mend("export LANG=C.UTF-8, if your terminal can show it")
        }
    });
    let depth = session.depth();
    let colours = match depth.what {
        Depth::Mono => "none",
        Depth::Sixteen => "the 16 of the terminal",
        Depth::Indexed => "256",
        Depth::True => "any (true colour)",
    };
    checks.push(Check::new(Mark::Note, "colours", format!("{colours}: {}", depth.by)));
    checks
}

fn shown(path: &Path) -> String {
    crate::domain::sanitise(&path.display().to_string()).into_owned()
}

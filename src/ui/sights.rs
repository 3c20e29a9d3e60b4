//! How far what is shown can be believed, in words: live, loading, stale, forbidden, unreachable and not watched are
//! different sights, and none of them is ever said to be nothing.

use super::glyphs;
use super::panes::Ctx;
use super::screen::Pane;
use super::text::Phrase;
use super::theme::Ink;
use crate::domain::words::{many, not_ready_yet};
use crate::domain::{ClusterId, Freshness, Source, Timestamp, Trouble, TroubleKind};
use crate::state::SourceState;

/// A cluster's name in the header.
pub(super) struct Badge {
    pub name: String,
    pub freshness: Freshness,
    /// What is said beside its glyph.
    pub words: String,
    /// The same where there is little room: a figure, or nothing.
    pub brief: String,
}

/// Every cluster with its worst sight, in the order of their names.
pub(super) fn badges(ctx: &Ctx<'_>) -> Vec<Badge> {
    let view = ctx.model.view;
    let each = view.clusters().map(|(cluster, _)| {
        let freshness = view.freshness(cluster);
        let words = badge_words(ctx, cluster, freshness);
        // The figure of `stale 40m`, of `unreachable 3m`; of `loading 12 of 30` both.
        let figure = words.rsplit_once("unreachable ").or_else(|| words.split_once(' '));
        let brief = figure.map_or("", |(_, figure)| figure).replace(" of ", "/");
        let brief = if freshness == Freshness::Forbidden { String::new() } else { brief };
        Badge { name: cluster.to_string(), freshness, words, brief }
    });
    each.collect()
}

fn badge_words(ctx: &Ctx<'_>, cluster: &ClusterId, freshness: Freshness) -> String {
    let view = ctx.model.view;
    let such: Vec<(&Source, &SourceState)> =
        view.sources(cluster).filter(|(_, state)| state.freshness(view.now) == freshness).collect();
    let oldest = such.iter().map(|(_, state)| state.age_seconds(view.now)).max().unwrap_or(0);
    match freshness {
        Freshness::Live => "live".to_owned(),
        Freshness::Loading => match loading(&such) {
            Some((named, expected)) => format!("loading {named} of {expected}"),
            None => "loading".to_owned(),
        },
        Freshness::Stale => format!("stale {}", super::clock::age_of(oldest)),
        Freshness::Forbidden => match such.as_slice() {
            [(source, _)] => format!("forbidden: {}", source.kind),
            more => format!("forbidden: {} kinds", more.len()),
        },
        Freshness::Unreachable => {
            let age = since(&such).map(|at| format!(" {}", ctx.clock.age(at))).unwrap_or_default();
            format!("{}unreachable{age}", which(ctx, cluster, &such))
        }
    }
}

/// Which kinds are meant, where others of the cluster are not: a server of numbers may be away, and the cluster there.
fn which(ctx: &Ctx<'_>, cluster: &ClusterId, such: &[(&Source, &SourceState)]) -> String {
    let all = such.len() == ctx.model.view.sources(cluster).count();
    if all { String::new() } else { format!("{} ", kinds(such)) }
}

fn since(such: &[(&Source, &SourceState)]) -> Option<Timestamp> {
    such.iter().filter_map(|(_, state)| state.trouble.as_ref()).map(|trouble| trouble.since).min()
}

/// How many of the expected objects have been named; none where how many are expected is not known.
fn loading(such: &[(&Source, &SourceState)]) -> Option<(u32, u32)> {
    let known: Vec<(u32, u32)> = such.iter().filter_map(|(_, it)| Some((it.named, it.expected?))).collect();
    (!known.is_empty()).then(|| known.iter().fold((0, 0), |(a, b), (named, all)| (a + named, b + all)))
}

/// Whether everything that fills a pane is live.
pub(super) fn is_live(ctx: &Ctx<'_>, pane: Pane) -> bool {
    lines(ctx, pane).is_empty() && ctx.model.view.clusters().next().is_some()
}

/// What cannot be believed of a pane, the worst first: one line for each cluster and trouble.
pub(super) fn lines(ctx: &Ctx<'_>, pane: Pane) -> Vec<Phrase> {
    let view = ctx.model.view;
    let mut said: Vec<(Freshness, Phrase)> = Vec::new();
    for (cluster, _) in view.clusters() {
        let all: Vec<(&Source, &SourceState)> = view.sources(cluster).collect();
        if all.is_empty() {
            said.push((Freshness::Loading, say(cluster, Freshness::Loading, "connecting".to_owned())));
        }
        let whole_is_dark = all.iter().all(|(_, state)| state.freshness(view.now) >= Freshness::Stale);
        let here = |source: &Source| whole_is_dark || concerns(pane, &source.kind);
        for freshness in [Freshness::Unreachable, Freshness::Forbidden, Freshness::Stale, Freshness::Loading] {
            let such: Vec<(&Source, &SourceState)> = all
                .iter()
                .filter(|(source, state)| here(source) && state.freshness(view.now) == freshness)
                .copied()
                .collect();
            if !such.is_empty() {
                said.extend(of_cluster(ctx, cluster, freshness, &such).into_iter().map(|line| (freshness, line)));
            }
        }
    }
    said.sort_by_key(|(freshness, _)| std::cmp::Reverse(*freshness));
    said.into_iter().map(|(_, line)| line).collect()
}

fn of_cluster(
    ctx: &Ctx<'_>,
    cluster: &ClusterId,
    freshness: Freshness,
    such: &[(&Source, &SourceState)],
) -> Vec<Phrase> {
    match freshness {
        Freshness::Live => Vec::new(),
        Freshness::Loading => {
            let kinds = kinds(such);
            let how_far = loading(such).map(|(named, all)| format!(" {named} of {all}")).unwrap_or_default();
            vec![say(cluster, freshness, format!("loading {kinds}{how_far}"))]
        }
        Freshness::Stale => {
            let heard = such.iter().filter_map(|(_, state)| state.heard).min();
            let since = heard.map(|at| format!(" since {}", ctx.clock.moment(at))).unwrap_or_default();
            let gap = such.iter().find_map(|(_, state)| state.trouble.as_ref());
            let what = match gap {
                Some(trouble) => trouble.what.to_string(),
                None if such.len() == ctx.model.view.sources(cluster).count() => format!("not heard from{since}"),
                None => format!("no word of {}{since}", kinds(such)),
            };
            vec![say(cluster, freshness, format!("{what}; what is shown is from then"))]
        }
        Freshness::Forbidden | Freshness::Unreachable => troubles(ctx, cluster, freshness, such),
    }
}

/// One line for each trouble: a server that is gone takes all its sources along, and a credential that may not read one
/// kind often may not read others.
fn troubles(ctx: &Ctx<'_>, cluster: &ClusterId, freshness: Freshness, such: &[(&Source, &SourceState)]) -> Vec<Phrase> {
    let mut groups: Vec<(&Trouble, Vec<(&Source, &SourceState)>)> = Vec::new();
    for (source, state) in such {
        let Some(trouble) = &state.trouble else { continue };
        // Whoever may not read eighteen kinds is told so once.
        let denied = |it: &Trouble| freshness == Freshness::Forbidden && it.kind == TroubleKind::Forbidden;
        let same = |known: &Trouble| {
            known.what == trouble.what
                || (!known.mend.is_empty() && known.mend == trouble.mend)
                || (denied(known) && denied(trouble))
        };
        match groups.iter_mut().find(|(known, _)| same(known)) {
            Some((_, group)) => group.push((*source, *state)),
            None => groups.push((trouble, vec![(*source, *state)])),
        }
    }
    let line = |(trouble, group): (&Trouble, Vec<(&Source, &SourceState)>)| {
        let text = match freshness {
            Freshness::Unreachable => unreachable(ctx, cluster, trouble, &group),
            _ => forbidden(trouble, &group),
        };
        let line = say(cluster, freshness, text);
        let alike = group.iter().filter_map(|(_, it)| it.trouble.as_ref()).all(|it| it.mend == trouble.mend);
        let others = if alike { "" } else { "; the others likewise" };
        match trouble.mend.is_empty() {
            true => line,
            false => line.and(Ink::Strong, format!(" To mend: {}{others}.", trouble.mend)),
        }
    };
    groups.into_iter().map(line).collect()
}

fn unreachable(ctx: &Ctx<'_>, cluster: &ClusterId, trouble: &Trouble, group: &[(&Source, &SourceState)]) -> String {
    let kept = match group.iter().any(|(_, state)| state.listed) {
        true => "showing what was known then",
        false => "nothing of it is known yet",
    };
    let again = trouble.retry_at.filter(|at| *at > ctx.clock.now);
    let again = again.map(|at| format!("; next try {}", ctx.clock.until(at))).unwrap_or_default();
    let which = which(ctx, cluster, group);
    format!("{which}unreachable since {} ({}); {kept}{again}.", ctx.clock.moment(trouble.since), trouble.what)
}

fn forbidden(trouble: &Trouble, group: &[(&Source, &SourceState)]) -> String {
    match group {
        [(source, _)] => format!("{}. {}", trouble.what, consequence(&source.kind)),
        _ => format!("{} cannot be read: they are unknown, not zero ({}).", kinds(group), trouble.what),
    }
}

fn consequence(kind: &str) -> String {
    match kind {
        kind if kind.contains("event") => "Probe failures and kills are unknown, not zero.".to_owned(),
        kind => format!("Its {kind} are unknown, not zero."),
    }
}

fn kinds(such: &[(&Source, &SourceState)]) -> String {
    let mut kinds: Vec<&str> = such.iter().map(|(source, _)| source.kind.as_str()).collect();
    kinds.dedup();
    kinds.join(", ")
}

fn say(cluster: &ClusterId, freshness: Freshness, text: String) -> Phrase {
    let (glyph, ink) = glyphs::of_freshness(freshness);
    Phrase::of(ink, format!("{glyph} {cluster}: ")).and(Ink::Text, text)
}

/// Whether a source of this kind has to do with a pane.
fn concerns(pane: Pane, kind: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    let (metrics, alerts, nodes) = (has(&["queue", "metric", "prometheus"]), has(&["alert"]), has(&["node", "engine"]));
    match pane {
        Pane::Triage => true,
        Pane::Queues => metrics,
        Pane::Alerts => alerts,
        Pane::Nodes => nodes,
        Pane::Rollouts | Pane::Kills | Pane::Probes | Pane::Workloads => !(metrics || alerts || nodes),
        Pane::Journal => !(metrics || alerts),
        Pane::Every(every) => every.sources().is_empty() || has(every.sources()),
    }
}

/// Whether any cluster watches a source whose kind holds this word.
pub(super) fn watches(ctx: &Ctx<'_>, word: &str) -> bool {
    let view = ctx.model.view;
    view.clusters().any(|(cluster, _)| view.sources(cluster).any(|(source, _)| source.kind.contains(word)))
}

/// What triage says when it lists nothing: what was looked at, and what was not.
pub(super) fn nothing_found(ctx: &Ctx<'_>) -> Vec<Phrase> {
    let view = ctx.model.view;
    let names: Vec<&str> = view.clusters().map(|(cluster, _)| cluster.as_str()).collect();
    if names.is_empty() {
        return vec![Phrase::text("Nothing is watched."), Phrase::text("cockpit doctor says what was looked for.")];
    }
    let workloads = many(view.workloads().filter(|it| !view.is_counted_elsewhere(&it.key)).count() as u64, "workload");
    let instances = many(view.instances().filter(|it| !view.is_body(it)).count() as u64, "instance");
    let unready = view.unready(|_| true);
    let (glyph, ink) = if unready == 0 { (glyphs::GOOD, Ink::Good) } else { (glyphs::NONE, Ink::Text) };
    let lead = Phrase::of(ink, format!("{glyph} Nothing found in {}", names.join(", ")));
    let mut lines = vec![lead.and(Ink::Text, format!(": {workloads}, {instances}."))];
    if unready > 0 {
        lines.push(Phrase::of(Ink::Strong, not_ready_yet(unready)).and(Ink::Text, " :workloads lists them."));
    }
    if !ctx.model.unwatched.is_empty() {
        lines.push(Phrase::text(format!("Not watched: {}.", unwatched(ctx, 6))));
    }
    if !watches(ctx, "metric") && !watches(ctx, "prometheus") {
        lines.push(Phrase::text("No metrics: slowness and errors are not seen."));
    }
    let advice = ctx.model.diagnosis.advice().len() as u64;
    if advice > 0 {
        lines.push(Phrase::dim(format!("{} of good practice under :advice.", many(advice, "line"))));
    }
    lines
}

/// Targets that are there and not watched: so many by name, the rest by number.
pub(super) fn unwatched(ctx: &Ctx<'_>, by_name: usize) -> String {
    let all = ctx.model.unwatched;
    let mut names: Vec<String> = all.iter().take(by_name).map(ToString::to_string).collect();
    if all.len() > by_name {
        names.push(format!("+{}", all.len() - by_name));
    }
    names.join(", ")
}

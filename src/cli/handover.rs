//! `cockpit handover`: what the next person has to know, as Markdown.

use std::fmt::Write;
use std::process::ExitCode;

use crate::diagnose::{Incident, IncidentState};
use crate::domain::people::{Fold, SnoozedUntil, Stand};
use crate::domain::words::{age, many, seconds_between};
use crate::domain::{Alert, Freshness, Ref};

use super::args::{Handover, Triage};
use super::failure::Failure;
use super::headless::Known;
use super::history::outcome;
use super::output::print;
use super::people;
use super::session::Session;
use super::triage::know;

/// Learns, and prints what is open, taken, snoozed, in effect and unfinished.
///
/// # Errors
/// There is nothing to read; standard output cannot be written.
pub fn run(options: &Handover, session: &Session) -> Result<ExitCode, Failure> {
    let asked = Triage { json: false, wait: options.wait, fail_on: None, advice: false, all: false };
    let (mut known, unwatched) = know(&asked, session)?;
    known.people = people::said(session);
    let mut page = page(&known);
    if !unwatched.is_empty() {
        let names: Vec<String> = unwatched.iter().map(|name| escaped(name)).collect();
        let _ = writeln!(page, "\nNot watched: {}.", names.join(", "));
    }
    print(&page)?;
    Ok(ExitCode::SUCCESS)
}

fn page(known: &Known) -> String {
    let view = known.core.view(known.now);
    let clusters: Vec<String> = known.clusters.iter().map(|(id, _)| escaped(id.as_str())).collect();
    let mut out = format!("# Handover, {}\n\n", known.now.strftime("%Y-%m-%d %H:%M UTC"));
    let _ = writeln!(out, "Of {}.", clusters.join(", "));
    let unread = known.clusters.iter().filter(|(id, _)| view.freshness(id) != Freshness::Live);
    let unread: Vec<String> = unread.map(|(id, _)| escaped(id.as_str())).collect();
    if !unread.is_empty() {
        let _ =
            writeln!(out, "Not all could be read of {}: what is wrong there may be missing here.", unread.join(", "));
    }
    let open: Vec<&Incident> = known
        .core
        .diagnosis()
        .incidents()
        .iter()
        .filter(|it| !matches!(it.state, IncidentState::Recovered(_)))
        .collect();
    let is_folded = |it: &&&Incident| matches!(known.stand(it), Stand::Folded(_));
    let is_taken = |it: &&&Incident| known.people.of(&it.id).and_then(|entry| entry.taken_by()).is_some();
    let lines = |of: Vec<&&Incident>| of.into_iter().map(|it| incident(known, it)).collect::<Vec<String>>();
    let free = open.iter().filter(|it| !is_folded(it) && !is_taken(it)).collect();
    section(&mut out, "Open", "Nothing is open.", lines(free));
    section(&mut out, "Taken", "", lines(open.iter().filter(|it| !is_folded(it) && is_taken(it)).collect()));
    section(&mut out, "Snoozed or accepted", "", lines(open.iter().filter(is_folded).collect()));
    section(&mut out, "Left in the middle", "", unfinished(known));
    section(&mut out, "Still in effect", "Nothing is cordoned, paused, suspended or scaled to zero.", held(known));
    out
}

fn section(out: &mut String, title: &str, none: &str, lines: Vec<String>) {
    if lines.is_empty() && none.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n## {title}\n");
    if lines.is_empty() {
        let _ = writeln!(out, "{none}");
    }
    lines.iter().for_each(|line| out.push_str(&format!("- {line}\n")));
}

fn incident(known: &Known, it: &Incident) -> String {
    let what = it.label.as_ref().map_or_else(|| it.subject.local(), ToString::to_string);
    let at_least = if it.since_exact { "" } else { "at least " };
    let since = age(seconds_between(it.since, known.now));
    let mut line = format!(
        "**{}** {} `{}`: {} (since {at_least}{since})",
        it.severity.as_str(),
        escaped(it.subject.cluster.as_str()),
        code(&what),
        escaped(&it.summary)
    );
    let entry = known.people.of(&it.id);
    if let Some((who, at)) = entry.and_then(|entry| entry.taken_by()) {
        let _ = write!(line, "; {} has it since {}", escaped(who), at.strftime("%H:%M"));
    }
    if let Stand::Folded(mark) = known.stand(it) {
        let how = match &mark.said {
            Fold::Snoozed(SnoozedUntil::Time(until), _) => {
                format!("snoozed until {}", until.strftime("%m-%d %H:%M UTC"))
            }
            Fold::Snoozed(SnoozedUntil::Worse, _) => "snoozed until it is worse".to_owned(),
            Fold::Snoozed(SnoozedUntil::Deploy, _) => "snoozed until its next deploy".to_owned(),
            Fold::Accepted(reason, _) => format!("accepted ({})", escaped(reason)),
            Fold::Listed => "listed".to_owned(),
        };
        let _ = write!(line, "; {how} by {}", escaped(&mark.by));
    }
    if let Some(note) = entry.and_then(|entry| entry.noted()) {
        let _ = write!(line, "; note by {}: {}", escaped(&note.by), escaped(&note.said));
    }
    line
}

fn unfinished(known: &Known) -> Vec<String> {
    let runs = known.core.runs();
    let left = runs.history().into_iter().filter(|it| it.is_abandoned).filter_map(|it| runs.kept(it.run.id));
    let line = |entry: &crate::domain::Entry| {
        let began = entry.run.started.strftime("%m-%d %H:%M UTC");
        format!("{} by {}, since {began}: {}", escaped(&entry.run.plan.title), escaped(&entry.by.name), outcome(entry))
    };
    left.map(line).collect()
}

fn held(known: &Known) -> Vec<String> {
    let view = known.core.view(known.now);
    let keys = view.nodes().map(|it| &it.key).chain(view.workloads().map(|it| &it.key));
    let keys = keys.chain(view.applications().map(|it| &it.key)).chain(view.alerts().map(|it| &it.key));
    let mut keys: Vec<&Ref> = keys.collect();
    keys.sort_unstable();
    let mut parked: u64 = 0;
    let mut lines = Vec::new();
    for key in keys {
        let Some(hold) = view.held(key) else { continue };
        let by = view.held_by(key);
        // What stands at zero, and nobody here knows by whom, is most often parked there.
        if by.is_none() && hold == crate::domain::journal::Hold::Zero {
            parked += 1;
            continue;
        }
        let who = match by {
            Some(deed) => format!("by {}, {} ago", escaped(&deed.by), age(seconds_between(deed.began, known.now))),
            None => match view.alert(key).and_then(Alert::silenced_by_hand) {
                Some(it) => format!("by {}: {}", escaped(&it.by), escaped(&it.comment)),
                None => "not done from here".to_owned(),
            },
        };
        lines.push(format!("{} `{}` is {}, {who}", escaped(key.cluster.as_str()), code(&key.local()), hold.words()));
    }
    if parked > 0 {
        lines.push(format!("{} at zero, not done from here", many(parked, "workload")));
    }
    lines
}

/// Text that Markdown takes as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// What stands between backticks.
fn code(text: &str) -> String {
    text.replace('`', "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_said_is_no_markup() {
        assert_eq!(escaped("a_b <script> [x](y) `z`"), "a\\_b \\<script\\> \\[x\\](y) \\`z\\`");
        assert_eq!(code("a`b"), "a'b");
    }
}

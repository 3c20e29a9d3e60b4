//! What an engineer would type to the same end, and what there is not, with what to do in its place.

use crate::backend::shell::shell;
use crate::domain::{Enter, Intent, Kind, Name, Ref, Refusal};

use super::super::scribe::short;
use super::brief::namespace;

/// Refuses what a kind has not, without asking a server.
pub(super) fn admit(intent: &Intent) -> Result<(), Refusal> {
    let has: &[Kind] = match intent {
        Intent::Restart(_) => &[Kind::TaskGroup, Kind::Allocation],
        Intent::Scale(..) | Intent::Undo(..) | Intent::Set(..) | Intent::Trigger(_) => &[Kind::TaskGroup],
        Intent::Pause(_) | Intent::Resume(_) | Intent::Promote(_) | Intent::Abort(_) => &[Kind::TaskGroup],
        Intent::Cordon(_) | Intent::Uncordon(_) | Intent::Drain(..) => &[Kind::Node],
        Intent::Stop(_) | Intent::Kill(_) | Intent::Shell(..) => &[Kind::Allocation],
        Intent::Prune(_) => &[Kind::Cluster],
        _ => &[],
    };
    if has.contains(&intent.target().kind) { Ok(()) } else { Err(no_such(intent)) }
}

/// A kind has no such thing: why, and what to do in its place.
pub(super) fn no_such(intent: &Intent) -> Refusal {
    let key = intent.target();
    let (why, mend) = match (intent, key.kind) {
        (Intent::Stop(_) | Intent::Kill(_), Kind::TaskGroup) => (
            "a group is not stopped by itself, it is scaled".to_owned(),
            "scale it to 0; to stop the whole job, `nomad job stop`".to_owned(),
        ),
        (Intent::Start(_), _) => {
            ("a job that was stopped is started as a whole".to_owned(), "`nomad job start`, or scale it up".to_owned())
        }
        (Intent::Recreate(_), _) => (
            "an allocation is made anew by its group".to_owned(),
            "stop it: another is made; to have another image, set the image".to_owned(),
        ),
        (Intent::Scale(..) | Intent::Undo(..) | Intent::Set(..), Kind::Allocation) => {
            ("an allocation is made by its group".to_owned(), "do it to its group".to_owned())
        }
        (Intent::Promote(_) | Intent::Abort(_) | Intent::Pause(_) | Intent::Resume(_), Kind::Allocation) => {
            ("a deployment is of a group".to_owned(), "do it to its group".to_owned())
        }
        (Intent::Cordon(_) | Intent::Uncordon(_) | Intent::Drain(..), _) => {
            ("only a client is cordoned or drained".to_owned(), "do it to the node that it runs on".to_owned())
        }
        (Intent::Restart(_) | Intent::Scale(..), Kind::Node) => {
            ("a client is a machine".to_owned(), "drain it, then do it on the machine".to_owned())
        }
        (Intent::Shell(..), _) => {
            ("nothing runs in it that could be entered".to_owned(), "choose one of its allocations".to_owned())
        }
        (Intent::Unblock(_), _) => {
            ("nothing holds it up that could be taken away".to_owned(), "restart it, or roll it back".to_owned())
        }
        (Intent::Prune(_), _) => ("only a whole region is pruned".to_owned(), "do it to the region".to_owned()),
        _ => (
            format!("Nomad has no such thing for {}s", key.kind.noun()),
            "choose something that it has (`m` lists it)".to_owned(),
        ),
    };
    Refusal::of(intent, why, mend)
}

/// What an engineer types to the same end; none where there is no such command, or it needs an id.
pub(super) fn equivalent(intent: &Intent) -> Option<String> {
    let key = intent.target();
    let (job, group) = key.name.rsplit_once('/').unwrap_or((key.name.as_str(), key.name.as_str()));
    let (of, job, group) = (of_namespace(key), shell(job), shell(group));
    Some(match intent {
        // `nomad job restart` asks for no health: it is told as what comes closest.
        Intent::Restart(_) => format!("nomad job restart{of} -group {group} {job}"),
        Intent::Scale(_, count) => format!("nomad job scale{of} {job} {group} {count}"),
        Intent::Trigger(_) => format!("nomad job periodic force{of} {job}"),
        Intent::Prune(_) => "nomad system gc".to_owned(),
        _ => return None,
    })
}

/// ` -namespace shop`; nothing for the default one.
fn of_namespace(key: &Ref) -> String {
    match namespace(key) {
        "default" => String::new(),
        other => format!(" -namespace {}", shell(other)),
    }
}

pub(super) fn revert(key: &Ref, job: &str, version: &Name) -> String {
    format!("nomad job revert{} {} {version}", of_namespace(key), shell(job))
}

pub(super) fn of_a_deployment(intent: &Intent, key: &Ref, id: &str) -> String {
    let verb = match intent {
        Intent::Pause(_) => "pause",
        Intent::Resume(_) => "resume",
        Intent::Promote(_) => "promote",
        _ => "fail",
    };
    format!("nomad deployment {verb}{} {}", of_namespace(key), short(id))
}

pub(super) fn of_an_allocation(intent: &Intent, id: &str) -> String {
    let verb = match intent {
        Intent::Restart(_) => "restart",
        Intent::Stop(_) => "stop",
        _ => "signal -s SIGKILL",
    };
    format!("nomad alloc {verb} {}", short(id))
}

/// `now` is how the client is.
pub(super) fn of_a_node(intent: &Intent, now: &str, id: &str) -> String {
    let id = short(id);
    match (intent, now) {
        (Intent::Drain(..), _) => format!("nomad node drain -enable {id}"),
        (Intent::Uncordon(_), "draining") => format!("nomad node drain -disable {id}"),
        (Intent::Cordon(_), "draining") => format!("nomad node drain -disable -keep-ineligible {id}"),
        (Intent::Uncordon(_), _) => format!("nomad node eligibility -enable {id}"),
        _ => format!("nomad node eligibility -disable {id}"),
    }
}

pub(super) fn exec(id: &str, task: &str, enter: &Enter) -> String {
    let words: Vec<String> = enter.command.iter().map(|word| shell(word)).collect();
    let words = if words.is_empty() { "/bin/sh".to_owned() } else { words.join(" ") };
    format!("nomad alloc exec -task {} {} {words}", shell(task), short(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_typed_names_group_and_namespace_where_they_matter() {
        let key = |raw: &str| raw.parse::<Ref>().expect("a ref");
        let said = |intent: Intent| equivalent(&intent).expect("there is one");
        let cache = key("eu/shop/TaskGroup/web/cache");
        assert_eq!(said(Intent::Scale(cache.clone(), 3)), "nomad job scale -namespace shop web cache 3");
        assert_eq!(said(Intent::Restart(key("eu/default/TaskGroup/web"))), "nomad job restart -group web web");
        assert_eq!(revert(&cache, "web", &Name::new("4")), "nomad job revert -namespace shop web 4");
        let id = "0f3c9a11-4c1e-4b0b-9d5f-2a1b3c4d5e6f";
        let node = key("eu/-/Node/n1");
        assert_eq!(of_a_node(&Intent::drain(node.clone()), "eligible", id), "nomad node drain -enable 0f3c9a11");
        assert_eq!(of_a_node(&Intent::Uncordon(node), "draining", id), "nomad node drain -disable 0f3c9a11");
    }

    #[test]
    fn what_a_kind_has_not_is_refused_with_what_to_do_instead() {
        let refused = admit(&Intent::Stop("eu/default/TaskGroup/web".parse().expect("a ref"))).expect_err("refused");
        assert!(refused.mend.contains("scale it to 0"), "{refused}");
        assert!(admit(&Intent::Stop("eu/default/Allocation/web-0f3c9a11".parse().expect("a ref"))).is_ok());
    }
}

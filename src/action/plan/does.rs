//! What will happen, one line for each thing that is meant.

use crate::action::words::{setting_words, short};
use crate::domain::words::{after, span};
use crate::domain::{Enter, Intent, Kind, Line, LineKind, Ref, Role};
use crate::state::View;

use super::{instances, wanted};

/// One line for each part of an intent.
pub(super) fn lines(intent: &Intent, view: &View<'_>) -> Vec<Line> {
    let lines = intent.parts().iter().map(|part| Line::new(LineKind::Does, does(part, view)));
    lines.collect()
}

fn does(intent: &Intent, view: &View<'_>) -> String {
    let target = intent.target();
    let noun = target.kind.noun();
    let name = target.local();
    match intent {
        Intent::Restart(_) if target.kind == Kind::BarePod => format!("end pod {name}"),
        Intent::Restart(_) if target.kind == Kind::Pod => {
            match view.instance(target).and_then(|it| it.owner.as_ref()) {
                Some(owner) if owner.kind != Kind::BarePod => {
                    format!("end pod {name}; {} {} makes another", owner.kind.noun(), owner.local())
                }
                _ => format!("end pod {name}"),
            }
        }
        Intent::Restart(_) if target.kind.role() == Role::Instance || target.kind == Kind::Container => {
            format!("start {noun} {name} anew")
        }
        Intent::Restart(_) if target.kind == Kind::TaskGroup => {
            let alive = view.workload(target).map_or(0, |workload| view.counts(workload).alive);
            format!("start {} of {noun} {name} anew, where they run", instances(alive))
        }
        Intent::Restart(_) => match view.workload(target).map_or(0, |workload| view.counts(workload).alive) {
            1 => format!("replace the one instance of {noun} {name}"),
            alive => format!("replace {} of {noun} {name}, a few at a time", instances(alive)),
        },
        Intent::Scale(_, to) => match wanted(view, target) {
            Some(from) => format!("set {noun} {name} from {from} to {to}"),
            None => format!("set {noun} {name} to {to}"),
        },
        Intent::Undo(_, to) => {
            let workload = view.workload(target);
            let now = workload.and_then(|it| it.revision.as_ref()).map_or("this one", |revision| &revision.id);
            let before = workload.and_then(|it| it.history.first()).map(|revision| revision.id.clone());
            let to = to.clone().or(before);
            let to = to.as_deref().map_or_else(|| "the one before".to_owned(), short);
            format!("take {noun} {name} from revision {} back to {to}", short(now))
        }
        Intent::Set(_, setting) => format!("give {noun} {name} {}", setting_words(setting)),
        Intent::Cordon(_) => format!("{name} takes nothing new; what runs there stays"),
        Intent::Uncordon(_) => format!("{name} takes new instances again"),
        Intent::Drain(..) => format!("cordon {name}, then move away what runs there"),
        Intent::Pause(_) if matches!(target.kind, Kind::CronJob | Kind::Job) => format!("suspend {noun} {name}"),
        Intent::Resume(_) if matches!(target.kind, Kind::CronJob | Kind::Job) => format!("let {noun} {name} run again"),
        Intent::Pause(_) if target.kind == Kind::Application => {
            format!("switch the automatic sync of {noun} {name} off")
        }
        Intent::Resume(_) if target.kind == Kind::Application => {
            format!("switch the automatic sync of {noun} {name} on")
        }
        Intent::Pause(_) if scheduled(target, view) => format!("let no run of {noun} {name} begin"),
        Intent::Resume(_) if scheduled(target, view) => format!("let runs of {noun} {name} begin again"),
        Intent::Pause(_) => format!("hold the rollout of {name}"),
        Intent::Resume(_) => format!("go on with the rollout of {name}"),
        Intent::Promote(_) => format!("let the new revision of {name} take over"),
        Intent::Abort(_) => format!("give the new revision of {name} up"),
        Intent::Stop(_) => format!("end {noun} {name}, with the time that it is given to end"),
        Intent::Start(_) => format!("start {noun} {name}"),
        Intent::Kill(_) => format!("end {noun} {name} at once, without time to finish"),
        Intent::Recreate(_) => format!("pull the image of {noun} {name} and make it anew from its definition"),
        Intent::Trigger(_) => format!("let {noun} {name} run once now"),
        Intent::Unblock(_) => format!("take away what keeps {noun} {name} from going on"),
        Intent::Prune(_) => format!("remove what nobody uses on {name}; volumes stay"),
        Intent::Silence(_, quiet) => {
            let until = after(view.now, i64::from(quiet.seconds));
            let words = span(i64::from(quiet.seconds));
            format!("keep alert {name} quiet for {words}, until {}, for everybody", until.strftime("%d %b %H:%M UTC"))
        }
        Intent::Unsilence(_) => format!("let alert {name} be told again"),
        Intent::Shell(_, enter) => enters(enter, &format!("{noun} {name}")),
        Intent::Several(_) => String::new(),
    }
}

fn scheduled(target: &Ref, view: &View<'_>) -> bool {
    view.workload(target).is_some_and(|workload| workload.schedule.is_some())
}

fn enters(enter: &Enter, of: &str) -> String {
    let container = |before: &str| enter.container.as_ref().map(|name| format!("{before}container {name} of "));
    let what = enter.words().map_or_else(|| "bash, else sh,".to_owned(), |command| command.to_string());
    match &enter.debug {
        None => format!("run {what} in {}{of}, on this terminal", container("").unwrap_or_default()),
        Some(debugger) => {
            let image = debugger.image.as_ref().map(|image| format!(" of {image}")).unwrap_or_default();
            let beside = container(" beside ").unwrap_or_else(|| " to ".to_owned());
            format!("add a debug container{image}{beside}{of}, and open it on this terminal")
        }
    }
}

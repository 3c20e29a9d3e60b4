//! Acting: from a key to an intent. Nothing here changes a system by one key: each opens a preview, or asks first.

use crate::action::fits;
use crate::app::command::Now;
use crate::app::{App, Moment, rows};
use crate::domain::{ClusterInfo, Intent, Kind, Name, Node, Ref, Role, Setting, Severity, Text, Workload};
use crate::state::View;
use crate::ui::{Layer, RowKey, panes};

/// What an action is called, and what it means for something; none where that kind of thing has no such action.
#[derive(Clone, Copy)]
pub(super) struct Verb {
    /// `restart`.
    pub word: &'static str,
    /// The intent.
    pub of: fn(&View<'_>, &Ref) -> Option<Intent>,
}

/// What an action is meant for.
struct Meant {
    /// The first for which it makes sense is taken; where rows are marked, all of them.
    keys: Vec<Ref>,
    /// They are marked.
    marked: bool,
}

impl App {
    /// What the selected thing is: what an action would be done to.
    pub(super) fn target(&self, at: Moment) -> Option<Ref> {
        rows::target(&self.screen, &self.model(at.now))
    }

    pub(super) fn workload_target(&self, at: Moment) -> Option<&Workload> {
        let view = self.core.view(at.now);
        view.workload(&whole(&view, &self.target(at)?)?)
    }

    pub(super) fn node_target(&self, at: Moment) -> Option<&Node> {
        self.core.view(at.now).node(&self.target(at)?).filter(|node| node.key.kind == Kind::Node)
    }

    /// Whether an intent may be had at all now; else why not.
    pub(super) fn may(&self, intent: &Intent, at: Moment) -> Result<(), Text> {
        self.core.guard().admit(intent, &self.core.view(at.now)).map_err(|refusal| refusal.why)?;
        if let Some(Err(why)) = fits(intent, &self.core.view(at.now)) {
            return Err(why);
        }
        let under_way = |part: &Intent| self.core.runs().under_way(part.target()).filter(|run| !run.stopping);
        match intent.parts().iter().find_map(under_way) {
            Some(run) => {
                let other = self.core.runs().known(run.id).filter(|known| !known.is_own);
                let who = other.map(|known| format!(" by {}", known.who(self.core.runs().me()))).unwrap_or_default();
                Err(Text::from(format!("{} is under way{who}", run.plan.title)))
            }
            None => Ok(()),
        }
    }

    pub(super) fn offer(&self, intent: &Intent, what: &str, at: Moment) -> Now {
        Some(self.may(intent, at).map(|()| Text::new(what)))
    }

    /// The marked rows; else the selected instance of a case file, or what the case file or the selected row is about.
    fn meant(&self, at: Moment) -> Meant {
        let marked = match self.screen.layers.last() {
            Some(Layer::Case(_)) => self.marked_parts(at),
            Some(_) => Vec::new(),
            None => self.marked_targets(at),
        };
        if !marked.is_empty() {
            return Meant { keys: marked, marked: true };
        }
        let keys = self.selected_instance(at).into_iter().chain(self.target(at)).collect();
        Meant { keys, marked: false }
    }

    /// What the marked rows of a list are about, each once: those that can be seen in their order, then those that a filter hides.
    fn marked_targets(&self, at: Moment) -> Vec<Ref> {
        let Some(list) = self.list().filter(|list| !list.marks.rows.is_empty()) else { return Vec::new() };
        let marks = &list.marks.rows;
        let mut rows: Vec<&RowKey> = list.order.iter().filter(|row| marks.contains(row)).collect();
        if rows.len() < marks.len() {
            let shown: std::collections::HashSet<&RowKey> = rows.iter().copied().collect();
            rows.extend(marks.iter().filter(|row| !shown.contains(row)));
        }
        let model = self.model(at.now);
        let mut keys: Vec<Ref> = Vec::new();
        for key in rows.into_iter().filter_map(|row| panes::target(self.screen.home.pane, row, &model)) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// What a verb means for what is selected or marked: none where it makes no sense, an error where it does not for one of
    /// several that are marked.
    fn intended(&self, verb: Verb, at: Moment) -> Result<Option<Intent>, Text> {
        let view = self.core.view(at.now);
        let meant = self.meant(at);
        if !meant.marked {
            return Ok(meant.keys.iter().find_map(|key| (verb.of)(&view, key)));
        }
        let mut all: Vec<Intent> = Vec::new();
        for key in &meant.keys {
            let Some(intent) = (verb.of)(&view, key) else {
                return Err(Text::from(format!("{} is marked too, and has no such thing", key.local())));
            };
            // Two pods of one workload may stand for the same.
            if !all.contains(&intent) {
                all.push(intent);
            }
        }
        Ok(Intent::several(all))
    }

    /// Whether rows are marked that an action would be done to.
    pub(super) fn has_marked(&self, at: Moment) -> bool {
        self.meant(at).marked
    }

    /// Whether a verb can be had for what is selected or marked.
    pub(super) fn offered(&self, verb: Verb, at: Moment) -> Now {
        match self.intended(verb, at) {
            Ok(None) => None,
            Ok(Some(intent)) => {
                let parts = intent.parts().len();
                let what = if parts > 1 { format!("{} {parts} marked", verb.word) } else { verb.word.to_owned() };
                let refused_one = |why: Text| match parts {
                    1 => why,
                    _ => self.names_refused(&intent, at).unwrap_or(why),
                };
                self.offer(&intent, &what, at).map(|offered| offered.map_err(refused_one))
            }
            Err(why) => Some(Err(why)),
        }
    }

    /// Why the first of several that cannot be had is refused, with its name.
    fn names_refused(&self, intent: &Intent, at: Moment) -> Option<Text> {
        let refused = |part: &Intent| Some((part.target().local(), self.may(part, at).err()?));
        let (name, why) = intent.parts().iter().find_map(refused)?;
        Some(Text::from(format!("{name}: {why}")))
    }

    /// Begins what a verb means for what is selected or marked.
    pub(super) fn act(&mut self, verb: Verb, at: Moment) {
        if let Ok(Some(intent)) = self.intended(verb, at) {
            self.begin(intent, at);
        }
    }

    /// What a verb would be done to.
    pub(super) fn targets_of(&self, verb: Verb, at: Moment) -> Vec<Ref> {
        let intent = self.intended(verb, at).ok().flatten();
        intent.iter().flat_map(Intent::parts).map(|part| part.target().clone()).collect()
    }

    /// Says why something that was typed with what it wants cannot be had; whether it can.
    pub(super) fn can(&mut self, verb: Verb, at: Moment) -> bool {
        match self.offered(verb, at) {
            Some(Ok(_)) => return true,
            Some(Err(why)) => self.say(at, &format!("{}: {why}", verb.word), Some(Severity::Advice)),
            None => self.say(at, &format!("{} is not for what is selected", verb.word), None),
        }
        false
    }
}

/// The workload that something is, or is an instance of.
pub(super) fn whole(view: &View<'_>, key: &Ref) -> Option<Ref> {
    match key.kind.role() {
        Role::Workload => Some(key.clone()),
        // What is done to an instance is done to what wants it.
        Role::Instance => view.instance(key)?.owner.clone(),
        _ => None,
    }
}

/// An intent, where it makes sense for that kind of thing.
fn sensible(view: &View<'_>, intent: Intent) -> Option<Intent> {
    fits(&intent, view).map(|_| intent)
}

fn as_whole(view: &View<'_>, key: &Ref, make: impl FnOnce(Ref) -> Intent) -> Option<Intent> {
    sensible(view, make(whole(view, key)?))
}

/// One command of each verb: whether it can be had, and what begins it.
macro_rules! verbs {
    ($($(#[$doc:meta])* $verb:ident $now:ident $run:ident $word:literal $of:expr;)+) => {
        $(
            $(#[$doc])*
            pub(super) const $verb: Verb = Verb { word: $word, of: $of };

            /// Whether it can be had.
            pub fn $now(app: &App, at: Moment) -> Now {
                app.offered($verb, at)
            }

            /// Opens its preview.
            pub fn $run(app: &mut App, at: Moment) {
                app.act($verb, at);
            }
        )+
    };
}

verbs! {
    /// An instance where its orchestrator starts one anew, else its workload.
    RESTART restart_now restart "restart"
        |view, key| sensible(view, Intent::Restart(key.clone())).or_else(|| as_whole(view, key, Intent::Restart));
    /// The workload of an instance that could be started anew by itself.
    RESTART_ALL restart_all_now restart_all "restart its workload" |view, key| {
        let alone = key.kind.role() == Role::Instance && fits(&Intent::Restart(key.clone()), view).is_some();
        if alone { as_whole(view, key, Intent::Restart) } else { None }
    };
    /// A node closed to what is new.
    CORDON cordon_now cordon "cordon" |view, key| sensible(view, Intent::Cordon(key.clone()));
    /// A node opened again.
    UNCORDON uncordon_now uncordon "uncordon" |view, key| sensible(view, Intent::Uncordon(key.clone()));
    /// A node emptied.
    DRAIN drain_now drain "drain" |view, key| sensible(view, Intent::drain(key.clone()));
    /// One instance ended, with its grace.
    STOP stop_now stop "stop" |view, key| sensible(view, Intent::Stop(key.clone()));
    /// A stopped container started.
    START start_now start "start" |view, key| sensible(view, Intent::Start(key.clone()));
    /// One instance ended at once.
    KILL kill_now kill "kill" |view, key| sensible(view, Intent::Kill(key.clone()));
    /// A rollout held, a job suspended, an automatic sync switched off.
    PAUSE pause_now pause "pause"
        |view, key| sensible(view, Intent::Pause(key.clone())).or_else(|| as_whole(view, key, Intent::Pause));
    /// The same lifted.
    RESUME resume_now resume "resume"
        |view, key| sensible(view, Intent::Resume(key.clone())).or_else(|| as_whole(view, key, Intent::Resume));
    /// Whichever of the two can be had.
    PAUSE_OR_RESUME pause_or_resume_now pause_or_resume "pause or resume" |view, key| {
        let held = (RESUME.of)(view, key).filter(|intent| matches!(fits(intent, view), Some(Ok(()))));
        held.or_else(|| (PAUSE.of)(view, key))
    };
    /// A canary let through.
    PROMOTE promote_now promote "promote" |view, key| as_whole(view, key, Intent::Promote);
    /// A canary given up.
    ABORT abort_now abort "abort" |view, key| as_whole(view, key, Intent::Abort);
    /// A service pulled and made anew.
    RECREATE recreate_now recreate "recreate" |view, key| as_whole(view, key, Intent::Recreate);
    /// A scheduled job run once.
    TRIGGER trigger_now trigger "trigger" |view, key| as_whole(view, key, Intent::Trigger);
    /// What holds a workload up taken away.
    UNBLOCK unblock_now unblock "unblock" |view, key| as_whole(view, key, Intent::Unblock);
    /// What nobody uses removed.
    PRUNE prune_now prune "prune" |view, key| {
            let engine = Kind::Node == key.kind || Kind::Cluster == key.kind;
            sensible(view, Intent::Prune(ClusterInfo::key_of(&key.cluster))).filter(|_| engine)
        };
}

/// The rollout of a marked workload, back to the revision before.
pub(super) const UNDO: Verb = Verb {
    word: "roll back",
    of: |view, key| {
        let before = |key: &Ref| view.workload(key)?.history.first().map(|revision| revision.id.clone());
        as_whole(view, key, |key| Intent::Undo(key.clone(), before(&key)))
    },
};
/// The number of a workload; which is asked for.
pub(super) const SCALE: Verb = Verb { word: "scale", of: |view, key| as_whole(view, key, |key| Intent::Scale(key, 0)) };
/// The image of a workload.
pub(super) const SET_IMAGE: Verb =
    Verb { word: "set the image", of: |view, key| set(view, key, Setting::Image(None, Name::new(""))) };
/// The memory limit of a workload.
pub(super) const SET_MEMORY: Verb =
    Verb { word: "set the memory limit", of: |view, key| set(view, key, Setting::Memory(None, None)) };
/// The CPU limit of a workload.
pub(super) const SET_CPU: Verb =
    Verb { word: "set the CPU limit", of: |view, key| set(view, key, Setting::Cpu(None, None)) };

fn set(view: &View<'_>, key: &Ref, setting: Setting) -> Option<Intent> {
    as_whole(view, key, |key| Intent::Set(key, setting))
}

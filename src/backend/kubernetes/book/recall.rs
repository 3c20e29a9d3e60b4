//! What events said of things that are there, for as long as it explains how they are.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::domain::{Hindrance, Name, Phase, ProbeKind, Ref, Text, Timestamp};

use super::exit::End;

/// All that is remembered of events.
#[derive(Debug, Default)]
pub(super) struct Recall {
    /// By the uid of the pod.
    pods: FxHashMap<Name, PodNotes>,
    /// Why a controller could not make instances, and when that was said last: by the key of the workload.
    hindered: FxHashMap<Ref, (Hindrance, Timestamp)>,
    /// Why a claim waits, and when that was said: by its key.
    pub(super) claims: FxHashMap<Ref, (Text, Timestamp)>,
    /// When a node ran out of memory as a whole, seconds.
    oom: FxHashMap<Name, SmallVec<[i64; 4]>>,
}

/// Of so many pods that are not known (yet) something is remembered.
const STRANGERS: usize = 4096;
/// Times at which a node ran out of memory that are remembered.
const OOMS: usize = 16;
/// A node and a container that run out of memory within so long of each other do so together, seconds.
const TOGETHER: i64 = 15;
/// An end comes at most so long after a check failed and its grace was used up, seconds.
const AFTER_KILL: i64 = 5;

#[derive(Debug, Default)]
struct PodNotes {
    failing: Vec<Failing>,
    killed: Vec<Killed>,
    pulls: Vec<Pull>,
    stuck: Option<(Option<&'static str>, Text, i64)>,
}

/// A probe that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failing {
    pub(super) container: Name,
    pub(super) probe: ProbeKind,
    pub(super) output: Text,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) count: u32,
}

/// Ends that a kubelet brought about, said by one event that is counted up.
#[derive(Debug)]
struct Killed {
    container: Name,
    first: i64,
    last: i64,
    /// Each time that was heard of, the last ones.
    times: SmallVec<[i64; 4]>,
    count: u32,
    said: Text,
}

/// Times of one container that are remembered.
const KILLS: usize = 8;

impl Killed {
    /// Whether one of them ended a run. Where some were not heard of, it was one between the first and the last.
    fn ended(&self, began: i64, ended: i64) -> bool {
        let fits = |at: &i64| *at >= began && *at <= ended + AFTER_KILL;
        let unheard = self.count as usize > self.times.len() && self.first <= ended && self.last >= ended;
        self.times.iter().any(fits) || fits(&self.first) || unheard
    }
}

#[derive(Debug)]
struct Pull {
    container: Name,
    began: i64,
    done: i64,
    said: Option<Text>,
}

/// A part of a pull.
pub(super) enum Pulling {
    Began(Text),
    Done,
}

impl Recall {
    /// What is remembered of a pod.
    pub(super) fn of(&self, uid: &str, now: i64) -> Recalled<'_> {
        Recalled { notes: self.pods.get(uid), now }
    }

    fn pod(&mut self, uid: &Name) -> &mut PodNotes {
        self.pods.entry(uid.clone()).or_default()
    }

    /// A probe failed. Of several events of one probe the newest counts. Whether that is news, as with all of these.
    pub(super) fn fails(&mut self, uid: &Name, it: Failing) -> bool {
        let known = &mut self.pod(uid).failing;
        match known.iter_mut().find(|known| known.container == it.container && known.probe == it.probe) {
            Some(known) if (known.last, &known.output) > (it.last, &it.output) || *known == it => return false,
            Some(known) => *known = it,
            None => known.push(it),
        }
        true
    }

    /// A kubelet ended a container because a check of it failed: the first and the last time, and how often.
    pub(super) fn killed(
        &mut self,
        uid: &Name,
        container: Name,
        (first, last): (i64, i64),
        count: u32,
        said: &Text,
    ) -> bool {
        let known = &mut self.pod(uid).killed;
        let place = known.iter().position(|it| it.container == container && it.said == *said).unwrap_or_else(|| {
            known.push(Killed { container, first, last, times: SmallVec::new(), count, said: said.clone() });
            known.len() - 1
        });
        let it = &mut known[place];
        (it.first, it.last, it.count) = (it.first.min(first), it.last.max(last), it.count.max(count));
        let news = !it.times.contains(&last);
        if news {
            it.times.push(last);
            it.times.sort_unstable();
        }
        if it.times.len() > KILLS {
            it.times.remove(0);
        }
        news
    }

    /// An image is pulled, or was.
    pub(super) fn pulls(&mut self, uid: &Name, container: Name, at: i64, what: Pulling) -> bool {
        let known = &mut self.pod(uid).pulls;
        let place = known.iter().position(|known| known.container == container).unwrap_or_else(|| {
            known.push(Pull { container, began: 0, done: 0, said: None });
            known.len() - 1
        });
        let pull = &mut known[place];
        let (began, done) = (pull.began, pull.done);
        match what {
            Pulling::Began(said) if at >= pull.began => (pull.began, pull.said) = (at, Some(said)),
            Pulling::Began(_) => {}
            Pulling::Done => pull.done = pull.done.max(at),
        }
        (began, done) != (pull.began, pull.done)
    }

    /// Something keeps a pod from starting.
    pub(super) fn sticks(&mut self, uid: &Name, reason: Option<&'static str>, said: Text, at: i64) -> bool {
        let known = &mut self.pod(uid).stuck;
        let news = known.as_ref().is_none_or(|(_, text, then)| (*then, text) < (at, &said));
        if news {
            *known = Some((reason, said, at));
        }
        news
    }

    /// A controller could not make instances. Whether that is news.
    pub(super) fn hinder(&mut self, workload: &Ref, it: Hindrance, last: Timestamp) -> bool {
        let known = self.hindered.get(workload);
        let newer = known.is_none_or(|(known, at)| (*at, &known.message) < (last, &it.message));
        if newer {
            self.hindered.insert(workload.clone(), (it, last));
        }
        newer
    }

    /// Why a controller could not make instances, when it last said so.
    pub(super) fn hindrance(&self, workload: &Ref) -> Option<&Hindrance> {
        self.hindered.get(workload).map(|(it, _)| it)
    }

    /// A workload or a claim is gone.
    pub(super) fn forget_object(&mut self, key: &Ref) {
        self.hindered.remove(key);
        self.claims.remove(key);
    }

    /// A node ran out of memory.
    pub(super) fn node_oom(&mut self, node: &Name, at: i64) {
        let known = self.oom.entry(node.clone()).or_default();
        if !known.contains(&at) {
            known.push(at);
            known.sort_unstable();
        }
        if known.len() > OOMS {
            known.remove(0);
        }
    }

    /// Whether a node ran out of memory at about that time.
    pub(super) fn node_had_oom(&self, node: &Name, at: i64) -> bool {
        self.oom.get(node).is_some_and(|known| known.iter().any(|it| (it - at).abs() <= TOGETHER))
    }

    /// A pod is gone.
    pub(super) fn forget(&mut self, uid: &str) {
        self.pods.remove(uid);
    }

    /// Whether it is time to forget those that never came.
    pub(super) fn is_crowded(&self, pods: usize) -> bool {
        self.pods.len() > pods + STRANGERS
    }

    /// Forgets pods that are not there.
    pub(super) fn retain_pods(&mut self, there: impl Fn(&Name) -> bool) {
        self.pods.retain(|uid, _| there(uid));
    }

    /// Forgets workloads and claims that are not there.
    pub(super) fn retain_objects(&mut self, there: impl Fn(&Ref) -> bool) {
        self.hindered.retain(|key, _| there(key));
        self.claims.retain(|key, _| there(key));
    }
}

/// What is remembered of one pod, as of now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recalled<'a> {
    notes: Option<&'a PodNotes>,
    /// Seconds.
    pub(super) now: i64,
}

impl<'a> Recalled<'a> {
    /// The last failure of a probe.
    pub(super) fn failing(self, container: &Name, probe: ProbeKind) -> Option<&'a Failing> {
        self.notes?.failing.iter().find(|it| it.container == *container && it.probe == probe)
    }

    /// What a kubelet said when it ended that run.
    pub(super) fn killed(self, container: &Name, end: &End) -> Option<&'a Text> {
        let ended = end.ended.seconds()?;
        let began = end.started.seconds().unwrap_or(0);
        let mut of = self.notes?.killed.iter().filter(|it| it.container == *container);
        of.find(|it| it.ended(began, ended)).map(|it| &it.said)
    }

    /// What is said of a pull that has not ended.
    pub(super) fn pulls(self, container: &Name, reason: &str) -> Option<Text> {
        let makes = matches!(reason, "ContainerCreating" | "PodInitializing");
        let of = self.notes?.pulls.iter().find(|it| it.container == *container)?;
        of.said.clone().filter(|_| makes && of.began > of.done)
    }

    /// What keeps it from starting, in a kubelet's word where there is one, and in a sentence.
    pub(super) fn stuck(self, phase: Phase) -> Option<(Option<&'static str>, Text)> {
        let (reason, said, _) = self.notes?.stuck.as_ref().filter(|_| phase == Phase::Starting)?;
        Some((*reason, said.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_events_the_newest_counts_whichever_comes_first() {
        let (uid, web) = (Name::new("u"), Name::new("web"));
        let failing = |last, output: &str| Failing {
            container: web.clone(),
            probe: ProbeKind::Readiness,
            output: Text::new(output),
            first: 1,
            last,
            count: 1,
        };
        for order in [[10, 20], [20, 10]] {
            let mut recall = Recall::default();
            for at in order {
                recall.fails(&uid, failing(at, &format!("at {at}")));
            }
            let known = recall.of("u", 30);
            assert_eq!(known.failing(&web, ProbeKind::Readiness).map(|it| it.output.as_str()), Some("at 20"));
            for at in order {
                recall.sticks(&uid, None, Text::from(format!("{at}")), at);
            }
            assert_eq!(recall.of("u", 30).stuck(Phase::Starting), Some((None, Text::new("20"))));
            assert_eq!(recall.of("u", 30).stuck(Phase::Running), None);
        }
    }

    #[test]
    fn a_pull_is_under_way_until_it_is_done() {
        let (uid, web) = (Name::new("u"), Name::new("web"));
        let mut recall = Recall::default();
        recall.pulls(&uid, web.clone(), 20, Pulling::Done);
        recall.pulls(&uid, web.clone(), 10, Pulling::Began(Text::new("Pulling image \"web\"")));
        assert_eq!(recall.of("u", 30).pulls(&web, "ContainerCreating"), None);
        recall.pulls(&uid, web.clone(), 25, Pulling::Began(Text::new("Pulling image \"web\"")));
        assert!(recall.of("u", 30).pulls(&web, "ContainerCreating").is_some());
        assert_eq!(recall.of("u", 30).pulls(&web, "CrashLoopBackOff"), None);
    }
}

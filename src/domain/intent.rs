//! What a person means to do.

use serde::{Deserialize, Serialize};

use super::attach::Enter;
use super::identity::Ref;
use super::text::{Name, Text};

/// What a person means to do. The same words from a key, the palette, a menu and the command line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Start its instances anew, as its orchestrator does it without an outage; or one instance.
    Restart(Ref),
    /// Run so many.
    Scale(Ref, u32),
    /// Go back to a revision: to the one before, where none is named.
    Undo(Ref, Option<Name>),
    /// Setting one thing of what an instance is made of.
    Set(Ref, Setting),
    /// Take no new instances.
    Cordon(Ref),
    /// Take new instances again; also stops a drain.
    Uncordon(Ref),
    /// Move everything away, and take nothing new.
    Drain(Ref, Including),
    /// Hold a rollout; suspend a CronJob or a Job; switch the automatic sync of an application off.
    Pause(Ref),
    /// Go on with it.
    Resume(Ref),
    /// Let a canary take over.
    Promote(Ref),
    /// Give a canary up.
    Abort(Ref),
    /// End an instance with its grace; what wants it may make another.
    Stop(Ref),
    /// Start what was stopped.
    Start(Ref),
    /// End an instance at once, without grace.
    Kill(Ref),
    /// Pull its image, and make it anew from its definition.
    Recreate(Ref),
    /// Let it run once now.
    Trigger(Ref),
    /// Take away what keeps it from going on: the broken instance that holds it up, the failed attempt.
    Unblock(Ref),
    /// Remove what nobody uses: stopped containers, dangling images, build cache. Never volumes.
    Prune(Ref),
    /// Keep an alert quiet for a while, for everybody who would be told of it.
    Silence(Ref, Quiet),
    /// Let it be told again: what keeps it quiet ends.
    Unsilence(Ref),
    /// Hand the terminal to a process in an instance.
    Shell(Ref, Enter),
    /// All of these, in order, up to the first that fails. Not empty, and none of it is a `Several`.
    Several(Vec<Intent>),
}

/// One thing that is changed of what an instance is made of. Without a container the only or the first one is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Run this image.
    Image(Option<Name>, Name),
    /// Kill it at so many bytes; at none where there is no number.
    Memory(Option<Name>, Option<u64>),
    /// Give it no more than so many thousandths of a core; as many as there are where there is no number.
    Cpu(Option<Name>, Option<u64>),
}

/// For how long an alert is kept quiet, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quiet {
    /// Seconds from when it is done.
    pub seconds: u32,
    /// Why: whoever misses the alert reads it.
    pub comment: Text,
}

impl Quiet {
    /// The shortest and the longest that is meant, seconds: what is never to be told again is taken out of the rules.
    const BOUNDS: (u32, u32) = (60, 30 * 86_400);

    /// Whether it is one that a person can mean.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn check(&self) -> Result<(), &'static str> {
        let (shortest, longest) = Self::BOUNDS;
        match self.seconds {
            seconds if seconds < shortest => Err("a silence lasts a minute at least"),
            seconds if seconds > longest => {
                Err("a silence lasts 30 days at most: for longer, change the rule or its route")
            }
            _ if self.comment.trim().is_empty() => {
                Err("say why, too: whoever misses the alert reads it (2h the import runs)")
            }
            _ => Ok(()),
        }
    }
}

/// What a drain also takes that would be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Including {
    /// Instances that nothing makes again (kubectl: `--force`).
    #[serde(default)]
    pub unmanaged: bool,
    /// Instances with data that is only on the node (kubectl: `--delete-emptydir-data`).
    #[serde(default)]
    pub local_data: bool,
}

impl Intent {
    /// A drain that leaves what would be lost.
    pub fn drain(key: Ref) -> Self {
        Intent::Drain(key, Including::default())
    }

    /// What it is done to; of several, the first.
    ///
    /// # Panics
    /// On an empty `Several`, which [`Intent::several`] never makes.
    pub fn target(&self) -> &Ref {
        match self {
            Intent::Restart(key)
            | Intent::Scale(key, _)
            | Intent::Undo(key, _)
            | Intent::Set(key, _)
            | Intent::Cordon(key)
            | Intent::Uncordon(key)
            | Intent::Drain(key, _)
            | Intent::Pause(key)
            | Intent::Resume(key)
            | Intent::Promote(key)
            | Intent::Abort(key)
            | Intent::Stop(key)
            | Intent::Start(key)
            | Intent::Kill(key)
            | Intent::Recreate(key)
            | Intent::Trigger(key)
            | Intent::Unblock(key)
            | Intent::Prune(key)
            | Intent::Silence(key, _)
            | Intent::Unsilence(key)
            | Intent::Shell(key, _) => key,
            Intent::Several(all) => all[0].target(),
        }
    }

    /// The stable word: in `triage --json`, on the command line, in the journal. Of several, that of the first.
    pub fn verb(&self) -> &'static str {
        match self {
            Intent::Restart(_) => "restart",
            Intent::Scale(..) => "scale",
            Intent::Undo(..) => "undo",
            Intent::Set(..) => "set",
            Intent::Cordon(_) => "cordon",
            Intent::Uncordon(_) => "uncordon",
            Intent::Drain(..) => "drain",
            Intent::Pause(_) => "pause",
            Intent::Resume(_) => "resume",
            Intent::Promote(_) => "promote",
            Intent::Abort(_) => "abort",
            Intent::Stop(_) => "stop",
            Intent::Start(_) => "start",
            Intent::Kill(_) => "kill",
            Intent::Recreate(_) => "recreate",
            Intent::Trigger(_) => "trigger",
            Intent::Unblock(_) => "unblock",
            Intent::Prune(_) => "prune",
            Intent::Silence(..) => "silence",
            Intent::Unsilence(_) => "unsilence",
            Intent::Shell(_, Enter { debug: Some(_), .. }) => "debug",
            Intent::Shell(..) => "shell",
            Intent::Several(all) => all.first().map_or("nothing", Intent::verb),
        }
    }

    /// One intent from some, in order; none from none. What is one already stays so.
    pub fn several(intents: impl IntoIterator<Item = Intent>) -> Option<Intent> {
        let mut all: Vec<Intent> = Vec::new();
        for intent in intents {
            match intent {
                Intent::Several(parts) => all.extend(parts),
                one => all.push(one),
            }
        }
        if all.len() < 2 { all.pop() } else { Some(Intent::Several(all)) }
    }

    /// Whether something is meant with this object.
    pub fn concerns(&self, key: &Ref) -> bool {
        self.parts().iter().any(|part| part.target() == key)
    }

    /// Each thing that is meant, in order: itself, where it is one.
    pub fn parts(&self) -> &[Intent] {
        match self {
            Intent::Several(all) => all,
            one => std::slice::from_ref(one),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_are_flat_and_one_stays_one() {
        let key = |name: &str| format!("prod/shop/Deployment/{name}").parse::<Ref>().expect("a ref");
        let (a, b) = (Intent::Restart(key("a")), Intent::Pause(key("b")));
        assert_eq!(Intent::several([]), None);
        assert_eq!(Intent::several([a.clone()]), Some(a.clone()));
        let both = Intent::several([a.clone(), b.clone()]).expect("two");
        assert!(both.concerns(&key("b")) && !both.concerns(&key("c")));
        assert_eq!((both.parts(), both.verb(), both.target()), (&[a.clone(), b.clone()][..], "restart", &key("a")));
        let three = Intent::several([both, a.clone()]).expect("three");
        assert_eq!(three.parts(), [a.clone(), b, a]);
    }
}

//! What can be said of actions on the command line.

use std::time::Duration;

use clap::Args;

use crate::action::amount;
use crate::config::parse_duration;
use crate::domain::{Debugger, Enter, Including, Intent, Name, Quiet, Ref, Setting, Text};

/// How the exit status is to be read.
const STATUS: &str = "Exit status: 0 done; 1 not done, or it cannot be told; 2 usage, or no such target; 3 refused; 4 partly done.\n\
                      TARGET is cluster/namespace/kind/name, of which all but the name may be left out where it is clear: \
                      prod/shop/worker, deploy/worker, worker.";

/// The same of a shell.
const ENTERED: &str = "Exit status: that of the process; 127 where there is no such program; 255 where the connection broke or was left; \
                       1 not begun; 2 usage, no terminal, or no such target; 3 refused.\n\
                       Where it hangs, ctrl-] three times within a second leaves it. It asks nothing on an unprotected cluster; \
                       a debug container has to be confirmed.\n\
                       TARGET is cluster/namespace/kind/name, of which all but the name may be left out where it is clear.";

/// How an action is gone about.
#[derive(Debug, Clone, Args)]
pub struct How {
    /// Print what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask. What asks for a name still does: give it with --confirm.
    #[arg(long, short)]
    pub yes: bool,
    /// The name that a destructive action, or a protected cluster, asks for.
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
    /// Wait until it has settled; at most so long, where a time is given.
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "1h", value_parser = parse_duration)]
    pub wait: Option<Duration>,
    /// As JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// One thing.
#[derive(Debug, Clone, Args)]
#[command(after_help = STATUS)]
pub struct One {
    /// What it is done to.
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// How.
    #[command(flatten)]
    pub how: How,
}

/// One thing, and a number.
#[derive(Debug, Clone, Args)]
#[command(after_help = STATUS)]
pub struct Scale {
    /// What it is done to.
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// How many are to run.
    #[arg(value_name = "N")]
    pub to: u32,
    /// How.
    #[command(flatten)]
    pub how: How,
}

/// One thing, and where it goes back to.
#[derive(Debug, Clone, Args)]
#[command(after_help = STATUS)]
pub struct Undo {
    /// What it is done to.
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// To this revision; else to the one before.
    #[arg(long, value_name = "REVISION")]
    pub to: Option<String>,
    /// How.
    #[command(flatten)]
    pub how: How,
}

/// A limit that is set; none takes it away. By this name clap takes it for one value, and not for a flag with an optional one.
type Limit = Option<u64>;

/// One alert, for how long, and why.
#[derive(Debug, Clone, Args)]
#[command(after_help = STATUS)]
pub struct Silence {
    /// Which alert: its name, or cluster/-/Alert/name-fingerprint.
    #[arg(value_name = "ALERT")]
    pub target: String,
    /// For so long: 30m, 2h, 1d.
    #[arg(long = "for", value_name = "DURATION", value_parser = amount::seconds)]
    pub seconds: u32,
    /// Why: whoever misses the alert reads it.
    #[arg(long, value_name = "TEXT")]
    pub comment: String,
    /// How.
    #[command(flatten)]
    pub how: How,
}

/// One node, and what goes along.
#[derive(Debug, Clone, Args)]
#[command(after_help = STATUS)]
pub struct Drain {
    /// Which node.
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Also what nothing makes again: it is gone for good.
    #[arg(long)]
    pub unmanaged: bool,
    /// Also what keeps data on the node alone: that is lost.
    #[arg(long)]
    pub local_data: bool,
    /// How.
    #[command(flatten)]
    pub how: How,
}

/// One thing, and what of it is set.
#[derive(Debug, Clone, Args)]
#[command(after_help = STATUS)]
#[group(id = "what", required = true, multiple = false, args = ["image", "memory", "cpu"])]
pub struct Set {
    /// What it is done to.
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// Run this image.
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Kill it at so much memory: 512Mi, 512m, 1g; none for no limit.
    #[arg(long, value_name = "AMOUNT", value_parser = amount::memory)]
    pub memory: Option<Limit>,
    /// Give it so much of a processor at most: 500m, 0.5, 2; none for no limit.
    #[arg(long, value_name = "AMOUNT", value_parser = amount::cpu)]
    pub cpu: Option<Limit>,
    /// Of this container; else of the only or first one.
    #[arg(long, value_name = "NAME")]
    pub container: Option<String>,
    /// How.
    #[command(flatten)]
    pub how: How,
}

/// One instance, and what is run in it.
#[derive(Debug, Clone, Args)]
#[command(after_help = ENTERED)]
pub struct Shell {
    /// Where: an instance; of a workload one that runs, first one that fails.
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// In this container; else in the one that is meant first.
    #[arg(long, short, value_name = "NAME")]
    pub container: Option<String>,
    /// In a container that is added to a pod, of this image or of the configured one; it stays in the pod until the pod goes.
    #[arg(long, value_name = "IMAGE", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub debug: Option<String>,
    /// Run this; else bash, or sh where there is none.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Print what would be done, and do nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask. What asks for a name still does: give it with --confirm.
    #[arg(long, short)]
    pub yes: bool,
    /// The name that a protected cluster asks for.
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

/// An action as it was said: on what, how, and the intent that it makes of a target.
pub struct Said {
    /// What it is done to, as it was typed.
    pub target: String,
    /// How.
    pub how: How,
    /// What is meant, once it is known what is meant by the target.
    pub intent: Box<dyn Fn(Ref) -> Intent>,
}

impl One {
    /// With the intent that its command means.
    pub fn said(self, intent: fn(Ref) -> Intent) -> Said {
        Said { target: self.target, how: self.how, intent: Box::new(intent) }
    }
}

impl From<Scale> for Said {
    fn from(it: Scale) -> Self {
        Self { target: it.target, how: it.how, intent: Box::new(move |key| Intent::Scale(key, it.to)) }
    }
}

impl From<Shell> for Said {
    fn from(it: Shell) -> Self {
        let named = |name: &str| Some(Name::new(name)).filter(|name| !name.is_empty());
        let debug = it.debug.map(|image| Debugger { image: named(&image), name: None });
        let enter = Enter { container: it.container.as_deref().and_then(named), command: it.command, debug };
        let how = How { dry_run: it.dry_run, yes: it.yes, confirm: it.confirm, wait: None, json: false };
        Self { target: it.target, how, intent: Box::new(move |key| Intent::Shell(key, enter.clone())) }
    }
}

impl From<Undo> for Said {
    fn from(it: Undo) -> Self {
        let to = it.to.map(|to| Name::new(&to));
        Self { target: it.target, how: it.how, intent: Box::new(move |key| Intent::Undo(key, to.clone())) }
    }
}

impl From<Silence> for Said {
    fn from(it: Silence) -> Self {
        let quiet = Quiet { seconds: it.seconds, comment: Text::new(&it.comment) };
        Self { target: it.target, how: it.how, intent: Box::new(move |key| Intent::Silence(key, quiet.clone())) }
    }
}

impl From<Drain> for Said {
    fn from(it: Drain) -> Self {
        let including = Including { unmanaged: it.unmanaged, local_data: it.local_data };
        Self { target: it.target, how: it.how, intent: Box::new(move |key| Intent::Drain(key, including)) }
    }
}

impl From<Set> for Said {
    fn from(it: Set) -> Self {
        let container = it.container.as_deref().map(Name::new);
        let setting = match (&it.image, it.memory, it.cpu) {
            (_, Some(limit), _) => Setting::Memory(container, limit),
            (_, _, Some(limit)) => Setting::Cpu(container, limit),
            // One of them is given: the command line is not taken without.
            (image, None, None) => Setting::Image(container, Name::new(image.as_deref().unwrap_or_default())),
        };
        Self { target: it.target, how: it.how, intent: Box::new(move |key| Intent::Set(key, setting.clone())) }
    }
}

//! What can be said of actions on the command line.

use std::time::Duration;

use clap::Args;

use crate::action::amount;
use crate::config::parse_duration;
use crate::domain::{Including, Intent, Name, Ref, Setting};

/// How the exit status is to be read.
const STATUS: &str = "Exit status: 0 done; 1 not done, or it cannot be told; 2 usage, or no such target; 3 refused; 4 partly done.\n\
                      TARGET is cluster/namespace/kind/name, of which all but the name may be left out where it is clear: \
                      prod/shop/worker, deploy/worker, worker.";

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

impl From<Undo> for Said {
    fn from(it: Undo) -> Self {
        let to = it.to.map(|to| Name::new(&to));
        Self { target: it.target, how: it.how, intent: Box::new(move |key| Intent::Undo(key, to.clone())) }
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

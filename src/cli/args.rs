//! What can be said on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::config::{near_match, parse_duration};
use crate::domain::{Severity, sanitise};

use super::act::args as act;

/// What is wrong, why, since when, and which key fixes it, over every engine you run.
#[derive(Debug, Parser)]
#[command(name = "cockpit", version, max_term_width = 100, subcommand_precedence_over_arg = true)]
#[command(
    after_help = "Without a command it opens the screen. Without a configuration it watches what is plainly there: \
                        DOCKER_HOST, the current Docker context, else the Docker socket; and the current context of \
                        the kubeconfig. Try `cockpit --demo`."
)]
pub struct Cli {
    /// What to do, other than open the screen.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Open the case file of this: cluster/namespace/name.
    #[arg(value_name = "TARGET", value_parser = target)]
    pub target: Option<String>,
    /// Open the alert of this name, as the page that woke you has it.
    #[arg(long, value_name = "NAME", conflicts_with = "target")]
    pub alert: Option<String>,
    /// What holds for every command.
    #[command(flatten)]
    pub common: Common,
}

/// What to do, other than open the screen.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print what is wrong once, and end.
    Triage(Triage),
    /// Wait until what was rolled out is healthy; fail with the cause where it is not.
    Wait(Wait),
    /// Start its instances anew, without an outage; or one instance.
    Restart(act::One),
    /// Set the number of instances.
    Scale(act::Scale),
    /// Roll back to a revision: to the one before, where none is named.
    Undo(act::Undo),
    /// Set its image, or a limit of its memory or processor.
    Set(act::Set),
    /// Hold a rollout; suspend a CronJob or a Job.
    Pause(act::One),
    /// Go on with a rollout; let a CronJob or a Job run again.
    Resume(act::One),
    /// Let a canary take over.
    Promote(act::One),
    /// Give a canary up.
    Abort(act::One),
    /// Let a node take nothing new.
    Cordon(act::One),
    /// Let a node take new instances again; also stops a drain.
    Uncordon(act::One),
    /// Move everything away from a node, and let it take nothing new.
    Drain(act::Drain),
    /// End an instance with its grace.
    Stop(act::One),
    /// Start what was stopped.
    Start(act::One),
    /// End an instance at once.
    Kill(act::One),
    /// Pull its image, and make it anew from its definition.
    Recreate(act::One),
    /// Let a CronJob run once now.
    Trigger(act::One),
    /// Take away what keeps it from going on.
    Unblock(act::One),
    /// Open a shell in an instance, or run a command in it, on this terminal.
    Shell(act::Shell),
    /// Keep an alert quiet for a while, for everybody: a silence of Alertmanager.
    Silence(act::Silence),
    /// Let an alert be told again: end the silences that keep it quiet.
    Unsilence(act::One),
    /// Remove what nobody uses: stopped containers, dangling images, build cache. Never volumes.
    Prune(act::One),
    /// Lead a port of this machine to a pod, until it is ended.
    Forward(Forward),
    /// Say what was found, how, and what is missing.
    Doctor,
    /// Say what a rule looks at, and what to do about it; without a rule, list them.
    Explain(Explain),
    /// Print the least Kubernetes role that lets somebody read a cluster, or also act on it.
    Rbac(Rbac),
    /// Print rules to begin with, for a Prometheus that has none.
    Rules,
    /// Print what was done.
    History(History),
    /// Print what the next person on call has to know, as Markdown.
    Handover(Handover),
    /// Print every command with its keys, as the settings have them.
    Keys(Keys),
    /// List the themes: which is in use, and what chooses it.
    Themes,
    /// Print a script that completes this command line in a shell.
    Completions(Completions),
    /// Print the manual page.
    Man(Man),
}

/// What `--colors` and the setting `colors` may say.
pub const COLORS: [&str; 5] = ["auto", "mono", "16", "256", "true"];

/// What holds for every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Common {
    /// Watch a simulated company; `--demo=calm` is a healthy one, `--demo=gameday` a drill against the clock.
    #[arg(long, global = true, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub demo: Option<String>,
    /// Another seed is another company, as deterministic.
    #[arg(long, global = true, value_name = "N", default_value_t = 1, hide_default_value = true)]
    pub demo_seed: u64,
    /// So many times as fast is the demo's clock.
    #[arg(long, global = true, value_name = "N", default_value = "1", hide_default_value = true, value_parser = speed)]
    pub demo_speed: f64,
    /// Write everything that is learnt to a file (mode 0600).
    #[arg(long, global = true, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Play a recording back; nothing can be changed in it.
    #[arg(long, global = true, value_name = "FILE")]
    pub replay: Option<PathBuf>,
    /// So many times as fast is the recording played.
    #[arg(long, global = true, value_name = "N", value_parser = speed)]
    pub speed: Option<f64>,
    /// Read the settings from this file.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Watch only this cluster; may be given several times.
    #[arg(long, global = true, value_name = "NAME")]
    pub cluster: Vec<String>,
    /// Watch the engine at this address: unix:///path, tcp://host:port, ssh://user@host.
    #[arg(long, global = true, value_name = "URL")]
    pub host: Option<String>,
    /// Watch the Nomad region of this server: https://nomad.example:4646.
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub nomad: Option<String>,
    /// Watch this context of the kubeconfig; may be given several times.
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Vec<String>,
    /// Read contexts from this kubeconfig; without --context its current one is watched.
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Change nothing, anywhere.
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Use only ASCII.
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Use this theme.
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Show so many colours: auto, mono, 16, 256 or true.
    #[arg(long, global = true, value_name = "DEPTH", value_parser = COLORS)]
    pub colors: Option<String>,
    /// Log to this file; COCKPIT_LOG says how much ("info", "cockpit=debug").
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
}

/// Print what is wrong once, and end.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit status: 2 usage; else 3 when --fail-on is met; else 1 when something could not be read; else 0."
)]
pub struct Triage {
    /// As JSON, for programs.
    #[arg(long)]
    pub json: bool,
    /// Wait at most so long until everything has been read.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub wait: Duration,
    /// End with status 3 when something is at least so bad.
    #[arg(long, value_name = "SEVERITY")]
    pub fail_on: Option<Threshold>,
    /// Also list good practice that is not followed.
    #[arg(long)]
    pub advice: bool,
    /// Also list what people snoozed or accepted, and count it for --fail-on.
    #[arg(long)]
    pub all: bool,
}

/// How bad is bad enough for a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Threshold {
    /// Warnings and what is worse.
    Warning,
    /// Critical ones only.
    Critical,
}

impl Threshold {
    /// Whether a severity meets it.
    pub const fn met_by(self, severity: Severity) -> bool {
        match self {
            Threshold::Warning => matches!(severity, Severity::Warning | Severity::Critical),
            Threshold::Critical => matches!(severity, Severity::Critical),
        }
    }
}

/// Wait until what was rolled out is healthy.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit status: 0 healthy; 1 failed, with the cause; 2 usage, or no such target; 4 not healthy in time, with what it waits for."
)]
pub struct Wait {
    /// What is waited for: cluster/namespace/kind/name, of which all but the name may be left out where it is clear.
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// At most so long.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse_duration)]
    pub timeout: Duration,
    /// Fail as soon as something is surely wrong with it, though it may still mend.
    #[arg(long)]
    pub fail_fast: bool,
}

/// Lead a port of this machine to a pod.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "It listens on this machine's loopback alone, and goes on to another ready pod of a workload or a Service when its \
                  pod goes.\nExit status: 0 ended by ctrl-c; 1 it ended by itself, with the reason; 2 usage, or no such target; \
                  3 refused: read-only, no right, no name for a protected cluster, the port is in use, or nothing is ready."
)]
pub struct Forward {
    /// To what: cluster/namespace/kind/name of a pod, a workload or a Service, of which all but the name may be left out where it is
    /// clear.
    #[arg(value_name = "TARGET")]
    pub target: String,
    /// `8080:80` listens at 8080 and leads to 80; `80` listens at the same port where that is free, else at any; `:80` at any.
    #[arg(value_name = "[LOCAL:]PORT")]
    pub port: String,
    /// The name that a protected cluster asks for.
    #[arg(long, value_name = "NAME")]
    pub confirm: Option<String>,
}

/// Say what a rule looks at.
#[derive(Debug, Clone, Args)]
pub struct Explain {
    /// Which one: `oom-killed`.
    pub rule: Option<String>,
}

/// Print the least Kubernetes role.
#[derive(Debug, Clone, Args)]
pub struct Rbac {
    /// To read and change nothing: what is printed without an option.
    #[arg(long, conflicts_with = "control")]
    pub read: bool,
    /// To read and to act.
    #[arg(long)]
    pub control: bool,
    /// The policy of a token for a Nomad region instead.
    #[arg(long)]
    pub nomad_policy: bool,
    /// In this namespace alone; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub namespace: Vec<String>,
}

/// Print what was done.
#[derive(Debug, Clone, Args)]
pub struct History {
    /// Of what.
    #[command(subcommand)]
    pub what: What,
}

/// What has a history.
#[derive(Debug, Clone, Subcommand)]
pub enum What {
    /// What people did, the newest first: who, what, and how it came out.
    Actions(Actions),
}

/// What people did.
#[derive(Debug, Clone, Args)]
pub struct Actions {
    /// Only what began within this time: 24h, 7d.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub since: Option<Duration>,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
    /// As JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// Print what the next person on call has to know.
#[derive(Debug, Clone, Args)]
pub struct Handover {
    /// Wait at most so long until everything has been read.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub wait: Duration,
}

/// Print every command with its keys, as the settings have them.
#[derive(Debug, Clone, Args)]
pub struct Keys {
    /// As JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

/// Print a script that completes this command line in a shell.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "bash: source <(cockpit completions bash). zsh: cockpit completions zsh > a directory of $fpath/_cockpit. \
                        fish: cockpit completions fish > ~/.config/fish/completions/cockpit.fish."
)]
pub struct Completions {
    /// Which shell. In bash, zsh and fish names of contexts, clusters and engines complete as they are by then.
    pub shell: clap_complete::Shell,
}

/// Print the manual page.
#[derive(Debug, Clone, Args)]
pub struct Man {
    /// Of this command: `triage`; without one, of the program.
    pub command: Option<String>,
}

/// A target of the screen has a slash: else a mistyped command would open the screen.
fn target(raw: &str) -> Result<String, String> {
    slip(raw).map_or_else(|| Ok(raw.to_owned()), Err)
}

/// What is wrong with a first word that is neither a command nor a target.
pub fn slip(word: &str) -> Option<String> {
    if word.contains('/') || word.starts_with('-') {
        return None;
    }
    let mut all = Cli::command();
    all.build();
    let names: Vec<&str> = all.get_subcommands().map(clap::Command::get_name).collect();
    let near = near_match(word, names.iter().copied());
    let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    let said = format!("there is no command `{}`; {near}a target has a slash, as prod/shop/worker has", sanitise(word));
    (!names.contains(&word)).then_some(said)
}

fn speed(raw: &str) -> Result<f64, String> {
    let speed: f64 = raw.parse().map_err(|_| format!("\"{raw}\" is no number"))?;
    match speed.is_finite() && (0.01..=100_000.0).contains(&speed) {
        true => Ok(speed),
        false => Err("expected a number from 0.01 to 100000".to_owned()),
    }
}

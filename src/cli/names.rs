//! `cockpit __names KIND`: names for the completion of the command line, one a line. Files are read for them. Targets alone are asked
//! of the servers that are watched, for a moment. What cannot be read has no names: a half-typed line is no place for errors.

use std::time::Duration;

use clap::{Args, Parser, ValueEnum};

use crate::config::{self, Config};
use crate::diagnose::rules;
use crate::domain::{Ref, Role, sanitise};
use crate::engine::{all, resolve};

use super::args::Common;
use super::failure::Failure;
use super::found;
use super::headless::runtime;
use super::live::Engine;
use super::look::theme_names;
use super::output::print;
use super::session::{Session, words};

/// The word that asks for names in the place of a command. It is not among the commands, so that no shell offers it.
pub const WORD: &str = "__names";

/// The command line that asks for names.
#[derive(Debug, Parser)]
#[command(name = "cockpit")]
pub struct Asked {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(name = WORD)]
    Names(Names),
}

#[derive(Debug, Args)]
struct Names {
    kind: Kind,
    #[command(flatten)]
    common: Common,
}

/// What is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Contexts of the kubeconfig.
    Context,
    /// What `--cluster` can choose from.
    Cluster,
    /// Addresses of the docker command's contexts.
    Host,
    Theme,
    Rule,
    /// What can be acted on.
    Target,
}

/// So long is somebody kept waiting who pressed tab.
const WITHIN: Duration = Duration::from_secs(2);

/// Prints them.
///
/// # Errors
/// Standard output cannot be written.
pub fn run(asked: &Asked) -> Result<(), Failure> {
    let Command::Names(Names { kind, common }) = &asked.command;
    let mut names = names(*kind, common);
    // What would drive the terminal, or be two lines, is not offered.
    names.retain(|name| !name.is_empty() && sanitise(name) == name.as_str());
    names.sort_unstable();
    names.dedup();
    print(&names.iter().map(|name| format!("{name}\n")).collect::<String>())
}

fn names(kind: Kind, common: &Common) -> Vec<String> {
    match kind {
        Kind::Context => found::known_contexts(common),
        Kind::Cluster => {
            let loaded = config::load(common.config.as_deref(), &words(common.config.as_deref()));
            let config = loaded.map_or_else(|_| Config::default(), |loaded| loaded.config);
            found::find(common, &config).watched.iter().map(|it| it.name().to_string()).collect()
        }
        Kind::Host => found::known_engines(common),
        Kind::Theme => theme_names(common.config.as_deref()),
        Kind::Rule => rules().iter().map(|rule| rule.id.to_owned()).collect(),
        Kind::Target => targets(common).unwrap_or_default(),
    }
}

/// Workloads and nodes, in their shortest form that says which cluster; of what shares a name the full form.
fn targets(common: &Common) -> Option<Vec<String>> {
    let session = Session::open(common.clone()).ok()?;
    let runtime = runtime().ok()?;
    let found = runtime.block_on(async {
        let mut engine = Engine::start(&session, "").ok()?;
        engine.settle(WITHIN).await.ok()?;
        let view = engine.view();
        let short = |key: &Ref| format!("{}/{}", key.cluster, key.local());
        let wanted = |key: &&Ref| matches!(key.kind.role(), Role::Workload | Role::Node);
        let names = all(&view).filter(wanted).map(|key| match resolve(&short(key), &view) {
            Ok(found) if found == *key => short(key),
            _ => key.to_string(),
        });
        Some(names.collect())
    });
    runtime.shutdown_background();
    found
}

//! What one run of the program goes by: the command line, the configuration, the environment.

use std::path::{Path, PathBuf};

use crate::action::Guard;
use crate::app::TABLE;
use crate::backend::replay::Recorder;
use crate::config::{self, Config, Loaded, Words};
use crate::diagnose::rules;
use crate::domain::{BackendKind, ClusterId};
use crate::ui::{Pane, panes};

use super::End;
use super::args::{COLORS, Common};
use super::failure::Failure;
use super::headless::Tap;
use super::{log, look, screen, watch};

/// The command line, the configuration and the environment, checked.
pub struct Session {
    /// The command line.
    pub common: Common,
    /// The configuration.
    pub config: Config,
}

impl Session {
    /// Checks the command line, reads the configuration, starts to log.
    ///
    /// # Errors
    /// Options that exclude each other; a configuration that cannot be read; a log that cannot be written.
    pub fn open(common: Common) -> Result<Self, End> {
        check(&common)?;
        let Loaded { config, file } = config::load(common.config.as_deref(), &words(common.config.as_deref()))?;
        let session = Self { common, config };
        if let Some(log_file) = session.log_file() {
            log::start(&log_file, env(log::FILTER).as_deref())?;
            tracing::info!(version = env!("CARGO_PKG_VERSION"), config = ?file, "cockpit starts");
        }
        Ok(session)
    }

    /// Where is logged.
    pub fn log_file(&self) -> Option<PathBuf> {
        self.common.log_file.clone().or_else(|| self.config.log_file.clone())
    }

    /// What may be done, and how carefully.
    pub fn guard(&self) -> Guard {
        self.config.guard(self.common.read_only)
    }

    /// What is to be watched now; a recording is not.
    ///
    /// # Errors
    /// There is nothing, or it cannot be used.
    pub fn live(&self) -> Result<watch::Live, Failure> {
        match &self.common.demo {
            Some(name) => watch::simulated(name, &self.common, &self.config),
            None => watch::found(&self.common, &self.config),
        }
    }

    /// What writes down everything that is learnt of these clusters, where that is asked for.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub fn recorder(&self, clusters: &[(ClusterId, BackendKind)]) -> Result<Option<Tap>, Failure> {
        let Some(file) = &self.common.record else { return Ok(None) };
        let recorder = Recorder::create(file, clusters);
        let mut recorder = recorder.map_err(|why| Failure::new("nothing can be recorded").why(why))?;
        Ok(Some(Box::new(move |batch| recorder.record(batch))))
    }
}

/// A variable of the environment; one that is empty counts as not set.
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Words that a configuration may use; a person's own themes are beside it.
pub fn words(config: Option<&Path>) -> Words {
    Words {
        rules: rules().iter().map(|rule| rule.id).collect(),
        themes: look::theme_names(config),
        colors: COLORS.to_vec(),
        keys: Some(screen::key_problems),
        commands: TABLE.iter().map(|command| command.id).collect(),
        lists: Pane::lists().map(|pane| (pane.name(), panes::column_names(pane))).collect(),
    }
}

fn check(common: &Common) -> Result<(), Failure> {
    let given = [
        ("--demo", common.demo.is_some()),
        ("--replay", common.replay.is_some()),
        ("--host", common.host.is_some()),
        ("--context", !common.context.is_empty()),
        ("--kubeconfig", common.kubeconfig.is_some()),
    ];
    let given: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    // An engine and a context are watched beside each other; a demo or a recording is watched alone.
    if given.len() > 1 && given.iter().any(|name| matches!(*name, "--demo" | "--replay")) {
        return Err(Failure::usage(format!("{} exclude each other", given.join(" and "))).mend("give one of them"));
    }
    if common.speed.is_some() && common.replay.is_none() {
        return Err(Failure::usage("--speed is for --replay").mend("the demo has --demo-speed"));
    }
    if common.record.is_some() && common.replay.is_some() {
        return Err(Failure::usage("--record has nothing to record of a --replay").mend("copy the file instead"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_settings_are_words_that_there_are() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
        let source = std::fs::read_to_string(&file).expect("config.example.toml");
        let taken = source.lines().map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => rest,
            _ => line,
        });
        let config = config::parse(&taken.collect::<Vec<_>>().join("\n"), &file, &words(None)).expect("valid");
        let keys: Vec<_> = config.keys.iter().map(|key| (key.command.clone(), key.keys.clone())).collect();
        assert!(!keys.is_empty() && crate::app::Keymap::new(&keys).is_ok());
        assert_eq!(&*config.theme, look::AUTO);
        assert!(!config.lists.is_empty());
    }

    #[test]
    fn options_that_exclude_each_other_are_refused() {
        let common = |demo: Option<&str>, host: Option<&str>, speed| Common {
            demo: demo.map(str::to_owned),
            host: host.map(str::to_owned),
            speed,
            ..Common::default()
        };
        assert!(check(&common(Some(""), None, None)).is_ok());
        assert!(check(&common(Some(""), Some("unix:///x"), None)).is_err());
        assert!(check(&common(None, None, Some(2.0))).is_err());
        let context = vec!["prod".to_owned()];
        assert!(check(&Common { context: context.clone(), ..common(Some(""), None, None) }).is_err());
        assert!(check(&Common { context, ..common(None, Some("unix:///x"), None) }).is_ok());
    }
}

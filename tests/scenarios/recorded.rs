//! Recordings of a real cluster, held to what the real suite expects of that cluster (`tests/scenes`). `tests/real/record`
//! makes them anew, and lets `COCKPIT_RECORDINGS` name where they are until they are found to be good.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

use cockpit::backend::replay::Reader;
use cockpit::domain::{Batch, Fact, TroubleKind};

use crate::scenes::report::Report;
use crate::scenes::{self, SETTINGS};

/// A recording, and what triage says at its end.
struct Recording {
    file: PathBuf,
    batches: Vec<Batch>,
    report: Report,
}

impl Recording {
    fn of(name: &str) -> Self {
        let dir = std::env::var_os("COCKPIT_RECORDINGS")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios/recordings"), PathBuf::from);
        let file = dir.join(name).with_extension("jsonl");
        let mut reader = Reader::open(&file).unwrap_or_else(|error| panic!("{error}"));
        let next = || reader.next_batch().unwrap_or_else(|error| panic!("{error}"));
        let batches: Vec<Batch> = std::iter::from_fn(next).collect();
        // Else what is expected to be quiet would be, for what is not known.
        assert_eq!((reader.skipped, reader.cut_off), (0, false), "{name}: facts are lost; see tests/real/record");
        let report = triage(&file);
        Self { file, batches, report }
    }

    /// What triage said when only so many batches had come.
    fn after(&self, batches: usize) -> Report {
        let text = std::fs::read_to_string(&self.file).expect("it was read before");
        // Under one line of header.
        let part: Vec<&str> = text.lines().take(1 + batches).collect();
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("part.jsonl");
        std::fs::write(&file, part.join("\n") + "\n").expect("a part of it");
        triage(&file)
    }

    /// The places of the batches with a fact that is so.
    fn places(&self, so: impl Fn(&Fact) -> bool) -> Vec<usize> {
        (0..self.batches.len()).filter(|at| self.batches[*at].facts.iter().any(&so)).collect()
    }

    /// Something of a scene is there: what is not could not be anything but quiet.
    #[track_caller]
    fn holds(&self, scene: &str) {
        let namespace = scenes::namespace(scene);
        let there = self.places(|fact| match fact {
            Fact::Put(_, object) => object.key().namespace.as_deref() == Some(&*namespace),
            _ => false,
        });
        assert!(!there.is_empty(), "nothing of {namespace} was recorded");
    }

    #[track_caller]
    fn is(&self, check: impl Fn(&Report) -> Result<(), String>) {
        is(&self.report, check);
    }
}

#[track_caller]
fn is(report: &Report, check: impl Fn(&Report) -> Result<(), String>) {
    check(report).unwrap_or_else(|wrong| panic!("{wrong}"));
}

/// `cockpit triage --json` of a recording.
fn triage(file: &Path) -> Report {
    let home = tempfile::tempdir().expect("a home");
    let settings = home.path().join("config.toml");
    std::fs::write(&settings, SETTINGS).expect("its settings");
    let began = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cockpit"));
    command.args(["triage", "--json", "--config"]).arg(&settings).arg("--replay").arg(file);
    command.env_clear().env("HOME", home.path()).env("LANG", "C.UTF-8").env("TERM", "xterm");
    let output = command.output().expect("the program runs");
    Report::of(&output, began.elapsed()).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The cluster on which all scenes play side by side.
fn all_scenes() -> &'static Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING.get_or_init(|| Recording::of("all-scenes"))
}

mod wrong {
    use super::all_scenes;
    use crate::scenes::wrong::{self, each_wrong};

    macro_rules! look_for_each {
        ($($name:ident: $scene:literal $(then $after:ident)?,)*) => {$(
            #[test]
            fn $name() {
                all_scenes().holds($scene);
                all_scenes().is(wrong::$name);
                $(all_scenes().is(wrong::$after);)?
            }
        )*};
    }
    each_wrong!(look_for_each);
}

mod quiet {
    use super::all_scenes;
    use crate::scenes::quiet::{self, each_quiet};

    macro_rules! look_at_each {
        ($($name:ident: [$($scene:literal),*],)*) => {$(
            #[test]
            fn $name() {
                $(all_scenes().holds($scene);)*
                assert!(all_scenes().report.is_complete(), "{}", all_scenes().report);
                all_scenes().is(quiet::$name);
            }
        )*};
    }
    each_quiet!(look_at_each);
}

mod people {
    use super::Recording;
    use crate::scenes::people::{self, is_forbidden};
    use crate::scenes::trouble::nothing_can_be_read;

    #[test]
    fn one_who_may_read_one_namespace() {
        let recording = Recording::of("reader-one-namespace");
        recording.holds("shop");
        recording.is(people::one_who_may_read_one_namespace);
        recording.is(people::nothing_is_said_of_elsewhere);
    }

    #[test]
    fn one_without_events() {
        Recording::of("no-events").is(people::one_without_events);
    }

    #[test]
    fn one_who_may_do_nothing() {
        let recording = Recording::of("nobody");
        recording.is(|report| is_forbidden(report, "pod"));
        recording.is(nothing_can_be_read);
        assert!(!recording.report.is_complete(), "{}", recording.report);
    }
}

mod trouble {
    use super::{Fact, Recording, TroubleKind, is};
    use crate::scenes::report::Report;
    use crate::scenes::trouble::{self, an_api_server_that_is_there, is_unreachable, what_is_pending};

    #[test]
    fn a_node_that_stops_reporting() {
        let recording = Recording::of("node-silent");
        recording.holds("node-silent");
        recording.is(trouble::a_node_that_stops_reporting);
    }

    /// It was listed, and all was well; then the node fell silent.
    #[test]
    fn before_it_stops_nothing_is_wrong() {
        let recording = Recording::of("node-silent");
        let listed = recording.places(|fact| matches!(fact, Fact::Listed(_)));
        let report = recording.after(listed.last().expect("what was listed") + 1);
        assert!(report.is_complete(), "{report}");
        assert_eq!(report.loud().count(), 0, "{report}");
    }

    /// It is watched all the time: before it is killed, while it is gone, and once it is back.
    #[test]
    fn an_api_server_that_is_gone_for_twenty_seconds() {
        let recording = Recording::of("api-server-gone");
        let lost = recording
            .places(|fact| matches!(fact, Fact::Trouble(_, trouble) if trouble.kind == TroubleKind::Unreachable));
        let (Some(first), Some(last)) = (lost.first(), lost.last()) else { panic!("it was never gone") };
        is(&recording.after(*first), an_api_server_that_is_there);
        is(&recording.after(last + 1), gone);
        is(&recording.report, an_api_server_that_is_there);
    }

    /// That is said, and what was known stays.
    fn gone(report: &Report) -> Result<(), String> {
        is_unreachable(report)?;
        if report.code != Some(1) || report.is_complete() {
            return Err(format!("what is not live is not complete, and ends with 1\n{report}"));
        }
        what_is_pending(report)
    }
}

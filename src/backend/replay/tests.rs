use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use futures::StreamExt;
use tokio::sync::watch;

use super::*;
use crate::domain::{
    Batch, Demand, Fact, Feed, Instance, Kind, Metric, Object, Occurrence, OccurrenceKind, Phase, Ref, Rights, Sample,
    Source,
};

fn cluster() -> ClusterId {
    ClusterId::new("prod")
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + ms).expect("in range")
}

fn batches() -> Vec<Batch> {
    let pod = Ref::new(&cluster(), Kind::Pod, Some("shop".into()), "web\u{1b}[31m");
    let put = Fact::Put(
        Source::of("pods"),
        Object::Instance(Box::new(Instance::new(pod.clone(), "uid", None, Phase::Running))),
    );
    let kill = Occurrence::once("kill-1", OccurrenceKind::OomKill, pod.clone(), at(123));
    let sample = Sample { subject: pod, container: None, metric: Metric::MemoryBytes, at: at(7), value: 0.1 + 0.2 };
    vec![
        Batch { cluster: cluster(), at: at(0), facts: vec![Fact::Listing(Source::of("pods"), Some(1)), put] },
        Batch { cluster: cluster(), at: at(1), facts: vec![Fact::Allowed(Rights::default())] },
        Batch {
            cluster: cluster(),
            at: at(30_000),
            facts: vec![Fact::Occurred(Box::new(kill)), Fact::Measured(sample)],
        },
    ]
}

fn recorded(dir: &tempfile::TempDir) -> PathBuf {
    let path = dir.path().join("r.jsonl");
    let mut recorder = Recorder::create(&path, &[(cluster(), BackendKind::Kubernetes)]).expect("a new file");
    batches().iter().for_each(|batch| recorder.record(batch).expect("written"));
    path
}

/// What a recording holds, or why it cannot be read.
fn read_all(path: &std::path::Path) -> Result<(Reader, Vec<Batch>), Text> {
    let mut reader = Reader::open(path)?;
    let mut batches = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        batches.push(batch);
    }
    Ok((reader, batches))
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn what_is_read_is_what_was_written() {
    let dir = dir();
    let (reader, said) = read_all(&recorded(&dir)).expect("a recording");
    assert_eq!(said, batches());
    assert_eq!((reader.skipped, reader.cut_off), (0, false));
    assert_eq!(reader.header.clusters[0].kind(), BackendKind::Kubernetes);
}

#[test]
fn only_its_owner_can_read_it_and_none_is_overwritten() {
    let dir = dir();
    let path = recorded(&dir);
    let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let error = Recorder::create(&path, &[]).expect_err("it is there");
    assert!(error.contains("choose another name"), "{error}");
    assert_eq!(read_all(&path).expect("as it was").1.len(), 3);
}

#[test]
fn unknown_fields_are_ignored_and_unknown_facts_counted() {
    let dir = dir();
    let path = recorded(&dir);
    let text = std::fs::read_to_string(&path).expect("text");
    let text = text.replace(r#""version":1"#, r#""version":1,"mood":"calm""#);
    let text = text.replace(r#"{"occurred":"#, r#"{"dreamt":"#);
    std::fs::write(&path, text).expect("written");
    let (reader, said) = read_all(&path).expect("still a recording");
    assert_eq!(reader.skipped, 1);
    assert_eq!(said[2].facts.len(), 1);
}

#[test]
fn a_newer_version_is_refused_with_what_to_do() {
    let dir = dir();
    let path = recorded(&dir);
    let text = std::fs::read_to_string(&path).expect("text").replace(r#""version":1"#, r#""version":2"#);
    std::fs::write(&path, text).expect("written");
    let error = read_all(&path).expect_err("too new");
    assert!(error.contains("version 2") && error.contains("update"), "{error}");
}

#[test]
fn a_last_line_that_was_cut_off_costs_only_itself() {
    let dir = dir();
    let path = recorded(&dir);
    let text = std::fs::read_to_string(&path).expect("text");
    std::fs::write(&path, &text[..text.len() - 20]).expect("written");
    let (reader, said) = read_all(&path).expect("what came before is whole");
    assert_eq!((said.len(), reader.cut_off), (2, true));
}

#[test]
fn a_broken_line_is_named_and_other_files_are_no_recordings() {
    let dir = dir();
    let path = recorded(&dir);
    let text = std::fs::read_to_string(&path).expect("text").replacen(r#"{"cluster":"prod""#, r#"{"cluster":"#, 1);
    std::fs::write(&path, text).expect("written");
    assert!(read_all(&path).expect_err("broken").contains("line 2"));
    std::fs::write(&path, "hello\n").expect("written");
    assert!(read_all(&path).expect_err("text").contains("no recording"));
    std::fs::write(&path, "").expect("written");
    assert!(read_all(&path).expect_err("empty").contains("empty"));
    assert!(read_all(&dir.path().join("none")).expect_err("none").contains("cannot be read"));
}

async fn play(speed: Option<f64>) -> (Vec<Batch>, std::time::Duration) {
    let dir = dir();
    let recording = open(&recorded(&dir), speed).expect("a recording");
    let (_sender, demand) = watch::channel(Demand::default());
    let start = tokio::time::Instant::now();
    let said = Arc::clone(&recording.targets[0].1).run(demand).collect().await;
    (said, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_recording_is_played_at_its_pace_and_can_change_nothing() {
    let (said, took) = play(Some(10.0)).await;
    assert_eq!(took.as_secs(), 3, "30 s at ten times the speed");
    let rights: Vec<&Rights> = said
        .iter()
        .flat_map(|batch| &batch.facts)
        .filter_map(|fact| match fact {
            Fact::Allowed(rights) => Some(rights),
            _ => None,
        })
        .collect();
    assert_eq!(rights.len(), 1);
    assert_eq!(rights[0].read_only.as_deref(), Some(READ_ONLY_WORDS));
}

const READ_ONLY_WORDS: &str = "this is a recording";

#[tokio::test(start_paused = true)]
async fn without_a_speed_it_is_played_all_at_once() {
    let (said, took) = play(None).await;
    assert_eq!((said.len(), took.as_secs()), (4, 0));
    assert_eq!(said[3], batches()[2]);
}

//! Compose projects: what would come of each intent, and how the compose command line is run. In its place there is a
//! script that writes down how it was called.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cockpit::backend::docker::{Endpoint, Surroundings, Target};
use cockpit::domain::{ClusterId, Draft, Intent, LineKind, Setting, StepAction, StepError};
use serde_json::{Value, json};

use crate::engine::{Engine, json as recorded};
use crate::watcher::{Watcher, key_of, pace};

/// An engine with a project whose files are in a directory of this machine, or nowhere.
fn project(dir: Option<&Path>) -> Engine {
    let engine = Engine::empty("1.52");
    let mut listed = Vec::new();
    for file in ["shop-web-1", "shop-web-2"] {
        let mut it = recorded("1.52", &format!("inspect/{file}.json"));
        let labels = &mut it["Config"]["Labels"];
        let place = dir.map_or("/nowhere/shop".to_owned(), |dir| dir.display().to_string());
        labels["com.docker.compose.project.config_files"] = json!(format!("{place}/compose.yaml"));
        labels["com.docker.compose.project.working_dir"] = json!(place);
        let labels = labels.clone();
        listed.push(json!({ "Id": it["Id"], "Names": [it["Name"]], "Labels": labels, "Created": 0 }));
        put(&engine, &it);
    }
    engine.answer("/containers/json", Value::Array(listed));
    engine
}

fn put(engine: &Engine, it: &Value) {
    let (id, name) = (it["Id"].as_str().expect("an id"), it["Name"].as_str().expect("a name"));
    engine.answer(&format!("/containers/{id}/json"), it.clone());
    engine.answer(&format!("/containers/{}/json", name.trim_start_matches('/')), it.clone());
}

/// A directory with a project, and a `docker-compose` that writes down how it was called and then does `more`.
fn machine(more: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("compose.yaml"), "services:\n  web:\n    image: busybox:test\n").expect("a file");
    let program = dir.path().join("docker-compose");
    let script = format!(
        "#!/bin/sh\necho \"$PWD|$DOCKER_HOST|$TAG|$*\" >>\"$HOME/called\"\n[ -t 0 ] && echo 'a terminal' \
         >>\"$HOME/called\"\ncase \"$*\" in version) exit 0 ;; *'config --hash web') echo 'web cafe'; exit 0 ;; *config) cat \
         compose.yaml; exit 0 ;; esac\n{more}\n"
    );
    std::fs::write(&program, script).expect("a script");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("executable");
    dir
}

fn hand(engine: &mut Engine, machine: Option<&Path>) -> Watcher {
    engine.start();
    let mut env = BTreeMap::from([
        ("TAG".to_owned(), "1.4".to_owned()),
        ("DOCKER_HOST".to_owned(), "tcp://another:2375".to_owned()),
    ]);
    if let Some(dir) = machine {
        env.insert("PATH".to_owned(), format!(":.:{}:/usr/bin:/bin", dir.display()));
        env.insert("HOME".to_owned(), dir.display().to_string());
    }
    let target = Target {
        name: ClusterId::new("local"),
        endpoint: Endpoint::Unix(engine.socket()),
        how: "a test".into(),
        read_only: false,
        surroundings: Surroundings(env),
    };
    Watcher::to(target, pace())
}

async fn drafted(watcher: &Watcher, intent: Intent) -> Draft {
    watcher.backend().prepare(intent).await.unwrap_or_else(|refusal| panic!("{refusal}; {}", refusal.mend))
}

fn web() -> cockpit::domain::Ref {
    key_of("shop/ComposeService/web")
}

#[tokio::test]
async fn containers_of_a_service_are_restarted_one_after_the_other_and_stopped_together() {
    let mut engine = project(None);
    let watcher = hand(&mut engine, None);
    let restart = drafted(&watcher, Intent::Restart(web())).await;
    let order: Vec<(String, u32)> =
        restart.steps.iter().map(|step| (step.action.target().local(), step.group)).collect();
    assert_eq!(order, [("shop/shop-web-1".to_owned(), 0), ("shop/shop-web-2".to_owned(), 1)]);
    assert_eq!(restart.equivalent.as_deref(), Some("docker compose -p shop restart web"));
    let stop = drafted(&watcher, Intent::Stop(web())).await;
    assert!(stop.steps.iter().all(|step| step.group == 0 && matches!(step.action, StepAction::Stop(_))));
    assert_eq!(stop.inverse, Some(Intent::Start(web())));
    assert!(drafted(&watcher, Intent::Start(web())).await.steps.is_empty(), "all of it runs");
    for intent in [Intent::Undo(web(), None), Intent::Pause(web()), Intent::Promote(web())] {
        assert!(!watcher.backend().prepare(intent).await.expect_err("refused").mend.is_empty());
    }
    assert!(engine.script().sent.is_empty());
}

#[tokio::test]
async fn what_would_come_of_every_intent_on_a_compose_service() {
    let machine = machine("exit 0");
    let mut engine = project(Some(machine.path()));
    let watcher = hand(&mut engine, Some(machine.path()));
    let words = crate::acting::every_cell(&watcher, &["shop/ComposeService/web"]).await;
    assert!(engine.script().sent.is_empty(), "a draft changes nothing");
    insta::assert_snapshot!("compose", words.replace(&machine.path().display().to_string(), "/srv/shop"));
}

#[tokio::test]
async fn without_the_projects_files_or_the_command_it_is_said_what_to_type() {
    let mut engine = project(None);
    let watcher = hand(&mut engine, None);
    let refusal = watcher.backend().prepare(Intent::Scale(web(), 5)).await.expect_err("refused");
    assert!(refusal.why.contains("/nowhere/shop, is not on this machine"), "{refusal}");
    let typed = "`docker compose -p shop up -d --no-deps --no-recreate --scale web=5 web`";
    assert!(refusal.mend.contains(typed), "{}", refusal.mend);
    let here = tempfile::tempdir().expect("a directory");
    let mut engine = project(Some(here.path()));
    let watcher = hand(&mut engine, Some(here.path()));
    let refusal = watcher.backend().prepare(Intent::Scale(web(), 5)).await.expect_err("refused");
    assert!(refusal.why.contains("compose.yaml of its project cannot be read"), "{refusal}");
    std::fs::write(here.path().join("compose.yaml"), "").expect("a file");
    let mut engine = project(Some(here.path()));
    let watcher = hand(&mut engine, None);
    let refusal = watcher.backend().prepare(Intent::Recreate(web())).await.expect_err("refused");
    assert!(refusal.why.contains("no compose command on this machine's PATH"), "{refusal}");
}

#[tokio::test]
async fn the_compose_command_is_run_where_the_project_is_against_the_watched_engine() {
    let machine = machine("exit 0");
    let dir = machine.path();
    let mut engine = project(Some(dir));
    let watcher = hand(&mut engine, Some(dir));
    let scale = drafted(&watcher, Intent::Scale(web(), 5)).await;
    assert_eq!(scale.inverse, Some(Intent::Scale(web(), 2)));
    assert!(scale.equivalent.as_deref().is_some_and(|it| it.starts_with("docker-compose -p shop --project-directory")));
    let changed = scale.notes.iter().any(|it| it.kind == LineKind::Hurts && it.text.contains("files have changed"));
    assert!(changed, "its hash is another: {:#?}", scale.notes);
    let called = || std::fs::read_to_string(dir.join("called")).expect("it was called");
    assert!(!called().contains("up -d"), "a draft only looks");
    watcher.backend().execute(scale.steps[0].clone()).await.expect("yes");
    let (at, socket) = (dir.display(), engine.socket());
    let line = format!(
        "{at}|unix://{}|1.4|-p shop --project-directory {at} -f {at}/compose.yaml up -d --no-deps --no-recreate --scale \
         web=5 web",
        socket.display()
    );
    assert_eq!(called().lines().last(), Some(line.as_str()));
    assert!(!called().contains("a terminal"));
    let anew = drafted(&watcher, Intent::Recreate(web())).await;
    watcher.backend().execute(anew.steps[0].clone()).await.expect("yes");
    let calls = called();
    let last: Vec<&str> = calls.lines().rev().take(2).collect();
    assert!(last[1].ends_with("pull web") && last[0].ends_with("up -d --no-deps --force-recreate --scale web=2 web"));
}

#[tokio::test]
async fn what_the_compose_command_says_is_what_is_told() {
    let machine = machine("printf 'first\\n\\033[31mno such image: web:9\\033[0m\\n' >&2; exit 17");
    let mut engine = project(Some(machine.path()));
    let watcher = hand(&mut engine, Some(machine.path()));
    let anew = drafted(&watcher, Intent::Recreate(web())).await;
    let answer = watcher.backend().execute(anew.steps[0].clone()).await;
    let Err(StepError::Failed(why)) = answer else { panic!("{answer:?}") };
    assert!(why.contains("nothing was changed: first") && why.contains("no such image: web:9"), "{why}");
    assert!(!why.contains('\u{1b}'));
}

#[tokio::test]
async fn a_service_whose_containers_are_others_by_now_is_not_touched() {
    let machine = machine("exit 0");
    let mut engine = project(Some(machine.path()));
    let watcher = hand(&mut engine, Some(machine.path()));
    let scale = drafted(&watcher, Intent::Scale(web(), 5)).await;
    let mut listed: Value = serde_json::from_slice(&engine.script().answers["/containers/json"].1).expect("json");
    listed.as_array_mut().expect("a list").pop();
    engine.answer("/containers/json", listed);
    assert!(matches!(watcher.backend().execute(scale.steps[0].clone()).await, Err(StepError::Moved(_))));
    engine.answer("/containers/json", json!([]));
    assert_eq!(watcher.backend().execute(scale.steps[0].clone()).await, Err(StepError::Gone));
    let called = std::fs::read_to_string(machine.path().join("called")).expect("it was called");
    assert!(!called.contains("up -d"));
}

#[tokio::test]
async fn what_a_service_is_made_of_is_changed_in_its_file() {
    let machine = machine("exit 0");
    let mut engine = project(Some(machine.path()));
    let watcher = hand(&mut engine, Some(machine.path()));
    let mend = async |setting: Setting| {
        watcher.backend().prepare(Intent::Set(web(), setting)).await.expect_err("refused").mend.to_string()
    };
    let file = machine.path().join("compose.yaml").display().to_string();
    let image = mend(Setting::Image(None, "web:2".into())).await;
    assert_eq!(image, format!("change line 3 of {file}, then recreate it"));
    let memory = mend(Setting::Memory(None, Some(1 << 30))).await;
    assert_eq!(memory, format!("add `mem_limit` to the service at line 2 of {file}, then recreate it"));
}

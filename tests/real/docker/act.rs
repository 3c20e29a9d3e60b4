//! What is done to containers and Compose projects, and what is refused. Each is followed by what the feed says until the
//! world shows it done.

use std::path::{Path, PathBuf};

use cockpit::domain::{Grade, Intent, LineKind, Setting, StepAction, StepError};
use serde_json::json;

use super::on_both;
use crate::cockpit::Cockpit;
use crate::hand::{Hand, key_of, says};
use crate::screen::Screen;
use crate::servers::{Api, Engine, scene_body};
use crate::wait::{PATIENCE, until};

on_both!(
    a_container_is_restarted_stopped_started_and_killed,
    a_container_that_goes_with_its_end,
    limits_of_a_container,
    what_changed_meanwhile_is_not_hit,
    a_project_is_restarted_one_after_the_other,
    a_project_is_scaled_by_the_real_command,
    a_service_is_made_anew_from_a_changed_file,
    what_nobody_uses_is_removed,
    nothing_is_done_where_only_reading_is_allowed,
    a_container_is_restarted_by_keys,
    the_command_line_does_the_same,
);

fn a_container_is_restarted_stopped_started_and_killed(api: Api) {
    let engine = Engine::start(api);
    engine.run("healthy", "api");
    engine.until("api", "healthy", |seen| seen["State"]["Health"]["Status"] == "healthy");
    let mut hand = Hand::on(&engine);
    let key = key_of("-/Container/api");
    let started = engine.ask("GET", "/containers/api/json", None)["State"]["StartedAt"].clone();
    hand.does(&Intent::Restart(key.clone()));
    let seen = engine.ask("GET", "/containers/api/json", None);
    assert_ne!(seen["State"]["StartedAt"], started);
    assert_eq!(seen["State"]["Health"]["Status"], "healthy", "done means that its checks pass");
    let run = hand.does(&Intent::Stop(key.clone()));
    assert_eq!(run.plan.inverse, Some(Intent::Start(key.clone())));
    assert_eq!(engine.ask("GET", "/containers/api/json", None)["State"]["Status"], "exited");
    hand.does(&run.plan.inverse.expect("a way back"));
    hand.does(&Intent::Kill(key.clone()));
    assert_eq!(engine.ask("GET", "/containers/api/json", None)["State"]["ExitCode"], 137);
    hand.refuses(&Intent::Undo(key.clone(), None), "keeps no former definition");
    hand.refuses(&Intent::Scale(key, 2), "one container by itself");
}

fn a_container_that_goes_with_its_end(api: Api) {
    let engine = Engine::start(api);
    let mut body = scene_body("containers", "healthy");
    body["HostConfig"]["AutoRemove"] = json!(true);
    engine.run_body(&body, "once");
    let mut hand = Hand::on(&engine);
    let intent = Intent::Stop(key_of("-/Container/once"));
    let draft = hand.prepare(&intent).expect("a draft");
    assert_eq!((draft.grade, draft.inverse.clone()), (Some(Grade::Destructive), None));
    assert!(says(&draft, LineKind::Hurts, "--rm"), "{:#?}", draft.notes);
    let restart = hand.prepare(&Intent::Restart(key_of("-/Container/once"))).expect("a draft");
    assert!(says(&restart, LineKind::Hurts, "while they restart it") && restart.grade == Some(Grade::Destructive));
    hand.does(&intent);
    until(PATIENCE, "it to be gone", || match engine.ask("GET", "/containers/json?all=1", None) {
        all if all == json!([]) => Ok(()),
        all => Err(all.to_string()),
    });
    assert!(hand.prepare(&intent).is_err_and(|refusal| refusal.why.contains("not there any more")));
}

fn limits_of_a_container(api: Api) {
    let engine = Engine::start(api);
    let mut body = scene_body("containers", "healthy");
    body["HostConfig"]["Memory"] = json!(64 << 20);
    engine.run_body(&body, "api");
    let mut hand = Hand::on(&engine);
    let memory = |bytes: u64| Intent::Set(key_of("-/Container/api"), Setting::Memory(None, Some(bytes)));
    let run = hand.does(&memory(96 << 20));
    let seen = engine.ask("GET", "/containers/api/json", None);
    assert_eq!(seen["HostConfig"]["Memory"], 96 << 20, "though a limit of swap was in the way");
    hand.until("the new limit in the feed", |view| {
        let it = view.instance(&key_of("-/ContainerInstance/api")).expect("it is there");
        it.containers[0].memory_limit_bytes == Some(96 << 20)
    });
    hand.does(&run.plan.inverse.expect("a way back"));
    assert_eq!(engine.ask("GET", "/containers/api/json", None)["HostConfig"]["Memory"], 64 << 20);
    hand.does(&Intent::Set(key_of("-/Container/api"), Setting::Cpu(None, Some(500))));
    assert_eq!(engine.ask("GET", "/containers/api/json", None)["HostConfig"]["NanoCpus"], 500_000_000);
    hand.refuses(&Intent::Set(key_of("-/Container/api"), Setting::Memory(None, None)), "cannot take a limit");
}

fn what_changed_meanwhile_is_not_hit(api: Api) {
    let engine = Engine::start(api);
    engine.run("healthy", "api");
    engine.run("crash-loop", "loop");
    let hand = Hand::on(&engine);
    let draft = hand.prepare(&Intent::Stop(key_of("-/Container/api"))).expect("a draft");
    engine.ask("DELETE", "/containers/api?force=1", None);
    assert_eq!(hand.execute(&draft), Err(StepError::Gone));
    engine.run("healthy", "api");
    let moved = hand.execute(&draft);
    assert!(matches!(&moved, Err(StepError::Moved(why)) if why.contains("another container")), "{moved:?}");
    assert_eq!(engine.ask("GET", "/containers/api/json", None)["State"]["Status"], "running");
    // One whose status changes all the time is not refused for that.
    let draft = hand.prepare(&Intent::Stop(key_of("-/Container/loop"))).expect("a draft");
    engine.until_restarts("loop", 2);
    assert!(hand.execute(&draft).is_ok());
    engine.until_exited("loop");
    let limit = Intent::Set(key_of("-/Container/api"), Setting::Memory(None, Some(64 << 20)));
    let draft = hand.prepare(&limit).expect("a draft");
    engine.ask("POST", "/containers/api/update", Some(&json!({ "NanoCpus": 500_000_000 })));
    assert!(matches!(hand.execute(&draft), Err(StepError::Moved(_))));
}

/// A copy of the ordinary project, to be changed.
fn project(engine: &Engine) -> PathBuf {
    let dir = engine.dir().join("shop");
    std::fs::create_dir_all(&dir).expect("a directory");
    let file = crate::servers::here().join("scenes/compose/compose.yaml");
    // There is no registry: nothing is pulled.
    let text =
        std::fs::read_to_string(file).expect("a project").replace("  web:\n", "  web:\n    pull_policy: never\n");
    std::fs::write(dir.join("compose.yaml"), text).expect("a copy");
    engine.compose_at(&dir, &["up", "-d", "--scale", "web=2"]);
    dir
}

fn change(dir: &Path, from: &str, to: &str) {
    let file = dir.join("compose.yaml");
    let text = std::fs::read_to_string(&file).expect("the file");
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replace(from, to)).expect("written");
}

fn a_project_is_restarted_one_after_the_other(api: Api) {
    let engine = Engine::start(api);
    project(&engine);
    let mut hand = Hand::on(&engine);
    let key = key_of("shop/ComposeService/web");
    let plan = hand.plan(&Intent::Restart(key.clone()));
    let groups: Vec<u32> = plan.steps.iter().map(|step| step.group).collect();
    assert_eq!(groups, [0, 1]);
    hand.does(&Intent::Restart(key.clone()));
    let at = |name: &str| {
        let seen = engine.ask("GET", &format!("/containers/{name}/json"), None);
        assert_eq!(seen["State"]["Health"]["Status"], "healthy", "{name}");
        (seen["State"]["StartedAt"].as_str().unwrap_or_default().to_owned(), seen["State"].clone())
    };
    let (first, second) = (at("shop-web-1"), at("shop-web-2"));
    let passed = first.1["Health"]["Log"][0]["End"].as_str().unwrap_or_default().to_owned();
    assert!(passed < second.0, "the second began before the first served: {passed} {}", second.0);
    let run = hand.does(&Intent::Stop(key.clone()));
    assert_eq!(run.steps.len(), 2);
    hand.does(&run.plan.inverse.expect("a way back"));
    hand.refuses(&Intent::Undo(key.clone(), None), "former version of its compose file");
    let limit = Intent::Set(key_of("shop/ComposeService/db"), Setting::Memory(None, Some(1 << 30)));
    hand.refuses(&limit, "change line 11 of");
}

fn a_project_is_scaled_by_the_real_command(api: Api) {
    let engine = Engine::start(api);
    let dir = project(&engine);
    let mut hand = Hand::on(&engine);
    let key = key_of("shop/ComposeService/web");
    let intent = Intent::Scale(key.clone(), 4);
    let draft = hand.prepare(&intent).expect("a draft");
    let command = draft.equivalent.clone().expect("a command");
    assert!(command.contains("--no-deps --no-recreate --scale web=4 web"), "{command}");
    let run = hand.does(&intent);
    assert_eq!(engine.ask("GET", "/containers/json", None).as_array().map(Vec::len), Some(5));
    let stale = hand.execute(&draft);
    assert!(matches!(stale, Err(StepError::Moved(_))), "its containers are others by now: {stale:?}");
    hand.does(&run.plan.inverse.expect("a way back"));
    hand.refuses(&Intent::Scale(key_of("shop/ComposeService/nothing"), 3), "not there");
    std::fs::rename(&dir, engine.dir().join("elsewhere")).expect("moved");
    hand.refuses(&intent, "is not on this machine; type, where the project is");
    std::fs::rename(engine.dir().join("elsewhere"), &dir).expect("moved back");
}

fn a_service_is_made_anew_from_a_changed_file(api: Api) {
    let engine = Engine::start(api);
    engine.image("busybox", "next", &[]);
    let dir = project(&engine);
    let mut hand = Hand::on(&engine);
    let intent = Intent::Recreate(key_of("shop/ComposeService/web"));
    let same = hand.prepare(&intent).expect("a draft");
    assert!(says(&same, LineKind::Note, "has not changed"), "{:#?}", same.notes);
    change(
        &dir,
        "pull_policy: never\n    image: busybox:test",
        "pull_policy: never\n    environment: { TOKEN: \"s3cret\" }\n    image: busybox:next",
    );
    let draft = hand.prepare(&intent).expect("a draft");
    assert!(says(&draft, LineKind::Does, "image busybox:test becomes busybox:next"), "{:#?}", draft.notes);
    assert!(says(&draft, LineKind::Does, "env TOKEN added"), "{:#?}", draft.notes);
    assert!(!format!("{draft:?}").contains("s3cret"));
    hand.does(&intent);
    let all = engine.ask("GET", "/containers/json", None);
    let of_web = all.as_array().into_iter().flatten().filter(|it| it["Labels"]["com.docker.compose.service"] == "web");
    let images: Vec<&str> = of_web.filter_map(|it| it["Image"].as_str()).collect();
    assert_eq!(images, ["busybox:next", "busybox:next"], "its number stays what it was");
}

fn what_nobody_uses_is_removed(api: Api) {
    let engine = Engine::start(api);
    engine.run("healthy", "api");
    engine.run("exited-0", "done");
    engine.until_exited("done");
    engine.ask("POST", "/volumes/create", Some(&json!({ "Name": "kept" })));
    let mut hand = Hand::on(&engine);
    let key = hand.view().cluster_infos().next().expect("the engine").key.clone();
    let intent = Intent::Prune(key);
    let draft = hand.prepare(&intent).expect("a draft");
    let named =
        says(&draft, LineKind::Does, "1 stopped container") && says(&draft, LineKind::Does, "done (exited (0), within");
    assert!(named, "{draft:#?}");
    assert_eq!(hand.prepare(&intent), Ok(draft.clone()), "nothing moved, so it is the same preview");
    // One more that has ended since, and was there before: it was not shown, so nothing is removed.
    engine.act("api", "kill");
    engine.until_exited("api");
    assert!(matches!(hand.execute(&draft), Err(StepError::Moved(_))));
    let run = hand.does(&intent);
    assert_eq!(engine.ask("GET", "/containers/json?all=1", None), json!([]));
    assert_eq!(engine.ask("GET", "/volumes", None)["Volumes"].as_array().map(Vec::len), Some(1), "volumes stay");
    assert!(run.plan.grade == Grade::Destructive && run.plan.inverse.is_none());
}

fn nothing_is_done_where_only_reading_is_allowed(api: Api) {
    let engine = Engine::start(api);
    engine.run("healthy", "api");
    let free = Hand::on(&engine);
    let bound = Hand::read_only(&engine);
    let key = key_of("-/Container/api");
    let intents = [Intent::Restart(key.clone()), Intent::Stop(key.clone()), Intent::Kill(key.clone())];
    for intent in &intents {
        bound.refuses(intent, "read-only");
        let draft = free.prepare(intent).expect("a draft");
        assert!(matches!(bound.execute(&draft), Err(StepError::Denied(_))), "{intent:?}");
    }
    let seen = engine.ask("GET", "/containers/api/json", None);
    assert_eq!((&seen["State"]["Status"], &seen["RestartCount"]), (&json!("running"), &json!(0)));
    assert!(matches!(free.plan(&intents[0]).steps[0].action, StepAction::Restart(_)));
}

fn a_container_is_restarted_by_keys(api: Api) {
    let engine = Engine::start(api);
    engine.run("healthy", "api");
    engine.until("api", "healthy", |seen| seen["State"]["Health"]["Status"] == "healthy");
    let started = engine.ask("GET", "/containers/api/json", None)["State"]["StartedAt"].clone();
    let cockpit = Cockpit::on(&engine);
    let mut screen = Screen::open(&cockpit);
    screen.select_workload("api");
    screen.press("r");
    screen.until_shows(PATIENCE, &["restart api", "docker restart api", "y, then enter"]);
    screen.confirm();
    screen.until_shows(PATIENCE, &["─ done"]);
    assert_ne!(engine.ask("GET", "/containers/api/json", None)["State"]["StartedAt"], started);
}

fn the_command_line_does_the_same(api: Api) {
    let engine = Engine::start(api);
    project(&engine);
    engine.run("exited-3", "failed");
    engine.until_exited("failed");
    let cockpit = Cockpit::on(&engine);
    let does = |line: &str| {
        let output = cockpit.run(&line.split(' ').collect::<Vec<_>>());
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code(), said)
    };
    let (status, said) = does("restart shop/web --yes --wait=120s");
    assert!(status == Some(0) && said.contains("docker compose -p shop restart web"), "{status:?} {said}");
    let (status, said) = does("scale shop/web 3 --yes --wait=120s");
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(engine.ask("GET", "/containers/json", None).as_array().map(Vec::len), Some(4));
    let (status, said) = does("undo shop/web --yes");
    assert!(status == Some(3) && said.contains("keeps no former configuration"), "{status:?} {said}");
    let (status, said) = does("stop shop/web --yes --read-only");
    assert!(status != Some(0) && said.contains("read-only"), "{status:?} {said}");
    let (status, said) = does("prune local --confirm local --wait=60s");
    assert_eq!(status, Some(0), "{said}");
    let left = engine.ask("GET", "/containers/json?all=1", None);
    assert_eq!(left.as_array().map(Vec::len), Some(4), "what ended is removed, what runs is not: {left}");
}

//! What is done to a real region, by the keys of the screen and by the command line.

use serde_json::{Value, json};

use crate::agents::{Agent, Options};
use crate::cockpit::Cockpit;
use crate::command::{DONE, REFUSED, does, says};
use crate::screen::Screen;
use crate::wait::{PATIENCE, until};

/// The allocations of a job that run and are to.
#[track_caller]
pub(super) fn running(agent: &Agent, job: &str) -> Vec<Value> {
    let mut all = agent.allocations("default", job).unwrap_or_else(|error| panic!("{error}"));
    all.retain(|it| it["ClientStatus"] == "running" && it["DesiredStatus"] == "run");
    all
}

/// Waits until so many of a job run.
#[track_caller]
pub(super) fn until_running(agent: &Agent, job: &str, wanted: usize) -> Vec<Value> {
    until(PATIENCE, &format!("{wanted} of {job} to run"), || {
        let all = running(agent, job);
        if all.len() == wanted { Ok(all) } else { Err(format!("{} run", all.len())) }
    })
}

fn id(allocation: &Value) -> &str {
    allocation["ID"].as_str().expect("an id")
}

/// When the one task of an allocation began last.
fn began(allocation: &Value) -> String {
    let tasks = allocation["TaskStates"].as_object().expect("tasks");
    tasks.values().next().and_then(|task| task["StartedAt"].as_str()).unwrap_or_default().to_owned()
}

fn web(agent: &Agent) -> Value {
    agent.get("/v1/job/web")
}

fn memory(job: &Value) -> &Value {
    &job["TaskGroups"][0]["Tasks"][0]["Resources"]["MemoryMB"]
}

/// A region on which web serves.
#[track_caller]
fn with_web(name: &str) -> Agent {
    let agent = Agent::start(name, Options::default());
    agent.run_job("quiet-web");
    agent.until_deployed("web", "successful");
    agent
}

#[test]
fn a_group_is_restarted_scaled_set_and_rolled_back() {
    let agent = with_web("acting");
    let cockpit = Cockpit::region(&agent);
    let before = running(&agent, "web");
    let mut screen = Screen::open_at(&cockpit, "default/web");
    screen.until_shows(PATIENCE, &["live", "web"]);
    screen.press("r");
    screen.until_shows(PATIENCE, &["nomad job restart -group web web", "1 at a time"]);
    screen.confirm();
    let after = until(PATIENCE, "every task to have begun anew, where it was", || {
        let now = running(&agent, "web");
        let anew = |it: &&Value| now.iter().any(|other| id(other) == id(it) && began(other) > began(it));
        if before.iter().filter(anew).count() == 2 { Ok(now) } else { Err(format!("{now:#?}\n{}", screen.text())) }
    });
    assert_eq!(after.len(), 2);
    drop(screen);

    let said = does(&cockpit, &["scale", "default/web", "3", "--yes", "--wait=2m"]);
    assert!(said.contains("1 placed") && said.contains("scale default/web to 2"), "{said}");
    assert_eq!(web(&agent)["TaskGroups"][0]["Count"], 3);
    assert_eq!(running(&agent, "web").len(), 3);

    does(&cockpit, &["set", "default/web", "--memory", "48Mi", "--yes", "--wait=2m"]);
    assert_eq!(*memory(&web(&agent)), 48);
    let said = does(&cockpit, &["undo", "default/web", "--yes", "--wait=2m"]);
    assert!(said.contains("memory 48 MiB → 32 MiB") && said.contains("was stable"), "{said}");
    let back = web(&agent);
    assert_eq!((memory(&back), &back["TaskGroups"][0]["Count"]), (&json!(32), &json!(3)), "what was scaled stays so");

    // More than there is room for is said before it is asked for.
    let said = does(&cockpit, &["set", "default/web", "--memory", "900Gi", "--dry-run"]);
    assert!(said.contains("would find no place") && said.contains("memory exhausted on 1 of 1 nodes"), "{said}");
    assert_eq!(*memory(&web(&agent)), 32, "nothing was done");
    let history = does(&cockpit, &["history", "actions"]);
    for deed in ["restart", "scale", "set", "undo"] {
        assert!(history.contains(deed), "{deed}: {history}");
    }
}

#[test]
fn a_revert_in_the_middle_of_a_deployment_that_fails() {
    let agent = with_web("failing");
    agent.run_job_with("quiet-web", "", |job| {
        job["TaskGroups"][0]["Services"][0]["Checks"][0]["Path"] = json!("/nothing-is-there");
        job["TaskGroups"][0]["Tasks"][0]["Env"] = json!({ "RELEASE": "2" });
    });
    until(PATIENCE, "the second version to be under way", || match agent.get("/v1/job/web/deployment") {
        seen if seen["JobVersion"] == 1 && seen["TaskGroups"]["web"]["PlacedAllocs"].as_u64() > Some(0) => Ok(()),
        seen => Err(seen.to_string()),
    });
    let cockpit = Cockpit::region(&agent);
    let (code, said) = says(&cockpit, &["scale", "default/web", "4", "--yes"]);
    assert!(code == REFUSED && said.contains("does not scale while a deployment is under way"), "{code:?} {said}");
    let said = does(&cockpit, &["undo", "default/web", "--yes", "--wait=2m"]);
    assert!(said.contains("version 0") && said.contains("cancelled by this"), "{said}");
    let job = web(&agent);
    assert_eq!(job["TaskGroups"][0]["Services"][0]["Checks"][0]["Path"], "/");
    assert_eq!(job["Version"], 2);
    assert!(!said.contains("RELEASE=") && said.contains("env RELEASE removed"), "names, and no values: {said}");
    agent.until_deployed("web", "successful");
}

#[test]
fn a_canary_is_promoted_and_another_given_up() {
    let agent = Agent::start("canaries", Options::default());
    agent.run_job("canary");
    agent.until_deployed("cart", "successful");
    let cockpit = Cockpit::region(&agent);
    let second = |version: &str| {
        agent.run_job_with("canary", &format!("version = \"{version}\""), |_| {});
        until(PATIENCE, "the canary to be healthy", || match agent.get("/v1/job/cart/deployment") {
            seen if seen["TaskGroups"]["cart"]["HealthyAllocs"] == 1 && seen["Status"] == "running" => Ok(()),
            seen => Err(seen.to_string()),
        });
    };
    second("2");
    let mut screen = Screen::open_at(&cockpit, "default/cart");
    screen.until_shows(PATIENCE, &["live", "1 of 1 canary healthy, waits for promotion"]);
    screen.press(":promote\r");
    screen.until_shows(PATIENCE, &["nomad deployment promote", "1 canary takes over; 1 more replaced"]);
    screen.confirm();
    agent.until_deployed("cart", "successful");
    assert_eq!(agent.get("/v1/job/cart")["TaskGroups"][0]["Tasks"][0]["Env"]["VERSION"], "2");
    drop(screen);
    second("3");
    let (code, said) = says(&cockpit, &["resume", "default/cart", "--yes"]);
    assert!(code == REFUSED && said.contains("promote it, or give it up"), "{code:?} {said}");
    let said = does(&cockpit, &["abort", "default/cart", "--yes", "--wait=1m"]);
    assert!(said.contains("what ran before goes on running"), "{said}");
    agent.until_deployed("cart", "failed");
    until_running(&agent, "cart", 2);
}

#[test]
fn a_deployment_is_held_and_goes_on() {
    let agent = with_web("holding");
    agent.run_job_with("quiet-web", "", |job| {
        job["TaskGroups"][0]["Update"]["MinHealthyTime"] = json!(8_000_000_000_u64);
        job["TaskGroups"][0]["Tasks"][0]["Env"] = json!({ "RELEASE": "2" });
    });
    agent.until_deployed("web", "running");
    let cockpit = Cockpit::region(&agent);
    does(&cockpit, &["pause", "default/web", "--yes", "--wait=1m"]);
    assert_eq!(agent.get("/v1/job/web/deployment")["Status"], "paused");
    does(&cockpit, &["resume", "default/web", "--yes", "--wait=1m"]);
    agent.until_deployed("web", "successful");
}

#[test]
fn one_allocation_is_restarted_killed_and_stopped() {
    let agent = with_web("single");
    let cockpit = Cockpit::region(&agent);
    let name = |it: &Value| format!("default/web-{}", &id(it)[..8]);
    let first = running(&agent, "web").remove(0);
    does(&cockpit, &["restart", &name(&first), "--yes", "--wait=1m"]);
    let again = agent.get(&format!("/v1/allocation/{}", id(&first)));
    assert!(began(&again) > began(&first), "{again:#}");
    does(&cockpit, &["kill", &name(&first), "--yes"]);
    until(PATIENCE, "its restart policy to see it", || match agent.get(&format!("/v1/allocation/{}", id(&first))) {
        seen if seen["TaskStates"]["httpd"]["Restarts"].as_u64()
            > again["TaskStates"]["httpd"]["Restarts"].as_u64() =>
        {
            Ok(())
        }
        seen => Err(seen["TaskStates"].to_string()),
    });
    does(&cockpit, &["stop", &name(&first), "--yes", "--wait=1m"]);
    let now = until_running(&agent, "web", 2);
    assert!(now.iter().all(|it| id(it) != id(&first)), "its group made another");
    let (code, said) = says(&cockpit, &["restart", &name(&first), "--yes"]);
    assert!(code == REFUSED && said.contains("it is complete"), "{code:?} {said}");
}

#[test]
fn a_periodic_job_runs_once_and_is_held() {
    let agent = Agent::start("clockwork", Options::default());
    agent.run_job("periodic");
    let cockpit = Cockpit::region(&agent);
    let runs = || {
        let all = agent.get("/v1/jobs?prefix=backup/");
        all.as_array().map_or(0, Vec::len)
    };
    let before = runs();
    does(&cockpit, &["trigger", "default/backup", "--yes"]);
    until(PATIENCE, "one run more", || if runs() > before { Ok(()) } else { Err(format!("{} run", runs())) });
    does(&cockpit, &["pause", "default/backup", "--yes", "--wait=1m"]);
    assert_eq!(agent.get("/v1/job/backup")["Periodic"]["Enabled"], false);
    does(&cockpit, &["resume", "default/backup", "--yes", "--wait=1m"]);
    assert_eq!(agent.get("/v1/job/backup")["Periodic"]["Enabled"], true);
    // What has ended is removed only where its name is typed.
    let (code, said) = says(&cockpit, &["prune", "nomad", "--yes"]);
    assert!(code != DONE && said.contains("--confirm"), "{code:?} {said}");
    does(&cockpit, &["prune", "nomad", "--yes", "--confirm", "nomad"]);
}

#[test]
fn a_shell_in_a_task_has_the_terminal_and_gives_it_back() {
    let agent = with_web("shells");
    let cockpit = Cockpit::region(&agent);
    let mut screen = Screen::open_at(&cockpit, "default/web");
    screen.until_shows(PATIENCE, &["live", "web"]);
    screen.press(":shell\r");
    screen.until_shows(PATIENCE, &["open a shell in default/web-", "nomad alloc exec -task httpd"]);
    screen.confirm();
    screen.until_shows(PATIENCE, &["ctrl-] three times within a second"]);
    screen.press_for("echo is $((40+2)) $NOMAD_TASK_NAME; stty size\r", &["is 42 httpd", "30 120"]);
    screen.resize(25, 100);
    screen.press_for("stty size\r", &["25 100"]);
    screen.press("exit 5\r");
    screen.until_shows(PATIENCE, &["has ended with 5"]);
    drop(screen);
    let name = format!("default/web-{}", &id(&running(&agent, "web")[0])[..8]);
    let mut missing = Screen::run(&cockpit, &["shell", &name, "--yes", "--", "/no/such/program"]);
    let status = missing.until_status(PATIENCE);
    assert!(status != 0, "{}", missing.text());
}

#[test]
fn the_printed_policy_allows_what_it_says_and_a_lesser_one_is_named() {
    let agent = Agent::start("policies", Options { acl: true, ..Options::default() });
    agent.run_job("quiet-web");
    agent.until_deployed("web", "successful");
    let watching = does(&Cockpit::region(&agent), &["rbac", "--nomad-policy"]);
    let acting = does(&Cockpit::region(&agent), &["rbac", "--nomad-policy", "--control"]);
    let lesser = Cockpit::region_by(&agent, &agent.token_of("watching", &watching));
    lesser.stays_quiet();
    let before = web(&agent)["Version"].clone();
    for (refused, intent) in [
        ("scale", &["scale", "default/web", "3", "--yes", "--wait=30s"][..]),
        ("undo", &["set", "default/web", "--memory", "64Mi", "--yes", "--wait=30s"][..]),
        ("cordon", &["cordon", "policies", "--yes", "--wait=30s"][..]),
    ] {
        let (code, said) = says(&lesser, intent);
        assert!(code != DONE && said.contains("--nomad-policy --control"), "{refused}: {code:?} {said}");
    }
    assert_eq!(web(&agent)["Version"], before, "nothing was done");
    let able = Cockpit::region_by(&agent, &agent.token_of("acting", &acting));
    does(&able, &["scale", "default/web", "3", "--yes", "--wait=1m"]);
    does(&able, &["set", "default/web", "--memory", "64Mi", "--yes", "--wait=2m"]);
    does(&able, &["undo", "default/web", "--yes", "--wait=2m"]);
    does(&able, &["restart", "default/web", "--yes", "--wait=2m"]);
    does(&able, &["cordon", "policies", "--yes", "--wait=1m"]);
    does(&able, &["uncordon", "policies", "--yes", "--wait=1m"]);
    let name = format!("default/web-{}", &id(&running(&agent, "web")[0])[..8]);
    // Of one that ends within milliseconds an agent of 1.11 may lose the code ("task exec session ended with an error: EOF").
    let mut shell = Screen::run(&able, &["shell", &name, "--yes", "--", "sh", "-c", "sleep 1; exit 9"]);
    assert_eq!(shell.until_status(PATIENCE), 9, "{}", shell.text());
}

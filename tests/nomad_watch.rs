//! How a Nomad region is watched by whom it does not let see everything, or tells late: against what a real agent said.

#[path = "wire/http.rs"]
mod http;
#[path = "wire/nomad_server.rs"]
mod server;
#[allow(dead_code, reason = "it serves other tests too")]
#[path = "wire/nomad_watcher.rs"]
mod watcher;

use std::time::Duration;

use cockpit::backend::nomad::{Pace, Target, Token};
use cockpit::domain::{ClusterId, Fact, Freshness, Phase, Source, Timestamp};
use cockpit::reach::Tls;
use serde_json::json;
use server::Server;
use watcher::{Watcher, group};

/// Somebody who watches a region.
fn watch(server: &Server) -> Watcher {
    with(server, |_, _| {})
}

/// Somebody who knows more of it.
fn with(server: &Server, known: impl Fn(&mut Target, &mut Pace)) -> Watcher {
    let (mut target, mut pace) = (watcher::target(&server.address, None), watcher::pace());
    known(&mut target, &mut pace);
    Watcher::of(target, pace)
}

/// Somebody with a token that was recorded.
fn by(server: &Server, token: &str, namespaces: &[&str]) -> Watcher {
    with(server, |target, _| {
        target.token = Token::Secret(token.to_owned().into());
        target.namespaces = namespaces.iter().map(|name| (*name).into()).collect();
    })
}

/// What can be told of a region that is watched.
trait Sees {
    /// Waits until every source was read or is told why not.
    async fn settled(&mut self);
    /// Each source, and how far it can be believed.
    fn sights(&self) -> Vec<(String, Freshness)>;
    /// Why a source cannot be read.
    fn said_of(&self, kind: &str, partition: Option<&str>) -> Option<String>;
    fn workloads(&self) -> Vec<String>;
}

impl Sees for Watcher {
    async fn settled(&mut self) {
        self.until("all to be settled", |watcher| {
            let sights = watcher.sights();
            sights.len() > 4 && sights.iter().all(|(_, sight)| *sight != Freshness::Loading)
        })
        .await;
    }

    fn sights(&self) -> Vec<(String, Freshness)> {
        let (view, now) = (self.view(), Timestamp::now());
        view.sources(&ClusterId::new("eu")).map(|(source, state)| (source.to_string(), state.freshness(now))).collect()
    }

    fn said_of(&self, kind: &str, partition: Option<&str>) -> Option<String> {
        let source = Source { kind: kind.into(), partition: partition.map(Into::into) };
        let (view, eu) = (self.view(), ClusterId::new("eu"));
        let mut sources = view.sources(&eu).filter(|(known, _)| **known == source);
        sources.next()?.1.trouble.as_ref().map(|it| it.what.to_string())
    }

    fn workloads(&self) -> Vec<String> {
        self.view().workloads().map(|it| it.key.to_string()).collect()
    }
}

fn asked(server: &Server, path: &str) -> Vec<String> {
    server.script().asked.iter().filter(|it| it.split('?').next() == Some(path)).cloned().collect()
}

fn live(sources: &[&str]) -> Vec<(String, Freshness)> {
    sources.iter().map(|source| ((*source).to_owned(), Freshness::Live)).collect()
}

mod once {
    use super::*;

    const OWN: &str = "/v1/acl/token/self";

    async fn looked(server: &Server) -> Watcher {
        let mut watcher = Watcher::once(watcher::target(&server.address, None), watcher::pace());
        watcher.settle().await;
        watcher
    }

    #[tokio::test]
    async fn who_looks_once_and_may_see_everything_opens_no_stream() {
        let server = Server::recorded().await;
        for said in [json!({ "AccessorID": "acls-disabled", "Type": "client" }), json!({ "Type": "management" })] {
            server.answer(OWN, said.clone());
            let watcher = looked(&server).await;
            assert!(watcher.view().instances().next().is_some());
            assert!(asked(&server, "/v1/event/stream").is_empty(), "{said}");
        }
    }

    #[tokio::test]
    async fn who_may_not_see_everything_learns_that_from_its_stream() {
        let server = Server::recorded().await;
        for (status, said) in [(403, json!("Permission denied")), (200, json!({ "Type": "client" }))] {
            server.script().answers.insert(OWN.to_owned(), (status, said.to_string()));
            let before = asked(&server, "/v1/event/stream").len();
            looked(&server).await;
            assert_eq!(asked(&server, "/v1/event/stream").len(), before + 1, "{status}");
        }
    }

    #[tokio::test]
    async fn who_goes_on_looking_does_not_ask_what_it_may_do() {
        let server = Server::recorded().await;
        watch(&server).settle().await;
        assert!(asked(&server, OWN).is_empty());
        assert_eq!(asked(&server, "/v1/event/stream").len(), 1);
    }
}

mod rights {
    use super::*;

    #[tokio::test]
    async fn one_stream_tells_of_all_namespaces_where_all_may_be_read() {
        let server = Server::of_rights().await;
        let mut watcher = by(&server, "all", &[]);
        watcher.settled().await;
        assert_eq!(watcher.sights(), live(&["allocations", "checks", "info", "jobs", "nodes"]));
        assert_eq!(asked(&server, "/v1/event/stream").len(), 1);
        assert_eq!(watcher.workloads().len(), 3);
    }

    #[tokio::test]
    async fn a_token_of_some_namespaces_is_told_of_each_by_a_stream_of_its_own() {
        let server = Server::of_rights().await;
        let mut watcher = by(&server, "two", &[]);
        watcher.settled().await;
        let sources =
            ["allocations in batch", "allocations in shop", "checks", "info", "jobs in batch", "jobs in shop", "nodes"];
        assert_eq!(watcher.sights(), live(&sources), "what of all was named is closed");
        assert_eq!(watcher.workloads().len(), 2);
        let info = watcher.view().cluster_infos().next().and_then(|it| it.reached.clone()).expect("a way");
        assert!(info.ends_with("of its namespaces the token sees batch, shop"), "{info}");
        let mut it = server.recorded_of("two", "/v1/allocations?namespace=shop")[0].clone();
        it["ModifyIndex"] = json!(1_u64 << 40);
        it["ClientStatus"] = json!("failed");
        server.say(json!({ "Topic": "Allocation", "Type": "AllocationUpdated", "Key": "", "Namespace": "shop",
            "Payload": { "Allocation": it } }));
        let failed = |watcher: &Watcher| watcher.view().instances().any(|it| it.phase == Phase::Failed);
        watcher.until("the end", failed).await;
        assert!(asked(&server, "/v1/allocations").iter().all(|asked| !asked.contains("index=")), "nothing is polled");
        let streams = asked(&server, "/v1/event/stream");
        let of = |part: &str| streams.iter().filter(|asked| asked.contains(part)).count();
        assert_eq!((of("namespace=shop"), of("namespace=batch"), of("topic=Node")), (1, 1, 2), "{streams:?}");
    }

    #[tokio::test]
    async fn what_is_denied_in_one_of_the_named_namespaces_is_said_of_that_one_alone() {
        let server = Server::of_rights().await;
        let mut watcher = by(&server, "two", &["shop", "default"]);
        watcher.settled().await;
        let sights = watcher.sights();
        let denied: Vec<&str> = sights
            .iter()
            .filter(|(_, sight)| *sight == Freshness::Forbidden)
            .map(|(source, _)| source.as_str())
            .collect();
        assert_eq!(denied, ["allocations in default", "jobs in default"]);
        let said = watcher.said_of("jobs", Some("default")).expect("the trouble");
        assert!(
            said.ends_with("the token lacks namespace \"default\" { capabilities = [\"list-jobs\", \"read-job\"] }"),
            "{said}"
        );
        assert_eq!(watcher.workloads(), ["eu/shop/TaskGroup/cart"]);
        assert!(asked(&server, "/v1/jobs").iter().all(|asked| !asked.contains("%2A")), "all of it is not asked for");
    }

    #[tokio::test]
    async fn who_may_only_list_jobs_is_told_what_is_missing_where() {
        let server = Server::of_rights().await;
        let mut watcher = by(&server, "listonly", &[]);
        watcher.settled().await;
        let said = watcher.said_of("allocations", Some("shop")).expect("the trouble");
        assert!(said.contains("namespace \"shop\"") && said.contains("read-job"), "{said}");
        let said = watcher.said_of("nodes", None).expect("the trouble");
        assert!(said.contains("node { policy = \"read\" }"), "{said}");
        assert!(watcher.sights().iter().all(|(_, sight)| *sight != Freshness::Loading));
    }

    #[tokio::test]
    async fn who_sees_no_namespace_is_told_so_of_the_one_that_is_always_there() {
        let server = Server::of_rights().await;
        let mut watcher = by(&server, "none", &[]);
        watcher.settled().await;
        let said = watcher.said_of("jobs", Some("default")).expect("the trouble");
        assert!(said.contains("namespace \"default\""), "{said}");
        assert!(watcher.view().workloads().next().is_none());
    }

    #[tokio::test]
    async fn a_namespace_that_a_token_sees_later_is_watched_too() {
        let server = Server::of_rights().await;
        let mut watcher = with(&server, |target, pace| {
            target.token = Token::Secret("shop".to_owned().into());
            pace.list_every = Duration::from_millis(150);
        });
        watcher.settled().await;
        assert_eq!(watcher.workloads(), ["eu/shop/TaskGroup/cart"]);
        server.give("shop", "two");
        watcher.until("the other", |watcher| watcher.workloads().len() == 2).await;
    }
}

mod without_a_stream {
    use super::*;

    /// Watches a region that grants no stream.
    async fn settled(server: &Server) -> Watcher {
        server.script().mute = true;
        let mut watcher = watch(server);
        watcher.settled().await;
        assert_eq!(watcher.sights(), live(&["allocations", "checks", "info", "jobs", "nodes"]));
        watcher
    }

    fn phase_of(watcher: &Watcher, id: &str) -> Option<Phase> {
        watcher.view().instances().find(|it| it.uid == *id).map(|it| it.phase)
    }

    #[tokio::test]
    async fn lists_are_asked_for_until_they_change_and_only_what_did_is_told() {
        let server = Server::recorded().await;
        let mut watcher = settled(&server).await;
        let mut all = server::json("allocations.json");
        let place = all.as_array().expect("a list").iter().position(|it| it["JobID"] == "web").expect("one of it");
        let id = all[place]["ID"].as_str().expect("an id").to_owned();
        all[place]["ClientStatus"] = json!("failed");
        all[place]["ModifyIndex"] = json!(1_u64 << 40);
        watcher.facts.clear();
        server.change("/v1/allocations", all.clone());
        watcher.until("the end", |watcher| phase_of(watcher, &id) == Some(Phase::Failed)).await;
        let puts =
            watcher.facts.iter().filter(|fact| matches!(fact, Fact::Put(source, _) if source.kind == *"allocations"));
        assert_eq!(puts.count(), 1, "{:#?}", watcher.facts);
        all[place]["ClientStatus"] = json!("lost");
        all[place]["ModifyIndex"] = json!(1_u64 << 41);
        server.change("/v1/allocations", all);
        watcher.until("the loss", |watcher| phase_of(watcher, &id) == Some(Phase::Lost)).await;
    }

    #[tokio::test]
    async fn a_job_that_is_gone_goes_and_one_that_is_new_comes() {
        let server = Server::recorded().await;
        let mut watcher = settled(&server).await;
        let read = server.times("/v1/job/web");
        let mut jobs = server::json("jobs.json");
        let all = jobs.as_array_mut().expect("a list");
        let mut new = all.iter().find(|it| it["ID"] == "web").expect("one").clone();
        all.retain(|it| it["ID"] != "mailer");
        (new["ID"], new["ModifyIndex"]) = (json!("front"), json!(5000));
        all.push(new);
        let mut registered = server::json("registered.json").as_array().expect("a list")[0].clone();
        (registered["ID"], registered["Name"]) = (json!("front"), json!("front"));
        server.answer("/v1/job/front", registered);
        server.change("/v1/jobs", jobs);
        let so = |watcher: &Watcher| {
            let all = watcher.workloads();
            all.iter().any(|it| it.contains("TaskGroup/front")) && !all.iter().any(|it| it.contains("TaskGroup/mailer"))
        };
        watcher.until("both", so).await;
        assert_eq!(server.times("/v1/job/web"), read, "what has not changed is not read again");
    }

    #[tokio::test]
    async fn clients_and_deployments_and_what_waits_are_followed_too() {
        let server = Server::recorded().await;
        let mut watcher = settled(&server).await;
        let mut nodes = server::json("nodes.json");
        (nodes[0]["SchedulingEligibility"], nodes[0]["ModifyIndex"]) = (json!("ineligible"), json!(1_u64 << 40));
        let mut whole = nodes[0].clone();
        whole["Events"] =
            json!([{ "Message": "Node marked as ineligible for scheduling", "Timestamp": "2026-11-30T19:10:15Z" }]);
        let itself = format!("/v1/node/{}", whole["ID"].as_str().unwrap_or_default());
        server.answer(&itself, whole);
        server.change("/v1/nodes", nodes.clone());
        watcher.until("the node", |watcher| watcher.view().nodes().any(|node| node.closed_since.is_some())).await;
        // What another client does asks nobody about this one again.
        let mut other = nodes[0].clone();
        (other["ID"], other["Name"]) = (json!("11111111-24b0-7c29-d70d-a00a5b9491b1"), json!("other"));
        other["SchedulingEligibility"] = json!("eligible");
        nodes.as_array_mut().expect("a list").push(other);
        server.change("/v1/nodes", nodes);
        watcher.until("the other", |watcher| watcher.view().nodes().count() == 2).await;
        assert_eq!(server.times(&itself), 1);
        server.change("/v1/evaluations", json!([]));
        watcher.until("nobody to wait", |watcher| watcher.view().instances_of(&group("charge")).count() == 0).await;
        let mut deployments = server::json("deployments.json");
        for it in deployments.as_array_mut().expect("a list").iter_mut().filter(|it| it["JobID"] == "cart") {
            it["Status"] = json!("failed");
        }
        server.change("/v1/deployments", deployments);
        let failed = |watcher: &Watcher| {
            let view = watcher.view();
            view.workload(&group("cart"))
                .and_then(|it| it.rollout.as_ref())
                .is_some_and(|it| it.phase == cockpit::domain::RolloutPhase::Failed)
        };
        watcher.until("the deployment", failed).await;
    }

    #[tokio::test]
    async fn an_index_that_goes_back_is_begun_from_the_first_again() {
        let server = Server::recorded().await;
        let mut watcher = settled(&server).await;
        server.script().indexes.insert("/v1/nodes".to_owned(), 7);
        let asked_anew = || asked(&server, "/v1/nodes").iter().any(|asked| asked.contains("index=0"));
        watcher.until("a question from the first on", |_| asked_anew()).await;
        let mut nodes = server::json("nodes.json");
        (nodes[0]["SchedulingEligibility"], nodes[0]["ModifyIndex"]) = (json!("ineligible"), json!(1_u64 << 40));
        server.change("/v1/nodes", nodes);
        watcher.until("the node", |watcher| watcher.view().nodes().any(|node| node.cordoned)).await;
    }

    #[tokio::test]
    async fn few_connections_are_held_and_few_questions_asked() {
        let server = Server::recorded().await;
        let watcher = settled(&server).await;
        let waiting: Vec<String> =
            server.script().asked.iter().filter(|asked| asked.contains("wait=")).cloned().collect();
        drop(watcher);
        assert!(waiting.len() <= 5, "one for each list: {waiting:?}");
        assert!(
            waiting.iter().all(|asked| asked.contains("wait=55000ms") && asked.contains("stale=true")),
            "{waiting:?}"
        );
    }

    #[tokio::test]
    async fn a_list_that_never_held_anything_is_waited_for_as_the_others_are() {
        let server = Server::recorded().await;
        server.answer("/v1/deployments", json!([]));
        server.script().indexes.insert("/v1/deployments".to_owned(), 0);
        let mut watcher = settled(&server).await;
        let mut nodes = server::json("nodes.json");
        (nodes[0]["SchedulingEligibility"], nodes[0]["ModifyIndex"]) = (json!("ineligible"), json!(1_u64 << 40));
        server.change("/v1/nodes", nodes);
        watcher.until("the node", |watcher| watcher.view().nodes().any(|node| node.cordoned)).await;
        let waiting = asked(&server, "/v1/deployments").into_iter().filter(|asked| asked.contains("index="));
        assert_eq!(waiting.filter(|asked| asked.contains("index=1&")).count(), 1, "once, and it waits");
        server.answer("/v1/deployments", server::json("deployments.json"));
        server.script().indexes.insert("/v1/deployments".to_owned(), 120);
        let rolls = |watcher: &Watcher| watcher.view().workload(&group("cart")).is_some_and(|it| it.rollout.is_some());
        watcher.until("the first deployment", rolls).await;
    }

    #[tokio::test]
    async fn a_right_that_is_taken_away_is_said() {
        let server = Server::recorded().await;
        let mut watcher = settled(&server).await;
        server.refuse("/v1/nodes", 403, "Permission denied");
        server.script().indexes.insert("/v1/nodes".to_owned(), 101);
        watcher.until("it to be said", |watcher| watcher.said_of("nodes", None).is_some()).await;
        assert_eq!(watcher.view().source_freshness(&ClusterId::new("eu"), "jobs"), Some(Freshness::Live));
    }
}

mod behind {
    use super::*;

    #[tokio::test]
    async fn what_a_server_says_that_is_cut_off_is_shown_as_old_until_it_has_caught_up() {
        let server = Server::recorded().await;
        server.script().contact = 72_000;
        let mut watcher = watch(&server);
        let old = |watcher: &Watcher| {
            watcher.view().source_freshness(&ClusterId::new("eu"), "jobs") == Some(Freshness::Stale)
        };
        watcher.until("it to be old", old).await;
        assert!(watcher.view().workload(&group("web")).is_some(), "it is shown all the same");
        let said = watcher.said_of("allocations", None).expect("why");
        assert!(said.contains("has not heard from its leader for 1 min"), "{said}");
        server.say(json!({ "Topic": "Node", "Type": "NodeEvent", "Namespace": "", "Payload": {} }));
        server.script().contact = 0;
        let asked = server.times("/v1/nodes");
        watcher
            .until("it to be live", |watcher| watcher.sights().iter().all(|(_, sight)| *sight == Freshness::Live))
            .await;
        assert!(server.times("/v1/nodes") > asked, "and read anew");
    }

    #[tokio::test]
    async fn a_region_without_a_leader_shows_what_it_was() {
        let server = Server::recorded().await;
        {
            let mut script = server.script();
            (script.lost, script.contact) = (true, 40_000);
            script.answers.insert("/v1/status/leader".to_owned(), (200, "\"\"".to_owned()));
        }
        let mut watcher = watch(&server);
        watcher.until("what it was", |watcher| watcher.said_of("jobs", None).is_some()).await;
        let said = watcher.said_of("jobs", None).expect("why");
        assert!(said.contains("knows no leader"), "{said}");
        assert!(watcher.view().workload(&group("web")).is_some());
        // One is elected within seconds, and nobody waits a minute to hear of it.
        {
            let mut script = server.script();
            (script.lost, script.contact) = (false, 0);
            script.answers.insert("/v1/status/leader".to_owned(), (200, "\"127.0.0.1:4647\"".to_owned()));
        }
        let led = |watcher: &Watcher| {
            let view = watcher.view();
            watcher.said_of("jobs", None).is_none() && view.cluster_infos().all(|it| it.has_quorum == Some(true))
        };
        watcher.until("its leader", led).await;
    }
}

mod wants {
    use cockpit::domain::{Answer, Change, Difference, Want};

    use super::*;

    fn change_of(name: &str, revision: &str) -> Want {
        Want::Change { workload: group(name), revision: revision.into() }
    }

    #[tokio::test]
    async fn versions_are_read_for_the_job_that_is_looked_at_and_values_stay_there() {
        let server = Server::recorded().await;
        server.answer("/v1/job/cart/versions", server::json("versions.json"));
        let mut watcher = watch(&server);
        watcher.settled().await;
        assert!(server.script().asked.iter().all(|asked| !asked.contains("/versions")), "nobody wants one");
        let cart = watcher.view().workload(&group("cart")).cloned().expect("it is there");
        assert_eq!(Change::of(&cart), Some(change_of("cart", "1")));
        let web = watcher.view().workload(&group("web")).cloned().expect("it is there");
        assert_eq!(Change::of(&web), None, "there was one version only");
        watcher.demand.send_modify(|demand| demand.wants.extend([change_of("cart", "1")]));
        watcher.until("the answer", |watcher| watcher.view().answer(&change_of("cart", "1")).is_some()).await;
        let view = watcher.view();
        let Some(Answer::Changed(change)) = view.answer(&change_of("cart", "1")) else { panic!("a change") };
        assert_eq!((change.from.as_str(), change.to.as_str()), ("0", "1"));
        // The recording is of another job, of which only what is the job's own fits.
        let said: Vec<String> = change.differences.iter().map(Difference::in_words).collect();
        assert_eq!(said, ["meta git changed", "priority 51 → 52"]);
        assert_eq!(asked(&server, "/v1/job/cart/versions").len(), 1);
    }
}

mod kinds {
    use cockpit::diagnose::{Diagnosis, Settings};
    use cockpit::domain::{Desired, Timestamp};

    use super::*;

    const RECORDING: &str = "v1.11-kinds";

    async fn settled(server: &Server) -> Watcher {
        let mut watcher = watch(server);
        watcher.settled().await;
        watcher
    }

    /// Of which runs of jobs what is registered was read.
    fn runs_read(server: &Server) -> Vec<String> {
        let script = server.script();
        let runs = script.asked.iter().filter(|asked| asked.starts_with("/v1/job/") && asked.contains("%2F"));
        runs.cloned().collect()
    }

    /// What is wrong with each, at a moment.
    fn wrong(watcher: &mut Watcher, now: Timestamp) -> Vec<(String, String)> {
        let mut diagnosis = Diagnosis::new(Settings::default(), now);
        let dirty = watcher.world.take_dirty(now);
        let view = watcher.world.view(now);
        diagnosis.note(&dirty, &view);
        assert!(diagnosis.examine(&view, &mut || true), "nothing is left when there is time");
        diagnosis.settle(&view);
        let all = diagnosis.incidents().iter();
        all.map(|it| (it.subject.name.to_string(), it.summary.to_string())).collect()
    }

    /// When it was recorded.
    fn then() -> Timestamp {
        "2026-11-30T19:34:30Z".parse().expect("a time")
    }

    #[tokio::test]
    async fn runs_are_told_by_the_list_of_jobs_and_none_is_read_by_itself() {
        let server = Server::of(RECORDING).await;
        let watcher = settled(&server).await;
        assert!(runs_read(&server).is_empty(), "{:?}", runs_read(&server));
        let view = watcher.view();
        let schedule = |name: &str| view.workload(&group(name)).and_then(|it| it.schedule.clone()).expect("a schedule");
        let report = schedule("report");
        let last = report.last_run.map(|at| at.strftime("%H:%M:%S").to_string());
        assert_eq!((last.as_deref(), report.last_success), (Some("19:34:00"), report.last_run));
        let backup = schedule("backup");
        assert!(backup.last_run.is_some() && backup.last_success.is_none(), "each run of it failed: {backup:?}");
        assert_eq!(view.instances_of(&group("report")).count(), 2);
        let images: Vec<_> = view.instances_of(&group("report")).map(|it| it.containers[0].image.to_string()).collect();
        assert!(images.iter().all(|image| image == "raw_exec /bin/sh"), "as its job is made: {images:?}");
    }

    #[tokio::test]
    async fn a_run_of_a_job_that_was_changed_since_is_read_where_it_goes_on() {
        let server = Server::of(RECORDING).await;
        let mut jobs = server::json_of(RECORDING, "jobs.json");
        for it in jobs.as_array_mut().expect("a list") {
            let id = it["ID"].as_str().unwrap_or_default().to_owned();
            if id == "report" {
                it["JobModifyIndex"] = json!(1_u64 << 30);
            }
            if id == "report/periodic-1796067240" {
                it["JobSummary"]["Summary"]["report"]["Running"] = json!(1);
            }
        }
        server.answer("/v1/jobs", jobs);
        let _watcher = settled(&server).await;
        let read = runs_read(&server);
        assert!(read.len() == 1 && read[0].contains("report%2Fperiodic-1796067240"), "{read:?}");
    }

    #[tokio::test]
    async fn what_is_handed_its_work_misses_nobody_and_its_last_run_tells_how_it_is() {
        let mut watcher = settled(&Server::of(RECORDING).await).await;
        let view = watcher.view();
        let resize = view.workload(&group("resize")).cloned().expect("it is there");
        assert_eq!((resize.desired, view.counts(&resize).missing()), (Desired::Completions(0), 0));
        let wrong = wrong(&mut watcher, then());
        let said: Vec<&str> =
            wrong.iter().filter(|(name, _)| name == "resize").map(|(_, said)| said.as_str()).collect();
        assert_eq!(said, ["its last run failed: exit 1"]);
    }

    #[tokio::test]
    async fn what_failed_says_when_it_is_placed_again_and_what_is_not_says_that() {
        let mut watcher = settled(&Server::of(RECORDING).await).await;
        let view = watcher.view();
        let import = view.instances_of(&group("import")).next().expect("one");
        let said = import.message.as_deref().expect("words");
        assert!(said.ends_with("placed again at 19:35:02 UTC"), "{said}");
        assert!(view.workload(&group("import")).and_then(|it| it.job.as_ref()?.gave_up.clone()).is_none());
        let gave_up = view.workload(&group("migrate")).and_then(|it| it.job.as_ref()?.gave_up.clone());
        assert!(gave_up.is_some_and(|it| *it.reason == *"AttemptsUsedUp"));
        let wrong = wrong(&mut watcher, then());
        let of = |name: &str| {
            wrong.iter().filter(|(known, _)| known == name).map(|(_, said)| said.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of("migrate"), ["job failed: exit 1"]);
        assert_eq!(of("import"), [""; 0], "it is tried again");
        assert_eq!((of("sweep"), of("report")), (vec![], vec![]), "these ended well");
    }

    #[tokio::test]
    async fn a_periodic_job_that_succeeds_no_more_is_overdue_by_its_own_schedule() {
        let mut watcher = settled(&Server::of(RECORDING).await).await;
        let later: Timestamp = "2026-11-30T20:30:00Z".parse().expect("a time");
        let wrong = wrong(&mut watcher, later);
        let of = |name: &str| wrong.iter().find(|(known, _)| known == name).map(|(_, said)| said.as_str());
        assert!(of("backup").is_some_and(|said| said.contains("never succeeded")), "{wrong:?}");
        assert!(of("report").is_some_and(|said| said.contains("no success for")), "nothing ran for an hour: {wrong:?}");
    }

    #[tokio::test]
    async fn an_allocation_that_was_lost_stands_under_the_client_that_had_it() {
        let server = Server::recorded().await;
        let mut nodes = server::json("nodes.json");
        nodes[0]["Status"] = json!("down");
        server.answer("/v1/nodes", nodes.clone());
        let mut all = server::json("allocations.json");
        for it in all.as_array_mut().expect("a list").iter_mut().filter(|it| it["JobID"] == "web") {
            (it["ClientStatus"], it["DesiredStatus"]) = (json!("lost"), json!("stop"));
        }
        server.answer("/v1/allocations", all);
        let watcher = settled(&server).await;
        let view = watcher.view();
        let node = view.nodes().next().expect("a client");
        let lost: Vec<_> = view.hosted_on(&node.key).filter(|it| it.phase == Phase::Lost).collect();
        assert_eq!(lost.len(), 2);
        assert!(lost.iter().all(|it| it.owner == Some(group("web"))));
        let failed = view.hosted_on(&node.key).filter(|it| it.phase == Phase::Failed).count();
        assert!(
            failed > 0,
            "and what ended there: {:?}",
            view.hosted_on(&node.key).map(|it| it.phase).collect::<Vec<_>>()
        );
    }

    #[tokio::test]
    async fn a_database_on_the_disk_of_its_allocation_is_named_and_one_on_a_sticky_disk_is_not() {
        let server = Server::recorded().await;
        let jobs = server::json("registered.json");
        for (job, sticky) in [("web", false), ("cart", true)] {
            let mut it = jobs.as_array().expect("a list").iter().find(|it| it["ID"] == job).expect("one").clone();
            let group = &mut it["TaskGroups"][0];
            group["EphemeralDisk"]["Sticky"] = json!(sticky);
            group["Tasks"][0]["Driver"] = json!("docker");
            group["Tasks"][0]["Config"] = json!({ "image": "postgres:16" });
            server.answer(&format!("/v1/job/{job}"), it);
        }
        let mut watcher = settled(&server).await;
        let all = wrong(&mut watcher, Timestamp::now());
        let databases: Vec<_> = all.iter().filter(|(_, said)| said.contains("without a volume")).collect();
        assert!(databases.len() == 1 && databases[0].0 == "web", "{databases:?}");
        assert!(databases[0].1.ends_with("data goes with the allocation"), "{databases:?}");
    }
}

mod connecting {
    use std::path::{Path, PathBuf};

    use std::sync::Arc;

    use cockpit::backend::nomad::HttpAuth;
    use rustls::RootCertStore;
    use rustls::server::WebPkiClientVerifier;
    use rustls_pki_types::pem::PemObject;
    use rustls_pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinSet;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    fn dir() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/tls")
    }

    /// Shows a certificate of `localhost` and 127.0.0.1, and wants to see one.
    fn acceptor() -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(dir().join("ca.pem")).expect("a certificate")).expect("an authority");
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let certificate = CertificateDer::from_pem_file(dir().join("server.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(dir().join("server-key.pem")).expect("a key");
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(clients.expect("a verifier"))
            .with_single_cert(vec![certificate], key);
        TlsAcceptor::from(Arc::new(config.expect("a configuration")))
    }

    /// The same server, by TLS at an address that its certificate does not name.
    async fn by_tls(server: &Server, tasks: &mut JoinSet<()>) -> String {
        let listener = TcpListener::bind("127.0.0.2:0").await.expect("a port");
        let address = format!("https://{}", listener.local_addr().expect("an address"));
        let plain = server.address.trim_start_matches("http://").to_owned();
        tasks.spawn(async move {
            let (acceptor, mut open) = (acceptor(), JoinSet::new());
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, plain) = (acceptor.clone(), plain.clone());
                open.spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut behind = TcpStream::connect(plain).await.expect("the server");
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut behind).await;
                });
            }
        });
        address
    }

    fn tls(server_name: Option<&str>) -> Tls {
        Tls {
            ca_dir: Some(dir().join("client")),
            cert: Some(dir().join("client/cert.pem")),
            key: Some(dir().join("client/key.pem")),
            server_name: server_name.map(str::to_owned),
            ..Tls::default()
        }
    }

    #[tokio::test]
    async fn a_server_is_known_by_the_name_that_it_is_to_show() {
        let (server, mut tasks) = (Server::recorded().await, JoinSet::new());
        let address = by_tls(&server, &mut tasks).await;
        let mut watcher = with(&server, |target, _| {
            (target.address, target.tls) = (address.clone(), tls(Some("localhost")));
            // A directory of authorities holds nothing but authorities.
            (target.tls.ca_dir, target.tls.ca) = (None, Some(dir().join("ca.pem")));
        });
        watcher.settled().await;
        assert_eq!(watcher.sights(), live(&["allocations", "checks", "info", "jobs", "nodes"]));
        let said = server.script().said["Host"].clone();
        assert_eq!(format!("https://{said}"), address, "a proxy knows it by its address");
        let mut other = with(&server, |target, _| {
            (target.address, target.tls) = (address.clone(), tls(None));
            (target.tls.ca_dir, target.tls.ca) = (None, Some(dir().join("ca.pem")));
        });
        other.until("it to be refused", |watcher| watcher.said_of("jobs", None).is_some()).await;
        let said = other.said_of("jobs", None).expect("why");
        assert!(said.to_lowercase().contains("certificate"), "{said}");
    }

    #[tokio::test]
    async fn half_of_a_certificate_is_said() {
        let server = Server::recorded().await;
        let mut watcher = with(&server, |target, _| {
            target.address = server.address.replace("http:", "https:");
            target.tls = Tls { key: None, ..tls(None) };
            (target.tls.ca_dir, target.tls.ca) = (None, Some(dir().join("ca.pem")));
        });
        watcher.until("it to be said", |watcher| watcher.said_of("jobs", None).is_some()).await;
        let said = watcher.said_of("jobs", None).expect("why");
        assert!(said.contains("only one is named, and they go together"), "{said}");
    }

    #[tokio::test]
    async fn a_proxy_is_told_who_asks() {
        let server = Server::recorded().await;
        let mut watcher = with(&server, |target, _| target.auth = Some(HttpAuth::read("ops:hunter2")));
        watcher.settled().await;
        assert_eq!(server.script().said["Authorization"], "Basic b3BzOmh1bnRlcjI=");
    }
}

mod servers {
    use cockpit::domain::{Backend, Form};

    use super::*;

    #[tokio::test]
    async fn where_one_server_does_not_answer_the_next_one_of_its_region_is_asked() {
        let (first, second) = (Server::recorded().await, Server::recorded().await);
        let mut watcher = with(&first, |target, _| target.others = vec![second.address.clone()]);
        watcher.settled().await;
        assert_eq!(second.script().asked.len(), 0, "one of them is enough");
        let address = first.address.clone();
        drop(first);
        let by_second = |watcher: &Watcher| {
            let reached = watcher.view().cluster_infos().next().and_then(|it| it.reached.clone());
            reached.is_some_and(|reached| !reached.contains(&address))
        };
        watcher.until("the other", by_second).await;
        watcher
            .until("it to be live", |watcher| watcher.sights().iter().all(|(_, sight)| *sight == Freshness::Live))
            .await;
        assert_eq!(watcher.view().clusters().count(), 1, "it is one region");
        let said = watcher.nomad.describe(group("web"), Form::Words).await;
        assert!(said.is_ok_and(|lines| !lines.is_empty()), "what is asked by hand goes there too");
    }

    #[tokio::test]
    async fn another_region_is_asked_for_by_its_name_at_the_same_server() {
        let server = Server::recorded().await;
        let mut watcher = with(&server, |target, _| target.region = Some("us".into()));
        watcher.settled().await;
        let script = server.script();
        let all = script.asked.iter().filter(|asked| !asked.contains("region=us")).cloned().collect::<Vec<_>>();
        assert!(all.is_empty(), "{all:?}");
    }
}

/// From where the stream is listened to, and that what is listed fits to that.
mod beginning {
    use super::*;

    #[tokio::test]
    async fn what_is_listed_anyway_is_not_told_again_by_the_stream() {
        let server = Server::recorded().await;
        server.script().indexes.extend([("/v1/nodes".to_owned(), 7), ("/v1/allocations".to_owned(), 300)]);
        let mut watcher = watch(&server);
        watcher.settled().await;
        let streams = asked(&server, "/v1/event/stream");
        assert!(
            streams.iter().all(|asked| asked.contains("index=301&") || asked.ends_with("index=301")),
            "{streams:?}"
        );
    }

    #[tokio::test]
    async fn a_server_that_knows_less_than_the_one_before_is_not_believed() {
        let server = Server::recorded().await;
        server.script().indexes.insert("/v1/allocations?per_page=1".to_owned(), 200);
        let mut watcher = watch(&server);
        let said = |it: &Watcher| it.said_of("jobs", None).is_some_and(|said| said.contains("knew less than the one"));
        watcher.until("that it is behind", said).await;
        server.script().indexes.insert("/v1/allocations".to_owned(), 200);
        watcher.settled().await;
        assert_eq!(watcher.view().instances_of(&group("web")).count(), 2);
    }
}

mod pages {
    use std::collections::BTreeSet;

    use super::*;

    #[tokio::test]
    async fn a_long_list_of_allocations_comes_page_by_page_and_is_one_listing() {
        let server = Server::recorded().await;
        let one = server::json("allocations.json");
        let one = one.as_array().expect("a list").iter().find(|it| it["JobID"] == "web").expect("one of it").clone();
        let all: Vec<_> = (0..600)
            .map(|n| {
                let mut it = one.clone();
                it["ID"] = json!(format!("{n:08x}-4c1e-4b0b-9d5f-2a1b3c4d5e6f"));
                it
            })
            .collect();
        server.answer("/v1/allocations", all.into());
        let mut watcher = watch(&server);
        watcher.settled().await;
        assert_eq!(watcher.view().instances_of(&group("web")).count(), 600);
        let pages: BTreeSet<String> = asked(&server, "/v1/allocations").into_iter().collect();
        let pages = pages.iter().filter(|asked| !asked.contains("per_page=1&"));
        assert_eq!(pages.clone().count(), 3, "{pages:?}");
        // What is listed the next time without some of them has lost these.
        server.answer("/v1/allocations", json!([one]));
        server.hang_up();
        watcher.until("the others to be gone", |it| it.view().instances_of(&group("web")).count() == 1).await;
    }
}

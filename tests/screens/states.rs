//! Every pane, at the sizes that must look right, filled and in every state in which it has nothing to list.

use cockpit::domain::{BackendKind, Batch, Fact, Health, HealthStatus, Kind, Source, Text, TroubleKind};
use cockpit::engine::Core;
use cockpit::ui::Pane;

use super::night::{self, Telling, core, id, trouble};
use super::stage::Stage;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn name(pane: Pane, state: &str, size: (u16, u16)) -> String {
    format!("{}-{state}-{}x{}", pane.title().to_lowercase(), size.0, size.1)
}

fn check_all(state: &str, sizes: &[(u16, u16)], make: impl Fn() -> Core) {
    for size in sizes {
        for pane in Pane::ALL {
            let text = Stage::of(make(), *size).at(pane).text();
            insta::assert_snapshot!(name(pane, state, *size), text);
        }
    }
}

#[test]
fn filled() {
    check_all("filled", &SIZES, night::night);
}

/// A calm company: everything can be read, and nothing is wrong.
fn calm() -> Core {
    core(&["swarm"], vec![night::calm().batch(&[])])
}

#[test]
fn calm_says_what_was_looked_at() {
    check_all("calm", &SIZES, calm);
}

#[test]
fn empty() {
    let nothing = || {
        let kinds = ["services", "tasks", "nodes", "containers"];
        core(&["swarm"], vec![Telling::of("swarm", BackendKind::Docker, &kinds).batch(&[])])
    };
    check_all("empty", &SIZES[..1], nothing);
}

#[test]
fn loading() {
    let loading = || {
        let facts = vec![
            Fact::Listing(Source::of("services"), Some(30)),
            Fact::Listing(Source::of("nodes"), None),
            Fact::Listing(Source::of("alerts"), None),
            Fact::Listing(Source::of("queues"), None),
        ];
        core(&["prod", "swarm"], vec![Batch { cluster: id("swarm"), at: night::now(), facts }])
    };
    check_all("loading", &SIZES[..2], loading);
}

#[test]
fn forbidden() {
    let forbidden = || {
        let of = |what: &str| {
            let mend = "ask for the view role, or name another user in the config";
            trouble(
                TroubleKind::Forbidden,
                &format!("{what} are forbidden to user ci-reader (needs: list {what})"),
                mend,
                4,
            )
        };
        let all = ["deployments", "pods", "nodes", "cronjobs", "statefulsets", "events", "queues", "alerts"];
        let troubles: Vec<_> = all.iter().map(|kind| (*kind, of(kind))).collect();
        core(&["prod"], vec![night::prod_without_occurrences().batch(&troubles)])
    };
    check_all("forbidden", &SIZES[..2], forbidden);
}

/// Whoever may read nothing is told once which kinds those are, and whom to ask.
#[test]
fn many_kinds_forbidden_are_one_line() {
    let of = |what: &str| {
        let said = format!("{what} may not be read: user nobody cannot list {what}");
        trouble(TroubleKind::Forbidden, &said, &format!("ask for the right to list {what}"), 4)
    };
    let troubles: Vec<_> = ["deployments", "events", "pods"].iter().map(|kind| (*kind, of(kind))).collect();
    let core = core(&["prod"], vec![night::calm_prod().batch(&troubles)]);
    let text = Stage::of(core, (120, 40)).at(Pane::Triage).text();
    assert!(text.contains("deployments, events, pods cannot be read: they are unknown, not zero"), "{text}");
    assert_eq!(text.matches("To mend:").count(), 1, "{text}");
    assert!(text.contains("the others likewise"), "{text}");
}

#[test]
fn events_alone_are_forbidden() {
    let events = || {
        let what = "events are forbidden to user ci-reader (needs: list events)";
        let held = trouble(TroubleKind::Forbidden, what, "ask for the view role", 4);
        core(&["prod"], vec![night::calm_prod().batch(&[("events", held)])])
    };
    for pane in [Pane::Triage, Pane::Kills, Pane::Probes, Pane::Nodes] {
        insta::assert_snapshot!(
            name(pane, "events-forbidden", SIZES[0]),
            Stage::of(events(), SIZES[0]).at(pane).text()
        );
    }
}

#[test]
fn nodes_show_what_is_in_use_beside_what_is_set_aside() {
    for size in SIZES {
        let core = core(&["prod"], vec![night::prod_measured().batch(&[])]);
        insta::assert_snapshot!(name(Pane::Nodes, "measured", size), Stage::of(core, size).at(Pane::Nodes).text());
    }
}

/// A registry keeps the last result of a check alone: how often it failed before that is not known.
#[test]
fn how_many_checks_failed_in_a_row_may_not_be_known() {
    for size in SIZES {
        let mut t = night::nomad();
        let key = night::key("nomad-eu", Kind::TaskGroup, "billing", "shop");
        let shop = night::workload(key, 1, "registry.example/billing/shop:4");
        t.instances("allocations", Kind::Allocation, &shop, 1, &["eu-1"], |_, it| {
            it.ready = false;
            it.containers[0].health = Some(Box::new(Health {
                status: HealthStatus::Unhealthy,
                streak: 0,
                output: Some(Text::new(
                    "check page in Consul: HTTP GET http://10.1.0.4:8080/: 503 Service Unavailable",
                )),
                code: None,
                since: Some(night::ago(6)),
            }));
        });
        t.workload("jobs", shop);
        let core = core(&["nomad-eu"], vec![t.batch(&[])]);
        insta::assert_snapshot!(name(Pane::Probes, "registered", size), Stage::of(core, size).at(Pane::Probes).text());
    }
}

fn unreachable(listed: bool) -> Core {
    let what = "connection refused, 10.1.0.4:4646";
    let lost = trouble(TroubleKind::Unreachable, what, "start the agent, or correct the address", 1);
    let kinds = ["jobs", "allocations", "nodes"];
    let facts = kinds.map(|kind| Fact::Trouble(Source::of(kind), lost.clone())).to_vec();
    let dark = Batch { cluster: id("nomad-eu"), at: night::now(), facts };
    match listed {
        true => core(&["nomad-eu", "swarm"], vec![night::nomad().batch(&[]), night::swarm().batch(&[]), dark]),
        false => core(&["nomad-eu"], vec![dark]),
    }
}

#[test]
fn unreachable_from_the_start() {
    check_all("unreachable", &SIZES[..2], || unreachable(false));
}

#[test]
fn unreachable_after_a_while() {
    for pane in [Pane::Triage, Pane::Nodes, Pane::Workloads] {
        for size in SIZES {
            insta::assert_snapshot!(name(pane, "lost", size), Stage::of(unreachable(true), size).at(pane).text());
        }
    }
}

#[test]
fn stale() {
    for pane in [Pane::Triage, Pane::Workloads, Pane::Kills] {
        for size in &SIZES[..2] {
            let mut stage = Stage::of(night::night(), *size).at(pane);
            // Nothing was heard of anything for four minutes and a half.
            stage.now = night::ago(-4);
            insta::assert_snapshot!(name(pane, "stale", *size), stage.text());
        }
    }
}

#[test]
fn a_selected_row_says_what_changed_just_before() {
    for size in SIZES {
        insta::assert_snapshot!(
            name(Pane::Triage, "selected", size),
            Stage::of(night::night(), size).at(Pane::Triage).select(1).text()
        );
    }
}

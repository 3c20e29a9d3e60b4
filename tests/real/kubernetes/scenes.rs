//! What goes wrong, scene by scene: about what, by which rule, how bad, and in which words.
//!
//! One cause is one line: nothing else in the namespace of a scene may be loud.

use super::{PATIENCE, cockpit, namespace, part};
use crate::cockpit::{evidence_says, is_loud, line_says};
use crate::planes;

/// Serves nobody, or less than half.
const CRITICAL: &[&str] = &["critical"];
/// Loud, in whichever way.
const LOUD: &[&str] = &["critical", "warning"];
/// Still serves in full: worth a look, and never a shout.
const SERVES: &[&str] = &["warning"];
/// Named, and wakes nobody.
const CALM: &[&str] = &["warning", "risk"];

/// What has to be said of a scene.
struct Sight<'a> {
    /// `Kind/name`.
    subject: &'a str,
    /// Any of these rules.
    rules: &'a [&'a str],
    /// Any of these severities.
    severity: &'a [&'a str],
    /// Each of these, in its line.
    says: &'a [&'a str],
    /// Each of these, in its line or its evidence.
    shows: &'a [&'a str],
}

const NOTHING: Sight<'static> = Sight { subject: "", rules: &[], severity: LOUD, says: &[], shows: &[] };

/// Waits until a scene plays, and then until cockpit says of it what it should.
#[track_caller]
fn sees(scene: &str, sight: &Sight<'_>) {
    let plane = planes::with_all_scenes();
    plane.shown(scene);
    let namespace = namespace(scene);
    cockpit(plane, "admin").until_triage_within(PATIENCE, &format!("{} in {namespace}", sight.subject), |report| {
        let (kind, name) = sight.subject.split_once('/').unwrap_or(("", sight.subject));
        let mut found = report.within(&namespace).filter(|one| {
            one["kind"] == kind && one["name"] == name && sight.rules.iter().any(|rule| one["rule"] == *rule)
        });
        let one = found
            .next()
            .ok_or_else(|| format!("no {:?} about {}\n{}", sight.rules, sight.subject, part(report, &namespace)))?;
        let check = || {
            if !sight.severity.iter().any(|severity| one["severity"] == *severity) {
                return Err(format!("is {}, not any of {:?}", one["severity"], sight.severity));
            }
            sight.says.iter().try_for_each(|word| line_says(one, word))?;
            sight.shows.iter().try_for_each(|word| line_says(one, word).or_else(|_| evidence_says(one, word)))?;
            let others = report.within(&namespace).filter(|it| is_loud(it) && it["id"] != one["id"]).count();
            if others > 0 { Err(format!("{others} more loud lines of one cause")) } else { Ok(()) }
        };
        check().map_err(|missing| format!("{missing}\n{}", part(report, &namespace)))
    });
}

#[test]
fn a_worker_is_killed_at_its_limit() {
    sees(
        "oom-loop",
        &Sight {
            subject: "Deployment/worker",
            rules: &["oom-killed"],
            severity: CRITICAL,
            says: &["32 MiB"],
            ..NOTHING
        },
    );
}

#[test]
fn exit_137_alone_is_no_oom_kill() {
    let sight =
        Sight { subject: "Deployment/runner", rules: &["crash-loop"], severity: CRITICAL, shows: &["137"], ..NOTHING };
    sees("killed-not-oom", &sight);
    let report = cockpit(planes::with_all_scenes(), "admin").complete();
    let namespace = namespace("killed-not-oom");
    let called_oom = report.within(&namespace).any(|one| one["rule"] == "oom-killed");
    assert!(!called_oom, "{}", part(&report, &namespace));
}

#[test]
fn a_crash_with_its_last_words() {
    let sight = Sight {
        subject: "Deployment/api",
        rules: &["crash-loop"],
        severity: CRITICAL,
        shows: &["cannot parse DATABASE_URL"],
        ..NOTHING
    };
    sees("crash-loop", &sight);
}

#[test]
fn an_image_that_cannot_be_pulled() {
    let sight = Sight {
        subject: "Deployment/web",
        rules: &["image-pull"],
        severity: CRITICAL,
        says: &["web:1.5.0"],
        shows: &["connection refused"],
    };
    sees("bad-image", &sight);
}

#[test]
fn a_configmap_that_is_not_there() {
    let sight = Sight {
        subject: "Deployment/web",
        rules: &["cannot-start"],
        severity: CRITICAL,
        says: &["web-settings"],
        ..NOTHING
    };
    sees("missing-configmap", &sight);
}

#[test]
fn a_secret_without_the_key() {
    let sight = Sight {
        subject: "Deployment/api",
        rules: &["cannot-start"],
        severity: CRITICAL,
        says: &["password", "database"],
        ..NOTHING
    };
    sees("missing-secret-key", &sight);
}

#[test]
fn a_program_that_is_not_in_the_image() {
    let sight = Sight {
        subject: "Deployment/api",
        // It waits, and is tried again and again.
        rules: &["cannot-start", "crash-loop"],
        severity: CRITICAL,
        says: &["/app/server"],
        ..NOTHING
    };
    sees("command-not-found", &sight);
}

#[test]
fn an_init_container_that_fails() {
    let sight = Sight {
        subject: "Deployment/api",
        rules: &["crash-loop", "cannot-start"],
        severity: CRITICAL,
        says: &["migrate"],
        shows: &["3"],
    };
    sees("init-fails", &sight);
}

#[test]
fn a_liveness_check_that_restarts_what_works() {
    let sight = Sight {
        subject: "Deployment/web",
        rules: &["unhealthy", "crash-loop"],
        says: &["liveness"],
        shows: &["404"],
        ..NOTHING
    };
    sees("liveness-loop", &sight);
}

#[test]
fn a_start_that_is_slower_than_its_liveness_check() {
    let sight = Sight {
        subject: "Deployment/search",
        rules: &["unhealthy", "crash-loop"],
        severity: CRITICAL,
        says: &["liveness"],
        shows: &["connection refused"],
    };
    sees("slow-start", &sight);
}

#[test]
fn a_release_that_never_becomes_ready_while_the_old_one_serves() {
    let sight = Sight {
        subject: "Deployment/web",
        rules: &["rollout-stuck", "unhealthy"],
        severity: SERVES,
        shows: &["404"],
        ..NOTHING
    };
    sees("readiness-after-rollout", &sight);
}

#[test]
fn a_surge_that_fits_nowhere_while_the_old_one_serves() {
    let sight = Sight {
        subject: "Deployment/checkout",
        rules: &["cannot-be-placed"],
        severity: SERVES,
        says: &["cpu"],
        ..NOTHING
    };
    sees("surge-does-not-fit", &sight);
}

#[test]
fn a_node_selector_that_matches_nothing() {
    let sight = Sight {
        subject: "Deployment/render",
        rules: &["cannot-be-placed"],
        severity: CRITICAL,
        shows: &["selector"],
        ..NOTHING
    };
    sees("node-selector", &sight);
}

#[test]
fn a_claim_without_a_class() {
    let sight = Sight {
        // The claim is the cause, and what waits for it a symptom.
        subject: "Volume/data-db-0",
        rules: &["volume-unbound"],
        severity: CRITICAL,
        shows: &["storage class"],
        ..NOTHING
    };
    sees("claim-without-class", &sight);
}

#[test]
fn a_quota_that_is_used_up() {
    let sight =
        Sight { subject: "Deployment/web", rules: &["cannot-create"], says: &["quota"], shows: &["team"], ..NOTHING };
    sees("quota-exceeded", &sight);
}

#[test]
fn a_webhook_that_is_gone() {
    let sight = Sight {
        subject: "Deployment/web",
        rules: &["cannot-create"],
        severity: CRITICAL,
        says: &["webhook"],
        shows: &["pods.policy.test"],
    };
    sees("webhook-missing", &sight);
}

#[test]
fn a_rollout_that_somebody_paused_halfway() {
    let sight =
        Sight { subject: "Deployment/web", rules: &["rollout-stuck"], severity: CALM, says: &["paused"], ..NOTHING };
    sees("paused-halfway", &sight);
}

#[test]
fn a_statefulset_that_goes_in_order_and_no_further() {
    sees(
        "statefulset-blocked",
        &Sight {
            subject: "StatefulSet/db",
            rules: &["crash-loop"],
            severity: CRITICAL,
            shows: &["wrong cluster id"],
            ..NOTHING
        },
    );
}

#[test]
fn a_statefulset_whose_new_release_crashes() {
    let sight = Sight {
        subject: "StatefulSet/queue",
        rules: &["crash-loop", "rollout-stuck"],
        shows: &["unknown option"],
        ..NOTHING
    };
    sees("statefulset-rollout-blocked", &sight);
}

#[test]
fn a_backup_that_fails_every_minute() {
    let plane = planes::with_all_scenes();
    plane.shown("cronjob-fails");
    let namespace = namespace("cronjob-fails");
    cockpit(plane, "admin").until_triage_within(PATIENCE, "two CronJobs that fail", |report| {
        for name in ["backup", "report"] {
            let said = report.within(&namespace).any(|one| {
                let rule = one["rule"] == "job-failed" || one["rule"] == "job-overdue";
                one["kind"] == "CronJob" && one["name"] == name && rule
            });
            if !said {
                return Err(format!("nothing of {name}\n{}", part(report, &namespace)));
            }
        }
        // The runs are the CronJob's: they have no lines of their own.
        let runs = report.within(&namespace).filter(|one| one["kind"] == "Job").count();
        if runs == 0 { Ok(()) } else { Err(format!("{runs} lines of single runs\n{}", part(report, &namespace))) }
    });
}

#[test]
fn a_job_that_has_given_up() {
    sees("job-failed", &Sight { subject: "Job/import", rules: &["job-failed"], shows: &["4"], ..NOTHING });
}

#[test]
fn a_service_that_selects_nothing() {
    let sight = Sight {
        subject: "Endpoint/shop",
        rules: &["endpoint-dead", "selects-nothing"],
        severity: CALM,
        says: &["app=web,tier=front"],
        ..NOTHING
    };
    sees("service-selects-nothing", &sight);
}

#[test]
fn a_service_with_nobody_ready_behind_it() {
    let sight = Sight {
        subject: "Deployment/api",
        rules: &["unhealthy", "replicas-missing"],
        severity: CRITICAL,
        shows: &["503"],
        ..NOTHING
    };
    sees("service-not-ready", &sight);
}

#[test]
fn one_secret_that_five_workloads_need() {
    let plane = planes::with_all_scenes();
    plane.shown("shared-secret");
    let namespace = namespace("shared-secret");
    cockpit(plane, "admin").until_triage_within(PATIENCE, "one line for five workloads", |report| {
        let loud: Vec<_> = report.within(&namespace).filter(|one| is_loud(one)).collect();
        let [one] = loud[..] else { return Err(format!("{} loud lines\n{}", loud.len(), part(report, &namespace))) };
        let missing: Vec<&str> = ["shop-database", "web", "api", "worker", "mailer", "report"]
            .into_iter()
            .filter(|word| !one.to_string().contains(word))
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("not said: {missing:?}\n{}", part(report, &namespace))) }
    });
}

#[test]
fn a_pod_that_a_finalizer_holds() {
    holds("pod-finalizer", &["report", "backup.test/archive"]);
}

#[test]
fn a_namespace_that_a_finalizer_holds() {
    holds("namespace-finalizer", &["scene-namespace-finalizer", "inventory.test/release"]);
}

/// Something says which finalizer holds what, calmly.
#[track_caller]
fn holds(scene: &str, words: &[&str]) {
    let plane = planes::with_all_scenes();
    plane.shown(scene);
    // It takes a while until it is longer than an ordinary end.
    cockpit(plane, "admin").until_triage_within(PATIENCE * 2, &format!("{words:?}"), |report| {
        let said = |one: &serde_json::Value| words.iter().all(|word| one.to_string().contains(word));
        match report.incidents().find(|one| said(one)) {
            Some(one) if CALM.iter().any(|severity| one["severity"] == *severity) => Ok(()),
            Some(one) => Err(format!("is {}, not any of {CALM:?}", one["severity"])),
            None => Err(format!("nobody says {words:?}\n{}", part(report, &namespace(scene)))),
        }
    });
}

#[test]
fn escape_sequences_are_shown_and_never_obeyed() {
    sees(
        "hostile",
        &Sight {
            subject: "Deployment/mail",
            rules: &["crash-loop"],
            severity: CRITICAL,
            shows: &["spool is full"],
            ..NOTHING
        },
    );
    let report = cockpit(planes::with_all_scenes(), "admin").complete();
    let control = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
    for one in report.within(&namespace("hostile")) {
        let texts = one["evidence"].as_array().into_iter().flatten().map(|it| &it["text"]).chain([&one["summary"]]);
        for text in texts.filter_map(serde_json::Value::as_str) {
            assert!(!control(text), "a control character in {text:?}");
        }
    }
}

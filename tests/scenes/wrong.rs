//! What goes wrong, scene by scene: about what, by which rule, how bad, and in which words.
//!
//! One cause is one line: nothing else in the namespace of a scene may be loud.

use super::report::{Report, evidence_says, is_loud, line_says};
use super::{namespace, part};

/// Names each of these with its scene, and with what else is so once it is said: `test! { name: "scene" then other, … }`.
macro_rules! each_wrong {
    ($test:ident) => {
        $test! {
            a_worker_is_killed_at_its_limit: "oom-loop",
            exit_137_alone_is_no_oom_kill: "killed-not-oom" then nor_is_it_called_one,
            a_crash_with_its_last_words: "crash-loop",
            an_image_that_cannot_be_pulled: "bad-image",
            a_configmap_that_is_not_there: "missing-configmap",
            a_secret_without_the_key: "missing-secret-key",
            a_program_that_is_not_in_the_image: "command-not-found",
            an_init_container_that_fails: "init-fails",
            a_liveness_check_that_restarts_what_works: "liveness-loop",
            a_start_that_is_slower_than_its_liveness_check: "slow-start",
            a_release_that_never_becomes_ready_while_the_old_one_serves: "readiness-after-rollout",
            a_surge_that_fits_nowhere_while_the_old_one_serves: "surge-does-not-fit",
            a_node_selector_that_matches_nothing: "node-selector",
            a_claim_without_a_class: "claim-without-class",
            a_quota_that_is_used_up: "quota-exceeded",
            a_webhook_that_is_gone: "webhook-missing",
            a_rollout_that_somebody_paused_halfway: "paused-halfway",
            a_statefulset_that_goes_in_order_and_no_further: "statefulset-blocked",
            a_statefulset_whose_new_release_crashes: "statefulset-rollout-blocked",
            a_backup_that_fails_every_minute: "cronjob-fails",
            a_job_that_has_given_up: "job-failed",
            a_service_that_selects_nothing: "service-selects-nothing",
            a_service_with_nobody_ready_behind_it: "service-not-ready",
            one_secret_that_five_workloads_need: "shared-secret",
            a_pod_that_a_finalizer_holds: "pod-finalizer",
            a_namespace_that_a_finalizer_holds: "namespace-finalizer",
            escape_sequences_are_shown_and_never_obeyed: "hostile" then nothing_of_them_is_left,
        }
    };
}
pub(crate) use each_wrong;

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

/// Whether it is said of a scene as it should be, and nothing else there is loud.
fn sees(report: &Report, scene: &str, sight: &Sight<'_>) -> Result<(), String> {
    let namespace = namespace(scene);
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
}

pub fn a_worker_is_killed_at_its_limit(report: &Report) -> Result<(), String> {
    sees(
        report,
        "oom-loop",
        &Sight {
            subject: "Deployment/worker",
            rules: &["oom-killed"],
            severity: CRITICAL,
            says: &["32 MiB"],
            ..NOTHING
        },
    )
}

pub fn exit_137_alone_is_no_oom_kill(report: &Report) -> Result<(), String> {
    let sight =
        Sight { subject: "Deployment/runner", rules: &["crash-loop"], severity: CRITICAL, shows: &["137"], ..NOTHING };
    sees(report, "killed-not-oom", &sight)
}

pub fn nor_is_it_called_one(report: &Report) -> Result<(), String> {
    let namespace = namespace("killed-not-oom");
    match report.within(&namespace).any(|one| one["rule"] == "oom-killed") {
        true => Err(format!("it is called an OOM kill\n{}", part(report, &namespace))),
        false => Ok(()),
    }
}

pub fn a_crash_with_its_last_words(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/api",
        rules: &["crash-loop"],
        severity: CRITICAL,
        shows: &["cannot parse DATABASE_URL"],
        ..NOTHING
    };
    sees(report, "crash-loop", &sight)
}

pub fn an_image_that_cannot_be_pulled(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/web",
        rules: &["image-pull"],
        severity: CRITICAL,
        says: &["web:1.5.0"],
        shows: &["connection refused"],
    };
    sees(report, "bad-image", &sight)
}

pub fn a_configmap_that_is_not_there(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/web",
        rules: &["cannot-start"],
        severity: CRITICAL,
        says: &["web-settings"],
        ..NOTHING
    };
    sees(report, "missing-configmap", &sight)
}

pub fn a_secret_without_the_key(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/api",
        rules: &["cannot-start"],
        severity: CRITICAL,
        says: &["password", "database"],
        ..NOTHING
    };
    sees(report, "missing-secret-key", &sight)
}

pub fn a_program_that_is_not_in_the_image(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/api",
        // It waits, and is tried again and again.
        rules: &["cannot-start", "crash-loop"],
        severity: CRITICAL,
        says: &["/app/server"],
        ..NOTHING
    };
    sees(report, "command-not-found", &sight)
}

pub fn an_init_container_that_fails(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/api",
        rules: &["crash-loop", "cannot-start"],
        severity: CRITICAL,
        says: &["migrate"],
        shows: &["3"],
    };
    sees(report, "init-fails", &sight)
}

pub fn a_liveness_check_that_restarts_what_works(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/web",
        rules: &["unhealthy", "crash-loop"],
        says: &["liveness"],
        shows: &["404"],
        ..NOTHING
    };
    sees(report, "liveness-loop", &sight)
}

pub fn a_start_that_is_slower_than_its_liveness_check(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/search",
        rules: &["unhealthy", "crash-loop"],
        severity: CRITICAL,
        says: &["liveness"],
        shows: &["connection refused"],
    };
    sees(report, "slow-start", &sight)
}

pub fn a_release_that_never_becomes_ready_while_the_old_one_serves(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/web",
        rules: &["rollout-stuck", "unhealthy"],
        severity: SERVES,
        shows: &["404"],
        ..NOTHING
    };
    sees(report, "readiness-after-rollout", &sight)
}

pub fn a_surge_that_fits_nowhere_while_the_old_one_serves(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/checkout",
        rules: &["cannot-be-placed"],
        severity: SERVES,
        says: &["cpu"],
        ..NOTHING
    };
    sees(report, "surge-does-not-fit", &sight)
}

pub fn a_node_selector_that_matches_nothing(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/render",
        rules: &["cannot-be-placed"],
        severity: CRITICAL,
        shows: &["selector"],
        ..NOTHING
    };
    sees(report, "node-selector", &sight)
}

pub fn a_claim_without_a_class(report: &Report) -> Result<(), String> {
    let sight = Sight {
        // The claim is the cause, and what waits for it a symptom.
        subject: "Volume/data-db-0",
        rules: &["volume-unbound"],
        severity: CRITICAL,
        shows: &["storage class"],
        ..NOTHING
    };
    sees(report, "claim-without-class", &sight)
}

pub fn a_quota_that_is_used_up(report: &Report) -> Result<(), String> {
    let sight =
        Sight { subject: "Deployment/web", rules: &["cannot-create"], says: &["quota"], shows: &["team"], ..NOTHING };
    sees(report, "quota-exceeded", &sight)
}

pub fn a_webhook_that_is_gone(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/web",
        rules: &["cannot-create"],
        severity: CRITICAL,
        says: &["webhook"],
        shows: &["pods.policy.test"],
    };
    sees(report, "webhook-missing", &sight)
}

pub fn a_rollout_that_somebody_paused_halfway(report: &Report) -> Result<(), String> {
    let sight =
        Sight { subject: "Deployment/web", rules: &["rollout-stuck"], severity: CALM, says: &["paused"], ..NOTHING };
    sees(report, "paused-halfway", &sight)
}

pub fn a_statefulset_that_goes_in_order_and_no_further(report: &Report) -> Result<(), String> {
    sees(
        report,
        "statefulset-blocked",
        &Sight {
            subject: "StatefulSet/db",
            rules: &["crash-loop"],
            severity: CRITICAL,
            shows: &["wrong cluster id"],
            ..NOTHING
        },
    )
}

pub fn a_statefulset_whose_new_release_crashes(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "StatefulSet/queue",
        rules: &["crash-loop", "rollout-stuck"],
        shows: &["unknown option"],
        ..NOTHING
    };
    sees(report, "statefulset-rollout-blocked", &sight)
}

pub fn a_backup_that_fails_every_minute(report: &Report) -> Result<(), String> {
    let namespace = namespace("cronjob-fails");
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
}

pub fn a_job_that_has_given_up(report: &Report) -> Result<(), String> {
    sees(report, "job-failed", &Sight { subject: "Job/import", rules: &["job-failed"], shows: &["4"], ..NOTHING })
}

pub fn a_service_that_selects_nothing(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Endpoint/shop",
        rules: &["endpoint-dead", "selects-nothing"],
        severity: CALM,
        says: &["app=web,tier=front"],
        ..NOTHING
    };
    sees(report, "service-selects-nothing", &sight)
}

pub fn a_service_with_nobody_ready_behind_it(report: &Report) -> Result<(), String> {
    let sight = Sight {
        subject: "Deployment/api",
        rules: &["unhealthy", "replicas-missing"],
        severity: CRITICAL,
        shows: &["503"],
        ..NOTHING
    };
    sees(report, "service-not-ready", &sight)
}

pub fn one_secret_that_five_workloads_need(report: &Report) -> Result<(), String> {
    let namespace = namespace("shared-secret");
    let loud: Vec<_> = report.within(&namespace).filter(|one| is_loud(one)).collect();
    let [one] = loud[..] else { return Err(format!("{} loud lines\n{}", loud.len(), part(report, &namespace))) };
    let missing: Vec<&str> = ["shop-database", "web", "api", "worker", "mailer", "report"]
        .into_iter()
        .filter(|word| !one.to_string().contains(word))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("not said: {missing:?}\n{}", part(report, &namespace))) }
}

pub fn a_pod_that_a_finalizer_holds(report: &Report) -> Result<(), String> {
    holds(report, "pod-finalizer", &["report", "backup.test/archive"])
}

pub fn a_namespace_that_a_finalizer_holds(report: &Report) -> Result<(), String> {
    holds(report, "namespace-finalizer", &["scene-namespace-finalizer", "inventory.test/release"])
}

/// Something says which finalizer holds what, calmly.
fn holds(report: &Report, scene: &str, words: &[&str]) -> Result<(), String> {
    let said = |one: &serde_json::Value| words.iter().all(|word| one.to_string().contains(word));
    match report.incidents().find(|one| said(one)) {
        Some(one) if CALM.iter().any(|severity| one["severity"] == *severity) => Ok(()),
        Some(one) => Err(format!("is {}, not any of {CALM:?}", one["severity"])),
        None => Err(format!("nobody says {words:?}\n{}", part(report, &namespace(scene)))),
    }
}

pub fn escape_sequences_are_shown_and_never_obeyed(report: &Report) -> Result<(), String> {
    sees(
        report,
        "hostile",
        &Sight {
            subject: "Deployment/mail",
            rules: &["crash-loop"],
            severity: CRITICAL,
            shows: &["spool is full"],
            ..NOTHING
        },
    )
}

pub fn nothing_of_them_is_left(report: &Report) -> Result<(), String> {
    let control = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
    for one in report.within(&namespace("hostile")) {
        let texts = one["evidence"].as_array().into_iter().flatten().map(|it| &it["text"]).chain([&one["summary"]]);
        if let Some(text) = texts.filter_map(serde_json::Value::as_str).find(|text| control(text)) {
            return Err(format!("a control character in {text:?}"));
        }
    }
    Ok(())
}

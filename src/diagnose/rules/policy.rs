//! What governs workloads from outside: autoscalers, disruption budgets, quotas; and our own way to them.

use crate::diagnose::logs::quote;
use crate::diagnose::rule::{Cause, Finding, Out, Rule, Subject};
use crate::diagnose::scene::Scene;
use crate::domain::words::{after, bytes, count, countdown_changes_at, seconds_between, span};
use crate::domain::{Autoscaler, Quota, Severity, Text, Tier, Timestamp};

/// An autoscaler cannot read what it goes by.
pub const AUTOSCALER_BLIND: Rule = Rule {
    id: "autoscaler-blind",
    family: "autoscaler-blind",
    summary: "an autoscaler cannot read what it goes by, or works with a substitute: it does not scale",
    looks_at: "the autoscaler's own words (ScalingActive false, KEDA's Fallback); not those of what is scaled to none",
    mend: "bring back what measures: the metrics server, the adapter, the queue or database that is asked; check the metric's name",
    subject: Subject::Workload,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 120,
    clear_after_seconds: 120,
    check: autoscaler_blind,
};

/// An autoscaler wants more than it may.
pub const AUTOSCALER_AT_LIMIT: Rule = Rule {
    id: "autoscaler-at-limit",
    family: "autoscaler-at-limit",
    summary: "an autoscaler is at its most and wants more",
    looks_at: "an autoscaler that says it is limited, with as many instances as it may have, for ten minutes",
    mend: "raise its most if there is room, or find what the load comes from",
    subject: Subject::Workload,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 600,
    clear_after_seconds: 300,
    check: autoscaler_at_limit,
};

/// A budget allows nothing, ever.
pub const BUDGET_BLOCKS: Rule = Rule {
    id: "budget-blocks",
    family: "budget-blocks",
    summary: "a disruption budget never lets any instance go, though all are healthy: a drain waits for ever",
    looks_at: "budgets that ask for as many healthy instances as there are",
    mend: "let one go (`maxUnavailable: 1`), or run one more instance; on the day of a drain it is too late",
    subject: Subject::Workload,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 60,
    clear_after_seconds: 60,
    check: budget_blocks,
};

/// A quota is nearly used up.
pub const QUOTA_NEARLY_USED: Rule = Rule {
    id: "quota-nearly-used",
    family: "quota",
    summary: "a namespace has nearly used up a quota: the next pods may be refused",
    looks_at: "what each quota allows against what is used, from 90 %; not quotas of one or two pieces",
    mend: "raise the quota, or free what is not needed; a rollout needs room for its new pods beside the old ones",
    subject: Subject::Namespace,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 60,
    clear_after_seconds: 300,
    check: quota_nearly_used,
};

/// Our login ends soon.
pub const LOGIN_ENDS: Rule = Rule {
    id: "login-ends",
    family: "login",
    summary: "the client certificate by which cockpit, and whoever else uses that kubeconfig, logs in ends soon",
    looks_at: "the certificate of the kubeconfig, from 14 days before its end; not one that was made for less than a month, which \
               something renews by itself",
    mend: "renew it before it ends (kubeadm: `kubeadm certs renew`; else as it was made): cockpit takes the new one by itself",
    subject: Subject::Cluster,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: login_ends,
};

/// The server's certificate ends soon.
pub const CERTIFICATE_ENDS: Rule = Rule {
    id: "certificate-ends",
    family: "certificate",
    summary: "the certificate that a cluster's server shows ends soon: after that nobody reaches it, nodes included",
    looks_at: "the certificate that the server shows, from 14 days before its end; not one that was made for less than a month, \
               which something renews by itself, and not through a proxy",
    mend: "renew it and start the server again (kubeadm: `kubeadm certs renew apiserver`; k3s: restart the server)",
    subject: Subject::Cluster,
    cause: Cause::Risk,
    reads: &[],
    hold_seconds: 0,
    clear_after_seconds: 60,
    check: certificate_ends,
};

/// So long before its end a certificate is named, seconds.
const ENDS_SOON: i64 = 14 * 86_400;

/// From this share on a quota is named, percent.
const QUOTA_PERCENT: u64 = 90;
/// A quota of so few pieces is meant to be used up.
const FEW: u64 = 2;

fn autoscalers<'a>(scene: &Scene<'a>) -> Vec<&'a Autoscaler> {
    let mut all: Vec<&Autoscaler> = scene.view.autoscalers_of(scene.key).collect();
    all.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    all
}

fn autoscaler_blind(scene: &Scene<'_>, out: &mut Out) {
    let Some(workload) = scene.workload().filter(|it| it.desired.running() != Some(0)) else { return };
    let Some(it) = autoscalers(scene).into_iter().find(|it| it.active == Some(false) || it.fallback) else { return };
    let said = it.message.as_deref().map_or(String::new(), |said| format!(": {}", quote(said)));
    let name = &it.key.name;
    let summary = if it.fallback {
        format!("autoscaler {name} works with a substitute for its metric{said}")
    } else {
        format!("autoscaler {name} cannot read its metric{said}")
    };
    let stays = workload.desired.running().map_or(String::new(), |wanted| format!("; the number stays at {wanted}"));
    let stays = if it.fallback { String::new() } else { stays };
    let shown = it.message.as_deref().unwrap_or("it says that it cannot scale");
    out.say(Finding::new(Severity::Risk, format!("{summary}{stays}")).tier(Tier::Risk).evidence(
        None,
        "autoscaler",
        format!("{name}: {shown}"),
    ));
}

fn autoscaler_at_limit(scene: &Scene<'_>, out: &mut Out) {
    let wants_more = |it: &&Autoscaler| {
        let more = it.limited.as_deref().is_some_and(|which| !which.to_lowercase().contains("few"));
        more && it.current >= it.most && it.desired >= it.most && it.least < it.most
    };
    let Some(it) = autoscalers(scene).into_iter().find(wants_more) else { return };
    let by = it.measures.first().map_or(String::new(), |measure| format!(", {measure}"));
    let summary =
        format!("autoscaler {} is at its most and wants more: {} of {}{by}", it.key.name, it.current, it.most);
    let mut finding = Finding::new(Severity::Risk, summary).tier(Tier::Risk).since(it.scaled_at).evidence(
        it.scaled_at,
        "autoscaler",
        format!("{} to {}, now {}", it.least, it.most, it.current),
    );
    for measure in it.measures.iter().take(4) {
        finding = finding.evidence(None, "autoscaler", measure.clone());
    }
    out.say(finding);
}

fn budget_blocks(scene: &Scene<'_>, out: &mut Out) {
    let mut budgets: Vec<_> = scene.view.budgets_of(scene.key).collect();
    budgets.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    let never = |it: &&&crate::domain::Budget| {
        it.expected > 0 && it.wanted >= it.expected && it.allowed == 0 && it.healthy >= it.expected
    };
    let Some(it) = budgets.iter().find(never) else { return };
    let says = it.says.as_deref().map_or(String::new(), |says| format!(" ({says})"));
    let (name, wanted, expected) = (&it.key.name, it.wanted, it.expected);
    let summary = format!(
        "budget {name}{says} never lets one go: it needs {wanted} healthy of {expected}, so a drain waits for ever"
    );
    out.say(Finding::new(Severity::Risk, summary).tier(Tier::Risk).evidence(
        None,
        "disruption budget",
        format!("{name}: 0 may go, {} of {expected} healthy", it.healthy),
    ));
}

fn quota_nearly_used(scene: &Scene<'_>, out: &mut Out) {
    let Some(namespace) = scene.view.namespace(scene.key).filter(|it| it.deleting.is_none()) else { return };
    let percent =
        |it: &Quota| u64::try_from(u128::from(it.used) * 100 / u128::from(it.hard.max(1))).unwrap_or(u64::MAX);
    let near = |it: &&Quota| it.hard > FEW && percent(it) >= QUOTA_PERCENT;
    let mut near: Vec<&Quota> = namespace.quotas.iter().filter(near).collect();
    near.sort_by_key(|it| (std::cmp::Reverse(percent(it)), &it.name, &it.resource));
    let Some(worst) = near.first() else { return };
    let words = |it: &Quota| {
        format!(
            "{}: {} {} of {} used ({} %)",
            it.name,
            it.resource,
            amount(it, it.used),
            amount(it, it.hard),
            percent(it)
        )
    };
    let more = if near.len() > 1 { format!(", and {} more", near.len() - 1) } else { String::new() };
    let mut finding = Finding::new(Severity::Risk, format!("quota {}{more}", words(worst))).tier(Tier::Risk);
    for it in near.iter().take(5) {
        finding = finding.evidence(None, "quota", words(it));
    }
    out.say(finding);
}

/// An amount in the unit of its resource.
fn amount(of: &Quota, n: u64) -> String {
    let resource = of.resource.as_str();
    if resource.contains("memory") || resource.contains("storage") {
        bytes(n)
    } else if resource.ends_with("cpu") {
        match n % 1000 {
            0 => format!("{} cores", n / 1000),
            _ => format!("{n} m"),
        }
    } else {
        count(n)
    }
}

fn login_ends(scene: &Scene<'_>, out: &mut Out) {
    let ends = scene.view.cluster_info(scene.key).and_then(|it| it.login_ends);
    soon_over(scene, out, ends, "login", "the client certificate of the kubeconfig", "kubeconfig");
}

fn certificate_ends(scene: &Scene<'_>, out: &mut Out) {
    let ends = scene.view.cluster_info(scene.key).and_then(|it| it.certificate_ends);
    soon_over(scene, out, ends, "certificate", "the server's certificate", "TLS");
}

fn soon_over(scene: &Scene<'_>, out: &mut Out, ends: Option<Timestamp>, label: &str, what: &str, source: &str) {
    let Some(ends) = ends else { return };
    let soon = after(ends, -ENDS_SOON);
    if soon > scene.now() {
        return out.recheck_at(soon);
    }
    let left = seconds_between(scene.now(), ends);
    let when = match left {
        // The server itself may not care, or not look again at who is connected.
        0 => format!("has ended {} ago", span(seconds_between(ends, scene.now()))),
        _ => format!("ends in {}", span(left)),
    };
    out.recheck_at(if left > 0 { countdown_changes_at(ends, scene.now()) } else { after(scene.now(), 3600) });
    let mut finding = Finding::new(Severity::Risk, format!("{what} {when}")).tier(Tier::Risk).evidence(
        Some(ends),
        source,
        "it is good until then",
    );
    finding.label = Some(Text::new(label));
    out.say(finding);
}

//! What differs between what two revisions are made of, where both are held. Values of environments are not held: their
//! hashes tell that one is another.

use std::collections::BTreeSet;

use super::change::{Difference, How};
use super::spec::{ContainerSpec, Mount, MountKind, Probe, ProbeKind};
use super::text::{Name, Text};
use super::words::bytes;

/// What `now` has that `was` had not, the most telling first: images, environments, limits, checks, mounts.
pub fn between(was: &[ContainerSpec], now: &[ContainerSpec]) -> Vec<Difference> {
    let mut found = Vec::new();
    // A lone container is its workload: its name says nothing.
    let alone = was.len() <= 1 && now.len() <= 1;
    for it in now {
        let of = if alone { String::new() } else { format!("{} ", it.name) };
        match former(was, it, alone) {
            Some(before) => container(&mut found, &of, before, it),
            None => {
                say(&mut found, Weight::Container, format!("container {}", it.name), How::Added(Some(it.image.clone())))
            }
        }
    }
    for it in was.iter().filter(|it| !alone && !now.iter().any(|other| other.name == it.name)) {
        say(&mut found, Weight::Container, format!("container {}", it.name), How::Removed(Some(it.image.clone())));
    }
    found.sort_by_key(|(weight, _)| *weight);
    found.into_iter().map(|(_, difference)| difference).collect()
}

fn former<'a>(was: &'a [ContainerSpec], it: &ContainerSpec, alone: bool) -> Option<&'a ContainerSpec> {
    if alone { was.first() } else { was.iter().find(|other| other.name == it.name) }
}

/// What was found, each with its weight: whichever container it is of, images stand before limits.
type Found = Vec<(Weight, Difference)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Container,
    Image,
    Environment,
    Command,
    Limits,
    Rest,
}

fn say(found: &mut Found, weight: Weight, what: String, how: How) {
    found.push((weight, Difference { what: Text::from(what), how }));
}

/// Says that one optional thing is another.
fn value(found: &mut Found, weight: Weight, what: String, was: Option<Text>, now: Option<Text>) {
    let how = match (was, now) {
        (was, now) if was == now => return,
        (None, now) => How::Added(now),
        (was, None) => How::Removed(was),
        (Some(was), Some(now)) => How::Changed(Some((was, now))),
    };
    say(found, weight, what, how);
}

fn container(found: &mut Found, of: &str, was: &ContainerSpec, now: &ContainerSpec) {
    value(found, Weight::Image, format!("{of}image"), Some(was.image.clone()), Some(now.image.clone()));
    environment(found, of, was, now);
    value(found, Weight::Command, format!("{of}command"), was.command.clone(), now.command.clone());
    let size = |n: Option<u64>| n.map(|n| Text::from(bytes(n)));
    let millis = |n: Option<u64>| n.map(|n| Text::from(format!("{n}m")));
    value(
        found,
        Weight::Limits,
        format!("{of}memory limit"),
        size(was.memory_limit_bytes),
        size(now.memory_limit_bytes),
    );
    value(found, Weight::Limits, format!("{of}cpu limit"), millis(was.cpu_limit_millis), millis(now.cpu_limit_millis));
    value(
        found,
        Weight::Limits,
        format!("{of}memory request"),
        size(was.memory_request_bytes),
        size(now.memory_request_bytes),
    );
    value(
        found,
        Weight::Limits,
        format!("{of}cpu request"),
        millis(was.cpu_request_millis),
        millis(now.cpu_request_millis),
    );
    for kind in KINDS {
        let of_kind = |it: &ContainerSpec| it.probes.iter().find(|probe| probe.kind == kind).map(in_words);
        value(found, Weight::Rest, format!("{of}{} check", kind.as_str()), of_kind(was), of_kind(now));
    }
    let targets: BTreeSet<&Name> = was.mounts.iter().chain(&now.mounts).map(|mount| &mount.target).collect();
    for target in targets {
        let at = |it: &ContainerSpec| it.mounts.iter().find(|mount| mount.target == *target).map(source);
        value(found, Weight::Rest, format!("{of}mount {target}"), at(was), at(now));
    }
    let log = |it: &ContainerSpec| it.log.as_ref().map(|log| log.driver.clone());
    value(found, Weight::Rest, format!("{of}log driver"), log(was), log(now));
}

const KINDS: [ProbeKind; 5] =
    [ProbeKind::Startup, ProbeKind::Readiness, ProbeKind::Liveness, ProbeKind::Health, ProbeKind::Service];

/// Names whose value is another: never a value.
fn environment(found: &mut Found, of: &str, was: &ContainerSpec, now: &ContainerSpec) {
    let names: BTreeSet<&Name> = was.env.iter().chain(&now.env).map(|entry| &entry.name).collect();
    for name in names {
        // Of two of one name the last counts.
        let hash = |it: &ContainerSpec| it.env.iter().rfind(|entry| entry.name == *name).map(|entry| entry.hash);
        let how = match (hash(was), hash(now)) {
            (was, now) if was == now => continue,
            (None, _) => How::Added(None),
            (_, None) => How::Removed(None),
            _ => How::Changed(None),
        };
        say(found, Weight::Environment, format!("{of}env {name}"), how);
    }
}

/// `GET :8080/ready, every 10 s, 1 s long, 3 times`
fn in_words(it: &Probe) -> Text {
    let grace = if it.grace_seconds > 0 { format!(", first after {} s", it.grace_seconds) } else { String::new() };
    Text::from(format!(
        "{}, every {} s, {} s long, {} times{grace}",
        it.what, it.period_seconds, it.timeout_seconds, it.threshold
    ))
}

fn source(it: &Mount) -> Text {
    let kind = match it.kind {
        MountKind::Bind => "host path",
        MountKind::NamedVolume => "volume",
        MountKind::AnonymousVolume => return Text::new("a volume without a name"),
        MountKind::Temporary => "scratch space",
        MountKind::Claim => "claim",
        MountKind::Config => "configuration",
    };
    Text::from(format!("{kind} {}", it.source.as_deref().unwrap_or_default()).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EnvEntry;

    fn spec(name: &str) -> ContainerSpec {
        let mut it = ContainerSpec::new(name, "shop/web:1.4");
        it.env = vec![
            EnvEntry { name: "DB_URL".into(), hash: 1 },
            EnvEntry { name: "OLD".into(), hash: 2 },
            EnvEntry { name: "PORT".into(), hash: 3 },
        ];
        it.memory_limit_bytes = Some(512 << 20);
        it.mounts = vec![Mount {
            target: "/data".into(),
            source: Some("data".into()),
            kind: MountKind::NamedVolume,
            driver: None,
        }];
        it.probes = vec![Probe {
            kind: ProbeKind::Health,
            what: Text::new("CMD ok"),
            period_seconds: 30,
            timeout_seconds: 5,
            threshold: 3,
            grace_seconds: 0,
        }];
        it
    }

    fn words(was: &[ContainerSpec], now: &[ContainerSpec]) -> Vec<String> {
        between(was, now).iter().map(Difference::in_words).collect()
    }

    #[test]
    fn what_is_equal_does_not_differ() {
        assert!(between(&[spec("web")], &[spec("web")]).is_empty());
        assert!(between(&[], &[]).is_empty());
    }

    #[test]
    fn everything_that_is_held_is_compared_and_of_an_environment_names_alone_are_told() {
        let mut now = spec("web");
        now.image = "shop/web:1.5".into();
        now.env[0].hash = 9;
        now.env[1].name = "NEW".into();
        now.command = Some(Text::new("serve"));
        (now.memory_limit_bytes, now.cpu_limit_millis) = (Some(256 << 20), Some(500));
        now.mounts.clear();
        now.probes[0].period_seconds = 5;
        assert_eq!(
            words(&[spec("web")], &[now]),
            [
                "image shop/web:1.4 → shop/web:1.5",
                "env DB_URL changed",
                "env NEW added",
                "env OLD removed",
                "command added: serve",
                "memory limit 512 MiB → 256 MiB",
                "cpu limit added: 500m",
                "health check CMD ok, every 30 s, 5 s long, 3 times → CMD ok, every 5 s, 5 s long, 3 times",
                "mount /data removed (was volume data)",
            ]
        );
    }

    #[test]
    fn of_several_containers_each_is_named() {
        let (mut web, proxy) = (spec("web"), spec("proxy"));
        web.memory_limit_bytes = None;
        assert_eq!(
            words(&[spec("web"), spec("old")], &[web, proxy]),
            [
                "container proxy added: shop/web:1.4",
                "container old removed (was shop/web:1.4)",
                "web memory limit removed (was 512 MiB)",
            ]
        );
    }

    #[test]
    fn a_lone_container_is_compared_whatever_it_is_called() {
        let mut other = spec("web-2");
        other.image = "shop/web:1.5".into();
        assert_eq!(words(&[spec("web-1")], &[other]), ["image shop/web:1.4 → shop/web:1.5"]);
    }
}

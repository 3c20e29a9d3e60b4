//! `[[metrics]]` and `[[queue]]`: where numbers are, and who takes from a queue.

use std::path::Path;

use crate::domain::{ClusterId, Name, Ref};

use super::model::{MetricsWay, QueueConsumer};
use super::read::path;
use super::reader::{Reader, Table, Value};

const CLUSTER: &str = "the name of the cluster that its numbers are of, such as \"prod\"";
const SERVER: &str = "the address of a server, such as \"http://127.0.0.1:9090\" (a password goes into password_file)";
const MANAGER: &str = "the address of a server, such as \"http://127.0.0.1:9093\" (a password goes into password_file)";
const PAGES: &str = "pages of exporters, such as [\"http://10.0.0.7:9121/metrics\"]";
pub(super) const WORKLOAD: &str = "the workload as namespace/kind/name, such as \"shop/Deployment/worker\"";

/// Every place.
pub(super) fn places(reader: &mut Reader<'_>, value: &Value<'_, '_>, base: &Path) -> Vec<MetricsWay> {
    let tables = reader.tables(value, "metrics");
    tables.into_iter().filter_map(|table| place(reader, table, base)).collect()
}

fn place(reader: &mut Reader<'_>, mut table: Table<'_, '_>, base: &Path) -> Option<MetricsWay> {
    let line = reader.line_of(table.span());
    let cluster = cluster(reader, &mut table);
    let mut ways: Vec<(&'static str, std::ops::Range<usize>)> = Vec::new();
    let prometheus = address(reader, &mut table, "prometheus", SERVER, &mut ways);
    let alertmanager = address(reader, &mut table, "alertmanager", MANAGER, &mut ways);
    let scrape = table.take(reader, "scrape").map(|value| {
        ways.push(("scrape", value.span.clone()));
        let all = reader.some_texts(&value, PAGES);
        if !all.iter().all(|raw| says_how(raw)) {
            reader.bad(&value, PAGES);
            return Vec::new();
        }
        all
    });
    let mut file = |name: &'static str| table.take(reader, name).and_then(|value| path(reader, &value, base));
    let (token_file, password_file) = (file("token_file"), file("password_file"));
    let (ca, cert, key) = (file("ca"), file("cert"), file("key"));
    let mut text = |name: &'static str, expected: &str| {
        table.take(reader, name).and_then(|value| reader.text(&value, expected).map(str::to_owned))
    };
    let user = text("user", "the name that goes with password_file");
    let tenant = text("tenant", "whose numbers, of a server that has those of several");
    match &ways[..] {
        [] => {
            let what = "the place has neither `prometheus` nor `scrape` nor `alertmanager`";
            reader.problem(table.span(), what).expected = Some(SERVER.to_owned());
        }
        [(first, span), (second, _), ..] => {
            let what = format!("both `metrics.{first}` and `metrics.{second}` are set");
            reader.problem(span, &what).expected = Some("one of them: each has a [[metrics]] of its own".to_owned());
        }
        [_] => {}
    }
    if user.is_some() != password_file.is_some() {
        let what = "of `metrics.user` and `metrics.password_file` only one is set";
        reader.problem(table.span(), what).expected = Some("both".to_owned());
    }
    table.end(reader);
    let scrape = scrape.unwrap_or_default();
    Some(MetricsWay {
        cluster,
        prometheus,
        scrape,
        alertmanager,
        token_file,
        user,
        password_file,
        tenant,
        ca,
        cert,
        key,
        line,
    })
}

/// An address, and that it is there at all.
fn address(
    reader: &mut Reader<'_>,
    table: &mut Table<'_, '_>,
    name: &'static str,
    expected: &str,
    ways: &mut Vec<(&'static str, std::ops::Range<usize>)>,
) -> Option<String> {
    let value = table.take(reader, name)?;
    ways.push((name, value.span.clone()));
    let raw = reader.text(&value, expected)?;
    if says_how(raw) {
        return Some(raw.to_owned());
    }
    reader.bad(&value, expected);
    None
}

/// Every queue of which a person says who takes from it.
pub(super) fn queues(reader: &mut Reader<'_>, value: &Value<'_, '_>) -> Vec<QueueConsumer> {
    let tables = reader.tables(value, "queue");
    tables.into_iter().filter_map(|table| queue(reader, table)).collect()
}

fn queue(reader: &mut Reader<'_>, mut table: Table<'_, '_>) -> Option<QueueConsumer> {
    const QUEUE: &str = "the name of the queue, such as \"orders\"";
    let cluster = cluster(reader, &mut table);
    let name = table.need(reader, "name", QUEUE).and_then(|value| reader.text(&value, QUEUE).map(Name::new));
    let written = table.need(reader, "consumer", WORKLOAD);
    let consumer = written.as_ref().and_then(|value| named(reader, value, WORKLOAD));
    table.end(reader);
    Some(QueueConsumer { cluster, name: name?, consumer: consumer? })
}

/// An object as `namespace/kind/name`, of whichever cluster: that is said beside it.
pub(super) fn named(reader: &mut Reader<'_>, value: &Value<'_, '_>, expected: &str) -> Option<Ref> {
    let raw = reader.text(value, expected)?;
    let read: Option<Ref> = format!("-/{raw}").parse().ok();
    if read.is_none() {
        reader.bad(value, expected);
    }
    read
}

/// Of which cluster it is.
pub(super) fn cluster(reader: &mut Reader<'_>, table: &mut Table<'_, '_>) -> Option<ClusterId> {
    let value = table.take(reader, "cluster")?;
    reader.text(&value, CLUSTER).map(ClusterId::new)
}

/// An address is shown; a password in it would be too.
fn says_how(address: &str) -> bool {
    let rest = ["http://", "https://"].iter().find_map(|scheme| address.strip_prefix(scheme));
    rest.is_some_and(|rest| !has_password(rest))
}

/// Whether what follows `://` names who asks.
pub(super) fn has_password(rest: &str) -> bool {
    rest.split('/').next().unwrap_or_default().contains('@')
}

#[cfg(test)]
mod tests {
    use super::super::read::{Words, parse};
    use super::*;

    fn problems(source: &str) -> Vec<String> {
        let read = parse(source, Path::new("config.toml"), &Words::default());
        read.err().map(|all| all.to_string().lines().map(str::to_owned).collect()).unwrap_or_default()
    }

    #[test]
    fn a_place_is_a_server_or_pages_and_who_asks() {
        let source = "[[metrics]]\ncluster = \"prod\"\nprometheus = \"https://p.example\"\nuser = \"ops\"\n\
                      password_file = \"pw\"\ntenant = \"shop\"\n[[metrics]]\nscrape = [\"http://h:9121/metrics\"]\n\
                      [[queue]]\nname = \"orders\"\nconsumer = \"shop/Deployment/worker\"\n";
        let config = parse(source, Path::new("/etc/cockpit/config.toml"), &Words::default()).expect("it is valid");
        let [server, pages] = &config.metrics[..] else { panic!("{:?}", config.metrics) };
        assert_eq!(server.cluster, Some(ClusterId::new("prod")));
        assert_eq!(server.password_file.as_deref(), Some(Path::new("/etc/cockpit/pw")));
        assert_eq!((pages.scrape.len(), pages.cluster.is_none()), (1, true));
        let consumer = &config.queues[0].consumer;
        assert_eq!((consumer.namespace.as_deref(), consumer.name.as_str()), (Some("shop"), "worker"));
    }

    #[test]
    fn what_is_written_wrong_is_said_with_its_line() {
        for (source, says) in [
            ("[[metrics]]\n", "neither `prometheus` nor `scrape` nor `alertmanager`"),
            ("[[metrics]]\nprometheus = \"http://p\"\nalertmanager = \"http://a\"\n", "`metrics.alertmanager` are set"),
            ("[[metrics]]\nalertmanager = \"a:9093\"\n", "http://127.0.0.1:9093"),
            ("[[metrics]]\nprometheus = \"http://p\"\nscrape = \"http://q\"\n", "both `metrics.prometheus`"),
            ("[[metrics]]\nprometheus = \"p:9090\"\n", "http://127.0.0.1:9090"),
            ("[[metrics]]\nprometheus = \"http://ops:hunter2@p:9090\"\n", "goes into password_file"),
            ("[[metrics]]\nscrape = [\"h:9121\"]\n", "pages of exporters"),
            ("[[metrics]]\nprometheus = \"http://p\"\nuser = \"ops\"\n", "only one is set"),
            ("[[metrics]]\nprometheus = \"http://p\"\ntokenfile = \"t\"\n", "token_file"),
            ("[[queue]]\nname = \"orders\"\nconsumer = \"worker\"\n", "namespace/kind/name"),
        ] {
            let said = problems(source).join("\n");
            assert!(said.contains(says), "{source}: {said}");
        }
    }
}

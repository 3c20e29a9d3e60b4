//! `[[cluster]]`: what is to be watched, and the way to it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::{BackendKind, ClusterId};

use super::model::{Cluster, ConsulWay, NomadWay, Way};
use super::problem::near_match;
use super::read::path;
use super::reader::{Reader, Table, Value};

const HOST: &str = "an address such as \"unix:///run/docker.sock\", \"tcp://10.0.0.5:2376\" or \"ssh://ops@host\"";
const NAME: &str = "a name of a-z, 0-9, `.`, `_` and `-`";
const BACKENDS: [&str; 3] = ["docker", "kubernetes", "nomad"];
const ADDRESS: &str = "an address such as \"https://nomad.example:4646\", or a list of servers of one region";
const NAMESPACES: &str = "names of namespaces, such as [\"shop\", \"batch\"]";

/// Every cluster; two of one name are a problem.
pub(super) fn clusters(reader: &mut Reader<'_>, value: &Value<'_, '_>, base: &Path) -> Vec<Cluster> {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    let mut clusters = Vec::new();
    for table in reader.tables(value, "cluster") {
        let line = reader.line_of(table.span());
        let Some((name, cluster)) = cluster(reader, table, base, line) else { continue };
        let known = cluster.name.as_str().to_owned();
        if let Some(first) = lines.get(&known) {
            let what = format!("a second cluster is named \"{known}\"; the first is on line {first}");
            reader.problem(&name.span, what).expected = Some("a name of its own".to_owned());
        }
        lines.entry(known).or_insert(line);
        clusters.push(cluster);
    }
    clusters
}

fn cluster<'t, 'i>(
    reader: &mut Reader<'_>,
    mut table: Table<'t, 'i>,
    base: &Path,
    line: usize,
) -> Option<(Value<'t, 'i>, Cluster)> {
    let named = table.need(reader, "name", NAME);
    let name = named.as_ref().and_then(|value| name(reader, value));
    let backend = table.need(reader, "backend", "\"docker\", \"kubernetes\" or \"nomad\"");
    let backend = backend.and_then(|value| backend_of(reader, &value));
    let read_only = table.take(reader, "read_only").and_then(|value| reader.boolean(&value)).unwrap_or_default();
    let protected = table.take(reader, "protected").and_then(|value| reader.boolean(&value)).unwrap_or_default();
    let (mut certificates, mut namespaces) = (None, Vec::new());
    let way = match backend {
        Some(BackendKind::Docker) => {
            certificates = table.take(reader, "certificates").and_then(|value| path(reader, &value, base));
            engine(reader, &mut table)
        }
        Some(BackendKind::Kubernetes) => {
            namespaces = table.take(reader, "namespaces").map(|value| names(reader, &value)).unwrap_or_default();
            kubernetes(reader, &mut table, base)
        }
        Some(BackendKind::Nomad) => {
            const NAMES: &str = "names of namespaces, such as [\"default\", \"batch\"]";
            namespaces =
                table.take(reader, "namespaces").map(|value| reader.some_texts(&value, NAMES)).unwrap_or_default();
            Some(nomad(reader, &mut table, base))
        }
        // Which keys it may have is not known: of them nothing is said.
        None => return None,
    };
    table.end(reader);
    let (name, backend, way) = (name?, backend?, way?);
    Some((named?, Cluster { name, backend, way, certificates, namespaces, read_only, protected, line }))
}

fn name(reader: &mut Reader<'_>, value: &Value<'_, '_>) -> Option<ClusterId> {
    let raw = reader.text(value, NAME)?;
    let name = ClusterId::new(raw);
    if name.as_str() == raw {
        return Some(name);
    }
    reader.bad(value, NAME);
    reader.suggest(Some(name.as_str()));
    None
}

fn backend_of(reader: &mut Reader<'_>, value: &Value<'_, '_>) -> Option<BackendKind> {
    match reader.word(value, &BACKENDS)? {
        "docker" => Some(BackendKind::Docker),
        "nomad" => Some(BackendKind::Nomad),
        _ => Some(BackendKind::Kubernetes),
    }
}

/// The way to an engine: its address, else a context of the docker command.
fn engine(reader: &mut Reader<'_>, table: &mut Table<'_, '_>) -> Option<Way> {
    let host = table.take(reader, "host").and_then(|value| Some((host(reader, &value)?, value)));
    let context = table.take(reader, "context");
    let context = context.and_then(|value| reader.text(&value, "the name of a Docker context").map(str::to_owned));
    match (host, context) {
        (Some((_, value)), Some(_)) => {
            let what = "both `cluster.host` and `cluster.context` are set";
            reader.problem(&value.span, what).expected = Some("one of them".to_owned());
            None
        }
        (Some((host, _)), None) => Some(Way::Host(host)),
        (None, Some(context)) => Some(Way::Context(context)),
        (None, None) => {
            if !table.has("host") && !table.has("context") {
                let what = "the cluster has neither `host` nor `context`";
                reader.problem(table.span(), what).expected = Some(HOST.to_owned());
            }
            None
        }
    }
}

/// The way to a Kubernetes cluster: a context, of a kubeconfig of its own or of the usual ones; else the pod's own cluster.
fn kubernetes(reader: &mut Reader<'_>, table: &mut Table<'_, '_>, base: &Path) -> Option<Way> {
    const CONTEXT: &str = "the name of a context, such as \"prod\"";
    let context = table.take(reader, "context");
    let context = context.and_then(|value| reader.text(&value, CONTEXT).map(str::to_owned));
    let file = table.take(reader, "kubeconfig").and_then(|value| path(reader, &value, base));
    let inside = table.take(reader, "in_cluster").and_then(|value| Some((reader.boolean(&value)?, value)));
    let by_file = table.has("context") || table.has("kubeconfig");
    match &inside {
        Some((true, value)) if by_file => {
            let other = if table.has("context") { "context" } else { "kubeconfig" };
            let what = format!("both `cluster.in_cluster` and `cluster.{other}` are set");
            reader.problem(&value.span, what).expected = Some("one of them".to_owned());
            None
        }
        Some((true, _)) => Some(Way::InCluster),
        _ if context.is_some() || file.is_some() => Some(Way::Kubeconfig { file, context }),
        _ => {
            if !by_file && (!table.has("in_cluster") || inside.is_some()) {
                let what = "the cluster has neither `context` nor `kubeconfig` nor `in_cluster = true`";
                reader.problem(table.span(), what).expected = Some(CONTEXT.to_owned());
            }
            None
        }
    }
}

/// The way to a Nomad region.
fn nomad(reader: &mut Reader<'_>, table: &mut Table<'_, '_>, base: &Path) -> Way {
    const REGION: &str = "the name of a region, such as \"eu\"";
    const SERVER_NAME: &str = "the name that its certificate is of, such as \"server.eu.nomad\"";
    let addresses = table.take(reader, "address").map_or_else(Vec::new, |value| {
        let raw = reader.some_texts(&value, ADDRESS);
        if !raw.iter().all(|raw| says_how(raw)) {
            reader.bad(&value, ADDRESS);
            return Vec::new();
        }
        raw
    });
    let mut addresses = addresses.into_iter();
    let (address, others) = (addresses.next(), addresses.collect());
    let region = table.take(reader, "region").and_then(|value| reader.text(&value, REGION).map(str::to_owned));
    let tls_server_name =
        table.take(reader, "tls_server_name").and_then(|value| reader.text(&value, SERVER_NAME).map(str::to_owned));
    let mut file = |name: &'static str| table.take(reader, name).and_then(|value| path(reader, &value, base));
    let (token_file, ca, cert, key) = (file("token_file"), file("ca"), file("cert"), file("key"));
    let consul = consul(reader, table, base);
    Way::Nomad(Box::new(NomadWay { address, others, region, token_file, ca, cert, key, tls_server_name, consul }))
}

/// The way to the Consul of a region; none where nothing is said of it.
fn consul(reader: &mut Reader<'_>, table: &mut Table<'_, '_>, base: &Path) -> Option<ConsulWay> {
    const CONSUL: &str = "an address such as \"https://consul.example:8501\"";
    let address = address(reader, table, "consul_address", CONSUL);
    let mut file = |name: &'static str| table.take(reader, name).and_then(|value| path(reader, &value, base));
    let token_file = file("consul_token_file");
    let (ca, cert, key) = (file("consul_ca"), file("consul_cert"), file("consul_key"));
    let way = ConsulWay { address, token_file, ca, cert, key };
    (way != ConsulWay::default()).then_some(way)
}

/// An address that says how.
fn address(
    reader: &mut Reader<'_>,
    table: &mut Table<'_, '_>,
    name: &'static str,
    expected: &'static str,
) -> Option<String> {
    let value = table.take(reader, name)?;
    let raw = reader.text(&value, expected)?;
    let known = says_how(raw);
    if !known {
        reader.bad(&value, expected);
    }
    known.then(|| raw.to_owned())
}

fn says_how(address: &str) -> bool {
    ["http://", "https://", "unix://"].iter().any(|scheme| address.starts_with(scheme))
}

/// Whether Kubernetes lets a namespace be called so (an RFC 1123 label).
pub fn is_namespace(name: &str) -> bool {
    let within = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(within) && !name.starts_with('-') && !name.ends_with('-')
}

/// Names of namespaces.
fn names(reader: &mut Reader<'_>, value: &Value<'_, '_>) -> Vec<String> {
    let all = reader.some_texts(value, NAMESPACES);
    if let Some(odd) = all.iter().find(|name| !is_namespace(name)) {
        let what = format!("`{}` has \"{}\" in it", value.key, crate::domain::sanitise(odd));
        reader.problem(&value.span, what).expected = Some(NAMESPACES.to_owned());
    }
    all
}

fn host(reader: &mut Reader<'_>, value: &Value<'_, '_>) -> Option<String> {
    const SCHEMES: [&str; 5] = ["unix", "tcp", "ssh", "http", "https"];
    let raw = reader.text(value, HOST)?;
    match raw.split_once("://") {
        Some((scheme, rest)) if SCHEMES.contains(&scheme) && !rest.is_empty() => Some(raw.to_owned()),
        Some((scheme, _)) => {
            reader.bad(value, HOST);
            let near = near_match(scheme, SCHEMES).map(|near| format!("{near}://"));
            reader.suggest(near.as_deref());
            None
        }
        None => {
            reader.bad(value, HOST);
            let near = raw.starts_with('/').then(|| format!("unix://{raw}"));
            reader.suggest(near.as_deref());
            None
        }
    }
}

//! `[[endpoint]]`: what is asked from here, as a user would.

use std::path::Path;

use crate::domain::{Name, Ref};

use super::metrics::{WORKLOAD, cluster, has_password, named};
use super::model::EndpointCheck;
use super::read::path;
use super::reader::{Reader, Table, Value};

const ADDRESS: &str = "an address such as \"https://shop.example/health\" or \"tcp://db-1:5432\" (without a password)";

/// Every endpoint.
pub(super) fn endpoints(reader: &mut Reader<'_>, value: &Value<'_, '_>, base: &Path) -> Vec<EndpointCheck> {
    let tables = reader.tables(value, "endpoint");
    let mut all: Vec<EndpointCheck> = Vec::new();
    for table in tables {
        let span = table.span().clone();
        let Some(it) = endpoint(reader, table, base) else { continue };
        if all.iter().any(|known| known.name == it.name && known.cluster == it.cluster) {
            let what = format!("two endpoints are called `{}`", it.name);
            reader.problem(&span, what).expected = Some("a `name` of its own for each".to_owned());
        }
        all.push(it);
    }
    all
}

fn endpoint(reader: &mut Reader<'_>, mut table: Table<'_, '_>, base: &Path) -> Option<EndpointCheck> {
    let line = reader.line_of(table.span());
    let cluster = cluster(reader, &mut table);
    let address = table.need(reader, "address", ADDRESS).and_then(|value| {
        let raw = reader.text(&value, ADDRESS)?;
        if says_where(raw) {
            return Some(raw.to_owned());
        }
        reader.bad(&value, ADDRESS);
        None
    });
    let name = table.take(reader, "name").and_then(|value| reader.text(&value, "what it is called").map(Name::new));
    let status = table.take(reader, "status").and_then(|value| {
        let read = reader.integer(&value, 100..=599)?;
        u16::try_from(read).ok()
    });
    let text = table.take(reader, "text").and_then(|value| reader.text(&value, "a text").map(str::to_owned));
    let target: Option<Ref> = table.take(reader, "target").and_then(|value| named(reader, &value, WORKLOAD));
    let ca = table.take(reader, "ca").and_then(|value| path(reader, &value, base));
    if address.as_ref().is_some_and(|it| it.starts_with("tcp://")) && (status.is_some() || text.is_some()) {
        let what = "a `tcp://` address is only connected to";
        reader.problem(table.span(), what).expected = Some("no `status` and no `text`".to_owned());
    }
    table.end(reader);
    let address = address?;
    let name = name.unwrap_or_else(|| Name::new(short(&address)));
    Some(EndpointCheck { cluster, name, address, status, text, target, ca, line })
}

/// `shop.example/health`
fn short(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest.trim_end_matches('/'))
}

fn says_where(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once("://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    let port = host.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    match scheme {
        "http" | "https" => !host.is_empty() && !has_password(rest),
        "tcp" => port && !has_password(rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Config;
    use super::super::read::{Words, parse};
    use super::*;

    fn read(source: &str) -> Result<Config, String> {
        parse(source, Path::new("/etc/cockpit/config.toml"), &Words::default()).map_err(|all| all.to_string())
    }

    #[test]
    fn an_endpoint_is_an_address_and_what_is_expected() {
        let source = "[[endpoint]]\naddress = \"https://shop.example/health\"\nstatus = 200\ntext = \"ok\"\n\
                      target = \"shop/Deployment/web\"\n[[endpoint]]\nname = \"db\"\naddress = \"tcp://db-1:5432\"\n";
        let config = read(source).expect("it is valid");
        let [web, db] = &config.endpoints[..] else { panic!("{:?}", config.endpoints) };
        assert_eq!(
            (web.name.as_str(), web.status, web.text.as_deref()),
            ("shop.example/health", Some(200), Some("ok"))
        );
        assert_eq!(web.target.as_ref().map(|it| it.local()), Some("shop/web".to_owned()));
        assert_eq!((db.name.as_str(), db.status, db.line), ("db", None, 6));
    }

    #[test]
    fn what_is_written_wrong_is_said() {
        for (source, says) in [
            ("[[endpoint]]\nname = \"web\"\n", "address"),
            ("[[endpoint]]\naddress = \"shop.example\"\n", "https://shop.example/health"),
            ("[[endpoint]]\naddress = \"https://ops:pw@shop.example\"\n", "without a password"),
            ("[[endpoint]]\naddress = \"tcp://db-1\"\n", "tcp://db-1:5432"),
            ("[[endpoint]]\naddress = \"tcp://db-1:5432\"\nstatus = 200\n", "only connected to"),
            ("[[endpoint]]\naddress = \"http://a\"\nstatus = 20\n", "100"),
            (
                "[[endpoint]]\naddress = \"http://a\"\n[[endpoint]]\naddress = \"http://a\"\n",
                "two endpoints are called `a`",
            ),
            ("[[endpoint]]\naddress = \"http://a\"\ntarget = \"web\"\n", "namespace/kind/name"),
        ] {
            let said = read(source).err().unwrap_or_default();
            assert!(said.contains(says), "{source}: {said}");
        }
    }
}

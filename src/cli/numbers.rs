//! Where the numbers of what is watched are, and what is asked from here: `[[metrics]]`, `[[queue]]` and `[[endpoint]]` of the settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{Config, EndpointCheck, MetricsWay};
use crate::domain::{ClusterId, Feed, Ref, Text};
use crate::engine::Target;
use crate::metrics::check::Wanted;
use crate::metrics::{self, Alerts, Checks, Consumer, Desk, Metrics, Place, What, alert};
use crate::reach::Tls;

use super::people::person;

/// Gives each target the places that have its numbers, and what is asked beside it; and stands before its backend, which knows none of
/// those. Says which are of nothing that is watched.
pub fn beside(targets: &mut [Target], config: &Config) -> Vec<Text> {
    let names: Vec<ClusterId> = targets.iter().map(|target| target.cluster.clone()).collect();
    let mut left = Vec::new();
    let mut alerting: BTreeMap<usize, alert::Target> = BTreeMap::new();
    for way in &config.metrics {
        match whose(way.cluster.as_ref(), &named(way), &names) {
            Ok(at) => {
                targets[at].beside.extend(places(way, &names[at], config).map(|it| Metrics::new(it) as Arc<dyn Feed>));
                let (cluster, kind) = (names[at].clone(), targets[at].kind);
                let (rules, managers) = (Vec::new(), Vec::new());
                let tells = alerting.entry(at).or_insert(alert::Target { cluster, kind, rules, managers });
                tells.rules.extend(way.prometheus.iter().map(|address| place(way, address)));
                tells.managers.extend(way.alertmanager.iter().map(|address| place(way, address)));
            }
            Err(why) => left.push(why),
        }
    }
    let mut asked: BTreeMap<usize, Vec<Wanted>> = BTreeMap::new();
    for it in &config.endpoints {
        let what = Named { address: it.address.clone(), table: "[[endpoint]]", line: it.line };
        match whose(it.cluster.as_ref(), &what, &names) {
            Ok(at) => asked.entry(at).or_default().push(wanted(it, &names[at])),
            Err(why) => left.push(why),
        }
    }
    for (at, wanted) in asked {
        targets[at].beside.push(Checks::new(names[at].clone(), wanted));
    }
    let mut told: BTreeMap<usize, Arc<Alerts>> = BTreeMap::new();
    for (at, tells) in alerting.into_iter().filter(|(_, it)| !(it.rules.is_empty() && it.managers.is_empty())) {
        let alerts = Alerts::new(tells);
        targets[at].beside.push(alerts.clone());
        told.insert(at, alerts);
    }
    let by = person().name;
    for (at, target) in targets.iter_mut().enumerate() {
        target.backend = Desk::before(target.backend.clone(), told.remove(&at), by.clone());
    }
    left
}

/// A place, and where the settings name it.
struct Named {
    address: String,
    table: &'static str,
    line: usize,
}

fn named(way: &MetricsWay) -> Named {
    let address = way.prometheus.iter().chain(&way.scrape).chain(&way.alertmanager).next().cloned();
    Named { address: address.unwrap_or_default(), table: "[[metrics]]", line: way.line }
}

/// Of which of the watched clusters something tells; else why of none.
fn whose(cluster: Option<&ClusterId>, of: &Named, names: &[ClusterId]) -> Result<usize, Text> {
    let Named { address, table, line } = of;
    match (cluster, names) {
        (Some(cluster), names) => names
            .iter()
            .position(|name| name == cluster)
            .ok_or_else(|| Text::from(format!("{address} (of {cluster}, which is not watched)"))),
        (None, [_]) => Ok(0),
        (None, _) => Err(Text::from(format!("{address} (of which cluster? {table} on line {line} does not say)"))),
    }
}

fn wanted(it: &EndpointCheck, cluster: &ClusterId) -> Wanted {
    let EndpointCheck { name, address, status, text, ca, .. } = it.clone();
    let target = it.target.clone().map(|target| Ref { cluster: cluster.clone(), ..target });
    Wanted { name, address, status, text, target, tls: Tls { ca, ..Tls::default() } }
}

fn places(way: &MetricsWay, cluster: &ClusterId, config: &Config) -> impl Iterator<Item = metrics::Target> {
    let of = |what: What, address: &String| metrics::Target {
        cluster: cluster.clone(),
        what,
        place: place(way, address),
        consumers: consumers(cluster, config),
    };
    let server = way.prometheus.iter().map(|address| of(What::Prometheus, address));
    server.chain(way.scrape.iter().map(|address| of(What::Page, address))).collect::<Vec<_>>().into_iter()
}

fn place(way: &MetricsWay, address: &str) -> Place {
    Place {
        address: address.to_owned(),
        token_file: way.token_file.clone(),
        user: way.user.clone().zip(way.password_file.clone()),
        tenant: way.tenant.clone(),
        tls: Tls { ca: way.ca.clone(), cert: way.cert.clone(), key: way.key.clone(), ..Tls::default() },
    }
}

fn consumers(cluster: &ClusterId, config: &Config) -> Vec<Consumer> {
    let here = config.queues.iter().filter(|it| it.cluster.as_ref().is_none_or(|of| of == cluster));
    let workload = |of: &Ref| Ref { cluster: cluster.clone(), ..of.clone() };
    here.map(|it| Consumer { queue: it.name.clone(), workload: workload(&it.consumer) }).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Words, parse};

    fn config() -> Config {
        let source = "[[metrics]]\nprometheus = \"http://p\"\n[[metrics]]\ncluster = \"eu\"\nscrape = [\"http://a\", \"http://b\"]\n\
                      [[queue]]\nname = \"orders\"\nconsumer = \"shop/Deployment/worker\"\n\
                      [[queue]]\ncluster = \"us\"\nname = \"mail\"\nconsumer = \"shop/Deployment/mailer\"\n";
        parse(source, Path::new("config.toml"), &Words::default()).expect("it is valid")
    }

    #[test]
    fn a_place_belongs_to_the_cluster_that_it_names_or_the_only_one() {
        let config = config();
        let names = |all: &[&str]| all.iter().map(|name| ClusterId::new(name)).collect::<Vec<_>>();
        let whose = |all: &[&str]| {
            config
                .metrics
                .iter()
                .map(|way| super::whose(way.cluster.as_ref(), &named(way), &names(all)))
                .collect::<Vec<_>>()
        };
        assert_eq!(whose(&["eu"]), [Ok(0), Ok(0)]);
        let both = whose(&["us", "eu"]);
        assert!(both[0].as_ref().is_err_and(|why| why.contains("line 1")) && both[1] == Ok(1), "{both:?}");
        let other = whose(&["us"]);
        assert!(
            other[0] == Ok(0) && other[1].as_ref().is_err_and(|why| why.contains("eu, which is not watched")),
            "{other:?}"
        );
    }

    #[test]
    fn each_page_is_a_place_and_knows_who_takes_from_queues_there() {
        let config = config();
        let eu = ClusterId::new("eu");
        let all: Vec<metrics::Target> = places(&config.metrics[1], &eu, &config).collect();
        assert_eq!(all.iter().map(|it| it.place.address.as_str()).collect::<Vec<_>>(), ["http://a", "http://b"]);
        let worker: Ref = "eu/shop/Deployment/worker".parse().expect("a ref");
        assert_eq!(all[0].consumers, [Consumer { queue: "orders".into(), workload: worker }]);
    }
}

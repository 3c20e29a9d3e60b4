//! Ways in: Services, what is behind them, and what leads to them: Ingresses, routes of Gateways.

use crate::domain::{Endpoint, Exposure, Kind, Name, Ref, Text};

use super::super::wire::read::Int;
use super::super::wire::rest::{EndpointSlice, IngressSpec, RouteSpec, ServiceSpec};
use super::scribe::Scribe;
use super::select;

/// A Service.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub(super) selector: Vec<(Name, Name)>,
    /// Users reach it from outside.
    pub(super) outside: bool,
}

impl Service {
    pub(super) fn read(scribe: &mut Scribe, it: &ServiceSpec) -> Self {
        let outside = matches!(&*it.kind, "LoadBalancer" | "NodePort") || !it.external_ips.is_empty();
        // One that stands for another name picks nothing, whatever it says.
        let elsewhere = &*it.kind == "ExternalName";
        let selector = if elsewhere { Vec::new() } else { scribe.pairs(&it.selector) };
        Self { selector, outside }
    }
}

/// Addresses behind a Service, or a part of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) service: Name,
    /// `IPv4`, `IPv6`: of a Service with both, each has all.
    family: Name,
    ready: u32,
    not_ready: u32,
}

impl Slice {
    pub(super) fn read(scribe: &mut Scribe, it: &EndpointSlice, service: &str) -> Self {
        let mut slice =
            Self { service: scribe.name(service), family: scribe.name(&it.address_type), ready: 0, not_ready: 0 };
        for endpoint in it.endpoints.iter() {
            let conditions = &endpoint.conditions;
            match conditions.ready.is_none_or(|ready| ready.0) {
                true => slice.ready += 1,
                // What is on its way out is not missed.
                false if conditions.terminating.0 => {}
                false => slice.not_ready += 1,
            }
        }
        slice
    }
}

/// How many addresses are behind something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Behind {
    pub(super) ready: u32,
    pub(super) not_ready: u32,
}

impl Behind {
    /// By its slices: the most of any family.
    pub(super) fn of<'a>(slices: impl Iterator<Item = &'a Slice>) -> Self {
        let mut families: Vec<(&Name, Behind)> = Vec::new();
        for slice in slices {
            let place = families.iter().position(|(family, _)| **family == slice.family).unwrap_or_else(|| {
                families.push((&slice.family, Behind::default()));
                families.len() - 1
            });
            families[place].1.ready += slice.ready;
            families[place].1.not_ready += slice.not_ready;
        }
        families.into_iter().map(|(_, it)| it).max_by_key(|it| (it.ready, it.not_ready)).unwrap_or_default()
    }

    /// Together with another.
    pub(super) fn and(self, other: Self) -> Self {
        Self { ready: self.ready + other.ready, not_ready: self.not_ready + other.not_ready }
    }
}

/// What leads to Services: an Ingress, a route of a Gateway.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entrance {
    /// As what it is shown.
    pub(super) kind: Kind,
    /// Namespace and name of each.
    pub(super) services: Vec<(Name, Name)>,
    /// Users come in by it.
    pub(super) outside: bool,
    /// `shop.example/api`
    hosts: Vec<Text>,
}

/// Hosts of an Ingress that are said, at most.
const HOSTS: usize = 8;

impl Entrance {
    pub(super) fn ingress(scribe: &mut Scribe, namespace: &Name, it: &IngressSpec) -> Self {
        let paths = it.rules.iter().flat_map(|rule| rule.http.paths.iter());
        let backends = paths.map(|path| &path.backend.0).chain([&it.default_backend.0]);
        // The AWS Load Balancer Controller has actions under names of Services that there are not, with this port.
        let services = backends.map(|backend| &backend.service.0).filter(|it| &*it.port.name != "use-annotation");
        let names = services.filter_map(|it| it.name.some());
        let services = names.map(|name| (namespace.clone(), scribe.name(name))).collect();
        let hosts = it.rules.iter().filter_map(|rule| rule.host.some()).map(|host| scribe.name(host)).collect();
        Self::new(Kind::Ingress, services, true, hosts)
    }

    /// None of one that leads to no Service: it redirects, or leads to what is not watched. What gets no share does not count.
    pub(super) fn route(scribe: &mut Scribe, kind: Kind, namespace: &Name, it: &RouteSpec) -> Option<Self> {
        let backends = it.rules.iter().flat_map(|rule| rule.backend_refs.iter());
        let used = backends.filter(|it| matches!(&*it.kind, "" | "Service") && it.weight != Some(Int(0)));
        let services: Vec<(Name, Name)> = used
            .map(|it| (scribe.some(&it.namespace).unwrap_or_else(|| namespace.clone()), scribe.name(&it.name)))
            .collect();
        // In a mesh its parent is a Service: workloads come in by it.
        let outside = it.parent_refs.iter().any(|parent| &*parent.kind != "Service");
        let hosts = it.hostnames.iter().map(|host| scribe.name(host)).collect();
        (!services.is_empty()).then(|| Self::new(kind, services, outside, hosts))
    }

    fn new(kind: Kind, mut services: Vec<(Name, Name)>, outside: bool, mut hosts: Vec<Text>) -> Self {
        services.sort_unstable();
        services.dedup();
        hosts.sort_unstable();
        hosts.dedup();
        hosts.truncate(HOSTS);
        Self { kind, services, outside, hosts }
    }

    /// Whether it leads to a Service.
    pub(super) fn leads_to(&self, namespace: &Name, service: &Name) -> bool {
        self.services.iter().any(|(at, name)| name == service && at == namespace)
    }

    /// The hosts that it answers to, in words.
    pub(super) fn in_words(&self) -> Option<Text> {
        let hosts: Vec<&str> = self.hosts.iter().map(Text::as_str).collect();
        (!hosts.is_empty()).then(|| Text::from(format!("host {}", hosts.join(", "))))
    }
}

/// A Service as it is shown.
pub(super) fn endpoint(key: Ref, it: &Service, serves: Vec<Ref>, behind: Behind, named: bool) -> Endpoint {
    Endpoint {
        key,
        serves,
        ready: behind.ready,
        not_ready: behind.not_ready,
        selector: (!it.selector.is_empty()).then(|| Text::from(select::in_words(&it.selector))),
        exposure: if it.outside || named { Exposure::Yes } else { Exposure::No },
        pool: false,
        check: None,
    }
}

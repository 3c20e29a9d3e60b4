//! Ways in: Services, what is behind them, and Ingresses.

use crate::domain::{Endpoint, Exposure, Name, Ref, Text};

use super::super::wire::rest::{EndpointSlice, IngressSpec, ServiceSpec};
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

/// An Ingress: the Services that it leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entrance {
    pub(super) services: Vec<Name>,
    /// `shop.example/api`
    hosts: Vec<Text>,
}

/// Hosts of an Ingress that are said, at most.
const HOSTS: usize = 8;

impl Entrance {
    pub(super) fn read(scribe: &mut Scribe, it: &IngressSpec) -> Self {
        let paths = it.rules.iter().flat_map(|rule| rule.http.paths.iter());
        let backends = paths.map(|path| &path.backend.0).chain([&it.default_backend.0]);
        let names = backends.filter_map(|backend| backend.service.name.some());
        let mut services: Vec<Name> = names.map(|name| scribe.name(name)).collect();
        services.sort_unstable();
        services.dedup();
        let mut hosts: Vec<Text> =
            it.rules.iter().filter_map(|rule| rule.host.some()).map(|host| scribe.name(host)).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts.truncate(HOSTS);
        Self { services, hosts }
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
    }
}

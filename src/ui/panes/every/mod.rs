//! Every object of a kind: the rows of the lists that nouns open. Only visible rows are ever built; keys come in an order
//! that is made once, when the list is put in order.

mod around;
mod configs;
mod cron;
mod events;
mod governors;
mod instances;
mod places;

use super::super::every::Every;
use super::super::screen::RowKey;
use super::super::text::Phrase;
use super::workloads::Workloads;
use super::{Ctx, Rows};
use crate::domain::{ClusterId, Kind, Ref};

pub(in crate::ui) use events::event;

/// The rows of one such list.
pub(super) fn rows<'c>(every: Every, ctx: &'c Ctx<'c>) -> Box<dyn Rows + 'c> {
    match every {
        Every::Pods | Every::Allocations | Every::Tasks | Every::Containers | Every::Instances => {
            Box::new(instances::Instances { ctx, every })
        }
        Every::Deployments
        | Every::StatefulSets
        | Every::DaemonSets
        | Every::ReplicaSets
        | Every::Jobs
        | Every::TaskGroups => Box::new(Workloads::every(ctx, every)),
        Every::CronJobs => Box::new(cron::CronJobs(ctx)),
        Every::Services | Every::Ingresses => Box::new(around::Services { ctx, every }),
        Every::Claims => Box::new(around::Claims(ctx)),
        Every::Autoscalers => Box::new(governors::Autoscalers(ctx)),
        Every::Budgets => Box::new(governors::Budgets(ctx)),
        Every::ConfigMaps => Box::new(configs::Configs { ctx, every, kind: Kind::ConfigMap }),
        Every::Secrets => Box::new(configs::Configs { ctx, every, kind: Kind::Secret }),
        Every::Namespaces => Box::new(places::Namespaces::of(ctx)),
        Every::Clusters => Box::new(places::Clusters::of(ctx)),
        Every::Events => Box::new(events::Events(ctx)),
    }
}

/// What an empty list says: that there is none only where somebody would tell of it.
pub(super) fn none_of(ctx: &Ctx<'_>, every: Every) -> Vec<Phrase> {
    let view = ctx.model.view;
    let words = every.sources();
    let tells = |cluster: &ClusterId| {
        words.is_empty() || view.sources(cluster).any(|(source, _)| words.iter().any(|word| source.kind.contains(word)))
    };
    let (told, untold): (Vec<&ClusterId>, Vec<&ClusterId>) =
        view.clusters().map(|(id, _)| id).partition(|id| tells(id));
    let names: Vec<&str> = untold.iter().map(|id| id.as_str()).collect();
    let lead = match (told.is_empty(), names.is_empty()) {
        (false, true) => "There is none.".to_owned(),
        (false, false) => format!("There is none. Not told of by {}.", names.join(", ")),
        (true, _) => "None is known: nothing that is watched tells of them.".to_owned(),
    };
    vec![Phrase::text(lead), Phrase::dim(every.where_from())]
}

/// What is troubled first, then by cluster, namespace and name.
fn in_order<'a>(ctx: &Ctx<'_>, keys: impl Iterator<Item = &'a Ref>) -> Vec<RowKey> {
    let mut all: Vec<(usize, &Ref)> = keys.map(|key| (ctx.rank_of(key), key)).collect();
    all.sort_unstable_by(|(rank, a), (other, b)| rank.cmp(other).then_with(|| by_place(a, b)));
    all.into_iter().map(|(_, key)| RowKey::Object(key.clone())).collect()
}

/// By cluster, namespace and name: how a person looks for it.
fn by_place(a: &Ref, b: &Ref) -> std::cmp::Ordering {
    (&a.cluster, &a.namespace, &a.name, a.kind).cmp(&(&b.cluster, &b.namespace, &b.name, b.kind))
}

/// Names of objects in one cell: the first so many, how many more.
fn listed(keys: &[Ref], most: usize) -> String {
    let names: Vec<&str> = keys.iter().take(most).map(|key| key.name.as_str()).collect();
    match keys.len().saturating_sub(most) {
        0 => names.join(", "),
        more => format!("{} +{more}", names.join(", ")),
    }
}

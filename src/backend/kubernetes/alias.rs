//! Short names for contexts: what people call the cluster, out of what tools call the context.

use crate::domain::ClusterId;

use super::target::{Target, Way};

/// Who named a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// A person, in the configuration.
    ByPerson,
    /// We, after its context.
    ByUs,
}

/// The short name of a context.
pub(super) fn of_context(context: &str) -> ClusterId {
    ClusterId::new(short(context))
}

/// What is left of a context's name without what its tool puts around every one.
fn short(context: &str) -> &str {
    // AWS: arn:aws:eks:eu-central-1:1234:cluster/prod
    if let Some((_, name)) = context.split_once(":cluster/") {
        return name;
    }
    // Google: gke_project_zone_prod
    if let Some(name) = context.strip_prefix("gke_").and_then(|rest| rest.splitn(3, '_').nth(2)) {
        return name;
    }
    // OpenShift: namespace/api-prod-corp:6443/user
    if let [_, server, _] = context.split('/').collect::<Vec<_>>()[..]
        && let Some((name, _)) = server.split_once(':')
    {
        return name;
    }
    let name = context.rsplit_once('@').map_or(context, |(_, cluster)| cluster);
    // eksctl: user@prod.eu-central-1.eksctl.io
    let name = name.strip_suffix(".eksctl.io").and_then(|rest| rest.split('.').next()).unwrap_or(name);
    if name.is_empty() { context } else { name }
}

/// Gives every target a name of its own. Where two short ones are the same, both have their context's whole name; what is
/// still the same is numbered: the second `local` is `local-2`. A name that a person gave is kept, as are those `taken`.
pub(super) fn make_unique(found: &mut [(Target, Given)], taken: &[ClusterId]) {
    let short: Vec<ClusterId> = found.iter().map(|(target, _)| target.name.clone()).collect();
    for (ix, (target, given)) in found.iter_mut().enumerate() {
        let twice = short.iter().filter(|name| **name == short[ix]).count() > 1;
        if let Way::Context { context, .. } = &target.way
            && (twice || taken.contains(&short[ix]))
            && *given == Given::ByUs
        {
            target.name = ClusterId::new(context);
        }
    }
    for ix in 0..found.len() {
        let (before, rest) = found.split_at_mut(ix);
        let target = &mut rest[0].0;
        let wanted = target.name.clone();
        let mut number = 2;
        while before.iter().any(|(other, _)| other.name == target.name) || taken.contains(&target.name) {
            target.name = ClusterId::new(&format!("{wanted}-{number}"));
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::kubernetes::proxy::Proxies;

    #[test]
    fn a_context_is_called_what_people_call_its_cluster() {
        for (context, alias) in [
            ("arn:aws:eks:eu-central-1:123456789012:cluster/prod", "prod"),
            ("gke_my-project_europe-west3-a_prod", "prod"),
            ("kubernetes-admin@kubernetes", "kubernetes"),
            ("ops@prod.eu-central-1.eksctl.io", "prod"),
            ("shop/api-prod-corp-example:6443/kube:admin", "api-prod-corp-example"),
            ("kind-dev", "kind-dev"),
            ("do-fra1-prod", "do-fra1-prod"),
            ("gke_x", "gke_x"),
            ("team/prod", "team-prod"),
            ("ops@", "ops"),
            ("Prod EU", "prod-eu"),
            ("\u{1b}[31m", "31m"),
        ] {
            assert_eq!(of_context(context).as_str(), alias, "{context}");
        }
    }

    fn names(contexts: &[(&str, Given)], taken: &[&str]) -> Vec<String> {
        let target = |(context, given): &(&str, Given)| {
            let way = Way::Context { files: Vec::new(), context: (*context).to_owned() };
            let target = Target {
                name: of_context(context),
                way,
                namespaces: Vec::new(),
                how: "test".into(),
                read_only: false,
                debug_image: "busybox:1.37".into(),
                proxies: Proxies::default(),
            };
            (target, *given)
        };
        let mut found: Vec<_> = contexts.iter().map(target).collect();
        make_unique(&mut found, &taken.iter().map(|name| ClusterId::new(name)).collect::<Vec<_>>());
        found.iter().map(|(target, _)| target.name.to_string()).collect()
    }

    #[test]
    fn no_two_are_called_the_same() {
        use Given::{ByPerson, ByUs};
        assert_eq!(names(&[("ops@prod", ByUs), ("dev@prod", ByUs), ("x", ByUs)], &[]), ["ops-prod", "dev-prod", "x"]);
        assert_eq!(names(&[("prod", ByPerson), ("dev@prod", ByUs)], &[]), ["prod", "dev-prod"]);
        assert_eq!(names(&[("A", ByUs), ("a", ByUs)], &[]), ["a", "a-2"]);
        assert_eq!(names(&[("ops@local", ByUs), ("local", ByUs)], &["local"]), ["ops-local", "local-2"]);
    }
}

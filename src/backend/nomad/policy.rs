//! What a token has to be allowed, as a policy (nomad: acl/policy.go).

/// The least policy that lets cockpit watch, or with `control` act too: in all namespaces, or in these alone.
pub fn policy(control: bool, namespaces: &[String]) -> String {
    let all = ["*".to_owned()];
    let namespaces = if namespaces.is_empty() { &all[..] } else { namespaces };
    let what = if control { "watch a Nomad region and act on it" } else { "watch a Nomad region" };
    let mut out = format!("# The least that cockpit needs to {what}: nomad acl policy apply cockpit FILE\n");
    for namespace in namespaces {
        out.push_str(&format!("namespace \"{namespace}\" {{\n"));
        out.push_str("  # jobs, allocations, their checks and use, deployments, evaluations and the stream of events\n  capabilities = [\n");
        out.push_str("    \"list-jobs\", \"read-job\", \"read-logs\", \"read-fs\",\n");
        if control {
            out.push_str(
                "    # roll back, set, promote, pause and give up; what a change would place\n    \"submit-job\",\n",
            );
            out.push_str("    \"scale-job\", \"dispatch-job\",\n");
            out.push_str("    # restart, stop and kill an allocation\n    \"alloc-lifecycle\",\n");
            out.push_str("    # a shell in a task; the second for drivers that do not isolate (raw_exec)\n");
            out.push_str("    \"alloc-exec\", \"alloc-node-exec\",\n");
        }
        out.push_str("  ]\n}\n");
    }
    let node = if control { "write" } else { "read" };
    out.push_str(&format!("# clients: room, drains, who is silent\nnode {{\n  policy = \"{node}\"\n}}\n"));
    out.push_str("# the version and the region\nagent {\n  policy = \"read\"\n}\n");
    out.push_str(
        "# how the servers are, how many may fail, and whether memory is lent\noperator {\n  policy = \"read\"\n}\n",
    );
    out.push_str(
        "# Where Consul is read too, its token needs (consul acl policy create -rules):\n\
         #   service_prefix \"\" { policy = \"read\" }\n#   node_prefix \"\" { policy = \"read\" }\n",
    );
    if control {
        out.push_str("# removing what has ended needs a management token: no policy allows it\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_watch_nothing_is_asked_for_that_writes() {
        let said = policy(false, &["shop".to_owned(), "batch".to_owned()]);
        assert!(said.contains("namespace \"shop\"") && said.contains("namespace \"batch\"") && !said.contains('*'));
        assert!(!said.contains("write") && !said.contains("submit") && !said.contains("exec"), "{said}");
        assert!(said.contains("operator {\n  policy = \"read\"") && said.contains("#   service_prefix"), "{said}");
        assert!(policy(false, &[]).contains("namespace \"*\""));
    }

    #[test]
    fn to_act_each_request_has_its_capability() {
        let said = policy(true, &[]);
        for right in ["submit-job", "scale-job", "dispatch-job", "alloc-lifecycle", "alloc-exec", "policy = \"write\""]
        {
            assert!(said.contains(right), "{right}: {said}");
        }
    }
}

//! What a token has to be allowed, as a policy (nomad: acl/policy.go).

/// The least policy that lets cockpit watch: all namespaces, or these alone.
pub fn policy(namespaces: &[String]) -> String {
    let all = ["*".to_owned()];
    let namespaces = if namespaces.is_empty() { &all[..] } else { namespaces };
    let mut out =
        String::from("# The least that cockpit needs to watch a Nomad region: nomad acl policy apply cockpit FILE\n");
    for namespace in namespaces {
        out.push_str(&format!(
            "namespace \"{namespace}\" {{\n  \
             # jobs, allocations, their checks and use, deployments, evaluations and the stream of events\n  \
             capabilities = [\"list-jobs\", \"read-job\", \"read-logs\", \"read-fs\"]\n}}\n"
        ));
    }
    out.push_str("# clients: room, drains, who is silent\nnode {\n  policy = \"read\"\n}\n");
    out.push_str("# the version and the region\nagent {\n  policy = \"read\"\n}\n");
    out.push_str(
        "# how the servers are, how many may fail, and whether memory is lent\noperator {\n  policy = \"read\"\n}\n",
    );
    out.push_str(
        "# Where Consul is read too, its token needs (consul acl policy create -rules):\n\
         #   service_prefix \"\" { policy = \"read\" }\n#   node_prefix \"\" { policy = \"read\" }\n",
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_for_that_writes() {
        let said = policy(&["shop".to_owned(), "batch".to_owned()]);
        assert!(said.contains("namespace \"shop\"") && said.contains("namespace \"batch\"") && !said.contains('*'));
        assert!(!said.contains("write") && !said.contains("submit"), "{said}");
        assert!(said.contains("operator {\n  policy = \"read\"") && said.contains("#   service_prefix"), "{said}");
        assert!(policy(&[]).contains("namespace \"*\""));
    }
}

//! A connection to a port of a pod, over a websocket: the kubelet's port-forward protocol, which kube speaks.

use futures::FutureExt;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, Portforwarder};

use crate::backend::forward::Tunnel;
use crate::domain::{Text, words};

use super::super::failure::Failure;

/// Of a kubelet's complaint, so much is shown.
const WORDS: usize = 160;

/// What goes with the stream: without an end of its own it would outlive a network that has gone silent.
struct Kept(Portforwarder);

impl Drop for Kept {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Opens it. That nothing listens there is said only later, by the connection's complaint.
pub(super) async fn open(client: Client, namespace: &str, pod: &str, port: u16) -> Result<Tunnel, Failure> {
    let pods: Api<Pod> = Api::namespaced(client, namespace);
    let mut forwarder = pods.portforward(pod, &[port]).await.map_err(failure)?;
    let (stream, complaint) = (forwarder.take_stream(port), forwarder.take_error(port));
    let (Some(stream), Some(complaint)) = (stream, complaint) else {
        return Err(Failure::Malformed(Text::new("the connection has no stream for its port")));
    };
    let pod = pod.to_owned();
    let complaint = complaint.map(move |said| said.map(|said| in_short(&said, &pod, port))).boxed();
    Ok(Tunnel { stream: Box::new(stream), complaint, keeper: Box::new(Kept(forwarder)) })
}

/// An answer that is no websocket is the server's no.
fn failure(error: kube::Error) -> Failure {
    match error {
        kube::Error::Api(status) => {
            let body = serde_json::to_vec(&*status).unwrap_or_default();
            Failure::refused(status.code, &body, None)
        }
        other => Failure::from(other),
    }
}

/// What a kubelet complains of, without the names of network namespaces.
fn in_short(said: &str, pod: &str, port: u16) -> Text {
    match said.contains("connection refused") {
        true => Text::from(format!("connection refused: nothing listens at port {port} in {pod}")),
        false => Text::from(words::shorten(&Text::new(said.trim()), WORDS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kubelet_complains_of_is_said_in_short() {
        // containerd 2 by kubelet 1.34.
        let said = "an error occurred forwarding 81 -> 81: error forwarding port 81 to pod 3f…, uid : failed to execute \
                    portforward in network namespace \"/var/run/netns/cni-1\": failed to connect to localhost:81 inside \
                    namespace \"3f…\", IPv4: dial tcp4 127.0.0.1:81: connect: connection refused";
        assert_eq!(in_short(said, "web-1", 81).as_str(), "connection refused: nothing listens at port 81 in web-1");
        assert_eq!(in_short("pod not found\n", "web-1", 81).as_str(), "pod not found");
    }

    #[test]
    fn the_servers_no_keeps_its_status_and_its_words() {
        let status = kube::core::Status::failure("pods \"web-1\" is forbidden", "Forbidden").with_code(403);
        let said = failure(kube::Error::Api(status.boxed()));
        assert!(said.is_forbidden() && said.to_string().contains("is forbidden"), "{said}");
    }
}

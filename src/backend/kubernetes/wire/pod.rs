//! Pods and what they are made of, as the API server writes them (k8s.io/api/core/v1). What is in a template of pods is the same.

use std::fmt;

use serde::Deserialize;

use super::read::{Amounts, Flag, Int, List, Of, Pairs, Present, Str, Time};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    pub node_name: Str,
    pub containers: List<Container>,
    pub init_containers: List<Container>,
    pub volumes: List<Volume>,
    pub restart_policy: Str,
    #[serde(rename = "terminationGracePeriodSeconds")]
    pub grace: Option<Int>,
    pub node_selector: Pairs,
    pub affinity: Present,
    pub readiness_gates: List<Gate>,
    pub overhead: Amounts,
    /// Of the pod as a whole.
    pub resources: Of<Resources>,
}

/// A condition that somebody outside of the pod sets before it counts as ready.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Gate {
    pub condition_type: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    pub name: Str,
    pub image: Str,
    pub command: List<Str>,
    pub args: List<Str>,
    pub env: List<EnvVar>,
    pub env_from: List<EnvFrom>,
    pub resources: Of<Resources>,
    pub ports: List<Port>,
    pub volume_mounts: List<VolumeMount>,
    pub liveness_probe: Option<Box<Probe>>,
    pub readiness_probe: Option<Box<Probe>>,
    pub startup_probe: Option<Box<Probe>>,
    /// `Always` on an init container makes a sidecar of it.
    pub restart_policy: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    pub requests: Amounts,
    pub limits: Amounts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Port {
    pub name: Str,
    pub container_port: Int,
    pub host_port: Int,
    pub protocol: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVar {
    pub name: Str,
    pub value: Hidden,
    pub value_from: Of<ValueFrom>,
}

/// What is hashed and never shown.
#[derive(Default, Deserialize)]
#[serde(transparent)]
pub struct Hidden(pub Str);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValueFrom {
    pub config_map_key_ref: Option<KeyRef>,
    pub secret_key_ref: Option<KeyRef>,
    pub field_ref: Option<FieldRef>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyRef {
    pub name: Str,
    pub key: Str,
    pub optional: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FieldRef {
    pub field_path: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvFrom {
    pub prefix: Str,
    pub config_map_ref: Option<NameRef>,
    pub secret_ref: Option<NameRef>,
}

/// A ConfigMap or a Secret, by name. (A volume says `secretName`.)
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NameRef {
    #[serde(alias = "secretName")]
    pub name: Str,
    pub optional: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeMount {
    pub name: Str,
    pub mount_path: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    pub name: Str,
    #[serde(rename = "persistentVolumeClaim")]
    pub claim: Option<ClaimRef>,
    pub config_map: Option<NameRef>,
    pub secret: Option<NameRef>,
    pub projected: Option<Projected>,
    #[serde(rename = "downwardAPI")]
    pub downward: Present,
    pub empty_dir: Present,
    pub host_path: Option<HostPath>,
    pub ephemeral: Present,
    pub csi: Option<Csi>,
    pub nfs: Option<Nfs>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimRef {
    pub claim_name: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Projected {
    pub sources: List<Source>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Source {
    pub config_map: Option<NameRef>,
    pub secret: Option<NameRef>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HostPath {
    pub path: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Csi {
    pub driver: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Nfs {
    pub server: Str,
    pub path: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Probe {
    pub http_get: Option<HttpGet>,
    pub tcp_socket: Option<TcpSocket>,
    pub exec: Option<Exec>,
    pub grpc: Option<Grpc>,
    pub initial_delay_seconds: Int,
    pub period_seconds: Int,
    pub timeout_seconds: Int,
    pub failure_threshold: Int,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HttpGet {
    pub path: Str,
    pub port: Str,
    pub host: Str,
    pub scheme: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TcpSocket {
    pub port: Str,
    pub host: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Exec {
    pub command: List<Str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Grpc {
    pub port: Str,
    pub service: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    pub phase: Str,
    pub reason: Str,
    pub message: Str,
    pub start_time: Time,
    pub conditions: List<Condition>,
    #[serde(rename = "containerStatuses")]
    pub containers: List<ContainerStatus>,
    #[serde(rename = "initContainerStatuses")]
    pub init: List<ContainerStatus>,
    #[serde(rename = "ephemeralContainerStatuses")]
    pub ephemeral: List<ContainerStatus>,
}

/// A condition of any object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: Str,
    pub status: Str,
    pub reason: Str,
    pub message: Str,
    #[serde(rename = "lastTransitionTime")]
    pub changed: Time,
    #[serde(rename = "lastUpdateTime")]
    pub updated: Time,
}

impl Condition {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        &*self.status == "True"
    }

    /// Whether it is said not to hold; `Unknown` is neither.
    pub fn fails(&self) -> bool {
        &*self.status == "False"
    }
}

/// The condition of a type.
pub fn condition<'a>(all: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    all.iter().find(|it| &*it.kind == kind)
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    pub name: Str,
    pub image: Str,
    pub ready: Flag,
    pub started: Option<Flag>,
    pub restart_count: Int,
    pub state: Of<State>,
    pub last_state: Of<State>,
    /// As they are in force now, where they can be changed in place.
    pub resources: Option<Resources>,
    pub allocated_resources: Option<Amounts>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct State {
    pub waiting: Option<Waiting>,
    pub running: Option<Running>,
    pub terminated: Option<Box<Terminated>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Waiting {
    pub reason: Str,
    pub message: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    pub started_at: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    pub exit_code: Int,
    pub reason: Str,
    pub message: Str,
    pub started_at: Time,
    pub finished_at: Time,
    #[serde(rename = "containerID")]
    pub container_id: Str,
}

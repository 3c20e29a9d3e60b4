//! What is around workloads: nodes, the ways to them, what bounds them, and what happened (k8s.io/api/core/v1, discovery/v1,
//! networking/v1, policy/v1, autoscaling/v2; gateway.networking.k8s.io/v1, keda.sh/v1alpha1, karpenter.sh/v1).

use serde::Deserialize;

use super::meta::Meta;
use super::pod::{Condition, Resources};
use super::read::{Amounts, Flag, Int, List, Of, Pairs, Str, Time};

/// A half of an object of which nothing is used.
#[derive(Debug, Default, Deserialize)]
pub struct Nothing {}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NodeSpec {
    pub unschedulable: Flag,
    pub taints: List<Taint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Taint {
    pub key: Str,
    pub value: Str,
    pub effect: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeStatus {
    pub allocatable: Amounts,
    pub conditions: List<Condition>,
    pub addresses: List<Address>,
    pub node_info: Of<NodeInfo>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Address {
    #[serde(rename = "type")]
    pub kind: Str,
    pub address: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeInfo {
    pub kubelet_version: Str,
    pub container_runtime_version: Str,
    pub kernel_version: Str,
}

/// A node that was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NodeClaimSpec {
    pub taints: List<Taint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeClaimStatus {
    /// Its node, once that is there.
    pub node_name: Str,
    pub allocatable: Amounts,
    pub conditions: List<Condition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceSpec {
    #[serde(rename = "type")]
    pub kind: Str,
    pub selector: Pairs,
    #[serde(rename = "externalIPs")]
    pub external_ips: List<Str>,
    /// One that ends in another name has nothing behind it here.
    pub external_name: Str,
}

/// Addresses behind a Service, or a part of them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointSlice {
    pub metadata: Of<Meta>,
    pub address_type: Str,
    pub endpoints: List<Endpoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Endpoint {
    pub conditions: Of<EndpointConditions>,
}

/// Not said is ready.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct EndpointConditions {
    pub ready: Option<Flag>,
    pub terminating: Flag,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressSpec {
    pub default_backend: Of<Backend>,
    pub rules: List<IngressRule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressRule {
    pub host: Str,
    pub http: Of<IngressPaths>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressPaths {
    pub paths: List<IngressPath>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IngressPath {
    pub path: Str,
    pub backend: Of<Backend>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Backend {
    pub service: Of<BackendService>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BackendService {
    pub name: Str,
    pub port: Of<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    pub name: Str,
}

/// Of an HTTPRoute and a GRPCRoute.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteSpec {
    pub parent_refs: List<RouteRef>,
    pub hostnames: List<Str>,
    pub rules: List<RouteRule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RouteRule {
    pub backend_refs: List<RouteRef>,
}

/// A parent, a Gateway where its kind is not said; or a backend, a Service in its own namespace where nothing is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RouteRef {
    pub kind: Str,
    pub namespace: Str,
    pub name: Str,
    pub weight: Option<Int>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimSpec {
    pub storage_class_name: Str,
    pub resources: Of<Resources>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClaimStatus {
    pub phase: Str,
    pub capacity: Amounts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Phased {
    pub phase: Str,
    pub conditions: List<Condition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetSpec {
    pub min_available: Str,
    pub max_unavailable: Str,
    pub selector: Option<Selector>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetStatus {
    #[serde(rename = "disruptionsAllowed")]
    pub allowed: Int,
    #[serde(rename = "currentHealthy")]
    pub healthy: Int,
    #[serde(rename = "desiredHealthy")]
    pub wanted: Int,
    #[serde(rename = "expectedPods")]
    pub expected: Int,
}

/// What picks pods by their labels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    pub match_labels: Pairs,
    pub match_expressions: List<Expression>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Expression {
    pub key: Str,
    pub operator: Str,
    pub values: List<Str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoscalerSpec {
    #[serde(rename = "scaleTargetRef")]
    pub target: Of<TargetRef>,
    /// One where it is not said.
    #[serde(rename = "minReplicas")]
    pub least: Option<Int>,
    #[serde(rename = "maxReplicas")]
    pub most: Int,
    pub metrics: List<Metric>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TargetRef {
    pub kind: Str,
    pub name: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoscalerStatus {
    #[serde(rename = "currentReplicas")]
    pub current: Int,
    #[serde(rename = "desiredReplicas")]
    pub desired: Int,
    #[serde(rename = "lastScaleTime")]
    pub scaled: Time,
    #[serde(rename = "currentMetrics")]
    pub metrics: List<Metric>,
    pub conditions: List<Condition>,
}

/// What is measured: with its target in the spec, with its value in the status.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metric {
    #[serde(rename = "type")]
    pub kind: Str,
    pub resource: Of<Measure>,
    pub container_resource: Of<Measure>,
    pub pods: Of<Measure>,
    pub object: Of<Measure>,
    pub external: Of<Measure>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Measure {
    pub name: Str,
    pub metric: Of<Named>,
    #[serde(alias = "current")]
    pub target: Of<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Value {
    pub value: Str,
    pub average_value: Str,
    pub average_utilization: Option<Int>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScaledSpec {
    #[serde(rename = "scaleTargetRef")]
    pub target: Of<TargetRef>,
    #[serde(rename = "minReplicaCount")]
    pub least: Int,
    /// A hundred where it is not said.
    #[serde(rename = "maxReplicaCount")]
    pub most: Option<Int>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScaledStatus {
    pub hpa_name: Str,
    pub conditions: List<Condition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QuotaSpec {
    pub hard: Amounts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QuotaStatus {
    pub hard: Amounts,
    pub used: Amounts,
}

/// Of a ConfigMap or a Secret nothing but that.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MetaOnly {
    pub metadata: Of<Meta>,
}

/// Something that a component says that happened. `core/v1` and `events.k8s.io/v1` are the same objects.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Happened {
    pub metadata: Of<Meta>,
    #[serde(alias = "regarding")]
    pub involved_object: Of<Involved>,
    pub reason: Str,
    #[serde(alias = "note")]
    pub message: Str,
    #[serde(alias = "deprecatedCount")]
    pub count: Int,
    #[serde(alias = "deprecatedFirstTimestamp")]
    pub first_timestamp: Time,
    #[serde(alias = "deprecatedLastTimestamp")]
    pub last_timestamp: Time,
    pub event_time: Time,
    pub series: Of<Series>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Involved {
    pub kind: Str,
    pub namespace: Str,
    pub name: Str,
    pub uid: Str,
    pub field_path: Str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Series {
    pub count: Int,
    pub last_observed_time: Time,
}

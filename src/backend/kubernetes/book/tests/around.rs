//! What is around workloads: nodes, ways in, autoscalers, quotas, configuration.

use super::hear::{Scenes, line, put, said, then};
use crate::backend::kubernetes::kinds::ApiKind;
use crate::domain::{Exposure, Kind, Object};

#[test]
fn an_ingress_leads_users_to_what_its_services_pick() {
    let service = |name: &str, fields: &str| {
        format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{name}"}},"spec":{{"selector":{{"app":"{name}"}}{fields}}}}}"#
        )
    };
    let work = |name: &str| {
        format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"w{name}"}},"spec":{{"template":{{"metadata":{{"labels":{{"app":"{name}"}}}}}}}}}}"#
        )
    };
    let slice = |name: &str, family: &str, endpoints: &str| {
        format!(
            r#"{{"metadata":{{"name":"{name}-{family}","namespace":"shop","uid":"{name}{family}","labels":{{"kubernetes.io/service-name":"{name}"}}}},"addressType":"{family}","endpoints":[{endpoints}]}}"#
        )
    };
    let ingress = r#"{"metadata":{"name":"shop","namespace":"shop","uid":"i"},"spec":{"rules":[{"host":"shop.example","http":{"paths":[
      {"path":"/","backend":{"service":{"name":"web"}}},{"path":"/api","backend":{"service":{"name":"api"}}}]}}]}}"#;
    let three = r#"{"conditions":{"ready":true}},{"conditions":{}},{"conditions":{"ready":false,"terminating":true}},{"conditions":{"ready":false}}"#;
    let (web, api, db) = (service("web", ""), service("api", ""), service("db", ""));
    let balanced = service("front", r#","type":"LoadBalancer""#);
    let (w, a) = (work("web"), work("api"));
    let (four, six) = (slice("web", "IPv4", three), slice("web", "IPv6", three));
    let mut scenes = Scenes::with(&[
        (ApiKind::Services, &web),
        (ApiKind::Services, &api),
        (ApiKind::Services, &db),
        (ApiKind::Services, &balanced),
        (ApiKind::StatefulSets, &w),
        (ApiKind::StatefulSets, &a),
        (ApiKind::EndpointSlices, &four),
        (ApiKind::EndpointSlices, &six),
        (ApiKind::Ingresses, ingress),
    ]);
    let endpoint = |scenes: &Scenes, kind, name: &str| match scenes.object(kind, "shop", name) {
        Object::Endpoint(it) => (**it).clone(),
        _ => panic!("not that"),
    };
    for (name, exposure) in
        [("web", Exposure::Yes), ("api", Exposure::Yes), ("db", Exposure::No), ("front", Exposure::Yes)]
    {
        assert_eq!(endpoint(&scenes, Kind::Endpoint, name).exposure, exposure, "{name}");
    }
    let it = endpoint(&scenes, Kind::Endpoint, "web");
    assert_eq!((it.ready, it.not_ready), (2, 1), "both families are the same pods; one is on its way out");
    let it = endpoint(&scenes, Kind::Ingress, "shop");
    assert_eq!(
        (it.serves.len(), it.ready, it.exposure, it.selector.as_deref()),
        (2, 2, Exposure::Yes, Some("host shop.example"))
    );
    let gone = line(ApiKind::Ingresses, &format!(r#"{{"type":"DELETED","object":{ingress}}}"#));
    scenes.hear(said(ApiKind::Ingresses, then(), vec![gone]));
    assert_eq!(endpoint(&scenes, Kind::Endpoint, "api").exposure, Exposure::No);
}

#[test]
fn a_backend_that_is_not_there_or_is_elsewhere_stands_for_itself() {
    let elsewhere = r#"{"metadata":{"name":"elsewhere","namespace":"shop","uid":"e"},"spec":{"type":"ExternalName","externalName":"db.example","selector":{"app":"web"}}}"#;
    let ingress = r#"{"metadata":{"name":"shop","namespace":"shop","uid":"i"},"spec":{"rules":[{"http":{"paths":[
      {"backend":{"service":{"name":"gone","port":{"number":80}}}},{"backend":{"service":{"name":"elsewhere","port":{"name":"http"}}}},
      {"backend":{"service":{"name":"ssl-redirect","port":{"name":"use-annotation"}}}}]}}]}}"#;
    let work = r#"{"metadata":{"name":"web","namespace":"shop","uid":"w"},"spec":{"template":{"metadata":{"labels":{"app":"web"}}}}}"#;
    let mut scenes =
        Scenes::with(&[(ApiKind::Services, elsewhere), (ApiKind::StatefulSets, work), (ApiKind::Ingresses, ingress)]);
    let serves = |scenes: &Scenes| match scenes.object(Kind::Ingress, "shop", "shop") {
        Object::Endpoint(it) => it.serves.clone(),
        _ => panic!("not that"),
    };
    let service = |name| Scenes::key(Kind::Endpoint, "shop", name);
    assert_eq!(serves(&scenes), [service("elsewhere"), service("gone")]);
    let back = r#"{"metadata":{"name":"gone","namespace":"shop","uid":"g"},"spec":{"selector":{"app":"web"}}}"#;
    scenes.hear(said(ApiKind::Services, then(), vec![put(ApiKind::Services, back)]));
    assert_eq!(serves(&scenes), [Scenes::key(Kind::StatefulSet, "shop", "web"), service("elsewhere")]);
}

#[test]
fn a_route_leads_users_to_services_wherever_they_are() {
    let service = |namespace: &str| {
        format!(
            r#"{{"metadata":{{"name":"web","namespace":"{namespace}","uid":"{namespace}"}},"spec":{{"selector":{{"app":"web"}}}}}}"#
        )
    };
    let route = |name: &str, parent: &str, backends: &str| {
        format!(
            r#"{{"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{{"name":"{name}","namespace":"shop","uid":"{name}"}},
              "spec":{{"parentRefs":[{{{parent}"name":"edge"}}],"hostnames":["shop.example"],"rules":[{{"matches":[{{"path":{{"value":"/"}}}}],"backendRefs":[{backends}]}}]}}}}"#
        )
    };
    let (here, there, unused) = (service("shop"), service("other"), service("unused"));
    let work = r#"{"metadata":{"name":"web","namespace":"other","uid":"w"},"spec":{"template":{"metadata":{"labels":{"app":"web"}}}}}"#;
    let front = route(
        "front",
        "",
        r#"{"name":"web","namespace":"other","port":80},{"name":"web","namespace":"unused","weight":0}"#,
    );
    let mesh = route("mesh", r#""kind":"Service","group":"","#, r#"{"name":"web","port":80}"#);
    let redirect = route("redirect", "", "");
    let grpc = route("front", "", r#"{"name":"web","namespace":"other"}"#);
    let scenes = Scenes::with(&[
        (ApiKind::Services, &here),
        (ApiKind::Services, &there),
        (ApiKind::Services, &unused),
        (ApiKind::StatefulSets, work),
        (ApiKind::HttpRoutes, &front),
        (ApiKind::HttpRoutes, &mesh),
        (ApiKind::HttpRoutes, &redirect),
        (ApiKind::GrpcRoutes, &grpc),
    ]);
    let endpoint = |kind, namespace: &str, name: &str| match scenes.object(kind, namespace, name) {
        Object::Endpoint(it) => (**it).clone(),
        _ => panic!("not that"),
    };
    let it = endpoint(Kind::HttpRoute, "shop", "front");
    assert_eq!(it.serves, [Scenes::key(Kind::StatefulSet, "other", "web")]);
    assert_eq!((it.exposure, it.selector.as_deref()), (Exposure::Yes, Some("host shop.example")));
    assert_eq!(endpoint(Kind::GrpcRoute, "shop", "front").serves, it.serves, "one of the same name is another");
    assert_eq!(endpoint(Kind::HttpRoute, "shop", "mesh").exposure, Exposure::No);
    for (namespace, exposure) in [("other", Exposure::Yes), ("shop", Exposure::No), ("unused", Exposure::No)] {
        assert_eq!(endpoint(Kind::Endpoint, namespace, "web").exposure, exposure, "{namespace}");
    }
    let redirect = Scenes::key(Kind::HttpRoute, "shop", "redirect");
    assert!(!scenes.objects.contains_key(&redirect), "it leads nowhere, on purpose");
}

#[test]
fn a_node_is_on_its_way_until_it_has_registered() {
    use crate::domain::NodeState::Coming;
    let claim = |conditions: &str| {
        format!(
            r#"{{"apiVersion":"karpenter.sh/v1","kind":"NodeClaim","metadata":{{"name":"default-rp626","uid":"c","creationTimestamp":"2026-11-24T12:44:20Z",
              "labels":{{"karpenter.sh/nodepool":"default"}}}},"spec":{{"nodeClassRef":{{"group":"karpenter.k8s.aws","kind":"EC2NodeClass","name":"default"}},
              "taints":[{{"key":"gpu","effect":"NoSchedule"}}]}},"status":{{"conditions":[{conditions}]}}}}"#
        )
    };
    let launched = r#"{"type":"Launched","status":"Unknown","reason":"AwaitingReconciliation","message":"object is awaiting reconciliation"}"#;
    let mut scenes = Scenes::with(&[(ApiKind::NodeClaims, &claim(launched))]);
    let shown = |scenes: &Scenes| match scenes.object(Kind::NodeClaim, "", "default-rp626") {
        Object::Node(it) => (**it).clone(),
        _ => panic!("not that"),
    };
    let it = shown(&scenes);
    assert_eq!((it.state, it.since, it.message), (Coming, "2026-11-24T12:44:20Z".parse().ok(), None));
    assert_eq!(it.taints.len(), 1);
    let refused = r#"{"type":"Launched","status":"False","reason":"LaunchFailed","message":"insufficient capacity"}"#;
    scenes.hear(said(ApiKind::NodeClaims, then(), vec![put(ApiKind::NodeClaims, &claim(refused))]));
    assert_eq!(shown(&scenes).message.as_deref(), Some("insufficient capacity"));
    let there = r#"{"type":"Launched","status":"True"},{"type":"Registered","status":"True"}"#;
    scenes.hear(said(ApiKind::NodeClaims, then(), vec![put(ApiKind::NodeClaims, &claim(there))]));
    assert!(scenes.objects.is_empty(), "from then on it is a node");
}

#[test]
fn what_an_autoscaler_says_is_told_of_pods_that_wait() {
    use crate::domain::OccurrenceKind::{Changed, SchedulingFailure};
    let pod = |node: &str| {
        format!(
            r#"{{"metadata":{{"name":"p","namespace":"shop","uid":"p"}},"spec":{{{node}"containers":[{{"name":"p"}}]}},"status":{{"phase":"Pending"}}}}"#
        )
    };
    let event = |reason: &str, message: &str| {
        format!(
            r#"{{"metadata":{{"name":"e.{reason}","namespace":"shop","uid":"{reason}"}},"involvedObject":{{"kind":"Pod","namespace":"shop","name":"p","uid":"p"}},
              "reason":"{reason}","message":"{message}","firstTimestamp":"2026-11-24T12:44:20Z","lastTimestamp":"2026-11-24T12:44:20Z","count":1}}"#
        )
    };
    let brings = event("TriggeredScaleUp", "pod triggered scale-up: [{pool-a 3->4 (max: 10)}]");
    let claims = event("Nominated", "Pod should schedule on: nodeclaim/default-rp626");
    let none = event("NotTriggerScaleUp", "pod didn't trigger scale-up: 1 max node group size reached");
    let of = |node: &str| {
        let pod = pod(node);
        let scenes = Scenes::with(&[
            (ApiKind::Pods, &pod),
            (ApiKind::Events, &brings),
            (ApiKind::Events, &claims),
            (ApiKind::Events, &none),
        ]);
        (scenes.told("shop", Changed).len(), scenes.told("shop", SchedulingFailure).len())
    };
    assert_eq!(of(""), (2, 1));
    assert_eq!(of(r#""nodeName":"n1","#), (0, 0), "it has found a node");
}

#[test]
fn a_scaledobject_is_shown_in_the_place_of_its_autoscaler() {
    let hpa = r#"{"metadata":{"name":"keda-hpa-worker","namespace":"shop","uid":"h","ownerReferences":[{"kind":"ScaledObject","name":"worker","uid":"k","controller":true}]},
      "spec":{"scaleTargetRef":{"kind":"Deployment","name":"worker"},"minReplicas":1,"maxReplicas":9,"metrics":[{"type":"External","external":{"metric":{"name":"s0-redis"},"target":{"type":"AverageValue","averageValue":"100"}}}]},
      "status":{"currentReplicas":9,"desiredReplicas":9,"currentMetrics":[{"type":"External","external":{"metric":{"name":"s0-redis"},"current":{"averageValue":"4021"}}}],
        "conditions":[{"type":"ScalingActive","status":"True"},{"type":"ScalingLimited","status":"True","reason":"TooManyReplicas"}]}}"#;
    let keda = r#"{"metadata":{"name":"worker","namespace":"shop","uid":"k"},"spec":{"scaleTargetRef":{"name":"worker"},"minReplicaCount":0,"maxReplicaCount":9},
      "status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Fallback","status":"True"}]}}"#;
    let scenes = Scenes::with(&[(ApiKind::HorizontalPodAutoscalers, hpa)]);
    assert!(
        scenes.objects.contains_key(&Scenes::key(Kind::Autoscaler, "shop", "keda-hpa-worker")),
        "where KEDA's are not read"
    );
    let mut scenes = Scenes::with(&[(ApiKind::HorizontalPodAutoscalers, hpa), (ApiKind::ScaledObjects, keda)]);
    assert_eq!(scenes.objects.len(), 1, "once");
    let Object::Autoscaler(it) = scenes.object(Kind::Autoscaler, "shop", "worker") else { panic!("not that") };
    assert_eq!((it.least, it.most, it.current, it.desired, it.fallback), (0, 9, 9, 9, true));
    assert_eq!(
        (it.limited.as_deref(), it.measures[0].as_str()),
        (Some("TooManyReplicas"), "s0-redis 4021 each of 100 each")
    );
    assert_eq!(it.target, Scenes::key(Kind::Deployment, "shop", "worker"));
    let gone = line(ApiKind::ScaledObjects, &format!(r#"{{"type":"DELETED","object":{keda}}}"#));
    scenes.hear(said(ApiKind::ScaledObjects, then(), vec![gone]));
    assert!(scenes.objects.contains_key(&Scenes::key(Kind::Autoscaler, "shop", "keda-hpa-worker")));
}

#[test]
fn what_happens_to_autoscalers_and_nodes_is_told_of_what_it_concerns() {
    let hpa = r#"{"metadata":{"name":"web","namespace":"shop","uid":"h"},"spec":{"scaleTargetRef":{"kind":"Deployment","name":"web"}}}"#;
    let scaled = r#"{"metadata":{"name":"a","namespace":"shop","uid":"a"},"reason":"SuccessfulRescale","message":"New size: 5; reason: cpu resource utilization above target",
      "involvedObject":{"kind":"HorizontalPodAutoscaler","namespace":"shop","name":"web","uid":"h"},"lastTimestamp":"2026-11-24T12:40:00Z"}"#;
    let cordoned = r#"{"metadata":{"name":"b","namespace":"default","uid":"b"},"reason":"NodeNotSchedulable","message":"Node n1 status is now: NodeNotSchedulable",
      "involvedObject":{"kind":"Node","name":"n1","uid":"n1"},"lastTimestamp":"2026-11-24T12:41:00Z"}"#;
    let scenes = Scenes::with(&[
        (ApiKind::HorizontalPodAutoscalers, hpa),
        (ApiKind::Events, scaled),
        (ApiKind::Events, cordoned),
    ]);
    let told: Vec<(String, Option<&str>)> =
        scenes.occurrences.values().map(|it| (it.subject.to_string(), it.text.as_deref())).collect();
    assert_eq!(told.len(), 2);
    assert!(told.contains(&("test/-/Node/n1".to_owned(), Some("cordoned"))));
    let web = told.iter().find(|(subject, _)| subject == "test/shop/Deployment/web").expect("told of the Deployment");
    assert!(web.1.is_some_and(|said| said.starts_with("scaled by its autoscaler: New size: 5")));
}

#[test]
fn what_nobody_wrote_is_no_configuration() {
    let object = |name: &str| format!(r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{name}"}}}}"#);
    let (settings, given) = (object("settings"), object("kube-root-ca.crt"));
    let (key, release) = (object("key"), object("sh.helm.release.v1.shop.v7"));
    let scenes = Scenes::with(&[
        (ApiKind::ConfigMaps, &settings),
        (ApiKind::ConfigMaps, &given),
        (ApiKind::Secrets, &key),
        (ApiKind::Secrets, &release),
    ]);
    let shown: Vec<String> = scenes.objects.keys().map(|key| format!("{} {}", key.kind, key.name)).collect();
    assert_eq!(shown, ["ConfigMap settings", "Secret key"]);
}

#[test]
fn a_node_says_what_it_is_short_of_and_what_it_keeps_away() {
    let node = |spec: &str, ready: &str, memory: &str| {
        format!(
            r#"{{"metadata":{{"name":"n1","uid":"n","labels":{{"topology.kubernetes.io/zone":"a","private.example/key":"x"}}}},"spec":{{{spec}}},
              "status":{{"allocatable":{{"cpu":"3920m","memory":"7Gi","pods":"110"}},"nodeInfo":{{"kubeletVersion":"v1.34.4","containerRuntimeVersion":"containerd://2.1.4"}},
                "addresses":[{{"type":"InternalIP","address":"192.0.2.10"}}],"conditions":[
                {{"type":"Ready","status":"{ready}","reason":"R","message":"said","lastTransitionTime":"2026-11-20T12:00:00Z"}},
                {{"type":"MemoryPressure","status":"{memory}","message":"little memory","lastTransitionTime":"2026-11-24T12:30:00Z"}}]}}}}"#
        )
    };
    let shown = |json: &str| match Scenes::with(&[(ApiKind::Nodes, json)]).object(Kind::Node, "", "n1") {
        Object::Node(it) => (**it).clone(),
        _ => panic!("not that"),
    };
    use crate::domain::NodeState::{NotReady, Ready, Unknown, Unreachable};
    for (ready, state) in [("True", Ready), ("False", NotReady), ("Unknown", Unreachable), ("Perhaps", Unknown)] {
        let it = shown(&node("", ready, "False"));
        assert_eq!((it.state, it.message.is_some(), it.pressure.len()), (state, state != Ready, 0));
    }
    let it = shown(&node("", "True", "True"));
    assert_eq!((it.pressure[0].as_str(), it.message.as_deref()), ("memory", Some("little memory")));
    assert!(it.since.is_some_and(|at| at.to_string().contains("11-24T12:30")), "since it is short of it");
    assert_eq!((it.cpu_millis, it.memory_bytes, it.max_instances), (Some(3920), Some(7 << 30), Some(110)));
    assert_eq!(it.version.as_deref(), Some("v1.34.4, containerd 2.1.4"));
    assert_eq!(it.labels.len(), 1, "what looks like a secret is not kept");
    let closed = r#""unschedulable":true,"taints":[{"key":"node.kubernetes.io/unschedulable","effect":"NoSchedule"},
      {"key":"ToBeDeletedByClusterAutoscaler","value":"1","effect":"NoSchedule"}]"#;
    let it = shown(&node(closed, "True", "False"));
    assert_eq!((it.cordoned, it.draining, it.taints.len()), (true, true, 1));
}

#[test]
fn what_bounds_a_namespace_is_counted_in_base_units() {
    let quota = r#"{"metadata":{"name":"team","namespace":"shop","uid":"q"},"spec":{"hard":{"pods":"9"}},
      "status":{"hard":{"requests.cpu":"2","requests.memory":"4Gi","pods":"9"},"used":{"requests.cpu":"1500m","requests.memory":"1Gi"}}}"#;
    let space = r#"{"metadata":{"name":"shop","uid":"n"},"status":{"phase":"Active"}}"#;
    let mut scenes = Scenes::with(&[(ApiKind::ResourceQuotas, quota), (ApiKind::Namespaces, space)]);
    let quotas = |scenes: &Scenes| match scenes.object(Kind::Namespace, "", "shop") {
        Object::Namespace(it) => {
            it.quotas.iter().map(|it| (it.resource.to_string(), it.used, it.hard)).collect::<Vec<_>>()
        }
        _ => panic!("not that"),
    };
    let (cpu, memory) = ("requests.cpu".to_owned(), "requests.memory".to_owned());
    assert_eq!(quotas(&scenes), [("pods".to_owned(), 0, 9), (cpu, 1500, 2000), (memory, 1 << 30, 4 << 30)]);
    let gone = line(ApiKind::ResourceQuotas, &format!(r#"{{"type":"DELETED","object":{quota}}}"#));
    scenes.hear(said(ApiKind::ResourceQuotas, then(), vec![gone]));
    assert!(quotas(&scenes).is_empty());
}

# shellcheck shell=bash
# The nodes of a plane: one with a kubelet that really runs, probes and kills, and a
# fleet of simulated ones. Sourced by tests/real/plane.sh.
#
# Of a real node everything is in DIR/nodes/NAME, but for its cgroups (cockpit-BASE-NAME),
# its pods' ends of the network, and the links that a kubelet makes in /var/log/containers.

PAUSE_IMAGE=registry.test/pause:1
# Where scenes take their images from: all are one busybox.
NODE_IMAGES=("$PAUSE_IMAGE" registry.test/shop/{web,worker,api,db}:{1.4.2,1.5.0} registry.test/addons/{dns,metrics,proxy,ingress}:1.0.0)
# What pods may ask for on a node, however many cores the machine has.
NODE_CPU_MILLIS=2000

# ---- one real node ----

# plane_node DIR [NAME]: adds a node, and waits until it is Ready.
plane_node() {
  local dir="$1" name="${2:-node-1}" node number began
  began="$(date -u +%FT%TZ)"
  node="$dir/nodes/$name"
  mkdir -p "$node"
  [ -s "$node/number" ] || find "$dir/nodes" -mindepth 1 -maxdepth 1 | wc -l >"$node/number"
  number="$(cat "$node/number")"
  [ "$number" -le 4 ] || fail "a plane has ports for four nodes"
  write_network "$node" "$number"
  write_containerd "$node"
  spawn "$node" containerd "$(command -v containerd)" --config "$node/containerd.toml" --address "$node/containerd.sock"
  until_up "$node" containerd 30 ctr --address "$node/containerd.sock" version >/dev/null 2>&1
  node_images "$node"
  make_cgroup "$(node_cgroup "$dir" "$name")"
  write_kubelet "$dir" "$node" "$number"
  plane_start-kubelet "$dir" "$name"
  # What is said of a node that was stopped may still be that it is Ready.
  poll 90 "$name to be Ready" holds "$dir" "/api/v1/nodes/$name" \
    ".status.conditions | any(.type == \"Ready\" and .status == \"True\" and .lastHeartbeatTime >= \"$began\")" ||
    { tail -n 20 "$node/kubelet.log" >&2; return 1; }
}

plane_start-kubelet() {
  local dir="$1" name="${2:-node-1}" node
  node="$dir/nodes/$name"
  spawn "$node" kubelet "$(program kubelet)" --config "$node/kubelet.yaml" --kubeconfig "$node/kubeconfig" \
    --root-dir "$node/kubelet" --cert-dir "$node/pki" --hostname-override "$name"
}

# plane_stop-kubelet DIR [NAME]: the node falls silent; its containers run on.
plane_stop-kubelet() { end "$1/nodes/${2:-node-1}" kubelet; }

# Pods get addresses of a range of their own and a link to this machine, and no way out.
write_network() {
  mkdir -p "$1/cni"
  jq -n --arg subnet "10.244.$2.0/24" --arg kept "$1/cni-kept" '{cniVersion: "0.4.0", name: "testbed", plugins: [
    {type: "ptp", ipMasq: false, ipam: {type: "host-local", dataDir: $kept, ranges: [[{subnet: $subnet}]]}}]}' \
    >"$1/cni/10-testbed.conflist"
}

write_containerd() {
  cat >"$1/containerd.toml" <<TOML
version = 2
root = "$1/containerd"
state = "$1/run"
[grpc]
  address = "$1/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  netns_mounts_under_state_dir = true
  disable_tcp_service = true
  # The kernel lets not every root favour a process when memory runs out.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$1/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
TOML
}

# node_images NODE: a Docker archive of one busybox under many names.
node_images() {
  local node="$1" archive="$1/archive" layer
  [ ! -e "$node/images-imported" ] || return 0
  busybox_root "$archive/root"
  tar -C "$archive/root" --sort=name --mtime=@0 -cf "$archive/layer.tar" .
  rm -rf "$archive/root"
  layer="$(sha256sum "$archive/layer.tar" | cut -d' ' -f1)"
  jq -n --arg layer "sha256:$layer" --arg arch "$(dpkg --print-architecture)" '{architecture: $arch, os: "linux",
    config: {Env: ["PATH=/bin"], Cmd: ["sleep", "2147483647"]}, rootfs: {type: "layers", diff_ids: [$layer]}}' >"$archive/config.json"
  jq -n '[{Config: "config.json", RepoTags: $ARGS.positional, Layers: ["layer.tar"]}]' --args "${NODE_IMAGES[@]}" >"$archive/manifest.json"
  tar -C "$archive" -cf "$node/images.tar" manifest.json config.json layer.tar
  timeout 120 ctr --address "$node/containerd.sock" -n k8s.io images import "$node/images.tar" >/dev/null
  rm -rf "$archive" "$node/images.tar"
  touch "$node/images-imported"
}

# The intervals are short, so that a silent node is noticed in seconds; a full disk and swap
# on this machine are no concern of the tests.
write_kubelet() {
  local dir="$1" node="$2" name
  name="$(basename "$node")"
  mkdir -p "$node/pki" "$node/pod-logs"
  certificate "$dir" "$name" "/O=system:nodes/CN=system:node:$name"
  kubeconfig "$dir" "$name" "$(with_certificate "$dir" "$name")"
  mv -f "$dir/kubeconfig.$name" "$node/kubeconfig"
  cat >"$node/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
port: $(kubelet_port "$dir" "$3")
readOnlyPort: 0
healthzPort: 0
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: false}
  x509: {clientCAFile: $dir/pki/ca.crt}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix://$node/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /$(node_cgroup "$dir" "$name")
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
systemReserved: {cpu: $(($(nproc) * 1000 - NODE_CPU_MILLIS))m}
evictionHard: {memory.available: 1Mi}
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 4s
nodeLeaseDurationSeconds: 8
syncFrequency: 10s
podLogsDir: $node/pod-logs
volumePluginDir: $node/volume-plugins
resolvConf: ""
clusterDNS: [$SERVICE_RANGE.10]
clusterDomain: cluster.local
serializeImagePulls: false
YAML
}

# ---- its cgroups ----

node_cgroup() { printf 'cockpit-%s-%s' "$(cat "$1/base")" "$2"; }

# Two kubelets under one root would tidy away each other's pods.
make_cgroup() {
  local controller
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$1"
    return 0
  fi
  for controller in /sys/fs/cgroup/*/; do
    [ "$(stat -f -c %T "$controller")" != cgroupfs ] || mkdir -p "$controller/$1"
  done
}

remove_cgroup() {
  local root
  for root in "/sys/fs/cgroup/$1" /sys/fs/cgroup/*/"$1"; do
    [ ! -d "$root" ] || find "$root" -depth -type d -exec rmdir {} \; 2>/dev/null || true
  done
}

cgroup_gone() {
  remove_cgroup "$1"
  ! compgen -G "/sys/fs/cgroup/$1" >/dev/null && ! compgen -G "/sys/fs/cgroup/*/$1" >/dev/null
}

# node_stop DIR NAME: kubelet, every container, containerd, and what is mounted.
node_stop() {
  local node="$1/nodes/$2" shim
  end "$node" kubelet TERM 5
  for shim in $(shims_of "$node"); do end_tree "$shim"; done
  end "$node" containerd
  unmount_below "$node"
  poll 20 "the cgroups of $2 to be gone" cgroup_gone "$(node_cgroup "$1" "$2")" || true
  # A kubelet links each log there, wherever it keeps them.
  [ ! -d /var/log/containers ] || find /var/log/containers -type l -lname "$node/*" -delete
}

# ---- a fleet of simulated nodes ----

# plane_fleet DIR PODS DEPLOYMENTS NODES: simulated nodes, and Deployments on them in a
# hundred namespaces; waits until all their pods run.
plane_fleet() {
  local dir="$1" pods="$2" deployments="$3" nodes="$4" fleet="$1/fleet" namespaces=100
  [ "$deployments" -ge "$namespaces" ] || namespaces="$deployments"
  mkdir -p "$fleet"
  # On a busy machine a simulated node is late with its lease. Its pods would count as unready from then on: there is no
  # kubelet that would say otherwise.
  end "$dir" controller-manager
  start_controller_manager "$dir" 1h
  spawn "$dir" kwok "$(program kwok fleet)" --config "$(tool_path kwok-stages)" --kubeconfig "$dir/kubeconfig.admin" \
    --manage-all-nodes=false --manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake \
    --server-address "127.0.0.1:$(port "$dir" 9)"
  until_up "$dir" kwok 30 curl -sf -o /dev/null --max-time 2 "http://127.0.0.1:$(port "$dir" 9)/healthz"
  say "$nodes nodes, $namespaces namespaces"
  fleet_nodes "$nodes" | post_all "$dir" /api/v1/nodes
  seq "$namespaces" | jq -c '{apiVersion: "v1", kind: "Namespace", metadata: {name: "team-\(.)"}}' | post_all "$dir" /api/v1/namespaces
  say "$deployments Deployments with $pods pods"
  fleet_deployments "$pods" "$deployments" "$namespaces" | post_all "$dir" ""
  poll 1800 "$pods pods to run" pods_run "$dir" "$pods"
}

fleet_nodes() {
  seq "$1" | jq -c '{apiVersion: "v1", kind: "Node",
    metadata: {name: "fake-\(.)", annotations: {"kwok.x-k8s.io/node": "fake"}, labels: {"kubernetes.io/hostname": "fake-\(.)",
      "topology.kubernetes.io/zone": "zone-\(. % 3)", type: "fake"}},
    spec: {taints: [{key: "kwok.x-k8s.io/node", value: "fake", effect: "NoSchedule"}]},
    status: ({cpu: "64", memory: "256Gi", pods: "500"} | {allocatable: ., capacity: .})}'
}

# fleet_deployments PODS DEPLOYMENTS NAMESPACES: of two containers each, as large on the wire as real ones.
fleet_deployments() {
  seq "$2" | jq -c --argjson pods "$1" --argjson deployments "$2" --argjson namespaces "$3" '
    . as $n | "app-\($n)" as $name |
    (($pods / $deployments | floor) + (if $n <= $pods % $deployments then 1 else 0 end)) as $replicas |
    def container($name; $image; $port): {name: $name, image: $image, ports: [{containerPort: $port, name: "http"}],
      env: [range(6) | {name: "SETTING_\(.)", value: "value number \(.) of \($name) as charts write them out"}],
      resources: {requests: {cpu: "50m", memory: "64Mi"}, limits: {memory: "128Mi"}},
      readinessProbe: {httpGet: {path: "/ready", port: "http"}, periodSeconds: 10},
      livenessProbe: {httpGet: {path: "/live", port: "http"}, periodSeconds: 10},
      volumeMounts: [{name: "settings", mountPath: "/etc/app"}]};
    {apiVersion: "apps/v1", kind: "Deployment",
      metadata: {name: $name, namespace: "team-\($n % $namespaces + 1)", labels: {"app.kubernetes.io/name": $name, "app.kubernetes.io/part-of": "fleet"}},
      spec: {replicas: $replicas, selector: {matchLabels: {"app.kubernetes.io/name": $name}},
        template: {metadata: {labels: {"app.kubernetes.io/name": $name, "app.kubernetes.io/part-of": "fleet"},
            annotations: {"prometheus.io/scrape": "true", "checksum/config": "0123456789abcdef0123456789abcdef0123456789abcdef"}},
          spec: {tolerations: [{key: "kwok.x-k8s.io/node", operator: "Exists"}], nodeSelector: {type: "fake"},
            containers: [container("app"; "registry.test/fleet/\($name):1.4.2"; 8080), container("proxy"; "registry.test/fleet/proxy:2.1.0"; 9090)],
            volumes: [{name: "settings", emptyDir: {}}]}}}}'
}

# post_all DIR PATH: every line of JSON on stdin, over eight connections. Without a path it is a Deployment's.
post_all() {
  local dir="$1" path="$2" shard status=0 posting=()
  rm -f "$dir/fleet"/shard-*
  split -n r/8 -d - "$dir/fleet/shard-"
  for shard in "$dir"/fleet/shard-*; do
    [ -s "$shard" ] || continue
    # One curl for many requests forgets all options at each "next".
    jq -r --arg url "https://127.0.0.1:$(api_port "$dir")" --arg path "$path" --arg pki "$dir/pki" '
      (if $path == "" then "/apis/apps/v1/namespaces/\(.metadata.namespace)/deployments" else $path end) as $to |
      (if input_line_number > 1 then "next" else empty end),
      "url = \($url + $to)", "data-binary = \(tojson | tojson)", "header = \"Content-Type: application/json\"",
      "cacert = \($pki)/ca.crt", "cert = \($pki)/admin.crt", "key = \($pki)/admin.key",
      "fail-with-body", "silent", "show-error", "output = /dev/null"' "$shard" >"$shard.curl"
    curl -K "$shard.curl" &
    posting+=("$!")
  done
  for shard in "${posting[@]}"; do wait "$shard" || status=1; done
  [ "$status" = 0 ] || fail "not everything could be posted"
}

# How many there are in all is told beside the first one, and how many match a selector is not.
pods_run() {
  local all waiting
  all="$(kube "$1" GET '/api/v1/pods?limit=1' 2>/dev/null | jq '(.items | length) + (.metadata.remainingItemCount // 0)')"
  waiting="$(kube "$1" GET '/api/v1/pods?limit=1&fieldSelector=status.phase!=Running' 2>/dev/null | jq '.items | length')"
  [ "${all:-0}" -ge "$2" ] && [ "${waiting:-1}" = 0 ] || { sleep 2; return 1; }
}

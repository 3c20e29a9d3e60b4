# shellcheck shell=bash
# Shell helpers that start and stop real Kubernetes control planes, nodes and fleets
# of simulated nodes for the tests. Sourced by tests/real/plane and
# tests/wire/kubernetes/record.
#
# A plane lives in one directory; keep its path short, sockets are in it:
#   base                 its first port: etcd, its peers, the API, controller manager,
#                        scheduler, then a kubelet each, and kwok
#   NAME.pid NAME.log    of each server
#   kubeconfig.NAME      admin, admin-token, and people with fewer rights
#   pki  etcd            certificates; data
#   nodes/NAME           containerd, kubelet and network of one node
# so that whoever has the directory can stop it, by pid, whatever happened to the
# process that started it. All of it listens on loopback, but for the kubelets, which
# refuse to: they ask for a certificate of the plane instead.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$REAL_DIR/node.sh"

PLANE_SCENES="$REAL_DIR/scenes/kubernetes"
SERVICE_RANGE=10.96.0

# ---- ports ----

api_port() { port "$1" 2; }
kubelet_port() { port "$1" "$((4 + $2))"; }

# ---- who may do what ----

# certificate DIR NAME SUBJECT [SAN]: signed by the plane's own authority.
certificate() {
  local pki="$1/pki" name="$2" subject="$3" san="${4:-}"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$subject" \
    -keyout "$pki/$name.key" -out "$pki/$name.csr" 2>/dev/null
  printf 'keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=clientAuth,serverAuth\n%s\n' \
    "${san:+subjectAltName=$san}" >"$pki/$name.ext"
  openssl x509 -req -days 30 -in "$pki/$name.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial \
    -extfile "$pki/$name.ext" -out "$pki/$name.crt" 2>/dev/null
  rm -f "$pki/$name.csr" "$pki/$name.ext"
}

# kubeconfig DIR NAME USER-YAML [NAMESPACE]
kubeconfig() {
  local dir="$1" name="$2" user="$3" namespace="${4:-default}"
  cat >"$dir/kubeconfig.$name" <<YAML
apiVersion: v1
kind: Config
current-context: testbed
clusters:
- name: testbed
  cluster:
    server: https://127.0.0.1:$(api_port "$dir")
    certificate-authority-data: $(base64 -w0 "$dir/pki/ca.crt")
contexts:
- name: testbed
  context: {cluster: testbed, user: $name, namespace: $namespace}
users:
- name: $name
  user: $user
YAML
  chmod 600 "$dir/kubeconfig.$name"
}

with_certificate() {
  printf '{client-certificate-data: %s, client-key-data: %s}' \
    "$(base64 -w0 "$1/pki/$2.crt")" "$(base64 -w0 "$1/pki/$2.key")"
}

token() { sed -n "s/^\([^,]*\),$2,.*/\1/p" "$1/tokens.csv"; }

make_identities() {
  local dir="$1" pki="$1/pki" name
  [ ! -s "$dir/kubeconfig.nobody" ] || return 0
  mkdir -p "$pki"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=testbed-ca \
    -keyout "$pki/ca.key" -out "$pki/ca.crt" 2>/dev/null
  openssl genrsa -out "$pki/sa.key" 2048 2>/dev/null
  openssl rsa -in "$pki/sa.key" -pubout -out "$pki/sa.pub" 2>/dev/null
  certificate "$dir" apiserver /CN=kube-apiserver \
    "IP:127.0.0.1,IP:$SERVICE_RANGE.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
  certificate "$dir" admin /O=system:masters/CN=admin
  certificate "$dir" controller-manager /CN=system:kube-controller-manager
  certificate "$dir" scheduler /CN=system:kube-scheduler
  certificate "$dir" kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
  for name in admin controller-manager scheduler; do
    kubeconfig "$dir" "$name" "$(with_certificate "$dir" "$name")"
  done
  for name in admin-token:system:masters reader-one-namespace: no-events: nobody:; do
    printf '%s,%s,uid-%s,"%s"\n' "$(openssl rand -hex 16)" "${name%%:*}" "${name%%:*}" "${name#*:}"
  done >"$dir/tokens.csv"
  chmod 600 "$dir/tokens.csv"
  kubeconfig "$dir" admin-token "{token: $(token "$dir" admin-token)}"
  kubeconfig "$dir" reader-one-namespace "{token: $(token "$dir" reader-one-namespace)}" shop
  kubeconfig "$dir" no-events "{token: $(token "$dir" no-events)}"
  kubeconfig "$dir" nobody "{token: $(token "$dir" nobody)}"
}

# ---- the control plane ----

start_etcd() {
  local dir="$1" client peer
  client="http://127.0.0.1:$(port "$dir" 0)"
  peer="http://127.0.0.1:$(port "$dir" 1)"
  spawn "$dir" etcd "$(program etcd)" --name testbed --data-dir "$dir/etcd" --unsafe-no-fsync \
    --quota-backend-bytes 8589934592 --log-level warn --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "testbed=$peer"
  until_up "$dir" etcd 60 curl -sf -o /dev/null --max-time 2 "$client/readyz"
}

# plane_start-api DIR [FLAG...]
plane_start-api() {
  local dir="$1" pki="$1/pki"
  shift
  spawn "$dir" apiserver "$(program kube-apiserver)" --etcd-servers "http://127.0.0.1:$(port "$dir" 0)" \
    --bind-address 127.0.0.1 --secure-port "$(api_port "$dir")" --service-cluster-ip-range "$SERVICE_RANGE.0/24" \
    --tls-cert-file "$pki/apiserver.crt" --tls-private-key-file "$pki/apiserver.key" --client-ca-file "$pki/ca.crt" \
    --token-auth-file "$dir/tokens.csv" --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file "$pki/sa.pub" \
    --service-account-signing-key-file "$pki/sa.key" --allow-privileged=true \
    --kubelet-preferred-address-types InternalIP --kubelet-client-certificate "$pki/kubelet-client.crt" \
    --kubelet-client-key "$pki/kubelet-client.key" "$@"
  until_up "$dir" apiserver 120 api_ready "$dir"
}

api_ready() { [ "$(kube "$1" GET /readyz 2>/dev/null)" = ok ]; }

# plane_kill-api DIR: as after a crash.
plane_kill-api() { end "$1" apiserver KILL; }

start_controllers() {
  local dir="$1"
  # Short: what a real cluster takes a minute for shows within twenty seconds.
  start_controller_manager "$dir" 20s
  spawn "$dir" scheduler "$(program kube-scheduler)" --kubeconfig "$dir/kubeconfig.scheduler" \
    --bind-address 127.0.0.1 --secure-port "$(port "$dir" 4)" --leader-elect=false --kube-api-qps 500 --kube-api-burst 1000
  until_up "$dir" scheduler 60 healthy "$dir" 4
  # Pods are refused until their service account is there.
  poll 60 "the first service account" kube "$dir" GET /api/v1/namespaces/default/serviceaccounts/default >/dev/null 2>&1
}

# start_controller_manager DIR GRACE: GRACE is how long a node may be silent.
start_controller_manager() {
  local dir="$1"
  spawn "$dir" controller-manager "$(program kube-controller-manager)" --kubeconfig "$dir/kubeconfig.controller-manager" \
    --bind-address 127.0.0.1 --secure-port "$(port "$dir" 3)" --root-ca-file "$dir/pki/ca.crt" \
    --service-account-private-key-file "$dir/pki/sa.key" --use-service-account-credentials --leader-elect=false \
    --node-monitor-period 2s --node-monitor-grace-period "$2" --kube-api-qps 500 --kube-api-burst 1000
  until_up "$dir" controller-manager 60 healthy "$dir" 3
}

healthy() { [ "$(curl -sk --max-time 2 "https://127.0.0.1:$(port "$1" "$2")/healthz")" = ok ]; }

# plane_start DIR: etcd, API server, controller manager, scheduler, people. Again after a stop.
plane_start() {
  local dir="$1"
  mkdir -p "$dir"
  claim_ports "$dir"
  make_identities "$dir"
  start_etcd "$dir"
  plane_start-api "$dir"
  start_controllers "$dir"
  apply_file "$dir" "$PLANE_SCENES/people.yaml" default
}

# plane_rollouts DIR: Argo Rollouts' kinds and its controller.
plane_rollouts() {
  local dir="$1"
  apply_file "$dir" "$(tool_path rollouts-kinds)" default
  poll 60 "Rollouts to be served" kube "$dir" GET /apis/argoproj.io/v1alpha1/rollouts >/dev/null 2>&1
  spawn "$dir" rollouts "$(program rollouts-controller)" --kubeconfig "$dir/kubeconfig.admin" --leader-elect=false \
    --healthzPort "$(port "$dir" 8)" --metricsport "$(port "$dir" 9)"
  until_up "$dir" rollouts 60 curl -sf -o /dev/null --max-time 2 "http://127.0.0.1:$(port "$dir" 8)/healthz"
}

plane_stop() {
  local dir="$1" node
  end "$dir" kwok
  end "$dir" rollouts
  for node in "$dir"/nodes/*/; do
    [ ! -d "$node" ] || node_stop "$dir" "$(basename "$node")"
  done
  end "$dir" scheduler
  end "$dir" controller-manager
  # It waits for watches to end, which nobody needs here.
  end "$dir" apiserver TERM 5
  end "$dir" etcd
  unmount_below "$dir"
}

plane_remove() {
  local base
  plane_stop "$1"
  base="$(cat "$1/base" 2>/dev/null || true)"
  rm -rf "$1"
  unclaim "$base"
}

# ---- asking ----

# kube DIR METHOD PATH [CURL ARGUMENT...]: one request as admin; the body on stdout. Fails on
# an HTTP error, and then says what the server answered.
kube() {
  local dir="$1" method="$2" path="$3" answer status
  shift 3
  answer="$(curl -sS --max-time 60 --cacert "$dir/pki/ca.crt" --cert "$dir/pki/admin.crt" --key "$dir/pki/admin.key" \
    -X "$method" -w '\n%{http_code}' "$@" "https://127.0.0.1:$(api_port "$dir")$path")" || return 1
  status="${answer##*$'\n'}"
  printf '%s' "${answer%$'\n'*}"
  case "$status" in
    2??) ;;
    *) say "$method $path: $status ${answer%$'\n'*}"; return 1 ;;
  esac
}

# path_of KIND-OR-PLURAL NAMESPACE: where objects of a kind are; nothing for an unknown one.
path_of() {
  local in="namespaces/$2/"
  case "${1,,}" in
    pod | pods) printf '/api/v1/%spods' "$in" ;;
    service | services) printf '/api/v1/%sservices' "$in" ;;
    configmap | configmaps) printf '/api/v1/%sconfigmaps' "$in" ;;
    secret | secrets) printf '/api/v1/%ssecrets' "$in" ;;
    event | events) printf '/api/v1/%sevents' "$in" ;;
    serviceaccount | serviceaccounts) printf '/api/v1/%sserviceaccounts' "$in" ;;
    resourcequota | resourcequotas) printf '/api/v1/%sresourcequotas' "$in" ;;
    persistentvolumeclaim | persistentvolumeclaims) printf '/api/v1/%spersistentvolumeclaims' "$in" ;;
    namespace | namespaces) printf '/api/v1/namespaces' ;;
    node | nodes) printf '/api/v1/nodes' ;;
    persistentvolume | persistentvolumes) printf '/api/v1/persistentvolumes' ;;
    deployment | deployments) printf '/apis/apps/v1/%sdeployments' "$in" ;;
    replicaset | replicasets) printf '/apis/apps/v1/%sreplicasets' "$in" ;;
    statefulset | statefulsets) printf '/apis/apps/v1/%sstatefulsets' "$in" ;;
    daemonset | daemonsets) printf '/apis/apps/v1/%sdaemonsets' "$in" ;;
    controllerrevision | controllerrevisions) printf '/apis/apps/v1/%scontrollerrevisions' "$in" ;;
    job | jobs) printf '/apis/batch/v1/%sjobs' "$in" ;;
    cronjob | cronjobs) printf '/apis/batch/v1/%scronjobs' "$in" ;;
    endpointslice | endpointslices) printf '/apis/discovery.k8s.io/v1/%sendpointslices' "$in" ;;
    poddisruptionbudget | poddisruptionbudgets) printf '/apis/policy/v1/%spoddisruptionbudgets' "$in" ;;
    horizontalpodautoscaler | horizontalpodautoscalers) printf '/apis/autoscaling/v2/%shorizontalpodautoscalers' "$in" ;;
    role | roles) printf '/apis/rbac.authorization.k8s.io/v1/%sroles' "$in" ;;
    rolebinding | rolebindings) printf '/apis/rbac.authorization.k8s.io/v1/%srolebindings' "$in" ;;
    clusterrole | clusterroles) printf '/apis/rbac.authorization.k8s.io/v1/clusterroles' ;;
    clusterrolebinding | clusterrolebindings) printf '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings' ;;
    customresourcedefinition | customresourcedefinitions)
      printf '/apis/apiextensions.k8s.io/v1/customresourcedefinitions' ;;
    rollout | rollouts) printf '/apis/argoproj.io/v1alpha1/%srollouts' "$in" ;;
    validatingwebhookconfiguration | validatingwebhookconfigurations)
      printf '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations' ;;
    *) fail "no path is known for $1" ;;
  esac
}

# ---- keeping what was said ----

# node_address DIR: by which its node reaches out of this machine.
node_address() { kube "$1" GET /api/v1/nodes/node-1 | jq -r '.status.addresses[] | select(.type == "InternalIP").address'; }

# ordinary_names DIR ADDRESS: a filter: the paths, address, kernel and ids of this machine become the usual ones.
ordinary_names() {
  sed -e "s#$1/nodes/node-1#/var/lib#g; s#$1#/etc/kubernetes#g; s#$2#192.0.2.10#g" \
    -e "s#$(uname -r)#6.12.0-1-amd64#g" \
    -e 's#"\(machineID\|systemUUID\|bootID\)":"[^"]*"#"\1":"00000000-0000-0000-0000-000000000000"#g'
}

# ---- scenes ----
#
# A scene is a file of YAML documents, applied in order. Between two of them may stand
#   --- # once KIND/NAME JQ     wait until the object is so
#   --- # delete KIND/NAME      instead of a document
# and at the top, after what a person must see,
#   # shows KIND JQ             of the list of a kind in its namespace, when all of it shows

# apply_file DIR FILE NAMESPACE
apply_file() {
  local dir="$1" file="$2" namespace="$3" line document="" where
  while IFS= read -r line || [ -n "$line" ]; do
    case "$line" in
      ---*)
        apply "$dir" "$namespace" "$document"
        document=""
        where="${line#--- # }"
        case "$line" in
          '--- # once '*) where="${where#once }"
            once "$dir" "$namespace" "${where%% *}" "${where#* }" ;;
          '--- # delete '*) where="${where#delete }"
            kube "$dir" DELETE "$(path_of "${where%%/*}" "$namespace")/${where#*/}" >/dev/null ;;
        esac ;;
      *) document+="$line"$'\n' ;;
    esac
  done <"$file"
  apply "$dir" "$namespace" "$document"
}

# apply DIR NAMESPACE DOCUMENT: as `kubectl apply --server-side` does.
apply() {
  local kind name namespace
  kind="$(sed -n 's/^kind: *//p' <<<"$3")"
  [ -n "$kind" ] || return 0
  name="$(sed -n '/^metadata:/,/^[a-z]/s/^  name: *//p' <<<"$3")"
  namespace="$(sed -n '/^metadata:/,/^[a-z]/s/^  namespace: *//p' <<<"$3")"
  kube "$1" PATCH "$(path_of "$kind" "${namespace:-$2}")/$name?fieldManager=kubectl&force=true" \
    -H 'Content-Type: application/apply-patch+yaml' --data-binary @- >/dev/null <<<"$3" || fail "could not apply $kind $name"
}

# once DIR NAMESPACE KIND/NAME JQ
once() { poll 150 "$2: $3: $4" holds "$1" "$(path_of "${3%%/*}" "$2")/${3#*/}" "$4"; }

# Many scenes are waited for at once, on two cores: not ten times a second.
holds() { [ "$(kube "$1" GET "$2" 2>/dev/null | jq -r "$3" 2>/dev/null)" = true ] || { sleep 0.9; return 1; }; }

# plane_scene DIR NAME: applies a scene in a namespace of its own, which its objects may name otherwise.
plane_scene() {
  local file="$PLANE_SCENES/$2.yaml"
  [ -f "$file" ] || fail "no scene $2"
  make_namespace "$1" "scene-$2"
  apply_file "$1" "$file" "scene-$2"
}

# plane_scenes DIR [NAME...]: several at once; without names all but the rollout that gets on, which is
# over after some minutes and so has to be begun when it is to be looked at, and what has a plane of its own.
plane_scenes() {
  local dir="$1" names=("${@:2}")
  [ "${#names[@]}" -gt 0 ] || mapfile -t names < <(scene_names | grep -vx -e quiet-rollout -e json-logs)
  printf '%s\n' "${names[@]}" | xargs -P 6 -I '{}' "$REAL_DIR/plane" scene "$dir" '{}'
}

scene_names() { basename -s .yaml "$PLANE_SCENES"/*.yaml | grep -vx people; }

make_namespace() {
  apply "$1" "" "$(printf 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: %s\n' "$2")"
  poll 60 "the service account of $2" kube "$1" GET "/api/v1/namespaces/$2/serviceaccounts/default" >/dev/null 2>&1
}

# plane_shown DIR NAME [SECONDS]: waits until a scene shows what it is there for.
plane_shown() {
  local dir="$1" name="$2" seconds="${3:-180}" kind check namespace
  namespace="$(scene_namespace "$name")"
  while read -r kind check; do
    poll "$seconds" "scene $name: $kind $check" holds "$dir" "$(path_of "$kind" "$namespace")" "$check" || {
      kube "$dir" GET "$(path_of "$kind" "$namespace")" | jq -c '.items[] | {name: .metadata.name, status}' >&2
      return 1
    }
  done < <(sed -n 's/^# shows //p' "$PLANE_SCENES/$name.yaml")
}

# A scene that is not in the namespace of its name says so at its top.
scene_namespace() {
  local said
  said="$(sed -n 's/^# in //p' "$PLANE_SCENES/$1.yaml")"
  printf '%s' "${said:-scene-$1}"
}

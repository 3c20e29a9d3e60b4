# shellcheck shell=bash
# Asks a real API server and keeps what it says. Sourced by `record`.

# keep FILE: stdin becomes a fixture; paths and names of this machine become the usual ones.
keep() {
  mkdir -p "$(dirname "$OUT/$1")"
  ordinary_names "$DIR" "${NODE_ADDRESS:=$(node_address "$DIR")}" >"$OUT/$1"
}

# ask WHO PATH [CURL ARGUMENT...]: as it comes, errors and all.
ask() {
  local who="$1" path="$2" user
  shift 2
  if [ "$who" = admin ]; then user=(--cert "$DIR/pki/admin.crt" --key "$DIR/pki/admin.key")
  else user=(-H "Authorization: Bearer $(token "$DIR" "$who" | grep . || echo outlived)"); fi
  curl -sS --cacert "$DIR/pki/ca.crt" "${user[@]}" "$@" "https://127.0.0.1:$(api_port "$DIR")$path"
}

# managedFields are half of what is sent: they stay with the first few, which is enough to see that
# they are skipped.
FEW_MANAGED_FIELDS='.items |= [to_entries[] | if .key < 3 then .value else .value | del(.metadata.managedFields) end]'
FEW_MANAGED_FIELDS_EACH='if input_line_number <= 3 then . else del(.object.metadata.managedFields) end'
# One item a line, so that a change can be read and the whole stays small.
LINES='(del(.items) | tojson)[:-1] + ",\"items\":[\n" + ([.items[] | tojson] | join(",\n")) + "\n]}"'

# list PATH FILE [CURL ARGUMENT...]
list() { ask admin "$1" --fail "${@:3}" | jq -r "$FEW_MANAGED_FIELDS | $LINES" | keep "$2"; }

WATCHED_METADATA='Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1'
METADATA='Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
TABLE='Accept: application/json;as=Table;g=meta.k8s.io;v=v1'

record_lists() {
  local path
  for path in /api/v1/{pods,nodes,events,services,persistentvolumeclaims,resourcequotas,namespaces} \
    /apis/apps/v1/{deployments,replicasets,statefulsets,daemonsets,controllerrevisions} \
    /apis/batch/v1/{jobs,cronjobs} /apis/discovery.k8s.io/v1/endpointslices /apis/policy/v1/poddisruptionbudgets \
    /apis/autoscaling/v2/horizontalpodautoscalers; do
    list "$path" "lists/$(basename "$path").json"
  done
  list /apis/events.k8s.io/v1/namespaces/scene-liveness-loop/events lists/events-of-events.k8s.io.json
  list '/api/v1/pods?limit=5' lists/pods-first-page.json
  list '/api/v1/pods?fieldSelector=status.phase!=Running' lists/pods-not-running.json
  for path in configmaps secrets; do list "/api/v1/$path" "metadata/$path.json" -H "$METADATA"; done
  list /apis/apps/v1/replicasets metadata/replicasets.json -H "$METADATA"
  for path in "pods" "namespaces/scene-crash-loop/pods"; do
    ask admin "/api/v1/$path?includeObject=None" -H "$TABLE" |
      jq -r '(del(.rows) | tojson)[:-1] + ",\"rows\":[\n" + ([.rows[] | tojson] | join(",\n")) + "\n]}"' | keep "tables/${path//\//-}.json"
  done
  for path in api/v1/namespaces/kube-system apis/apps/v1/namespaces/scene-paused-halfway/deployments/web/scale; do
    ask admin "/$path" | jq -c . | keep "objects/$(basename "$path").json"
  done
}

# pod_of NAMESPACE [PREFIX]: the name of one of its pods.
pod_of() { kube "$DIR" GET "/api/v1/namespaces/$1/pods" | jq -r --arg prefix "${2:-}" '[.items[].metadata.name | select(startswith($prefix))][0]'; }

record_logs() {
  local scene logs
  for scene in crash-loop oom-loop hostile init-fails; do
    logs="/api/v1/namespaces/scene-$scene/pods/$(pod_of "scene-$scene")/log?timestamps=true&tailLines=20"
    [ "$scene" != init-fails ] || logs+="&container=migrate"
    ask admin "$logs" | keep "logs/$scene.txt"
    ask admin "$logs&previous=true" | keep "logs/$scene.previous.txt"
  done
  ask admin "/api/v1/namespaces/scene-quiet-shop/pods/$(pod_of scene-quiet-shop web)/log?container=web&timestamps=true" | keep logs/quiet-shop.txt
}

# review WHO GROUP RESOURCE VERB NAMESPACE: what somebody is told that they may do.
review() {
  jq -n --arg group "$2" --arg resource "${3%%/*}" --arg sub "$(grep -o '/.*' <<<"$3" | cut -c2- || true)" --arg verb "$4" --arg namespace "$5" '
    {apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec: {resourceAttributes:
      ({group: $group, resource: $resource, subresource: $sub, verb: $verb, namespace: $namespace} | with_entries(select(.value != "")))}}' |
    ask "$1" /apis/authorization.k8s.io/v1/selfsubjectaccessreviews -H 'Content-Type: application/json' --data-binary @- |
    jq -c 'del(.metadata.managedFields)'
}

record_access() {
  local who
  for who in admin reader-one-namespace no-events nobody; do
    {
      review "$who" "" pods list ""
      review "$who" "" pods list shop
      review "$who" "" events list ""
      review "$who" apps deployments/scale patch shop
      review "$who" "" pods/eviction create shop
    } | keep "access/$who.ndjson"
    printf '{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"shop"}}' |
      ask "$who" /apis/authorization.k8s.io/v1/selfsubjectrulesreviews -H 'Content-Type: application/json' --data-binary @- |
      jq -c 'del(.metadata.managedFields)' | keep "access/$who.rules.json"
  done
}

record_discovery() {
  local path aggregated='Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  # As on a cluster whose metrics server is away, which is common.
  jq -n '{apiVersion: "apiregistration.k8s.io/v1", kind: "APIService", metadata: {name: "v1beta1.metrics.k8s.io"}, spec: {
    group: "metrics.k8s.io", version: "v1beta1", groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true,
    service: {namespace: "kube-system", name: "no-such-service"}}}' |
    kube "$DIR" POST /apis/apiregistration.k8s.io/v1/apiservices -H 'Content-Type: application/json' --data-binary @- >/dev/null
  poll 30 "the metrics API to be known as away" holds "$DIR" /apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io \
    '.status.conditions | any(.type == "Available" and .status == "False")'
  for path in version api apis api/v1 apis/apps/v1; do ask admin "/$path" | jq -c . | keep "discovery/${path//\//-}.json"; done
  for path in api apis; do ask admin "/$path" -H "$aggregated" | jq -r "$LINES" | keep "discovery/$path.aggregated.json"; done
}

# A streaming list, with the bookmark that ends it, and what is said to somebody who comes back too late.
record_streams() {
  local pods=/api/v1/namespaces/scene-crash-loop/pods
  ask admin "$pods?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=3" -N |
    keep watch/streaming-list.ndjson
  ask admin "$pods?watch=true&resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=3" -N | keep watch/too-old.ndjson
  ask admin "$pods?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=3" -N -H "$WATCHED_METADATA" |
    keep watch/streaming-list-metadata.ndjson
}

# refused NAME WHO METHOD PATH [CURL ARGUMENT...]: an answer that is an error: status, headers that matter, body.
refused() {
  local name="$1" who="$2" method="$3" path="$4"
  shift 4
  ask "$who" "$path" -X "$method" -D "$DIR/headers" -o "$DIR/body" "$@"
  jq -n --arg request "$method ${path/"$POD"/web-0}" --rawfile headers "$DIR/headers" --rawfile body "$DIR/body" '
    {request: $request, status: ($headers | split(" ")[1] | tonumber),
     headers: ($headers | split("\r\n") | map(select(test("^(content-type|retry-after|audit-id):"; "i")) | split(": ")
       | {(.[0] | ascii_downcase): .[1]}) | add | del(.["audit-id"])), body: $body}' | keep "refused/$name.json"
}

record_refusals() {
  local json='Content-Type: application/json' shop=/api/v1/namespaces/scene-quiet-shop scale=/apis/apps/v1/namespaces/scene-quiet-shop/deployments/web
  POD="$(pod_of scene-quiet-shop web)"
  refused unauthorized somebody GET /api/v1/pods
  refused forbidden-list nobody GET /api/v1/pods
  refused forbidden-everywhere reader-one-namespace GET /api/v1/pods
  refused forbidden-namespaces reader-one-namespace GET /api/v1/namespaces
  refused forbidden-kube-system reader-one-namespace GET /api/v1/namespaces/kube-system
  refused forbidden-events no-events GET /api/v1/events
  refused forbidden-watch nobody GET '/api/v1/pods?watch=true'
  refused forbidden-patch no-events PATCH "$scale" -H 'Content-Type: application/merge-patch+json' -d '{"spec":{"paused":true}}'
  refused not-found admin GET "$shop/pods/nobody"
  refused no-such-resource admin GET /apis/apps/v1/namespaces/shop/rollouts
  refused no-such-group admin GET /apis/argoproj.io/v1alpha1/rollouts
  refused api-away admin GET /apis/metrics.k8s.io/v1beta1/nodes
  kube "$DIR" GET "$scale/scale" | jq -c '.metadata.resourceVersion = "1" | .spec.replicas = 3' >"$DIR/scale.json"
  refused conflict admin PUT "$scale/scale" -H "$json" --data-binary "@$DIR/scale.json"
  refused already-exists admin POST /api/v1/namespaces -H "$json" -d '{"metadata":{"name":"shop"}}'
  refused invalid admin PATCH "$scale" -H 'Content-Type: application/merge-patch+json' -d '{"spec":{"replicas":-1}}'
  refused quota admin POST /api/v1/namespaces/scene-quota-exceeded/pods -H "$json" \
    -d '{"metadata":{"name":"one-more"},"spec":{"containers":[{"name":"web","image":"registry.test/shop/web:1.4.2"}]}}'
  refused webhook admin POST /api/v1/namespaces/scene-webhook-missing/pods -H "$json" \
    -d '{"metadata":{"name":"one-more"},"spec":{"containers":[{"name":"web","image":"registry.test/shop/web:1.4.2"}]}}'
  refused log-of-waiting admin GET "/api/v1/namespaces/scene-bad-image/pods/$(pod_of scene-bad-image)/log"
  refused log-of-no-previous admin GET "$shop/pods/$POD/log?container=web&previous=true"
  refused log-of-which-container admin GET "/api/v1/namespaces/scene-init-fails/pods/$(pod_of scene-init-fails)/log?container=nobody"
  ask reader-one-namespace /api/v1/namespaces/shop | jq -c . | keep objects/namespace-of-its-reader.json
  refused_evictions
  refused_expired
}

# One of two may go, the next may not.
refused_evictions() {
  local eviction="$shop/pods/$POD/eviction" body
  body="$(jq -nc --arg name "$POD" '{apiVersion: "policy/v1", kind: "Eviction", metadata: {name: $name, namespace: "scene-quiet-shop"}}')"
  kube "$DIR" PATCH /apis/policy/v1/namespaces/scene-quiet-shop/poddisruptionbudgets/web \
    -H 'Content-Type: application/merge-patch+json' -d '{"spec":{"minAvailable":2}}' >/dev/null
  poll 30 "the budget to allow nothing" holds "$DIR" /apis/policy/v1/namespaces/scene-quiet-shop/poddisruptionbudgets/web \
    '.status.disruptionsAllowed == 0 and .status.observedGeneration == .metadata.generation'
  refused eviction admin POST "$eviction" -H "$json" --data-binary "$body"
}

# A continued list whose snapshot is gone. The store lets go of it after five minutes, or when told; the API
# server keeps snapshots of its own as well, until it ends.
refused_expired() {
  local next revision
  next="$(kube "$DIR" GET '/api/v1/pods?limit=5' | jq -r '.metadata.continue | @uri')"
  kube "$DIR" PATCH /api/v1/namespaces/shop -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"labels":{"seen":"yes"}}}' >/dev/null
  revision="$(kube "$DIR" GET /api/v1/namespaces/shop | jq -r .metadata.resourceVersion)"
  curl -sS --fail -o /dev/null "http://127.0.0.1:$(port "$DIR" 0)/v3/kv/compaction" -d "{\"revision\": \"$revision\", \"physical\": true}"
  plane_kill-api "$DIR"
  plane_start-api "$DIR"
  refused expired-continue admin GET "/api/v1/pods?limit=5&continue=$next"
  refused expired-list admin GET '/api/v1/pods?resourceVersion=2&resourceVersionMatch=Exact'
}

record_nodes() {
  kube "$DIR" PATCH /api/v1/nodes/node-1 -H 'Content-Type: application/merge-patch+json' -d '{"spec":{"unschedulable":true}}' >/dev/null
  list /api/v1/nodes silent/nodes-cordoned.json
  kube "$DIR" PATCH /api/v1/nodes/node-1 -H 'Content-Type: application/merge-patch+json' -d '{"spec":{"unschedulable":null}}' >/dev/null
  plane_stop-kubelet "$DIR"
  poll 90 "the node to be Unknown" holds "$DIR" /api/v1/nodes/node-1 '.status.conditions | any(.type == "Ready" and .status == "Unknown")'
  poll 60 "its pods to be not ready" holds "$DIR" /api/v1/namespaces/scene-node-silent/pods \
    'all(.items[].status.conditions[]; .type != "Ready" or .status == "False")'
  list /api/v1/nodes silent/nodes.json
  list /api/v1/namespaces/scene-node-silent/pods silent/pods.json
  list '/api/v1/events?fieldSelector=involvedObject.kind=Node' silent/events.json
  list /apis/discovery.k8s.io/v1/namespaces/scene-node-silent/endpointslices silent/endpointslices.json
  POD="$(pod_of scene-node-silent)"
  refused log-of-silent-node admin GET "/api/v1/namespaces/scene-node-silent/pods/$POD/log"
}

# Fair queues keep an API server from ever saying this to so few; without them it says it soon.
record_overload() {
  local asking number
  plane_kill-api "$DIR"
  plane_start-api "$DIR" --enable-priority-and-fairness=false --max-requests-inflight 1 --max-mutating-requests-inflight 1
  for number in $(seq 40); do
    ask no-events "/api/v1/pods" -D "$DIR/headers-$number" -o "$DIR/body-$number" &
    asking+=" $!"
  done
  for number in $asking; do wait "$number" || true; done
  for number in $(seq 40); do
    if grep -q ' 429' "$DIR/headers-$number"; then
      tr -d '\r' <"$DIR/headers-$number" | keep refused/overload-headers.txt
      keep refused/overload.txt <"$DIR/body-$number"
      return 0
    fi
  done
  fail "nobody was told 429"
}

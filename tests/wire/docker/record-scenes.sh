# shellcheck shell=bash
# Brings real engines into the states that `record` writes down. Sourced by it.

make_images() {
  engine_image "$1" busybox test
  engine_image "$1" 127.0.0.1:1/shop/web 1.4.2
  # Like the official database images: they declare a volume.
  engine_image "$1" postgres 16 "VOLUME /var/lib/postgresql/data" "EXPOSE 5432" 'CMD ["sh"]'
}

create() { post_json "$ENGINE" "/containers/create?name=$1" "$SCENES/containers/$1.json" >/dev/null; }
start() { create "$1"; api "$ENGINE" POST "/containers/$1/start" >/dev/null; }
act() { api "$ENGINE" POST "/containers/$1/$2" >/dev/null; }

inspected() { [ "$(api "$ENGINE" GET "/containers/$1/json" | jq -r "$2")" = true ]; }
until_container() { poll 90 "$1 to be $2" inspected "$1" "$2"; }
until_tasks() { poll 120 "tasks of $1: $2" tasks_are "$1" "$2"; }
tasks_are() {
  [ "$(api "$ENGINE" GET "/tasks?filters=$(jq -rn --arg s "shop_$1" '{service: [$s]} | tojson | @uri')" | jq -r "$2")" = true ]
}
service_is() { [ "$(api "$ENGINE" GET "/services/shop_$1" | jq -r "$2")" = true ]; }

make_containers() {
  local name
  # These two cannot be started, which the engine says by failing the request.
  for name in bad-entrypoint bad-entrypoint-restarting; do
    create "$name"
    refused_start "$name"
  done
  create created
  for name in oom-loop oom-once oom-child killed killed-restarting outlived-stop stops-in-time \
    unhealthy unhealthy-timeout healthy starting becomes-healthy crash-loop not-found-loop gave-up \
    exited-0 exited-3 terminated near-limit database-no-volume database-volume tty hostile paused limits-and-ports \
    oom-then-fine killed-outside restarted short-lived; do
    start "$name"
  done
  act paused pause
  act killed kill
  act killed-restarting kill
  act "terminated" "kill?signal=SIGTERM"
  act stops-in-time stop
  act outlived-stop stop
  # What the kernel or a person on the host does: no kill event comes of it.
  kill -KILL "$(api "$ENGINE" GET /containers/killed-outside/json | jq .State.Pid)"
  act restarted restart
  act short-lived "rename?name=renamed"
  api "$ENGINE" DELETE "/containers/renamed?force=1" >/dev/null
  until_container oom-once '.State.Status == "exited"'
  until_container unhealthy '.State.Health.FailingStreak >= 6'
  until_container unhealthy-timeout '.State.Health.Status == "unhealthy"'
  until_container healthy '.State.Health.Status == "healthy"'
  until_container becomes-healthy '.State.Health.Status == "healthy"'
  until_container gave-up '.RestartCount == 2 and .State.Status == "exited"'
  until_container killed-outside '.RestartCount == 1 and .State.Running'
  until_container oom-then-fine '.RestartCount == 1 and .State.Running'
  until_container exited-3 '.State.Status == "exited"'
  until_container oom-loop '.RestartCount >= 5 and .State.Restarting and .State.OOMKilled'
  until_container crash-loop '.RestartCount >= 4 and .State.Restarting'
  get /containers/oom-loop/json inspect/oom-loop.restarting.json
  get /containers/crash-loop/json inspect/crash-loop.restarting.json
  until_container oom-loop '.State.Running and (.State.Restarting | not)'
  get /containers/oom-loop/json inspect/oom-loop.running.json
}

refused_start() {
  local answer
  answer="$(curl -sS --max-time 20 --unix-socket "$ENGINE/docker.sock" -X POST -w '\n%{http_code}' \
    "http://engine/v$API/containers/$1/start")"
  jq -n --arg path "POST /containers/$1/start" --arg status "${answer##*$'\n'}" --arg body "${answer%$'\n'*}" \
    '{path: $path, status: ($status | tonumber), body: $body}' | keep "refused/start-$1.json"
}

compose() {
  DOCKER_HOST="unix://$ENGINE/docker.sock" timeout 120 "$(tool_path compose)" \
    --project-directory "$SCENES/compose" -f "$SCENES/compose/compose.yaml" "$@" >>"$SCRATCH/compose.log" 2>&1 ||
    { cat "$SCRATCH/compose.log" >&2; return 1; }
}

make_project() {
  compose up -d --scale web=2
  compose run -d --name shop-web-run-1 web sh -c 'echo one-off; exit 0'
  until_container shop-web-1 '.State.Health.Status == "healthy"'
  until_container shop-web-2 '.State.Health.Status == "healthy"'
  until_container shop-web-run-1 '.State.Status == "exited"'
}

service() { post_json "$ENGINE" /services/create "$SCENES/services/$1.json" >/dev/null; }

# update SERVICE JQ-EDIT: as the command line does it, on the newest version of the spec.
update() {
  local spec version
  spec="$(api "$ENGINE" GET "/services/shop_$1")"
  version="$(jq .Version.Index <<<"$spec")"
  jq ".Spec | $2" <<<"$spec" | post_json "$ENGINE" "/services/shop_$1/update?version=$version" - >/dev/null
}

make_services() {
  local name bad='.TaskTemplate.ContainerSpec.Command = ["sh", "-c", "echo bad release >&2; exit 1"]'
  engine_swarm "$ENGINE" 127.0.0.1
  for name in "$SCENES"/services/*.json; do service "$(basename "$name" .json)"; done
  for name in update-paused rolled-back updated web; do
    until_tasks "$name" '[.[] | select(.Status.State == "running")] | length > 0'
  done
  update update-paused "$bad"
  update rolled-back "$bad"
  update updated '.TaskTemplate.ContainerSpec.Env = ["RELEASE=2"]'
  poll 90 "the update to pause" service_is update-paused '.UpdateStatus.State == "paused"'
  poll 90 "the update to be rolled back" service_is rolled-back '.UpdateStatus.State == "rollback_completed"'
  poll 90 "the update to complete" service_is updated '.UpdateStatus.State == "completed"'
  until_tasks bad-image '[.[] | select(.Status.State == "rejected")] | length > 1'
  until_tasks crashing '[.[] | select(.Status.State == "failed")] | length > 1'
  until_tasks oom '[.[] | select(.Status.State == "failed")] | length > 1'
  until_tasks unhealthy '[.[] | select(.Status.State == "failed")] | length > 0'
  until_tasks gave-up '[.[] | select(.Status.State == "failed")] | length > 2'
  until_tasks job '[.[] | select(.Status.State == "complete")] | length == 2'
  until_tasks impossible '.[0].Status.Err | startswith("no suitable node")'
}

nodes_are() { [ "$(api "$ENGINE" GET /nodes | jq -r "$1")" = true ]; }
other() { jq -r '[.[] | select(.Description.Hostname == "host-b")][0].ID' < <(api "$ENGINE" GET /nodes); }

# node JQ-EDIT: changes the second node's spec.
node() {
  local seen
  seen="$(api "$ENGINE" GET "/nodes/$(other)")"
  jq ".Spec | $1" <<<"$seen" |
    post_json "$ENGINE" "/nodes/$(jq -r .ID <<<"$seen")/update?version=$(jq .Version.Index <<<"$seen")" - >/dev/null
}

lose_nodes() {
  engine_start "$OTHER" "$API"
  make_images "$OTHER"
  engine_join "$OTHER" 127.0.0.2 "$ENGINE" 127.0.0.1 Worker
  poll 60 "the second node" nodes_are 'length == 2 and all(.Status.State == "ready")'
  refused "$OTHER" "/v$API/services" services-on-a-worker
  node '.Availability = "drain"'
  get /nodes nodes-one-drained.json
  node '.Availability = "active" | .Role = "manager"'
  poll 60 "a second manager" nodes_are 'all(.ManagerStatus.Reachability == "reachable")'
  get /nodes nodes-two-managers.json
  get /info info-two-managers.json
  engine_kill "$OTHER"
  poll 90 "the quorum to be lost" quorum_lost
  refused "$ENGINE" "/v$API/services" services-without-quorum
  refused "$ENGINE" "/v$API/nodes" nodes-without-quorum
  get /info info-without-quorum.json
}

quorum_lost() { [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 10 --unix-socket "$ENGINE/docker.sock" http://engine/nodes)" != 200 ]; }

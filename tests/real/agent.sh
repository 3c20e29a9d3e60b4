# shellcheck shell=bash
# Shell helpers that start and stop real Nomad agents, and Consul beside them, for the tests.
# Sourced by tests/real/agent and tests/real/run.
#
# An agent lives in one directory:
#   base                 its first port: HTTP, RPC, serf
#   address              where it listens: http://127.0.0.1:PORT
#   agent.hcl  token     how it is set up; with ACLs, the token of whoever manages it
#   agent.pid  agent.log
#   data                 what it keeps, its allocations among that
# and so does Consul (consul.pid, consul.log), so that whoever has the directory can stop it, by pid,
# whatever happened to the process that started it. A client needs no more than `lo`. The driver
# `exec` is not used: it copies /usr for each task.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# agent_start DIR [OPTION...]: until its node is ready. Options, of the first start only:
#   acl            with ACLs, DIR/token being a management token
#   docker=SOCKET  with the docker driver, on that engine
#   consul=DIR     with the Consul that runs in that directory
#   join=DIR       a client alone, of the server in that directory
agent_start() {
  local dir="$1" binary
  shift
  binary="$(program nomad nomad)"
  mkdir -p "$dir/data"
  claim_ports "$dir"
  printf 'http://127.0.0.1:%s' "$(port "$dir" 0)" >"$dir/address"
  [ -e "$dir/agent.hcl" ] || agent_config "$dir" "$@" >"$dir/agent.hcl"
  agent_launch "$dir" "$binary"
  until_up "$dir" agent 60 agent_leads "$dir"
  ! grep -q '^acl' "$dir/agent.hcl" || [ -s "$dir/token" ] || poll 30 "ACLs of $dir" agent_bootstrap "$dir"
  until_up "$dir" agent 60 agent_is_settled "$dir"
  agent_is_ready "$dir" || {
    # A client that was quicker than its server's keyring would try again only after half a minute.
    end "$dir" agent
    agent_launch "$dir" "$binary"
    until_up "$dir" agent 60 agent_is_ready "$dir"
  }
}

# agent_launch DIR PROGRAM: executors, log collectors and tasks have DIR as their directory, or one below:
# by that they are known as its own.
agent_launch() {
  [ ! -e "$1/agent.log" ] || mv -f "$1/agent.log" "$1/agent.before.log"
  (cd "$1" && spawn "$1" agent "$2" agent -config "$1/agent.hcl")
}

# agent_config DIR [OPTION...]
agent_config() {
  local dir="$1" option docker="" consul="" acl=false join="" first
  shift
  for option in "$@"; do
    case "$option" in
      acl) acl=true ;;
      docker=*) docker="${option#*=}" ;;
      consul=*) consul="$(sed 's#^http://##' "${option#*=}/address")" ;;
      join=*) join="127.0.0.1:$(port "${option#*=}" 1)" ;;
      *) fail "an agent knows no option $option" ;;
    esac
  done
  # A hundred ports of its own for tasks, below those that servers claim.
  first=$((10000 + $(port "$dir" 0) / 10 % 100 * 100))
  cat <<HCL
name = "$(basename "$dir")"
data_dir = "$dir/data"
bind_addr = "127.0.0.1"
disable_update_check = true
ports {
  http = $(port "$dir" 0)
  rpc  = $(port "$dir" 1)
  serf = $(port "$dir" 2)
}
advertise {
  http = "127.0.0.1"
  rpc  = "127.0.0.1"
  serf = "127.0.0.1"
}
client {
  enabled           = true
  network_interface = "lo"
  min_dynamic_port  = $first
  max_dynamic_port  = $((first + 99))
  # On a full disk a client forgets what has ended at once.
  gc_disk_usage_threshold  = 100
  gc_inode_usage_threshold = 100
  servers           = [${join:+\"$join\"}]
  options           = { "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean" }
}
server {
  enabled          = $([ -n "$join" ] && echo false || echo true)
  bootstrap_expect = $([ -n "$join" ] && echo 0 || echo 1)
}
consul {
  address          = "${consul:-127.0.0.1:1}"
  auto_advertise   = false
  server_auto_join = false
  client_auto_join = false
}
plugin "raw_exec" {
  config {
    enabled = true
  }
}
plugin "docker" {
  config {
    endpoint = "unix://${docker:-$dir/no-engine.sock}"
    gc {
      image = false
    }
  }
}
HCL
  [ "$acl" = false ] || printf 'acl {\n  enabled = true\n}\n'
}

# nomad_api DIR METHOD PATH [CURL ARGUMENT...]: one request, with the token where there is one; the body on stdout.
nomad_api() {
  local dir="$1" method="$2" path="$3"
  shift 3
  curl -sS --fail --max-time 20 -X "$method" -H "X-Nomad-Token: $(cat "$dir/token" 2>/dev/null || true)" "$@" \
    "$(cat "$dir/address")$path" 2>/dev/null
}

agent_leads() { [ "$(nomad_api "$1" GET /v1/status/leader | jq -r . 2>/dev/null)" != "" ]; }

agent_bootstrap() { nomad_api "$1" PUT /v1/acl/bootstrap | jq -re .SecretID >"$1/token"; }

agent_is_settled() { agent_is_ready "$1" || grep -q 'error registering' "$1/agent.log"; }

# Its node takes jobs: those of a driver that comes later would have no place.
agent_is_ready() {
  local docker=false
  ! grep -q '^ *endpoint.*docker.sock' "$1/agent.hcl" || docker=true
  nomad_api "$1" GET /v1/nodes | jq -e --arg name "$(basename "$1")" --argjson docker "$docker" 'any(.[]; .Name == $name
    and .Status == "ready" and .Drivers.raw_exec.Healthy and (($docker | not) or .Drivers.docker.Healthy))' >/dev/null
}

# agent_kill DIR: the agent (or Consul) as after a crash: its tasks run on.
agent_kill() {
  end "$1" agent KILL
  end "$1" consul KILL
}

# agent_stop DIR: the agent, its tasks and whatever was mounted for them.
agent_stop() {
  local pid
  end "$1" agent TERM 10
  end "$1" consul TERM 10
  for pid in $(running_in "$1"); do kill -KILL "$pid" 2>/dev/null || true; done
  for pid in $(running_in "$1"); do poll 10 "process $pid to be gone" pid_gone "$pid" || true; done
  unmount_below "$1"
}

# Processes that are in a directory, or below it.
running_in() {
  local entry
  for entry in /proc/[0-9]*; do
    case "$(readlink "$entry/cwd" 2>/dev/null)/" in "$1"/*) printf '%s\n' "${entry#/proc/}" ;; esac
  done
}

# Empty control groups of tasks that are over, which nobody else would remove.
forget_groups() {
  local allocation group
  for allocation in "$1"/data/alloc/*/; do
    allocation="$(basename "$allocation")"
    for group in /sys/fs/cgroup/*/nomad/"$allocation".* /sys/fs/cgroup/nomad.slice/*/"$allocation".*; do
      [ ! -d "$group" ] || rmdir "$group" 2>/dev/null || true
    done
  done
}

agent_remove() {
  local base
  agent_stop "$1"
  forget_groups "$1"
  base="$(cat "$1/base" 2>/dev/null || true)"
  rm -rf "$1"
  unclaim "$base"
}

# agent_consul DIR: a Consul, until it leads itself.
agent_consul() {
  local dir="$1" binary
  binary="$(program consul nomad)"
  mkdir -p "$dir"
  claim_ports "$dir"
  printf 'http://127.0.0.1:%s' "$(port "$dir" 0)" >"$dir/address"
  (cd "$dir" && spawn "$dir" consul "$binary" agent -dev -bind 127.0.0.1 -client 127.0.0.1 -node "$(basename "$dir")" \
    -pid-file "$dir/consul.own.pid" -http-port "$(port "$dir" 0)" -server-port "$(port "$dir" 1)" \
    -serf-lan-port "$(port "$dir" 2)" -serf-wan-port "$(port "$dir" 3)" -dns-port=-1 -grpc-port=-1 -grpc-tls-port=-1)
  until_up "$dir" consul 60 consul_leads "$dir"
}

consul_leads() { [ "$(curl -sS --max-time 5 "$(cat "$1/address")/v1/status/leader" 2>/dev/null | jq -r . 2>/dev/null)" != "" ]; }

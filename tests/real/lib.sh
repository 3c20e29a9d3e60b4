# shellcheck shell=bash
# Shell helpers that start and stop real servers for the tests: what all of them
# share, and Docker engines. Sourced by tests/real/engine, tests/real/plane.sh,
# tests/real/agent.sh, tests/real/run and tests/wire/docker/record.
#
# An engine lives in one directory:
#   pid             of dockerd                 docker.sock   where it listens
#   containerd pid  under exec/containerd      log           what it said
# so that whoever has the directory can stop it, by pid, whatever happened to
# the process that started it.

# Where planes and agents claim their ports, so that several can start at once.
PORT_CLAIMS="${TMPDIR:-/tmp}/cockpit-planes"
REAL_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
fail() { printf '%s: FAILED: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# poll SECONDS WHAT COMMAND...: until COMMAND succeeds, or the deadline passes.
poll() {
  local seconds="$1" what="$2" deadline=$((SECONDS + $1))
  shift 2
  until "$@"; do
    if [ "$SECONDS" -ge "$deadline" ]; then
      say "gave up after $seconds s waiting for: $what"
      return 1
    fi
    sleep 0.1
  done
}

tool_path() { "$REAL_DIR/setup" --paths | sed -n "s/^$1 //p"; }

# api DIR METHOD PATH [CURL ARGUMENT...]: one request; the body on stdout. Fails on
# an HTTP error, and then says what the engine answered.
api() {
  local dir="$1" method="$2" path="$3" answer status
  shift 3
  answer="$(curl -sS --max-time 60 --unix-socket "$dir/docker.sock" -X "$method" \
    -w '\n%{http_code}' "$@" "http://engine$path")" || return 1
  status="${answer##*$'\n'}"
  printf '%s' "${answer%$'\n'*}"
  case "$status" in
    2?? | 304) ;;
    *) say "$method $path: $status ${answer%$'\n'*}"; return 1 ;;
  esac
}

# post_json DIR PATH FILE: JSON from a file ("-" is stdin).
post_json() { api "$1" POST "$2" -H 'Content-Type: application/json' --data-binary "@$3"; }

engine_answers() {
  [ "$(curl -s --max-time 2 --unix-socket "$1/docker.sock" http://engine/_ping 2>/dev/null)" = OK ]
}

pid_runs() { [ -n "$1" ] && [ -d "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
pid_gone() { ! pid_runs "$1"; }

# Nothing when the process has gone meanwhile.
command_line() { { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true; }

# A pid file may be older than the process that now has its number: only a
# process that names our directory on its command line is ours.
own_pid() {
  local pid
  pid="$(cat "$1" 2>/dev/null || true)"
  [ -n "$pid" ] && command_line "$pid" | grep -qF -- "$2" && printf '%s' "$pid"
  return 0
}

# ---- starting and ending one server ----

# spawn DIR NAME COMMAND...: in the background, with a clean environment; the command has to
# name DIR, by which its pid is known later.
spawn() {
  local dir="$1" name="$2"
  shift 2
  setsid nohup env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$dir" "$@" >>"$dir/$name.log" 2>&1 </dev/null &
  printf '%s' "$!" >"$dir/$name.pid"
  # Not a job of this shell: it is watched and ended through its pid file.
  disown "$!"
}

# until_up DIR NAME SECONDS COMMAND...: until COMMAND succeeds; fails early when the server has ended.
until_up() {
  local dir="$1" name="$2" seconds="$3" pid
  shift 3
  pid="$(cat "$dir/$name.pid")"
  up_or_ended() { "$@" || pid_gone "$pid"; }
  poll "$seconds" "$name in $dir" up_or_ended "$@" || { tail -n 20 "$dir/$name.log" >&2; return 1; }
  pid_runs "$pid" || { say "$name ended at once:"; tail -n 20 "$dir/$name.log" >&2; return 1; }
}

# end DIR NAME [SIGNAL [SECONDS]]: one server, politely, then not.
end() {
  local pid
  pid="$(own_pid "$1/$2.pid" "$1")"
  rm -f "$1/$2.pid"
  [ -n "$pid" ] || return 0
  kill "-${3:-TERM}" "$pid" 2>/dev/null || return 0
  poll "${4:-15}" "$2 ($pid) to stop" pid_gone "$pid" || { kill -KILL "$pid" 2>/dev/null || true; poll 10 "$2 ($pid) to be gone" pid_gone "$pid"; }
}

program() {
  local path
  path="$(tool_path "$1")"
  [ -x "$path" ] || fail "no $1; run tests/real/setup ${2:-kubernetes}"
  printf '%s' "$path"
}

# ---- ports ----

port() { printf '%s' "$(($(cat "$1/base") + $2))"; }

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# claim_ports DIR: the first ten ports in a row that no other plane or agent has and nobody listens
# on, below those that the kernel hands out by itself.
claim_ports() {
  local dir="$1" base lock owner offset
  [ ! -s "$dir/base" ] || return 0
  mkdir -p "$PORT_CLAIMS"
  exec {lock}>"$PORT_CLAIMS/lock"
  flock -w 60 "$lock" || fail "nobody lets go of $PORT_CLAIMS/lock"
  for ((base = 21000; base < 32000; base += 10)); do
    owner="$(cat "$PORT_CLAIMS/$base" 2>/dev/null || true)"
    [ -z "$owner" ] || [ "$(cat "$owner/base" 2>/dev/null)" != "$base" ] || continue
    for ((offset = 0; offset < 10; offset++)); do
      ! listening "$((base + offset))" || continue 2
    done
    printf '%s' "$dir" >"$PORT_CLAIMS/$base"
    printf '%s' "$base" >"$dir/base"
    break
  done
  exec {lock}>&-
  [ -s "$dir/base" ] || fail "no ten free ports in a row"
}

# unclaim BASE: once the directory that had them is gone.
unclaim() { [ -z "$1" ] || rm -f "$PORT_CLAIMS/$1"; }

# ---- engines ----

# engine_start DIR API [DOCKERD FLAG...]: API is 1.41 or 1.52.
engine_start() {
  local dir="$1" version="$2" binary flags=()
  shift 2
  binary="$(tool_path "dockerd-$version")"
  [ -x "$binary" ] || fail "no dockerd for API $version; run tests/real/setup"
  mkdir -p "$dir"
  printf '%s' "$version" >"$dir/api"
  forget_the_dead "$dir"
  # The old one does not know this flag.
  [ "$version" = 1.41 ] || flags+=(--ip6tables=false)
  # A host name of its own, so that the nodes of a swarm can be told apart and
  # nothing of this machine shows.
  setsid nohup unshare --uts sh -c 'hostname "$0" && exec "$@"' "$(basename "$dir")" \
    "$binary" --bridge=none --iptables=false --ip-forward=false "${flags[@]}" \
    --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" \
    --shutdown-timeout 3 -H "unix://$dir/docker.sock" "$@" >>"$dir/log" 2>&1 </dev/null &
  local started=$!
  # Not a job of this shell: it is watched and ended through its pid file.
  disown "$started"
  engine_answers_or_ended() { engine_answers "$dir" || pid_gone "$started"; }
  poll 60 "dockerd $version in $dir" engine_answers_or_ended || { tail -n 20 "$dir/log" >&2; return 1; }
  engine_answers "$dir" || { say "dockerd $version ended at once:"; tail -n 20 "$dir/log" >&2; return 1; }
}

# Where PID 1 is slow to reap, what died stays as a zombie for a while. The next dockerd takes
# the zombie of the last one for a running one and refuses to start, and that of its
# containerd for one that it waits for in vain.
forget_the_dead() {
  local file
  for file in "$1/pid" "$1/exec/containerd/containerd.pid"; do
    [ ! -e "$file" ] || pid_runs "$(cat "$file")" || rm -f "$file"
  done
}

# engine_kill DIR: the engine as after a crash: dockerd is gone, its containers run on.
engine_kill() {
  local pid
  pid="$(own_pid "$1/pid" "$1")"
  [ -n "$pid" ] || return 0
  kill -KILL "$pid"
  poll 20 "dockerd $pid to be gone" pid_gone "$pid"
}

# engine_stop DIR: politely, then not; containers, containerd and mounts included.
engine_stop() {
  local dir="$1" pid shim
  pid="$(own_pid "$dir/pid" "$dir")"
  if [ -n "$pid" ]; then
    kill -TERM "$pid"
    poll 40 "dockerd $pid to stop" pid_gone "$pid" || { kill -KILL "$pid"; poll 10 "dockerd $pid to be gone" pid_gone "$pid" || true; }
  fi
  # After engine_kill there is nobody to end the containers and their containerd.
  for shim in $(shims_of "$dir"); do end_tree "$shim"; done
  pid="$(own_pid "$dir/exec/containerd/containerd.pid" "$dir")"
  if [ -n "$pid" ]; then
    kill -TERM "$pid"
    poll 10 "containerd $pid to stop" pid_gone "$pid" || kill -KILL "$pid"
  fi
  unmount_below "$dir"
}

# The shims of an engine name its containerd's socket on their command line.
shims_of() {
  local entry
  for entry in /proc/[0-9]*; do
    command_line "${entry#/proc/}" | grep -q "containerd-shim.*$1/" && printf '%s\n' "${entry#/proc/}"
  done
  return 0
}

# end_tree PID: a shim and the container below it.
end_tree() {
  local child
  for child in $(cat "/proc/$1"/task/*/children 2>/dev/null); do kill -KILL "$child" 2>/dev/null || true; done
  kill -KILL "$1" 2>/dev/null || true
  poll 10 "process $1 to be gone" pid_gone "$1" || true
}

unmount_below() {
  local point
  awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | while read -r point; do
    umount -l "$point" 2>/dev/null || true
  done
}

# engine_empty DIR: ends every container at once, where a stop would wait ten seconds
# for each that does not listen to SIGTERM.
engine_empty() {
  engine_answers "$1" || return 0
  curl -sS -o /dev/null --max-time 20 --unix-socket "$1/docker.sock" -X POST "http://engine/swarm/leave?force=1" || true
  curl -sS --max-time 20 --unix-socket "$1/docker.sock" "http://engine/containers/json?all=1" | jq -r '.[].Id' |
    xargs -r -P 8 -I '{}' curl -sS -o /dev/null --max-time 60 --unix-socket "$1/docker.sock" \
      -X DELETE "http://engine/containers/{}?force=1&v=1" || true
}

# engine_remove DIR: stop it and take away all that it kept.
engine_remove() {
  engine_empty "$1"
  engine_stop "$1"
  rm -rf "$1"
}

# busybox_root DIR: a file system with every busybox tool, for images without a registry.
busybox_root() {
  local root="$1" name
  mkdir -p "$root/bin" "$root/tmp" "$root/etc" "$root/proc" "$root/dev" "$root/root"
  chmod 1777 "$root/tmp"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for name in $("$root/bin/busybox" --list); do
    [ "$name" = busybox ] || ln -sf busybox "$root/bin/$name"
  done
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
}

# engine_image DIR NAME TAG [DOCKERFILE LINE...]: imports a busybox image under that name.
engine_image() {
  local dir="$1" name="$2" tag="$3" line query="" root="$1/busybox-root"
  shift 3
  [ -d "$root" ] || busybox_root "$root"
  for line in "$@"; do query+="&changes=$(jq -rn --arg line "$line" '$line|@uri')"; done
  tar -C "$root" -c . |
    api "$dir" POST "/images/create?fromSrc=-&repo=$name&tag=$tag$query" \
      -H 'Content-Type: application/x-tar' --data-binary @- >/dev/null
}

# engine_swarm DIR ADDRESS: makes a one-manager swarm on a loopback address.
engine_swarm() {
  printf '{"ListenAddr":"%s:2377","AdvertiseAddr":"%s","DataPathAddr":"%s","ForceNewCluster":false}' "$2" "$2" "$2" |
    post_json "$1" /swarm/init - >/dev/null
}

# engine_join DIR ADDRESS OTHER_DIR OTHER_ADDRESS Manager|Worker
engine_join() {
  local token
  token="$(api "$3" GET /swarm | jq -r ".JoinTokens.$5")"
  jq -n --arg address "$2" --arg remote "$4:2377" --arg token "$token" \
    '{ListenAddr: ($address + ":2377"), AdvertiseAddr: $address, DataPathAddr: $address, RemoteAddrs: [$remote], JoinToken: $token}' |
    post_json "$1" /swarm/join - >/dev/null
}

# shellcheck shell=bash
# Shell helpers that start and stop what tells numbers: a Redis with a list of orders, its exporter, a Prometheus that has
# scraped it for an hour and evaluates rules, and an Alertmanager. Sourced by tests/real/numbers and tests/real/run.
#
# They live in one directory:
#   base                  its first port: Redis, the exporter, Prometheus, Alertmanager
#   server  page  manager where Prometheus is, the exporter's page, and where Alertmanager is
#   rules/*.yml           what Prometheus evaluates: a file for each alert
#   redis.pid  exporter.pid  prometheus.pid  manager.pid, and a log of each

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# numbers_start DIR [FROM TO]: until Prometheus has scraped what is there; an hour ago FROM orders waited, and now TO do.
numbers_start() {
  local dir="$1" redis exporter
  mkdir -p "$dir/data"
  claim_ports "$dir"
  redis="127.0.0.1:$(port "$dir" 0)" exporter="127.0.0.1:$(port "$dir" 1)"
  printf 'http://127.0.0.1:%s' "$(port "$dir" 2)" >"$dir/server"
  printf 'http://%s/metrics' "$exporter" >"$dir/page"
  printf 'http://127.0.0.1:%s' "$(port "$dir" 3)" >"$dir/manager"
  [ "$#" -lt 3 ] || numbers_past "$dir" "$2" "$3" "$exporter"
  # It would take another name, and not be known as ours by the one that it was given.
  spawn "$dir" redis /usr/bin/redis-server --bind 127.0.0.1 --port "$(port "$dir" 0)" --save "" --appendonly no --dir "$dir" \
    --set-proc-title no
  until_up "$dir" redis 30 redis-cli -p "$(port "$dir" 0)" ping
  [ "$#" -lt 3 ] || numbers_wait "$dir" "$3"
  # By its directory a server is known as ours, and this one takes no other word of it.
  ln -sf "$(command -v prometheus-redis-exporter)" "$dir/exporter"
  spawn "$dir" exporter "$dir/exporter" -redis.addr "redis://$redis" -web.listen-address "$exporter" \
    -check-single-keys db0=orders
  until_up "$dir" exporter 30 numbers_page "$dir"
  numbers_manager "$dir"
  numbers_rule "$dir" Watchdog none 'vector(1)'
  numbers_config "$dir" "$(port "$dir" 3)"
  numbers_prometheus "$dir"
  # Prometheus looks for Alertmanagers every five seconds.
  poll 60 "an alert to arrive in $dir" numbers_told "$dir"
}

numbers_told() {
  curl -s --max-time 2 "$(cat "$1/manager")/api/v2/alerts" | jq -e 'any(.[]; .labels.alertname == "Watchdog")' >/dev/null 2>&1
}

# numbers_config DIR [PORT]: what Prometheus does; it tells the Alertmanager at PORT, or nobody.
numbers_config() {
  local dir="$1"
  cat >"$dir/prometheus.yml" <<YML
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: ["$dir/rules/*.yml"]
alerting:
  alertmanagers:
    - static_configs:
        - targets: [${2:+"\"127.0.0.1:$2\""}]
scrape_configs:
  - job_name: redis
    static_configs:
      - targets: ["127.0.0.1:$(port "$dir" 1)"]
YML
}

# Prometheus alone, of what there is. What fires is told again every second: an Alertmanager knows soon, and forgets soon.
numbers_prometheus() {
  local dir="$1"
  spawn "$dir" prometheus "$(command -v prometheus)" --config.file "$dir/prometheus.yml" --storage.tsdb.path "$dir/data" \
    --web.listen-address "127.0.0.1:$(port "$dir" 2)" --rules.alert.resend-delay 1s --log.level warn
  until_up "$dir" prometheus 60 numbers_scraped "$dir"
}

# Alertmanager alone; it tells nobody.
numbers_manager() {
  local dir="$1"
  printf 'route: { receiver: pager }\nreceivers: [{ name: pager }]\n' >"$dir/manager.yml"
  ln -sf "$(command -v prometheus-alertmanager)" "$dir/alertmanager"
  spawn "$dir" manager "$dir/alertmanager" --config.file "$dir/manager.yml" --storage.path "$dir/manager-data" \
    --web.listen-address "127.0.0.1:$(port "$dir" 3)" --cluster.listen-address= --log.level warn
  until_up "$dir" manager 30 curl -s --max-time 2 --fail -o /dev/null "$(cat "$dir/manager")/-/ready"
}

# numbers_rule DIR NAME SEVERITY EXPRESSION [LABEL=VALUE]...: a rule from now on; it says `NAME is so`.
numbers_rule() {
  local dir="$1" name="$2" labels="severity: $3" expression="$4" label
  shift 4
  for label in "$@"; do labels+=", ${label%%=*}: ${label#*=}"; done
  mkdir -p "$dir/rules"
  printf 'groups: [{ name: %s, rules: [{ alert: %s, expr: %s, labels: { %s }, annotations: { summary: %s is so } }] }]\n' \
    "$name" "$name" "$expression" "$labels" "$name" >"$dir/rules/$name.yml"
  numbers_reload "$dir"
}

numbers_reload() {
  if [ -s "$1/prometheus.pid" ]; then kill -HUP "$(cat "$1/prometheus.pid")"; fi
}

# numbers_silences DIR: as Alertmanager tells them.
numbers_silences() {
  curl -sS --fail --max-time 20 "$(cat "$1/manager")/api/v2/silences"
}

# numbers_silence DIR NAME BY COMMENT: for an hour.
numbers_silence() {
  jq -n --arg name "$2" --arg by "$3" --arg comment "$4" '{ matchers: [{ name: "alertname", value: $name, isRegex: false,
    isEqual: true }], startsAt: (now | todate), endsAt: (now + 3600 | todate), createdBy: $by, comment: $comment }' |
    curl -sS --fail --max-time 20 -o /dev/null -H 'Content-Type: application/json' -d @- "$(cat "$1/manager")/api/v2/silences"
}

# numbers_mute DIR: Prometheus goes on, and tells Alertmanager nothing any more.
numbers_mute() {
  numbers_config "$1"
  numbers_reload "$1"
}

# numbers_deaf DIR: Alertmanager is gone, as after a crash.
numbers_deaf() { end "$1" manager KILL; }

# numbers_wait DIR COUNT: so many orders wait from now on.
numbers_wait() {
  redis-cli -p "$(port "$1" 0)" eval "redis.call('del', 'orders')
    for n = 1, $2 do redis.call('rpush', 'orders', n) end" 0 >/dev/null
}

# numbers_past DIR FROM TO EXPORTER: the hour until a minute ago, every 15 s, as Prometheus would have it: it begins to grow after half of it.
numbers_past() {
  awk -v from="$2" -v to="$3" -v exporter="$4" -v now="$(date +%s)" 'BEGIN {
    print "# TYPE redis_key_size gauge"
    for (at = 3600; at >= 60; at -= 15)
      printf "redis_key_size{db=\"db0\",instance=\"%s\",job=\"redis\",key=\"orders\"} %d %d\n",
        exporter, (at > 1800 ? from : from + (to - from) * (1800 - at) / 1800), now - at
    print "# EOF"
  }' >"$1/past.txt"
  promtool tsdb create-blocks-from openmetrics "$1/past.txt" "$1/data" >/dev/null
}

numbers_page() { curl -s --max-time 2 "$(cat "$1/page")" | grep -q '^redis_up 1'; }

numbers_scraped() {
  curl -s --max-time 2 "$(cat "$1/server")/api/v1/query" --data-urlencode 'query=redis_up' |
    jq -e '.data.result[0].value[1] == "1"' >/dev/null 2>&1
}

# numbers_kill DIR: Prometheus alone, as after a crash.
numbers_kill() { end "$1" prometheus KILL; }

numbers_remove() {
  local base name
  for name in prometheus manager exporter redis; do end "$1" "$name"; done
  base="$(cat "$1/base" 2>/dev/null || true)"
  rm -rf "$1"
  unclaim "$base"
}

# shellcheck shell=bash
# Shell helpers that start and stop what tells numbers: a Redis with a list of orders, its exporter, and a Prometheus that
# has scraped it for an hour. Sourced by tests/real/numbers and tests/real/run.
#
# They live in one directory:
#   base                  its first port: Redis, the exporter, Prometheus
#   server  page          where Prometheus is, and the exporter's page
#   redis.pid  exporter.pid  prometheus.pid, and a log of each

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# numbers_start DIR [FROM TO]: until Prometheus has scraped what is there; an hour ago FROM orders waited, and now TO do.
numbers_start() {
  local dir="$1" redis exporter
  mkdir -p "$dir/data"
  claim_ports "$dir"
  redis="127.0.0.1:$(port "$dir" 0)" exporter="127.0.0.1:$(port "$dir" 1)"
  printf 'http://127.0.0.1:%s' "$(port "$dir" 2)" >"$dir/server"
  printf 'http://%s/metrics' "$exporter" >"$dir/page"
  [ "$#" -lt 3 ] || numbers_past "$dir" "$2" "$3" "$exporter"
  spawn "$dir" redis /usr/bin/redis-server --bind 127.0.0.1 --port "$(port "$dir" 0)" --save "" --appendonly no --dir "$dir"
  until_up "$dir" redis 30 redis-cli -p "$(port "$dir" 0)" ping
  [ "$#" -lt 3 ] || numbers_wait "$dir" "$3"
  # By its directory a server is known as ours, and this one takes no other word of it.
  ln -sf "$(command -v prometheus-redis-exporter)" "$dir/exporter"
  spawn "$dir" exporter "$dir/exporter" -redis.addr "redis://$redis" -web.listen-address "$exporter" \
    -check-single-keys db0=orders
  until_up "$dir" exporter 30 numbers_page "$dir"
  numbers_prometheus "$dir"
}

# Prometheus alone, of what there is.
numbers_prometheus() {
  local dir="$1"
  cat >"$dir/prometheus.yml" <<YML
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: redis
    static_configs:
      - targets: ["127.0.0.1:$(port "$dir" 1)"]
YML
  spawn "$dir" prometheus "$(command -v prometheus)" --config.file "$dir/prometheus.yml" --storage.tsdb.path "$dir/data" \
    --web.listen-address "127.0.0.1:$(port "$dir" 2)" --log.level warn
  until_up "$dir" prometheus 60 numbers_scraped "$dir"
}

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
  for name in prometheus exporter redis; do end "$1" "$name"; done
  base="$(cat "$1/base" 2>/dev/null || true)"
  rm -rf "$1"
  unclaim "$base"
}

#!/bin/bash
# The first page and its stream through the console's listener: refused questions, numbers against what was done, a push watched row by
# row over HTTP/1.1 and HTTP/2, a refusal with the field it is about, a stream that keeps nobody signed in, is limited, and ends with
# its session and with the gateway.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cd "$(dirname "$0")/../.."
. scripts/stage.sh
. scripts/stage_console.sh
register=$PWD/tests/cases/register/register-dev.csv
stage_open
for name in server sandbox gateway lin chen zhao; do stage_certificate $name; done
stage_secrets
mkdir "$stage/pages"
echo "<!doctype html><title>工作台</title>" >"$stage/pages/index.html"
config=$stage/creditgate.yaml
configure() { # SANDBOX_PORT
    cat >"$config" <<END
gateway: {name: console, state: state}
listen: {port: 0, certificate: server.pem, key: server.key, client_ca: ca.pem, workers: 1}
console: {address: 127.0.0.1, port: 0, client_ca: ca.pem, files: pages, idle: 10s}
admin: {socket: admin.sock}
staff:
  - {name: lin, title: 林经办, roles: [operator], certificate: lin.pem}
  - {name: chen, title: 陈复核, roles: [reviewer], certificate: chen.pem}
  - {name: zhao, title: 赵审计, roles: [auditor], certificate: zhao.pem}
END
    stage_channel "$1" | sed 's/    poll: 200ms/&\n    retry_first: 200ms/' >>"$config"
}
configure 1
"$gate" init --config "$config" >"$stage/quiet"
stage_sandbox console
configure "$sandbox_port"
stage_gateway
stage_console_site

order() { # WHO KIND BODY|@FILE [QUERY]: to its end; the report is in $stage/report, the job's id in $job
    must 202 - "$1" POST "/admin/v1/jobs/$2${4:-}" -H "X-Creditgate-Forgery: $(cat "$stage/$1.token")" --data-binary "$3"
    job=$(grep -o '"job":"[^"]*"' "$stage/answer" | cut -d'"' -f4)
    stage_within 60 is_over "$1" || stage_fail "$2 does not end"
    grep -q '"state":"done"' "$stage/answer" || stage_fail "$2: $(cat "$stage/answer")"
    must 200 - "$1" GET "/admin/v1/jobs/$job/report?format=json&offset=0"
    cp "$stage/answer" "$stage/report"
}
report() { jq -r "$1" "$stage/report"; }
today() { # WHO FILTER: true of what the first page says
    must 200 - "$1" GET /console/api/today
    jq -e "$2" "$stage/answer" >"$stage/quiet" || stage_fail "not so for $1: $2: $(cat "$stage/answer")"
}
listen() { # WHO NAME PATH [CURL…]: a stream into NAME.events, its process in $listener
    local who=$1 name=$2 path=$3
    shift 3
    : >"$stage/$name.events"
    stage_start "curl-$name" curl -sSN --max-time 120 --cacert "$stage/ca.pem" -b "$stage/$who.jar" -D "$stage/$name.head" \
        -o "$stage/$name.events" --no-buffer "$@" "$site$path"
    listener=${started[-1]}
}
# The last event of a type, as JSON.
last_event() { grep -A1 "^event: $2\$" "$stage/$1.events" | grep '^data: ' | tail -1 | sed 's/^data: //'; }
heard() { [ "$(last_event "$1" "$2" | jq -r "$3" 2>/dev/null)" = "$4" ]; } # NAME TYPE FILTER VALUE
must_hear() { stage_within 30 heard "$@" || stage_fail "$1 never heard $3 $4: $(tail -c 1500 "$stage/$1.events")"; }

# --- nobody, and what makes no sense ---
for path in /console/api/today /console/api/events /console/api/deliveries; do
    must 401 session.none nobody GET $path
done
for who in lin chen zhao; do come_in $who; done
must 400 query.unknown lin GET '/console/api/today?on=2026-01-01'
must 400 query.unknown lin GET '/console/api/events?after=7'
must 404 job.unknown lin GET '/console/api/events?job=../spec'
must 405 http.method lin POST /console/api/events -H "X-Creditgate-Forgery: $(cat "$stage/lin.token")" -d '{}'
must 404 record.unknown lin GET '/console/api/deliveries?records=R-none'
today lin '.overdue.unproposed == 0 and .waiting.all == 0 and .worst == "good" and .alarms == [] and (.channels | length) >= 1'

# --- the numbers, each against what was done ---
come_in lin
head -60 "$register" >"$stage/register.csv"
order lin import "@$stage/register.csv" '?file=register.csv'
day=$(TZ=UTC-8 date +%F)
order lin overdue "{\"on\":\"$day\",\"unproposed\":true}"
late=$(report .without_record)
[ "$late" -gt 5 ] || stage_fail "too few are late: $late"
today zhao ".overdue == {\"unproposed\": $late, \"on\": \"$day\"} and .worst == \"look\""
order lin propose "{\"on\":\"$day\",\"document\":\"粤工信失信〔2026〕1号\",\"decided_on\":\"$day\",\"severity\":\"general\",\"all\":true}"
today chen ".overdue.unproposed == 0 and .waiting == {\"mine\": $late, \"all\": $late}"
today lin ".waiting == {\"mine\": 0, \"all\": $late}"
first=$(report '.items[0].record')
second=$(report '.items[1].record')
third=$(report '.items[2].record')
come_in chen
order chen return "{\"ids\":[\"$first\"],\"reason\":\"材料不全\"}"
today lin ".returned == {\"mine\": 1, \"all\": 1} and .overdue.unproposed == 1 and .waiting.all == $((late - 1))"
today zhao '.returned == {"mine": 0, "all": 1}'
order chen approve '{"all":true,"reason":"一致"}'
come_in lin
today lin ".unsent == $((late - 1)) and .clocks.report == $((late - 1)) and .waiting.all == 0"

# --- a platform that cannot be reached is seen at one look; so is that it can be again ---
line() { curl -sf --unix-socket "$stage/control.sock" http://sandbox/control/line -o "$stage/quiet" "$@" || stage_fail "control line $*"; }
is_today() { must 200 - lin GET /console/api/today && jq -e "$1" "$stage/answer" >"$stage/quiet"; }
today lin '.worst == "look" and .channels[0].failing == 0'
line -d '{"limit": 0, "over": "refuse", "reset_open": true}'
order lin push "{\"ids\":[\"$third\"]}"
stage_within 60 is_today '.channels[0].failing >= 3 and .worst == "bad" and .refused == 0' || stage_fail "it looks well: $(cat "$stage/answer")"
line -X DELETE
stage_within 60 is_today '.channels[0] | .failing == 0 and .acknowledged == 1' || stage_fail "it still looks ill: $(cat "$stage/answer")"
today lin '.worst == "look"'

# --- a push is watched, over both protocols; a row is refused, with the field that it is about ---
curl -sf --unix-socket "$stage/control.sock" http://sandbox/control/faults -o "$stage/quiet" -d "{\"next\": [
    {\"fault\": \"refuse-row\", \"rowid\": \"$second\", \"code\": \"40001\", \"message\": \"RDDW 认定单位：不在名录\"}]}"
listen lin one /console/api/events --http1.1
listen lin two /console/api/events --http2
must_hear one today .unsent $((late - 2))
grep -qi '^transfer-encoding: chunked' "$stage/one.head" && grep -qi '^content-type: text/event-stream' "$stage/one.head" || stage_fail "$(cat "$stage/one.head")"
grep -q '^HTTP/2 200' "$stage/two.head" || stage_fail "$(cat "$stage/two.head")"
grep -q '^retry: [0-9]*$' "$stage/one.events" || stage_fail "no retry: $(cat "$stage/one.events")"
must 202 - lin POST /admin/v1/jobs/push -H "X-Creditgate-Forgery: $(cat "$stage/lin.token")" -d '{}'
job=$(grep -o '"job":"[^"]*"' "$stage/answer" | cut -d'"' -f4)
listen lin jobs "/console/api/events?job=$job"
must_hear jobs job .state done
for name in one two; do
    must_hear $name today '.channels[0].acknowledged' $((late - 2))
    must_hear $name today '.refused' 1
    must_hear $name today '.worst' bad
done
must 200 - lin GET "/console/api/deliveries?records=$second"
jq -e '.records[0] | .stages | length == 3 and .[0].state == "refused" and .[0].refusal.known and .[0].refusal.fields[0].name == "RDDW"
    and .[0].refusal.fields[0].label == "认定单位" and .[0].refusal.fields[0].field == "authority" and .[0].refusal.fields[0].remedy == "register"
    and .[1].state == null' "$stage/answer" >"$stage/quiet" || stage_fail "journey: $(cat "$stage/answer")"
must 400 query.records lin GET "/console/api/deliveries?records=$(printf "$second,%.0s" $(seq 101))"
must 400 events.jobs lin GET "/console/api/events?job=$(printf "$job,%.0s" $(seq 9))"
order lin refused '{}' '?lang=en'
jq -e '.items[0] | .reason == "RDDW 认定单位：不在名录" and .fields[0].label_en == "the listing authority" and (.fields[0].how | startswith("correct the register"))' \
    "$stage/report" >"$stage/quiet" || stage_fail "refused: $(cat "$stage/report")"

# --- nothing new: nothing is said; the same page twice is the same ---
come_in lin
sleep 1
before=$(grep -c '^event: today' "$stage/one.events")
sleep 2
[ "$(grep -c '^event: today' "$stage/one.events")" = "$before" ] || stage_fail "it repeats itself: $(tail -c 3000 "$stage/one.events")"

# --- as many as pages are open, and no more; who goes makes room ---
come_in zhao
crowd=()
for i in 1 2 3 4 5 6 7 8; do
    listen zhao "crowd$i" /console/api/events
    crowd+=("$listener")
done
for i in 1 2 3 4 5 6 7 8; do must_hear "crowd$i" today '.worst' bad; done
must 503 events.many zhao GET /console/api/events
listen lin other /console/api/events # another session is in nobody's way
must_hear other today .worst bad
stage_stop "${crowd[0]}"
again() { listen zhao again /console/api/events && sleep 1 && heard again today .worst bad; }
stage_within 20 again || stage_fail "no room: $(cat "$stage/again.events")"

# --- a stream keeps nobody signed in, and ends with the session ---
must 200 - zhao GET /console/api/session
ended() { stage_is_gone "$1"; }
pid=${crowd[1]}
stage_within 40 ended "$pid" || stage_fail "it goes on after the session: $(tail -c 600 "$stage/crowd2.events")"
must 401 session.none zhao GET /console/api/events
! grep -q 'session.none' "$stage/crowd2.events" || stage_fail "a refusal among the events: $(tail -c 600 "$stage/crowd2.events")"

# --- the gateway stops: every stream ends whole ---
come_in lin
listen lin last /console/api/events
must_hear last today .refused 1
pid=$listener
stage_stop "$gateway_pid"
stage_within 10 ended "$pid" || stage_fail "the stream outlives the gateway"
[ ! -s "$stage/curl-last.log" ] || stage_fail "cut off: $(cat "$stage/curl-last.log")"
"$gate" --config "$config" --lang en rebuild --check >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"

#!/bin/bash
# Watch lists and webhooks through the running gateway: a client registers subjects, a record of one is listed and withdrawn, and its
# endpoint gets each change once, in order and signed, whatever is killed and whatever the endpoint answers; a dead endpoint is in nobody's
# way; an endpoint that is gone waits for a person; secrets are changed with an overlap; a client that was removed gets nothing.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
. "$(dirname "$0")/../../scripts/stage.sh"
stage_can_be_others || { echo "skipped: two persons are needed, root or sudo without a password"; exit 77; }
today=$(TZ=UTC-8 date +%F)

stage_open
for name in server hook gateway bank land; do stage_certificate $name; done
secret() { echo "whsec_$(openssl rand -base64 32)"; }
secret >"$stage/bank.secret"
chmod 600 "$stage/bank.secret"

# configure BANK_PORT LAND_PORT [CLIENT…]: the endpoints.
configure() {
    local bank="  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending], requests_per_minute: 1000000,
     webhook: {url: 'https://localhost:$1/hooks/bank?a=1', signature: both, secret_file: bank.secret, ca: ca.pem, certificate: gateway.pem, key: gateway.key, retry_first: 200ms, retry_max: 1s}}"
    local land="  - {name: land, kind: government, certificate: land.pem, domains: [land-supply], requests_per_minute: 1000000,
     webhook: {url: 'https://localhost:$2/land', ca: ca.pem, retry_first: 200ms, retry_max: 1s, connect_timeout: 1s, timeout: 3s}}"
    local list=""
    shift 2
    for client in "$@"; do list+="${!client}"$'\n'; done
    stage_config watch 0 "$list"
    sed -i 's/roles: \[operator, auditor\]/roles: [operator, auditor, administrator]/' "$stage/creditgate.yaml"
}
configure 1 1 bank land
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"

pid_of() { grep -o "{\"kind\":\"$1\",\"pid\":[0-9]*" "$stage/state/processes.json" | sed 's/.*://'; }
call() { # STATUS TEXT CLIENT PATH [CURL…]
    local status=$1 text=$2 client=$3 path=$4 got
    shift 4
    got=$(curl -sS --max-time 20 --cacert "$stage/ca.pem" --cert "$stage/$client.pem" --key "$stage/$client.key" -o "$stage/answer.json" \
        -w '%{http_code}' "$@" "https://localhost:$gateway_port$path") || true
    [ "$got" = "$status" ] && { [ -z "$text" ] || grep -q -- "$text" "$stage/answer.json"; }
}
must() { call "$@" || stage_fail "expected $1 and \"$2\" of $4 as $3: $(cat "$stage/answer.json")"; }
member() { jq -r "$1" "$stage/answer.json"; }
person() {
    as_user "$1"
    shift
    "${as[@]}" "$gate" --config "$stage/creditgate.yaml" --json "$@" >"$stage/answer.json" 2>"$stage/answer.log" ||
        stage_fail "creditgate $*: $? $(cat "$stage/answer.json" "$stage/answer.log")"
}
operator() { person $OPERATOR_UID "$@"; }
reviewer() { person $REVIEWER_UID "$@"; }

# --- the endpoint ---
receiver() { # NAME SECRETS_JSON [PORT]: with the keys of the gateway
    cat >"$stage/$1.json" <<END
{"port": ${3:-0}, "certificate": "hook.pem", "key": "hook.key", "client_ca": "ca.pem", "control_socket": "$1.sock", "log": "$1.taken",
 "secrets": $2, "keys": "keys.json"}
END
    stage_start "$1" "$gate" sandbox --json --receiver "$stage/$1.json"
    receiver_pid=${started[-1]}
    stage_within 20 grep -qs '"port"' "$stage/$1.log" || stage_fail "the receiver does not start"
    receiver_port=$(sed -n 's/.*"port":\([0-9]*\).*/\1/p' "$stage/$1.log")
}
control() { # PATH [BODY]
    curl -sf --unix-socket "$stage/bank-hook.sock" "http://hook/control/$1" ${2:+-d "$2"} -o "$stage/control.json" || stage_fail "control $1"
}
taken() { # COUNT
    [ "$(wc -l <"$stage/bank-hook.taken")" = "$1" ]
}
await() { # COUNT WHAT
    stage_within 30 taken "$1" || stage_fail "$2: not $1 but $(wc -l <"$stage/bank-hook.taken"): $(cat "$stage/bank-hook.taken")"
}
last() { tail -1 "$stage/bank-hook.taken" | jq -r "$1"; }
expect() { # WHAT FILTER: of the last message
    tail -1 "$stage/bank-hook.taken" | jq -e "$2" >/dev/null || stage_fail "$1: $(tail -1 "$stage/bank-hook.taken")"
}
of() { # CHANNEL MEMBER
    operator status
    member ".channels[] | select(.channel == \"$1\") | .$2"
}
is() { [ "$(of "$1" "$2")" = "$3" ]; }
wait_for() { stage_within 30 is "$@" || stage_fail "$1: not $3 $2: $(of "$1" reason) $(cat "$stage/answer.json")"; }

stage_gateway
curl -sf --unix-socket "$stage/admin.sock" http://gate/v1/keys -o "$stage/keys.json" || stage_fail "keys"
stage_stop "$gateway_pid"
secrets="[\"$(cat "$stage/bank.secret")\"]"
receiver bank-hook "$secrets"
port=$receiver_port
configure "$port" 1 bank land
stage_gateway

# --- what is refused ---
must 400 '"rule":"watch.form"' bank /v1/watches -d '{"domain":"lending"}'
must 404 '"rule":"domain.unknown"' bank /v1/watches -d '{"domain":"nothing","purpose":"x"}'
must 403 '"rule":"client.domain"' bank /v1/watches -d '{"domain":"land-supply","purpose":"x"}'
must 400 '"rule":"purpose.unknown"' bank /v1/watches -d '{"domain":"lending","purpose":"x"}'
must 400 '"rule":"uscc.check"' bank /v1/watches -d '{"domain":"lending","purpose":"credit-review","subjects":["91440224MAYUCHK486"]}'
must 404 '"rule":"watch.unknown"' bank /v1/watches/W0000000001
must 405 '"rule":"http.method"' bank /v1/watches -X DELETE

is_traced() { person $OPERATOR_UID trace --by bank --reason 测试 && grep -q '"refusal":"watch.unknown"' "$stage/answer.json"; }
stage_within 20 is_traced || stage_fail "a refusal is not in the trace: $(cat "$stage/answer.json")"

# --- a ping comes, signed both ways, and once for one key ---
must 400 '"rule":"signature.unsupported"' bank /v1/watches/test -d '' -H 'Accept-Signature: sig=()'
must 400 '"rule":"signature.unsupported"' bank /v1/watches -H 'Accept-Signature: sig=()'
must 400 '"rule":"idempotency.key"' bank /v1/watches/test -d '' -H 'Idempotency-Key: a b'
must 202 '"channel":"webhook:bank"' bank /v1/watches/test -d '' -H 'Idempotency-Key: "ping-1"'
delivery=$(grep -o '"delivery":[0-9]*' "$stage/answer.json")
must 202 "$delivery," bank /v1/watches/test -d '' -H 'Idempotency-Key: "ping-1"'
await 1 "the ping"
expect "the ping" '.body.type == "ping" and .body.data.client == "bank" and .path == "/hooks/bank"'

# --- what docs/webhooks.md says about verifying is true ---
mkdir "$stage/verify"
sed -n '/^```bash/,/^```/p' "$cases/../../docs/webhooks.md" | sed '/^```/d' >"$stage/verify/verify.sh"
sed -n '/^```python/,/^```/p' "$cases/../../docs/webhooks.md" | sed '/^```/d' >"$stage/verify/verify.py"
tail -1 "$stage/bank-hook.taken" | sed 's/^{"body":\(.*\),"id":"msg_.*/\1/' | tr -d '\n' >"$stage/verify/body"
verify() { (cd "$stage/verify" && bash verify.sh "$(last .id)" "$(last .timestamp)" "$(last .signature)" "$1" ../bank.secret ../keys.json); }
verify body >"$stage/quiet" || stage_fail "the documented lines do not verify: $(cat "$stage/quiet" "$stage/verify/body")"
sed 's/bank/bonk/' "$stage/verify/body" >"$stage/verify/false"
! verify false >"$stage/quiet" || stage_fail "the documented lines take a changed message"
if python3 -c '' 2>/dev/null; then
    (cd "$stage/verify" && python3 - "$(last .id)" "$(last .timestamp)" "$(last .signature)" "$(cat ../bank.secret)" <<'END') || stage_fail "the documented Python"
import sys
exec(open("verify.py").read())
headers = {"webhook-id": sys.argv[1], "webhook-timestamp": sys.argv[2], "webhook-signature": sys.argv[3]}
assert is_good(headers, open("body", "rb").read(), sys.argv[4])
assert not is_good(headers, open("false", "rb").read(), sys.argv[4])
END
fi

# --- records, and who watches them ---
head -60 "$cases/register/register-dev.csv" >"$stage/register.csv"
chmod 644 "$stage/register.csv"
operator import "$stage/register.csv"
operator propose --on "$today" --decided-on "$today" --document 粤工信失信〔2026〕1号 --severity general --all
operator waiting
first=$(member '.items[0].uscc // .items[0].code // .rows[0].uscc')
second=$(member '.items[1].uscc // .items[1].code // .rows[1].uscc')
[ "${#first}" = 18 ] && [ "$first" != "$second" ] || stage_fail "no codes: $(head -c 800 "$stage/answer.json")"
must 201 '"subjects":1' bank /v1/watches -H 'Idempotency-Key: "k1"' -d "{\"domain\":\"lending\",\"purpose\":\"credit-review\",\"subjects\":[\"$first\"]}"
watch=$(member .watch.id)
must 201 "$watch" bank /v1/watches -H 'Idempotency-Key: "k1"' -d "{\"domain\":\"lending\",\"purpose\":\"credit-review\",\"subjects\":[\"$first\"]}"
must 422 '"rule":"idempotency.other-request"' bank /v1/watches -H 'Idempotency-Key: "k1"' -d '{"domain":"lending","purpose":"credit-review"}'
must 409 '"rule":"watch.subject-watched"' bank /v1/watches -d "{\"domain\":\"lending\",\"purpose\":\"credit-review\",\"subjects\":[\"$first\"]}"
must 200 '"subjects":2' bank "/v1/watches/$watch/subjects/$second" -X PUT -d ''
must 200 "$second" bank "/v1/watches/$watch"
must 200 '"next":"' bank "/v1/watches/$watch?limit=1"
must 404 '"rule":"watch.unknown"' land "/v1/watches/$watch"
land_domain='"domain":"land-supply","purpose":"land-supply"'
call 201 '"subjects":1' land /v1/watches -d "{$land_domain,\"subjects\":[\"$first\"]}" ||
    { land_domain="\"domain\":\"land-supply\",\"purpose\":\"$(curl -sS --cacert "$stage/ca.pem" --cert "$stage/land.pem" --key "$stage/land.key" \
        "https://localhost:$gateway_port/v1/domains" | jq -r '.domains[0].accepted_purposes[0]')\"" &&
        must 201 '"subjects":1' land /v1/watches -d "{$land_domain,\"subjects\":[\"$first\"]}"; }

# --- listed: told within seconds, only of what is watched; the other endpoint is dead and in nobody's way ---
reviewer approve --all --reason 一致
await 3 "listed"
jq -se --arg a "$first" --arg b "$second" 'map(select(.body.type == "subject.changed")) |
    (map(.body.data.uscc) | sort) == ([$a, $b] | sort) and all(.body.data.state == "listed" and .body.data.domain == "lending")' \
    "$stage/bank-hook.taken" >/dev/null || stage_fail "listed: $(cat "$stage/bank-hook.taken")"
jq -se 'all(has("body")) and (map(tostring) | all(contains("facts") | not))' "$stage/bank-hook.taken" >/dev/null || stage_fail "more than a notice"
record=$(jq -r --arg a "$first" 'select(.body.data.uscc == $a) | .body.data.record' "$stage/bank-hook.taken")
wait_for webhook:land queued 0
must 200 '"verdict":"listed"' bank "/v1/lookups/lending/$first?purpose=credit-review&case=D-1"

# --- the endpoint is dead, the gateway is killed: delivered once, in order ---
stage_stop "$receiver_pid"
operator dispute "$record" --reason 企业提出异议
reviewer approve --all --reason 一致
operator settle "$record" --reason 异议不成立
waits() { ! is webhook:bank oldest_ms 0; }
stage_within 20 waits || stage_fail "nothing waits for the dead endpoint"
stage_forget "$gateway_pid"
children=$(grep -o '"pid":[0-9]*' "$stage/state/processes.json" | sed 's/.*://')
kill -9 "$gateway_pid"
wait "$gateway_pid" 2>/dev/null || true
for pid in $children; do stage_within 20 stage_is_gone "$pid" || kill -9 "$pid"; done
receiver bank-hook "$secrets" "$port"
control behave '{"next":[{"status":503,"retry_after":"1"},{"status":0,"after":true},{"status":500},{"status":429,"retry_after":"1"}]}'
stage_gateway
await 4 "disputed"
kill -9 "$(pid_of courier)" "$(pid_of keeper)"
reviewer approve --all --reason 一致
await 5 "dispute over"
operator withdraw "$record" --reason 决定撤销
reviewer approve --all --reason 一致
await 6 "withdrawn"
expect "withdrawn" ".body.data.state == \"ended\" and .body.data.ended_by == \"withdrawn\" and .body.data.record == \"$record\""
jq -se --arg a "$first" 'map(select(.body.data.uscc == $a)) | length == 4 and
    (map(.body.data.sequence) | . == sort) and (map(.body.data.version) | . == sort) and (map(.id) | length == (unique | length))' \
    "$stage/bank-hook.taken" >/dev/null || stage_fail "not in order: $(cat "$stage/bank-hook.taken")"
control state
jq -e '.repeats >= 1 and .bad == 0 and (.statuses | index(503) != null and index(429) != null)' "$stage/control.json" >/dev/null ||
    stage_fail "the endpoint's own word: $(cat "$stage/control.json")"
wait_for webhook:bank queued 0
[ "$(of webhook:bank acknowledged)" = 6 ] || stage_fail "acknowledged: $(cat "$stage/answer.json")"

# --- gone: until a person acts; refused: the message alone ---
control behave '{"next":[{"status":410}]}'
must 202 '"delivery":' bank /v1/watches/test -d ''
wait_for webhook:bank paused true
operator resume webhook:bank --reason 已核实
await 7 "after 410"
control behave '{"next":[{"status":302}]}'
must 202 '"delivery":' bank /v1/watches/test -d ''
wait_for webhook:bank paused true
operator resume webhook:bank --reason 已核实
await 8 "after 302"
control behave '{"next":[{"status":422}]}'
must 202 '"delivery":' bank /v1/watches/test -d ''
wait_for webhook:bank refused 1
operator refused
delivery=$(member '.items[0].delivery // .rows[0].delivery')
operator requeue "$delivery" --reason 端点已修复
await 9 "requeued"
operator pause webhook:bank --reason 检修
must 202 '"delivery":' bank /v1/watches/test -d ''
sleep 1
taken 9 || stage_fail "sent while paused"
operator resume webhook:bank --reason 已核实
await 10 "resumed"

# --- a new secret overlaps with the old one ---
new=$(secret)
{ echo "$new"; cat "$stage/bank.secret"; } >"$stage/two" && cat "$stage/two" >"$stage/bank.secret"
courier=$(pid_of courier)
operator reload
is_renewed() { [ -n "$(pid_of courier)" ] && [ "$(pid_of courier)" != "$courier" ]; }
stage_within 30 is_renewed || stage_fail "the courier goes on with the old secret"
must 202 '"delivery":' bank /v1/watches/test -d ''
await 11 "old secret still good"
stage_stop "$receiver_pid"
receiver bank-hook "[\"$new\"]" "$port"
must 202 '"delivery":' bank /v1/watches/test -d ''
await 12 "new secret"

# --- suspended: what was queued before, and what changes meanwhile, waits until it is over ---
other=$(jq -r --arg b "$second" 'select(.body.data.uscc == $b) | .body.data.record' "$stage/bank-hook.taken" | head -1)
operator pause webhook:bank --reason 检修
operator dispute "$other" --reason 企业提出异议
reviewer approve --all --reason 一致
wait_for webhook:bank queued 1
operator client suspend bank --reason 证书疑似泄露
operator resume webhook:bank --reason 已核实
reviewer approve --all --reason 一致
operator settle "$other" --reason 异议不成立
reviewer approve --all --reason 一致
wait_for webhook:bank queued 2
sleep 1
taken 12 || stage_fail "a suspended client was told: $(tail -1 "$stage/bank-hook.taken")"
operator client resume bank --reason 已核实
await 14 "what waited while it was suspended"
tail -2 "$stage/bank-hook.taken" | jq -se --arg r "$other" 'all(.body.data.record == $r) and (map(.body.data.version) | . == sort)' >/dev/null ||
    stage_fail "not in order after the suspension: $(tail -2 "$stage/bank-hook.taken")"

# --- closed, and removed: nothing is told ---
must 204 '' bank "/v1/watches/$watch" -X DELETE
must 404 '"rule":"watch.unknown"' bank "/v1/watches/$watch"
must 201 '"subjects":1' bank /v1/watches -d "{\"domain\":\"lending\",\"purpose\":\"credit-review\",\"subjects\":[\"$second\"]}"
stage_stop "$gateway_pid"
configure "$port" 1 land
stage_gateway
operator withdraw "$other" --reason 决定撤销
reviewer approve --all --reason 一致
sleep 2
taken 14 || stage_fail "a removed client was told: $(tail -1 "$stage/bank-hook.taken")"
[ "$(of webhook:bank queued)" = 0 ] || stage_fail "queued for a removed client"

stage_stop "$gateway_pid"
"$gate" rebuild --check --config "$stage/creditgate.yaml" >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"
grep -q 'watches' "$stage/out" || stage_fail "the table is not compared: $(cat "$stage/out")"
echo "watch: told once, in order, signed; rebuilt"

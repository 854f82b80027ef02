#!/bin/bash
# Feedback through the running gateway: what an answer showed is owed by the client that got it, is given once whatever is killed, and the
# journal gives the tables byte for byte.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
OPERATOR_UID=$(id -u)
REVIEWER_UID=65534
. "$(dirname "$0")/../../scripts/stage.sh"
OPERATOR_UID=$(id -u)

stage_open
for name in server power land; do stage_certificate $name; done
stage_config feedback 0 "  - {name: power, kind: government, certificate: power.pem, domains: [power-price], requests_per_minute: 1000000}
  - {name: land, kind: government, certificate: land.pem, domains: [land-supply], requests_per_minute: 1000000}"
config="$stage/creditgate.yaml"
"$gate" init --config "$config" >"$stage/quiet"
stage_gateway
"$gate" import --config "$config" "$cases/register/register-dev.csv" >"$stage/out" 2>&1 || stage_fail "import: $(cat "$stage/out")"

pid_of() { grep -o "{\"kind\":\"$1\",\"pid\":[0-9]*" "$stage/state/processes.json" | sed 's/.*://'; }
call() { # STATUS TEXT CLIENT PATH [CURL…]
    local status=$1 text=$2 client=$3 path=$4 got
    shift 4
    got=$(curl -sS --max-time 20 --cacert "$stage/ca.pem" --cert "$stage/$client.pem" --key "$stage/$client.key" -o "$stage/answer.json" \
        -w '%{http_code}' "$@" "https://localhost:$gateway_port$path") || true
    [ "$got" = "$status" ] && grep -q -- "$text" "$stage/answer.json"
}
must() { call "$@" || stage_fail "expected $1 and \"$2\" of $4 as $3: $(cat "$stage/answer.json")"; }
member() { grep -o "\"$1\":\"[^\"]*" "$stage/answer.json" | head -1 | sed 's/.*:"//'; }
answer() {
    must 200 '"verdict":"listed"' power "/v1/lookups/power-price/91440224MAYUCHK485?purpose=price-classification"
    receipt=$(member receipt)
    obligation=$(member obligation)
}
words() { printf '{"receipt":"%s","details":[{"id":"%s","result":"%s","action":"%s"}]}' "$receipt" "$obligation" "$1" "$2"; }
give() { # STATUS TEXT CLIENT KEY WORDS
    call "$1" "$2" "$3" /v1/feedback -H "Idempotency-Key: \"$4\"" --data "$5"
}

# --- owed within seconds, also when the keeper dies meanwhile ---
for i in 1 2 3; do answer; done
keeper=$(pid_of keeper)
[ -n "$keeper" ] && kill -9 "$keeper" || stage_fail "no keeper: $(cat "$stage/state/processes.json")"
for i in 4 5; do answer; done
stage_within 20 call 200 '"left":5,' power '/v1/feedback?owed' || stage_fail "owed: $(cat "$stage/answer.json")"
must 200 '"left":0,' land '/v1/feedback?owed'

# --- refused ---
give 404 '"rule":"feedback.receipt"' land k0 "$(words implemented x)" || stage_fail "another client: $(cat "$stage/answer.json")"
give 400 '"rule":"feedback.result"' power k0 "$(words done x)" || stage_fail "words: $(cat "$stage/answer.json")"
must 405 '"rule":"http.method"' power /v1/feedback -X DELETE

# --- given once, and the same again after everything was killed ---
give 201 '"left":0,' power k1 "$(words implemented 执行差别电价)" || stage_fail "give: $(cat "$stage/answer.json")"
cp "$stage/answer.json" "$stage/first.json"
stage_forget "$gateway_pid"
children=$(grep -o '"pid":[0-9]*' "$stage/state/processes.json" | sed 's/.*://')
kill -9 "$gateway_pid"
wait "$gateway_pid" 2>/dev/null || true
for pid in $children; do stage_within 20 stage_is_gone "$pid" || kill -9 "$pid"; done
stage_gateway
give 201 '"left":0,' power k1 "$(words implemented 执行差别电价)" || stage_fail "the same again: $(cat "$stage/answer.json")"
cmp -s "$stage/answer.json" "$stage/first.json" || stage_fail "another answer to the same request: $(cat "$stage/answer.json")"
give 422 '"rule":"idempotency.other-request"' power k1 "$(words other 已约谈)" || stage_fail "other words: $(cat "$stage/answer.json")"
give 409 '"rule":"feedback.given"' power k2 "$(words other 已约谈)" || stage_fail "twice: $(cat "$stage/answer.json")"
must 200 '"given":1,"left":4,' power '/v1/feedback?owed&limit=2'
must 200 '执行差别电价' power "/v1/feedback/$receipt"

# --- what nobody could have asked for a moment ago is neither lost nor unknown for good ---
answer
comes() { give 201 '"left":0,' power k3 "$(words other 已核减电量指标)"; }
stage_within 20 comes || stage_fail "a fresh answer: $(cat "$stage/answer.json")"

"$gate" rebuild --check --config "$config" >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"
grep -q 'feedback' "$stage/out" || stage_fail "the table is not compared: $(cat "$stage/out")"
echo "feedback: owed, given once, rebuilt"

#!/bin/bash
# What clients say about answers goes up to the platform that takes it: given, queued with it, sent, receipted, counted; once, whatever is
# killed on the way and however often the client repeats itself. A row that they refuse waits for a person and keeps no other waiting. What was
# given before there was such a channel stays in the journal until a person pushes it.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
OPERATOR_UID=$(id -u)
. "$(dirname "$0")/../../scripts/stage.sh"
OPERATOR_UID=$(id -u)
REVIEWER_UID=65534

stage_open
for name in server sandbox gateway power; do stage_certificate $name; done
stage_secrets
config="$stage/creditgate.yaml"
configure() { # SANDBOX_PORT CHANNELS
    stage_channels=$2
    stage_config feedback "$1" "  - {name: power, kind: government, certificate: power.pem, domains: [power-price], requests_per_minute: 1000000}"
    [ "$1" = 0 ] || sed -i 's/    poll: 200ms/&\n    retry_first: 200ms\n    retry_max: 1s/' "$config"
}
# Without the channel, at first.
configure 0 ""
"$gate" init --config "$config" >"$stage/quiet"
stage_sandbox feedback
stage_gateway
"$gate" import --config "$config" "$cases/register/register-dev.csv" >"$stage/out" 2>&1 || stage_fail "import: $(cat "$stage/out")"

call() { # STATUS TEXT PATH [CURL…]
    local status=$1 text=$2 path=$3 got
    shift 3
    got=$(curl -sS --max-time 20 --cacert "$stage/ca.pem" --cert "$stage/power.pem" --key "$stage/power.key" -o "$stage/answer.json" \
        -w '%{http_code}' "$@" "https://localhost:$gateway_port$path") || true
    [ "$got" = "$status" ] && grep -q -- "$text" "$stage/answer.json"
}
member() { grep -o "\"$1\":\"[^\"]*" "$stage/answer.json" | head -1 | sed 's/.*:"//'; }
answer() {
    call 200 '"verdict":"listed"' "/v1/lookups/power-price/91440224MAYUCHK485?purpose=price-classification" || stage_fail "lookup"
    receipt=$(member receipt)
    obligation=$(member obligation)
}
words() { printf '{"receipt":"%s","details":[{"id":"%s","result":"%s","%s":"%s"}]}' "$receipt" "$obligation" "$1" "$2" "$3"; }
give() { call 201 '"sequence"' /v1/feedback -H "Idempotency-Key: \"$1\"" --data "$2"; }
given() { # KEY RESULT MEMBER TEXT: a new answer, and feedback on it; `row` is its name upstream
    answer
    said=$(words "$2" "$3" "$4")
    stage_within 20 give "$1" "$said" || stage_fail "give $1: $(cat "$stage/answer.json")"
    row=$(printf 'F%012d-0001' "$(grep -o '"sequence":[0-9]*' "$stage/answer.json" | grep -o '[0-9]*$')")
}
control() { # PATH [BODY]
    curl -sf --unix-socket "$stage/control.sock" "http://sandbox/control/$1" ${2:+-d "$2"} -o "$stage/seen.json" || stage_fail "control $1"
}
status() { "$gate" status --json --config "$config" >"$stage/status.json" 2>"$stage/quiet" || stage_fail "status: $(cat "$stage/quiet")"; }
is() { # COUNT NUMBER: of the channel's deliveries
    status
    jq -e ".channels[] | select(.channel == \"feedback\") | .$1 == $2" "$stage/status.json" >"$stage/quiet"
}
wait_for() { stage_within 60 is "$1" "$2" || stage_fail "not $2 $1: $(jq -c '.channels[] | select(.channel == "feedback")' "$stage/status.json")"; }
lines_of() { (grep -o "\"ROWID\": *\"$1\"" "$stage/sandbox/taken.jsonl" || true) | wc -l; }

# --- no channel: it stays in the journal ---
given k0 implemented action 执行差别电价
early=$row
is queued 0 || stage_fail "queued without a channel"
stage_stop "$gateway_pid"

# --- with the channel: it goes with the feedback ---
configure "$sandbox_port" "credit-guangdong feedback"
"$gate" check --config "$config" >"$stage/out" 2>&1 || stage_fail "check: $(cat "$stage/out")"
stage_gateway
wait_for unsent 1
given k1 other action 已约谈
wait_for acknowledged 1
control "state?platform=credit-guangdong&rowid=$row"
grep -q '"1"\|:1' "$stage/seen.json" || stage_fail "not there: $(cat "$stage/seen.json")"
grep -q '已约谈' "$stage/sandbox/taken.jsonl" || stage_fail "its words did not arrive"
grep -q "$receipt" "$stage/sandbox/taken.jsonl" || stage_fail "the receipt it quotes did not arrive"
[ "$(lines_of "$early")" = 0 ] || stage_fail "what was given before the channel was sent without anybody's word"

# --- the same request again queues nothing ---
give k1 "$said" || stage_fail "again: $(cat "$stage/answer.json")"
is queued 0 && is acknowledged 1 || stage_fail "a repeated request was queued"

# --- what was given before goes when a person says so, and once ---
"$gate" push --channel feedback --config "$config" >"$stage/out" 2>&1 || stage_fail "push: $(cat "$stage/out")"
wait_for acknowledged 2
wait_for unsent 0
"$gate" push --channel feedback --config "$config" >"$stage/out" 2>&1 || stage_fail "push again: $(cat "$stage/out")"
is acknowledged 2 && is queued 0 || stage_fail "pushed twice"

# --- killed in between: courier, then everything, while the platform loses replies ---
control faults '{"next": [
    {"fault": "lost-reply", "platform": "credit-guangdong", "on": "upload"},
    {"fault": "status", "status": 503, "platform": "credit-guangdong", "on": "upload"},
    {"fault": "lost-reply", "platform": "credit-guangdong", "on": "upload"}]}'
rows=$early
for i in 1 2 3 4 5 6; do
    given "m$i" other action "处理$i"
    rows="$rows $row"
    [ "$i" != 2 ] || kill -9 $(stage_pids courier)
    if [ "$i" = 4 ]; then
        stage_forget "$gateway_pid"
        children=$(grep -o '"pid":[0-9]*' "$stage/state/processes.json" | sed 's/.*://')
        kill -9 "$gateway_pid"
        wait "$gateway_pid" 2>/dev/null || true
        for pid in $children; do stage_within 20 stage_is_gone "$pid" || kill -9 "$pid"; done
        stage_gateway
    fi
done
wait_for acknowledged 8
for row in $rows; do
    [ "$(jq -c '.rows[]' "$stage/sandbox/taken.jsonl" | grep -c "$row")" = 1 ] || stage_fail "$row was taken more or less than once"
done

# --- a row that they refuse waits for a person; the others go on ---
"$gate" pause feedback --reason 演练 --config "$config" >"$stage/out" 2>&1 || stage_fail "pause: $(cat "$stage/out")"
given r1 not-applicable reason 申请已撤回
refused=$row
control faults "{\"next\": [{\"fault\": \"refuse-row\", \"rowid\": \"$refused\", \"code\": \"40001\", \"message\": \"反馈单位不在名录\", \"platform\": \"credit-guangdong\"}]}"
given r2 other action 继续处理
wait_for queued 2
"$gate" resume feedback --reason 演练结束 --config "$config" >"$stage/out" 2>&1 || stage_fail "resume: $(cat "$stage/out")"
wait_for refused 1
wait_for acknowledged 9
"$gate" refused --json --config "$config" >"$stage/out" 2>&1 || stage_fail "refused: $(cat "$stage/out")"
grep -q '反馈单位不在名录' "$stage/out" && grep -q '"uscc": *"91440224MAYUCHK485"' "$stage/out" && grep -q "$refused" "$stage/out" ||
    stage_fail "the refusal is not told: $(cat "$stage/out")"
delivery=$(grep -o '"delivery": *[0-9]*' "$stage/out" | grep -o '[0-9]*$' | head -1)
"$gate" requeue "$delivery" --reason 对方已更正 --config "$config" >"$stage/out" 2>&1 || stage_fail "requeue: $(cat "$stage/out")"
wait_for acknowledged 10

# --- what they hold is what we believe, also beside the records' channel ---
for channel in feedback credit-guangdong; do
    "$gate" reconcile "$channel" --config "$config" >"$stage/out" 2>&1 || stage_fail "reconcile $channel: $(cat "$stage/out")"
done
"$gate" reconcile feedback --json --config "$config" >"$stage/out" 2>&1
grep -q '"equal": *10' "$stage/out" || stage_fail "reconcile: $(cat "$stage/out")"

"$gate" rebuild --check --config "$config" >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"
echo "feedback_channel: given, sent once, refused and sent again, reconciled, rebuilt"

#!/bin/bash
# Reconciliation through the running gateway: equal sides; a platform that has lost what it acknowledged; who may repair; a job that is
# killed while it repairs; a platform that is away; equal again, and nothing sent twice.
set -eu
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
. "$(dirname "$0")/../../scripts/stage.sh"
stage_can_be_others || { echo "skipped: two persons are needed, root or sudo without a password"; exit 77; }
today=$(TZ=UTC-8 date +%F)
channel=credit-guangdong

stage_open
for name in server sandbox gateway bank; do stage_certificate $name; done
stage_secrets
configure() { # SANDBOX_PORT
    stage_config reconcile "$1" "  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending]}"
}
configure 0
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"
stage_sandbox reconcile
configure "$sandbox_port"
stage_gateway

# expect WHO STATUS TEXT COMMAND…: what it says is in out.
expect() {
    local who=$1 status=$2 text=$3 got=0
    shift 3
    as_user "$who"
    "${as[@]}" "$gate" --config "$stage/creditgate.yaml" "$@" >"$stage/out" 2>&1 || got=$?
    [ "$got" = "$status" ] && grep -qF -- "$text" "$stage/out" ||
        stage_fail "expected $status and \"$text\" of $*, got $got: $(head -c 3000 "$stage/out")"
}
operator() { expect $OPERATOR_UID "$@"; }
reviewer() { expect $REVIEWER_UID "$@"; }
first() { grep -o "\"$1\":\"\?[^,\"}]*" "$stage/out" | head -1 | sed 's/^[^:]*:"\?//'; }
settled() {
    operator 0 '"acknowledged"' status --json
    [ "$(first queued)$(first sending)$(first in_doubt)$(first received)$(first refused)" = 00000 ]
}

# sandbox_again: the platform starts anew on the port it had, with what its diary then says.
sandbox_pid=${started[0]}
sandbox_again() {
    sed -i "s/\"port\": 0/\"port\": $sandbox_port/" "$stage/sandbox.json"
    stage_start sandbox "$gate" sandbox --json --options "$stage/sandbox.json"
    sandbox_pid=${started[-1]}
    stage_within 20 grep -qs '"port"' "$stage/sandbox.log" || stage_fail "the sandbox does not start again"
}

# --- the connection, layer by layer ---
operator 0 '未向对方报送任何数据' channel test $channel
operator 0 '"good":true' channel test $channel --json
reviewer 2 '所需角色' channel test $channel
operator 2 'channel test' channel look $channel

# --- records that the platform acknowledges ---
cp "$cases/register/register-dev.csv" "$stage/台账.csv"
chmod 644 "$stage"/*.csv
operator 0 '"accepted":515' import --json "$stage/台账.csv"
operator 0 '"done":' propose --on "$today" --document 粤工信失信〔2026〕1号 --decided-on "$today" --severity general --json
records=$(first done)
reviewer 0 "\"done\":$records" approve --all --json
operator 0 '"compared":0,"equal":0' reconcile $channel --json
operator 0 "\"done\":$records" push --json
stage_within 60 settled || stage_fail "pushed: $(cat "$stage/out")"
operator 0 "比对 $records 条：一致 $records" reconcile $channel
operator 0 "$records equal, 0 missing, 0 older, 0 different, 0 newer, 0 extra." reconcile $channel --lang en
operator 2 'channel' reconcile nowhere --lang en

# --- it loses all of it ---
stage_stop "$sandbox_pid"
operator 2 连接不上对方 reconcile $channel
: >"$stage/sandbox/taken.jsonl"
sandbox_again
operator 1 "\"missing\":$records,\"older\":0,\"different\":0,\"newer\":0,\"extra\":0,\"queued\":0" reconcile $channel --json
operator 1 '缺失' reconcile $channel
operator 2 角色 reconcile $channel --repair --reason 平台数据丢失
reviewer 2 reason reconcile $channel --repair
settled || stage_fail "nothing was to be sent: $(cat "$stage/out")"

# --- told again; its process is killed meanwhile ---
as_user $REVIEWER_UID
"${as[@]}" "$gate" --config "$stage/creditgate.yaml" reconcile $channel --repair --reason 平台数据丢失 --json >"$stage/repair.json" 2>"$stage/repair.log" &
repair=$!
killed=0
while kill -0 $repair 2>/dev/null && [ $killed -lt 2 ]; do
    for pid in $(stage_pids job 2>/dev/null || true); do
        kill -9 "$pid" 2>/dev/null && killed=$((killed + 1))
    done
done
got=0
wait $repair || got=$?
[ $got = 1 ] || stage_fail "the repair ended with $got: $(head -c 2000 "$stage/repair.json") $(cat "$stage/repair.log")"
grep -qF "\"missing\":$records,\"older\":0,\"different\":0,\"newer\":0,\"extra\":0,\"queued\":$records,\"refused\":0" "$stage/repair.json" ||
    stage_fail "the killed repair: $(head -c 500 "$stage/repair.json")"
stage_within 60 settled || stage_fail "told again: $(cat "$stage/out")"
operator 0 "\"equal\":$records" reconcile $channel --json
curl -s --unix-socket "$stage/control.sock" http://sandbox/control/state >"$stage/held.json"
grep -q "\"applied\":$records" "$stage/held.json" || stage_fail "held: $(head -c 300 "$stage/held.json")"
! grep -q '"received":[2-9]' "$stage/held.json" || stage_fail "something was sent twice"
[ $killed -gt 0 ] || stage_fail "nothing was killed"

# --- the journal gives the same tables ---
"$gate" --config "$stage/creditgate.yaml" rebuild --check >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"

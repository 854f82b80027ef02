#!/bin/bash
# What staff do, through the running gateway: every command with its exit status, its table and its JSON, by two persons; a job whose
# process is killed ends as if nothing had happened; a row that the platform refuses is put right in each of the ways there are.
set -eu
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
. "$(dirname "$0")/../../scripts/stage.sh"
stage_can_be_others || { echo "skipped: two persons are needed, root or sudo without a password"; exit 77; }
today=$(TZ=UTC-8 date +%F)

stage_open
for name in server sandbox gateway bank; do stage_certificate $name; done
stage_secrets
configure() { # SANDBOX_PORT
    stage_config staff "$1" "  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending]}"
}
configure 0
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"
stage_sandbox staff
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
count() { # LIST
    operator 0 '"count":' "$1" --json
    first count
}
listing=(--on "$today" --document 粤工信失信〔2026〕1号 --decided-on "$today" --severity general)

# --- import ---
cp "$cases/register/register-dev.csv" "$stage/台账.csv"
cp "$cases"/bad-register/{001-uscc-check,007-column-missing}.csv "$stage"
chmod 644 "$stage"/*.csv
reviewer 2 '' import "$stage/台账.csv"
operator 2 none.csv import "$stage/none.csv"
operator 2 统一社会信用代码 import "$stage/007-column-missing.csv"
operator 2 '"encoding":null,"rows":0,"accepted":0,"unchanged":0,"refused":0,"problems":[{"line":1,' import --json "$stage/007-column-missing.csv"
operator 1 '"rows":4,"accepted":3,"unchanged":0,"refused":1,"problems":[{"line":5,' import --json "$stage/001-uscc-check.csv"
operator 0 '{"file":"台账.csv","encoding":"utf-8","rows":515,"accepted":515,"unchanged":0,"refused":0,"problems":[' import --json "$stage/台账.csv"
operator 0 '"rows":515,"accepted":0,"unchanged":515,"refused":0' import --json "$stage/台账.csv"
operator 0 "creditgate overdue --on $today" import "$stage/台账.csv"
operator 0 '"unchanged":515' import --json --on 2026-07-31 "$stage/台账.csv"
operator 2 尚未到来 import --on 2099-01-01 "$stage/台账.csv"

# --- overdue and propose ---
operator 0 'days late' overdue --on "$today" --lang en
operator 0 '"items":[{"obligation":"' overdue --on "$today" --json
late=$(first count)
obligation=$(first obligation)
reviewer 0 逾期 overdue --on "$today" --ground energy --division 44
operator 2 decided-on propose --on "$today" --document x --severity general
operator 1 obligation.unknown propose "${listing[@]}" ffffffffffff
operator 0 'creditgate approve' propose "${listing[@]}" "${obligation:0:8}"
operator 1 record.pending propose "${listing[@]}" "$obligation"
operator 0 "\"done\":$((late - 1)),\"refused\":0,\"skipped\":1" propose "${listing[@]}" --json
operator 0 '"count":0' overdue --on "$today" --unproposed --json

# --- review ---
operator 0 "待复核 $late 条" waiting
operator 0 '"record":"' waiting --json
record=$(first record)
reviewer 2 reason return "$record"
reviewer 0 已退回 return "$record" --reason 文号有误
operator 0 '"done":1' propose "${listing[@]}" --json
operator 2 '' approve "$record"
reviewer 2 --all approve
reviewer 0 creditgate\ push approve "${record:0:10}" --reason 一致
reviewer 1 record.already-effective approve "$record"
reviewer 0 "\"done\":$((late - 1)),\"refused\":0" approve --all --json

# --- a version of each kind, and the lists ---
[ "$(count unsent)" = "$late" ] || stage_fail "unsent: $(cat "$stage/out")"
operator 0 须由另一人 correct "$record" --reason 文号有误 --document 粤工信失信〔2026〕2号
reviewer 0 '' approve "$record"
operator 0 七个工作日内上报 clocks
operator 0 "\"kind\":\"report\",\"record\":\"$record\"" clocks --kind report --json
operator 0 法定时限 status
operator 1 record.repair-too-early repair "$record" --reason 已整改 --committed-on "$today" --corrected 核查记录 --duties 履行证明
operator 0 须由另一人 dispute "$record" --reason 企业提出异议
reviewer 0 '' approve "$record"
operator 0 须由另一人 settle "$record" --reason 异议不成立
reviewer 0 '' approve "$record"

# --- push; the platform refuses two rows ---
operator 0 '"record":"' unsent --json
other=$(grep -o 'R[0-9a-f]\{20\}' "$stage/out" | grep -v "$record" | head -1)
third=$(grep -o 'R[0-9a-f]\{20\}' "$stage/out" | grep -v -e "$record" -e "$other" | head -1)
curl -sf --unix-socket "$stage/control.sock" http://sandbox/control/faults -o "$stage/quiet" -d "{\"next\": [
    {\"fault\": \"refuse-row\", \"rowid\": \"$other\", \"code\": \"40001\", \"message\": \"认定单位不在名录\"},
    {\"fault\": \"refuse-row\", \"rowid\": \"$third\", \"code\": \"10004\", \"message\": \"格式\"}]}"
operator 0 credit-guangdong pause credit-guangdong --reason 准备
operator 0 已进入报送队列 push
operator 0 '"done":0,"refused":0' push --json
operator 0 没有尚未报送 push "$record"
operator 0 credit-guangdong resume credit-guangdong --reason 就绪
settled() {
    operator 0 '"acknowledged"' status --json
    [ "$(first queued)$(first sending)$(first in_doubt)$(first received)" = 0000 ] && [ "$(first refused)" = "$1" ]
}
stage_within 60 settled 2 || stage_fail "two refused rows: $(cat "$stage/out")"
operator 0 认定单位不在名录 refused
operator 0 '"code":"40001"' refused --json
deliveries=$(grep -o '"delivery":[0-9]*' "$stage/out" | sed 's/.*://')
[ "$(wc -w <<<"$deliveries")" = 2 ] || stage_fail "refused: $(cat "$stage/out")"
# One is right on their side by now; the other is corrected here.
operator 0 "\"record\":\"$other\"" refused --json
delivery=$(jq -r --arg record "$other" '[.. | objects | select(.record? == $record and .channel == "credit-guangdong") | .delivery][0]' "$stage/out")
operator 0 "报送 $delivery" requeue "$delivery" --reason 对方已更新名录
operator 0 须由另一人 correct "$third" --reason 格式 --document 粤工信失信〔2026〕3号
reviewer 0 '' approve "$third"
operator 0 '"done":1' push "$third" --json
stage_within 60 settled 0 || stage_fail "put right: $(cat "$stage/out")"
[ "$(count refused)$(count unsent)" = 00 ] || stage_fail "lists: $(cat "$stage/out")"
# What the platform holds: every version once, in order; the first was put right before it was sent.
curl -sf --unix-socket "$stage/control.sock" "http://sandbox/control/state?rowid=$record" -o "$stage/out"
[ "$(grep -o '"VERSION":[0-9]*' "$stage/out" | tr -dc '0-9')" = 234 ] || stage_fail "held: $(cat "$stage/out")"
operator 0 须由另一人 withdraw "$third" --reason 不应认定
reviewer 0 '' approve "$third"
operator 0 '"done":1' push --json
stage_within 60 settled 0 || stage_fail "withdrawn: $(cat "$stage/out")"

# --- a job whose process is killed: the command waits and sees the whole ---
awk -F, -v OFS=, 'NR == 1 {print; next} !/"/ {for (i = 0; i < 20; i++) {line = $0; split(line, f, ","); f[16] = f[16] "之" i; \
    out = f[1]; for (k = 2; k <= 22; k++) out = out OFS f[k]; print out}}' "$cases/register/register-dev.csv" >"$stage/large.csv"
chmod 644 "$stage/large.csv"
rows=$(($(wc -l <"$stage/large.csv") - 1))
as_user $OPERATOR_UID
"${as[@]}" "$gate" --config "$stage/creditgate.yaml" import --json "$stage/large.csv" >"$stage/large.json" 2>"$stage/large.log" &
import=$!
killed=0
while kill -0 $import 2>/dev/null && [ $killed -lt 2 ]; do
    for pid in $(stage_pids job 2>/dev/null || true); do
        kill -9 "$pid" 2>/dev/null && killed=$((killed + 1))
    done
    sleep 0.05
done
wait $import || stage_fail "the killed import: $(head -c 2000 "$stage/large.json") $(cat "$stage/large.log")"
grep -qF "\"rows\":$rows,\"accepted\":$rows,\"unchanged\":0,\"refused\":0" "$stage/large.json" || stage_fail "the killed import: $(head -c 300 "$stage/large.json")"
[ $killed -gt 0 ] || stage_fail "nothing was killed"

# --- the journal gives the same tables ---
"$gate" --config "$stage/creditgate.yaml" rebuild --check >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"

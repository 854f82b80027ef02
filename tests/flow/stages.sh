#!/bin/bash
# Records travel through all three platforms in the order of row 18, whatever happens on the way: a secret that ends, lost replies, a busy
# platform, a receipt in steps, a row that one platform refuses. Then a dispute and a withdrawal take the same way. At the end each platform
# has applied every version once and in order, and holds what we believe.
set -eu
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
. "$(dirname "$0")/../../scripts/stage.sh"
stage_can_be_others || { echo "skipped: two persons are needed, root or sudo without a password"; exit 77; }
today=$(TZ=UTC-8 date +%F)
stage_channels=$ALL_CHANNELS

stage_open
for name in server sandbox gateway bank; do stage_certificate $name; done
stage_secrets
configure() { # SANDBOX_PORT
    stage_config stages "$1" "  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending]}"
    sed -i 's/    poll: 200ms/&\n    retry_first: 200ms/' "$stage/creditgate.yaml"
}
configure 1
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"
stage_sandbox stages
configure "$sandbox_port"
stage_gateway

# person UID COMMAND…: the answer is in answer.json.
person() {
    as_user "$1"
    shift
    "${as[@]}" "$gate" --config "$stage/creditgate.yaml" --json "$@" >"$stage/answer.json" 2>"$stage/answer.log" ||
        stage_fail "creditgate $*: $? $(cat "$stage/answer.json" "$stage/answer.log")"
}
operator() { person $OPERATOR_UID "$@"; }
reviewer() { person $REVIEWER_UID "$@"; }
answer() { jq -r "$1" "$stage/answer.json"; }
expect() { # WHAT FILTER: true of the last answer
    jq -e "$2" "$stage/answer.json" >"$stage/quiet" || stage_fail "$1: $(head -c 2000 "$stage/answer.json")"
}
control() { # PATH [BODY]
    curl -sf --unix-socket "$stage/control.sock" "http://sandbox/control/$1" ${2:+-d "$2"} -o "$stage/answer.json" || stage_fail "control $1"
}
# of CHANNEL COUNT: of the deliveries of a channel, as the gateway counts them.
of() {
    operator status
    answer ".channels[] | select(.channel == \"$1\") | .$2"
}
is() { [ "$(of "$1" "$2")" = "$3" ]; }
wait_for() { # CHANNEL COUNT NUMBER
    stage_within 60 is "$1" "$2" "$3" || stage_fail "$1: not $3 $2: $(cat "$stage/answer.json")"
}

# --- some records ---
head -60 "$cases/register/register-dev.csv" >"$stage/register.csv"
chmod 644 "$stage/register.csv"
operator import "$stage/register.csv"
operator propose --on "$today" --decided-on "$today" --document 粤工信失信〔2026〕1号 --severity general --all
late=$(answer .done)
[ "$late" -gt 5 ] || stage_fail "too few are late: $late"
reviewer approve --all --reason 一致
record=$(answer '.items[0].record')
refused=$(answer '.items[1].record')

# --- trouble on the way ---
control faults "{\"next\": [
    {\"fault\": \"status\", \"status\": 503, \"retry_after\": \"1\", \"platform\": \"credit-guangdong\", \"on\": \"upload\"},
    {\"fault\": \"lost-reply\", \"platform\": \"credit-guangdong\", \"on\": \"upload\"},
    {\"fault\": \"refuse-row\", \"rowid\": \"$refused\", \"code\": \"40001\", \"message\": \"认定单位不在名录\", \"platform\": \"national-platform\"},
    {\"fault\": \"close\", \"platform\": \"national-platform\", \"on\": \"key\"},
    {\"fault\": \"lost-reply\", \"platform\": \"national-platform\", \"on\": \"upload\"},
    {\"fault\": \"lost-reply\", \"platform\": \"credit-china\", \"on\": \"upload\"},
    {\"fault\": \"lost-reply\", \"platform\": \"credit-china\", \"on\": \"second\"},
    {\"fault\": \"close\", \"platform\": \"credit-china\", \"on\": \"doubt\"},
    {\"fault\": \"result-steps\", \"steps\": 3, \"platform\": \"credit-china\"}]}"
operator push
expect "not all were pushed" ".done == $late"
wait_for credit-guangdong acknowledged "$late"
wait_for national-platform acknowledged $((late - 1))
wait_for credit-china acknowledged $((late - 1))
control faults
expect "not every fault was met" '.next == []'

# The one that was refused in the middle went no further, and somebody is told why.
is national-platform refused 1 || stage_fail "refused: $(cat "$stage/answer.json")"
operator refused
expect "the list does not say who and why" ".items[0].record == \"$refused\" and .items[0].channel == \"national-platform\""
control "state?platform=credit-china&rowid=$refused"
expect "it was told although the stage before refused it" '.records == {}'

# --- what was refused is sent again, with another secret; a dispute and a withdrawal go the same way ---
control expire '{"platform": "national-platform"}'
operator refused
operator requeue "$(answer '.items[0].delivery')" --reason 对方已更新名录
wait_for credit-china acknowledged "$late"
operator dispute "$record" --reason 企业提出异议
reviewer approve "$record" --reason 属实
operator push
wait_for credit-china acknowledged $((late + 1))
operator withdraw "$record" --reason 不应认定
reviewer approve "$record" --reason 属实
operator push
wait_for credit-china acknowledged $((late + 2))

# --- what the platforms hold ---
for channel in $ALL_CHANNELS; do
    control "state?platform=$channel"
    expect "$channel: not every version once" ".applied == $late + 2 and .held == $late and
        all(.records[]; .different == 0 and .older == 0)"
    expect "$channel: not in order" "[.records[\"$record\"].applied[] | [.VERSION, .OP]] == [[1, 1], [2, 5], [3, 3]]"
    operator reconcile "$channel"
    expect "$channel: holds something else" "[.. | objects | select(has(\"equal\"))][0] | .equal > 0 and
        .missing == 0 and .older == 0 and .different == 0 and .newer == 0 and .extra == 0"
done

# --- a platform that is not used for a while: staff see that something waits for it, and it goes on when it is used again ---
waits() {
    operator status
    jq -e '.channels[] | select(.channel == "national-platform") | .enabled == false and .staged + .queued == 1' "$stage/answer.json" >"$stage/quiet"
}
stage_stop "$gateway_pid"
sed -i 's/^  national-platform:/&\n    enabled: false/' "$stage/creditgate.yaml"
stage_gateway
operator dispute "$refused" --reason 企业提出异议
reviewer approve "$refused" --reason 属实
operator push
stage_within 30 waits || stage_fail "nobody is told that it waits: $(cat "$stage/answer.json")"
as_user "$OPERATOR_UID"
"${as[@]}" "$gate" --config "$stage/creditgate.yaml" status >"$stage/out" && grep -qF '全国信用信息共享平台 未配置或未启用，等待报送： 1，' "$stage/out" ||
    stage_fail "status does not say that it waits: $(cat "$stage/out")"
stage_stop "$gateway_pid"
sed -i '/^    enabled: false$/d' "$stage/creditgate.yaml"
stage_gateway
wait_for credit-china acknowledged $((late + 3))

[ "$(printf '%s\n' "$stage"/sandbox/credit-china/inbox/*.xml | wc -l)" -ge 3 ] || stage_fail "the files of 信用中国"
as_user "$OPERATOR_UID"
"$gate" rebuild --check --config "$stage/creditgate.yaml" >"$stage/quiet" 2>&1 || stage_fail "the rebuilt store differs: $(cat "$stage/quiet")"

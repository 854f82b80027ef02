#!/bin/bash
# Everything can be proved later: a record, an upstream's receipt, a lookup, checked offline with public keys alone. A store that
# is swapped, copied or rolled back is not signed for; a backup comes back; the journal gives the tables byte for byte.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
. "$(dirname "$0")/../../scripts/stage.sh"
[ "$(id -u)" = 0 ] || { echo "skipped: two persons of the staff need root" && exit 77; }
today=$(TZ=UTC-8 date +%F)

stage_open
for name in server sandbox gateway bank; do stage_certificate $name; done
stage_secrets
configure() { # SANDBOX_PORT; whoever runs this is the administrator
    stage_config evidence "$1" "  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending], requests_per_minute: 1000000}"
    sed -i "/^clients:/i\\  - {name: boss, uid: 0, roles: administrator}" "$stage/creditgate.yaml"
    sed 's/state: state/state: elsewhere/' "$stage/creditgate.yaml" >"$stage/elsewhere.yaml"
}
# Commands of the staff, and of whoever runs the machine; what they say is in out.
person() { # UID COMMAND…
    local uid=$1
    shift
    setpriv --reuid="$uid" --regid="$uid" --clear-groups -- "$gate" --config "$stage/creditgate.yaml" "$@" >"$stage/out" 2>&1
}
expect() { # STATUS TEXT COMMAND…
    local status=$1 text=$2 got=0
    shift 2
    "$gate" --config "$stage/creditgate.yaml" "$@" >"$stage/out" 2>&1 || got=$?
    [ "$got" = "$status" ] && grep -q -- "$text" "$stage/out" || stage_fail "expected $status and \"$text\" of $*, got $got: $(cat "$stage/out")"
}
# The first number or text behind a name in the JSON that a command printed.
first() { grep -o "\"$1\":\"\?[^,\"}]*" "$stage/out" | head -1 | sed 's/^[^:]*:"\?//'; }

configure 0
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"
stage_sandbox evidence
configure "$sandbox_port"
stage_gateway

# --- something to prove ---
cp "$cases/register/register-dev.csv" "$stage/register.csv"
chmod 644 "$stage/register.csv"
person $OPERATOR_UID import "$stage/register.csv" || stage_fail "import: $(cat "$stage/out")"
person $OPERATOR_UID propose --on "$today" --decided-on "$today" --document '粤失信认1号' --severity general --all || stage_fail "propose: $(cat "$stage/out")"
person $REVIEWER_UID approve --all --reason 一致 || stage_fail "approve: $(cat "$stage/out")"
person $OPERATOR_UID push || stage_fail "push: $(cat "$stage/out")"
all_acknowledged() {
    person $OPERATOR_UID status --json
    [ "$(first queued)$(first sending)$(first in_doubt)$(first received)" = 0000 ] && [ "$(first acknowledged)" -gt 0 ]
}
stage_within 60 all_acknowledged || stage_fail "not every receipt came: $(cat "$stage/out")"
person $OPERATOR_UID status
grep -q '^信用广东 ' "$stage/out" && grep -q '日志签名检查点' "$stage/out" || stage_fail "status: $(cat "$stage/out")"

# --- proofs, checked with the public keys alone ---
curl -s --unix-socket "$stage/admin.sock" http://gateway/admin/v1/records?list=live\&limit=1 -o "$stage/out"
grep -q '"records":\[{' "$stage/out" || { person $OPERATOR_UID show 91440224MAYUCHK485 --json; }
record=$(grep -o 'R[0-9a-f]\{20\}' "$stage/out" | head -1)
[ -n "$record" ] || stage_fail "no record: $(cat "$stage/out")"
cp "$stage/state/public-keys.json" "$stage/keys.json"
verify() { # STATUS TEXT FILE
    local got=0
    (cd / && "$gate" verify "$3" --keys "$stage/keys.json") >"$stage/out" 2>&1 || got=$?
    [ "$got" = "$1" ] && grep -q -- "$2" "$stage/out" || stage_fail "verify $3: expected $1 and \"$2\", got $got: $(cat "$stage/out")"
}
tampered() { # FILE OLD NEW
    sed "s/$2/$3/" "$1" >"$stage/tampered"
    cmp -s "$1" "$stage/tampered" && stage_fail "$2 is not in $1"
    verify 1 核验不通过 "$stage/tampered"
}
person $OPERATOR_UID show "${record:0:9}" || stage_fail "show: $(cat "$stage/out")"
grep -q '复核通过：reviewer' "$stage/out" && grep -q '报送信用广东：' "$stage/out" && grep -q '业务回执' "$stage/out" || stage_fail "show: $(cat "$stage/out")"
person $OPERATOR_UID seal "$record" || stage_fail "seal: $(cat "$stage/out")"
cp "$stage/out" "$stage/seal.json"
verify 0 "记录编号：$record" "$stage/seal.json"
grep -q 'evidence-seal-sm2-1 SM2-SM3' "$stage/out" && grep -q 'evidence-seal-ed25519-1 EdDSA' "$stage/out" || stage_fail "keys: $(cat "$stage/out")"
payload=$(grep -o '"payload":"[^"]*' "$stage/seal.json" | cut -c 20-60)
tampered "$stage/seal.json" "$payload" "$(echo "$payload" | tr 'A-Za-z' 'B-ZAb-za')"

person $OPERATOR_UID show "$record" --json || stage_fail "show --json"
receipt_event=$(grep -o '"kind":"business"[^}]*"sequence":[0-9]*' "$stage/out" | head -1 | sed 's/.*://')
signed() { "$gate" --config "$stage/creditgate.yaml" proof "$1" --out "$stage/proof.json" >"$stage/quiet" 2>&1; }
stage_within 20 signed "$receipt_event" || stage_fail "no proof of event $receipt_event: $(cat "$stage/quiet")"
verify 0 '回执种类：business' "$stage/proof.json"
grep -q '事件：receipt.stored' "$stage/out" && grep -q '回执原文：' "$stage/out" || stage_fail "receipt: $(cat "$stage/out")"
tampered "$stage/proof.json" 'business' 'busyness'

ask() {
    curl -sS --max-time 20 --cacert "$stage/ca.pem" --cert "$stage/bank.pem" --key "$stage/bank.key" -o "$stage/answer.json" \
        "https://localhost:$gateway_port/v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review"
    grep -q '"verdict":"' "$stage/answer.json"
}
ask || stage_fail "lookup: $(cat "$stage/answer.json")"
receipt=$(grep -o '"receipt":"[^"]*' "$stage/answer.json" | sed 's/.*"//')
signed_answer() { "$gate" --config "$stage/creditgate.yaml" proof "$receipt" --answer "$stage/answer.json" --out "$stage/proof.json" >"$stage/quiet" 2>&1; }
stage_within 20 signed_answer || stage_fail "no proof of lookup $receipt: $(cat "$stage/quiet")"
verify 0 "回执号：$receipt" "$stage/proof.json"
grep -q '答复原文：' "$stage/out" || stage_fail "answer: $(cat "$stage/out")"
tampered "$stage/proof.json" 'verdict' 'verdicts'
verify 0 '日志名称：evidence/journal$' "$stage/state/checkpoints/journal"
verify 0 '日志名称：evidence/trace$' "$stage/state/checkpoints/trace"

# --- while the gateway runs: the tables are what the journal gives, a backup is consistent ---
expect 0 逐字节相同 rebuild --check
mkdir -p "$stage/state/trace/spare"
echo old >"$stage/state/trace/spare/0123456789abcdef01234567"
expect 0 已备份到 backup "$stage/backup"
[ -f "$stage/state/trace/spare/0123456789abcdef01234567" ] || stage_fail "a backup touches nothing"
[ -d "$stage/backup/trace/segments" ] && [ -d "$stage/backup/trace/log" ] && [ ! -e "$stage/backup/trace/spare" ] ||
    stage_fail "a backup has the segments and the log, and no files that are only kept to be written over: $(ls "$stage/backup/trace")"
rm "$stage/state/trace/spare/0123456789abcdef01234567"
expect 2 网关在运行 rebuild
person $REVIEWER_UID approve --all --reason x || true # nothing waits; the gateway is well

# --- a store swapped under a running gateway stops it; put back, it goes on ---
ln "$stage/state/store/data.mdb" "$stage/original"
cp "$stage/state/store/data.mdb" "$stage/copy"
mv "$stage/copy" "$stage/state/store/data.mdb"
stage_within 30 stage_is_gone "$gateway_pid" || stage_fail "the gateway works on beside a copy"
stage_forget "$gateway_pid"
wait "$gateway_pid" && stage_fail "a swapped store is no orderly end"
grep -q '不是此前签过名的数据' "$stage/gateway.log" || stage_fail "it does not say why"
expect 2 不是此前签过名的数据 serve
expect 1 副本 guard
mv "$stage/original" "$stage/state/store/data.mdb"
expect 0 一致 guard
stage_gateway
ask || stage_fail "lookup after the store was put back"

# --- rolled back: refused, until an administrator accepts; then under another name ---
person $OPERATOR_UID dispute "$record" --reason 企业提出异议 || stage_fail "dispute: $(cat "$stage/out")"
person $REVIEWER_UID approve "$record" --reason 属实 || stage_fail "approve: $(cat "$stage/out")"
person $OPERATOR_UID status --json
size=$(grep -o '"journal":{"size":[0-9]*' "$stage/out" | head -1 | sed 's/.*://')
is_signed() { [ "$(sed -n 2p "$stage/state/checkpoints/journal")" = "$size" ]; }
stage_within 20 is_signed || stage_fail "event $size is not signed for"
stage_stop "$gateway_pid"
mv "$stage/state/store" "$stage/lost"
expect 1 回退 restore "$stage/backup"
expect 2 不是此前签过名的数据 serve
expect 2 --reason guard --accept
expect 0 已接受 guard --accept --reason 磁盘损坏
stage_gateway
new_name() { grep -q '^evidence/journal/[0-9]' "$stage/state/checkpoints/journal"; }
stage_within 20 new_name || stage_fail "the log goes on under the old name: $(head -2 "$stage/state/checkpoints/journal")"
verify 0 '日志名称：evidence/journal/[0-9]' "$stage/state/checkpoints/journal"
verify 0 "记录编号：$record" "$stage/seal.json"
ask || stage_fail "lookup after the acceptance"
stage_stop "$gateway_pid"
expect 0 逐字节相同 rebuild --check
expect 0 store.old- rebuild
expect 0 一致 guard

# --- the backup on another machine ---
got=0
"$gate" --config "$stage/elsewhere.yaml" restore "$stage/backup" >"$stage/out" 2>&1 || got=$?
[ $got = 0 ] && grep -q '日志名称 evidence/journal/[0-9]' "$stage/out" || stage_fail "restore elsewhere: $got $(cat "$stage/out")"
"$gate" --config "$stage/elsewhere.yaml" rebuild --check >"$stage/out" 2>&1 || stage_fail "restored: $(cat "$stage/out")"
echo good

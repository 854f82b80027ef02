#!/bin/bash
# A key is followed by another while the gateway works: what is sealed from then on is by the new one, what the old one sealed still
# verifies, checkpoints go on, the journal says who and why, and all of it outlives a restart. Who is no administrator may not.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
. "$(dirname "$0")/../../scripts/stage.sh"
[ "$(id -u)" = 0 ] || { echo "skipped: two persons of the staff need root" && exit 77; }
today=$(TZ=UTC-8 date +%F)

stage_open
for name in server gateway sandbox bank; do stage_certificate $name; done
stage_secrets
stage_config turning 1 "  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending]}"
sed -i "/^clients:/i\\  - {name: boss, uid: 0, roles: administrator}" "$stage/creditgate.yaml"
person() { # STATUS UID COMMAND…
    local status=$1 uid=$2 got=0
    shift 2
    setpriv --reuid="$uid" --regid="$uid" --clear-groups -- "$gate" --config "$stage/creditgate.yaml" "$@" >"$stage/out" 2>&1 || got=$?
    [ "$got" = "$status" ] || stage_fail "$*: $got instead of $status: $(cat "$stage/out")"
}
told() { grep -q -- "$1" "$stage/out" || stage_fail "\"$1\" was not said: $(cat "$stage/out")"; }
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"
stage_gateway

cp "$cases/register/register-dev.csv" "$stage/register.csv"
chmod 644 "$stage/register.csv"
person 0 $OPERATOR_UID import "$stage/register.csv"
person 0 $OPERATOR_UID propose --on "$today" --decided-on "$today" --document '粤失信认1号' --severity general --all
person 0 $OPERATOR_UID waiting --json
mapfile -t records < <(grep -o 'R[0-9a-f]\{20,\}' "$stage/out" | sort -u)
[ ${#records[@]} -ge 2 ] || stage_fail "two records are needed: $(cat "$stage/out")"
sealed() { # RECORD FILE
    person 0 $REVIEWER_UID approve "$1" --reason 一致
    person 0 $OPERATOR_UID seal "$1"
    cp "$stage/out" "$2"
}
verified() { # FILE KID
    "$gate" --config "$stage/creditgate.yaml" verify "$1" >"$stage/out" 2>&1 || stage_fail "verify $1: $(cat "$stage/out")"
    told "$2"
}
sealed "${records[0]}" "$stage/old.json"
verified "$stage/old.json" 'turning-seal-sm2-1 SM2-SM3'

# --- who may not, and what is not possible ---
for uid in $OPERATOR_UID $REVIEWER_UID; do
    person 2 "$uid" keys rotate turning-seal-sm2-1 --reason x
    told 'administrator 之一'
done
person 2 0 keys turn turning-seal-sm2-1 --reason x
person 1 0 keys rotate turning-seal-sm2-7 --reason x
told '没有名为'
person 1 0 keys rotate turning-push-sm2-1 --reason x --from 2099-01-01
told '最多提前 90 天'

# --- the new one ---
pid=$(stage_pids signer)
person 0 0 keys rotate turning-seal-sm2-1 --reason 年度轮换
told 'turning-seal-sm2-2'
[ "$(stage_pids signer)" = "$pid" ] || stage_fail "the signer was started anew"
[ "$(stat -c %a "$stage/state/keys/turning-seal-sm2-2.pem")" = 600 ] || stage_fail "the mode of the new key"
sealed "${records[1]}" "$stage/new.json"
verified "$stage/new.json" 'turning-seal-sm2-2 SM2-SM3'
told 'turning-seal-ed25519-1 EdDSA'
verified "$stage/old.json" 'turning-seal-sm2-1 SM2-SM3'
person 1 0 keys rotate turning-seal-sm2-1 --reason x
told '已被轮换'
person 1 0 keys rotate turning-seal-sm2-2 --reason x
told '尚未结束'
curl -s --unix-socket "$stage/admin.sock" http://gateway/v1/keys -o "$stage/answer"
cmp -s "$stage/answer" "$stage/state/public-keys.json" || stage_fail "/v1/keys is not public-keys.json"
grep -q '"kid": "turning-seal-sm2-2"' "$stage/answer" && ! grep -q PRIVATE "$stage/answer" || stage_fail "/v1/keys: $(cat "$stage/answer")"
curl -s --unix-socket "$stage/admin.sock" http://gateway/admin/v1/keys -o "$stage/answer"
state() { grep -o "\"kid\":\"$1\",\"state\":\"[a-z]*\"" "$stage/answer" | grep -q "\"$2\"" || stage_fail "$1 is not $2: $(cat "$stage/answer")"; }
state turning-seal-sm2-1 ending
state turning-seal-sm2-2 current

# --- for the platforms: the public half first, in force on a later day ---
later=$(TZ=UTC-8 date -d '+10 days' +%F)
person 0 0 keys rotate turning-push-sm2-1 --reason 交平台备案 --from "$later"
curl -s --unix-socket "$stage/admin.sock" http://gateway/admin/v1/keys -o "$stage/answer"
state turning-push-sm2-1 current
state turning-push-sm2-2 next

# --- checkpoints go on with theirs ---
person 0 0 keys rotate turning-checkpoint-ed25519-1 --reason 年度轮换
checkpoint() {
    "$gate" --config "$stage/creditgate.yaml" verify "$stage/state/checkpoints/journal" >"$stage/out" 2>&1 &&
        grep -q 'turning-checkpoint-ed25519-2' "$stage/out"
}
person 0 $REVIEWER_UID return "${records[2]}" --reason 证据不足
stage_within 20 checkpoint || stage_fail "no checkpoint by the new key: $(cat "$stage/out")"

# --- answers: whoever names a key gets that one or none ---
answered() { # STATUS KEY
    local got
    got=$(curl -sS --max-time 20 --cacert "$stage/ca.pem" --cert "$stage/bank.pem" --key "$stage/bank.key" -D "$stage/head" -o "$stage/answer" -w '%{http_code}' \
        -H "Accept-Signature: sig=(\"@status\");keyid=\"$2\"" "https://localhost:$gateway_port/v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review")
    [ "$got" = "$1" ] || stage_fail "signed with $2: $got instead of $1: $(cat "$stage/answer")"
}
for try in 1 2 3 4; do answered 200 turning-answer-ed25519-1; done
answered 400 turning-answer-ed25519-2
person 0 0 keys rotate turning-answer-ed25519-1 --reason 年度轮换
for try in 1 2 3 4; do
    answered 200 turning-answer-ed25519-2
    grep -q 'keyid="turning-answer-ed25519-2"' "$stage/head" || stage_fail "the signature: $(cat "$stage/head")"
    answered 400 turning-answer-ed25519-1
done

# --- the journal says it, and gives the tables byte for byte ---
told_in_journal() { tr -d '\0' <"$stage/state/store/data.mdb" | grep -ao "\"new\":\"$1\",\"old\":\"$2\",\"public\":\"[0-9a-f]\{64\}\",\"reason\":\"$3\"" >"$stage/quiet"; }
told_in_journal turning-seal-sm2-2 turning-seal-sm2-1 年度轮换 || stage_fail "the journal does not say it"
told_in_journal turning-push-sm2-2 turning-push-sm2-1 交平台备案 || stage_fail "the journal does not say it"
"$gate" --config "$stage/creditgate.yaml" rebuild --check >"$stage/out" 2>&1 && grep -q 逐字节相同 "$stage/out" || stage_fail "rebuild: $(cat "$stage/out")"

# --- a signer that is killed, and a restart ---
kill -KILL "$pid"
sealed "${records[3]}" "$stage/killed.json"
verified "$stage/killed.json" 'turning-seal-sm2-2 SM2-SM3'
stage_stop "$gateway_pid"
# A rotation that was cut off before the public keys were told: they are told with the next start.
sed -i '/"kid": "turning-push-sm2-2"/d; s/,\?$//; /"kid"/!b' "$stage/state/public-keys.json"
sed -i '/"kid"/s/$/,/' "$stage/state/public-keys.json"
perl -0pi -e 's/,(\s*\]\})/$1/' "$stage/state/public-keys.json"
! grep -q turning-push-sm2-2 "$stage/state/public-keys.json" || stage_fail "the file was to lack a key"
stage_gateway
grep -q turning-push-sm2-2 "$stage/state/public-keys.json" || stage_fail "the key is not told again: $(cat "$stage/gateway.log")"
sealed "${records[4]}" "$stage/later.json"
verified "$stage/later.json" 'turning-seal-sm2-2 SM2-SM3'
verified "$stage/old.json" 'turning-seal-sm2-1 SM2-SM3'
echo "a key was followed by another; old and new seals verify"

#!/bin/bash
# A store that was copied, or put back to what it was yesterday, would sign another history under the same name and send again what was
# sent: it refuses to begin, signs nothing, sends nothing, and says what to do. The true store goes on.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/stage.sh"
stage_can_be_others && [ "$(id -u)" = 0 ] || { echo "skipped: two persons are needed, and their state folder: root" && exit 77; }
today=$(TZ=UTC-8 date +%F)

stage_open
for name in server sandbox gateway; do stage_certificate $name; done
stage_secrets
configure() { # SANDBOX_PORT
    stage_config copied "$1" '  - {name: bank, kind: lender, certificate: server.pem, domains: [lending]}'
    sed -i "/^clients:/i\\  - {name: boss, uid: 0, roles: administrator}" "$stage/creditgate.yaml"
    sed 's/state: state/state: elsewhere/; s/socket: admin.sock/socket: elsewhere.sock/' "$stage/creditgate.yaml" >"$stage/elsewhere.yaml"
}
configure 0
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"
stage_sandbox copied
configure "$sandbox_port"
stage_gateway

person() { # UID COMMAND…
    as_user "$1"
    shift
    "${as[@]}" "$gate" --config "$stage/creditgate.yaml" "$@" >"$stage/out" 2>&1 || stage_fail "$*: $(cat "$stage/out")"
}
settled() {
    person $OPERATOR_UID status --json
    grep -q "\"acknowledged\":$1," "$stage/out"
}
size() { grep -o '"journal":{"size":[0-9]*' "$stage/out" | head -1 | sed 's/.*://'; }
is_signed() { [ "$(sed -n 2p "$stage/state/checkpoints/journal" 2>/dev/null)" = "$(size)" ]; }
uploads() { curl -sf --unix-socket "$stage/control.sock" http://sandbox/control/state | grep -o '"uploads":[0-9]*'; }
signatures() { find "$1/checkpoints" -type f | sort | xargs cat | sha256sum; }
# refuses NAME CONFIG STATE TEXT: a start is refused with words that say what happened and what to do; nothing is signed, nothing sent.
refuses() {
    local got=0 signed before
    signed=$(signatures "$3")
    before=$(uploads)
    timeout 60 "$gate" serve --config "$stage/$2" >"$stage/out" 2>&1 || got=$?
    [ $got = 2 ] || stage_fail "$1: status $got: $(cat "$stage/out")"
    grep -q "$4" "$stage/out" || stage_fail "$1: it does not say $4: $(cat "$stage/out")"
    grep -q 'creditgate guard' "$stage/out" || stage_fail "$1: it does not say what to do: $(cat "$stage/out")"
    [ "$signed" = "$(signatures "$3")" ] || stage_fail "$1: it signed"
    [ "$before" = "$(uploads)" ] || stage_fail "$1: it sent"
}

# --- yesterday: three versions are queued and not sent ---
{ head -1 "$here/../cases/register/register-dev.csv" && grep -m 3 ',逾期未退出,' "$here/../cases/register/register-dev.csv"; } >"$stage/register.csv"
chmod 644 "$stage/register.csv"
person $OPERATOR_UID import "$stage/register.csv"
person $OPERATOR_UID propose --on "$today" --decided-on "$today" --document 粤失信认1号 --severity general --all
person $REVIEWER_UID approve --all --reason 一致
person $OPERATOR_UID pause credit-guangdong --reason 检修
person $OPERATOR_UID push
person $OPERATOR_UID status --json
stage_within 20 is_signed || stage_fail "yesterday is not signed for"
stage_stop "$gateway_pid"
cp -a "$stage/state/store" "$stage/yesterday"

# --- today: they are sent and acknowledged, and that is signed for ---
stage_gateway
person $OPERATOR_UID resume credit-guangdong --reason 就绪
stage_within 60 settled 3 || stage_fail "not acknowledged: $(cat "$stage/out")"
stage_within 20 is_signed || stage_fail "today is not signed for"
stage_stop "$gateway_pid"

# --- yesterday's store in its place: it would send them again ---
mv "$stage/state/store" "$stage/today"
cp -a "$stage/yesterday" "$stage/state/store"
refuses "rolled back" creditgate.yaml "$stage/state" 不是此前签过名的数据
# Today's bytes, but a copy: two such gateways would go on from here apart.
rm -rf "$stage/state/store"
cp -a "$stage/today" "$stage/state/store"
refuses "a copy in its place" creditgate.yaml "$stage/state" "is a copy"
rm -rf "$stage/state/store"
mv "$stage/today" "$stage/state/store"
# The whole state folder, as a backup program or a cloned machine makes it.
cp -a "$stage/state" "$stage/elsewhere"
refuses "the folder copied as a whole" elsewhere.yaml "$stage/elsewhere" "is a copy"

# --- the true one was not disturbed ---
"$gate" guard --config "$stage/creditgate.yaml" >"$stage/out" 2>&1 || stage_fail "the true store: $(cat "$stage/out")"
stage_gateway
settled 3 || stage_fail "the true store: $(cat "$stage/out")"
curl -sf --unix-socket "$stage/control.sock" http://sandbox/control/state -o "$stage/out"
grep -q '"applied":3,' "$stage/out" || stage_fail "applied: $(cat "$stage/out")"
stage_stop "$gateway_pid"
"$gate" rebuild --check --config "$stage/creditgate.yaml" >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"

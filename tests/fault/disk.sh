#!/bin/bash
# No room, no permission to write, a map that is too small: each is refused in plain words, nothing is lost, and when it is over the same
# gateway goes on without a restart.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "skipped: a small file system can only be mounted by root" && exit 77; }
# In a mount namespace of its own, so that nothing stays mounted whatever happens.
if [ -z "${DISK_IS_APART:-}" ]; then
    unshare -m true 2>/dev/null || { echo "skipped: no mount namespaces here" && exit 77; }
    DISK_IS_APART=1 exec unshare -m "$0" "$gate"
fi
. "$here/../../scripts/stage.sh"
stage_channels=$ALL_CHANNELS
today=$(TZ=UTC-8 date +%F)

stage_open
mkdir "$stage/state"
mount -t tmpfs -o size=64m,mode=700 tmpfs "$stage/state" 2>/dev/null || { echo "skipped: nothing may be mounted here" && exit 77; }
# What is mounted in the folder must go before it can be removed.
close_all() {
    local code=$?
    set +e
    stage_stop_all
    while umount -l "$stage/state" 2>/dev/null; do :; done
    (exit $code)
    stage_close
}
trap close_all EXIT
for name in server sandbox gateway bank; do stage_certificate $name; done
stage_secrets
configure() { # SANDBOX_PORT; the smallest map there is: it grows again and again, under all processes
    stage_config disk "$1" "  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending]}"
    sed -i 's/^gateway: {/gateway: {map: 1M, /; s/    poll: 200ms/    poll: 50ms\n    retry_first: 50ms\n    retry_max: 500ms/' "$stage/creditgate.yaml"
}
configure 0
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"
stage_sandbox disk
configure "$sandbox_port"
stage_gateway
register=$here/../cases/register/register-dev.csv

person() { # UID STATUS TEXT COMMAND…
    local uid=$1 status=$2 text=$3 got=0
    shift 3
    as_user "$uid"
    timeout 100 "${as[@]}" "$gate" --config "$stage/creditgate.yaml" "$@" >"$stage/out" 2>&1 || got=$?
    [ "$got" = "$status" ] && grep -q -- "$text" "$stage/out" ||
        stage_fail "expected $status and \"$text\" of $*, got $got: $(head -c 2000 "$stage/out")"
}
operator() { person $OPERATOR_UID "$@"; }
reviewer() { person $REVIEWER_UID "$@"; }
sum() { grep -o "\"$1\":[0-9][0-9]*" "$stage/out" | sed 's/.*://' | awk '{n += $1} END {print n + 0}'; }
all_acknowledged() { # NUMBER: of each channel
    operator 0 acknowledged status --json
    [ "$(sum acknowledged)" = $((3 * $1)) ]
}
ask() {
    curl -sS --max-time 20 --cacert "$stage/ca.pem" --cert "$stage/bank.pem" --key "$stage/bank.key" -o "$stage/answer.json" -w '%{http_code}' \
        "https://localhost:$gateway_port/v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review"
}
same_processes() { [ "$gateway_pid" = "$(sed -n 's/.*"parent":\([0-9]*\).*/\1/p' "$stage/state/processes.json")" ] && kill -0 "$gateway_pid"; }
fill() { dd if=/dev/zero of="$stage/state/ballast" bs=64k 2>/dev/null || true; dd if=/dev/zero of="$stage/state/ballast2" bs=512 2>/dev/null || true; }
free_up() { rm -f "$stage/state/ballast" "$stage/state/ballast2"; }

# --- a map of 1 MiB: everything is larger than that, and all processes have it open ---
cp "$register" "$stage/register.csv"
chmod 644 "$stage/register.csv"
operator 0 '"accepted":515' import --json "$stage/register.csv"
operator 0 '' propose --on "$today" --decided-on "$today" --document 粤失信认1号 --severity general --all
reviewer 0 '' approve --all --reason 一致
operator 0 '"done":' push --json
pushed=$(sum done)
stage_within 100 all_acknowledged "$pushed" || stage_fail "a small map: $(cat "$stage/out")"
[ "$(stat -c %s "$stage/state/store/data.mdb")" -gt 1048576 ] || stage_fail "the store was to grow beyond its first map"
same_processes || stage_fail "a small map ended the gateway"

# --- the disk is full: orders are refused, lookups say so, what is on its way waits ---
record=$(curl -s --unix-socket "$stage/admin.sock" 'http://gateway/admin/v1/records?list=live&limit=1' | grep -o 'R[0-9a-f]\{20\}' | head -1 || true)
[ -n "$record" ] || { operator 0 '' show 91440224MAYUCHK485 --json && record=$(grep -o 'R[0-9a-f]\{20\}' "$stage/out" | head -1); }
operator 0 '' dispute "$record" --reason 企业提出异议
reviewer 0 '' approve "$record" --reason 属实
operator 0 '' pause credit-guangdong --reason 检修
operator 0 '"done":1' push "$record" --json
fill
operator 2 '磁盘已满\|没有空间\|No space\|空间' push
[ "$(ask)" = 503 ] || stage_fail "a lookup that cannot be traced: $(cat "$stage/answer.json")"
operator 0 '"queued":1' status --json
same_processes || stage_fail "a full disk ended the gateway"
free_up
# Resumed while there is room, filled before the answer comes: the courier cannot write what it learns, and must not forget it.
curl -sf --unix-socket "$stage/control.sock" http://sandbox/control/faults -o "$stage/quiet" -d '{"next": [{"fault": "delay", "ms": 1500, "on": "upload"}]}'
operator 0 '' resume credit-guangdong --reason 就绪
sleep 0.5
fill
sleep 2.5
free_up
stage_within 60 all_acknowledged $((pushed + 1)) || stage_fail "after a full disk: $(cat "$stage/out")"
[ "$(ask)" = 200 ] || stage_fail "a lookup after a full disk: $(cat "$stage/answer.json")"
same_processes || stage_fail "a full disk ended the gateway later"

# --- the state folder may not be written ---
operator 0 '' settle "$record" --reason 异议不成立
reviewer 0 '' approve "$record" --reason 属实
# What is open for writing holds a file system; a read-only mount over it lets no new file be made.
read_only() { mount --bind "$stage/state" "$stage/state" && mount -o remount,ro,bind "$stage/state"; }
read_only
operator 2 '只读\|Read-only\|无法写入\|不可写' push
[ "$(ask)" = 200 ] || [ "$(ask)" = 503 ] || stage_fail "a lookup in a read-only folder: $(cat "$stage/answer.json")"
umount "$stage/state"
operator 0 '"done":1' push --json
stage_within 60 all_acknowledged $((pushed + 2)) || stage_fail "after a read-only folder: $(cat "$stage/out")"
same_processes || stage_fail "a read-only folder ended the gateway"

# --- nothing doubled, nothing invented; a start in a read-only folder says why it cannot be ---
for channel in $ALL_CHANNELS; do
    curl -sf --unix-socket "$stage/control.sock" "http://sandbox/control/state?platform=$channel" -o "$stage/out"
    [ "$(sum applied)" = $((pushed + 2)) ] || stage_fail "$channel applied $(sum applied), not $((pushed + 2))"
    ! grep -qE '"(different|older)":[1-9]' "$stage/out" || stage_fail "$channel was told something else: $(cat "$stage/out")"
done
stage_stop "$gateway_pid"
"$gate" rebuild --check --config "$stage/creditgate.yaml" >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"
read_only
got=0
"$gate" serve --config "$stage/creditgate.yaml" >"$stage/out" 2>&1 || got=$?
[ $got = 2 ] && grep -q '只读\|无法\|不可写\|Read-only' "$stage/out" || stage_fail "a start in a read-only folder: $got $(cat "$stage/out")"
umount "$stage/state"
stage_gateway
operator 0 信用广东 status
echo "a small map, a full disk, a read-only folder: $((pushed + 2)) versions on each of three channels, once each"

#!/bin/bash
# A running courier meets a disk that fails once, at each of its writes and syncs in turn: what it had learnt is written all the same, by
# itself or by the courier that is started after it, and each version arrives once. Nobody restarts the gateway.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
export ASAN_OPTIONS=detect_leaks=0 # cannot be told under ptrace
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/stage.sh"
stage_can_be_others && [ "$(id -u)" = 0 ] || { echo "skipped: two persons are needed, and to trace their processes: root" && exit 77; }
strace -o /dev/null true 2>/dev/null || { echo "skipped: strace is not here, or may not trace" && exit 77; }
CALLS_MAX=12 # of one name: more than one delivery makes
# In memory where it may be: the calls are the same, and nobody waits for a disk.
[ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && ! findmnt -no OPTIONS -T /dev/shm | grep -q noexec && export TMPDIR=/dev/shm

stage_open
for name in server sandbox gateway; do stage_certificate $name; done
stage_secrets
configure() { # SANDBOX_PORT
    stage_config calls "$1" '  - {name: bank, kind: lender, certificate: server.pem, domains: [lending]}'
    sed -i 's/    poll: 200ms/    poll: 20ms\n    retry_first: 20ms\n    retry_max: 200ms/' "$stage/creditgate.yaml"
}
configure 0
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"
stage_sandbox calls
configure "$sandbox_port"
stage_gateway
person() { # UID COMMAND…
    as_user "$1"
    shift
    "${as[@]}" "$gate" --config "$stage/creditgate.yaml" "$@" >"$stage/out" 2>&1 || stage_fail "$*: $(cat "$stage/out")"
}
acknowledged() {
    person $OPERATOR_UID status --json
    grep -q "\"acknowledged\":$1," "$stage/out"
}
{ head -1 "$here/../cases/register/register-dev.csv" && grep -m 1 ',逾期未退出,' "$here/../cases/register/register-dev.csv"; } >"$stage/register.csv"
chmod 644 "$stage/register.csv"
today=$(TZ=UTC-8 date +%F)
person $OPERATOR_UID import "$stage/register.csv"
person $OPERATOR_UID propose --on "$today" --decided-on "$today" --document 粤失信认1号 --severity general --all --json
record=$(grep -o 'R[0-9a-f]\{20\}' "$stage/out" | head -1)
person $REVIEWER_UID approve --all --reason 一致
person $OPERATOR_UID push
versions=1
stage_within 30 acknowledged $versions || stage_fail "the first: $(cat "$stage/out")"

next_version() {
    if [ $((versions % 2)) = 1 ]; then
        person $OPERATOR_UID dispute "$record" --reason 企业提出异议
    else
        person $OPERATOR_UID settle "$record" --reason 异议不成立
    fi
    person $REVIEWER_UID approve "$record" --reason 属实
    versions=$((versions + 1))
}
met=0
for call in pwrite64 writev fdatasync; do
    for error in EIO ENOSPC; do
        for number in $(seq $CALLS_MAX); do
            next_version
            courier=$(stage_pids courier)
            strace -qq -p "$courier" -o "$stage/trace" -e "trace=$call" -e "inject=$call:error=$error:when=$number" 2>"$stage/quiet" &
            tracer=$!
            stage_within 10 grep -qs '^TracerPid:[[:space:]]*[1-9]' "/proc/$courier/status" || stage_fail "strace does not trace: $(cat "$stage/quiet")"
            person $OPERATOR_UID push
            stage_within 30 acknowledged $versions || stage_fail "$call number $number, $error: version $versions is not acknowledged: $(cat "$stage/out" "$stage/trace")"
            kill "$tracer" 2>/dev/null || true
            wait "$tracer" 2>/dev/null || true
            grep -q INJECTED "$stage/trace" || break # the delivery makes no more of them
            met=$((met + 1))
        done
    done
done
[ $met -ge 12 ] || stage_fail "only $met faults were met"
kill -0 "$gateway_pid" || stage_fail "the gateway ended"
curl -sf --unix-socket "$stage/control.sock" http://sandbox/control/state -o "$stage/out"
grep -q "\"applied\":$versions," "$stage/out" || stage_fail "applied, of $versions: $(cat "$stage/out")"
! grep -qE '"received":([2-9]|1[0-9])|"(different|older)":[1-9]' "$stage/out" || stage_fail "told twice: $(cat "$stage/out")"
stage_stop "$gateway_pid"
"$gate" rebuild --check --config "$stage/creditgate.yaml" >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"
echo "$met calls of the courier failed, $versions versions arrived once each; it was started anew $(grep -c "courier.*ended with status" "$stage/gateway.log" || true) times"

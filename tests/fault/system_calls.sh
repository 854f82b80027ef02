#!/bin/bash
# Every system call on the state folder that one push makes (one transaction of journal, registry and outbox, and the files of its job)
# fails once: with EIO, with ENOSPC, and by the end of the process. What was reported as done is there, what was not is there as a
# whole or not at all, the journal makes the same tables, and the same order again ends as if nothing had happened.
set -eu -o pipefail
gate=$1
commit=$(dirname "$1")/../tests/fault_commit
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
export ASAN_OPTIONS=detect_leaks=0 # cannot be told under ptrace
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../scripts/stage.sh"
stage_can_be_others && [ "$(id -u)" = 0 ] || { echo "skipped: two persons are needed, and their state folder: root" && exit 77; }
strace -o /dev/null true 2>/dev/null || { echo "skipped: strace is not here, or may not trace" && exit 77; }
CALLS=openat,mmap,pread64,pwrite64,pwritev,write,writev,fdatasync,fsync,msync,sync_file_range,ftruncate,fallocate,rename,renameat,renameat2,mkdir,unlink,fcntl,flock
# What only reads leaves the disk as the call before it did: being killed there, or finding no room, is nothing new.
faults_of() { # CALL
    case $1 in
    mmap | pread64 | fcntl | flock) echo error=EIO ;;
    *) echo error=EIO error=ENOSPC signal=KILL ;;
    esac
}

# In memory where it may be: the calls are the same, and nobody waits for a disk.
[ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] && ! findmnt -no OPTIONS -T /dev/shm | grep -q noexec && export TMPDIR=/dev/shm

# --- a register, approved and not yet pushed; then the gateway stops ---
stage_open
for name in server gateway; do stage_certificate $name; done
stage_secrets
stage_config calls 0 '  - {name: bank, kind: lender, certificate: server.pem, domains: [lending]}'
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"
stage_channel 1 >>"$stage/creditgate.yaml"
stage_gateway
{ head -1 "$here/../cases/register/register-dev.csv" && grep -m 3 ',逾期未退出,' "$here/../cases/register/register-dev.csv"; } >"$stage/register.csv"
chmod 644 "$stage/register.csv"
today=$(TZ=UTC-8 date +%F)
person() { # UID COMMAND…
    as_user "$1"
    shift
    "${as[@]}" "$gate" --config "$stage/creditgate.yaml" "$@" >"$stage/out" 2>&1 || stage_fail "$*: $(cat "$stage/out")"
}
person $OPERATOR_UID import "$stage/register.csv"
person $OPERATOR_UID propose --on "$today" --decided-on "$today" --document 粤失信认1号 --severity general --all
person $REVIEWER_UID approve --all --reason 一致
stage_stop "$gateway_pid"
job=$("$commit" "$stage/creditgate.yaml" order)
mkdir "$stage/template" "$stage/trial"
mv "$stage/state" "$stage/template/state"

# --- one trial ---
again() { # a fresh copy of the state folder
    rm -rf "$stage/state"
    cp -a "$stage/template/state" "$stage/state"
}
wrong() {
    echo "WRONG: $call number $number, $fault: $*: $(cat "$stage/out" "$stage/told" 2>/dev/null)"
    exit 1
}
look() { "$commit" "$stage/creditgate.yaml" look >"$stage/look" 2>"$stage/told" || wrong "the store cannot be read"; }
same_tables() { "$gate" rebuild --check --config "$stage/creditgate.yaml" >"$stage/told" 2>&1 || wrong "the journal does not make these tables"; }
is_done() { grep -qs '"state":"done"' "$stage/state/jobs/$job/result.json"; }
run_once() { "$commit" "$stage/creditgate.yaml" run "$job" >"$stage/out" 2>&1; }

# Without a fault: what it calls on files of the state folder, and what comes of it.
again
strace -y -o "$stage/calls" -e "trace=$CALLS" "$commit" "$stage/creditgate.yaml" run "$job" >"$stage/out" 2>&1 || stage_fail "run: $(cat "$stage/out")"
is_done || stage_fail "the undisturbed push is not done: $(cat "$stage/state/jobs/$job/result.json")"
call=none number=0 fault=none
look
sort "$stage/look" >"$stage/expected"
[ "$(wc -l <"$stage/expected")" = 3 ] || stage_fail "3 deliveries were to be queued: $(cat "$stage/expected")"
same_tables

# NAME NUMBER: each call on the folder, counted among all of its name.
awk -v folder="$stage/state" '{name = $0; sub(/\(.*/, "", name); count[name]++; if (index($0, folder)) print name, count[name]}' "$stage/calls" >"$stage/list"
[ "$(grep -c -e fdatasync -e pwrite -e fsync "$stage/list")" -ge 4 ] || stage_fail "no commit among the calls: $(cat "$stage/calls")"

trials=0
while read -r call number; do
    for fault in $(faults_of "$call"); do
        again
        # In braces: the shell shall not tell of each that was killed.
        { strace -o "$stage/trace" -e "trace=$call" -e "inject=$call:$fault:when=$number" \
            "$commit" "$stage/creditgate.yaml" run "$job" >"$stage/out" 2>&1 || true; } 2>/dev/null
        grep -qE 'INJECTED|killed by SIGKILL' "$stage/trace" || wrong "nothing was injected"
        grep -E 'Sanitizer|runtime error' "$stage/out" && wrong "a sanitizer complains"
        look
        found=$(wc -l <"$stage/look")
        if is_done; then
            sort "$stage/look" | cmp -s - "$stage/expected" || wrong "reported as done, and is not there"
        else
            [ "$found" = 0 ] || sort "$stage/look" | cmp -s - "$stage/expected" || wrong "half of it is there"
        fi
        same_tables
        # The parent runs it again when there is no result; a person orders it again when there is a bad one.
        if ! is_done; then
            rm -f "$stage/state/jobs/$job/result.json"
            run_once || wrong "the same order again"
            is_done || wrong "the same order again is not done: $(cat "$stage/state/jobs/$job/result.json")"
            look
            sort "$stage/look" | cmp -s - "$stage/expected" || wrong "the same order again"
            same_tables
        fi
        trials=$((trials + 1))
    done
done <"$stage/list"
echo "$(wc -l <"$stage/list") calls, $trials faults: nothing lost, nothing doubled"

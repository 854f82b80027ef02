#!/bin/bash
# `creditgate sandbox --chaos SEED`: the seed that is named is the one that decides, and what is no seed is refused.
set -eu
gate=$1
. "$(dirname "$0")/../../scripts/stage.sh"

stage_open
for name in sandbox gateway; do stage_certificate $name; done
stage_secrets
mkdir -p "$stage/state/keys"
openssl genpkey -algorithm SM2 -out "$stage/state/keys/chaos-push-sm2-1.pem" 2>"$stage/quiet"
stage_sandbox_options chaos
! "$gate" sandbox --chaos many "$stage/sandbox.json" >"$stage/out" 2>&1 || stage_fail "a seed that is no number was taken"
seed_of() { curl -sf --unix-socket "$stage/control.sock" http://sandbox/control/faults | grep -o '"seed":[0-9]*,"rate":[0-9]*'; }
stage_start sandbox "$gate" sandbox --json --chaos 77 "$stage/sandbox.json"
stage_within 20 grep -qs '"port"' "$stage/sandbox.log" || stage_fail "the sandbox does not start"
[ "$(seed_of)" = '"seed":77,"rate":20' ] || stage_fail "another seed: $(seed_of)"

#!/bin/bash
# docs/integrators.md as a bank follows it: every command that it shows is run as it stands, from the certificate request to the
# proof, and every example program is run where its interpreter or compiler is.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
. "$source_folder/scripts/stage.sh"
which jq >/dev/null || { echo "no jq"; exit 77; }
stage_open
guide=$source_folder/docs/integrators.md
work=$stage/work
mkdir "$work"

# blocks: the commands of the guide, in their order; what stands in ```text is not run.
awk '/^```bash$/ {inside = 1; number++; next} /^```$/ {inside = 0} inside {print > sprintf("%s/block-%02d", folder, number)}' folder="$stage" "$guide"
[ "$(ls "$stage"/block-* | wc -l)" -ge 8 ] || stage_fail "the guide has hardly any commands"
run() { # BLOCK…
    (cd "$work" && cat "$@" | bash -eu -o pipefail) >"$stage/out" 2>"$stage/errors" || stage_fail "$*: $(cat "$stage/out" "$stage/errors")"
}

# --- the certificate request, and the operator who signs it ---
run "$stage/block-01"
stage_start trial "$source_folder/scripts/trial" --with "$gate" "$work/bank.csr"
stage_within 60 grep -q '^export GATE=' "$stage/trial.log" || stage_fail "scripts/trial does not start"
GATE=$(sed -n 's/^export GATE=//p' "$stage/trial.log")
export GATE

# --- every command, one shell for all ---
began=$(date +%s%N)
run $(ls "$stage"/block-* | tail -n +2)
told() { grep -qF -- "$1" "$stage/out" || stage_fail "the commands do not tell $1: $(cat "$stage/out")"; }
told '"verdict": "listed"'
told '"test": true'
told '["lending",["'
told '["unknown","withheld"]'
told '"rule": "uscc.check"'
told '["91440224MAYY00050H","not-listed"]'
told '[null,"uscc.check"]'
told '"listed"]'
told '"given":1'
told '"left":0'
told 'signature-input: bank=('
grep -A1 -x not-listed "$stage/out" | grep -qx listed || stage_fail "the two days are not told apart: $(cat "$stage/out")"
(cd "$work" && "$gate" verify proof.json --answer answer.json --keys keys.json) >"$stage/out" 2>&1 || stage_fail "the proof that was kept: $(cat "$stage/out")"
echo "all commands in $((($(date +%s%N) - began) / 1000000)) ms"

# --- the test list that the guide shows is the one there is ---
curl -sS --cacert "$work/ca.pem" --cert "$work/bank.pem" --key "$work/bank.key" "$GATE/v1/test-list" >"$stage/list.json"
jq -r '.enterprises[] | "| `\(.uscc)` | \(.zh) · \(.en) |"' "$stage/list.json" >"$stage/rows"
while IFS= read -r row; do
    grep -qxF -- "$row" "$guide" || stage_fail "not in the guide: $row"
done <"$stage/rows"
[ "$(grep -c '^| `91440224MAYY' "$guide")" = "$(wc -l <"$stage/rows")" ] || stage_fail "the guide shows codes that are not in the list"

# --- the programs: each tells the same ---
codes="91440224MAYY000186 91440224MAYY00050H 91440224MAYY00157W 91440224MAYY000187"
ran=0
skipped=0
program() { # LAST COMMAND…: what it says besides the verdicts
    local said=$1
    shift
    (cd "$work" && CA=ca.pem CERT=bank.pem KEY=bank.key CREDITGATE=$gate "$@" $codes) >"$stage/out" 2>"$stage/errors" || stage_fail "$*: $(cat "$stage/out" "$stage/errors")"
    for line in '91440224MAYY000186 listed lending.1 lending.2 R' '91440224MAYY00050H not-listed' '91440224MAYY00157W unknown withheld' \
        '91440224MAYY000187 problem uscc.check' 'feedback given, 0 left' "$said"; do
        grep -q "^$line" "$stage/out" || stage_fail "$*: no line \"$line\": $(cat "$stage/out")"
    done
    # Where nobody answers it must not end well, nor name a verdict.
    ran=$((ran + 1))
}
where() { # PROGRAM LAST COMMAND…: when the program is there
    local what=$1
    shift
    if which "$what" >/dev/null; then program "$@"; else skipped=$((skipped + 1)) && echo "skipped: no $what"; fi
}
examples=$source_folder/docs/examples
where curl "proof good" bash "$examples/lookup.sh"
if python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    program "proof good" python3 "$examples/lookup.py"
else
    skipped=$((skipped + 1)) && echo "skipped: no Python 3.11"
fi
where java "signature good" java "$examples/Lookup.java"
if which cc >/dev/null && pkg-config --exists libcurl jansson 2>/dev/null; then
    cc -std=c11 -Wall -Wextra -Werror -o "$stage/lookup" "$examples/lookup.c" $(pkg-config --cflags --libs libcurl jansson) 2>"$stage/errors" || stage_fail "lookup.c: $(cat "$stage/errors")"
    program "proof kept" "$stage/lookup"
    (cd "$work" && "$gate" verify proof.json --answer answer.json --keys keys.json) >"$stage/out" 2>&1 || stage_fail "the proof that lookup.c kept: $(cat "$stage/out")"
else
    skipped=$((skipped + 1)) && echo "skipped: no cc with libcurl and jansson"
fi
[ "$ran" -gt 0 ] || stage_fail "no example ran"

# --- a program that is told a lie, or refused, does not end well ---
if python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    cat >"$stage/tamper.py" <<'END'
import json, sys
sys.argv = ["lookup.py"]
sys.path.insert(0, sys.path.pop())
import lookup
answer, proof = open("answer.json", "rb").read(), json.load(open("proof.json"))
lookup.check_proof(answer, proof)
for changed in (answer.replace(b"listed", b"lifted"), answer + b" "):
    try:
        lookup.check_proof(changed, proof)
    except ValueError:
        continue
    sys.exit("another answer is taken for the one that was proved")
proof["entry"] = proof["entry"].replace("credit-review", "credit-revieW")
try:
    lookup.check_proof(answer, proof)
except ValueError:
    sys.exit(0)
sys.exit("a changed entry is taken for the one in the log")
END
    (cd "$work" && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$examples" python3 "$stage/tamper.py") 2>"$stage/errors" || stage_fail "lookup.py: $(cat "$stage/errors")"
fi
! (cd "$work" && bash "$examples/lookup.sh" 91440224MAYY000187) >"$stage/out" 2>&1 || stage_fail "a refused question ends well: $(cat "$stage/out")"
grep -q 'uscc.check' "$stage/out" || stage_fail "it does not say why: $(cat "$stage/out")"
stage_stop "${started[-1]}"
echo "integrators: $ran programs ran, $skipped skipped"

#!/bin/bash
# Labelled questions on a register of names, without a gateway: what is counted, what went wrong, and what cannot be used.
set -eu -o pipefail
gate=$1
unset CREDITGATE_CONFIG CREDITGATE_LANG
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
names=$source_folder/tests/cases/names
out=$(mktemp)
made=$(mktemp)
trap 'rm -f "$out" "$made"' EXIT
fail() { echo "WRONG: $*" >&2 && cat "$out" >&2 && exit 1; }
check() { # STATUS ARGUMENTS…
    local wanted=$1 got=0
    shift
    "$gate" --lang en names-check --data "$source_folder" "$@" >"$out" 2>&1 || got=$?
    [ "$got" = "$wanted" ] || fail "names-check $*: $got"
}
check 0 "$names/register-dev-names.tsv" "$names/questions.jsonl"
grep -q 'companies 500, names 500, refused rows 0' "$out" || fail "the register"
grep -q 'recall 1.0000' "$out" && grep -q 'first right 1.0000, questions 9' "$out" && grep -q 'called same 0' "$out" || fail "the counts"
check 0 --json "$names/register-dev-names.tsv" "$names/questions.jsonl" "$names/questions.jsonl"
[ "$(grep -o '"recall":1.0' "$out" | wc -l)" = 2 ] || fail "two sets as JSON"

# A wrong answer is told with its line; one that is ambiguous and called same ends in 1.
printf '%s\n' '{"query":"韶关市璞廪钢铁有限公司","truth":"91441303MAY1A0TP3P","kind":"made-wrong","strength":"same"}' \
    '{"query":"惠州市锴屿电解铝有限公司","truth":null,"kind":"made-ambiguous","strength":"ambiguous"}' >"$made"
check 1 "$names/register-dev-names.tsv" "$made"
grep -qP "^  1\twrong\tmade-wrong\t[01]\.\d+\t韶关市璞廪钢铁有限公司\t91440224MAYUCHK485 .*← 91441303MAY1A0TP3P 惠州市锴屿电解铝有限公司" "$out" || fail "the wrong case"
grep -qP '^  2\tambiguous-same\tmade-ambiguous\t' "$out" || fail "the ambiguous case"

# Former names from a file of their own.
printf 'uscc\tformer_name\n91440224MAYUCHK485\t韶关市旧廪轧钢厂\n' >"$made.tsv"
printf '{"query":"韶关市旧廪轧钢厂","truth":"91440224MAYUCHK485","kind":"former","strength":"same"}\n' >"$made"
check 0 "$names/register-dev-names.tsv" "$made" --former "$made.tsv"
rm -f "$made.tsv"
grep -q 'names 501' "$out" && grep -q 'first right 1.0000' "$out" || fail "a former name"

printf 'no question\n' >"$made"
check 2 "$names/register-dev-names.tsv" "$made"
check 2 "$made" "$names/questions.jsonl"
check 2 "$names/register-dev-names.tsv"
check 2 "$names/register-dev-names.tsv" "$names/questions.jsonl" --false-percent 101
echo good

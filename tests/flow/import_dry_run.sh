#!/bin/bash
# The sample registers are accepted in all three forms; each malformed file gets the verdict of its index, on the rows it names, and the exit
# status says which of the three it was.
set -u
gate=$1
cases=$(cd "$(dirname "$0")/../cases" && pwd)
failed=0
wrong() { echo "WRONG: $*"; failed=1; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT

for file in register-dev.csv register-dev.gb18030.csv register-dev.xlsx; do
    "$gate" import --dry-run --on 2026-07-31 --json "$cases/register/$file" >"$out" || wrong "$file: status $?"
    grep -q '"rows":515,"accepted":515,"unchanged":0,"refused":0' "$out" || wrong "$file: $(head -c 200 "$out")"
done
grep -q '"encoding":"xlsx"' "$out" || wrong "the encoding must be told"

# file, exit status, then the lines that are refused (data row + 1; 1 for a file that is unusable)
check() {
    file=$(echo "$cases/bad-register/$1"-*)
    "$gate" import --dry-run --on 2026-07-31 --json "$file" >"$out" 2>/dev/null
    status=$?
    [ $status = "$2" ] || wrong "$1: status $status, not $2"
    lines=$(grep -o '"line":[0-9]*,[^{]*"severity":"error"' "$out" | sed 's/"line":\([0-9]*\).*/\1/' | sort -nu | tr '\n' ' ')
    [ "$lines" = "$3" ] || wrong "$1: lines '$lines', not '$3'"
}
check 001 1 "5 "
check 002 1 "2 "
check 003 1 "3 "
check 004 1 "4 "
check 005 1 "2 "
check 006 1 "3 "
check 007 2 "1 "
check 008 0 ""
check 009 0 ""
check 010 2 "1 "
check 011 2 "1 "
check 012 0 ""
check 013 2 "1 "
check 014 0 ""
check 015 1 "5 "
check 016 1 "3 "
check 017 1 "3 "
check 018 1 "2 "
check 019 2 "1 "
check 020 1 "5 "

# A file that is unusable is still one object: no rows, one problem.
"$gate" import --dry-run --json "$cases"/bad-register/007-* 2>/dev/null >"$out"
grep -q '"encoding":null,"rows":0,"accepted":0,"unchanged":0,"refused":0,"problems":\[{"line":1,.*"rule":"file.columns","severity":"error"' "$out" ||
    wrong "unusable: $(cat "$out")"
"$gate" import --dry-run "$cases/bad-register/none.csv" >"$out" 2>&1
[ $? = 2 ] || wrong "a file that is not there"
"$gate" import --dry-run --lang en "$cases"/bad-register/001-* | grep -q 'check character' || wrong "English"
exit $failed

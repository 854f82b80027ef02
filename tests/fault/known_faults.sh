#!/bin/bash
# Every test that known_faults.md names is there under that name.
set -eu
cd "$(dirname "$0")/../.."
missing=0
names=$(sed -n '/^## /,$p' tests/known_faults.md | grep -o '`[a-z_/.A-Z0-9]*/[a-z_.A-Z0-9]*`' | tr -d '`' | sort -u)
[ "$(wc -w <<<"$names")" -gt 40 ] || { echo "known_faults.md names too little: $names"; exit 1; }
for name in $names; do
    case $name in
    tests/*) [ -e "$name" ] || { echo "there is no file $name"; missing=1; } ;;
    *) grep -rqE "^Test\(${name%/*}, ${name#*/}[,)]" tests/unit || { echo "there is no test $name"; missing=1; } ;;
    esac
done
exit $missing

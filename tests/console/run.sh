#!/bin/bash
# run.sh types|unit|browser [SPEC]: one of the console's tests, in the copies that the build made (cmake/console.cmake). 77: what
# it needs is not on this machine, and it says what.
set -eu
cd "$(dirname "$0")/../../console"
node=${NODE:-node}

skip() {
    echo "skipped: $1"
    exit 77
}

case $1 in
types)
    "$node" node_modules/vue-tsc/bin/vue-tsc.js --noEmit
    exec "$node" node_modules/vue-tsc/bin/vue-tsc.js --noEmit -p tsconfig.tests.json
    ;;
unit) exec "$node" node_modules/vitest/vitest.mjs run --project unit ;;
browser)
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || skip "no Chromium (the package chromium)"
    [ "$("$node" -p 'process.versions.node.split(".")[0]')" -ge 20 ] || skip "Playwright wants node 20 or newer, here is $("$node" --version)"
    case $2 in */story.spec.ts) set -- "$@" --bail 1 ;; esac # the steps of a story
    exec "$node" node_modules/vitest/vitest.mjs run --project browser "../$2" "${@:3}"
    ;;
esac
echo "types, unit or browser, not $1" >&2
exit 2

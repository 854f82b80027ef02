#!/bin/bash
# Ask before lending: lookup with retry, verdict, batch, feedback, proof. curl and jq.
#
#     GATE=https://HOST:PORT CA=ca.pem CERT=bank.pem KEY=bank.key bash lookup.sh CODE…
#
# The first code is asked alone; on what it shows a feedback is given and the proof of the answer is kept (and checked where
# the creditgate program is at hand: CREDITGATE=…). Then all are asked in one batch.
set -eu -o pipefail
: "${GATE:?}" "${CA:=ca.pem}" "${CERT:=bank.pem}" "${KEY:=bank.key}"
domain=lending
asked='purpose=credit-review&operator=zhangsan&department=XD-01'
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT

# call FILE PATH [CURL…]: the answer is in FILE. Again after 429 and 503 (as long as Retry-After says) and after a broken
# connection: a lookup may be repeated at will, a feedback because its Idempotency-Key stays the same.
call() {
    local file=$1 path=$2 try status wait
    shift 2
    for try in 1 2 4 8 16 30; do
        status=$(curl -sS --max-time 20 --cacert "$CA" --cert "$CERT" --key "$KEY" -D "$kept/head" -o "$file" -w '%{http_code}' \
            "$@" "$GATE$path") || status=000
        case $status in
        2??) return 0 ;;
        429 | 503) wait=$(sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9]*\).*/\1/p' "$kept/head") ;;
        000) wait="" ;;
        *) break ;;
        esac
        sleep "${wait:-$try}"
    done
    # An RFC 9457 problem: `rule` is stable, to be programmed against; the texts are for people.
    jq -r '"\(.status) \(.rule // ""): \(.detail_zh) \(.detail)"' "$file" >&2
    return 1
}

# `unknown` is not a kind of `not-listed`: nobody may decide on it. In a single answer measures are whole, in a batch ids.
tell='if .verdict == "listed" then "\(.uscc) listed \([.measures[] | if type == "string" then . else .id end] + [.records[].record] | join(" "))"
    elif .verdict == "not-listed" then "\(.uscc) not-listed"
    elif .verdict == "unknown" then "\(.uscc) unknown \(.reason.code) - do not decide, have it looked at"
    else "\($code) problem \(.rule)" end'

call "$kept/answer.json" "/v1/lookups/$domain/$1?$asked"
jq -r --arg code "$1" "$tell" "$kept/answer.json"
receipt=$(jq -r .receipt "$kept/answer.json")

if [ "$(jq -r .verdict "$kept/answer.json")" = listed ]; then
    # Owed for every record shown, quoting the receipt; the key makes a repeat harmless.
    jq '{receipt, details: [.records[] | {id: .record, result: "other", action: "转人工审查"}]}' "$kept/answer.json" >"$kept/feedback.json"
    call "$kept/given.json" /v1/feedback -H "Idempotency-Key: \"$(cat /proc/sys/kernel/random/uuid)\"" \
        -H 'Content-Type: application/json' --data-binary "@$kept/feedback.json"
    jq -r '"feedback given, \(.left) left"' "$kept/given.json"
fi

call "$kept/proof.json" "/v1/receipts/$receipt"
call "$kept/keys.json" /v1/keys
if [ -n "${CREDITGATE:-}" ]; then
    "$CREDITGATE" verify "$kept/proof.json" --answer "$kept/answer.json" --keys "$kept/keys.json" >"$kept/verified"
    echo "proof good"
else
    echo "proof kept" # proof.json, answer.json and keys.json are to be kept; creditgate verify checks them at any time
fi

jq -n --args '{purpose: "credit-review", operator: "zhangsan", department: "XD-01", subjects: [$ARGS.positional[] | {uscc: .}]}' "$@" >"$kept/batch.json"
call "$kept/results.json" "/v1/lookups/$domain" -H 'Content-Type: application/json' --data-binary "@$kept/batch.json"
# One that could not be answered does not spoil the others; the order is that of the question.
jq -r --args "[.results, \$ARGS.positional] | transpose[] | .[1] as \$code | .[0] | $tell" "$@" <"$kept/results.json"

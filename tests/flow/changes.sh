#!/bin/bash
# A bank keeps a copy by GET /v1/changes: built from the beginning in small pages it is what lookups say, it goes on from `next`
# without missing or repeating anything, a question that waits is answered when something changes, and what ended or may not be
# told any more leaves the copy.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
. "$(dirname "$0")/../../scripts/stage.sh"
stage_can_be_others || { echo "skipped: two persons are needed, root or sudo without a password"; exit 77; }
command -v python3 >/dev/null || { echo "skipped: python3 is needed"; exit 77; }
today=$(TZ=UTC-8 date +%F)

stage_open
for name in server bank; do stage_certificate $name; done
stage_config changes 0 "  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending], requests_per_minute: 1000000}"
config="$stage/creditgate.yaml"
"$gate" init --config "$config" >"$stage/quiet"
stage_gateway

staff() { # UID COMMAND…
    as_user "$1"
    shift
    "${as[@]}" "$gate" --config "$config" "$@" >"$stage/out" 2>&1 || stage_fail "creditgate $*: $(head -c 2000 "$stage/out")"
}
fetch() { # FILE PATH…
    local file=$1
    shift
    curl -sS --max-time 40 --cacert "$stage/ca.pem" --cert "$stage/bank.pem" --key "$stage/bank.key" -o "$file" "$@" || stage_fail "no answer: $*"
}
base() { echo "https://localhost:$gateway_port"; }
page() { # FILE AFTER [MORE]
    fetch "$1" "$(base)/v1/changes?domain=lending&purpose=credit-review&after=$2${3:-}"
    grep -q '"next":' "$1" || stage_fail "no page after $2: $(head -c 1000 "$1")"
}
number() { grep -o "\"$2\":[0-9]*" "$1" | tail -1 | sed 's/.*://'; }
# keep AFTER: take all pages of at most seven into the copy; says where the next begins.
keep() {
    local after=$1 next
    while :; do
        page "$stage/page" "$after" "&limit=7"
        python3 - "$stage/page" "$stage/copy" "$after" <<'END' || stage_fail "the page after $after: $(head -c 2000 "$stage/page")"
import json, os, sys
page, path = json.load(open(sys.argv[1])), sys.argv[2]
copy = json.load(open(path)) if os.path.exists(path) else {}
last = int(sys.argv[3]) - 1
assert len(page["changes"]) <= 7, "more than was asked for"
for change in page["changes"]:
    assert last < change["sequence"] < page["next"], "repeated, or out of order"
    last = change["sequence"]
    assert (change["record"] is not None) == (change["state"] == "listed"), change
    copy[change["id"]] = change
json.dump(copy, open(path, "w"))
END
        next=$(number "$stage/page" next)
        grep -q '"more":true' "$stage/page" || break
        [ "$next" -gt "$after" ] || stage_fail "a page that leads nowhere: $(head -c 1000 "$stage/page")"
        after=$next
    done
    echo "$next"
}
# All of the copy, and of the register: what is listed by the one is listed by the other, with the same records.
compare() {
    python3 - "$cases/register/register-dev.csv" "$stage/question" <<'END'
import csv, json, sys
codes = sorted({row["统一社会信用代码"] for row in csv.DictReader(open(sys.argv[1], encoding="utf-8-sig"))})
json.dump({"purpose": "credit-review", "subjects": [{"uscc": code} for code in codes]}, open(sys.argv[2], "w"))
END
    fetch "$stage/answer" --data @"$stage/question" "$(base)/v1/lookups/lending"
    python3 - "$stage/answer" "$stage/copy" <<'END' || stage_fail "the copy is not what lookups say: $(cat "$stage/copy" | head -c 1000)"
import json, sys
results = json.load(open(sys.argv[1]))["results"]
copy = json.load(open(sys.argv[2])).values()
told = {record["record"]: record for result in results if "verdict" in result for record in result["records"]}
kept = {change["id"]: change["record"] for change in copy if change["state"] == "listed"}
assert told.keys() == kept.keys(), (told.keys() ^ kept.keys())
for id, record in kept.items():
    assert told[id] == record, (told[id], record)
withheld = {change["uscc"] for change in copy if change["state"] == "withheld"}
for result in results:
    if result.get("uscc") in withheld and not result["records"]:
        assert result["verdict"] == "unknown" and result["reason"]["code"] == "withheld", result
print(len(kept), "records")
END
}
state_of() { python3 -c 'import json, sys; c = json.load(open(sys.argv[1]))[sys.argv[2]]; print(c["state"], c.get("ended_by"))' "$stage/copy" "$1"; }

# --- nothing yet, then a copy from the beginning ---
next=$(keep 0)
[ ! -e "$stage/copy" ] || [ "$(cat "$stage/copy")" = "{}" ] || stage_fail "an empty register tells of changes: $(cat "$stage/copy")"
cp "$cases/register/register-dev.csv" "$stage/register.csv"
chmod 644 "$stage/register.csv"
staff $OPERATOR_UID import "$stage/register.csv"
staff $OPERATOR_UID propose --on "$today" --document 粤工信失信〔2026〕1号 --decided-on "$today" --severity general
staff $REVIEWER_UID approve --all
rm -f "$stage/copy"
next=$(keep 0)
listed=$(compare) || exit 1
[ "${listed% *}" -gt 50 ] || stage_fail "only $listed"
page "$stage/page" "$next"
grep -q '"changes":\[\]' "$stage/page" && [ "$(number "$stage/page" next)" -ge "$next" ] || stage_fail "told twice: $(head -c 1000 "$stage/page")"
fetch "$stage/page" "$(base)/v1/changes?domain=lending&purpose=credit-review&after=$((next + 1000000))"
grep -q '"rule":"changes.after"' "$stage/page" || stage_fail "beyond the journal: $(cat "$stage/page")"

# --- waiting in vain ends, and says where to go on ---
began=$(date +%s%N)
page "$stage/page" "$next" "&wait=1"
took=$((($(date +%s%N) - began) / 1000000))
[ $took -ge 900 ] && grep -q '"changes":\[\]' "$stage/page" || stage_fail "$took ms: $(head -c 1000 "$stage/page")"

# --- waiting ends when something changes ---
code=91440224MAYUCHK485 # whose turn comes later
record=$(python3 -c 'import json, sys; print(min(k for k, v in json.load(open(sys.argv[1])).items() if v["uscc"] != sys.argv[2]))' "$stage/copy" $code)
staff $OPERATOR_UID withdraw "$record" --reason 不应认定
page "$stage/page" "$next" # asking for a withdrawal changes nothing yet
grep -q '"changes":\[\]' "$stage/page" || stage_fail "a withdrawal that nobody approved is told: $(head -c 1000 "$stage/page")"
page "$stage/waited" "$(number "$stage/page" next)" "&wait=30" &
waiting=$!
sleep 1
kill -0 $waiting 2>/dev/null || stage_fail "it does not wait: $(cat "$stage/waited")"
began=$(date +%s%N)
staff $REVIEWER_UID approve "$record"
wait $waiting || stage_fail "the question that waits failed"
took=$((($(date +%s%N) - began) / 1000000))
grep -q "\"id\":\"$record\"" "$stage/waited" && grep -q '"state":"ended"' "$stage/waited" && [ $took -lt 20000 ] ||
    stage_fail "after $took ms: $(head -c 1000 "$stage/waited")"
echo "told $took ms after the approval began" # said, not judged further: the machine may be busy
next=$(keep "$next")
[ "$(state_of "$record")" = "ended withdrawn" ] || stage_fail "$record is $(state_of "$record")"
listed=$(compare) || exit 1

# --- what the register contradicts is withheld ---
sed -i "/$code/s/,逾期未退出,,/,已撤销,,/" "$stage/register.csv"
staff $OPERATOR_UID import "$stage/register.csv"
next=$(keep "$next")
doubtful=$(python3 -c 'import json, sys; print(" ".join(k for k, v in json.load(open(sys.argv[1])).items() if v["uscc"] == sys.argv[2] and v["state"] == "withheld"))' "$stage/copy" $code)
[ -n "$doubtful" ] || stage_fail "nothing about $code is withheld: $(grep -o "[^{]*$code[^}]*" "$stage/copy" | head -c 1000)"
listed=$(compare) || exit 1

# --- a second copy, from the beginning, is the same as the first ---
mv "$stage/copy" "$stage/first"
[ "$(keep 0)" -ge "$next" ] || stage_fail "the second copy ends elsewhere"
python3 - "$stage/first" "$stage/copy" <<'END' || stage_fail "two copies differ"
import json, sys
first, second = (json.load(open(path)) for path in sys.argv[1:])
listed = [{id: change["record"] for id, change in copy.items() if change["state"] == "listed"} for copy in (first, second)]
assert listed[0] == listed[1]
END
stage_stop "$gateway_pid"
echo good

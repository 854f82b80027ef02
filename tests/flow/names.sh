#!/bin/bash
# Companies by name through the running gateway: not before the index is there, by a misspelt name, under a former name, whatever is
# killed, in batches beside codes; each answer proved, the register of names kept, backed up and missed when it is gone.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
. "$(dirname "$0")/../../scripts/stage.sh"
OPERATOR_UID=$(id -u)

stage_open
for name in server bank; do stage_certificate $name; done
stage_config names 0 "  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending], requests_per_minute: 1000000}"
config="$stage/creditgate.yaml"
sed -i 's/roles: \[operator, auditor\]/roles: [operator, auditor, administrator]/' "$config"
"$gate" init --config "$config" >"$stage/quiet"
stage_gateway

staff() { # STATUS ARGUMENTS…
    local wanted=$1 got=0
    shift
    "$gate" --config "$config" "$@" >"$stage/out" 2>&1 || got=$?
    [ "$got" = "$wanted" ] || stage_fail "creditgate $*: $got instead of $wanted: $(cat "$stage/out")"
}
call() { # STATUS TEXT PATH [CURL…]
    local status=$1 text=$2 path=$3 got
    shift 3
    got=$(curl -sS --max-time 30 --cacert "$stage/ca.pem" --cert "$stage/bank.pem" --key "$stage/bank.key" -o "$stage/answer" \
        -D "$stage/head" -w '%{http_code}' "$@" "https://localhost:$gateway_port$path")
    [ "$got" = "$status" ] && grep -q -- "$text" "$stage/answer"
}
ask() { # STATUS TEXT NAME
    call "$1" "$2" /v1/names -G --data-urlencode "q=$3" --data purpose=credit-review --data domain=lending
}
call_other() { # a lookup, with an answer of its own
    curl -sS --max-time 4 --cacert "$stage/ca.pem" --cert "$stage/bank.pem" --key "$stage/bank.key" -o "$stage/other" \
        "https://localhost:$gateway_port/v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review" && grep -q '"verdict"' "$stage/other" ||
        stage_fail "a lookup waits for names: $(cat "$stage/other")"
}
must_ask() { ask "$@" || stage_fail "expected $1 and \"$2\" for $3: $(cat "$stage/head" "$stage/answer")"; }
is_first() { # CODE STRENGTH NAME
    ask 200 . "$3" && grep -q "^{\"candidates\":\[{[^]]*\][^}]*\"strength\":\"$2\",\"uscc\":\"$1\"}" "$stage/answer"
}
must_be_first() { stage_within 20 is_first "$@" || stage_fail "expected $1 ($2) first for $3: $(cat "$stage/answer")"; }

# --- a register of names, judged row by row ---
register=$stage/names.tsv
{ cat "$cases/names/register-dev-names.tsv" && printf '%s\tindex\n' '91440224MAYUCHK486	韶关市某某有限公司	广东	韶关市' '92440224MAYUCHK482	韶关市禤彧饮食店	广东	韶关市'; } >"$register"
staff 1 names-register "$register" --on 2026-11-01
grep -q '“91440224MAYUCHK486”不是有效的统一社会信用代码' "$stage/out" && grep -q '企业 501' "$stage/out" || stage_fail "names-register: $(cat "$stage/out")"
sha256=$(sha256sum <"$register" | cut -d' ' -f1)
cmp -s "$register" "$stage/state/names/$sha256" || stage_fail "the register is not kept"
staff 1 --lang en names-register "$register" --on 2026-11-01
grep -q 'nothing changed' "$stage/out" || stage_fail "the same register again: $(cat "$stage/out")"
staff 2 names-register "$register" --on 2026-10-01
printf 'no\theading\n' >"$stage/bad.tsv"
staff 2 names-register "$stage/bad.tsv"
with_register() { ask 200 "\"register\":\"$sha256\"" 璞廪 && grep -q '"edition":"2026-11-01"' "$stage/answer"; }
stage_within 30 with_register || stage_fail "the register is not used: $(cat "$stage/answer")"

# --- found, and never a verdict ---
must_be_first 91440224MAYUCHK485 same 韶关市璞廪钢铁有限公司
must_be_first 91440224MAYUCHK485 likely 韶关市璞凛钢铁有限公司
! grep -qE 'verdict|listed"' "$stage/answer" || stage_fail "a verdict: $(cat "$stage/answer")"
receipt=$(grep -o '"receipt":"[^"]*' "$stage/answer" | sed 's/.*"//')
cp "$stage/answer" "$stage/told"
must_be_first 91440224MAYUCHK485 same '韶关市（璞廪）钢铁 有限公司'
must_ask 200 '"candidates":\[' 有限公司
! grep -q '"strength":"same"' "$stage/answer" || stage_fail "a generic word is the same as something: $(cat "$stage/answer")"
must_ask 400 '"rule":"names.missing"' ''
must_ask 400 '"rule":"names.text"' "$(printf '长%.0s' {1..200})"
call 400 '"rule":"purpose.missing"' "/v1/names?q=x" || stage_fail "no purpose: $(cat "$stage/answer")"
call 400 '"rule":"query.unknown"' "/v1/names?q=x&purpose=credit-review&uscc=1" || stage_fail "unknown: $(cat "$stage/answer")"
call 400 . "/v1/names?q=%FF%FE&purpose=credit-review" || stage_fail "no UTF-8: $(cat "$stage/answer")"
call 414 . "/v1/names?purpose=credit-review&q=$(printf '%%E9%%95%%BF%.0s' {1..1200})" || stage_fail "10 kB: $(cat "$stage/head")"
call 200 '"domain":"lending"' "/v1/names?q=x&purpose=credit-review" || stage_fail "without a domain: $(cat "$stage/answer")"

# --- an individual business is a person: masked unless the purpose shows such data ---
must_ask 200 '"candidates":\[{"masked":\["name","uscc"\],"name":"韶\*\*",.*"uscc":"92\*\*"}' 韶关市禤彧饮食店
printf '{"purpose":"credit-review","subjects":[{"name":"韶关市禤彧饮食店"}]}' >"$stage/body"
call 200 '"masked":\["name","uscc"\]' /v1/lookups/lending --data @"$stage/body" -H 'Content-Type: application/json' || stage_fail "masked in a batch: $(cat "$stage/answer")"
! grep -q 92440224MAYUCHK482 "$stage/answer" || stage_fail "a person's code: $(cat "$stage/answer")"
staff 0 names 韶关市禤彧饮食店
grep -q 92440224MAYUCHK482 "$stage/out" || stage_fail "staff see no code: $(cat "$stage/out")"

# --- the receipt of an answer, proved ---
proven() { call 200 . "/v1/receipts/$receipt"; }
stage_within 20 proven || stage_fail "no proof: $(cat "$stage/answer")"
cp "$stage/answer" "$stage/proof"
grep -q 韶关市璞凛钢铁有限公司 "$stage/proof" && grep -q '\[\\"91440224MAYUCHK485\\",[0-9]*\]' "$stage/proof" || stage_fail "what was asked and shown: $(cat "$stage/proof")"
staff 0 verify "$stage/proof" --answer "$stage/told"
sed 's/"strength":"likely"/"strength":"same"/' "$stage/told" >"$stage/other"
staff 1 verify "$stage/proof" --answer "$stage/other"
signed() { call 200 . "/v1/names?q=x&purpose=credit-review" -H 'Accept-Signature: sig=("@status" "content-digest" "@method";req);created;tag="creditgate-answer"'; }
signed || stage_fail "signed: $(cat "$stage/answer")"
grep -qi '^signature-input: sig=' "$stage/head" || stage_fail "no signature: $(cat "$stage/head")"

# --- a renamed enterprise under both names, at once ---
staff 0 import "$cases/register/register-dev.csv"
sed 's/韶关市璞廪钢铁有限公司/韶关市翀晔新材料有限公司/' "$cases/register/register-dev.csv" >"$stage/renamed.csv"
staff 0 import "$stage/renamed.csv"
began=$(date +%s%N)
stage_within 5 is_first 91440224MAYUCHK485 same 韶关市翀晔新材料有限公司 || stage_fail "the new name: $(cat "$stage/answer")"
echo "a new name after $((($(date +%s%N) - began) / 1000000)) ms"
must_be_first 91440224MAYUCHK485 same 韶关市璞廪钢铁有限公司
grep -q '"name":"韶关市翀晔新材料有限公司"' "$stage/answer" && grep -q '"reason":"former' "$stage/answer" || stage_fail "the former name: $(cat "$stage/answer")"

# --- names and codes in one question, each its own ---
printf '{"purpose":"credit-review","subjects":[{"name":"韶关市翀晔新材料公司"},{"uscc":"91440224MAYUCHK485"},{"name":""},{"name":"长%s"},{"uscc":"x"}]}' \
    "$(printf '长%.0s' {1..200})" >"$stage/body"
call 200 . /v1/lookups/lending --data @"$stage/body" -H 'Content-Type: application/json' || stage_fail "batch: $(cat "$stage/answer")"
# shellcheck disable=SC2016
tr -d '\n' <"$stage/answer" | sed 's/.*"results"://' >"$stage/results"
grep -qE '^\[\{"candidates":.*"q":"韶关市翀晔新材料公司","receipt":"[^"]*"\},\{.*"uscc":"91440224MAYUCHK485","verdict":"[a-z-]*"\},\{.*"rule":"names.missing".*\},\{.*"rule":"names.text".*\},\{.*"status":400.*\}\]' "$stage/results" ||
    stage_fail "the order of a batch: $(cat "$stage/results")"
{
    printf '{"purpose":"credit-review","subjects":['
    for i in {1..499}; do printf '{"name":"佛山市岫桓陶瓷%d"},{"uscc":"91440224MAYUCHK485"},' "$i"; done
    printf '{"name":"璞廪钢铁"}]}'
} >"$stage/body"
call 200 . /v1/lookups/lending --data @"$stage/body" -H 'Content-Type: application/json' || stage_fail "many names: $(head -c 500 "$stage/answer")"
[ "$(grep -o '"candidates":' "$stage/answer" | wc -l)" = 500 ] || stage_fail "500 names: $(grep -o '"rule":"[^"]*' "$stage/answer" | sort | uniq -c)"

# --- the process dies ---
before=$(stage_pids api)
kill -9 "$(stage_pids names)"
stage_within 20 is_first 91440224MAYUCHK485 same 韶关市翀晔新材料有限公司 || stage_fail "after a kill: $(cat "$stage/answer")"
[ "$(stage_pids api)" = "$before" ] || stage_fail "others were disturbed"

# --- a process that does not answer is not waited for by anybody else ---
worker=$(pgrep -P "$(stage_pids names)")
kill -STOP "$worker"
call 503 '"rule":"names.late"' "/v1/names?q=x&purpose=credit-review" &
late=$!
sleep 0.3
for _ in {1..20}; do call_other; done
jobs -r | grep -q . || stage_fail "it was not waited for: the lookups prove nothing"
wait "$late" || stage_fail "who waits for a process that sleeps is not told"
kill -CONT "$worker"
stage_within 20 is_first 91440224MAYUCHK485 same 韶关市翀晔新材料有限公司 || stage_fail "after a sleep: $(cat "$stage/answer")"

# --- another edition: the old index answers until the new one is there ---
{ cat "$register" && printf '91440300MAYNEW0000\tX\t\t\tabsent\n'; } >"$stage/second.tsv"
staff 1 names-register "$stage/second.tsv" --on 2026-11-02
with_second() {
    must_ask 200 '"candidates":\[{' 韶关市璞廪钢铁有限公司
    grep -q '"edition":"2026-11-02"' "$stage/answer"
}
stage_within 30 with_second || stage_fail "the second edition is not used: $(cat "$stage/answer")"
sha256=$(sha256sum <"$stage/second.tsv" | cut -d' ' -f1)
register=$stage/second.tsv

# --- staff ---
staff 0 names 璞廪 翀晔 --reason 核对
grep -q '91440224MAYUCHK485' "$stage/out" || stage_fail "names: $(cat "$stage/out")"
traced() { staff 0 trace --domain '(names)' --json && [ "$(grep -c '"purpose":"核对"' "$stage/out")" = 2 ]; }
stage_within 20 traced || stage_fail "not traced: $(cat "$stage/out")"

# --- what the journal says is what is there; a backup has the register, and says when it is not the one ---
staff 0 rebuild --check
staff 0 backup "$stage/backup"
cmp -s "$register" "$stage/backup/names/$sha256" || stage_fail "the backup lacks the register"
cp "$stage/state/names/$sha256" "$stage/good"
printf 'x' >>"$stage/state/names/$sha256"
staff 1 backup "$stage/backup2"
grep -q 企业名称库 "$stage/out" || stage_fail "a backup of a damaged register: $(cat "$stage/out")"
kill -9 "$(stage_pids names)"
unavailable() { ask 503 '"rule":"names.building"' 璞廪; }
stage_within 20 unavailable || stage_fail "a damaged register is used: $(cat "$stage/answer")"
grep -qi '^retry-after: ' "$stage/head" || stage_fail "no Retry-After: $(cat "$stage/head")"
sleep 1
unavailable || stage_fail "a damaged register is used: $(cat "$stage/answer")"
receipt=$(grep -o '"instance":"[^"]*' "$stage/answer" | sed 's/.*"//')
printf '{"purpose":"credit-review","subjects":[{"name":"璞廪"},{"uscc":"91440224MAYUCHK485"}]}' >"$stage/body"
call 200 '"verdict"' /v1/lookups/lending --data @"$stage/body" && grep -q '"rule":"names.building"' "$stage/answer" || stage_fail "a batch while there is no index: $(cat "$stage/answer")"
stage_within 20 proven || stage_fail "the refusal is not traced: $(cat "$stage/answer")"
cp "$stage/good" "$stage/state/names/$sha256"
must_be_first 91440224MAYUCHK485 same 韶关市翀晔新材料有限公司
stage_stop "$gateway_pid"
echo good

#!/bin/bash
# The description of the interface (GET /v1/openapi.json) is true: every example in it is sent to the running gateway, every answer
# is what it says, every status that it names for an operation is met, and there is no route that it does not name.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
tool=$(dirname "$gate")/../tests/flow_openapi
source_folder=$(cd "$(dirname "$0")/../.." && pwd)
. "$source_folder/scripts/stage.sh"
stage_open
stage_can_be_others || { echo "staff of two persons need root or sudo"; exit 77; }
for name in server sandbox gateway bank slow trial cbirc stranger; do stage_certificate $name; done
stage_secrets
domains="[lending, land-supply, power-price]"
stage_config openapi 0 "  - {name: bank, kind: lender, certificate: bank.pem, domains: $domains, requests_per_minute: 1000000, webhook: {url: 'https://localhost:1/hook', ca: ca.pem}}
  - {name: trial, kind: lender, certificate: trial.pem, domains: [lending], test: true}
  - {name: cbirc, kind: supervisor, certificate: cbirc.pem, domains: [lending]}
  - {name: slow, kind: lender, certificate: slow.pem, domains: [lending], requests_per_minute: 1}"
echo "screening: {bytes: 1M, held: 100}" >>"$stage/creditgate.yaml"
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"
stage_gateway

# --- what there is to be told of ---
staff() { # UID WORD…
    as_user "$1"
    shift
    "${as[@]}" "$gate" --config "$stage/creditgate.yaml" "$@" >"$stage/out" 2>&1 || stage_fail "$*: $(cat "$stage/out")"
}
cp "$source_folder/tests/cases/register/register-dev.csv" "$stage/register.csv"
chmod a+r "$stage/register.csv"

declare -A real # what stands in the examples → what it is here
count=0
ask() { # CLIENT METHOD TARGET OPTION…: an exchange of its own; its status is printed
    local client=$1 method=$2 target=$3 folder
    shift 3
    count=$((count + 1))
    folder=$stage/exchanges/$(printf %05d $count)
    mkdir -p "$folder"
    : >"$folder/body" # an answer without one leaves no file
    last=$folder
    printf '%s %s\n' "$method" "$target" >"$folder/request"
    [ ! -e "$stage/fields" ] || { cat "$stage/fields" >>"$folder/request" && rm "$stage/fields"; }
    [ ! -e "$stage/sent" ] || { mv "$stage/sent" "$folder/sent" && set -- "$@" --data-binary "@$folder/sent"; }
    tail -n +2 "$folder/request" >"$folder/fields"
    [ "$method" != HEAD ] || set -- "$@" --head
    status=$(curl -sS --max-time 40 --cacert "$stage/ca.pem" --cert "$stage/$client.pem" --key "$stage/$client.key" -X "$method" \
        -H "@$folder/fields" -o "$folder/body" -D "$folder/head" -w '%{http_code}' "$@" "https://localhost:$gateway_port$target") ||
        stage_fail "no answer: $method $target"
}
expect() { # STATUS CLIENT METHOD TARGET OPTION…
    local wanted=$1
    shift
    ask "$@"
    [ "$status" = "$wanted" ] || stage_fail "expected $wanted of $*, got $status: $(head -c 2000 "$last/body" | tr -d "\000")"
}
json() { # FIELDS BODY: of the next request
    printf '%s\n' "Content-Type: application/json" "$@" | sed '$d' >"$stage/fields"
    printf '%s' "${*: -1}" >"$stage/sent"
}
member() { grep -o "\"$1\":\"[^\"]*" "$last/body" | head -1 | sed 's/.*"//'; }


# --- before there is anything: what cannot be answered yet ---
expect 200 bank GET '/v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review'
expect 503 bank GET "/v1/receipts/$(member receipt)"

# --- something to be told of ---
today=$(TZ=UTC-8 date +%F)
staff $OPERATOR_UID import "$stage/register.csv"
staff $OPERATOR_UID propose --on "$today" --decided-on "$today" --document "粤失信认〔2026〕1号" --severity general --all
staff $REVIEWER_UID approve --all --reason "与台账核对一致"
is_owed() { ask bank GET "/v1/feedback/${real[RECEIPT]}" && [ "$status" = 200 ]; }
listed() { # an answer on which a feedback is owed
    expect 200 bank GET '/v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review'
    grep -q '"verdict":"listed"' "$last/body" || stage_fail "not listed: $(cat "$last/body")"
    real[RECEIPT]=$(member receipt)
    real[RECORD]=$(member record)
    stage_within 20 is_owed || stage_fail "not owed: $(cat "$last/body")"
}
listed
is_signed() { ask bank GET /v1/log/trace/checkpoint && [ "$(sed -n 2p "$last/body")" -ge 256 ]; }
for _ in $(seq 16); do # a full tile of 256 hashes, 16 questions at a time
    json '{"purpose":"credit-review","subjects":['"$(printf '{"uscc":"91440224MAYUCHK485"},%.0s' $(seq 15))"'{"uscc":"91440224MAYUCHK485"}]}'
    expect 200 bank POST /v1/lookups/lending
done
stage_within 20 is_signed || stage_fail "no signed log of 256 entries: $(cat "$last/body")"

# --- a list that was screened ---
screening_of() { grep -o '"id":"[^"]*' "$1" | head -1 | sed 's/.*"//'; }
is_screened() { ask bank GET "/v1/screenings/${real[SCREENING]}" && grep -q '"state":"done"' "$last/body"; }
screened() { # KEY
    printf '%s\n' 'Content-Type: text/csv' "Idempotency-Key: $1" >"$stage/fields"
    printf 'reference,uscc\nA-1,91440224MAYUCHK485\nA-2,91440224MAYUCHK486\nA-3,%s,\n' "${2:-91440101MAYTEK014M}" >"$stage/sent"
    expect 202 bank POST '/v1/screenings?domain=lending&purpose=credit-review'
    real[SCREENING]=$(screening_of "$last/body")
    stage_within 20 is_screened || stage_fail "not screened: $(cat "$last/body")"
}
screened first

# --- every example, and what must be refused at each path ---
expect 200 bank GET /v1/openapi.json
description=$stage/openapi.json
cp "$last/body" "$description"
mkdir "$stage/plan"
"$tool" plan "$description" "$stage/plan" || stage_fail "no plan"
fill() { # FILE: with what stands in the examples replaced by what it is here
    local text name
    text=$(cat "$1")
    for name in "${!real[@]}"; do text=${text//$name/${real[$name]}}; done
    printf '%s\n' "$text"
}
close_watches() { # a subject is in one list only
    local id
    expect 200 bank GET /v1/watches
    for id in $(grep -o '"id":"W[0-9]*' "$last/body" | sed 's/.*"//'); do expect 204 bank DELETE "/v1/watches/$id"; done
}
open_watch() {
    json "{\"domain\":\"lending\",\"purpose\":\"credit-review\",\"subjects\":[${1:-}]}"
    expect 201 bank POST /v1/watches
    real[W0000009999]=$(member id)
}
for step in "$stage"/plan/*; do
    case $(cat "$step/operation") in
    "POST /v1/feedback") listed ;; # each wants one of its own
    "POST /v1/watches") close_watches ;;
    "DELETE /v1/screenings/{id}") screened "$(basename "$step")" ;;
    *" /v1/watches/"*) close_watches && open_watch ;;
    esac
    [ ! -e "$step/sent" ] || fill "$step/sent" >"$stage/sent"
    fill "$step/headers" | sed '/^$/d' >"$stage/fields"
    ask "$(cat "$step/client")" "$(cat "$step/method")" "$(fill "$step/target")"
    case $status in
    $(sed 's/XX/??/' "$step/expect")) ;;
    *) stage_fail "$(cat "$step/operation"): expected $(cat "$step/expect") of $(head -1 "$last/request"), got $status: $(head -c 1000 "$last/body")" ;;
    esac
done

# --- the statuses that no example leads to ---
uscc=91440224MAYUCHK485
expect 200 bank HEAD "/v1/lookups/lending/$uscc?purpose=credit-review"
expect 403 slow GET "/v1/lookups/tax/$uscc?purpose=credit-review" # his only one in this minute
expect 429 slow GET "/v1/lookups/lending/$uscc?purpose=credit-review"
json '{"purpose":"credit-review","subjects":[{"uscc":"91440224MAYUCHK485"}]}'
expect 429 slow POST /v1/lookups/lending
json '{"purpose":"credit-review","subjects":[{"uscc":"91440224MAYUCHK485"}]}'
expect 403 bank POST /v1/lookups/tax
expect 403 bank GET '/v1/changes?domain=tax&purpose=tax-preference'
expect 422 bank GET '/v1/changes?domain=power-price&purpose=price-classification'
expect 404 bank GET '/v1/changes?domain=nowhere&purpose=credit-review'
expect 404 bank GET "/v1/lookups/nowhere/$uscc?purpose=credit-review"
json '{"purpose":"credit-review","subjects":[{"uscc":"91440224MAYUCHK485"}]}'
expect 404 bank POST /v1/lookups/nowhere
expect 404 bank GET /v1/receipts/none
name='/v1/names?purpose=credit-review&q=%E7%92%9E%E5%BB%AA'
expect 400 bank GET '/v1/names?purpose=credit-review'
expect 404 bank GET "$name&domain=nowhere"
expect 403 bank GET "$name&domain=tax"
expect 429 slow GET "$name"
for _ in {1..20}; do # the index is made anew
    kill -9 "$(stage_pids names)" 2>/dev/null || true # it may be between two lives
    ask bank GET "$name"
    [ "$status" != 503 ] || break
done
[ "$status" = 503 ] || stage_fail "a name while the index is made: $status"
expect 404 bank GET /v1/feedback/none
expect 404 bank GET /v1/log/trace/tile/0/999
expect 404 bank GET /v1/log/trace/tile/3/000.p/255
expect 404 bank GET /v1/nothing
expect 403 bank GET '/v1/trace?reason=x'
expect 200 trial GET '/v1/lookups/lending/91440224MAYY000186?purpose=credit-review'
grep -q '"test":true' "$last/body" || stage_fail "a test that does not say so: $(cat "$last/body")"
expect 200 trial GET '/v1/changes?domain=lending&purpose=credit-review'
json '{"purpose":"credit-review","subjects":[{"uscc":"91440224MAYY000186"}]}'
expect 200 trial POST /v1/lookups/lending
list=(Content-Type:\ text/csv)
send_list() { # KEY TEXT
    printf '%s\n' "${list[@]}" "Idempotency-Key: $1" >"$stage/fields"
    printf "$2" >"$stage/sent"
}
send_list k 'uscc\n91440224MAYUCHK485\n'
expect 403 bank POST '/v1/screenings?domain=tax&purpose=tax-preference'
send_list k 'uscc\n91440224MAYUCHK485\n'
expect 404 bank POST '/v1/screenings?domain=nowhere&purpose=credit-review'
send_list k 'uscc\n91440224MAYUCHK485\n'
expect 429 slow POST '/v1/screenings?domain=lending&purpose=credit-review'
screened again
send_list again 'uscc\n91440224MAYUCHK485\n'
expect 422 bank POST '/v1/screenings?domain=lending&purpose=credit-review'
printf 'Range: bytes=9999999-\n' >"$stage/fields"
expect 416 bank GET "/v1/screenings/${real[SCREENING]}/result"
for none in "" /result /summary; do expect 404 bank GET "/v1/screenings/20260101000000000-00000000000000$none"; done
expect 404 bank DELETE /v1/screenings/none
send_list bad 'uscc,colour\n1,2\n'
expect 202 bank POST '/v1/screenings?domain=lending&purpose=credit-review'
real[SCREENING]=$(screening_of "$last/body")
for part in result summary; do expect 409 bank GET "/v1/screenings/${real[SCREENING]}/$part"; done
head -c 2000000 /dev/zero | tr '\0' x >"$stage/sent"
printf '%s\n' "${list[@]}" 'Idempotency-Key: large' >"$stage/fields"
expect 413 bank POST '/v1/screenings?domain=lending&purpose=credit-review'
words() { printf '{"receipt":"%s","details":[{"id":"%s","result":"other","action":"%s"}]}' "$1" "${real[RECORD]}" "$2"; }
json "$(words none x)"
expect 404 bank POST /v1/feedback
for try in 201:again:另行处理 409:once-more:另行处理 422:again:不予授信; do
    IFS=: read -r wanted key text <<<"$try"
    json "Idempotency-Key: \"$key\"" "$(words "${real[RECEIPT]}" "$text")"
    expect "$wanted" bank POST /v1/feedback
done
close_watches
open_watch '"91440224MAYUCHK485"'
json '{"domain":"lending","purpose":"credit-review","subjects":["91440224MAYUCHK485"]}'
expect 409 bank POST /v1/watches
json '{"domain":"nowhere","purpose":"credit-review"}'
expect 404 bank POST /v1/watches
json '{"domain":"power-price","purpose":"price-classification"}'
expect 422 bank POST /v1/watches
open_watch
json '{"add":["91440224MAYUCHK485"]}'
expect 409 bank POST "/v1/watches/${real[W0000009999]}/subjects"
printf '' >"$stage/sent"
expect 409 bank PUT "/v1/watches/${real[W0000009999]}/subjects/91440224MAYUCHK485"
none=/v1/watches/W4000000000
expect 404 bank GET $none
expect 404 bank DELETE $none
json '{"add":[]}'
expect 404 bank POST $none/subjects
printf '' >"$stage/sent"
expect 404 bank PUT $none/subjects/91440224MAYUCHK485
expect 404 bank DELETE $none/subjects/91440224MAYUCHK485
is_unchanged() { # LIST: as it was read; the courier's word of a try may come in between, and the list is of another state
    expect 200 bank GET "/v1/public/$1"
    sed -n 's/^[Ee][Tt]ag: /If-None-Match: /p' "$last/head" | tr -d '\r' >"$stage/fields"
    ask bank GET "/v1/public/$1"
    [ "$status" = 304 ]
}
for list in exits yellow red; do
    expect 200 bank GET "/v1/public/$list?format=csv"
    stage_within 20 is_unchanged "$list" || stage_fail "never 304 of $list, got $status: $(head -c 2000 "$last/body")"
done

# --- and the verdict ---
"$tool" check "$description" "$stage/exchanges" >"$stage/out" || { cat "$stage/out" >&2 && stage_fail "the description is not what the server does"; }
tail -1 "$stage/out"
for change in 's/"const": "ok"/"const": "well"/' 's/"429": /"418": /' 's/"name": "wait"/"name": "weit"/' 's/"verdict"/"verdikt"/' 's/"Allow": /"Allowed": /'; do
    sed "$change" "$description" >"$stage/false.json"
    ! "$tool" check "$stage/false.json" "$stage/exchanges" >"$stage/out" || stage_fail "a false description is taken for true: $change"
done
stage_stop "$gateway_pid"
echo good

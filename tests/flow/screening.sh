#!/bin/bash
# Large lists through the running gateway: ordered once, answered row by row in order, traced before anything can be had, the same whatever
# is killed meanwhile, signed, checked offline; what cannot be taken is refused.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
. "$(dirname "$0")/../../scripts/stage.sh"
OPERATOR_UID=$(id -u)
REVIEWER_UID=65534
listed=91440224MAYUCHK485
other=91440101MAYTEK014M

stage_open
for name in server power land few trial; do stage_certificate $name; done
stage_config screening 0 "  - {name: power, kind: government, certificate: power.pem, domains: [power-price], requests_per_minute: 1000000}
  - {name: land, kind: government, certificate: land.pem, domains: [land-supply], requests_per_minute: 1000000}
  - {name: few, kind: government, certificate: few.pem, domains: [power-price], requests_per_minute: 1000000, daily_quota: 10}
  - {name: trial, kind: lender, certificate: trial.pem, domains: [lending], test: true}"
config="$stage/creditgate.yaml"
echo "screening: {bytes: 2M, rows: 30000, held: 12}" >>"$config"
sed -i 's/roles: \[operator, auditor\]/roles: [operator, auditor, administrator]/' "$config"
"$gate" init --config "$config" >"$stage/quiet"
stage_gateway
"$gate" import --config "$config" "$cases/register/register-dev.csv" >"$stage/out" 2>&1 || stage_fail "import: $(cat "$stage/out")"

pid_of() { grep -o "{\"kind\":\"$1\",\"pid\":[0-9]*" "$stage/state/processes.json" | sed 's/.*://'; }
call() { # STATUS TEXT CLIENT PATH [CURL…]
    local status=$1 text=$2 client=$3 path=$4 got
    shift 4
    got=$(curl -sS --max-time 20 --cacert "$stage/ca.pem" --cert "$stage/$client.pem" --key "$stage/$client.key" -o "$stage/answer.json" \
        -D "$stage/head" -w '%{http_code}' "$@" "https://localhost:$gateway_port$path") || true
    [ "$got" = "$status" ] && { [ -z "$text" ] || grep -q -- "$text" "$stage/answer.json"; }
}
must() { call "$@" || stage_fail "expected $1 and \"$2\" of $4 as $3: $(cat "$stage/head") $(head -c 1000 "$stage/answer.json")"; }
member() { grep -o "\"$1\":\"[^\"]*" "$stage/answer.json" | head -1 | sed 's/.*:"//'; }
ASK='/v1/screenings?domain=power-price&purpose=price-classification'
order() { # KEY FILE [TYPE]: → id
    must 202 '"state":"' power "$ASK" -H "Idempotency-Key: \"$1\"" -H "Content-Type: ${3:-text/csv}" --data-binary "@$2"
    id=$(member id)
    grep -qi "^location: /v1/screenings/$id" "$stage/head" || stage_fail "no Location: $(cat "$stage/head")"
}
is_over() { call 200 '"state":"\(done\|failed\)"' power "/v1/screenings/$id"; }
over() { stage_within 60 is_over || stage_fail "not over: $(cat "$stage/answer.json")"; }
fetch() { # FILE: the whole result of $id, by pieces
    local from=0 size=1
    : >"$1"
    while [ "$from" -lt "$size" ]; do
        must 206 "" power "/v1/screenings/$id/result" -H "Range: bytes=$from-$((from + 999999))"
        cat "$stage/answer.json" >>"$1"
        size=$(tr -d '\r' <"$stage/head" | sed -n 's/^content-range: bytes .*\///Ip')
        from=$((from + 1000000))
    done
    [ "$(stat -c %s "$1")" = "$size" ] || stage_fail "the pieces are not the whole"
}

# --- a client under test: from the test list alone, by the same way ---
printf 'uscc\n%s\n' 91440224MAYY000186 91440224MAYY00050H $listed >"$stage/trial.csv"
must 202 '"state":"' trial '/v1/screenings?domain=lending&purpose=credit-review' -H 'Idempotency-Key: "T"' -H 'Content-Type: text/csv' \
    --data-binary "@$stage/trial.csv"
id=$(member id)
trial_is_over() { call 200 '"state":"\(done\|failed\)"' trial "/v1/screenings/$id"; }
stage_within 60 trial_is_over || stage_fail "not over: $(cat "$stage/answer.json")"
grep -q '"listed":1,"not_listed":2,' "$stage/answer.json" || stage_fail "of the test list: $(cat "$stage/answer.json")"
must 200 '""test"":true' trial "/v1/screenings/$id/result"
must 404 '"rule":"screening.unknown"' power "/v1/screenings/$id"
must 204 '' trial "/v1/screenings/$id" -X DELETE

# --- what is refused, and leaves nothing behind ---
printf 'uscc\n%s\n' $listed >"$stage/one.csv"
data=(--data-binary "@$stage/one.csv")
must 400 '"rule":"idempotency.missing"' power "$ASK" -H 'Content-Type: text/csv' "${data[@]}"
must 400 '"rule":"signature.unsupported"' power "$ASK" -H 'Idempotency-Key: k' -H 'Content-Type: text/csv' -H 'Accept-Signature: sig=()' "${data[@]}"
must 400 '"rule":"signature.unsupported"' power /v1/screenings -H 'Accept-Signature: sig=()'
must 400 '"rule":"screening.type"' power "$ASK" -H 'Idempotency-Key: k' -H 'Content-Type: text/plain' "${data[@]}"
must 400 '"rule":"query.unknown"' power "$ASK&colour=red" -H 'Idempotency-Key: k' -H 'Content-Type: text/csv' "${data[@]}"
must 400 '"rule":"purpose.unknown"' power '/v1/screenings?domain=power-price&purpose=curiosity' -H 'Idempotency-Key: k' -H 'Content-Type: text/csv' "${data[@]}"
must 403 '"rule":"client.domain"' land "$ASK" -H 'Idempotency-Key: k' -H 'Content-Type: text/csv' "${data[@]}"
must 400 '"rule":"screening.empty"' power "$ASK" -H 'Idempotency-Key: k' -H 'Content-Type: text/csv' -X POST
must 405 '"rule":"http.method"' power /v1/screenings -X DELETE
head -c 3000000 /dev/zero | tr '\0' x >"$stage/large.csv"
must 413 '' power "$ASK" -H 'Idempotency-Key: k' -H 'Content-Type: text/csv' --data-binary "@$stage/large.csv"
# a client that goes away in the middle of its list
head -c 1500000 /dev/zero | tr '\0' x >"$stage/large.csv"
! call 202 '' power "$ASK" -H 'Idempotency-Key: gone' -H 'Content-Type: text/csv' --data-binary "@$stage/large.csv" --limit-rate 20k --max-time 2 ||
    stage_fail "half a list was taken"
must 200 '"screenings":\[\]' power /v1/screenings
[ -z "$(ls -A "$stage/state/spool")" ] || stage_fail "half a list is kept: $(ls "$stage/state/spool")"

# --- every row costs one of the day's subjects, however its line ends ---
costs() { # LEFT KEY TYPE
    must 202 '"state":"' few "$ASK" -H "Idempotency-Key: \"$2\"" -H "Content-Type: $3" --data-binary "@$stage/costs"
    grep -qi "^ratelimit: .*\"quota\";r=$1;" "$stage/head" || stage_fail "$2: not $1 left: $(cat "$stage/head")"
}
printf '{"uscc":"%s"}' $other >"$stage/costs"
costs 9 unended application/x-ndjson
printf 'uscc\n%s' $other >"$stage/costs"
costs 7 heading text/csv
printf 'uscc\r%s\r%s\r%s' $other $listed $other >"$stage/costs"
costs 3 cr text/csv
printf 'uscc\r%s\r%s\r%s\r%s\r' $other $listed $other $listed >"$stage/costs"
must 429 '"rule":"client.quota"' few "$ASK" -H 'Idempotency-Key: "more"' -H 'Content-Type: text/csv' --data-binary "@$stage/costs"
printf 'uscc\r\n%s\r\n%s\r\n' $other $listed >"$stage/costs"
costs 0 crlf text/csv

# --- every kind of row, in order; GB18030 as well ---
printf '\xEF\xBB\xBF业务编号,统一社会信用代码,企业名称\r\n=1+1,%s,\r\n\r\nB-2,%s,\r\n@x,91440101MAYTEK0140,\r\nD-4,,某某公司\r\nE-5,%s,\r\n,,,,,\r\nF-6,%s,x,y,z\r\n' \
    $listed $other $listed $other >"$stage/small.csv"
order small "$stage/small.csv"
first=$id
over
must 200 '"counts":{"empty":2,"listed":2,"not_listed":1,"refused":3,"rows":6,"unknown":0}' power "/v1/screenings/$id"
must 200 "" power "/v1/screenings/$id/result"
cp "$stage/answer.json" "$stage/small.result"
cut -d, -f1,2,4,5 "$stage/small.result" | tr -d '\r' >"$stage/got"
printf '\xEF\xBB\xBFreference,uscc,row,verdict\n"'"'"'=1+1",%s,2,listed\nB-2,%s,4,not-listed\n"'"'"'@x",91440101MAYTEK0140,5,\nD-4,,6,\nE-5,%s,7,listed\nF-6,%s,9,\n' \
    $listed $other $listed $other >"$stage/wanted"
cmp -s "$stage/got" "$stage/wanted" || stage_fail "rows: $(diff "$stage/wanted" "$stage/got")"
for rule in uscc.check lookup.name screening.columns; do grep -q ",$rule," "$stage/small.result" || stage_fail "no row with $rule: $(cat "$stage/small.result")"; done
printf '业务编号,统一社会信用代码\n张三,%s\n' $listed | iconv -t GB18030 >"$stage/gb.csv"
order gb "$stage/gb.csv"
over
must 200 "^张三,$listed,,2,listed,1,[a-z-]*price[^,]*," power "/v1/screenings/$id/result"
must 409 '"rule":"screening.not-done"' power "/v1/screenings/$(printf 'uscc,colour\n1,2\n' >"$stage/bad.csv" && order bad "$stage/bad.csv" && over && echo "$id")/result"

# --- a column that nobody knows, one row too many, a row of a million bytes ---
must 200 '"rule":"screening.column"' power "/v1/screenings"
{ echo uscc; for _ in $(seq 30001); do echo $other; done; } >"$stage/many.csv"
order many "$stage/many.csv"
over
grep -q '"rule":"screening.rows"' "$stage/answer.json" || stage_fail "30,001 rows: $(cat "$stage/answer.json")"
{ printf '{"uscc":"%s","reference":"' $listed; head -c 1000000 /dev/zero | tr '\0' x; printf '"}\n{"uscc":"%s","reference":"after"}\n{"uscc":7}\n{"uscc":"%s"}' $listed $other; } >"$stage/long.ndjson"
order long "$stage/long.ndjson" application/x-ndjson
over
must 200 '"rule":"screening.row-long".*"row":1}' power "/v1/screenings/$id/result"
grep -q '^{"reference":"after","result":{.*"verdict":"listed"},"row":2}$' "$stage/answer.json" || stage_fail "the row after the long one: $(cat "$stage/answer.json")"
grep -q '"rule":"screening.json".*"row":3}$' "$stage/answer.json" || stage_fail "a line with a number: $(cat "$stage/answer.json")"
[ "$(wc -l <"$stage/answer.json")" = 4 ] || stage_fail "not four rows"

# --- once, and only for whoever ordered it ---
order small "$stage/small.csv"
[ "$id" = "$first" ] || stage_fail "the same order twice made another screening"
must 422 '"rule":"idempotency.other-request"' power "$ASK" -H 'Idempotency-Key: "small"' -H 'Content-Type: text/csv' "${data[@]}"
must 404 '"rule":"screening.unknown"' land "/v1/screenings/$id"
must 404 '"rule":"screening.unknown"' land "/v1/screenings/$id/result"
must 404 '"rule":"screening.unknown"' land "/v1/screenings/$id" -X DELETE
must 200 '"screenings":\[\]' land /v1/screenings
must 416 '"rule":"screening.range"' power "/v1/screenings/$id/result" -H 'Range: bytes=999999-'

# --- the summary, offline, against both files; a byte changed in any of them is found ---
must 200 "" power "/v1/screenings/$id/summary"
cp "$stage/answer.json" "$stage/summary.jws"
verify() { "$gate" verify "$stage/summary.jws" --keys "$stage/state/public-keys.json" "$@" >"$stage/out" 2>&1; }
verify --input "$stage/small.csv" --result "$stage/small.result" || stage_fail "verify: $(cat "$stage/out")"
! verify --input "$stage/one.csv" || stage_fail "another list is taken for it"
sed 's/not-listed/listed/' "$stage/small.result" >"$stage/changed"
! verify --result "$stage/changed" || stage_fail "a changed result is taken for it"
sed -i 's/\("payload":".\{60\}\)./\1A/' "$stage/summary.jws"
! verify || stage_fail "a changed summary is good"

# --- who asked about it, and the proof of one row ---
traced() { "$gate" trace --config "$config" --uscc "$1" --reason test --json >"$stage/trace" 2>&1; }
rows_of() { traced "$1" && [ "$(grep -c "\"uscc\":\"$1\"" "$stage/trace")" -ge "$2" ]; }
stage_within 20 rows_of $listed 4 || stage_fail "who asked: $(cat "$stage/trace")"
receipt=$(sed -n "2s/.*,\([0-9a-f]\{24\}-[0-9]*\),.*/\1/p" "$stage/small.result")
proven() { call 200 '"kind":' power "/v1/receipts/$receipt"; }
stage_within 20 proven || stage_fail "proof of a row: $(cat "$stage/answer.json")"
cp "$stage/answer.json" "$stage/proof"
sed -n '2s/^[^{]*"{/{/p' "$stage/small.result" | tr -d '\r' | sed 's/"$//; s/""/"/g' | tr -d '\n' >"$stage/row.json"
"$gate" verify "$stage/proof" --keys "$stage/state/public-keys.json" --answer "$stage/row.json" >"$stage/out" 2>&1 || stage_fail "the row is not the one proved: $(cat "$stage/out")"

# --- the job is killed, the gateway is killed: every row once, and one state of the register ---
{ echo reference,uscc; for i in $(seq 29999); do echo "r$i,$other"; done; echo "last,$listed"; } >"$stage/killed.csv"
order killed "$stage/killed.csv"
job=""
has_job() { job=$(pgrep -P "$gateway_pid" -f 'job' | head -1) && [ -n "$job" ]; }
is_under_way() { [ -e "$stage/state/jobs/$id/place" ] && job=$(pid_of job) && [ -n "$job" ]; }
! stage_within 5 is_under_way || kill -9 "$job" 2>/dev/null || true
sleep 0.3
stage_forget "$gateway_pid"
children=$(grep -o '"pid":[0-9]*' "$stage/state/processes.json" | sed 's/.*://')
kill -9 "$gateway_pid"
wait "$gateway_pid" 2>/dev/null || true
for pid in $children; do stage_within 20 stage_is_gone "$pid" || kill -9 "$pid"; done
stage_gateway
over
must 200 '"counts":{"empty":0,"listed":1,"not_listed":29999,"refused":0,"rows":30000,"unknown":0}' power "/v1/screenings/$id"
must 416 '"rule":"screening.range"' power "/v1/screenings/$id/result"
fetch "$stage/killed.result"
cut -d, -f1,2 "$stage/killed.result" | cmp -s - "$stage/killed.csv" || stage_fail "not the rows that were asked"
[ "$(cut -d, -f8 "$stage/killed.result" | sort | uniq -d | wc -l)" = 0 ] || stage_fail "a receipt twice"
must 200 "" power "/v1/screenings/$id/summary"
cp "$stage/answer.json" "$stage/summary.jws"
verify --input "$stage/killed.csv" --result "$stage/killed.result" || stage_fail "verify after kills: $(cat "$stage/out")"

# --- cancelled and removed ---
order killed2 "$stage/killed.csv"
must 204 "" power "/v1/screenings/$id" -X DELETE
must 404 '"rule":"screening.unknown"' power "/v1/screenings/$id"
is_removed() { [ ! -e "$stage/state/jobs/$id" ]; }
stage_within 30 is_removed || stage_fail "what was cancelled is still there: $(ls "$stage/state/jobs/$id")"
must 204 "" power "/v1/screenings/$first" -X DELETE

# --- a suspended client sends no list: it is told on the head of its request ---
upload=(--http1.1 --expect100-timeout 15 -H 'Expect: 100-continue' -H 'Content-Type: text/csv' --data-binary "@$stage/killed.csv")
must 202 '"state":' power "$ASK" -H 'Idempotency-Key: "before"' "${upload[@]}"
grep -q '^HTTP/1.1 100' "$stage/head" || stage_fail "no word that the list may come: $(cat "$stage/head")"
"$gate" --config "$config" client suspend power --reason 证书疑似泄露 >"$stage/out" 2>&1 || stage_fail "suspend: $(cat "$stage/out")"
is_suspended() { call 403 '"rule":"client.suspended"' power "$ASK" -H 'Idempotency-Key: "after"' "${upload[@]}"; }
stage_within 20 is_suspended || stage_fail "suspended, and not refused: $(cat "$stage/answer.json")"
! grep -q '^HTTP/1.1 100' "$stage/head" || stage_fail "a suspended client was let send its list: $(cat "$stage/head")"
[ ! -e "$stage/state/jobs/$first" ] || stage_fail "what was removed is still there"
echo "screening: ordered, answered, traced, killed, signed, removed"

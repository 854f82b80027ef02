#!/bin/bash
# The gateway's processes: it says where it listens, imports through the command line, answers clients for their domains only, recovers from
# kill -9 of every kind of process while lookups go on without losing an answered one, and leaves nothing behind when it is told to stop.
set -u
gate=$1
cases=$(cd "$(dirname "$0")/../cases" && pwd)
work=$(mktemp -d)
parent=
cleanup() {
    touch enough
    [ -n "$parent" ] && kill "$parent" 2>/dev/null && wait "$parent" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1
fail() { echo "WRONG: $*"; tail -20 serve.log 2>/dev/null; exit 1; }

certificate() { # name
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null &&
        openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out "$1.pem" \
            -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") 2>/dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=ca 2>/dev/null
for name in server bank power stranger; do certificate $name || fail "certificate $name"; done
chmod 600 ./*.key
cat > g.yaml <<Y
gateway: {name: test, state: state}
listen: {port: 0, certificate: server.pem, key: server.key, client_ca: ca.pem, workers: 2}
staff:
  - {name: a, uid: $(id -u), roles: [operator, auditor]}
clients:
  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending], requests_per_minute: 1000000}
  - {name: power, kind: government, certificate: power.pem, domains: [power-price], requests_per_minute: 1000000}
Y

# --- starting ---
"$gate" serve --config g.yaml >out.txt 2>&1 && fail "it started without a state folder"
grep -q 'creditgate init' out.txt || fail "it does not say that init is missing: $(cat out.txt)"
"$gate" init --config g.yaml >/dev/null || fail init

start() {
    : >serve.json
    "$gate" serve --config g.yaml --json >serve.json 2>>serve.log &
    parent=$!
    for _ in $(seq 300); do
        [ -s serve.json ] && break
        kill -0 "$parent" 2>/dev/null || fail "it ended while starting"
        sleep 0.1
    done
    port=$(sed -n 's/.*"port": *\([0-9]*\).*/\1/p' serve.json)
    [ -n "$port" ] || fail "it does not say where it listens"
}
start
[ "$(sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' serve.json)" = "$parent" ] || fail "its pid"
"$gate" serve --config g.yaml >out.txt 2>&1
[ $? = 2 ] && grep -q "$parent" out.txt || fail "a second gateway on the same state: $(cat out.txt)"

sed "s/state: state/state: other/; s/port: 0/port: $port/" g.yaml >other.yaml
"$gate" init --config other.yaml >/dev/null || fail "init of another state"
"$gate" serve --config other.yaml >out.txt 2>&1
[ $? = 2 ] && grep -q "$port 已被其他程序占用" out.txt || fail "a port that is in use: $(cat out.txt)"

pids_of() { grep -o "{\"kind\":\"$1\",\"pid\":[0-9]*,\"ready\":${2:-[a-z]*}" state/processes.json | sed 's/.*"pid":\([0-9]*\).*/\1/'; }
for kind in signer keeper; do [ "$(pids_of $kind true | wc -l)" = 1 ] || fail "processes.json: $kind"; done
[ "$(pids_of api true | wc -l)" = 2 ] || fail "processes.json: api"

# --- what is no file is refused, also when reading it would never end ---
mkfifo pipe
timeout 20 "$gate" import --config g.yaml pipe >out.txt 2>&1
[ $? = 2 ] && grep -q 'pipe 无法读取' out.txt || fail "a pipe to import: $(cat out.txt)"

# --- an import whose process is killed is complete all the same ---
register=$cases/register/register-dev.csv
"$gate" import --config g.yaml --json "$register" >import.json 2>import.err &
import=$!
for _ in $(seq 1000); do
    job=$(pids_of job)
    [ -n "$job" ] && kill -9 "$job" 2>/dev/null && break
    kill -0 $import 2>/dev/null || break
    sleep 0.01
done
wait $import || fail "import: status $?, $(cat import.err; head -c 300 import.json)"
[ -n "$job" ] || echo "note: the import was over before its process could be killed"
grep -q '"rows":515,"accepted":515' <(tr -d ' \n' <import.json) || fail "import: $(head -c 300 import.json)"
"$gate" import --config g.yaml --json "$register" >import.json || fail "the same import again: $(head -c 300 import.json)"
grep -q '"accepted":0,"unchanged":515,"refused":0' <(tr -d ' \n' <import.json) || fail "the same file again changes nothing: $(head -c 300 import.json)"

# --- lookups ---
get() { # certificate, path
    curl -s -m 20 --noproxy '*' --cacert ca.pem --cert "$1.pem" --key "$1.key" -o answer.json -w '%{http_code}' "https://127.0.0.1:$port$2"
}
expect() { # status, certificate, path, text in the answer
    status=$(get "$2" "$3")
    [ "$status" = "$1" ] && grep -q "$4" answer.json || fail "$3 as $2: $status $(cat answer.json)"
}
code=91440224MAYUCHK485 # open, on energy
expect 200 power "/v1/lookups/power-price/$code?purpose=price-classification" '"verdict":"listed"'
expect 200 bank "/v1/lookups/lending/$code?purpose=credit-review" '"verdict":"not-listed"'
expect 403 bank "/v1/lookups/power-price/$code?purpose=price-classification" '"rule":"client.domain"'
expect 403 stranger "/v1/lookups/lending/$code?purpose=credit-review" '"rule":"client.unknown"'
expect 400 bank "/v1/lookups/lending/${code%5}6?purpose=credit-review" '"rule":"uscc.check"'
expect 400 bank "/v1/lookups/lending/$code" 'credit-review'
curl -s -m 20 --noproxy '*' --cacert ca.pem "https://127.0.0.1:$port/healthz" && fail "an answer without a certificate"

# --- kill -9 of every kind, while lookups go on ---
asking() {
    while [ ! -e enough ]; do
        curl -s -m 20 --noproxy '*' --cacert ca.pem --cert bank.pem --key bank.key -w '\n%{http_code}\n' \
            "https://127.0.0.1:$port/v1/lookups/lending/$code?purpose=credit-review&authorisation=$1" |
            sed -n 'h;n;/^200$/{x;s/.*"receipt":"\([^"]*\)".*/\1/p}' >>"receipts.$1"
    done
}
for i in 1 2 3; do asking $i & askers="${askers:-} $!"; done
for kind in api signer keeper api; do
    old=$(pids_of $kind true | head -1)
    kill -9 "$old" || fail "no $kind to kill"
    for _ in $(seq 200); do
        new=$(pids_of $kind true | grep -vx "$old" | wc -l)
        [ "$new" = "$([ $kind = api ] && echo 2 || echo 1)" ] && ! pids_of $kind | grep -qx "$old" && break
        sleep 0.1
    done
    pids_of $kind | grep -qx "$old" && fail "$kind was not started anew"
    before=$(cat receipts.* | wc -l)
    for _ in $(seq 100); do
        [ "$(cat receipts.* | wc -l)" -gt $((before + 3)) ] && break
        sleep 0.1
    done
    [ "$(cat receipts.* | wc -l)" -gt $((before + 3)) ] || fail "no answers after the $kind was killed"
done
touch enough
wait $askers
[ "$(sort receipts.* | uniq -d | wc -l)" = 0 ] || fail "a receipt was given twice"

# Every answered lookup is in the trace, provably; the keeper signs it about every second.
sleep 1.5
missing=0
for receipt in $(cat receipts.*); do
    for _ in $(seq 50); do
        status=$(curl -s -m 20 --unix-socket state/admin.sock -o proof.json -w '%{http_code}' "http://gateway/admin/v1/trace/$receipt")
        [ "$status" = 200 ] && break
        sleep 0.2
    done
    [ "$status" = 200 ] && grep -q "$receipt" proof.json || { missing=$((missing + 1)); cat proof.json; }
done
[ $missing = 0 ] || fail "$missing of $(cat receipts.* | wc -l) answered lookups are not in the trace"

# --- a job that dies again and again is given up; an order outlives the gateway ---
head -1 "$register" >large.csv
for i in $(seq 15); do tail -n +2 "$register" | sed "s/号,/-$i号,/"; done >>large.csv
"$gate" import --config g.yaml --lang en --json large.csv >import.json 2>import.err &
import=$!
killed=0
while kill -0 $import 2>/dev/null; do
    for job in $(pids_of job); do kill -9 "$job" 2>/dev/null && killed=$((killed + 1)) && sleep 0.05; done
    sleep 0.01
done
wait $import
status=$?
[ $status = 2 ] && grep -q 'died 3 times' import.err || fail "a job that was killed $killed times: status $status, $(cat import.err)"

status=$(curl -s -m 60 --unix-socket state/admin.sock -o order.json -w '%{http_code}' --data-binary @large.csv "http://gateway/admin/v1/jobs/import?file=large.csv")
[ "$status" = 202 ] || fail "an order: $status $(cat order.json)"
job=$(sed -n 's/.*"job":"\([^"]*\)".*/\1/p' order.json)
kill -9 "$parent"
wait "$parent" 2>/dev/null
start
for _ in $(seq 600); do
    curl -s -m 20 --unix-socket state/admin.sock -o job.json "http://gateway/admin/v1/jobs/$job"
    grep -q '"state":"done"' job.json && break
    sleep 0.1
done
grep -q '"state":"done"' job.json || fail "the order of a gateway that was killed: $(cat job.json)"

# --- stopping ---
gone() { # pids: none of them is left
    for _ in $(seq 200); do
        left=
        for pid in "$@"; do kill -0 "$pid" 2>/dev/null && left="$left $pid"; done
        [ -z "$left" ] && return 0
        sleep 0.1
    done
    fail "still running: $left"
}
children=$(grep -o '"pid":[0-9]*' state/processes.json | sed 's/.*://')
kill -TERM "$parent"
wait "$parent" || fail "it did not stop in order: $?"
gone $children
[ -e state/admin.sock ] || [ -e state/processes.json ] && fail "files of a gateway that ended"

# A parent that is killed takes its children with it, and the next gateway waits for them.
start
children=$(grep -o '"pid":[0-9]*' state/processes.json | sed 's/.*://')
kill -9 "$parent"
wait "$parent" 2>/dev/null
start
gone $children
expect 200 bank "/v1/lookups/lending/$code?purpose=credit-review" '"verdict":"not-listed"'
kill -TERM "$parent"
wait "$parent" || fail "it did not stop in order the second time: $?"
parent=
# Whatever was killed above: the journal still makes the same tables.
"$gate" rebuild --check --config g.yaml >rebuild.log 2>&1 || fail "rebuild: $(cat rebuild.log)"
grep -E "Sanitizer|runtime error" serve.log && exit 1
echo "$(cat receipts.* | wc -l) answered lookups, all in the trace"
exit 0

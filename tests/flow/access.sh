#!/bin/bash
# Access of outside systems through the running gateway, with real certificates: addresses, quota over all processes and kills,
# suspension at once and for good, rotation of certificates by reload without a lost request, warnings before they end, and every
# refusal in the trace.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
. "$(dirname "$0")/../../scripts/stage.sh"
stage_open
for name in server old new few away soon stranger; do stage_certificate $name; done
openssl x509 -req -in <(openssl req -new -key "$stage/soon.key" -subj /CN=soon) -CA "$stage/ca.pem" -CAkey "$stage/ca.key" \
    -CAcreateserial -days 5 -extfile "$stage/extensions" -out "$stage/soon.pem" 2>"$stage/quiet"
config=$stage/creditgate.yaml

write_config() { # CERTIFICATES-OF-BANK [ADDRESS [PORT]]
    cat >"$config" <<END
gateway: {name: access, state: state}
listen: {port: ${3:-0}, certificate: server.pem, key: server.key, client_ca: ca.pem, workers: 2}
admin: {socket: admin.sock}
staff:
  - {name: admin, title: 管理员, uid: $(id -u), roles: [operator, auditor, administrator]}
  - {name: reviewer, title: 复核人, uid: 65534, roles: [reviewer]}
clients:
  - {name: bank, kind: lender, domains: [lending], requests_per_minute: 1000000, certificates: [$1]}
  - {name: few, kind: lender, certificate: few.pem, domains: [lending], daily_quota: 200}
  - {name: away, kind: government, certificate: away.pem, domains: [lending], addresses: ["${2:-10.0.0.0/8}", "2001:db8::/32"]}
  - {name: soon, kind: lender, certificate: soon.pem, domains: [lending], addresses: [127.0.0.0/8]}
END
}
write_config "{file: old.pem}"
"$gate" init --config "$config" >"$stage/quiet"
stage_gateway
staff() { "$gate" --config "$config" --lang en "$@" >"$stage/out" 2>&1; }
staff import "$cases/register/register-dev.csv" || [ $? = 1 ] || stage_fail "import: $(cat "$stage/out")"

lookup="/v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review"
call() { # CLIENT PATH [CURL…] → the status; answer and head are kept
    local client=$1 path=$2
    shift 2
    curl -sS --max-time 30 --cacert "$stage/ca.pem" --cert "$stage/$client.pem" --key "$stage/$client.key" -D "$stage/head" \
        -o "$stage/answer" -w '%{http_code}' "$@" "https://localhost:$gateway_port$path"
}
must() { # STATUS RULE CLIENT PATH [CURL…]; RULE -: none
    local status=$1 rule=$2 got
    shift 2
    got=$(call "$@") || true
    [ "$got" = "$status" ] || stage_fail "expected $status of $*, got $got: $(cat "$stage/answer")"
    [ "$rule" = - ] || grep -q "\"rule\":\"$rule\"" "$stage/answer" || stage_fail "expected $rule of $*: $(cat "$stage/answer")"
}
traced() { # RULE FROM BY
    "$gate" --config "$config" trace --by "$3" --reason 测试 --json >"$stage/traced" 2>&1 || return 1
    grep "\"refusal\":\"$1\"" "$stage/traced" >"$stage/quiet" || return 1
    grep -q "\"from\":\"$2\"" "$stage/quiet"
}

# --- addresses: from elsewhere nothing, and no more than that is told ---
must 403 client.address away "$lookup"
must 403 client.address away /v1/domains
! grep -qi '^ratelimit' "$stage/head" || stage_fail "a stranger to the address is told limits: $(cat "$stage/head")"
! grep -q '10.0.0.0\|away' "$stage/answer" || stage_fail "told too much: $(cat "$stage/answer")"
stage_within 20 traced client.address 127.0.0.1 away || stage_fail "the refusal is not in the trace: $(cat "$stage/traced")"
must 200 - soon "$lookup"

# --- what a client is told of itself ---
grep -qi '^certificate-days-left: 4' "$stage/head" || stage_fail "no warning: $(cat "$stage/head")"
grep -qi '^ratelimit-policy: "burst";q=60000;w=60' "$stage/head" || stage_fail "no policy: $(cat "$stage/head")"
must 200 - soon /v1/domains
grep -q '"certificate":{"days_left":4,"ends":"' "$stage/answer" || stage_fail "domains: $(cat "$stage/answer")"
grep -q 'client soon: its last certificate ends in 4 days' "$stage/gateway.log" || stage_fail "no warning in the log"
staff status && grep -q 'certificate ends in (days): soon (4)' "$stage/out" || stage_fail "status: $(cat "$stage/out")"
staff clients && grep -q 'soon: its last certificate ends in 4 days' "$stage/out" || stage_fail "clients: $(cat "$stage/out")"

# --- the day's quota: over all processes, and over a gateway that is killed in the middle ---
burst() { # COUNT: so many questions, six at a time; prints how many were answered
    seq "$1" | xargs -P 6 -I{} curl -s --max-time 20 --cacert "$stage/ca.pem" --cert "$stage/few.pem" --key "$stage/few.key" -o /dev/null \
        -w '%{http_code}\n' "https://localhost:$gateway_port$lookup" 2>/dev/null | grep -c '^200' || true
}
burst 100 >"$stage/first" &
asking=$!
sleep 0.7
stage_forget "$gateway_pid"
children=$(grep -o '"pid":[0-9]*' "$stage/state/processes.json" | sed 's/.*://')
kill -9 "$gateway_pid" $children 2>/dev/null || true
wait "$gateway_pid" 2>/dev/null || true
wait "$asking" || true
stage_gateway
burst 220 >"$stage/second"
total=$(($(cat "$stage/first") + $(cat "$stage/second")))
[ "$total" -le 200 ] && [ "$total" -ge 194 ] || stage_fail "of 200 a day $total were answered"
must 429 client.quota few "$lookup"
grep -qi '^retry-after: [1-9]' "$stage/head" && grep -q 'quota-exceeded' "$stage/answer" || stage_fail "429: $(cat "$stage/head" "$stage/answer")"
grep -qi '^ratelimit: .*"quota";r=0;t=[0-9]*' "$stage/head" || stage_fail "429: $(cat "$stage/head")"
stage_within 20 traced client.quota 127.0.0.1 few || stage_fail "the refusal is not in the trace: $(cat "$stage/traced")"
stage_stop "$gateway_pid"
stage_gateway
must 429 client.quota few "$lookup"
staff clients && grep -q '200 / 200' "$stage/out" || stage_fail "clients: $(cat "$stage/out")"

# --- suspension: the next request, a long poll that waits, a connection that stands; restarts and rebuild ---
must 200 - old "$lookup"
staff client halt bank --reason x && stage_fail "a word that is none was taken"
staff client suspend nobody --reason x && stage_fail "nobody was suspended"
grep -q 'there is no client' "$stage/out" || stage_fail "nobody: $(cat "$stage/out")"
staff client suspend bank && stage_fail "suspended without a reason"
next=$(call old '/v1/changes?domain=lending&purpose=credit-review' >/dev/null; grep -o '"next":[0-9]*' "$stage/answer" | sed 's/.*://')
curl -sS --max-time 40 --cacert "$stage/ca.pem" --cert "$stage/old.pem" --key "$stage/old.key" -o "$stage/poll" -o "$stage/after" \
    -w '%{http_code} %{num_connects} %{time_total}\n' "https://localhost:$gateway_port/v1/changes?domain=lending&purpose=credit-review&after=$next&wait=25" \
    "https://localhost:$gateway_port$lookup" >"$stage/polled" &
polling=$!
sleep 1
staff client suspend bank --reason '证书疑似泄露 "测试"' || stage_fail "suspend: $(cat "$stage/out")"
for i in 1 2 3 4 5 6 7 8; do must 403 client.suspended old "$lookup"; done
grep -q 'urn:creditgate:problem:client-suspended' "$stage/answer" || stage_fail "type: $(cat "$stage/answer")"
! grep -q '泄露' "$stage/answer" || stage_fail "the reason is not the client's to know"
wait "$polling" || stage_fail "the poll: $(cat "$stage/polled")"
[ "$(cut -d' ' -f1 "$stage/polled" | xargs)" = "403 403" ] || stage_fail "a poll and its connection: $(cat "$stage/polled")"
[ "$(sed -n 2p "$stage/polled" | cut -d' ' -f2)" = 0 ] || stage_fail "it was not the same connection: $(cat "$stage/polled")"
sed -n 1p "$stage/polled" | awk '{exit $3 < 8 ? 0 : 1}' || stage_fail "the poll went on waiting: $(cat "$stage/polled")"
stage_within 20 traced client.suspended 127.0.0.1 bank || stage_fail "the refusal is not in the trace: $(cat "$stage/traced")"
staff client suspend bank --reason again && stage_fail "suspended twice"
staff clients && grep -q 'bank is suspended since .* by admin: 证书疑似泄露' "$stage/out" || stage_fail "clients: $(cat "$stage/out")"
staff status && grep -q 'suspended: bank' "$stage/out" || stage_fail "status: $(cat "$stage/out")"
for pid in $(stage_pids api); do kill -9 "$pid"; done
sleep 0.3
stage_within 20 call old /healthz >/dev/null || stage_fail "no process came back"
must 403 client.suspended old "$lookup"
stage_stop "$gateway_pid"
staff rebuild --check && grep -q 'access' "$stage/out" || stage_fail "rebuild: $(cat "$stage/out")"
staff rebuild || stage_fail "rebuild: $(cat "$stage/out")"
stage_gateway
must 403 client.suspended old "$lookup"
staff client resume bank --reason 已换发证书 || stage_fail "resume: $(cat "$stage/out")"
for i in 1 2 3 4 5 6; do must 200 - old "$lookup"; done
staff client resume bank --reason again && stage_fail "resumed twice"

# --- reload: a bad file changes nothing and says why ---
pids() { stage_pids api | xargs; }
before=$(pids)
write_config "{file: old.pem}, {file: new.pem}" 10.0.0.1/8
staff reload && stage_fail "a bad address was taken"
grep -q ':10: clients.addresses' "$stage/out" && grep -q 'bits set beyond its prefix' "$stage/out" || stage_fail "reload: $(cat "$stage/out")"
write_config "{file: old.pem}, {file: missing.pem}"
staff reload && stage_fail "a missing certificate was taken"
write_config "{file: old.pem}, {file: new.pem}" 10.0.0.0/8 5
staff reload && stage_fail "another port was taken"
grep -q 'listen.port was changed' "$stage/out" || stage_fail "reload: $(cat "$stage/out")"
write_config "{file: old.pem}, {file: new.pem}"
sed -i 's/name: soon, /&test: true, /' "$config"
staff reload && stage_fail "a client was put under test without a test list"
grep -q 'clients.test was changed' "$stage/out" || stage_fail "reload: $(cat "$stage/out")"
must 403 client.unknown new "$lookup"
must 200 - old "$lookup"
[ "$(pids)" = "$before" ] || stage_fail "a bad file replaced processes"

# --- rotation: the new certificate beside the old one, without a request that fails; then the old one is over ---
keep_asking() {
    while [ ! -e "$stage/enough" ]; do
        curl -s --max-time 20 --cacert "$stage/ca.pem" --cert "$stage/old.pem" --key "$stage/old.key" -o /dev/null -w '%{http_code}\n' \
            "https://localhost:$gateway_port$lookup" || echo failed
    done
}
keep_asking >"$stage/meanwhile" &
asking=$!
write_config "{file: old.pem}, {file: new.pem, from: 2020-01-01}"
staff reload || stage_fail "reload: $(cat "$stage/out")"
must 200 - new "$lookup"
must 200 - old "$lookup"
[ "$(pids)" != "$before" ] || stage_fail "nothing was replaced"
touch "$stage/enough"
wait "$asking"
[ "$(sort -u "$stage/meanwhile")" = 200 ] || stage_fail "while it was taken over: $(sort "$stage/meanwhile" | uniq -c)"
write_config "{file: old.pem, until: 2020-01-01}, {file: new.pem}" 127.0.0.1
kill -HUP "$gateway_pid"
over() { [ "$(call old "$lookup")" = 403 ] && grep -q client.certificate "$stage/answer"; }
stage_within 20 over || stage_fail "the old certificate: $(cat "$stage/answer")"
taken() { [ "$(grep -c 'the configuration was taken over' "$stage/gateway.log")" = 2 ]; }
stage_within 20 taken || stage_fail "SIGHUP is not through"
must 403 client.certificate old "$lookup"
must 200 - new "$lookup"
must 200 - away "$lookup"
must 429 client.quota few "$lookup"
stage_within 20 traced client.certificate 127.0.0.1 bank || stage_fail "the refusal is not in the trace: $(cat "$stage/traced")"
stage_stop "$gateway_pid"
echo "access: addresses, quota, suspension, rotation, warnings"

#!/bin/bash
# The door of the staff's console through the running gateway: invitation, first time, sign-in, cookies, forged requests, roles,
# lock-out that keeps strangers out and the person in, suspension, sign-out, the doorkeeper killed, pages, the journal.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
. "$(dirname "$0")/../../scripts/stage.sh"
stage_open
for name in server wang; do stage_certificate $name; done
config=$stage/creditgate.yaml
mkdir -p "$stage/pages/assets"
echo '<!doctype html><title>工作台</title>' >"$stage/pages/index.html"
echo 'script' >"$stage/pages/assets/app-1234.js"
gzip -k "$stage/pages/assets/app-1234.js"
echo 'secret' >"$stage/outside"
ln -s ../outside "$stage/pages/link.txt"
cat >"$config" <<END
gateway: {name: console, state: state}
listen: {port: 0, certificate: server.pem, key: server.key, client_ca: ca.pem, workers: 2}
console: {address: 127.0.0.1, port: 0, client_ca: ca.pem, files: pages, idle: 25s, longest: 1h}
admin: {socket: admin.sock}
staff:
  - {name: admin, title: 管理员, uid: $(id -u), roles: [administrator, auditor]}
  - {name: lin, title: 林经办, roles: [operator]}
  - {name: chen, title: 陈复核, roles: [reviewer]}
  - {name: zhao, title: 赵审计, roles: [auditor]}
  - {name: wang, title: 王管理, roles: [administrator], certificate: wang.pem}
END
"$gate" init --config "$config" >"$stage/quiet"
stage_gateway
port=$(grep -o '"console_port":[0-9]*' "$stage/state/processes.json" | sed 's/.*://')
[ "$port" -gt 0 ] || stage_fail "no console: $(cat "$stage/state/processes.json")"
site=https://localhost:$port

# call WHO METHOD PATH [CURL…] → the status; WHO's cookies and token are kept in files of that name.
call() {
    local who=$1 method=$2 path=$3
    shift 3
    touch "$stage/$who.jar"
    curl -sS --max-time 30 --cacert "$stage/ca.pem" -b "$stage/$who.jar" -c "$stage/$who.jar" -D "$stage/head" -o "$stage/answer" \
        -w '%{http_code}' -X "$method" "$@" "$site$path"
}
must() { # STATUS RULE WHO METHOD PATH [CURL…]; RULE -: none
    local status=$1 rule=$2 got
    shift 2
    got=$(call "$@") || true
    [ "$got" = "$status" ] || stage_fail "expected $status of $*, got $got: $(cat "$stage/answer")"
    [ "$rule" = - ] || grep -q "\"rule\":\"$rule\"" "$stage/answer" || stage_fail "expected $rule of $*: $(cat "$stage/answer")"
}
write() { # STATUS RULE WHO PATH BODY: with the token of the session
    must "$1" "$2" "$3" POST "$4" -H "X-Creditgate-Forgery: $(cat "$stage/$3.token")" -H 'Content-Type: application/json' -d "$5"
}
staff() { "$gate" --config "$config" --lang en "$@" >"$stage/out" 2>&1; }
one_time() { # WHO STEP → the code of that step (RFC 6238, by openssl)
    local key step hash offset
    key=$(base32 -d <"$stage/$1.secret" | od -An -tx1 | tr -d ' \n')
    step=$(printf '%016x' "$2")
    hash=$(printf '%b' "$(sed 's/../\\x&/g' <<<"$step")" | openssl dgst -sha1 -mac HMAC -macopt "hexkey:$key" -r | cut -c1-40)
    offset=$((2 * 0x${hash:39:1}))
    printf '%06d' $(((0x${hash:offset:8} & 0x7fffffff) % 1000000))
}
next_code() { # WHO: the earliest code that is good now and was not used yet
    local step used
    used=$(cat "$stage/$1.used" 2>/dev/null || echo 0)
    step=$(($(date +%s) / 30))
    while [ "$used" -gt "$step" ]; do # the next step's code is taken, too
        sleep 1
        step=$(($(date +%s) / 30))
    done
    [ "$step" -gt "$used" ] || step=$((used + 1))
    echo "$step" >"$stage/$1.used"
    one_time "$1" "$step"
}
sign_in() { # STATUS RULE WHO [BROWSER]: the right password and code
    must "$1" "$2" "${4:-$3}" POST /console/api/sign-in -d "{\"account\":\"$3\",\"password\":\"correct horse battery\",\"code\":\"$(next_code "$3")\"}"
    grep -o '"forgery":"[^"]*"' "$stage/answer" | cut -d'"' -f4 >"$stage/${4:-$3}.token" || true
}
wang_in() { # by certificate
    must 200 - wang POST /console/api/sign-in --cert "$stage/wang.pem" --key "$stage/wang.key" -d '{"account":"wang"}'
    grep -q '"method":"certificate"' "$stage/answer" || stage_fail "by certificate: $(cat "$stage/answer")"
    grep -o '"forgery":"[^"]*"' "$stage/answer" | cut -d'"' -f4 >"$stage/wang.token"
}
enrol() { # WHO
    local code
    staff account invite "$1" --json || stage_fail "invite $1: $(cat "$stage/out")"
    code=$(grep -o '"invitation":"[^"]*"' "$stage/out" | cut -d'"' -f4)
    must 200 - "$1" POST /console/api/enrol -d "{\"account\":\"$1\",\"invitation\":\"$code\"}"
    grep -o '"secret":"[^"]*"' "$stage/answer" | cut -d'"' -f4 | tr -d '\n' >"$stage/$1.secret"
    must 400 password.length "$1" POST /console/api/enrol \
        -d "{\"account\":\"$1\",\"invitation\":\"$code\",\"password\":\"short\",\"code\":\"000000\"}"
    must 204 - "$1" POST /console/api/enrol \
        -d "{\"account\":\"$1\",\"invitation\":\"$code\",\"password\":\"correct horse battery\",\"code\":\"$(next_code "$1")\"}"
    must 403 account.invitation "$1" POST /console/api/enrol \
        -d "{\"account\":\"$1\",\"invitation\":\"$code\",\"password\":\"another password\",\"code\":\"000000\"}"
}

# --- nobody is in ---
must 401 session.none nobody GET /console/api/session
for path in /admin/v1/whoami /admin/v1/status '/admin/v1/records?list=live' /admin/v1/clients /admin/v1/keys /admin/v1/staff /admin/v1/trace \
    /admin/v1/names?q=x /admin/v1/jobs/x; do
    must 401 session.none nobody GET "$path"
done
for path in /admin/v1/jobs/push /admin/v1/jobs/import /admin/v1/staff/lin/reset /console/api/sign-out; do
    must 401 session.none nobody POST "$path" -d '{}'
done
must 404 http.path nobody GET /v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review
must 404 http.path nobody GET /console/api/nothing
must 405 http.method nobody GET /console/api/sign-in
must 401 account.wrong nobody POST /console/api/sign-in -d '{"account":"lin","password":"correct horse battery","code":"000000"}'
must 401 account.wrong nobody POST /console/api/sign-in -d '{"account":"nobody-at-all","password":"x","code":"000000"}'
must 401 account.wrong nobody POST /console/api/sign-in -d '{"account":"wang"}'
must 400 body.member nobody POST /console/api/sign-in -d '{"account":"lin","password":["x"]}'
must 400 body.member nobody POST /console/api/sign-in -d '{"password":"x"}'
must 400 - nobody POST /console/api/sign-in -d '{"account":'
must 413 - nobody POST /console/api/sign-in -d "{\"account\":\"$(head -c 9000 /dev/zero | tr '\0' a)\"}"
must 403 account.invitation nobody POST /console/api/enrol -d '{"account":"lin","invitation":"AAAAAAAAAAAAAAAAAAAAAAAA"}'
must 403 session.origin nobody POST /console/api/sign-in -H 'Origin: https://elsewhere.example' -d '{"account":"lin"}'
must 403 session.origin nobody POST /console/api/sign-in -H 'Sec-Fetch-Site: cross-site' -d '{"account":"lin"}'

# --- the first time, and in ---
for who in lin chen zhao; do enrol $who; done
sign_in 200 - lin
grep -q '"roles":\["operator"\]' "$stage/answer" || stage_fail "session: $(cat "$stage/answer")"
grep -qi '^set-cookie: __Host-creditgate=[A-Za-z0-9_-]*; Path=/; Secure; HttpOnly; SameSite=Strict' "$stage/head" ||
    stage_fail "cookie: $(cat "$stage/head")"
! grep -q "$(awk '$6 == "__Host-creditgate" {print $7}' "$stage/lin.jar")" "$stage/answer" || stage_fail "the body tells the session"
for header in "content-security-policy: default-src 'none'; script-src 'self';" 'x-content-type-options: nosniff' 'x-frame-options: DENY' \
    'referrer-policy: no-referrer' 'cache-control: no-store' 'strict-transport-security: max-age='; do
    grep -qi "^$header" "$stage/head" || stage_fail "no $header in $(cat "$stage/head")"
done
! grep -i '^content-security-policy:' "$stage/head" | grep -q 'unsafe-\|blob:\|\*' || stage_fail "the policy is loose: $(cat "$stage/head")"
must 200 - lin GET /console/api/session
must 200 - lin GET /admin/v1/whoami
grep -q '"name":"lin"' "$stage/answer" || stage_fail "whoami: $(cat "$stage/answer")"
used=$(one_time lin "$(cat "$stage/lin.used")")
must 401 account.wrong other POST /console/api/sign-in -d "{\"account\":\"lin\",\"password\":\"correct horse battery\",\"code\":\"$used\"}"

# --- a certificate that came with the connection ---
must 200 - nobody GET /console/api/certificate
grep -qxF '{"accounts":[],"asked":true,"presented":false}' "$stage/answer" || stage_fail "no certificate: $(cat "$stage/answer")"
must 200 - nobody GET /console/api/certificate --cert "$stage/wang.pem" --key "$stage/wang.key"
grep -qxF '{"accounts":[{"name":"wang","title":"王管理"}],"asked":true,"presented":true}' "$stage/answer" || stage_fail "wang's: $(cat "$stage/answer")"
must 200 - nobody GET /console/api/certificate --cert "$stage/server.pem" --key "$stage/server.key"
grep -qxF '{"accounts":[],"asked":true,"presented":true}' "$stage/answer" || stage_fail "nobody's: $(cat "$stage/answer")"
must 405 http.method nobody POST /console/api/certificate -d '{}'

# --- keys: public halves only ---
must 401 session.none nobody GET /admin/v1/keys
must 200 - lin GET /admin/v1/keys
grep -q '"kid":"console-seal-sm2-1","state":"current","until":null,"use":"seal"' "$stage/answer" || stage_fail "keys: $(cat "$stage/answer")"
[ "$(grep -o '"kid"' "$stage/answer" | wc -l)" = 7 ] || stage_fail "how many keys? $(cat "$stage/answer")"
must 200 - lin GET /admin/v1/keys/console-seal-sm2-1
grep -q 'BEGIN PUBLIC KEY' "$stage/answer" && ! grep -q PRIVATE "$stage/answer" || stage_fail "public key: $(cat "$stage/answer")"
grep -qi '^content-disposition: attachment; filename="console-seal-sm2-1.pem"' "$stage/head" || stage_fail "name: $(cat "$stage/head")"
must 200 - lin GET /admin/v1/keys/all
cmp -s "$stage/answer" "$stage/state/public-keys.json" || stage_fail "all keys"
must 404 key.none lin GET /admin/v1/keys/none
must 400 - lin GET /admin/v1/keys/..%2fkeys
must 400 query.unknown lin GET /admin/v1/keys?x=1

# --- forged requests ---
must 403 session.forgery lin POST /admin/v1/jobs/unsent -d '{}'
must 403 session.forgery lin POST /admin/v1/jobs/unsent -H 'X-Creditgate-Forgery: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' -d '{}'
must 403 session.origin lin POST /admin/v1/jobs/unsent -H "X-Creditgate-Forgery: $(cat "$stage/lin.token")" -H 'Origin: https://evil.example' -d '{}'
must 202 - lin POST /admin/v1/jobs/unsent -H "X-Creditgate-Forgery: $(cat "$stage/lin.token")" -H "Origin: https://localhost:$port" -d '{}'

# --- each role against each action that is not its own ---
sign_in 200 - chen
sign_in 200 - zhao
wang_in
must 401 account.wrong other POST /console/api/sign-in --cert "$stage/wang.pem" --key "$stage/wang.key" -d '{"account":"lin"}'
operator="import propose correct withdraw repair dispute settle push requeue"
reviewer="approve return"
switcher="pause drain resume"
repairer="reconcile-repair"
administrator="client-suspend client-resume key-rotate reload names-register"
forbidden() { # WHO KIND…
    local who=$1
    shift
    for kind in "$@"; do write 403 staff.role "$who" "/admin/v1/jobs/$kind" '{"ids":["x"]}'; done
}
forbidden lin $reviewer $repairer $administrator
forbidden chen $operator $switcher $administrator
forbidden zhao $operator $reviewer $switcher $repairer $administrator
forbidden wang $operator $reviewer
for who in lin chen wang; do must 403 staff.role $who GET /admin/v1/trace?reason=x; done
for who in lin chen; do must 403 staff.role $who GET /admin/v1/staff; done
for word in invite reset suspend resume sign-out; do
    for who in lin chen zhao; do write 403 staff.role $who "/admin/v1/staff/lin/$word" '{"reason":"x"}'; done
done
must 200 - zhao GET /admin/v1/staff
! grep -qi 'secret\|verifier\|argon' "$stage/answer" || stage_fail "the list tells secrets: $(cat "$stage/answer")"
write 404 account.none wang /admin/v1/staff/nobody/invite '{}'
write 400 account.reason wang /admin/v1/staff/lin/suspend '{}'

# --- who had which roles from when on: in the journal, before anybody can use it ---
roster() { tr -d '\0' <"$stage/state/store/data.mdb" | grep -ao "\"name\":\"$1\",\"roles\":\[[a-z\",]*\]" | sort -u; }
for who in admin lin chen zhao wang; do [ -n "$(roster $who)" ] || stage_fail "the journal does not know $who"; done
sed -i 's/{name: chen, title: 陈复核, roles: \[reviewer\]}/{name: chen, title: 陈复核, roles: [reviewer, auditor]}/' "$config"
staff reload || stage_fail "reload: $(cat "$stage/out")"
grep -q 'chen.*changed: roles' "$stage/out" || stage_fail "what changed: $(cat "$stage/out")"
roster chen | grep -q '"reviewer","auditor"' || stage_fail "a new role is not in the journal: $(roster chen)"
tr -d '\0' <"$stage/state/store/data.mdb" | grep -aq '"by":"admin","data":{"file":"[^"]*","sha256":"[0-9a-f]*"},.*"type":"config.reload-ordered"' ||
    stage_fail "who ordered the reload?"
must 200 - chen GET /admin/v1/staff
grep -q '"name":"chen","roles":\["reviewer","auditor"\],"roles_since":"20' "$stage/answer" || stage_fail "since when? $(cat "$stage/answer")"

# --- what auditors take away: the trace and the gateway's own events, as files; itself traced ---
job() { # WHO KIND BODY: its id, when it is done
    write 202 - "$1" "/admin/v1/jobs/$2" "$3"
    id=$(grep -o '"job":"[^"]*"' "$stage/answer" | cut -d'"' -f4)
    job_ended() { call "$who" GET "/admin/v1/jobs/$id" >"$stage/quiet" && grep -q '"state":"\(done\|failed\)"' "$stage/answer"; }
    who=$1
    stage_within 30 job_ended || stage_fail "$2: $(cat "$stage/answer")"
}
forbidden lin trace-export events
forbidden wang trace-export
write 400 job.argument zhao /admin/v1/jobs/trace-export '{}'
write 400 job.argument zhao /admin/v1/jobs/events '{"group":"everything"}'
must 200 - zhao GET '/admin/v1/trace?reason=%3Dcmd%7Cx&uscc=91440224MAYUCHK485'
integrated() { # the reading stands in the log
    must 200 - zhao GET '/admin/v1/trace?reason=look&domain=(trace)'
    grep -q '"purpose":"=cmd|x"' "$stage/answer"
}
stage_within 20 integrated || stage_fail "the reading is not in the trace: $(head -c 2000 "$stage/answer")"
job zhao trace-export '{"reason":"年度检查","uscc":"91440224MAYUCHK485","domain":"(trace)"}'
must 200 - zhao GET "/admin/v1/jobs/$id/report?format=json"
grep -q '"count":1,"cut":false,' "$stage/answer" || stage_fail "exported: $(cat "$stage/answer")"
receipt=$(grep -o '"receipt":"[^"]*"' "$stage/answer" | cut -d'"' -f4)
digest=$(grep -o '"sha256":"[^"]*"' "$stage/answer" | cut -d'"' -f4)
must 200 - zhao GET "/admin/v1/jobs/$id/report?format=csv"
grep -q "'=cmd|x" "$stage/answer" || stage_fail "a formula: $(cat "$stage/answer")"
[ "$(sha256sum <"$stage/answer" | cut -d' ' -f1)" = "$digest" ] || stage_fail "the digest is not that of the file"
must 200 - zhao GET "/admin/v1/jobs/$id/report?format=xlsx"
[ "$(head -c 2 "$stage/answer")" = PK ] || stage_fail "no workbook"
for who in lin wang; do must 403 staff.role $who GET "/admin/v1/jobs/$id/report?format=csv"; done
proved() { call zhao GET "/admin/v1/trace/$receipt" >"$stage/status" && [ "$(cat "$stage/status")" = 200 ]; }
stage_within 20 proved || stage_fail "the export itself is not in the trace: $(cat "$stage/answer")"
grep -qa "$digest" "$stage/answer" || stage_fail "the trace does not know what was taken: $(head -c 2000 "$stage/answer")"
cp "$stage/answer" "$stage/export.proof"
"$gate" verify --keys "$stage/state/public-keys.json" "$stage/export.proof" >"$stage/out" 2>&1 || stage_fail "offline: $(cat "$stage/out")"
job wang events '{"group":"staff","since":"'"$(TZ=UTC-8 date +%F)"'"}'
must 200 - wang GET "/admin/v1/jobs/$id/report?format=json"
grep -q '"type":"staff.granted","by":"gateway","job":null,"data":{"certificate":null,"name":"chen","roles":\["reviewer","auditor"\]' "$stage/answer" &&
    grep -q '"type":"config.reload-ordered","by":"admin","job":"20' "$stage/answer" && ! grep -q account.signed-in "$stage/answer" ||
    stage_fail "events: $(cat "$stage/answer")"
job zhao events '{"by":"lin","group":"accounts"}'
must 200 - zhao GET "/admin/v1/jobs/$id/report?format=csv"
grep -q account.signed-in "$stage/answer" && ! grep -q ',chen,' "$stage/answer" || stage_fail "lin's: $(cat "$stage/answer")"
job zhao events '{"until":"2020-01-01"}'
must 200 - zhao GET "/admin/v1/jobs/$id/report?format=json"
grep -q '"count":0,"cut":false,"shown":0,"items":\[\]' "$stage/answer" || stage_fail "before there was anything: $(cat "$stage/answer")"

# --- strangers guess: they wait, on every browser but the person's own ---
for i in 1 2 3 4 5; do call stranger POST /console/api/sign-in -d '{"account":"lin","password":"guess","code":"000000"}' >"$stage/quiet"; rm -f "$stage/stranger.jar"; done
must 429 account.wait stranger POST /console/api/sign-in -d '{"account":"lin","password":"guess","code":"000000"}'
grep -qi '^retry-after: [0-9]' "$stage/head" || stage_fail "how long? $(cat "$stage/head")"
sign_in 429 account.wait lin stranger
echo $(($(cat "$stage/lin.used") - 1)) >"$stage/lin.used" # it was not taken
sign_in 200 - lin

# --- suspended, resumed, reset, signed out ---
must 200 - chen GET /admin/v1/whoami
wang_in
seen_of() { must 200 - wang GET /admin/v1/staff && grep -o '"name":"'"$1"'".*' "$stage/answer" | grep -o '"version":"[^"]*"' | head -1 | cut -d'"' -f4; }
seen=$(seen_of chen)
write 409 order.stale wang /admin/v1/staff/chen/suspend '{"reason":"离岗","seen":"suspended,password,0,0"}'
must 200 - chen GET /admin/v1/whoami # nothing was done
write 400 body.form wang /admin/v1/staff/chen/suspend '{"reason":"离岗","sean":"x"}'
write 200 - wang /admin/v1/staff/chen/suspend "{\"reason\":\"离岗\",\"seen\":\"$seen\"}"
must 401 session.none chen GET /admin/v1/whoami
sign_in 403 account.suspended chen
for word in invite reset suspend resume sign-out; do # another has suspended him since
    write 409 order.stale wang "/admin/v1/staff/chen/$word" "{\"reason\":\"昨日所见\",\"seen\":\"$seen\"}"
done
grep -q '现为：已停用' "$stage/answer" || stage_fail "it does not say how he is now: $(cat "$stage/answer")"
write 200 - wang /admin/v1/staff/chen/resume '{"reason":"返岗"}'
sign_in 200 - chen
must 204 - chen POST /console/api/sign-out -H "X-Creditgate-Forgery: $(cat "$stage/chen.token")" -d '{}'
must 401 session.none chen GET /admin/v1/whoami
sign_in 200 - zhao
wang_in
write 200 - wang /admin/v1/staff/zhao/reset '{"reason":"手机遗失"}'
must 401 session.none zhao GET /admin/v1/whoami
must 401 account.wrong zhao POST /console/api/sign-in -d "{\"account\":\"zhao\",\"password\":\"correct horse battery\",\"code\":\"$(next_code zhao)\"}"
wang_in
write 200 - wang /admin/v1/staff/wang/sign-out '{}' # what ends one's own session is answered, too
must 401 session.none wang GET /admin/v1/whoami
rm -f "$stage/zhao.used"
enrol zhao
sign_in 200 - zhao

# --- the doorkeeper dies: who is in stays in, the next lets people in ---
door=$(grep -o '"kind":"door","pid":[0-9]*' "$stage/state/processes.json" | sed 's/.*://')
kill -9 "$door"
must 200 - zhao GET /admin/v1/whoami
another_door() { grep -o '"kind":"door","pid":[0-9]*,"ready":true' "$stage/state/processes.json" | grep -qv "\"pid\":$door,"; }
stage_within 20 another_door || stage_fail "no door again: $(cat "$stage/state/processes.json")"
wang_in
sign_in 200 - zhao

# --- pages: only what is in the folder ---
must 200 - nobody GET /console/
grep -q 工作台 "$stage/answer" || stage_fail "index: $(cat "$stage/answer")"
grep -qi '^cache-control: no-cache' "$stage/head" || stage_fail "index is kept: $(cat "$stage/head")"
must 200 - nobody GET /console/records/r-1
must 308 - nobody GET /console
must 200 - nobody GET /console/assets/app-1234.js --compressed
grep -qi '^content-encoding: gzip' "$stage/head" && grep -q '^script$' "$stage/answer" || stage_fail "gzip: $(cat "$stage/head")"
grep -qi '^cache-control: public, max-age=31536000, immutable' "$stage/head" || stage_fail "assets: $(cat "$stage/head")"
must 200 - nobody GET /console/assets/app-1234.js
tag=$(grep -i '^etag:' "$stage/head" | tr -d '\r' | cut -d' ' -f2)
must 304 - nobody GET /console/assets/app-1234.js -H "If-None-Match: $tag"
for path in /console/link.txt /console/%2e%2e/outside.txt /console/..%2foutside.txt /console/assets/../../outside.txt /console/nothing.js \
    /console//etc/passwd.txt; do
    got=$(call nobody GET "$path" --path-as-is)
    [ "$got" = 404 ] || [ "$got" = 400 ] || stage_fail "$path: $got $(cat "$stage/answer")"
    ! grep -q secret "$stage/answer" || stage_fail "$path tells what is outside"
done

# --- a session that nobody uses ends; asking whether there is one is no use ---
for i in 1 2 3 4 5 6 7; do
    sleep 4
    call zhao GET /console/api/session >"$stage/quiet"
done
must 401 session.none zhao GET /admin/v1/whoami

# --- the journal knows, and a rebuild arrives at the same ---
stage_stop "$gateway_pid"
staff rebuild --check || stage_fail "rebuild: $(cat "$stage/out")"
for type in signed-in refused invited enrolled signed-out suspended resumed reset; do
    grep -qa "\"type\":\"account.$type\"" "$stage/state/store/data.mdb" || stage_fail "no account.$type in the journal"
done
! grep -rq 'correct horse battery' "$stage/state" "$stage"/*.log || stage_fail "a password was written"

#!/bin/bash
# What the console shows before an order is what then happens, through the console's listener and all three platforms: the
# preview of a proposal, of the review, the push, a correction, a dispute and its end, a withdrawal, a repair against the rows
# that the platforms received, field by field; who may preview, and who is told no verdict; pages that are stale. Then a lookup as a bank would: whose, what for, how
# often, the same answer that the bank gets, and the entry that it leaves.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cd "$(dirname "$0")/../.."
. scripts/stage.sh
. scripts/stage_console.sh
cases=$PWD/tests/cases
today=$(TZ=UTC-8 date +%F)
stage_channels=$ALL_CHANNELS
stage_open
for name in server sandbox gateway bank land lin chen zhao wang; do stage_certificate $name; done
stage_secrets
mkdir "$stage/pages"
echo "<!doctype html><title>工作台</title>" >"$stage/pages/index.html"
config=$stage/creditgate.yaml
configure() { # SANDBOX_PORT
    stage_config order "$1" "  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending], purposes: [credit-review]}
  - {name: land, kind: government, certificate: land.pem, domains: [land-supply]}"
    sed -i -e '/^staff:/,/^clients:/{/^  - /d}' "$config"
    sed -i 's/^staff:/console: {address: 127.0.0.1, port: 0, client_ca: ca.pem, files: pages}\n&\
  - {name: lin, title: 林经办, roles: [operator], certificate: lin.pem}\
  - {name: chen, title: 陈复核, roles: [reviewer], certificate: chen.pem}\
  - {name: looker, title: 查看, uid: '$(id -u)', roles: [auditor]}\
  - {name: zhao, title: 赵审计, roles: [auditor], certificate: zhao.pem}\
  - {name: wang, title: 王管理, roles: [administrator], certificate: wang.pem}/' "$config"
}
configure 1
"$gate" init --config "$config" >"$stage/quiet"
stage_sandbox order
configure "$sandbox_port"
stage_gateway
stage_console_site

order() { # WHO KIND BODY [QUERY]: to its end; the report is in $stage/report
    write 202 - "$1" "/admin/v1/jobs/$2${4:-}" "$3"
    job=$(jq -r .job "$stage/answer")
    stage_within 60 is_over "$1" || stage_fail "$2 does not end"
    grep -q '"state":"done"' "$stage/answer" || stage_fail "$2: $(cat "$stage/answer")"
    : >"$stage/report"
    while must 200 - "$1" GET "/admin/v1/jobs/$job/report?format=json&offset=$(wc -c <"$stage/report")" && [ -s "$stage/answer" ]; do
        cat "$stage/answer" >>"$stage/report"
    done
}
expect() { # WHAT FILTER: true of the last report
    jq -e "$2" "$stage/report" >"$stage/quiet" || stage_fail "$1: $(head -c 3000 "$stage/report")"
}
control() { curl -sf --unix-socket "$stage/control.sock" "http://sandbox/control/$1" -o "$stage/state.json" || stage_fail "control $1"; }

# --- who may, and what makes no sense ---
for who in lin chen zhao wang; do come_in $who; done
must 401 session.none nobody POST /admin/v1/jobs/preview -d '{}'
must 401 session.none nobody POST /console/api/lookup -d '{}'
must 403 session.forgery lin POST /admin/v1/jobs/preview -d '{}'
must 403 session.forgery lin POST /console/api/lookup -d '{}'
write 400 job.argument lin /admin/v1/jobs/preview '{"ids":["aaaaaa"]}'
write 400 job.argument lin /admin/v1/jobs/preview '{"order":"drain","ids":["aaaaaa"]}'
write 400 job.argument lin /admin/v1/jobs/preview '{"order":"approve"}'

# --- preview, and then do it ---
head -60 "$cases/register/register-dev.csv" >"$stage/register.csv"
order lin import "@$stage/register.csv" '?file=register.csv'
order lin overdue "{\"on\":\"$today\"}"
jq -r '.items[:12][].obligation' "$stage/report" >"$stage/obligations"
listing="\"on\":\"$today\",\"document\":\"粤工信失信〔2026〕1号\",\"decided_on\":\"$today\",\"severity\":\"general\""
ids() { jq -R . "$1" | jq -sc .; }
events() { jq -c '[.sequence]' "$stage/report"; }

# The rows of the last report, one a line: channel, record, version, row with its names in order.
rows() { jq -cS '.items[] | . as $item | .channels[] | .channel as $channel | .sends[] | [$channel, $item.record, .version, .row]' "$1"; }
# The platforms keep the SM3 of every row that they took in, over its canonical JSON: one a line, with channel, record, version.
digests() { # FILE: of the rows shown
    local channel record version row
    while IFS= read -r line; do
        printf '%s %s\n' "$(jq -r '.[0:3] | map(tostring) | join(" ")' <<<"$line")" \
            "$(jq -cSj '.[3]' <<<"$line" | openssl dgst -sm3 -r | cut -c1-64)"
    done < <(rows "$1")
}
has_arrived() {
    local channel
    : >"$stage/there"
    for channel in $ALL_CHANNELS; do
        control "state?platform=$channel"
        jq -r --arg channel "$channel" '.records | to_entries[] | .key as $record | .value.applied[] |
            "\($channel) \($record) \(.VERSION) \(.sm3)"' "$stage/state.json" >>"$stage/there"
    done
    [ -z "$(grep -vxFf "$stage/there" "$stage/expected")" ]
}
sent() { # the last report is what comes
    cp "$stage/report" "$stage/shown"
    digests "$stage/shown" >"$stage/expected"
    [ "$(wc -l <"$stage/expected")" = "$1" ] || stage_fail "not $1 rows are shown: $(head -c 3000 "$stage/shown")"
}
came() {
    stage_within 60 has_arrived || stage_fail "what came is not what was shown: $(head -3 "$stage/expected") and $(head -c 2000 "$stage/there")"
    all=$((${all:-0} + $(wc -l <"$stage/expected")))
    [ "$(wc -l <"$stage/there")" = "$all" ] || stage_fail "more came than was shown: $(wc -l <"$stage/there"), not $all"
}

order lin preview "{\"order\":\"propose\",$listing,\"ids\":$(ids "$stage/obligations")}"
expect "it is possible" '.done == 12 and .refused == 0 and (.channels | length) == 3 and all(.channels[]; .why == null and (.fields | length) > 15)'
expect "it changes answers" 'all(.items[]; .answers.lending == ["not-listed", "listed", "not-listed", "listed"])'
expect "it is said in words" 'all(.items[]; [.will[].topic] == ["decision", "publication", "answers", "channels", "record"])'
sent 36
lins=$job
first=$(events)
for who in chen zhao wang; do
    order $who preview "{\"order\":\"propose\",$listing,\"ids\":$(ids "$stage/obligations")}"
    [ "$(rows "$stage/report")" = "$(rows "$stage/shown")" ] || stage_fail "$who is shown something else"
done
expect "an administrator is told verdicts" 'all(.items[]; .answers == {} and ([.will[].topic] == ["decision", "publication", "channels", "record"]))'
must 403 staff.role wang GET "/admin/v1/jobs/$lins/report?format=json&offset=0"
must 200 - chen GET "/admin/v1/jobs/$lins/report?format=json&offset=0"
[ "$(events)" = "$first" ] || stage_fail "a preview left events"
order lin unsent '{}'
expect "something was proposed" '.count == 0'
order lin propose "{$listing,\"ids\":$(ids "$stage/obligations")}"
order lin waiting '{}'
jq -r '.items[] | "\(.record)@\(.proposal)"' "$stage/report" >"$stage/seen"
[ "$(wc -l <"$stage/seen")" = 12 ] || stage_fail "waiting: $(cat "$stage/report")"
order lin preview "{\"order\":\"approve\",\"ids\":$(ids "$stage/seen")}"
expect "his own" 'all(.items[]; .why.rule == "record.same-person" and all(.channels[]; .sends == []))'
order chen preview "{\"order\":\"approve\",\"ids\":$(ids "$stage/seen")}"
[ "$(rows "$stage/report" | sort)" = "$(rows "$stage/shown" | sort)" ] || stage_fail "the reviewer is shown something else"
order chen approve "{\"ids\":$(ids "$stage/seen")}"
order lin preview "{\"order\":\"push\",\"ids\":$(ids "$stage/seen")}"
[ "$(rows "$stage/report" | sort)" = "$(rows "$stage/shown" | sort)" ] || stage_fail "a push shows something else"
order lin push "{\"ids\":$(ids "$stage/seen")}"
came

# --- the ways a record changes, each shown before it is done ---
one=$(head -1 "$stage/seen" | sed 's/@.*//')
seen_now() {
    must 200 - lin GET "/admin/v1/records/$one"
    jq -r '.versions[-1].proposal' "$stage/answer"
}
do_it() { # KIND ARGUMENTS ROWS AFTER
    order lin preview "{\"order\":\"$1\",\"ids\":[\"$one@$(seen_now)\"],$2}"
    expect "$1" ".done == 1 and .items[0].answers.lending[1] == \"$4\""
    sent "$3"
    order lin "$1" "{\"ids\":[\"$one@$(seen_now)\"],$2}"
    expect "$1" '.done == 1'
    write 409 order.stale lin /admin/v1/jobs/preview "{\"order\":\"$1\",\"ids\":[\"$one@1\"],$2}"
    order chen approve "{\"ids\":[\"$one@$(seen_now)\"]}"
    order lin push "{\"ids\":[\"$one\"]}"
    came
}
do_it correct '"reason":"文号有误","document":"粤工信失信〔2026〕2号"' 3 listed
do_it dispute '"reason":"企业提出异议"' 3 listed
do_it settle '"reason":"异议不成立"' 3 listed
do_it withdraw '"reason":"不应认定"' 3 not-listed
order lin preview "{\"order\":\"withdraw\",\"ids\":[\"$one\"],\"reason\":\"再次\"}"
expect "it is over" '.items[0].why.rule == "record.over"'
# What is minor can be repaired on the day (Order 36: no shortest publication), what is not cannot.
over=$one
one=$(sed -n 3p "$stage/seen" | sed 's/@.*//')
repair="\"reason\":\"已整改\",\"committed_on\":\"$today\",\"corrected\":\"拆除现场核查记录\",\"duties\":\"履行证明\",\"duties_done\":true"
order lin preview "{\"order\":\"repair\",\"ids\":[\"$one\"],$repair}"
expect "it is too early" '.items[0].why.rule == "record.repair-too-early" and all(.items[0].channels[]; .sends == [])'
do_it correct '"reason":"情节轻微","severity":"minor"' 3 listed
do_it repair "$repair" 3 not-listed
one=$over

# The command line shows the same; over it, too, nothing is done.
cli() { "$gate" --config "$config" --lang zh "$@" >"$stage/out" 2>&1; }
! cli preview withdraw "$one" --reason 再次 || stage_fail "what would be refused looks possible"
grep -q '不会执行' "$stage/out" && grep -q '什么都没有改变' "$stage/out" || stage_fail "preview: $(cat "$stage/out")"
! cli preview drain "$one" || stage_fail "there is no such preview"

# --- as a bank would ---
two=$(sed -n 2p "$stage/seen" | sed 's/@.*//')
must 200 - lin GET "/admin/v1/records/$two"
uscc=$(jq -r '.versions[-1].record.uscc' "$stage/answer")
look() { # STATUS RULE WHO MEMBERS
    write "$1" "$2" "$3" /console/api/lookup "{\"domain\":\"lending\",\"uscc\":\"$uscc\",\"purpose\":\"credit-review\",$4}"
}
must 200 - lin GET /console/api/domains
jq -e '[.domains[] | select(.domain == "lending") | .purposes[].code] | index("credit-review") != null' "$stage/answer" >"$stage/quiet" ||
    stage_fail "domains: $(cat "$stage/answer")"
look 403 staff.role wang '"client":"bank","reason":"核对"'
look 400 lookup.reason lin '"client":"bank"'
look 400 lookup.kind lin '"reason":"核对"'
look 400 lookup.kind lin '"client":"bank","kind":"lender","reason":"核对"'
look 400 lookup.client lin '"client":"nobody","reason":"核对"'
look 400 body.member lin '"client":"bank","reason":"核对","uscc2":"x"'
look 403 client.domain lin '"client":"land","reason":"核对"'
write 400 purpose.unknown lin /console/api/lookup "{\"domain\":\"lending\",\"uscc\":\"$uscc\",\"purpose\":\"post-loan\",\"client\":\"bank\",\"reason\":\"核对\"}"
look 400 query.as-of lin '"client":"bank","reason":"核对","as_of":"x"'
look 400 lookup.future lin '"client":"bank","reason":"核对","as_of":"2199-01-01"'
look 200 - lin '"client":"bank","reason":"核对企业来电，案号：核〔2026〕3号"'
jq -S .answer "$stage/answer" >"$stage/mine"
receipt=$(jq -r .receipt "$stage/answer")
jq -e '.answer.verdict == "listed" and .as == "client bank" and .receipt == .answer.receipt' "$stage/answer" >"$stage/quiet" ||
    stage_fail "lookup: $(cat "$stage/answer")"
curl -sS --cacert "$stage/ca.pem" --cert "$stage/bank.pem" --key "$stage/bank.key" -o "$stage/theirs" \
    "https://localhost:$gateway_port/v1/lookups/lending/$uscc?purpose=credit-review" || stage_fail "the bank is not answered"
same() { jq -S 'del(.receipt, .as_of.at)' "$1"; }
[ "$(same "$stage/mine")" = "$(same "$stage/theirs")" ] || stage_fail "another answer: $(cat "$stage/mine" "$stage/theirs")"
look 200 - chen '"kind":"government","reason":"核对"'
entry() { # WHO: the entry of the receipt, when the log is signed
    [ "$(call "$1" GET "/console/api/lookup/$receipt")" = 200 ] && jq -r .entry "$stage/answer" >"$stage/entry"
}
stage_within 30 entry lin || stage_fail "no proof of the lookup: $(cat "$stage/answer")"
jq -e --arg uscc "$uscc" '.by == "lin" and .kind == "staff" and .operator == "client bank" and .reason == "核对企业来电，案号：核〔2026〕3号" and
    .uscc == $uscc and .verdict == "listed" and .purpose == "credit-review" and .owes == false and .certificate == null' "$stage/entry" \
    >"$stage/quiet" || stage_fail "entry: $(cat "$stage/entry")"
cp "$stage/answer" "$stage/proof.json"
"$gate" --config "$config" verify "$stage/proof.json" >"$stage/quiet" || stage_fail "the proof proves nothing"
must 404 trace.receipt chen GET "/console/api/lookup/$receipt"
must 200 - zhao GET "/admin/v1/trace/$receipt"
must 403 staff.role wang GET "/console/api/lookup/$receipt"

# --- what a claim rests on ---
must 404 http.path lin GET /console/api/evidence/x
must 404 record.unknown lin GET /console/api/evidence/Rffffffffffffffffffff
must 401 session.none nobody GET "/console/api/evidence/$two"
is_proved() { must 200 - chen GET "/console/api/evidence/$two" && jq -e '.proof != null' "$stage/answer" >"$stage/quiet"; }
stage_within 30 is_proved || stage_fail "no proof: $(cat "$stage/answer")"
sum=$(sha256sum "$stage/register.csv" | cut -c1-64)
jq -e --arg sum "$sum" --arg uscc "$uscc" '.now == null and .changed == [] and .import.sha256 == $sum and .import.file == "register.csv" and
    .import.by == "lin" and .basis.row.uscc == $uscc and .basis.line > 1' "$stage/answer" >"$stage/quiet" || stage_fail "evidence: $(cat "$stage/answer")"
line=$(jq -r .basis.line "$stage/answer")
[ "$(sed -n "${line}p" "$stage/register.csv" | grep -c "$uscc")" = 1 ] || stage_fail "line $line of the file is another"
jq .proof "$stage/answer" >"$stage/proof.json"
"$gate" --config "$config" verify "$stage/proof.json" >"$stage/quiet" || stage_fail "the proof of the row proves nothing"
sed "${line}s/,[^,]*\$/,另有说明/" "$stage/register.csv" >"$stage/changed.csv"
order lin import "@$stage/changed.csv" '?file=changed.csv'
must 200 - chen GET "/console/api/evidence/$two"
jq -e '.now.version == .basis.version + 1 and .changed == ["remark"] and .now.row.remark == "另有说明"' "$stage/answer" >"$stage/quiet" ||
    stage_fail "what changed: $(cat "$stage/answer")"

# --- no more often than somebody can read ---
often() {
    local i status
    for i in $(seq 40); do
        status=$(call zhao POST /console/api/lookup -H "X-Creditgate-Forgery: $(cat "$stage/zhao.token")" \
            -d "{\"domain\":\"lending\",\"uscc\":\"$uscc\",\"purpose\":\"credit-review\",\"client\":\"bank\",\"reason\":\"x\"}")
        [ "$status" = 200 ] || break
    done
    [ "$status" = 429 ] && [ "$i" -gt 25 ] && grep -q '"rule":"lookup.limit"' "$stage/answer"
}
often || stage_fail "no limit: $(cat "$stage/answer")"
look 200 - lin '"client":"bank","reason":"别人不受影响"'
echo "what was shown is what came; a lookup as a bank leaves its trace"

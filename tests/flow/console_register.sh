#!/bin/bash
# The register through the console's listener: refused questions, each filter against the file that was imported, pages that
# hold while another file comes in, an enterprise's page, who may see who asked about it.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cd "$(dirname "$0")/../.."
. scripts/stage.sh
. scripts/stage_console.sh
register=$PWD/tests/cases/register/register-dev.csv
stage_open
for name in server bank lin chen zhao wang; do stage_certificate $name; done
mkdir "$stage/pages"
echo "<!doctype html><title>工作台</title>" >"$stage/pages/index.html"
config=$stage/creditgate.yaml
cat >"$config" <<END
gateway: {name: console, state: state}
listen: {port: 0, certificate: server.pem, key: server.key, client_ca: ca.pem}
console: {address: 127.0.0.1, port: 0, client_ca: ca.pem, files: pages}
admin: {socket: admin.sock}
clients:
  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending], requests_per_minute: 100000}
staff:
  - {name: lin, title: 林经办, roles: [operator], certificate: lin.pem}
  - {name: chen, title: 陈复核, roles: [reviewer], certificate: chen.pem}
  - {name: zhao, title: 赵审计, roles: [auditor], certificate: zhao.pem}
  - {name: wang, title: 王管理, roles: [administrator], certificate: wang.pem}
END
"$gate" init --config "$config" >"$stage/quiet"
stage_gateway
stage_console_site

order() { # WHO KIND BODY|@FILE [QUERY]: to its end; the report is in $stage/report, the job's id in $job
    must 202 - "$1" POST "/admin/v1/jobs/$2${4:-}" -H "X-Creditgate-Forgery: $(cat "$stage/$1.token")" --data-binary "$3"
    job=$(grep -o '"job":"[^"]*"' "$stage/answer" | cut -d'"' -f4)
    stage_within 60 is_over "$1" || stage_fail "$2 does not end"
    grep -q '"state":"done"' "$stage/answer" || stage_fail "$2: $(cat "$stage/answer")"
    must 200 - "$1" GET "/admin/v1/jobs/$job/report?format=json&offset=0"
    cp "$stage/answer" "$stage/report"
}
number() { grep -o "\"$1\":[0-9]*" "$stage/answer" | head -1 | sed 's/.*://'; }
list() { must 200 - lin GET "/console/api/obligations?$1"; }
fits() { # QUERY NUMBER
    list "$1"
    [ "$(number matched)" = "$2" ] || stage_fail "$1: $(number matched) fit, not $2"
}
rows() { grep -c "$1" "$register" || true; }

# --- nobody, and what makes no sense ---
must 401 session.none nobody GET /console/api/obligations
must 401 session.none nobody GET /console/api/enterprises/91440224MAYUCHK485
must 401 session.none nobody GET /console/api/enterprises/91440224MAYUCHK485/lookups?reason=x
for who in lin chen zhao wang; do come_in $who; done
must 405 http.method lin POST /console/api/obligations -H "X-Creditgate-Forgery: $(cat "$stage/lin.token")" -d '{}'
for query in 'ground=x query.ground' 'state=x query.state' 'due_from=tomorrow query.value' 'division=44x query.value' 'uscc=91-4 query.value' \
    'uscc=91440224MAYUCHK4851 query.value' 'limit=0 query.number' 'limit=201 query.number' 'from=xx query.from' 'after=00 query.from' \
    'order=name query.value' 'as_of=99999999 query.value' 'order=due&order=due query.unknown' 'colour=red query.unknown'; do
    must 400 "${query#* }" lin GET "/console/api/obligations?${query% *}"
done
fits "" 0 # before the first import there is nothing to be found

# --- the register, and each filter against the file ---
order lin import "@$register" '?file=register.csv'
fits "" 515
fits "ground=safety" "$(rows ',安全,')"
fits "state=overdue" "$(rows ',逾期未退出,')"
fits "division=4413" "$(cut -d, -f3 "$register" | grep -c ^4413)"
fits "industry=%E5%B9%B3%E6%9D%BF" "$(cut -d, -f5 "$register" | grep -c 平板)"
fits "region=%E4%BB%81%E5%8C%96" "$(cut -d, -f4 "$register" | grep -c 仁化)"
fits "uscc=91440224" "$(cut -d, -f2 "$register" | grep -c ^91440224)"
fits "name=%E7%92%9E%20%E5%BB%AA" "$(cut -d, -f1 "$register" | grep -c 璞廪)"
fits "name=no+such+enterprise" 0
fits "overdue_on=1990-01-01" 0
fits "due_from=2018-05-28&due_to=2018-05-28&uscc=91440224MAYUCHK485" 1
grep -q '"days_late":[1-9]' "$stage/answer" || stage_fail "not late? $(cat "$stage/answer")"

# --- pages: all once, in order, while another file comes in ---
list "order=due&limit=200"
as_of=$(number as_of)
: >"$stage/seen"
for page in 1 2 3; do
    grep -o '"obligation":"[0-9a-f]*"' "$stage/answer" >>"$stage/seen"
    after=$(grep -o '"place":"[0-9a-f]*"' "$stage/answer" | tail -1 | cut -d'"' -f4)
    if [ $page = 1 ]; then # everything gets another day
        awk -F, -v OFS=, 'NR > 1 {if ($13 == "" && $20 ~ /^(逾期未退出|整改中)$/) {sub(/^[0-9]*/, "2030", $12); $20 = "整改中"} else $22 = "已更新"} {print}' \
            "$register" >"$stage/changed.csv"
        order lin import "@$stage/changed.csv" '?file=changed.csv'
        [ "$(grep -o '"accepted":[0-9]*' "$stage/report" | sed 's/.*://')" -gt 400 ] || stage_fail "nothing changed: $(head -c 3000 "$stage/report")"
    fi
    list "order=due&limit=200&as_of=$as_of&after=$after"
done
[ "$(number matched)" = 515 ] || stage_fail "another register: $(head -c 300 "$stage/answer")"
[ "$(wc -l <"$stage/seen")" = 515 ] && [ -z "$(sort "$stage/seen" | uniq -d)" ] || stage_fail "$(wc -l <"$stage/seen") on all pages"
list "order=due"
[ "$(number as_of)" -gt "$as_of" ] || stage_fail "a new list shows the register of before"
order lin import "@$register" '?file=register.csv'

# --- an enterprise: versions with their rows, records, what happened ---
must 404 http.path lin GET /console/api/enterprises/
must 404 http.path lin GET /console/api/enterprises/not-a-code
must 404 enterprise.unknown lin GET /console/api/enterprises/91350100M000100Y43
id=$(list "uscc=91440224MAYUCHK485" && grep -o '"obligation":"[0-9a-f]*"' "$stage/answer" | head -1 | cut -d'"' -f4)
day=$(TZ=Asia/Shanghai date +%F)
order lin propose "{\"ids\":[\"$id\"],\"on\":\"$day\",\"document\":\"韶工信〔2020〕1号\",\"decided_on\":\"$day\",\"severity\":\"general\"}"
record=$(grep -o "\"record\":\"R[0-9a-f]*\"" "$stage/report" | head -1 | cut -d"\"" -f4) || true
[ -n "$record" ] || stage_fail "not proposed: $(cat "$stage/report")"
order chen approve "{\"ids\":[\"$record\"]}"
must 200 - lin GET /console/api/enterprises/91440224MAYUCHK485
for part in '"name":"韶关市璞廪钢铁有限公司"' '"names":\["韶关市璞廪钢铁有限公司"' '"remark":"已更新"' "\"record\":\"$record\"" \
    '"version":3' '"by":"lin"' '"type":"obligation.recorded"' '"type":"record.proposed"' '"type":"record.approved"' '"is_cut":false'; do
    grep -q "$part" "$stage/answer" || stage_fail "no $part: $(cat "$stage/answer")"
done
list "uscc=91440224MAYUCHK485&ground=energy"
grep -q "\"record\":\"$record\",\"record_state\":\"effective\",\"record_op\":\"new\"" "$stage/answer" || stage_fail "no record: $(cat "$stage/answer")"

fits "uscc=91440224MAYUCHK485&ground=energy&unproposed=on" 0
fits "unproposed=on" 514

# --- records are found by the same filters ---
for query in 'uscc=91-4' 'decided_from=x' 'decided_to=2020-13-01'; do must 400 query.value lin GET "/admin/v1/records?list=live&$query"; done
records() { # QUERY NUMBER
    must 200 - lin GET "/admin/v1/records?list=live&$1"
    [ "$(grep -o '"proposal":[0-9]*,"record":{' "$stage/answer" | wc -l)" = "$2" ] || stage_fail "$1: $(cat "$stage/answer")"
}
records "" 1
records "uscc=91440224&name=%E7%92%9E%20%E5%BB%AA&region=%E4%BB%81%E5%8C%96&industry=%E9%92%A2&decided_from=$day&decided_to=$day" 1
records "decided_to=2020-01-01" 0
records "name=no+such+enterprise" 0

# --- the list as a file: all that fits, and nothing that a spreadsheet would take for a formula ---
report() { must 200 - lin GET "/admin/v1/jobs/$job/report?format=$1&offset=0"; }
sed '2,$d' "$register" >"$stage/formula.csv"
sed -n 2p "$register" | sed 's/,[^,]*$/,=1+1/; s/25吨转炉/@SUM(A1)转炉/' >>"$stage/formula.csv"
order lin import "@$stage/formula.csv" '?file=formula.csv'
order lin register '{"format":"csv","ground":"energy","order":"code"}'
grep -q "\"count\":$(($(rows ',能耗,') + 1))" "$stage/report" || stage_fail "count: $(cat "$stage/report")"
report csv
[ "$(grep -c ,能耗, "$stage/answer")" = $(($(rows ',能耗,') + 1)) ] || stage_fail "rows: $(head -c 1000 "$stage/answer")"
head -1 "$stage/answer" | grep -q "^$(printf '\357\273\277')企业名称,统一社会信用代码,.*,备注,最后期限,逾期天数,失信记录,记录状态" || stage_fail "head: $(head -1 "$stage/answer")"
grep -q ",\"\{0,1\}'=1+1" "$stage/answer" && grep -q ",\"\{0,1\}'@SUM(A1)转炉" "$stage/answer" || stage_fail "a formula: $(grep 'SUM' "$stage/answer")"
grep -q ",$record,已生效" "$stage/answer" || stage_fail "no record in the file"
must 404 job.report lin GET "/admin/v1/jobs/$job/report?format=xlsx&offset=0"
order zhao register '{"uscc":"91440224MAYUCHK485"}'
must 200 - zhao GET "/admin/v1/jobs/$job/report?format=xlsx&offset=0"
cp "$stage/answer" "$stage/list.xlsx"
python3 - "$stage/list.xlsx" <<'END' || stage_fail "the workbook"
import re, sys, zipfile
book = zipfile.ZipFile(sys.argv[1])
sheet = book.read("xl/worksheets/sheet1.xml").decode()
text = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
assert len(re.findall("<row ", sheet)) == 3, sheet[:2000]
assert "<f>" not in sheet and "@SUM(A1)" in text and "=1+1" in text
END
write() { must "$1" "$2" lin POST "$3" -H "X-Creditgate-Forgery: $(cat "$stage/lin.token")" -d "$4"; }
write 400 job.argument /admin/v1/jobs/register '{"format":"pdf"}'
write 400 job.argument /admin/v1/jobs/register '{"colour":"red"}'

# --- who asked about it: for the auditor and the administrator, with a reason, and traced ---
for who in lin chen; do must 403 staff.role $who GET /console/api/enterprises/91440224MAYUCHK485/lookups?reason=x; done
must 400 purpose.missing zhao GET /console/api/enterprises/91440224MAYUCHK485/lookups
must 400 purpose.missing zhao GET "/console/api/enterprises/91440224MAYUCHK485/lookups?reason=%20%E3%80%80"
must 400 query.unknown zhao GET "/console/api/enterprises/91440224MAYUCHK485/lookups?reason=x&uscc=91441303MAY1A0TP3P"
must 200 - zhao GET "/console/api/enterprises/91440224MAYUCHK485/lookups?reason=complaint"
read_twice() {
    must 200 - wang GET "/console/api/enterprises/91440224MAYUCHK485/lookups?reason=again"
    grep -q '"by":"zhao".*"domain":"(trace)"' "$stage/answer" && grep -q complaint "$stage/answer"
}
stage_within 20 read_twice || stage_fail "the auditor's reading is not in the trace: $(cat "$stage/answer")"

# --- of many lookups those about it, the newest first, on to the oldest: two banks' questions and 10,300 others between them ---
code=91440224MAYUCHK485
lookup() {
    curl -sSf -o "$stage/answer" --max-time 30 --cacert "$stage/ca.pem" --cert "$stage/bank.pem" --key "$stage/bank.key" \
        "$@" "https://localhost:$gateway_port/v1/lookups/lending$path"
}
path="/$code?purpose=credit-review&operator=first" lookup
{ printf '{"purpose":"credit-review","subjects":['; tail -n +2 "$register" | cut -d, -f2 | grep -v $code | head -500 | sed 's/.*/{"uscc":"&"}/' | paste -sd,; printf ']}'; } >"$stage/batch.json"
for _ in $(seq 21); do path="" lookup -H 'Content-Type: application/json' --data @"$stage/batch.json"; done
path="/$code?purpose=credit-review&operator=last" lookup
newest() {
    must 200 - zhao GET "/console/api/enterprises/$code/lookups?reason=order"
    grep -q '"operator":"last"' "$stage/answer"
}
stage_within 30 newest || stage_fail "the last lookup is not on the first page: $(head -c 2000 "$stage/answer")"
! grep -q '"operator":"first"' "$stage/answer" || stage_fail "one page looks at everything"
next=$(number next)
[ -n "$next" ] || stage_fail "no next page: $(tail -c 300 "$stage/answer")"
must 200 - zhao GET "/console/api/enterprises/$code/lookups?reason=order&from=$next"
grep -q '"operator":"first".*complaint' "$stage/answer" || stage_fail "not the oldest, or not the newest first: $(cat "$stage/answer")"
! grep -q '"operator":"last"' "$stage/answer" || stage_fail "an entry on two pages"
grep -q '"next":null' "$stage/answer" || stage_fail "no end: $(tail -c 300 "$stage/answer")"

stage_stop "$gateway_pid"
"$gate" --config "$config" --lang en rebuild --check >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"

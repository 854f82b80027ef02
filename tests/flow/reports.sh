#!/bin/bash
# Reports over the console's listener and from the command line: who may order and read them, what they say, in which forms.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
register=$(cd "$(dirname "$0")/../cases/register" && pwd)/register-dev.csv
. "$(dirname "$0")/../../scripts/stage.sh"
. "$(dirname "$0")/../../scripts/stage_console.sh"
stage_open
for name in server lin wang; do stage_certificate $name; done
config=$stage/creditgate.yaml
cat >"$config" <<END
gateway: {name: reports, state: state}
listen: {port: 0, certificate: server.pem, key: server.key, client_ca: ca.pem, workers: 1}
console: {address: 127.0.0.1, port: 0, client_ca: ca.pem}
admin: {socket: admin.sock}
staff:
  - {name: admin, title: 管理员, uid: $(id -u), roles: [administrator, operator]}
  - {name: lin, title: 林经办, roles: [operator], certificate: lin.pem}
  - {name: wang, title: 王审计, roles: [auditor], certificate: wang.pem}
END
"$gate" init --config "$config" >"$stage/quiet"
stage_gateway
stage_console_site

order() { # STATUS RULE WHO KIND BODY
    must "$1" "$2" "$3" POST "/admin/v1/jobs/$4" -H "X-Creditgate-Forgery: $(cat "$stage/$3.token")" -H 'Content-Type: application/json' -d "$5"
}
finish() { # WHO: the job ordered last is done; its id is in job
    job=$(grep -o '"job":"[^"]*"' "$stage/answer" | head -1 | cut -d'"' -f4)
    for _ in $(seq 200); do
        must 200 - "$1" GET "/admin/v1/jobs/$job"
        ! grep -q '"state":"done"' "$stage/answer" || return 0
        sleep 0.1
    done
    stage_fail "job $job is not done: $(cat "$stage/answer")"
}
has() { grep -qF -- "$1" "$stage/answer" || stage_fail "no $1 in $(head -c 3000 "$stage/answer")"; }
cli() { # STATUS TEXT COMMAND…
    local status=$1 text=$2 got=0
    shift 2
    "$gate" --config "$config" "$@" >"$stage/out" 2>&1 || got=$?
    [ "$got" = "$status" ] && grep -qF -- "$text" "$stage/out" ||
        stage_fail "expected $status and \"$text\" of $*, got $got: $(head -c 2000 "$stage/out")"
}

come_in lin
come_in wang
# --- what is refused ---
order 400 job.argument lin report-exits '{}'
order 400 job.argument lin report-exits '{"year":"1066"}'
order 400 job.argument lin report-exits '{"year":"2026","month":"13"}'
order 400 job.argument lin report-summary '{"year":"2026","month":"1"}'
order 403 staff.role lin report-lookups '{"year":"2026"}'
must 403 session.forgery lin POST /admin/v1/jobs/report-exits -H 'Content-Type: application/json' -d '{"year":"2026"}'
cli 2 'exits, lists, summary, quality, lookups' --lang en report nothing --year 2026
cli 2 'month 1 to 12' --lang en report exits --year 2026 --month 99
cli 2 '--out FILE' --lang en report exits --year 2026 --format xlsx

# --- an empty register, then the sample's ---
order 202 - lin report-exits '{"year":"2026"}'
finish lin
must 200 - lin GET "/admin/v1/jobs/$job/report?format=json"
has '"exits":0,'
cli 0 515 import "$register"
order 202 - lin report-exits '{"year":"2026"}'
finish lin
must 200 - lin GET "/admin/v1/jobs/$job/report?format=json"
has '"key":"total"'
has '"rows":[{"enterprises":29,"exits":29,"in_time":15,"late":14,"equipment":48,'
must 400 job.format lin GET "/admin/v1/jobs/$job/report?format=pdf"
must 200 - lin GET "/admin/v1/jobs/$job/report?format=csv"
grep -qi '^content-type: text/csv' "$stage/head" || stage_fail "csv: $(cat "$stage/head")"
has '29,29,15,14,48,'
must 200 - lin GET "/admin/v1/jobs/$job/report?format=xlsx"
grep -qi '^content-type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' "$stage/head" || stage_fail "xlsx: $(cat "$stage/head")"
[ "$(head -c 2 "$stage/answer")" = PK ] || stage_fail "no workbook"
order 202 - lin report-summary '{"year":"2026"}'
finish lin
must 200 - lin GET "/admin/v1/jobs/$job/report?format=json"
has '"key":"details"'
has '"exits":29,"enterprises":29,"equipment":48,'
for kind in lists quality; do
    body='{"year":"2026"}'
    [ $kind = quality ] || body='{}'
    order 202 - wang report-$kind "$body"
    finish wang
    must 200 - lin GET "/admin/v1/jobs/$job/report?format=json"
    has "\"report\":\"$kind\""
done

# --- lookups: for the auditor alone, also to read ---
order 202 - wang report-lookups '{"year":"2026","reason":"季度通报"}'
finish wang
must 200 - wang GET "/admin/v1/jobs/$job/report?format=json"
has '"report":"lookups"'
for format in json text csv xlsx; do
    must 403 staff.role lin GET "/admin/v1/jobs/$job/report?format=$format"
done
for _ in $(seq 100); do # the keeper takes it into the log
    must 200 - wang GET '/admin/v1/trace?by=wang&domain=(trace)'
    ! grep -qF '"authorisation":"counts 2026"' "$stage/answer" || break
    sleep 0.2
done
has '"authorisation":"counts 2026"'
has '"purpose":"季度通报"'

# --- the command line ---
cli 0 '2026 年度落后产能退出情况' report exits --year 2026
cli 0 'Exits of outdated capacity, 2026-07' --lang en report exits --year 2026 --month 7
cli 0 '"report":"summary"' report summary --year 2026 --json
"$gate" --config "$config" report summary --year 2026 --format xlsx --out "$stage/总结.xlsx"
[ "$(head -c 2 "$stage/总结.xlsx")" = PK ] && [ ! -e "$stage/总结.xlsx.part" ] || stage_fail "no workbook from the command line"
cli 0 '红牌' report lists
cli 0 '及时率' report quality --year 2026
cli 0 '合计' report lookups --year 2026 --reason 试
echo "reports: $(wc -c <"$stage/总结.xlsx") bytes of workbook"

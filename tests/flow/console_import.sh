#!/bin/bash
# A file looked at, corrected and imported through the console's listener: who may, what is refused with which words, GB18030 and
# .xlsx, what was proposed taken over, the rest as a workbook that goes in again, and what the journal has of it. The same from the
# command line.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
command -v jq >/dev/null || exit 77
cd "$(dirname "$0")/../.."
. scripts/stage.sh
. scripts/stage_console.sh
cases=$PWD/tests/cases
stage_open
for name in server lin chen zhao; do stage_certificate $name; done
mkdir "$stage/pages"
echo "<!doctype html><title>工作台</title>" >"$stage/pages/index.html"
config=$stage/creditgate.yaml
cat >"$config" <<END
gateway: {name: console, state: state}
listen: {port: 0, certificate: server.pem, key: server.key, client_ca: ca.pem}
console: {address: 127.0.0.1, port: 0, client_ca: ca.pem, files: pages}
admin: {socket: admin.sock}
import: {bytes: 300000}
staff:
  - {name: admin, title: 管理员, uid: $(id -u), roles: [operator, administrator]}
  - {name: lin, title: 林经办, roles: [operator], certificate: lin.pem}
  - {name: chen, title: 陈经办, roles: [operator], certificate: chen.pem}
  - {name: zhao, title: 赵审计, roles: [auditor], certificate: zhao.pem}
END
"$gate" init --config "$config" >"$stage/quiet"
stage_gateway
stage_console_site

ordered() { # WHO KIND BODY|@FILE [QUERY]: until it is over; its id is in $job, its answer in $stage/answer
    write 202 - "$1" "/admin/v1/jobs/$2${4:-}" "$3"
    job=$(jq -r .job "$stage/answer")
    stage_within 60 is_over "$1" || stage_fail "$2 does not end"
}
fetch() { # WHO FORMAT FILE: the whole report, piece by piece
    : >"$3"
    while must 200 - "$1" GET "/admin/v1/jobs/$job/report?format=$2&offset=$(wc -c <"$3")" && [ -s "$stage/answer" ]; do
        cat "$stage/answer" >>"$3"
    done
}
order() { # the same, to a good end; the report is in $stage/report
    ordered "$@"
    grep -q '"state":"done"' "$stage/answer" || stage_fail "$2: $(cat "$stage/answer")"
    fetch "$1" json "$stage/report"
}
fails() { # RULE WHO KIND BODY|@FILE [QUERY]: it ends with this problem, in both languages
    local rule=$1
    shift
    ordered "$@"
    jq -e --arg rule "$rule" '.state == "failed" and .problem.rule == $rule and (.problem.detail_zh | length) > 5 and (.problem.detail | length) > 5' \
        "$stage/answer" >"$stage/quiet" || stage_fail "expected $rule: $(cat "$stage/answer")"
}
expect() { # WHAT FILTER: true of the last report
    jq -e "$2" "$stage/report" >"$stage/quiet" || stage_fail "$1: $(jq -c 'del(.lines)' "$stage/report" | head -c 3000)"
}

# --- who may, and what is no file ---
for who in lin chen zhao; do come_in $who; done
must 401 session.none nobody GET /console/api/template
must 401 session.none nobody POST /admin/v1/jobs/import-check -d x
must 405 http.method lin POST /console/api/template -H "X-Creditgate-Forgery: $(cat "$stage/lin.token")" -d '{}'
must 400 query.unknown lin GET '/console/api/template?x=1'
must 403 session.forgery lin POST '/admin/v1/jobs/import-check?file=a.csv' -d x
for kind in import import-check import-recheck import-checked; do write 403 staff.role zhao "/admin/v1/jobs/$kind" '{"from":"x"}'; done
write 404 import.gone lin /admin/v1/jobs/import-checked '{"from":"20260101000000000-00000000000000"}'
write 400 job.argument lin /admin/v1/jobs/import-recheck '{}'
write 400 job.argument lin /admin/v1/jobs/import-recheck '{"from":"x","corrections":"none"}'
head -c 400000 /dev/zero | tr '\0' x >"$stage/large.csv"
[ "$(call lin POST '/admin/v1/jobs/import-check?file=large.csv' -H "X-Creditgate-Forgery: $(cat "$stage/lin.token")" --data-binary "@$stage/large.csv")" = 413 ] ||
    stage_fail "too large a file: $(cat "$stage/answer")"
fails file.columns lin import-check "@$(echo "$cases"/bad-register/007-*)" '?file=7.csv'
fails file.encoding lin import-check "@$(echo "$cases"/bad-register/011-*)" '?file=11.csv'

# --- the template goes through the same reader ---
must 200 - lin GET /console/api/template
grep -qi '^content-type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' "$stage/head" || stage_fail "$(cat "$stage/head")"
cp "$stage/answer" "$stage/template.xlsx"
order lin import-check "@$stage/template.xlsx" '?file=template.xlsx'
expect "an empty register" '.rows == 0 and .encoding == "xlsx" and ([.problems[].rule] == ["file.no-rows"])'

# --- GB18030 with cells as people write them ---
head -40 "$cases/register/register-dev.csv" | sed -e '3s/2019-09-18/2019年9月18日/' -e '4s/,440311,/,深圳市光明区,/' -e '5s/91440607MAY1D8A06C/9144O607MAY1D8A06C/' \
    -e '6s/,640.88,/,"6,408,800平方米",/' -e '7s/,能耗,/,能源消耗,/' -e '8s/91441204MAY1J40C2R/91441204MAY1J40C2Q/' >"$stage/utf8.csv"
iconv -f UTF-8 -t GB18030 "$stage/utf8.csv" >"$stage/gb.csv"
order lin import-check "@$stage/gb.csv" '?file=%E5%8F%B0%E8%B4%A6.csv'
check=$job
sha=$(sha256sum "$stage/gb.csv" | cut -c1-64)
expect "it was read as it is" ".encoding == \"gb18030\" and .file == \"台账.csv\" and .sha256 == \"$sha\" and .rows == 39"
expect "six rows are refused" '.refused == 6 and .new == 33 and .changed == 0 and ([.lines[] | select(.state == "refused").line] == [3,4,5,6,7,8])'
expect "each is told in both languages" 'all(.problems[]; (.zh | length) > 3 and (.en | length) > 3)'
expect "what was meant is proposed" '[.problems[] | select(.severity == "error" and .proposal != null) | [.line, .column, .proposal]] | sort ==
    ([[3,"order_date","2019-09-18"],[4,"division","440311"],[5,"uscc","91440607MAY1D8A06C"],[6,"capacity","640.88"],[7,"dimension","能耗"]] | sort)'
expect "a wrong code of proper letters is not guessed" '[.problems[] | select(.line == 8).proposal] == [null]'
fetch lin xlsx "$stage/refused.xlsx"
order lin import-check "@$stage/refused.xlsx" '?file=refused.xlsx'
expect "the workbook is refused as it stands" '.rows == 6 and .refused == 6 and .warnings == 0'
must 200 - lin GET '/console/api/obligations?limit=1'
jq -e '.matched == 0' "$stage/answer" >"$stage/quiet" || stage_fail "a preview brought something: $(cat "$stage/answer")"

# --- what is not so: another person's, lines that are none ---
write 403 import.person chen /admin/v1/jobs/import-checked "{\"from\":\"$check\"}"
write 400 correction.form lin /admin/v1/jobs/import-checked "{\"from\":\"$check\",\"corrections\":[{\"line\":3}]}"
fails correction.line lin import-recheck "{\"from\":\"$check\",\"corrections\":[{\"line\":99,\"column\":\"remark\",\"value\":\"x\"}]}"
write 409 import.other-corrections lin /admin/v1/jobs/import-checked "{\"from\":\"$check\",\"corrections\":[{\"line\":3,\"column\":\"remark\",\"value\":\"x\"}]}"

# --- the proposals taken over, looked at again, imported ---
job=$check
fetch lin json "$stage/report"
jq -c '[.problems[] | select(.severity == "error" and .proposal != null) | {line, column, value: .proposal}]' "$stage/report" >"$stage/corrections"
order lin import-recheck "{\"from\":\"$check\",\"corrections\":$(cat "$stage/corrections")}"
seen=$job
expect "one is left" '.refused == 1 and .new == 38 and .corrected == 5 and ([.lines[] | select(.state == "refused").line] == [8])'
expect "what the file has is told" '[.lines[] | select(.line == 7).was] == [{"dimension":"能源消耗"}]'
order lin import-checked "{\"from\":\"$check\",\"seen\":\"$seen\",\"corrections\":$(cat "$stage/corrections")}"
expect "as it was said" '.accepted == 38 and .refused == 1 and .unchanged == 0'
fetch lin xlsx "$stage/rest.xlsx"
order lin import-recheck "{\"from\":\"$check\",\"corrections\":$(cat "$stage/corrections")}"
expect "all of it is there now" '.unchanged == 38 and .refused == 1 and .new == 0 and .changed == 0'
must 200 - lin GET '/console/api/obligations?limit=1'
jq -e '.matched == 38' "$stage/answer" >"$stage/quiet" || stage_fail "in the register: $(cat "$stage/answer")"

code=$(sed -n 7p "$stage/utf8.csv" | cut -d, -f2)
must 200 - zhao GET "/console/api/enterprises/$code"
jq -e '[.obligations[].versions[] | select(.line == 7) | [.by, .was.dimension, .row.dimension]] == [["lin","能源消耗","能耗"]]' "$stage/answer" >"$stage/quiet" ||
    stage_fail "who looks at the enterprise does not see what was corrected: $(cat "$stage/answer")"

# --- the rest comes back as .xlsx, corrected ---
order lin import-check "@$stage/rest.xlsx" '?file=rest.xlsx'
rest=$job
expect "the one row that was left" '.rows == 1 and .refused == 1 and .lines[0].cells[1] == "91441204MAY1J40C2Q"'
fixed='[{"line":2,"column":"uscc","value":"91441204MAY1J40C2R"}]'
order lin import-recheck "{\"from\":\"$rest\",\"corrections\":$fixed}"
expect "it is good now" '.new == 1 and .refused == 0'
write 409 import.other-file lin /admin/v1/jobs/import-checked "{\"from\":\"$rest\",\"seen\":\"$seen\",\"corrections\":$fixed}"
order lin import-checked "{\"from\":\"$rest\",\"seen\":\"$job\",\"corrections\":$fixed}"
expect "it goes in" '.accepted == 1 and .refused == 0'
must 404 job.report lin GET "/admin/v1/jobs/$job/report?format=xlsx&offset=0"
order lin import-check "@$stage/gb.csv" '?file=again.csv'
expect "without the corrections it is as wrong as before" '.refused == 6 and .unchanged == 33'

# --- somebody else was faster ---
sed '9s/经复核/甲复核/' "$stage/utf8.csv" >"$stage/mine.csv"
sed '9s/经复核/乙复核/' "$stage/utf8.csv" >"$stage/theirs.csv"
order lin import-check "@$stage/mine.csv" '?file=mine.csv'
mine=$job
expect "one would change" '.changed == 1'
order chen import "@$stage/theirs.csv" '?file=theirs.csv'
order lin import-checked "{\"from\":\"$mine\"}"
expect "it is not laid over" '.accepted == 0 and ([.problems[] | select(.rule == "file.stale").line] == [9])'

# --- from the command line: the same words, nothing changed ---
status=0
"$gate" --config "$config" --lang en import --check "$stage/gb.csv" >"$stage/out" 2>&1 || status=$?
[ $status = 1 ] && grep -q 'Imported now: 0 new, 1 changed, 32 unchanged, 6 refused. Nothing was changed.' "$stage/out" || stage_fail "--check: $status $(cat "$stage/out")"
"$gate" --config "$config" import --check --dry-run "$stage/gb.csv" >"$stage/out" 2>&1 && stage_fail "--check and --dry-run"

# --- the journal knows, and a rebuild arrives at the same ---
stage_stop "$gateway_pid"
"$gate" --config "$config" rebuild --check >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"
grep -qa "\"corrected\":5,\"encoding\":\"gb18030\",\"file\":\"台账.csv\".*\"sha256\":\"$sha\"" "$stage/state/store/data.mdb" || stage_fail "the file's digest is not in the journal"
grep -qa '"was":{"dimension":"能源消耗"}' "$stage/state/store/data.mdb" || stage_fail "what was corrected is not in the journal"

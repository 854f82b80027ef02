#!/bin/bash
# The public lists through the running gateway, without any certificate: what is for narrower scopes never appears, what is withdrawn
# disappears at once, exits fall into their year by the day in Asia/Shanghai, CSV says what JSON says, and strangers reach nothing else.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
cases=$(cd "$(dirname "$0")/../cases" && pwd)
. "$(dirname "$0")/../../scripts/stage.sh"
stage_open
stage_can_be_others || { echo "staff of two persons need root or sudo"; exit 77; }
for name in server bank; do stage_certificate $name; done
stage_config public 0 "  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending], requests_per_minute: 1000000}"
echo "public: {address: 127.0.0.1, port: 0, connections: 4}" >>"$stage/creditgate.yaml"
config="$stage/creditgate.yaml"
"$gate" init --config "$config" >"$stage/quiet"
stage_gateway
base=$(grep -o 'https://127.0.0.1:[0-9]*/public/' "$stage/gateway.log" | tail -1)
base=${base%/public/}
[ -n "$base" ] || stage_fail "no public port"

staff() { # UID WORD…
    as_user "$1"
    shift
    "${as[@]}" "$gate" --config "$config" "$@" >"$stage/out" 2>&1 || stage_fail "$*: $(cat "$stage/out")"
}
import() { # FILE
    chmod a+r "$1"
    staff $OPERATOR_UID import "$1"
}
read_list() { # STATUS TARGET [CURL…]
    local wanted=$1 target=$2 got
    shift 2
    got=$(curl -sS --max-time 20 --cacert "$stage/ca.pem" -o "$stage/answer" -D "$stage/head" -w '%{http_code}' "$@" "$base$target") || true
    [ "$got" = "$wanted" ] || stage_fail "expected $wanted of $target, got $got: $(head -c 2000 "$stage/answer" 2>/dev/null)"
}
has() { grep -q -- "$1" "$stage/answer"; }
must() { has "$1" || stage_fail "no \"$1\": $(head -c 3000 "$stage/answer")"; }
must_not() { ! has "$1" || stage_fail "there is \"$1\": $(head -c 3000 "$stage/answer")"; }

# --- before there is anything ---
read_list 200 /v1/public/exits
must '"rows":\[\],"next":null'

# --- the register: exits on both sides of a new year, one that will be listed and closed late ---
head -1 "$cases/register/register-dev.csv" >"$stage/header"
row() { # NAME CODE MEASURE DOCUMENT ORDERED DEADLINE STATE EXITED
    echo "$1,$2,440224,韶关市仁化县,钢铁,能耗,$3,韶关市工业和信息化局,经济和信息化主管部门,$4,$5,$6,,,,25吨转炉,1,31.47,万吨/年,$7,$8,"
}
A=91440224MAYUCHK485
this_year=$(TZ=UTC-8 date +%Y)
year=$((this_year - 1))
ordered=$((year - 1))-11-20
{
    cat "$stage/header"
    row 韶关市璞廪钢铁有限公司 $A 依法关停退出 韶工信节能〔$year〕1号 "$year-07-10" "$this_year-01-10" 按期退出 "$year-12-31"
    row 韶关市璞廪钢铁有限公司 $A 依法关停退出 韶工信节能〔$year〕2号 "$year-07-10" "$this_year-01-10" 按期退出 "$this_year-01-01"
    row 韶关市璞廪钢铁有限公司 $A 依法关停退出 韶工信节能〔$((year - 1))〕3号 "$ordered" "$year-05-20" 逾期未退出 ""
} >"$stage/register.csv"
import "$stage/register.csv"
read_list 200 "/v1/public/exits?year=$year"
[ "$(grep -o '"exit_date":"[^"]*"' "$stage/answer")" = "\"exit_date\":\"$year-12-31\"" ] || stage_fail "exits of $year: $(cat "$stage/answer")"
read_list 200 "/v1/public/exits?year=$this_year"
[ "$(grep -o '"exit_date":"[^"]*"' "$stage/answer")" = "\"exit_date\":\"$this_year-01-01\"" ] || stage_fail "exits of $this_year: $(cat "$stage/answer")"
# The rows ask for no more than this.
must_not 韶工信节能
must_not 按期

# --- records: one for anybody, one for the government ---
today=$(TZ=UTC-8 date +%F)
propose() { # SCOPE LISTING: what is overdue and has no record yet
    staff $OPERATOR_UID propose --on "$today" --decided-on "$today" --document "$2" --severity general --scope "$1" --all
    staff $REVIEWER_UID approve --all --reason "与台账核对一致"
}
propose public "韶工信失信〔$this_year〕1号"
staff $OPERATOR_UID show "$A"
open_record=$(grep -o 'R[0-9A-Fa-f]\{20\}' "$stage/out" | head -1) || stage_fail "no record: $(cat "$stage/out")"
row 韶关市璞廪钢铁有限公司 $A 依法关停退出 韶工信节能〔$((year - 1))〕4号 "$ordered" "$year-05-20" 逾期未退出 "" >>"$stage/register.csv"
import "$stage/register.csv"
propose government "韶工信失信〔$this_year〕2号"
sed -e '2,3d' -e "s/逾期未退出,/逾期后退出,$today/" "$stage/register.csv" >"$stage/closed.csv"
import "$stage/closed.csv"

read_list 200 "/v1/public/red"
[ "$(grep -o "\"closed_on\":\"$today\"" "$stage/answer" | wc -l)" = 1 ] || stage_fail "the government's is on the list, or the other is not: $(cat "$stage/answer")"
etag=$(sed -n 's/^[Ee][Tt]ag: //p' "$stage/head" | tr -d '\r')
read_list 304 "/v1/public/red" -H "If-None-Match: $etag"
# --- withdrawn: gone with the next question ---
staff $OPERATOR_UID withdraw "$open_record" --reason "原认定有误"
staff $REVIEWER_UID approve "$open_record" --reason "同意撤销"
read_list 200 "/v1/public/red" -H "If-None-Match: $etag"
must_not "\"closed_on\":\"$today\""

# --- CSV opened again says what JSON says ---
import "$cases/register/register-dev.csv"
for list in "exits?year=$year&" "exits?year=$this_year&" "red?" "yellow?"; do
    read_list 200 "/v1/public/${list}limit=1000"
    cp "$stage/answer" "$stage/answer.json"
    read_list 200 "/v1/public/${list}limit=1000" -H 'Accept: text/csv'
    grep -qi '^content-type: text/csv; charset=utf-8' "$stage/head" || stage_fail "not CSV: $(cat "$stage/head")"
    if command -v python3 >/dev/null; then
        python3 - "$stage/answer.json" "$stage/answer" <<'END' || stage_fail "CSV and JSON differ: $list"
import csv, json, sys
asked = json.load(open(sys.argv[1], encoding="utf-8"))["rows"]
raw = open(sys.argv[2], "rb").read()
assert raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\r\n")
opened = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
names = {"name": "企业名称", "uscc": "统一社会信用代码", "division": "行政区划代码", "division_name": "行政区划", "industry": "行业",
         "equipment": "主体设备（生产线）", "equipment_count": "设备数量", "capacity": "产能", "capacity_unit": "产能单位",
         "authority": "责令机关", "due": "整改期限", "exit_date": "退出日期", "closed_on": "关闭日期"}
assert len(asked) == len(opened), (len(asked), len(opened))
for a, o in zip(asked, opened):
    for member, word in names.items():
        if member not in a:
            assert word not in o, word
            continue
        cell = o[word][1:] if o[word].startswith("'") else o[word]
        value = "" if a[member] is None else a[member]
        assert (float(cell) == value) if isinstance(value, (int, float)) else (cell == value), (member, value, cell)
print(len(asked))
END
    fi
done

# --- the page ---
read_list 200 "/public/?year=$year&division=44&ground=energy"
must '<html lang="zh-CN">'
must 韶关市璞廪钢铁有限公司
must_not '<script'
must_not 'src='
grep -qi "^content-security-policy: default-src 'none'" "$stage/head" || stage_fail "no policy: $(cat "$stage/head")"
[ "$(grep -o 'https\?://' "$stage/answer" | wc -l)" = 0 ] || stage_fail "another host is named"
read_list 200 /public/style.css
read_list 400 '/public/?year=%3Cscript%3Ealert(1)%3C/script%3E&lang=en'
must_not '<script'
read_list 400 '/v1/public/exits?division=%27%20or%201=1'
read_list 400 "/v1/public/exits?from=$(printf 'f%.0s' $(seq 39))"
read_list 400 '/v1/public/../keys' --path-as-is

# --- strangers reach nothing else, and do not take the places of others ---
for path in /v1/keys /healthz /v1/domains "/v1/lookups/lending/$A?purpose=credit-review" /admin/v1/status /v1/openapi.json; do
    read_list 404 "$path"
done
port=${base##*:}
for _ in $(seq 12); do
    exec {held}<>"/dev/tcp/127.0.0.1/$port"
done
got=$(curl -sS --max-time 20 --cacert "$stage/ca.pem" --cert "$stage/bank.pem" --key "$stage/bank.key" -o "$stage/answer" -w '%{http_code}' \
    "https://localhost:$gateway_port/v1/lookups/lending/$A?purpose=credit-review") || true
[ "$got" = 200 ] || stage_fail "a bank is kept out by strangers: $got"

"$gate" rebuild --check --config "$config" >"$stage/out" 2>&1 || stage_fail "rebuild: $(cat "$stage/out")"
echo "public lists: shown, withdrawn, year by year, CSV as JSON, nothing else"

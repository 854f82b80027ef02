# Sourced after stage.sh by what asks the console's listener with curl: people, each with cookies and a token of his own.
# The last answer is in $stage/answer, its head in $stage/head.

stage_console_site() { # of the gateway that runs: $port, $site
    port=$(grep -o '"console_port":[0-9]*' "$stage/state/processes.json" | sed 's/.*://')
    site=https://localhost:$port
}
call() { # WHO METHOD PATH [CURL…] → the status
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
    [ "$got" = "$status" ] || stage_fail "expected $status of $*, got $got: $(head -c 2000 "$stage/answer")"
    [ "$rule" = - ] || grep -q "\"rule\":\"$rule\"" "$stage/answer" || stage_fail "expected $rule of $*: $(cat "$stage/answer")"
}
write() { # STATUS RULE WHO PATH BODY|@FILE
    must "$1" "$2" "$3" POST "$4" -H "X-Creditgate-Forgery: $(cat "$stage/$3.token")" --data-binary "$5"
}
come_in() { # WHO: by certificate
    must 200 - "$1" POST /console/api/sign-in --cert "$stage/$1.pem" --key "$stage/$1.key" -d "{\"account\":\"$1\"}"
    grep -o '"forgery":"[^"]*"' "$stage/answer" | cut -d'"' -f4 >"$stage/$1.token"
}
is_over() { # WHO: the job $job
    [ "$(call "$1" GET "/admin/v1/jobs/$job")" = 200 ] && ! grep -qE '"state":"(waiting|running)"' "$stage/answer"
}

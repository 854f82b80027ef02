# shellcheck shell=bash disable=SC2034
# stage.sh - a throw-away stage for scripts/demo, scripts/bench and flow tests: a folder, keys and certificates, a
# sandbox, a gateway. Sourced by bash.
#
# The caller sets `gate` (the creditgate binary) and calls stage_open first. Whatever is started is ended by its process id when
# the script ends, also on Ctrl-C, and the folder is removed; after stage_keep neither happens. Everything is on loopback, on
# ports that the system chooses.

started=()       # process ids, in the order in which they were started
stage=""         # the folder
stage_is_kept="" # not empty: leave everything as it is
run_with=()      # what the gateway is started with, for example taskset -c 0
# The channels that the gateway knows; the sandbox is always all three platforms. A caller may set all: $ALL_CHANNELS, and feedback
ALL_CHANNELS="credit-guangdong national-platform credit-china"
stage_channels=credit-guangdong

# Two persons of the staff. They need no account: the gateway knows people by the user id of the process that asks.
OPERATOR_UID=64101
REVIEWER_UID=64102

stage_open() {
    stage=$(mktemp -d "${TMPDIR:-/tmp}/creditgate-XXXXXX")
    chmod 711 "$stage" # both persons come through to the socket and the configuration, and can list nothing
    cp "$gate" "$stage/creditgate" # where they can run it, wherever this tree lies
    gate=$stage/creditgate
    umask 022
    trap stage_close EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

stage_close() {
    status=$?
    trap - EXIT
    if [ -z "$stage_is_kept" ]; then
        stage_stop_all
        # What a sanitizer says of a process that ends now would be lost with the folder.
        ! grep -hE 'Sanitizer|runtime error' "$stage"/*.log 2>/dev/null || status=1
        rm -rf "$stage"
    fi
    exit "$status"
}

# Leave what runs running: $stage/stop ends it and removes the folder.
stage_keep() {
    stage_is_kept=1
    cat >"$stage/stop" <<END
#!/bin/sh
kill ${started[*]}
for pid in ${started[*]}; do
    while kill -0 \$pid 2>/dev/null; do sleep 0.1; done
done
rm -rf "$stage"
END
    chmod 755 "$stage/stop"
}

# --- processes ---

# stage_start NAME COMMAND…: in the background, in a session of its own (Ctrl-C is ours to handle), output to NAME.log.
stage_start() {
    name=$1
    shift
    : >"$stage/$name.log" # here, so that nobody takes what the one before said for its word
    setsid "$@" >>"$stage/$name.log" 2>&1 </dev/null &
    started+=($!)
}

# stage_stop PID: in order, or by force after 30 seconds.
stage_stop() {
    stage_forget "$1"
    kill "$1" 2>/dev/null || return 0
    stage_within 30 stage_is_gone "$1" || kill -9 "$1" 2>/dev/null
    wait "$1" 2>/dev/null || true
}

stage_forget() {
    for i in "${!started[@]}"; do
        [ "${started[i]}" != "$1" ] || unset "started[$i]"
    done
}

stage_is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

stage_stop_all() {
    while [ ${#started[@]} -gt 0 ]; do
        stage_stop "${started[-1]}"
    done
}

# stage_within SECONDS COMMAND…: try until it succeeds.
stage_within() {
    until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt "$until" ] || return 1
        sleep 0.05
    done
}

# stage_fail TEXT: say what went wrong and the ends of all logs.
stage_fail() {
    printf '%s\n' "$*" >&2
    for log in "$stage"/*.log; do
        [ ! -s "$log" ] || { printf -- '--- %s\n' "${log##*/}" && tail -n 25 "$log"; } >&2
    done
    exit 1
}

# as_user UID: fills `as` with what runs a command as that user of the machine, by root's or sudo's leave.
as_user() {
    as=(setpriv --reuid="$1" --regid="$1" --clear-groups --)
    [ "$(id -u)" = 0 ] || as=(sudo -n -- "${as[@]}")
}

stage_can_be_others() {
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

# --- keys and certificates ---

quiet() {
    "$@" >"$stage/quiet" 2>&1 || { cat "$stage/quiet" >&2 && return 1; }
}

stage_authority() {
    quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=creditgate stage" \
        -keyout "$stage/ca.key" -out "$stage/ca.pem"
}

# stage_certificate NAME: NAME.pem and NAME.key, good for localhost and 127.0.0.1.
stage_certificate() {
    [ -e "$stage/ca.pem" ] || stage_authority
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$stage/extensions"
    quiet openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$stage/$1.key" -out "$stage/request"
    quiet openssl x509 -req -in "$stage/request" -CA "$stage/ca.pem" -CAkey "$stage/ca.key" -CAcreateserial -days 90 \
        -extfile "$stage/extensions" -out "$stage/$1.pem"
    chmod 600 "$stage/$1.key"
}

# --- configuration ---

# stage_config NAME SANDBOX_PORT CLIENTS_YAML [LISTEN…]: the gateway's file; SANDBOX_PORT 0: no channel.
stage_config() {
    cat >"$stage/creditgate.yaml" <<END
gateway: {name: $1, state: state}
listen: {port: 0, certificate: server.pem, key: server.key, client_ca: ca.pem${4:+, $4}}
admin: {socket: admin.sock}
staff:
  - {name: operator, title: 经办人, uid: $OPERATOR_UID, roles: [operator, auditor]}
  - {name: reviewer, title: 复核人, uid: $REVIEWER_UID, roles: [reviewer]}
clients:
$3
END
    [ "$2" = 0 ] || stage_channel "$2" >>"$stage/creditgate.yaml"
}

# stage_channel SANDBOX_PORT: the part of the configuration that tells of $stage_channels.
stage_channel() {
    echo "channels:"
    for channel in $stage_channels; do
        cat <<END
  $channel:
    base: https://localhost:$1/${channel/#feedback/credit-guangdong}
    provider_code: D-DEMO
    provider_name: 示范部门
    exchange_name: 示范单位
    certificate: gateway.pem
    key: gateway.key
    ca: ca.pem
    poll: 200ms
END
        stage_terms "$channel"
    done
}

# stage_terms CHANNEL: what its protocol needs besides.
stage_terms() {
    case $1 in
    credit-guangdong | feedback)
        [ "$1" = feedback ] && echo "    table_code: T-FEEDBACK" || echo "    table_code: T-RETIRED-CAPACITY"
        cat <<END
    department_code: D-DEMO
    table_version: "1"
    paas_id: creditgate
    token_file: token
    sm4_key_file: sm4
END
        ;;
    national-platform)
        cat <<END
    requester: creditgate
    service: s_0000000000000_0001
    app_key_file: app_key
END
        ;;
    credit-china) echo '    file_code: "440003"' ;;
    esac
}

# The sandbox's options; it needs the public half of the gateway's push key, so the gateway's state must be there.
stage_sandbox_options() {
    quiet openssl pkey -in "$stage/state/keys/$1-push-sm2-1.pem" -pubout -out "$stage/gateway-push.pem"
    cat >"$stage/sandbox.json" <<END
{"port": 0, "state": "sandbox", "control_socket": "control.sock", "base": "/credit-guangdong",
 "certificate": "sandbox.pem", "key": "sandbox.key", "client_ca": "ca.pem",
 "paasid": "creditgate", "token_file": "token", "sm4_key_file": "sm4", "gateway_key_file": "gateway-push.pem",
 "table_code": "T-RETIRED-CAPACITY", "feedback_table_code": "T-FEEDBACK", "table_version_id": "1", "department_code": "D-DEMO", "result_delay_polls": 1,
 "national": {"requester": "creditgate", "service": "s_0000000000000_0001", "app_key_file": "app_key", "result_delay_polls": 1},
 "china": {"file_code": "440003", "result_delay_polls": 1}}
END
}

# stage_secrets: what the gateway and the platforms agreed on.
stage_secrets() {
    (umask 077 && openssl rand -hex 24 >"$stage/token" && openssl rand -hex 16 >"$stage/sm4" && openssl rand -hex 16 >"$stage/app_key")
}

# --- sandbox and gateway ---

# stage_sandbox NAME: start it; `sandbox_port` is where it listens.
stage_sandbox() {
    stage_sandbox_options "$1"
    stage_start sandbox "$gate" sandbox --json --options "$stage/sandbox.json"
    stage_within 20 grep -qs '"port"' "$stage/sandbox.log" || stage_fail "the sandbox does not start"
    sandbox_port=$(sed -n 's/.*"port":\([0-9]*\).*/\1/p' "$stage/sandbox.log")
}

# stage_gateway: start it; `gateway_pid`, `gateway_port`. It is ready when this returns.
stage_gateway() {
    stage_start gateway "${run_with[@]}" "$gate" serve --json --config "$stage/creditgate.yaml"
    gateway_pid=${started[-1]}
    stage_within 30 grep -qs '"admin_socket"' "$stage/gateway.log" || stage_fail "the gateway does not start"
    gateway_port=$(sed -n 's/.*"port":\([0-9]*\).*/\1/p' "$stage/gateway.log")
}

# stage_pids KIND: of the gateway's processes of that kind.
stage_pids() {
    grep -o "\"kind\":\"$1\",\"pid\":[0-9]*" "$stage/state/processes.json" | grep -o '[0-9]*$'
}

#!/bin/bash
# stage.sh BINARY - a gateway with the staff's console and the stand-ins of all three platforms, with keys and certificates made
# now, for whoever reads the one line of JSON that it prints. It goes on until its input ends; then the gateway stops, the journal
# must arrive at the same tables again, and no process may have complained: else the status is not 0.
set -eu -o pipefail
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
. "$(dirname "$0")/../../../scripts/stage.sh"
stage_channels=$ALL_CHANNELS
read -ra run_with <<<"${STAGE_RUN_WITH:-}" # taskset -c 0, for one
stage_open
for name in server sandbox gateway bank; do stage_certificate $name; done
stage_secrets
configure() { # SANDBOX_PORT
    cat >"$stage/creditgate.yaml" <<END_OF_FILE
gateway: {name: console, state: state}
listen: {port: 0, certificate: server.pem, key: server.key, client_ca: ca.pem}
console: {address: 127.0.0.1, port: 0}
admin: {socket: admin.sock}
staff:
  - {name: root, title: 系统管理员, uid: $(id -u), roles: [administrator]}
  - {name: lin, title: 林经办, roles: [operator]}
  - {name: ma, title: 马经办, roles: [operator]}
  - {name: chen, title: 陈复核, roles: [reviewer]}
  - {name: he, title: 何兼任, roles: [operator, reviewer]}
  - {name: zhao, title: 赵审计, roles: [auditor]}
  - {name: wang, title: 王管理, roles: [administrator]}
clients:
  - {name: bank, kind: lender, certificate: bank.pem, domains: [lending]}
END_OF_FILE
    stage_channel "$1" | sed 's/    poll: 200ms/&\n    retry_first: 200ms/' >>"$stage/creditgate.yaml"
}
configure 1
"$gate" init --config "$stage/creditgate.yaml" >"$stage/quiet"
stage_sandbox console
configure "$sandbox_port"
stage_gateway
console_port=$(grep -o '"console_port":[0-9]*' "$stage/state/processes.json" | sed 's/.*://')
# What the browser is told to trust: this key, and no other that it does not know.
key=$(openssl x509 -in "$stage/server.pem" -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
printf '{"folder":"%s","site":"https://localhost:%s","gateway":"https://localhost:%s","key":"%s"}\n' "$stage" "$console_port" "$gateway_port" "$key"
cat >/dev/null
stage_stop "$gateway_pid"
"$gate" rebuild --check --config "$stage/creditgate.yaml" --lang en >"$stage/quiet" 2>&1 || stage_fail "the journal does not make these tables: $(cat "$stage/quiet")"

#!/bin/bash
# init makes a state folder that check accepts; what is wrong is named with its line; a second init changes nothing.
set -eu
gate=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout s.key -out s.pem -days 90 -subj /CN=localhost 2>/dev/null
chmod 600 s.key
cat > g.yaml <<'Y'
gateway: {name: test, state: state}
listen: {certificate: s.pem, key: s.key, client_ca: s.pem}
staff:
  - {name: a, uid: 1001, roles: operator}
  - {name: b, uid: 1002, roles: reviewer}
Y
"$gate" init --config g.yaml
"$gate" check --config g.yaml | grep -q 配置可用
before=$(sha256sum state/keys/*)
if "$gate" init --config g.yaml 2>err.txt; then echo "a second init was accepted"; exit 1; fi
grep -q 已有密钥 err.txt
[ "$before" = "$(sha256sum state/keys/*)" ]
[ "$(stat -c %a state/keys)" = 700 ]
find state/keys -name '*.pem' ! -perm 600 ! -name '*public*' | grep . && exit 1
printf 'listen: {port: 99999}\n' > bad.yaml
set +e
"$gate" check --config bad.yaml --lang en > out.txt
[ $? = 2 ] || exit 1
grep -q '^bad.yaml:1:.*listen.port' out.txt || { cat out.txt; exit 1; }
chmod 644 s.key
"$gate" check --config g.yaml --json > out.json
[ $? = 2 ] && grep -q 'listen.key' out.json || exit 1
"$gate" nonsense 2>err.txt
[ $? = 2 ] && grep -q 没有 err.txt || exit 1
"$gate" --help | grep -q check

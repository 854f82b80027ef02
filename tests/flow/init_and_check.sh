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
# Without a configuration there is nothing to make, but an example to fill in; it is not written over one that is there.
"$gate" init --config new.yaml 2>err.txt && { echo "init without a configuration went well"; exit 1; }
grep -q 已写出样例 err.txt && grep -q '^#  credit-china:' new.yaml && [ ! -e state ]
set +e
"$gate" check --config new.yaml --lang en >out.txt
[ $? = 2 ] && grep -q 'gateway.name' out.txt && [ "$(wc -l <out.txt)" = 5 ] || { cat out.txt; exit 1; }
set -e
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
# What form alone cannot show: a key of another certificate, a domain and a purpose that nobody has, a file of another account.
sed 's/key: s.key/key: other.key/' g.yaml >other.yaml
openssl ecparam -name prime256v1 -genkey -noout -out other.key
chmod 600 other.key
"$gate" check --config other.yaml >out.txt
[ $? = 2 ] && grep -q 'listen.key.*不成对' out.txt || { cat out.txt; exit 1; }
cp s.pem bank.pem
{ cat g.yaml && echo 'clients: [{name: bank, kind: lender, certificate: bank.pem, domains: [lendign], purposes: [whim]}]'; } >client.yaml
"$gate" check --config client.yaml >out.txt
[ $? = 2 ] && grep -q 'bank：没有“lendign”这个领域' out.txt && grep -q '“whim”这个查询目的' out.txt || { cat out.txt; exit 1; }
if [ "$(id -u)" = 0 ]; then
    cp "$gate" gate && chmod 711 . && chmod 644 g.yaml
    setpriv --reuid=64999 --regid=64999 --clear-groups -- ./gate check --config g.yaml --lang en >out.txt
    [ $? = 2 ] && grep -q 'listen.key: .* cannot be read by this account' out.txt || { cat out.txt; exit 1; }
    for command in guard 'proof 0'; do
        # shellcheck disable=SC2086
        setpriv --reuid=64999 --regid=64999 --clear-groups -- ./gate $command --config g.yaml 2>err.txt
        [ $? = 2 ] && grep -q '属于用户号 0' err.txt || { cat err.txt; exit 1; }
    done
fi
chmod 644 s.key
"$gate" check --config g.yaml --json > out.json
[ $? = 2 ] && grep -q 'listen.key' out.json || exit 1
"$gate" nonsense 2>err.txt
[ $? = 2 ] && grep -q 没有 err.txt || exit 1
"$gate" --help | grep -q check

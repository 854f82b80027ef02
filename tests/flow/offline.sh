#!/bin/bash
# What works without a gateway: guard, backup, restore, rebuild, verify. A copy of the state folder is no second gateway.
set -eu
gate=$1
unset SUDO_UID CREDITGATE_CONFIG CREDITGATE_LANG
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

config() { # STATE ROLE
    cat <<Y
gateway: {name: test, state: $1}
listen: {certificate: s.pem, key: s.key, client_ca: s.pem}
staff:
  - {name: me, uid: $(id -u), roles: $2}
  - {name: other, uid: 4000000, roles: operator}
Y
}
# Run a command; expect this exit status and this text in what it says.
expect() { # STATUS TEXT COMMAND…
    local status=$1 text=$2 got=0
    shift 2
    "$@" > out.txt 2>&1 || got=$?
    [ "$got" = "$status" ] && grep -q -- "$text" out.txt && return 0
    echo "expected $status and \"$text\", got $got of: $*"
    cat out.txt
    exit 1
}

config state administrator > g.yaml
config copy administrator > copy.yaml
config copy auditor > auditor.yaml
config new administrator > new.yaml
config none administrator > none.yaml
expect 2 '没有状态目录' "$gate" rebuild --config none.yaml
[ ! -e none ]
"$gate" init --config g.yaml > /dev/null
[ "$(stat -c %a state/guard.json)" = 600 ]
expect 0 '数据与记忆一致' "$gate" guard --config g.yaml
expect 0 'byte for byte' "$gate" rebuild --check --config g.yaml --lang en
expect 0 '"equal":true' "$gate" rebuild --check --config g.yaml --json

# A copy is noticed, whatever was copied; only an administrator with a reason makes a gateway of it.
cp -a state copy
expect 1 '副本' "$gate" guard --config copy.yaml
expect 2 '副本' "$gate" rebuild --config copy.yaml
expect 2 '管理员' "$gate" guard --config auditor.yaml --accept --reason 演练
expect 2 '--reason' "$gate" guard --config copy.yaml --accept
expect 0 '已接受' "$gate" guard --config copy.yaml --accept --reason 演练
expect 0 '日志 test/journal/[0-9]' "$gate" guard --config copy.yaml
expect 0 '一致' "$gate" rebuild --check --config copy.yaml
grep -q 演练 copy/guard.json

# While somebody works on the folder nothing is repaired.
exec 9> state/lock
flock 9
expect 2 '网关在运行' "$gate" rebuild --config g.yaml
expect 0 '一致' "$gate" rebuild --check --config g.yaml
expect 0 '不含私钥' "$gate" backup "$work/backup" --config g.yaml
exec 9>&-
[ ! -e backup/keys ]
expect 2 '不是空目录' "$gate" backup "$work/backup" --config g.yaml
expect 0 '含私钥' "$gate" backup "$work/full" --with-keys --config g.yaml
[ "$(stat -c %a full/keys/keyring.json)" = 600 ]

# Restored: into an empty folder, not over a store, not what was changed.
expect 2 'moved away\|move it away' "$gate" restore "$work/backup" --config g.yaml --lang en
expect 0 '没有私钥' "$gate" restore "$work/backup" --config new.yaml
expect 0 'test/journal/[0-9]' "$gate" guard --config new.yaml
rm -rf new
expect 0 '日志名称 test/journal$' "$gate" restore "$work/full" --moved --config new.yaml
[ -e new/keys/keyring.json ]
rm -rf new
printf x >> full/keys/keyring.json
expect 2 '不一致' "$gate" restore "$work/full" --config new.yaml
[ ! -e new/store ] && [ ! -e new/keys ]
rm backup/manifest.json
expect 2 '不是本程序的备份' "$gate" restore "$work/backup" --config new.yaml
ls -d new/restore.* 2>/dev/null && exit 1

# Repaired in place: the old store is kept, the new one is at home.
expect 0 'store.old-' "$gate" rebuild --config g.yaml
ls -d state/store.old-* > /dev/null
expect 0 '一致' "$gate" guard --config g.yaml

# Verify tells apart: not ours, not there, no keys.
echo hello > hello.txt
expect 2 '既不是' "$gate" verify hello.txt --config g.yaml
expect 2 'neither' "$gate" verify hello.txt --keys state/public-keys.json --lang en
expect 2 'nothing-here' "$gate" verify nothing-here --config g.yaml
expect 2 '--keys' "$gate" verify hello.txt --config nowhere.yaml
printf '{"payload":"e30","signatures":[]}' > seal.json
expect 1 '核验不通过' "$gate" verify seal.json --config g.yaml
expect 1 '"good":false' "$gate" verify seal.json --config g.yaml --json
expect 2 '尚无签名检查点' "$gate" proof 0 --config g.yaml
expect 2 '尚无签名检查点' "$gate" proof some-receipt --config g.yaml
echo good

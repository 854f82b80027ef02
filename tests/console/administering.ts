// What the stand-in answers of the gateway's own administration.
import type { Compared, KeyShown, ProbeReport, Told } from "../../console/src/administration";
import type { Role } from "../../console/src/session";
import { NOW_MS } from "./fixtures";

const AT = new Date(NOW_MS).toISOString();
const days = (count: number): string => new Date(NOW_MS + count * 86400000).toISOString();

const layer = (layer: string, detail_zh: string, detail: string, more: Partial<ProbeReport["items"][number]> = {}): ProbeReport["items"][number] => ({ layer, state: "ok", ms: 1, detail, detail_zh, advice: null, advice_zh: null, facts: {}, ...more });
const CERTIFICATE = { subject: "CN=platform.example,O=模拟平台", issuer: "CN=模拟签发机构", from: days(-300), until: days(65), days_left: 65, sha256: "ab".repeat(32), names: ["platform.example", "192.0.2.7"], chain: [{ subject: "CN=platform.example", issuer: "CN=模拟签发机构" }] };

export const PROBED: ProbeReport = {
  channel: "credit-guangdong",
  protocol: "credit-guangdong",
  base: "https://platform.example/gd",
  at: AT,
  good: false,
  items: [
    layer("name", "platform.example → 192.0.2.7", "platform.example → 192.0.2.7", { ms: 12 }),
    layer("tcp", "已连接 192.0.2.7 端口 443", "connected to 192.0.2.7 port 443", { ms: 8 }),
    layer("tls", "TLSv1.3，TLS_AES_256_GCM_SHA384", "TLSv1.3, TLS_AES_256_GCM_SHA384", { ms: 31 }),
    layer("certificate", "CN=platform.example；名称：platform.example；剩余 65 天", "CN=platform.example; names: platform.example; 65 days left", { ms: null, facts: CERTIFICATE }),
    layer("own-certificate", "本方证书即将到期；CN=gateway；剩余 12 天", "ours ends soon; CN=gateway; 12 days left", { ms: null, state: "warning", advice: "ask them for a new one", advice_zh: "向对方申请新证书，更换渠道设置 certificate 和 key 的文件，再重启网关", facts: { ...CERTIFICATE, subject: "CN=gateway", days_left: 12 } }),
    layer("signature", "对方拒绝了本方的凭据或签名（HTTP 401）", "they refuse our credentials or signature (HTTP 401)", { ms: null, state: "failed", advice: "check the channel's token, ids, keys and codes", advice_zh: "核对渠道的令牌、应用标识、密钥和编码设置，以及两边的时钟" }),
    layer("answer", "", "", { ms: 44, state: "not-reached", detail: null, detail_zh: null, facts: { status: 401 } }),
    layer("clock", "两边一致（误差约 1 秒）", "the same on both sides (within about a second)", { ms: null }),
  ],
};

const key = (kid: string, use: KeyShown["use"], algorithm: string, state: KeyShown["state"] = "current", more: Partial<KeyShown> = {}): KeyShown => ({ kid, use, algorithm, state, from: days(-200), until: null, days_left: null, ...more });
const KEYS: KeyShown[] = [
  key("gd-seal-sm2-2", "seal", "SM2-SM3", "next", { from: days(9) }),
  key("gd-seal-sm2-1", "seal", "SM2-SM3", "current", { until: days(10), days_left: 10 }),
  key("gd-seal-ed25519-1", "seal", "EdDSA"),
  key("gd-push-sm2-2", "push", "SM2-SM3", "current", { from: days(-20) }),
  key("gd-push-sm2-1", "push", "SM2-SM3", "retired", { until: days(-19), days_left: 0 }),
  key("gd-checkpoint-sm2-1", "checkpoint", "SM2-SM3"),
  key("gd-checkpoint-ed25519-1", "checkpoint", "EdDSA"),
  key("gd-answer-p256-1", "answer", "ES256"),
  key("gd-answer-ed25519-1", "answer", "EdDSA"),
];

const item = (what: string, name: string, message: string | null, result = "done"): Told["items"][number] => ({ record: null, version: null, obligation: null, name: null, [what]: name, result, rule: null, message });
export const TAKEN: Told = { done: 3, refused: 0, skipped: 0, items: [item("staff", "fuhe", "改动: roles"), item("client", "bank-b", "新增"), item("file", "/etc/creditgate/creditgate.yaml", null)] };
export const NOT_TAKEN: Told = { done: 0, refused: 2, skipped: 0, items: [item("id", "10: clients.addresses", "不是地址段", "refused"), item("file", "/etc/creditgate/creditgate.yaml", "未通过检查：本次未作任何更改", "refused")] };
export const ROTATED: Told = { done: 1, refused: 0, skipped: 0, items: [item("key", "gd-push-sm2-3", "接替 gd-push-sm2-2")] };
export const NOT_ROTATED: Told = { done: 0, refused: 1, skipped: 0, items: [item("key", "gd-push-sm2-2", "密钥 gd-push-sm2-2 已被轮换（事件 7）", "refused")] };
const COMPARED: Compared = {
  channel: "credit-guangdong", basis: "holdings", compared: 515, equal: 512, ended: 0, open: 1, missing: 1, older: 0, different: 1, newer: 0, extra: 0, queued: 0, refused: 0, count: 2,
  items: [
    { verdict: "missing", record: "RAAAAAAAAAAAAAAAAAAAAAAAA1", name: "韶关示例钢铁有限公司", uscc: "91440224MAYUCHK485", result: null, message: "对方没有第 1 版" },
    { verdict: "different", record: "RAAAAAAAAAAAAAAAAAAAAAAAA2", name: "清远示例水泥有限公司", uscc: "91441802MAYAAAAA00", result: null, message: "对方持有的第 2 版内容与本方不同" },
  ],
};
const REGISTERED = { edition: "2026-11-24", former: 3, items: [{ line: 7, message: "信用代码校验位不符" }], names: 40, new: true, refused: 1, repeated: 0, rows: 44, sha256: "cd".repeat(32) };

const EXPORTED = { count: 2, cut: false, looked: 48211, receipt: "r-0000000000000007-000012", sha256: "ef".repeat(32) };
const event = (sequence: number, type: string, by: string, data: object, job: string | null = null): object => ({ sequence, at: AT, type, by, job, data });
const EVENTS = {
  count: 1204, cut: false, shown: 4,
  items: [
    event(48210, "staff.granted", "gateway", { certificate: null, name: "fuhe", roles: ["reviewer", "auditor"], title: "苏复核", uid: null }),
    event(48209, "config.reload-ordered", "guanli", { file: "/etc/creditgate/creditgate.yaml", sha256: "cd".repeat(32) }, "20261125102958123-0a1b2c3d4e5f60"),
    event(48200, "account.signed-in", "guanli", { account: "guanli", browser: "none", from: "192.0.2.9", method: "certificate" }),
    event(48188, "account.refused", "jingban", { account: "jingban", from: "198.51.100.4", reason: "password", wait_s: 60 }),
  ],
};

export const ADMINISTRATION_ANSWERS: [RegExp, () => unknown][] = [
  [/^GET \/admin\/v1\/trace\/[\w-]+$/, () => ({ proof: "of an entry" })],
  [/^GET \/admin\/v1\/keys$/, () => ({ at: AT, keys: KEYS })],
  [/^GET \/console\/api\/certificate$/, () => ({ accounts: [{ name: "guanli", title: "阮管理" }], asked: true, presented: true })],
];
export const ADMINISTRATION_JOBS: Record<string, { roles: Role[]; run: () => unknown }> = {
  probe: { roles: ["operator", "administrator"], run: () => PROBED },
  "key-rotate": { roles: ["administrator"], run: () => ROTATED },
  reload: { roles: ["administrator"], run: () => TAKEN },
  reconcile: { roles: ["operator", "reviewer", "auditor", "administrator"], run: () => COMPARED },
  "reconcile-repair": { roles: ["reviewer", "administrator"], run: () => ({ ...COMPARED, queued: 1 }) },
  "trace-export": { roles: ["auditor"], run: () => EXPORTED },
  events: { roles: ["auditor", "administrator"], run: () => EVENTS },
  "names-register": { roles: ["administrator"], run: () => REGISTERED },
};

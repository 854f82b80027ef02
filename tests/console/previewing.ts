// The stand-in's preview, evidence and lookup: as the gateway's jobs and routes tell them (docs/console-api.md).
import type { PreviewItem } from "../../console/src/preview";
import type { RecordBody } from "../../console/src/records";
import type { Asked } from "./answers";
import { bodyOf, NOW_MS, obligations, overdue, recordId, stories, type Obligation } from "./fixtures";

const FIELDS: [code: string, label: string, of: (body: RecordBody) => string | number][] = [
  ["ROWID", "记录标识", (body) => body.record],
  ["VERSION", "版本", (body) => body.version],
  ["OP", "操作", (body) => String(body.op)],
  ["JGQC", "机构全称", (body) => body.name],
  ["TYSHXYDM", "统一社会信用代码", (body) => body.uscc],
  ["ZYSXSS", "主要失信事实", (body) => body.facts],
  ["SCFZYNR", "行政处理决定主要内容", (body) => body.order],
  ["QRYZSXRQ", "确认失信日期", (body) => body.decided_on],
  ["GSJZQ", "公示截止期", (body) => body.publication_end],
  ["RDDW", "认定单位", (body) => body.listing_authority],
  ["RDWH", "认定文号", (body) => body.document],
  ["XZQH", "行政区划", (body) => body.division ?? ""],
  ["SYFW", "使用范围", (body) => String(body.scope)],
  ["SXYZCD", "失信严重程度", (body) => String(body.severity)],
];
const CHANNELS = ["credit-guangdong", "national-platform", "credit-china"];
const DOMAINS: [string, string, string][] = [
  ["lending", "融资授信", "lending"],
  ["land-supply", "土地供应", "land supply"],
  ["government-procurement", "政府采购", "government procurement"],
];
// Credit China writes days without dashes.
const rowOf = (body: RecordBody, channel: string): Record<string, string | number> =>
  Object.fromEntries(FIELDS.map(([code, , of]) => [code, channel === "credit-china" && /RQ$|ZQ$/.test(code) ? String(of(body)).replace(/-/g, "") : of(body)]));

const OPS: Record<string, [number, string]> = {
  propose: [1, "new"], approve: [1, "new"], push: [1, "new"], return: [1, "new"], correct: [2, "changed"], withdraw: [3, "withdrawn"], repair: [4, "repaired"], dispute: [5, "disputed"], settle: [6, "dispute-over"],
};

function itemOf(one: Obligation | undefined, id: string, order: string, given: Record<string, string>, asked: Asked): PreviewItem {
  const [op, slug] = OPS[order]!;
  const story = stories.find((each) => each.one === one);
  const held = story && story.list !== "waiting" ? (story.bodies[story.bodies.length - 1] ?? null) : null;
  const base = story?.bodies[story.bodies.length - 1] ?? (one ? bodyOf(one, 1, 1) : null);
  const claim = base && order !== "approve" && order !== "push" ? { ...base, op, version: held ? held.version + 1 : 1, ...(given["document"] ? { document: given["document"] } : {}) } : base;
  const isOwn = (order === "approve" || order === "return") && claim?.proposed_by === asked.person?.name;
  const isEarly = order === "repair" && given["committed_on"] === "2026-11-25" && !given["duties_done"];
  const why = isOwn
    ? { rule: "record.same-person", zh: "提出人不能复核自己提出的记录", en: "who proposed it cannot approve it" }
    : isEarly || !claim
      ? { rule: "record.repair-too-early", zh: "公示未满最短期限，尚不能修复", en: "the shortest publication is not over" }
      : null;
  const ends = op === 3 || op === 4;

  return {
    record: one ? recordId(one.obligation) : id, obligation: one?.obligation ?? null, name: one?.name ?? id, uscc: one?.uscc ?? null, version: claim?.version ?? null,
    result: why ? "refused" : "done", why, needs_approval: !why && !["approve", "return", "push"].includes(order), approval: null, claim, held,
    channels: CHANNELS.map((channel) => ({ channel, sends: why || order === "return" || !claim ? [] : [{ op: slug, version: claim.version, row: rowOf(claim, channel) }], why: null })),
    answers: Object.fromEntries(DOMAINS.map(([domain]) => [domain, ends ? ["listed", "not-listed", "listed", "not-listed"] : ["not-listed", "listed", "not-listed", "listed"]])),
    watches: 2, webhooks: 1,
    will: why
      ? [{ topic: "decision", zh: `不会执行：${why.zh}。`, en: `It would be refused: ${why.en}.` }]
      : [
          order === "push"
            ? { topic: "decision", zh: "进入报送队列，由网关依次报送并取回回执。", en: "It is queued; the gateway sends it and fetches the receipts." }
            : { topic: "decision", zh: "提交后等待另一人复核；批准之前不生效，不报送任何平台，查询答复不变。", en: "It then waits for a second person; before approval nothing is in force." },
          { topic: "publication", zh: ends ? "生效时公示即行终止（原定公示至 2029-11-18）。" : "公示自生效之日起至 2029-11-18（含当日），期满自动终止。", en: ends ? "Publication ends when it comes into force." : "Published until 2029-11-18." },
          { topic: "answers", zh: `生效时起，3 个领域的查询改答${ends ? "“不在列”" : "“在列”"}：融资授信、土地供应、政府采购。`, en: `Once it is in force, 3 domains answer ${ends ? "not listed" : "listed"}.` },
          { topic: "channels", zh: "信用广东收到 1 条（经办推送后）。全国信用信息共享平台收到 1 条（前一通道确认后）。信用中国收到 1 条（前一通道确认后）。", en: "credit-guangdong gets 1 row(s) once an operator pushes." },
          { topic: "watches", zh: "2 个关注名单含有该企业，答复有变时会得到通知（其中 1 个推送到对方系统）。", en: "2 watch list(s) hold this enterprise." },
          { topic: "record", zh: "各版本、提出人与复核人、报送回执和查询留痕均保留在日志中，可随时核验。", en: "Every version stays in the journal." },
        ],
  };
}

export function previewed(asked: Asked): unknown {
  const { order, ids, ...given } = asked.body as { order: string; ids: string[] } & Record<string, string>;
  const items = ids.map((each) => {
    const id = each.split("@")[0]!;
    return itemOf(obligations.find((one) => one.obligation === id || recordId(one.obligation) === id), id, order, given, asked);
  });

  return {
    order, sequence: 48211, count: items.length, done: items.filter((one) => one.result === "done").length, refused: items.filter((one) => one.result === "refused").length, skipped: 0, items,
    channels: CHANNELS.map((channel) => ({ channel, title: { zh: channel, en: channel }, why: null, fields: FIELDS.map(([code, label]) => ({ code, label })) })),
    domains: DOMAINS.map(([domain, zh, en]) => ({ domain, title: { zh, en } })),
  };
}

// Of every second one the register has changed since.
export function evidence(_: Asked, found: RegExpExecArray): unknown {
  const story = stories.find((each) => recordId(each.one.obligation) === found[1]);

  if (!story) return { wrong: { status: 404, rule: "record.unknown", detail: "there is no such record", detail_zh: "没有该记录" } };
  const index = stories.indexOf(story);
  const version = (number: number, more: object): object => ({ version: number, state: story.one.slug, at: "2026-11-10T09:00:00+08:00", by: "jingban", import: "20261110090000-1", line: index + 2, sequence: 900 + index, row: { ...story.one, ...more } });
  const isChanged = index % 2 === 0;

  return {
    record: found[1], version: 1, proposal: 1000 + index, basis: version(2, {}), now: isChanged ? version(3, { remark: "企业来函称已停产" }) : null, changed: isChanged ? ["remark"] : [],
    import: { file: "2026年11月台账.xlsx", sha256: "3f7a".repeat(16), encoding: "utf-8", bytes: 181223, rows: 515, accepted: 515, refused: 0, by: "jingban", at: "2026-11-10T09:00:03+08:00", sequence: 1416 },
    proof: { kind: "creditgate.proof/1", entry: "{}", proof: "c2sp.org/tlog-proof@v1\nindex 900\n" },
  };
}

const PURPOSES = [
  { code: "credit-review", zh: "授信审查", en: "review before granting credit", requires: [], personal: "masked" },
  { code: "post-loan", zh: "贷后管理", en: "management of existing loans", requires: [], personal: "masked" },
];
export const domains = (): unknown => ({
  domains: DOMAINS.map(([domain, zh, en]) => ({ domain, title: { zh, en }, system: { zh: `${zh}系统`, en }, purposes: domain === "land-supply" ? [{ code: "land-grant", zh: "供地审查", en: "granting land", requires: ["matter", "case"], personal: "shown" }] : PURPOSES })),
});

const RECEIPT = "6745a1c09f3e5b7d11223344-17";
export function lookedUp(asked: Asked): unknown {
  const given = asked.body as Record<string, string>;
  const one = overdue.find((each) => each.uscc === given["uscc"]);
  const isListed = one !== undefined && stories.some((story) => story.one === one && story.list === "live");

  if (!asked.person?.roles.some((role) => role !== "administrator"))
    return { wrong: { status: 403, rule: "staff.role", detail: "not for administrators", detail_zh: "管理员没有所需角色" } };
  return {
    answer: {
      as_of: { at: new Date(NOW_MS).toISOString(), changed_at: "2026-11-25T09:00:00+08:00", sequence: 48211 }, domain: given["domain"], list_edition: null, name: isListed ? one.name : null, purpose: given["purpose"],
      measures: isListed ? [{ id: "lending.1", text: { zh: "对未按期退出落后产能的企业，严控新增授信", en: "new credit is to be strictly limited" }, force: "informs", legal_basis: [{ source: "附件1 主要任务分工表", clause: "第11项", status: "cited" }], valid_from: null, valid_until: null }] : [],
      records: isListed ? [{ decided_on: "2026-11-18", disputed: false, document: "粤信记〔2026〕1号", due: one.due, ground: one.ground, listed_at: "2026-11-19T15:40:00+08:00", listing_authority: one.authority, name: one.name, op: 1, publication_end: "2029-11-18", record: recordId(one.obligation), version: 1 }] : [],
      receipt: RECEIPT, rules: "lending/2018.1@9c1f0a33b1d27e40", uscc: given["uscc"], verdict: isListed ? "listed" : "not-listed",
    },
    as: given["client"] ? `client ${given["client"]}` : `kind ${given["kind"]}`, receipt: RECEIPT,
  };
}
export function lookupTrace(asked: Asked): unknown {
  const entry = {
    answer_sha256: "9f".repeat(32), as_of: null, at: "2026-11-25T10:30:00+08:00", by: asked.person?.name, department: asked.person?.title, domain: "lending", kind: "staff", operator: "client bank-a",
    purpose: "credit-review", reason: "核对企业来电", receipt: RECEIPT, rules: "lending/2018.1@9c1f0a33b1d27e40", uscc: stories[30]!.one.uscc, verdict: "listed",
  };

  return { kind: "creditgate.proof/1", entry: JSON.stringify(entry), proof: "c2sp.org/tlog-proof@v1\nindex 918822\n" };
}
export const namesFound = (asked: Asked): unknown => ({
  candidates: obligations.filter((one) => one.name.includes(asked.query["q"] ?? "")).slice(0, 5).map((one) => ({ name: one.name, uscc: one.uscc, score: 0.91, strength: "strong", reasons: [] })),
  index: {}, q: asked.query["q"], receipt: RECEIPT,
});

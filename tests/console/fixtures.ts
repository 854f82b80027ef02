// What the stand-in answers from: the sample register (all fictional, codes that were never given out), with records,
// deliveries and refusals made of it by rule, so that every run shows the same.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Delivery, Life, Listed, RecordBody, Version } from "../../console/src/records";

const REGISTER = fileURLToPath(new URL("../cases/register/register-dev.csv", import.meta.url));
// The day on which everything here is: also the browser's (see browser.ts).
export const TODAY = "2026-11-25";
export const NOW_MS = Date.parse("2026-11-25T10:30:00+08:00");

export const COLUMNS = [
  "name", "uscc", "division", "region", "industry", "dimension", "measure", "authority", "authority_kind", "document",
  "order_date", "deadline", "extended_to", "extension_document", "approval", "equipment", "equipment_count", "capacity",
  "capacity_unit", "state", "exit_date", "remark",
] as const;
export type Column = (typeof COLUMNS)[number];
export type Row = Record<Column, string>;

const GROUNDS: Record<string, string> = { 能耗: "energy", 环保: "environment", 质量: "quality", 安全: "safety", 技术: "technology" };
const STATES: Record<string, string> = {
  整改中: "rectifying",
  延期中: "extended",
  按期退出: "exited-in-time",
  逾期未退出: "overdue",
  逾期后退出: "exited-late",
  已撤销: "revoked",
};

// No cell of the sample has a quote or a line end in it.
function readRegister(): Row[] {
  const [, ...lines] = readFileSync(REGISTER, "utf8").replace(/^\uFEFF/, "").trim().split(/\r?\n/);

  return lines.map((line) => {
    const cells = line.split(",");
    return Object.fromEntries(COLUMNS.map((key, index) => [key, cells[index] ?? ""])) as Row;
  });
}

export const register = readRegister();

function hex(number: number, digits: number): string {
  // Spread, so that ids look like the hashes that they are.
  let text = "";
  for (let seed = (number + 1) * 2654435761; text.length < digits; seed = (seed * 48271 + 11) % 2147483647) {
    text += (seed % 65536).toString(16).padStart(4, "0");
  }
  return text.slice(0, digits);
}

export interface Obligation extends Row {
  obligation: string;
  ground: string;
  slug: string;
  due: string;
}
export const obligations: Obligation[] = register.map((row, index) => ({
  ...row,
  obligation: hex(index, 32),
  ground: GROUNDS[row.dimension] ?? "energy",
  slug: STATES[row.state] ?? "rectifying",
  due: row.extended_to || row.deadline,
}));

const DAY_MS = 86400000;
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}
export const overdue = obligations
  .filter((one) => one.slug === "overdue")
  .sort((a, b) => (a.due < b.due ? -1 : 1));

export function recordId(obligation: string): string {
  return `R${obligation.slice(0, 20)}`;
}

export function bodyOf(one: Obligation, version: number, op: number, more: Partial<RecordBody> = {}): RecordBody {
  return {
    record: recordId(one.obligation),
    version,
    op,
    obligation: one.obligation,
    name: one.name,
    uscc: one.uscc,
    region: one.region,
    division: one.division,
    industry: one.industry,
    ground: one.ground,
    severity: 2,
    scope: 0,
    disputed: op === 5,
    decided_on: "2026-11-18",
    due: one.due,
    publication_end: "2027-11-18",
    listing_authority: one.authority,
    document: `粤信记〔2026〕${version}号`,
    order_document: one.document,
    facts: `${one.equipment}（产能${one.capacity}${one.capacity_unit}）应于${one.due}前退出，逾期未退出。`,
    order: `${one.authority}于${one.order_date}以${one.document}责令${one.measure}；要求于${one.due}前退出。`,
    reason: null,
    statement: null,
    proposed_by: "jingban",
    proposed_at: "2026-11-18T09:12:00+08:00",
    approved_by: null,
    approved_at: null,
    ...more,
  } as RecordBody;
}

const CHANNELS = ["credit-guangdong", "national-platform", "credit-china"];
export const REFUSED_FIELDS = [
  {
    name: "RDWH", label: "认定文号", label_en: "the listing document", field: "document", remedy: "record" as const,
    how: "correct the record, have it approved, push", how_zh: "在记录上提出变更（correct），复核后报送",
  },
];
export const REFUSAL = {
  known: true,
  why: "a field has the wrong form",
  why_zh: "字段格式不符合要求",
  advice: "correct the field they name, have it approved, push",
  advice_zh: "对照对方说明改正所指字段，复核后重新报送（push）",
  requeue: "sent again as it is",
  requeue_zh: "按原内容再次报送",
  fields: REFUSED_FIELDS,
};

function delivery(channel: string, state: string, number: number): Delivery {
  const refused = state === "refused";

  return {
    channel,
    delivery: number,
    state,
    call: hex(number, 32),
    attempts: 1,
    code: refused ? "10004" : "0",
    message: refused ? "RDWH：文号中的年份应使用六角括号〔〕" : "成功",
    refusal: refused ? REFUSAL : null,
    queued_ms: NOW_MS - 90000000,
    changed_ms: NOW_MS - 86400000,
    receipts: [
      {
        call: hex(number, 32),
        kind: "business",
        at: "2026-11-24T10:31:07+08:00",
        status: 200,
        sequence: 4000 + number,
        bytes: 93,
        body: '{"errorCode":"200","errorMsg":"","totalSize":1,"successSize":1,"failSize":0,"tips":""}',
        encoding: "utf-8",
      },
    ],
  } as Delivery;
}

export interface Story {
  one: Obligation;
  bodies: RecordBody[];
  state: string;
  list: "waiting" | "returned" | "live" | "unsent" | "over";
  deliveries: string[];
}
// Of the overdue: some wait for review, some are in force and not sent, most are told everywhere, one was refused, one
// withdrawn, one is disputed.
export const stories: Story[] = overdue.slice(0, 60).map((one, index) => {
  const first = bodyOf(one, 1, 1);
  const approved = { approved_by: "fuhe", approved_at: "2026-11-19T15:40:00+08:00" };

  if (index < 7) return { one, bodies: [bodyOf(one, 1, 1, index === 3 ? { proposed_by: "fuhe" } : {})], state: "proposed", list: "waiting", deliveries: [] };
  if (index < 9) return { one, bodies: [first], state: "returned", list: "returned", deliveries: [] };
  if (index < 16) return { one, bodies: [{ ...first, ...approved }], state: "effective", list: "unsent", deliveries: [] };
  if (index === 16) return { one, bodies: [{ ...first, ...approved }], state: "effective", list: "live", deliveries: ["refused"] };
  if (index === 17) {
    const next = bodyOf(one, 2, 5, { reason: "企业提出异议：称设备已于期限前拆除", disputed: true, document: first.document, ...approved });
    return { one, bodies: [{ ...first, ...approved }, next], state: "effective", list: "live", deliveries: ["acknowledged", "received"] };
  }
  if (index === 18) {
    const next = bodyOf(one, 2, 3, { reason: "企业提供的拆除验收材料经核实有效，原认定有误", document: first.document, ...approved });
    return { one, bodies: [{ ...first, ...approved }, next], state: "effective", list: "over", deliveries: ["acknowledged", "acknowledged", "acknowledged"] };
  }
  return { one, bodies: [{ ...first, ...approved }], state: "effective", list: "live", deliveries: ["acknowledged", "acknowledged", index % 5 ? "acknowledged" : "received"] };
});

export function listed(story: Story): Listed {
  return { proposal: 1000 + stories.indexOf(story), state: story.state, record: story.bodies[story.bodies.length - 1]! };
}

export function lifeOf(story: Story): Life {
  const at = (index: number): string => `2026-11-${18 + index}T09:12:00+08:00`;
  const SLUGS = ["", "new", "changed", "withdrawn", "repaired", "disputed", "dispute-over"];

  return {
    record: recordId(story.one.obligation),
    obligation: story.one.obligation,
    state: story.state,
    basis: [
      { version: 1, state: "rectifying", sequence: 120, at: "2026-06-01T09:00:00+08:00", line: 12 },
      { version: 2, state: "overdue", sequence: 900, at: "2026-11-10T09:00:00+08:00", line: 12 },
    ],
    versions: story.bodies.map(
      (record, index): Version =>
        ({
          version: record.version,
          op: SLUGS[record.op] ?? "new",
          state: index < story.bodies.length - 1 ? "effective" : story.state,
          proposed_by: record.proposed_by,
          proposed_at: at(index),
          proposal: 1000 + 10 * index + stories.indexOf(story),
          decided_by: story.state === "proposed" ? null : "fuhe",
          decided_at: story.state === "proposed" ? null : `2026-11-${19 + index}T15:40:00+08:00`,
          decision: story.state === "proposed" ? null : 1100 + index,
          decision_reason: story.state === "returned" ? "请补充拆除现场核查记录" : null,
          reason: record.reason,
          record,
          seal_kids: story.state === "effective" ? ["gd-seal-2026"] : [],
          deliveries: story.deliveries.map((state, place) => delivery(CHANNELS[place]!, state, 10 * index + place)),
        }) as Version,
    ),
    events: [
      { sequence: 1000, at: at(0), by: "jingban", type: "record.proposed" },
      ...(story.state === "proposed" ? [] : [{ sequence: 1100, at: "2026-11-19T15:40:00+08:00", by: "fuhe", type: story.state === "returned" ? "record.returned" : "record.approved" }]),
      ...(story.deliveries.length ? [{ sequence: 1200, at: "2026-11-20T08:30:00+08:00", by: "jingban", type: "delivery.queued" }] : []),
    ],
  };
}

export function status(): object {
  const count = (list: string): number => stories.filter((story) => story.list === list).length;
  const channel = (name: string, more: object): object => ({
    channel: name, queued: 0, sending: 0, in_doubt: 0, received: 0, acknowledged: 0, refused: 0, superseded: 0,
    oldest_ms: 0, last_receipt_ms: NOW_MS - 61000, next_ms: 0, paused: false, draining: false, held: 0, staged: 0, failing: 0, enabled: true, reason: null, version: "running",
    ...more,
  });

  return {
    channels: [
      channel("credit-guangdong", { queued: 4, sending: 2, acknowledged: 1204, refused: 1, oldest_ms: NOW_MS - 240000, next_ms: NOW_MS + 95000 }),
      channel("national-platform", { queued: 31, acknowledged: 1170, paused: true, reason: "tls: certificate expired", oldest_ms: NOW_MS - 7200000, last_receipt_ms: NOW_MS - 7300000 }),
      channel("credit-china", { received: 8, acknowledged: 1162, oldest_ms: NOW_MS - 1800000, held: 2 }),
    ],
    records: { waiting: count("waiting"), returned: count("returned"), live: count("live"), over: count("over"), unsent: count("unsent") },
    journal: { size: 48211, at: "2026-11-25T10:29:31+08:00" },
    checkpoints: {
      journal: { origin: "gd.example/journal", size: 48211, at: "2026-11-25T10:29:35+08:00" },
      trace: { origin: "gd.example/trace", size: 918822, at: "2026-11-25T10:29:35+08:00" },
    },
    clients: { count: 3, ending: [{ days_left: 12, name: "bank-a" }], suspended: [] },
    clocks: { report: 11, late: 1, soon: 3, unconfirmed: 1, receipts: 0, provisional: false, stale: false },
    time_ms: NOW_MS,
  };
}

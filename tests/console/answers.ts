// What the stand-in answers: a table of paths, and one of jobs.
import type { Role } from "../../console/src/session";
import { bodyOf, daysBetween, lifeOf, listed, NOW_MS, obligations, overdue, recordId, status, stories, TODAY, type Obligation } from "./fixtures";
import { importChecked, importTaken } from "./importing";
import { people, type PersonName, type Someone } from "./people";
import { exits, lookups, plates, quality, summary } from "./reporting";

export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  person: Someone | null;
}
type Answer = (asked: Asked, found: RegExpExecArray) => unknown;

const FORGERY = "forgery-token-of-this-session";
const told = (person: Someone): object => ({
  person: { ...person, lang: "zh" },
  forgery: FORGERY,
  ends_at: new Date(NOW_MS + 1800000).toISOString(),
});

function signIn(asked: Asked): unknown {
  const given = asked.body as { account: string; password: string; code: string };
  const person = people[given.account as PersonName];

  if (!person || given.password !== "correct-horse-battery")
    return { wrong: { status: 403, rule: "signin.wrong", detail: "the account, the password or the code is wrong", detail_zh: "账号、口令或验证码不正确" } };
  return { cookie: person.name, body: told(person) };
}

function page<T>(rows: T[], query: Record<string, string>): { rows: T[]; next: string | null } {
  const from = query["from"] ? parseInt(query["from"], 16) : 0;
  const limit = Number(query["limit"] ?? 100);

  return { rows: rows.slice(from, from + limit), next: from + limit < rows.length ? (from + limit).toString(16).padStart(8, "0") : null };
}

function records(asked: Asked): unknown {
  const { list = "live", ground, division } = asked.query;
  const fit = stories.filter(
    (story) => story.list === list && (!ground || story.one.ground === ground) && (!division || story.one.division.startsWith(division)),
  );
  const { rows, next } = page(fit, asked.query);

  return { in_list: stories.filter((story) => story.list === list).length, list, records: rows.map(listed), next };
}

function obligationLine(one: Obligation): object {
  const story = stories.find((each) => each.one === one);

  return {
    obligation: one.obligation, version: 2, state: one.slug, ground: one.ground, uscc: one.uscc, name: one.name, division: one.division,
    region: one.region, industry: one.industry, equipment: one.equipment, equipment_count: one.equipment_count, capacity: one.capacity,
    capacity_unit: one.capacity_unit, authority: one.authority, document: one.document, measure: one.measure, order_date: one.order_date,
    deadline: one.deadline, extended_to: one.extended_to || null, due: one.due, exit_date: one.exit_date || null,
    days_late: one.slug === "overdue" ? daysBetween(one.due, TODAY) : null,
    records: story
      ? [{ record: recordId(one.obligation), version: story.bodies.length, state: story.state, op: lifeOf(story).versions.at(-1)?.op, document: story.bodies[0]?.document, decided_on: "2026-11-18" }]
      : [],
  };
}

function searched(asked: Asked): unknown {
  const q = asked.query;
  const fit = obligations.filter(
    (one) =>
      (!q["uscc"] || one.uscc.startsWith(q["uscc"])) &&
      (!q["name"] || one.name.includes(q["name"])) &&
      (!q["division"] || one.division.startsWith(q["division"])) &&
      (!q["industry"] || one.industry === q["industry"]) &&
      (!q["ground"] || one.ground === q["ground"]) &&
      (!q["state"] || one.slug === q["state"]) &&
      (!q["due_since"] || one.due >= q["due_since"]) &&
      (!q["due_until"] || one.due <= q["due_until"]),
  );
  const { rows, next } = page(fit, q);

  return { obligations: rows.map(obligationLine), next, in_register: obligations.length };
}

function oneRecord(asked: Asked, found: RegExpExecArray): unknown {
  const id = decodeURIComponent(found[1] ?? "");
  const ours = obligations.filter((one) => one.uscc === id);
  const story = stories.find((each) => recordId(each.one.obligation).startsWith(id) || each.one.obligation.startsWith(id));

  if (ours.length > 0) return { uscc: id, name: ours[0]!.name, obligations: ours.map(obligationLine) };
  if (story && id.length >= 6) return lifeOf(story);
  return { wrong: { status: 404, rule: "record.unknown", detail: `there is no record ${id}`, detail_zh: `没有记录 ${id}` } };
}

function obligationLife(_: Asked, found: RegExpExecArray): unknown {
  const one = obligations.find((each) => each.obligation.startsWith(found[1] ?? "-"));

  if (!one) return { wrong: { status: 404, rule: "obligation.unknown", detail: "there is no such obligation", detail_zh: "没有这项任务" } };
  const earlier = { ...one, state: "整改中", exit_date: "", extended_to: "", extension_document: "" };
  return {
    obligation: one.obligation,
    versions: [
      { version: 1, state: "rectifying", at: "2026-06-01T09:00:00+08:00", by: "jingban", sequence: 120, line: 12, row: earlier },
      { version: 2, state: one.slug, at: "2026-11-10T09:00:00+08:00", by: "jingban", sequence: 900, line: 12, row: one },
    ],
  };
}

function traced(asked: Asked): unknown {
  const domains = ["lending", "government-procurement", "tax", "(trace)"];
  const entries = Array.from({ length: 23 }, (_, index) => ({
    answer_sha256: "9f".repeat(32), as_of: null, at: `2026-11-${String(24 - (index % 20)).padStart(2, "0")}T1${index % 9}:20:31+08:00`,
    authorisation: null, by: index % 4 === 3 ? "shenji" : ["bank-a", "procurement-gd"][index % 2], domain: domains[index % 4], purpose: "credit-review",
    operator: "u-0117", department: "授信审批部", name: null, receipt: `01K${String(index).padStart(23, "0")}`, refusal: index === 5 ? "limit.rate" : null,
    status: index === 5 ? 429 : 200, uscc: asked.query["uscc"] ?? overdue[index]!.uscc, verdict: index === 5 ? null : index % 3 ? "listed" : "not-listed", owes: index % 3 === 1,
    sequence: 48000 + index, test: false,
  }));
  const fit = entries.filter((one) => (!asked.query["by"] || one.by === asked.query["by"]) && (!asked.query["domain"] || one.domain === asked.query["domain"]));

  if (!asked.person?.roles.includes("auditor"))
    return { wrong: { status: 403, rule: "staff.role", detail: "only auditors", detail_zh: "仅限审计人员" } };
  return { end: 918822, entries: fit, next: null, receipt: "01KTRACEREADING0000000000" };
}

function lookup(asked: Asked): unknown {
  const given = asked.body as { domain: string; uscc?: string; name?: string; purpose: string };
  const story = stories.find((each) => each.one.uscc === given.uscc && each.list === "live");

  if (given.name)
    return {
      candidates: overdue.slice(2, 4).map((one, index) => ({
        name: one.name, uscc: one.uscc, score: index ? 0.71 : 0.93, strength: index ? "weak" : "strong",
        reasons: [{ reason: "homophone", part: "trade-name", asked: "翔", registered: "祥", zh: "字号读音相同", en: "the trade name sounds the same" }],
      })),
      domain: given.domain, index: { edition: "2026-10-31", names: 31022, register: null, sequence: 48211 }, purpose: given.purpose, q: given.name, receipt: "01KLOOKUP000000000000000001",
    };
  return {
    as_of: { at: new Date(NOW_MS).toISOString(), changed_at: "2026-11-24T15:40:00+08:00", sequence: 48211 },
    domain: given.domain, list_edition: null, name: story ? story.one.name : null, purpose: given.purpose, receipt: "01KLOOKUP000000000000000002",
    records: story
      ? [{ decided_on: "2026-11-18", disputed: false, document: "粤信记〔2026〕1号", due: story.one.due, ground: story.one.ground, listing_authority: story.one.authority, name: story.one.name, publication_end: "2027-11-18", record: recordId(story.one.obligation), severity: 2, version: 1 }]
      : [],
    measures: story
      ? [{ id: "prudent-credit", name: { zh: "从严审慎授信", en: "prudent lending" }, force: "informs", basis: { zh: "《广东省社会信用条例》", en: "Social Credit Regulations of Guangdong" } }]
      : [],
    rules: "lending/2026@0123456789abcdef", uscc: given.uscc, verdict: story ? "listed" : "not-listed",
  };
}

const DOMAINS = [
  { domain: "lending", zh: "融资授信", en: "lending" },
  { domain: "government-procurement", zh: "政府采购", en: "government procurement" },
  { domain: "land-supply", zh: "土地供应", en: "land supply" },
].map(({ domain, zh, en }) => ({
  domain,
  about: { domain, title: { zh, en }, purposes: [{ code: "credit-review", zh: "授信审查", en: "review before granting credit", requires: [] }] },
}));

const clients = {
  clients: ["bank-a", "procurement-gd", "land-gz"].map((name, index) => ({
    addresses: null, certificates: [{ days_left: [12, 210, 340][index], ends: "2026-12-07T00:00:00+08:00", from: null, sha256: "ab".repeat(32), until: null, usable: true }],
    daily_quota: 20000, days_left: [12, 210, 340][index], domains: [["lending"], ["government-procurement"], ["land-supply"]][index], kind: ["lender", "department", "department"][index],
    name, purposes: [], requests_per_minute: 600, scopes: ["public"], seen: "2026-11-25T10:21:00+08:00",
    suspended: index === 2 ? { at: "2026-11-20T09:00:00+08:00", by: "guanli", reason: "证书疑似泄露，核查中", sequence: 47000 } : null, used_today: 1200 * index,
  })),
  generation: 3, gone: [],
};

export const ANSWERS: [RegExp, Answer][] = [
  [/^GET \/console\/api\/session$/, (asked) => told(asked.person!)],
  [/^POST \/console\/api\/sign-in$/, signIn],
  [/^POST \/console\/api\/sign-out$/, () => undefined],
  [/^GET \/console\/api\/events$/, () => ({ stream: `event: status\ndata: ${JSON.stringify(status())}\n\n` })],
  [/^POST \/console\/api\/enrol$/, (asked) => ((asked.body as { code?: string }).code ? undefined : { secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", address: "otpauth://totp/creditgate:jingban?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=creditgate" })],
  [/^GET \/console\/api\/domains$/, () => ({ domains: DOMAINS })],
  [/^POST \/console\/api\/lookup$/, lookup],
  [/^GET \/admin\/v1\/status$/, () => status()],
  [/^GET \/admin\/v1\/records$/, records],
  [/^GET \/admin\/v1\/records\/([^/]+)$/, oneRecord],
  [/^GET \/admin\/v1\/obligations$/, searched],
  [/^GET \/admin\/v1\/obligations\/([^/]+)$/, obligationLife],
  [/^GET \/admin\/v1\/trace$/, traced],
  [/^GET \/admin\/v1\/clients$/, () => clients],
  [/^GET \/admin\/v1\/keys$/, () => ({ keys: [
    { kid: "gd-seal-2026", algorithm: "SM2", purpose: "seal", from: "2026-01-01", until: "2026-12-31", state: "current" },
    { kid: "gd-log-2026", algorithm: "Ed25519", purpose: "checkpoint", from: "2026-01-01", until: null, state: "current" },
    { kid: "gd-seal-2025", algorithm: "SM2", purpose: "seal", from: "2025-01-01", until: "2025-12-31", state: "retired" },
  ] })],
  [/^GET \/admin\/v1\/staff$/, () => ({ staff: Object.values(people).map((one, index) => ({ ...one, uid: index < 3 ? 1000 + index : null, enrolled: index !== 4, signed_in_at: index === 4 ? null : "2026-11-25T08:02:11+08:00", waits_until: null, certificates: index === 3 ? 1 : 0 })) })],
  [/^POST \/admin\/v1\/staff\/(\w+)\/invitation$/, () => ({ invitation: "K4ZT7QWM2XGF5BNR6PDLH3VA", until: "2026-11-26T10:30:00+08:00" })],
  [/^GET \/admin\/v1\/reports\/exits$/, exits],
  [/^GET \/admin\/v1\/reports\/lists$/, plates],
  [/^GET \/admin\/v1\/reports\/summary$/, summary],
  [/^GET \/admin\/v1\/reports\/quality$/, quality],
  [/^GET \/admin\/v1\/reports\/lookups$/, lookups],
];

// --- jobs ---

const ANYBODY: Role[] = ["operator", "reviewer", "auditor", "administrator"];
interface Job {
  roles: Role[];
  run: (asked: Asked, bytes: Buffer) => unknown;
}

function outcomes(asked: Asked): unknown {
  const ids = (asked.body as { ids?: string[] }).ids ?? [];
  const items = ids.map((id) => {
    const one = obligations.find((each) => each.obligation === id || recordId(each.obligation) === id);
    return { record: one ? recordId(one.obligation) : id, version: 1, obligation: one?.obligation ?? null, name: one?.name ?? null, result: "done", rule: null, message: null };
  });

  return { done: items.length, refused: 0, skipped: 0, items };
}

function late(asked: Asked): unknown {
  const given = asked.body as { ground?: string; division?: string; unproposed?: boolean };
  const items = overdue
    .slice(given.unproposed ? 60 : 0)
    .filter((one) => (!given.ground || one.ground === given.ground) && (!given.division || one.division.startsWith(given.division)))
    .map((one) => ({ ...(obligationLine(one) as object), record: null, record_state: null, record_op: null }));

  return { on: TODAY, count: items.length, items };
}

function refused(): unknown {
  const items = stories
    .filter((story) => story.deliveries.includes("refused"))
    .map((story) => ({
      delivery: 160, channel: "credit-guangdong", record: recordId(story.one.obligation), version: 1, uscc: story.one.uscc, name: story.one.name, code: "10004",
      reason: "RDWH：文号中的年份应使用六角括号〔〕", known: true, why: "字段格式不符合要求", advice: "对照对方说明改正所指字段，复核后重新报送（push）", requeue: "确认对方有误时，按原内容再次报送",
      queued_at: "2026-11-24T09:30:00+08:00", refused_at: "2026-11-24T10:31:00+08:00",
    }));

  return { count: items.length, items };
}

function clocks(): unknown {
  const item = (index: number, kind: string, more: object): object => ({
    kind, record: recordId(overdue[index]!.obligation), name: overdue[index]!.name, uscc: overdue[index]!.uscc, since: "2026-11-13", due: "2026-11-24", left: -1, unit: "working-days", provisional: false, state: "effective", ...more,
  });

  return {
    on: TODAY, provisional: false, late: 1, soon: 3, report: 4, ending: 2, unconfirmed: 1, receipt: 0, count: 7,
    items: [
      item(9, "report", {}),
      item(10, "report", { since: "2026-11-17", due: "2026-11-26", left: 1 }),
      item(11, "report", { since: "2026-11-17", due: "2026-11-26", left: 1 }),
      item(12, "report", { since: "2026-11-18", due: "2026-11-27", left: 2 }),
      item(20, "ending", { since: "2025-12-01", due: "2026-12-01", left: 6, unit: "days" }),
      item(21, "ending", { since: "2025-12-09", due: "2026-12-09", left: 14, unit: "days" }),
      item(18, "unconfirmed", { since: "2026-11-20", due: "2026-11-23", left: -2, op: "withdrawn" }),
    ],
  };
}

// What each channel would get, after its mapping.
function preview(asked: Asked): unknown {
  const given = asked.body as { ids?: string[]; document?: string };
  const LABELS: [string, string, (one: Obligation) => string][] = [
    ["JGQC", "机构全称", (one) => one.name],
    ["TYSHXYDM", "统一社会信用代码", (one) => one.uscc],
    ["ZYSXSS", "主要失信事实", (one) => bodyOf(one, 1, 1).facts],
    ["SCFZYNR", "行政处理决定主要内容", (one) => bodyOf(one, 1, 1).order],
    ["RDDW", "认定单位", (one) => one.authority],
    ["RDWH", "认定文号", () => given.document ?? "粤信记〔2026〕1号"],
    ["XZQH", "行政区划", (one) => one.division],
  ];
  const items = (given.ids ?? []).slice(0, 20).map((id) => {
    const one = obligations.find((each) => each.obligation === id || recordId(each.obligation) === id) ?? overdue[0]!;
    const fields = LABELS.map(([name, label, value]) => ({ name, label, value: value(one) }));

    return {
      obligation: one.obligation, record: recordId(one.obligation), name: one.name, uscc: one.uscc, rule: null, message: null,
      channels: [
        { channel: "credit-guangdong", op: "new", fields, bytes: 812 },
        { channel: "national-platform", op: "new", fields: fields.map((field) => ({ ...field, name: field.name.toLowerCase() })), bytes: 790 },
        { channel: "credit-china", op: "new", fields: fields.slice(0, 6), bytes: 1022 },
      ],
    };
  });

  return { count: items.length, items };
}

function probe(asked: Asked): unknown {
  const isBad = (asked.body as { ids: string[] }).ids[0] === "national-platform";
  const layers = ["name", "connection", "tls", "certificate", "signature", "answer"];

  return {
    items: layers.map((layer, index) => {
      const state = !isBad || index < 2 ? "good" : index === 2 ? "bad" : "skipped";
      const detail = state === "bad" ? "their certificate ended on 2026-11-25" : state === "good" ? "203.0.113.7:443" : null;
      return { layer, state, millis: state === "skipped" ? null : 3 + 11 * index, detail, detail_zh: state === "bad" ? "对方证书已于 2026-11-25 到期" : detail };
    }),
  };
}

export const JOBS: Record<string, Job> = {
  import: { roles: ["operator"], run: importTaken },
  "import-check": { roles: ["operator"], run: importChecked },
  overdue: { roles: ANYBODY, run: late },
  propose: { roles: ["operator"], run: outcomes },
  preview: { roles: ["operator", "reviewer"], run: preview },
  approve: { roles: ["reviewer"], run: outcomes },
  return: { roles: ["reviewer"], run: outcomes },
  correct: { roles: ["operator"], run: outcomes },
  withdraw: { roles: ["operator"], run: outcomes },
  repair: { roles: ["operator"], run: outcomes },
  dispute: { roles: ["operator"], run: outcomes },
  settle: { roles: ["operator"], run: outcomes },
  push: { roles: ["operator"], run: outcomes },
  requeue: { roles: ["operator"], run: outcomes },
  refused: { roles: ANYBODY, run: refused },
  clocks: { roles: ANYBODY, run: clocks },
  pause: { roles: ["operator", "administrator"], run: outcomes },
  drain: { roles: ["operator", "administrator"], run: outcomes },
  resume: { roles: ["operator", "administrator"], run: outcomes },
  probe: { roles: ["operator", "administrator"], run: probe },
  "client-suspend": { roles: ["administrator"], run: outcomes },
  "client-resume": { roles: ["administrator"], run: outcomes },
};

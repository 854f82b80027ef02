// What the stand-in answers: a table of paths, and one of jobs.
import type { Role } from "../../console/src/session";
import { lifeOf, NOW_MS, obligations, overdue, recordId, REFUSED_FIELDS, status, stories, TODAY } from "./fixtures";
import { ADMINISTRATION_ANSWERS, ADMINISTRATION_JOBS } from "./administering";
import { IMPORT_ANSWERS, IMPORT_JOBS } from "./importing";
import { journeys } from "./journeys";
import { people, type PersonName, type Someone } from "./people";
import { domains, evidence, lookedUp, lookupTrace, namesFound, previewed } from "./previewing";
import { enterprise, exported, lookupsAbout, records, searched } from "./registering";
import { exits, lists, lookups, quality, summary } from "./reporting";

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
  const given = asked.body as { account: string; password?: string; code?: string };
  const person = people[given.account as PersonName];

  // By the certificate of the connection: guanli's is there (administering.ts).
  if (person?.name === "guanli" && given.password === undefined) return { cookie: person.name, body: told(person) };
  if (!person || given.password !== "correct-horse-battery")
    return { wrong: { status: 403, rule: "signin.wrong", detail: "the account, the password or the code is wrong", detail_zh: "账号、口令或验证码不正确" } };
  return { cookie: person.name, body: told(person) };
}

function oneRecord(_: Asked, found: RegExpExecArray): unknown {
  const id = decodeURIComponent(found[1] ?? "");
  const ours = obligations.filter((one) => one.uscc === id);
  const story = stories.find((each) => recordId(each.one.obligation).startsWith(id) || each.one.obligation.startsWith(id));

  if (ours.length > 0) return { uscc: id, name: ours[0]!.name, obligations: [] };
  if (story && id.length >= 6) return lifeOf(story);
  return { wrong: { status: 404, rule: "record.unknown", detail: `there is no record ${id}`, detail_zh: `没有记录 ${id}` } };
}

function today(asked: Asked): unknown {
  const now = status() as { channels: object[]; clocks: object; records: { returned: number; unsent: number } };
  const waiting = stories.filter((story) => story.list === "waiting");

  return {
    waiting: { mine: waiting.filter((story) => story.bodies[0]!.proposed_by !== asked.person?.name).length, all: waiting.length },
    returned: { mine: asked.person?.name === "jingban" ? now.records.returned : 0, all: now.records.returned },
    overdue: { unproposed: overdue.length - stories.length, on: TODAY }, refused: 1, held: 2, unsent: now.records.unsent,
    clocks: { ...now.clocks, ending: 2, ending_more: false }, alarms: [], channels: now.channels, worst: "bad", at: "2026-11-25T10:30:00+08:00",
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

const clients = {
  clients: ["bank-a", "procurement-gd", "land-gz"].map((name, index) => ({
    addresses: null, certificates: [{ days_left: [12, 210, 340][index], ends: "2026-12-07T00:00:00+08:00", from: null, sha256: "ab".repeat(32), until: null, usable: true }],
    daily_quota: 20000, days_left: [12, 210, 340][index], domains: [["lending"], ["government-procurement"], ["land-supply"]][index], kind: ["lender", "department", "department"][index],
    name, purposes: [], requests_per_minute: 600, scopes: ["public"], seen: "2026-11-25T10:21:00+08:00",
    suspended: index === 2 ? { at: "2026-11-20T09:00:00+08:00", by: "guanli", reason: "证书疑似泄露，核查中", sequence: 47000 } : null, used_today: 1200 * index,
    version: index === 2 ? "suspended 47000" : "never suspended",
  })),
  configuration: "5a".repeat(32), generation: 3, gone: [],
};

const invited = (_: Asked, found: RegExpExecArray): unknown => ({ account: found[1], invitation: "K4ZT7QWM2XGF5BNR6PDLH3VA", until: "2026-11-26T10:30:00+08:00" });
const staff = (): unknown => ({
  staff: Object.values(people).map((one, index) => ({
    ...one, has_password: index !== 4, invited_until: index === 4 ? "2026-11-26T10:30:00+08:00" : null, suspended: null, failures: index === 1 ? 2 : 0,
    certificate: index === 3, locked_until: index === 1 ? "2026-11-25T10:45:00+08:00" : null, roles_since: "2026-11-02T09:00:00+08:00",
    signed_in_at: index === 4 ? null : "2026-11-25T08:02:11+08:00", sessions: index === 4 ? 0 : 1, version: `active,${index === 4 ? "none" : "password"},0,1762045200000`,
  })),
});

export const ANSWERS: [RegExp, Answer][] = [
  ...ADMINISTRATION_ANSWERS,
  ...IMPORT_ANSWERS,
  [/^GET \/console\/api\/session$/, (asked) => told(asked.person!)],
  [/^POST \/console\/api\/sign-in$/, signIn],
  [/^POST \/console\/api\/sign-out$/, () => undefined],
  [/^POST \/console\/api\/enrol$/, (asked) => ((asked.body as { code?: string }).code ? undefined : { secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", address: "otpauth://totp/creditgate:jingban?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=creditgate" })],
  [/^GET \/console\/api\/today$/, today],
  [/^GET \/console\/api\/deliveries$/, journeys],
  [/^GET \/console\/api\/events$/, (asked) => ({ event: today(asked) })],
  [/^GET \/console\/api\/obligations$/, searched],
  [/^GET \/console\/api\/enterprises\/([^/]+)$/, enterprise],
  [/^GET \/console\/api\/enterprises\/([^/]+)\/lookups$/, lookupsAbout],
  [/^GET \/console\/api\/evidence\/(\w+)$/, evidence],
  [/^GET \/console\/api\/domains$/, domains],
  [/^POST \/console\/api\/lookup$/, lookedUp],
  [/^GET \/console\/api\/lookup\/([\w-]+)$/, lookupTrace],
  [/^GET \/admin\/v1\/names$/, namesFound],
  [/^GET \/admin\/v1\/status$/, () => status()],
  [/^GET \/admin\/v1\/records$/, records],
  [/^GET \/admin\/v1\/records\/([^/]+)$/, oneRecord],
  [/^GET \/admin\/v1\/trace$/, traced],
  [/^GET \/admin\/v1\/clients$/, () => clients],
  [/^GET \/admin\/v1\/staff$/, staff],
  [/^POST \/admin\/v1\/staff\/(\w+)\/(?:invite|reset)$/, invited],
  [/^POST \/admin\/v1\/staff\/(\w+)\/(?:suspend|resume|sign-out)$/, (_, found) => ({ account: found[1] })],
];

// --- jobs ---

const ANYBODY: Role[] = ["operator", "reviewer", "auditor", "administrator"];
interface Job {
  roles: Role[];
  run: (asked: Asked, bytes: Buffer) => unknown;
}

function outcomes(asked: Asked): unknown {
  const ids = (asked.body as { ids?: string[] }).ids ?? [];
  const items = ids.map((given) => {
    const id = given.split("@")[0]!;
    const one = obligations.find((each) => each.obligation === id || recordId(each.obligation) === id);
    return { record: one ? recordId(one.obligation) : id, version: 1, obligation: one?.obligation ?? null, name: one?.name ?? null, result: "done", rule: null, message: null };
  });

  return { done: items.length, refused: 0, skipped: 0, items };
}

function refused(): unknown {
  const items = stories
    .filter((story) => story.deliveries.includes("refused"))
    .map((story) => ({
      delivery: 160, state: "refused", channel: "credit-guangdong", record: recordId(story.one.obligation), version: 1, uscc: story.one.uscc, name: story.one.name, code: "10004",
      reason: "RDWH：文号中的年份应使用六角括号〔〕", known: true, why: "字段格式不符合要求", advice: "对照对方说明改正所指字段，复核后重新报送（push）", requeue: "确认对方有误时，按原内容再次报送", fields: REFUSED_FIELDS,
      attempts: 1, queued_at: "2026-11-24T09:30:00+08:00", refused_at: "2026-11-24T10:31:00+08:00",
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

export const JOBS: Record<string, Job> = {
  ...ADMINISTRATION_JOBS,
  ...IMPORT_JOBS,
  propose: { roles: ["operator"], run: outcomes },
  approve: { roles: ["reviewer"], run: outcomes },
  return: { roles: ["reviewer"], run: outcomes },
  correct: { roles: ["operator"], run: outcomes },
  withdraw: { roles: ["operator"], run: outcomes },
  repair: { roles: ["operator"], run: outcomes },
  dispute: { roles: ["operator"], run: outcomes },
  settle: { roles: ["operator"], run: outcomes },
  push: { roles: ["operator"], run: outcomes },
  requeue: { roles: ["operator"], run: outcomes },
  register: { roles: ANYBODY, run: exported },
  preview: { roles: ANYBODY, run: previewed },
  refused: { roles: ANYBODY, run: refused },
  clocks: { roles: ANYBODY, run: clocks },
  pause: { roles: ["operator", "administrator"], run: outcomes },
  drain: { roles: ["operator", "administrator"], run: outcomes },
  resume: { roles: ["operator", "administrator"], run: outcomes },
  "report-exits": { roles: ANYBODY, run: exits },
  "report-lists": { roles: ANYBODY, run: lists },
  "report-summary": { roles: ANYBODY, run: summary },
  "report-quality": { roles: ANYBODY, run: quality },
  "report-lookups": { roles: ["auditor", "administrator"], run: lookups },
  "client-suspend": { roles: ["administrator"], run: outcomes },
  "client-resume": { roles: ["administrator"], run: outcomes },
};

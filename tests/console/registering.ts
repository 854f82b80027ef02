// The register as the stand-in answers it: slices of a list, an enterprise, who asked about it.
import type { Enterprise, Obligation as Line } from "../../console/src/register";
import type { Asked } from "./answers";
import { daysBetween, lifeOf, listed, obligations, recordId, stories, TODAY, type Obligation } from "./fixtures";

// Few, so that every page is put together from several.
export const SLICE = 200;
const AS_OF = 48211;

export function obligationLine(one: Obligation): Line {
  const story = stories.find((each) => each.one === one);
  const newest = story && lifeOf(story).versions.at(-1);

  return {
    obligation: one.obligation, version: 2, uscc: one.uscc, name: one.name, region: one.region, division: one.division, industry: one.industry,
    ground: one.ground, state: one.slug, measure: one.measure, authority: one.authority, document: one.document, equipment: one.equipment,
    capacity: one.capacity, capacity_unit: one.capacity_unit, order_date: one.order_date, deadline: one.deadline, extended_to: one.extended_to || null,
    due: one.due, exit_date: one.exit_date || null, days_late: one.slug === "overdue" ? daysBetween(one.due, TODAY) : null,
    record: story ? recordId(one.obligation) : null, record_state: story?.state ?? null, record_op: newest?.op ?? null, record_proposal: newest?.proposal ?? null,
  };
}

function placeOf(one: Obligation, order: string): string {
  const day = Math.round(Date.parse(one.due) / 86400000);
  const key = order === "code" ? one.uscc : order === "due" ? String(day) : order === "-due" ? String(99999 - day) : String(99999 - obligations.indexOf(one));

  return Buffer.from(key).toString("hex") + one.obligation;
}

const fold = (text: string): string => text.replace(/[\s\u3000]/g, "").replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).toLowerCase();
const isOpen = (one: Obligation): boolean => ["rectifying", "extended", "overdue"].includes(one.slug);

function fits(one: Obligation, q: Record<string, string>): boolean {
  const has = (text: string, part?: string): boolean => !part || fold(text).includes(fold(part));

  return (
    (!q["uscc"] || one.uscc.startsWith(q["uscc"])) && has(one.name, q["name"]) && has(one.region, q["region"]) && has(one.industry, q["industry"]) &&
    (!q["division"] || one.division.startsWith(q["division"])) && (!q["ground"] || one.ground === q["ground"]) && (!q["state"] || one.slug === q["state"]) &&
    (!q["overdue_on"] || (isOpen(one) && one.due < q["overdue_on"])) && (!q["due_from"] || one.due >= q["due_from"]) && (!q["due_to"] || one.due <= q["due_to"]) &&
    (q["unproposed"] !== "on" || !stories.some((story) => story.one === one && story.state !== "returned"))
  );
}

export function searched(asked: Asked): unknown {
  const q = asked.query;
  const from = q["from"] ? parseInt(q["from"], 16) : 0;
  const looked = obligations.slice(from, from + SLICE);
  const fit = looked.filter((one) => fits(one, q));
  const found = fit
    .map((one) => ({ ...obligationLine(one), place: placeOf(one, q["order"] ?? "changed") }))
    .filter((one) => !q["after"] || one.place > q["after"])
    .sort((a, b) => (a.place < b.place ? -1 : 1))
    .slice(0, Number(q["limit"] ?? 50));

  if (from > 0 && q["as_of"] !== String(AS_OF)) return { wrong: { status: 400, rule: "query.value", detail: "as_of", detail_zh: "as_of" } };
  return { as_of: AS_OF, looked: looked.length, matched: fit.length, next: from + SLICE < obligations.length ? (from + SLICE).toString(16).padStart(32, "0") : null, on: TODAY, obligations: found };
}

function rowOf(one: Obligation, more: object): Record<string, string | null> {
  const { obligation: _, ground: _ground, slug: _slug, due: _due, ...row } = one;

  return Object.fromEntries(Object.entries({ ...row, ...more }).map(([key, value]) => [key, value || null]));
}

export function enterprise(_: Asked, found: RegExpExecArray): unknown {
  const ours = obligations.filter((one) => one.uscc === found[1]);
  const told = stories.filter((story) => ours.includes(story.one));

  if (ours.length === 0) return { wrong: { status: 404, rule: "enterprise.unknown", detail: "the register has no such enterprise", detail_zh: "台账中没有这家企业" } };
  return {
    uscc: found[1]!, name: ours[0]!.name, names: [`${ours[0]!.name.slice(0, 4)}实业公司`, ...new Set(ours.map((one) => one.name))],
    obligations: ours.map((one) => ({
      ...obligationLine(one),
      versions: [
        { version: 1, state: "rectifying", at: "2026-06-01T09:00:00+08:00", by: "jingban", import: "j-1", line: 12, sequence: 120, row: rowOf(one, { state: "整改中", extended_to: null, exit_date: null, capacity: "12" }) },
        { version: 2, state: one.slug, at: "2026-11-10T09:00:00+08:00", by: "jingban", import: "j-2", line: 12, sequence: 900, row: rowOf(one, {}) },
      ],
    })),
    records: told.map((story) => {
      const newest = story.bodies.at(-1)!;
      return { record: newest.record, obligation: newest.obligation, version: newest.version, state: story.state, op: lifeOf(story).versions.at(-1)!.op, document: newest.document, decided_on: newest.decided_on };
    }),
    timeline: [
      ...ours.flatMap((one) => [900, 120].map((sequence) => ({ at: sequence === 900 ? "2026-11-10T09:00:00+08:00" : "2026-06-01T09:00:00+08:00", sequence, type: "obligation.recorded", by: "jingban", about: one.obligation }))),
      ...told.flatMap((story) => lifeOf(story).events.map((event) => ({ ...event, about: recordId(story.one.obligation) }))),
    ],
    is_cut: false,
  } satisfies Enterprise;
}

// Three pages of the trace: the newest, nothing in between, the oldest.
export function lookupsAbout(asked: Asked, found: RegExpExecArray): unknown {
  const from = asked.query["from"];
  const entry = (index: number): object => ({
    answer_sha256: "9f".repeat(32), as_of: null, at: `2026-11-${String(24 - index)}T11:20:31+08:00`, authorisation: null, by: index % 2 ? "procurement-gd" : "bank-a",
    domain: index % 2 ? "government-procurement" : "lending", purpose: "credit-review", operator: "u-0117", department: "授信审批部", name: null,
    receipt: `01K${String(index).padStart(23, "0")}`, refusal: null, status: 200, uscc: found[1], verdict: "listed", owes: false, sequence: 48000 - index, test: false,
  });

  if (!asked.person?.roles.some((role) => role === "auditor" || role === "administrator"))
    return { wrong: { status: 403, rule: "staff.role", detail: "only auditors and administrators", detail_zh: "仅限审计人员和管理员" } };
  if (!asked.query["reason"]) return { wrong: { status: 400, rule: "purpose.missing", detail: "say why", detail_zh: "请说明查阅理由" } };
  const page = from === undefined ? { entries: [0, 1, 2].map(entry), next: 4000 } : from === "4000" ? { entries: [], next: 2000 } : { entries: [9, 10].map(entry), next: null };

  return { end: 6000, ...page, receipt: "01KTRACEREADING0000000000" };
}

export const exported = (asked: Asked): unknown => ({ as_of: AS_OF, count: obligations.filter((one) => fits(one, asked.body as Record<string, string>)).length });

// When something is looked for, so few are looked at for one page that pages are short, and some empty, before the last.
const SEARCHES = 7;

export function records(asked: Asked): unknown {
  const q = asked.query;
  const has = (text: string, part?: string): boolean => !part || fold(text).includes(fold(part));
  const inList = stories.filter((story) => story.list === (q["list"] ?? "live"));
  const from = q["from"] ? parseInt(q["from"], 16) : 0;
  const looks = ["uscc", "name", "region", "industry", "decided_from", "decided_to"].some((name) => q[name]) ? SEARCHES : 5000;
  const looked = inList.slice(from, from + looks);
  const fit = looked.filter(
    ({ one, bodies }) =>
      (!q["ground"] || one.ground === q["ground"]) && (!q["division"] || one.division.startsWith(q["division"])) && (!q["uscc"] || one.uscc.startsWith(q["uscc"])) &&
      has(one.name, q["name"]) && has(one.region, q["region"]) && has(one.industry, q["industry"]) &&
      (!q["decided_from"] || bodies.at(-1)!.decided_on >= q["decided_from"]) && (!q["decided_to"] || bodies.at(-1)!.decided_on <= q["decided_to"]),
  );
  const shown = fit.slice(0, Number(q["limit"] ?? 100));
  // What did not fit into the page comes first on the next.
  const next = shown.length < fit.length ? inList.indexOf(fit[shown.length]!) : from + looks;

  return { in_list: inList.length, list: q["list"] ?? "live", records: shown.map(listed), next: next < inList.length ? next.toString(16).padStart(8, "0") : null };
}

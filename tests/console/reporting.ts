// The stand-in's reports, in the form of gateway/reports/table_write.h, counted from the sample register.
import divisions from "../../schemas/data/divisions.json";
import type { Cell, Column, ColumnKind, Report, Row, Table } from "../../console/src/reports";
import type { Asked } from "./answers";
import { obligations, TODAY, type Obligation } from "./fixtures";

type Key = (row: Obligation) => string;
type Described = [key: string, zh: string, en: string, kind: ColumnKind];
const GROUNDS: Record<string, string> = { energy: "能耗", environment: "环保", quality: "质量", safety: "安全", technology: "技术" };
const word = (value: string, zh: string, en: string): Cell => ({ value, zh, en });
const ground = (one: string): Cell => word(one, GROUNDS[one] ?? one, one);
const month = (number: number): Cell => word(String(number).padStart(2, "0"), `${number} 月`, `month ${number}`);
const share = (count: number, of: number): Cell => ({ count, of, rate: of ? Math.floor((10000 * count) / of) / 10000 : null });
const cities = divisions.divisions.filter((one) => one.level === "city");
const asked = (one: Asked): Record<string, string> => one.body as Record<string, string>;
const columns = (list: Described[]): Column[] => list.map(([key, title_zh, title, kind]) => ({ key, title, title_zh, kind }));

function table(key: string, title_zh: string, title: string, described: Described[], cells: Cell[][], sum?: Cell[]): Table {
  const row = (line: Cell[]): Row => Object.fromEntries(described.map(([name], index) => [name, line[index] ?? null]));

  return { key, title, title_zh, columns: columns(described), count: cells.length + (sum ? 1 : 0), rows: [...cells.map(row), ...(sum ? [{ ...row(sum), sum: true as const }] : [])] };
}
function report(name: string, title_zh: string, title: string, from: Asked, tables: Table[]): Report {
  const year = asked(from)["year"];
  const of = asked(from)["month"];

  return {
    report: name, title, title_zh, authority: "广东省工业和信息化厅", year: year ? Number(year) : null, month: of ? Number(of) : null, at: "2026-11-25T10:30:00.000+08:00", sequence: 1870,
    notes: [{ zh: "退出按退出日期计入当年（任务分工第 22 项），不论原定期限。", en: "An exit counts in the year of its exit date (row 22), whatever its deadline." }], tables,
  };
}
function gather(rows: Obligation[], key: Key): [string, Obligation[]][] {
  const groups = new Map<string, Obligation[]>();

  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
const state = (rows: Obligation[], slug: string): number => rows.filter((one) => one.slug === slug).length;
const total = (rows: Obligation[], column: "capacity" | "equipment_count"): number => Math.round(1e6 * rows.reduce((sum, one) => sum + Number(one[column]), 0)) / 1e6;
const heaps = (rows: Obligation[]): [string, Obligation[]][] => gather(rows, (one) => `${one.industry} ${one.capacity_unit}`);
const capacity = (rows: Obligation[]): string => heaps(rows).map(([, group]) => `${group[0]!.industry} ${total(group, "capacity")} ${group[0]!.capacity_unit}`).join("；");
const isOfPeriod = (from: Asked, day: string): boolean => day.startsWith(asked(from)["month"] ? `${asked(from)["year"]}-${String(asked(from)["month"]).padStart(2, "0")}` : String(asked(from)["year"]));

const EXITS: Described[] = [
  ["enterprises", "企业（家）", "enterprises", "count"], ["exits", "退出（项）", "exits", "count"], ["in_time", "按期", "in time", "count"],
  ["late", "逾期后", "late", "count"], ["equipment", "设备（台、套）", "equipment", "count"], ["capacity", "退出产能", "capacity", "text"],
];
const exited = (rows: Obligation[]): Cell[] => [new Set(rows.map((one) => one.uscc)).size, rows.length, state(rows, "exited-in-time"), state(rows, "exited-late"), total(rows, "equipment_count"), capacity(rows)];
const HEAPS: Described[] = [
  ["industry", "行业", "industry", "text"], ["exits", "退出（项）", "exits", "count"], ["equipment", "设备（台、套）", "equipment", "count"],
  ["amount", "退出产能", "capacity", "amount"], ["unit", "单位", "unit", "text"], ["without", "未填产能（项）", "without capacity", "count"],
];
const heap = (rows: Obligation[]): Cell[] => [rows[0]!.industry, rows.length, total(rows, "equipment_count"), String(total(rows, "capacity")), rows[0]!.capacity_unit, 0];
const CITY: Described[] = [["division", "行政区划", "division", "text"], ["city", "地市", "city", "text"]];
const byCity = <T>(rows: Obligation[], told: (group: Obligation[]) => T[]): (T | string)[][] => cities.map((one) => [one.code, one.name, ...told(rows.filter((row) => row.division.startsWith(one.code.slice(0, 4))))]);
const SUM = word("total", "合计", "total");

export function exits(from: Asked): unknown {
  const gone = obligations.filter((one) => one.exit_date !== "" && isOfPeriod(from, one.exit_date));

  return report("exits", "落后产能退出情况", "Exits of outdated capacity", from, [
    table("total", "合计", "total", EXITS, [], exited(gone)),
    table("by_city", "按地市", "by city", [...CITY, ...EXITS], byCity(gone, exited), [null, SUM, ...exited(gone)]),
    table("by_industry", "按行业", "by industry", [["industry", "行业", "industry", "text"], ...EXITS], gather(gone, (one) => one.industry).map(([key, rows]) => [key, ...exited(rows)]), [SUM, ...exited(gone)]),
    table("by_ground", "按退出维度", "by ground", [["ground", "退出维度", "ground", "text"], ...EXITS], Object.keys(GROUNDS).map((key) => [ground(key), ...exited(gone.filter((one) => one.ground === key))]), [SUM, ...exited(gone)]),
    table("by_month", "按月份", "by month", [["month", "月份", "month", "text"], ...EXITS], Array.from({ length: 12 }, (_, index) => [month(index + 1), ...exited(gone.filter((one) => Number(one.exit_date.slice(5, 7)) === index + 1))]), [SUM, ...exited(gone)]),
    table("capacity", "退出产能", "capacity", HEAPS, heaps(gone).map(([, rows]) => heap(rows))),
    table("city_capacity", "各地市退出产能", "capacity by city", [...CITY, ...HEAPS], cities.flatMap((one) => heaps(gone.filter((row) => row.division.startsWith(one.code.slice(0, 4)))).map(([, rows]) => [one.code, one.name, ...heap(rows)]))),
  ]);
}

const STANDING: Described[] = [
  ["due", "当年到期任务（项）", "due in the year", "count"], ["due_in_time", "按期退出", "exited in time", "count"], ["due_late", "逾期后退出", "exited late", "count"],
  ["due_overdue", "逾期未退出", "overdue", "count"], ["due_running", "尚未到期", "not due yet", "count"], ["done", "完成率", "done", "rate"],
  ["earlier", "以前年度逾期未退出", "overdue from earlier years", "count"], ["exits", "当年退出（项）", "exits in the year", "count"],
  ["enterprises", "退出企业（家）", "enterprises that exited", "count"], ["equipment", "退出设备（台、套）", "equipment retired", "count"], ["capacity", "退出产能", "capacity retired", "text"],
];
const DETAILS: Described[] = [
  ["city", "地市", "city", "text"], ["name", "企业名称", "enterprise", "text"], ["uscc", "统一社会信用代码", "code", "text"], ["industry", "行业", "industry", "text"],
  ["ground", "退出维度", "ground", "text"], ["equipment", "设备（生产线）", "equipment", "text"], ["equipment_count", "台（套）", "number", "count"], ["amount", "产能", "capacity", "amount"],
  ["unit", "单位", "unit", "text"], ["authority", "责令机关", "authority", "text"], ["document", "文号", "document", "text"], ["due", "退出期限", "last day", "day"],
  ["exit_date", "退出日期", "exit", "day"], ["state", "状态", "state", "text"], ["obligation", "任务编号", "obligation", "text"],
];
const cityOf = (one: Obligation): string => cities.find((city) => city.code.startsWith(one.division.slice(0, 4)))?.name ?? "其他";
const detail = (one: Obligation): Cell[] => [
  cityOf(one), one.name, one.uscc, one.industry, ground(one.ground), one.equipment, Number(one.equipment_count), one.capacity, one.capacity_unit, one.authority, one.document, one.due,
  one.exit_date, word(one.slug, one.state, one.slug), one.obligation,
];

export function summary(from: Asked): unknown {
  const year = String(asked(from)["year"]);
  const counted = obligations.filter((one) => one.slug !== "revoked");
  const gone = (rows: Obligation[]): Obligation[] => rows.filter((one) => one.exit_date.startsWith(year));
  const standing = (rows: Obligation[]): Cell[] => {
    const due = rows.filter((one) => one.due.startsWith(year));
    const open = due.filter((one) => one.exit_date === "");
    const done = due.length - open.length;

    return [
      due.length, state(due, "exited-in-time"), state(due, "exited-late"), open.filter((one) => one.due < TODAY).length, open.filter((one) => one.due >= TODAY).length, share(done, due.length),
      rows.filter((one) => one.exit_date === "" && one.due < `${year}-01-01`).length, gone(rows).length, new Set(gone(rows).map((one) => one.uscc)).size, total(gone(rows), "equipment_count"), capacity(gone(rows)),
    ];
  };
  const by = (key: string, zh: string, en: string, first: Described, of: Key, told: (key: string) => Cell): Table =>
    table(key, zh, en, [first, ...STANDING], gather(counted, of).map(([one, rows]) => [told(one), ...standing(rows)]), [SUM, ...standing(counted)]);

  return report("summary", "推动落后产能退出工作情况", "Retiring outdated capacity", from, [
    table("by_city", "各地市情况", "by city", [...CITY, ...STANDING], byCity(counted, standing), [null, SUM, ...standing(counted)]),
    by("by_industry", "各行业情况", "by industry", ["industry", "行业", "industry", "text"], (one) => one.industry, (one) => one),
    by("by_ground", "各维度情况", "by ground", ["ground", "退出维度", "ground", "text"], (one) => one.ground, ground),
    by("by_kind", "各主管部门情况", "by kind of authority", ["kind", "主管部门", "kind of authority", "text"], (one) => one.authority_kind, (one) => one),
    table("records", "失信记录", "records", [["ground", "退出维度", "ground", "text"], ["records", "当年认定（条）", "decided in the year", "count"], ["published", "仍在列", "still listed", "count"]], Object.keys(GROUNDS).map((key, index) => [ground(key), 9 - index, 7 - index]), [SUM, 35, 25]),
    table("details", "当年退出明细", "exits of the year", DETAILS, gone(counted).map(detail)),
  ]);
}

export function lists(from: Asked): unknown {
  const yellow = obligations.filter((one) => one.exit_date === "" && one.due >= TODAY && one.slug !== "revoked");
  const red = obligations.filter((one) => one.measure.includes("关") && one.exit_date !== "");
  const NUMBERS: Described[] = [["yellow", "“黄牌”（项）", "yellow", "count"], ["red", "“红牌”（项）", "red", "count"]];
  const LINES = DETAILS.slice(0, 13);

  return report("lists", "“黄牌”“红牌”名单情况", "Yellow and red lists", from, [
    table("by_city", "按地市", "by city", [...CITY, ...NUMBERS], byCity(obligations, (rows) => [rows.filter((one) => yellow.includes(one)).length, rows.filter((one) => red.includes(one)).length]), [null, SUM, yellow.length, red.length]),
    table("by_ground", "按退出维度", "by ground", [["ground", "退出维度", "ground", "text"], ...NUMBERS], Object.keys(GROUNDS).map((key) => [ground(key), yellow.filter((one) => one.ground === key).length, red.filter((one) => one.ground === key).length]), [SUM, yellow.length, red.length]),
    table("yellow", "“黄牌”名单", "yellow list", LINES, yellow.map(detail)),
    table("red", "“红牌”名单", "red list", LINES, red.map(detail)),
  ]);
}

const QUALITY: Described[] = [
  ["records", "认定（条）", "records", "count"], ["timely", "及时率", "timely", "rate"], ["late", "逾期（条）", "late", "count"], ["pending", "未到期（条）", "pending", "count"],
  ["accepted", "入库率", "accepted", "rate"], ["complete", "完整率", "complete", "rate"], ["accurate", "准确率", "accurate", "rate"], ["judged", "已有结果（条）", "judged", "count"],
];
const marks = (records: number, turn: number): Cell[] => {
  const judged = turn % 7 ? records : 0;
  const late = turn % 3 && judged ? 1 : 0;

  return [records, share(judged - late, judged), late, records - judged, share(judged - (turn % 5 ? 0 : 1), judged), share(judged, judged), share(judged - (turn % 4 ? 0 : 1), judged), judged];
};
const DEPARTMENT: Described = ["department", "认定单位", "department", "text"];
const MONTH: Described = ["month", "认定月份", "month", "text"];

export function quality(from: Asked): unknown {
  const groups = gather(obligations, (one) => one.authority).slice(0, 24);
  const records = groups.reduce((sum, [, rows]) => sum + rows.length, 0);
  const whole = [
    table("by_month", "各月", "by month", [MONTH, ...QUALITY], Array.from({ length: 12 }, (_, index) => [month(index + 1), ...marks(index < 11 ? 8 + index : 0, index < 11 ? index + 1 : 0)]), [SUM, ...marks(records, 4)]),
    table("by_department_month", "各部门各月", "by department and month", [DEPARTMENT, MONTH, ...QUALITY], groups.flatMap(([name, rows], index) => [9, 10].map((one) => [name, month(one), ...marks(rows.length, index)]))),
  ];

  return report("quality", "部门数据质量情况", "Quality of what departments reported", from, [
    table("by_department", "各部门", "by department", [DEPARTMENT, ...QUALITY], groups.map(([name, rows], index) => [name, ...marks(rows.length, index)]), [SUM, ...marks(records, 4)]),
    ...(asked(from)["month"] ? [] : whole),
  ]);
}

const COUNTS: Described[] = [["asked", "查询", "asked", "count"], ["listed", "在列", "listed", "count"], ["not_listed", "不在列", "not listed", "count"], ["unknown", "未知", "unknown", "count"], ["other", "拒绝及其他", "refused and other", "count"]];

export function lookups(from: Asked): unknown {
  const domains = ["lending", "government-procurement", "land-supply", "tax", "production-licence"];
  const counts = (place: number, at: number): number[] => (at > 10 ? [0, 0, 0, 0, 0] : [900 * (place + 1) + 130 * at, 30 * (place + 1) + at, 860 * (place + 1) + 120 * at, at % 3, 10 * (place + 1) + 9 * at - (at % 3)]);
  const add = (all: number[][]): number[] => COUNTS.map((_, index) => all.reduce((sum, one) => sum + one[index]!, 0));
  const months = Array.from({ length: 12 }, (_, index) => index);
  const DOMAIN: Described = ["domain", "领域", "domain", "text"];

  return report("lookups", "查询情况", "Lookups", from, [
    table("by_domain", "各领域", "by domain", [DOMAIN, ...COUNTS], domains.map((name, place) => [name, ...add(months.map((at) => counts(place, at)))]), [SUM, ...add(domains.flatMap((_, place) => months.map((at) => counts(place, at))))]),
    table("by_month", "各月", "by month", [MONTH, ...COUNTS], months.map((at) => [month(at + 1), ...add(domains.map((_, place) => counts(place, at)))])),
    table("by_month_domain", "各月各领域", "by month and domain", [MONTH, DOMAIN, ...COUNTS], months.slice(0, 11).flatMap((at) => domains.map((name, place) => [month(at + 1), name, ...counts(place, at)]))),
    table("others", "查阅留痕等", "readings of the trace and others", [MONTH, DOMAIN, ...COUNTS], [[month(11), "(trace)", 4, 0, 0, 0, 4]]),
  ]);
}

// GET /console/api/obligations and /console/api/enterprises/{uscc} (docs/console-api.md).
import { get } from "./api";
import { t } from "./words";

export interface Obligation {
  obligation: string;
  version: number;
  uscc: string;
  name: string;
  region: string | null;
  division: string | null;
  industry: string | null;
  ground: string;
  state: string;
  measure: string | null;
  authority: string;
  document: string;
  equipment: string | null;
  capacity: string | number | null;
  capacity_unit: string | null;
  order_date: string;
  deadline: string;
  extended_to: string | null;
  due: string;
  exit_date: string | null;
  days_late: number | null;
  record: string | null;
  record_state: string | null;
  record_op: string | null;
  record_proposal: number | null;
}

// One answer: what one slice of the register has. `place` compares as the order goes.
interface Slice {
  as_of: number;
  looked: number;
  matched: number;
  next: string | null;
  on: string;
  obligations: (Obligation & { place: string })[];
}
export interface Filter {
  uscc?: string;
  name?: string;
  region?: string;
  division?: string;
  industry?: string;
  ground?: string;
  state?: string;
  due_from?: string;
  due_to?: string;
  overdue_on?: string;
  unproposed?: "on" | "";
}
export type Order = "changed" | "code" | "due" | "-due";
export interface ObligationPage {
  obligations: Obligation[];
  matched: number; // how many fit, on all pages
  size: number; // how many there are
  as_of: number; // all pages of a list show the register as it was then
  next: string | null; // where the next page begins
}
export interface Place {
  after: string;
  as_of: number;
}

// The best of all slices' best are the page. A search that was given up in between ends with `isWanted` false.
export async function lookThrough(
  filter: Filter, order: Order, limit: number, place: Place | null, isWanted: () => boolean = () => true,
): Promise<ObligationPage | null> {
  const given = { ...filter, order, limit, after: place?.after };
  let asOf = place?.as_of;
  let from: string | null = null;
  let best: Slice["obligations"] = [];
  let matched = 0;
  let size = 0;

  do {
    const slice: Slice = await get("/console/api/obligations", { ...given, as_of: asOf, from: from ?? undefined });

    if (!isWanted()) return null;
    asOf = slice.as_of;
    from = slice.next;
    matched += slice.matched;
    size += slice.looked;
    best = best.concat(slice.obligations).sort((a, b) => (a.place < b.place ? -1 : 1)).slice(0, limit);
  } while (from !== null);
  return { obligations: best, matched, size, as_of: asOf, next: best.length === limit ? best[limit - 1]!.place : null };
}

export interface ObligationVersion {
  version: number;
  state: string;
  at: string;
  by: string;
  import: string | null;
  line: number;
  sequence: number;
  row: Record<string, string | number | null>;
}

export interface RecordLine {
  record: string;
  obligation: string;
  version: number;
  state: string;
  op: string;
  document: string | null;
  decided_on: string;
}
export interface Happening {
  at: string;
  sequence: number;
  type: string;
  by: string;
  about: string;
}
export interface Enterprise {
  uscc: string;
  name: string;
  names: string[];
  obligations: (Obligation & { versions: ObligationVersion[] })[];
  records: RecordLine[];
  timeline: Happening[];
  is_cut: boolean;
}

export interface RowDifference {
  column: string;
  before: string | number | null;
  after: string | number | null;
}
// What a row of the register says otherwise than the one before it.
export function rowDifferences(before: ObligationVersion["row"], after: ObligationVersion["row"]): RowDifference[] {
  return Object.keys(COLUMNS)
    .filter((column) => (before[column] ?? null) !== (after[column] ?? null))
    .map((column) => ({ column, before: before[column] ?? null, after: after[column] ?? null }));
}

// The columns of the register, as its file calls them (schemas/obligation.h).
const COLUMNS: Record<string, [string, string]> = {
  name: ["企业名称", "name"],
  uscc: ["统一社会信用代码", "code"],
  division: ["行政区划代码", "division"],
  region: ["所在地区", "region"],
  industry: ["行业", "industry"],
  dimension: ["退出维度", "ground"],
  measure: ["责令措施", "measure"],
  authority: ["责令机关", "authority"],
  authority_kind: ["机关类别", "kind of authority"],
  document: ["决定文书号", "document"],
  order_date: ["决定日期", "ordered on"],
  deadline: ["退出期限", "deadline"],
  extended_to: ["延期至", "extended to"],
  extension_document: ["延期批准文号", "extension's document"],
  approval: ["批准机关", "approved by"],
  equipment: ["主体设备（生产线）", "equipment"],
  equipment_count: ["设备数量", "how many"],
  capacity: ["产能", "capacity"],
  capacity_unit: ["产能单位", "unit"],
  state: ["状态", "state"],
  exit_date: ["退出日期", "exited on"],
  remark: ["备注", "remark"],
};
export const columnName = (column: string): string => (COLUMNS[column] ? t(...COLUMNS[column]) : column);

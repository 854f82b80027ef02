// Reports: jobs "report-exits", "report-lists", "report-summary", "report-quality", "report-lookups". Every report is made
// of tables that say of each column what it holds (gateway/reports/table_write.h), so that page, print and workbook show
// the same.
import { lang, t } from "./words";

export type ColumnKind = "text" | "count" | "amount" | "rate" | "day";
export interface Word {
  value: string;
  zh: string;
  en: string;
}
// So many of so many; of none there is no rate.
export interface Rate {
  count: number;
  of: number;
  rate: number | null;
}
export type Cell = string | number | null | Word | Rate;
export interface Column {
  key: string;
  title: string;
  title_zh: string;
  kind: ColumnKind;
}
export interface Row {
  [key: string]: Cell | true | undefined;
  sum?: true;
}
export interface Table {
  key: string;
  title: string;
  title_zh: string;
  columns: Column[];
  count: number;
  rows: Row[];
}
export interface Report {
  report: string;
  title: string;
  title_zh: string;
  authority: string | null;
  year: number | null;
  month: number | null;
  at: string;
  sequence: number;
  notes: { zh: string; en: string }[];
  tables: Table[];
}

export const REPORTS = ["exits", "lists", "summary", "quality", "lookups"] as const;
export type ReportName = (typeof REPORTS)[number];
const NAMES: Record<ReportName, [string, string]> = {
  exits: ["年度退出", "Exits of the year"],
  lists: ["黄牌、红牌名单", "Yellow and red lists"],
  summary: ["年度总结（第 22、23 项）", "Year's summary (rows 22, 23)"],
  quality: ["部门数据质量", "Departments' quality"],
  lookups: ["查询量", "Lookups"],
};
export const reportName = (name: ReportName): string => t(...NAMES[name]);

const NONE: Table = { key: "", title: "", title_zh: "", columns: [], count: 0, rows: [] };
export const tableOf = (report: Report, key: string): Table => report.tables.find((one) => one.key === key) ?? NONE;
export const rowsOf = (table: Table): Row[] => table.rows.filter((row) => !row.sum);
export const sumOf = (table: Table): Row | undefined => table.rows.find((row) => row.sum);
export const titleOf = (one: { title: string; title_zh: string }): string => t(one.title_zh, one.title);

const isWord = (cell: unknown): cell is Word => typeof cell === "object" && cell !== null && "value" in cell;
const isRate = (cell: unknown): cell is Rate => typeof cell === "object" && cell !== null && "of" in cell;

// In ten thousandths and cut, as the gateway tells it: what is not all is never shown as 100 %.
export function percent(rate: number | null): string {
  return rate === null ? "—" : `${(Math.floor(rate * 1000 + 1e-9) / 10).toFixed(1)}%`;
}
const NUMBER = new Intl.NumberFormat("en-US");
export function shown(cell: Row[string], kind: ColumnKind): string {
  if (cell === null || cell === undefined || cell === true) return "";
  if (isWord(cell)) return lang.value === "zh" ? cell.zh : cell.en;
  if (isRate(cell)) return percent(cell.rate);
  return kind === "count" ? NUMBER.format(Number(cell)) : String(cell);
}
// What a column is sorted by.
export function weight(cell: Row[string], kind: ColumnKind): number | string {
  if (isRate(cell)) return cell.rate ?? -1;
  if (isWord(cell)) return cell.value;
  if (kind === "count" || kind === "amount") return Number(cell ?? 0);
  return String(cell ?? "");
}
export const valueOf = (cell: Row[string]): string => (isWord(cell) ? cell.value : String(cell ?? ""));
export const count = (row: Row | undefined, key: string): number => Number(row?.[key] ?? 0);
export const figure = (row: Row | undefined, key: string): string => NUMBER.format(count(row, key));
export const rate = (row: Row | undefined, key: string): number | null => {
  const cell = row?.[key];

  return isRate(cell) ? cell.rate : null;
};
export const isNumber = (kind: ColumnKind): boolean => kind === "count" || kind === "amount" || kind === "rate";
// Full marks from 95 % on (domain.md 2.5).
export const FULL_MARKS = 0.95;
export const isPoor = (cell: Row[string]): boolean => isRate(cell) && cell.rate !== null && cell.rate < FULL_MARKS;

export function period(report: Report): string {
  if (report.year === null) return t(`${report.at.slice(0, 10)}`, report.at.slice(0, 10));
  if (report.month === null) return t(`${report.year} 年度`, String(report.year));
  return t(`${report.year} 年 ${report.month} 月`, `${report.year}-${String(report.month).padStart(2, "0")}`);
}
export const asOf = (report: Report): string =>
  t(`统计时点 ${report.at.slice(0, 10)} ${report.at.slice(11, 16)}，序号 ${report.sequence}`, `as of ${report.at.slice(0, 10)} ${report.at.slice(11, 16)}, sequence ${report.sequence}`);
export const fileName = (report: Report, format: string): string => `${period(report).replaceAll(" ", "")}${titleOf(report)}.${format}`;

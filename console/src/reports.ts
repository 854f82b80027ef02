// GET /console/api/reports/… (docs/console-api.md).
export interface Amount {
  unit: string;
  amount: number | string;
}
export interface Exits {
  exits: number;
  on_time: number;
  late: number;
  capacity: Amount[];
}
export interface ExitsReport {
  year: number;
  total: Exits;
  by_city: (Exits & { division: string; name: string })[];
  by_industry: (Exits & { industry: string })[];
  by_ground: (Exits & { ground: string })[];
  by_month: (Exits & { month: string })[];
}
export interface SummaryReport {
  year: number;
  rows: { city: string; industry: string; ground: string; tasks: number; exited: number; late: number; open: number; records: number; repaired: number }[];
}
export interface DepartmentsReport {
  departments: {
    authority: string;
    proposed: number;
    on_time: number;
    on_time_rate: number | null;
    accepted_rate: number | null;
    complete_rate: number | null;
    accurate_rate: number | null;
  }[];
}
export interface LookupsReport {
  months: { month: string; domain: string; lookups: number; listed: number; unknown: number }[];
}

export const percent = (rate: number | null): string => (rate === null ? "—" : `${(100 * rate).toFixed(1)}%`);
export const amounts = (list: Amount[]): string => list.map((one) => `${one.amount} ${one.unit}`).join("；");

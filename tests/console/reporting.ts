// The stand-in's reports, counted from the sample register.
import divisions from "../../schemas/data/divisions.json";
import type { Exits } from "../../console/src/reports";
import { obligations, TODAY, type Obligation } from "./fixtures";
import type { Asked } from "./answers";

const yearOf = (asked: Asked): string => asked.query["year"] ?? TODAY.slice(0, 4);
const cityName = (prefix: string): string => divisions.divisions.find((one) => one.code === `${prefix}00`)?.name ?? prefix;

function gather(rows: Obligation[], key: (row: Obligation) => string): [string, Obligation[]][] {
  const groups = new Map<string, Obligation[]>();

  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
const count = (rows: Obligation[], state: string): number => rows.filter((one) => one.slug === state).length;
function told(rows: Obligation[]): Exits {
  const capacity = gather(rows, (one) => one.capacity_unit).map(([unit, group]) => ({ unit, amount: Math.round(100 * group.reduce((sum, one) => sum + Number(one.capacity), 0)) / 100 }));

  return { exits: rows.length, on_time: count(rows, "exited-in-time"), late: count(rows, "exited-late"), capacity };
}

export function exits(asked: Asked): unknown {
  const gone = obligations.filter((one) => one.exit_date.startsWith(yearOf(asked)));

  return {
    year: Number(yearOf(asked)),
    total: told(gone),
    by_city: gather(gone, (one) => one.division.slice(0, 4)).map(([division, rows]) => ({ division, name: cityName(division), ...told(rows) })),
    by_industry: gather(gone, (one) => one.industry).map(([industry, rows]) => ({ industry, ...told(rows) })),
    by_ground: gather(gone, (one) => one.ground).map(([ground, rows]) => ({ ground, ...told(rows) })),
    by_month: gather(gone, (one) => one.exit_date.slice(0, 7)).map(([month, rows]) => ({ month, ...told(rows) })),
  };
}

export function summary(asked: Asked): unknown {
  const fit = obligations.filter((one) => one.due.startsWith(yearOf(asked)));
  const rows = gather(fit, (one) => [one.division.slice(0, 4), one.industry, one.ground].join()).map(([, group]) => ({
    city: cityName(group[0]!.division.slice(0, 4)), industry: group[0]!.industry, ground: group[0]!.ground, tasks: group.length,
    exited: group.filter((one) => one.slug.startsWith("exited")).length, late: count(group, "exited-late"), open: count(group, "overdue"), records: count(group, "overdue"), repaired: 0,
  }));

  return { year: Number(yearOf(asked)), rows };
}

export function departments(): unknown {
  const rows = gather(obligations, (one) => one.authority)
    .slice(0, 24)
    .map(([authority, group], index) => ({
      authority, proposed: group.length, on_time: Math.max(0, group.length - (index % 3)), on_time_rate: Math.max(0, group.length - (index % 3)) / group.length,
      accepted_rate: index % 5 ? 1 : 0.9, complete_rate: 0.98, accurate_rate: index % 7 ? 1 : null,
    }));

  return { departments: rows };
}

export function lookups(asked: Asked): unknown {
  const domains = ["lending", "government-procurement", "land-supply", "tax", "production-licence"];
  const months = domains.flatMap((domain, place) =>
    Array.from({ length: 11 }, (_, month) => ({ domain, month: `${yearOf(asked)}-${String(month + 1).padStart(2, "0")}`, lookups: 900 * (place + 1) + 130 * month, listed: 30 * (place + 1) + month, unknown: month % 3 })),
  );

  return { months };
}

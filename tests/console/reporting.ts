// The stand-in's reports, counted from the sample register.
import { obligations, TODAY } from "./fixtures";
import type { Asked } from "./answers";

const yearOf = (asked: Asked): string => asked.query["year"] ?? TODAY.slice(0, 4);

function gather<T>(rows: T[], key: (row: T) => string): T[][] {
  const groups = new Map<string, T[]>();

  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups.values()];
}

export function exits(asked: Asked): unknown {
  const year = yearOf(asked);
  const gone = obligations.filter((one) => one.exit_date.startsWith(year));
  const rows = gather(gone, (one) => [one.division.slice(0, 4), one.industry, one.ground, one.capacity_unit].join()).map((group) => ({
    city: group[0]!.division.slice(0, 4), industry: group[0]!.industry, ground: group[0]!.ground, exits: group.length,
    in_time: group.filter((one) => one.slug === "exited-in-time").length, late: group.filter((one) => one.slug === "exited-late").length,
    capacity: String(Math.round(100 * group.reduce((sum, one) => sum + Number(one.capacity), 0)) / 100), capacity_unit: group[0]!.capacity_unit,
  }));

  return { year: Number(year), as_of: { at: "2026-11-25T10:29:31+08:00", sequence: 48211 }, rows };
}

export function plates(asked: Asked): unknown {
  const isRed = asked.query["list"] === "red";
  const fit = obligations.filter((one) => (isRed ? one.slug.startsWith("exited") : one.slug === "rectifying" || one.slug === "extended"));

  return {
    list: asked.query["list"], as_of: { at: "2026-11-25T10:29:31+08:00", sequence: 48211 }, next: null,
    rows: fit.slice(0, 100).map((one) => ({ name: one.name, uscc: one.uscc, division: one.division, region: one.region, industry: one.industry, ground: one.ground, equipment: one.equipment, capacity: one.capacity, capacity_unit: one.capacity_unit, authority: one.authority, due: one.due, exit_date: one.exit_date || null })),
  };
}

export function summary(asked: Asked): unknown {
  const year = yearOf(asked);
  const gone = obligations.filter((one) => one.exit_date.startsWith(year));

  return {
    year: Number(year), as_of: { at: "2026-11-25T10:29:31+08:00", sequence: 48211 },
    totals: { enterprises: new Set(gone.map((one) => one.uscc)).size, exits: gone.length, in_time: gone.filter((one) => one.slug === "exited-in-time").length, late: gone.filter((one) => one.slug === "exited-late").length, overdue: obligations.filter((one) => one.slug === "overdue").length, records: 44, withdrawn: 1, repaired: 0 },
    rows: gone.map((one) => ({ name: one.name, uscc: one.uscc, region: one.region, industry: one.industry, ground: one.ground, equipment: one.equipment, equipment_count: one.equipment_count, capacity: one.capacity, capacity_unit: one.capacity_unit, authority: one.authority, document: one.document, due: one.due, exit_date: one.exit_date, state: one.slug })),
  };
}

export function quality(asked: Asked): unknown {
  const rows = gather(obligations, (one) => one.authority)
    .slice(0, 24)
    .map((group, index) => ({ authority: group[0]!.authority, records: group.length, in_time: Math.max(0, group.length - (index % 3)), sent: group.length, accepted: group.length - (index % 5 === 0 ? 1 : 0), rows: group.length * 2, complete: group.length * 2 - (index % 4), accurate: group.length * 2 - (index % 2) }));

  return { year: Number(yearOf(asked)), month: null, as_of: { at: "2026-11-25T10:29:31+08:00", sequence: 48211 }, rows };
}

export function lookups(asked: Asked): unknown {
  const domains = ["lending", "government-procurement", "land-supply", "tax", "production-licence"];
  const rows = domains.flatMap((domain, place) =>
    Array.from({ length: 11 }, (_, month) => ({ domain, month: `${yearOf(asked)}-${String(month + 1).padStart(2, "0")}`, asked: 900 * (place + 1) + 130 * month, listed: 30 * (place + 1) + month, unknown: month % 3 })),
  );

  return { year: Number(yearOf(asked)), as_of: { at: "2026-11-25T10:29:31+08:00", sequence: 48211 }, rows };
}

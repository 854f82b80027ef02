import { expect, it, vi } from "vitest";

vi.stubGlobal("localStorage", { getItem: () => "zh", setItem: () => undefined });
const { fileName, isPoor, percent, rowsOf, shown, sumOf, weight } = await import("./reports");
type Report = import("./reports").Report;

it("shows what is not all never as all, and of none no rate", () => {
  expect(percent(1)).toBe("100.0%");
  expect(percent(0.9999)).toBe("99.9%");
  expect(percent(0.666)).toBe("66.6%");
  expect(percent(0.29)).toBe("29.0%");
  expect(percent(0)).toBe("0.0%");
  expect(percent(null)).toBe("—");
});
it("shows each kind of cell as it is", () => {
  expect(shown(1234567, "count")).toBe("1,234,567");
  expect(shown("774.2", "amount")).toBe("774.2");
  expect(shown({ value: "energy", zh: "能耗", en: "energy" }, "text")).toBe("能耗");
  expect(shown({ count: 0, of: 0, rate: null }, "rate")).toBe("—");
  expect(shown(null, "day")).toBe("");
});
it("sorts numbers as numbers, and what has no rate below 0 %", () => {
  expect(weight("9.5", "amount")).toBeLessThan(weight("10", "amount") as number);
  expect(weight({ count: 0, of: 0, rate: null }, "rate")).toBeLessThan(weight({ count: 0, of: 3, rate: 0 }, "rate") as number);
  expect(weight({ value: "02", zh: "2 月", en: "February" }, "text")).toBe("02");
});
it("marks what has no full marks, and not what has no rate", () => {
  expect(isPoor({ count: 94, of: 100, rate: 0.94 })).toBe(true);
  expect(isPoor({ count: 95, of: 100, rate: 0.95 })).toBe(false);
  expect(isPoor({ count: 0, of: 0, rate: null })).toBe(false);
});
it("keeps the sum apart from what it sums up", () => {
  const table = { key: "t", title: "", title_zh: "", columns: [], count: 2, rows: [{ a: 1 }, { a: 1, sum: true as const }] };

  expect(rowsOf(table)).toEqual([{ a: 1 }]);
  expect(sumOf(table)).toEqual({ a: 1, sum: true });
});
it("names a file by its period and title", () => {
  const report = { title: "Exits", title_zh: "落后产能退出情况", year: 2026, month: 5, at: "2026-11-25T10:30:00+08:00" } as Report;

  expect(fileName(report, "xlsx")).toBe("2026年5月落后产能退出情况.xlsx");
  expect(fileName({ ...report, year: null, month: null }, "csv")).toBe("2026-11-25落后产能退出情况.csv");
});

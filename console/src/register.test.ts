import { afterEach, expect, it, vi } from "vitest";
import { happenings } from "./happenings";
import type { Life } from "./records";
import { lookThrough, rowDifferences } from "./register";

afterEach(() => vi.unstubAllGlobals());

interface Asked {
  from: string | null;
  as_of: string | null;
  after: string | null;
}
// Rows by place, two a slice; the slices are in no order of places, as ids are.
const SLICES = [["05", "09"], ["01", "07"], ["03"]];
function answering(asked: Asked[]): void {
  vi.stubGlobal("fetch", (path: string) => {
    const query = new URL(path, "http://gate").searchParams;
    const slice = Number(query.get("from") ?? 0);
    const after = query.get("after") ?? "";
    const rows = SLICES[slice]!.filter((place) => place > after).sort().slice(0, Number(query.get("limit")));

    asked.push({ from: query.get("from"), as_of: query.get("as_of"), after: query.get("after") });
    return Promise.resolve(
      new Response(JSON.stringify({ as_of: 77, looked: 2, matched: SLICES[slice]!.length, next: slice + 1 < SLICES.length ? String(slice + 1) : null, on: "2026-11-25", obligations: rows.map((place) => ({ place, obligation: place })) })),
    );
  });
}
async function turn(after: string | null, asked: Asked[], isWanted?: () => boolean): Promise<{ rows: string[]; next: string | null; matched: number; size: number } | null> {
  answering(asked);
  const page = await lookThrough({}, "due", 2, after ? { after, as_of: 77 } : null, isWanted);
  return page && { rows: page.obligations.map((one) => one.obligation), next: page.next, matched: page.matched, size: page.size };
}

it("a page is the best of all slices, of one moment", async () => {
  const asked: Asked[] = [];

  expect(await turn(null, asked)).toEqual({ rows: ["01", "03"], next: "03", matched: 5, size: 6 });
  expect(asked).toEqual([{ from: null, as_of: null, after: null }, { from: "1", as_of: "77", after: null }, { from: "2", as_of: "77", after: null }]);
  expect((await turn("03", asked))?.rows).toEqual(["05", "07"]);
  expect(await turn("07", asked)).toEqual({ rows: ["09"], next: null, matched: 5, size: 6 });
  expect(asked.slice(3).every((one) => one.as_of === "77")).toBe(true);
});

it("a search that another has overtaken asks no more and gives nothing", async () => {
  const asked: Asked[] = [];

  expect(await turn(null, asked, () => false)).toBeNull();
  expect(asked.length).toBe(1);
});

it("two rows of the register differ in what is written otherwise", () => {
  expect(rowDifferences({ name: "甲", capacity: 12, remark: null }, { name: "甲", capacity: 13, remark: "已更新" })).toEqual([
    { column: "capacity", before: 12, after: 13 },
    { column: "remark", before: null, after: "已更新" },
  ]);
  expect(rowDifferences({ name: "甲" }, { name: "甲", remark: null })).toEqual([]);
});

it("what happened and what was answered stand together, the newest first", () => {
  const receipt = { call: "c", kind: "refusal", at: "2026-11-24T10:00:00+08:00", status: 200, sequence: 12, bytes: 2, body: "{}", encoding: "utf-8" };
  const life = { record: "R1", versions: [{ deliveries: [{ channel: "credit-guangdong", receipts: [receipt] }] }] } as unknown as Life;
  const told = happenings([{ at: "2026-11-23T10:00:00+08:00", sequence: 11, type: "record.approved", by: "chen", about: "R1" }, { at: "2026-11-25T10:00:00+08:00", sequence: 13, type: "record.proposed", by: "lin", about: "R1" }], [life]);

  expect(told.map((one) => one.sequence)).toEqual([13, 12, 11]);
  expect(told[1]).toMatchObject({ look: "danger", what: "信用广东：拒收", about: "R1" });
});

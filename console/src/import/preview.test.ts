import { describe, expect, it } from "vitest";
import { kindsOf, Preview, type Forecast, type Line, type Problem } from "./preview";

const problem = (line: number, column: string, proposal: string | null, severity: "error" | "warning" = "error"): Problem => ({
  line, column, value: "x", rule: `rule.${column}`, severity, zh: "错", en: "wrong", proposal,
});
const line = (number: number, cells: string[], was?: Record<string, string>): Line => ({ line: number, state: "refused", editable: true, cells, was });
function told(lines: Line[], problems: Problem[]): Forecast {
  const counts = { rows: lines.length, accepted: 0, new: 0, changed: 0, unchanged: 0, refused: 0, corrected: 0, warnings: 0 };
  return { file: "a.csv", encoding: "utf-8", sha256: "00", bytes: 1, ...counts, columns: ["a", "b"], headers: ["甲", "乙"], listed: "all", problems, lines };
}
// What the gateway answers arrives by this door.
const answer = (preview: Preview, report: Forecast): void =>
  (preview as unknown as { take: (done: unknown) => void }).take({ state: { job: "j" }, report });

describe("a preview", () => {
  it("proposes, and takes nothing by itself", () => {
    const preview = new Preview();
    answer(preview, told([line(2, ["x", "y"])], [problem(2, "a", "z")]));
    expect(preview.corrections()).toEqual([]);
    expect(preview.value(preview.lineOf(2)!, "a")).toBe("x");
    expect(preview.accept(preview.problems(2, "a"))).toBe(1);
    expect(preview.corrections()).toEqual([{ line: 2, column: "a", value: "z" }]);
    expect(preview.unseen.value).toBe(1);
  });
  it("does not lay a proposal over what a person typed", () => {
    const preview = new Preview();
    answer(preview, told([line(2, ["x", "y"])], [problem(2, "a", "z")]));
    preview.set(preview.lineOf(2)!, "a", "mine");
    expect(preview.accept(preview.problems(2, "a"))).toBe(0);
    expect(preview.value(preview.lineOf(2)!, "a")).toBe("mine");
  });
  it("knows what the gateway has judged, and what the file has", () => {
    const preview = new Preview();
    answer(preview, told([line(2, ["x", "y"])], [problem(2, "a", "z")]));
    preview.set(preview.lineOf(2)!, "a", "z");
    answer(preview, told([line(2, ["z", "y"], { a: "x" })], []));
    expect(preview.unseen.value).toBe(0);
    const row = preview.lineOf(2)!;
    expect(preview.original(row, "a")).toBe("x");
    preview.restore(2, "a");
    expect(preview.unseen.value).toBe(1);
    expect(preview.value(row, "a")).toBe("x");
    expect(preview.corrections()).toEqual([]);
  });
  it("leaves rows alone that could not be divided", () => {
    const preview = new Preview();
    answer(preview, told([{ ...line(2, ["x", "y"]), editable: false }], []));
    preview.set(preview.lineOf(2)!, "a", "z");
    expect(preview.corrections()).toEqual([]);
  });
  it("typing what stands there is no correction", () => {
    const preview = new Preview();
    answer(preview, told([line(2, ["x", "y"])], []));
    preview.set(preview.lineOf(2)!, "b", " y ");
    expect(preview.corrections()).toEqual([]);
  });
});

describe("kinds of problems", () => {
  it("are by rule and column, errors first, then the most frequent", () => {
    const kinds = kindsOf([problem(2, "b", null, "warning"), problem(3, "b", null, "warning"), problem(2, "a", "z"), problem(3, "a", null)]);
    expect(kinds.map((kind) => [kind.column, kind.count, kind.offers.length])).toEqual([["a", 2, 1], ["b", 2, 0]]);
  });
});

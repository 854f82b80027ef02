import { describe, expect, it } from "vitest";
import { ROW_PX, topFor, windowOf } from "./window";

describe("the rows that are drawn", () => {
  it("are never more than a screen and a few, wherever one is in 5,000", () => {
    for (let top = 0; top < 5000 * ROW_PX; top += 997) {
      const { first, last } = windowOf(top, 450, 5000);
      expect(last - first).toBeLessThanOrEqual(50);
      // What is seen is drawn.
      expect(first * ROW_PX).toBeLessThanOrEqual(top);
      expect(last === 5000 || last * ROW_PX >= top + 450).toBe(true);
    }
  });
  it("stay the same for small movements", () => {
    expect(windowOf(3000, 450, 5000)).toEqual(windowOf(3010, 450, 5000));
  });
  it("are none of nothing, and all of a few", () => {
    expect(windowOf(0, 450, 0)).toEqual({ first: 0, last: 0 });
    expect(windowOf(0, 450, 7)).toEqual({ first: 0, last: 7 });
  });
  it("come into sight with the least movement", () => {
    expect(topFor(10, 0, 450)).toBe(0);
    expect(topFor(20, 0, 450)).toBe(21 * ROW_PX - 450);
    expect(topFor(2, 300, 450)).toBe(2 * ROW_PX);
  });
});

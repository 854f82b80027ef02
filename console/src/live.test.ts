import { expect, it } from "vitest";
import { ASLEEP_MS, isAsleep } from "./live";

it("is asleep when it was not touched for long", () => {
  expect(isAsleep(1000 + ASLEEP_MS + 1, 1000, false)).toBe(true);
});
it("is asleep when it cannot be seen", () => {
  expect(isAsleep(1000, 1000, true)).toBe(true);
});
it("is awake else", () => {
  expect(isAsleep(1000 + ASLEEP_MS, 1000, false)).toBe(false);
});

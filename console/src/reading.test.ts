import { expect, it } from "vitest";
import { isOld, OLD_MS } from "./reading";

it("is old after ten minutes, not before", () => {
  expect(isOld(OLD_MS + 1, 0)).toBe(true);
  expect(isOld(OLD_MS, 0)).toBe(false);
  expect(isOld(1000, 5000)).toBe(false);
});

// The policy under which the pages are tried is the gateway's own, and it is a strict one.
import { expect, test } from "vitest";
import { POLICY } from "./standin";

test("the stand-in serves the gateway's own policy, and nothing in it is loose", () => {
  expect(POLICY).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
  expect(POLICY).toMatch(/object-src 'none'$/);
  expect(POLICY).not.toMatch(/unsafe-|blob:|\*|https?:/);
});

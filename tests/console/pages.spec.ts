// Every page, in both languages: it is drawn, nothing is blocked by the policy, no script fails, no serious finding of
// axe-core; and a picture of each is left for people to look at.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axe, hasBrowser, launch, look, settled, shot } from "./browser";
import { recordId, stories } from "./fixtures";
import type { PersonName } from "./people";
import { StandIn } from "./standin";

const disputed = stories[17]!;
const refused = stories[16]!;
const withdrawn = stories[18]!;
const PAGES: [name: string, path: string, who: PersonName | null, text: string][] = [
  ["sign-in", "/sign-in", null, ""],
  ["enrol", "/enrol", null, ""],
  ["today", "/", "jingban", "1170"],
  ["import", "/import", "jingban", ".xlsx"],
  ["register", "/register?state=overdue&division=4401", "jingban", "440"],
  ["enterprise", `/enterprises/${disputed.one.uscc}`, "shenji", disputed.one.name],
  ["propose", "/propose", "jingban", "MAY"],
  ["review", "/review", "fuhe", stories[0]!.one.name],
  ["push", "/push", "jingban", stories[9]!.one.name],
  ["records", "/records", "shenji", disputed.one.name],
  ["record-refused", `/records/${recordId(refused.one.obligation)}`, "jingban", refused.one.name],
  ["record-withdrawn", `/records/${recordId(withdrawn.one.obligation)}`, "jingban", withdrawn.one.name],
  ["lookup", "/lookup", "jingban", ""],
  ["clocks", "/clocks", "jingban", "2026-11-24"],
  ["channels", "/channels", "guanli", "RDWH"],
  ["clients", "/clients", "guanli", "bank-a"],
  ["staff", "/staff", "guanli", "jingban"],
  ["audit", "/audit", "shenji", ""],
];

describe.skipIf(!hasBrowser)("pages", () => {
  const gate = new StandIn();
  let browser: Browser;
  let base = "";

  beforeAll(async () => {
    base = await gate.open();
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await gate.close();
  });

  for (const [name, path, who, text] of PAGES)
    it(`${name} is drawn in both languages, accessible and within the policy`, async () => {
      const { context, page, complaints } = await look(browser, base, who);

      await page.goto(`${base}/console${path}`);
      await page.locator("h1").first().waitFor();
      if (text) await page.getByText(text).first().waitFor();
      for (const lang of ["zh", "en"] as const) {
        // The language is changed where one is; nothing is loaded anew.
        if (lang === "en") await page.getByRole("button", { name: "English" }).click();
        await settled(page);
        await shot(page, `${name}-${lang}`);
        expect(await page.locator(".refusal").count(), lang).toBe(0);
        expect(await axe(page), lang).toEqual([]);
        // Every part of the library that is used is there.
        expect(await page.evaluate(() => [...document.querySelectorAll("*")].map((one) => one.localName).filter((name) => name.includes("-")))).toEqual([]);
        // Nothing is wider than the window.
        expect(await page.evaluate(() => document.documentElement.scrollWidth), lang).toBeLessThanOrEqual(1366);
        // No button of a table is beyond its edge.
        expect(await page.evaluate(() => [...document.querySelectorAll(".el-table td button")].filter((one) => one.getBoundingClientRect().right > one.closest(".el-table")!.getBoundingClientRect().right + 1).map((one) => one.textContent)), lang).toEqual([]);
      }
      expect(complaints).toEqual([]);
      await context.close();
    });
});

// Reports: each is drawn in both languages with its chart and the table behind it, goes onto paper, and into a file.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axe, hasBrowser, launch, look, settled, shot, type Sight } from "./browser";
import type { PersonName } from "./people";
import { StandIn } from "./standin";

const SHOTS = process.env["CONSOLE_SHOTS"] ?? fileURLToPath(new URL("../../build/console-shots/", import.meta.url));
const REPORTS: [name: string, path: string, who: PersonName, text: string][] = [
  ["exits", "/reports?report=exits&year=2026", "jingban", "广州市"],
  ["exits-month", "/reports?report=exits&year=2026&month=7", "jingban", "广州市"],
  ["lists", "/reports?report=lists", "fuhe", "广州市"],
  ["summary", "/reports?report=summary&year=2026", "jingban", "广州市"],
  ["quality", "/reports?report=quality&year=2026", "guanli", "%"],
];

describe.skipIf(!hasBrowser)("reports", () => {
  const gate = new StandIn();
  let browser: Browser;
  let base = "";
  let sight: Sight;

  async function open(who: PersonName, path: string, lang: "zh" | "en" = "zh"): Promise<Page> {
    sight = await look(browser, base, who, lang);
    await sight.page.goto(`${base}/console${path}`);
    await sight.page.locator("h1").first().waitFor();
    await settled(sight.page);
    return sight.page;
  }
  async function isSound(page: Page): Promise<void> {
    expect(await page.locator(".refusal").count()).toBe(0);
    expect(sight.complaints).toEqual([]);
    expect(await axe(page)).toEqual([]);
    expect(await page.evaluate(() => [...document.querySelectorAll("*")].map((one) => one.localName).filter((name) => name.includes("-")))).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1366);
  }
  beforeAll(async () => {
    base = await gate.open();
    browser = await launch();
  });
  afterEach(async () => {
    await sight.context.close();
    gate.forget();
  });
  afterAll(async () => {
    await browser?.close();
    await gate.close();
  });

  for (const lang of ["zh", "en"] as const)
    for (const [name, path, who, text] of REPORTS)
      it(`${name} in ${lang} has a chart and the table behind it`, async () => {
        const page = await open(who, path, lang);

        await page.getByText(text).first().waitFor();
        await page.locator("canvas").first().waitFor();
        await shot(page, `reports-${name}-${lang}`);
        await page.screenshot({ path: `${SHOTS}/reports-${name}-${lang}-whole.png`, fullPage: true });
        expect(await page.locator(".el-table").count()).toBeGreaterThan(0);
        await isSound(page);
      });

  for (const lang of ["zh", "en"] as const)
    it(`lookups in ${lang} are counted when asked for, with the reason`, async () => {
      const page = await open("shenji", "/reports?report=lookups&year=2026", lang);

      expect(gate.sent.filter((one) => one.path === "/admin/v1/jobs/report-lookups").length).toBe(0);
      await page.getByLabel(lang === "zh" ? "查阅理由" : "reason").fill("季度通报");
      await page.getByRole("button", { name: lang === "zh" ? "统计" : "Count", exact: true }).click();
      await page.locator("canvas").first().waitFor();
      expect(gate.sentTo("/admin/v1/jobs/report-lookups")?.body).toEqual({ year: "2026", reason: "季度通报" });
      await settled(page);
      await shot(page, `reports-lookups-${lang}`);
      await isSound(page);
    });

  it("offers lookups to nobody but auditors and administrators", async () => {
    const page = await open("jingban", "/reports?report=lookups&year=2026");

    expect(await page.getByText("查询量").count()).toBe(0);
    expect(gate.sentTo("/admin/v1/jobs/report-lookups")).toBeUndefined();
    expect(gate.sentTo("/admin/v1/jobs/report-exits")?.body).toEqual({ year: "2026" });
  });

  it("adds up in the table what the chart is drawn from", async () => {
    const page = await open("jingban", "/reports?report=exits&year=2026");
    const first = page.locator(".el-table").first();
    const numbers = async (selector: string, column: number): Promise<number[]> =>
      (await first.locator(selector).evaluateAll((rows, at) => rows.map((row) => Number(row.querySelectorAll("td")[at]?.textContent?.replaceAll(",", ""))), column));

    await first.locator("tbody tr").first().waitFor();
    const exits = await numbers(".el-table__body tbody tr", 2);
    expect(exits.length).toBe(21);
    expect(await numbers(".el-table__footer tr", 2)).toEqual([exits.reduce((sum, one) => sum + one, 0)]);
    // Sorted, the sum stays below.
    await first.getByText("退出（项）").click();
    await first.getByText("退出（项）").click();
    const sorted = await numbers(".el-table__body tbody tr", 2);
    expect(sorted).toEqual([...exits].sort((a, b) => b - a));
  });

  it("shows no rate where there is nothing to count", async () => {
    const page = await open("guanli", "/reports?report=quality&year=2026");
    const first = page.locator(".el-table").first();

    await first.locator("tbody tr").first().waitFor();
    expect(await first.locator("tbody tr").first().locator("td").allInnerTexts()).toContain("—");
    expect(await first.locator("tbody td .late").count()).toBeGreaterThan(0);
  });

  it("goes onto paper with its head, its sums and its page numbers", async () => {
    const page = await open("jingban", "/reports?report=summary&year=2026");

    await page.locator("canvas").first().waitFor();
    expect(await page.locator(".paper").isVisible()).toBe(false);
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: 1040, height: 720 });
    expect(await page.locator(".paper").isVisible()).toBe(true);
    expect(await page.locator(".report").isVisible()).toBe(false);
    expect(await page.locator("nav").isVisible()).toBe(false);
    expect(await page.locator(".paper .title").innerText()).toBe("2026 年度推动落后产能退出工作情况");
    expect(await page.locator(".paper header").innerText()).toContain("填报单位：广东省工业和信息化厅");
    expect(await page.locator(".paper header").innerText()).toContain("统计时点 2026-11-25 10:30");
    expect(await page.locator(".paper .words").innerText()).toMatch(/当年到期任务 \d+ 项/);
    expect(await page.locator(".paper .sum").count()).toBe(5);
    expect(await page.locator(".paper thead").count()).toBe(6);
    await page.screenshot({ path: `${SHOTS}/reports-summary-paper-zh.png`, fullPage: true });
    const pdf = await page.pdf({ preferCSSPageSize: true });
    mkdirSync(SHOTS, { recursive: true });
    writeFileSync(`${SHOTS}/reports-summary.pdf`, pdf);
    // A4 across, and more than one page.
    const boxes = pdf.toString("latin1").match(/\/Type \/Page\b[^]*?\/MediaBox \[[^\]]*\]/g) ?? [];
    expect(boxes.length).toBeGreaterThan(1);
    for (const box of boxes) expect(box).toMatch(/\/MediaBox \[0 0 84[12](\.\d+)? 59[456](\.\d+)?\]$/);
    expect(sight.complaints).toEqual([]);
  });

  it("is downloaded as the very job that is shown", async () => {
    const page = await open("jingban", "/reports?report=exits&year=2026");

    await page.locator("canvas").first().waitFor();
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "下载 .xlsx" }).click()]);
    expect(file.suggestedFilename()).toBe("2026年度落后产能退出情况.xlsx");
    expect(readFileSync((await file.path())!).length).toBeGreaterThan(0);
    const asked = gate.sent.filter((one) => one.path.endsWith("/report"));
    expect(new Set(asked.map((one) => one.path)).size).toBe(1);
    expect(asked.some((one) => one.query["format"] === "xlsx")).toBe(true);
    expect(gate.sent.filter((one) => one.path === "/admin/v1/jobs/report-exits").length).toBe(1);
  });

  it("tells in plain words when it cannot be counted", async () => {
    gate.refuse.set("POST /admin/v1/jobs/report-exits", { status: 403, rule: "staff.role", detail: "no", detail_zh: "没有所需角色" });
    const page = await open("jingban", "/reports?report=exits&year=2026");

    await page.getByRole("alert").getByText("没有所需角色").waitFor();
    expect(await page.locator("canvas").count()).toBe(0);
  });
});

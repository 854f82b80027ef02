// The preview of an import: what is wrong is marked in place, corrected in the grid, checked again, and then imported.
// 5,000 rows stay smooth: the figures are printed, the bounds are loose (other programs run on the same machine).
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axe, hasBrowser, launch, look, settled, shot, type Sight } from "./browser";
import type { PersonName } from "./people";
import { StandIn } from "./standin";

describe.skipIf(!hasBrowser)("the import", () => {
  const gate = new StandIn();
  let browser: Browser;
  let base = "";
  let sight: Sight;

  async function open(file: string, lang: "zh" | "en" = "zh", who: PersonName = "jingban"): Promise<Page> {
    sight = await look(browser, base, who, lang);
    await sight.page.goto(`${base}/console/import`);
    await sight.page.locator("input[type=file]").setInputFiles({ name: file, mimeType: "text/csv", buffer: Buffer.from("x") });
    await sight.page.getByRole("grid").waitFor();
    await settled(sight.page);
    return sight.page;
  }
  const press = (page: Page, name: string | RegExp): Promise<void> => page.getByRole("button", { name }).click();
  const atHand = (page: Page): Promise<string> => page.locator(".at-hand").innerText();
  const cell = (page: Page, line: number, column: number) => page.locator(`#cell-${line}-${column}`);
  beforeAll(async () => {
    base = await gate.open();
    browser = await launch();
  });
  afterEach(async () => {
    expect(sight.complaints).toEqual([]);
    await sight.context.close();
    gate.forget();
  });
  afterAll(async () => {
    await browser?.close();
    await gate.close();
  });

  it("is no page of those who may not import", async () => {
    sight = await look(browser, base, "shenji");
    await sight.page.goto(`${base}/console/import`);
    await sight.page.waitForURL(`${base}/console/`);
  });

  it("begins with the keyboard alone, and offers an empty register", async () => {
    sight = await look(browser, base, "jingban");
    await sight.page.goto(`${base}/console/import`);
    const input = sight.page.locator("input[type=file]");
    await input.waitFor();
    await input.focus();
    const [chooser] = await Promise.all([sight.page.waitForEvent("filechooser"), sight.page.keyboard.press("Enter").then(() => sight.page.keyboard.press("Space"))]);
    expect(chooser.isMultiple()).toBe(false);
    const [saved] = await Promise.all([sight.page.waitForEvent("download"), press(sight.page, "下载模板 .xlsx")]);
    expect(saved.suggestedFilename()).toBe("台账模板.xlsx");
    expect(await axe(sight.page)).toEqual([]);
    await shot(sight.page, "import-empty-zh");
  });

  it("takes a file that is dropped", async () => {
    sight = await look(browser, base, "jingban");
    await sight.page.goto(`${base}/console/import`);
    await sight.page.locator(".drop").waitFor();
    const data = await sight.page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["x"], "60.csv", { type: "text/csv" }));
      return transfer;
    });
    await sight.page.dispatchEvent(".drop", "drop", { dataTransfer: data });
    await sight.page.getByRole("grid").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/import-check")?.query).toMatchObject({ file: "60.csv" });
  });

  it("shows what is refused first, with the reason of the cell at hand", async () => {
    const page = await open("60.csv");

    expect(await page.locator(".told").first().innerText()).toContain("拒绝 5");
    expect(await page.getByRole("grid").getAttribute("aria-rowcount")).toBe("6");
    await page.getByRole("grid").focus();
    await page.keyboard.press("F8");
    expect(await atHand(page)).toContain("第 6 行 · 统一社会信用代码");
    expect(await atHand(page)).toContain("校验码不符");
    expect(await cell(page, 6, 1).locator(".mark").innerText()).toBe("误");
    expect(gate.sent.some((one) => one.path.endsWith("/import-checked") || one.path.endsWith("/jobs/import"))).toBe(false);
    expect(await axe(page)).toEqual([]);
    await shot(page, "import-preview-zh");
  });

  it("shows a refusal of the whole file in words", async () => {
    sight = await look(browser, base, "jingban");
    gate.refuse.set("POST /admin/v1/jobs/import-check", { status: 413, rule: "job.file-limit", detail: "the file is too large", detail_zh: "文件有 2000000000 字节，上限为 1073741824（import.bytes）" });
    await sight.page.goto(`${base}/console/import`);
    await sight.page.locator("input[type=file]").setInputFiles({ name: "60.csv", mimeType: "text/csv", buffer: Buffer.from("x") });
    await sight.page.getByRole("alert").getByText("上限为").waitFor();
    expect(await sight.page.getByRole("grid").count()).toBe(0);
  });

  it("applies a proposal only when it is accepted, and imports only what was checked again", async () => {
    const page = await open("60.csv");

    await page.getByRole("grid").focus();
    await page.keyboard.press("F8");
    await page.keyboard.press("F8");
    expect(await atHand(page)).toContain("建议：");
    expect(await cell(page, 17, 10).innerText()).toMatch(/\//);
    await page.keyboard.press("Alt+Enter");
    expect(await cell(page, 17, 10).innerText()).toMatch(/改\s*\d{4}-\d\d-\d\d/);
    expect(await page.getByRole("button", { name: /^导入无误/ }).isDisabled()).toBe(true);
    await press(page, /^重新检查/);
    await page.getByText("拒绝 4").first().waitFor();
    const sent = gate.sentTo("/admin/v1/jobs/import-recheck")?.body as { corrections: { line: number; column: string; value: string }[] };
    expect(sent.corrections).toEqual([{ line: 17, column: "order_date", value: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) }]);
    expect(await page.getByRole("button", { name: /^导入无误/ }).isDisabled()).toBe(false);
  });

  it("edits a cell with the keyboard, undoes it, and keeps another cell as it is", async () => {
    const page = await open("60.csv");

    await page.getByRole("grid").focus();
    await page.keyboard.press("F8");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("91440224MAYUCHK485");
    await page.keyboard.press("Enter");
    expect(await cell(page, 6, 1).innerText()).toContain("91440224MAYUCHK485");
    expect(await page.getByRole("grid").evaluate((grid) => grid === document.activeElement)).toBe(true);
    // A click on another cell leaves what was typed in the first.
    await page.keyboard.press("F2");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("TYPED");
    await cell(page, 17, 0).click();
    expect(await cell(page, 6, 1).innerText()).toContain("TYPED");
    expect(await cell(page, 17, 0).innerText()).not.toContain("TYPED");
    await cell(page, 6, 1).click();
    await press(page, "恢复原值");
    expect(await cell(page, 6, 1).innerText()).not.toContain("TYPED");
    await page.keyboard.press("Escape");
    expect(await page.locator(".told").first().innerText()).not.toContain("已更正");
  });

  it("accepts all proposals of a kind after they were looked at", async () => {
    const page = await open("600.csv");

    await page.locator("details summary").click();
    const kind = page.locator(".kinds tbody tr", { hasText: "决定日期" });
    await kind.getByRole("button", { name: /处建议/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("建议只是猜测").waitFor();
    expect(await dialog.locator("tbody tr").count()).toBe(9);
    await shot(page, "import-proposals-zh");
    await dialog.getByRole("button", { name: "采用这 9 处" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByText("已更正 9 处").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/import-recheck")).toBeUndefined();
  });

  it("imports what is good, says what stays out, and gives that as a workbook", async () => {
    const page = await open("60.csv");

    await press(page, /^导入无误的 5\d 行/);
    await page.getByRole("dialog").getByText("拒绝的 5 行不写入").waitFor();
    await shot(page, "import-asking-zh");
    await page.getByRole("dialog").getByRole("button", { name: "导入", exact: true }).click();
    await page.getByText(/^已导入：/).waitFor();
    const sent = gate.sentTo("/admin/v1/jobs/import-checked")?.body as Record<string, unknown>;
    expect(sent).toEqual({ from: expect.stringMatching(/^j\d+$/), seen: sent["from"], corrections: [] });
    await page.locator(".told").getByText("新增 0，变更 0").waitFor();
    const [saved] = await Promise.all([page.waitForEvent("download"), press(page, /^下载被拒的 5 行/)]);
    expect(saved.suggestedFilename()).toBe("被拒的行-60.xlsx");
    expect(await axe(page)).toEqual([]);
    await shot(page, "import-done-zh");
  });

  it("speaks English, too", async () => {
    const page = await open("60.csv", "en");

    await page.getByRole("grid").focus();
    await page.keyboard.press("F8");
    expect(await atHand(page)).toContain("the last character is not the check character");
    expect(await axe(page)).toEqual([]);
    await shot(page, "import-preview-en");
  });

  it("stays smooth with 5,000 rows", async () => {
    sight = await look(browser, base, "jingban");
    const page = sight.page;
    await page.goto(`${base}/console/import`);
    await page.locator("input[type=file]").waitFor();
    const begun = Date.now();
    await page.locator("input[type=file]").setInputFiles({ name: "5000.csv", mimeType: "text/csv", buffer: Buffer.from("x") });
    await page.locator("#cell-6-1").waitFor();
    const shown = Date.now() - begun;
    await page.getByText("全部", { exact: true }).click();
    await page.locator("#cell-2-0").waitFor();
    expect(await page.getByRole("grid").getAttribute("aria-rowcount")).toBe("5001");
    // Through the whole table in 80 steps, one a frame: what a frame costs the browser's main thread (its own time, not
    // the machine's: others work here, too), and what is drawn.
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const busy = async (): Promise<number> => (await session.send("Performance.getMetrics")).metrics.find((one) => one.name === "TaskDuration")!.value * 1000;
    const before = await busy();
    const frames = await page.evaluate(
      () =>
        new Promise<{ times: number[]; most: number }>((resolve) => {
          const grid = document.querySelector(".grid")!;
          const times: number[] = [];
          let most = 0;
          let before = performance.timeOrigin + performance.now();
          const step = (): void => {
            const now = performance.timeOrigin + performance.now();
            times.push(now - before);
            before = now;
            most = Math.max(most, grid.querySelectorAll('[role="row"]').length);
            if (times.length > 80) return resolve({ times: times.slice(1), most });
            grid.scrollTop += grid.scrollHeight / 80;
            requestAnimationFrame(step);
          };
          requestAnimationFrame(step);
        }),
    );
    const frame = ((await busy()) - before) / frames.times.length;
    const sorted = [...frames.times].sort((a, b) => a - b);
    const of = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
    console.log(`import of 5,000 rows: shown after ${shown} ms; scrolling 63 rows a frame: ${frame.toFixed(1)} ms of the main thread a frame; by the clock median ${of(0.5).toFixed(1)} ms, 95% ${of(0.95).toFixed(1)} ms; at most ${frames.most} rows drawn`);
    expect(frames.most).toBeLessThan(60);
    expect(shown).toBeLessThan(6000);
    expect(frame).toBeLessThan(60);
    // To the last row and back by keyboard, and from problem to problem.
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+End");
    await page.locator("#cell-5001-21").waitFor();
    expect(await atHand(page)).toContain("第 5001 行");
    await page.keyboard.press("Control+Home");
    await page.locator("#cell-2-0").waitFor();
    for (let i = 0; i < 20; i++) await page.keyboard.press("F8");
    expect(await atHand(page)).toContain("第 215 行");
    await shot(page, "import-5000-zh");
  });
});

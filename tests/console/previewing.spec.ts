// What is shown before something happens, what a claim rests on, and looking up as a bank would.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axe, hasBrowser, launch, look, settled, shot, type Sight } from "./browser";
import { overdue, recordId, stories } from "./fixtures";
import type { PersonName } from "./people";
import { StandIn } from "./standin";

const live = stories[30]!;

describe.skipIf(!hasBrowser)("before it happens", () => {
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
  const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
  const choosing = (page: Page, name: string): Promise<void> => page.locator(".el-select", { has: page.getByRole("combobox", { name }) }).click();
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

  it("shows what each platform would receive before a proposal, and leaves out what would be refused", async () => {
    const page = await open("jingban", "/propose");

    await page.getByText(overdue[70]!.name).first().waitFor();
    await page.locator("tbody .el-checkbox").nth(0).click();
    await page.locator("tbody .el-checkbox").nth(1).click();
    await page.getByLabel("认定文号").last().fill("粤信记〔2026〕9号");
    await press(page, "预览 2 条…");
    await page.getByText("可行 2 项").waitFor();
    const dialog = page.getByRole("dialog");
    for (const label of ["记录标识", "主要失信事实", "认定文号"]) await dialog.getByRole("rowheader", { name: label }).waitFor();
    for (const channel of ["信用广东", "全国信用信息共享平台", "信用中国"]) await dialog.getByRole("columnheader", { name: channel }).first().waitFor();
    expect(await dialog.getByText("粤信记〔2026〕9号", { exact: true }).count()).toBe(1); // told to all three alike
    await shot(page, "propose-preview-zh");
    expect(await axe(page)).toEqual([]);
    expect(gate.sent.filter((one) => one.path === "/admin/v1/jobs/propose").length).toBe(0);
    const shown = gate.sentTo("/admin/v1/jobs/preview")?.body as { ids: string[] };
    await press(page, "提出 2 条");
    await page.getByText("完成 2").waitFor();
    expect((gate.sentTo("/admin/v1/jobs/propose")?.body as { ids: string[] }).ids).toEqual(shown.ids);
  });

  it("shows what was previewed anew when the words change", async () => {
    const page = await open("jingban", `/records/${recordId(live.one.obligation)}`);

    await press(page, "变更…");
    await page.locator("#change-reason").fill("文号有误");
    expect(await page.getByRole("button", { name: "提交复核" }).isDisabled()).toBe(true);
    await press(page, "预览");
    await page.getByText("查询改答").waitFor();
    expect(await page.getByRole("button", { name: "提交复核" }).isDisabled()).toBe(false);
    await shot(page, "correct-preview-zh");
    await page.locator("#change-document").fill("粤信记〔2026〕10号");
    expect(await page.getByRole("button", { name: "提交复核" }).isDisabled()).toBe(true);
  });

  it("cannot submit what would be refused, and says why", async () => {
    const page = await open("jingban", `/records/${recordId(live.one.obligation)}`);

    await press(page, "信用修复…");
    await page.locator("#change-reason").fill("已整改");
    await page.locator("#change-corrected").fill("核查记录");
    await page.locator("#change-duties").fill("履行证明");
    await press(page, "预览");
    await page.getByText("公示未满最短期限").first().waitFor();
    expect(await page.getByRole("button", { name: "提交复核" }).isDisabled()).toBe(true);
    expect(gate.sentTo("/admin/v1/jobs/preview")?.body).toMatchObject({ order: "repair", ids: [`${recordId(live.one.obligation)}@1030`], corrected: "核查记录" });
    await shot(page, "repair-refused-zh");
  });

  it("puts the evidence beside the claim, with what changed since and the proof", async () => {
    const page = await open("fuhe", "/review");

    await page.getByText("2026年11月台账.xlsx 第 2 行").waitFor();
    await page.getByText("提出之后台账已变更为第 3 版").waitFor();
    await page.getByText("企业来函称已停产").waitFor();
    await page.getByText("批准后会怎样").waitFor();
    await page.getByRole("rowheader", { name: "主要失信事实" }).waitFor();
    await shot(page, "review-evidence-zh");
    await page.locator("table.told").scrollIntoViewIfNeeded();
    await shot(page, "review-rows-zh");
    expect(gate.sentTo("/admin/v1/jobs/preview")?.body).toMatchObject({ order: "approve" });
    const file = page.waitForEvent("download");
    await press(page, "已入签名日志，下载包含证明");
    expect((await file).suggestedFilename()).toBe("proof-900.json");
  });

  it("shows the evidence of what was just ticked, and approves nothing under another's", async () => {
    const page = await open("fuhe", "/review");

    await page.getByText("2026年11月台账.xlsx 第 2 行").waitFor();
    await page.locator("tr", { hasText: stories[1]!.one.name }).locator(".el-checkbox").click();
    await page.getByText("2026年11月台账.xlsx 第 3 行").waitFor();
    expect(await page.locator(".beside strong").first().innerText()).toBe(stories[1]!.one.name);
    await press(page, "批准 1 条");
    await page.getByText("完成 1").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/approve")?.body).toEqual({ ids: [`${recordId(stories[1]!.one.obligation)}@1001`] });
  });

  for (const lang of ["zh", "en"] as const)
    it(`looks up as a bank would, in ${lang}, and shows the trace that it leaves`, async () => {
      const page = await open("jingban", "/lookup", lang);
      const [uscc, why, ask, trace] = lang === "zh" ? ["统一社会信用代码", "查询理由", "查询", "查看留痕"] : ["code", "reason", "Look up", "Show the entry"];

      expect(await page.getByRole("button", { name: ask!, exact: true }).isDisabled()).toBe(true);
      await page.getByLabel(uscc!, { exact: true }).fill(live.one.uscc);
      await page.getByLabel(why!, { exact: true }).fill("核对企业来电");
      await press(page, ask!);
      await page.getByText("粤信记〔2026〕1号").waitFor();
      expect(gate.sentTo("/console/api/lookup")?.body).toEqual({ kind: "lender", domain: "lending", purpose: "credit-review", uscc: live.one.uscc, reason: "核对企业来电" });
      await press(page, trace!);
      await page.getByRole("definition").filter({ hasText: "client bank-a" }).waitFor();
      await shot(page, `lookup-${lang}`);
      expect(await axe(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1366);
    });

  it("finds the code of a name, and is told only of a client's own domains", async () => {
    const page = await open("fuhe", "/lookup");

    await choosing(page, "以谁的身份");
    await page.getByRole("option", { name: "接入系统 land-gz" }).click();
    await choosing(page, "领域");
    expect(await page.getByRole("option", { name: "融资授信" }).count()).toBe(0);
    await page.keyboard.press("Escape");
    await page.getByLabel("办件或业务编号").waitFor();
    await page.getByLabel("查询理由").fill("核对");
    await page.getByLabel("企业名称").fill(live.one.name);
    await press(page, "找代码");
    await press(page, live.one.name);
    expect(await page.getByLabel("统一社会信用代码").inputValue()).toBe(live.one.uscc);
  });

  it("is no page of an administrator's", async () => {
    const page = await open("guanli", "/lookup");

    await page.waitForURL(`${base}/console/`);
  });
});

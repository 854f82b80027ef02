// The register, an enterprise and a record, as people use them: pages from slices, filters, files, differences, receipts,
// who may see who asked.
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasBrowser, launch, look, settled, shot, type Sight } from "./browser";
import { obligations, recordId, stories } from "./fixtures";
import type { PersonName } from "./people";
import { SLICE } from "./registering";
import { StandIn } from "./standin";

const disputed = stories[17]!;
const PAGE = 50;

describe.skipIf(!hasBrowser)("register", () => {
  const gate = new StandIn();
  let browser: Browser;
  let base = "";
  let sight: Sight;

  beforeAll(async () => {
    base = await gate.open();
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await gate.close();
  });
  beforeEach(() => gate.forget());
  afterEach(async () => {
    expect(sight.complaints).toEqual([]);
    await sight.context.close();
  });

  async function open(who: PersonName, path: string): Promise<Page> {
    sight = await look(browser, base, who);
    await sight.page.goto(`${base}/console${path}`);
    await sight.page.locator("h1").first().waitFor();
    await settled(sight.page);
    return sight.page;
  }
  const codes = (page: Page): Promise<string[]> => page.locator(".el-table__row .mono").allTextContents();
  const asked = (): { query: Record<string, string> }[] => gate.sent.filter((one) => one.path === "/console/api/obligations");

  it("what makes no sense is refused in words, and the list stays", async () => {
    gate.refuse.set("GET /console/api/obligations", { status: 503, rule: "register.rebuild", detail: "rebuild", detail_zh: "台账检索索引尚未生成：请管理员运行 creditgate rebuild" });
    const page = await open("jingban", "/register");

    await page.getByText("请管理员运行 creditgate rebuild").waitFor();
  });

  it("a page is the best of all slices, and every later page is of the same moment", async () => {
    const page = await open("jingban", "/register?order=due");
    const all: string[] = [];
    const slices = Math.ceil(obligations.length / SLICE);

    await page.getByText(`符合 ${obligations.length} 项，台账共 ${obligations.length} 项`).waitFor();
    expect(asked().length).toBe(slices);
    for (let number = 1; ; number++) {
      await page.getByText(`第 ${number} 页，共 ${Math.ceil(obligations.length / PAGE)} 页`).waitFor();
      await settled(page);
      all.push(...(await codes(page)));
      if (await page.getByRole("button", { name: "下一页" }).isDisabled()) break;
      await page.getByRole("button", { name: "下一页" }).click();
    }
    // The stand-in refuses a slice of another moment, and its places sort by the last day.
    const wanted = [...obligations].sort((a, b) => (a.due === b.due ? (a.obligation < b.obligation ? -1 : 1) : a.due < b.due ? -1 : 1));
    expect(all).toEqual(wanted.map((one) => one.uscc));
    expect(new Set(asked().slice(1).map((one) => one.query["as_of"])).size).toBe(1);
    await page.getByRole("button", { name: "上一页" }).click();
    await page.getByText(`第 ${Math.ceil(obligations.length / PAGE) - 1} 页`).waitFor();
  });

  it("filters stand in the address, a choice searches at once, and a name is found in any width", async () => {
    const page = await open("jingban", "/register?state=overdue");
    const late = obligations.filter((one) => one.slug === "overdue");

    await page.getByText(`符合 ${late.length} 项`).waitFor();
    await page.getByLabel("企业名称或信用代码").fill(late[0]!.name.slice(2, 6));
    await page.keyboard.press("Enter");
    await page.getByText("符合 1 项").waitFor();
    expect(page.url()).toContain("state=overdue");
    await page.getByRole("button", { name: "清空" }).click();
    await page.getByText(`符合 ${obligations.length} 项`).waitFor();
    await page.getByText("只看已逾期").click();
    await page.waitForURL(/overdue=on/);
    await settled(page);
    expect(asked().at(-1)!.query["overdue_on"]).toBe("2026-11-25");
    await shot(page, "register-overdue-zh");
  });

  it("the list is saved as it is shown: filter, order, moment", async () => {
    const page = await open("shenji", "/register?ground=safety&order=-due");
    const download = page.waitForEvent("download");

    await page.getByRole("button", { name: "导出 Excel" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe("任务台账-2026-11-25.xlsx");
    expect(gate.sentTo("/admin/v1/jobs/register")!.body).toEqual({ ground: "safety", format: "xlsx", order: "-due", as_of: "48211" });
    expect(readFileSync((await file.path())!, "utf8")).toMatch(/^PK/);
  });

  it("an enterprise tells what each version of an obligation says otherwise, its receipts, and what happened", async () => {
    const page = await open("jingban", `/enterprises/${disputed.one.uscc}`);

    await page.getByText("曾用名称").waitFor();
    await page.locator(".el-table__expand-icon").first().click();
    const changes = page.locator("table.plain").filter({ hasText: "产能" }).first();
    await changes.waitFor();
    expect(await changes.locator("tr", { hasText: "产能" }).locator("del").first().textContent()).toBe("12");
    expect(await changes.locator("tr", { hasText: "产能" }).locator("ins").first().textContent()).toBe(disputed.one.capacity);
    await page.getByText("首次登记").waitFor();
    await shot(page, "enterprise-versions-zh");
    const receipts = page.locator(".version .el-table__expand-icon").first();
    await receipts.click();
    await page.getByText('"successSize": 1').first().waitFor();
    await page.getByText("报送编号").first().waitFor();
    await receipts.scrollIntoViewIfNeeded();
    await shot(page, "enterprise-receipts-zh");
    expect(await page.locator(".el-timeline-item", { hasText: "信用广东：业务回执" }).count()).toBeGreaterThan(0);
    const order = await page.locator(".el-timeline-item").evaluateAll((items) => items.map((one) => Number(/日志第 (\d+) 号/.exec(one.textContent ?? "")?.[1])));
    expect(order).toEqual([...order].sort((a, b) => b - a));
    expect(await page.getByText("关于它的查询").count()).toBe(0);
  });

  for (const who of ["shenji", "guanli"] as const)
    it(`${who} reads who asked about it, with a reason, on to the oldest`, async () => {
      const page = await open(who, `/enterprises/${disputed.one.uscc}`);

      await page.getByRole("button", { name: "查阅…" }).click();
      await page.getByLabel("理由", { exact: true }).fill("企业申请核查");
      await page.getByRole("button", { name: "查阅", exact: true }).click();
      await page.getByText("01K00000000000000000000000").waitFor();
      await page.getByRole("button", { name: "更早的查询" }).click();
      await page.getByText("01K00000000000000000000010").waitFor();
      expect(await page.getByRole("button", { name: "更早的查询" }).count()).toBe(0);
      expect(gate.sent.filter((one) => one.path.endsWith("/lookups")).every((one) => one.query["reason"] === "企业申请核查")).toBe(true);
    });

  it("only what no record stands for is offered to be proposed", async () => {
    const page = await open("jingban", "/propose");
    const late = obligations.filter((one) => ["rectifying", "extended", "overdue"].includes(one.slug) && one.due < "2026-11-25");
    const wanted = late.filter((one) => !stories.some((story) => story.one === one && story.state !== "returned"));

    await page.getByText(`尚无记录共 ${wanted.length} 项`).waitFor();
    expect((await codes(page)).sort()).toEqual(wanted.map((one) => one.uscc).sort().slice(0, 200));
    expect(asked()[0]!.query).toMatchObject({ unproposed: "on", overdue_on: "2026-11-25", order: "due" });
  });

  it("records are found by name, and short pages are asked on until there is enough to see", async () => {
    const page = await open("shenji", "/records");
    const inForce = stories.filter((story) => story.list === "live");
    const wanted = inForce.filter((story) => story.one.industry === inForce[5]!.one.industry && story.one.name.includes("有限"));

    await page.getByText(`共 ${inForce.length} 条，已显示 ${inForce.length} 条`).waitFor();
    await page.goto(`${base}/console/records?industry=${encodeURIComponent(inForce[5]!.one.industry)}`);
    await page.getByLabel("查找", { exact: true }).fill("有 限");
    await page.keyboard.press("Enter");
    await page.getByText(`清单共 ${inForce.length} 条，符合条件的已显示 ${wanted.length} 条`).waitFor();
    expect((await codes(page)).sort()).toEqual(wanted.map((story) => story.one.uscc).sort());
    await shot(page, "records-found-zh");
    await page.getByLabel("查找", { exact: true }).fill(recordId(inForce[5]!.one.obligation));
    await page.keyboard.press("Enter");
    await page.waitForURL(/records\/R/);
  });

  it("a record tells its differences, receipts and what happened", async () => {
    const page = await open("jingban", `/records/${recordId(disputed.one.obligation)}`);

    await page.locator("tr", { hasText: "异议中" }).locator("ins").first().waitFor();
    expect(await page.locator(".el-timeline-item", { hasText: "业务回执" }).count()).toBeGreaterThan(0);
    await shot(page, "record-disputed-zh");
  });
});

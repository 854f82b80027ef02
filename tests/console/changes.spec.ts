// Several records in force changed with one form: for whom, what is shown before, what is seen, what each came to.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axe, hasBrowser, launch, look, settled, shot, type Sight } from "./browser";
import { recordId, stories } from "./fixtures";
import { people, type PersonName } from "./people";
import { previewed } from "./previewing";
import { StandIn } from "./standin";

const one = stories[30]!;
const two = stories[31]!;
const disputed = stories[17]!;
const idOf = (story: (typeof stories)[number]): string => recordId(story.one.obligation);
const seenOf = (story: (typeof stories)[number]): string => `${idOf(story)}@${1000 + stories.indexOf(story)}`;

describe.skipIf(!hasBrowser)("several records at once", () => {
  const gate = new StandIn();
  let browser: Browser;
  let base = "";
  let sight: Sight;

  async function open(who: PersonName, path: string, lang: "zh" | "en" = "zh"): Promise<Page> {
    sight = await look(browser, base, who, lang);
    await sight.page.goto(`${base}/console${path}`);
    await sight.page.locator("tbody tr").first().waitFor();
    await settled(sight.page);
    return sight.page;
  }
  const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
  const tick = (page: Page, story: (typeof stories)[number]): Promise<void> => page.locator("tbody tr", { hasText: story.one.uscc }).locator(".el-checkbox").first().click();
  const ordered = (kind: string): unknown[] => gate.sent.filter((sent) => sent.path === `/admin/v1/jobs/${kind}`).map((sent) => sent.body);
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

  for (const who of ["fuhe", "shenji", "guanli"] as PersonName[])
    it(`offers ${who}, who is no operator, nothing to tick and nothing to press`, async () => {
      const page = await open(who, "/records");

      expect(await page.locator("table .el-checkbox").count()).toBe(0);
      expect(await page.getByRole("button").filter({ hasText: /异议|修复|撤销/ }).count()).toBe(0);
    });

  for (const list of ["waiting", "returned", "over"])
    it(`offers nothing to tick in the list ${list}`, async () => {
      const page = await open("jingban", `/records?list=${list}`);

      expect(await page.locator("table .el-checkbox").count()).toBe(0);
    });

  it("says what will happen where to each, submits what was seen, and tells what it came to", async () => {
    const page = await open("jingban", "/records");

    await tick(page, one);
    await tick(page, two);
    await shot(page, "records-chosen-zh");
    await press(page, "撤销…");
    await page.locator("#change-reason").fill("原决定已被复议撤销");
    expect(await page.getByRole("button", { name: /^提交复核/ }).isDisabled()).toBe(true);
    await press(page, "预览");
    await page.getByText("可行 2 项").waitFor();
    await page.getByText("公示即行终止").waitFor();
    await shot(page, "records-withdraw-many-zh");
    expect(await axe(page)).toEqual([]);
    expect(ordered("withdraw")).toEqual([]);
    const body = { ids: [seenOf(one), seenOf(two)], reason: "原决定已被复议撤销" };
    expect(ordered("preview")).toEqual([{ order: "withdraw", ...body }]);
    await press(page, "提交复核 2 条");
    await page.getByText("完成 2").waitFor();
    expect(ordered("withdraw")).toEqual([body]);
    await settled(page);
    expect(await page.locator("tbody .el-checkbox.is-checked").count()).toBe(0);
  });

  it("asks anew when the words change", async () => {
    const page = await open("jingban", "/records");

    await tick(page, one);
    await tick(page, two);
    await press(page, "异议标注…");
    await page.locator("#change-reason").fill("企业提出异议");
    await press(page, "预览");
    await page.getByText("可行 2 项").waitFor();
    await page.locator("#change-reason").fill("企业书面提出异议");
    expect(await page.getByRole("button", { name: /^提交复核/ }).isDisabled()).toBe(true);
    expect(await page.getByText("可行 2 项").count()).toBe(0);
  });

  it("leaves out what would be refused, and shows why", async () => {
    const page = await open("jingban", "/records");
    const given = { order: "repair", ids: [seenOf(one), seenOf(two)], reason: "已整改", corrected: "核查记录", duties: "履行证明", committed_on: "2026-11-25", duties_done: "true" };
    const shown = previewed({ method: "POST", path: "", query: {}, body: given, person: people.jingban }) as { done: number; refused: number; items: { result: string; why: unknown }[] };

    Object.assign(shown, { done: 1, refused: 1 });
    Object.assign(shown.items[1]!, { result: "refused", why: { rule: "record.repair-too-early", zh: "公示未满最短期限，尚不能修复", en: "too early" } });
    gate.reports.set("preview", shown);
    await tick(page, one);
    await tick(page, two);
    await press(page, "信用修复…");
    await page.locator("#change-reason").fill("已整改");
    await page.locator("#change-corrected").fill("核查记录");
    await page.locator("#change-duties").fill("履行证明");
    await press(page, "预览");
    await page.getByText("公示未满最短期限").first().waitFor();
    await shot(page, "records-repair-many-zh");
    await press(page, "提交复核 1 条");
    await page.getByText("完成 1").waitFor();
    expect(ordered("repair")).toMatchObject([{ ids: [seenOf(one)], corrected: "核查记录" }]);
  });

  it("shows what changed since it was seen, and goes on with the others", async () => {
    const page = await open("jingban", "/records");

    gate.refuse.set("POST /admin/v1/jobs/preview", { status: 409, rule: "order.stale", detail: "it is not what was seen", detail_zh: "内容已不是所见的版本", stale: [{ id: idOf(two), seen: 1031, now: 1041, uscc: null }] });
    await tick(page, one);
    await tick(page, two);
    await press(page, "撤销…");
    await page.locator("#change-reason").fill("原决定已被复议撤销");
    await press(page, "预览");
    await page.getByRole("alert").getByText("本次操作没有执行").waitFor();
    await press(page, "去掉已改动的 1 条，其余继续");
    await page.getByRole("alert").waitFor({ state: "hidden" });
    await press(page, "预览");
    await page.getByText("可行 1 项").waitFor();
    await press(page, "提交复核");
    await page.getByText("完成 1").waitFor();
    expect(ordered("withdraw")).toEqual([{ ids: [seenOf(one)], reason: "原决定已被复议撤销" }]);
  });

  it("settles what is disputed, and offers neither mark for a mixture", async () => {
    const page = await open("jingban", "/records");

    await tick(page, disputed);
    expect(await page.getByRole("button", { name: "异议标注…" }).count()).toBe(0);
    await page.getByRole("button", { name: "异议解除…" }).waitFor();
    await tick(page, one);
    await page.getByText("异议请分别办理").waitFor();
    expect(await page.getByRole("button").filter({ hasText: /异议标注|异议解除/ }).count()).toBe(0);
    await tick(page, one);
    await press(page, "异议解除…");
    await page.locator("#change-reason").fill("经核实异议不成立");
    await press(page, "预览");
    await page.getByText("可行 1 项").waitFor();
    await press(page, "提交复核");
    await page.getByText("完成 1").waitFor();
    expect(ordered("settle")).toEqual([{ ids: [seenOf(disputed)], reason: "经核实异议不成立" }]);
  });

  it("forgets what was chosen when something else is searched", async () => {
    const page = await open("jingban", "/records", "en");

    await tick(page, one);
    await page.getByText("1 chosen").waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByLabel("find").fill(two.one.uscc);
    await press(page, "Search");
    await page.waitForURL(/what=/);
    await settled(page);
    expect(await page.getByText("1 chosen").count()).toBe(0);
    expect(await page.locator("tbody .el-checkbox.is-checked").count()).toBe(0);
  });
});

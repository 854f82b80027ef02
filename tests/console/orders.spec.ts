// What staff may see and press, what their orders say, and what they are shown when one is refused.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, launch, look, settled, shot, type Sight } from "./browser";
import { overdue, recordId, stories } from "./fixtures";
import type { PersonName } from "./people";
import { StandIn } from "./standin";

const MENU: Record<PersonName, string[]> = {
  jingban: ["今日", "导入台账", "任务台账", "逾期与提出", "报送", "失信记录", "模拟查询", "期限", "报表", "渠道", "查询系统", "密钥", "维护"],
  fuhe: ["今日", "任务台账", "复核", "失信记录", "模拟查询", "期限", "报表", "渠道", "查询系统", "密钥", "维护"],
  shenji: ["今日", "任务台账", "失信记录", "模拟查询", "期限", "报表", "渠道", "查询系统", "密钥", "维护", "工作人员", "审计"],
  guanli: ["今日", "任务台账", "失信记录", "期限", "报表", "渠道", "查询系统", "密钥", "维护", "工作人员", "审计"],
  liang: ["今日", "导入台账", "任务台账", "逾期与提出", "复核", "报送", "失信记录", "模拟查询", "期限", "报表", "渠道", "查询系统", "密钥", "维护"],
};
const live = stories[30]!;
const energy = overdue.find((one) => one.ground === "energy")!;

describe.skipIf(!hasBrowser)("orders", () => {
  const gate = new StandIn();
  let browser: Browser;
  let base = "";
  let sight: Sight;

  async function open(who: PersonName | null, path: string, lang: "zh" | "en" = "zh"): Promise<Page> {
    sight = await look(browser, base, who, lang);
    await sight.page.goto(`${base}/console${path}`);
    await sight.page.locator("h1").first().waitFor();
    await settled(sight.page);
    return sight.page;
  }
  const press = (page: Page, name: string): Promise<void> => page.getByRole("button", { name, exact: true }).click();
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

  for (const who of Object.keys(MENU) as PersonName[])
    it(`${who} sees the pages of the role and no other`, async () => {
      const page = await open(who, "/");

      expect(await page.locator("nav a").allInnerTexts()).toEqual(MENU[who]);
      const forbidden = who === "jingban" ? "/review" : "/propose";
      if (who !== "liang") {
        await page.goto(`${base}/console${forbidden}`);
        await page.waitForURL(`${base}/console/`);
      }
    });

  it("offers no change of a record to whoever is no operator", async () => {
    const page = await open("shenji", `/records/${recordId(live.one.obligation)}`);

    expect(await page.getByRole("button", { name: "撤销…" }).count()).toBe(0);
  });

  it("offers an auditor neither pause nor resume", async () => {
    const page = await open("shenji", "/channels");

    expect(await page.getByRole("button").filter({ hasText: /暂停|恢复|收尾|重新排队/ }).count()).toBe(0);
  });

  it("does not offer one's own proposal for approval", async () => {
    const page = await open("fuhe", "/review");
    const own = page.locator("tr", { hasText: stories[3]!.one.name });

    expect(await own.locator("input[type=checkbox]").isDisabled()).toBe(true);
    await own.getByRole("button").click();
    expect(await page.getByRole("button", { name: "批准 0 条" }).isDisabled()).toBe(true);
  });

  it("approves what was seen, and says which version that was", async () => {
    const page = await open("fuhe", "/review");

    await press(page, "批准 1 条");
    await page.getByText("完成 1").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/approve")?.body).toEqual({ ids: [`${recordId(stories[0]!.one.obligation)}@1000`] });
  });

  it("returns several at once with one reason", async () => {
    const page = await open("fuhe", "/review");

    for (const index of [0, 2]) await page.locator("tbody tr", { hasText: stories[index]!.one.name }).locator(".el-checkbox").click();
    await page.getByLabel("意见").fill("请补充拆除现场核查记录");
    await press(page, "退回 2 条");
    await page.getByText("完成 2").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/return")?.body).toEqual({ ids: [0, 2].map((index) => `${recordId(stories[index]!.one.obligation)}@${1000 + index}`), reason: "请补充拆除现场核查记录" });
  });

  it("returns only with a reason", async () => {
    const page = await open("fuhe", "/review");

    expect(await page.getByRole("button", { name: "退回 1 条" }).isDisabled()).toBe(true);
    await page.getByLabel("意见").fill("请补充拆除现场核查记录");
    await press(page, "退回 1 条");
    await page.getByText("完成 1").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/return")?.body).toMatchObject({ reason: "请补充拆除现场核查记录" });
  });

  it("shows a conflict, overwrites nothing, and offers to read again", async () => {
    const page = await open("fuhe", "/review");

    gate.refuse.set("POST /admin/v1/jobs/approve", { status: 409, rule: "order.stale", detail: "it is not what was seen", detail_zh: "内容已不是所见的版本", stale: [{ id: recordId(stories[0]!.one.obligation), seen: 999, now: 1000, uscc: null }] });
    await press(page, "批准 1 条");
    await page.getByRole("alert").getByText("本次操作没有执行").waitFor();
    await page.getByText("order.stale").waitFor();
    await shot(page, "refusal-conflict-zh");
    await page.getByRole("button", { name: "重新读取" }).click();
    await page.getByRole("alert").waitFor({ state: "hidden" });
    expect(gate.sent.filter((one) => one.path === "/admin/v1/jobs/approve").length).toBe(1);
  });

  it("proposes what was chosen, with the document filled once", async () => {
    const page = await open("jingban", "/propose");

    await page.getByText(overdue[70]!.name).first().waitFor();
    await page.locator("tbody .el-checkbox").first().click();
    await page.getByLabel("认定文号").last().fill("粤信记〔2026〕9号");
    await press(page, "预览 1 条…");
    await page.getByText("在另一人复核批准之前").waitFor();
    await shot(page, "propose-asking-zh");
    await press(page, "提出 1 条");
    await page.getByText("完成 1").waitFor();
    const sent = gate.sentTo("/admin/v1/jobs/propose")?.body as Record<string, unknown>;
    expect(sent).toMatchObject({ on: "2026-11-25", document: "粤信记〔2026〕9号", severity: "general", scope: "public" });
    expect(sent["ids"]).toEqual([expect.stringMatching(/^[0-9a-f]{32}@2$/)]);
  });

  it("withdraws with a reason and the version seen, having said what will happen", async () => {
    const page = await open("jingban", `/records/${recordId(live.one.obligation)}`);

    await press(page, "撤销…");
    await page.getByText("停止公示").first().waitFor();
    expect(await page.getByRole("button", { name: "提交复核" }).isDisabled()).toBe(true);
    await page.locator("#change-reason").fill("企业提供的材料经核实有效");
    await press(page, "预览");
    await page.getByText("公示即行终止").waitFor();
    await shot(page, "withdraw-asking-zh");
    await press(page, "提交复核");
    await page.getByText("完成 1").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/withdraw")?.body).toEqual({ ids: [`${recordId(live.one.obligation)}@1030`], reason: "企业提供的材料经核实有效" });
  });

  it("tells the field and the remedy of a refused delivery", async () => {
    const page = await open("jingban", "/channels");

    await page.getByText("文号中的年份应使用六角括号").waitFor();
    await page.getByText("对照对方说明改正所指字段").waitFor();
    await press(page, "重新排队");
    await page.getByLabel("理由").fill("对方已更正校验规则");
    await page.getByRole("dialog").getByRole("button", { name: "重新排队" }).click();
    await page.getByText("完成 1").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/requeue")?.body).toEqual({ ids: ["160@1"], reason: "对方已更正校验规则" });
  });

  it("is told of what changes without asking", async () => {
    const page = await open("jingban", "/");

    await page.getByText("项逾期任务尚未提出").waitFor();
    const asked = gate.sent.filter((one) => one.path === "/console/api/today").length;
    gate.event = { unsent: 4711 };
    await page.getByText("4711").waitFor();
    expect(gate.sent.filter((one) => one.path === "/console/api/today").length).toBe(asked);
  });

  it("goes to the door when the session is over, and comes back", async () => {
    const page = await open("jingban", "/records");

    gate.isSessionOver = true;
    await page.locator("nav a", { hasText: "报送" }).click();
    await page.waitForURL(/sign-in\?then=/);
    gate.isSessionOver = false;
    await page.locator("#account").fill("jingban");
    await page.locator("#password").fill("wrong-password-given");
    await page.locator("#code").fill("123456");
    await press(page, "登录");
    await page.getByRole("alert").getByText("账号、口令或验证码不正确").waitFor();
    await page.locator("#password").fill("correct-horse-battery");
    await page.locator("#code").fill("123456");
    await press(page, "登录");
    await page.waitForURL(`${base}/console/push`);
  });

  it("refuses to be led to another place after the sign-in", async () => {
    const page = await open(null, "/sign-in?then=//elsewhere.example/");

    await page.locator("#account").fill("jingban");
    await page.locator("#password").fill("correct-horse-battery");
    await page.locator("#code").fill("123456");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${base}/console/`);
  });

  it("searches the register by what was chosen, and turns pages", async () => {
    const page = await open("shenji", "/register?ground=energy");

    await page.getByText("第 1 页").waitFor();
    await press(page, "下一页");
    await page.getByText("第 2 页").waitFor();
    const query = gate.sentTo("/console/api/obligations")?.query;
    expect(query).toMatchObject({ ground: "energy", limit: "50", as_of: "48211", after: expect.stringMatching(/^[0-9a-f]{40,}$/) as string });
    await press(page, "上一页");
    await page.getByText("第 1 页").waitFor();
    await page.getByLabel("企业名称或信用代码").fill(energy.uscc);
    await page.keyboard.press("Enter");
    await page.waitForURL(/what=/);
    await page.getByText("符合 1 项").waitFor();
  });

  it("reads the trace only with a reason", async () => {
    const page = await open("shenji", "/audit");

    expect(await page.getByRole("button", { name: "查阅", exact: true }).isDisabled()).toBe(true);
    await page.getByLabel("查阅理由").fill("年度审计");
    await press(page, "查阅");
    await page.getByText("bank-a").first().waitFor();
    await shot(page, "audit-found-zh");
    expect(gate.sentTo("/admin/v1/trace")?.query).toMatchObject({ reason: "年度审计" });
  });

  it("shows an invitation once", async () => {
    const page = await open("guanli", "/staff");

    await press(page, "邀请");
    await page.getByRole("dialog").getByRole("button", { name: "邀请" }).click();
    await page.getByText("K4ZT 7QWM").waitFor();
    await press(page, "已转交，隐藏");
    expect(await page.getByText("K4ZT").count()).toBe(0);
  });

  it("changes the language without losing the place", async () => {
    const page = await open("jingban", "/reports?report=summary&year=2020");

    await press(page, "English");
    await page.getByText("obligations due in the year").first().waitFor();
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("en");
    await page.getByRole("radio", { name: "Exits of the year" }).click({ force: true });
    await page.waitForURL(/report=exits/);
  });

  it("can be worked with the keyboard alone", async () => {
    const page = await open("jingban", "/");

    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("跳到正文");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("page");
  });
});

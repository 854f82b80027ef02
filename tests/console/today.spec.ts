// The first page, a push watched live, clocks, and a page that was left open: what is told, where it leads, and that
// nothing is done on what is not so any more.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axe, hasBrowser, launch, look, settled, shot, type Sight } from "./browser";
import { NOW_MS, recordId, stories } from "./fixtures";
import type { PersonName } from "./people";
import { StandIn } from "./standin";

const disputed = stories[17]!;

describe.skipIf(!hasBrowser)("today", () => {
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
  const card = (page: Page, words: string) => page.locator(".card", { hasText: words });
  // Somebody comes back to a page after so many minutes.
  async function comeBack(page: Page, minutes: number): Promise<void> {
    await page.clock.setFixedTime(NOW_MS + minutes * 60000);
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  }
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

  it("says at one look that something is wrong, and that the numbers are missing", async () => {
    gate.event = { alarms: [{ rule: "counts.rebuild", text: "numbers are missing: rebuild", text_zh: "部分统计尚未建立" }], overdue: { unproposed: null, on: "2026-11-25" } };
    const page = await open("jingban", "/");

    await page.getByRole("alert").getByText("部分统计尚未建立").waitFor();
    expect(await page.locator(".worst").innerText()).toBe("有异常，请尽快处理");
    await card(page, "项逾期任务尚未提出").getByText("?").waitFor();
    expect(await axe(page)).toEqual([]);
  });

  const LEADS: [words: string, to: string][] = [
    ["项逾期任务尚未提出", "/console/propose"],
    ["条被退回", "/console/records?list=returned"],
    ["条已生效、尚未报送", "/console/push"],
    ["条被上游拒收，须更正", "/console/push"],
    ["项上报已超 7 个工作日", "/console/clocks?kind=report"],
    ["项修复、撤销未获确认", "/console/clocks?kind=unconfirmed"],
    ["项公示 30 日内期满", "/console/clocks?kind=ending"],
    ["个渠道已暂停", "/console/channels"],
    ["条暂缓", "/console/channels"],
  ];
  it("leads from each number to where one acts", async () => {
    const page = await open("jingban", "/");

    for (const [words, to] of LEADS) expect(await card(page, words).getAttribute("href"), words).toBe(to);
    expect(await card(page, "条待我复核").count()).toBe(0);
    await card(page, "项修复、撤销未获确认").click();
    await page.waitForURL(/clocks\?kind=unconfirmed/);
    await page.getByText("已超 2 个工作日").waitFor();
    expect(await page.locator("tbody tr").count()).toBe(1);
  });

  it("shows a reviewer what waits for the review, and an auditor what is wrong", async () => {
    const page = await open("fuhe", "/");

    expect(await card(page, "条待我复核").locator("b").innerText()).toBe("6");
    expect(await card(page, "条被上游拒收").getAttribute("href")).toBe("/console/channels");
    // Whoever may not propose is told all the same, and led to the list.
    await card(page, "尚未提出").click();
    await page.waitForURL(/\/register\?/);
    await settled(page);
    expect(gate.sent.filter((one) => one.path === "/console/api/obligations").pop()?.query).toMatchObject({ unproposed: "on", overdue_on: "2026-11-25", order: "due" });
    expect(await page.getByRole("checkbox", { name: "只看尚未提出" }).isChecked()).toBe(true);
  });

  it("shows each channel's queue, oldest age, last receipt and next attempt, and which is not getting through", async () => {
    const channel = { queued: 4, sending: 1, in_doubt: 0, received: 2, acknowledged: 9, refused: 0, superseded: 0, held: 0, staged: 0, failing: 7, paused: false, draining: false, enabled: true, reason: null };

    gate.event = { channels: [{ ...channel, channel: "credit-guangdong", oldest_ms: NOW_MS - 2 * 3600000, last_receipt_ms: NOW_MS - 3 * 3600000, next_ms: NOW_MS + 95000 }], worst: "bad" };
    const page = await open("jingban", "/");
    const cells = page.locator(".el-table__body tbody tr").first().locator("td");

    await card(page, "个渠道送不出去").locator("b").getByText("1").waitFor();
    await cells.first().getByText("信用广东").waitFor();
    const told = await cells.allInnerTexts();
    expect(told[1]).toContain("送不出去");
    expect(told[1]).toContain("已连续 7 次没有结果");
    expect(told.slice(2)).toEqual(["7", "0", "9", "2 小时", "2026-11-25 07:30:00", "10:31:35"]);
    await shot(page, "today-failing-zh");
    expect(await axe(page)).toEqual([]);
  });

  it("says that all is well when it is", async () => {
    gate.event = {
      waiting: { mine: 0, all: 0 }, returned: { mine: 0, all: 0 }, overdue: { unproposed: 0, on: "2026-11-25" }, refused: 0, held: 0, unsent: 0, channels: [],
      clocks: { report: 0, late: 0, soon: 0, unconfirmed: 0, receipts: 0, provisional: false, stale: false, ending: 0, ending_more: false }, worst: "good",
    };
    const page = await open("jingban", "/");

    await page.getByText("一切正常").waitFor();
    await page.getByText("没有需要您处理的事项").waitFor();
    await shot(page, "today-good-zh");
  });

  it("says so when the gateway is not reached any more", async () => {
    const page = await open("jingban", "/");

    await page.route("**/console/api/events*", (route) => route.abort());
    await comeBack(page, 1);
    await page.getByText("与网关的连接中断").waitFor({ timeout: 20000 });
  });

  it("watches a push row by row, the refused one first, with its field and its remedy", async () => {
    const page = await open("jingban", "/push");

    await page.getByText(stories[9]!.one.name).waitFor();
    for (const row of [0, 1, 2]) await page.locator("tbody .el-checkbox").nth(row).click();
    await page.getByRole("button", { name: /^报送 \d+ 条…$/ }).click();
    // First what each platform would receive, found out by the gateway.
    await page.getByRole("dialog").getByText("以下只是预览").waitFor();
    await page.getByRole("dialog").getByText("RDWH").waitFor();
    await shot(page, "push-preview-zh");
    expect(gate.sentTo("/admin/v1/jobs/push")).toBeUndefined();
    const tried = gate.sentTo("/admin/v1/jobs/preview")?.body as { order: string; ids: string[] };
    await page.getByRole("dialog").getByRole("button", { name: "报送", exact: true }).click();
    await page.getByText("本次报送").waitFor();
    const first = page.locator(".journeys tbody tr").first();
    await first.getByText("被拒", { exact: true }).waitFor();
    await first.getByText("字段格式不符合要求").waitFor();
    await first.getByText("对方说明：RDWH：文号中的年份应使用六角括号〔〕").waitFor();
    await first.getByText("认定文号").waitFor();
    await first.getByText("在记录上提出变更").waitFor();
    const pushed = (gate.sentTo("/admin/v1/jobs/push")?.body as { ids: string[] }).ids;
    expect(pushed.every((one) => /@\d+$/.test(one))).toBe(true);
    expect(tried).toEqual({ order: "push", ids: pushed });
    expect(gate.sentTo("/console/api/deliveries")?.query["records"]?.split(",").length).toBe(pushed.length);
    await shot(page, "push-watched-zh");
    expect(await axe(page)).toEqual([]);
    const asked = gate.sent.filter((one) => one.path === "/console/api/deliveries").length;
    gate.event = { unsent: 1 };
    await expect.poll(() => gate.sent.filter((one) => one.path === "/console/api/deliveries").length, { timeout: 5000 }).toBeGreaterThan(asked);
    await first.getByRole("link", { name: "去更正" }).click();
    await page.waitForURL(/records\/R/);
  });

  it("tells both versions of what changed meanwhile, and overwrites nothing", async () => {
    const record = recordId(disputed.one.obligation);
    const page = await open("jingban", `/records/${record}`);

    gate.refuse.set("POST /admin/v1/jobs/withdraw", {
      status: 409, rule: "order.stale", detail: "it is not what was seen", detail_zh: "内容已不是所见的版本", stale: [{ id: record, seen: 1017, now: 1027, uscc: null }],
    });
    await page.getByRole("button", { name: "撤销…" }).click();
    await page.locator("#change-reason").fill("企业提供的材料经核实有效");
    await page.getByRole("button", { name: "预览", exact: true }).click();
    await page.getByRole("button", { name: "提交复核" }).click();
    await page.getByRole("alert").getByText("本次操作没有执行").waitFor();
    const table = page.locator(".conflict table");
    await table.getByText("您所见").waitFor();
    expect(await table.locator("tr", { hasText: "异议中" }).locator("td").allInnerTexts()).toEqual(["否", "是"]);
    expect(await table.locator("tr", { hasText: "状态" }).locator("td").allInnerTexts()).toEqual(["第 1 版", "第 2 版，已生效"]);
    await shot(page, "conflict-versions-zh");
    expect(gate.sent.filter((one) => one.path === "/admin/v1/jobs/withdraw").length).toBe(1);
  });

  it("marks a page that was left open, and reads it again", async () => {
    const page = await open("fuhe", "/review");

    await comeBack(page, 5);
    expect(await page.locator(".left").count()).toBe(0);
    await comeBack(page, 700);
    await page.getByText("可能已有变化").waitFor();
    await shot(page, "left-open-zh");
    expect(await axe(page)).toEqual([]);
    const asked = gate.sent.filter((one) => one.path === "/admin/v1/records").length;
    await page.getByRole("button", { name: "重新读取" }).click();
    await page.locator(".left").waitFor({ state: "hidden" });
    await expect.poll(() => gate.sent.filter((one) => one.path === "/admin/v1/records").length).toBeGreaterThan(asked);
  });

  it("goes to the door by itself when the session is over, and back to the same page", async () => {
    const page = await open("jingban", "/clocks?kind=ending");

    gate.isSessionOver = true;
    await comeBack(page, 700);
    await page.waitForURL(/sign-in\?then=\/clocks\?kind%3Dending|sign-in\?then=.*clocks/);
    gate.isSessionOver = false;
    await page.locator("#account").fill("jingban");
    await page.locator("#password").fill("correct-horse-battery");
    await page.locator("#code").fill("123456");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${base}/console/clocks?kind=ending`);
    await page.getByText("还有 6 天").waitFor();
  });
});

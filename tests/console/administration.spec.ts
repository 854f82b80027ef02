// The pages of administration: a connection tested layer by layer, keys, taking a configuration over, comparing, names,
// signing in by certificate; who may not, does not see the button, and is refused all the same.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { NOT_ROTATED, NOT_TAKEN } from "./administering";
import { axe, hasBrowser, launch, look, settled, shot } from "./browser";
import type { PersonName } from "./people";
import { StandIn } from "./standin";

const PAGES: [name: string, path: string, who: PersonName, text: string][] = [
  ["keys", "/keys", "shenji", "gd-seal-sm2-2"],
  ["maintenance", "/maintenance", "guanli", ""],
  ["audit-events", "/audit?part=events", "shenji", "重新载入配置|configuration taken over"],
  ["staff-roles", "/staff", "shenji", "jingban"],
];

describe.skipIf(!hasBrowser)("administration", () => {
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
  afterEach(() => gate.forget());

  async function at(path: string, who: PersonName | null, lang: "zh" | "en" = "zh") {
    const sight = await look(browser, base, who, lang);

    await sight.page.goto(`${base}/console${path}`);
    await sight.page.locator("h1").first().waitFor();
    await settled(sight.page);
    return sight;
  }

  for (const lang of ["zh", "en"] as const)
    for (const [name, path, who, text] of PAGES)
      it(`${name} in ${lang} is drawn, accessible and within the policy`, async () => {
        const { context, page, complaints } = await at(path, who, lang);

        if (text) await page.getByText(new RegExp(text)).first().waitFor();
        await shot(page, `${name}-${lang}`);
        expect(await page.locator(".refusal").count()).toBe(0);
        expect(complaints).toEqual([]);
        expect(await axe(page)).toEqual([]);
        expect(await page.evaluate(() => [...document.querySelectorAll("*")].map((one) => one.localName).filter((name) => name.includes("-")))).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(1366);
        await context.close();
      });

  it("an operator tests a connection and is told the layer that is wrong, and what to do", async () => {
    const { context, page, complaints } = await at("/channels", "jingban");

    await page.getByRole("button", { name: "测试" }).first().click();
    await page.getByText("先处理“身份与签名”").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/probe")?.body).toEqual({ ids: ["credit-guangdong"] });
    const rows = page.locator(".probe tbody tr");
    expect(await rows.count()).toBe(8);
    expect(await rows.nth(5).innerText()).toContain("核对渠道的令牌");
    expect(await rows.nth(6).innerText()).toContain("前面的层次未通过");
    await page.getByText("证书内容").first().click();
    expect(await rows.nth(3).innerText()).toContain("模拟签发机构");
    await shot(page, "channels-probe-zh");
    expect(await axe(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("every button of a channel is in sight at 1366 pixels, in both languages", async () => {
    for (const lang of ["zh", "en"] as const) {
      const { context, page } = await at("/channels", "guanli", lang);
      const box = await page.getByRole("button", { name: lang === "zh" ? "测试" : "Test", exact: true }).first().boundingBox();

      expect(box!.x + box!.width).toBeLessThan(1366 - 24);
      await context.close();
    }
  });

  it("who may not test a connection has no button, and is refused", async () => {
    const { context, page } = await at("/channels", "shenji");

    expect(await page.getByRole("button", { name: "测试" }).count()).toBe(0);
    const status = await page.evaluate(async () => (await fetch("/admin/v1/jobs/probe", { method: "POST", headers: { "Content-Type": "application/json", "X-Creditgate-Forgery": "forgery-token-of-this-session" }, body: '{"ids":["credit-guangdong"]}' })).status);
    expect(status).toBe(403);
    await context.close();
  });

  it("public keys can be downloaded, by name", async () => {
    const { context, page } = await at("/keys", "jingban");

    expect(await page.getByRole("link", { name: "gd-push-sm2-1" }).getAttribute("href")).toBe("/admin/v1/keys/gd-push-sm2-1");
    expect(await page.getByText("（剩余 10 天）").count()).toBe(1);
    expect(await page.getByText("已停用，仍可查验旧签名").count()).toBe(1);
    await context.close();
  });

  it("an administrator rotates a key after what will happen was said, with a reason; a line under way has no button", async () => {
    const { context, page, complaints } = await at("/keys", "guanli");

    expect(await page.getByRole("button", { name: "轮换 gd-seal-sm2-1" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "轮换 gd-push-sm2-1" }).count()).toBe(0);
    await page.getByRole("button", { name: "轮换 gd-seal-ed25519-1…" }).click();
    await page.getByText("新密钥启用：立即").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "取消" }).click();
    await page.getByRole("button", { name: "轮换 gd-push-sm2-2…" }).click();
    const dialog = page.getByRole("dialog", { name: "轮换 gd-push-sm2-2" });
    await dialog.getByText("会发生什么").waitFor();
    await dialog.getByText("交给各上级平台并得到确认").waitFor();
    expect(await dialog.getByText("旧密钥停用：").innerText()).toMatch(/旧密钥停用：\d{4}-\d\d-\d\d/);
    const day = await dialog.getByRole("combobox").inputValue();
    expect(day).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(await dialog.getByText("新密钥启用：").innerText()).toContain(day);
    const act = dialog.getByRole("button", { name: "轮换", exact: true });
    expect(await act.isDisabled()).toBe(true);
    await dialog.getByRole("textbox", { name: "理由" }).fill(" 年度轮换 ");
    await settled(page);
    await shot(page, "keys-rotate-zh");
    expect(await axe(page)).toEqual([]);
    expect(gate.sentTo("/admin/v1/jobs/key-rotate")).toBeUndefined();
    await act.click();
    await page.getByText("新密钥已生成：gd-push-sm2-3").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/key-rotate")?.body).toEqual({ ids: ["gd-push-sm2-2"], reason: "年度轮换", from: day });
    gate.reports.set("key-rotate", NOT_ROTATED);
    await page.getByRole("button", { name: "轮换 gd-answer-p256-1…" }).click();
    await page.getByRole("textbox", { name: "理由" }).fill("x");
    await page.getByRole("dialog").getByRole("button", { name: "轮换", exact: true }).click();
    await page.getByText("未轮换：密钥 gd-push-sm2-2 已被轮换").waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("who may not rotate a key has no button, and is refused", async () => {
    const { context, page } = await at("/keys", "shenji");

    expect(await page.getByRole("button", { name: /轮换/ }).count()).toBe(0);
    const status = await page.evaluate(async () => (await fetch("/admin/v1/jobs/key-rotate", { method: "POST", headers: { "Content-Type": "application/json", "X-Creditgate-Forgery": "forgery-token-of-this-session" }, body: '{"ids":["gd-push-sm2-2"],"reason":"x"}' })).status);
    expect(status).toBe(403);
    await context.close();
  });

  it("a configuration is taken over after what will happen was said; what changed is told", async () => {
    const { context, page } = await at("/maintenance", "guanli");

    await page.getByRole("button", { name: "重新载入…" }).click();
    await page.getByText("会发生什么").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/reload")).toBeUndefined();
    await page.getByRole("button", { name: "重新载入", exact: true }).click();
    await page.getByText("改动: roles").waitFor();
    await shot(page, "maintenance-reload-zh");
    gate.reports.set("reload", NOT_TAKEN);
    await page.getByRole("button", { name: "重新载入…" }).click();
    await page.getByRole("button", { name: "重新载入", exact: true }).click();
    await page.getByText("未作任何更改：请先更正下列各处").waitFor();
    await page.getByText("10: clients.addresses").waitFor();
    await context.close();
  });

  it("differences with a platform are shown; only who may repair is offered it, with a reason", async () => {
    const operator = await at("/maintenance", "jingban");

    expect(await operator.page.getByRole("button", { name: "重新载入…" }).count()).toBe(0);
    await operator.page.getByRole("button", { name: "对账" }).click();
    await operator.page.getByText("缺失 1").waitFor();
    expect(await operator.page.getByRole("button", { name: "补报" }).count()).toBe(0);
    await operator.context.close();

    const { context, page } = await at("/maintenance", "fuhe");
    await page.getByRole("button", { name: "对账" }).click();
    await page.getByRole("button", { name: "补报 1 条…" }).click();
    const act = page.getByRole("dialog").getByRole("button", { name: "补报", exact: true });
    expect(await act.isDisabled()).toBe(true);
    await page.getByRole("textbox", { name: "理由" }).fill("平台数据丢失");
    await shot(page, "maintenance-repair-zh");
    await act.click();
    await page.getByText("已重新排队 1").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/reconcile-repair")?.body).toEqual({ ids: ["credit-guangdong"], reason: "平台数据丢失" });
    await context.close();
  });

  it("a register of names is sent with its day, and what was refused is told by line", async () => {
    const { context, page } = await at("/maintenance", "guanli");

    await page.getByLabel("文件").setInputFiles({ name: "名称库.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\r\n") });
    await page.getByRole("button", { name: "登记" }).click();
    await page.getByText("信用代码校验位不符").waitFor();
    const sent = gate.sentTo("/admin/v1/jobs/names-register");
    expect(sent?.query["file"]).toBe("名称库.csv");
    expect(sent?.query["on"]).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect((sent?.body as Buffer).toString()).toBe("a,b\r\n");
    await context.close();
  });

  it("an auditor takes the trace away with a reason, and the proof of one entry", async () => {
    const { context, page, complaints } = await at("/audit", "shenji");
    const take = page.getByRole("button", { name: "导出全部符合的" });

    expect(await take.isDisabled()).toBe(true);
    await page.getByRole("textbox", { name: "查阅理由" }).fill("年度检查");
    await page.getByRole("textbox", { name: "查询系统或人员" }).fill("bank-a");
    await take.click();
    await page.getByText("符合 2 条（共查阅 48211 条）").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/trace-export")?.body).toEqual({ by: "bank-a", reason: "年度检查" });
    const file = page.waitForEvent("download");
    await page.getByRole("button", { name: "保存 .xlsx" }).click();
    expect((await file).suggestedFilename()).toMatch(/^查询留痕-.*\.xlsx$/);
    await page.getByRole("button", { name: "查阅", exact: true }).click();
    const proof = page.waitForEvent("download");
    await page.getByRole("button", { name: /^证明 / }).first().click();
    expect((await proof).suggestedFilename()).toMatch(/\.proof$/);
    await settled(page);
    await shot(page, "audit-trace-zh");
    expect(await axe(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("an administrator sees what was done to the gateway, and not the trace", async () => {
    const { context, page } = await at("/audit", "guanli");

    await page.getByText("登录被拒").waitFor();
    expect(await page.getByRole("link", { name: "查询留痕" }).count()).toBe(0);
    expect(await page.getByText("复核、审计").count()).toBe(1);
    expect(gate.sent.some((one) => one.path === "/admin/v1/trace" || one.path === "/admin/v1/jobs/trace-export")).toBe(false);
    await context.close();
  });

  it("who brought a bound certificate signs in by it, without a password", async () => {
    const { context, page, complaints } = await at("/sign-in", null);

    await shot(page, "sign-in-certificate-zh");
    expect(await axe(page)).toEqual([]);
    await page.getByRole("button", { name: "用证书登录：阮管理" }).click();
    await page.getByText("今日").first().waitFor();
    expect(gate.sentTo("/console/api/sign-in")?.body).toEqual({ account: "guanli" });
    expect(complaints).toEqual([]);
    await context.close();
  });
});

// Pages that were left open: an order on a channel, a client, an account, a refused delivery or the configuration says
// what the page showed; what changed meanwhile is told, nothing is done, and the list is read again when one says so.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { axe, hasBrowser, launch, look, settled, shot, type Sight } from "./browser";
import type { PersonName } from "./people";
import { StandIn } from "./standin";

const STALE = { status: 409, rule: "order.stale", detail: "it is not as you saw it any more", detail_zh: "已与您所见的不同：现为已暂停" };
interface Case {
  what: string;
  who: PersonName;
  path: string;
  list: string; // what "read again" asks
  begin: (page: Page) => Promise<void>;
  act: string;
  reason: boolean;
  to: string;
  body: object;
}
const inRow = (text: string, button: string) => (page: Page) => page.getByRole("row", { name: new RegExp(text) }).getByRole("button", { name: button, exact: true }).click();
const CASES: Case[] = [
  { what: "a channel", who: "jingban", path: "/channels", list: "/console/api/today", begin: (page) => page.getByRole("button", { name: "暂停", exact: true }).first().click(), act: "暂停", reason: true, to: "/admin/v1/jobs/pause", body: { ids: ["credit-guangdong"], reason: "昨日所见", seen: "running" } },
  { what: "a client", who: "guanli", path: "/clients", list: "/admin/v1/clients", begin: inRow("land-gz", "恢复"), act: "恢复", reason: true, to: "/admin/v1/jobs/client-resume", body: { ids: ["land-gz"], reason: "昨日所见", seen: "suspended 47000" } },
  { what: "an account", who: "guanli", path: "/staff", list: "/admin/v1/staff", begin: inRow("jingban", "停用"), act: "停用", reason: true, to: "/admin/v1/staff/jingban/suspend", body: { reason: "昨日所见", seen: "active,password,0,1762045200000" } },
  { what: "a refused delivery", who: "jingban", path: "/channels", list: "/admin/v1/jobs/refused", begin: (page) => page.getByRole("button", { name: "重新排队" }).first().click(), act: "重新排队", reason: true, to: "/admin/v1/jobs/requeue", body: { ids: ["160@1"], reason: "昨日所见" } },
  { what: "the configuration", who: "guanli", path: "/maintenance", list: "/admin/v1/clients", begin: (page) => page.getByRole("button", { name: "重新载入…" }).click(), act: "重新载入", reason: false, to: "/admin/v1/jobs/reload", body: { seen: "5a".repeat(32) } },
];

describe.skipIf(!hasBrowser)("seen", () => {
  const gate = new StandIn();
  let browser: Browser;
  let base = "";
  let sight: Sight;

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

  for (const one of CASES)
    it(`${one.what} that changed since it was seen is not touched, and the page says so`, async () => {
      sight = await look(browser, base, one.who, "zh");
      const page = sight.page;
      const asked = (): number => gate.sent.filter((each) => each.path === one.list).length;
      const give = async (): Promise<void> => {
        await one.begin(page);
        const dialog = page.getByRole("dialog");
        if (one.reason) await dialog.getByRole("textbox").fill("昨日所见");
        await dialog.getByRole("button", { name: one.act, exact: true }).click();
      };

      await page.goto(`${base}/console${one.path}`);
      await settled(page);
      gate.refuse.set(`POST ${one.to}`, STALE);
      await give();
      await page.getByText("order.stale").waitFor();
      expect(await page.getByText("本次操作没有执行").count()).toBe(1);
      expect(gate.sentTo(one.to)?.body).toEqual(one.body);
      expect(gate.sent.filter((each) => each.path === one.to).length).toBe(1);
      await shot(page, `seen-${one.to.split("/").pop()}-zh`);
      expect(await axe(page)).toEqual([]);
      const before = asked();
      await page.getByRole("button", { name: "重新读取" }).click();
      await page.getByText("order.stale").waitFor({ state: "detached" });
      await settled(page);
      expect(asked()).toBeGreaterThan(before);
      await give();
      await settled(page);
      expect(gate.sentTo(one.to)?.body).toEqual(one.body);
      expect(await page.locator(".refusal").count()).toBe(0);
    });
});

// Review and push with nothing but Tab, Space, Enter, Escape and letters; where one is can be seen, and a dialog that is
// closed leads back to where it was opened.
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { hasBrowser, launch, look, settled, type Sight } from "./browser";
import { recordId, stories } from "./fixtures";
import type { PersonName } from "./people";
import { StandIn } from "./standin";

const TABS_MOST = 120;

describe.skipIf(!hasBrowser)("keyboard", () => {
  const gate = new StandIn();
  let browser: Browser;
  let base = "";
  let sight: Sight;

  async function open(who: PersonName, path: string): Promise<Page> {
    sight = await look(browser, base, who, "zh");
    await sight.page.goto(`${base}/console${path}`);
    await sight.page.locator("h1").first().waitFor();
    await settled(sight.page);
    return sight.page;
  }
  const isFocused = (where: Locator): Promise<boolean> => where.evaluate((one) => one === document.activeElement);
  // An outline or a ring, on the thing itself or on the box that is drawn for it.
  const isSeen = (page: Page): Promise<boolean> =>
    page.evaluate(() => {
      const one = document.activeElement;
      const drawn = one && [one, one.nextElementSibling, one.closest(".el-input__wrapper"), one.closest(".el-textarea")?.firstElementChild];

      return (drawn || []).some((each) => {
        const style = each && getComputedStyle(each);

        return !!style && ((style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none");
      });
    });
  async function tabTo(page: Page, where: Locator): Promise<void> {
    for (let tabs = 0; tabs < TABS_MOST; tabs++) {
      if (await isFocused(where)) {
        expect(await isSeen(page)).toBe(true);
        return;
      }
      await page.keyboard.press("Tab");
    }
    throw new Error(`not reached by ${TABS_MOST} tabs: ${String(where)}`);
  }
  const button = (page: Page, name: string | RegExp): Locator => page.getByRole("button", { name, exact: true }).first();
  const box = (page: Page, name: string): Locator => page.locator("tbody tr", { hasText: name }).first().locator("input[type=checkbox]");

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

  it("ticks two records, returns them with a reason, and approves another", async () => {
    const page = await open("fuhe", "/review");

    for (const index of [0, 2]) {
      await tabTo(page, box(page, stories[index]!.one.name));
      await page.keyboard.press("Space");
    }
    await tabTo(page, page.getByLabel("意见"));
    await page.keyboard.insertText("请补充拆除现场核查记录");
    await tabTo(page, button(page, "退回 2 条"));
    await page.keyboard.press("Enter");
    await page.getByText("完成 2").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/return")?.body).toEqual({ ids: [0, 2].map((index) => `${recordId(stories[index]!.one.obligation)}@${1000 + index}`), reason: "请补充拆除现场核查记录" });
    await settled(page);
    await tabTo(page, button(page, /^批准 \d+ 条$/));
    await page.keyboard.press("Space");
    await page.getByText("完成 1").waitFor();
    expect(gate.sentTo("/admin/v1/jobs/approve")?.body).toHaveProperty("ids");
  });

  it("chooses what to push, looks at it, goes back to where it was, and confirms", async () => {
    const page = await open("jingban", "/push");
    const ask = button(page, "报送 1 条…");

    await tabTo(page, page.locator("tbody input[type=checkbox]").first());
    await page.keyboard.press("Space");
    await tabTo(page, ask);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await settled(page);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await expect.poll(() => isFocused(ask)).toBe(true);
    expect(gate.sentTo("/admin/v1/jobs/push")).toBeUndefined();
    await page.keyboard.press("Enter");
    const confirm = page.getByRole("dialog").getByRole("button", { name: "报送", exact: true });
    await confirm.waitFor();
    await settled(page);
    await tabTo(page, confirm);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await expect.poll(() => gate.sentTo("/admin/v1/jobs/push")?.body).toHaveProperty("ids");
  });

  it("pauses a channel with a reason, and a dialog that is closed leads back to its button", async () => {
    const page = await open("jingban", "/channels");
    const pause = button(page, "暂停");

    await tabTo(page, pause);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await settled(page);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await expect.poll(() => isFocused(pause)).toBe(true);
    await page.keyboard.press("Enter");
    await tabTo(page, page.getByRole("dialog").getByRole("textbox"));
    await page.keyboard.insertText("例行维护");
    await tabTo(page, page.getByRole("dialog").getByRole("button", { name: "暂停", exact: true }));
    await page.keyboard.press("Enter");
    await expect.poll(() => gate.sentTo("/admin/v1/jobs/pause")?.body).toMatchObject({ ids: ["credit-guangdong"], reason: "例行维护" });
  });
});

// One of the staff before a browser of his own: the pages of the console found as a person finds them, by what is written on them.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from "playwright-core";
import { PASSWORD, type Person } from "./people";
import type { Where } from "./stage";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const SHOTS = process.env["CONSOLE_SHOTS"] ?? fileURLToPath(new URL("../../../build/console-shots", import.meta.url));

// It trusts the key of this gateway, and is strict about everything else.
export const launch = (where: Where): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", `--ignore-certificate-errors-spki-list=${where.key}`] });

export interface Answer {
  status: number;
  rule: string;
  body: unknown;
}

export class Seat {
  // What the browser complained about: blocked by the policy, errors of scripts.
  readonly complaints: string[] = [];

  private constructor(
    readonly where: Where,
    readonly person: Person | null,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.setDefaultTimeout(20000);
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      // A refusal that the page shows is no fault of the page.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) this.complaints.push(message.text());
    });
  }

  static async take(browser: Browser, where: Where, person: Person | null): Promise<Seat> {
    const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: "zh-CN", timezoneId: "Asia/Shanghai", reducedMotion: "reduce", acceptDownloads: true });

    return new Seat(where, person, context, await context.newPage());
  }

  async open(path: string): Promise<void> {
    await this.page.goto(`${this.where.site}/console${path}`);
    await this.rest();
  }
  // By the menu, as people go: the page is not loaded anew.
  async go(name: string): Promise<void> {
    await this.page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
    await this.page.getByRole("heading", { level: 1 }).first().waitFor();
    await this.rest();
  }
  // Until nothing is being read any more.
  async rest(): Promise<void> {
    await this.page.getByRole("heading", { level: 1 }).first().waitFor();
    await this.page.waitForTimeout(150);
    await this.page.waitForFunction(() => [...document.querySelectorAll(".el-loading-mask")].every((mask) => getComputedStyle(mask).display === "none" || !mask.checkVisibility({ opacityProperty: true })));
  }
  async picture(name: string): Promise<void> {
    mkdirSync(SHOTS, { recursive: true });
    await this.page.waitForTimeout(350); // a dialog has come to rest
    await this.page.screenshot({ path: `${SHOTS}/${name}.png` });
  }
  sees(text: string | RegExp): Promise<void> {
    return this.page.getByText(text).filter({ visible: true }).first().waitFor();
  }
  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name });
  }
  async press(name: string | RegExp): Promise<void> {
    await this.button(name).first().click();
  }
  async keys(...names: string[]): Promise<void> {
    for (const name of names) await this.page.keyboard.press(name);
  }
  async fill(label: string | RegExp, text: string): Promise<void> {
    await this.page.getByLabel(label).last().fill(text);
  }
  async choose(label: string, option: string): Promise<void> {
    await this.page.getByRole("combobox", { name: label }).press("Enter");
    await this.page.getByRole("option", { name: option, exact: true }).filter({ visible: true }).click();
  }
  // In the dialog that is open.
  async answer(name: string | RegExp): Promise<void> {
    const dialog = this.page.getByRole("dialog").filter({ visible: true });

    await dialog.getByRole("button", { name }).click();
    await dialog.waitFor({ state: "hidden" });
  }
  row(text: string): Locator {
    return this.page.getByRole("row").filter({ hasText: text });
  }
  async tick(text: string): Promise<void> {
    await this.row(text).first().locator(".el-checkbox").first().click();
  }

  // --- the door ---

  async enrol(invitation: string): Promise<void> {
    const person = this.person!;

    await this.open("/enrol");
    await this.fill(/^账号/, person.name);
    await this.fill(/^邀请码/, invitation);
    await this.press("下一步");
    person.secret = (await this.page.locator(".mono").first().innerText()).replace(/\s/g, "");
    await this.fill(/^新口令/, PASSWORD);
    await this.fill(/^再输入一次/, PASSWORD);
    await this.fill(/^应用显示的验证码/, await person.code());
    await this.press("完成");
    await this.sees("现在可以登录");
  }
  async signIn(): Promise<void> {
    const person = this.person!;

    await this.open("/sign-in");
    await this.fill(/^账号/, person.name);
    await this.fill(/^口令/, PASSWORD);
    await this.fill(/^动态验证码/, await person.code());
    await this.press("登录");
    await this.page.getByRole("navigation").waitFor();
    await this.rest();
  }

  // --- what the pages do, without the pages: with the session and the token of this browser ---

  call(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer> {
    return this.page.evaluate(
      async ({ method, path, body }) => {
        const session = (await (await fetch("/console/api/session")).json()) as { forgery?: string };
        const headers = { "Content-Type": "application/json", "X-Creditgate-Forgery": session.forgery ?? "" };
        const answer = await fetch(path, method === "GET" ? { method } : { method, headers, body: typeof body === "string" ? body : JSON.stringify(body ?? {}) });
        const text = await answer.text();
        let told: unknown = text;
        try {
          told = JSON.parse(text);
        } catch {
          // what is no JSON is told as it is
        }
        return { status: answer.status, rule: (told as { rule?: string }).rule ?? "", body: told };
      },
      { method, path, body },
    );
  }
}

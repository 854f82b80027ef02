// Debian's Chromium, driven by Playwright; a page of the console as one of the staff sees it.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { NOW_MS } from "./fixtures";
import type { PersonName } from "./people";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const SHOTS = process.env["CONSOLE_SHOTS"] ?? fileURLToPath(new URL("../../build/console-shots/", import.meta.url));
const modules = createRequire(new URL("../../console/package.json", import.meta.url));
const AXE = readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");
export const hasBrowser = existsSync(CHROMIUM);
export const launch = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });

export interface Sight {
  context: BrowserContext;
  page: Page;
  // What the browser complained about: blocked by the policy, errors of scripts.
  complaints: string[];
}

export async function look(browser: Browser, base: string, who: PersonName | null, lang: "zh" | "en" = "zh"): Promise<Sight> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: "zh-CN", timezoneId: "America/New_York", reducedMotion: "reduce" });
  const complaints: string[] = [];

  if (who) await context.addCookies([{ name: "session", value: who, url: base }]);
  const page = await context.newPage();
  page.setDefaultTimeout(10000);
  await page.clock.setFixedTime(NOW_MS);
  await page.addInitScript((kept) => localStorage.setItem("creditgate.lang", kept), lang);
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A refusal that the page shows is no fault of the page.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
  });
  return { context, page, complaints };
}

export async function settled(page: Page): Promise<void> {
  await page.waitForTimeout(250);
  await page.locator(".el-loading-mask").first().waitFor({ state: "hidden" }).catch(() => undefined);
}

export async function shot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  // A dialog has come to rest.
  await page.waitForTimeout(350);
  await page.screenshot({ path: `${SHOTS}/${name}.png` });
}

// Serious and critical findings, one line each.
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const run = (window as unknown as { axe: { run: (where: Document, how: object) => Promise<{ violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }> } }).axe;
    const found = await run.run(document, { resultTypes: ["violations"] });
    return found.violations
      .filter((one) => one.impact === "serious" || one.impact === "critical")
      .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 200)}`));
  });
}

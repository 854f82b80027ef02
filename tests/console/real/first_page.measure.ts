// How long until the first page is there, in a browser that was never here before: from the beginning of the navigation until what
// waits for the person and how the channels are can be read. By turns with the smallest file that the same gateway serves. Run by
// `scripts/bench console`, never as a test; CONSOLE_RESULT names where the figures go.
import { writeFileSync } from "node:fs";
import type { Browser, BrowserContext } from "playwright-core";
import { expect, it } from "vitest";
import { invited } from "./desk";
import { cast } from "./people";
import { launch, Seat } from "./seat";
import { Stage } from "./stage";

const ROUNDS = Number(process.env["ROUNDS"] ?? 7);
const middle = (numbers: number[]): number => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

// Milliseconds since the navigation began, as the page itself counts them, when `isThere` first holds at a frame.
async function timed(browser: Browser, cookies: Awaited<ReturnType<BrowserContext["cookies"]>>, url: string, what: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: "zh-CN" });
  const page = await context.newPage();

  await context.addCookies(cookies);
  await page.addInitScript((selector) => {
    const look = (): void => {
      if (document.querySelector(selector)) (window as unknown as { there: number }).there = performance.now();
      else requestAnimationFrame(look);
    };
    look();
  }, what);
  await page.goto(url);
  const there = await page.waitForFunction(() => (window as unknown as { there?: number }).there);
  const at = Number(await there.jsonValue());
  await context.close();
  return at;
}

it("is measured", { timeout: 300000 }, async () => {
  const stage = await Stage.open();
  const browser = await launch(stage.where);
  const { lin } = cast();

  await invited(stage, lin);
  const seat = await Seat.take(browser, stage.where, lin);
  await seat.signIn();
  const cookies = await seat.context.cookies();
  const first: number[] = [];
  const door: number[] = [];
  const smallest: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    first.push(await timed(browser, cookies, `${stage.where.site}/console/`, "[role=status].worst"));
    smallest.push(await timed(browser, [], `${stage.where.site}/console/icon.svg`, "svg"));
    door.push(await timed(browser, [], `${stage.where.site}/console/sign-in`, "#account"));
  }
  await browser.close();
  await stage.close();
  const told = { first: middle(first), door: middle(door), smallest: middle(smallest), rounds: ROUNDS };
  console.log(JSON.stringify({ ...told, all: { first, door, smallest } }));
  if (process.env["CONSOLE_RESULT"]) writeFileSync(process.env["CONSOLE_RESULT"], JSON.stringify(told) + "\n");
  expect(told.first).toBeGreaterThan(0);
});

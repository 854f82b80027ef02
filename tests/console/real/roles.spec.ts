// Each role before each action that is not its own: the gateway refuses it, whoever sends it, and nothing is written; and the pages do not
// offer it.
import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Role } from "../../../console/src/session";
import { finished, imported, invited, ordered } from "./desk";
import { MENU } from "./menu";
import { cast, type Person } from "./people";
import { late } from "./register";
import { kindsOfDocument, kindsOfGateway, ROLES, routesOfDocument } from "./rights";
import { launch, Seat } from "./seat";
import { hasGateway, Stage } from "./stage";

// What is offered to some: the address, what is written on it, to whom.
const BUTTONS: [path: string, name: RegExp, roles: Role[]][] = [
  ["/records/LIVE", /^变更…/, ["operator"]],
  ["/records/LIVE", /^撤销…/, ["operator"]],
  ["/records/LIVE", /^异议标注…/, ["operator"]],
  ["/records/LIVE", /^信用修复…/, ["operator"]],
  ["/channels", /^暂停/, ["operator", "administrator"]],
  ["/channels", /^收尾/, ["operator", "administrator"]],
  ["/channels", /^测试/, ["operator", "administrator"]],
  ["/clients", /^停用/, ["administrator"]],
  ["/keys", /^轮换/, ["administrator"]],
  ["/maintenance", /^重新载入/, ["administrator"]],
  ["/staff", /^停用/, ["administrator"]],
  ["/staff", /^重置/, ["administrator"]],
];

describe.skipIf(!hasGateway || !existsSync(process.env["CHROMIUM"] ?? "/usr/bin/chromium"))("roles", { timeout: 120000 }, () => {
  const people = cast();
  const players: Record<Role, Person> = { operator: people.lin, reviewer: people.chen, auditor: people.zhao, administrator: people.wang };
  const seats = {} as Record<Role, Seat>;
  let stage: Stage;
  let browser: Browser;
  let both: Seat;
  let live = "";

  beforeAll(async () => {
    stage = await Stage.open();
    browser = await launch(stage.where);
    for (const person of [...Object.values(players), people.he]) await invited(stage, person);
    for (const role of ROLES) seats[role] = await Seat.take(browser, stage.where, players[role]);
    both = await Seat.take(browser, stage.where, people.he);
    for (const seat of [...Object.values(seats), both]) await seat.signIn();
    // One record in force, one that waits, one of who both proposes and reviews.
    await imported(seats.operator, late.slice(0, 3));
    live = await ordered(seats.operator, "propose", late[0]!);
    await ordered(seats.reviewer, "approve", late[0]!);
    await ordered(seats.operator, "propose", late[1]!);
    await ordered(both, "propose", late[2]!);
  }, 120000);
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  }, 60000);
  const journal = async (): Promise<number> => ((await seats.auditor.call("GET", "/admin/v1/status")).body as { journal: { size: number } }).journal.size;

  it("reads the gateway's own table, and the document says the same", () => {
    const kinds = kindsOfGateway();

    expect(kinds.size).toBeGreaterThan(25);
    expect([...kinds].sort()).toEqual([...kindsOfDocument()].sort());
    expect(routesOfDocument({}).length).toBeGreaterThan(15);
  });

  it("is refused every order that is another's, and nothing is written", async () => {
    const before = await journal();
    const wrong: string[] = [];
    let tried = 0;

    for (const [kind, roles] of kindsOfGateway())
      for (const role of ROLES.filter((one) => !roles.includes(one))) {
        const answer = await seats[role].call("POST", `/admin/v1/jobs/${kind}`, { ids: [live] });

        tried++;
        if (answer.status !== 403 || answer.rule !== "staff.role") wrong.push(`${role} ${kind}: ${answer.status} ${answer.rule}`);
      }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(50);
    expect(await journal()).toBe(before);
  });

  it("is refused every path that is another's, and answered on its own", async () => {
    const before = await journal();
    const wrong: string[] = [];

    for (const route of routesOfDocument({ id: live, record: live, uscc: late[0]!.uscc, name: "lin" }).filter((one) => !one.path.endsWith("/events")))
      for (const role of ROLES) {
        const isAllowed = route.roles.includes(role);
        // What one may do to the staff is not tried here: it would be done.
        if (isAllowed && route.method === "POST") continue;
        const answer = await seats[role].call(route.method, route.path);
        if (isAllowed ? answer.rule === "staff.role" || (answer.rule === "http.path" && !route.isOfOne) : answer.status !== 403 || answer.rule !== "staff.role")
          wrong.push(`${role} ${route.method} ${route.path}: ${answer.status} ${answer.rule}`);
      }
    expect(wrong).toEqual([]);
    expect(await journal()).toBe(before);
  });

  for (const role of ROLES)
    it(`finds in its pages what is the ${role}'s and nothing else`, async () => {
      const seat = seats[role];
      const wrong: string[] = [];

      await seat.open("/");
      const menu = await seat.page.getByRole("navigation").getByRole("link").allInnerTexts();
      const told = MENU.filter(([, , roles]) => roles.includes(role)).map(([name]) => name);
      expect(told.filter((name) => !menu.includes(name))).toEqual([]);
      for (const [name, path, roles] of MENU) {
        if (roles.includes(role)) continue;
        if (menu.includes(name)) wrong.push(`${name} is in the menu`);
        await seat.open(path);
        if (new URL(seat.page.url()).pathname !== "/console/") wrong.push(`${path} is open`);
      }
      for (const [path, name, roles] of BUTTONS) {
        await seat.open(path.replace("LIVE", live.replace(/@.*/, "")));
        if (roles.includes(role)) await seat.button(name).first().waitFor();
        else if ((await seat.button(name).count()) > 0) wrong.push(`${path}: ${name}`);
      }
      expect(wrong).toEqual([]);
      expect(seat.complaints).toEqual([]);
    });

  it("lets nobody hold both sides of the four eyes", async () => {
    const waiting = await both.call("GET", "/admin/v1/records?list=waiting");
    const own = (waiting.body as { records: { proposal: number; record: { record: string; proposed_by: string } }[] }).records.find((one) => one.record.proposed_by === "he")!;
    const before = await journal();
    const answer = await both.call("POST", "/admin/v1/jobs/approve", { ids: [`${own.record.record}@${own.proposal}`] });

    expect(answer.status, JSON.stringify(answer.body)).toBe(202);
    const report = await finished<{ refused: number }>(both, (answer.body as { job: string }).job);
    expect(report.refused).toBe(1);
    expect(JSON.stringify(report)).toContain("record.same-person");
    expect(await journal()).toBe(before);
    await both.open("/review");
    await both.sees(late[2]!.name);
    expect(await both.row(late[2]!.name).first().locator("input[type=checkbox]").isDisabled()).toBe(true);
    expect(await both.row(late[1]!.name).first().locator("input[type=checkbox]").isDisabled()).toBe(false);
  });
});

// The whole story on the real gateway, with all three platforms of the sandbox: two people before two browsers, one file with errors, one
// enterprise wrongly in it, a push of which a row is refused, its correction, a repair. What the platforms hold in the end is counted.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Role } from "../../../console/src/session";
import { ask, lookUp } from "./bank";
import { invitation, invited } from "./desk";
import { MENU } from "./menu";
import { cast } from "./people";
import { file, inTime, late, spoilt } from "./register";
import { launch, Seat } from "./seat";
import { hasGateway, Stage } from "./stage";

const CHANNELS = ["credit-guangdong", "national-platform", "credit-china"] as const;
const REPORTS = ["exits", "lists", "summary", "quality", "lookups"];
const DOCUMENT = "粤发改信〔2026〕11号";
// Who is who: two spoilt rows, then what happens to each of the others.
const [returned, refused, wrong, repaired, kept, ended] = late as [(typeof late)[0], (typeof late)[0], (typeof late)[0], (typeof late)[0], (typeof late)[0], (typeof late)[0]];
const badCode = late[6]!;
const badDay = late[7]!;

interface Life {
  record: string;
  state: string;
  versions: { version: number; deliveries: { channel: string; state: string }[] }[];
}

describe.skipIf(!hasGateway || !existsSync(process.env["CHROMIUM"] ?? "/usr/bin/chromium"))("story", { timeout: 120000 }, () => {
  const people = cast();
  let stage: Stage;
  let browser: Browser;
  let lin: Seat;
  let chen: Seat;

  beforeAll(async () => {
    stage = await Stage.open();
    browser = await launch(stage.where);
    lin = await Seat.take(browser, stage.where, people.lin);
    chen = await Seat.take(browser, stage.where, people.chen);
  }, 60000);
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  }, 60000);

  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    await lin.picture("failed-lin");
    await chen.picture("failed-chen");
  });

  async function record(uscc: string): Promise<Life> {
    const enterprise = (await lin.call("GET", `/console/api/enterprises/${uscc}`)).body as { obligations: { obligation: string }[] };

    return (await lin.call("GET", `/admin/v1/records/${enterprise.obligations[0]!.obligation}`)).body as Life;
  }
  // Until the newest version of the record is where it should be on that channel.
  async function reaches(uscc: string, channel: string, state: string): Promise<void> {
    for (const end = Date.now() + 40000; ; ) {
      const deliveries = (await record(uscc)).versions.at(-1)?.deliveries ?? [];

      if (deliveries.some((one) => one.channel === channel && one.state === state)) return;
      if (Date.now() > end) throw new Error(`${uscc} does not become ${state} on ${channel}: ${JSON.stringify(deliveries)}`);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  }
  const everywhere = async (...ones: { uscc: string }[]): Promise<void> => {
    for (const one of ones) for (const channel of CHANNELS) await reaches(one.uscc, channel, "acknowledged");
  };
  async function approve(...names: string[]): Promise<void> {
    await chen.open("/review");
    for (const name of names) await chen.tick(name);
    await chen.press(`批准 ${names.length} 条`);
    await chen.sees(`完成 ${names.length}`);
  }
  async function push(...names: string[]): Promise<void> {
    await lin.open("/push");
    for (const name of names) await lin.tick(name);
    await lin.press(`报送 ${names.length} 条…`);
    await lin.picture("story-push-asking");
    await lin.answer("报送");
    await lin.sees(`完成 ${names.length}`);
    await lin.picture("story-pushed");
  }
  async function change(uscc: string, what: string, reason: string): Promise<void> {
    await lin.open(`/records/${(await record(uscc)).record}`);
    await lin.press(`${what}…`);
    await lin.fill("理由", reason);
  }
  // What would happen is shown first; only then it can be submitted.
  async function preview(): Promise<void> {
    await lin.page.getByRole("dialog").filter({ visible: true }).getByRole("button", { name: "预览" }).click();
  }
  async function submit(): Promise<void> {
    await preview();
    await lin.sees("以下只是预览");
    await lin.picture("story-preview");
    await lin.answer("提交复核");
  }
  async function propose(names: string[], severity: "一般" | "轻微" = "一般"): Promise<void> {
    await lin.open("/propose");
    for (const name of names) await lin.tick(name);
    await lin.fill("认定文号", DOCUMENT);
    if (severity !== "一般") await lin.choose("失信程度", severity);
    await lin.press(`预览 ${names.length} 条…`);
    await lin.sees(`可行 ${names.length} 项`);
    await lin.picture("story-propose-asking");
    await lin.answer(`提出 ${names.length} 条`);
    await lin.sees(`完成 ${names.length}`);
  }

  it("lets each set password and authenticator with an invitation, and in", async () => {
    for (const seat of [lin, chen]) {
      await seat.enrol(await invitation(stage, seat.person!.name));
      await seat.signIn();
      await seat.sees(seat.person!.title);
    }
  });

  async function correct(line: number, column: number, text: string): Promise<void> {
    await lin.page.locator(`#cell-${line}-${column}`).dblclick();
    await lin.page.keyboard.press("Control+A");
    await lin.page.keyboard.type(text);
    await lin.page.keyboard.press("Enter");
  }

  it("takes the good rows of a file, and tells what is wrong with the others, and where", async () => {
    const rows = [...late.slice(0, 6), ...inTime].map((one) => one.cells);

    rows.splice(2, 0, spoilt(badCode, "统一社会信用代码", badCode.uscc.slice(0, 17) + (badCode.uscc.endsWith("X") ? "Y" : "X")));
    rows.splice(5, 0, spoilt(badDay, "退出期限", "2020年2月30日"));
    await lin.go("导入台账");
    await lin.page.locator("input[type=file]").setInputFiles(file("台账.csv", rows));
    await lin.sees("拒绝 2");
    await lin.page.locator("details summary").click();
    await lin.sees("最后一位校验码不符");
    await lin.sees("这一天不存在");
    await lin.picture("story-import");
    const [rest] = await Promise.all([lin.page.waitForEvent("download"), lin.press(/^下载被拒的 2 行/)]);
    expect(readFileSync(await rest.path()).subarray(0, 2).toString()).toBe("PK");
    // Corrected in the grid, looked at again, imported; then the whole file is given again: what is there is left as it is.
    await correct(4, 1, badCode.uscc);
    await correct(7, 11, badDay.cells[11]!);
    await lin.press(/^重新检查/);
    await lin.sees("拒绝 0");
    await lin.press(/^导入无误的 12 行/);
    await lin.answer("导入");
    await lin.sees("已导入：新增或变更 12 行，未变 0 行，拒绝 0 行");
    await lin.picture("story-imported");
    await lin.page.locator("input[type=file]").setInputFiles(file("台账.csv", [...late, ...inTime].map((one) => one.cells)));
    await lin.sees("未变 12，拒绝 0");
  });

  it("proposes what is late; nothing of it is in force", async () => {
    await propose(late.slice(0, 6).filter((one) => one !== repaired).map((one) => one.name));
    await propose([repaired.name], "轻微");
    await lin.open("/");
    await chen.open("/");
    await chen.sees("条待我复核");
    expect(await lookUp(stage.where, kept.uscc)).toBe("not-listed");
  });

  it("returns one with a reason, and approves the others", async () => {
    await chen.go("复核");
    await chen.tick(returned.name);
    expect(await chen.button("退回 1 条").isDisabled()).toBe(true);
    await chen.picture("story-review");
    await chen.fill("意见", "责令文书送达回证未附，请补充");
    await chen.press("退回 1 条");
    await chen.sees("完成 1");
    await approve(...late.slice(1, 6).map((one) => one.name));
    expect(await lookUp(stage.where, kept.uscc)).toBe("listed");
    expect(await lookUp(stage.where, returned.uscc)).toBe("not-listed");
  });

  it("brings what was returned back to its operator, with the reason, to be proposed again", async () => {
    await lin.open("/");
    await lin.page.getByRole("link", { name: /被退回/ }).click();
    await lin.sees(returned.name);
    await lin.page.getByRole("link", { name: returned.name }).first().click();
    await lin.sees("送达回证未附");
    await propose([returned.name]);
    await approve(returned.name);
  });

  it("pushes, and tells in plain words what a platform refused", async () => {
    await stage.control("POST", "faults", {
      next: [{ fault: "refuse-row", rowid: (await record(refused.uscc)).record, code: "10004", message: "认定文号格式不符", platform: "credit-guangdong" }],
    });
    await push(...late.slice(0, 6).map((one) => one.name));
    await reaches(refused.uscc, "credit-guangdong", "refused");
    await everywhere(returned, wrong, repaired, kept, ended);
    await lin.open("/channels");
    await lin.sees(refused.name);
    await lin.sees("认定文号格式不符");
    await lin.picture("story-refused");
  });

  it("corrects what was refused; a second person approves; it goes all the way", async () => {
    await change(refused.uscc, "变更", "按平台要求更正文号格式");
    await lin.fill(/^认定文号/, "粤发改信〔2026〕12号");
    await submit();
    await approve(refused.name);
    await push(refused.name);
    await everywhere(refused);
    await lin.open("/channels");
    await lin.sees("没有被拒收的报送");
  });

  it("marks as disputed who should not be in it, then withdraws; nobody is told of it any more", async () => {
    await change(wrong.uscc, "异议标注", "企业提出：设备已于期限前拆除");
    await submit();
    await approve(wrong.name);
    await push(wrong.name);
    await change(wrong.uscc, "撤销", "经核实，设备确于期限前拆除");
    await submit();
    await approve(wrong.name);
    expect(await lookUp(stage.where, wrong.uscc)).toBe("not-listed");
    await push(wrong.name);
    await everywhere(wrong);
  });

  async function askRepair(uscc: string): Promise<void> {
    await change(uscc, "信用修复", "已拆除并经现场核查");
    await lin.fill(/^纠正证明/, "主体设备已于本月拆除，现场核查属实");
    await lin.fill(/^义务履行情况/, "罚款已缴清");
    await lin.page.getByText("全部义务已履行完毕").click();
  }
  it("repairs who has put it right, and nobody before the shortest time is over", async () => {
    await askRepair(kept.uscc);
    await preview();
    await lin.sees("最短公示期未满");
    expect(await lin.button("提交复核").isDisabled()).toBe(true);
    await lin.answer("取消");
    await askRepair(repaired.uscc);
    await submit();
    await approve(repaired.name);
    expect(await lookUp(stage.where, repaired.uscc)).toBe("not-listed");
    await push(repaired.name);
    await everywhere(repaired);
  });

  it("has told every platform every version once and in order", async () => {
    const ids = new Map<string, string>();

    for (const one of late.slice(0, 6)) ids.set(one.uscc, (await record(one.uscc)).record);
    for (const channel of CHANNELS) {
      const told = async (uscc: string): Promise<number[][]> => {
        const state = await stage.control<{ records: Record<string, { applied: { VERSION: number; OP: number }[]; different: number; older: number }> }>("GET", `state?platform=${channel}&rowid=${ids.get(uscc)}`);
        const held = state.records[ids.get(uscc)!];

        expect(held, `${channel} ${uscc}`).toMatchObject({ different: 0, older: 0 });
        return held!.applied.map((one) => [one.VERSION, one.OP]);
      };
      for (const one of [returned, kept, ended]) expect(await told(one.uscc), channel).toEqual([[1, 1]]);
      expect(await told(refused.uscc), channel).toEqual([[2, 2]]);
      expect(await told(wrong.uscc), channel).toEqual([[1, 1], [2, 5], [3, 3]]);
      expect((await told(repaired.uscc)).length, channel).toBe(2);
    }
  });

  it("can be proved to somebody who has the keys and nothing else", async () => {
    const keys = `${stage.where.folder}/keys.json`;
    const seal = `${stage.where.folder}/seal.json`;

    writeFileSync(keys, (await ask(stage.where, "/v1/keys")).text);
    for (const one of [kept, wrong, repaired]) {
      writeFileSync(seal, JSON.stringify((await lin.call("GET", `/admin/v1/records/${(await record(one.uscc)).record}/seal`)).body));
      await stage.command("verify", seal, "--keys", keys);
    }
    // One letter of what was sealed changed: it is not good any more.
    const text = readFileSync(seal, "utf8");
    const at = text.indexOf('"payload":"') + 30;
    writeFileSync(seal, text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1));
    await expect(stage.command("verify", seal, "--keys", keys)).rejects.toThrow();
  });

  it("leaves a picture of every page, in both languages, of what is there now", async () => {
    const wang = await Seat.take(browser, stage.where, people.wang);
    const zhao = await Seat.take(browser, stage.where, people.zhao);
    const stranger = await Seat.take(browser, stage.where, null);
    const ofRole: [Role, Seat][] = [["operator", lin], ["reviewer", chen], ["auditor", zhao], ["administrator", wang]];
    const pages: [name: string, path: string, seat: Seat][] = [
      ["sign-in", "/sign-in", stranger],
      ["enrol", "/enrol", stranger],
      ["enterprise", `/enterprises/${wrong.uscc}`, zhao],
      ["record-in-force", `/records/${(await record(kept.uscc)).record}`, lin],
      ["record-withdrawn", `/records/${(await record(wrong.uscc)).record}`, lin],
      ["staff-administrator", "/staff", wang],
      ["clients-administrator", "/clients", wang],
      ["channels-administrator", "/channels", wang],
    ];

    for (const [, path, roles] of MENU) pages.push([path.slice(1) || "today", path, ofRole.find(([role]) => roles.includes(role))![1]]);
    for (const report of REPORTS) pages.push([`reports-${report}`, `/reports?report=${report}`, zhao]);
    for (const seat of [wang, zhao]) {
      await invited(stage, seat.person!);
      await seat.signIn();
    }
    for (const [name, path, seat] of pages) {
      await seat.open(path);
      await seat.picture(`real-${name}-zh`);
      // The language is changed where one is; nothing is loaded anew.
      await seat.press("English");
      await seat.rest();
      await seat.picture(`real-${name}-en`);
      await seat.press("中文");
      expect(await seat.page.getByRole("alert").count(), name).toBe(0);
    }
    for (const seat of [stranger, wang, zhao]) expect(seat.complaints).toEqual([]);
  }, 300000);

  it("was walked without a complaint of the browser", () => {
    expect([...lin.complaints, ...chen.complaints]).toEqual([]);
  });
});

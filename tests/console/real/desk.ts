// What has to be there before a test begins, made without the pages: accounts, a register, records.
import { request } from "node:https";
import { readFileSync } from "node:fs";
import { PASSWORD, type Person } from "./people";
import { file, type Company } from "./register";
import type { Seat } from "./seat";
import type { Stage } from "./stage";

const today = (): string => new Date(Date.now() + 8 * 3600000).toISOString().slice(0, 10);

export async function invitation(stage: Stage, name: string): Promise<string> {
  return (JSON.parse(await stage.command("account", "invite", name, "--json")) as { invitation: string }).invitation;
}

// Has password and authenticator, as if set in the pages.
export async function invited(stage: Stage, person: Person): Promise<void> {
  const code = await invitation(stage, person.name);
  const enrol = (more: object): Promise<string> => post(stage, "/console/api/enrol", { account: person.name, invitation: code, ...more });

  person.secret = (JSON.parse(await enrol({})) as { secret: string }).secret;
  await enrol({ password: PASSWORD, code: await person.code() });
}

function post(stage: Stage, path: string, body: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(stage.where.site + path, { method: "POST", ca: readFileSync(`${stage.where.folder}/ca.pem`), agent: false }, (answer) => {
      const parts: Buffer[] = [];

      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        const text = Buffer.concat(parts).toString();
        if (answer.statusCode && answer.statusCode < 300) resolve(text);
        else reject(new Error(`${path}: ${answer.statusCode} ${text}`));
      });
    });
    asked.on("error", reject);
    asked.end(JSON.stringify(body));
  });
}

// The job that was made, done; its report.
export async function finished<T>(seat: Seat, job: string): Promise<T> {
  for (const end = Date.now() + 30000; ; ) {
    const state = ((await seat.call("GET", `/admin/v1/jobs/${job}`)).body as { state: string }).state;

    if (state === "done") return (await seat.call("GET", `/admin/v1/jobs/${job}/report?format=json&offset=0`)).body as T;
    if (state === "failed" || Date.now() > end) throw new Error(`job ${job} is ${state}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export async function imported(seat: Seat, companies: Company[]): Promise<void> {
  const answer = await seat.call("POST", "/admin/v1/jobs/import?file=register.csv", file("register.csv", companies.map((one) => one.cells)).buffer.toString());
  const report = await finished<{ refused: number }>(seat, (answer.body as { job: string }).job);

  if (report.refused !== 0) throw new Error(`import: ${JSON.stringify(report)}`);
}

// Proposes a record of a company, or approves it; the record's id.
export async function ordered(seat: Seat, kind: "propose" | "approve", company: Company): Promise<string> {
  const { obligations } = (await seat.call("GET", `/console/api/enterprises/${company.uscc}`)).body as { obligations: { obligation: string }[] };
  const day = today();
  const order =
    kind === "propose"
      ? { ids: [obligations[0]!.obligation], on: day, decided_on: day, document: "粤发改信〔2026〕11号", severity: "general" }
      : { ids: [((await seat.call("GET", `/admin/v1/records/${obligations[0]!.obligation}`)).body as { record: string }).record] };
  const answer = await seat.call("POST", `/admin/v1/jobs/${kind}`, order);
  const report = await finished<{ done: number; items: { record: string }[] }>(seat, (answer.body as { job: string }).job);

  if (report.done !== 1) throw new Error(`${kind}: ${JSON.stringify(report)}`);
  return report.items[0]!.record;
}

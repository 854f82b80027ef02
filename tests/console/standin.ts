// A stand-in for the gateway, so that every page can be seen and tried where there is no gateway: it serves the built
// console under the very policy that the gateway serves it under, and answers from fixtures. It keeps what it is sent
// (`sent`), and does what the gateway would refuse to do as the gateway would: by role, by session, by forgery token.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { ANSWERS, JOBS, type Asked } from "./answers";
import { people, type PersonName } from "./people";

const DIST = `${process.env["CONSOLE_DIST"] ?? fileURLToPath(new URL("../../console/dist", import.meta.url))}/`;
const GATEWAY = readFileSync(new URL("../../gateway/api/console.c", import.meta.url), "utf8");
// What the gateway says, read where it says it.
export const POLICY = [...(/ POLICY\[\] =((?:\s*"[^"]*")+);/.exec(GATEWAY)?.[1] ?? "").matchAll(/"([^"]*)"/g)].map((part) => part[1]).join("");
const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};
export const FORGERY = "forgery-token-of-this-session";

const SEEN = ["preview", "propose", "approve", "return", "correct", "withdraw", "dispute", "settle", "repair", "push", "requeue"];
// What is about no record says it beside: "seen".
const SEEN_BESIDE = ["pause", "drain", "resume", "client-suspend", "client-resume", "reload"];

export interface Sent {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  by: string;
}
export interface Wrong {
  status: number;
  rule: string;
  detail: string;
  detail_zh: string;
  [more: string]: unknown;
}

export class StandIn {
  readonly sent: Sent[] = [];
  // Refusals that a test wants: by "POST /admin/v1/jobs/push" and the like; each once.
  readonly refuse = new Map<string, Wrong>();
  // What a job's report says in place of the usual: by kind.
  readonly reports = new Map<string, unknown>();
  // What the next event says otherwise than the usual.
  event: object = {};
  isSessionOver = false;
  private readonly jobs = new Map<string, { kind: string; report: string; problem?: Wrong }>();
  private readonly server: Server = createServer((request, response) => void this.take(request, response));

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
  forget(): void {
    this.sent.length = 0;
    this.refuse.clear();
    this.reports.clear();
    this.isSessionOver = false;
    this.event = {};
  }
  sentTo(path: string): Sent | undefined {
    return this.sent.filter((one) => one.path === path).pop();
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://standin");
    const parts: Buffer[] = [];

    for await (const part of request) parts.push(part as Buffer);
    if (url.pathname.startsWith("/console/") && !url.pathname.startsWith("/console/api/")) await this.file(url.pathname, response);
    else this.answer(request, url, Buffer.concat(parts), response);
  }

  private async file(path: string, response: ServerResponse): Promise<void> {
    const name = path.slice("/console/".length).replace(/\.\./g, "");
    const ending = name.split(".").pop() ?? "";
    const isPage = !name.includes(".");

    try {
      const bytes = await readFile(DIST + (isPage ? "index.html" : name));
      response.writeHead(200, {
        "Content-Type": TYPES[isPage ? "html" : ending] ?? "application/octet-stream",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache",
      });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }

  private answer(request: IncomingMessage, url: URL, bytes: Buffer, response: ServerResponse): void {
    const method = request.method ?? "GET";
    const cookie = /session=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
    const person = cookie && !this.isSessionOver ? people[cookie as PersonName] : undefined;
    const type = request.headers["content-type"] ?? "";
    const body: unknown = type.startsWith("application/json") && bytes.length ? JSON.parse(bytes.toString("utf8")) : bytes;
    const key = `${method} ${url.pathname}`;
    const wrong = this.refuse.get(key);
    const asked: Asked = { method, path: url.pathname, query: Object.fromEntries(url.searchParams), body, person: person ?? null };

    if (!url.pathname.endsWith("/events")) this.sent.push({ ...asked, by: person?.name ?? "" });
    if (wrong) {
      this.refuse.delete(key);
      return this.problem(response, wrong);
    }
    if (!person && !["/console/api/sign-in", "/console/api/enrol", "/console/api/certificate"].includes(url.pathname))
      return this.problem(response, { status: 401, rule: "session.none", detail: "sign in first", detail_zh: "请先登录" });
    if (method !== "GET" && person && request.headers["x-creditgate-forgery"] !== FORGERY)
      return this.problem(response, { status: 403, rule: "session.forgery", detail: "the forgery token is missing", detail_zh: "缺少防伪令牌" });
    if (url.pathname.startsWith("/admin/v1/jobs/")) return this.job(asked, bytes, response);
    for (const [pattern, answer] of ANSWERS) {
      const found = pattern.exec(`${method} ${url.pathname}`);
      if (found) return this.reply(response, answer(asked, found));
    }
    this.problem(response, { status: 404, rule: "http.path", detail: `nothing is at ${url.pathname}`, detail_zh: `没有 ${url.pathname}` });
  }

  private job(asked: Asked, bytes: Buffer, response: ServerResponse): void {
    const rest = asked.path.slice("/admin/v1/jobs/".length);
    const [id, what] = rest.split("/");
    const job = this.jobs.get(id ?? "");

    if (asked.method === "POST") {
      const kind = JOBS[rest];
      if (!kind) return this.problem(response, { status: 404, rule: "job.kind", detail: "there is no such kind of job", detail_zh: "没有这种任务" });
      if (!asked.person?.roles.some((role) => kind.roles.includes(role)))
        return this.problem(response, { status: 403, rule: "staff.role", detail: `${asked.person?.name} lacks the role for this`, detail_zh: `${asked.person?.name} 没有所需角色` });
      // An order that changes something says what its page showed.
      const ids = (asked.body as { ids?: unknown[] }).ids;
      if (SEEN.includes(rest) && !ids?.every((one) => /^[R0-9a-f]+@\d+$/.test(String(one))))
        return this.problem(response, { status: 400, rule: "order.seen", detail: "say which version was seen", detail_zh: "请指明所见版本" });
      if (SEEN_BESIDE.includes(rest) && !(asked.body as { seen?: string }).seen)
        return this.problem(response, { status: 400, rule: "order.seen", detail: "say what was seen", detail_zh: "请指明所见状态" });
      const made = `j${this.jobs.size + 1}`;
      const answer = this.reports.get(rest) ?? kind.run(asked, bytes);
      this.jobs.set(made, { kind: rest, report: JSON.stringify(answer) });
      response.writeHead(202, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ job: made }));
      return;
    }
    if (!job) return this.problem(response, { status: 404, rule: "job.unknown", detail: "no such job", detail_zh: "没有这个任务" });
    if (what === "report" && asked.query["format"] === "xlsx") return this.workbook(Number(asked.query["offset"] ?? 0), response);
    if (what === "report") {
      const all = Buffer.from(job.report);
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(all.subarray(Number(asked.query["offset"] ?? 0), Number(asked.query["offset"] ?? 0) + 256 * 1024));
      return;
    }
    this.reply(response, { job: id, kind: job.kind, person: asked.person?.name, state: "done", done: 1, of: 1, result: { exit: 0 } });
  }

  // What is in it is the gateway's: here it only has bytes.
  private workbook(offset: number, response: ServerResponse): void {
    const bytes = Buffer.from("PK\x03\x04 a workbook");

    response.writeHead(200, { "Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" });
    response.end(bytes.subarray(offset));
  }

  private reply(response: ServerResponse, answer: unknown): void {
    if (typeof answer === "object" && answer !== null && "workbook" in answer) return this.workbook(0, response);
    // One event, and the answer ends; the browser comes again by itself.
    if (typeof answer === "object" && answer !== null && "event" in answer) {
      const event = { ...((answer as { event: object }).event), ...this.event };
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      response.end(`retry: 200\nid: 1\nevent: today\ndata: ${JSON.stringify(event)}\n\n`);
      return;
    }
    if (typeof answer === "object" && answer !== null && "wrong" in answer) return this.problem(response, (answer as { wrong: Wrong }).wrong);
    if (typeof answer === "object" && answer !== null && "cookie" in answer) {
      const made = answer as { cookie: string; body: unknown };
      response.writeHead(200, { "Content-Type": "application/json", "Set-Cookie": `session=${made.cookie}; Path=/; HttpOnly; SameSite=Strict` });
      response.end(JSON.stringify(made.body));
      return;
    }
    if (answer === undefined) response.writeHead(204).end();
    else response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
  }

  private problem(response: ServerResponse, wrong: Wrong): void {
    response.writeHead(wrong.status, { "Content-Type": "application/problem+json" });
    response.end(JSON.stringify({ type: `urn:creditgate:problem:${wrong.rule}`, title: "Refused", title_zh: "未能办理", ...wrong }));
  }
}

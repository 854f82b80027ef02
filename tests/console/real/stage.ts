// The real gateway and the real sandbox, started by stage.sh from what was built (CREDITGATE names the binary), and ended with it.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const BINARY = process.env["CREDITGATE"] ?? fileURLToPath(new URL("../../../build/dev/bin/creditgate", import.meta.url));
export const hasGateway = existsSync(BINARY);

export interface Where {
  folder: string;
  // Where the console is, and where outside systems ask.
  site: string;
  gateway: string;
  // Base64 of the SHA-256 of the server's public key.
  key: string;
}
export interface Held {
  versions: { version: number; op: number; count: number }[];
  [more: string]: unknown;
}

export class Stage {
  private constructor(
    readonly where: Where,
    private readonly process: ChildProcess,
    private readonly said: () => string,
  ) {}

  static async open(): Promise<Stage> {
    const child = spawn(fileURLToPath(new URL("stage.sh", import.meta.url)), [BINARY], { stdio: ["pipe", "pipe", "pipe"] });
    let complaints = "";
    let line = "";

    child.stderr.on("data", (part: Buffer) => (complaints += part.toString()));
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (part: Buffer) => {
        line += part.toString();
        if (line.includes("\n")) resolve();
      });
      child.on("exit", (status) => reject(new Error(`the stage ended with ${status}: ${complaints}`)));
    });
    return new Stage(JSON.parse(line.split("\n")[0]!) as Where, child, () => complaints + line.slice(line.indexOf("\n") + 1));
  }

  // Good when the journal makes the same tables again and no process complained.
  async close(): Promise<void> {
    const ended = new Promise<number | null>((resolve) => this.process.on("exit", resolve));

    this.process.stdin?.end();
    const status = await ended;
    if (status !== 0) throw new Error(`the stage ended with ${status}: ${this.said()}`);
  }

  // What an operator types on the machine itself; throws what was said when it failed.
  async command(...given: string[]): Promise<string> {
    // What is proved from files alone takes no configuration.
    const where = given[0] === "verify" ? [] : ["--config", `${this.where.folder}/creditgate.yaml`];
    const done = await promisify(execFile)(BINARY, [...given, ...where, "--lang", "en"], { env: { PATH: process.env["PATH"] } });
    return done.stdout;
  }

  // What tests may ask of the sandbox, or order it to do (sandbox/control.h).
  control<T>(method: "GET" | "POST" | "DELETE", path: string, order?: object): Promise<T> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: `${this.where.folder}/control.sock`, method, path: `/control/${path}` }, (answer) => {
        const parts: Buffer[] = [];

        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () => {
          const text = Buffer.concat(parts).toString();
          if (answer.statusCode && answer.statusCode < 300) resolve((text ? JSON.parse(text) : null) as T);
          else reject(new Error(`control ${path}: ${answer.statusCode} ${text}`));
        });
      });
      asked.on("error", reject);
      asked.end(order && JSON.stringify(order));
    });
  }
}

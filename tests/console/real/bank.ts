// A bank asks by code, with its own certificate, as any outside system does.
import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { Where } from "./stage";

export function ask(where: Where, path: string): Promise<{ status: number; text: string }> {
  const read = (name: string): Buffer => readFileSync(`${where.folder}/${name}`);

  return new Promise((resolve, reject) => {
    const asked = request(where.gateway + path, { ca: read("ca.pem"), cert: read("bank.pem"), key: read("bank.key"), agent: false }, (answer) => {
      const parts: Buffer[] = [];

      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

// The verdict, or why there is none.
export async function lookUp(where: Where, uscc: string): Promise<string> {
  const answer = await ask(where, `/v1/lookups/lending/${uscc}?purpose=credit-review&matter=M-1&case=C-1`);
  const told = JSON.parse(answer.text) as { verdict?: string; rule?: string };

  return told.verdict ?? `${answer.status} ${told.rule}`;
}

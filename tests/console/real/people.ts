// Who plays: the accounts of stage.sh, with an authenticator each.
import { createHmac } from "node:crypto";
import type { Role } from "../../../console/src/session";

export const PASSWORD = "correct horse battery staple";
const STEP_S = 30;

// RFC 6238, as the app on a telephone does it.
function oneTimeCode(secret: string, step: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((one) => alphabet.indexOf(one).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);

  counter.writeBigUInt64BE(BigInt(step));
  const hash = createHmac("sha1", key).update(counter).digest();
  return String((hash.readUInt32BE(hash[19]! & 15) & 0x7fffffff) % 1000000).padStart(6, "0");
}

export class Person {
  secret = "";
  private used = 0;

  constructor(
    readonly name: string,
    readonly title: string,
    readonly roles: Role[],
  ) {}

  // The earliest code that is good now and was not used: of the step before, of now, of the next. Else it is waited for.
  async code(): Promise<string> {
    for (;;) {
      const now = Math.floor(Date.now() / 1000 / STEP_S);
      const step = Math.max(this.used + 1, now - 1);
      // The one before may be over when the code arrives.
      const late = step === now - 1 && (Date.now() / 1000) % STEP_S > STEP_S - 5 ? step + 1 : step;

      if (late <= now + 1) {
        this.used = late;
        return oneTimeCode(this.secret, late);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

export const cast = () => ({
  lin: new Person("lin", "林经办", ["operator"]),
  ma: new Person("ma", "马经办", ["operator"]),
  chen: new Person("chen", "陈复核", ["reviewer"]),
  he: new Person("he", "何兼任", ["operator", "reviewer"]),
  zhao: new Person("zhao", "赵审计", ["auditor"]),
  wang: new Person("wang", "王管理", ["administrator"]),
});

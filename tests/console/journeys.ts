// GET /console/api/deliveries of the stand-in: the first that is asked for was refused, the others are on their way.
import type { Journey } from "../../console/src/records";
import { lifeOf, NOW_MS, recordId, REFUSAL, stories } from "./fixtures";

const CHANNELS = ["credit-guangdong", "national-platform", "credit-china"];

export function journeys(asked: { query: Record<string, string> }): unknown {
  const records = (asked.query["records"] ?? "").split(",").filter((one) => one !== "");

  return {
    records: records.map((record, index): Journey => {
      const story = stories.find((one) => recordId(one.one.obligation) === record)!;
      const states = index === 0 ? ["refused", null, null] : ["acknowledged", index % 2 ? "sending" : "acknowledged", index % 2 ? null : "received"];

      return {
        record, version: 1, op: 1, name: story.one.name, uscc: story.one.uscc, proposal: lifeOf(story).versions[0]!.proposal,
        stages: CHANNELS.map((channel, place) => ({
          channel, delivery: states[place] ? 100 + place : null, state: states[place] ?? null, code: states[place] === "refused" ? "10004" : null,
          message: states[place] === "refused" ? "RDWH：文号中的年份应使用六角括号〔〕" : null, refusal: states[place] === "refused" ? REFUSAL : null,
          attempts: states[place] ? 1 : 0, changed_ms: states[place] ? NOW_MS - 4000 : 0,
        })),
      };
    }),
  };
}

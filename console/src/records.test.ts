import { expect, it } from "vitest";
import { differences, type RecordBody } from "./records";
import { seenProposal } from "./seen";

const body = { record: "R1", version: 1, name: "甲", severity: 2, disputed: false, reason: null, proposed_by: "a" } as RecordBody;

it("tells every field that a version says otherwise, and no other", () => {
  expect(differences(body, { ...body, version: 2, severity: 3, reason: "错", proposed_by: "b" })).toEqual([
    { field: "severity", before: 2, after: 3 },
    { field: "reason", before: null, after: "错" },
  ]);
});
it("tells nothing of the same", () => {
  expect(differences(body, { ...body })).toEqual([]);
});
it("names what was seen by its proposal", () => {
  expect(seenProposal("R0123", 77)).toBe("R0123@77");
});

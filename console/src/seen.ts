// Every order says which version its page showed (docs/console-api.md, "What was seen"): what changed since is refused
// as a whole and shown, never overwritten.
// What is no record tells a version, too: it comes back as "seen" with the order (channels, clients, accounts, the configuration).
import type { Listed } from "./records";

export const seenRecord = (row: Listed): string => `${row.record.record}@${row.proposal}`;
export const seenProposal = (record: string, proposal: number): string => `${record}@${proposal}`;
export const seenObligation = (row: { obligation: string; version: number }): string => `${row.obligation}@${row.version}`;
// A delivery that was refused: by how many calls had carried it.
export const seenRefusal = (row: { delivery: number | null; attempts: number }): string => `${row.delivery}@${row.attempts}`;

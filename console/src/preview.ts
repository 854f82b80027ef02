// What an order would do, found out by the gateway: the job "preview" and the evidence beside a claim (docs/console-api.md).
import { get, order } from "./api";
import type { RecordBody } from "./records";

export type Ordered = "propose" | "correct" | "withdraw" | "repair" | "dispute" | "settle" | "approve" | "return" | "push";

export interface Why {
  rule: string | null;
  zh: string;
  en: string;
}
export interface Sending {
  op: string;
  version: number;
  row: Record<string, string | number>;
}
export interface Sentence {
  topic: "decision" | "publication" | "answers" | "channels" | "watches" | "record";
  zh: string;
  en: string;
}
export interface PreviewItem {
  record: string | null;
  obligation: string | null;
  name: string;
  uscc: string | null;
  version: number | null;
  result: "done" | "refused" | "unchanged";
  why: Why | null;
  needs_approval: boolean;
  approval: Why | null;
  claim: RecordBody | null;
  held: RecordBody | null;
  channels: { channel: string; sends: Sending[]; why: Why | null }[];
  answers: Record<string, [string, string, string, string]>;
  watches: number;
  webhooks: number;
  will: Sentence[];
}
export interface PreviewChannel {
  channel: string;
  title: { zh: string; en: string };
  why: Why | null;
  fields: { code: string; label: string }[];
}
export interface Preview {
  order: Ordered;
  channels: PreviewChannel[];
  domains: { domain: string; title: { zh: string; en: string } }[];
  done: number;
  refused: number;
  skipped: number;
  items: PreviewItem[];
}

// So many are tried in one transaction; more are asked for piece by piece.
export const PREVIEW_MAX = 200;
export async function preview(kind: Ordered, given: object, ids: string[]): Promise<Preview> {
  const parts: Preview[] = [];

  for (let at = 0; at < ids.length; at += PREVIEW_MAX)
    parts.push((await order<Preview>("preview", { order: kind, ...given, ids: ids.slice(at, at + PREVIEW_MAX) })).report);
  const count = (of: (part: Preview) => number): number => parts.reduce((sum, part) => sum + of(part), 0);
  return { ...parts[0]!, done: count((one) => one.done), refused: count((one) => one.refused), skipped: count((one) => one.skipped), items: parts.flatMap((one) => one.items) };
}

// --- the evidence beside a claim ---

export interface EvidenceVersion {
  version: number;
  state: string;
  at: string;
  by: string;
  import: string | null;
  line: number;
  sequence: number;
  row: Record<string, string | number | null>;
  // What the file says in the cells that were corrected when it was imported.
  was?: Record<string, string>;
}
export interface Evidence {
  record: string;
  version: number;
  proposal: number;
  basis: EvidenceVersion;
  now: EvidenceVersion | null;
  changed: string[];
  import: { file: string | null; sha256: string; encoding: string; bytes: number; rows: number; accepted: number; refused: number; by: string; at: string; sequence: number } | null;
  proof: { kind: string; entry: string; proof: string } | null;
}
export const evidenceOf = (record: string): Promise<Evidence> => get(`/console/api/evidence/${record}`);

// Records as GET /admin/v1/records and GET /admin/v1/records/{id} tell them (gateway/api/api.h, gateway/jobs/show_json.h).
export interface RecordBody {
  record: string;
  version: number;
  op: number;
  obligation: string;
  name: string;
  uscc: string;
  region: string | null;
  division: string | null;
  industry: string | null;
  ground: string;
  severity: number;
  scope: number;
  disputed: boolean;
  decided_on: string;
  due: string;
  publication_end: string;
  listing_authority: string;
  document: string;
  order_document: string;
  facts: string;
  order: string;
  reason: string | null;
  statement: string | null;
  proposed_by: string;
  proposed_at: string;
  approved_by: string | null;
  approved_at: string | null;
}

export interface Listed {
  proposal: number;
  state: string;
  record: RecordBody;
}

export interface RecordPage {
  in_list: number | null;
  list: string;
  next: string | null;
  records: Listed[];
}

// A field that a refusal is about, and where it is put right (adapters/layout_meant.h).
export interface RefusedField {
  name: string;
  label: string;
  label_en: string;
  field: string;
  remedy: "record" | "register" | "settings" | "none";
  how: string;
  how_zh: string;
}

export interface Refusal {
  known: boolean;
  why: string;
  why_zh: string;
  advice: string;
  advice_zh: string;
  requeue: string;
  requeue_zh: string;
  fields: RefusedField[];
}

// GET /console/api/deliveries: how far the newest version in force of a record has come.
export interface Stage {
  channel: string;
  delivery: number | null;
  state: string | null;
  code: string | null;
  message: string | null;
  refusal: Refusal | null;
  attempts: number;
  changed_ms: number;
}
export interface Journey {
  record: string;
  version: number;
  op: number;
  name: string;
  uscc: string;
  proposal: number;
  stages: Stage[];
}

export interface Receipt {
  call: string;
  kind: string;
  at: string;
  status: number;
  sequence: number;
  bytes: number;
  body: string;
  encoding: string;
}

export interface Delivery {
  channel: string;
  delivery: number | null;
  state: string;
  call: string | null;
  attempts: number;
  code: string | null;
  message: string | null;
  refusal: Refusal | null;
  queued_ms: number;
  changed_ms: number;
  receipts: Receipt[];
}

export interface Version {
  version: number;
  op: string;
  state: string;
  proposed_by: string;
  proposed_at: string;
  proposal: number;
  decided_by: string | null;
  decided_at: string | null;
  decision: number | null;
  decision_reason: string | null;
  reason: string | null;
  record: RecordBody;
  seal_kids: string[];
  deliveries: Delivery[];
}

export interface Life {
  record: string;
  obligation: string;
  state: string;
  basis: { version: number; state: string; sequence: number; at: string; line: number }[];
  versions: Version[];
  events: { sequence: number; at: string; by: string; type: string }[];
}

// What an order about several things did to each (gateway/jobs/jobs.h).
export interface Outcome {
  record: string | null;
  version: number | null;
  obligation: string | null;
  name: string | null;
  result: "done" | "refused" | "unchanged";
  rule: string | null;
  message: string | null;
}
export interface Outcomes {
  done: number;
  refused: number;
  skipped: number;
  items: Outcome[];
}

// The report of the job "refused" (gateway/jobs/list_refused.c), in the order's language.
export interface RefusedDelivery {
  delivery: number | null; // null: held by us, there is none
  state: "refused" | "held";
  channel: string;
  record: string;
  version: number;
  uscc: string;
  name: string;
  code: string | null;
  reason: string | null;
  why: string;
  advice: string;
  requeue: string;
  fields: RefusedField[];
  attempts: number;
  refused_at: string;
}

export interface Difference {
  field: keyof RecordBody;
  before: unknown;
  after: unknown;
}
const COMPARED: (keyof RecordBody)[] = [
  "name", "uscc", "region", "industry", "ground", "severity", "scope", "disputed", "decided_on", "due", "publication_end",
  "listing_authority", "document", "order_document", "facts", "order", "reason", "statement",
];
// What a version says otherwise than the one before it.
export function differences(before: RecordBody, after: RecordBody): Difference[] {
  return COMPARED.filter((field) => before[field] !== after[field]).map((field) => ({ field, before: before[field], after: after[field] }));
}

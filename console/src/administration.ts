// What administrators and operators see of the gateway itself: the test of a connection, keys, sending a file.
import { get, order } from "./api";

// The job "probe" (docs/console-api.md, gateway/courier/probe.h).
export interface ProbeLayer {
  layer: string;
  state: "ok" | "warning" | "failed" | "not-reached";
  ms: number | null;
  detail: string | null;
  detail_zh: string | null;
  advice: string | null;
  advice_zh: string | null;
  facts: Record<string, unknown>;
}
export interface ProbeReport {
  channel: string;
  protocol: string;
  base: string;
  at: string;
  good: boolean;
  items: ProbeLayer[];
}
export async function probe(channel: string): Promise<ProbeReport> {
  return (await order<ProbeReport>("probe", { ids: [channel] })).report;
}

// GET /admin/v1/keys (gateway/api/admin_keys.c).
export interface KeyShown {
  kid: string;
  algorithm: string;
  use: "seal" | "push" | "checkpoint" | "answer";
  state: "next" | "current" | "ending" | "retired";
  from: string;
  until: string | null;
  days_left: number | null;
}
export async function keys(): Promise<KeyShown[]> {
  return (await get<{ keys: KeyShown[] }>("/admin/v1/keys")).keys;
}

// The job "key-rotate" (gateway/jobs/kind_key.c): `day` "": at once.
export async function rotate(kid: string, day: string, reason: string): Promise<Told> {
  return (await order<Told>("key-rotate", { ids: [kid], reason, ...(day ? { from: day } : {}) })).report;
}

// GET /console/api/certificate: whose client certificate came with this connection.
export interface Presented {
  accounts: { name: string; title: string }[];
  asked: boolean;
  presented: boolean;
}
export const presented = (): Promise<Presented> => get<Presented>("/console/api/certificate");

// A job's report, whatever became of its items.
export interface Told {
  done: number;
  refused: number;
  skipped: number;
  items: { result: string; message: string | null; rule: string | null; [member: string]: unknown }[];
}
// SHA-256 of the configuration in force (gateway/api/admin_clients.c).
export async function configuration(): Promise<string> {
  return (await get<{ configuration: string }>("/admin/v1/clients")).configuration;
}
export async function reload(seen: string): Promise<Told> {
  return (await order<Told>("reload", { seen })).report;
}

export interface Compared {
  channel: string;
  basis: "holdings" | "receipts";
  count: number;
  items: { verdict?: string; record?: string; name?: string; uscc?: string; result?: string | null; message?: string | null; [more: string]: unknown }[];
  [counted: string]: unknown;
}
export async function reconcile(channel: string, reason?: string): Promise<Compared> {
  return (await order<Compared>(reason ? "reconcile-repair" : "reconcile", { ids: [channel], ...(reason ? { reason } : {}) })).report;
}

// GET /admin/v1/trace (gateway/api/admin_trace_search.c): auditors read who asked what. Reading is traced itself.
import { get } from "./api";

export interface TraceEntry {
  at: string;
  by: string;
  department: string | null;
  operator: string | null;
  domain: string;
  purpose: string | null;
  uscc: string | null;
  name: string | null;
  verdict: string | null;
  status: number;
  refusal: string | null;
  receipt: string;
  test: boolean;
  [more: string]: unknown;
}
export interface TracePage {
  end: number;
  entries: TraceEntry[];
  next: number | null;
  receipt: string;
}
export interface TraceSearch {
  uscc?: string;
  by?: string;
  operator?: string;
  department?: string;
  domain?: string;
  since?: string;
  until?: string;
  reason: string;
}

// What was asked about one enterprise, the newest first: so many looks of the gateway, until there is something.
export async function lookupsAbout(uscc: string, reason: string, from?: number): Promise<TracePage> {
  const path = `/console/api/enterprises/${encodeURIComponent(uscc)}/lookups`;
  let page = await get<TracePage>(path, { reason, from });

  while (page.entries.length === 0 && page.next !== null) page = await get<TracePage>(path, { reason, from: page.next });
  return page;
}

// A page that is there may be empty while others follow: looked through until there is something, or the log ends.
export async function searchTrace(search: TraceSearch, from?: number, end?: number): Promise<TracePage> {
  let page: TracePage;
  let at = from;
  let until = end;

  do {
    page = await get<TracePage>("/admin/v1/trace", { ...search, from: at, end: until });
    at = page.next ?? undefined;
    until = page.end;
  } while (page.entries.length === 0 && page.next !== null);
  return page;
}

// What an outside system would be told (docs/console-api.md, "Looking up as a bank would").
import { get, post, Refused } from "./api";

export interface Purpose {
  code: string;
  zh: string;
  en: string;
  requires: string[];
  personal: string;
}
export interface Domain {
  domain: string;
  title: { zh: string; en: string };
  system: { zh: string; en: string };
  purposes: Purpose[];
}
export interface Client {
  name: string;
  kind: string;
  domains: string[];
  purposes: string[];
}
export interface Measure {
  id: string;
  force: "must" | "may" | "informs";
  text: { zh: string; en: string };
  legal_basis: { source: string; clause: string | null; status: string }[];
  valid_from: string | null;
  valid_until: string | null;
}
export interface Answer {
  as_of: { at: string; changed_at: string | null; sequence: number };
  domain: string;
  list_edition: string | null;
  masked?: string[];
  measures: Measure[];
  name: string | null;
  obligations?: Record<string, string | number | null>[];
  omitted?: number;
  purpose: string;
  reason?: { code: string; zh: string; en: string };
  receipt: string;
  records: Record<string, string | number | boolean | null>[];
  rules: string;
  supportive?: Record<string, string | number | null>[];
  supportive_measures?: Measure[];
  test?: true;
  uscc: string;
  verdict: "listed" | "not-listed" | "unknown";
}
export interface Answered {
  answer: Answer;
  as: string;
  receipt: string;
}
export interface Candidate {
  uscc: string;
  name: string;
  score: number;
  strength: string;
}
export interface Proof {
  kind: string;
  entry: string;
  proof: string;
}

export const domainsOf = async (): Promise<Domain[]> => (await get<{ domains: Domain[] }>("/console/api/domains")).domains;
export const clientsOf = async (): Promise<Client[]> => (await get<{ clients: Client[] }>("/admin/v1/clients")).clients;
export const lookUp = (question: object): Promise<Answered> => post("/console/api/lookup", question);
export const named = async (q: string, reason: string): Promise<Candidate[]> => (await get<{ candidates: Candidate[] }>("/admin/v1/names", { q, reason })).candidates;

// The entry is in a signed log within a second or two.
const TRIES = 20;
const PAUSE_MS = 500;
export async function traceOf(receipt: string): Promise<Proof> {
  for (let tries = 1; ; tries++) {
    try {
      return await get<Proof>(`/console/api/lookup/${receipt}`);
    } catch (error) {
      if (!(error instanceof Refused) || error.problem.status !== 503 || tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

// What the gateway is asked, and what it answers: the same administration interface as the command line's
// (gateway/api/api.h), with the session of this browser in place of the caller's user id.

import { reading } from "./reading";
import { lang } from "./words";

// One that changed since it was seen: `uscc` of an obligation.
export interface Changed {
  id: string;
  seen: number;
  now: number;
  uscc: string | null;
}

export interface Problem {
  type: string;
  status: number;
  title: string;
  title_zh: string;
  detail: string;
  detail_zh: string;
  rule?: string;
  stale?: Changed[];
  retry_after?: number;
}

// A refusal, as RFC 9457 tells it. Whoever catches it shows `text`.
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
  text(lang: string): string {
    return lang === "zh" ? this.problem.detail_zh || this.problem.detail : this.problem.detail;
  }
}

const NO_ANSWER: Problem = {
  type: "about:blank",
  status: 0,
  title: "No answer",
  title_zh: "没有应答",
  detail: "the gateway does not answer: is the network there? Nothing is known of whether the request arrived",
  detail_zh: "网关没有应答：请检查网络。无法确定请求是否已送达",
};

let forgery = "";
let signedOut: () => void = () => undefined;

// The token that a request which changes something must bring, and what happens when the session is over.
export function useSession(token: string, over: () => void): void {
  forgery = token;
  signedOut = over;
}

// What is no problem document comes from something between us and the gateway.
async function problemOf(response: Response): Promise<Problem> {
  const seconds = Number(response.headers.get("Retry-After"));
  const later = seconds > 0 ? { retry_after: seconds } : {};

  try {
    return { ...((await response.json()) as Problem), ...later };
  } catch {
    const detail = `the gateway cannot be used now (HTTP ${response.status})`;
    return { ...NO_ANSWER, ...later, status: response.status, detail, detail_zh: `网关暂时无法使用（HTTP ${response.status}）` };
  }
}

async function send(method: string, path: string, body?: BodyInit, type?: string): Promise<Response> {
  const headers: Record<string, string> = {};
  let response: Response;

  if (type) headers["Content-Type"] = type;
  if (method !== "GET") headers["X-Creditgate-Forgery"] = forgery;
  try {
    response = await fetch(path, { method, headers, body, credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new Refused(NO_ANSWER);
  }
  if (response.ok) {
    reading.at = Date.now();
    return response;
  }
  const problem = await problemOf(response);
  if (problem.rule === "session.none") signedOut();
  throw new Refused(problem);
}

export async function get<T>(path: string, query: Record<string, string | number | boolean | undefined> = {}): Promise<T> {
  const given = new URLSearchParams();

  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") given.set(name, String(value));
  }
  const text = given.toString();
  return (await (await send("GET", text ? `${path}?${text}` : path)).json()) as T;
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await send("POST", path, JSON.stringify(body), "application/json");
  return (response.status === 204 ? undefined : await response.json()) as T;
}

// --- orders: what staff do is a job, followed to its end ---

export interface JobState {
  job: string;
  kind: string;
  state: "waiting" | "running" | "done" | "failed";
  done: number;
  of: number;
  result?: Record<string, number>;
  problem?: Problem;
}

export interface JobReport<Item> {
  items: Item[];
  [counted: string]: unknown;
}

async function follow(job: string, seen?: (state: JobState) => void): Promise<JobState> {
  let pause = 50;

  for (;;) {
    const state = await get<JobState>(`/admin/v1/jobs/${job}`);

    seen?.(state);
    if (state.state === "done") return state;
    if (state.state === "failed") throw new Refused(state.problem ?? NO_ANSWER);
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 1.5, 1000);
  }
}

// Pieces are cut at bytes, not at characters.
async function reportOf<T>(job: string): Promise<T> {
  const decoder = new TextDecoder();
  let text = "";
  let offset = 0;

  for (;;) {
    const response = await send("GET", `/admin/v1/jobs/${job}/report?format=json&offset=${offset}`);
    const bytes = new Uint8Array(await response.arrayBuffer());

    if (bytes.length === 0) break;
    offset += bytes.length;
    text += decoder.decode(bytes, { stream: true });
  }
  return JSON.parse(text + decoder.decode()) as T;
}

// Bytes as they are: of a proof every one counts.
export async function rawOf(path: string): Promise<Blob> {
  return (await send("GET", path)).blob();
}

// The report of a finished job as a file.
export async function fileOf(job: string, format: "xlsx" | "csv"): Promise<Blob> {
  const pieces: ArrayBuffer[] = [];
  let offset = 0;
  let type = "";

  for (;;) {
    const response = await send("GET", `/admin/v1/jobs/${job}/report?format=${format}&offset=${offset}`);
    const piece = await response.arrayBuffer();

    if (piece.byteLength === 0) break;
    type = response.headers.get("Content-Type") ?? "";
    pieces.push(piece);
    offset += piece.byteLength;
  }
  return new Blob(pieces, { type });
}

export interface Done<T> {
  state: JobState;
  report: T;
}

export async function order<T>(kind: string, order: object, seen?: (state: JobState) => void): Promise<Done<T>> {
  const { job } = await post<{ job: string }>(`/admin/v1/jobs/${kind}?lang=${lang.value}`, order);
  const state = await follow(job, seen);

  return { state, report: await reportOf<T>(job) };
}

// The same for an order that comes with a file.
export async function orderFile<T>(kind: string, file: File, query: Record<string, string>, seen?: (state: JobState) => void): Promise<Done<T>> {
  const given = new URLSearchParams({ file: file.name, ...query });
  const response = await send("POST", `/admin/v1/jobs/${kind}?${given.toString()}`, file, "application/octet-stream");
  const { job } = (await response.json()) as { job: string };
  const state = await follow(job, seen);

  return { state, report: await reportOf<T>(job) };
}

export async function fetchFile(path: string): Promise<Blob> {
  return (await send("GET", path)).blob();
}

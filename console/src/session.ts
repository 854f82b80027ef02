import { reactive, readonly } from "vue";
import { get, post, useSession } from "./api";

export type Role = "operator" | "reviewer" | "auditor" | "administrator";

export interface Person {
  name: string;
  title: string;
  roles: Role[];
  lang: "zh" | "en";
}

interface Told {
  person: Person;
  forgery: string;
  ends_at: string;
}

const state = reactive({ person: null as Person | null, isKnown: false });
export const session = readonly(state);

function take(told: Told | null): void {
  state.person = told ? told.person : null;
  state.isKnown = true;
  useSession(told ? told.forgery : "", () => {
    state.person = null;
  });
}

// Who is signed in in this browser? Asked once, before the first page.
export async function begin(): Promise<void> {
  try {
    take(await get<Told>("/console/api/session"));
  } catch {
    take(null);
  }
}

// By the client certificate of this connection: it is the proof, so nothing else is sent.
export async function signInByCertificate(account: string): Promise<void> {
  take(await post<Told>("/console/api/sign-in", { account }));
}

export async function signIn(account: string, password: string, code: string): Promise<void> {
  take(await post<Told>("/console/api/sign-in", { account, password, code }));
}

export async function signOut(): Promise<void> {
  try {
    await post("/console/api/sign-out", {});
  } finally {
    take(null);
  }
}

export interface Enrolment {
  secret: string;
  address: string;
}
export function enrolBegin(account: string, invitation: string): Promise<Enrolment> {
  return post<Enrolment>("/console/api/enrol", { account, invitation });
}
export function enrolFinish(account: string, invitation: string, password: string, code: string): Promise<void> {
  return post<void>("/console/api/enrol", { account, invitation, password, code });
}

export function may(...roles: Role[]): boolean {
  return state.person !== null && roles.some((role) => state.person?.roles.includes(role));
}

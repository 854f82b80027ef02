// GET /console/api/obligations and /console/api/enterprises/{uscc} (docs/console-api.md).
import type { Life } from "./records";

export interface Obligation {
  obligation: string;
  version: number;
  uscc: string;
  name: string;
  region: string | null;
  division: string | null;
  industry: string | null;
  ground: string;
  state: string;
  authority: string;
  document: string;
  equipment: string | null;
  capacity: string | number | null;
  capacity_unit: string | null;
  deadline: string;
  extended_to: string | null;
  due: string;
  exit_date: string | null;
  days_late: number | null;
  record: string | null;
  record_state: string | null;
  record_op: string | null;
  record_proposal: number | null;
}

export interface ObligationPage {
  matched: number | null;
  next: string | null;
  obligations: Obligation[];
  size: number;
}

export interface ObligationVersion {
  version: number;
  state: string;
  at: string;
  line: number;
}

export interface Enterprise {
  uscc: string;
  name: string;
  names: string[];
  obligations: (Obligation & { versions: ObligationVersion[] })[];
  records: Life[];
  timeline: { at: string; sequence: number; type: string; by: string; about: string | null }[];
}

// GET /admin/v1/status (gateway/jobs/show_json.h).
export interface ChannelStatus {
  channel: string;
  queued: number;
  sending: number;
  in_doubt: number;
  received: number;
  acknowledged: number;
  refused: number;
  superseded: number;
  held: number;
  staged: number;
  failing: number;
  oldest_ms: number;
  last_receipt_ms: number;
  next_ms: number;
  paused: boolean;
  draining: boolean;
  enabled: boolean;
  reason: string | null;
  version: string; // what an order says it saw
}

export interface Status {
  channels: ChannelStatus[];
  journal: { size: number; at: string | null };
  records: { waiting: number; returned: number; live: number; over: number; unsent: number };
  clocks: { report: number; late: number; soon: number; unconfirmed: number; receipts: number; provisional: boolean; stale: boolean };
  time_ms: number;
}

// GET /console/api/today (docs/console-api.md).
export interface Today {
  waiting: { mine: number; all: number };
  returned: { mine: number; all: number };
  overdue: { unproposed: number | null; on: string };
  refused: number;
  held: number;
  unsent: number;
  clocks: Status["clocks"] & { ending: number; ending_more: boolean };
  alarms: { rule: string; text: string; text_zh: string }[];
  channels: ChannelStatus[];
  worst: "good" | "look" | "bad";
  at: string;
}

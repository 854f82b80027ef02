// What happened to an enterprise or a record, the newest first: events of the journal, and what the platforms answered.
import type { Life, Receipt } from "./records";
import type { Happening } from "./register";
import { channelName, eventName, receiptName } from "./words";

export interface Told {
  key: string;
  at: string;
  sequence: number;
  what: string;
  by: string;
  about: string;
  look: "primary" | "success" | "warning" | "danger" | "info";
}

const LOOKS: Record<string, Told["look"]> = {
  "record.approved": "primary",
  "record.returned": "warning",
  "record.expired": "primary",
  "delivery.held": "warning",
};
// As much of an id as a person compares.
const short = (id: string): string => (id.length > 21 ? id.slice(0, 12) : id);

function ofReceipt(channel: string, record: string, receipt: Receipt): Told {
  const isBad = receipt.kind.startsWith("refusal") || receipt.kind.startsWith("malformed");

  return {
    key: `r${receipt.sequence}-${record}-${channel}`, at: receipt.at, sequence: receipt.sequence, what: `${channelName(channel)}：${receiptName(receipt.kind)}`,
    by: "", about: record, look: isBad ? "danger" : "success",
  };
}

export function happenings(events: Happening[], lives: Life[]): Told[] {
  const told: Told[] = events.map((event) => ({
    key: `e${event.sequence}-${event.about}`, at: event.at, sequence: event.sequence, what: eventName(event.type), by: event.by, about: short(event.about), look: LOOKS[event.type] ?? "info",
  }));

  for (const life of lives)
    for (const version of life.versions)
      for (const delivery of version.deliveries)
        told.push(...delivery.receipts.map((receipt) => ofReceipt(delivery.channel, life.record, receipt)));
  return told.sort((a, b) => b.sequence - a.sequence);
}

/** The ledger of the page of administration. */

import type { ListAnswer, Post } from "./fields.d.ts";

export interface LedgerLine {
  key: string;
  kind: string;
  name: string;
  place: string | null;
  place_name: string | null;
  version: number;
  retired: boolean;
  since: string;
}

export type LedgerAnswer = ListAnswer & { entries: LedgerLine[] };

/** The fields of an entry by name. */
export type LedgerFields = Record<string, unknown> & { kind: string; name: string };

export interface LedgerVersion {
  key: string;
  version: number;
  newest: number;
  retired: boolean;
  by_set_up: boolean;
  since: string;
  actor: string;
  unit: string;
  unit_name: string;
  post: Post | null;
  reason: string;
  cause_id: string;
  entry: LedgerFields;
}

/** A change of the ledger, as the contract of requests has it. */
export type LedgerAct =
  | { op: "move"; keys: string[]; to: string }
  | { op: "merge"; unit: string; into: string }
  | { op: "retire"; keys: string[] };

export interface LedgerDecision {
  request_id: string;
  state: "open" | "accepted" | "refused";
  decided_at: string | null;
  changed: number;
  changes: { key: string; name: string; version: number; retired: boolean }[];
  refusals: { reason: string; detail: string }[];
}

/** The data sources of the page of administration. */

import type { ListAnswer } from "./fields.d.ts";

export type SourceDoor = "readings" | "reports" | "warnings";
export type DataGrade = "general" | "important" | "core";
export type SourceState = "active" | "without_key" | "ended";

export interface SourceRefusal {
  code: string;
  action: string;
  count: number;
  since: string;
  until: string;
  detail: string | null;
  first_id: string | null;
}

export interface Source {
  source: string;
  record_id: string;
  name: string;
  owner: string;
  owner_name: string;
  state: SourceState;
  doors: SourceDoor[];
  sensors: string[];
  places: { unit: string; name: string | null }[];
  per_minute: number | null;
  grade: DataGrade;
  sets_grade: boolean;
  synthetic: boolean;
  keys: { fingerprint: string; until: string | null }[];
  last_reading_at: string | null;
  last_received_at: string | null;
  used_per_minute: number;
  refused: number;
  refusals: SourceRefusal[];
}

export type SourcesAnswer = ListAnswer & { sources: Source[] };

/** The answer to a change; `key` is there once, for a new key. */
export interface RecordedSource {
  id: string;
  repeated: boolean;
  source: string;
  key: string | null;
}

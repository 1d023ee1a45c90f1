/** Rules and plans as administrators see them. */

import type { Level } from "./fields.d.ts";

export type DefinitionKind = "rule" | "plan";
export type Standing = "in_force" | "shadow" | "off";
export type DefinitionVerb = "put_in_force" | "end";

export interface Definition {
  kind: DefinitionKind;
  id: string;
  version: number;
  standing: Standing;
  shadow_of: string | null;
  name_zh: string;
  name_en: string;
  events: string[];
  levels: Level[];
  form: string | null;
  /** The number of sensors of the place that a rule judges; null for a rule over several sources. */
  sensors: number | null;
  mark: "sourced" | "derived" | "common_knowledge" | "proposal";
  source: string;
  unit: string;
  unit_name: string;
  published_at: string;
  author: string | null;
  reason: string | null;
  may: DefinitionVerb[];
}

export interface DefinitionsAnswer {
  place: string;
  place_name: string;
  definitions: Definition[];
}

export interface DefinitionDocument {
  kind: DefinitionKind;
  id: string;
  version: number;
  text: string;
}

export interface Finding {
  severity: "error" | "warning";
  file: string;
  line: number;
  item: string;
  field: string;
  message: string;
  allowed: string;
}

export interface PlannedVersion {
  id: string;
  shadow_of: string | null;
  standing: Standing;
  version: number;
  /** The newest version so far; 0 for none. */
  was: number;
  changed: string[];
  /** The units that a plan would reach. */
  recipients: number | null;
}

export interface DefinitionCheck {
  findings: Finding[];
  errors: number;
  warnings: number;
  cases: number;
  changes: PlannedVersion[];
  unchanged: string[];
}

export interface PublishedVersions {
  recorded: number;
  results: { id: string; version: number; reason: string | null; repeated: boolean }[];
}

export interface CaseResults {
  passed: number;
  failed: number;
  untried: string[];
  cases: { line: number; case: string; passed: boolean; wrong: string[]; diff: string[] }[];
}

export interface AlarmCounts {
  equal: number;
  moved: number;
  added: number;
  removed: number;
}

export interface ChangedEpisode {
  began: number;
  ended: number | null;
  level: Level;
}

export interface Backtest {
  total: AlarmCounts;
  readings: number;
  since: number | null;
  until: number | null;
  notes: string[];
  by_rule: (AlarmCounts & { rule: string })[];
  by_day: (AlarmCounts & { day: string })[];
  changes: {
    sort: "moved" | "added" | "removed";
    rule: string;
    sensor: string;
    before: ChangedEpisode | null;
    after: ChangedEpisode | null;
  }[];
}

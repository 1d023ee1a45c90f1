/** Documents of limits, their drafts and previews, as the server sends them. */

import type { Level, Post, Tier } from "./fields.d.ts";

export type LimitsSubject = "assignments" | "reports";
export type LimitsMode = "normal" | "standby" | "emergency" | "recovery";
export type LimitsVerb = "draft" | "sign" | "withdraw";

/** A row of values for levels, tiers and modes; times in seconds. */
export interface LimitsRow {
  levels?: Level[];
  tiers?: Tier[];
  modes?: LimitsMode[];
  source: string;
  within_s?: number;
  pause_s?: number;
  phone_s?: number;
  written_s?: number;
  follow_up_s?: number;
  final_s?: number;
  share?: number;
  count?: number;
}

/** The values of a subject: lists of rows, and single rows. */
export type LimitsContent = Record<string, LimitsRow[] | LimitsRow>;
export type LimitsValues = Partial<Record<LimitsSubject, LimitsContent>>;

export interface LimitsSignature {
  officer_id: string;
  name: string | null;
  unit: string;
  post: Post;
  signed_at: string;
}

export interface LimitsHead {
  limits_id: string;
  version: number;
  enabled: boolean;
  subjects: LimitsSubject[];
  name_zh: string;
  name_en: string;
  unit: string | null;
  unit_name: string | null;
  in_force_from: string;
  has_begun: boolean;
  source: string;
  signed_by: LimitsSignature[];
}

export interface LimitsDocument extends LimitsHead {
  values: LimitsValues;
}

export interface LimitsDraftBody extends LimitsValues {
  subject: LimitsSubject;
  unit?: string;
  enabled: boolean;
  name_zh: string;
  name_en: string;
  in_force_from: string;
  source: string;
}

export interface LimitsDraft {
  draft_id: string;
  limits_id: string;
  version: number;
  state: "open" | "signed" | "published" | "withdrawn";
  digest: string;
  author: string;
  signed_by: LimitsSignature[];
  changed_at: string;
  closed_by: string | null;
  reason: string;
  unit_name: string | null;
  document: LimitsDraftBody;
  may: LimitsVerb[];
}

export interface LimitsAnswer {
  unit: string | null;
  unit_name: string | null;
  may_draft: boolean;
  in_force: Record<LimitsSubject, LimitsDocument | null>;
  versions: LimitsHead[];
  drafts: LimitsDraft[];
}

export interface LimitsProblem {
  field: string;
  severity: "error" | "warning";
  zh: string;
  en: string;
  allowed: string;
}

export interface LimitsChecked {
  limits_id: string;
  version: number;
  problems: LimitsProblem[];
}

export interface PreviewCounts {
  clocks: number;
  fixed: number;
  earlier: number;
  later: number;
  late_before: number;
  late_after: number;
  newly_late: number;
  no_longer_late: number;
  calls_before: number;
  calls_after: number;
  notices_before: number;
  notices_after: number;
  more_calls: number;
  fewer_calls: number;
  newly_owed: number;
  no_longer_owed: number;
}

export interface PreviewSide {
  due_at: string;
  late: boolean;
  calls: number;
  notices: number;
}

export interface PreviewCase {
  difference: string;
  subject_id: string;
  thread: string;
  attempt: number;
  unit: string;
  unit_name: string;
  level: Level;
  begun_at: string;
  clock: string | null;
  end_at: string | null;
  is_met: boolean | null;
  before: PreviewSide | null;
  after: PreviewSide | null;
}

export interface LimitsPreview {
  limits_id: string;
  version: number;
  begin: string;
  end: string;
  complete: boolean;
  attempts: number;
  duties: number;
  unjudged: number;
  calls_recorded: number;
  total: PreviewCounts;
  levels: (PreviewCounts & { level: Level })[];
  units: (PreviewCounts & { level: Level; unit: string; unit_name: string })[];
  cases: PreviewCase[];
}

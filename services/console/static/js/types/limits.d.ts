/** Documents of limits, their drafts and previews, as the server sends them. */

import type { Level, Post } from "./fields.d.ts";

/** A subject of the contract; the answer describes its fields. */
export type LimitsSubject = string;
export type LimitsVerb = "draft" | "sign" | "withdraw";

export type LimitsValue = string | number | boolean | string[] | null | undefined;

/** A row of values by field; times in seconds. */
export type LimitsRow = Record<string, LimitsValue>;

/** The values of a subject: lists of rows, and single rows. */
export type LimitsContent = Record<string, LimitsRow[] | LimitsRow>;
export type LimitsValues = Record<LimitsSubject, LimitsContent | undefined>;

/** A field of a row: its kind, its bounds, and what may be chosen (`of` names the words). */
export interface LimitsField {
  name: string;
  kind: "seconds" | "share" | "count" | "number" | "boolean" | "text" | "choice" | "choices";
  required: boolean;
  of: string | null;
  options: string[];
  low: number | null;
  high: number | null;
  fewest: number;
  most: number | null;
}

/** A part of a subject: a row, or with `many` a list of rows. */
export interface LimitsPart {
  name: string;
  many: boolean;
  required: boolean;
  fewest: number;
  most: number | null;
  fields: LimitsField[];
}

export interface LimitsSubjectFields {
  subject: LimitsSubject;
  parts: LimitsPart[];
}

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

/** What is stored of a draft, beside the values under the name of its subject. */
export interface LimitsDraftHead {
  subject: LimitsSubject;
  unit?: string;
  enabled: boolean;
  name_zh: string;
  name_en: string;
  in_force_from: string;
  source: string;
}

export type LimitsDraftBody = LimitsDraftHead & Record<LimitsSubject, unknown>;

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
  replaced: LimitsValues | null;
  may: LimitsVerb[];
}

export interface LimitsAnswer {
  unit: string | null;
  unit_name: string | null;
  may_draft: boolean;
  subjects: LimitsSubjectFields[];
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

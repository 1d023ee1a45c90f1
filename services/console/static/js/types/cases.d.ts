/** Cases with their timeline, evaluation and review. */

import type { Level, Maskable, Post, Tier, WithStatus } from "./fields.d.ts";

export interface Case extends WithStatus, Maskable {
  case_id: string;
  state: string;
  level: Level | null;
  title: string;
  root_name: string;
  event_type: string;
  began: string;
  alerts: number;
  commands: number;
}

export interface Finding {
  title: string;
  instruction: string;
  owner_name: string;
  finish_by: string;
  state: string | null;
  overdue: boolean;
}

export interface Review {
  unit_name: string;
  sent_at: string;
  text: string;
  findings: Finding[];
}

export interface CaseDetail extends WithStatus, Maskable {
  case_id: string;
  state: string;
  title: string;
  level: Level | null;
  event_type: string;
  root_name: string;
  owner_name: string;
  began: string | null;
  ended: string;
  alerts: string[];
  commands: string[];
  review: Review | null;
  may_review: boolean;
}

export interface TimelineEntry {
  id: string;
  at: string;
  kind: string;
  what: string;
  count: number;
  tier: Tier;
  unit_name: string | null;
  late: boolean;
  headline?: string;
  text?: string;
  level?: Level | null;
  recipients?: number;
  rung?: number;
  clock?: string;
  target_name?: string;
  target_post?: Post;
  mode?: string;
  means?: string;
}

export interface Span {
  median_s: number | null;
  slowest_s: number | null;
}

/** The counts of a group of units. */
export interface GroupEvaluation {
  units: number;
  signed: number;
  finished: number;
  late: number;
  returned: number;
  reassigned: number;
  suspended: number;
  sent_back: number;
  escalations: number;
  answered: number;
  sign_s: Span;
  finish_s: Span;
  answer_s: Span;
}

export interface UnitEvaluation {
  unit: string;
  unit_name: string;
  tier: Tier;
  thread: string;
  state: string | null;
  late: number;
  returned: number;
  reassigned: number;
  suspended: number;
  sent_back: number;
  escalations: number;
  answered: number;
  sign_s: number | null;
  finish_s: number | null;
  answer_s: number | null;
}

export interface EvaluationAnswer {
  whole: GroupEvaluation;
  by_tier: (GroupEvaluation & { tier: Tier })[];
  units: UnitEvaluation[];
  next: number | null;
}

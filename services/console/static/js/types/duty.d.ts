/** Duty plans, gaps, and the reachability of officers. */

import type { Post, ResponseMode } from "./fields.d.ts";

export interface DutyRule {
  kind: string;
  reason?: string;
  begin?: string;
  end?: string;
  post?: Post;
  modes?: ResponseMode[];
  officer?: { officer_id: string; name: string };
  channels?: string[];
  members?: string[];
  turn_days?: number;
  turn_hours?: number;
  days?: string[];
  until?: string;
  phone?: string;
  handover?: string;
  starts?: string;
  officer_id?: string | null;
  other_id?: string;
  other_begin?: string;
  other_end?: string;
}

export interface Turn {
  begin: string;
  end: string;
  officer_id: string | null;
  name: string | null;
}

/** A turn in the calendar; without an officer it is a gap. */
export interface CalendarSlot extends Turn {
  post: Post;
  own_turn: boolean;
}

/** A day of the calendar; `zh` and `en` name a holiday or a day of work at a weekend. */
export interface CalendarDay {
  day: string;
  workday: boolean;
  holiday: boolean;
  zh: string | null;
  en: string | null;
  slots: CalendarSlot[];
}

export interface DutyCalendarAnswer {
  begin: string;
  posts: Post[];
  days: CalendarDay[];
  holidays_known: boolean;
}

export interface DutyEntry {
  entry_id: string;
  version: number;
  rule: DutyRule;
}

export interface DutyAnswer {
  unit_name: string;
  mode: ResponseMode;
  posts: { post: Post; turns: Turn[] }[];
  entries: DutyEntry[];
}

export interface DutyGap {
  unit: string;
  unit_name: string;
  post: Post;
  gaps: { begin: string; end: string }[];
}

export type Reach = "reachable" | "doubtful" | "unknown" | "unreachable" | "empty";

export interface ReachableChannel {
  zh: string;
  en: string;
  score: number;
  reach: Reach;
  tested: string | null;
  tested_at: string | null;
}

export interface ReachablePost {
  unit: string;
  unit_name: string;
  post: Post;
  officer_id: string | null;
  name: string | null;
  phone: string | null;
  reach: Reach;
  channels: ReachableChannel[];
}

/** An officer on duty to whom a page can be handed over. */
export interface Colleague {
  officer_id: string;
  name: string;
  unit: string;
  unit_name: string;
  post: Post;
}

/** The overview and the pages of an officer. */

import type { Level, Post, WithStatus } from "./fields.d.ts";
import type { TierCounts } from "./units.d.ts";

/** A tile: a unit one tier below that of the screen. */
export interface Town {
  unit: string;
  name: string;
  level: Level | null;
  proposed: Level | null;
}

export interface OverviewAnswer {
  alerts: {
    issued: Record<string, number>;
    proposed: Record<string, number>;
    states: Record<string, number>;
  };
  assignments: {
    total: number;
    signed: number;
    overdue_unsigned: number;
    overdue_unreported: number;
    by_tier: TierCounts[];
  };
  overdue: number;
  pages_open: number;
  sensors_silent: number;
  exercises: number;
  tiles: Town[];
  feed_seq: number;
}

export interface Page extends WithStatus {
  page_id: string;
  unit_name: string;
  post: Post;
  rung: number;
  state: string;
  level: Level;
  headline: string;
  text: string;
  subject_kind: string;
  answer_by: string;
  answer: string | null;
  resend: boolean;
  to_note: boolean;
  sent_at: string;
}

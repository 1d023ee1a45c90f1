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

export interface MapAlarm {
  alarm_id: string;
  name: string;
  place_name: string;
  level: Level;
  lon: number;
  lat: number;
}

export interface MapAnswer {
  middles: { unit: string; lon: number; lat: number }[];
  sensors: { lon: number; lat: number; sensors: number }[];
  alarms: MapAlarm[];
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

export interface Call {
  page_id: string;
  own: boolean;
  officer_name: string | null;
  unit_name: string;
  post: Post;
  channel: string | null;
  round: number;
  state: string;
  called_at: string;
  answer: string | null;
  answered_at: string | null;
}

export interface WhyAnswer extends WithStatus {
  reason: string;
  place_name: string;
  calls: Call[];
}

export interface AskedOfficer {
  own: boolean;
  officer_name: string | null;
  unit_name: string;
  post: Post;
}

export interface Quorum {
  needed: number;
  count: number;
  answered: AskedOfficer[];
  waiting: AskedOfficer[];
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
  matter: string;
  matter_count: number;
  late_units: string[];
  late_unit_count: number;
  to_note: boolean;
  quorum: Quorum | null;
  sent_at: string;
}

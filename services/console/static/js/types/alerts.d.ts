/** Alerts, alarms with their evidence, silences, and readings of sensors. */

import type { CommandHead, StoredSelection } from "./commands.d.ts";
import type { Level, Maskable, Post, WithStatus } from "./fields.d.ts";
import type { Unit } from "./units.d.ts";

export interface NextStep {
  verb: string;
  unit: string;
  unit_name: string;
  signed: number;
  needed: number;
}

export interface Alert extends WithStatus, Maskable {
  alert_id: string;
  incident_id: string;
  version: number;
  state: string;
  event_type: string;
  place: string;
  place_name: string;
  level: Level | null;
  proposed_level: Level | null;
  score: number;
  distinct_sources: number;
  alarms: number;
  headline: string;
  approver_name: string;
  occurred_at: string;
  sent_at: string;
  next: NextStep | null;
  may: string[];
  may_also: string[];
  expires_at: string | null;
  incident_grade: string | null;
  response_level: string | null;
  flapping: boolean;
  merged_into: string | null;
  warning: WarningOrigin | null;
}

export interface Position {
  unit_name: string;
  at: string;
  level: Level | null;
  incident_grade: string | null;
  response_level: string | null;
}

export interface WordPair {
  zh: string;
  en: string;
}

export interface Wording {
  level: Level;
  headline: WordPair;
  description: WordPair;
  instruction: WordPair;
  contact: string;
  areas: Unit[];
  polygon: { lat: number; lon: number }[];
  valid_until: string | null;
  digest: string;
}

export interface ChannelText {
  title: string | null;
  text: string;
  characters: number;
  size_bytes: number | null;
  most: number | null;
  parts: number | null;
  shortened: boolean;
}

export interface ChannelPreview {
  channel: string;
  zh: ChannelText;
  en: ChannelText;
}

export interface PagePreview {
  unit_name: string;
  post: Post;
  answer_by: string;
  names_hidden: boolean;
  deadlines_given?: boolean;
  channels: ChannelPreview[];
}

export interface AlertWords {
  source: string | null;
  wording: Wording | null;
  issued: Wording | null;
}

export interface AlertDetail extends Alert {
  issued_wording: Wording | null;
  text: string;
  signatures: { unit_name: string; post: Post; level: Level | null; signed_at: string }[];
  debt: {
    unit_name: string;
    approvals: number;
    by_unit_name: string;
    due_at: string;
  } | null;
  positions: Position[];
  merged_ids: string[];
  report_ids: string[];
  evidence: Alarm[];
  commands: CommandHead[];
}

export interface Evidence {
  metric: string;
  value: number;
  limit: number;
  limit_name?: string | null;
  unit: string;
  datum?: string | null;
  note?: string | null;
}

export interface Alarm extends WithStatus, Maskable {
  alarm_id: string;
  level: Level;
  transition: string;
  kind: string;
  rule_id: string;
  score: number;
  parts: Record<string, number> | null;
  headline: string;
  sensor_id: string | null;
  sensor_name: string | null;
  place: string;
  place_name: string;
  evidence: Evidence;
  retrospective: boolean;
  withdrawn: boolean;
  started_at: string;
  occurred_at: string;
}

export interface AgencyWarning extends WithStatus {
  warning_id: string;
  source_id: string;
  sender_name: string | null;
  event_type: string | null;
  level: Level | null;
  masked: boolean;
  headline: string;
  areas: number;
  area_names: string[];
  starts_at: string;
  ends_at: string;
  in_force: boolean;
  may_command: boolean;
  may_report: boolean;
}

/** The words of a warning for an act because of it. */
export interface QuotedWarning extends WithStatus {
  warning_id: string;
  source_id: string;
  sender_name: string | null;
  event_type: string | null;
  level: Level | null;
  headline: string;
  description: string;
  instruction: string;
  starts_at: string;
  ends_at: string;
}

/** The begin of a command because of a warning. */
export interface ProposedCommand extends QuotedWarning {
  selection: StoredSelection | null;
  names: Record<string, string>;
}

/** The begin of a new incident because of a warning. */
export interface ProposedIncident extends QuotedWarning {
  place: string;
  place_name: string;
}

/** The warning of another agency behind a command or an alert. */
export interface WarningOrigin extends Maskable {
  source_id: string;
  sender_name: string | null;
  headline: string;
}

export interface Silence extends WithStatus {
  silence_id: string;
  kind: string;
  place_name: string;
  event_type: string | null;
  rule_id: string | null;
  sensor_id: string | null;
  unit_name: string;
  reason: string;
  begin_at: string;
  end_at: string;
  until_cleared: boolean;
  days: string[];
  daily_from: string | null;
  daily_until: string | null;
  window_begin: string | null;
  window_end: string | null;
  silenced: number;
  still_firing: number;
  may_end: boolean;
}

export interface SilentSensor {
  sensor_id: string;
  name: string;
  unit_name: string;
  state: string;
  last_seen_at: string | null;
  detail: string | null;
}

export interface Sensor {
  sensor_id: string;
  name: string;
  place_name: string;
  metric: string;
  state: string | null;
}

export interface RuleLevel {
  name_zh: string;
  name_en: string;
  level: Level;
  raise_at: number;
  direction: "above" | "below";
  source: string;
}

export interface Trend {
  alert_id: string;
  sensor_id: string;
  name: string;
  metric: string;
  unit: string;
  points: { at: string; value: number }[];
  levels: RuleLevel[];
  last: number;
  per_hour: number | null;
  peak: number | null;
}

export interface ReadingsAnswer {
  name: string;
  place_name: string;
  unit: string;
  datum: string | null;
  begin_at: string;
  end_at: string;
  since: string;
  readings: number;
  points: { at: string; value: number }[];
  levels: RuleLevel[];
  alarms: Alarm[];
}

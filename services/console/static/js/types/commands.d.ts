/** Commands, assignments, and the firings of their clocks. */

import type { Level, Maskable, Post, Tier, WithStatus } from "./fields.d.ts";
import type { Place } from "./page.d.ts";
import type { Photo, TierCounts, UnitNode } from "./units.d.ts";

export interface CommandTotals {
  total: number;
  signed: number;
  reported: number;
  done: number;
  returned: number;
  overdue: number;
}

/** A command without the progress of its assignments. */
export interface CommandHead extends WithStatus, Maskable {
  command_id: string;
  version: number;
  state: string;
  level: Level;
  root: string;
  root_name: string;
  issuer_name: string;
  title: string;
  recipients: number;
  sign_by: string;
  sent_at: string;
}

export interface Command extends CommandHead {
  by_tier: TierCounts[];
  totals: CommandTotals;
  may: string[];
}

/** The officer on duty to call for a unit. */
export interface DutyContact {
  unit: string;
  unit_name: string;
  post: Post;
  name: string | null;
  phone: string | null;
}

export interface MissingUnit {
  contact: DutyContact | null;
  unit: string;
  unit_name: string;
  state: string;
  supervision: string | null;
}

export interface CommandDetail extends Command {
  missing: MissingUnit[];
  missing_total: number;
}

export interface Assignment extends WithStatus, Maskable {
  assignment_id: string;
  version: number;
  unit: string;
  unit_name: string;
  unit_tier: Tier;
  state: string;
  level: Level;
  event_type: string;
  title: string;
  instruction: string;
  issuer_unit: string;
  issuer_name: string;
  sign_by: string;
  finish_by: string;
  signed_at: string | null;
  attempt: number;
  late: boolean;
  asked: { step: string; until: string | null; text: string } | null;
  reason: string;
  synthetic: boolean;
  /** Absent where the assignment is shown within the tree of a command. */
  photos?: Photo[];
  contact?: DutyContact | null;
  may: string[];
}

export interface UnitProgress extends UnitNode, CommandTotals {}

export interface BelowAnswer {
  unit: string;
  way: UnitNode[];
  own: Assignment | null;
  below: UnitProgress[];
}

export interface CommandPreview {
  recipients: number;
  digest: string;
  by_tier: Record<string, number>;
  by_department: Record<string, number>;
  units: Place[];
  next: string | null;
}

export interface SupervisionEntry extends WithStatus, Maskable {
  assignment_id: string;
  command_id: string | null;
  unit: string;
  state: string;
  contact: DutyContact | null;
  clock: string;
  kind: string;
  rung: number;
  unit_name: string;
  target_name: string;
  target_post: Post;
  title: string;
  level: Level;
  due_at: string;
  late_by_s: number;
}

export interface SupervisionCounts {
  escalated: number;
  overdue: number;
  reminded: number;
  due_soon: number;
  returned: number;
}

export interface CourseAnswer {
  total: number;
  sign_by: string | null;
  points: { at: string; signed: number; reported: number }[];
}

export interface SupervisedUnit extends UnitNode, SupervisionCounts {}

export interface SupervisedCommand extends CommandHead, SupervisionCounts {
  unsigned: number;
  may: string[];
}

/** Commands, assignments, and the firings of their clocks. */

import type { WarningOrigin } from "./alerts.d.ts";
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
  warning: WarningOrigin | null;
  recipients: number;
  sign_by: string;
  sent_at: string;
}

export interface Command extends CommandHead {
  by_tier: TierCounts[];
  totals: CommandTotals;
  may: string[];
  first_unit: string;
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
  role: "lead" | "assist";
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
  assisting: number;
  units: (Place & { assists: boolean })[];
  next: string | null;
}

/** The outcome of one assignment in an act on many; without a reason the step is recorded. */
export interface BulkStep {
  assignment_id: string;
  unit: string | null;
  unit_name: string | null;
  reason: string | null;
  repeated: boolean;
}

/** A part of a selection, in the form of the contract. */
export interface StoredPart {
  kind: string;
  of?: string;
  tiers?: readonly string[];
  departments?: readonly string[];
  roles?: readonly string[];
  group?: string;
  units?: readonly string[];
}

export interface StoredSelection {
  include: readonly StoredPart[];
  exclude?: readonly StoredPart[];
}

/** A command that its officer has not issued yet. */
export interface CommandDraft extends WithStatus {
  draft_id: string;
  changed_at: string;
  selection: StoredSelection | null;
  assist: StoredSelection | null;
  event_type: string | null;
  level: Level | null;
  title: string;
  instruction: string;
  sign_by: string | null;
  finish_by: string | null;
  warning_id: string | null;
  names: Record<string, string>;
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

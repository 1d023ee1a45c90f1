/** Reports upward and the duties to make them. */

import type { Photo } from "./units.d.ts";
import type { Level, Maskable, Means, Post, WithStatus } from "./fields.d.ts";

export type FactValue = string | number;
export type ReportFacts = Record<string, FactValue>;

export interface ReportClock {
  clock: string;
  due_at: string;
  met_at: string | null;
  state: string;
  target_name: string | null;
  target_post: Post | null;
}

export interface ReportDuty extends WithStatus, Maskable {
  duty_id: string;
  incident_id: string;
  place_name: string;
  unit_name: string;
  to_name: string;
  skip_level: boolean;
  level: Level;
  title: string;
  state: string;
  started_at: string;
  clocks: ReportClock[];
}

export interface FactChange {
  field: string;
  before: FactValue | null;
  after: FactValue;
  direction: string;
}

export interface Report {
  kind: string;
  number: number | null;
  mark: string | null;
  means: Means | null;
  headline: string;
  text: string;
  restricted: boolean;
  sent_at: string;
  late: boolean | null;
  facts: ReportFacts;
  changes: FactChange[];
}

/** One line of reporting: from a unit to the unit that it reports to. */
export interface ReportChain {
  from_unit: string | null;
  from_name: string | null;
  to_unit: string | null;
  to_name: string | null;
  duties: ReportDuty[];
  reports: Report[];
  next_number: number;
  may: Means[];
}

export interface IncidentAnswer extends WithStatus {
  incident_id: string;
  may_start: Pick<ReportChain, "from_unit" | "from_name" | "to_unit" | "to_name" | "may"> | null;
  chains: ReportChain[];
  photos: Photo[];
}

export interface ReportingAnswer {
  summary: Record<string, number>;
  total: number;
  duties: ReportDuty[];
}

/** The load of a place: counts by day and by hour of the day, and the pages of officers. */

import type { WithStatus } from "./fields.d.ts";

export interface LoadFigures {
  readings: number;
  alarms: number;
  alerts: number;
  incidents: number;
  pages: number;
}

export interface LoadDay extends LoadFigures {
  day: string;
  officers: number;
}

export interface LoadHour extends LoadFigures {
  hour: number;
}

export interface OfficerLoad {
  name: string | null;
  own: boolean;
  unit_name: string;
  pages: number;
  days: number;
  most: number;
}

export interface LoadAnswer extends WithStatus {
  now: string;
  unit_name: string;
  since: string | null;
  days: LoadDay[];
  hours: LoadHour[];
  totals: LoadFigures;
  alarms_per_incident: number | null;
  pages_per_officer_day: number | null;
  readings_per_page: number | null;
  officers: OfficerLoad[];
  officer_count: number;
  all_officers: boolean;
}

/** Units, photos of their feedback, and counts by tier. */

import type { Tier } from "./fields.d.ts";

export interface Unit {
  unit: string;
  name: string;
}

export interface UnitNode extends Unit {
  tier: Tier;
  department: string | null;
  synthetic: boolean;
}

export interface UnitsAnswer {
  below: UnitNode[];
  departments: string[];
  roles: string[];
  groups: { group: string; name: string; members: number }[];
}

export interface Photo {
  photo_id: string;
  unit_name: string;
  note: string;
  received_at: string;
}

export interface TierCounts {
  tier: Tier;
  total: number;
  signed: number;
  reported: number;
  overdue: number;
}

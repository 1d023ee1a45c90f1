/** The check before going live, accounts, and the test alarm. */

import type { Level, Post, Tier } from "./fields.d.ts";

export interface MissingItem {
  kind: string;
  zh: string;
  en: string;
  count: number;
  ids: string[];
}

export interface SelfCheckAnswer {
  unit: string;
  unit_name: string;
  at: string;
  ready: boolean;
  missing: MissingItem[];
}

export type AccountVerb = "save" | "password_link" | "grant" | "withdraw" | "disable" | "enable";

export interface Account {
  officer_id: string;
  name: string;
  unit: string;
  unit_name: string;
  post: Post;
  phone: string | null;
  disabled: boolean;
  /** Whether the officer has a password or signs in through the provider. */
  signs_in: boolean;
  has_token: boolean;
  grants: { right: string; unit: string; unit_name: string }[];
  may: AccountVerb[];
}

export interface AccountsAnswer {
  accounts: Account[];
  next: string | null;
}

export interface PasswordLink {
  path: string;
  minutes: number;
}

export interface DrillCourse {
  reading_id: string;
  sensor_id: string;
  sensor_name: string;
  value: number;
  unit: string;
  level: Level | null;
  alert_id: string | null;
  alert_state: string | null;
  command_id: string | null;
  steps: { step: string; at: string | null }[];
  tiers: { tier: Tier; total: number; signed: number }[];
  complete: boolean;
}

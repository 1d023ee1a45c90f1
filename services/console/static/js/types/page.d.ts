/** What a page brings with it, and who is signed in. */

import type { Alert } from "./alerts.d.ts";
import type { Level, Post, Status, Tier } from "./fields.d.ts";
import type { OverviewAnswer } from "./overview.d.ts";

export interface Place {
  unit: string;
  name: string;
  tier: Tier;
}

export interface Officer {
  session: string;
  officer_id: string;
  name: string;
  unit: string;
  unit_name: string;
  tier: Tier;
  post: Post;
  sees: Place[];
  /** The units whose ledger, sources, limits, rules and plans the officer administers. */
  administers: { unit: string; name: string }[];
  /** Whether the officer operates the system. */
  operates: boolean;
  may_issue: boolean;
}

export type Language = "zh-CN" | "en";

export interface PageData {
  /** The address of the words of each language. */
  words: Record<Language, string>;
  me: Officer | null;
  /** Answers of the API by address. */
  first: Record<string, object>;
  states: StateSets;
  /** The key that this browser subscribes to pushes with; null: the system sends none. */
  push_key: string | null;
}

/** Sets of states, by lifecycle; services.console.features.screens.state_sets.py takes them from the owners. */
export interface StateSets {
  alert: { undecided: string[] };
  assignment: { all: string[]; unsigned: string[] };
  page: { unanswered: string[] };
  case: { all: string[] };
  letter: { all: string[] };
}

/** A line of the feed. */
export interface FeedLine {
  seq: number;
  kind: string;
  status: Status;
  unit: string;
  unit_name: string;
  level: Level | null;
  at: string;
  subject_id: string;
  headline?: string;
  masked?: boolean;
  hint?: boolean;
  transition?: string;
  state?: string;
  verb?: string;
  count?: number;
  recipients?: number;
  rung?: number;
  clock?: string;
  target_name?: string;
  target_post?: Post;
  post?: Post;
  mode?: string;
  sensor_name?: string;
}

export type LinkState = "connecting" | "live" | "behind" | "offline";

/** How far the read model is behind, with the time of the last signal in milliseconds. */
export interface LinkFacts {
  records?: number;
  problems?: Record<string, string>;
  since?: number;
  heartbeatAt?: number;
}

/** A screen as the frame of the console drives it. */
export interface Board {
  node: HTMLElement;
  refresh(): void;
  line(line: FeedLine): void;
  /** Show another item of the same board. */
  go?(item: string | null): void;
  overview?(answer: OverviewAnswer): void;
  overviewFailed?(): void;
}

export type BoardMaker = (context: BoardContext) => Board;

/** What the frame of the console gives to a board. */
export interface BoardContext {
  /** The officer with the unit of the screen in place of the officer's own. */
  me: Officer;
  /** The officer with the officer's own unit. */
  officer: Officer;
  status: Status;
  item: string | null;
  /** The answer, or null when another screen is shown by then. */
  current<T>(answer: Promise<T>): Promise<T | null>;
  /** As `current`; null also when the answer cannot be read. */
  currentOrNull<T>(answer: Promise<T>): Promise<T | null>;
  announce(alerts: Alert[]): void;
  reload(): void;
}

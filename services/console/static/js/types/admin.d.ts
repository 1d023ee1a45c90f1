/** The tabs of the page of administration. */

import type { Officer } from "./page.d.ts";

/** A tab as the page drives it. */
export interface AdminTab {
  node: HTMLElement;
  /** Load what the tab shows. */
  refresh(): void;
  /** Show another item of the same tab. */
  go?(item: string | null): void;
}

export type AdminTabMaker = (context: AdminTabContext) => AdminTab;

/** What the page gives to a tab. */
export interface AdminTabContext {
  officer: Officer;
  /** What the address names after the tab. */
  item: string | null;
  /** The answer, or null when another tab is shown by then. */
  current<T>(answer: Promise<T>): Promise<T | null>;
  /** As `current`; null also when the answer cannot be read. */
  currentOrNull<T>(answer: Promise<T>): Promise<T | null>;
  /** Tell screen readers what has happened. */
  announce(words: string): void;
}

// The tabs of the page of administration, in the order of their links.

import { ledgerTab } from "./ledger/ledger_tab.js";
import { limitsTab } from "./limits/limits_tab.js";
import { rulesTab } from "./rules/rules_tab.js";
import { sourcesTab } from "./sources/sources_tab.js";
import { startTab } from "./start/start_tab.js";

/** @import { AdminTabMaker } from "../types/admin.d.ts" */

/**
 * The tabs by name.
 * @type {readonly (readonly [name: string, make: AdminTabMaker])[]}
 */
export const ADMIN_TABS = [
  ["ledger", ledgerTab],
  ["sources", sourcesTab],
  ["limits", limitsTab],
  ["rules", rulesTab],
  ["start", startTab],
];

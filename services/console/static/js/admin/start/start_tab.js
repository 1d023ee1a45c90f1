// The tab of a first start: the check before going live, the steps in their order, accounts, and a
// test alarm that goes the whole way.

import { h } from "../../lib/dom.js";
import { loadAll } from "../../lib/load_status.js";
import { accountsPanel } from "./accounts_panel.js";
import { selfCheckPanel } from "./self_check_panel.js";
import { trialPanel } from "./trial_panel.js";

/** @import { AdminTab, AdminTabContext } from "../../types/admin.d.ts" */

/**
 * Make the tab.
 * @param {AdminTabContext} context
 * @returns {AdminTab}
 */
export function startTab(context) {
  const check = selfCheckPanel(context);
  const accounts = accountsPanel(context);
  const trial = trialPanel(context);
  return {
    node: h(
      "div",
      { class: "columns two even" },
      h("div", { class: "stack" }, check.node, trial.node),
      h("div", { class: "stack" }, accounts.node),
    ),
    refresh: () => loadAll({ check: check.load, accounts: accounts.load, trial: trial.load }),
  };
}

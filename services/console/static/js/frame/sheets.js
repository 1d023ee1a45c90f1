// The sheets that open from cards. They are in the second script of the live screen.

import { button } from "../lib/components.js";
import { dialogTitle, openDialog } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { secondScript } from "./second_script.js";

/** @import { Command } from "../types/commands.d.ts" */

/**
 * Open the sheet of an alert; `refresh` is called after a decision.
 * @param {string} alertId
 * @param {() => void} refresh
 */
export const openAlertSheet = (alertId, refresh) =>
  open(({ SHEETS }) => SHEETS.alert(alertId, refresh));

/**
 * Open the sheet of a command's units.
 * @param {Command} command
 */
export const openUnitSheet = (command) => open(({ SHEETS }) => SHEETS.units(command));

/** @param {(script: typeof import("../later.js")) => void} show */
async function open(show) {
  let script;
  try {
    script = await secondScript();
  } catch {
    const problem = h("p", { class: "problem", role: "alert" }, t("problem.offline"));
    const buttons = h(
      "div",
      { class: "buttons" },
      button(t("close"), () => dialog.close()),
    );
    const dialog = openDialog([dialogTitle(t("details")), problem, buttons]);
    return;
  }
  show(script);
}

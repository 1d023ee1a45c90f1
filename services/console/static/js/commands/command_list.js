// The list of commands: signed n of N per tier, the missing units, and the actions on a command.

import { post } from "../lib/api.js";
import {
  button,
  cardClass,
  chip,
  drillTag,
  levelBadge,
  maskedText,
  tierBars,
} from "../lib/components.js";
import { confirmAction } from "../lib/dialogs.js";
import { h, renderList } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";
import { showMissingUnits } from "./missing_units.js";
import { openUnitSheet } from "../frame/sheets.js";
import { originLine } from "../lib/warning_origin.js";

/** @import { Command, CommandHead } from "../types/commands.d.ts" */

/**
 * Draw the commands.
 * @param {HTMLElement} container
 * @param {Command[]} commands
 * @param {() => void} refresh
 */
export function drawCommands(container, commands, refresh) {
  renderList(
    container,
    commands,
    (command) => command.command_id,
    (command) => commandCard(command, refresh),
    t("commands.none"),
  );
}

/**
 * @param {Command} command
 * @param {() => void} refresh
 */
function commandCard(command, refresh) {
  const { totals } = command;
  const missingUnits = h("p", { class: "missing" });
  if (totals.signed < totals.total || totals.overdue || totals.returned)
    showMissingUnits(missingUnits, command.command_id);
  return h(
    "li",
    { class: cardClass(command, command.level) },
    h(
      "div",
      { class: "row" },
      drillTag(command),
      levelBadge(command.level),
      chip(t(`command.${command.state}`)),
      totals.overdue > 0 && chip(t("late", { n: totals.overdue }), "bad"),
      totals.returned > 0 && chip(t("returned.n", { n: totals.returned }), "bad"),
      h("span", { class: "tail" }, formatTime(command.sent_at)),
    ),
    h("h3", {}, maskedText(command, command.title)),
    originLine(command),
    h(
      "p",
      { class: "facts" },
      h("span", {}, `${command.issuer_name} → ${command.root_name}`),
      h("span", {}, t("sign.by", { time: formatTime(command.sign_by) })),
    ),
    h(
      "p",
      { class: "figures" },
      h("span", {}, `${t("signed")} `, h("strong", {}, totals.signed), ` / ${totals.total}`),
      h("span", { class: "muted" }, `${t("reported")} `, h("strong", {}, totals.reported)),
    ),
    tierBars(command.by_tier),
    missingUnits,
    h(
      "div",
      { class: "next" },
      h(
        "div",
        { class: "acts" },
        button(t("units"), () => openUnitSheet(command), {
          "data-focus": `${command.command_id}-units`,
        }),
        commandButtons(command, refresh),
      ),
    ),
  );
}

/**
 * Make buttons for the actions on a whole command, where they would affect an assignment.
 * @param {Command} command
 * @param {() => void} refresh
 */
export function commandButtons(command, refresh) {
  const { totals } = command;
  return command.may
    .filter((verb) => verb !== "check" || totals.reported > totals.done)
    .filter((verb) => verb !== "close" || totals.reported > 0)
    .filter((verb) => verb !== "urge" || totals.signed < totals.total || totals.overdue > 0)
    .map((verb) =>
      button(t(`command.do.${verb}`), () => confirmCommandAction(command, verb, refresh), {
        class: verb === "revoke" ? "danger" : null,
        "data-focus": `${command.command_id}-${verb}`,
      }),
    );
}

/**
 * Ask for the confirmation of an act on a command, and send it; `within` is the unit that bounds
 * the urging.
 * @param {CommandHead} command
 * @param {string} verb
 * @param {() => void} refresh
 * @param {string | null} [within]
 */
export function confirmCommandAction(command, verb, refresh, within = null) {
  const revokes = verb === "revoke";
  confirmAction({
    title: t(`command.do.${verb}`),
    subject: { status: command.status, place: command.root_name, headline: command.title },
    pick: revokes ? command.level : undefined,
    type: revokes ? String(command.recipients) : undefined,
    danger: revokes,
    send: async () => {
      await post(`/api/commands/${command.command_id}/${verb}`, {
        version: command.version,
        ...(within && { within }),
      });
      refresh();
    },
  });
}

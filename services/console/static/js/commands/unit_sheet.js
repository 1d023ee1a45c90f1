// The sheet of a command: its units one by one, with the possible steps.

import { contactLine } from "../duty/contact_line.js";
import { get, problemOf } from "../lib/api.js";
import {
  button,
  drillTag,
  headCell,
  levelBadge,
  maskedText,
  optionsOf,
  scrollingTable,
} from "../lib/components.js";
import { dialogTitle, openDialog } from "../lib/dialogs.js";
import { fill, h, text } from "../lib/dom.js";
import { select, selectOf } from "../lib/forms.js";
import { formatTime, pageData, t } from "../lib/i18n.js";
import { loadStatus } from "../lib/load_status.js";
import { countText } from "../lib/paged_list.js";
import { photoRow } from "../lib/photos.js";
import { stepButtons } from "./assignment_steps.js";
import { courseChart } from "./course_chart.js";

/** @import { Assignment, Command } from "../types/commands.d.ts" */

const PAGE_SIZE = 100;
const COLUMNS = ["unit", "state", "sign.at", "tier", ""];

/**
 * Open the sheet of a command.
 * @param {Command} command
 */
export function openUnitSheet(command) {
  const rows = h("tbody");
  const moreButton = button(t("more"), () => load());
  const filter = select(t("state"), "state", [
    ["", t("all")],
    ...optionsOf(pageData.states.assignment.all, "assignment"),
  ]);
  const table = scrollingTable(
    { tableClass: "by-unit" },
    COLUMNS.map((key) => headCell(key && t(key))),
    rows,
  );
  const status = loadStatus(table);
  const count = h("span", { class: "muted", role: "status" });
  /** @type {string | number} */
  let after = "";

  function reload() {
    after = "";
    fill(rows);
    status.restart();
    load();
  }
  filter.addEventListener("change", reload);

  async function load() {
    moreButton.disabled = true;
    status.begin();
    let answer;
    try {
      answer = await get("/api/assignments", {
        unit: command.root,
        subtree: 1,
        command: command.command_id,
        state: selectOf(filter).value,
        after,
        limit: PAGE_SIZE,
      });
    } catch (error) {
      problemOf(error);
      status.fail();
      moreButton.disabled = false;
      moreButton.hidden = false; // The button is the way to try again.
      return;
    }
    status.succeed();
    rows.append(...answer.assignments.map((assignment) => unitRow(assignment, reload)));
    after = answer.next ?? "";
    moreButton.hidden = !after;
    moreButton.disabled = false;
    fill(count, countText(rows.children.length, answer.total ?? null));
    if (!rows.children.length)
      rows.append(h("tr", {}, h("td", { colspan: 5, class: "empty" }, t("units.none"))));
  }

  const { totals } = command;
  const dialog = openDialog(
    h(
      "div",
      { class: "sheet" },
      dialogTitle([drillTag(command), " ", maskedText(command, command.title)]),
      h(
        "div",
        { class: "figures" },
        levelBadge(command.level),
        h("span", {}, `${t("signed")} `, h("strong", {}, totals.signed), ` / ${totals.total}`),
      ),
      courseChart(`/api/commands/${command.command_id}/course`),
      h("div", { class: "row" }, filter, count),
      table,
      h(
        "div",
        { class: "buttons" },
        moreButton,
        button(t("close"), () => dialog.close()),
      ),
    ),
    true,
  );
  load();
}

/**
 * @param {Assignment} assignment
 * @param {() => void} refresh
 */
function unitRow(assignment, refresh) {
  const { signed_at: signedAt, sign_by: deadline } = assignment;
  return h(
    "tr",
    {},
    h(
      "td",
      {},
      assignment.unit_name,
      assignment.synthetic && h("span", { class: "faint" }, ` ${t("synthetic")}`),
      h("br"),
      contactLine(assignment.contact ?? null),
    ),
    h(
      "td",
      {},
      t(`assignment.${assignment.state}`),
      assignment.reason && [h("br"), text(assignment.reason)],
      photoRow(assignment.photos),
    ),
    h("td", {}, signedAt ? formatTime(signedAt) : t("sign.by", { time: formatTime(deadline) })),
    h("td", {}, t(`tier.${assignment.unit_tier}`)),
    h("td", {}, h("div", { class: "acts" }, stepButtons(assignment, refresh))),
  );
}

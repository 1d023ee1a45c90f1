// One act on many assignments: a village signs or reports for its grids. Each one that is refused
// is told by the name of its unit.

import { get, post, problemOf } from "../lib/api.js";
import { button, drillTag } from "../lib/components.js";
import { dialogTitle, openDialog, problemLine, textArea } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { checkedValues, textOf } from "../lib/forms.js";
import { t } from "../lib/i18n.js";

/** @import { Assignment, BulkStep } from "../types/commands.d.ts" */
/** @import { Status } from "../types/fields.d.ts" */

const STEPS = ["sign", "report"];
const LIMIT = 500;

/**
 * Make the buttons that open the lists of assignments to sign and to report.
 * @param {Status | null} status null stands for real ones and those of drills
 * @param {() => void} onDone
 */
export function bulkButtons(status, onDone) {
  return STEPS.map((step) =>
    button(t(`bulk.${step}`), () => openBulk(step, status, onDone), {
      class: "plain",
      id: `bulk-${step}`,
    }),
  );
}

/**
 * Show the open assignments of the unit and its grids on which the officer may take the step.
 * @param {string} step
 * @param {Status | null} status
 * @param {() => void} onDone
 */
function openBulk(step, status, onDone) {
  const list = h("div", { class: "bulk-list" }, h("p", { class: "muted" }, t("loading")));
  const outcome = h("div", { role: "status" });
  const problem = problemLine();
  const send = h("button", { type: "submit", class: "primary" }, t(`step.${step}`));
  const form = h(
    "form",
    { method: "dialog", onchange: update, onsubmit: submit },
    dialogTitle(t(`bulk.${step}`)),
    list,
    step === "report" && textArea(t("reason.optional"), "text"),
    outcome,
    problem.node,
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", onclick: () => dialog.close() }, t("close")),
      send,
    ),
  );
  const dialog = openDialog(form);

  function update() {
    const count = checkedValues(form, "assignment").length;
    send.disabled = !count;
    fill(send, t("bulk.send", { step: t(`step.${step}`), n: count }));
  }

  async function load() {
    try {
      const query = { open: 1, subtree: 1, limit: LIMIT, status };
      const { assignments } = await get("/api/assignments", query);
      draw(assignments.filter((assignment) => assignment.may.includes(step)));
    } catch (error) {
      fill(list);
      problem.show(problemOf(error));
    }
    update();
  }

  /** @param {readonly Assignment[]} assignments */
  function draw(assignments) {
    fill(
      list,
      assignments.length
        ? assignments.map((assignment) => choice(assignment))
        : h("p", { class: "empty" }, t("bulk.none")),
    );
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    problem.clear();
    try {
      const assignments = checkedValues(form, "assignment");
      const body = { step, assignments, text: step === "report" ? textOf(form, "text") : "" };
      const { recorded, results } = await post("/api/assignments/acknowledgements", body);
      const refused = results.filter(({ reason }) => reason);
      fill(
        outcome,
        h("p", {}, t("bulk.done", { n: recorded })),
        refused.length > 0 && h("ul", { class: "problem", role: "alert" }, refused.map(refusal)),
      );
      onDone();
      const doneIds = new Set(results.filter(({ reason }) => !reason).map(idOf));
      for (const box of list.querySelectorAll("input"))
        if (doneIds.has(box.value)) box.closest("label")?.remove();
      if (!refused.length) dialog.close();
    } catch (error) {
      problem.show(error);
    }
    update();
  }

  load();
}

/** @param {BulkStep} result */
const idOf = (result) => result.assignment_id;

/** @param {BulkStep} result */
function refusal(result) {
  const words = t(`problem.${result.reason}`, { detail: "" });
  return h("li", {}, h("strong", {}, result.unit_name ?? result.assignment_id), " ", words);
}

/** @param {Assignment} assignment */
const choice = (assignment) =>
  h(
    "label",
    { class: "bulk-choice" },
    h("input", {
      type: "checkbox",
      name: "assignment",
      value: assignment.assignment_id,
      checked: true,
    }),
    drillTag(assignment),
    h("span", {}, assignment.unit_name),
    h("span", { class: "muted" }, assignment.title),
  );

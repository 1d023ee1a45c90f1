// One act on many assignments: a village signs or reports for its grids. Each one that is refused
// is told by the name of its unit. A phone without a line keeps one action for each assignment: to
// the server these and the act on many are the same acts, so that each counts once.

import { get, post, problemOf } from "../lib/api.js";
import { button, drillTag } from "../lib/components.js";
import { dialogTitle, openDialog, problemLine, textArea } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { checkedValues, textOf } from "../lib/forms.js";
import { t } from "../lib/i18n.js";
import { plainStep } from "./assignment_steps.js";

/** @import { Deliver } from "../types/actions.d.ts" */
/** @import { Assignment, BulkStep } from "../types/commands.d.ts" */
/** @import { Status } from "../types/fields.d.ts" */

const STEPS = ["sign", "report"];
const LIMIT = 500;

/**
 * A device that keeps actions while there is no line.
 * @typedef {object} Device
 * @property {Deliver} deliver
 * @property {DeviceLists} lists
 */
/**
 * @typedef {object} DeviceLists
 * @property {Assignment[]} assignments the ones that the device has read
 * @property {(assignment: Assignment) => boolean} isPending whether a step on it is under way
 */

/**
 * Make the buttons that open the lists of assignments to sign and to report.
 * @param {Status | null} status null stands for real ones and those of drills
 * @param {() => void} onDone
 * @param {Device | null} [device]
 */
export function bulkButtons(status, onDone, device = null) {
  return STEPS.map((step) =>
    button(t(`bulk.${step}`), () => openBulk(step, status, onDone, device), {
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
 * @param {Device | null} device
 */
function openBulk(step, status, onDone, device) {
  /** @type {readonly Assignment[]} */
  let listed = [];
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
      draw(assignments, null);
    } catch (error) {
      if (device && problemOf(error).retryable)
        draw(device.lists.assignments, h("p", { class: "warn" }, t("bulk.offline")));
      else {
        fill(list);
        problem.show(problemOf(error));
      }
    }
    update();
  }

  /**
   * @param {readonly Assignment[]} assignments
   * @param {HTMLElement | null} note
   */
  function draw(assignments, note) {
    listed = assignments.filter(
      (assignment) => assignment.may.includes(step) && !device?.lists.isPending(assignment),
    );
    fill(
      list,
      note,
      listed.length
        ? listed.map((assignment) => choice(assignment))
        : h("p", { class: "empty" }, t("bulk.none")),
    );
  }

  /**
   * Keep the step on each of these assignments on the device.
   * @param {readonly string[]} ids
   * @param {string} text
   */
  async function keep(ids, text) {
    const picked = listed.filter((assignment) => ids.includes(assignment.assignment_id));
    await device?.deliver(picked.map((assignment) => plainStep(assignment, step, { text })));
    onDone();
    dialog.close();
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    problem.clear();
    const assignments = checkedValues(form, "assignment");
    const text = step === "report" ? textOf(form, "text") : "";
    try {
      const body = { step, assignments, text };
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
      if (device && problemOf(error).retryable) await keep(assignments, text);
      else problem.show(error);
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

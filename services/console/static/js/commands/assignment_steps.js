// Steps on an assignment: the fields that each asks for, then one request.

import { assignmentSummary } from "../lib/action_summary.js";
import { get, post, problemOf, upload } from "../lib/api.js";
import { button } from "../lib/components.js";
import { confirmAction } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { checkedValues, choices, isChecked, momentField, momentOf } from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";
import { photoActions, photoField } from "../lib/photos.js";

/** @import { Action, Deliver } from "../types/actions.d.ts" */
/** @import { Assignment } from "../types/commands.d.ts" */

/** @type {Record<string, "optional" | "required">} */
const REASONS = {
  accept: "optional",
  handle: "optional",
  report: "optional",
  return: "required",
  send_back: "required",
  split: "optional",
  ask_extend: "required",
  ask_suspend: "required",
  extend: "optional",
  suspend: "optional",
  refuse: "required",
  waive: "required",
  recall: "required",
  reassign: "required",
};
/** Steps that withdraw or refuse something; their buttons warn. */
export const DANGEROUS_STEPS = new Set([
  "return",
  "send_back",
  "refuse",
  "waive",
  "recall",
  "reassign",
]);
const EXPECTED_STEPS = new Set(["sign", "accept", "handle", "report", "check", "close", "resume"]);
const PHOTO_STEPS = new Set(["handle", "report", "return", "ask_extend", "ask_suspend"]);
/** @type {Record<string, number>} */
const HOURS_AHEAD = { ask_extend: 1, ask_suspend: 4, extend: 1, suspend: 4 };

/**
 * Make one button per possible step; the first is the expected one.
 * @param {Assignment} assignment
 * @param {() => void} onDone
 */
export function stepButtons(assignment, onDone) {
  return assignment.may.map((step, index) => {
    const isExpected = index === 0 && EXPECTED_STEPS.has(step);
    return button(t(`step.${step}`), () => askForStep(assignment, step, onDone), {
      class: DANGEROUS_STEPS.has(step) ? "danger" : isExpected ? "primary" : null,
      "data-focus": `${assignment.assignment_id}-${step}`,
    });
  });
}

/**
 * Ask for the fields of a step, then deliver it; `done` is called afterwards.
 * @param {Assignment} assignment
 * @param {string} step
 * @param {() => void} onDone
 * @param {Deliver} [deliver]
 */
export async function askForStep(assignment, step, onDone, deliver = sendAll) {
  confirmAction({
    title: t(`step.${step}`),
    subject: {
      status: assignment.status,
      place: assignment.unit_name,
      headline: assignment.title,
    },
    fields: await stepFields(assignment, step),
    reason: REASONS[step] ?? null,
    danger: DANGEROUS_STEPS.has(step),
    send: async ({ reason, form }) => {
      const photos = await photoActions(form, assignment);
      await deliver([...photos, stepAction(assignment, step, reason, form)]);
      onDone();
    },
  });
}

/**
 * @param {Assignment} assignment
 * @param {string} step
 */
async function stepFields(assignment, step) {
  const { asked: request, unit, issuer_unit: issuer } = assignment;
  const fields = [];
  if (request?.until && request.step === `ask_${step}`) {
    const words = t("asked.until", { time: formatTime(request.until) });
    fields.push(h("p", { class: "muted" }, words));
  } else if (HOURS_AHEAD[step]) fields.push(momentField(t("until"), "until", HOURS_AHEAD[step]));
  if (step === "split") {
    fields.push(await receiverChoices(unit, "checkbox"));
    fields.push(choices(t("parts"), "checkbox", "optional", [["yes", t("parts.optional")]]));
  }
  if (step === "reassign") fields.push(await receiverChoices(issuer, "radio", unit));
  if (PHOTO_STEPS.has(step)) fields.push(photoField());
  return fields;
}

/**
 * @param {Assignment} assignment
 * @param {string} step
 * @param {string} reason
 * @param {HTMLFormElement} form
 * @returns {Action}
 */
function stepAction(assignment, step, reason, form) {
  const until = momentOf(form, "until");
  const units = checkedValues(form, "receiver");
  return plainStep(assignment, step, {
    text: reason,
    ...(until && { until }),
    ...(units.length && { units }),
    ...(step === "split" && { mandatory: !isChecked(form, "optional") }),
  });
}

/**
 * Return the action of a step on an assignment.
 * @param {Assignment} assignment
 * @param {string} step
 * @param {object} fields of the request
 * @returns {Action}
 */
export function plainStep(assignment, step, fields) {
  return {
    path: `/api/assignments/${assignment.assignment_id}/acknowledgements`,
    body: { step, attempt: assignment.attempt, ...fields },
    summary: assignmentSummary(assignment, step),
  };
}

/**
 * Send actions in their order, without an outbox.
 * @param {Action[]} actions
 */
export async function sendAll(actions) {
  for (const { path, body, file } of actions) await (file ? upload(path, file) : post(path, body));
}

/**
 * Make controls for the units that may receive the assignment; a note where the list cannot be
 * read.
 * @param {string} unit
 * @param {"radio" | "checkbox"} type
 * @param {string | null} [excludedUnit]
 */
async function receiverChoices(unit, type, excludedUnit = null) {
  let answer;
  try {
    answer = await get("/api/units", { unit });
  } catch (error) {
    const problem = problemOf(error);
    const detail = problem.status ? problem.text : "";
    return h("p", { class: "problem", role: "alert" }, t("receivers.none"), " ", detail);
  }
  const options = answer.below
    .filter((child) => child.unit !== excludedUnit)
    .map((child) => /** @type {const} */ ([child.unit, child.name]));
  return choices(t(type === "radio" ? "receiver" : "receivers"), type, "receiver", options);
}

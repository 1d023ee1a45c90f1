// The card of one unit's assignment, with the steps that may be taken.

import { cardClass, chip, drillTag, levelBadge, maskedText } from "../lib/components.js";
import { h, text } from "../lib/dom.js";
import { formatTime, pageData, t } from "../lib/i18n.js";
import { photoRow } from "../lib/photos.js";
import { stepButtons } from "./assignment_steps.js";

/** @import { Assignment } from "../types/commands.d.ts" */

/**
 * Return whether the unit has yet to sign the assignment.
 * @param {Assignment} assignment
 */
export const isUnsigned = (assignment) =>
  pageData.states.assignment.unsigned.includes(assignment.state);

/**
 * Make the labels of the state of an assignment.
 * @param {Assignment} assignment
 */
export function stateChips(assignment) {
  return [
    drillTag(assignment),
    levelBadge(assignment.level),
    chip(t(`assignment.${assignment.state}`)),
    assignment.role === "assist" && chip(t("role.assist")),
    assignment.attempt > 1 && chip(t("attempt", { n: assignment.attempt }), "bad"),
    assignment.late && chip(t("was.late"), "bad"),
    assignment.asked && chip(t(`step.${assignment.asked.step}`), "bad"),
  ];
}

/**
 * Return the words before the reason of the present state.
 * @param {Assignment} assignment
 */
export const reasonLabel = (assignment) => t(`reason.${assignment.state}`, {}, t("reason"));

/**
 * Make a card; `done` is called after a step.
 * @param {Assignment} assignment
 * @param {() => void} onDone
 */
export function assignmentCard(assignment, onDone) {
  const deadline = isUnsigned(assignment)
    ? t("sign.by", { time: formatTime(assignment.sign_by) })
    : t("finish.by", { time: formatTime(assignment.finish_by) });
  const request = assignment.asked?.text;
  return h(
    "li",
    { class: cardClass(assignment, assignment.level) },
    h("div", { class: "row" }, stateChips(assignment), h("span", { class: "tail" }, deadline)),
    h("h3", {}, maskedText(assignment, assignment.title)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, assignment.unit_name),
      h("span", {}, t("from", { unit: assignment.issuer_name })),
      assignment.synthetic && h("span", {}, t("synthetic")),
    ),
    assignment.instruction && text(assignment.instruction, "p"),
    assignment.reason &&
      h("p", { class: "muted" }, reasonLabel(assignment), text(assignment.reason)),
    request && h("p", { class: "muted" }, t("reason"), text(request)),
    photoRow(assignment.photos),
    assignment.may.length > 0 && h("div", { class: "acts" }, stepButtons(assignment, onDone)),
  );
}

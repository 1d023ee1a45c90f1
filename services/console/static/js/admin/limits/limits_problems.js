// The problems of a draft, each at its field and in a list that leads there.

import { button } from "../../lib/components.js";
import { fill, h, text } from "../../lib/dom.js";
import { currentLanguage, t } from "../../lib/i18n.js";

/** @import { LimitsProblem } from "../../types/limits.d.ts" */

let count = 0;

/**
 * Remove the marks at the fields of a form.
 * @param {HTMLElement} form
 */
export function clearProblems(form) {
  for (const line of form.querySelectorAll(".field-problem")) line.remove();
  for (const control of form.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    control.removeAttribute("aria-describedby");
  }
}

/**
 * Show problems at their fields and in the list, and go to the first error.
 * @param {HTMLElement} form
 * @param {HTMLElement} list
 * @param {string} subject
 * @param {readonly LimitsProblem[]} problems
 */
export function showProblems(form, list, subject, problems) {
  clearProblems(form);
  const placed = problems.map((problem) => ({
    problem,
    target: targetOf(form, subject, problem.field),
  }));
  for (const { problem, target } of placed) if (target) mark(target, problem);
  fill(
    list,
    placed.length
      ? placed.map(({ problem, target }) =>
          h(
            "li",
            { class: problem.severity },
            `${t(`limits.severity.${problem.severity}`)} `,
            target ? button(placeName(target), () => go(target), { class: "plain" }) : "",
            " ",
            text(wordsOf(problem)),
          ),
        )
      : h("li", {}, t("limits.fine")),
  );
  const first = placed.find(({ problem, target }) => target && problem.severity === "error");
  if (first?.target) go(first.target);
}

/** @param {LimitsProblem} problem */
const wordsOf = (problem) => (currentLanguage() === "en" ? problem.en : problem.zh);

/**
 * Return the control, the row or the part that a problem is about; null for the whole document.
 * @param {HTMLElement} form
 * @param {string} subject
 * @param {string} field
 * @returns {HTMLElement | null}
 */
function targetOf(form, subject, field) {
  const path = field.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
  const steps = path[0] === subject ? path.slice(1) : path;
  // A single row has no number in the path of a problem, but one among the names of the fields.
  if (steps.length > 1 && !/^\d+$/.test(steps[1])) steps.splice(1, 0, "0");
  for (; steps.length; steps.pop()) {
    const name = steps.join(".");
    const target = form.querySelector(
      `[name="${name}"], [data-row="${name}"], [data-part="${name}"]`,
    );
    if (target instanceof HTMLElement) return target;
  }
  return null;
}

/**
 * @param {HTMLElement} target
 * @param {LimitsProblem} problem
 */
function mark(target, problem) {
  const id = `field-problem-${++count}`;
  const words = h("p", { class: `field-problem ${problem.severity}`, id }, text(wordsOf(problem)));
  if (target.matches("[data-part]")) {
    const legend = target.querySelector("legend");
    if (legend) legend.after(words);
  } else if (target.matches("[data-row]")) target.append(words);
  else (target.closest(".choices, .limits-time, label") ?? target).after(words);
  const details = target.closest("details");
  if (details) details.open = true;
  if (problem.severity === "error") target.setAttribute("aria-invalid", "true");
  target.setAttribute("aria-describedby", id);
}

/** @param {HTMLElement} target */
function go(target) {
  const isControl = target.matches("input, select");
  const control = isControl ? target : target.querySelector("input, summary, select, button");
  if (control instanceof HTMLElement) control.focus();
}

/** @param {HTMLElement} target */
function placeName(target) {
  const part = target.closest("[data-part]")?.querySelector("legend")?.textContent;
  const rowName = target.closest("[data-row]")?.querySelector("summary")?.textContent;
  const label = target.closest("label")?.firstChild?.textContent;
  return [part, rowName, part ? "" : label].filter(Boolean).join(" · ");
}

// The form of a draft: the values of a document with other numbers, checked before it is stored.

import { post, put } from "../../lib/api.js";
import { button } from "../../lib/components.js";
import { dialogTitle, openDialog, problemLine } from "../../lib/dialogs.js";
import { fill, h, text } from "../../lib/dom.js";
import { momentField, momentOf, showValues, textField, textOf } from "../../lib/forms.js";
import { currentLanguage, t } from "../../lib/i18n.js";
import { numbersOf, rowsOf, TIME_UNITS, unitOfTime } from "./limits_values.js";

/** @import { LimitsContent, LimitsDraftBody, LimitsProblem } from "../../types/limits.d.ts" */
/** @import { NumberName, PlacedRow } from "./limits_values.js" */

const HOURS_AHEAD = 24;
const LONGEST_SOURCE = 200;

/**
 * Open the form. `start` has the values to begin with; `saved` is called when the draft is stored.
 * @param {string} draftId
 * @param {LimitsDraftBody} start
 * @param {string} title
 * @param {() => void} saved
 */
export function openLimitsForm(draftId, start, title, saved) {
  const content = start[start.subject] ?? {};
  const problem = problemLine();
  const findings = h("ul", { class: "limits-problems", role: "status" });
  const form = h(
    "form",
    { method: "dialog", class: "limits-form", onsubmit: submit },
    dialogTitle(title),
    textField(t("limits.name.zh"), "name_zh", { required: true }),
    textField(t("limits.name.en"), "name_en", { required: true }),
    textField(t("limits.source"), "source", { required: true }),
    momentField(t("limits.in_force_from"), "in_force_from", HOURS_AHEAD),
    h(
      "fieldset",
      { class: "limits-rows" },
      h("legend", {}, t("limits.values")),
      rowsOf(content).map(rowFields),
    ),
    problem.node,
    findings,
    h(
      "div",
      { class: "buttons" },
      button(t("cancel"), () => dialog.close()),
      button(t("limits.check"), check, { class: "plain" }),
      h("button", { type: "submit", class: "primary" }, t("limits.save")),
    ),
  );
  showValues(form, { name_zh: start.name_zh, name_en: start.name_en, source: start.source });
  if (start.in_force_from) showValues(form, { in_force_from: start.in_force_from });
  const dialog = openDialog(form, true);

  /** @returns {LimitsDraftBody} */
  function body() {
    return {
      subject: start.subject,
      ...(start.unit ? { unit: start.unit } : {}),
      enabled: start.enabled,
      name_zh: textOf(form, "name_zh"),
      name_en: textOf(form, "name_en"),
      in_force_from: momentOf(form, "in_force_from") ?? "",
      source: textOf(form, "source"),
      ...(start.enabled ? { [start.subject]: contentOf(form, content) } : {}),
    };
  }

  /** Show everything that is wrong; return whether nothing keeps the draft from being stored. */
  async function check() {
    problem.clear();
    fill(findings);
    if (!form.reportValidity()) return false;
    try {
      const { problems } = await post("/api/limits/checks", body());
      fill(findings, problems.length ? problems.map(problemItem) : h("li", {}, t("limits.fine")));
      return problems.every((item) => item.severity === "warning");
    } catch (error) {
      problem.show(error);
      return false;
    }
  }

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (!(await check())) return;
    try {
      await put(`/api/limits/drafts/${draftId}`, body());
      dialog.close();
      saved();
    } catch (error) {
      problem.show(error);
    }
  }
}

/** @param {LimitsProblem} problem */
function problemItem(problem) {
  const words = currentLanguage() === "en" ? problem.en : problem.zh;
  return h(
    "li",
    { class: problem.severity },
    `${t(`limits.severity.${problem.severity}`)} `,
    h("code", {}, problem.field),
    " ",
    text(words),
  );
}

/** @param {PlacedRow} placed */
function rowFields({ part, index, label, row }) {
  return h(
    "div",
    { class: "limits-row", role: "group", "aria-label": label },
    h("strong", {}, label),
    numbersOf(row).map(({ name, value }) => numberField(`${part}.${index}.${name}`, name, value)),
    h(
      "label",
      {},
      t("limits.column.source"),
      h("input", {
        type: "text",
        name: `${part}.${index}.source`,
        value: row.source,
        required: true,
        maxlength: LONGEST_SOURCE,
      }),
    ),
  );
}

/**
 * @param {string} field
 * @param {NumberName} name
 * @param {number} value
 */
function numberField(field, name, value) {
  const words = t(`limits.number.${name}`);
  if (name === "share" || name === "count") {
    const step = name === "share" ? 0.01 : 1;
    return h(
      "label",
      {},
      words,
      h("input", { type: "number", name: field, value, required: true, min: 0, step }),
    );
  }
  const [size] = unitOfTime(value);
  return h(
    "span",
    { class: "limits-time" },
    h(
      "label",
      {},
      words,
      h("input", {
        type: "number",
        name: field,
        value: value / size,
        required: true,
        min: 0,
        step: "any",
      }),
    ),
    h(
      "select",
      { name: `${field}.unit`, "aria-label": t("limits.unit_of_time") },
      TIME_UNITS.map(([seconds, unit]) =>
        h("option", { value: seconds, selected: seconds === size }, t(`limits.unit.${unit}`)),
      ),
    ),
  );
}

/**
 * Return the values with the numbers and sources of the form.
 * @param {HTMLFormElement} form
 * @param {LimitsContent} content
 */
function contentOf(form, content) {
  const result = structuredClone(content);
  for (const { part, index } of rowsOf(content)) {
    const row = [result[part]].flat()[index];
    for (const { name } of numbersOf(row)) {
      const field = `${part}.${index}.${name}`;
      const factor =
        name === "share" || name === "count" ? 1 : Number(textOf(form, `${field}.unit`));
      row[name] = Number(textOf(form, field)) * factor;
    }
    row.source = textOf(form, `${part}.${index}.source`);
  }
  return result;
}

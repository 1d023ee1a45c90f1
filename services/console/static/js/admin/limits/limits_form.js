// The form of a draft: its values beside those in force, checked before it is stored.

import { post, put } from "../../lib/api.js";
import { button } from "../../lib/components.js";
import { dialogTitle, openDialog, problemLine } from "../../lib/dialogs.js";
import { fill, h } from "../../lib/dom.js";
import { momentField, momentOf, showValues, textField, textOf } from "../../lib/forms.js";
import { t } from "../../lib/i18n.js";
import { clearProblems, showProblems } from "./limits_problems.js";
import { rowsEditor } from "./limits_rows.js";
import { differences } from "./limits_values.js";

/** @import { LimitsContent, LimitsDraftBody, LimitsPart } from "../../types/limits.d.ts" */
/** @import { LimitsProblem } from "../../types/limits.d.ts" */

const HOURS_AHEAD = 24;
const HEAD = /** @type {const} */ (["name_zh", "name_en", "source", "in_force_from"]);

/**
 * @typedef {object} DraftStart
 * @property {string} draftId
 * @property {LimitsDraftBody} document the values to begin with
 * @property {readonly LimitsPart[]} parts the fields of its subject
 * @property {LimitsContent | undefined} replaced the values that hold now
 * @property {string} title
 */

/**
 * Open the form; `saved` is called when the draft is stored.
 * @param {DraftStart} draft
 * @param {() => void} saved
 */
export function openLimitsForm({ draftId, document: start, parts, replaced, title }, saved) {
  const content = /** @type {LimitsContent} */ (start[start.subject] ?? {});
  const problem = problemLine();
  const findings = h("ul", { class: "limits-problems", role: "status" });
  const changes = h("ul", { class: "limits-differences" });
  const rows = rowsEditor(parts, content, showDifferences);
  /** @type {HTMLFormElement} */
  const form = h(
    "form",
    { method: "dialog", class: "limits-form", novalidate: true, onsubmit: submit },
    dialogTitle(title),
    textField(t("limits.name.zh"), "name_zh"),
    textField(t("limits.name.en"), "name_en"),
    textField(t("limits.source"), "source"),
    momentField(t("limits.in_force_from"), "in_force_from", HOURS_AHEAD),
    start.enabled
      ? [rows.node, h("h3", {}, t("limits.differences")), changes]
      : h("p", { class: "muted" }, t("limits.ends")),
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
  showDifferences();
  const dialog = openDialog(form, true);

  function showDifferences() {
    const lines = differences(parts, replaced, rows.read());
    fill(
      changes,
      lines.length
        ? lines.map((line) => h("li", {}, line))
        : h("li", { class: "muted" }, t("limits.no_difference")),
    );
  }

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
      ...(start.enabled ? { [start.subject]: rows.read() } : {}),
    };
  }

  /**
   * Show everything that is wrong; return whether nothing keeps the draft from being stored.
   * @returns {Promise<boolean>}
   */
  async function check() {
    problem.clear();
    clearProblems(form);
    fill(findings);
    const absent = HEAD.filter((name) => textOf(form, name) === "").map(notFilled);
    try {
      const problems = absent.length ? absent : (await post("/api/limits/checks", body())).problems;
      showProblems(form, findings, start.subject, problems);
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

/**
 * @param {string} field
 * @returns {LimitsProblem}
 */
const notFilled = (field) => {
  const words = t("limits.not_filled");
  return { field, severity: "error", zh: words, en: words, allowed: "" };
};

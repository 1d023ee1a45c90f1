// The evaluation of a case: all units, each tier, each unit. Spans are h:mm:ss; a dash stands for
// an event that did not occur.

import { button, headCell, scrollingTable } from "../lib/components.js";
import { h } from "../lib/dom.js";
import { formatSpan, t } from "../lib/i18n.js";

/** @import { Child } from "../types/dom.d.ts" */
/** @import { EvaluationAnswer, GroupEvaluation, UnitEvaluation } from "../types/cases.d.ts" */

const UNIT_COUNTS = /** @type {const} */ ([
  "late",
  "returned",
  "reassigned",
  "suspended",
  "sent_back",
  "escalations",
  "answered",
]);
const GROUP_COUNTS = /** @type {const} */ (["signed", "finished", ...UNIT_COUNTS]);
const UNIT_SPANS = /** @type {const} */ (["sign_s", "finish_s", "answer_s"]);
const GROUP_SPANS = ["sign_s", "sign_slowest", "finish_s", "answer_s"];
/** @type {Set<string>} */
const BAD_COUNTS = new Set(["late", "returned", "escalations"]);

/** @param {string} name */
const columnKey = (name) => `case.col.${name}`;

/** @param {number | null} seconds */
const spanText = (seconds) => (seconds === null ? "–" : formatSpan(seconds * 1_000));

/**
 * @param {number} count
 * @param {boolean} [isBad]
 */
function numberCell(count, isBad = false) {
  const tone = isBad && count ? "bad" : count ? "" : "faint";
  return h("td", { class: `number ${tone}` }, count);
}

/** @param {string} words */
const wordsCell = (words) => h("td", { class: "number" }, words);

/**
 * @param {string} key
 * @param {string[]} columns
 * @param {Child} rows
 * @param {string} [size]
 */
function evaluationSection(key, columns, rows, size) {
  const options = { class: size, label: t(key), tableClass: "figures-table" };
  const cells = columns.map((column, index) => headCell(t(column), index > 0));
  return h("section", {}, h("h3", {}, t(key)), scrollingTable(options, cells, rows));
}

/**
 * Make the table of all units, with one row per tier.
 * @param {EvaluationAnswer} evaluation
 */
export function evaluationTable(evaluation) {
  const columns = ["tier", "units", ...GROUP_COUNTS, ...GROUP_SPANS].map(columnKey);
  /**
   * @param {string} name
   * @param {GroupEvaluation} group
   */
  const row = (name, group) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      numberCell(group.units),
      GROUP_COUNTS.map((count) => numberCell(group[count], BAD_COUNTS.has(count))),
      wordsCell(spanText(group.sign_s.median_s)),
      wordsCell(spanText(group.sign_s.slowest_s)),
      wordsCell(spanText(group.finish_s.median_s)),
      wordsCell(spanText(group.answer_s.median_s)),
    );
  const rows = [
    row(t("case.whole"), evaluation.whole),
    ...evaluation.by_tier.map((group) => row(t(`tier.${group.tier}`), group)),
  ];
  return evaluationSection("case.by_tier", columns, rows);
}

/**
 * Make the table with one row per unit; a press on a name calls `choose(unit)`.
 * @param {UnitEvaluation[]} units
 * @param {(unit: UnitEvaluation) => void} choose
 */
export function unitsTable(units, choose) {
  if (!units.length) return h("p", { class: "empty" }, t("units.none"));
  const columns = [
    ...["who", "state", ...UNIT_COUNTS, "sign_one", "finish_one"].map(columnKey),
    "case.answer.one",
  ];
  /** @param {UnitEvaluation} unit */
  const row = (unit) =>
    h(
      "tr",
      {},
      h(
        "td",
        {},
        button(unit.unit_name, () => choose(unit), {
          class: "plain into",
          "data-focus": `of-${unit.thread}-${unit.unit}`,
        }),
        h("span", { class: "faint" }, ` ${t(`tier.${unit.tier}`)}`),
      ),
      wordsCell(unit.state ? t(`assignment.${unit.state}`) : "–"),
      UNIT_COUNTS.map((count) => numberCell(unit[count], BAD_COUNTS.has(count))),
      UNIT_SPANS.map((span) => wordsCell(spanText(unit[span]))),
    );
  return evaluationSection("case.by_unit", columns, units.map(row), "tall");
}

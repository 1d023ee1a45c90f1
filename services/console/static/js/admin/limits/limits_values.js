// The values of a document of limits as rows: what a row is about, and its values. The fields of a
// subject come from the server, so a new subject needs no code here.

import { headCell, scrollingTable } from "../../lib/components.js";
import { h, text } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";

/** @import { LimitsContent, LimitsField, LimitsPart, LimitsRow } from "../../types/limits.d.ts" */
/** @import { LimitsSubject, LimitsSubjectFields, LimitsValue } from "../../types/limits.d.ts" */

/** @typedef {{ part: LimitsPart, index: number, label: string, row: LimitsRow }} PlacedRow */

export const SOURCE = "source";
/** Units of time by their seconds, the largest first. */
export const TIME_UNITS = /** @type {const} */ ([
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
]);

/**
 * Return the parts of a subject.
 * @param {readonly LimitsSubjectFields[]} subjects
 * @param {LimitsSubject} subject
 */
export const partsOf = (subjects, subject) =>
  subjects.find((item) => item.subject === subject)?.parts ?? [];

/**
 * Return the largest unit of which the time is a whole number.
 * @param {number} seconds
 */
export const unitOfTime = (seconds) =>
  TIME_UNITS.find(([size]) => seconds % size === 0) ?? TIME_UNITS[TIME_UNITS.length - 1];

/**
 * Return whether a field is chosen from a list of words.
 * @param {LimitsField} field
 */
export const isChosen = (field) => field.kind === "choice" || field.kind === "choices";

/**
 * Return the chosen words of a field, in the order of the screens.
 * @param {LimitsField} field
 * @param {LimitsRow} row
 */
export function chosenWords(field, row) {
  const values = [row[field.name] ?? []].flat();
  const options = field.options.filter((option) => values.includes(option));
  return options.map((option) => t(`${field.of}.${option}`)).join(t("limits.and"));
}

/**
 * Return the name of a field in words.
 * @param {LimitsField} field
 */
export const fieldName = (field) => t(`limits.number.${field.name}`);

/**
 * Return a value of a row in words: a time, a share, a count, a choice.
 * @param {LimitsField} field
 * @param {LimitsRow} row
 */
function valueText(field, row) {
  const value = row[field.name];
  if (isChosen(field)) return chosenWords(field, row) || t("limits.nothing");
  if (field.kind === "boolean") return t(value ? "ledger.yes" : "ledger.no");
  if (typeof value !== "number") return String(value);
  if (field.kind === "share") return `${percent(value)} %`;
  if (field.kind !== "seconds") return String(value);
  if (value === 0) return t("limits.never");
  const [size, unit] = unitOfTime(value);
  return t(`limits.time.${unit}`, { n: value / size });
}

/**
 * Return a share in percent, without the digits that halves of computers leave.
 * @param {number} share
 */
export const percent = (share) => Number((share * 100).toFixed(4));

/**
 * Return the rows of a part.
 * @param {LimitsContent} content
 * @param {LimitsPart} part
 * @returns {LimitsRow[]}
 */
export const rowsIn = (content, part) => [content[part.name] ?? []].flat();

/**
 * Return all rows of the values of a subject, each with what it is about.
 * @param {readonly LimitsPart[]} parts
 * @param {LimitsContent} content
 * @returns {PlacedRow[]}
 */
export const rowsOf = (parts, content) =>
  parts.flatMap((part) =>
    rowsIn(content, part).map((row, index) => ({ part, index, label: rowLabel(part, row), row })),
  );

/**
 * Return what a row is about: its part, and in a list what it is chosen for.
 * @param {LimitsPart} part
 * @param {LimitsRow} row
 */
function rowLabel(part, row) {
  return [t(`limits.part.${part.name}`), aboutText(part, row)].filter(Boolean).join(" · ");
}

/**
 * Return what a row of a list is chosen for.
 * @param {LimitsPart} part
 * @param {LimitsRow} row
 */
export const aboutText = (part, row) =>
  part.many
    ? part.fields
        .filter(isChosen)
        .map((field) => chosenWords(field, row))
        .filter(Boolean)
        .join(" · ")
    : "";

/**
 * Return the fields with a value of a row: those that do not say what it is about.
 * @param {PlacedRow} placed
 */
const valuesOf = ({ part, row }) =>
  part.fields.filter(
    (field) =>
      field.name !== SOURCE && hasValue(row[field.name]) && !(part.many && isChosen(field)),
  );

/** @param {LimitsValue} value */
const hasValue = (value) => value !== undefined && value !== null;

/**
 * Make the table of the values of a subject, with their sources.
 * @param {readonly LimitsPart[]} parts
 * @param {LimitsContent} content
 * @param {string} label
 */
export function valueTable(parts, content, label) {
  const heads = ["about", "value", "source"].map((name) => headCell(t(`limits.column.${name}`)));
  const rows = rowsOf(parts, content).map((placed) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, placed.label),
      h("td", {}, valuesText(placed)),
      h("td", { class: "limits-source" }, text(placed.row[SOURCE])),
    ),
  );
  return scrollingTable({ label, class: "limits-values" }, heads, rows);
}

/** @param {PlacedRow} placed */
function valuesText(placed) {
  const fields = valuesOf(placed);
  if (fields.length === 1) return valueText(fields[0], placed.row);
  return fields
    .map((field) => `${fieldName(field)} ${valueText(field, placed.row)}`)
    .join(t("limits.comma"));
}

/**
 * Return what differs between the values in force and those of a draft, one line for each value.
 * @param {readonly LimitsPart[]} parts
 * @param {LimitsContent | undefined} before
 * @param {LimitsContent | undefined} after
 * @returns {string[]}
 */
export function differences(parts, before, after) {
  const old = wordsByLabel(parts, before);
  const drafted = wordsByLabel(parts, after);
  const lines = [];
  for (const [label, value] of drafted) {
    const former = old.get(label);
    if (former === undefined) lines.push(t("limits.added", { label, value }));
    else if (former !== value) lines.push(t("limits.changed", { label, before: former, value }));
  }
  for (const [label, value] of old)
    if (!drafted.has(label)) lines.push(t("limits.removed", { label, value }));
  return lines;
}

/**
 * @param {readonly LimitsPart[]} parts
 * @param {LimitsContent | undefined} content
 */
function wordsByLabel(parts, content) {
  /** @type {Map<string, string>} */
  const results = new Map();
  for (const placed of content ? rowsOf(parts, content) : []) {
    const { label, row } = placed;
    for (const field of valuesOf(placed))
      results.set(`${label} ${fieldName(field)}`, valueText(field, row));
    results.set(`${label} ${t("limits.number.source")}`, String(row[SOURCE] ?? ""));
  }
  return results;
}

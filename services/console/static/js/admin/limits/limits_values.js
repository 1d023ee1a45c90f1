// The values of a document of limits as rows of a table: what a row is about, and its numbers.

import { headCell, scrollingTable } from "../../lib/components.js";
import { h, text } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";

/** @import { LimitsContent, LimitsRow } from "../../types/limits.d.ts" */

/** @typedef {"within_s" | "pause_s" | "phone_s" | "written_s"} FirstTimeName */
/** @typedef {FirstTimeName | "follow_up_s" | "final_s" | "share" | "count"} NumberName */
/** @typedef {{ part: string, index: number, label: string, row: LimitsRow }} PlacedRow */

/**
 * The numbers that a row may have.
 * @type {NumberName[]}
 */
export const NUMBERS = [
  "within_s",
  "pause_s",
  "phone_s",
  "written_s",
  "follow_up_s",
  "final_s",
  "share",
  "count",
];
/** Units of time by their seconds, the largest first. */
export const TIME_UNITS = /** @type {const} */ ([
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
]);

/**
 * Return the largest unit of which the time is a whole number.
 * @param {number} seconds
 */
export const unitOfTime = (seconds) =>
  TIME_UNITS.find(([size]) => seconds % size === 0) ?? TIME_UNITS[TIME_UNITS.length - 1];

/**
 * Return a number of a row in words: a time, a share or a count.
 * @param {NumberName} name
 * @param {number} value
 */
export function valueText(name, value) {
  if (name === "share") return `${Math.round(value * 100)} %`;
  if (name === "count") return String(value);
  if (value === 0) return t("limits.never");
  const [size, unit] = unitOfTime(value);
  return t(`limits.time.${unit}`, { n: value / size });
}

/**
 * Return all rows of the values of a subject, each with what it is about.
 * @param {LimitsContent} content
 * @returns {PlacedRow[]}
 */
export const rowsOf = (content) =>
  Object.entries(content).flatMap(([part, rows]) =>
    [rows].flat().map((row, index) => ({ part, index, label: rowLabel(part, row), row })),
  );

/**
 * @param {string} part
 * @param {LimitsRow} row
 */
function rowLabel(part, row) {
  const names = [
    (row.levels ?? []).map((level) => t(`level.${level}`)),
    (row.tiers ?? []).map((tier) => t(`tier.${tier}`)),
    (row.modes ?? []).map((mode) => t(`mode.${mode}`)),
  ];
  const words = names.filter((list) => list.length).map((list) => list.join(t("limits.and")));
  return [t(`limits.part.${part}`), ...words].join(" · ");
}

/**
 * Return the numbers of a row that it has.
 * @param {LimitsRow} row
 */
export const numbersOf = (row) =>
  NUMBERS.flatMap((name) => {
    const value = row[name];
    return value === undefined ? [] : [{ name, value }];
  });

/**
 * Make the table of the values of a subject, with their sources.
 * @param {LimitsContent} content
 * @param {string} label
 */
export function valueTable(content, label) {
  const heads = ["about", "value", "source"].map((name) => headCell(t(`limits.column.${name}`)));
  const rows = rowsOf(content).map(({ label: rowText, row }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, rowText),
      h("td", {}, numbersText(row)),
      h("td", { class: "limits-source" }, text(row.source)),
    ),
  );
  return scrollingTable({ label, class: "limits-values" }, heads, rows);
}

/** @param {LimitsRow} row */
function numbersText(row) {
  const numbers = numbersOf(row);
  if (numbers.length === 1) return valueText(numbers[0].name, numbers[0].value);
  return numbers
    .map(({ name, value }) => `${t(`limits.number.${name}`)} ${valueText(name, value)}`)
    .join(t("limits.comma"));
}

/**
 * Return what differs between the values in force and those of a draft, one line for each number.
 * @param {LimitsContent | undefined} before
 * @param {LimitsContent | undefined} after
 * @returns {string[]}
 */
export function differences(before, after) {
  const old = numbersByLabel(before);
  const drafted = numbersByLabel(after);
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

/** @param {LimitsContent | undefined} content */
function numbersByLabel(content) {
  /** @type {Map<string, string>} */
  const results = new Map();
  for (const { label, row } of content ? rowsOf(content) : [])
    for (const { name, value } of numbersOf(row))
      results.set(`${label} ${t(`limits.number.${name}`)}`, valueText(name, value));
  return results;
}

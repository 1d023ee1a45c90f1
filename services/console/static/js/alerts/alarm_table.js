// The evidence of an alert: measured values against their limits, and the parts of each score.

import { button, chip, headCell, levelBadge, scrollingTable } from "../lib/components.js";
import { h, svg, text } from "../lib/dom.js";
import { formatAmount, formatDuration, formatTime, t } from "../lib/i18n.js";

/** @import { Child } from "../types/dom.d.ts" */
/** @import { Alarm } from "../types/alerts.d.ts" */

const SCORE_PARTS = ["level", "excess", "lasting"];
/** Kinds whose number says nothing to people: a count of conditions, the weight of sources. */
const COMBINED_KINDS = new Set(["composite", "corroboration"]);
const COLUMNS = [
  "evidence.sensor",
  "evidence.value",
  "evidence.score",
  "evidence.level",
  "evidence.at",
];

/**
 * Return whether the condition of an alarm has ended.
 * @param {Alarm} alarm
 */
export const hasEnded = (alarm) => alarm.withdrawn || alarm.transition === "cleared";

/**
 * Return the key of the words for the state of an alarm.
 * @param {Alarm} alarm
 */
export const alarmStateKey = (alarm) => `alarm.${alarm.withdrawn ? "withdrawn" : alarm.transition}`;

/**
 * Make a table of alarms; `action(alarm)` gives the content of a last column.
 * @param {Alarm[]} alarms
 * @param {string} emptyText
 * @param {((alarm: Alarm) => Child) | null} [action]
 */
export function alarmTable(alarms, emptyText, action = null) {
  if (!alarms.length) return h("p", { class: "empty" }, emptyText);
  const columns = action ? [...COLUMNS, "acts"] : COLUMNS;
  return scrollingTable(
    {},
    columns.map((key) => headCell(t(key))),
    alarms.map((alarm) => alarmRow(alarm, action)),
  );
}

/**
 * @param {Alarm} alarm
 * @param {((alarm: Alarm) => Child) | null} action
 */
function alarmRow(alarm, action) {
  const state = t(alarmStateKey(alarm));
  const level = t("alarm.was", { level: t(`level.${alarm.level}`) });
  const isSpecialKind = alarm.kind !== "threshold" && !COMBINED_KINDS.has(alarm.kind);
  return h(
    "tr",
    { class: hasEnded(alarm) ? "ended" : null },
    h(
      "td",
      {},
      text(alarm.sensor_name ?? t("evidence.rule")),
      h("br"),
      h("span", { class: "faint" }, alarm.place_name),
    ),
    h("td", {}, measuredValue(alarm)),
    h("td", {}, scoreParts(alarm)),
    h(
      "td",
      {},
      hasEnded(alarm)
        ? [chip(state), " ", h("span", { class: "faint" }, level)]
        : [levelBadge(alarm.level), " ", state],
      alarm.retrospective && [" ", chip(t("alarm.retrospective"))],
      isSpecialKind && [" ", chip(t(`kind.${alarm.kind}`, {}, alarm.kind))],
    ),
    h("td", {}, formatTime(alarm.occurred_at)),
    action && h("td", {}, action(alarm)),
  );
}

/**
 * Make the value and its limit as words, and as a bar with a line for the limit.
 * @param {Alarm} alarm
 * @returns {Child}
 */
function measuredValue(alarm) {
  const { metric, value, limit, limit_name: limitName, unit, datum, note } = alarm.evidence;
  if (note) return text(note);
  if (COMBINED_KINDS.has(alarm.kind)) return h("span", { class: "faint" }, t(`kind.${alarm.kind}`));
  if (unit === "s") {
    const limitText = t("evidence.silent.limit", { span: formatDuration(limit) });
    return [
      h("span", {}, t("evidence.silent", { span: formatDuration(value) })),
      h("br"),
      h("span", { class: "faint" }, limitText),
    ];
  }
  const reference = datum ? `（${datum}）` : "";
  const valueText = `${t(`metric.${metric}`, {}, "")} ${formatAmount(value, unit)}${reference}`;
  const limitText = `${limitName ?? t("evidence.limit")} ${formatAmount(limit, unit)}${reference}`;
  return [
    h("span", {}, valueText.trim()),
    h("br"),
    h("span", { class: "faint" }, limitText),
    limitBar(value, limit),
  ];
}

/**
 * Make a bar whose limit stands at two thirds; levels in metres differ by centimetres.
 * @param {number} value
 * @param {number} limit
 */
function limitBar(value, limit) {
  const range = Math.max(Math.abs(value - limit) * 2, Math.abs(limit) * 0.01, 1e-9);
  /** @param {number} x */
  const position = (x) => Math.min(100, Math.max(2, (200 / 3) * (1 + (x - limit) / range / 2)));
  return svg(
    "svg",
    {
      class: "limit-bar",
      viewBox: "0 0 100 8",
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    },
    svg("rect", {
      class: value >= limit ? "over" : "under",
      x: 0,
      y: 2,
      height: 4,
      width: position(value),
    }),
    svg("rect", { class: "limit", x: position(limit) - 0.5, y: 0, height: 8, width: 1 }),
  );
}

/**
 * Make a score with its parts: 72 = level 54 + excess 12 + lasting 6.
 * @param {Alarm} alarm
 */
function scoreParts(alarm) {
  const points = alarm.parts ?? {};
  const parts = SCORE_PARTS.filter((name) => points[name]).map(
    (name) => `${t(`part.${name}`)} ${points[name]}`,
  );
  return [
    h("strong", {}, alarm.score),
    parts.length > 0 && [h("br"), h("span", { class: "faint" }, parts.join(" + "))],
  ];
}

/**
 * Make the button that silences the source of an alarm.
 * @param {Alarm} alarm
 * @param {() => void} silence
 */
export const silenceButton = (alarm, silence) =>
  button(t("silence.make"), silence, {
    class: "plain",
    "data-focus": `${alarm.alarm_id}-silence`,
  });

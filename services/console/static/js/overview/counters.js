// The counters at the top of the overview.

import { levelBadge, LEVELS, tierBars } from "../lib/components.js";
import { fill, h } from "../lib/dom.js";
import { pageData, t } from "../lib/i18n.js";

/** @import { Child } from "../types/dom.d.ts" */
/** @import { OverviewAnswer } from "../types/overview.d.ts" */

/**
 * Draw the row of counters.
 * @param {HTMLElement} container
 * @param {OverviewAnswer} overview
 */
export function drawCounters(container, overview) {
  const { assignments, overdue, pages_open: pages, sensors_silent: sensors } = overview;
  const { issued, states } = overview.alerts;
  const { undecided } = pageData.states.alert;
  const undecidedCount = undecided.reduce((sum, state) => sum + (states[state] ?? 0), 0);
  const unfinished = {
    unsigned: assignments.overdue_unsigned,
    unreported: assignments.overdue_unreported,
  };
  const progress = h(
    "p",
    { class: "of" },
    h("span", { class: "big" }, assignments.signed),
    h("span", { class: "muted" }, ` / ${assignments.total} ${t("signed")}`),
  );
  fill(
    container,
    counter("counter.alerts", issuedList(issued), "wide"),
    counter(
      "counter.waiting",
      [bigNumber(undecidedCount), note(undecidedWords(overview))],
      undecidedCount ? "warn" : "none",
    ),
    counter(
      "counter.overdue",
      [bigNumber(overdue), note(t("counter.overdue.parts", unfinished))],
      overdue ? "bad" : "none",
    ),
    counter(
      "counter.assignments",
      assignments.total
        ? [progress, tierBars(assignments.by_tier)]
        : [bigNumber(0), note(t("commands.none"))],
      "wide",
    ),
    counter(
      "counter.pages",
      [bigNumber(pages), note(t("counter.pages.note"))],
      pages ? "warn" : "none",
    ),
    counter(
      "counter.sensors",
      [bigNumber(sensors), note(t("counter.sensors.note"))],
      sensors ? "warn" : "none",
    ),
  );
}

/** @param {Record<string, number>} counts */
function issuedList(counts) {
  const items = LEVELS.map((level) =>
    h("li", { class: counts[level] ? "" : "none" }, h("b", {}, counts[level]), levelBadge(level)),
  );
  return h("ul", { class: "by-level" }, items);
}

/** @param {OverviewAnswer} overview */
function undecidedWords({ alerts: { states, proposed } }) {
  const worst = LEVELS.find((level) => proposed[level]);
  const parts = pageData.states.alert.undecided
    .filter((state) => states[state])
    .map((state) => `${t(`alert.${state}`)} ${states[state]}`);
  return [
    parts.join(" · ") || t("counter.waiting.none"),
    worst && [h("br"), t("counter.worst", { level: t(`level.${worst}`) })],
  ];
}

/**
 * @param {string} key
 * @param {Child} content
 * @param {string} kind
 */
const counter = (key, content, kind) =>
  h("section", { class: `counter ${kind}` }, h("h2", {}, t(key)), content);

/** @param {number} count */
const bigNumber = (count) => h("p", { class: "big" }, count);

/** @param {Child} words */
const note = (words) => h("p", { class: "small" }, words);

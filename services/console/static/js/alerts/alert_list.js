// The list of alerts: place, level, cause, and the next step with the unit that has to take it.

import {
  button,
  cardClass,
  chip,
  drillTag,
  eventName,
  levelBadge,
  maskedText,
  worseLevel,
} from "../lib/components.js";
import { h } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";
import { stableList } from "../lib/stable_list.js";
import { originLine } from "../lib/warning_origin.js";
import { decisionButtons, nextStepText } from "./alert_decisions.js";
import { openAlertSheet } from "../frame/sheets.js";
import { trendPlace } from "./trend.js";

/** @import { Alert } from "../types/alerts.d.ts" */

/**
 * Make the list of alerts in `container`.
 * @param {HTMLElement} container
 * @param {() => void} refresh
 */
export const alertList = (container, refresh) =>
  stableList(
    container,
    (/** @type {Alert} */ alert) => alert.alert_id,
    (alert) => alertCard(alert, refresh),
    "alerts.none",
  );

/**
 * @param {Alert} alert
 * @param {() => void} refresh
 */
function alertCard(alert, refresh) {
  const level = worseLevel(alert.level, alert.proposed_level);
  const hasProposal = alert.proposed_level !== alert.level && (alert.level || alert.proposed_level);
  return h(
    "li",
    { class: cardClass(alert, level) },
    h(
      "div",
      { class: "row" },
      drillTag(alert),
      alert.level && levelBadge(alert.level),
      hasProposal && [
        alert.level && h("span", { class: "faint", "aria-hidden": "true" }, "→"),
        levelBadge(alert.proposed_level, true),
      ],
      chip(t(`alert.${alert.state}`)),
      h("span", { class: "tail" }, formatTime(alert.sent_at)),
    ),
    h("h3", {}, maskedText(alert, alert.headline)),
    trendPlace(alert),
    h(
      "p",
      { class: "facts" },
      h("span", {}, alert.place_name),
      h("span", {}, eventName(alert.event_type)),
      h("span", {}, t("score", { n: alert.score })),
      h("span", {}, t("sources", { n: alert.distinct_sources })),
    ),
    originLine(alert),
    nextStep(alert, refresh),
  );
}

/**
 * @param {Alert} alert
 * @param {() => void} refresh
 */
function nextStep(alert, refresh) {
  return h(
    "div",
    { class: `next ${alert.may.length ? "actionable" : ""}` },
    h("p", {}, nextStepText(alert)),
    h(
      "div",
      { class: "acts" },
      decisionButtons(alert, alert.may, refresh, alert.next?.verb),
      button(t("details"), () => openAlertSheet(alert.alert_id, refresh), {
        class: "plain",
        "data-focus": `${alert.alert_id}-details`,
      }),
    ),
  );
}

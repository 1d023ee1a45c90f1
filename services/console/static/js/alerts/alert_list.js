// The list of alerts: what, where, how grave, why, and who has to do what next.

import { alertButtons, nextWords } from "./alert_decisions.js";
import { alertSheet } from "./alert_sheet.js";
import { h, list } from "../lib/dom.js";
import { t, when } from "../lib/i18n.js";
import {
  act,
  chip,
  drillTag,
  eventName,
  isDrill,
  level,
  openWords,
  worse,
} from "../lib/components.js";

/** Draw the alerts; returns those that are new since the last time. */
export function drawAlerts(container, alerts, refresh) {
  const fresh = new Set(
    list(
      container,
      alerts,
      (one) => one.alert_id,
      (one) => card(one, refresh),
      t("alerts.none"),
    ),
  );
  return alerts.filter((one) => fresh.has(one.alert_id));
}

function card(alert, refresh) {
  const shade = worse(alert.level, alert.proposed_level);
  return h(
    "li",
    { class: `card ${shade ?? ""} ${isDrill(alert) ? "drill" : ""}` },
    h(
      "div",
      { class: "row" },
      drillTag(alert),
      alert.level && level(alert.level),
      alert.proposed_level !== alert.level &&
        (alert.level || alert.proposed_level) && [
          alert.level &&
            h("span", { class: "faint", "aria-hidden": "true" }, "→"),
          level(alert.proposed_level, true),
        ],
      chip(t(`alert.${alert.state}`)),
      h("span", { class: "tail" }, when(alert.sent_at)),
    ),
    h("h3", {}, openWords(alert, alert.headline)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, alert.place_name),
      h("span", {}, eventName(alert.event_type)),
      h("span", {}, t("score", { n: alert.score })),
      h("span", {}, t("sources", { n: alert.distinct_sources })),
    ),
    nextStep(alert, refresh),
  );
}

function nextStep(alert, refresh) {
  const buttons = [
    ...alertButtons(alert, alert.may, refresh, alert.next?.verb),
    act(t("details"), () => alertSheet(alert.alert_id, refresh), {
      class: "plain",
      "data-focus": `${alert.alert_id}-details`,
    }),
  ];
  return h(
    "div",
    { class: `next ${alert.may.length ? "mine" : ""}` },
    h("p", {}, nextWords(alert)),
    h("div", { class: "acts" }, buttons),
  );
}

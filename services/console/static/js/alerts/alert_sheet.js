// The sheet of one alert: the position of each unit on each scale, the evidence, the signatures,
// and the possible decisions.

import { get, problemOf } from "../lib/api.js";
import {
  button,
  chip,
  drillBand,
  drillTag,
  eventName,
  isDrill,
  levelBadge,
  maskedText,
} from "../lib/components.js";
import { dialogTitle, labelDialog, openDialog } from "../lib/dialogs.js";
import { whyButton } from "../duty/why_sheet.js";
import { fill, h, text } from "../lib/dom.js";
import { formatTime, t } from "../lib/i18n.js";
import { originLine } from "../lib/warning_origin.js";
import { alarmTable, silenceButton } from "./alarm_table.js";
import { decisionButtons, nextStepText, silenceAlarm } from "./alert_decisions.js";
import { wordingPreview } from "./alert_words.js";
import { sensorChart } from "./sensor_chart.js";

/** @import { Child } from "../types/dom.d.ts" */
/** @import { AlertDetail, Position } from "../types/alerts.d.ts" */
/** @import { CommandHead } from "../types/commands.d.ts" */

const CHART_LIMIT = 3;
const APPLY_MS = 1_200; // The service has applied a decision by then in most cases.

/**
 * Open the sheet of an alert; `refresh` is called after a decision.
 * @param {string} alertId
 * @param {() => void} refresh
 */
export async function openAlertSheet(alertId, refresh) {
  const body = h("div", { class: "sheet" }, dialogTitle(t("loading")));
  const dialog = openDialog(body, true);
  const close = () => dialog.close();

  function refreshAll() {
    refresh();
    setTimeout(() => dialog.isConnected && draw(), APPLY_MS);
  }

  async function draw() {
    const buttons = h(
      "div",
      { class: "buttons" },
      button(t("close"), close, { id: "sheet-close" }),
    );
    try {
      fill(body, sheetContent(await get(`/api/alerts/${alertId}`), refreshAll, close), buttons);
    } catch (error) {
      const words = problemOf(error).text;
      const problem = h("p", { class: "problem", role: "alert" }, words);
      fill(body, dialogTitle(t("details")), problem, buttons);
    }
    labelDialog(dialog);
  }

  await draw();
}

/**
 * @param {AlertDetail} alert
 * @param {() => void} refresh
 * @param {() => void} close
 * @returns {Child}
 */
function sheetContent(alert, refresh, close) {
  const verbs = [...alert.may, ...alert.may_also];
  const eventTime = t("event.time", { time: formatTime(alert.occurred_at) });
  return [
    isDrill(alert) && drillBand(),
    dialogTitle([drillTag(alert), " ", maskedText(alert, alert.headline)]),
    h(
      "p",
      { class: "muted" },
      `${alert.place_name} · ${eventName(alert.event_type)} · ${eventTime}`,
    ),
    h(
      "div",
      { class: "row" },
      chip(t(`alert.${alert.state}`)),
      alert.flapping && chip(t("alert.flapping"), "bad"),
      alert.expires_at && chip(t("expires", { time: formatTime(alert.expires_at) })),
      chip(t("score", { n: alert.score })),
      chip(t("sources", { n: alert.distinct_sources })),
    ),
    originLine(alert),
    scales(alert),
    h("p", { class: "next-step" }, nextStepText(alert)),
    emergencyDebt(alert),
    verbs.length > 0 &&
      h(
        "div",
        { class: "acts", role: "group", "aria-label": t("acts") },
        decisionButtons(alert, verbs, refresh, alert.next?.verb),
      ),
    alert.text && text(alert.text, "p"),
    boardLinks(alert, close),
    section(
      "evidence",
      alarmTable(alert.evidence, t("evidence.none"), (alarm) =>
        silenceButton(alarm, () => silenceAlarm(alarm, refresh)),
      ),
    ),
    charts(alert),
    alert.report_ids.length > 0 &&
      h("p", { class: "muted" }, t("reports.n", { n: alert.report_ids.length })),
    alert.issued_wording && section("words", wordingPreview(alert.issued_wording)),
    section("signatures", signatures(alert)),
    mergedAlerts("merged.n", alert.merged_ids, refresh),
    mergedAlerts("merged.into", alert.merged_into ? [alert.merged_into] : [], refresh),
    alert.commands.length > 0 && section("commands", h("ul", {}, alert.commands.map(commandItem))),
  ];
}

/**
 * @param {string} key
 * @param {Child} content
 */
const section = (key, content) => h("section", {}, h("h3", {}, t(key)), content);

/**
 * Make the note about signatures that are due after an emergency authorisation.
 * @param {AlertDetail} alert
 */
function emergencyDebt({ debt }) {
  if (!debt) return null;
  const words = t("debt", {
    unit: debt.unit_name,
    by: debt.by_unit_name,
    n: debt.approvals,
    time: formatTime(debt.due_at),
  });
  return h("p", { class: "problem" }, words);
}

/** @param {CommandHead} command */
function commandItem(command) {
  const recipients = t("recipients", { n: command.recipients });
  const state = t(`command.${command.state}`);
  return h(
    "li",
    {},
    levelBadge(command.level),
    " ",
    maskedText(command, command.title),
    ` ${command.root_name} · ${recipients} · ${state}`,
  );
}

/**
 * Make buttons for the alerts that this one was merged with: a merge is undone on the merged alert.
 * @param {string} key
 * @param {string[]} ids
 * @param {() => void} refresh
 */
function mergedAlerts(key, ids, refresh) {
  if (!ids.length) return null;
  const buttons = ids.map((id, index) => {
    const number = ids.length > 1 ? index + 1 : "";
    const words = t("merged.open", { n: number });
    const properties = { class: "plain", "data-focus": id };
    return button(words, () => openAlertSheet(id, refresh), properties);
  });
  return h(
    "p",
    { class: "row" },
    h("span", { class: "muted" }, t(key, { n: ids.length })),
    buttons,
  );
}

/**
 * Make links to the boards that show the incident and the case.
 * @param {AlertDetail} alert
 * @param {() => void} close
 */
function boardLinks(alert, close) {
  /**
   * @param {string} address
   * @param {string} key
   */
  const link = (address, key) => h("a", { class: "button", href: address, onclick: close }, t(key));
  return h(
    "p",
    { class: "row" },
    link(`#reports/${alert.incident_id}`, "sheet.reports"),
    link(`#cases/${alert.alert_id}`, "sheet.case"),
    whyButton(`/api/alerts/${alert.alert_id}/why`, alert.alert_id),
  );
}

/**
 * Make charts of the sensors of an alert, the gravest first, as many as a person compares.
 * @param {AlertDetail} alert
 */
function charts(alert) {
  /** @type {Map<string, string | null>} */
  const names = new Map();
  for (const { sensor_id: id, sensor_name: name } of alert.evidence) if (id) names.set(id, name);
  const sensors = [...names].slice(0, CHART_LIMIT);
  const figures = sensors.map(([id, name]) => sensorChart(id, name, alert.status));
  return figures.length > 0 && section("chart.title", figures);
}

/**
 * Make the three scales, which are never mixed, each with the position of every unit.
 * @param {AlertDetail} alert
 */
function scales(alert) {
  /**
   * @param {"level" | "incident_grade" | "response_level"} field
   * @param {string} prefix
   */
  function positions(field, prefix) {
    /** @param {Position} position */
    const item = (position) =>
      h(
        "li",
        {},
        `${position.unit_name}：${t(`${prefix}.${position[field]}`)} `,
        h("span", { class: "faint" }, formatTime(position.at)),
      );
    return h("ul", {}, alert.positions.filter((position) => position[field]).map(item));
  }
  /**
   * @param {string} prefix
   * @param {string | null} value
   */
  const valueText = (prefix, value) => (value ? t(`${prefix}.${value}`) : t("scale.unsaid"));
  const issued = alert.level
    ? levelBadge(alert.level)
    : h("span", { class: "faint" }, t("scale.not.issued"));
  const proposed = alert.proposed_level !== alert.level && [
    " → ",
    levelBadge(alert.proposed_level, true),
  ];
  /**
   * @param {string} key
   * @param {Child} value
   * @param {Child} list
   */
  const scale = (key, value, list) => h("div", {}, h("h3", {}, t(key)), h("p", {}, value), list);
  return h(
    "div",
    { class: "scales" },
    scale("scale.level", [issued, proposed], positions("level", "level")),
    scale(
      "scale.grade",
      valueText("grade", alert.incident_grade),
      positions("incident_grade", "grade"),
    ),
    scale(
      "scale.response",
      valueText("response", alert.response_level),
      positions("response_level", "response"),
    ),
  );
}

/** @param {AlertDetail} alert */
function signatures(alert) {
  const missingCount = Math.max(0, (alert.next?.needed ?? 0) - (alert.next?.signed ?? 0));
  const items = alert.signatures.map((signature) => {
    const { unit_name: unit, post, signed_at: time } = signature;
    const words = ` ${unit} ${t(`post.${post}`)} ${formatTime(time)}`;
    return h("li", {}, levelBadge(signature.level), words);
  });
  return [
    items.length ? h("ul", {}, items) : h("p", { class: "empty" }, t("signatures.none")),
    missingCount > 0 &&
      h(
        "p",
        { class: "warn" },
        t("signatures.missing", { n: missingCount, unit: alert.approver_name }),
      ),
  ];
}

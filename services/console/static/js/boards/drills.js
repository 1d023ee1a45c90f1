// The board of the drills: starting a drill, the running ones, ending them. Everything here has the
// status Exercise, from whichever screen it is opened, and is marked as such.

import { decisionButtons } from "../alerts/alert_decisions.js";
import { openAlertSheet } from "../alerts/alert_sheet.js";
import { commandButtons } from "../commands/command_list.js";
import { post } from "../lib/api.js";
import {
  button,
  cardClass,
  chip,
  drillBand,
  drillTag,
  eventName,
  levelBadge,
  levelOptions,
  maskedText,
  panel,
} from "../lib/components.js";
import { confirmAction, confirmationText, textArea } from "../lib/dialogs.js";
import { h, renderList } from "../lib/dom.js";
import { eventTypePicker } from "../lib/event_types.js";
import { choices, textField, textOf, unitPicker, valueOf } from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";
import { loadAll, loader } from "../lib/load_status.js";
import { pagedList } from "../lib/paged_list.js";

/** @import { Alert } from "../types/alerts.d.ts" */
/** @import { Command } from "../types/commands.d.ts" */
/** @import { Board, BoardContext, Officer } from "../types/page.d.ts" */

const STATUS = "Exercise";
const ENDING_VERBS = ["dismiss", "recall", "lift"];
const PAGE_SIZE = 50;
const SCENARIO_LIMIT = 3_900;
const OPENING_MS = 1_500; // Alerting has opened the drill by then in most cases.

/**
 * Make the board.
 * @param {BoardContext} context
 * @returns {Board}
 */
export function drillsBoard(context) {
  const { me: officer } = context;
  const alertList = h("ul", { class: "cards", id: "drills-running" });
  const commandList = h("ul", { class: "cards", id: "drill-commands" });
  const alerts = pagedList(
    "/api/alerts",
    "alerts",
    (alert) => alert.alert_id,
    () => loaders.alerts(),
    PAGE_SIZE,
  );
  const commands = pagedList(
    "/api/commands",
    "commands",
    (command) => command.command_id,
    () => loaders.commands(),
    PAGE_SIZE,
  );
  const query = { status: STATUS, open: 1 };
  const loaders = {
    alerts: loader(
      alertList,
      () => context.current(alerts.load(query)),
      (answer) => {
        renderList(
          alertList,
          answer.alerts,
          (alert) => alert.alert_id,
          (alert) => drillAlertCard(alert, refresh),
          t("drills.none"),
        );
        alerts.show(answer);
      },
    ),
    commands: loader(
      commandList,
      () => context.current(commands.load(query)),
      (answer) => {
        renderList(
          commandList,
          answer.commands,
          (command) => command.command_id,
          (command) => drillCommandCard(command, refresh),
          t("drills.no.commands"),
        );
        commands.show(answer);
      },
    ),
  };

  function refresh() {
    loadAll(loaders);
  }

  const startButton = button(t("drills.start"), () => startDrill(officer, refresh), {
    class: "primary",
    id: "start-drill",
  });
  const instructions = ["drills.how.1", "drills.how.2", "drills.how.3"];
  const startPart = h(
    "div",
    { class: "stack" },
    h(
      "ol",
      { class: "steps" },
      instructions.map((key) => h("li", {}, t(key))),
    ),
    h(
      "div",
      { class: "acts" },
      officer.may_issue && startButton,
      h("a", { class: "button", href: "/?status=Exercise#overview" }, t("drills.screen")),
      h("a", { class: "button", href: "/?status=Exercise#cases" }, t("drills.cases")),
    ),
  );
  return {
    node: h(
      "div",
      { class: "drill-zone" },
      drillBand(),
      h(
        "div",
        { class: "columns two" },
        h(
          "div",
          { class: "stack" },
          panel("drills.start", startPart),
          panel("drills.commands", [commandList, commands.moreButton], commands.count),
        ),
        h(
          "div",
          { class: "stack" },
          panel("drills.running", [alertList, alerts.moreButton], alerts.count),
        ),
      ),
    ),
    refresh,
    line: ({ kind }) => {
      if (kind === "alert") loaders.alerts();
      if (kind === "command" || kind === "assignments") loaders.commands();
    },
  };
}

/**
 * @param {Alert} alert
 * @param {() => void} refresh
 */
function drillAlertCard(alert, refresh) {
  const verbs = ENDING_VERBS.filter(
    (verb) => alert.may.includes(verb) || alert.may_also.includes(verb),
  );
  const isIssued = alert.state === "issued";
  const hintKey = isIssued ? "drills.end.issued" : "drills.end.before";
  const level = alert.level ? levelBadge(alert.level) : levelBadge(alert.proposed_level, true);
  return h(
    "li",
    { class: cardClass({ status: STATUS }, alert.level ?? alert.proposed_level) },
    h(
      "div",
      { class: "row" },
      drillTag(alert),
      level,
      chip(t(`alert.${alert.state}`)),
      h("span", { class: "tail" }, t("drills.since", { time: formatTime(alert.occurred_at) })),
    ),
    h("h3", {}, maskedText(alert, alert.headline)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, alert.place_name),
      h("span", {}, eventName(alert.event_type)),
    ),
    h("p", { class: "muted" }, t(verbs.length ? hintKey : "drills.end.others")),
    h(
      "div",
      { class: "acts" },
      decisionButtons(alert, verbs, refresh),
      button(t("details"), () => openAlertSheet(alert.alert_id, refresh), {
        class: "plain",
        "data-focus": `${alert.alert_id}-details`,
      }),
    ),
  );
}

/**
 * @param {Command} command
 * @param {() => void} refresh
 */
function drillCommandCard(command, refresh) {
  const { totals } = command;
  return h(
    "li",
    { class: cardClass({ status: STATUS }, command.level) },
    h(
      "div",
      { class: "row" },
      drillTag(command),
      levelBadge(command.level),
      chip(t(`command.${command.state}`)),
      h("span", { class: "tail" }, formatTime(command.sent_at)),
    ),
    h("h3", {}, maskedText(command, command.title)),
    h(
      "p",
      { class: "facts" },
      h("span", {}, `${command.issuer_name} → ${command.root_name}`),
      h("span", {}, `${t("signed")} ${totals.signed}/${totals.total}`),
    ),
    h("div", { class: "acts" }, commandButtons(command, refresh)),
  );
}

/**
 * Ask for the scenario; the place has to be typed, with the word for a drill before it.
 * @param {Officer} officer
 * @param {() => void} onDone
 */
function startDrill(officer, onDone) {
  const key = crypto.randomUUID();
  const root = { unit: officer.unit, name: officer.unit_name };
  const picker = unitPicker(t("case.place"), root);
  confirmAction({
    title: t("drills.start"),
    subject: { status: STATUS, place: officer.unit_name, headline: t("drills.start.note") },
    fields: [
      textField(t("compose.title"), "title", { required: true }),
      eventTypePicker(),
      choices(t("drills.level"), "radio", "level", levelOptions()),
      picker,
      textArea(t("drills.text"), "text", SCENARIO_LIMIT),
    ],
    type: () => confirmationText({ status: STATUS }, picker.unit.name),
    send: async ({ form }) => {
      const body = {
        title: textOf(form, "title"),
        event_type: valueOf(form, "event"),
        level: valueOf(form, "level"),
        place: picker.value,
        text: textOf(form, "text"),
      };
      await post("/api/drills", body, key);
      setTimeout(onDone, OPENING_MS);
    },
  });
}

// Decisions about an alert, and the fields that each asks for before it is sent.

import { get, post } from "../lib/api.js";
import { channelPreviews } from "../lib/channel_previews.js";
import { button, levelOptions, noticeOption, optionsOf } from "../lib/components.js";
import { confirmAction, confirmationText } from "../lib/dialogs.js";
import { h, text } from "../lib/dom.js";
import {
  checkedValues,
  choices,
  isChecked,
  momentField,
  momentOf,
  select,
  textOf,
  valueOf,
} from "../lib/forms.js";
import { formatTime, t } from "../lib/i18n.js";
import { signedWords, signedWordsBody, wordingBody, wordingFields } from "./alert_words.js";
import { clearedBox } from "./silence_form.js";

/** @import { Child, Option } from "../types/dom.d.ts" */
/** @import { Alarm, Alert } from "../types/alerts.d.ts" */
/** @import { Level } from "../types/fields.d.ts" */

const INCIDENT_GRADES = ["grade_1", "grade_2", "grade_3", "grade_4"];
const WIDE_FORMS = new Set(["approve", "authorise_emergency", "word"]);
const RESPONSE_LEVELS = ["I", "II", "III", "IV"];

/**
 * @typedef {object} DecisionForm
 * @property {(alert: Alert) => Level | null} [level] the level that the decision is about
 * @property {boolean} [pick] whether the officer has to pick that level
 * @property {boolean} [type] whether the officer has to type the place
 * @property {"optional" | "required"} reason
 * @property {boolean} [danger]
 * @property {(alert: Alert) => Child | Promise<Child>} [fields] more controls of the form
 * @property {(form: HTMLFormElement) => object} [body] more fields of the request
 */

/** @param {Alert} alert */
const proposedLevel = (alert) => alert.proposed_level;
/** @param {Alert} alert */
const levelInForce = (alert) => alert.level;

/** @type {Record<string, DecisionForm>} */
const FORMS = {
  verify: { level: proposedLevel, reason: "optional" },
  assess: {
    level: proposedLevel,
    reason: "optional",
    fields: assessmentFields,
    body: assessmentBody,
  },
  approve: {
    level: proposedLevel,
    pick: true,
    reason: "optional",
    fields: (alert) => signingFields(alert, "approve"),
    body: signingBody,
  },
  word: { reason: "optional", fields: writingFields, body: wordingBody },
  dismiss: { level: proposedLevel, pick: true, reason: "required", danger: true },
  reject: { level: proposedLevel, pick: true, reason: "required", danger: true },
  adjust: {
    reason: "required",
    fields: adjustmentFields,
    body: (form) => ({ level: valueOf(form, "level"), ...validityBody(form) }),
  },
  lift: { type: true, reason: "required" },
  recall: { level: levelInForce, pick: true, type: true, reason: "required", danger: true },
  authorise_emergency: {
    level: proposedLevel,
    pick: true,
    type: true,
    reason: "required",
    danger: true,
    fields: (alert) => signingFields(alert, "authorise_emergency"),
    body: signingBody,
  },
  ratify: { level: levelInForce, pick: true, reason: "optional" },
  annul: { level: levelInForce, pick: true, type: true, reason: "required", danger: true },
  merge: {
    reason: "optional",
    fields: mergeField,
    body: (form) => ({ into: valueOf(form, "into") }),
  },
  unmerge: { reason: "optional" },
  split: {
    reason: "optional",
    fields: splitField,
    body: (form) => ({ evidence_ids: checkedValues(form, "evidence") }),
  },
};

/**
 * Make buttons for decisions on an alert; `expectedVerb` is the expected next decision.
 * @param {Alert} alert
 * @param {string[]} verbs
 * @param {() => void} refresh
 * @param {string | null} [expectedVerb]
 */
export function decisionButtons(alert, verbs, refresh, expectedVerb = null) {
  return verbs
    .filter((verb) => FORMS[verb])
    .map((verb) =>
      button(verbLabel("verb", verb, alert), () => decide(alert, verb, refresh), {
        class: verb === expectedVerb ? "primary" : FORMS[verb].danger ? "danger" : null,
        "data-focus": `${alert.alert_id}-${verb}`,
      }),
    );
}

/**
 * Return a verb in words; some states have words of their own for it.
 * @param {string} prefix
 * @param {string} verb
 * @param {Alert} alert
 * @param {Record<string, string>} [values]
 */
function verbLabel(prefix, verb, alert, values = {}) {
  return t(`${prefix}.${verb}.${alert.state}`, values, t(`${prefix}.${verb}`, values));
}

/**
 * @param {Alert} alert
 * @param {string} verb
 * @param {() => void} refresh
 */
async function decide(alert, verb, refresh) {
  const form = FORMS[verb];
  const level = form.level?.(alert) ?? null;
  const dialog = confirmAction({
    title: verbLabel("do", verb, alert, { level: t(`level.${level ?? "lift"}`) }),
    subject: { status: alert.status, place: alert.place_name, headline: alert.headline },
    fields: await form.fields?.(alert),
    pick: form.pick ? level : undefined,
    type: form.type ? confirmationText(alert, alert.place_name) : undefined,
    reason: form.reason,
    danger: form.danger,
    send: async ({ reason, form: inputs }) => {
      await post(`/api/alerts/${alert.alert_id}/decisions`, {
        verb,
        reason,
        version: alert.version,
        ...(form.level && { level }),
        ...form.body?.(inputs),
      });
      refresh();
    },
  });
  dialog.classList.toggle("wide", WIDE_FORMS.has(verb));
}

/** @returns {Option} */
const unstatedOption = () => ["", t("scale.unsaid")];

function validityField() {
  return momentField(t("valid.until"), "valid_until", null, false);
}

/**
 * @param {Alert} alert
 * @param {"approve" | "authorise_emergency"} verb
 */
async function signingFields(alert, verb) {
  const preview = channelPreviews((form) =>
    post(`/api/alerts/${alert.alert_id}/preview`, {
      verb,
      reason: textOf(form, "reason"),
      ...validityBody(form),
    }),
  );
  return [await signedWords(alert), validityField(), preview];
}

/** @param {Alert} alert */
async function writingFields(alert) {
  const preview = channelPreviews(
    (form) => post(`/api/alerts/${alert.alert_id}/preview`, { verb: "word", ...wordingBody(form) }),
    t("preview.signer"),
  );
  return [await wordingFields(alert), preview];
}

/** @param {HTMLFormElement} form */
function signingBody(form) {
  return { ...signedWordsBody(form), ...validityBody(form) };
}

/** @param {HTMLFormElement} form */
function validityBody(form) {
  const until = momentOf(form, "valid_until");
  return until ? { valid_until: until } : {};
}

function assessmentFields() {
  return [
    h("p", { class: "muted" }, t("scale.note")),
    select(t("scale.level"), "held_level", [unstatedOption(), ...levelOptions()]),
    select(t("scale.grade"), "held_grade", [
      unstatedOption(),
      ...optionsOf(INCIDENT_GRADES, "grade"),
    ]),
    select(t("scale.response"), "held_response", [
      unstatedOption(),
      ...optionsOf(RESPONSE_LEVELS, "response"),
    ]),
  ];
}

/** @param {HTMLFormElement} form */
function assessmentBody(form) {
  const level = valueOf(form, "held_level");
  const grade = valueOf(form, "held_grade");
  const response = valueOf(form, "held_response");
  const assessment = {
    ...(level && { level }),
    ...(grade && { incident_grade: grade }),
    ...(response && { response_level: response }),
  };
  return Object.keys(assessment).length ? { assessment } : {};
}

/** @param {Alert} alert */
function adjustmentFields(alert) {
  const kinds = alert.level ? levelOptions() : [...levelOptions(), noticeOption()];
  const levels = kinds.filter(([name]) => name !== alert.level);
  return [choices(t("adjust.to"), "radio", "level", levels), validityField()];
}

/** @param {Alert} alert */
async function mergeField(alert) {
  const answer = await get("/api/alerts", { status: alert.status, open: 1 });
  const targets = answer.alerts.filter((target) => target.alert_id !== alert.alert_id);
  if (!targets.length) return h("p", { class: "empty" }, t("merge.none"));
  const options = targets.map(
    (target) => /** @type {const} */ ([target.alert_id, `${target.place_name} ${target.headline}`]),
  );
  return select(t("merge.into"), "into", options, { required: true });
}

/** @param {Alert} alert */
async function splitField(alert) {
  const detail = await get(`/api/alerts/${alert.alert_id}`);
  /** @type {Option[]} */
  const alarms = detail.evidence.map((alarm) => [
    alarm.alarm_id,
    [text(alarm.headline), ` ${formatTime(alarm.occurred_at)}`],
  ]);
  /** @type {Option[]} */
  const reports = detail.report_ids.map((id) => [id, t("report.id", { id })]);
  return choices(t("split.which"), "checkbox", "evidence", [...alarms, ...reports]);
}

/**
 * Ask for a silence of the source of an alarm.
 * @param {Alarm} alarm
 * @param {() => void} refresh
 */
export function silenceAlarm(alarm, refresh) {
  const hasSensor = alarm.sensor_id !== null;
  confirmAction({
    title: t("silence.make"),
    subject: {
      status: alarm.status,
      place: alarm.place_name,
      headline: hasSensor ? alarm.sensor_name : alarm.headline,
    },
    fields: [
      select(t("silence.kind"), "kind", optionsOf(["silence", "maintenance"], "silence")),
      momentField(t("silence.until"), "end", 2),
      clearedBox(true),
    ],
    type: confirmationText(alarm, alarm.place_name),
    reason: "required",
    send: async ({ reason, form }) => {
      await post("/api/silences", {
        kind: valueOf(form, "kind"),
        place: alarm.place,
        rule_id: alarm.rule_id,
        ...(hasSensor && { sensor_id: alarm.sensor_id }),
        begin_at: new Date().toISOString(),
        end_at: momentOf(form, "end"),
        until_cleared: isChecked(form, "until_cleared"),
        reason,
        status: alarm.status,
      });
      refresh();
    },
  });
}

/**
 * Return the next step of an alert and the unit that has to take it, in words.
 * @param {Alert} alert
 * @returns {Child}
 */
export function nextStepText(alert) {
  const step = alert.next;
  if (!step) {
    const words = t(`waiting.${alert.state}`, {}, t("next.none"));
    return h("span", { class: "faint" }, words);
  }
  const goal = t(`level.${alert.proposed_level ?? "lift"}`);
  const { signed, needed } = step;
  return [
    `${t("next")} `,
    h("b", {}, t(`next.${step.verb}`, { unit: step.unit_name, level: goal })),
    needed > 0 && ` ${t("next.signed", { signed, needed })}`,
  ];
}

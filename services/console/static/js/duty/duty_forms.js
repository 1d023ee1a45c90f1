// The small forms of a duty plan: each reads its fields into one rule of the contract.

import { optionsOf } from "../lib/components.js";
import {
  checkedValues,
  choices,
  momentField,
  momentOf,
  select,
  textField,
  textOf,
  valueOf,
} from "../lib/forms.js";
import { t } from "../lib/i18n.js";
import { WEEKDAYS } from "../lib/weekdays.js";

/** @import { Child, Option } from "../types/dom.d.ts" */

export const RULE_KINDS = ["member", "leave", "override", "swap", "shift", "rotation"];
const CHANNELS = ["sms", "voice", "email", "dingtalk", "wecom", "feishu"];
export const POSTS = ["B", "A", "commander"];
const MODES = ["normal", "standby", "emergency", "recovery"];
const DAY_KINDS = [...WEEKDAYS, "workday", "rest_day", "holiday"];
const TURN_HOURS = ["0", "12", "8", "6"];
const OFFICER_ID = "[A-Za-z0-9][A-Za-z0-9._:\\-]*";
const PHONE_NUMBER = "\\+?[0-9][0-9 \\-]{2,30}";

/**
 * @typedef {object} RuleForm
 * @property {Child} fields
 * @property {(form: HTMLFormElement) => object} read
 */

const postPicker = () => select(t("post"), "post", optionsOf(POSTS, "post"));
const modeChoices = () => choices(t("duty.modes"), "checkbox", "modes", optionsOf(MODES, "mode"));
const reasonField = () => textField(t("reason.optional"), "why", { maxlength: 400 });
const phoneField = () =>
  textField(t("duty.phone"), "phone", { type: "tel", pattern: PHONE_NUMBER });
const spanFields = () => [
  momentField(t("from.time"), "begin", 0),
  momentField(t("until"), "end", 12),
];

/** @param {HTMLFormElement} form */
const spanOf = (form) => ({ begin: momentOf(form, "begin"), end: momentOf(form, "end") });

/** @param {HTMLFormElement} form */
const phoneOf = (form) => {
  const phone = textOf(form, "phone");
  return phone ? { phone } : {};
};

/**
 * Make the form for a kind of rule.
 * @param {string} kind
 * @param {Option[]} members the officers of the unit with their names
 * @returns {RuleForm}
 */
export function ruleForm(kind, members) {
  /**
   * @param {string} label
   * @param {string} name
   * @param {Option[]} [extraOptions]
   */
  const memberPicker = (label, name, extraOptions = []) =>
    select(label, name, [...extraOptions, ...members], { required: !extraOptions.length });
  switch (kind) {
    case "member":
      return { fields: memberFields(), read: memberRule };
    case "leave":
      return {
        fields: [memberPicker(t("officer"), "officer"), ...spanFields(), reasonField()],
        read: (form) => ({
          kind,
          officer_id: valueOf(form, "officer"),
          ...spanOf(form),
          reason: valueOf(form, "why"),
        }),
      };
    case "override":
      return {
        fields: [
          postPicker(),
          memberPicker(t("officer"), "officer", [["", t("duty.empty")]]),
          ...spanFields(),
          phoneField(),
          reasonField(),
        ],
        read: (form) => ({
          kind,
          post: valueOf(form, "post"),
          officer_id: valueOf(form, "officer") || null,
          ...spanOf(form),
          ...phoneOf(form),
          reason: valueOf(form, "why"),
        }),
      };
    case "swap":
      return {
        fields: [
          memberPicker(t("officer"), "officer"),
          ...spanFields(),
          memberPicker(t("officer.other"), "other"),
          momentField(t("from.time"), "other_begin", 24),
          momentField(t("until"), "other_end", 36),
        ],
        read: (form) => ({
          kind,
          officer_id: valueOf(form, "officer"),
          ...spanOf(form),
          other_id: valueOf(form, "other"),
          other_begin: momentOf(form, "other_begin"),
          other_end: momentOf(form, "other_end"),
        }),
      };
    case "shift":
      return {
        fields: [
          postPicker(),
          memberPicker(t("officer"), "officer"),
          ...spanFields(),
          phoneField(),
          modeChoices(),
        ],
        read: (form) => ({
          kind,
          post: valueOf(form, "post"),
          officer_id: valueOf(form, "officer"),
          ...spanOf(form),
          ...phoneOf(form),
          modes: checkedValues(form, "modes"),
        }),
      };
    default:
      return { fields: rotationFields(members), read: rotationRule };
  }
}

function memberFields() {
  return [
    textField(t("member.id"), "officer", { required: true, maxlength: 96, pattern: OFFICER_ID }),
    textField(t("member.name"), "name", { required: true }),
    textField(t("member.phone"), "phone", { type: "tel", pattern: PHONE_NUMBER }),
    select(t("member.language"), "language", optionsOf(["zh", "en"], "language")),
    choices(t("member.channels"), "checkbox", "channels", optionsOf(CHANNELS, "channel")),
  ];
}

/** @param {HTMLFormElement} form */
function memberRule(form) {
  return {
    kind: "member",
    officer: {
      officer_id: textOf(form, "officer"),
      name: textOf(form, "name"),
      language: valueOf(form, "language"),
      ...phoneOf(form),
    },
    channels: ["console", ...checkedValues(form, "channels")],
  };
}

/** @param {Option[]} members */
function rotationFields(members) {
  const days = { type: "number", min: 1, max: 31, value: 1, required: true };
  return [
    postPicker(),
    choices(t("rotation.members"), "checkbox", "members", members),
    textField(t("rotation.starts"), "starts", { type: "date", required: true }),
    textField(t("rotation.handover"), "handover", { type: "time", required: true, value: "08:00" }),
    textField(t("rotation.days"), "days", days),
    select(t("rotation.hours"), "hours", optionsOf(TURN_HOURS, "rotation.hours")),
    textField(t("rotation.until"), "until", { type: "time" }),
    choices(t("rotation.on"), "checkbox", "on", optionsOf(DAY_KINDS, "day")),
    phoneField(),
    modeChoices(),
  ];
}

/** @param {HTMLFormElement} form */
function rotationRule(form) {
  const hours = Number(valueOf(form, "hours"));
  const until = valueOf(form, "until");
  return {
    kind: "rotation",
    post: valueOf(form, "post"),
    members: checkedValues(form, "members"),
    starts: valueOf(form, "starts"),
    handover: valueOf(form, "handover"),
    turn_days: Number(valueOf(form, "days")),
    ...(hours && { turn_hours: hours }),
    ...(until && { until }),
    days: checkedValues(form, "on"),
    ...phoneOf(form),
    modes: checkedValues(form, "modes"),
  };
}

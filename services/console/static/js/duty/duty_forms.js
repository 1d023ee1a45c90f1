// The small forms of a duty plan: each reads its fields into one rule of the contract.

import { checked, choices, line, moment, momentOf, select } from "../lib/forms.js";
import { t } from "../lib/i18n.js";

export const KINDS = [
  "member",
  "leave",
  "override",
  "swap",
  "shift",
  "rotation",
];
const CHANNELS = ["sms", "email", "dingtalk", "wecom", "feishu"];
const POSTS = ["B", "A", "commander"];

const post = () =>
  select(
    t("post"),
    "post",
    POSTS.map((one) => [one, t(`post.${one}`)]),
  );
const MODES = ["normal", "standby", "emergency", "recovery"];

const modes = () =>
  choices(
    t("duty.modes"),
    "checkbox",
    "modes",
    MODES.map((one) => [one, t(`mode.${one}`)]),
  );
const reason = () => line(t("reason.optional"), "why", { maxlength: 400 });
const span = () => [
  moment(t("from.time"), "begin", 0),
  moment(t("until"), "end", 12),
];
const spanOf = ({ elements }) => ({
  begin: momentOf(elements.begin),
  end: momentOf(elements.end),
});

/** {fields, read(form)} for a kind of rule; `people` = [officer id, name] of the unit's members. */
export function entryForm(kind, people) {
  const who = (label, name, more = []) =>
    select(label, name, [...more, ...people], { required: !more.length });
  switch (kind) {
    case "member":
      return {
        fields: [
          line(t("member.id"), "officer", {
            required: true,
            maxlength: 96,
            pattern: "[A-Za-z0-9][A-Za-z0-9._:\\-]*",
          }),
          line(t("member.name"), "name", { required: true }),
          line(t("member.phone"), "phone", {
            type: "tel",
            pattern: "\\+?[0-9][0-9 \\-]{2,30}",
          }),
          select(
            t("member.language"),
            "language",
            ["zh", "en"].map((one) => [one, t(`language.${one}`)]),
          ),
          choices(
            t("member.channels"),
            "checkbox",
            "channels",
            CHANNELS.map((one) => [one, t(`channel.${one}`)]),
          ),
        ],
        read: (form) => ({
          kind,
          officer: {
            officer_id: form.elements.officer.value.trim(),
            name: form.elements.name.value.trim(),
            language: form.elements.language.value,
            ...(form.elements.phone.value.trim() && {
              phone: form.elements.phone.value.trim(),
            }),
          },
          channels: ["console", ...checked(form, "channels")],
        }),
      };
    case "leave":
      return {
        fields: [who(t("officer"), "officer"), ...span(), reason()],
        read: (form) => ({
          kind,
          officer_id: form.elements.officer.value,
          ...spanOf(form),
          reason: form.elements.why.value,
        }),
      };
    case "override":
      return {
        fields: [
          post(),
          who(t("officer"), "officer", [["", t("duty.empty")]]),
          ...span(),
          reason(),
        ],
        read: (form) => ({
          kind,
          post: form.elements.post.value,
          officer_id: form.elements.officer.value || null,
          ...spanOf(form),
          reason: form.elements.why.value,
        }),
      };
    case "swap":
      return {
        fields: [
          who(t("officer"), "officer"),
          ...span(),
          who(t("officer.other"), "other"),
          moment(t("from.time"), "other_begin", 24),
          moment(t("until"), "other_end", 36),
        ],
        read: (form) => ({
          kind,
          officer_id: form.elements.officer.value,
          ...spanOf(form),
          other_id: form.elements.other.value,
          other_begin: momentOf(form.elements.other_begin),
          other_end: momentOf(form.elements.other_end),
        }),
      };
    case "shift":
      return {
        fields: [post(), who(t("officer"), "officer"), ...span(), modes()],
        read: (form) => ({
          kind,
          post: form.elements.post.value,
          officer_id: form.elements.officer.value,
          ...spanOf(form),
          modes: checked(form, "modes"),
        }),
      };
    default:
      return {
        fields: [
          post(),
          choices(t("rotation.members"), "checkbox", "members", people),
          line(t("rotation.starts"), "starts", {
            type: "date",
            required: true,
          }),
          line(t("rotation.days"), "days", {
            type: "number",
            min: 1,
            max: 31,
            value: 1,
            required: true,
          }),
          modes(),
        ],
        read: (form) => ({
          kind: "rotation",
          post: form.elements.post.value,
          members: checked(form, "members"),
          starts: form.elements.starts.value,
          turn_days: Number(form.elements.days.value),
          modes: checked(form, "modes"),
        }),
      };
  }
}

// What can be decided about an alert, and what each decision asks for before it goes.

import { get, post } from "../lib/api.js";
import { ask, typedName } from "../lib/dialogs.js";
import { h, text } from "../lib/dom.js";
import { checked, choices, moment, momentOf, select } from "../lib/forms.js";
import { t, when } from "../lib/i18n.js";
import { act, LEVELS } from "../lib/components.js";

export const GRADES = ["grade_1", "grade_2", "grade_3", "grade_4"];
export const RESPONSES = ["I", "II", "III", "IV"];

const PROPOSAL = (alert) => alert.proposed_level;
const IN_FORCE = (alert) => alert.level;

/**
 * Per verb: `level` = what it is about, sent along; `pick` = it has to be picked; `type` = the place has
 * to be typed; `reason`; `fields(alert)` and `more(form)` = what else is asked and sent.
 */
const ASKS = {
  verify: { level: PROPOSAL, reason: "optional" },
  assess: {
    level: PROPOSAL,
    reason: "optional",
    fields: scales,
    more: assessed,
  },
  approve: {
    level: PROPOSAL,
    pick: true,
    reason: "optional",
    fields: validity,
    more: valid,
  },
  dismiss: { level: PROPOSAL, pick: true, reason: "required", danger: true },
  reject: { level: PROPOSAL, pick: true, reason: "required", danger: true },
  adjust: {
    reason: "required",
    fields: wanted,
    more: (form) => ({ level: form.elements.level.value, ...valid(form) }),
  },
  lift: { type: true, reason: "required" },
  recall: {
    level: IN_FORCE,
    pick: true,
    type: true,
    reason: "required",
    danger: true,
  },
  authorise_emergency: {
    level: PROPOSAL,
    pick: true,
    type: true,
    reason: "required",
    danger: true,
    fields: validity,
    more: valid,
  },
  ratify: { level: IN_FORCE, pick: true, reason: "optional" },
  annul: {
    level: IN_FORCE,
    pick: true,
    type: true,
    reason: "required",
    danger: true,
  },
  merge: {
    reason: "optional",
    fields: others,
    more: (form) => ({ into: form.elements.into.value }),
  },
  unmerge: { reason: "optional" },
  split: {
    reason: "optional",
    fields: parts,
    more: (form) => ({ evidence_ids: checked(form, "evidence") }),
  },
};

/** Buttons for `verbs` on an alert; `first` is the one that is expected next. */
export function alertButtons(alert, verbs, refresh, first = null) {
  return verbs
    .filter((verb) => ASKS[verb])
    .map((verb) =>
      act(words("verb", verb, alert), () => decide(alert, verb, refresh), {
        class: verb === first ? "primary" : ASKS[verb].danger ? "danger" : null,
        "data-focus": `${alert.alert_id}-${verb}`,
      }),
    );
}

/** A verb in words; in some states it means something else than before. */
function words(part, verb, alert, values = {}) {
  return t(
    `${part}.${verb}.${alert.state}`,
    values,
    t(`${part}.${verb}`, values),
  );
}

async function decide(alert, verb, refresh) {
  const wants = ASKS[verb];
  const level = wants.level?.(alert);
  ask({
    words: words("do", verb, alert, { level: t(`level.${level ?? "lift"}`) }),
    about: {
      status: alert.status,
      place: alert.place_name,
      headline: alert.headline,
    },
    fields: await wants.fields?.(alert),
    pick: wants.pick ? (level ?? null) : undefined,
    type: wants.type ? typedName(alert, alert.place_name) : undefined,
    reason: wants.reason,
    danger: wants.danger,
    send: async ({ reason, form }) => {
      const body = {
        verb,
        reason,
        version: alert.version,
        ...(wants.level && { level }),
        ...wants.more?.(form),
      };
      await post(`/api/alerts/${alert.alert_id}/decisions`, body);
      refresh();
    },
  });
}

const shades = () => LEVELS.map((one) => [one, t(`level.${one}`)]);
const open = () => ["", t("scale.unsaid")];
function validity() {
  return moment(t("valid.until"), "valid_until", null, false);
}

function valid(form) {
  const until = momentOf(form.elements.valid_until);
  return until ? { valid_until: until } : {};
}

function scales(alert) {
  return [
    h("p", { class: "muted" }, t("scale.note")),
    select(t("scale.level"), "held_level", [open(), ...shades()]),
    select(t("scale.grade"), "held_grade", [
      open(),
      ...GRADES.map((one) => [one, t(`grade.${one}`)]),
    ]),
    select(t("scale.response"), "held_response", [
      open(),
      ...RESPONSES.map((one) => [one, t(`response.${one}`)]),
    ]),
  ];
}

function assessed(form) {
  const {
    held_level: level,
    held_grade: grade,
    held_response: response,
  } = form.elements;
  const held = {
    ...(level.value && { level: level.value }),
    ...(grade.value && { incident_grade: grade.value }),
    ...(response.value && { response_level: response.value }),
  };
  return Object.keys(held).length ? { assessment: held } : {};
}

function wanted(alert) {
  return [
    choices(
      t("adjust.to"),
      "radio",
      "level",
      shades().filter(([one]) => one !== alert.level),
    ),
    validity(),
  ];
}

async function others(alert) {
  const found = await get("/api/alerts", { status: alert.status, open: 1 });
  const rest = found.alerts.filter((one) => one.alert_id !== alert.alert_id);
  if (!rest.length) return h("p", { class: "empty" }, t("merge.none"));
  return select(
    t("merge.into"),
    "into",
    rest.map((one) => [one.alert_id, `${one.place_name} ${one.headline}`]),
    { required: true },
  );
}

async function parts(alert) {
  const found = await get(`/api/alerts/${alert.alert_id}`);
  const alarms = found.evidence.map((one) => [
    one.alarm_id,
    [text(one.headline), ` ${when(one.occurred_at)}`],
  ]);
  const reports = found.report_ids.map((id) => [id, t("report.id", { id })]);
  return choices(t("split.which"), "checkbox", "evidence", [
    ...alarms,
    ...reports,
  ]);
}

/** Silence what one alarm of `alert` came from. */
export function silence(alarm, refresh) {
  const sensor = alarm.sensor_id !== null;
  ask({
    words: t("silence.make"),
    about: {
      status: alarm.status,
      place: alarm.place_name,
      headline: sensor ? alarm.sensor_name : alarm.headline,
    },
    fields: [
      select(
        t("silence.kind"),
        "kind",
        ["silence", "maintenance"].map((one) => [one, t(`silence.${one}`)]),
      ),
      moment(t("silence.until"), "end", 2),
    ],
    type: typedName(alarm, alarm.place_name),
    reason: "required",
    send: async ({ reason, form }) => {
      await post("/api/silences", {
        kind: form.elements.kind.value,
        place: alarm.place,
        rule_id: alarm.rule_id,
        ...(sensor && { sensor_id: alarm.sensor_id }),
        begin_at: new Date().toISOString(),
        end_at: momentOf(form.elements.end),
        reason,
        status: alarm.status,
      });
      refresh();
    },
  });
}

/** Who has to do what next, in words. */
export function nextWords(alert) {
  const coming = alert.next;
  if (!coming)
    return h(
      "span",
      { class: "faint" },
      t(`waiting.${alert.state}`, {}, t("next.none")),
    );
  const goal = t(`level.${alert.proposed_level ?? "lift"}`);
  return [
    `${t("next")} `,
    h(
      "b",
      {},
      t(`next.${coming.verb}`, { unit: coming.unit_name, level: goal }),
    ),
    coming.needed > 0 &&
      ` ${t("next.signed", { signed: coming.signed, needed: coming.needed })}`,
  ];
}

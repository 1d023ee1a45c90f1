// Steps on an assignment: what each asks for, then one request.

import { get, post } from "./api.js";
import { ask } from "./confirm.js";
import { h } from "./dom.js";
import { checked, choices, moment, momentOf } from "./forms.js";
import { t, when } from "./i18n.js";
import { act } from "./parts.js";

const WORDS = {
  accept: "optional",
  handle: "optional",
  report: "optional",
  return: "required",
  send_back: "required",
  split: "optional",
  ask_extend: "required",
  ask_suspend: "required",
  extend: "optional",
  suspend: "optional",
  refuse: "required",
  waive: "required",
  recall: "required",
  reassign: "required",
};
const GRAVE = new Set(["return", "send_back", "refuse", "waive", "recall", "reassign"]);
const EXPECTED = new Set(["sign", "accept", "handle", "report", "check", "close", "resume"]);
const UNTIL_HOURS = { ask_extend: 1, ask_suspend: 4, extend: 1, suspend: 4 };

/** One button per step that may be taken; the first is the expected one. */
export function stepButtons(one, done) {
  return one.may.map((step, n) =>
    act(t(`step.${step}`), () => takeStep(one, step, done), {
      class: GRAVE.has(step) ? "danger" : n === 0 && EXPECTED.has(step) ? "primary" : null,
      "data-focus": `${one.assignment_id}-${step}`,
    }),
  );
}

/** Ask for what a step needs, then take it; `done(one, step)` afterwards. */
export async function takeStep(one, step, done) {
  const fields = [];
  const answersQuestion = one.asked && one.asked.until && one.asked.step === `ask_${step}`;
  if (answersQuestion) fields.push(h("p", { class: "muted" }, t("asked.until", { time: when(one.asked.until) })));
  else if (UNTIL_HOURS[step]) fields.push(moment(t("until"), "until", UNTIL_HOURS[step]));
  if (step === "split") fields.push(await receivers(one.unit, "checkbox"), choices(t("parts"), "checkbox", "optional", [["yes", t("parts.optional")]]));
  if (step === "reassign") fields.push(await receivers(one.issuer_unit, "radio", one.unit));
  ask({
    words: t(`step.${step}`),
    about: { status: one.status, place: one.unit_name, headline: one.title },
    fields,
    reason: WORDS[step] ?? null,
    danger: GRAVE.has(step),
    send: async ({ reason, form }) => {
      const until = momentOf(form.elements.until);
      const units = checked(form, "receiver");
      await post(`/api/assignments/${one.assignment_id}/acknowledgements`, {
        step,
        attempt: one.attempt,
        text: reason,
        ...(until && { until }),
        ...(units.length && { units }),
        ...(step === "split" && { mandatory: !form.elements.optional.checked }),
      });
      done(one, step);
    },
  });
}

async function receivers(unit, type, without = null) {
  const found = await get("/api/units", { unit });
  const below = found.below.filter((one) => one.unit !== without);
  return choices(t(type === "radio" ? "receiver" : "receivers"), type, "receiver", below.map((one) => [one.unit, one.name]));
}

// Steps on an assignment: what each asks for, then one request.

import { get, post, upload } from "../lib/api.js";
import { ask } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { checked, choices, moment, momentOf } from "../lib/forms.js";
import { t, when } from "../lib/i18n.js";
import { act } from "../lib/components.js";
import { photoActs, photoField } from "../lib/photos.js";

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
const GRAVE = new Set([
  "return",
  "send_back",
  "refuse",
  "waive",
  "recall",
  "reassign",
]);
const EXPECTED = new Set([
  "sign",
  "accept",
  "handle",
  "report",
  "check",
  "close",
  "resume",
]);
const WITH_PHOTO = new Set([
  "handle",
  "report",
  "return",
  "ask_extend",
  "ask_suspend",
]);
const UNTIL_HOURS = { ask_extend: 1, ask_suspend: 4, extend: 1, suspend: 4 };

/** One button per step that may be taken; the first is the expected one. */
export function stepButtons(one, done) {
  return one.may.map((step, n) =>
    act(t(`step.${step}`), () => takeStep(one, step, done), {
      class: GRAVE.has(step)
        ? "danger"
        : n === 0 && EXPECTED.has(step)
          ? "primary"
          : null,
      "data-focus": `${one.assignment_id}-${step}`,
    }),
  );
}

/**
 * Ask for what a step needs, then take it; `done(one, step)` afterwards. `deliver(acts)` hands over what is
 * to be sent, in its order: {path, body or file, about}.
 */
export async function takeStep(one, step, done, deliver = atOnce) {
  const fields = [];
  const answersQuestion =
    one.asked && one.asked.until && one.asked.step === `ask_${step}`;
  if (answersQuestion)
    fields.push(
      h(
        "p",
        { class: "muted" },
        t("asked.until", { time: when(one.asked.until) }),
      ),
    );
  else if (UNTIL_HOURS[step])
    fields.push(moment(t("until"), "until", UNTIL_HOURS[step]));
  if (step === "split")
    fields.push(
      ...(await receivers(one.unit, "checkbox")),
      choices(t("parts"), "checkbox", "optional", [
        ["yes", t("parts.optional")],
      ]),
    );
  if (step === "reassign")
    fields.push(...(await receivers(one.issuer_unit, "radio", one.unit)));
  if (WITH_PHOTO.has(step)) fields.push(photoField());
  ask({
    words: t(`step.${step}`),
    about: { status: one.status, place: one.unit_name, headline: one.title },
    fields,
    reason: WORDS[step] ?? null,
    danger: GRAVE.has(step),
    send: async ({ reason, form }) => {
      const until = momentOf(form.elements.until);
      const units = checked(form, "receiver");
      const body = {
        step,
        attempt: one.attempt,
        text: reason,
        ...(until && { until }),
        ...(units.length && { units }),
        ...(step === "split" && { mandatory: !form.elements.optional.checked }),
      };
      const about = {
        subject: one.assignment_id,
        version: one.version,
        verb: step,
        words: one.title,
      };
      const path = `/api/assignments/${one.assignment_id}/acknowledgements`;
      await deliver([...(await photoActs(form, one)), { path, body, about }]);
      done(one, step);
    },
  });
}

async function atOnce(acts) {
  for (const { path, body, file } of acts)
    await (file ? upload(path, file) : post(path, body));
}

/** Controls for the units that may get it; the words of the trouble where the list cannot be had. */
async function receivers(unit, type, without = null) {
  let found;
  try {
    found = await get("/api/units", { unit });
  } catch (problem) {
    return [
      h(
        "p",
        { class: "problem", role: "alert" },
        t("receivers.none"),
        " ",
        problem.status ? problem.words : "",
      ),
    ];
  }
  const below = found.below.filter((one) => one.unit !== without);
  return [
    choices(
      t(type === "radio" ? "receiver" : "receivers"),
      type,
      "receiver",
      below.map((one) => [one.unit, one.name]),
    ),
  ];
}

// The form for a silence of a place and a kind of event, from now or from later.

import { post } from "../lib/api.js";
import { optionsOf } from "../lib/components.js";
import { confirmAction, confirmationText } from "../lib/dialogs.js";
import { h } from "../lib/dom.js";
import { EVENT_TYPES } from "../lib/event_types.js";
import {
  checkedValues,
  choices,
  isChecked,
  momentField,
  momentOf,
  select,
  selectOf,
  showValues,
  textField,
  unitPicker,
  valueOf,
} from "../lib/forms.js";
import { t } from "../lib/i18n.js";
import { WEEKDAYS } from "../lib/weekdays.js";

/** @import { Officer } from "../types/page.d.ts" */
/** @import { Status } from "../types/fields.d.ts" */

const ONCE_MS = 2 * 3_600_000;
const WEEKLY_MS = 28 * 24 * 3_600_000;

/**
 * Make the check box for a silence that ends with its alarms.
 * @param {boolean} isChosen
 */
export function clearedBox(isChosen) {
  const box = choices(t("silence.earlier"), "checkbox", "until_cleared", [
    ["1", t("silence.until.cleared")],
  ]);
  for (const input of box.querySelectorAll("input")) input.checked = isChosen;
  return box;
}

/** Make the fields of a weekly silence: its days, and its hours on each of them. */
function weeklyFields() {
  return h(
    "div",
    { class: "stack" },
    choices(t("silence.days"), "checkbox", "days", optionsOf(WEEKDAYS, "day")),
    textField(t("silence.daily.from"), "daily_from", { type: "time" }),
    textField(t("silence.daily.until"), "daily_until", { type: "time" }),
    h("p", { class: "muted" }, t("silence.weekly.note")),
  );
}

/** @param {HTMLFormElement} form */
const weeklyBody = (form) => ({
  days: checkedValues(form, "days"),
  daily_from: valueOf(form, "daily_from") || null,
  daily_until: valueOf(form, "daily_until") || null,
});

/**
 * Ask for a silence in the officer's own subtree; its place is typed to confirm.
 * @param {Officer} officer
 * @param {Status} status
 * @param {() => void} refresh
 */
export function composeSilence(officer, status, refresh) {
  const own = { unit: officer.unit, name: officer.unit_name };
  const place = unitPicker(t("silence.place"), own);
  const events = select(t("compose.event"), "event", [
    ["", t("silence.any.event")],
    ...EVENT_TYPES.map((code) => /** @type {const} */ ([code, t(`event.${code}`)])),
  ]);
  const repeat = select(t("silence.repeat"), "repeat", [
    ["once", t("silence.once")],
    ["weekly", t("silence.weekly")],
  ]);
  const weekly = weeklyFields();
  const cleared = clearedBox(false);
  weekly.hidden = true;
  repeat.addEventListener("change", () => {
    const isWeekly = selectOf(repeat).value === "weekly";
    weekly.hidden = !isWeekly;
    cleared.hidden = isWeekly;
    const form = repeat.closest("form");
    const end = new Date(Date.now() + (isWeekly ? WEEKLY_MS : ONCE_MS));
    if (form) showValues(form, { end: end.toISOString() });
  });
  confirmAction({
    title: t("silence.new"),
    subject: { status, place: officer.unit_name, headline: t("silence.note") },
    fields: [
      select(t("silence.kind"), "kind", optionsOf(["silence", "maintenance"], "silence")),
      place,
      events,
      momentField(t("silence.from"), "begin", null, false),
      momentField(t("silence.until"), "end", 2),
      repeat,
      weekly,
      cleared,
    ],
    type: () => confirmationText({ status }, place.unit.name),
    reason: "required",
    send: async ({ reason, form }) => {
      await post("/api/silences", {
        kind: valueOf(form, "kind"),
        place: place.value,
        event_type: valueOf(form, "event") || null,
        begin_at: momentOf(form, "begin") ?? new Date().toISOString(),
        end_at: momentOf(form, "end"),
        ...(valueOf(form, "repeat") === "weekly"
          ? weeklyBody(form)
          : { until_cleared: isChecked(form, "until_cleared") }),
        reason,
        status,
      });
      refresh();
    },
  });
}
